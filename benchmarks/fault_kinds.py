"""Faults that are done to a running search, each to processes and files of the campaign only."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.cluster_nodes import Nodes
from benchmarks.mlflow_server import Server

#: How a worker calls itself while it has a trial or a confirm run.
_BUSY_WORKER = "ray::ImplicitFunc"
_BLOCK = b"\0" * 2**16


class Driver:
    """``tune-dml search`` in a process of its own, then ``tune-dml resume`` as often as need be.

    Args:
        arguments: Of the search, without its name and results folder.
        log: A file for whatever it prints.
    """

    def __init__(self, arguments: list[str], results: Path, name: str, log: Path) -> None:
        self.results, self.name, self.folder, self.log = results, name, results / "searches" / name, log
        self._run("search", "--name", name, *arguments)

    def resume(self) -> None:
        self._run("resume", self.name)

    def sync(self) -> None:
        """What an outage of MLflow has kept back."""
        self._run("sync", self.name)

    def _run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "tune_dml", *arguments, "--results", str(self.results)]
        with self.log.open("a") as log:
            print("$ tune-dml", *arguments, file=log, flush=True)
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ended(self, timeout: float = 0) -> int | None:
        """Its exit code; ``None`` if it still runs after ``timeout`` seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout)
        return None

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def is_searching(self) -> bool:
        """Whether a trial has begun."""
        journal = self.folder / "study.log"
        return journal.exists() and '"config"' in journal.read_text(errors="replace")


class SmallDisk:
    """A tmpfs that can be filled up.

    Raises:
        OSError: nothing can be mounted here.
    """

    def __init__(self, folder: Path, megabytes: int = 256) -> None:
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tune-dml-faults", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            raise OSError(errno.EPERM, "only root may mount a tmpfs", str(folder))
        self.folder, self._filler = folder, folder / "filler"

    def fill(self) -> None:
        """Leave no byte."""
        with self._filler.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
            while True:
                stream.write(_BLOCK)

    def free(self) -> None:
        self._filler.unlink()

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True)


class Faults:
    """The kinds of fault, each a method that does it once and mends what does not mend itself.

    Each returns whether there was something to do it to.
    """

    def __init__(
        self, chance: random.Random, driver: Driver, nodes: Nodes, server: Server | None, disk: SmallDisk | None
    ) -> None:
        self._chance, self._driver, self._nodes, self._server, self._disk = chance, driver, nodes, server, disk

    def kinds(self) -> dict[str, Callable[[], bool]]:
        """Those that can be done here."""
        kinds = {"worker": self.worker, "node": self.node, "driver": self.driver}
        if self._server is not None:
            kinds["MLflow"] = self.mlflow
        if self._disk is not None:
            kinds["disk full"] = self.disk_full
        return kinds

    def worker(self) -> bool:
        """Kill a worker that has a trial."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._driver.ended() is None:
            if busy := self._busy_workers():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._chance.choice(busy), signal.SIGKILL)
                    return True
            time.sleep(0.05)
        return False

    def node(self) -> bool:
        """Lose a node; a while later there is another."""
        self._nodes.kill(self._chance.randrange(2))
        time.sleep(self._chance.uniform(0.5, 6))
        self._nodes.add()
        return True

    def driver(self) -> bool:
        if self._driver.ended() is not None:
            return False
        self._driver.kill()
        self._driver.resume()
        return True

    def mlflow(self) -> bool:
        assert self._server is not None
        self._server.stop()
        time.sleep(self._chance.uniform(1, 8))
        self._server.start()
        return True

    def disk_full(self) -> bool:
        """Fill the disk until the search ends, or for some seconds; whoever finds it ended resumes it."""
        assert self._disk is not None
        self._disk.fill()
        self._driver.ended(self._chance.uniform(2, 20))
        self._disk.free()
        return True

    def _busy_workers(self) -> list[int]:
        busy = []
        for process in psutil.Process(self._nodes.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if " ".join(process.cmdline()).startswith(_BUSY_WORKER):
                    busy.append(process.pid)
        return sorted(busy)
