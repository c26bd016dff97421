"""The Python of the README, as it stands there; its search is made small."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from command import Ended

ROOT = Path(__file__).resolve().parents[2]
SMALL = "trials=2, encoder='bert-tiny', folds=2, confirm_seeds=1, concurrency=1, losses=['ce', 'supcon']"


def test_the_python_of_the_readme(tmp_path: Path, tune_dml: Callable[..., Ended]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    small = code.replace("trials=16", SMALL)
    assert small != code
    done = tune_dml("-c", small, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "supcon" in done.out
