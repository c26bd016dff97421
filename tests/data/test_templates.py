"""Templates as users write them, and pools that are as unlike as can be."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import pytest

from tune_dml.data import SHIPPED, mean_dissimilarity, most_diverse, read_templates, template, templates
from tune_dml.data.template_pools import MOST_SETS, dissimilarity
from tune_dml.errors import DataError


@pytest.mark.parametrize(
    ("text", "pieces", "slots"),
    [
        ("{text} It was [MASK].", ("", " It was [MASK]."), (0,)),
        ("[MASK]: {text}", ("[MASK]: ", ""), (0,)),
        ("{x} %s {0} {text} {{[MASK]}}", ("{x} %s {0} ", " {{[MASK]}}"), (0,)),
        ("{text_b}? [MASK], {text_a}", ("", "? [MASK], ", ""), (1, 0)),
    ],
)
def test_they_are_taken_apart_literally(text: str, pieces: tuple[str, ...], slots: tuple[int, ...]) -> None:
    found = template(text, pairs=len(slots) > 1)
    assert (found.pieces, found.slots) == (pieces, slots)


@pytest.mark.parametrize(
    ("text", "pairs", "says"),
    [
        ("{text} It was.", False, r"has \[MASK\] not once; it needs it once"),
        ("[MASK] {text} [MASK]", False, r"has \[MASK\] twice"),
        ("{text} <mask>", False, r"has '<mask>'; the mask token is written \[MASK\]"),
        ('{"placeholder": "text_a"} It was {"mask"}.', False, r"has '\{\"mask\"\}'; the mask token is written"),
        ("*cls**sent_0*_It_was*mask*.*sep+*", False, r"has '\*mask\*'; the mask token is written"),
        ("{sentence} [MASK]", False, r"has '\{sentence\}'; a text is written \{text\}"),
        ("*sent_0* [MASK]", False, r"has '\*sent_0\*'; a text is written \{text\}"),
        ("[MASK]", False, r"has no text; it needs \{text\}, once"),
        ("{text} {text} [MASK]", False, r"has \{text\} and \{text\}; it needs \{text\}, once"),
        ("{text_a} [MASK]", False, r"has \{text_a\}; it needs \{text\}"),
        ("{text} [MASK]", True, r"has \{text\}; it needs \{text_a\} and \{text_b\}, once"),
        ("{text_a} {text_a} [MASK]", True, "it needs"),
    ],
)
def test_what_is_wrong_is_said(text: str, pairs: bool, says: str) -> None:
    with pytest.raises(DataError, match=says):
        template(text, pairs)


def test_files(tmp_path: Path) -> None:
    lines = ["{text} It was [MASK], really.", "# a remark", "[MASK]: {text}", "[MASK]: {text}"]
    (tmp_path / "mine.txt").write_text("\n".join(lines) + "\n")
    assert [one.text for one in read_templates(tmp_path / "mine.txt", False)] == [lines[0], lines[2]]
    (tmp_path / "mine.csv").write_text(f'id,template\n1,"{lines[0]}"\n2,{lines[2]}\n')
    assert [one.text for one in read_templates(tmp_path / "mine.csv", False)] == [lines[0], lines[2]]
    (tmp_path / "bare.csv").write_text(f'"{lines[0]}"\n{lines[2]}\n')
    assert [one.text for one in read_templates(tmp_path / "bare.csv", False)] == [lines[0], lines[2]]
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="needs a column 'template'; its columns are a, b"):
        read_templates(tmp_path / "odd.csv", False)
    (tmp_path / "wrong.txt").write_text("{text} It was [MASK].\n{text}\n")
    with pytest.raises(DataError, match=r"wrong\.txt: The template '\{text\}' has"):
        read_templates(tmp_path / "wrong.txt", False)
    with pytest.raises(DataError, match="has 65 templates; 64 are the most"):
        templates([f"{i} {{text}} [MASK]" for i in range(65)], False, "here")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_lists(name: str) -> None:
    pairs = name in ("pairs", "similarity")
    assert len(templates(SHIPPED[name], pairs, name)) == len(SHIPPED[name]) >= 12


def _plain(one: str, other: str) -> float:
    """The measure once more: tokens by hand, both distances by their definitions."""
    import re

    a, b = (re.findall(r"\{\w+\}|\[MASK\]|\w+|[^\w\s]", text) for text in (one, other))
    longest = max(len(a), len(b))
    differ = sum(i >= len(a) or i >= len(b) or a[i] != b[i] for i in range(longest))
    rows = list(range(len(other) + 1))
    for i, character in enumerate(one, 1):
        last, rows[0] = rows[0], i
        for j, against in enumerate(other, 1):
            last, rows[j] = rows[j], min(rows[j] + 1, rows[j - 1] + 1, last + (character != against))
    return (differ / longest + rows[-1] / max(len(one), len(other))) / 2


@pytest.mark.parametrize("name", SHIPPED)
def test_the_measure_and_the_best_pool(name: str) -> None:
    texts = SHIPPED[name]
    for one, other in combinations(texts[:5], 2):
        assert dissimilarity(one, other) == pytest.approx(_plain(one, other))
        assert dissimilarity(one, other) == dissimilarity(other, one)
    assert dissimilarity(texts[0], texts[0]) == 0
    for size in (2, 3, 6):
        pool = [texts[place] for place in most_diverse(texts, size)]
        # Of 1,000 random pools none is more diverse: the best of all was taken.
        found = (mean_dissimilarity(random.Random(i).sample(texts, size)) for i in range(1_000))
        assert mean_dissimilarity(pool) >= max(found) - 1e-9
    assert most_diverse(texts, 1) == (0,)
    assert most_diverse(texts, len(texts)) == tuple(range(len(texts)))
    with pytest.raises(ValueError, match="of 3 templates"):
        most_diverse(texts[:3], 4)


def test_of_many_the_best_is_approached(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*SHIPPED["topic"], *SHIPPED["sentiment"]]
    exact = mean_dissimilarity([texts[place] for place in most_diverse(texts, 4)])
    monkeypatch.setattr("tune_dml.data.template_pools.MOST_SETS", 1)
    found = most_diverse(texts, 4)
    assert len(set(found)) == 4
    assert mean_dissimilarity([texts[place] for place in found]) >= 0.99 * exact
    assert MOST_SETS > 1
