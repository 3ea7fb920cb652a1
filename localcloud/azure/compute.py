"""Virtual machines and disks."""

from __future__ import annotations

import base64
import binascii
import copy
from collections.abc import Awaitable, Callable

from localcloud.azure import catalog, engine, identities, ids, latencies, network, operations
from localcloud.azure.clock import iso
from localcloud.azure.errors import Refusal
from localcloud.azure.model import Answer, Change, Cloud, Json, Kind, Reference, Resource
from localcloud.fabric import Machine

MACHINES = "Microsoft.Compute/virtualMachines"
DISKS = "Microsoft.Compute/disks"
CUSTOM_DATA_LIMIT = 64 * 1024
MACHINE_REFERENCES = (
    Reference("properties.networkProfile.networkInterfaces[].id", f"{network.INTERFACES}/join/action"),
    Reference("identity.userAssignedIdentities", f"{identities.TYPE}/assign/action", keys=True),
)
FIXED = (
    "osProfile.adminUsername",
    "osProfile.computerName",
    "osProfile.linuxConfiguration.ssh",
    "storageProfile.imageReference",
)
KINDS: dict[str, Kind] = {}
"""Filled by the table: a VM brings its disk with it."""


def machine(change: Change) -> None:
    properties = change.properties
    _check_size(change)
    _check_image(change)
    secrets = _take_secrets(properties)
    _check_unchanged(change, secrets)
    _check_interfaces(change)
    _complete(change)
    change.private |= {"custom_data": secrets["customData"] or (_private(change, "custom_data") or "")}
    former = change.before.properties if change.before else {}
    properties["vmId"] = former.get("vmId") or change.cloud.uuid()
    properties["timeCreated"] = former.get("timeCreated") or iso(change.cloud.clock.now())
    _disk(change)


def _private(change: Change, name: str) -> str | None:
    return change.before.private.get(name) if change.before else None


def _check_size(change: Change) -> None:
    name = change.properties.get("hardwareProfile", {}).get("vmSize", "Standard_D2s_v3")
    size = change.cloud.catalog.size(name)
    if size is None and change.before is None:
        raise Refusal(
            409,
            "SkuNotAvailable",
            f"The requested VM size for resource '{name}' is currently not available in location "
            f"'{change.body['location']}'. Please try another size or deploy to a different location or "
            f"different zone.",
        )
    if size is not None and change.before is None:
        _check_quota(change, size)


def _check_quota(change: Change, size: catalog.Size) -> None:
    used, limits = cores_used(change.cloud, change.body["location"]), change.cloud.catalog.limits
    for name, current, limit in (
        ("Total Regional", sum(used.values()), limits["cores"]),
        (size.family, used[size.family], limits["cores of a family"]),
    ):
        if current + size.cores > limit:
            raise Refusal(
                409,
                "OperationNotAllowed",
                f"Operation could not be completed as it results in exceeding approved {name} Cores quota. Additional "
                f"details - Location: {change.body['location']}, Current Limit: {limit}, Current Usage: {current}, "
                f"Additional Required: {size.cores}, (Minimum) New Limit Required: {current + size.cores}.",
            )


def cores_used(cloud: Cloud, location: str) -> dict[str, int]:
    """Family -> cores of the VMs in a region."""
    families = {size.name: size for size in catalog.SIZES}
    cores = {size.family: 0 for size in catalog.SIZES}
    for machine in cloud.of(MACHINES):
        size = families.get(machine.properties["hardwareProfile"]["vmSize"])
        if size is not None and catalog.location(machine.body["location"]) == catalog.location(location):
            cores[size.family] += size.cores
    return cores


def _check_image(change: Change) -> None:
    properties = change.properties
    image = properties.get("storageProfile", {}).get("imageReference")
    if image is None:
        raise Refusal(400, "InvalidParameter", "Required parameter 'imageReference' is missing (null).")
    publisher, offer, sku = (str(image.get(part, "")).lower() for part in ("publisher", "offer", "sku"))
    former = change.before.properties["storageProfile"]["imageReference"] if change.before else {}
    latest = change.cloud.catalog.image(publisher, offer, sku) or former.get("exactVersion")
    if latest is None or image.get("version") not in ("latest", latest):
        raise Refusal(
            400,
            "PlatformImageNotFound",
            f"The platform image '{publisher}:{offer}:{sku}:{image.get('version')}' is not available. Verify "
            f"that all fields in "
            "the storage profile are correct.",
        )
    image["exactVersion"] = latest


