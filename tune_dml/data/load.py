"""From a task's name to clean, labelled splits."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from tune_dml.config import TaskSettings, absolute_path
from tune_dml.data import cleaning
from tune_dml.data.allocation import assign_groups
from tune_dml.data.columns import RawRows, read_rows
from tune_dml.data.embedded import from_package
from tune_dml.data.files import FOLDER_VARIABLE, from_folder_variable, from_path
from tune_dml.data.folds import stratified_rows
from tune_dml.data.hub import PREFIX, from_hub, hub_source_named
from tune_dml.data.labels import LabelCode, unknown_labels
from tune_dml.data.registry import TaskSpec, spec_named, unknown_task
from tune_dml.data.source import Source
from tune_dml.data.task import Split, Task
from tune_dml.errors import DataError

#: A generated test split: one text in five, but no more than this.
TEST_SHARE = 0.2
TEST_LIMIT = 2_000
#: Of a task, in characters.
LONGEST_NAME = 200
_TEST_SEED = (0x7E57,)


def load_task(settings: TaskSettings) -> Task:
    """Finds a task's data, reads it, cleans it and makes sure that it has what a search needs.

    Sources in order: ``settings.data``, the folder that ``TUNE_DML_DATA`` names, the embedded package, the hub. A
    single file gets a fixed, seeded, stratified test split. Where the test split has no labels, the
    validation split is the test split. Nothing depends on a test label except which labels are allowed at all.

    Raises:
        DataError: the data is missing, unreadable or unfit; the message says what to do.
        HubUnreachableError: it would have to come from the hub, which does not answer.
    """
    if not settings.task.strip():
        raise DataError("A task needs a name: --task SST2, or --task my-intents --data my.csv.")
    if not settings.task.isprintable() or len(settings.task) > LONGEST_NAME:
        raise DataError(f"A task's name is at most {LONGEST_NAME} printable characters; '{settings.task}' is not.")
    spec = spec_named(settings.task)
    name = spec.name if spec is not None else settings.task.strip()
    source = _find(settings, spec, name)
    raw, notes = _read(source, settings, spec)
    code = _label_code(raw, spec, source, notes)
    splits = {split: _encoded(rows, code, split) for split, rows in raw.items()}
    pool, validation, test = _clean(splits, notes)
    where = source.where
    _check_pool(pool, code, where)
    if test is None and not settings.no_test:
        pool, test = _generated_test(pool, where)
        notes.append(f"{cleaning.counted(len(test), 'text')} set apart as the test split (fixed, stratified).")
    names, pool, validation, test = _without_absent(code, pool, validation, test, where)
    kind = "single" if pool.texts_b is None else "pair"
    return Task(name, kind, names, pool, validation, test, where, tuple(notes))


def _find(settings: TaskSettings, spec: TaskSpec | None, name: str) -> Source:
    if settings.data is not None:
        return from_path(absolute_path(settings.data), name, settings.no_test)
    if name.startswith(PREFIX):
        return from_hub(hub_source_named(name), settings.no_test)
    folder = os.environ.get(FOLDER_VARIABLE)
    found = from_folder_variable(folder, name, settings.no_test) if folder else None
    if found is not None:
        return found
    if spec is None:
        raise unknown_task(name)
    if spec.embedded is not None:
        return from_package(spec.embedded)
    if spec.hub is None:
        raise DataError(f"{name} has no source of its own; give its data with --data.")
    return from_hub(spec.hub, settings.no_test)


def _read(source: Source, settings: TaskSettings, spec: TaskSpec | None) -> tuple[dict[str, RawRows], list[str]]:
    raw: dict[str, RawRows] = {}
    notes = list(source.notes)
    kind = spec.kind if spec is not None else None
    for split, table in source.tables.items():
        rows = read_rows(table, settings, source.wanted, kind, need_groups=split in ("train", "all"))
        if not len(rows):
            raise DataError(f"{table.where} has a header but no rows.")
        notes.extend(table.notes)
        raw[split] = rows
    if len({rows.texts_b is None for rows in raw.values()}) > 1:
        raise DataError(f"{source.where}: some splits have one text column and some two; they must be alike.")
    if "test" in raw and _hidden(raw):
        del raw["test"]
        notes.append("The test split has no labels and is not used.")
    if "test" not in raw and "validation" in raw and not settings.no_test:
        raw["test"] = raw.pop("validation")
        notes.append("There is no labelled test split: the validation split is the test split.")
    for split, rows in raw.items():
        kept, dropped = cleaning.without_empty(rows, "" if split == "all" else split)
        if not len(kept):
            raise DataError(f"{rows.where}: every text is empty; is it the right text column?")
        notes.extend(dropped)
        raw[split] = kept
    return raw, notes


def _hidden(raw: Mapping[str, RawRows]) -> bool:
    """Whether the test labels are withheld: none at all, or GLUE's -1 on every row."""
    test = set(raw["test"].labels)
    return test == {None} or (test == {"-1"} and "-1" not in raw["train"].labels)


