"""What goes on in the VMs where there is no network: node, client and probe, who speak to the real services of the
local Azure from where they would stand, and wait on its clock for what propagates."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from localcloud.azure import LocalAzure
from localcloud.azure.faults import BrokenError
from localcloud.azure.front import Incoming
from localcloud.azure.identities import assigned, caller_of
from localcloud.azure.nofabric import NoFabric
from localcloud.fabric import Origin, Ran, Subnet
from tests.localazure.administrator import Administrator

LOOK = 5.0
"""Seconds between two looks at what is not there yet."""
DOOR_SECONDS = 30.0
"""So long a door that must be shut is tried until it says so."""
PASSING = frozenset({0, 429, *range(500, 600)})
"""Answers, and none at all, that say nothing of a door."""
PUBLIC = Origin("public")
Check = dict[str, str]
Answered = tuple[int, Any]


class Guests:
    """deaf: corps whose node never connects; mute: corps whose programs print nothing."""

    def __init__(self, administrator: Administrator) -> None:
        self.administrator = administrator
        self.deaf: set[str] = set()
        self.mute: set[str] = set()
        self.fabric = NoFabric(self.run)
        self.azure: LocalAzure

    async def run(self, machine_id: str, script: str) -> Ran:
        """A run command: client.py or probe.py, with its request in the script."""
        if _corp(machine_id) in self.mute:
            return Ran(127, "", "/opt/isthmus/run: not found")
        request = json.loads(script.split("\n")[1])
        deadline = self._now() + request["deadline_seconds"]
        program = self._client if "client.py" in script else self._probe
        report = await program(machine_id, request, deadline)
        wrong = any(check["state"] == "failed" for check in report["checks"])
        return Ran(int(wrong), json.dumps(report), "")

    async def _client(self, machine_id: str, request: dict[str, Any], deadline: float) -> dict[str, Any]:
        checks = [await self._enrolled("enrolled", machine_id, deadline)]

        async def key() -> Answered:
            return await self._secret(machine_id, request["key_secret"])

        status, found = await self._patiently(key, deadline)
        value = found["value"] if status == 200 else "none"
        path = f"/openai/deployments/{request['deployment']}/chat/completions?api-version={request['api_version']}"
        question = {"messages": [{"role": "user", "content": f"{request['question']} the code {request['nonce']}."}]}

        async def ask() -> Answered:
            inside = self._inside(request)
            return await self._call("POST", request["endpoint"] + path, inside, question, {"api-key": value})

        asked, said = await self._patiently(ask, deadline) if status == 200 else (status, found)
        answer = said["choices"][0]["message"]["content"] if asked == 200 else ""

        async def knock() -> Answered:
            return await self._call("POST", request["endpoint"] + path, PUBLIC, question, {"api-key": value})

        refused, _ = await self._patiently(knock, min(deadline, self._now() + DOOR_SECONDS), PASSING)
        checks += [
            _check("answer", request["nonce"] in answer, f"{asked} {_code(said)}"),
            _check("certificate", asked == 200, request["host"]),
            _check("public_name", self.azure.resolve(request["host"]) is not None, request["host"]),
            _check("endpoint_unreachable", True, "there is no network at all"),
            _check("public_refused", refused == 403, str(refused)),
        ]
        return {"checks": checks, "nonce": request["nonce"], "answer": answer.replace(request["nonce"], "").strip()}

    async def _probe(self, machine_id: str, request: dict[str, Any], deadline: float) -> dict[str, Any]:
        checks = [await self._enrolled("provider_enrolled", machine_id, deadline)]

        async def name() -> Answered:
            addresses = self._private_addresses(machine_id, request["host"])
            return (200 if addresses == (request["endpoint_address"],) else 404), addresses

        status, addresses = await self._patiently(name, deadline)
        url = f"https://{request['host']}/openai/models?api-version={request['api_version']}"

        async def models() -> Answered:
            return await self._call("GET", url, self._inside(request))

        answered, _ = await self._patiently(models, deadline, frozenset(range(600)) - {200, 401})
        checks += [
            _check("private_name", status == 200, f"{request['host']} is {addresses}"),
            _check("private_answer", answered in (200, 401), str(answered)),
        ]
        return {"checks": checks}

    async def _enrolled(self, check: str, machine_id: str, deadline: float) -> Check:
        """The node fetched its ticket with the VM's identity, and enrolled."""
        node = _configuration(self.fabric.machines[machine_id].custom_data)

        async def ticket() -> Answered:
            status, found = await self._secret(machine_id, node["ticket_secret"])
            return (status if _corp(machine_id) not in self.deaf else 503), found

        status, found = await self._patiently(ticket, deadline)
        if status == 200:
            self.administrator.enrol(found["value"])
        return _check(check, status == 200, f"ticket {node['ticket_secret']}: {status} {_code(found)}")

    async def _secret(self, machine_id: str, name: str) -> Answered:
        """As the VM's own identity; the vault is reached as the relay is, over the subnet's way out."""
        if self._subnet(machine_id).nat_address is None:
            return 0, {"error": {"code": "no way out"}}
        machine = self.azure.cloud.need(machine_id)
        identities = assigned(self.azure.cloud, machine)
        if not identities:
            return 400, {"error": {"code": "Identity not found"}}
        token, _ = self.azure.front.directory.token(caller_of(identities[0]), "https://vault.azure.net")
        vault = self.azure.seed.vault.name
        url = f"https://{vault}.vault.azure.net/secrets/{name}?api-version=7.6"
        return await self._call("GET", url, PUBLIC, None, {"Authorization": f"Bearer {token}"})

    async def _call(
        self, method: str, url: str, origin: Origin, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answered:
        parts = urlsplit(url)
        query = dict(pair.split("=") for pair in parts.query.split("&"))
        content = b"" if body is None else json.dumps(body).encode()
        given = CaseInsensitiveDict(headers or {})
        incoming = Incoming(method, parts.netloc, parts.path, query, given, content, origin, "198.18.0.1")
        try:
            answer = await self.azure.front.handle(incoming)
        except BrokenError as broken:
            return 0, {"error": {"code": broken.effect}}
        return answer.status, answer.body

    def _now(self) -> float:
        return self.azure.cloud.clock.now()

    async def _patiently(
        self,
        look: Callable[[], Awaitable[Answered]],
        deadline: float,
        not_yet: frozenset[int] = frozenset(range(600)) - {200},
    ) -> Answered:
        """The first answer whose status is none of those, or the last before the deadline."""
        while True:
            status, found = await look()
            if status not in not_yet or self._now() + LOOK > deadline:
                return status, found
            await self.azure.cloud.clock.sleep(LOOK)

    def _inside(self, request: dict[str, Any]) -> Origin:
        """Where the portal's outlet stands: at the account's own endpoint."""
        account = request["host"].partition(".")[0]
        found = (
            endpoint.id
            for endpoint in self.fabric.topology.endpoints
            if endpoint.target.endswith(f"/{account}") and endpoint.address == request["endpoint_address"]
        )
        return Origin("private_endpoint", endpoint_id=next(found, None))

    def _private_addresses(self, machine_id: str, host: str) -> tuple[str, ...]:
        """What the zones that are linked to the VM's network say of the account's name."""
        network = self._subnet(machine_id).id.rsplit("/", 2)[0]
        for zone in self.fabric.topology.zones:
            linked = any(link.network_id == network for link in zone.links)
            if linked and zone.name == f"privatelink.{host.partition('.')[2]}":
                return zone.records.get(host.partition(".")[0], ())
        return ()

    def _subnet(self, machine_id: str) -> Subnet:
        """Where the VM stands."""
        topology, interface_id = self.fabric.topology, self.fabric.machines[machine_id].interface_id
        subnet_id = next(card.subnet_id for card in topology.interfaces if card.id == interface_id)
        return next(subnet for each in topology.networks for subnet in each.subnets if subnet.id == subnet_id)


def _corp(machine_id: str) -> str:
    """The last part of the group's name, behind environment and generation."""
    return machine_id.split("/")[4].split("-", 3)[3]


def _configuration(custom_data: bytes) -> dict[str, Any]:
    """node.json, the last of the files that cloud-init writes."""
    written = json.loads(custom_data.decode().removeprefix("#cloud-config\n"))["write_files"]
    node: dict[str, Any] = json.loads(written[-1]["content"])
    return node


def _check(identifier: str, fine: bool, evidence: str) -> Check:
    return {"id": identifier, "state": "passed" if fine else "failed", "evidence": evidence}


def _code(body: Any) -> str:
    error = body.get("error", {}) if isinstance(body, dict) else {}
    return str((error.get("innererror") or {}).get("code") or error.get("code") or "")
