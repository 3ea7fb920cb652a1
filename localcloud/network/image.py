"""What a local VM has on its disk before it is booted for the first time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.fabric import AZURE_DNS
from localcloud.network.guest import performing, place, view

LOCALCLOUD = Path(__file__).resolve().parent.parent
GUEST = LOCALCLOUD / "network"
"""What the VM's own programs put on their path to import `guest`."""
CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_FOLDERS = {
    **dict.fromkeys(("etc", "etc/systemd/system", "home", "mnt", "opt", "srv", "var/cache", "var/lib"), 0o755),
    **dict.fromkeys(("var/log", "var/spool", "run", "proc", "sys", "dev", "usr", "etc/ssl", "etc/alternatives"), 0o755),
    **dict.fromkeys(("tmp", "var/tmp"), 0o1777),
    "root": 0o700,
}
_OF_THE_HOST = ("ld.so.cache", "ld.so.conf", "services", "protocols", "mime.types", "ssl/openssl.cnf")
"""Files of /etc that the host's programs need to run, and that tell nothing of the host."""
_OS_RELEASE = """\
NAME="Red Hat Enterprise Linux"
VERSION="9.4 (Plow)"
ID="rhel"
ID_LIKE="fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow), local stand-in on this machine's programs"
"""
_SYSTEMCTL = """\
#!/bin/sh
# The local cloud's stand-in for systemd's command.
exec '{python}' -I -c 'import sys; sys.path.append("{guest}"); from guest.systemctl import main
sys.exit(main(sys.argv[1:]))' "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Image:
    """The same for all VMs.

    python: the interpreter of a virtual environment; both it and what it is based on are visible in the VM under
    their own paths. files: absolute path in the VM -> content. hosts: name -> address, for /etc/hosts. ca: PEM.
    environment: for everything in the VM, beside the variables that lead to the CA.
    """

    python: Path
    ca: bytes
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def visible(self) -> list[str]:
        """Folders of the host that the VM sees, read-only, beside the system's programs."""
        base = self.python.resolve().parent.parent
        return [str(path) for path in (self.python.parent.parent, base, LOCALCLOUD)]


def write_disk(disk: Path, changes: Path, image: Image, name: str, custom_data: bytes) -> None:
    """A VM's disk with its own /etc; `changes`: what stands below /usr/local, for the overlay."""
    for folder, mode in _FOLDERS.items():
        (disk / folder).mkdir(parents=True, exist_ok=True)
        (disk / folder).chmod(mode)
    (disk / "var/run").symlink_to("/run")
    # Made here, since in a user namespace the host's own folders can't be written to, not even in an overlay.
    for folder in ("upper/bin", "upper/sbin", "upper/lib", "upper/libexec", "upper/share", "upper/etc", "work"):
        (changes / folder).mkdir(parents=True, exist_ok=True)
    for part in _OF_THE_HOST:
        if Path("/etc", part).is_file():
            shutil.copyfile(Path("/etc", part), disk / "etc" / part)
    for link in Path("/etc/alternatives").glob("*"):
        if link.is_symlink():
            (disk / "etc/alternatives" / link.name).symlink_to(link.readlink())

    def where(path: str) -> Path:
        inside = path.removeprefix(f"{view.LOCAL}/")
        return changes / "upper" / inside if inside != path else disk / path.lstrip("/")

    _write(_own_files(image, name, custom_data) | _text_files(image.files), where)


def write_folder(root: Path, image: Image, name: str, custom_data: bytes, more: Mapping[str, str]) -> None:
    """The folder that stands for a VM's disk where there are no namespaces; `more`: more environment variables."""
    for folder in ("root", "tmp", "var/log", "run", "usr/local/bin", "etc/systemd/system"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    bundle = str(root) + CA_BUNDLES[0]
    files = _own_files(image, name, custom_data) | _text_files(image.files)
    files["/etc/environment"] = _lines({**_variables(image, bundle), **more}).encode()
    moved = {
        path: content if path == performing.USER_DATA else _relocated(content, str(root))
        for path, content in files.items()
    }
    _write(moved, lambda path: root / path.lstrip("/"))


def _relocated(content: bytes, root: str) -> bytes:
    try:
        return place.relocate(content.decode(), root).encode()
    except UnicodeDecodeError:
        return content


def _own_files(image: Image, name: str, custom_data: bytes) -> dict[str, bytes]:
    hosts = {"localhost": "127.0.0.1", name: "127.0.1.1", **image.hosts}
    texts = {
        "/etc/hostname": f"{name}\n",
        "/etc/hosts": "".join(f"{address} {host}\n" for host, address in hosts.items()),
        "/etc/resolv.conf": f"nameserver {AZURE_DNS}\nsearch internal.cloudapp.net\noptions timeout:2 attempts:2\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
        "/etc/group": "root:x:0:\nnobody:x:65534:\n",
        "/etc/os-release": _OS_RELEASE,
        "/etc/environment": _lines(_variables(image, CA_BUNDLES[0])),
        "/usr/local/bin/systemctl": _SYSTEMCTL.format(python=image.python, guest=GUEST),
    }
    files = {path: text.encode() for path, text in texts.items()}
    files |= dict.fromkeys(CA_BUNDLES, image.ca)
    files[performing.USER_DATA] = custom_data
    return files


def _variables(image: Image, bundle: str) -> dict[str, str]:
    return {"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle, "CURL_CA_BUNDLE": bundle, **image.environment}


def _lines(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in variables.items())


def _text_files(files: Mapping[str, str | bytes]) -> dict[str, bytes]:
    return {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}


def _write(files: Mapping[str, bytes], where: Callable[[str], Path]) -> None:
    for path, content in files.items():
        target = where(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o755 if path.startswith("/usr/local/bin/") else 0o644)
