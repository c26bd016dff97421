"""``docs/serving.md``: its commands, run as they stand but for names of folders, ports and the task's shots."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from served import serving

import tune_dml as package
from tune_dml.tracking import embedded_uri, free_port

PAGE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.slow
TEXTS = ["Shares fall as oil price rises", "Striker signs for United"]


def command(begin: str) -> list[str]:
    """The only one of the page that begins so."""
    [line] = re.findall(rf"^{re.escape(begin)}.*$", PAGE, re.MULTILINE)
    return shlex.split(line)


def with_port(words: list[str], port: int) -> list[str]:
    place = words.index("--port") + 1
    return [*words[:place], str(port), *words[place + 1 :]]


def test_the_ui_answers_to_the_name_of_its_proxy(finished: Any, tmp_path: Path) -> None:
    port = free_port(0)
    words = [sys.executable, "-m", "tune_dml", *with_port(command("tune-dml ui"), port)[1:]]
    with serving([*words, "--results", str(finished.results)], tmp_path, "/health", port) as ask:
        # As nginx asks.
        assert "MLflow" in ask("/", Host="mlflow.example.org")
        with pytest.raises(HTTPError, match="403"):
            ask("/", Host="elsewhere.example.org")
    said = (tmp_path / "log").read_text()
    assert "MLflow asks for no password" in said
    assert "workflowType=machine_learning" in said


def test_a_registered_model_is_served(finished: Any, tmp_path: Path) -> None:
    assert "MLflow does not have everything" not in finished.err
    port = free_port(0)
    words = with_port(command("mlflow models serve"), port)
    words = [word.replace("tune-dml-bbc-50", "tune-dml-bbc-25") for word in words]
    where = embedded_uri(finished.results)
    assert re.search(r"^export MLFLOW_TRACKING_URI=sqlite:////\S+/mlflow\.db$", PAGE, re.MULTILINE)
    with serving(words, tmp_path, "/ping", port, MLFLOW_TRACKING_URI=where) as ask:
        rows = ask("/invocations", {"inputs": TEXTS})["predictions"]
    assert [row["label"] for row in rows] == package.load(str(finished.folder / "model")).predict(TEXTS)


def test_a_service_of_ones_own(finished: Any, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "service.py").write_text(code)
    shutil.copytree(finished.folder / "model", tmp_path / "model")
    port = free_port(0)
    with serving(with_port(command("uvicorn service"), port), tmp_path, "/docs", port) as ask:
        assert ask("/classify", TEXTS) == package.load(str(finished.folder / "model")).predict(TEXTS)
    assert json.dumps(command("uvicorn service")[:2])[1:-1] in PAGE, "the container starts the same"
