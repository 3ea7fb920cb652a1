"""The table of step kinds: the one place that knows what an environment is made of.

Plan, orchestration, teardown order, status, time estimate and `docs/resources.md` derive from `GRAPH`.
A kind is added by one row here, an ensure/remove pair in `activities/`, and a route in the local cloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["provider", "consumer"]
Stage = Literal["reserve", "build", "verify"]
STAGES: tuple[Stage, ...] = ("reserve", "build", "verify")
"""One after the other; within a stage, needs decide."""
Removal = Literal["own", "with group"]
Existing = Literal["subnet", "egress", "zone"]
"""What a corp may have before it is built (see isthmus/spec.py): its subnet, its network's way out, its DNS zone."""


@dataclass(frozen=True)
class Kind:
    """One kind of step.

    needs: kinds that must be ready first; of the same corp, and of the provider where it alone has them
    role: which corps have it (None: every corp)
    stage: reserve (before the corps, by the parent), build (inside a corp), verify (after all corps)
    typical: seconds that Azure usually takes
    deadline: seconds after which a step that is not ready has failed
    removal: removed by a call of its own, or gone when its resource group is
    serial: kinds whose writes on one object must not overlap (the object is the corp's)
    unless: not built in a corp that has all of these already
    into: where that exists, the step writes into it, and is removed from it by a call of its own
    """

    name: str
    title: str
    needs: tuple[str, ...]
    description: str
    typical: float
    deadline: float = 900
    role: Role | None = None
    stage: Stage = "build"
    removal: Removal = "with group"
    serial: str | None = None
    azure: str = ""
    unless: frozenset[Existing] = frozenset()
    into: Existing | None = None

    def built(self, role: Role, existing: frozenset[Existing] = frozenset()) -> bool:
        """Whether a corp of that role, which has that much already, has this step."""
        return self.role in (None, role) and not (self.unless and self.unless <= existing)

    def removed(self, existing: frozenset[Existing]) -> Removal:
        return "own" if self.into in existing else self.removal


