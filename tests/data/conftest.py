from collections.abc import Callable
from pathlib import Path

import pytest

from tune_dml.config import TaskSettings
from tune_dml.data import Task, load_task


@pytest.fixture(autouse=True)
def _no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUNE_DML_DATA", raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file below the test's folder."""

    def _write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return _write


@pytest.fixture
def load() -> Callable[..., Task]:
    def _load(data: Path | None, task: str = "mine", **settings: object) -> Task:
        return load_task(TaskSettings(task, None if data is None else str(data), **settings))  # type: ignore[arg-type]

    return _load
