"""Names of folders, models and jobs, out of words that a user gave in whatever script."""

from __future__ import annotations

import hashlib
import unicodedata

#: Bytes in UTF-8. File names end at 255, at 143 where a file system encrypts them, and longer ones are made of these.
LONGEST = 100
_PUNCTUATION = "._-"


def stays(character: str) -> bool:
    """Whether a character can stand in a name everywhere: letters with their marks and digits, of any script, and
    ``.``, ``_``, ``-``."""
    return character in _PUNCTUATION or unicodedata.category(character)[0] in "LMN"


def slug(words: str, longest: int = LONGEST) -> str:
    """What can name a folder everywhere: runs of what is not :func:`stays` become one ``-``.

    Two texts may have the same: see :func:`distinct_slug`.

    Args:
        longest: Bytes in UTF-8 that are left at most.

    Returns:
        In the composed form of Unicode (NFC), without ``-`` and ``.`` at its ends; empty without letters and digits.
    """
    composed = unicodedata.normalize("NFC", words)
    kept = "".join(c if stays(c) else " " for c in composed)
    return _cut("-".join(kept.split()).strip("-."), longest).strip("-.")


def distinct_slug(words: str, longest: int = LONGEST) -> str:
    """``words`` where they are a slug as they stand; else their slug, with a digest that tells them from all others."""
    if words and slug(words, longest) == words:
        return words
    mark = digest(words)
    return f"{slug(words, longest - len(mark) - 1) or 'task'}-{mark}"


def ascii_slug(words: str) -> str:
    """As :func:`distinct_slug`, for what takes no letters beyond ASCII."""
    if words.isascii():
        return slug(words)
    mark = digest(words)
    plain = slug("".join(c if c.isascii() else " " for c in words), LONGEST - len(mark) - 1)
    return f"{plain}-{mark}".strip("-.")


def digest(words: str) -> str:
    """Six hexadecimal digits that depend on every character."""
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def _cut(text: str, longest: int) -> str:
    return text.encode("utf-8", "ignore")[:longest].decode("utf-8", "ignore")
