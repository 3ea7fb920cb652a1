"""Microsoft.CognitiveServices: accounts (kept for a while when deleted), model deployments, keys, what is on offer."""

from __future__ import annotations

import copy

from localcloud.azure import catalog, endpoints, ids, latencies, operations
from localcloud.azure.clock import iso
from localcloud.azure.errors import NotFound, Refusal
from localcloud.azure.model import Answer, Change, Cloud, Json, Resource

ACCOUNTS = endpoints.ACCOUNTS
DEPLOYMENTS = f"{ACCOUNTS}/deployments"
SUFFIX = "openai.azure.com"
RETENTION = 48 * 3600
BUSY = (409, "RequestConflict")


def account(change: Change) -> None:
    cloud, properties = change.cloud, change.properties
    _check_offer(change)
    restoring = properties.pop("restore", False)
    _check_names(change, restoring)
    for endpoint in endpoints.of_account(cloud, change.before) if change.before else []:
        if endpoint.operation:
            raise Refusal(*BUSY, f"Another operation is being performed on account {change.name}.")
    domain = properties.get("customSubDomainName")
    if domain:
        properties["customSubDomainName"] = domain = domain.lower()
    properties.setdefault("publicNetworkAccess", "Enabled")
    rules = properties.setdefault("networkAcls", {"defaultAction": "Allow"})
    rules.setdefault("defaultAction", "Allow")
    rules |= {"virtualNetworkRules": rules.get("virtualNetworkRules", []), "ipRules": rules.get("ipRules", [])}
    region = catalog.location(change.body["location"])
    host = f"{domain}.{SUFFIX}" if domain else f"{region}.api.cognitive.microsoft.com"
    former = change.before.properties if change.before else {}
    properties |= {
        "endpoint": f"https://{host}/",
        "endpoints": {"OpenAI Language Model Instance API": f"https://{host}/"},
        "internalId": former.get("internalId") or cloud.uuid().replace("-", ""),
        "dateCreated": former.get("dateCreated") or iso(cloud.clock.now()),
        "callRateLimit": {"rules": []},
        "isMigrated": False,
    }
    _keep_private(change, host, restoring)


def _keep_private(change: Change, host: str, restoring: bool) -> None:
    cloud = change.cloud
    kept = cloud.deleted_accounts.pop(ids.key(change.id), None) if restoring else None
    source = change.before or kept
    keys = source.private["keys"] if source else [cloud.secret(f"key of {change.name}", 84) for _ in range(2)]
    change.private |= {"keys": keys, "hosts": [host] if host.endswith(SUFFIX) else []}


def _check_offer(change: Change) -> None:
    kind = change.body.get("kind")
    sku = change.body.get("sku", {}).get("name")
    if kind not in ("OpenAI", "AIServices"):
        raise Refusal(
            400, "InvalidApiSetId", f"The account type '{kind}' is either invalid or unavailable in the region."
        )
    if sku != "S0":
        raise Refusal(400, "InvalidSkuId", f"The SKU '{sku}' is invalid for this account type.")
    former = change.before.properties.get("customSubDomainName") if change.before else None
    wanted = change.properties.get("customSubDomainName", former)
    if former and (wanted or "").lower() != former:
        raise Refusal(400, "CustomDomainNameChangeNotAllowed", "The custom subdomain name can't be changed.")
    if former:
        change.properties["customSubDomainName"] = former


def _check_names(change: Change, restoring: bool) -> None:
    cloud, own = change.cloud, ids.key(change.id)
    if change.before is None and own in cloud.deleted_accounts and not restoring:
        raise Refusal(
            409,
            "FlagMustBeSetForRestore",
            f"An existing resource with ID '{change.id}' has been soft-deleted. To restore the resource, you "
            f"must specify "
            "'restore' to be 'true' in the property. If you don't want to restore existing resource, please "
            "purge it first.",
        )
    domain = change.properties.get("customSubDomainName", "").lower()
    for key, other in [*((r.key, r) for r in cloud.of(ACCOUNTS)), *cloud.deleted_accounts.items()]:
        if domain and key != own and other.properties.get("customSubDomainName") == domain:
            raise Refusal(
                409,
                "CustomDomainInUse",
                f"Please pick a different name. The subdomain name '{domain}' is not available as it's already "
                f"used by a "
                "resource. If it was used by a resource that was deleted in the last 48 hours, you may need to "
                "purge it.",
            )


def show_account(cloud: Cloud, resource: Resource, shown: Json) -> None:
    shown["properties"]["privateEndpointConnections"] = connections(cloud, resource)
    if resource.state == "Failed":
        # Nothing here says why: the resource itself is the only evidence.
        shown["properties"].pop("error", None)


