"""Texts and labels as they are compared: without what no reader sees. What is compared so is kept as it was written."""

from __future__ import annotations

import re
import unicodedata

#: Characters of no width, beside those that Unicode calls format characters (zero-width spaces and joiners, soft
#: hyphens, byte-order and direction marks): the grapheme joiner, and the selectors of a character's variants.
_NO_WIDTH = re.compile("[\u034f\u180b-\u180d\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def visible(text: str) -> str:
    """One form for all that looks alike: invisible characters removed, runs of any space one space, NFC."""
    if not text.isascii():
        text = "".join(char for char in _NO_WIDTH.sub("", text) if unicodedata.category(char) != "Cf")
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def folded(text: str) -> str:
    """:func:`visible`, in one case."""
    seen = visible(text).casefold()
    return seen if seen.isascii() else unicodedata.normalize("NFC", seen)


def stripped(text: str) -> str:
    """A text without spaces around it; empty if there is nothing to see in it."""
    bare = text.strip()
    return bare if bare.isascii() or visible(bare) else ""


def trimmed(text: str) -> str:
    """A label without spaces and format characters around it."""
    start, end = 0, len(text)
    while start < end and _outside(text[start]):
        start += 1
    while end > start and _outside(text[end - 1]):
        end -= 1
    return text[start:end]


def _outside(char: str) -> bool:
    return char.isspace() or (char > "\x7f" and unicodedata.category(char) == "Cf")
