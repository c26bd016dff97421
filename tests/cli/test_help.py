"""What the command line says of itself, and how fast."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tune_dml
from tune_dml.cli import main
from tune_dml.config import SCHEDULERS, SEARCHERS, VALIDATIONS
from tune_dml.data import SINGLE
from tune_dml.driver.options import PRECISIONS
from tune_dml.driver.request import SearchRequest

METRICS = [metric.name for metric in SINGLE.target.metrics]
COMMANDS = [
    ["search"],
    ["resume"],
    ["confirm"],
    ["submit"],
    ["fetch"],
    ["train"],
    ["predict"],
    ["list"],
    ["show"],
    ["tasks"],
    ["encoders"],
    ["templates"],
    ["losses"],
    ["hyperparameters"],
    ["best"],
    ["sync"],
    ["ui"],
    ["spaces"],
    ["spaces", "list"],
    ["spaces", "show"],
    ["spaces", "check"],
    ["spaces", "copy"],
]
HEAVY = {"torch", "ray", "mlflow", "transformers", "datasets", "sklearn", "pandas", "optuna", "pyarrow", "scipy"}


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(tune_dml.__file__).parents[1]), "COVERAGE_PROCESS_START": ""}


def cpu_seconds(arguments: list[str]) -> float:
    child = subprocess.Popen(
        [sys.executable, "-m", "tune_dml", *arguments], stdout=subprocess.DEVNULL, env=environment()
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize("arguments", [["--help"], ["search", "--help"]], ids=" ".join)
def test_help_takes_little_time(arguments: list[str]) -> None:
    # Another process on the same core makes seconds longer: several tries.
    assert any(cpu_seconds(arguments) <= 0.7 for _ in range(10))


@pytest.mark.parametrize("arguments", [["--help"], ["search", "--help"], ["losses"], ["spaces", "show", "default"]])
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    code = f"import sys; from tune_dml.cli import main; main({arguments!r}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    assert set(done.stderr.split()) & HEAVY == set()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_examples_of_itself(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    examples = text.partition("Examples:")[2]
    assert f"tune-dml {' '.join(command)}" in examples
    assert "Traceback" not in text


def test_the_first_page_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    first = capsys.readouterr().out
    assert main([]) == 0
    assert capsys.readouterr().out == first
    for command in COMMANDS:
        assert re.search(rf"^  {command[0]} +\w.*[^.]\.$", first, re.MULTILINE), command


def test_every_field_of_a_request_is_an_option_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    main(["search", "--help"])
    # One entry begins with each line that is indented by two spaces.
    entries = re.split(r"\n  (?=-)", capsys.readouterr().out)
    options = {
        match[1]: " ".join(entry.split()) for entry in entries if (match := re.match(r"(?:-\w, )?--([\w-]+)", entry))
    }
    for field in dataclasses.fields(SearchRequest):
        name = {
            "text_columns": "text-column",
            "loss_plugins": "loss-plugin",
            "confirm": "no-confirm",
            "confirm_others": "confirm-winner-only",
            "save_model": "no-model",
            "soup": "no-soup",
            "reference_ce": "no-reference-ce",
            "header": "no-header",
        }.get(field.name, field.name.replace("_", "-"))
        assert name in options
        if isinstance(field.default, str | int | float) and not isinstance(field.default, bool):
            assert f"[default: {field.default}]" in options[name].replace("- ", "-"), name


@pytest.mark.parametrize(
    "values",
    [METRICS, SEARCHERS, SCHEDULERS, VALIDATIONS, PRECISIONS],
    ids=" ".join,
)
def test_help_names_every_choice(values: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    main(["search", "--help"])
    text = capsys.readouterr().out
    assert [value for value in values if not re.search(rf"\b{value}\b", text)] == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tune-dml {tune_dml.__version__}\n"