def connections(cloud: Cloud, resource: Resource) -> list[Json]:
    """The account's side of its private endpoints."""
    return [
        {
            "id": f"{resource.id}/privateEndpointConnections/{endpoint.private['connection_name']}",
            "name": endpoint.private["connection_name"],
            "type": f"{ACCOUNTS}/privateEndpointConnections",
            "properties": {
                "privateEndpoint": {"id": endpoint.id},
                "groupIds": ["account"],
                "privateLinkServiceConnectionState": {
                    "status": endpoint.private["connection"]["status"],
                    "description": endpoint.private["connection"]["status"],
                    "actionsRequired": "None",
                },
                "provisioningState": "Succeeded",
            },
        }
        for endpoint in endpoints.of_account(cloud, resource)
        if endpoint.settled is not None
    ]


def guard_account(cloud: Cloud, resource: Resource) -> None:
    for endpoint in endpoints.of_account(cloud, resource):
        if endpoint.operation:
            raise Refusal(*BUSY, f"Another operation is being performed on account {resource.name}.")
    deployments = [child.name for child in cloud.children(resource.id)]
    if deployments:
        raise Refusal(
            409,
            "CannotDeleteResource",
            "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
            f"'{', '.join(deployments)}'. Please delete all nested resources before deleting this resource.",
        )


async def end_account(cloud: Cloud, resource: Resource) -> None:
    """A deleted account is kept, with its name and subdomain, until it is purged."""
    kept = copy.copy(resource)
    kept.operation = None
    kept.private = resource.private | {"deleted": cloud.clock.now()}
    cloud.deleted_accounts[resource.key] = kept


def show_deleted(cloud: Cloud, kept: Resource) -> Json:
    group = ids.parse(kept.id).group
    location = catalog.location(kept.body["location"])
    deleted = kept.private["deleted"]
    body = copy.deepcopy(kept.body)
    body["properties"] |= {
        "deletionDate": iso(deleted),
        "scheduledPurgeDate": iso(deleted + RETENTION),
        "provisioningState": "Succeeded",
    }
    return body | {
        "id": f"/subscriptions/{cloud.subscription}/providers/Microsoft.CognitiveServices/locations/{location}"
        f"/resourceGroups/{group}/deletedAccounts/{kept.name}",
        "name": kept.name,
        "type": "Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts",
    }


def find_deleted(cloud: Cloud, location: str, group: str, name: str) -> Resource | None:
    """A kept account; in another place than the account's own it is not found."""
    account_id = f"/subscriptions/{cloud.subscription}/resourceGroups/{group}/providers/{ACCOUNTS}/{name}"
    kept = cloud.deleted_accounts.get(ids.key(account_id))
    if kept is None or catalog.location(kept.body["location"]) != catalog.location(location):
        return None
    return kept


def purge(cloud: Cloud, kept: Resource | None) -> Answer:
    if kept is None:
        return Answer(204)
    if kept.operation:
        raise Refusal(*BUSY, f"Another operation is being performed on the deleted account {kept.name}.",
                      headers=operations.wait_headers(cloud))  # fmt: skip

    async def work() -> None:
        kept.operation = None
        operation.doom()
        cloud.deleted_accounts.pop(kept.key, None)

    operation = operations.new(
        cloud, "Microsoft.CognitiveServices", kept.body["location"], kept.kind.versions[0], kept.id, "DELETE"
    )
    kept.operation = operation.id
    operations.begin(cloud, operation, cloud.latency(latencies.ACCOUNT_PURGE), work)
    return Answer(202, None, operations.names(cloud, operation, "Location", "Azure-AsyncOperation"))


def keys(resource: Resource) -> Json:
    first, second = resource.private["keys"]
    return {"key1": first, "key2": second}


async def list_keys(cloud: Cloud, resource: Resource, body: Json) -> Answer:
    if resource.properties.get("disableLocalAuth"):
        raise Refusal(400, "BadRequest", "Failed to list key. disableLocalAuth is set to be true")
    return Answer(200, keys(resource))


async def regenerate_key(cloud: Cloud, resource: Resource, body: Json) -> Answer:
    names = {"key1": 0, "key2": 1}
    name = str(body.get("keyName", "")).lower()
    if name not in names:
        raise Refusal(400, "InvalidKeyName", "keyName must be Key1 or Key2.")
    resource.private["keys"][names[name]] = cloud.secret(f"key of {resource.name}", 84)
    return Answer(200, keys(resource))


ACTIONS = {"listkeys": list_keys, "regeneratekey": regenerate_key}


