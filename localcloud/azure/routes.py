"""ARM's routes that are not a plain resource: a table of methods, paths and handlers, tried in order."""

from __future__ import annotations

import re
from collections.abc import Callable

from localcloud.azure import (
    arm,
    authorization,
    catalog,
    cognitive,
    compute,
    engine,
    ids,
    locks,
    operations,
    runcommands,
)
from localcloud.azure.arm import Call
from localcloud.azure.errors import NotFound
from localcloud.azure.model import Answer, Cloud, Json, Resource
from localcloud.azure.table import COGNITIVE, MACHINE, NETWORK, ROWS

SUBSCRIPTION = r"/subscriptions/(?P<subscription>[^/]+)"
AUTHORIZATION = r"(?P<scope>/.*?|)/providers/microsoft\.authorization"
CS = "Microsoft.CognitiveServices"
CS_PATH = SUBSCRIPTION + r"/providers/microsoft\.cognitiveservices"
COMPUTE = SUBSCRIPTION + r"/providers/microsoft\.compute"


async def handle(call: Call) -> Answer:
    path = call.path.rstrip("/")
    for methods, pattern, handler in ROUTES:
        match = pattern.fullmatch(path)
        if match and call.method in methods:
            call.captured = match.groupdict()
            if not call.cloud.has(call.captured.get("subscription", call.cloud.subscription)):
                raise NotFound(
                    "SubscriptionNotFound", f"The subscription '{match['subscription']}' could not be found."
                )
            return handler(call)
    if call.method in ("PUT", "PATCH", "DELETE"):
        locks.refuse(call, path)
    return await arm.handle(call)


def _subscription(cloud: Cloud, name: str) -> Json:
    return {
        "id": f"/subscriptions/{name}",
        "subscriptionId": name,
        "tenantId": cloud.tenant,
        "displayName": "Local cloud" if name == cloud.subscription else "Hub of the local cloud",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {"quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
    }


def subscriptions(call: Call) -> Answer:
    """Those in which the caller may do something."""
    cloud = call.cloud
    held = [a.scope for a in cloud.access.assignments.values() if a.principal == call.caller.object_id]
    names = [n for n in (cloud.subscription, cloud.hub) if any(ids.within(s, f"/subscriptions/{n}") for s in held)]
    shown = [_subscription(cloud, name) for name in names]
    return Answer(200, {"value": shown, "count": {"type": "Total", "value": len(shown)}})


def subscription(call: Call) -> Answer:
    call.demand("Microsoft.Resources/subscriptions/read", call.path)
    return Answer(200, _subscription(call.cloud, call.captured["subscription"].lower()))


def tenants(call: Call) -> Answer:
    return Answer(200, {"value": [{"id": f"/tenants/{call.cloud.tenant}", "tenantId": call.cloud.tenant}]})


def locations(call: Call) -> Answer:
    places = zip(catalog.LOCATIONS, catalog.DISPLAY_NAMES, strict=True)
    return Answer(
        200,
        {
            "value": [
                {
                    "id": f"/subscriptions/{call.cloud.subscription}/locations/{name}",
                    "name": name,
                    "type": "Region",
                    "displayName": display,
                    "regionalDisplayName": display,
                    "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
                }
                for name, display in places
            ]
        },
    )


def operation(call: Call) -> Answer:
    found = call.captured
    return operations.look(call.cloud, found["id"], found["kind"], call.query.get("s", ""))


def _provider(cloud: Cloud, namespace: str) -> Json:
    rows = [row for row in ROWS if row.namespace == namespace]
    return {
        "id": f"/subscriptions/{cloud.subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {
                "resourceType": row.type.partition("/")[2],
                "locations": list(catalog.DISPLAY_NAMES),
                "apiVersions": list(row.versions),
                "defaultApiVersion": row.versions[0],
                "capabilities": "SupportsTags, SupportsLocation",
            }
            for row in rows
        ],
    }


NAMESPACES = sorted({row.namespace for row in ROWS} | {"Microsoft.Authorization"})


def providers(call: Call) -> Answer:
    return Answer(200, {"value": [_provider(call.cloud, namespace) for namespace in NAMESPACES]})


def provider(call: Call) -> Answer:
    known = {namespace.lower(): namespace for namespace in NAMESPACES}
    wanted = call.captured["namespace"]
    if wanted.lower() not in known:
        raise NotFound("InvalidResourceNamespace", f"The resource namespace '{wanted}' is invalid.")
    return Answer(200, _provider(call.cloud, known[wanted.lower()]))


def resources(call: Call) -> Answer:
    """The generic list. Groups are not in it, nor children that can't bear tags."""
    scope = call.path.rstrip("/").rsplit("/", 1)[0]
    kind = "resourceGroups/resources" if ids.parse(scope).group else "resources"
    call.demand(f"Microsoft.Resources/subscriptions/{kind}/read", scope)
    found = [r for r in call.cloud.resources.values() if "location" in r.body and "/providers/" in r.id]
    return arm.listing(call, [r for r in found if ids.within(r.id, scope)])