def _take_secrets(properties: Json) -> Json:
    """Takes out of the body what ARM never gives back. Raises Refusal for a profile that Azure refuses."""
    profile = properties.get("osProfile") or {}
    password, custom = profile.pop("adminPassword", None), profile.pop("customData", None)
    linux = profile.setdefault("linuxConfiguration", {})
    if not password and not (linux.get("ssh") or {}).get("publicKeys"):
        raise Refusal(400, "InvalidParameter", "Authentication using either SSH or by user name and password must be "
                      "enabled in Linux profile.")  # fmt: skip
    if custom is not None:
        _decoded(custom)
    return {"adminPassword": password, "customData": custom}


def _decoded(custom: str) -> bytes:
    try:
        data = base64.b64decode(custom, validate=True)
    except binascii.Error as error:
        raise Refusal(400, "InvalidParameter", "Custom data in OSProfile must be in Base64 encoding.") from error
    if len(data) > CUSTOM_DATA_LIMIT:
        raise Refusal(400, "InvalidParameter", "Custom data in OSProfile must not exceed 65535 bytes.")
    return data


def _check_unchanged(change: Change, secrets: Json) -> None:
    if change.before is None:
        return
    changed = [
        path
        for path in FIXED
        # What the body leaves out stays as it was made.
        if (said := list(ids.find(change.properties, path))) and said != list(ids.find(change.before.properties, path))
    ]
    if secrets["customData"] not in (None, _private(change, "custom_data")):
        changed.append("osProfile.customData")
    if changed:
        raise Refusal(409, "PropertyChangeNotAllowed", f"Changing property '{changed[0]}' is not allowed.", details=())


def _check_interfaces(change: Change) -> None:
    listed = change.properties.get("networkProfile", {}).get("networkInterfaces", [])
    if not listed:
        raise Refusal(400, "InvalidParameter", "Required parameter 'networkProfile' is missing (null).")
    for item in listed:
        interface = change.cloud.need(item["id"], referrer=change.id)
        item["id"] = interface.id
        other = network.machine_of(change.cloud, interface.id)
        if other is not None and other.key != ids.key(change.id):
            raise Refusal(400, "NicInUse", f"Network Interface {interface.id} is used by existing resource {other.id}.")