def deployment(change: Change) -> None:
    cloud = change.cloud
    parent = cloud.need(ids.parent(change.id))
    if any(endpoint.operation for endpoint in endpoints.of_account(cloud, parent)):
        raise Refusal(*BUSY, f"Another operation is being performed on the parent resource '{parent.id}'.",
                      headers=operations.wait_headers(cloud))  # fmt: skip
    sku = change.body.setdefault("sku", {"name": "Standard"})
    sku.setdefault("capacity", 1)
    wanted = change.properties.get("model")
    if not wanted:
        raise Refusal(400, "InvalidParameter", "The deployment's model is missing.")
    _check_model(cloud, wanted, sku, fresh=change.before is None)
    _check_quota(change, wanted, sku)
    change.properties.setdefault("versionUpgradeOption", "OnceNewDefaultVersionAvailable")
    change.properties.setdefault("raiPolicyName", "Microsoft.DefaultV2")
    change.properties.update(
        {
            "capabilities": {"chatCompletion": "true"},
            "currentCapacity": sku["capacity"],
            "rateLimits": [{"key": "request", "renewalPeriod": 10, "count": sku["capacity"]}],
        }
    )


def _check_model(cloud: Cloud, wanted: Json, sku: Json, *, fresh: bool) -> None:
    found = cloud.catalog.model(wanted.get("name", ""), wanted.get("version"))
    name = f"Format:{wanted.get('format')},Name:{wanted.get('name')},Version:{wanted.get('version', '')}"
    if found is None or wanted.get("format") != "OpenAI" or sku["name"] not in dict(found.skus):
        raise Refusal(
            400,
            "DeploymentModelNotSupported",
            f"The model '{name}' of account deployment is not supported with SKU {sku['name']}.",
        )
    since = catalog.retired(found, sku["name"], cloud.clock.now())
    if since and fresh:
        raise Refusal(
            400, "ServiceModelDeprecated", f"The model '{name}' has been deprecated since {since} for new deployments."
        )
    wanted["version"] = found.version


def used(cloud: Cloud, sku: str, model: str, location: str, besides: str = "") -> int:
    """Units in use by the deployments of that SKU and model in a region."""
    total = 0
    for other in cloud.of(DEPLOYMENTS):
        parent = cloud.need(ids.parent(other.id))
        same_place = catalog.location(parent.body["location"]) == catalog.location(location)
        same = other.body["sku"]["name"] == sku and other.properties["model"]["name"] == model
        if same and same_place and other.key != besides:
            total += other.body["sku"]["capacity"]
    return total


def _check_quota(change: Change, wanted: Json, sku: Json) -> None:
    location = change.cloud.need(ids.parent(change.id)).body["location"]
    current = used(change.cloud, sku["name"], wanted["name"], location, ids.key(change.id))
    limit = change.cloud.catalog.limits["model units"]
    if current + sku["capacity"] > limit:
        raise Refusal(
            400,
            "InsufficientQuota",
            f"This operation require {sku['capacity']} new capacity in quota Tokens Per Minute (thousands) - "
            f"{wanted['name']}, which is bigger than the current available capacity "
            f"{limit - current}. The current quota usage is {current} and the quota limit is "
            f"{limit} for quota Tokens Per Minute (thousands) - {wanted['name']}.",
        )


def models(cloud: Cloud, location: str) -> list[Json]:
    """What a region lists: retired models stay listed, with their dates."""
    return [
        {
            "kind": "OpenAI",
            "skuName": "S0",
            "description": f"Model: {model.name}",
            "model": {
                "format": "OpenAI",
                "name": model.name,
                "version": model.version,
                "isDefaultVersion": True,
                "lifecycleStatus": model.lifecycle,
                "capabilities": {"chatCompletion": "true"},
                "deprecation": {"inference": max(date for _, date in model.skus) + "T00:00:00Z"},
                "skus": [
                    {
                        "name": name,
                        "usageName": f"OpenAI.{name}.{model.name}",
                        "deprecationDate": f"{date}T00:00:00Z",
                        "capacity": {"default": model.default_capacity, "maximum": 1000, "minimum": 1, "step": 1},
                    }
                    for name, date in model.skus
                ],
            },
        }
        for model in cloud.catalog.models
    ]


def usages(cloud: Cloud, location: str) -> list[Json]:
    return [
        {
            "name": {"value": f"OpenAI.{sku}.{model.name}", "localizedValue": f"{model.name} - {sku}"},
            "currentValue": float(used(cloud, sku, model.name, location)),
            "limit": float(cloud.catalog.limits["model units"]),
            "unit": "Count",
        }
        for model in cloud.catalog.models
        for sku, _ in model.skus
    ]


def account_of_host(cloud: Cloud, host: str) -> Resource | None:
    """The account that answers to a public host name."""
    found = (r for r in cloud.of(ACCOUNTS) if host.lower() in r.private["hosts"] and r.settled is not None)
    return next(found, None)


def by_name(cloud: Cloud, group: str, name: str) -> Resource:
    found = cloud.get(f"/subscriptions/{cloud.subscription}/resourceGroups/{group}/providers/{ACCOUNTS}/{name}")
    if found is None:
        raise NotFound("ResourceNotFound", f"The account '{name}' was not found.")
    return found
