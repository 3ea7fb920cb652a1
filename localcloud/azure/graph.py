"""Microsoft Graph, as far as the Azure CLI asks it when it lists role assignments: who those principals are."""

from __future__ import annotations

from localcloud.azure import identities
from localcloud.azure.entra import Directory
from localcloud.azure.errors import NotFound
from localcloud.azure.model import Answer, Cloud, Json

HOST = "graph.microsoft.com"


def handle(cloud: Cloud, directory: Directory, method: str, path: str, body: Json) -> Answer:
    if (method, path.rstrip("/").lower()) != ("POST", "/v1.0/directoryobjects/getbyids"):
        raise NotFound("Request_ResourceNotFound", "This is a local stand-in for Graph: it knows getByIds only.")
    asked = {str(identifier).lower() for identifier in body.get("ids") or []}
    return Answer(200, {"value": [one for one in _principals(cloud, directory) if one["id"].lower() in asked]})


def _principals(cloud: Cloud, directory: Directory) -> list[Json]:
    people = [(one.name, one.caller) for one in directory.applications.values()]
    people += [(one.name, identities.caller_of(one)) for one in cloud.of(identities.TYPE)]
    return [
        {
            "@odata.type": "#microsoft.graph.servicePrincipal",
            "id": caller.object_id,
            "appId": caller.client_id,
            "displayName": name,
            "servicePrincipalNames": [caller.client_id],
            "servicePrincipalType": "ManagedIdentity" if caller.resource_id else "Application",
        }
        for name, caller in people
    ]
