"""Which class a name stands for that somebody has written by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tune_dml.data.folding import folded, visible
from tune_dml.data.labels import same
from tune_dml.data.spoken_names import spoken_names
from tune_dml.errors import DataError, nearest

#: Of names, the finest first.
_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    visible,
    partial(same, fractions=False),
    same,
    lambda name: folded(same(name)),
)


class KnownClasses:
    """Classes by what a file may call them: as they are written, else in any way that no other class could be."""

    def __init__(self, task: str, names: Sequence[str]) -> None:
        self._task, self._names = task, names
        self._by_form: list[defaultdict[str, set[int]]] = [defaultdict(set) for _ in _FORMS]
        for called in (names, spoken_names(task, names)):
            for label, name in enumerate(called):
                for form, labels in zip(_FORMS, self._by_form, strict=True):
                    labels[form(name)].add(label)

    def label(self, name: Any) -> int | None:
        """The class that is called so."""
        for form, labels in zip(_FORMS, self._by_form, strict=True):
            found = labels.get(form(str(name)), ())
            if len(found) == 1:
                return next(iter(found))
        return None

    def count(self, names: Iterable[Any]) -> int:
        """How many of them are classes."""
        return sum(self.label(name) is not None for name in names)

    def check_no_class(self, name: str, path: Path) -> None:
        """Raises:
        DataError: the name, out of what was taken for a header, is that of a class but for a letter or two.
        """
        hint = nearest(name, self._names)
        if hint.startswith("did you mean"):
            raise DataError(
                f"{path}: if its first row is a class and a text, {self._task} has no class '{name}': {hint} If it "
                "names the columns, call them class and text."
            )