def inner(call: Call) -> Answer:
    """What ARM shows both inside a resource and as children of it, which can't be written by themselves here."""
    found = call.captured
    parent = call.cloud.need(found["parent"])
    arm.check_version(call, parent.kind.type, parent.kind.versions)
    listed = next(name for name in INNER[parent.kind.type] if name.lower() == found["what"].lower())
    call.demand(f"{parent.kind.type}/{listed}/read", parent.id)
    items = engine.shown(call.cloud, parent)["properties"][listed]
    if found["name"] is None:
        return Answer(200, {"value": items})
    item = next((item for item in items if item["name"].lower() == found["name"].lower()), None)
    if item is None:
        raise NotFound("NotFound", f"Resource {call.path} not found.")
    return Answer(200, item)


def models(call: Call) -> Answer:
    arm.check_version(call, f"{CS}/locations/models", COGNITIVE)
    call.demand(f"{CS}/locations/models/read", f"/subscriptions/{call.cloud.subscription}")
    return Answer(200, {"value": cognitive.models(call.cloud, call.captured["location"])})


def model_usages(call: Call) -> Answer:
    call.demand(f"{CS}/locations/usages/read", f"/subscriptions/{call.cloud.subscription}")
    return Answer(200, {"value": cognitive.usages(call.cloud, call.captured["location"])})


def deleted_accounts(call: Call) -> Answer:
    call.demand(f"{CS}/deletedAccounts/read", f"/subscriptions/{call.cloud.subscription}")
    kept = call.cloud.deleted_accounts.values()
    return Answer(200, {"value": [cognitive.show_deleted(call.cloud, account) for account in kept]})


def deleted_account(call: Call) -> Answer:
    place = call.captured
    action = f"{CS}/locations/resourceGroups/deletedAccounts/{'delete' if call.method == 'DELETE' else 'read'}"
    # At the subscription: the group may be gone.
    call.demand(action, f"/subscriptions/{call.cloud.subscription}")
    kept = cognitive.find_deleted(call.cloud, place["location"], place["group"], place["name"])
    if call.method == "DELETE":
        return cognitive.purge(call.cloud, kept)
    if kept is None:
        raise NotFound("ResourceNotFound", f"The deleted account '{place['name']}' was not found.")
    return Answer(200, cognitive.show_deleted(call.cloud, kept))


def domain_availability(call: Call) -> Answer:
    wanted = str(call.json.get("subdomainName", "")).lower()
    everyone = [*call.cloud.of(cognitive.ACCOUNTS), *call.cloud.deleted_accounts.values()]
    taken = any(account.properties.get("customSubDomainName") == wanted for account in everyone)
    return Answer(
        200,
        {
            "isSubdomainAvailable": not taken,
            "subdomainName": wanted,
            "type": "Microsoft.CognitiveServices/accounts",
            "reason": "Sub domain name is not available." if taken else None,
        },
    )


def vm_skus(call: Call) -> Answer:
    call.demand("Microsoft.Compute/skus/read", f"/subscriptions/{call.cloud.subscription}")
    offered = re.search(r"location eq '([^']+)'", call.query.get("$filter", ""))
    places = [offered[1]] if offered else list(catalog.LOCATIONS)
    return Answer(
        200,
        {
            "value": [
                {
                    "resourceType": "virtualMachines",
                    "name": size.name,
                    "tier": "Standard",
                    "size": size.name.partition("_")[2],
                    "family": size.family,
                    "locations": places,
                    "locationInfo": [{"location": place, "zones": ["1", "2", "3"]} for place in places],
                    "capabilities": [
                        {"name": "vCPUs", "value": str(size.cores)},
                        {"name": "MemoryGB", "value": str(size.memory_gib)},
                        {"name": "HyperVGenerations", "value": "V1,V2"},
                        {"name": "PremiumIO", "value": "True"},
                        {"name": "CpuArchitectureType", "value": "x64"},
                    ],
                    "restrictions": [],
                }
                for size in call.cloud.catalog.sizes
            ]
        },
    )


def _usage(name: str, current: int, limit: int) -> Json:
    return {
        "unit": "Count",
        "currentValue": current,
        "limit": limit,
        "name": {"value": name, "localizedValue": name},
    }


def compute_usages(call: Call) -> Answer:
    call.demand("Microsoft.Compute/locations/usages/read", f"/subscriptions/{call.cloud.subscription}")
    cores = compute.cores_used(call.cloud, call.captured["location"])
    limits = call.cloud.catalog.limits
    families = [_usage(family, used, limits["cores of a family"]) for family, used in sorted(cores.items())]
    total = _usage("cores", sum(cores.values()), limits["cores"])
    machines = sum(1 for _ in call.cloud.of(compute.MACHINES))
    return Answer(200, {"value": [total, _usage("virtualMachines", machines, 25000), *families]})


