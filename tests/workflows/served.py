"""A server in a process of its own, and requests to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tune_dml


@contextmanager
def serving(
    words: Sequence[str], folder: Path, ready: str, port: int, **environment: str
) -> Iterator[Callable[..., Any]]:
    """Run a server on ``port`` of this machine, with its output in ``folder``.

    Args:
        ready: The path that answers once the server takes requests.

    Yields:
        A function that gets a path (its text), or posts a body as JSON (the answer's value); what the server refuses it
        raises as ``urllib.error.HTTPError``.
    """
    # MLflow and uvicorn are started by name, and MLflow starts its server by name.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {"PATH": path, "PYTHONPATH": str(Path(tune_dml.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            words, cwd=folder, stdout=log, stderr=log, env={**os.environ, **ours, **environment}, start_new_session=True
        )

    def ask(where: str, body: Any = None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"http://127.0.0.1:{port}{where}", data, headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            said = answer.read().decode()
        return json.loads(said) if body is not None else said

    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                ask(ready)
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.3)
        yield ask
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)
