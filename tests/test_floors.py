"""The floors: who may import whom. The contracts are in pyproject.toml; these tests see that they hold and bite."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tune_dml"
NO_FLOOR = {"__init__", "__main__"}


def contracts() -> dict[str, dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def boxes() -> list[str]:
    return [box.strip(" ()") for layer in contracts()["floors"]["layers"] for box in layer.split("|")]


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(cache_dir=None))"
    return subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)


def test_the_floors_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


def test_every_package_has_its_floor() -> None:
    there = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert there - NO_FLOOR <= set(boxes())
    assert len(boxes()) == len(set(boxes()))


def test_an_import_upwards_or_sideways_is_found(tmp_path: Path) -> None:
    for box in [*boxes(), "above"]:
        (tmp_path / "tune_dml" / box).mkdir(parents=True)
        (tmp_path / "tune_dml" / box / "__init__.py").touch()
    (tmp_path / "tune_dml" / "above").rename(tmp_path / "tune_dml" / "cli" / "above")
    (tmp_path / "tune_dml" / "__init__.py").touch()
    (tmp_path / "tune_dml" / "losses" / "__init__.py").write_text("import tune_dml.data\n")
    (tmp_path / "tune_dml" / "training" / "__init__.py").write_text("def fit():\n    import tune_dml.tuning\n")
    (tmp_path / "tune_dml" / "models" / "__init__.py").write_text("import ray\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    result = lint_imports(tmp_path)
    assert result.returncode == 1
    for forbidden in (
        "tune_dml.losses -> tune_dml.data",
        "tune_dml.training -> tune_dml.tuning",
        "tune_dml.models -> ray",
    ):
        assert forbidden in result.stdout
