"""What ``compare`` prints of cells that are there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_cells import made_up

from tune_dml.cli import main


def _file(folder: Path) -> list[str]:
    file = folder / "made-up.yaml"
    file.write_text(json.dumps(made_up(folder / "results", tasks=2, shots=[50], draws=4, arms=3)))
    return ["compare", str(file), "--results", str(folder / "results"), "--no-run"]


def test_tables_and_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_file(tmp_path)) == 0
    said = capsys.readouterr().out
    assert "arm-1 " in said
    assert "over 2 tasks x 4 draws" in said
    assert f"Report: {tmp_path / 'results' / 'comparisons' / 'made-up'}/report.html" in said.replace("\n", "")


def test_the_same_as_a_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*_file(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["comparison"]["done"] == document["comparison"]["cells"] == 24


def test_cells_from_elsewhere_are_no_part_of_a_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*_file(tmp_path)[:-1], "--dry-run", "--add-cells", "cells.jsonl"]) == 2
    assert "--dry-run does not; give --no-run first" in capsys.readouterr().err
