"""Columns by name, as every kind of file gives them: what stands in the file is what is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tune_dml.data.text_forms import TEXT_FORMS

#: Names that columns of texts usually have, and the label's; in any case.
USUAL_NAMES = frozenset({"label", *(name for form in TEXT_FORMS for some in form.names for name in some)})


@dataclass(frozen=True)
class Reading:
    """How files are read: ``--encoding`` (``None``: found) and whether the first row holds names."""

    encoding: str | None = None
    header: bool = True


AS_FOUND = Reading()


@dataclass(frozen=True)
class Table:
    """Columns by name. A cell is a string, a number, a boolean or ``None``; anything else is refused where it is used.

    Attributes:
        where: What messages call it: the file's path, or the split of a data set.
        column: Gives a column's cells, in order; of columns of one name, the first's.
        notes: Plain sentences about how it was read.
        class_names: By column, the names that the file itself gives to the integers 0, 1, ... in it.
        header: Whether the file's first row holds the names, or there are none and they are ``1``, ``2``, ...; ``None``
            where every row holds them, or the format does.
    """

    where: str
    names: tuple[str, ...]
    column: Callable[[str], list[Any]]
    notes: tuple[str, ...] = ()
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    header: bool | None = None
