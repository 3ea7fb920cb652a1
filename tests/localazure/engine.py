"""The whole app on the whole local Azure in one process on virtual time: hundreds of lives of environments in minutes.

Real are the orchestrators, the activities with their SDK clients, ARM, Entra, Key Vault, role assignments and the
model's data plane. Stand-ins: the connection (`inprocess`), the VMs' programs (`guests`), the `ockam` command
(`administrator`), the Functions host (`live`), and, unless a test asks for blobs, the records' container.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from activities import bookkeeping, registry
from activities.outbox import Sender
from activities.records import Document, Life, Records
from isthmus import names
from isthmus.lifecycle import OVER, RUNNING, STOP_EVENT, allowed, whose
from isthmus.plan import utc
from isthmus.spec import Spec
from localcloud.azure import Certificates
from localcloud.azure.faults import Fault
from tests.localazure.administrator import Administrator
from tests.localazure.direct import UNSERVED, Direct
from tests.localazure.guests import Guests
from tests.localazure.live import Hub
from tests.unit import samples
from tests.unit.fakes import Container
from triggers.events import receiver_of

ORIGIN = "isthmus.example"
"""The app's name in handshakes with webhooks."""
SETTLING = 900.0
"""Virtual seconds after which whatever was under way has ended."""
BESIDE = ("seeded", "containers", "blobs", "operations")
"""Parts of the census that are no resources of an environment."""


Around = Callable[[str, dict[str, Any], Callable[[], Any]], Any]


def as_it_is(name: str, given: dict[str, Any], do: Callable[[], Any]) -> Any:
    return do()


