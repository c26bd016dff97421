"""How a command ends when something gets in its way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tune_dml
from tune_dml.cli import main, search
from tune_dml.errors import DataError, HubUnreachableError


def ends_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets ``tune-dml search`` end with ``error`` before it does anything."""

    def fail(text: str | None) -> None:
        raise error

    monkeypatch.setattr(search, "count_or_word", fail)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (DataError("The file is empty."), 2, "The file is empty.\n"),
        (HubUnreachableError("The hub does not answer."), 3, "The hub does not answer.\n"),
        (OSError(28, "No space left on device", "/results/x"), 3, "No space left on device (/results/x)."),
        (RuntimeError("boom"), 1, "An internal error: RuntimeError: boom. Run again with --debug"),
        (KeyboardInterrupt(), 130, ""),
        (SystemExit(7), 7, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_kind_of_end_has_its_code_and_no_traceback(
    error: BaseException,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ends_with(error, monkeypatch)
    assert main(["search"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert bool(captured.err) == bool(words)
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("arguments", [["--debug", "search"], ["search", "--debug"]], ids=" ".join)
def test_debug_shows_the_traceback(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends_with(DataError("The file is empty."), monkeypatch)
    assert main(arguments) == 2
    text = capsys.readouterr().err
    assert text.startswith("Traceback")
    assert text.endswith("\nThe file is empty.\n")


def test_control_characters_in_a_message_are_not_obeyed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends_with(DataError("The column \x1b[2J is unknown."), monkeypatch)
    main(["search"])
    assert capsys.readouterr().err == "The column \\x1b[2J is unknown.\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from tune_dml.cli import main; sys.exit(main())", "losses"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(tune_dml.__file__).parents[1])},
    )
    os.close(write)
    assert done.stderr == ""
    assert done.returncode != 0
