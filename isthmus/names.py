"""The name of everything, from environment and generation.

Deterministic, so that doing a thing twice is doing it once; with the generation in it, so that a second life
under the same name meets nothing that the first one left soft-deleted.
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid

PREFIX = "isthmus"
ENVIRONMENT_PATTERN = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
GENERATION_PATTERN = re.compile(r"[a-z2-7]{6}")
GROUP_PATTERN = re.compile(rf"^{PREFIX}-[a-z][a-z0-9-]*-[a-z2-7]{{6}}-[a-z][a-z0-9-]*$")
PRIVATE_ZONE = "privatelink.openai.azure.com"
OPENAI_SUFFIX = "openai.azure.com"
GENERATION_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
GENERATION_LENGTH = 6
LONGEST_NAME = 24
SECRETS_USER_ROLE = "4633458b-17de-408a-b874-0445c86b69e6"
"""Key Vault Secrets User, a role that Azure defines."""

TAG_ENVIRONMENT = "isthmus-environment"
TAG_GENERATION = "isthmus-generation"
TAG_CORP = "isthmus-corp"
TAG_EXPIRES_AT = "isthmus-expires-at"
TAG_CORRELATION = "isthmus-correlation"
TAG_SPEC = "isthmus-spec"
TAG_KEEP = "isthmus-keep"
TAGS = (
    TAG_ENVIRONMENT,
    TAG_GENERATION,
    TAG_CORP,
    TAG_EXPIRES_AT,
    TAG_CORRELATION,
    TAG_SPEC,
    TAG_KEEP,
)
"""All that are ours, the last of which people put on by hand."""


def generation(environment: str, before: str | None, spec_digest: str) -> str:
    """The life that follows `before` (None: the first). The same for whoever asks for the same, so that a plan that
    was shown is the plan that is built; never the same again, since each life hangs on the one before."""
    digest = hashlib.sha256(f"{environment}/{before}/{spec_digest}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:GENERATION_LENGTH]


def may_be_life(environment: str, generation: str | None = None) -> bool:
    """Whether these words can be a name and a generation at all."""
    fits = len(environment) <= LONGEST_NAME and ENVIRONMENT_PATTERN.fullmatch(environment)
    return bool(fits) and (generation is None or bool(GENERATION_PATTERN.fullmatch(generation)))


def life(environment: str, generation: str) -> str:
    """One life of an environment: unique among everything that ever bore this environment's name."""
    return f"{environment}-{generation}"


def resource_group(environment: str, generation: str, corp: str) -> str:
    return f"{PREFIX}-{life(environment, generation)}-{corp}"


def account(subscription: str, environment: str, generation: str) -> str:
    """Account name and custom subdomain: unique in the world, hence salted with the subscription."""
    salt = hashlib.sha256(f"{subscription}/{environment}/{generation}".encode()).hexdigest()[:8]
    return f"{PREFIX}-{life(environment, generation)}-{salt}"


def ticket_secret(environment: str, generation: str, corp: str) -> str:
    return f"{PREFIX}-{life(environment, generation)}-{corp}-ticket"


def key_secret(environment: str, generation: str) -> str:
    return f"{PREFIX}-{life(environment, generation)}-api-key"


def relay(environment: str, generation: str) -> str:
    return f"{PREFIX}-{life(environment, generation)}"


def attribute(environment: str, generation: str, end: str) -> str:
    """The Ockam attribute that a ticket gives and a policy asks for; `end`: outlet or inlet."""
    return f"{PREFIX}-{end}-{life(environment, generation)}"


def role_assignment(scope: str, principal: str, role: str) -> str:
    """A GUID that is the same for the same scope, principal and role."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}|{principal}|{role}".lower()))


def access_description(environment: str, generation: str, corp: str) -> str:
    """What an assignment says of whose it is: of those on one secret, each corp tells its own by it."""
    return f"{PREFIX} {life(environment, generation)} {corp}"


def role_definition(subscription: str, role: str) -> str:
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def nonce(environment: str, generation: str, corp: str, attempt: int | str) -> str:
    """The code that an answer must repeat, so that it is the answer to this run's question."""
    text = f"{environment}/{generation}/{corp}/{attempt}"
    return hashlib.sha256(text.encode()).hexdigest()[:10].upper()


def provision_instance(environment: str, generation: str, attempt: int = 1) -> str:
    base = f"env-{life(environment, generation)}"
    return base if attempt == 1 else f"{base}-{attempt}"


def corp_instance(environment: str, generation: str, corp: str, attempt: int = 1) -> str:
    return f"env-{life(environment, generation)}-{corp}-{attempt}"


def teardown_instance(environment: str, generation: str) -> str:
    return f"down-{life(environment, generation)}"


def portal(resource: str) -> str:
    """The page of the Azure portal about an ARM id."""
    return f"https://portal.azure.com/#resource{resource}"
