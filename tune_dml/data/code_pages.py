"""Which code page a file's bytes are written in, judged by what they read as.

Each candidate decodes the lines that hold bytes outside ASCII. What comes out is scored as text: how likely its
letters are in the language that they fit best (a language with many of its common words in the file is the likelier
one), less what text does not do: a capital after a small letter, two scripts within a word, a sign between two
letters, a byte that the code page does not have. Scores are logarithms of probabilities of the same bytes, so
candidates of one and of two bytes a letter compare.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache
from itertools import pairwise

from tune_dml.data.letters import LANGUAGES, MARKS, Language

#: Python's name, what people call it, and what is taken off for being rare. ISO 8859-1 is read as Windows-1252, which
#: has all of its letters.
CODE_PAGES: dict[str, tuple[str, float]] = {
    "utf-8": ("UTF-8", 0.0),
    "cp1252": ("Windows-1252", 0.0),
    "cp1250": ("Windows-1250", 1.0),
    "cp1251": ("Windows-1251", 1.0),
    "cp1253": ("Windows-1253", 1.5),
    "cp1254": ("Windows-1254", 1.5),
    "cp1255": ("Windows-1255", 2.0),
    "cp1256": ("Windows-1256", 2.0),
    "cp1257": ("Windows-1257", 2.0),
    "cp874": ("Windows-874", 2.0),
    "cp932": ("Shift-JIS", 1.0),
    "gb18030": ("GB18030", 1.0),
    "big5": ("Big5", 2.0),
    "cp949": ("EUC-KR", 1.0),
    "euc_jp": ("EUC-JP", 2.0),
    "koi8-r": ("KOI8-R", 2.0),
    "koi8-u": ("KOI8-U", 3.0),
    "mac-roman": ("Mac Roman", 3.0),
    "mac-latin2": ("Mac Central European", 5.0),
    "mac-cyrillic": ("Mac Cyrillic", 7.0),
    "iso8859-2": ("ISO 8859-2", 2.0),
    "iso8859-5": ("ISO 8859-5", 4.0),
    "iso8859-7": ("ISO 8859-7", 3.0),
    "iso8859-15": ("ISO 8859-15", 2.0),
    "cp866": ("DOS 866", 3.0),
    "cp850": ("DOS 850", 4.0),
    "cp852": ("DOS 852", 4.0),
}
#: Bytes that are looked at: a few hundred sentences say as much as all.
_SAMPLE = 8_192
#: Whether there is a letter outside ASCII in it is asked afterwards: as a part of the pattern that takes time in
#: proportion to the square of a word's length.
_WORD = re.compile(r"[^\W\d_]+")
_SIGNS_IN_WORD = re.compile(
    r"(?<=[^\W\d_])[^\w\s\x00-\x7f’·ー・、。，！？：；（）「」《》\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\ufffd]+(?=[^\W\d_])"
)
#: Where a typographic apostrophe belongs: it's, don't, I'll; l'été, qu'il, dell'anno.
_APOSTROPHE = re.compile(r"(?i)[a-z]’(?:s|t|d|m|ll|re|ve)\b|\b(?:[cdjlmnst]|qu|un|dell|all|nell)’(?=[^\W\d_])")
#: A final sigma within a word, and an apostrophe that opens one.
_MISPLACED = re.compile(r"ς(?=[^\W\d_])|(?<!\w)’(?=[^\W\d_])")
_LONE_CAPITAL = re.compile(r"(?<!\S)[À-ÞŠŒŽŸ](?!\S)")
_UNLIKELY, _IMPOSSIBLE = 6.0, 10.0
_FLOOR = -12.0


def likeliest(raw: bytes) -> str:
    """The code page, as Python names it, that ``raw`` reads best in; ``utf-8`` if most of it is that."""
    sample = _telling_lines(raw)
    words = _word_counts(raw)
    old_mac = b"\r" in raw and b"\n" not in raw
    scores = {}
    for name, (_, rare) in CODE_PAGES.items():
        # Lines that end in a carriage return alone were written on an old Macintosh.
        prior = 0.0 if old_mac and name.startswith("mac") else rare
        scores[name] = _score(sample.decode(name, "replace"), words) - prior
    return max(scores, key=scores.__getitem__)


def _telling_lines(raw: bytes) -> bytes:
    """The first lines with bytes outside ASCII."""
    found, size = [], 0
    for match in re.finditer(rb"[^\r\n]+", raw):
        if not match[0].isascii():
            found.append(match[0])
            size += len(match[0])
            if size > _SAMPLE:
                break
    return b"\n".join(found)[: 2 * _SAMPLE]


def _word_counts(raw: bytes) -> Counter[str]:
    ascii_words = re.findall(rb"(?<![\w\x80-\xff])[A-Za-z]+(?![\w\x80-\xff])", raw[: 8 * _SAMPLE])
    return Counter(word.decode("ascii").lower() for word in ascii_words)


def _score(text: str, words: Counter[str]) -> float:
    odd = _oddities(text)
    # A word in capitals is one choice of its writer, not one for each letter.
    settled = _WORD.sub(lambda match: match[0].lower() if _is_in_capitals(match[0]) else match[0], text)
    foreign = [(char, count) for char, count in Counter(settled).items() if char > "\x7f" and char != "\ufffd"]
    return -odd + max(
        sum(count * _likelihood(language, char) for char, count in foreign)
        + _known_words(language, words, sum(count for _, count in foreign))
        for language in range(len(LANGUAGES))
    )


def _is_in_capitals(word: str) -> bool:
    return len(word) > 1 and not word.isascii() and word.isupper()


def _known_words(language: int, words: Counter[str], foreign: int) -> float:
    if LANGUAGES[language].words:
        return sum(min(words[word], 20) for word in LANGUAGES[language].words.split())
    # A language of another script is not one that shows in a letter or two among words of ASCII letters.
    return -min(2 * _UNLIKELY, 0.5 * max(0, words.total() - foreign))


def _oddities(text: str) -> float:
    """How much there is that text does not do."""
    odd = _IMPOSSIBLE * text.count("\ufffd") + _UNLIKELY * sum(map(len, _SIGNS_IN_WORD.findall(text)))
    odd += _UNLIKELY * len(_MISPLACED.findall(text))
    odd += _UNLIKELY / 2 * (len(_LONE_CAPITAL.findall(text)) - len(_APOSTROPHE.findall(text)))
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        scripts = [_script(char) for char in word]
        odd += _UNLIKELY * sum(a != b for a, b in pairwise(scripts))
        odd += _UNLIKELY / 3 * (len(word) > 1 and word.isupper())
        odd += _UNLIKELY * sum(a.islower() and b.isupper() for a, b in pairwise(word))
    return odd


#: The first code point of each script, in order; kana and Han mix in Japanese.
_SCRIPTS = ((0, "latin"), (0x370, "greek"), (0x400, "cyrillic"), (0x530, "armenian"), (0x590, "hebrew"),
            (0x600, "arabic"), (0x700, "others"), (0x1E00, "latin"), (0x2000, "signs"), (0x3000, "han"),
            (0xAC00, "hangul"), (0xE000, "private"), (0xF900, "han"), (0xFB50, "others"), (0xFF00, "wide"))  # fmt: skip


@cache
def _script(char: str) -> str:
    return next(name for first, name in reversed(_SCRIPTS) if ord(char) >= first)


@cache
def _likelihood(language: int, char: str) -> float:
    """The logarithm of how often this character is the one, of those outside ASCII, that the language has."""
    return _table(language).get(char, _elsewhere(LANGUAGES[language], char))


def _elsewhere(language: Language, char: str) -> float:
    if language.others is not None:
        first, last, in_use = language.others
        if first <= ord(char) <= last:
            # The first part of these sets holds the common characters, in the order of their sounds or radicals.
            return math.log(0.5 / in_use) if _common(language, char) else _FLOOR
    return _FLOOR


def _common(language: Language, char: str) -> bool:
    encoding, limit = {"Japanese": ("euc_jp", 0xD0), "Korean": ("euc_kr", 0xC9)}.get(language.name, ("gb2312", 0xD8))
    if language.name.endswith("traditional characters"):
        encoding, limit = "big5", 0xC7
    try:
        coded = char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return len(coded) == 2 and coded[0] < limit


@cache
def _table(language: int) -> dict[str, float]:
    about = LANGUAGES[language]
    ordered = list(dict.fromkeys(about.letters))
    weights = [50.0 ** (-rank / max(1, len(ordered) - 1)) for rank in range(len(ordered))]
    share = 0.3 if about.name == "English" else 0.5 if about.others else 0.85
    found = {}
    for char, weight in zip(ordered, weights, strict=True):
        found[char] = math.log(share * weight / sum(weights))
        if len(char.upper()) == 1 and char.upper() > "\x7f":
            found.setdefault(char.upper(), found[char] - 2.5)
    if about.name == "Turkish":
        found["İ"] = found["ı"] - 2.0
    marks = about.marks + MARKS
    for rank, char in enumerate(marks):
        found.setdefault(char, math.log((1 - share) * 0.85**rank * 0.15))
    return found
