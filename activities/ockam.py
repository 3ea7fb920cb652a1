"""The `ockam` command of an enrolled administrator: which program it is, and as whom it runs.

On a machine of the app's own both are there: `ockam` on PATH, the administrator's identity in OCKAM_HOME. A function
app has neither, and no disk that lasts. There the setting ISTHMUS_OCKAM_IDENTITY names a secret of the vault that
holds the packed OCKAM_HOME (docs/tickets.md): when it is first needed it is unpacked into memory, for this process
alone, and the release that the VMs are given as well is downloaded and held against its checksum.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import platform
import shutil
import subprocess
import tempfile
import threading
import urllib.request
import weakref
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from activities import keyvault
from activities.cloud import Cloud, cloud
from isthmus.bodies import OCKAM
from isthmus.secretref import Secret

COMMAND_SECONDS = 60
DOWNLOAD_SECONDS = 120
MEMORY = Path("/dev/shm")  # noqa: S108 - in memory, unlike what Ruff fears; the folder in it is ours alone


class OckamError(Exception):
    """The `ockam` command did not do it; the message is its last words (never a ticket)."""


class Administrator:
    """Runs the command as the project's administrator.

    cloud: whose vault has the identity; secret: the name of the secret with it, None where OCKAM_HOME is at hand
    release: version, URL and checksums of the command that is downloaded where none is on PATH
    """

    def __init__(self, cloud: Callable[[], Cloud], secret: str | None, release: Mapping[str, Any] = OCKAM) -> None:
        self._cloud, self._secret, self._release = cloud, secret, release
        self._ready = threading.Lock()
        self._home: Path | None = None

    def run(self, *words: str) -> str:
        """The command's standard output, of which nothing is put into an error. Raises OckamError, and AzureError
        where the vault does not give the identity."""
        with self._ready:
            program, environment = self._program(), self._environment()
        try:
            done = subprocess.run(
                [program, *words],
                env=environment,
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError as error:
            raise OckamError("the `ockam` command is not on PATH") from error
        except subprocess.TimeoutExpired as error:
            raise OckamError(f"`ockam {words[0]} {words[1]}` took more than {COMMAND_SECONDS} seconds") from error
        if done.returncode:
            raise OckamError(f"`ockam {words[0]} {words[1]}` failed: {' '.join(done.stderr.split())[-300:]}")
        return done.stdout

    def source(self) -> str | None:
        """Where it takes the command or the identity from; None where it is no administrator. Raises AzureError."""
        if self._secret is None:
            return shutil.which("ockam")
        version = keyvault.latest(self._cloud(), self._secret)
        return self._secret if version is not None and version.enabled else None

    def _program(self) -> str:
        if self._secret is None or shutil.which("ockam"):
            return "ockam"
        return str(download(self._release, Path(tempfile.gettempdir())))

    def _environment(self) -> dict[str, str] | None:
        if self._secret is None:
            return None
        if self._home is None:
            packed = Secret(str(self._cloud().secrets.get_secret(self._secret).value))
            self._home = unpacked(packed, self._secret)
            weakref.finalize(self, shutil.rmtree, self._home, ignore_errors=True)  # or when the process ends
        home = str(self._home)
        return dict(os.environ) | {"OCKAM_HOME": home, "HOME": home, "OCKAM_OPENTELEMETRY_EXPORT": "false"}


def unpacked(packed: Secret, name: str) -> Path:
    """The OCKAM_HOME that the secret of that name holds, in memory where there is such a place. Raises OckamError."""
    import lzma  # of no use to whoever brings tickets with the request
    import tarfile

    home = Path(tempfile.mkdtemp(prefix="isthmus-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed.reveal().strip(), validate=True))) as archive:
            archive.extractall(home, filter="data")
    except (binascii.Error, tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
        shutil.rmtree(home)
        raise OckamError(f"the secret {name} holds no packed OCKAM_HOME ({type(error).__name__})") from error
    for path in home.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return home


def download(release: Mapping[str, Any], folder: Path) -> Path:
    """The pinned release of the command; one with another checksum is never run. Raises OckamError."""
    machine = platform.machine()
    expected = release["sha256"].get(machine)
    if expected is None:
        raise OckamError(f"there is no pinned Ockam for {machine}")
    path = folder / f"ockam-{release['version']}-{expected[:12]}"
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == expected:
        return path
    url = release["url"].format(version=release["version"], machine=machine)
    try:
        with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as response:  # noqa: S310 - a constant of ours
            binary = response.read()
    except OSError as error:
        raise OckamError(f"{url} could not be downloaded: {error}") from error
    found = hashlib.sha256(binary).hexdigest()
    if found != expected:
        raise OckamError(f"{url} has the checksum {found}, and {expected} is pinned; it is not run")
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as fresh:
        fresh.write(binary)
    Path(fresh.name).chmod(0o700)
    return Path(fresh.name).replace(path)


@cache
def administrator() -> Administrator:
    """The process's administrator, from its app settings."""
    return Administrator(cloud, os.environ.get("ISTHMUS_OCKAM_IDENTITY") or None)