def network_usages(call: Call) -> Answer:
    arm.check_version(call, "Microsoft.Network/locations/usages", NETWORK)
    call.demand("Microsoft.Network/locations/usages/read", f"/subscriptions/{call.cloud.subscription}")
    scope = f"/subscriptions/{call.captured['subscription']}"
    counted = {n: sum(1 for _ in call.cloud.of(f"Microsoft.Network/{n}", scope)) for n in catalog.NETWORK_LIMITS}
    names = {"publicIPAddresses": "StandardSkuPublicIpAddresses", "natGateways": "NatGateways"}
    return Answer(
        200,
        {
            "value": [
                _usage(names.get(name, name[0].upper() + name[1:]), used, call.cloud.catalog.limits[name])
                for name, used in counted.items()
            ]
        },
    )


def image(call: Call) -> Answer:
    """The list of an image's versions, or one version."""
    arm.check_version(call, "Microsoft.Compute/locations/publishers", MACHINE)
    call.demand(
        "Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read",
        f"/subscriptions/{call.cloud.subscription}",
    )
    place = call.captured
    latest = call.cloud.catalog.image(place["publisher"], place["offer"], place["sku"])
    if latest is None or place["version"] not in (None, latest, "latest"):
        raise NotFound("NotFound", "Artifact: VMImage was not found.")
    item: Json = {"location": place["location"], "name": latest, "id": f"{call.path.rstrip('/')}/{latest}"}
    if place["version"] is None:
        return Answer(200, [item])
    properties = {"osDiskImage": {"operatingSystem": "Linux"}, "dataDiskImages": [], "hyperVGeneration": "V2"}
    return Answer(200, item | {"properties": properties | {"architecture": "x64", "plan": None}})


def _route(methods: str, path: str, handler: arm.Handler) -> tuple[list[str], re.Pattern[str], arm.Handler]:
    return methods.split(), re.compile(path, re.IGNORECASE), handler


INNER = {
    "Microsoft.Network/networkSecurityGroups": ("securityRules", "defaultSecurityRules"),
    cognitive.ACCOUNTS: ("privateEndpointConnections",),
}
INNER_PATH = (
    r"(?P<parent>.*/(?:networksecuritygroups|accounts)/[^/]+)"
    r"/(?P<what>securityrules|defaultsecurityrules|privateendpointconnections)(?:/(?P<name>[^/]+))?"
)
VERSIONS_PATH = (
    r"/locations/(?P<location>[^/]+)/publishers/(?P<publisher>[^/]+)/artifacttypes/vmimage/offers/(?P<offer>[^/]+)"
    r"/skus/(?P<sku>[^/]+)/versions(?:/(?P<version>[^/]+))?"
)
ROUTES = (
    _route("GET", "/subscriptions", subscriptions),
    _route("GET", SUBSCRIPTION, subscription),
    _route("GET", "/tenants", tenants),
    _route("GET", SUBSCRIPTION + "/locations", locations),
    _route(
        "GET",
        SUBSCRIPTION + r"/providers/[^/]+/locations/[^/]+/(?P<kind>operations|operationresults)/(?P<id>[^/]+)",
        operation,
    ),
    _route("GET", AUTHORIZATION + "/roleassignments", authorization.assignments),
    _route("GET PUT DELETE", AUTHORIZATION + "/roleassignments/(?P<name>[^/]+)", authorization.assignment),
    _route("GET", AUTHORIZATION + "/roledefinitions", authorization.definitions),
    _route("GET", AUTHORIZATION + "/roledefinitions/(?P<name>[^/]+)", authorization.definition),
    _route("GET", AUTHORIZATION + "/permissions", authorization.permissions),
    _route("GET", AUTHORIZATION + "/locks", locks.locks),
    _route("GET PUT DELETE", AUTHORIZATION + "/locks/(?P<name>[^/]+)", locks.lock),
    _route("GET", SUBSCRIPTION + "/providers", providers),
    _route("GET", SUBSCRIPTION + "/providers/(?P<namespace>[^/]+)", provider),
    _route("POST", SUBSCRIPTION + "/providers/(?P<namespace>[^/]+)/register", provider),
    _route("GET", SUBSCRIPTION + "(?:/resourcegroups/[^/]+)?/resources", resources),
    _route("GET", CS_PATH + "/locations/(?P<location>[^/]+)/models", models),
    _route("GET", CS_PATH + "/locations/(?P<location>[^/]+)/usages", model_usages),
    _route("GET", CS_PATH + "/deletedaccounts", deleted_accounts),
    _route(
        "GET DELETE",
        CS_PATH + "/locations/(?P<location>[^/]+)/resourcegroups/(?P<group>[^/]+)/deletedaccounts/(?P<name>[^/]+)",
        deleted_account,
    ),
    _route("POST", CS_PATH + "/checkdomainavailability", domain_availability),
    _route("GET", COMPUTE + "/skus", vm_skus),
    _route("GET", COMPUTE + "/locations/(?P<location>[^/]+)/usages", compute_usages),
    _route("GET", SUBSCRIPTION + "/providers/microsoft.network/locations/[^/]+/usages", network_usages),
    _route("GET", COMPUTE + VERSIONS_PATH, image),
    _route("GET", INNER_PATH, inner),
)

_VIEWS: dict[str, Callable[[Cloud, Resource], Json]] = {
    compute.MACHINES: compute.view,
    runcommands.TYPE: lambda cloud, resource: runcommands.view(resource),
}
arm.VIEWS.update(_VIEWS)
