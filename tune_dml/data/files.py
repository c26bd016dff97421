"""Local files and folders as sources."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tune_dml.config import absolute_path
from tune_dml.data.reading import READERS, read_table
from tune_dml.data.tables import Reading
from tune_dml.data.task_source import SPLIT_NAMES, Source
from tune_dml.errors import DataError, nearest

#: Where ``--data`` is not given, ``<folder>/<TASK>/`` is looked at before packages and the hub.
FOLDER_VARIABLE = "TUNE_DML_DATA"
_MOST_NAMES = 5


def from_path(path: Path, task: str, no_test: bool, reading: Reading) -> Source:
    """What ``--data`` names: a file, a folder with a folder for the task, or a folder with the task's files.

    Raises:
        DataError: there is nothing there, or nothing that fits.
    """
    if path.is_dir():
        inner = _task_folder(path, task)
        found = _folder_source(inner or path, no_test, reading)
        if found is None:
            raise DataError(_nothing_fits(path, inner, task))
        return found
    if not path.exists():
        raise DataError(f"There is no file or folder {path}{_alike(path)}")
    return Source({"all": read_table(path, reading)}, f"file {path}", files=True)


def from_folder_variable(value: str, task: str, no_test: bool, reading: Reading) -> Source | None:
    """The task's folder below the one that the environment names; ``None`` where it has none.

    The named folder may also be the task's own. Loose files in it count only then: they say nothing of other tasks.

    Raises:
        DataError: the variable names something that is not a folder.
    """
    folder = absolute_path(value)
    if not folder.is_dir():
        raise DataError(f"{FOLDER_VARIABLE} names {folder}, which is not a folder; correct it or unset it.")
    inner = _task_folder(folder, task)
    if inner is None and folder.name.casefold() == task.casefold():
        inner = folder
    return None if inner is None else _folder_source(inner, no_test, reading)


def _task_folder(folder: Path, task: str) -> Path | None:
    alike = [child for child in sorted(folder.iterdir()) if child.name.casefold() == task.casefold() and child.is_dir()]
    exact = [child for child in alike if child.name == task]
    return next(iter(exact or alike), None)


def _folder_source(folder: Path, no_test: bool, reading: Reading) -> Source | None:
    splits = {split: path for split, names in SPLIT_NAMES.items() if (path := _split_file(folder, names)) is not None}
    single = None if "train" in splits else _split_file(folder, ("all",))
    if "train" not in splits and single is None:
        return None
    used = [single] if single is not None else list(splits.values())
    notes = _unused(folder, used)
    if single is not None:
        return Source({"all": read_table(single, reading)}, f"file {single}", notes=notes, files=True)
    if no_test:
        splits.pop("test", None)
    names = ", ".join(path.name for path in splits.values())
    tables = {split: read_table(path, reading) for split, path in splits.items()}
    return Source(tables, f"folder {folder} ({names})", notes=notes, files=True)


#: Suffixes of files that are not read, and are data where they bear the name of a split.
_OTHER_DATA = frozenset({".txt", ".json", ".xlsx", ".xls", ".ods", ".arrow", ".feather"})


def _split_file(folder: Path, stems: Collection[str]) -> Path | None:
    found = [child for child in _data_files(folder) if child.stem.casefold() in stems]
    if len(found) > 1:
        names = " and ".join(child.name for child in found)
        raise DataError(f"{folder} holds both {names}; keep one, or give the file itself with --data.")
    return found[0] if found else None


def _data_files(folder: Path) -> list[Path]:
    return [child for child in sorted(folder.iterdir()) if child.suffix.lower() in READERS and child.is_file()]


def _unused(folder: Path, used: Collection[Path]) -> tuple[str, ...]:
    """A sentence about files of data that are no split, such as GLUE's ``dev_mismatched.tsv``."""
    splits = {"all"}.union(*SPLIT_NAMES.values())
    others = [
        path for path in folder.iterdir() if path.suffix.lower() in _OTHER_DATA and path.stem.casefold() in splits
    ]
    names = sorted(path.name for path in (*_data_files(folder), *others) if path not in used)
    if not names:
        return ()
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    verb = "is" if len(names) == 1 else "are"
    return (f"{', '.join(names[:_MOST_NAMES])}{rest} in {folder} {verb} not used.",)


def _nothing_fits(folder: Path, inner: Path | None, task: str) -> str:
    looked = inner or folder
    wanted = "train.csv (with validation.csv or dev.csv, test.csv) or all.csv (or .tsv, .jsonl, .parquet)"
    if inner is None:
        folders = [
            child.name for child in sorted(folder.iterdir()) if child.is_dir() and not child.name.startswith(".")
        ]
        hint = nearest(task, folders) if folders else ""
        close = f" Of its folders, {hint}" if hint.startswith("did you mean") else ""
        return f"{folder} holds neither a folder {task} nor {wanted}.{close}"
    return f"{looked} holds neither train.csv nor all.csv; it must hold {wanted}."


def _alike(path: Path) -> str:
    if not path.parent.is_dir():
        return "."
    hint = nearest(path.name, [child.name for child in path.parent.iterdir()])
    return f"; {hint}" if hint.startswith("did you mean") else "."
