"""Every command in docs/recipes.md, in its order: searches are planned only, and with a small encoder."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Ended

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", DOCUMENT, re.S)
    for line in block.replace("\\\n", "").splitlines()
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where somebody stands who has the files that the document speaks of."""
    folder = tmp_path_factory.mktemp("recipes")
    rows = [f"{word} number {i},{label}" for i in range(40) for word, label in (("money", "refund"), ("open", "hours"))]
    (folder / "my.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    (folder / "texts.txt").write_text("\n".join(f"when do you open on day {i} ?" for i in range(40)) + "\n")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_it_can_be_done(command: str, folder: Path, request: pytest.FixtureRequest) -> None:
    run: Callable[..., Ended] = request.getfixturevalue("tune_dml")
    program, *arguments = shlex.split(command)
    assert program == "tune-dml"
    target = Path(arguments.pop()) if ">" in arguments else None
    if target is not None:
        arguments.remove(">")
    if arguments[0] == "search":
        arguments += ["--dry-run", *([] if "--encoder" in arguments else ["--encoder", "bert-tiny"])]
    done = run(*arguments, cwd=folder)
    assert done.code == 0, done.err
    if target is not None:
        (folder / target).write_text(done.out)
    assert ("dry run" in done.out) == (arguments[0] == "search")
    if "--adapt-mlm" in arguments:
        assert "masked-LM steps, about" in done.out


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 7
