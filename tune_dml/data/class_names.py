"""Names that a file gives to the numbers in its label column: they are the classes' names, whatever a task calls
them."""

from __future__ import annotations

from collections import defaultdict

from tune_dml.data.folding import visible
from tune_dml.data.tables import Table

#: Behind the name of the label column.
_ENDINGS = ("_text", "_name", "_names", "_str", "_string", "_title")


def names_in(table: Table, label: str) -> str | None:
    """The column beside ``label`` that says in words what it says in numbers; ``None`` if there is none."""
    wanted = {label.casefold() + ending: place for place, ending in enumerate(_ENDINGS)}
    found = [name for name in table.names if name.casefold() in wanted]
    # Of two columns of one name neither can be told from the other.
    return min((n for n in found if found.count(n) == 1), key=lambda n: wanted[n.casefold()], default=None)


def one_to_one(pairs: set[tuple[str, str]]) -> dict[str, str] | None:
    """What each number is called; ``None`` if a number has several names, or several numbers one."""
    by_number: defaultdict[str, set[str]] = defaultdict(set)
    by_name: defaultdict[str, set[str]] = defaultdict(set)
    for number, name in pairs:
        by_number[number].add(visible(name))
        by_name[visible(name)].add(number)
    if any(len(found) > 1 for found in (*by_number.values(), *by_name.values())):
        return None
    return {number: name for number, name in sorted(pairs, reverse=True)}
