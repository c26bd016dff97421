"""Bytes of a text file to text: the file's own mark, UTF-8, UTF-16, else the code page it reads best in. Always
said."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from tune_dml.data.code_pages import CODE_PAGES, likeliest
from tune_dml.errors import DataError, nearest

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
#: Encodings of Python's that are for other things than files of texts.
_NOT_FOR_FILES = frozenset({"idna", "punycode", "unicode-escape", "unicode_escape", "raw-unicode-escape", "undefined"})
_CONTROLS = re.compile(r"[\x80-\x9f]")
_PLAIN_AND_ZERO = bytes([0, 9, 10, 13, *range(32, 127)])
_DOS_END = re.compile(r"\x1a+[\r\n]*\Z")


@dataclass(frozen=True)
class Decoded:
    """A file's text, without its byte-order mark, and plain sentences about how it was read."""

    text: str
    notes: tuple[str, ...]


def check_encoding(name: str) -> str:
    """The name of an encoding of texts, as Python spells it.

    Raises:
        DataError: there is none of that name.
    """
    try:
        found = codecs.lookup(name)
        usable = bool(getattr(found, "_is_text_encoding", True)) and found.name not in _NOT_FOR_FILES
    except (LookupError, ValueError):
        usable = False
    if not usable:
        hint = nearest(name, ("utf-16", "latin-1", "ascii", *CODE_PAGES))
        raise DataError(f"--encoding '{name}' is not the name of an encoding; {hint}")
    return found.name


def decode(raw: bytes, where: str, encoding: str | None = None) -> Decoded:
    """The text of ``raw``; control characters that no text holds are never in it.

    Args:
        where: What messages call it.
        encoding: What ``--encoding`` says; ``None`` finds it: a byte-order mark, UTF-8, UTF-16 by its zero bytes, and
            then the code page that the bytes read best in. UTF-8 with a few other bytes stays UTF-8.

    Raises:
        DataError: the encoding is unknown or does not fit, or this is no text.
    """
    text, notes = _as_named(raw, where, encoding) if encoding is not None else _as_found(raw, where)
    text = _DOS_END.sub("", text)
    if "\0" in text:
        line = line_at(text, text.index("\0"))
        raise DataError(
            f"{where} holds zero bytes (the first in line {line}): it is not a text file that can be decoded. "
            "Save it as UTF-8."
        )
    mended, controls = without_controls(text)
    if controls:
        first = line_at(text, _CONTROLS.search(text).start())  # type: ignore[union-attr]
        number = "1 control character" if controls == 1 else f"{controls:,} control characters"
        notes += (f"{number} of {where} (first in line {first}) read as the Windows-1252 signs that they stand for.",)
    return Decoded(mended, notes)


def without_controls(text: str) -> tuple[str, int]:
    """C1 control characters, which are Windows-1252 that was once read as Latin-1, as what they were; how many."""
    return _CONTROLS.subn(lambda match: bytes([ord(match[0])]).decode("cp1252", "replace"), text)


def line_at(text: str, position: int) -> int:
    """The line that a position is in, counted from 1."""
    return text.count("\n" if "\n" in text else "\r", 0, position) + 1


def lines(text: str) -> list[str]:
    r"""Lines, which end in ``\n`` or ``\r\n``, or in ``\r`` where the text has no other line end."""
    parts = text.split("\n" if "\n" in text else "\r")
    if not parts[-1]:
        parts.pop()
    return [part.removesuffix("\r") for part in parts]


def _as_named(raw: bytes, where: str, encoding: str) -> tuple[str, tuple[str, ...]]:
    name = check_encoding(encoding)
    try:
        text = raw.decode("utf-8-sig" if name == "utf-8" else name)
    except UnicodeError as error:
        before = raw[: getattr(error, "start", 0)].decode(name, "ignore")
        raise DataError(
            f"{where} is not in the encoding {encoding} that --encoding names: line {line_at(before, len(before))} "
            "does not fit it. Name another, or leave it out to have it found."
        ) from None
    return text.removeprefix("\ufeff"), ()


def _as_found(raw: bytes, where: str) -> tuple[str, tuple[str, ...]]:
    for mark, name, title in _MARKS:
        if raw.startswith(mark):
            # Positions of faults count from the mark where it is left to the decoder.
            raw = raw[len(mark) :] if title == "UTF-8" else raw
            return _replaced(raw, where, name, title, () if title == "UTF-8" else (f"{where} was read as {title}.",))
    try:
        text = raw.decode("utf-8")
        if "\0" not in text and "\x1b$" not in text:
            return text, ()
    except UnicodeDecodeError:
        pass
    for name, title in _by_structure(raw):
        return raw.decode(name), (f"{where} was read as {title}.",)
    name = "utf-8" if b"\0" in raw else likeliest(raw)
    title = CODE_PAGES[name][0]
    said = f"{where} is not UTF-8 and was read as {title} ({name}); if its letters are wrong, name it with --encoding."
    return _replaced(raw, where, name, title, () if name == "utf-8" else (said,))


def _replaced(raw: bytes, where: str, encoding: str, title: str, notes: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The text, with what the encoding does not have replaced and counted."""
    try:
        return raw.decode(encoding), notes
    except UnicodeDecodeError as error:
        text = raw.decode(encoding, "replace")
        before = raw[: error.start].decode(encoding, "ignore")
    escaped = raw.decode(encoding, "surrogateescape") if title == "UTF-8" else ""
    number = sum("\udc80" <= char <= "\udcff" for char in escaped) or text.count("\ufffd")
    counted = f"1 byte of {where} is" if number == 1 else f"{number:,} bytes of {where} are"
    return text, (
        *notes,
        f"{counted} not {title} (first in line {line_at(before, len(before))}) and read as �; "
        "if the whole file is in another encoding, name it with --encoding.",
    )


def _by_structure(raw: bytes) -> list[tuple[str, str]]:
    """Encodings that show in the bytes without a mark: every other one zero, or the escapes of ISO-2022-JP."""
    if b"\x1b$" in raw and raw.isascii():
        candidates = [("iso2022_jp", "ISO-2022-JP")]
    elif b"\0" in raw and len(raw) % 2 == 0 and not _is_ascii_with_zeros(raw):
        even, odd = raw[::2].count(0), raw[1::2].count(0)
        candidates = (
            [("utf-16-le", "UTF-16")] if odd > 9 * even else [("utf-16-be", "UTF-16")] if even > 9 * odd else []
        )
    else:
        candidates = []
    return [(name, title) for name, title in candidates if _is_text(raw, name)]


def _is_ascii_with_zeros(raw: bytes) -> bool:
    """Whether it reads as plain text but for a few zeros; of English in UTF-16, half of the bytes are zero."""
    return raw.count(0) < 0.45 * len(raw) and not raw.translate(None, _PLAIN_AND_ZERO)


def _is_text(raw: bytes, encoding: str) -> bool:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0e-\x19\ufffe\uffff]", text)
