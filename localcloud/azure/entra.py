"""Microsoft Entra ID: discovery documents, client credentials, and signed tokens that every service checks."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from localcloud.azure.errors import NotFound, Refusal
from localcloud.azure.model import Answer, Cloud, Json
from localcloud.azure.rbac import Caller

LOGIN = "https://login.microsoftonline.com"
LIFETIME = 3600
MACHINE_LIFETIME = 86400
KEY_ID = "local-cloud"

AUDIENCES = {
    "arm": ("https://management.azure.com", "https://management.core.windows.net"),
    "vault": ("https://vault.azure.net",),
    "storage": ("https://storage.azure.com",),
    "cognitive": ("https://cognitiveservices.azure.com",),
    "eventgrid": ("https://eventgrid.azure.net",),
    "graph": ("https://graph.microsoft.com",),
}
"""Service -> audiences that it takes; a trailing slash does not matter."""


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Application:
    """A service principal with a client secret."""

    name: str
    caller: Caller
    secret: str


@dataclass
class Directory:
    """The tenant. Its signing key is made once in a process and never leaves it."""

    cloud: Cloud
    applications: dict[str, Application] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._key = _signing_key()
        self._verified: dict[str, Json] = {}

    @property
    def issuer(self) -> str:
        return f"https://sts.windows.net/{self.cloud.tenant}/"

    def register(self, name: str) -> Application:
        caller = Caller(self.cloud.uuid(), self.cloud.uuid())
        application = Application(name, caller, self.cloud.secret(f"client secret of {name}"))
        self.applications[caller.client_id] = application
        return application

    def token(self, caller: Caller, audience: str, lifetime: int = LIFETIME) -> tuple[str, int]:
        """A token and when it ends (seconds since 1970)."""
        now = int(self.cloud.clock.now())
        claims: Json = {
            "aud": audience.rstrip("/"),
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "appid": caller.client_id,
            "oid": caller.object_id,
            "sub": caller.object_id,
            "tid": self.cloud.tenant,
            "idtyp": "app",
            "ver": "1.0",
        }
        if caller.resource_id:
            claims["xms_mirid"] = caller.resource_id
        return jwt.encode(claims, self._key, "RS256", headers={"kid": KEY_ID}), now + lifetime

    def caller(self, authorization: str | None, service: str) -> Caller:
        """Who sent a request. Raises Refusal 401 for a token that is missing, forged, expired or for another
        service; the message says which."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthenticated(
                "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
            )
        claims = self._claims(token)
        now = self.cloud.clock.now()
        if not claims["nbf"] - 300 <= now < claims["exp"]:
            raise _unauthenticated("ExpiredAuthenticationToken", "The access token expiry UTC time is over.")
        if claims["aud"].rstrip("/") not in AUDIENCES[service]:
            raise _unauthenticated(
                "InvalidAuthenticationTokenAudience",
                f"The access token has been obtained for wrong audience or resource '{claims['aud']}'. It "
                f"should exactly "
                f"match with one of the allowed audiences {', '.join(AUDIENCES[service])}.",
            )
        return Caller(claims["oid"], claims["appid"], claims.get("xms_mirid"))

    def _claims(self, token: str) -> Json:
        """What a token says that this tenant signed. Signatures are checked once: callers send a token many times."""
        known = self._verified.get(token)
        if known is None:
            try:
                # The times are checked by the caller, by the cloud's own clock.
                known = jwt.decode(
                    token,
                    self._key.public_key(),
                    algorithms=["RS256"],
                    issuer=self.issuer,
                    options={
                        "verify_aud": False,
                        "verify_exp": False,
                        "verify_nbf": False,
                        "verify_iat": False,
                        "require": ["aud", "iss", "exp", "nbf", "oid", "appid"],
                    },
                )
            except jwt.PyJWTError as error:
                raise _unauthenticated(
                    "InvalidAuthenticationToken", f"The access token is invalid: {error}."
                ) from error
            self._verified[token] = known
        return known

    def handle(self, method: str, path: str, form: Mapping[str, str]) -> Answer:
        """login.microsoftonline.com."""
        parts = path.strip("/").split("/")
        if path.startswith("/common/discovery/instance"):
            return Answer(200, self._instances())
        if path.endswith("/.well-known/openid-configuration"):
            return Answer(200, self._configuration(parts[0]))
        if path.endswith("/discovery/v2.0/keys") or path.endswith("/discovery/keys"):
            return Answer(200, {"keys": [self._public_key()]})
        if method == "POST" and parts[-1] == "token":
            return self._client_credentials(parts[0], form)
        raise NotFound("NotFound", "This is a local stand-in for Entra: it knows client credentials only.")

    def _instances(self) -> Json:
        host = LOGIN.removeprefix("https://")
        return {
            "tenant_discovery_endpoint": f"{LOGIN}/{self.cloud.tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": "login.windows.net", "aliases": [host]}],
        }

    def _configuration(self, tenant: str) -> Json:
        return {
            "token_endpoint": f"{LOGIN}/{tenant}/oauth2/v2.0/token",
            "authorization_endpoint": f"{LOGIN}/{tenant}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{LOGIN}/{tenant}/oauth2/v2.0/devicecode",
            "issuer": f"{LOGIN}/{self.cloud.tenant}/v2.0",
            "jwks_uri": f"{LOGIN}/{tenant}/discovery/v2.0/keys",
            "response_modes_supported": ["query"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "tenant_region_scope": None,
        }

    def _public_key(self) -> Json:
        shown: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return shown | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}

    def _client_credentials(self, tenant: str, form: Mapping[str, str]) -> Answer:
        if tenant.lower() != self.cloud.tenant:
            return _refused("invalid_request", 90002, f"Tenant '{tenant}' not found.")
        application = self.applications.get(form.get("client_id", ""))
        if form.get("grant_type") != "client_credentials" or application is None:
            return _refused("unauthorized_client", 700016, "Application was not found in the directory.")
        if not hmac.compare_digest(form.get("client_secret", "").encode(), application.secret.encode()):
            return _refused("invalid_client", 7000215, "Invalid client secret provided.")
        audience = (form.get("scope") or form.get("resource") or "").split(" ")[0].removesuffix("/.default")
        token, _ = self.token(application.caller, audience)
        return Answer(
            200,
            {"token_type": "Bearer", "expires_in": LIFETIME - 1, "ext_expires_in": LIFETIME - 1, "access_token": token},
        )


def _unauthenticated(code: str, message: str) -> Refusal:
    return Refusal(401, code, message)


def _refused(error: str, number: int, message: str) -> Answer:
    return Answer(
        401 if error == "invalid_client" else 400,
        {"error": error, "error_description": f"AADSTS{number}: {message}", "error_codes": [number]},
    )
