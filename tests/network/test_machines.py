"""VMs: their own view, cloud-init in them, services, power, scripts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from localcloud.fabric import Machine
from localcloud.network import BootError
from tests.network.bench import SERVICE, Bench, Scenario, run

pytestmark = pytest.mark.world

CLOUD_CONFIG = """\
#cloud-config
bootcmd:
  - echo boot >> /var/lib/boots
write_files:
  - path: /opt/isthmus/greet
    permissions: '0755'
    content: |
      #!/bin/sh
      echo hello from "$COLOUR" > /var/lib/greeting
  - path: /etc/systemd/system/greet.service
    content: |
      [Unit]
      StartLimitIntervalSec=0
      [Service]
      Type=oneshot
      RemainAfterExit=yes
      ExecStart=/opt/isthmus/greet
      [Install]
      WantedBy=multi-user.target
packages: [jq]
users: [somebody]
runcmd:
  - echo run >> /var/lib/runs
  - [sh, -c, 'systemctl daemon-reload; systemctl enable --now greet.service']
"""


async def own_view(bench: Bench) -> None:
    await bench.boot("left/a")
    said = bench.said
    assert await said("left/a", "hostname") == "left-a"
    assert await said("left/a", "whoami; pwd") == "root\n/root"
    assert "rhel" in await said("left/a", "cat /etc/os-release")
    assert await said("left/a", "cat $SSL_CERT_FILE /etc/pki/tls/certs/ca-bundle.crt") == "the local CA\nthe local CA"
    assert await said("left/a", "echo $COLOUR") == "green"
    assert "168.63.129.16" in await said("left/a", "cat /etc/resolv.conf")
    # Only its own processes: the first one, the shell, ls.
    assert len((await said("left/a", "ls -d /proc/[0-9]*")).splitlines()) <= 5
    assert await said("left/a", "ls /sys/class/net") == "eth0\nlo"
    # The host's programs, and nothing that is the host's business.
    assert (await bench.run("left/a", "touch /usr/bin/mine")).exit_code != 0
    await said("left/a", "touch /usr/local/bin/mine /usr/local/lib/mine /etc/mine /opt/mine /home/mine")
    assert (await bench.run("left/a", f"ls {bench.directory}")).exit_code != 0
    assert (await bench.run("left/a", "mount -o remount,rw /usr")).exit_code != 0
    await said("left/a", "python3 -c 1; command -v systemctl")


async def cloud_init(bench: Bench) -> None:
    await bench.boot("left/a", CLOUD_CONFIG)
    await bench.finished("left/a")
    assert await bench.said("left/a", "cat /var/lib/greeting") == "hello from green"
    assert await bench.said("left/a", "systemctl is-active greet") == "active"
    log = await bench.said("left/a", "cat /var/log/cloud-init.log")
    assert "not simulated: packages jq" in log
    assert "not simulated: users" in log
    await bench.boot("left/b", "#!/bin/bash\necho said $0; exit 3\n")
    await bench.finished("left/b")
    assert "said" in await bench.said("left/b", "cat /var/log/cloud-init-output.log")
    assert "exit code 3" in await bench.said("left/b", "cat /var/log/cloud-init.log")


async def power(bench: Bench) -> None:
    await bench.boot("left/a", CLOUD_CONFIG)
    await bench.finished("left/a")
    await bench.said("left/a", f"rm /var/lib/greeting /var/lib/cloud/instance/boot-finished\n{SERVICE}")
    await bench.fabric.power_off("left/a")
    await bench.fabric.power_off("left/a")
    assert bench.fabric.census()["processes"] == 0
    with pytest.raises(LookupError):
        await bench.run("left/a", "true")
    await bench.fabric.power_on("left/a")
    await bench.fabric.power_on("left/a")
    await bench.finished("left/a")
    await bench.said("left/a", "until [ -e /var/lib/greeting ]; do sleep 0.02; done")
    await bench.said("left/a", "until fetch 127.0.0.1 2222; do sleep 0.02; done")
    assert await bench.said("left/a", "cat /var/lib/boots /var/lib/runs") == "boot\nboot\nrun"


async def deletion(bench: Bench) -> None:
    await bench.boot("left/a")
    await bench.boot("left/a")
    assert bench.fabric.census()["machines"] == 1
    endless = asyncio.create_task(bench.run("left/a", "echo started > /var/lib/started; sleep 1000"))
    await bench.said("left/a", "until [ -e /var/lib/started ]; do sleep 0.02; done")
    await bench.fabric.delete("left/a")
    assert (await endless).exit_code != 0
    await bench.fabric.delete("left/a")
    await bench.fabric.delete("nobody")
    assert bench.fabric.census()["machines"] == 0
    await bench.boot("left/a")  # a new one with the same id has a new disk
    assert (await bench.run("left/a", "cat /var/lib/started")).exit_code == 1
    with pytest.raises(LookupError):
        await bench.fabric.boot(Machine("x", "x", "no/such/card", b""))


async def failing_boot(bench: Bench) -> None:
    fabric = bench.fabric
    machine = Machine("left/a", "n" * 100, "left/a", b"")  # longer than the kernel takes a host name
    with pytest.raises(BootError):
        await fabric.boot(machine)
    await fabric.delete("left/a")
    await fabric.boot(replace(machine, name="short"))
    assert await bench.said("left/a", "hostname") == "short"


async def scripts(bench: Bench) -> None:
    await bench.boot("left/a")
    ran = await bench.run("left/a", "echo out; echo err >&2; exit 7")
    assert (ran.exit_code, ran.output, ran.error) == (7, "out\n", "err\n")
    assert len((await bench.run("left/a", "head -c 300000 /dev/zero | tr '\\0' x")).output) == 300000
    assert (await bench.run("left/a", "kill -9 $$")).exit_code == 137
    # A script over its time ends with all that it started; what it said is kept.
    ran = await bench.run("left/a", "echo begun; sleep 900 & sleep 901", 0.5)
    assert (ran.exit_code, ran.output) == (124, "begun\n")
    await bench.said("left/a", "while pgrep -f 'sleep 90[01]'; do sleep 0.02; done")
    # One that leaves something in the background is done at once.
    await asyncio.wait_for(bench.said("left/a", "sleep 800 &"), 10)
    # Many at a time, and none is left on the disk.
    many = await asyncio.gather(*(bench.said("left/a", f"echo {number}") for number in range(8)))
    assert many == [str(number) for number in range(8)]
    assert await bench.said("left/a", "ls /var/lib/waagent/run-command | wc -l") == "1"
    # Orphans are let go when they end.
    await bench.said("left/a", "(sleep 0.01 &) ; sleep 0.2; ! grep -l '^State:.Z' /proc/[0-9]*/status")


async def services(bench: Bench) -> None:
    await bench.boot("left/a")
    unit = "cat > /etc/systemd/system/{0}.service <<'END'\n[Service]\n{1}\n[Install]\nWantedBy=multi-user.target\nEND\n"

    async def write(name: str, text: str) -> None:
        await bench.said("left/a", unit.format(name, text))

    # Restarted when killed, with its environment and pre-command; stopped for good by `stop`.
    await write("keep", "Environment=A=1 \"B=two words\"\nEnvironmentFile=-/etc/none\nEnvironmentFile=/etc/keep\n"
                "ExecStartPre=/bin/sh -c 'echo pre $A'\nExecStart=/bin/sh -c 'echo \"$$B\" ${C}; exec sleep 700'\n"
                "ExecStop=/bin/sh -c 'echo stopping ${MAINPID}'\nRestart=always\nRestartSec=20ms\nNice=5")  # fmt: skip
    await bench.said("left/a", "echo C=sea > /etc/keep; systemctl start keep; pkill -x sleep")
    await bench.said("left/a", "until [ $(grep -c sea /var/log/keep.log) = 2 ]; do sleep 0.02; done")
    await bench.said("left/a", "systemctl stop keep")
    ran = await bench.run("left/a", "systemctl is-active keep; pgrep -x sleep; cat /var/log/keep.log")
    assert ran.output.startswith("inactive\nkeep.service: not simulated: Nice=\npre 1\n"), ran
    assert "stopping" in ran.output
    # Given up when it fails too often.
    await write("weak", "ExecStart=/bin/false\nRestart=on-failure\nRestartSec=1ms")
    await bench.said("left/a", "systemctl start weak; until systemctl is-failed weak; do sleep 0.02; done")
    assert "start-limit-hit" in (await bench.run("left/a", "systemctl status weak")).output
    # A failing oneshot or pre-command is a failing start.
    await write("once", "Type=oneshot\nExecStart=/bin/true\nExecStart=/bin/false")
    ran = await bench.run("left/a", "systemctl start once")
    assert ran.exit_code == 1
    assert "/bin/false ended with 1" in ran.error
    ran = await bench.run("left/a", "systemctl start nothing")
    assert (ran.exit_code, ran.error) == (1, "Unit nothing.service not found.\n")
    await write("odd", "Type=forking\nExecStart=/bin/true")
    assert "Type=forking is not simulated" in (await bench.run("left/a", "systemctl start odd")).error


@pytest.mark.parametrize("scenario", [own_view, cloud_init, power, deletion, failing_boot, scripts, services])
def test_machines(scenario: Scenario) -> None:
    run(scenario)


@pytest.mark.parametrize("scenario", [own_view, cloud_init])
def test_machines_without_root(scenario: Scenario) -> None:
    run(scenario, "userns")
