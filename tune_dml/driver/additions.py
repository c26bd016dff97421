"""What recipes of a search may use beside its labelled texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tune_dml.data import LabelTexts
    from tune_dml.results.best_file import BestFile
    from tune_dml.results.search_file import SearchFile


@dataclass(frozen=True)
class Additions:
    """As ``search.yaml`` and ``best.yaml`` hold them.

    Attributes:
        label_texts: Texts made of the classes' names.
        templates: What texts may be put in.
        words: That classes begin as where a recipe's head has them, by class.
        unlabelled_sha256: Of the texts of masked-LM steps, if there were any.
    """

    label_texts: LabelTexts = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    unlabelled_sha256: str = ""

    def joined(self, other: Additions) -> Additions:
        """What either has, this one's first: of encoders of one search some may have no use for a thing."""
        return Additions(
            self.label_texts or other.label_texts,
            self.templates or other.templates,
            self.words or other.words,
            self.unlabelled_sha256 or other.unlabelled_sha256,
        )


def additions_of(file: SearchFile | BestFile) -> Additions:
    """What it holds."""
    return Additions(file.label_texts, file.templates, file.words, file.unlabelled_sha256)
