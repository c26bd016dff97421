"""The classes of a task: as its file names them, else as the task does, else by their labels."""

from __future__ import annotations

from dataclasses import replace

from tune_dml.data.class_names import one_to_one
from tune_dml.data.columns import RawRows
from tune_dml.data.labels import LabelCode, same
from tune_dml.data.registry import TaskSpec
from tune_dml.data.source import Source

_LONGEST_EXAMPLE = 60
_MOST_CLASSES = 10


def hidden(test: RawRows, train: RawRows) -> bool:
    """Whether the test labels are withheld: none at all, or GLUE's -1 on every row."""
    labels = {None if label is None else same(label) for label in test.labels}
    return labels == {None} or (labels == {"-1"} and "-1" not in train.labels)


def class_code(raw: dict[str, RawRows], spec: TaskSpec | None, source: Source, notes: list[str]) -> LabelCode:
    """The code of the training labels. Where the files name the classes, ``raw`` has the names for labels then."""
    of_file = _named_by_file(raw, notes)
    train = raw["train"] if "train" in raw else raw["all"]
    known = (spec.label_names if spec is not None else source.label_names, of_file)
    code = LabelCode([label for label in train.labels if label is not None], *known)
    if spec is not None and code.fits != 0:
        notes.append(f"The labels are not those of {spec.name}; the classes are {', '.join(code.names[:10])}.")
    if spec is not None and code.by_position and source.files:
        notes.append(_by_position(train, code, spec.name))
    if code.merged:
        shown = ", ".join(f"'{name}'" for name in code.merged[:_MOST_CLASSES])
        notes.append(f"Labels that look alike but are written in several ways are one class each: {shown}.")
    return code


def _named_by_file(raw: dict[str, RawRows], notes: list[str]) -> tuple[str, ...]:
    """The names in the order of the numbers that they stand for; empty where no file has both."""
    pairs = {
        (same(label), name)
        for rows in raw.values()
        for label, name in zip(rows.labels, rows.named or (), strict=False)
        if label is not None and name is not None
    }
    labels = {same(label) for rows in raw.values() if rows.named for label in rows.labels if label is not None}
    if not pairs or not all(label.removeprefix("-").isdecimal() for label in labels):
        return ()
    called = one_to_one(pairs)
    if called is None:
        notes.append("The column that names the classes does not fit the labels one to one and is not used.")
        return ()
    for split, rows in raw.items():
        raw[split] = replace(rows, labels=[label and called.get(same(label), label) for label in rows.labels])
    ordered = sorted(called, key=int)
    shown = ", ".join(f"{number} is '{called[number]}'" for number in ordered[:_MOST_CLASSES])
    notes.append(f"The file names its classes: {shown}{', ...' if len(ordered) > _MOST_CLASSES else ''}.")
    return tuple(called[number] for number in ordered)


def _by_position(train: RawRows, code: LabelCode, task: str) -> str:
    first: dict[int, str] = {}
    for text, index in zip(train.texts, code.encode(train, "training"), strict=True):
        first.setdefault(index, text)
    examples = ", ".join(
        f"{i} is '{code.names[i]}' (as in '{_short(first[i])}')" for i in sorted(first)[:_MOST_CLASSES]
    )
    return (
        f"The labels are numbers and were given the names of {task}: {examples}. If they mean other classes, "
        "write names into the file."
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_EXAMPLE else line[: _LONGEST_EXAMPLE - 1].rstrip() + "…"
