"""Whatever becomes of what is printed, no command fails by printing it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from search_files import ABOUT

import tune_dml
from tune_dml.cli import main
from tune_dml.cli.streams import data_stream
from tune_dml.config.characters import shown
from tune_dml.reporting.output import Output
from tune_dml.tuning.journal import Journal

ROOT = Path(tune_dml.__file__).parents[1]
TASK = "意图–Absichten"


def _run(
    *arguments: str, environment: dict[str, str] | None = None, shell: str = '"$@"'
) -> subprocess.CompletedProcess[bytes]:
    """A cold start of the command, redirected by a line of shell."""
    given = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **(environment or {})}
    command = ["bash", "-c", shell, "bash", sys.executable, "-m", "tune_dml", *arguments]
    return subprocess.run(command, env=given, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search of a task with a name that few encodings have."""
    results = tmp_path_factory.mktemp("结果")
    folder = results / "searches" / "one"
    folder.mkdir(parents=True)
    settings = ABOUT.settings
    replace(ABOUT, settings=replace(settings, task=replace(settings.task, task=TASK))).write(folder)
    Journal(folder).close()
    return results


def _printed(monkeypatch: pytest.MonkeyPatch, encoding: str, *arguments: str) -> str:
    """What the command prints to a terminal of this encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(list(arguments)) == 0
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "cp1252", "utf-8"])
def test_a_table_and_json_are_printed_in_every_encoding(
    encoding: str, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    table = _printed(monkeypatch, encoding, "list", "--results", str(results))
    assert shown(TASK, encoding) in table
    (row,) = json.loads(_printed(monkeypatch, encoding, "list", "--results", str(results), "--json"))
    assert row["task"] == TASK
    assert shown(str(results), encoding) in _printed(monkeypatch, encoding, "list", "--results", str(results / "new"))


def test_stand_ins_keep_labels_apart() -> None:
    assert shown(TASK, "ascii") == "\\u610f\\u56fe-Absichten"
    assert shown("0.7 ± 0.1 · “café” …", "ascii") == '0.7 +- 0.1 - "caf\\xe9" ...'
    assert shown("café ±", "latin-1") == "café ±"


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_cold_start_finds_and_prints_names_that_the_locale_lacks(environment: dict[str, str], results: Path) -> None:
    ended = _run("list", "--results", str(results), environment=environment)
    assert ended.returncode == 0, ended.stderr
    assert shown(TASK, "ascii").encode() in ended.stdout


@pytest.mark.parametrize(
    ("shell", "code", "said"),
    [
        ('"$@" <&- >&- 2>&-', 0, b""),
        ('"$@" > /dev/full', 3, b"could not be written (No space left on device)"),
        ('"$@" > /dev/full 2>&1', 3, b""),
        ('"$@" > >(exec true); exit $?', 141, b""),
    ],
)
def test_an_output_that_is_closed_or_full_is_no_fault_of_the_command(shell: str, code: int, said: bytes) -> None:
    ended = _run("losses", shell=shell)
    assert ended.returncode == code, ended.stderr
    assert said in ended.stderr
    for words in (b"Traceback", b"nternal error", b"Exception ignored", b"refused"):
        assert words not in ended.stderr


def test_a_mistake_keeps_its_code_where_it_cannot_be_told() -> None:
    ended = _run("show", "nothing", shell='"$@" 2> /dev/full')
    assert (ended.returncode, ended.stdout) == (2, b"")


def test_a_closed_output_is_not_the_next_file_that_is_opened(tmp_path: Path) -> None:
    written = tmp_path / "written"
    code = (
        "import os, sys; from tune_dml.cli.streams import lasting_streams\n"
        f"with lasting_streams():\n    file = open({str(written)!r}, 'w'); os.write(1, b'printed'); print('printed')\n"
        "    file.write('kept')\n    file.close()\n"
    )
    subprocess.run(["bash", "-c", '"$@" >&- 2>&-', "bash", sys.executable, "-c", code], check=True)
    assert written.read_text() == "kept"


def test_a_program_that_lets_nobody_wait_gets_everything() -> None:
    """Such as one that has made the pipe non-blocking on its side."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    code = "from tune_dml.cli.streams import lasting_streams\nwith lasting_streams(): print('x' * 300_000)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        assert len(stream.read()) == 300_001
    assert process.wait(60) == 0
    assert process.stderr is not None
    process.stderr.close()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_data_is_in_utf_8_wherever_it_goes(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    with data_stream() as data:
        data.write("texte,é,意\r\n")
    assert isinstance(stream.buffer, io.BytesIO)
    assert stream.buffer.getvalue() == "texte,é,意\r\n".encode()


def test_nobody_who_reads_data_is_waited_for() -> None:
    code = (
        "from tune_dml.cli.streams import data_stream, lasting_streams\n"
        "with lasting_streams():\n"
        "    try:\n        with data_stream() as data:\n            while True: data.write('row' * 99)\n"
        "    except BrokenPipeError:\n        raise SystemExit(7)\n"
    )
    ended = subprocess.run(
        ["bash", "-c", '"$@" | head -c 1; exit ${PIPESTATUS[0]}', "bash", sys.executable, "-c", code],
        capture_output=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, b"r", b"")


@pytest.mark.parametrize("kind", ["ascii", "closed", "full"])
def test_a_search_from_python_goes_on_whatever_becomes_of_its_screen(kind: str) -> None:
    buffer: Any = io.FileIO("/dev/full", "w") if kind == "full" else io.BytesIO()
    stream = io.TextIOWrapper(io.BufferedWriter(buffer) if kind == "full" else buffer, encoding="ascii")
    out = Output(Console(file=stream, width=60))
    if kind == "closed":
        stream.close()
    out.line("task: 意图 · 10 ± 1")
    out.warn("意图")
    if kind == "ascii":
        assert buffer.getvalue() == b"task: \\u610f\\u56fe - 10 +- 1\nwarning: \\u610f\\u56fe\n"
    if kind == "full":
        with pytest.raises(OSError):
            stream.close()
