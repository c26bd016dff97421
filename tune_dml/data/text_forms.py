"""How many texts an example has, what their columns are usually called, and how they are spoken of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextForm:
    """What a kind of task has for texts.

    Attributes:
        count: Texts of an example.
        names: What their columns are usually called, the most usual first; in any case.
        called: Several of them, in words.
        columns: How many columns they need, in words.
        rule: What a model of such texts takes, as a sentence.
        reads: Why a text a line is not enough, and what is, as the end of a sentence; empty where it is.
        example: One, as Python writes it.
    """

    count: int
    names: tuple[tuple[str, ...], ...]
    called: str
    columns: str
    rule: str
    reads: str
    example: str

    @property
    def keys(self) -> tuple[str, ...]:
        """What the columns are called where nobody has named them."""
        return self.names[0]


ONE_TEXT = TextForm(
    count=1,
    names=(("text",), ("sentence",)),
    called="texts",
    columns="one text column",
    rule="This model classifies single texts: give a list of strings, or a frame or dict with a column 'text'.",
    reads="",
    example='"a text"',
)
TWO_TEXTS = TextForm(
    count=2,
    names=(("text_a", "text_b"), ("sentence1", "sentence2")),
    called="pairs of texts",
    columns="two text columns, for its pairs",
    rule="This model classifies pairs of texts: give each as (first, second), or a frame or dict with the columns "
    "'text_a' and 'text_b'.",
    reads="this model reads pairs: give a file with two text columns",
    example='("first text", "second text")',
)
TEXT_FORMS = (ONE_TEXT, TWO_TEXTS)
