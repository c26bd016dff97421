"""Characters that an output cannot show, and what stands for them."""

from __future__ import annotations

import codecs

#: The name of the error handler by which a stream's encoder uses the stand-ins.
STAND_INS = "tune_dml.stand_ins"
_TABLE = {
    **dict.fromkeys("–—−‐‑·•", "-"),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("\N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}", " "),
    "…": "...",
    "±": "+-",
    "×": "x",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
}


def is_unicode(encoding: str | None) -> bool:
    """Whether an encoding has every character; one that nobody knows is taken to have few."""
    try:
        return encoding is not None and codecs.lookup(encoding).name.startswith("utf")
    except LookupError:
        return False


def shown(text: str, encoding: str | None) -> str:
    """``text`` in characters that ``encoding`` has: punctuation as on a typewriter, letters by their numbers, so that
    two labels stay two labels. To be used before columns are aligned."""
    try:
        return text.encode(encoding or "ascii", STAND_INS).decode(encoding or "ascii")
    except (LookupError, UnicodeError):
        return text.encode("ascii", STAND_INS).decode("ascii")


def _stand_ins(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_TABLE.get(c) or c.encode("ascii", "backslashreplace").decode() for c in characters), error.end


codecs.register_error(STAND_INS, _stand_ins)
