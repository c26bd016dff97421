"""Hosts on one machine: network namespaces on a bridge, each with a process tree, a home and an sshd of its own.

Needs root, and Debian's iproute2, openssh-server and rsync. What is made is named after ``PREFIX``; ``Network.close``
takes away that and nothing else.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

PREFIX = "tdml"
SUBNET = "10.213.77"
NEEDED = ("ip", "sshd", "ssh", "ssh-keygen", "rsync", "unshare")


def missing() -> str:
    """What this machine lacks for hosts of one's own, in words; empty where it lacks nothing."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    lacking = [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    return f"missing: {', '.join(lacking)} (Debian: iproute2 openssh-server rsync util-linux)" if lacking else ""


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=check, text=True, capture_output=True)


class Host:
    """One host; ``ssh`` runs commands on it as a user would."""

    def __init__(self, network: Network, number: int) -> None:
        self.name, self.address = f"{PREFIX}-{number}", f"{SUBNET}.{10 + number}"
        self.folder = network.folder / self.name
        self._link = f"{PREFIX}{number}"
        self._key = network.key
        for part in ("home/.ssh", "tmp"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / "tmp").chmod(0o1777)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / "host_key"))
        # As Debian has them.
        (self.folder / "home" / ".bashrc").touch()
        (self.folder / "home" / ".profile").write_text(". ~/.bashrc\n")
        shutil.copy(f"{network.key}.pub", self.folder / "home" / ".ssh" / "authorized_keys")
        (self.folder / "sshd_config").write_text(
            f"ListenAddress {self.address}\nHostKey /mnt/host/host_key\nAuthorizedKeysFile .ssh/authorized_keys\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\nUsePAM no\nStrictModes no\nPidFile none\n"
            "PrintMotd no\nPrintLastLog no\nMaxSessions 50\nMaxStartups 50\n"
        )
        self._connect()
        self._process = subprocess.Popen(
            [
                *("ip", "netns", "exec", self.name, "unshare", "--mount", "--uts", "--pid"),
                *("--fork", "--kill-child", "--mount-proc"),
                *("bash", str(Path(__file__).with_name("host.sh")), self.name),
                *(str(self.folder), str(network.shared), *map(str, network.libraries)),
            ],
            env={"HOME": os.environ.get("HOME", "/root"), "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 20
        while self.ssh("true", check=False).returncode:
            assert time.monotonic() < deadline, (self.folder / "sshd.log").read_text()
            time.sleep(0.2)

    def _connect(self) -> None:
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", self._link, "master", f"{PREFIX}-bridge", "up")
        inside = ("ip", "-n", self.name)
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "address", "add", f"{self.address}/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        # Leads nowhere; Ray asks which address the way out has.
        run(*inside, "route", "add", "default", "via", f"{SUBNET}.1")

    def ssh(self, command: str, check: bool = True, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run ``command`` in a login shell there."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=5"]
        words = ["ssh", "-i", str(self._key), *(word for option in options for word in ("-o", option))]
        ended = subprocess.run(
            [*words, f"root@{self.address}", f"bash -lic {shlex.quote(command)} 2>&1"],
            stdin=subprocess.DEVNULL,
            text=True,
            capture_output=True,
            timeout=timeout,
        )
        assert not check or ended.returncode == 0, f"{self.name}: {command}: {ended.stdout}{ended.stderr}"
        return ended

    def link(self, state: str) -> None:
        """``up`` or ``down``: the cable."""
        run("ip", "link", "set", self._link, state)

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        run("ip", "netns", "delete", self.name, check=False)
        run("ip", "link", "delete", self._link, check=False)


class Network:
    """A bridge, which this machine is on too, and hosts on it."""

    def __init__(self, folder: Path, libraries: Sequence[Path]) -> None:
        self.folder, self.key, self.shared, self.libraries = folder, folder / "key", folder / "shared", libraries
        self.hosts: list[Host] = []
        self.shared.mkdir()
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        run("ip", "link", "add", f"{PREFIX}-bridge", "type", "bridge")
        run("ip", "address", "add", f"{SUBNET}.1/24", "dev", f"{PREFIX}-bridge")
        run("ip", "link", "set", f"{PREFIX}-bridge", "up")

    def add_host(self) -> Host:
        host = Host(self, len(self.hosts))
        self.hosts.append(host)
        return host

    def close(self) -> None:
        for host in self.hosts:
            host.close()
        run("ip", "link", "delete", f"{PREFIX}-bridge", check=False)
