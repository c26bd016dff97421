"""Texts whose classes are known: each holds words that no other class has, so that any encoder can tell them apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

FILLER = ["the", "about", "today", "again", "with", "some", "people", "said", "there", "was", "very", "much"]
CLASSES: dict[str, tuple[str, ...]] = {
    "sport": ("goal", "match", "football", "team", "cup", "player"),
    "tech": ("computer", "software", "internet", "phone", "data", "screen"),
    "food": ("bread", "soup", "cook", "kitchen", "sugar", "cheese"),
    "law": ("court", "judge", "police", "trial", "prison", "crime"),
    "music": ("song", "guitar", "piano", "album", "band", "singer"),
}
WORDS = tuple(dict.fromkeys([*FILLER, *(word for words in CLASSES.values() for word in words)]))


@dataclass
class Row:
    """One text as a file holds it.

    Attributes:
        label: The cell, of whatever type.
        truth: The name of its class.
        text_b: The other text, of a pair.
        extra: Cells of other columns.
    """

    text: Any
    label: Any
    truth: str
    text_b: Any = None
    extra: dict[str, Any] = field(default_factory=dict)


def text_of(name: str, random: Random, words: int = 7) -> str:
    """A text of the class ``name``."""
    picked = random.sample(CLASSES[name], 4) + random.choices(FILLER, k=words - 4)
    random.shuffle(picked)
    return " ".join(picked)


def planted(counts: dict[str, int], random: Random) -> list[Row]:
    """So many texts of each class, no two alike, in random order."""
    seen: set[str] = set()
    rows = []
    for name, count in counts.items():
        while count:
            text = text_of(name, random)
            if text not in seen:
                seen.add(text)
                rows.append(Row(text, name, name))
                count -= 1
    random.shuffle(rows)
    return rows
