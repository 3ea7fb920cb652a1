"""What each step is wanted to be: ARM request bodies and, for what is not ARM's, plain descriptions.

One function a step kind, `Site` in and JSON out; `RECIPES` is the table. Nothing here is secret, and nothing is
random: the same site gives the same body.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from isthmus import names
from isthmus.networks import network_of
from isthmus.spec import Corp, Spec
from isthmus.tags import ANY, DNS, SECRET, Bearer
from isthmus.wanted import output

Body = dict[str, Any]
ADMIN = "isthmus"
"""An account name that Azure demands; password login is off and nobody holds a private key."""
RELAY_PORTS = "4000-6252"
"""Ockam's projects (relays) listen from port 4000 on, its controller on 6252."""
RUN_SECONDS = 600
PATIENCE_SECONDS = RUN_SECONDS // 2
"""How long the programs in the VMs wait for what still propagates."""
API_VERSION = "2024-10-21"
"""Of the Azure OpenAI data plane: its last stable one of the dated kind."""
OCKAM = {
    "version": "0.157.0",
    "url": "https://downloads.ockam.io/command/v{version}/ockam.{machine}-unknown-linux-musl",
    "sha256": {
        "x86_64": "043198073b3166b75717e80ba3943a447808acccf307bc9d2f1e30b52e70d770",
        "aarch64": "fc8eea98000129b4efcb5087fd2ff59efb5bad5ff7c6cb400a1462028d93f6ca",
    },
}
"""The release and its checksums as the project's own Homebrew formula has them."""
OPENAI_PACKAGE = "openai==3.54.0"


@dataclass(frozen=True)
class Site:
    """Everything that a body is made from: one corp of one life of an environment."""

    spec: Spec
    corp: Corp
    generation: str
    subscription: str
    vault_id: str
    model: dict[str, Any]
    ssh_public_key: str
    attempt: int

    @property
    def environment(self) -> str:
        return self.spec.name

    @property
    def group_id(self) -> str:
        return self.group_of(self.corp)

    def group_of(self, corp: Corp) -> str:
        group = names.resource_group(self.environment, self.generation, corp.name)
        return f"/subscriptions/{self.subscription}/resourceGroups/{group}"

    def id(self, resource_type: str, *parts: str) -> str:
        """ARM id in this corp's group: id("Microsoft.Network/virtualNetworks", "v", "subnets", "s")."""
        return "/".join((self.group_id, "providers", resource_type, *parts))

    @property
    def vault_url(self) -> str:
        return f"https://{self.vault_id.rsplit('/', 1)[-1]}.vault.azure.net"

    @property
    def account(self) -> str:
        return names.account(self.subscription, self.environment, self.generation)

    @property
    def account_id(self) -> str:
        return f"{self.group_of(self.spec.provider)}/providers/Microsoft.CognitiveServices/accounts/{self.account}"

    @property
    def host(self) -> str:
        """The account's public name, which the client uses and the certificate bears."""
        return f"{self.account}.{names.OPENAI_SUFFIX}"

    @property
    def ticket_secret(self) -> str:
        return names.ticket_secret(self.environment, self.generation, self.corp.name)

    @property
    def key_secret(self) -> str:
        return names.key_secret(self.environment, self.generation)

    @property
    def nonce(self) -> str:
        return names.nonce(self.environment, self.generation, self.corp.name, self.attempt)

    def step(self, kind: str, corp: Corp | None = None) -> str:
        return f"{(corp or self.corp).name}/{kind}"

    @property
    def network_id(self) -> str:
        existing = self.corp.existing_subnet
        return network_of(existing) if existing else self.id("Microsoft.Network/virtualNetworks", "network")

    @property
    def subnet_id(self) -> str:
        return self.corp.existing_subnet or f"{self.network_id}/subnets/nodes"

    @property
    def zone_id(self) -> str:
        own = self.id("Microsoft.Network/privateDnsZones", names.PRIVATE_ZONE)
        return self.corp.existing_private_dns_zone or own

    @property
    def link_id(self) -> str:
        """In a zone that others use, too, its name says whose it is."""
        name = f"{names.PREFIX}-{names.life(self.environment, self.generation)}"
        return f"{self.zone_id}/virtualNetworkLinks/{name if 'zone' in self.corp.existing else 'network'}"