def _label_code(raw: Mapping[str, RawRows], spec: TaskSpec | None, source: Source, notes: list[str]) -> LabelCode:
    train = raw["train"] if "train" in raw else raw["all"]
    known = spec.label_names if spec is not None else source.label_names
    code = LabelCode([label for label in train.labels if label is not None], known)
    if spec is not None and not code.fits:
        notes.append(f"The labels are not those of {spec.name}; the classes are {', '.join(code.names[:10])}.")
    return code


def _encoded(rows: RawRows, code: LabelCode, split: str) -> Split:
    labels = np.asarray(code.encode(rows, "training" if split in ("train", "all") else split), dtype=np.int64)
    texts_b = None if rows.texts_b is None else tuple(rows.texts_b)
    return Split(tuple(rows.texts), texts_b, labels, None if rows.groups is None else tuple(rows.groups))


def _clean(splits: Mapping[str, Split], notes: list[str]) -> tuple[Split, Split | None, Split | None]:
    pool = splits["train"] if "train" in splits else splits["all"]
    for name in ("test", "validation"):
        if name in splits:
            pool, dropped = cleaning.without_copies(pool, splits[name], name)
            notes.extend(dropped)
    for step in (cleaning.without_conflicts, cleaning.without_duplicates):
        pool, dropped = step(pool)
        notes.extend(dropped)
    return pool, splits.get("validation"), splits.get("test")


def _check_pool(pool: Split, code: LabelCode, where: str) -> None:
    if len(pool) < 2:
        raise DataError(
            f"{where} leaves {cleaning.counted(len(pool), 'training text')} after cleaning; 2 or more are needed."
        )
    present = np.unique(pool.labels)
    if len(present) < 2:
        raise DataError(
            f"{where}: every training text has the label '{code.names[present[0]]}'. "
            "A classifier needs two classes or more; is it the right label column?"
        )


def _generated_test(pool: Split, where: str) -> tuple[Split, Split]:
    total = min(TEST_LIMIT, max(1, round(TEST_SHARE * len(pool))))
    if pool.groups is None:
        rows = stratified_rows(pool.labels, total, _TEST_SEED)
    else:
        parts = max(2, -(-len(pool) // total))
        part = assign_groups(pool.labels, pool.groups, parts, _TEST_SEED)
        sizes = np.bincount(part[part >= 0], minlength=parts)
        fitting = np.where(sizes <= TEST_LIMIT, sizes, 0)
        # One text in five, but groups come whole: the part that is nearest to it.
        rows = np.flatnonzero(part == int(np.abs(fitting - total).argmin())) if fitting.any() else np.empty(0, np.int64)
    if not len(rows):
        raise DataError(f"{where} is too small, or its groups too large, for a test split; use --no-test.")
    return pool.take(np.setdiff1d(np.arange(len(pool)), rows)), pool.take(rows)


def _without_absent(
    code: LabelCode, pool: Split, validation: Split | None, test: Split | None, where: str
) -> tuple[tuple[str, ...], Split, Split | None, Split | None]:
    """Classes are those that the training pool has, so that every one of them can be learnt."""
    present = np.unique(pool.labels)
    names = tuple(code.names[i] for i in present)
    index = np.full(len(code.names), -1, dtype=np.int64)
    index[present] = np.arange(len(present))

    def renumbered(split: Split | None, name: str) -> Split | None:
        if split is None:
            return None
        labels = index[split.labels]
        if (labels < 0).any():
            unknown = [code.names[i] for i in np.unique(split.labels[labels < 0])]
            raise unknown_labels(where, name, unknown, names)
        return Split(split.texts, split.texts_b, labels, split.groups)

    train = Split(pool.texts, pool.texts_b, index[pool.labels], pool.groups)
    return names, train, renumbered(validation, "validation"), renumbered(test, "test")
