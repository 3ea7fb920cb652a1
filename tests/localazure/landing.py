"""The landing zone of tests/unit/landing_zone.py on a local Azure. Nothing of it is the app's."""

from __future__ import annotations

import json
from typing import Any

from isthmus import permissions
from localcloud.azure import ids, seed
from localcloud.azure.rbac import Role
from tests.localazure.arm import Arm
from tests.localazure.direct import Direct
from tests.unit.landing_zone import GROUP, HUB, Body, bodies, subnet_id, wish, zone_id


class LandingZone:
    """One on a local Azure. What the app may do there is said by `give`."""

    def __init__(self, direct: Direct, *linked: str) -> None:
        self.direct, self.azure = direct, direct.azure.cloud
        self.subscription, self.hub = self.azure.subscription, self.azure.hub
        self.arm = administrator(direct)
        for path, body in bodies(self.subscription, self.hub, *linked):
            self.arm.put(path, body)

    def corps(self, **wanted: Any) -> list[Body]:
        return wish(self.subscription, self.hub, **wanted)

    @property
    def zone(self) -> str:
        return zone_id(self.hub)

    def subnet(self, corp: str) -> str:
        return subnet_id(self.subscription, corp)

    def give(self, scope: str, *rights: permissions.Right, but: str = "") -> Role:
        """The app's identity gets these rights at that scope."""
        actions = tuple(action for right in rights for action in right.actions if action != but)
        role = seed.define(self.azure, Role("", f"At {scope}", actions, custom=True))
        seed.grant(self.azure, self.direct.azure.seed.identity.properties["principalId"], role, scope)
        return self.azure.access.roles[role]

    def only(self, corps: Any) -> None:
        """On its subscription the app may do what such corps need, and no more."""
        roles = {role.name: role for role in self.azure.access.roles.values()}
        for scope, name in (("subscription", seed.PROVISIONER.name), ("vault", seed.VAULT_ACCESS.name)):
            roles[name].actions = tuple(permissions.needed(scope, corps))  # type: ignore[arg-type]

    def state(self) -> dict[str, str]:
        """Everything in its groups, to the last etag, and what stands in the networks: to compare before and after."""
        roots = [f"/subscriptions/{self.subscription}/resourceGroups/{GROUP}"]
        roots.append(f"/subscriptions/{self.hub}/resourceGroups/{HUB}")
        return {
            key: json.dumps([resource.body, resource.etag, resource.state], sort_keys=True)
            for key, resource in self.azure.resources.items()
            if any(ids.within(key, root) for root in roots)
        }


def administrator(direct: Direct) -> Arm:
    """ARM as the platform team sees it."""
    applications = direct.azure.front.directory.applications
    caller = applications[direct.azure.administrator.client_id].caller
    return direct.arm(direct.token(caller=caller))
