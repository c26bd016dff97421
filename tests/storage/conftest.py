"""The folder of a search, and stores for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tune_dml.storage import Store, open_store, parse_address


@pytest.fixture
def searching(tmp_path: Path) -> Path:
    """A search's folder as it looks in the middle of a search."""
    folder = tmp_path / "results" / "searches" / "mine"
    for name, text in {
        "search.yaml": "settings: {}\n",
        "study.log": '{"op_code": 0}\n{"op_code": 4}\n{"op_co',
        "study.log.lock": "",
        "driver.lock": "",
        "mlflow.json": '{"search_id": "7"}',
        ".best.yaml.7-1.tmp": "half",
        "ray/trial/params.json": "{}",
        "model/config.json": "{}",
        "model/model.safetensors": "weights",
        "model/tune_dml.json": "{}",
        ".model-7/config.json": "{}",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of each kind."""
    text = request.getfixturevalue("s3").uri if request.param == "s3" else str(tmp_path / "copies")
    return open_store(parse_address(text))
