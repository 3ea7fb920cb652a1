"""Managed identities: the metadata address inside VMs (IMDS), and App Service's endpoint for the app."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from localcloud.azure import ids, network
from localcloud.azure.entra import MACHINE_LIFETIME, Directory
from localcloud.azure.identities import assigned, caller_of
from localcloud.azure.model import Answer, Cloud, Json, Resource


def handle(
    cloud: Cloud,
    directory: Directory,
    machine: Resource | None,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> Answer:
    """What 169.254.169.254 answers to a VM (None: to something that is none)."""
    if headers.get("Metadata", "").lower() != "true" or "X-Forwarded-For" in headers:
        return _refused(400, "Required metadata header not specified")
    if machine is None:
        return _refused(400, "The caller is no VM of this network")
    if path == "/metadata/identity/oauth2/token":
        return token(directory, assigned(cloud, machine), query)
    if path == "/metadata/instance":
        return Answer(200, _instance(cloud, machine))
    return Answer(404, {"error": "Not found"})


def machine_at(cloud: Cloud, network_id: str, address: str) -> Resource | None:
    """The VM whose interface has that address in that network."""
    for interface in cloud.of(network.INTERFACES):
        configuration = interface.properties["ipConfigurations"][0]["properties"]
        inside = ids.within(configuration["subnet"]["id"], network_id)
        if inside and configuration["privateIPAddress"] == address and not interface.private.get("endpoint"):
            return network.machine_of(cloud, interface.id)
    return None


def app_service(
    directory: Directory, identity: Resource, secret: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> Answer:
    """The endpoint that App Service gives its apps in IDENTITY_ENDPOINT."""
    if not hmac.compare_digest(headers.get("X-IDENTITY-HEADER", "").encode(), secret.encode()):
        return Answer(401, {"statusCode": 401, "message": "The X-IDENTITY-HEADER is missing or wrong."})
    return token(directory, [identity], query)


def token(directory: Directory, identities: list[Resource], query: Mapping[str, str]) -> Answer:
    """A token for the one identity that the query names, or for the only one there is."""
    audience = query.get("resource")
    if not audience:
        return _refused(400, "Missing mandatory parameter: resource")
    named = [identity for identity in identities if _is_named(identity, query)]
    if not named:
        return _refused(400, "Identity not found")
    if len(named) > 1:
        return _refused(
            400, "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity"
        )
    identity = named[0]
    text, ends = directory.token(caller_of(identity), audience, MACHINE_LIFETIME)
    starts = ends - MACHINE_LIFETIME
    return Answer(
        200,
        {
            "access_token": text,
            "client_id": identity.properties["clientId"],
            "expires_in": str(MACHINE_LIFETIME),
            "expires_on": str(ends),
            "not_before": str(starts),
            "resource": audience,
            "token_type": "Bearer",
        },
    )


def _is_named(identity: Resource, query: Mapping[str, str]) -> bool:
    checks = {
        "client_id": identity.properties["clientId"],
        "object_id": identity.properties["principalId"],
        "principal_id": identity.properties["principalId"],
        "mi_res_id": identity.id,
        "msi_res_id": identity.id,
    }
    return all(query[name].lower() == value.lower() for name, value in checks.items() if name in query)


def _instance(cloud: Cloud, machine: Resource) -> Json:
    return {
        "compute": {
            "azEnvironment": "AzurePublicCloud",
            "location": machine.body["location"],
            "name": machine.name,
            "osType": "Linux",
            "resourceGroupName": ids.parse(machine.id).group,
            "resourceId": machine.id,
            "subscriptionId": cloud.subscription,
            "tags": ";".join(f"{name}:{value}" for name, value in machine.body.get("tags", {}).items()),
            "vmId": machine.properties["vmId"],
            "vmSize": machine.properties["hardwareProfile"]["vmSize"],
        }
    }


def _refused(status: int, message: str) -> Answer:
    return Answer(status, {"error": "invalid_request", "error_description": message})
