"""Who is told of events: any webhook below `events.example`, and Event Grid topics. They keep what they got.

A webhook answers the handshake of the CloudEvents HTTP webhook specification; what else a receiver may do (fail, be
slow, break off) is a matter of fault rules. A topic takes a token for Event Grid from whoever may send to it: here,
from the app's identity.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localcloud.azure.entra import Directory
from localcloud.azure.errors import Refusal
from localcloud.azure.model import Answer, Json, Resource

WEBHOOKS, TOPICS = ".events.example", ".eventgrid.azure.net"
TAKEN = "application/cloudevents+json"
KEPT = 10_000


@dataclass
class Receivers:
    """`sender`: the identity that may send to topics; `got`: method, host, path, headers and body of each request."""

    directory: Directory
    sender: Resource
    got: list[Json] = field(default_factory=list)

    async def handle(self, incoming: Any) -> Answer:
        headers = {name.lower(): value for name, value in incoming.headers.items()}
        if incoming.host.endswith(TOPICS):
            self._admit(headers)
        elif incoming.method == "OPTIONS":
            origin = headers.get("webhook-request-origin", "")
            return Answer(200, None, {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})
        if incoming.method != "POST":
            raise Refusal(405, "MethodNotAllowed", "Events are posted.")
        if not headers.get("content-type", "").startswith(TAKEN):
            raise Refusal(415, "UnsupportedMediaType", f"Events are {TAKEN}.")
        shown = {name: value for name, value in headers.items() if name != "authorization"}
        text = incoming.content.decode(errors="replace")
        self.got.append({"host": incoming.host, "path": incoming.path, "headers": shown, "body": text})
        del self.got[:-KEPT]
        return Answer(200 if incoming.host.endswith(TOPICS) else 204)

    def _admit(self, headers: Json) -> None:
        caller = self.directory.caller(headers.get("authorization"), "eventgrid")
        if caller.object_id != self.sender.properties["principalId"]:
            raise Refusal(403, "Forbidden", "The principal may not send events: EventGrid Data Sender is missing.")
