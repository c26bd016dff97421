"""For all tests: the long ones start first, so that no process is left with them alone at the end."""

from __future__ import annotations

import pytest

FIRST = (
    "test_cluster",
    "test_survival",
    "test_lost_machine",
    "test_readme",
    "test_whole_search",
    "test_ctrl_c",
    "test_blindness",
    "test_trouble",
    "test_python_api",
    "test_time_budget",
    "test_variants",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        name = item.path.stem
        return FIRST.index(name) if name in FIRST else len(FIRST)

    items.sort(key=place)
