"""``docs/results.md`` says what its cells say: each comparison that has any is summed up again."""

from __future__ import annotations

from pathlib import Path

import pytest

import tune_dml

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results.md"
FOLDER = PAGE.parent / "results"
PUBLISHED = [file for file in sorted(FOLDER.glob("*.yaml")) if file.with_suffix(".jsonl").exists()]


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.stem)
def test_its_sentences_are_those_of_the_page(file: Path, tmp_path: Path) -> None:
    cells = file.with_suffix(".jsonl")
    found = tune_dml.compare(file, results=tmp_path, run=False, add_cells=[cells])
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"tune-dml compare docs/results/{file.name} --add-cells docs/results/{cells.name} --no-run" in page
    assert found.answer
    for sentence in found.answer:
        assert " ".join(sentence.split()) in page
