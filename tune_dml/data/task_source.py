"""What every kind of source gives: tables by split, before columns and labels are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tune_dml.data.columns import Wanted, matching
from tune_dml.data.tables import Table

#: Files and splits by these names are one and the same.
SPLIT_NAMES = {
    "train": ("train",),
    "validation": ("validation", "valid", "val", "dev", "devel", "development"),
    "test": ("test",),
}


@dataclass(frozen=True)
class Source:
    """Tables of one task.

    Attributes:
        tables: By split (``train``, ``validation``, ``test``), or one called ``all`` that is split here.
        where: In plain words, for reports.
        wanted: The columns this source is known to have.
        label_names: The class names that the source itself declares, in the order of its integer labels.
        files: Whether the tables are the user's own files, whose numbering of the classes nobody vouches for.
    """

    tables: Mapping[str, Table]
    where: str
    wanted: Wanted = field(default_factory=Wanted)
    label_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: bool = False

    def labelled(self, names: Sequence[str]) -> Source:
        """With the first of these columns that the training table has for its labels, unless it is known to have
        another."""
        table = self.tables["train" if "train" in self.tables else "all"]
        found = next((name for name in names if matching(table, name) is not None), None)
        wanted = self.wanted if found is None or self.wanted.label else replace(self.wanted, label=found)
        return replace(self, wanted=wanted)