def _complete(change: Change) -> None:
    """What ARM adds, and the spelling that it gives back."""
    properties = change.properties
    properties.setdefault("hardwareProfile", {}).setdefault("vmSize", "Standard_D2s_v3")
    profile = properties["osProfile"]
    profile.setdefault("computerName", change.name)
    profile |= {"secrets": [], "allowExtensionOperations": True, "requireGuestProvisionSignal": True}
    linux = profile["linuxConfiguration"]
    linux.setdefault("disablePasswordAuthentication", False)
    linux.setdefault("provisionVMAgent", True)
    linux.setdefault("patchSettings", {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"})
    properties["storageProfile"].setdefault("dataDisks", [])
    listed = change.body.get("identity", {}).get("userAssignedIdentities", {})
    if listed:
        change.body["identity"]["userAssignedIdentities"] = {
            found.id.replace("/resourceGroups/", "/resourcegroups/"): {
                "principalId": found.properties["principalId"],
                "clientId": found.properties["clientId"],
            }
            for found in (change.cloud.need(name) for name in listed)
        }


def _disk(change: Change) -> None:
    """The disk that comes with the VM, once."""
    cloud = change.cloud
    disk = change.properties["storageProfile"].setdefault("osDisk", {"createOption": "FromImage"})
    if change.before is not None:
        change.properties["storageProfile"]["osDisk"] = copy.deepcopy(
            change.before.properties["storageProfile"]["osDisk"]
        ) | {name: disk[name] for name in ("deleteOption",) if name in disk}
        return
    name = disk.setdefault("name", f"{change.name}_OsDisk_1_{cloud.uuid().replace('-', '')}")
    for key, value in {"osType": "Linux", "caching": "ReadWrite", "deleteOption": "Detach", "diskSizeGB": 64}.items():
        disk.setdefault(key, value)
    sku = disk.setdefault("managedDisk", {}).setdefault("storageAccountType", "Premium_LRS")
    group = "/".join(change.id.split("/")[:5])
    identifier = f"{group}/providers/{DISKS}/{name}"
    # Compute gives this id back with the group's name in capitals.
    disk["managedDisk"]["id"] = identifier.replace(
        group, "/".join([*group.split("/")[:4], change.id.split("/")[4].upper()])
    )
    body: Json = {
        "location": change.body["location"],
        "sku": {"name": sku, "tier": sku.split("_")[0].removesuffix("SSD")},
        "managedBy": change.id,
        "properties": {
            "osType": "Linux",
            "creationData": {"createOption": "FromImage"},
            "diskSizeGB": disk["diskSizeGB"],
            "diskState": "Attached",
            "timeCreated": iso(cloud.clock.now()),
        },
    }
    if "tags" in change.body:
        body["tags"] = dict(change.body["tags"])
    resource = Resource(identifier, KINDS[DISKS], body)
    resource.settled = cloud.clock.now()
    cloud.resources[resource.key] = resource


async def boot(cloud: Cloud, resource: Resource) -> None:
    """The end of a VM's PUT: it runs, unless a fault rule says that it never boots."""
    if resource.private.get("power"):
        return  # an update of one that was booted before
    fate = cloud.operations[resource.operation].fate if resource.operation else None
    if fate is not None and fate.effect == "dead":
        await cloud.clock.sleep(cloud.latency(latencies.BOOT_PATIENCE))
        raise Refusal(
            409,
            "OSProvisioningTimedOut",
            f"OS Provisioning for VM '{resource.name}' did not finish in the allotted time. The VM may still finish "
            "provisioning successfully. Please check provisioning state later.",
        )
    interface = ids.key(resource.properties["networkProfile"]["networkInterfaces"][0]["id"])
    data = base64.b64decode(resource.private["custom_data"])
    await cloud.fabric.boot(Machine(resource.key, resource.name, interface, data))
    resource.private["power"] = "running"
    if cloud.get(resource.id) is not resource:
        await cloud.fabric.delete(resource.key)  # its group was deleted while it booted


async def end_machine(cloud: Cloud, resource: Resource) -> None:
    """Ends the VM, and the interfaces and disk that shall go with it."""
    await cloud.fabric.delete(resource.key)
    engine.forget(cloud, resource)
    for item in resource.properties["networkProfile"]["networkInterfaces"]:
        interface = cloud.get(item["id"])
        if interface and (item.get("properties") or {}).get("deleteOption") == "Delete":
            engine.forget(cloud, interface)
    os_disk = resource.properties["storageProfile"]["osDisk"]
    disk = cloud.get(os_disk["managedDisk"]["id"])
    if disk and os_disk["deleteOption"] == "Delete":
        engine.forget(cloud, disk)
    elif disk:
        disk.body.pop("managedBy", None)
        disk.properties["diskState"] = "Unattached"
    await engine.apply(cloud)


def guard_disk(cloud: Cloud, resource: Resource) -> None:
    owner = resource.body.get("managedBy")
    if owner and cloud.get(owner):
        raise Refusal(409, "OperationNotAllowed", f"Disk {resource.name} is attached to VM {owner}.")


def view(cloud: Cloud, resource: Resource) -> Json:
    power = resource.private.get("power", "starting")
    state = resource.state.lower()
    return {
        "computerName": resource.properties["osProfile"]["computerName"],
        "osName": "local stand-in",
        "vmAgent": {"vmAgentVersion": "local", "statuses": [{"code": "ProvisioningState/succeeded", "level": "Info"}]},
        "statuses": [
            {"code": f"ProvisioningState/{state}", "level": "Info", "displayStatus": f"Provisioning {state}"},
            {"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"},
        ],
    }


async def instance_view(cloud: Cloud, resource: Resource, body: Json) -> Answer:
    return Answer(200, view(cloud, resource))


def power(
    word: str, switch: Callable[[Cloud, str], Awaitable[None]]
) -> Callable[[Cloud, Resource, Json], Awaitable[Answer]]:
    """An action that starts or stops the VM; `word`: its power state afterwards."""

    async def act(cloud: Cloud, resource: Resource, body: Json) -> Answer:
        if resource.operation:
            raise Refusal(409, "OperationNotAllowed", f"Another operation is in progress on VM {resource.name}.")

        async def work() -> None:
            try:
                await switch(cloud, resource.key)
                resource.private["power"] = word
            finally:
                resource.operation = None

        operation = operations.new(
            cloud, "Microsoft.Compute", resource.body["location"], resource.kind.versions[0], resource.id, "POST"
        )
        resource.operation = operation.id
        operations.begin(cloud, operation, cloud.latency(latencies.POWER), work)
        return Answer(202, None, operations.names(cloud, operation, "Location", "Azure-AsyncOperation"))

    return act


async def _on(cloud: Cloud, machine_id: str) -> None:
    await cloud.fabric.power_on(machine_id)


async def _off(cloud: Cloud, machine_id: str) -> None:
    await cloud.fabric.power_off(machine_id)


async def _restart(cloud: Cloud, machine_id: str) -> None:
    await cloud.fabric.power_off(machine_id)
    await cloud.fabric.power_on(machine_id)


ACTIONS = {
    "instanceview": instance_view,
    "start": power("running", _on),
    "poweroff": power("stopped", _off),
    "deallocate": power("deallocated", _off),
    "restart": power("running", _restart),
}
