"""A model behind ``mlflow models serve``: many clients at a time, and each answer is that of a call alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pytest

import tune_dml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CLIENTS, REQUESTS = 16, 500
WORDS = ("shares", "rise", "striker", "signs", "minister", "denies", "album", "tops", "chart", "phone", "software")


@pytest.fixture(scope="module")
def ask(finished: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Any], Any]]:
    """POST a body to the server of the finished search's model; what it answers, or the error's text."""
    folder = tmp_path_factory.mktemp("served") / "model"
    data = str(finished.folder / "model")
    mlflow.pyfunc.save_model(
        str(folder), loader_module="tune_dml.tracking.pyfunc", data_path=data, pip_requirements=["tune-dml"]
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folder), "--env-manager", "local"]
    # MLflow starts its server by name.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {"PATH": path, "PYTHONPATH": str(Path(tune_dml.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    log = (folder.parent / "log").open("w")
    server = subprocess.Popen(
        [*command, "-h", "127.0.0.1", "-p", str(port)],
        stdout=log,
        stderr=log,
        env={**os.environ, **ours},
        start_new_session=True,
    )

    def post(body: Any) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return error.read().decode()

    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, Path(log.name).read_text()
                assert time.monotonic() < deadline, Path(log.name).read_text()
                time.sleep(0.5)
        yield post
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)
        log.close()


def texts(number: int) -> list[str]:
    rng = np.random.default_rng(number)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 12))) for _ in range(rng.integers(1, 5))]


def test_every_number_of_many_clients_is_that_of_a_call_alone(finished: Any, ask: Callable[[Any], Any]) -> None:
    classifier = tune_dml.load(str(finished.folder / "model"))
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda number: ask({"inputs": texts(number)}), range(REQUESTS)))
    for number, answer in enumerate(answers):
        assert isinstance(answer, dict), answer
        rows = answer["predictions"]
        got = [[row[f"p({name})"] for name in classifier.label_names] for row in rows]
        alone = classifier.predict_proba(texts(number))
        np.testing.assert_allclose(got, alone, rtol=0, atol=1e-5)
        assert [row["label"] for row in rows] == [classifier.label_names[i] for i in alone.argmax(axis=1)]


def test_forms_of_a_request(finished: Any, ask: Callable[[Any], Any]) -> None:
    given = ["shares rise", "striker signs"]
    want = ask({"inputs": given})
    assert len(want["predictions"]) == 2
    for body in (
        {"inputs": {"text": given}},
        {"dataframe_split": {"columns": ["id", "text"], "data": [[1, given[0]], [2, given[1]]]}},
        {"dataframe_records": [{"text": given[0]}, {"text": given[1]}]},
        {"instances": given},
    ):
        assert ask(body) == want, body
    empty = ask({"inputs": [""]})
    assert ask({"dataframe_records": [{"text": None}]}) == empty
    refused = ask({"dataframe_split": {"columns": ["id"], "data": [[1]]}})
    assert "a column 'text'" in refused
