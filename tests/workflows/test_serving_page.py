"""``docs/serving.md``: its commands, run as they stand but for names of folders, ports and the task's shots."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import tune_dml as package
from tune_dml.tracking import embedded_uri, free_port

PAGE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.slow
TEXTS = ["Shares fall as oil price rises", "Striker signs for United"]


def command(begin: str) -> list[str]:
    """The only one of the page that begins so."""
    [line] = re.findall(rf"^{re.escape(begin)}.*$", PAGE, re.MULTILINE)
    return shlex.split(line)


@contextmanager
def running(words: list[str], folder: Path, path: str, port: int, **environment: str) -> Iterator[Callable[..., Any]]:
    """A server; what answers a request to it, once ``path`` does."""
    # MLflow and uvicorn are started by name.
    path_of_programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {"PATH": path_of_programs, "PYTHONPATH": str(Path(package.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            words, cwd=folder, stdout=log, stderr=log, env={**os.environ, **ours, **environment}, start_new_session=True
        )

        def ask(where: str, body: Any = None, **headers: str) -> Any:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(f"http://127.0.0.1:{port}{where}", data, headers)
            request.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    said = answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code
            return json.loads(said) if body is not None else said

        try:
            deadline = time.monotonic() + 120
            while True:
                try:
                    ask(path)
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


def with_port(words: list[str], port: int) -> list[str]:
    place = words.index("--port") + 1
    return [*words[:place], str(port), *words[place + 1 :]]


def test_the_ui_answers_to_the_name_of_its_proxy(finished: Any, tmp_path: Path) -> None:
    port = free_port(0)
    words = [sys.executable, "-m", "tune_dml", *with_port(command("tune-dml ui"), port)[1:]]
    with running([*words, "--results", str(finished.results)], tmp_path, "/health", port) as ask:
        # As nginx asks.
        assert "MLflow" in ask("/", Host="mlflow.example.org")
        assert ask("/", Host="elsewhere.example.org") == 403
    said = (tmp_path / "log").read_text()
    assert "MLflow asks for no password" in said
    assert "workflowType=machine_learning" in said


def test_a_registered_model_is_served(finished: Any, tmp_path: Path) -> None:
    port = free_port(0)
    words = with_port(command("mlflow models serve"), port)
    words = [word.replace("tune-dml-bbc-50", "tune-dml-bbc-25") for word in words]
    where = embedded_uri(finished.results)
    assert re.search(r"^export MLFLOW_TRACKING_URI=sqlite:////\S+/mlflow\.db$", PAGE, re.MULTILINE)
    with running(words, tmp_path, "/ping", port, MLFLOW_TRACKING_URI=where) as ask:
        rows = ask("/invocations", {"inputs": TEXTS})["predictions"]
    assert [row["label"] for row in rows] == package.load(str(finished.folder / "model")).predict(TEXTS)


def test_a_service_of_ones_own(finished: Any, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "service.py").write_text(code)
    shutil.copytree(finished.folder / "model", tmp_path / "model")
    port = free_port(0)
    with running(with_port(command("uvicorn service"), port), tmp_path, "/docs", port) as ask:
        assert ask("/classify", TEXTS) == package.load(str(finished.folder / "model")).predict(TEXTS)
    assert json.dumps(command("uvicorn service")[:2])[1:-1] in PAGE, "the container starts the same"
