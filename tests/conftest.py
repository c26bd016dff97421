"""For all tests: the long ones start first, so that no process is left with them alone at the end."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from s3_server import CREDENTIALS, S3

FIRST = (
    "test_encoder_searches",
    "test_cluster",
    "test_odd_runs",
    "test_survival",
    "test_lost_machine",
    "test_readme",
    "test_model_server",
    "test_retraining",
    "test_whole_search",
    "test_ends",
    "test_blindness",
    "test_trouble",
    "test_python_api",
    "test_time_budget",
    "test_variants",
)


def pytest_configure() -> None:
    # As the command line has it: what the libraries hold lives for ever, and need not be looked through.
    gc.set_threshold(100_000, 20, 20)


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> tuple[int, bool]:
        name = item.path.stem
        return FIRST.index(name) if name in FIRST else len(FIRST), item.path.parent.name != "workflows"

    items.sort(key=place)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """A bucket on a server of this process, and the environment to use it."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    server = S3()
    yield server
    server.stop()
