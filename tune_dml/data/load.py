"""From a task's name to clean, labelled splits."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tune_dml.config import TaskSettings, absolute_path
from tune_dml.data import cleaning
from tune_dml.data.classes import hidden
from tune_dml.data.columns import hides_labels, read_rows
from tune_dml.data.doubts import name_notes
from tune_dml.data.embedded import from_package
from tune_dml.data.files import FOLDER_VARIABLE, from_folder_variable, from_path
from tune_dml.data.generated_test import generated_test
from tune_dml.data.headerless import guessed
from tune_dml.data.hub import PREFIX, from_hub, hub_source_named
from tune_dml.data.kind import Code, Kind, Target, kind_named
from tune_dml.data.kinds import usual_kind
from tune_dml.data.known_tasks import TaskSpec, spec_named, unknown_task
from tune_dml.data.label_columns import joined_columns, never_said
from tune_dml.data.labels import unknown_labels
from tune_dml.data.raw_rows import RawRows
from tune_dml.data.tables import AS_FOUND, Reading
from tune_dml.data.task import Split, Task
from tune_dml.data.task_source import Source
from tune_dml.data.text_forms import TextForm
from tune_dml.errors import DataError

#: Of a task, in characters.
LONGEST_NAME = 200


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
    if not _can_be_shown(settings.task) or len(settings.task) > LONGEST_NAME:
        raise DataError(f"A task's name is at most {LONGEST_NAME} printable characters; '{settings.task}' is not.")
    spec = spec_named(settings.task)
    name = spec.name if spec is not None else settings.task.strip()
    source = _find(settings, spec, name)
    kind = _kind(settings, spec)
    target = (kind or usual_kind(1)).target
    source = source.labelled(target.label_columns)
    if target.in_columns:
        source = joined_columns(source, settings)
    settings, notes = _with_columns(settings, source, kind)
    raw = _read(source, settings, kind, notes)
    code = target.code(raw, spec, source, notes)
    if target.in_columns:
        notes.extend(never_said(settings, code.names))
    stands_in = "validation" in source.tables and "validation" not in raw
    splits = {split: _encoded(rows, code, target, split, settings, notes) for split, rows in raw.items()}
    pool, validation, test = _clean(splits, notes)
    where = source.where
    target.check_pool(pool, code, where, notes)
    if test is None and not settings.no_test:
        pool, test = generated_test(pool, target, where)
        notes.append(f"{cleaning.counted(len(test), 'text')} set apart as the test split (fixed, stratified).")
    others: Mapping[str, Split | None] = {"validation": validation, "test": test}
    names, pool, found = _without_absent(code, target, pool, others, settings, where, notes)
    notes.extend(name_notes(names))
    kind = kind or usual_kind(1 if pool.texts_b is None else 2)
    if kind.of_pairs is not None and pool.texts_b is not None:
        kind = kind_named(kind.of_pairs)
    return Task(
        name, kind.name, names, pool, found.get("validation"), found.get("test"), where, tuple(notes), stands_in
    )


def _can_be_shown(name: str) -> bool:
    """Joiners and marks of direction are part of how some scripts are written, and so are their spaces."""
    return all(c.isprintable() or unicodedata.category(c) in ("Cf", "Zs") for c in name)


def _find(settings: TaskSettings, spec: TaskSpec | None, name: str) -> Source:
    reading = Reading(settings.encoding, settings.header)
    if settings.data is not None:
        return from_path(absolute_path(settings.data), name, settings.no_test, reading)
    folder = None if name.startswith(PREFIX) else os.environ.get(FOLDER_VARIABLE)
    found = from_folder_variable(folder, name, settings.no_test, reading) if folder else None
    if found is not None:
        return found
    if reading != AS_FOUND:
        option = "--encoding" if settings.encoding is not None else "--no-header"
        raise DataError(f"{option} is for files of your own; give them with --data.")
    if name.startswith(PREFIX):
        return from_hub(hub_source_named(name), settings.no_test)
    if spec is None:
        raise unknown_task(name)
    if spec.embedded is not None:
        return from_package(spec.embedded)
    if spec.hub is None:
        raise DataError(f"{name} has no source of its own; give its data with --data.")
    return from_hub(spec.hub, settings.no_test)


def _with_columns(settings: TaskSettings, source: Source, kind: Kind | None) -> tuple[TaskSettings, list[str]]:
    """The settings, with the columns of files without a header as the training file has them; what to say of it."""
    table = source.tables["train" if "train" in source.tables else "all"]
    if table.header is not False or (settings.text_columns and settings.label_column):
        return settings, list(source.notes)
    texts, label = guessed(table, _form(kind))
    texts, label = settings.text_columns or texts, settings.label_column or label
    note = f"{table.where} was read without a header: text in column {' and '.join(texts)}, label in column {label}."
    return replace(settings, text_columns=texts, label_column=label), [*source.notes, note]


def _kind(settings: TaskSettings, spec: TaskSpec | None) -> Kind | None:
    """As the user says, else as the task is known; ``None``: one with classes, whose columns decide which."""
    name = settings.kind or (None if spec is None else spec.kind)
    return None if name is None else kind_named(name)


def _form(kind: Kind | None) -> TextForm | None:
    """How many texts there are; ``None``: the columns decide."""
    return None if kind is None or kind.of_pairs is not None else kind.texts


def _read(source: Source, settings: TaskSettings, kind: Kind | None, notes: list[str]) -> dict[str, RawRows]:
    raw: dict[str, RawRows] = {}
    form = _form(kind)
    written = (kind or usual_kind(1)).target.written
    for split, table in source.tables.items():
        notes.extend(table.notes)
        if split == "test" and hides_labels(table, settings, source.wanted, source.tables["train"]):
            notes.append(
                f"The test split has no label column (its columns are {_listed(table.names)}) and is not used."
            )
            continue
        rows = read_rows(table, settings, source.wanted, form, split in ("train", "all"), written)
        if not len(rows):
            raise DataError(f"{table.where} has a header but no rows.")
        raw[split] = rows
    if len({rows.texts_b is None for rows in raw.values()}) > 1:
        raise DataError(f"{source.where}: some splits have one text column and some two; they must be alike.")
    cleaned = {split: cleaning.without_empty(rows, "" if split == "all" else split) for split, rows in raw.items()}
    if "test" in cleaned and hidden(cleaned["test"][0], cleaned["train"][0]):
        del cleaned["test"]
        notes.append("The test split has no labels and is not used.")
    if "test" not in cleaned and "validation" in cleaned and not settings.no_test:
        cleaned["test"] = cleaned.pop("validation")
        notes.append("There is no labelled test split: the validation split is the test split.")
    for kept, dropped in cleaned.values():
        if not len(kept):
            raise DataError(f"{kept.where}: every text is empty; is it the right text column?")
        notes.extend(dropped)
    return {split: kept for split, (kept, _) in cleaned.items()}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")


def _encoded(rows: RawRows, code: Code, target: Target, split: str, settings: TaskSettings, notes: list[str]) -> Split:
    encoded = np.asarray(code.encode(rows, "training" if split in ("train", "all") else split), dtype=target.dtype)
    gone = target.unknown(encoded)
    texts_b = None if rows.texts_b is None else tuple(rows.texts_b)
    found = Split(tuple(rows.texts), texts_b, encoded, None if rows.groups is None else tuple(rows.groups))
    unknown = Counter(name for i in np.flatnonzero(gone) for name in target.unseen(code, rows.labels[i] or ""))
    if not unknown:
        return found
    known = code.train_counts
    return _without_unknown(found, gone, split, rows.where, unknown, known, settings, notes)


def _without_unknown(
    split: Split,
    unknown: npt.NDArray[np.bool_],
    name: str,
    where: str,
    labels: Mapping[str, int],
    classes: Mapping[str, int],
    settings: TaskSettings,
    notes: list[str],
) -> Split:
    """The rows whose label can be learnt.

    Raises:
        DataError: there are others, and ``--drop-unknown-labels`` was not given; or no row is left.
    """
    if not settings.drop_unknown_labels:
        raise unknown_labels(where, name, labels, int(unknown.sum()), len(split), classes)
    if unknown.all():
        raise DataError(f"{where}: no row of the {name} split has a label that a training text carries.")
    shown = _listed([f"'{label}' ({n:,})" for label, n in labels.items()])
    notes.append(
        f"{int(unknown.sum()):,} of {len(split):,} rows dropped from the {name} split, with labels that no training "
        f"text carries: {shown}."
    )
    return split.take(np.flatnonzero(~unknown))


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


def _without_absent(
    code: Code,
    target: Target,
    pool: Split,
    others: Mapping[str, Split | None],
    settings: TaskSettings,
    where: str,
    notes: list[str],
) -> tuple[tuple[str, ...], Split, dict[str, Split]]:
    """Names are those that the training pool has, so that every one of them can be learnt."""
    kept, by_kept = target.narrowed(pool.labels)
    names = tuple(code.names[i] for i in kept)
    pool = replace(pool, labels=by_kept(pool.labels))
    known = target.counts(pool.labels, names)
    found = {}
    for name, split in others.items():
        if split is None:
            continue
        labels = by_kept(split.labels)
        gone = target.unknown(labels)
        if gone.any():
            carried = target.named(split.labels[gone], code.names)
            every = [name for one in carried for name in ((one,) if isinstance(one, str) else one)]
            shown = Counter(name for name in every if name not in names)
            split = _without_unknown(split, gone, name, where, shown, known, settings, notes)
        found[name] = replace(split, labels=labels[~gone])
    return names, pool, found
