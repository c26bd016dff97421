"""The hub against a local stand-in, and what happens where there is none. Each load runs in a process of its own,
because the hub's libraries read HF_ENDPOINT when they are imported."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hub_stand_in import StandIn

PROGRAM = """
import json, sys, time
from tune_dml.config import TaskSettings
from tune_dml.data import load_task
from tune_dml.errors import TuneDMLError
started = time.monotonic()
try:
    task = load_task(TaskSettings(**json.loads(sys.argv[1])))
    answer = {"names": task.label_names, "texts": task.train.texts, "labels": task.train.labels.tolist(),
              "test": task.test and len(task.test), "validation": task.validation and len(task.validation),
              "notes": task.notes, "source": task.source, "kind": task.kind}
except TuneDMLError as error:
    answer = {"error": type(error).__name__, "message": str(error)}
print(json.dumps(answer | {"seconds": time.monotonic() - started}))
"""


def load(
    endpoint: str, cache: Path, task: str, cwd: Path | None = None, offline: bool = False, **settings: object
) -> dict:
    proxies = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "TUNE_DML_")) and name.lower() not in proxies
    }
    environment |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "PYTHONPATH": os.getcwd()}
    environment |= {"HF_HUB_OFFLINE": "1"} if offline else {}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps({"task": task, **settings})],
        env=environment, cwd=cwd, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _parquet(rows: list[dict]) -> bytes:
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


def _numbered(n: int, start: int = 0) -> list[dict]:
    # As in SetFit's copy, numbers and names disagree with the alphabet.
    codes = ["DESC", "ENTY", "ABBR"]
    return [
        {"text": f"q {i}", "label_coarse": i % 3, "label_coarse_original": codes[i % 3]}
        for i in range(start, start + n)
    ]


def _pairs(n: int, start: int, label: int | None = None) -> list[dict]:
    return [
        {"sentence1": f"a {i}", "sentence2": f"b {i}", "label": i % 2 if label is None else label}
        for i in range(start, start + n)
    ]


CARD = """---
configs:
- config_name: rte
  data_files:
  - {split: train, path: rte/train.parquet}
  - {split: validation, path: rte/validation.parquet}
  - {split: test, path: rte/test.parquet}
- config_name: other
  data_files:
  - {split: train, path: rte/train.parquet}
---
"""


@pytest.fixture(scope="module")
def hub() -> Iterator[StandIn]:
    data_sets = {
        "SetFit/TREC-QC": {"train.parquet": _parquet(_numbered(12)), "test.parquet": _parquet(_numbered(6, 100))},
        "nyu-mll/glue": {
            "README.md": CARD.encode(),
            "rte/train.parquet": _parquet(_pairs(10, 0)),
            "rte/validation.parquet": _parquet(_pairs(4, 50)),
            "rte/test.parquet": _parquet(_pairs(4, 90, label=-1)),
        },
        "me/intents": {"train.csv": b"utterance,intent\n" + b"".join(b"say %d,%d\n" % (i, i % 2) for i in range(20))},
        "me/pickled": {"train.pkl": b"not even a pickle"},
    }
    with StandIn(data_sets) as stand_in:
        yield stand_in


def test_class_names_decide_and_the_cache_outlives_the_hub(hub: StandIn, tmp_path: Path) -> None:
    answer = load(hub.address, tmp_path, "trec")
    assert answer["names"] == ["ABBR", "DESC", "ENTY"]
    assert answer["labels"] == [1, 2, 0] * 4
    assert answer["test"] == 6
    assert "SetFit/TREC-QC" in answer["source"]
    for settings in ({"endpoint": _closed()}, {"endpoint": hub.address, "offline": True}):
        again = load(settings.pop("endpoint"), tmp_path, "TREC", **settings)
        assert again.get("texts") == answer["texts"], again


def test_hidden_test_labels(hub: StandIn, tmp_path: Path) -> None:
    answer = load(hub.address, tmp_path, "RTE")
    assert (answer["kind"], answer["names"]) == ("pair", ["entailment", "not_entailment"])
    assert (answer["test"], answer["validation"]) == (4, None)


def test_any_data_set_of_the_hub(hub: StandIn, tmp_path: Path) -> None:
    # A folder of that name must not be taken for the data set.
    (tmp_path / "me" / "intents").mkdir(parents=True)
    answer = load(
        hub.address, tmp_path / "home", "hub:me/intents", tmp_path, text_columns=["utterance"], label_column="intent"
    )
    assert answer["names"] == ["0", "1"]
    assert (len(answer["texts"]), answer["test"]) == (16, 4)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("hub:me/absent", "no data set me/absent"),
        ("hub:nyu-mll/glue", "hub:org/name:configuration"),
        ("hub:me/pickled", "cannot be loaded|not read here"),
        ("hub:me/intents", "--text-column"),
    ],
)
def test_refused(task: str, message: str, hub: StandIn, tmp_path: Path) -> None:
    answer = load(hub.address, tmp_path, task)
    assert answer["error"] == "DataError"
    assert any(part in answer["message"] for part in message.split("|")), answer


def _closed() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def _silent() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("kind", ["closed", "silent", "no such name"])
def test_unreachable_hub_is_answered_in_time_with_the_ways_out(kind: str, tmp_path: Path) -> None:
    started = time.monotonic()
    if kind == "silent":
        with _silent() as endpoint:
            answer = load(endpoint, tmp_path, "SST2")
    else:
        answer = load(_closed() if kind == "closed" else "http://hub.invalid", tmp_path, "SST2")
    assert time.monotonic() - started < 15
    assert answer["error"] == "HubUnreachableError"
    for way_out in ("--data", "TUNE_DML_DATA", "bbc"):
        assert way_out in answer["message"]


def test_offline_says_so(tmp_path: Path) -> None:
    answer = load(_closed(), tmp_path, "hub:me/intents", offline=True)
    assert answer["error"] == "HubUnreachableError"
    assert "HF_HUB_OFFLINE" in answer["message"]