GRAPH: tuple[Kind, ...] = (
    Kind(
        "reserved_ticket",
        "Reserved ticket secret",
        (),
        "A disabled secret that holds the ticket's place in Key Vault, so that access to it propagates early.",
        typical=1,
        stage="reserve",
        removal="own",
        azure="Key Vault secret",
    ),
    Kind(
        "reserved_key",
        "Reserved key secret",
        (),
        "A disabled secret that holds the API key's place in Key Vault.",
        typical=1,
        role="provider",
        stage="reserve",
        removal="own",
        azure="Key Vault secret",
    ),
    Kind(
        "resource_group",
        "Resource group",
        (),
        "Holds everything of one corp; its tags say whose it is and until when it may live.",
        typical=2,
        removal="own",
        deadline=1800,
        azure="Microsoft.Resources/resourceGroups",
    ),
    Kind(
        "network_security_group",
        "Network security group",
        ("resource_group",),
        "No inbound traffic; outbound only names, metadata, HTTPS and the portal's relay.",
        typical=5,
        azure="Microsoft.Network/networkSecurityGroups",
        unless=frozenset({"subnet"}),
    ),
    Kind(
        "public_ip",
        "Public IP of the NAT gateway",
        ("resource_group",),
        "The address that the corp's outgoing traffic comes from. No VM has one.",
        typical=5,
        azure="Microsoft.Network/publicIPAddresses",
        unless=frozenset({"egress"}),
    ),
    Kind(
        "nat_gateway",
        "NAT gateway",
        ("public_ip",),
        "Lets VMs without a public address reach the relay; lets nothing in.",
        typical=15,
        azure="Microsoft.Network/natGateways",
        unless=frozenset({"egress"}),
    ),
    Kind(
        "virtual_network",
        "Virtual network and subnet",
        ("network_security_group", "nat_gateway"),
        "The corp's private network, with its subnet in the same request.",
        typical=10,
        serial="virtual_network",
        azure="Microsoft.Network/virtualNetworks",
        unless=frozenset({"subnet"}),
    ),
    Kind(
        "vm_identity",
        "Identity of the VM",
        ("resource_group",),
        "What the VM proves itself with to Key Vault.",
        typical=5,
        azure="Microsoft.ManagedIdentity/userAssignedIdentities",
    ),
    Kind(
        "secret_access",
        "Access to the ticket",
        ("vm_identity", "reserved_ticket"),
        "Lets the VM's identity read that one secret and no other.",
        typical=5,
        removal="own",
        azure="Microsoft.Authorization/roleAssignments",
    ),
    Kind(
        "network_interface",
        "Network interface",
        ("virtual_network",),
        "The VM's place in the subnet; a private address only.",
        typical=5,
        azure="Microsoft.Network/networkInterfaces",
    ),
    Kind(
        "ticket",
        "Enrolment ticket",
        ("reserved_ticket", "network_interface"),
        "A one-time ticket for the corp's portal node, issued as late as possible and kept in Key Vault.",
        typical=2,
        removal="own",
        azure="Ockam enrolment ticket",
    ),
    Kind(
        "virtual_machine",
        "Virtual machine",
        ("network_interface", "vm_identity", "ticket"),
        "Runs the portal's node; fetches its ticket itself, with its own identity.",
        typical=60,
        deadline=1800,
        azure="Microsoft.Compute/virtualMachines",
    ),
    Kind(
        "openai_account",
        "Azure OpenAI account",
        ("resource_group",),
        "The model's account: public access disabled and default-deny from its first request.",
        typical=40,
        deadline=1800,
        role="provider",
        removal="with group",
        serial="openai_account",
        azure="Microsoft.CognitiveServices/accounts",
    ),
    Kind(
        "private_endpoint",
        "Private endpoint",
        ("openai_account", "virtual_network"),
        "The account's only door: an address inside the provider's network.",
        typical=45,
        role="provider",
        serial="virtual_network",
        azure="Microsoft.Network/privateEndpoints",
    ),
    Kind(
        "private_dns_zone",
        "Private DNS zone",
        ("resource_group",),
        "Names under privatelink.openai.azure.com, inside the provider's network.",
        typical=25,
        role="provider",
        azure="Microsoft.Network/privateDnsZones",
        unless=frozenset({"zone"}),
    ),
    Kind(
        "dns_zone_link",
        "DNS zone link",
        ("private_dns_zone", "virtual_network"),
        "Makes the provider's network ask that zone.",
        typical=25,
        role="provider",
        azure="Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        unless=frozenset({"subnet", "zone"}),
        into="zone",
    ),
    Kind(
        "dns_zone_group",
        "DNS record of the endpoint",
        ("private_endpoint", "private_dns_zone"),
        "Writes the endpoint's address into the zone.",
        typical=15,
        role="provider",
        azure="Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        into="zone",
    ),
    Kind(
        "model_deployment",
        "Model deployment",
        ("openai_account", "private_endpoint"),
        "The model itself.",
        typical=15,
        role="provider",
        serial="openai_account",
        azure="Microsoft.CognitiveServices/accounts/deployments",
    ),
    Kind(
        "api_key",
        "API key",
        ("openai_account", "reserved_key"),
        "The account's key, put into Key Vault without leaving the activity that reads it.",
        typical=2,
        role="provider",
        removal="own",
        azure="Key Vault secret",
    ),
    Kind(
        "key_access",
        "Access to the API key",
        ("vm_identity", "reserved_key"),
        "Lets the consumer's VM read the API key and no other secret.",
        typical=5,
        role="consumer",
        removal="own",
        azure="Microsoft.Authorization/roleAssignments",
    ),
    Kind(
        "probe_run",
        "Look from the provider",
        ("virtual_machine", "private_endpoint", "dns_zone_link", "dns_zone_group"),
        "How the provider's VM sees the account's name, and whether its node is up.",
        typical=20,
        role="provider",
        stage="verify",
        azure="Microsoft.Compute/virtualMachines/runCommands",
    ),
    Kind(
        "client_run",
        "Client's question",
        (
            "virtual_machine",
            "network_interface",
            "key_access",
            "private_endpoint",
            "model_deployment",
            "api_key",
        ),
        "The client asks the model through the portal and tries every door that must be shut.",
        typical=30,
        role="consumer",
        stage="verify",
        azure="Microsoft.Compute/virtualMachines/runCommands",
    ),
    Kind(
        "proof",
        "Proof",
        ("client_run", "probe_run"),
        "Puts the evidence together: the answer came through the portal, and nothing else is open.",
        typical=3,
        role="provider",
        stage="verify",
        azure="Isthmus",
    ),
)

BY_NAME = {kind.name: kind for kind in GRAPH}


def kinds_of(role: Role, existing: frozenset[Existing] = frozenset()) -> tuple[Kind, ...]:
    """The kinds that a corp has, of that role and with that much there already, in the table's order."""
    return tuple(kind for kind in GRAPH if kind.built(role, existing))
