"""Bring a search from where a copy of it is kept into the results folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tune_dml.cluster.keeping import FAULTS, reached
from tune_dml.cluster.on_head import OnHead, is_cluster
from tune_dml.config import command_for
from tune_dml.errors import EnvironmentFault, ResultsError, UsageError, nearest
from tune_dml.results.folders import results_folder, state_of
from tune_dml.results.search_file import read_search_file
from tune_dml.storage import (
    JOURNAL_FILE,
    SEARCH_FILE,
    Relation,
    Store,
    download,
    parse_address,
    reason_of,
    relation,
    searches_in,
)

#: What another machine, or a later confirm, may have changed in ``search.yaml``.
_CHANGING = ("results", "tracking_uri", "store", "store_every", "concurrency", "elastic", "address")
_CONFIRM = ("confirm", "confirm_seeds", "ensemble")


@dataclass(frozen=True)
class StoredSearch:
    """A search in a source.

    Attributes:
        copied: Seconds since the epoch; ``None`` where it is not known.
    """

    name: str
    copied: float | None


@dataclass(frozen=True)
class Fetched:
    """A search that is here now.

    Attributes:
        state: As in ``tune-dml list``.
        news: ``False`` if all of it was here before.
    """

    name: str
    folder: Path
    state: str
    news: bool


def listed(source: str, on_head: str | None = None) -> list[StoredSearch]:
    """The searches in a source, by name: a store, or the head of a cluster, by its file.

    Args:
        on_head: The results folder there.

    Raises:
        UsageError: no source is written like that.
        EnvironmentFault: it cannot be reached.
    """
    if is_cluster(source):
        return [StoredSearch(name, None) for name in OnHead(source, on_head).names()]
    _not_on_head(on_head)
    return [StoredSearch(name, copied) for name, copied in _searches(_opened(source)).items()]


def fetch_search(source: str, name: str, results: str, on_head: str | None = None) -> Fetched:
    """Bring one search from a store or from the head of a cluster, whole or not at all.

    Args:
        on_head: The results folder of the head.

    Raises:
        UsageError: no source is written like that.
        ResultsError: it has no search of that name, or what is here under that name is not an older copy of it.
        EnvironmentFault: the source or the disk failed.
    """
    if is_cluster(source):
        head = OnHead(source, on_head)
        _check_there(name, head.names(), source)
        with _folder_in(results_folder(results)) as temporary:
            head.bring(name, temporary)
            return install(temporary / name, temporary.parent)
    _not_on_head(on_head)
    store = _opened(source)
    _check_there(name, _searches(store), store.address.text)
    with _folder_in(results_folder(results)) as temporary:
        try:
            download(store, name, temporary / name)
        except FAULTS as error:
            raise EnvironmentFault(f"'{name}' cannot be brought from {source} ({reason_of(error)}).") from None
        return install(temporary / name, temporary.parent)


def install(new: Path, root: Path) -> Fetched:
    """Move a search that was brought into a temporary folder of ``root``, the results folder, to its place there.

    Raises:
        ResultsError: it is damaged, or what is there is another search, is newer, or is running.
    """
    try:
        read_search_file(new)
    except ResultsError:
        raise ResultsError(f"The copy of '{new.name}' is damaged: its {SEARCH_FILE} cannot be read.") from None
    folder = root / "searches" / new.name
    folder.parent.mkdir(exist_ok=True)
    if folder.exists():
        if _has_all_of(folder, new):
            return Fetched(new.name, folder, state_of(folder), news=False)
        os.replace(folder, new.with_name(f"{new.name}.old"))
    os.replace(new, folder)
    return Fetched(new.name, folder, state_of(folder), news=True)


def _check_there(name: str, names: Iterable[str], source: str) -> None:
    names = list(names)
    if name not in names:
        hint = nearest(name, names) if names else "it has none."
        raise ResultsError(f"There is no search named '{name}' in {source}: {hint}")


def _not_on_head(folder: str | None) -> None:
    if folder is not None:
        raise UsageError("--from is the results folder of a cluster's head; a store has none.")


@contextmanager
def _folder_in(root: Path) -> Iterator[Path]:
    """A temporary folder beside those of searches, so that a search moves into its place in one step."""
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=root) as temporary:
        yield Path(temporary)


def _has_all_of(old: Path, new: Path) -> bool:
    """Whether nothing is new; errors as for :func:`install`."""
    name = old.name
    if state_of(old) == "running":
        raise ResultsError(f"The search {name} is being run by another process here; wait for it or stop it.")
    how = relation(_bytes(old / JOURNAL_FILE), _bytes(new / JOURNAL_FILE))
    if how == Relation.AHEAD:
        raise ResultsError(
            f"The search '{name}' here is newer than the copy; go on with it: {command_for('resume', old)}."
        )
    if how == Relation.APART or _identity(old) != _identity(new):
        raise ResultsError(
            f"Another search named '{name}' is here already, or one that went on differently; it is not overwritten. "
            "Bring this one into another folder with --results."
        )
    return how == Relation.SAME and _files(new) <= _files(old)


def _identity(folder: Path) -> Any:
    """What of ``search.yaml`` stays the same wherever the search goes on."""
    try:
        values = yaml.load(_bytes(folder / SEARCH_FILE), Loader=yaml.CSafeLoader)
        settings = {k: v for k, v in values["settings"].items() if k not in (*_CHANGING, *_CONFIRM)}
        return {**values, "settings": settings}
    except (yaml.YAMLError, TypeError, KeyError, AttributeError):
        return None


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _opened(source: str) -> Store:
    return reached(parse_address(source))


def _searches(store: Store) -> dict[str, float | None]:
    try:
        return searches_in(store)
    except FAULTS as error:
        raise EnvironmentFault(f"{store.address.text} cannot be read ({reason_of(error)}).") from None
