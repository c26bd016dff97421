"""Texts and labels as they are compared: without what no reader sees. What is compared so is kept as it was written."""

from __future__ import annotations

import re
import unicodedata

#: Characters of no width: soft hyphens, zero-width spaces and joiners, marks of direction and byte order, tags, the
#: grapheme joiner, and the selectors of a character's variants.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f\U000e0100-\U000e01ef]"
)
#: Those that belong to no character beside them.
_EDGE = r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+"
_EDGES = re.compile(rf"\A{_EDGE}|{_EDGE}\Z")


def visible(text: str) -> str:
    """One form for all that looks alike: invisible characters removed, runs of any space one space, NFC."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    return " ".join(text.split())


def folded(text: str) -> str:
    """:func:`visible`, in one case."""
    seen = visible(text).casefold()
    return seen if seen.isascii() else unicodedata.normalize("NFC", seen)


def stripped(text: str) -> str:
    """A text without spaces around it; empty if there is nothing to see in it."""
    bare = text.strip()
    return bare if bare.isascii() or _INVISIBLE.sub("", bare).strip() else ""


def trimmed(text: str) -> str:
    """A label without spaces and zero-width characters around it."""
    return text.strip() if text.isascii() else _EDGES.sub("", text)
