"""The app as a host indexes it: once in a process, since the SDK lets an app be asked for its functions only once."""

from __future__ import annotations

from functools import cache

from localcloud.host import app as functions


@cache
def indexed() -> functions.App:
    from function_app import app

    return functions.index(app)
