"""pyproject.toml and the constraints agree with each other, with the code and with what is installed."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(file: str) -> dict[str, Version]:
    lines = [line for line in (ROOT / file).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    found = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines]
    assert all(found), f"{file} holds nothing but versions"
    return {canonicalize_name(match[1]): Version(match[2]) for match in found if match}


PINS = pins("constraints.txt")
LOWEST = pins("constraints-lowest.txt")
REQUIREMENTS = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRA = {name: [Requirement(text) for text in texts] for name, texts in PROJECT["optional-dependencies"].items()}
EXTRAS = [requirement for requirements in EXTRA.values() for requirement in requirements]

#: Where a distribution's name is not that of what is imported.
DISTRIBUTIONS = {"sklearn": "scikit-learn", "yaml": "pyyaml"}


def test_no_package_index_is_named() -> None:
    named = [
        ROOT / file
        for file in ("pyproject.toml", "constraints.txt", "Makefile", ".ci/run", ".ci/lowest", "cluster.yaml")
    ]
    for file in [*named, *(ROOT / "deploy").iterdir()]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"index-url|find-links|--index|pypi\.", text), file


@pytest.mark.parametrize("requirement", [*REQUIREMENTS, *EXTRAS], ids=lambda requirement: requirement.name)
def test_the_ranges_admit_the_tested_versions(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_the_tested_versions_are_the_ones_running(requirement: Requirement) -> None:
    tested = pins(os.environ.get("TUNE_DML_TESTED_CONSTRAINTS", "constraints.txt"))
    # Not what Ray carries along of its own, once another test has imported it.
    places = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    [found, *_] = importlib.metadata.distributions(name=requirement.name, path=places)
    installed = Version(found.version)
    assert Version(installed.public) == tested[canonicalize_name(requirement.name)]


@pytest.mark.parametrize("requirement", [*REQUIREMENTS, *EXTRAS], ids=lambda requirement: requirement.name)
def test_the_ranges_admit_the_lowest_versions(requirement: Requirement) -> None:
    assert requirement.specifier.contains(LOWEST[canonicalize_name(requirement.name)])


# PyTorch's own range is held by nothing: its older releases for CPUs are not on the package index.
RANGES = [r for r in [*REQUIREMENTS, *EXTRA["cluster"], *EXTRA["peers"]] if r.name != "torch"]


@pytest.mark.parametrize("requirement", RANGES, ids=lambda requirement: requirement.name)
def test_a_range_begins_at_the_version_that_make_lowest_runs(requirement: Requirement) -> None:
    (floor,) = [Version(one.version) for one in requirement.specifier if one.operator == ">="]
    assert floor == LOWEST[canonicalize_name(requirement.name)], "change both, and run make lowest"


def imported() -> set[str]:
    names: set[str] = set()
    for file in (ROOT / "tune_dml").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"tune_dml", "__future__"}


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    declared = {canonicalize_name(requirement.name) for requirement in REQUIREMENTS}
    used = {canonicalize_name(DISTRIBUTIONS.get(name, name)) for name in imported()}
    beside = {canonicalize_name(requirement.name) for requirement in EXTRA["peers"]}
    assert used - declared - beside == set(), "imported, but not in pyproject's dependencies"
    assert declared - used == set(), "in pyproject's dependencies, but never imported"


def test_the_version_is_the_package_s() -> None:
    import tune_dml

    assert importlib.metadata.version("tune-dml") == tune_dml.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{tune_dml.__version__}]" in changelog


def test_the_command_is_installed() -> None:
    scripts = importlib.metadata.entry_points(group="console_scripts", name="tune-dml")
    assert {script.value for script in scripts} == {"tune_dml.cli:main"}
