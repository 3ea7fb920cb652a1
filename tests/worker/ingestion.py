"""Application Insights' ingestion endpoint, as far as its exporter speaks to it: keeps the envelopes."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Ingestion:
    """envelopes: everything that was told, as Application Insights is told it."""

    def __init__(self) -> None:
        self.envelopes: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def connection_string(self) -> str:
        here = f"http://127.0.0.1:{self._server.server_port}/"
        key = "00000000-0000-0000-0000-000000000001"
        return f"InstrumentationKey={key};IngestionEndpoint={here};LiveEndpoint={here}"

    def data(self, kind: str) -> list[dict[str, Any]]:
        """The base data of all envelopes of a kind: MessageData, RemoteDependencyData, MetricData."""
        return [one["data"]["baseData"] for one in self.envelopes if one["data"]["baseType"] == kind]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ingestion = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    content = gzip.decompress(content)
                taken = 0
                if "/track" in self.path:
                    told = json.loads(content)
                    ingestion.envelopes += told
                    taken = len(told)
                body = json.dumps({"itemsReceived": taken, "itemsAccepted": taken, "errors": []}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: Any) -> None:
                """Nothing."""

        return Handler

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
