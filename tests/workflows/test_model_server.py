"""A model behind ``mlflow models serve``: many clients at a time, and each answer is that of a call alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.error import HTTPError

import mlflow.pyfunc
import numpy as np
import pytest
from served import serving

import tune_dml
from tune_dml.tracking import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CLIENTS, REQUESTS = 16, 500
WORDS = ("shares", "rise", "striker", "signs", "minister", "denies", "album", "tops", "chart", "phone", "software")


@pytest.fixture(scope="module")
def ask(finished: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Any], Any]]:
    """POST a body to the server of the finished search's model; what it answers."""
    folder, port = tmp_path_factory.mktemp("served"), free_port(0)
    mlflow.pyfunc.save_model(
        str(folder / "model"),
        loader_module="tune_dml.tracking.pyfunc",
        data_path=str(finished.folder / "model"),
        pip_requirements=["tune-dml"],
    )
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", "model", "--env-manager", "local"]
    with serving([*command, "-h", "127.0.0.1", "-p", str(port)], folder, "/ping", port) as ask:
        yield partial(ask, "/invocations")


def texts(number: int) -> list[str]:
    rng = np.random.default_rng(number)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 12))) for _ in range(rng.integers(1, 5))]


@pytest.mark.long
def test_every_number_of_many_clients_is_that_of_a_call_alone(finished: Any, ask: Callable[[Any], Any]) -> None:
    classifier = tune_dml.load(str(finished.folder / "model"))
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda number: ask({"inputs": texts(number)}), range(REQUESTS)))
    for number, answer in enumerate(answers):
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
    with pytest.raises(HTTPError) as refused:
        ask({"dataframe_split": {"columns": ["id"], "data": [[1]]}})
    assert "a column 'text'" in refused.value.read().decode()
