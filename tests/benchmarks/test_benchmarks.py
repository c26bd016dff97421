"""Benchmarks run, and the commands that the documentation gives for them exist."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest

from benchmarks import prefix
from benchmarks.__main__ import NAMES
from benchmarks.plain import one_round
from benchmarks.tables import markdown
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.request import SearchRequest
from tune_dml.reporting.output import silent
from tune_dml.training.workload import resolve, single_thread

ROOT = Path(__file__).resolve().parents[2]

PAGES = "\n".join(
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("CONTRIBUTING.md", "docs/performance.md", "docs/losses.md", "docs/reliability.md")
)


def test_every_command_of_the_pages_is_a_benchmark_that_knows_its_options() -> None:
    commands = re.findall(r'^make bench BENCH="([^"]+)"', PAGES, re.M)
    assert {shlex.split(command)[0] for command in commands} == set(NAMES)
    for command in commands:
        name, *options = shlex.split(command)
        importlib.import_module(f"benchmarks.{name}").options().parse_args(options)


def test_prefix_prints_a_row_for_every_number_of_layers(capsys: pytest.CaptureFixture[str]) -> None:
    prefix.main(["--encoder", "bert-tiny", "--epochs", "2", "--repeats", "1"])
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in table] == ["trained layers", "---", "0", "1", "2"]


def test_the_plain_loop_learns(tmp_path: Path) -> None:
    single_thread()
    request = SearchRequest(task="bbc", shots=50, encoder="bert-tiny", results=str(tmp_path))
    workload = prepare_new(request, silent()).workload
    config = resolve({"loss": "softtriple", "beta": 0.5, "lr": 5e-4, "epochs": 15})
    assert one_round(workload, config, 1) > 0.3


def test_markdown() -> None:
    assert markdown(("a", "b"), [(1, "x")]) == "| a | b |\n| --- | --- |\n| 1 | x |"
