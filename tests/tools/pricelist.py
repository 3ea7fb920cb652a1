"""A price list on loopback that speaks as Azure's Retail Prices API does: OData filters, pages, links to the next."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

PAGE = 2
EQUALS = re.compile(r"(\w+) eq '([^']*)'")


def holds(where: str, item: Mapping[str, Any]) -> bool:
    """Whether an item fits a filter of equations joined by `and`, in brackets by `or`."""
    for part in re.split(r" and (?![^(]*\))", where):
        equations = EQUALS.findall(part)
        assert equations, part
        if not any(str(item.get(name)) == value for name, value in equations):
            return False
    return True


class PriceList:
    """items: what it has; broken: an answer that it gives instead; elsewhere: host that its links lead to."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        self.items = items
        self.broken: tuple[int, str] | None = None
        self.elsewhere = ""
        self.asked: list[dict[str, list[str]]] = []
        prices = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = prices.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/retail/prices"

    def answer(self, path: str) -> tuple[int, str]:
        query = parse_qs(urlsplit(path).query)
        self.asked.append(query)
        if self.broken:
            return self.broken
        where, skip = query["$filter"][0], int(query.get("$skip", ["0"])[0])
        found = [item for item in self.items if holds(where, item)]
        page, rest = found[skip : skip + PAGE], found[skip + PAGE :]
        base = self.url.replace("127.0.0.1", self.elsewhere) if self.elsewhere else self.url
        following = f"{base}?$filter={quote(where)}&$skip={skip + PAGE}" if rest else None
        document = {
            "BillingCurrency": query.get("currencyCode", ["USD"])[0].strip("'"),
            "CustomerEntityId": "Default",
            "CustomerEntityType": "Retail",
            "Items": page,
            "NextPageLink": following,
            "Count": len(page),
        }
        return 200, json.dumps(document)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
