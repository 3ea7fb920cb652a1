"""Where there are no namespaces: VMs are folders and processes, and nothing of the host is touched."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.network.guest import place
from tests.network.bench import ROOT, Bench, run
from tests.network.test_machines import CLOUD_CONFIG

SECONDS = 30


async def boot_and_run(bench: Bench) -> None:
    greeting = "- cp /var/lib/isthmus/none /opt/isthmus/copy || cat /opt/isthmus/greet > /opt/isthmus/copy"
    config = CLOUD_CONFIG.replace("/var/lib/", "/var/lib/isthmus/").replace("runcmd:\n", f"runcmd:\n  {greeting}\n")
    config += "  - [mkdir, -p, /var/lib/isthmus]\n"
    config = config.replace("bootcmd:\n", "bootcmd:\n  - mkdir -p /var/lib/isthmus\n")
    await bench.boot("left/a", config)
    (root,) = (bench.directory / "machines").iterdir()
    wait = f"until [ -e {root}/var/lib/cloud/instance/boot-finished ]; do sleep 0.02; done"
    await bench.said("left/a", wait)
    assert await bench.said("left/a", "cat /var/lib/isthmus/greeting") == "hello from green"
    assert str(root) in await bench.said("left/a", "cat /opt/isthmus/copy")
    assert not Path("/opt/isthmus").exists()
    assert await bench.said("left/a", "systemctl is-active greet; echo $HOME") == f"active\n{root}/root"
    identity = await bench.said("left/a", "fetch 127.0.0.1 ${AZURE_POD_IDENTITY_AUTHORITY_HOST##*:}")
    assert identity == "imds left left/a 127.0.0.1"
    assert (await bench.run("left/a", "sleep 900", 0.3)).exit_code == 124
    await bench.said("left/a", f"rm {root}/var/lib/cloud/instance/boot-finished")
    await bench.fabric.power_off("left/a")
    with pytest.raises(LookupError):
        await bench.run("left/a", "true")
    await bench.fabric.power_on("left/a")
    await bench.said("left/a", wait)
    assert await bench.said("left/a", "cat /var/lib/isthmus/boots /var/lib/isthmus/runs") == "boot\nboot\nrun"
    listener = await bench.fabric.public_listener("203.0.113.20", 0)
    assert listener.getsockname()[0] == "127.0.0.1"
    listener.close()
    assert bench.services.kinds() == ["imds"]


def test_loopback() -> None:
    run(boot_and_run, "loopback")


SERVICE = """\
#cloud-config
write_files:
  - path: /etc/systemd/system/endless.service
    content: |
      [Service]
      ExecStart=/bin/sh -c 'sleep 86399 & wait'
      Restart=always
      [Install]
      WantedBy=multi-user.target
runcmd: [systemctl enable --now endless]
"""


async def hold(bench: Bench) -> None:
    await bench.boot("left/a", SERVICE)
    (root,) = (bench.directory / "machines").iterdir()
    await bench.said("left/a", f"until [ -e {root}/var/lib/cloud/instance/boot-finished ]; do sleep 0.02; done")
    print(root, flush=True)  # noqa: T201 - to the test
    await asyncio.Event().wait()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")
def test_a_killed_world_leaves_no_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.network.bench", f"{__name__}:hold", "loopback"]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True
    ) as world:
        assert world.stdout is not None
        root = world.stdout.readline().strip()
        assert Path(root, "run/units/endless.service.json").exists()
        world.kill()
    # The mark is put in place by the program itself: in /proc, where it is looked for, it is not there.
    until_gone = (
        "import os, sys; from localcloud.network.guest import keeper, place\n"
        "os.environ[place.ROOT_VARIABLE] = sys.argv[1]\n"
        "while keeper.processes(): pass"
    )
    subprocess.run([sys.executable, "-c", until_gone, root], cwd=ROOT, timeout=SECONDS, check=True)


def test_only_what_is_moved_is_rewritten() -> None:
    text = 'cat /etc/isthmus/node.json /etc/isthmus2 /x/etc/hosts /etc/hosts; a=/opt/isthmus:/usr/bin "/var/log/a"'
    moved = place.relocate(text, "/r")
    assert moved == (
        'cat /r/etc/isthmus/node.json /etc/isthmus2 /x/etc/hosts /r/etc/hosts; a=/r/opt/isthmus:/usr/bin "/r/var/log/a"'
    )
    assert place.relocate(moved, "/r") == moved
    assert place.relocate(text, "") == text
