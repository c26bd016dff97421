"""The classes of a task: as its file names them, else as the task does, else by their labels."""

from __future__ import annotations

from dataclasses import replace

from tune_dml.data.class_names import one_to_one
from tune_dml.data.folding import visible
from tune_dml.data.known_tasks import TaskSpec
from tune_dml.data.label_sets import listed
from tune_dml.data.labels import LabelCode, same
from tune_dml.data.raw_rows import RawRows
from tune_dml.data.task_source import Source

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
    sets = [listed(name) for name in code.names]
    if None not in sets and any(len(names or ()) > 1 for names in sets):
        notes.append(
            f"Labels such as '{code.names[0]}' are a class each; --kind multilabel takes them as several labels."
        )
    return code


def _named_by_file(raw: dict[str, RawRows], notes: list[str]) -> tuple[str, ...]:
    """The names in the order of the numbers that they stand for, in the training file; empty where no file has both.

    Each file's names are those of its own numbers: copies of a data set number the classes differently.
    """
    pairs = {split: _pairs(rows) for split, rows in raw.items() if rows.named}
    numbers = {number for found in pairs.values() for number, _ in found}
    if not numbers or not all(number.removeprefix("-").isdecimal() for number in numbers):
        return ()
    own = {split: one_to_one(found) for split, found in pairs.items()}
    if None in own.values():
        notes.append("What names the classes does not fit the labels one to one and is not used.")
        return ()
    called: dict[str, str] = {}
    for split in sorted(own, key=lambda name: name not in ("train", "all")):
        for number, name in (own[split] or {}).items():
            if visible(name) not in map(visible, called.values()):
                called.setdefault(number, name)
    for split, rows in raw.items():
        names = called | (own.get(split) or {})
        raw[split] = replace(rows, labels=[label and names.get(same(label), label) for label in rows.labels])
    ordered = sorted(called, key=int)
    shown = ", ".join(f"{number} is '{called[number]}'" for number in ordered[:_MOST_CLASSES])
    notes.append(f"The file names its classes: {shown}{', ...' if len(ordered) > _MOST_CLASSES else ''}.")
    for split, found in own.items():
        for number, name in sorted((found or {}).items()):
            if visible(called.get(number, name)) != visible(name):
                notes.append(f"The {split} split numbers them differently: its {number} is '{name}'.")
                break
    return tuple(called[number] for number in ordered)


def _pairs(rows: RawRows) -> set[tuple[str, str]]:
    """Each number with its name."""
    both = zip(rows.labels, rows.named or (), strict=False)
    return {(same(label), name) for label, name in both if label is not None and name is not None}


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
