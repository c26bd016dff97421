"""Commands that messages name, ready to be pasted."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

#: Where results are unless another folder is given.
DEFAULT_RESULTS = "tune-dml-results"


def command(verb: str, results: str | Path, *arguments: str) -> str:
    """``tune-dml VERB ARGUMENTS``, with the results folder where it is not the usual one of the working directory."""
    words = ["tune-dml", verb, *arguments]
    if Path(results).resolve() != Path(DEFAULT_RESULTS).resolve():
        words += ["--results", str(results)]
    return joined(words)


def command_for(verb: str, folder: Path) -> str:
    """The same for the search in ``folder``, which is ``RESULTS/searches/NAME``."""
    return command(verb, folder.parent.parent, folder.name)


def joined(words: Iterable[str]) -> str:
    """Words as a shell reads them again, whatever the terminal can show."""
    return " ".join(map(quoted, words))


def quoted(word: str) -> str:
    """One word likewise; what cannot be shown is written as bytes of UTF-8, as bash, ksh, zsh and the newest POSIX
    shells read them."""
    if all(map(_is_shown, word)):
        return shlex.quote(word)
    escaped = {"\\": r"\\", "'": r"\'"}
    return "$'" + "".join(escaped.get(c) or (c if _is_shown(c) else _bytes(c)) for c in word) + "'"


def _is_shown(character: str) -> bool:
    try:
        character.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (LookupError, UnicodeError):
        return False
    return character.isprintable()


def _bytes(character: str) -> str:
    # An octal number ends after three digits, whatever follows; a hexadecimal one need not.
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))
