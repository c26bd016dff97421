"""The map of the house shows the house."""

from __future__ import annotations

import re
from pathlib import Path

from test_floors import ROOT, boxes

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_path_that_it_names_is_there() -> None:
    named = set(re.findall(r"`(tune_dml/[^`]*)`", PAGE))
    assert len(named) > 50
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_it_has_every_box_on_its_floor() -> None:
    rows = re.findall(r"^\| (\d+) \| `tune_dml/([a-z_]+)", PAGE, re.M)
    assert [box for _, box in rows] == [box for box in boxes() if box != "version"]
    numbers = [int(number) for number, _ in rows]
    assert numbers == sorted(numbers, reverse=True)


def test_readme_and_contributing_lead_to_it() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        assert "docs/architecture.md" in (Path(ROOT) / name).read_text(encoding="utf-8")
