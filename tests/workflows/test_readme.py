"""Every command in the README, run as it stands there; searches are made small by options appended to them."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pyarrow
import pyarrow.parquet
import pytest
from command import Ended

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "data"))
from hub_stand_in import StandIn  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.S)
    for line in block.splitlines()
    if line.strip()
]
#: Run by continuous integration itself, or, for a real cluster, held against Ray's validator by test_cluster_files.py.
ELSEWHERE = {"make test", "ray up cluster.yaml"}
RUN_HERE = sorted((one for one in COMMANDS if one not in ELSEWHERE), key="tune-dml ui".__eq__)
SMALL = ["--encoder", "bert-tiny", "--trials", "2", "--folds", "2", "--confirm-seeds", "1", "--concurrency", "1"]
FEW_LOSSES = ["--losses", "ce,supcon"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a stranger would stand, with some files of theirs."""
    folder = tmp_path_factory.mktemp("stranger")
    words = {"refund": "money back please return charge", "hours": "when open close today late"}
    rows = [f"{word} {i} {text.split()[i % 5]},{word}" for i in range(20) for word, text in words.items()]
    (folder / "my.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    (folder / "more.csv").write_text("\n".join(["text,label", *rows, "take my money back,refund"]) + "\n")
    (folder / "new.csv").write_text("text\nStriker signs for United\n")
    return folder


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A local stand-in for the hub that has SST2's layout, and the environment that points to it."""

    def parquet(count: int, seed: int) -> bytes:
        names = ("negative", "positive")
        rows = [
            {"text": f"a {('dull', 'fine')[i % 2]} film {seed} {i}", "label": i % 2, "label_text": names[i % 2]}
            for i in range(count)
        ]
        sink = pyarrow.BufferOutputStream()
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), sink)
        return bytes(sink.getvalue().to_pybytes())

    sizes = {"train": 80, "validation": 20, "test": 30}
    files = {f"data/{split}-00000-of-00001.parquet": parquet(n, n) for split, n in sizes.items()}
    with StandIn({"SetFit/sst2": files}) as stand_in:
        home = tmp_path_factory.mktemp("hf")
        yield {"HF_ENDPOINT": stand_in.address, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}


def _arguments(command: str) -> list[str]:
    program, *arguments = shlex.split(_recipe(command) if command.startswith("make ") else command)
    assert Path(program).name == "tune-dml"
    if arguments[0] == "search":
        arguments += SMALL + ([] if "--losses" in command else FEW_LOSSES)
    return arguments


def _cold(arguments: list[str], folder: Path, env: dict[str, str]) -> Ended:
    """As a stranger starts it."""
    done = subprocess.run(
        [sys.executable, "-m", "tune_dml", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **env},
        capture_output=True,
        text=True,
        timeout=240,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def _recipe(command: str) -> str:
    """What make runs last: before it comes the installation, which continuous integration does."""
    done = subprocess.run(
        [*shlex.split(command), "--dry-run", "--no-print-directory"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_the_first_command_is_the_demo() -> None:
    assert COMMANDS[0] == "make demo"
    assert len(RUN_HERE) >= 9


# One after another: the searches of some are what others show.
@pytest.mark.parametrize("command", RUN_HERE)
def test_every_command_of_the_readme(
    command: str, folder: Path, hub: dict[str, str], tune_dml: Callable[..., Ended]
) -> None:
    if command == "tune-dml ui":
        _check_ui(folder)
        return
    arguments = _arguments(command)
    done = _cold(arguments, folder, hub) if "SST2" in arguments else tune_dml(*arguments, cwd=folder)
    if command == "tune-dml resume":
        assert done.code == 2
        assert "no unfinished search" in done.err
    else:
        assert done.code == 0, f"{done.out}\n{done.err}"
    if "--name intents" in command:
        assert (folder / "tune-dml-results" / "searches" / "intents" / "model").is_dir()


def _check_ui(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tune_dml", "ui"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # A test run in the background of a shell script hands down that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        address = next(found for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        for _ in range(300):
            try:
                with urlopen(address.group(), timeout=1) as page:
                    assert "MLflow" in page.read().decode()
                break
            except OSError:
                threading.Event().wait(0.2)
        else:
            pytest.fail("the UI never answered")
    finally:
        timer.cancel()
        process.send_signal(signal.SIGINT)
        process.wait(30)


def test_paths_and_options_of_the_readme_exist(tmp_path: Any) -> None:
    for name in re.findall(r"\]\(([A-Z]\w+)\)", README):
        assert list(ROOT.glob(f"{name}*")), name
