"""What a search's journal holds of soups."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tune_dml.config import SoupRound
from tune_dml.config.encoding import soup_round_from_json, soup_round_to_json
from tune_dml.tuning.journal import Journal

_ENDED, _ROUND = "soup", "soup round"


@dataclass(frozen=True)
class SoupEnded:
    """How it ended with the soup of a candidate's seeds.

    Attributes:
        seeds: Of how many it is, or would be.
        readout: Empty if it was left out.
        left_out: Why it was; ``None``: it was made.
    """

    seeds: int
    readout: str = ""
    left_out: str | None = None


def soup_ended(journal: Journal, candidate: str) -> SoupEnded | None:
    """``None`` if it has not ended."""
    found = journal.notes_on_confirm().get(f"{_ENDED}: {candidate}")
    return None if found is None else SoupEnded(**found)


def note_soup_ended(journal: Journal, candidate: str, how: SoupEnded) -> None:
    """Store how it ended."""
    journal.note_on_confirm(f"{_ENDED}: {candidate}", asdict(how))


def soup_rounds(journal: Journal, candidate: str) -> list[SoupRound]:
    """Those that have judged it, in their order."""
    prefix = f"{_ROUND}: {candidate}: "
    notes = journal.notes_on_confirm().items()
    known = [soup_round_from_json(value) for key, value in notes if key.startswith(prefix)]
    return sorted(known, key=lambda item: item.number)


def note_soup_round(journal: Journal, item: SoupRound) -> None:
    """Store a round that judges it."""
    journal.note_on_confirm(f"{_ROUND}: {item.candidate}: {item.number}", soup_round_to_json(item))
