"""`python -m localcloud.host APP_DIR --port N`: Azure Functions with the Durable extension, on this machine."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import web
from azure.durable_functions.models.utils.http_utils import _close_session

from localcloud.host import app as apps
from localcloud.host import logs, settings, timers
from localcloud.host.http_triggers import HttpTriggers
from localcloud.host.hub import Hub
from localcloud.host.invoke import Invoker
from localcloud.host.keys import Keys
from localcloud.host.management import Management, Urls
from localcloud.host.pages import Pages
from localcloud.host.store import Store
from localcloud.host.web import application

log = logging.getLogger("host")
HTTP_THREADS = 16


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localcloud.host", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="APP_DIR", help="where function_app.py and host.json are")
    parser.add_argument("--port", type=int, default=7071, help="on 127.0.0.1; 0: any that is free (default: 7071)")
    parser.add_argument("--db", type=Path, help="the task hub's SQLite file (default: APP_DIR/.hub.db)")
    parser.add_argument(
        "--auth",
        action="store_true",
        help="ask callers for keys by each function's auth level, as Azure does; without it every caller may do "
        "everything, as with Azure Functions Core Tools",
    )
    parser.add_argument("--keys", action="store_true", help="print the keys that --auth asks for, as JSON, and end")
    arguments = parser.parse_args()
    logs.set_up()
    folder: Path = arguments.folder.resolve()
    try:
        if arguments.keys:
            show_keys(folder, arguments.db)
        else:
            asyncio.run(serve(folder, arguments.port, arguments.db, arguments.auth))
    except apps.AppError as error:
        for finding in error.findings:
            print(finding, file=sys.stderr)  # noqa: T201 (a person reads it)
        raise SystemExit(2) from None


def show_keys(folder: Path, database: Path | None) -> None:
    """Prints the app's keys; makes those that there are not yet. Raises AppError."""
    database = _database(folder, database)
    settings.apply_local_settings(folder, os.environ)
    os.chdir(folder)
    store = Store(database)
    keys = Keys(apps.load(folder), store, True)
    print(json.dumps(keys.document(), indent=2))  # noqa: T201 (what was asked for)
    store.close()


def _database(folder: Path, database: Path | None) -> Path:
    return (database or folder / ".hub.db").resolve()


async def serve(folder: Path, port: int, database: Path | None, auth: bool = False) -> None:
    """Runs the app until SIGTERM or SIGINT. Raises AppError."""
    database = _database(folder, database)
    settings.apply_local_settings(folder, os.environ)
    host = settings.read(folder)
    listener = _listener(port)
    os.chdir(folder)
    app = apps.load(folder)
    schedules = timers.timers(app, os.environ)
    for word in (*host.notes, *app.warnings):
        log.warning(word)
    store = Store(database)
    pool = ThreadPoolExecutor(HTTP_THREADS, "http")
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    keys = Keys(app, store, auth)
    urls = Urls(origin, host.hub, keys.durable, store.key("rpc"))
    invoker = Invoker(urls.binding(), host.timeout)
    hub = Hub(app, store, host, invoker)
    triggers = HttpTriggers(app, host.prefix, invoker, keys, pool)
    pages = Pages(store, host.hub, hub.clock)
    server = application(app, invoker, Management(hub, urls), triggers, pages, keys, pool)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=1)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hub.stop)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    turns = [asyncio.create_task(timers.keep(one, store, invoker, pool, hub.clock)) for one in schedules]
    print(json.dumps({"event": "ready", "url": origin, "functions": len(app.functions)}), flush=True)  # noqa: T201
    try:
        await hub.run()
    finally:
        for turn in turns:
            turn.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await turn
        await runner.cleanup()
        await _close_session()
        pool.shutdown(wait=False, cancel_futures=True)
        store.close()


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise apps.AppError(f"--port {port}: it can't be listened on: {error.strerror}. Name another one.") from error


if __name__ == "__main__":
    main()
