"""Commands that messages name, ready to be pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

#: Where results are unless another folder is given.
DEFAULT_RESULTS = "tune-dml-results"


def command(verb: str, results: str | Path, *arguments: str) -> str:
    """``tune-dml VERB ARGUMENTS``, with the results folder where it is not the usual one of the working directory."""
    words = ["tune-dml", verb, *arguments]
    if Path(results).resolve() != Path(DEFAULT_RESULTS).resolve():
        words += ["--results", str(results)]
    return shlex.join(words)


def command_for(verb: str, folder: Path) -> str:
    """The same for the search in ``folder``, which is ``RESULTS/searches/NAME``."""
    return command(verb, folder.parent.parent, folder.name)
