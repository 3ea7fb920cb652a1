"""Resource groups: the one thing whose DELETE ends everything in it."""

from __future__ import annotations

from localcloud.azure import catalog, engine, ids, latencies, operations
from localcloud.azure.errors import Refusal
from localcloud.azure.model import Answer, Change, Cloud, Resource

TYPE = "Microsoft.Resources/resourceGroups"


def group(change: Change) -> None:
    location = catalog.location(change.body["location"])
    if location not in catalog.LOCATIONS:
        raise Refusal(
            400,
            "LocationNotAvailableForResourceGroup",
            f"The provided location '{location}' is not available for resource group. List of available regions is "
            f"'{','.join(catalog.LOCATIONS)}'.",
        )
    if change.before is not None and change.before.body["location"] != location:
        raise Refusal(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{change.before.body['location']}'.",
        )
    limit = change.cloud.catalog.limits["resource groups"]
    if change.before is None and sum(1 for _ in change.cloud.of(TYPE)) >= limit:
        raise Refusal(409, "ResourceGroupQuotaExceeded", f"The limit of {limit} groups is reached.")
    change.body["location"] = location


def delete(cloud: Cloud, resource: Resource) -> Answer:
    """Asks for the end of a group. What blocks it shows at the operation's URL only."""
    if resource.operation:
        return Answer(202, None, operations.names(cloud, cloud.operations[resource.operation], "Location"))
    members = cloud.children(resource.id)
    slowest = max((member.kind.delete_seconds for member in members), default=0.0)

    async def work() -> None:
        try:
            engine.doom(cloud, resource)
            _refuse_if_blocked(cloud, resource)
            await _end_members(cloud, resource)
        except BaseException:
            resource.state = "Succeeded"
            raise
        finally:
            resource.operation = None
        engine.forget(cloud, resource)
        await engine.apply(cloud)

    resource.state = "Deleting"
    operation = operations.new(
        cloud, "Microsoft.Resources", resource.body["location"], resource.kind.versions[0], resource.id, "DELETE"
    )
    resource.operation = operation.id
    operations.begin(cloud, operation, cloud.latency(latencies.GROUP_DELETION + slowest), work)
    return Answer(202, None, operations.names(cloud, operation, "Location"))


def _refuse_if_blocked(cloud: Cloud, resource: Resource) -> None:
    """What stands outside and needs something inside blocks the deletion."""
    outside = [other for other in cloud.resources.values() if not ids.within(other.id, resource.id)]
    for other in outside:
        for reference in other.kind.references:
            for identifier in reference.ids(other.body):
                if ids.within(identifier, resource.id):
                    raise Refusal(
                        409,
                        "ResourceGroupDeletionBlocked",
                        f"Deletion of resource group '{resource.name}' failed as resources with identifiers "
                        f"'{identifier}' could not be deleted.",
                        details=[("InUse", f"{identifier} is used by {other.id}.")],
                    )


async def _end_members(cloud: Cloud, resource: Resource) -> None:
    """Users before what they use: VMs, then endpoints, then the rest in any order."""
    order = {"Microsoft.Compute/virtualMachines": 0, "Microsoft.Network/privateEndpoints": 1}
    members = sorted(cloud.children(resource.id), key=lambda member: order.get(member.kind.type, 2))
    for member in members:
        if cloud.get(member.id) is None:
            continue  # it went with another, as a VM's disk does
        await member.kind.ended(cloud, member)
        engine.forget(cloud, member)