def _regional(site: Site, properties: Body, **more: Any) -> Body:
    return {"location": site.spec.location, "properties": properties, **more}


def resource_group(site: Site) -> Body:
    return {"location": site.spec.location}


def network_security_group(site: Site) -> Body:
    allowed = (
        ("endpoints-https", 100, "VirtualNetwork", "443", "Tcp"),
        ("internet-https", 110, "Internet", "443", "Tcp"),
        ("portal-relay", 120, "Internet", RELAY_PORTS, "Tcp"),
    )
    rules = [
        _rule(name, priority, "Outbound", "Allow", to, port, protocol) for name, priority, to, port, protocol in allowed
    ]
    rules.append(_rule("nothing-else-out", 4096, "Outbound", "Deny", "*", "*", "*"))
    rules.append(_rule("nothing-in", 4096, "Inbound", "Deny", "*", "*", "*"))
    return _regional(site, {"securityRules": rules})


def _rule(name: str, priority: int, direction: str, access: str, to: str, ports: str, protocol: str) -> Body:
    return {
        "name": name,
        "properties": {
            "priority": priority,
            "direction": direction,
            "access": access,
            "protocol": protocol,
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": to,
            "destinationPortRange": ports,
        },
    }


def public_ip(site: Site) -> Body:
    return _regional(
        site,
        {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"},
        sku={"name": "Standard"},
    )


def nat_gateway(site: Site) -> Body:
    address = site.id("Microsoft.Network/publicIPAddresses", "egress")
    return _regional(site, {"publicIpAddresses": [{"id": address}]}, sku={"name": "Standard"})


def virtual_network(site: Site) -> Body:
    gateway = {"natGateway": {"id": site.id("Microsoft.Network/natGateways", "egress")}}
    subnet = {
        "addressPrefix": site.corp.subnet_prefix,
        "networkSecurityGroup": {"id": site.id("Microsoft.Network/networkSecurityGroups", "nodes")},
        **({} if "egress" in site.corp.existing else gateway),
        "defaultOutboundAccess": False,
    }
    return _regional(
        site,
        {
            "addressSpace": {"addressPrefixes": [site.corp.address_space]},
            "subnets": [{"name": "nodes", "properties": subnet}],
        },
    )


def vm_identity(site: Site) -> Body:
    return {"location": site.spec.location}


def network_interface(site: Site) -> Body:
    configuration = {"subnet": {"id": site.subnet_id}, "privateIPAllocationMethod": "Dynamic"}
    return _regional(site, {"ipConfigurations": [{"name": "private", "properties": configuration}]})


def virtual_machine(site: Site) -> Body:
    identity = site.id("Microsoft.ManagedIdentity/userAssignedIdentities", "node")
    publisher, offer, sku, version = site.spec.image.split(":")
    key = {"path": f"/home/{ADMIN}/.ssh/authorized_keys", "keyData": site.ssh_public_key}
    nic = {
        "id": site.id("Microsoft.Network/networkInterfaces", "node"),
        "properties": {"primary": True, "deleteOption": "Delete"},
    }
    properties = {
        "hardwareProfile": {"vmSize": site.spec.vm_size},
        "storageProfile": {
            "imageReference": {"publisher": publisher, "offer": offer, "sku": sku, "version": version},
            "osDisk": {
                "createOption": "FromImage",
                "deleteOption": "Delete",
                "managedDisk": {"storageAccountType": "StandardSSD_LRS"},
            },
        },
        "osProfile": {
            "computerName": f"{site.corp.name}-node",
            "adminUsername": ADMIN,
            # The activity renders the VM's files around this configuration (isthmus/cloudinit.py).
            "customData": node_configuration(site),
            "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [key]}},
        },
        "networkProfile": {"networkInterfaces": [nic]},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
    }
    return _regional(site, properties, identity={"type": "UserAssigned", "userAssignedIdentities": {identity: {}}})


def node_configuration(site: Site) -> Body:
    """/etc/isthmus/node.json: what the VM must know. Names of secrets only."""
    outlet, inlet = (names.attribute(site.environment, site.generation, end) for end in ("outlet", "inlet"))
    relay = names.relay(site.environment, site.generation)
    if site.corp.role == "provider":
        node: Body = {"relay": relay, "tcp-outlet": {"to": f"{site.host}:443", "allow": inlet}}
    else:
        node = {"tcp-inlet": {"from": "127.0.0.1:443", "via": relay, "allow": outlet}}
    return {
        "environment": site.environment,
        "generation": site.generation,
        "corp": site.corp.name,
        "role": "outlet" if site.corp.role == "provider" else "inlet",
        "vault_url": site.vault_url,
        "ticket_secret": site.ticket_secret,
        "identity_client_id": output(site.step("vm_identity"), "client_id"),
        "model_host": site.host,
        "node": node,
        "ockam": OCKAM,
        "openai_package": OPENAI_PACKAGE,
    }


def openai_account(site: Site) -> Body:
    properties = {
        "customSubDomainName": site.account,
        "publicNetworkAccess": "Disabled",
        "networkAcls": {"defaultAction": "Deny"},
    }
    return _regional(site, properties, kind="OpenAI", sku={"name": "S0"})


def private_endpoint(site: Site) -> Body:
    connection = {"privateLinkServiceId": site.account_id, "groupIds": ["account"]}
    return _regional(
        site,
        {
            "subnet": {"id": site.subnet_id},
            "privateLinkServiceConnections": [{"name": "account", "properties": connection}],
        },
    )


def private_dns_zone(site: Site) -> Body:
    return {"location": "global"}


def dns_zone_link(site: Site) -> Body:
    properties: Body = {"registrationEnabled": False, "virtualNetwork": {"id": site.network_id}}
    if "subnet" in site.corp.existing:
        # The network is not ours alone: names that our zone does not know stay public for everybody else in it.
        properties["resolutionPolicy"] = "NxDomainRedirect"
    return {"location": "global", "properties": properties}


def dns_zone_group(site: Site) -> Body:
    configuration = {"name": "openai", "properties": {"privateDnsZoneId": site.zone_id}}
    return {"properties": {"privateDnsZoneConfigs": [configuration]}}


def model_deployment(site: Site) -> Body:
    model = site.model
    return {
        "sku": {"name": model["sku"], "capacity": model["capacity"]},
        "properties": {
            "model": {"format": "OpenAI", "name": model["name"], "version": model["version"]},
            "versionUpgradeOption": "NoAutoUpgrade",
        },
    }


def probe_run(site: Site) -> Body:
    request = {
        "nonce": site.nonce,  # the probe has no use for it: a script that was run already is not run again
        "host": site.host,
        "endpoint_address": output(site.step("private_endpoint"), "address"),
        "own_address": output(site.step("network_interface"), "address"),
        "api_version": API_VERSION,
        "deadline_seconds": PATIENCE_SECONDS,
    }
    return _run(site, "probe.py", request)


def client_run(site: Site) -> Body:
    provider = site.spec.provider
    request = {
        "nonce": site.nonce,
        "question": site.spec.question,
        "endpoint": f"https://{site.host}",
        "host": site.host,
        "deployment": site.model["name"],
        "api_version": API_VERSION,
        "vault_url": site.vault_url,
        "key_secret": site.key_secret,
        "identity_client_id": output(site.step("vm_identity"), "client_id"),
        "own_address": output(site.step("network_interface"), "address"),
        "endpoint_address": output(site.step("private_endpoint", provider), "address"),
        "deadline_seconds": PATIENCE_SECONDS,
    }
    return _run(site, "client.py", request)


def _run(site: Site, program: str, request: Body) -> Body:
    # The activity turns program and request into the script that the VM runs.
    return _regional(
        site,
        {
            "source": {"program": program, "request": request},
            "timeoutInSeconds": RUN_SECONDS,
            "asyncExecution": False,
        },
    )


def reserved_ticket(site: Site) -> Body:
    return {"secret": site.ticket_secret, "vault_url": site.vault_url}


def reserved_key(site: Site) -> Body:
    return {"secret": site.key_secret, "vault_url": site.vault_url}


def ticket(site: Site) -> Body:
    own, relay = ("outlet", True) if site.corp.role == "provider" else ("inlet", False)
    return {
        "secret": site.ticket_secret,
        "vault_url": site.vault_url,
        "source": site.spec.tickets.source,
        "attribute": names.attribute(site.environment, site.generation, own),
        "relay": names.relay(site.environment, site.generation) if relay else None,
    }


def api_key(site: Site) -> Body:
    return {"secret": site.key_secret, "vault_url": site.vault_url, "account": site.account_id}


def secret_access(site: Site) -> Body:
    return _access(site, site.ticket_secret)


def key_access(site: Site) -> Body:
    return _access(site, site.key_secret)


def _access(site: Site, secret: str) -> Body:
    return {
        "scope": f"{site.vault_id}/secrets/{secret}",
        "role": names.role_definition(site.subscription, names.SECRETS_USER_ROLE),
        "principal": output(site.step("vm_identity"), "principal_id"),
        "description": names.access_description(site.spec.name, site.generation, site.corp.name),
    }


def proof(site: Site) -> Body:
    """What the proof looks at with its own eyes, beside what client and probe found."""
    return {
        "account": site.account_id,
        "key": {"secret": site.key_secret, "vault_url": site.vault_url},
        "corps": [
            {
                "name": corp.name,
                "role": corp.role,
                "group": names.resource_group(site.environment, site.generation, corp.name),
                "attribute": names.attribute(
                    site.environment, site.generation, "outlet" if corp.role == "provider" else "inlet"
                ),
                "tickets": site.spec.tickets.source,
                **({"subnet": corp.existing_subnet} if corp.existing_subnet else {}),
            }
            for corp in site.spec.corps
        ],
    }


@dataclass(frozen=True)
class Recipe:
    """How a step kind's body and ARM id are made. `id`: None: not ARM's; `tags`: what it can bear of them; None: no
    tags."""

    body: Callable[[Site], Body]
    id: Callable[[Site], str] | None = None
    tags: Bearer | None = ANY


def _in_group(*parts: str) -> Callable[[Site], str]:
    return lambda site: site.id(*parts)


RECIPES: dict[str, Recipe] = {
    "reserved_ticket": Recipe(reserved_ticket, tags=SECRET),
    "reserved_key": Recipe(reserved_key, tags=SECRET),
    "resource_group": Recipe(resource_group, lambda site: site.group_id),
    "network_security_group": Recipe(
        network_security_group, _in_group("Microsoft.Network/networkSecurityGroups", "nodes")
    ),
    "public_ip": Recipe(public_ip, _in_group("Microsoft.Network/publicIPAddresses", "egress")),
    "nat_gateway": Recipe(nat_gateway, _in_group("Microsoft.Network/natGateways", "egress")),
    "virtual_network": Recipe(virtual_network, _in_group("Microsoft.Network/virtualNetworks", "network")),
    "vm_identity": Recipe(vm_identity, _in_group("Microsoft.ManagedIdentity/userAssignedIdentities", "node")),
    "secret_access": Recipe(secret_access, tags=None),
    "network_interface": Recipe(network_interface, _in_group("Microsoft.Network/networkInterfaces", "node")),
    "ticket": Recipe(ticket, tags=SECRET),
    "virtual_machine": Recipe(virtual_machine, _in_group("Microsoft.Compute/virtualMachines", "node")),
    "openai_account": Recipe(openai_account, lambda site: site.account_id),
    "private_endpoint": Recipe(private_endpoint, _in_group("Microsoft.Network/privateEndpoints", "openai")),
    "private_dns_zone": Recipe(
        private_dns_zone, _in_group("Microsoft.Network/privateDnsZones", names.PRIVATE_ZONE), tags=DNS
    ),
    "dns_zone_link": Recipe(dns_zone_link, lambda site: site.link_id, tags=DNS),
    "dns_zone_group": Recipe(
        dns_zone_group,
        _in_group("Microsoft.Network/privateEndpoints", "openai", "privateDnsZoneGroups", "openai"),
        tags=None,
    ),
    "model_deployment": Recipe(model_deployment, lambda site: f"{site.account_id}/deployments/{site.model['name']}"),
    "api_key": Recipe(api_key, tags=SECRET),
    "key_access": Recipe(key_access, tags=None),
    "probe_run": Recipe(
        probe_run, _in_group("Microsoft.Compute/virtualMachines", "node", "runCommands", "isthmus-probe")
    ),
    "client_run": Recipe(
        client_run, _in_group("Microsoft.Compute/virtualMachines", "node", "runCommands", "isthmus-client")
    ),
    "proof": Recipe(proof, tags=None),
}
