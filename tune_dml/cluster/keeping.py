"""A copy of a search in a store, while the search runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tune_dml.config import SearchSettings, command_for, quoted
from tune_dml.errors import EnvironmentFault, ResultsError, UsageError
from tune_dml.reporting.output import Output
from tune_dml.storage import (
    FOLDER,
    JOURNAL_FILE,
    Address,
    Keeper,
    Relation,
    Store,
    names_in,
    open_store,
    parse_address,
    reason_of,
    relation,
)

#: Instead of a store: no copy is kept.
NONE = "none"
#: What a store's library raises: ``ValueError`` is Arrow's, of an option that it does not take.
FAULTS = (OSError, ValueError)


def reached(address: Address, *, new: bool = False) -> Store:
    """The store at ``address``.

    Args:
        new: Whether its folder may be missing: the first copy makes it.

    Raises:
        EnvironmentFault: it cannot be reached.
    """
    try:
        store = open_store(address)
        store.reach(new)
        return store
    except FAULTS as error:
        raise EnvironmentFault(f"The store {address.text} cannot be reached ({reason_of(error)}).") from None


def names_in_store(text: str | None, results: Path) -> set[str]:
    """Names that are taken in the store that a new search asks for.

    Raises:
        EnvironmentFault: it cannot be reached.
        UsageError: no store is written like that, or it is where the ``results`` are.
    """
    if text is None:
        return set()
    address = parse_address(text)
    _check_elsewhere(address, results / "searches")
    try:
        return names_in(reached(address, new=True))
    except FAULTS as error:
        raise EnvironmentFault(f"The store {address.text} cannot be read ({reason_of(error)}).") from None


def _check_elsewhere(address: Address, searches: Path) -> None:
    if address.scheme == FOLDER and Path(address.path).resolve() == searches.resolve():
        raise UsageError(f"The store {address.text} is where the results are; choose another place for their copy.")


def stored(settings: SearchSettings, store: str | None) -> SearchSettings:
    """Settings out of ``search.yaml`` with another ``store``, with none, or (``None``) as they are.

    Raises:
        UsageError: no store is written like that.
    """
    if store is None:
        return settings
    return replace(settings, store=None if store == NONE else parse_address(store).text)


@contextmanager
def kept(settings: SearchSettings, folder: Path, out: Output, *, new: bool = False) -> Iterator[None]:
    """While the block runs, the search's store, if it has one, gets copies of what is new in ``folder``, and of all of
    it when the block ends. A store that fails meanwhile costs a warning.

    Args:
        new: Whether the search has just been made: then it is removed if the store cannot be written.

    Raises:
        EnvironmentFault: the store cannot be reached or written at the start.
        ResultsError: the store has the search as it went on elsewhere.
        UsageError: the store is the results folder.
    """
    if settings.store is None:
        yield
        return
    address = parse_address(settings.store)
    _check_elsewhere(address, folder.parent)
    store = reached(address, new=True)
    # Not above: it imports what a model is saved with.
    from tune_dml.models.description import DESCRIPTION_FILE

    keeper = Keeper(
        store, settings.name, folder, every=settings.store_every, last=(DESCRIPTION_FILE,), on_warning=out.warn
    )
    try:
        _check_not_ahead(store, settings.name, folder)
        keeper.start()
    except FAULTS as error:
        if new:
            shutil.rmtree(folder, ignore_errors=True)
        raise EnvironmentFault(f"The store {address.text} cannot be written ({reason_of(error)}).") from None
    out.line(f"store: a copy in {address.text}, every {settings.store_every:g} s")
    try:
        yield
    finally:
        out.detail("store: copying what is left")
        failure = keeper.close(may_wait=out.may_wait)
        if failure is not None:
            out.warn(
                f"the store {address.text} does not have everything ({failure}). Later: {command_for('resume', folder)}"
            )


def _check_not_ahead(store: Store, name: str, folder: Path) -> None:
    if JOURNAL_FILE not in {entry.name for entry in store.entries(name)}:
        return
    with store.read(f"{name}/{JOURNAL_FILE}") as stream:
        there = stream.read()
    journal = folder / JOURNAL_FILE
    how = relation(journal.read_bytes() if journal.is_file() else b"", there)
    place = store.address.text
    if how == Relation.BEHIND:
        raise ResultsError(
            f"The copy of '{name}' in {place} is newer than what is here. Bring it: tune-dml fetch "
            f"{quoted(place)} {name}, or go on without it: --store {NONE}."
        )
    if how == Relation.APART:
        raise ResultsError(
            f"The copy of '{name}' in {place} went on without what is here, on another machine. Fetch it into another "
            f"results folder, or go on here without it: --store {NONE}."
        )
