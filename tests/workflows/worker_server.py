"""Ray's workers as forks of one process that has imported what a trial needs, which is most of what they compute.

Ray starts a worker as ``sys.executable [setup_worker.py ...] default_worker.py ...``. Commands of the tests have a
script for ``sys.executable`` that asks the server here for a fork instead, lives as long as it does, and hands down its
end. Everything else that Ray starts it executes as usual. Ray itself is imported by each worker: it reads its
environment when it is.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_MODULES = (
    "tune_dml.training.workload",
    "tune_dml.evaluation.confirm_runs",
    "transformers.models.auto.modeling_auto",
    "transformers.models.bert.modeling_bert",
    "pandas",
    "sklearn.linear_model",
)
_SCRIPT = """#!/bin/sh
exec {python} -IS {client} {python} {address} "$@"
"""


def can_serve() -> bool:
    """Whether the operating system has what the server needs."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


class WorkerServer:
    """Runs until this process ends; ``executable`` stands for Python's own."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="workers-"))
        address, script = folder / "socket", folder / "python"
        client = Path(__file__).with_name("worker_start.py")
        script.write_text(_SCRIPT.format(python=sys.executable, client=client, address=address))
        script.chmod(0o755)
        self.executable = str(script)
        # It ends when this pipe does.
        self._process = subprocess.Popen([sys.executable, __file__, str(address)], stdin=subprocess.PIPE)


def _serve(address: str) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    gc.disable()
    for name in _MODULES:
        importlib.import_module(name)
    assert "ray" not in sys.modules
    gc.enable()
    gc.freeze()
    workers: dict[int, tuple[int, socket.socket]] = {}
    while True:
        asked = [0, listener, *(connection for _, connection in workers.values()), *workers]
        for source in select.select(asked, [], [])[0]:
            if source == 0:
                _end(list(workers.values()))
                shutil.rmtree(Path(address).parent, ignore_errors=True)
                return
            if source is listener:
                connection = listener.accept()[0]
                pid = _fork(connection)
                workers[os.pidfd_open(pid)] = pid, connection
            else:
                _over(source, workers)


def _over(source: Any, workers: dict[int, tuple[int, socket.socket]]) -> None:
    """A worker has ended, or who stands for it has."""
    for handle, (pid, connection) in list(workers.items()):
        if source in (handle, connection):
            if source is connection:
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(handle)
            connection.close()
            del workers[handle]


def _end(workers: list[tuple[int, socket.socket]]) -> None:
    for pid, _ in workers:
        os.kill(pid, signal.SIGKILL)


def _fork(connection: socket.socket) -> int:
    message, outputs = socket.recv_fds(connection, 1 << 20, 2)[:2]
    while not message.endswith(b"\n"):
        part = connection.recv(1 << 20)
        assert part, "who asked is gone"
        message += part
    pid = os.fork()
    if pid:
        for output in outputs:
            os.close(output)
        return pid
    code = 1
    try:
        os.setsid()
        for number, output in enumerate((os.open(os.devnull, os.O_RDONLY), *outputs)):
            os.dup2(output, number)
        # Other workers' connections among them, which would not end with these.
        os.closerange(3, 4096)
        code = _run(json.loads(message))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(asked: dict[str, Any]) -> int:
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    signal.pthread_sigmask(signal.SIG_SETMASK, asked["mask"])
    # As setup_worker.py has it.
    parser = argparse.ArgumentParser()
    parser.add_argument("--serialized-runtime-env-context", default="{}")
    parser.add_argument("--language")
    known, found = parser.parse_known_args(asked["arguments"])
    sys.argv = [one for one in found if not one.endswith("/setup_worker.py")]
    os.environ.update(json.loads(known.serialized_runtime_env_context).get("env_vars") or {})
    script = sys.argv[0]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


if __name__ == "__main__":
    _serve(sys.argv[1])
