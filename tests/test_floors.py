"""The house: who may import whom, and what a file is called. The contracts of the floors are in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import grimp

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


def test_no_imports_go_round_in_a_circle() -> None:
    graph = grimp.build_graph("tune_dml", cache_dir=None)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    # What is imported comes before who imports it; a circle has no such order.
    assert set(TopologicalSorter(imported).static_order()) == graph.modules


def test_a_module_s_name_says_one_thing() -> None:
    places = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        places[path.stem].add(path.relative_to(PACKAGE).parent.as_posix())
    # A command, and what it does.
    verbs = {"cli", "workflows"}
    assert {name: boxes for name, boxes in places.items() if len(boxes) > 1 and boxes != verbs} == {
        "__init__": places["__init__"]
    }


def test_no_file_is_long() -> None:
    lines = {path.relative_to(PACKAGE): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {str(name): count for name, count in lines.items() if count > 250} == {}


def test_what_begins_with_an_underscore_stays_in_its_file() -> None:
    found = []
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and str(n.module).startswith("tune_dml")]
        ours = {alias.asname or alias.name for node in imports for alias in node.names}
        names = [alias.name for node in imports for alias in node.names]
        names += [
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ours
        ]
        found += [f"{path.name}: {name}" for name in names if name.startswith("_") and not name.startswith("__")]
    assert found == []


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))
