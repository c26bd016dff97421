"""What runs on the head of a cluster for a submitted command, and the files that go with it."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_dml.cluster.on_head import RESULTS

COMMANDS = ("search", "resume", "confirm")
#: Options that name a file or folder, which goes along.
_FILES = ("--data", "--space", "--label-texts", "--templates", "--unlabelled")


@dataclass(frozen=True)
class Submission:
    """A command for a cluster.

    Attributes:
        command: One of :data:`COMMANDS`.
        arguments: Its arguments, as they were given.
        given: The same, read: option names as the Python API has them.
    """

    command: str
    arguments: tuple[str, ...]
    given: Mapping[str, Any]


def write_job(submission: Submission, name: str, folder: Path, there: str) -> None:
    """Write the script ``run`` and copy the files that it needs into ``folder``, which will be ``there`` on the head.

    The script runs the command with the cluster's address and, for a search, its ``name``; when the command ends, its
    exit code is in the file ``exit`` beside the script.
    """
    words = _with_files(submission.arguments, folder, there)
    (folder / "run").write_text(_script(submission, words, name, there), encoding="utf-8")


def _with_files(arguments: Sequence[str], folder: Path, there: str) -> list[str]:
    """The arguments, shell-quoted; files of this machine are copied into ``folder`` and named as they will be there."""
    words, before = [], ""
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if before in _FILES:
            words.append(_sent(argument, folder, there))
        elif option in _FILES and equals:
            words += [option, _sent(value, folder, there)]
        else:
            words.append(shlex.quote(argument))
        before = argument
    return words


def _sent(value: str, folder: Path, there: str) -> str:
    path = Path(os.path.expanduser(value))
    if not path.exists():
        # A name of a shipped space, or a path of the head's.
        return shlex.quote(value)
    place = folder / str(len(list(folder.iterdir())))
    place.mkdir()
    if path.is_dir():
        shutil.copytree(path, place / path.name)
    else:
        shutil.copy(path, place)
        if path.suffix in (".yaml", ".yml"):
            # What it may include.
            for other in (*path.parent.glob("*.yaml"), *path.parent.glob("*.yml")):
                shutil.copy(other, place)
    return f"{there}/{place.name}/{shlex.quote(path.name)}"


def _script(submission: Submission, words: Sequence[str], name: str, there: str) -> str:
    given, added = submission.given, []
    if submission.command == "search":
        added += ["--name", name] if given.get("name") is None else []
    if not any(argument.partition("=")[0] == "--results" for argument in submission.arguments):
        added += ["--results", RESULTS]
    if given.get("address") is None and "address" in given:
        added += ["--address", "auto"]
    command = " ".join(["tune-dml", submission.command, *words, *added])
    return f'#!/bin/bash\ncd ~ || exit 3\n{command}\ncode=$?\necho "$code" > {there}/exit\nexit "$code"\n'
