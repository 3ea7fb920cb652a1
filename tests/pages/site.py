"""The pages on loopback, with the addresses and headers that the app gives them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from isthmus.pages import HEADERS, environment_page, overview_page
from isthmus.pages.words import moment
from tests.pages import samples

KEY = "?code=a-function-key"


@dataclass
class Site:
    """`document` is what is shown now; `asked` and `posted` what browsers sent: paths, and form bodies."""

    port: int = 0
    document: samples.Document = field(default_factory=samples.building)
    asked: list[str] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/environments/{self.document['name']}/page{KEY}"

    @property
    def list_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/environments/page{KEY}"

    def page(self, path: str) -> str:
        if path == "/api/environments/page":
            return overview_page(samples.listed(), samples.moment(95), KEY)
        return environment_page(self.document, self.now, KEY)

    @property
    def now(self) -> datetime:
        return moment(self.document["updated_at"]) or samples.moment(0)


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            body = site.page(urlsplit(self.path).path).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in HEADERS.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            site.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(303)
            self.send_header("Location", f"page{KEY}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
