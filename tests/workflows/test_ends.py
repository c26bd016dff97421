"""Ctrl-C; signals of ``timeout``, systemd and schedulers; a closed terminal; a Ray that is gone: all is saved."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from command import Command, Ended
from evidence import check_mlflow, finished_in, runs_of

from tune_dml.config import State
from tune_dml.tuning.journal import Journal

#: From the signal to the end: what is promised, twice; a machine that does nothing else takes 2 to 6.
SECONDS = 20.0
#: The command in a group of processes of its own.
IN_ITS_GROUP = """
import os, sys
os.setsid()
from tune_dml.cli import main
sys.exit(main({arguments!r}))
"""
#: On a terminal of its own, which closes when a file tells it to: the system sends SIGHUP then. Where nobody could read
#: why it ended, a file beside that one says so.
ON_ITS_TERMINAL = """
import fcntl, os, sys, termios, threading, traceback
os.setsid()
screen, its = os.openpty()
fcntl.ioctl(its, termios.TIOCSCTTY, 0)
for number in (1, 2):
    os.dup2(its, number)
os.close(its)

def show():
    while not os.path.exists({close!r}):
        if b"" == os.read(screen, 100_000):
            break
    os.close(screen)

threading.Thread(target=show, daemon=True).start()
from tune_dml.cli import main
try:
    code = main({arguments!r})
except BaseException:
    open({close!r} + ".why", "w").write(traceback.format_exc())
    raise
sys.exit(code)
"""


def ctrl_c(command: Command, close: Path) -> None:
    command.send_signal(signal.SIGINT)


def to_the_group(command: Command, close: Path) -> None:
    os.killpg(command.pid, signal.SIGTERM)


def to_everyone(command: Command, close: Path) -> None:
    for process in [psutil.Process(command.pid), *psutil.Process(command.pid).children(recursive=True)]:
        process.send_signal(signal.SIGTERM)


def when_ray_is_gone(command: Command, close: Path) -> None:
    for process in psutil.Process(command.pid).children(recursive=True):
        process.kill()
    os.kill(command.pid, signal.SIGTERM)


def terminal_closes(command: Command, close: Path) -> None:
    close.touch()


ENDS = {
    "Ctrl-C": ctrl_c,
    "SIGTERM to the group": to_the_group,
    "SIGTERM to every process": to_everyone,
    "SIGTERM when Ray is gone": when_ray_is_gone,
    "the terminal closes": terminal_closes,
}
#: Those of every change; each end takes a start of Ray and of a worker.
FEW = ("Ctrl-C", "the terminal closes")


def stopped(arguments: list[str], end: str, folder: Path, output: Path) -> Ended:
    """Run a command, end it like that once something more has finished, and look at what it leaves."""
    output.mkdir()
    close, journal = output / "close", folder / "study.log"
    code = ON_ITS_TERMINAL if end == "the terminal closes" else IN_ITS_GROUP
    before = finished_in(journal.read_text(errors="replace")) if journal.exists() else 0
    command = Command(["-c", code.format(arguments=arguments, close=str(close))], output)
    deadline = time.monotonic() + 200
    while not (journal.exists() and finished_in(journal.read_text(errors="replace")) > before):
        if not command.is_running() or time.monotonic() > deadline:
            pytest.fail(f"it never came that far: {command.ended(0)}")
        time.sleep(0.02)
    processes = psutil.Process(command.pid).children(recursive=True)
    begun = time.monotonic()
    ENDS[end](command, close)
    ended = command.ended(SECONDS)
    print(f"{end}: {time.monotonic() - begun:.1f} s")
    why = output / "close.why"
    # Where coverage is measured, its own handler has the last word on SIGTERM.
    measured = end.startswith("SIGTERM") and "COVERAGE_PROCESS_CONFIG" in os.environ
    codes = (130, -signal.SIGTERM) if measured else (130,)
    assert ended.code in codes, f"{end}: {ended} {why.read_text() if why.exists() else ''}"
    left = [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert not left, f"{end}: {left}"
    return ended


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "ends", [pytest.param(FEW, id="two"), pytest.param(tuple(ENDS), id="all", marks=pytest.mark.long)]
)
def test_every_end_saves_what_there_is_and_a_resume_goes_on(
    ends: tuple[str, ...],
    tmp_path: Path,
    space_file: Path,
    search_arguments: tuple[str, ...],
    tune_dml: Callable[..., Ended],
    with_store: Callable[[Path], Path],
) -> None:
    results = with_store(tmp_path / "results")
    folder, where = results / "searches" / "ended", ["--results", str(results)]
    few = ["--trials", "16", "--folds", "2", "--confirm-seeds", "1", "--concurrency", "1"]
    arguments = [*search_arguments, *few, "--space", str(space_file), "--name", "ended", *where]
    for number, end in enumerate(ends):
        ended = stopped(arguments, end, folder, tmp_path / f"output-{number}")
        assert (folder / "report.html").stat().st_mtime > (folder / "search.yaml").stat().st_mtime
        if end != "the terminal closes":
            assert "tune-dml resume ended" in ended.out, ended
            assert "probe" in ended.out, ended
            assert "Traceback" not in ended.out + ended.err
        if end == "Ctrl-C":
            assert "RUNNING" not in {run.info.status for run in runs_of(results)}
            assert "interrupted" in tune_dml("list", *where).out
        journal = Journal(folder, write=False)
        assert State.FAIL not in {record.state for record in journal.records() + journal.records("baseline")}, end
        if end != "SIGTERM when Ray is gone":
            assert not journal.lost_workers(), end
        arguments = ["resume", "ended", *where]
    assert tune_dml(*arguments, "-q").code == 0
    records = Journal(folder, write=False).records()
    assert len(records) == 16
    assert State.RUNNING not in {record.state for record in records}
    check_mlflow(results, records + Journal(folder, write=False).records("baseline"))
