"""Runs a program to its end or to the end of its time, and keeps all that it said."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path

from localcloud.fabric import Ran

TIME_IS_OVER = 124


async def run(
    command: list[str], seconds: float, *, environment: Mapping[str, str] | None = None, directory: Path | None = None
) -> Ran:
    """The program and all of its process group are killed when the time (seconds) is over, with exit code 124.

    What it leaves behind in sessions of their own goes on. Output is kept in files, not pipes: a process that goes
    on in the background would keep a pipe open.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as error:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=error,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
        code = await _code(process, seconds)
        texts = []
        for stream in (output, error):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
    return Ran(code, texts[0], texts[1])


async def _code(process: asyncio.subprocess.Process, seconds: float) -> int:
    try:
        code = await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        code = TIME_IS_OVER
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return code if code >= 0 else 128 - code
