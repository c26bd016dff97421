"""A search on a made-up task, prepared as the command prepares it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.request import SearchRequest
from tune_dml.reporting.output import Output

WORDS = {"ham": "meeting lunch project report", "spam": "win cash prize offer"}


def write(path: Path, counts: dict[str, int]) -> Path:
    lines = ["text,label"]
    for label, count in counts.items():
        lines += [f"{WORDS.get(label, label)} number {i},{label}" for i in range(count)]
    path.write_text("\n".join(lines) + "\n")
    return path


def prepared(data: Path, **options: Any) -> Prepared:
    given = {"task": "mine", "encoder": "bert-tiny", "no_test": True, "shots": "full", "results": str(data.parent)}
    out = Output(Console(file=io.StringIO()))
    return prepare_new(SearchRequest(data=str(data), **(given | options)), out)