class Engine:
    """One subscription with the app in it.

    faults: rules for the local Azure; blobs: whether the records are kept there too
    settings: app settings that name who is told of events
    around: called for every activity with its name, its input and what carries it out
    bugs: what broke in which step (the log has the tracebacks); every run should leave none
    told: what histories hold of activities: name, input and result, as JSON
    """

    def __init__(
        self, *faults: Fault, blobs: bool = False, seed: int = 0, certificates: Certificates = UNSERVED
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="isthmus-engine-")
        self.administrator = Administrator(Path(self._directory.name))
        self.administrator.use()
        self.guests = Guests(self.administrator)
        self.direct = Direct(self.guests.fabric, seed=seed, certificates=certificates)
        self.azure = self.guests.azure = self.direct.azure
        self.azure.front.faults.extend(faults)
        self.session, self.cloud = self.direct.session, self.direct.cloud
        self.container = Container()
        self.hub = Hub(self.act)
        self.records = Records(self.cloud.records if blobs else self.container, self.now)
        self.settings: dict[str, str] = {}
        self.around: Around = as_it_is
        self.bugs: list[str] = []
        self.told: list[str] = []
        self.calls: Counter[str] = Counter()

    def now(self) -> datetime:
        """Virtual time."""
        return datetime.fromtimestamp(self.hub.now, UTC)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *why: object) -> None:
        self.direct.__exit__(*why)
        self._directory.cleanup()

    def ask(self, generation: str = samples.GENERATION, **wish: Any) -> Life:
        """What POST does: claims the name, writes the record and starts the orchestration."""
        spec = samples.spec(**wish)
        bearer = self.records.bearer(spec.name)
        taken = bearer is not None and not self._over((spec.name, bearer))
        life = (spec.name, bearer if bearer and taken else self.records.claim(spec.name, generation, bearer))
        self.records.create(life, self._record(spec, life))
        document = self.record(life)
        if document["phase"] == "requested":
            self._provision(life, document)
        return life

    def _provision(self, life: Life, document: Document) -> None:
        job = whose(document) | {key: document[key] for key in ("attempt", "on_failure")}
        self.hub.start("provision_environment", job, names.provision_instance(*life, document["attempt"]))

    def _over(self, life: Life) -> bool:
        document = self.records.load(life)
        if document is None:
            return self.records.is_forgotten(life)
        return document["phase"] in OVER or (document["stop"] or {"why": "failure"})["why"] != "failure"

    def _record(self, spec: Spec, life: Life) -> Document:
        asked = self.now()
        return samples.record(
            environment=spec.name,
            generation=life[1],
            spec=spec.public(),
            digest=spec.digest(),
            on_failure=spec.on_failure,
            receiver=receiver_of(spec, self.settings),
            requested_at=utc(asked),
            updated_at=utc(asked),
            expires_at=utc(asked + timedelta(minutes=spec.lease_minutes)),
        )

    def cancel(self, life: Life) -> bool:
        """What a cancellation does; False where it is refused."""
        if not allowed(self.record(life))["cancel"]:
            return False
        self._end(life, "cancel", "its cancellation was asked for")
        return True

    def retry(self, life: Life) -> bool:
        """What a retry does; False where it is refused."""
        document, taken = bookkeeping.begin_again(self.records, life)
        if document is not None and taken:
            self._provision(life, document)
        return taken

    def renew(self, life: Life, minutes: int) -> bool:
        """What a renewal does; False where it is refused."""
        return bookkeeping.renew(self.records, life, minutes, datetime.fromtimestamp(self.hub.now, UTC))[1]

    def sweep(self, instance: str = "clean-up") -> None:
        """What the cleanup's timer does."""
        self.hub.start("clean_up", None, instance)

    def delete(self, life: Life) -> None:
        """What DELETE does."""
        self._end(life, "delete", "its deletion was asked for")

    def _end(self, life: Life, why: bookkeeping.StopReason, detail: str) -> None:
        document = bookkeeping.ask_for_stop(self.records, life, why, detail)
        document = document or self.record(life)
        owner = self.hub.instances.get(names.provision_instance(*life, document["attempt"]))
        if document["phase"] in RUNNING:
            self._wake(life, document)
        elif document["phase"] != "gone" and (owner is None or owner.over):
            self.hub.start("teardown_environment", whose(document), names.teardown_instance(*life))

    def _wake(self, life: Life, document: Document) -> None:
        instances = [names.provision_instance(*life, document["attempt"])]
        for corp in document["spec"]["corps"]:
            instances.append(names.corp_instance(*life, corp["name"], document["attempt"]))
        for instance in instances:
            if instance in self.hub.instances and not self.hub.instances[instance].over:
                self.hub.raise_event(instance, STOP_EVENT)

    def run(self) -> None:
        """Until no orchestration has anything left to do."""
        self.hub.run()

    def pass_by(self, seconds: float) -> None:
        """So much time goes by, with whatever the orchestrations do in it."""
        self.hub.run(until=self.hub.seconds + seconds)
        self.direct.advance(self.hub.now - self.direct.clock.now())

    def send_events(self, lead: timedelta = timedelta(minutes=60)) -> None:
        """What the timer does."""
        self.direct.advance(self.hub.now - self.direct.clock.now())
        Sender(self.cloud, self.records, self.session, ORIGIN, lead, self.now).run()

    def settle(self, seconds: float = SETTLING) -> None:
        """Lets Azure end what is under way."""
        self.direct.advance(seconds)

    def act(self, name: str, given: dict[str, Any]) -> tuple[Any, float]:
        """One activity, as the registry runs it; how long its clients waited in vain."""
        self.administrator.use()  # another engine may have been made meanwhile
        self.direct.advance(self.hub.now - self.direct.clock.now())
        self.calls[name] += 1
        waited = self.session.spent
        result = self.around(name, given, lambda: self._activity(name, given))
        self.told.append(json.dumps([name, given, result]))
        return result, self.session.spent - waited

    def _activity(self, name: str, given: dict[str, Any]) -> Any:
        result = registry.perform(name, self.cloud, self.records, given)
        if result.get("code") == "InternalError":
            self.bugs.append(f"{name}: {result['message']}")
        return result

    def record(self, life: Life) -> Document:
        document = self.records.load(life)
        assert document is not None
        return document

    def phase(self, life: Life) -> str:
        return str(self.record(life)["phase"])

    def census(self) -> Counter[str]:
        """How many there are of each kind, portal members included, of what was not there from the start."""
        everything = self.azure.census()
        counted = Counter({kind: len(found) for kind, found in everything.items() if kind not in BESIDE})
        counted["members"] = len(self.administrator.members())
        counted["machines"] = len(self.guests.fabric.machines)
        return +counted

    def requests(self, after: int = 0) -> Iterable[dict[str, Any]]:
        """The local Azure's log of what was asked."""
        return (entry for entry in self.azure.front.log if entry["number"] > after)
