"""Templates around texts, with a mask token at which the answer is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tune_dml.data.decoding import decode, lines
from tune_dml.data.reading import read_table
from tune_dml.data.tables import Reading
from tune_dml.errors import DataError

MASK = "[MASK]"
#: More are never drawn from; to choose among them would take long.
MOST_TEMPLATES = 64
_SLOTS = {"{text}": 0, "{text_a}": 0, "{text_b}": 1}
_SLOT = re.compile("|".join(re.escape(slot) for slot in _SLOTS))
#: What others write for the mask token.
_OTHER_MASKS = re.compile(r"<\|?mask\|?>|\{[\"']?mask[\"']?\}|\[mask\]|\*mask\*", re.IGNORECASE)
#: What others write for a text.
_OTHER_SLOTS = re.compile(
    r"\{[\"']?(?:sentence\w*|input|example|x|premise|hypothesis|placeholder[^}]*)[\"']?\}|\*\+?sent\w*\*", re.IGNORECASE
)


@dataclass(frozen=True)
class Template:
    """A template, taken apart.

    Attributes:
        text: As it was written.
        pieces: What stands before, between and behind its texts.
        slots: Which text stands behind each piece but the last: 0 the first or only one, 1 the second of a pair.
    """

    text: str
    pieces: tuple[str, ...]
    slots: tuple[int, ...]


def template(text: str, pairs: bool = False) -> Template:
    """A template as users write it: ``It was [MASK]: {text}``, or for pairs ``{text_a}? [MASK], {text_b}``.

    Everything else stands as it is, braces too.

    Raises:
        DataError: it lacks a text or the mask token, or has one of them twice.
    """
    if text.count(MASK) != 1:
        other = _OTHER_MASKS.search(text.replace(MASK, ""))
        if MASK not in text and other is not None:
            raise DataError(f"The template '{text}' has '{other.group()}'; the mask token is written {MASK}.")
        raise DataError(f"The template '{text}' has {MASK} {_times(text.count(MASK))}; it needs it once.")
    found = _SLOT.findall(text)
    wanted = ["{text_a}", "{text_b}"] if pairs else ["{text}"]
    if sorted(found) != wanted:
        other = _OTHER_SLOTS.search(text)
        if not found and other is not None:
            raise DataError(f"The template '{text}' has '{other.group()}'; a text is written {' and '.join(wanted)}.")
        has = " and ".join(found) or "no text"
        raise DataError(f"The template '{text}' has {has}; it needs {' and '.join(wanted)}, once.")
    return Template(text, tuple(_SLOT.split(text)), tuple(_SLOTS[slot] for slot in found))


def templates(texts: Iterable[str], pairs: bool, where: str) -> tuple[Template, ...]:
    """Each once, in their order.

    Args:
        where: They come from, for messages.

    Raises:
        DataError: one of them is wrong, there are none, or more than :data:`MOST_TEMPLATES`.
    """
    try:
        found = tuple(template(text, pairs) for text in dict.fromkeys(texts))
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
    if not found:
        raise DataError(f"{where} has no template.")
    if len(found) > MOST_TEMPLATES:
        raise DataError(f"{where} has {len(found)} templates; {MOST_TEMPLATES} are the most.")
    return found


def read_templates(path: Path, pairs: bool) -> tuple[Template, ...]:
    """Out of a text file, one in each line, or of a table's column ``template``.

    Raises:
        DataError: as of :func:`templates`, or the file cannot be read.
    """
    if path.suffix.casefold() in (".txt", ""):
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}).") from None
        return templates(_lines(lines(decode(raw, str(path)).text)), pairs, str(path))
    table = read_table(path)
    if any(MASK in name for name in table.names):
        # The first row is a template as well.
        table = read_table(path, Reading(header=False))
    named = [name for name in table.names if name.casefold() in ("template", "templates", "prompt")]
    if not named and len(table.names) > 1:
        raise DataError(f"{path} needs a column 'template'; its columns are {', '.join(table.names)}.")
    return templates(_lines(table.column(named[0] if named else table.names[0])), pairs, str(path))


def _lines(cells: Sequence[object]) -> list[str]:
    found = [line for cell in cells if cell is not None and (line := str(cell).strip())]
    # Remarks.
    return [line for line in found if not line.startswith("#") or MASK in line]


def _times(count: int) -> str:
    return "not once" if not count else "twice" if count == 2 else f"{count} times"
