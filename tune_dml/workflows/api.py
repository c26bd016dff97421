"""The Python API: the same workflows as the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_dml.comparisons.cell_results import CellResult
from tune_dml.comparisons.writing import cells_frame
from tune_dml.config import TrialRecord, Value, from_values
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import UsageError, nearest
from tune_dml.reporting import SearchReport, leaderboard_frame, leaderboard_html, summary_lines, to_json
from tune_dml.reporting.comparison import ComparisonReport, answer, to_document
from tune_dml.reporting.output import Output, silent

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Best:
    """The winner.

    Attributes:
        config: As in ``best.yaml``: flat, with the read-out and its temperature.
        trial: Optuna's trial number.
    """

    config: dict[str, Value]
    trial: int


@dataclass(frozen=True, repr=False)
class SearchResult:
    """What a search found; shown in a few lines, and in a notebook as its leaderboard.

    Attributes:
        report: Everything, as dataclasses.
        interrupted: By Ctrl-C; ``tune-dml resume`` goes on.
    """

    report: SearchReport
    interrupted: bool = False

    @cached_property
    def leaderboard(self) -> pd.DataFrame:
        """One row per trial and baseline, best first by cross validation, as in ``leaderboard.csv``."""
        return leaderboard_frame(self.report)

    @property
    def best(self) -> Best | None:
        """``None`` while no trial has a score."""
        winner: TrialRecord | None = self.report.winner
        if winner is None:
            return None
        readout = self.report.readouts.get(winner.name, self.report.kind.target.readout)
        return Best({**winner.params, "readout": readout, "temperature": self.report.temperature}, winner.number)

    @property
    def model_path(self) -> str | None:
        """The ``model/`` folder, for :func:`tune_dml.load`."""
        return self.report.model

    def __repr__(self) -> str:
        return "\n  ".join(summary_lines(self.report))

    def _repr_html_(self) -> str:
        """For notebooks."""
        return leaderboard_html(self.report)

    def to_dict(self) -> dict[str, Any]:
        """The document of ``tune-dml search --json``."""
        return to_json(self.report)


@dataclass(frozen=True, repr=False)
class ComparisonResult:
    """What a comparison has shown so far.

    Attributes:
        report: Everything, as dataclasses; ``None`` while no cell has a score.
        interrupted: By Ctrl-C; the same call goes on.
    """

    report: ComparisonReport | None
    results: tuple[CellResult, ...]
    interrupted: bool = False

    @cached_property
    def cells(self) -> pd.DataFrame:
        """A row for each cell that has been run, as in ``cells.csv``."""
        return cells_frame(self.results)

    @property
    def answer(self) -> list[str]:
        """In sentences, the largest difference first."""
        return [] if self.report is None else answer(self.report)

    def __repr__(self) -> str:
        return "\n  ".join(self.answer) or "No cell has a score yet."

    def to_dict(self) -> dict[str, Any]:
        """The document of ``tune-dml compare --json``; empty while no cell has a score."""
        return {} if self.report is None else to_document(self.report)


def run_comparison(
    comparison: str | Path | Mapping[str, Any], results: str | Path, out: Output | None, **how: Any
) -> ComparisonResult:
    """:func:`tune_dml.compare`."""
    from tune_dml.workflows.compare import compare, comparison_named

    options = comparison if isinstance(comparison, Mapping) else {}
    file = None if isinstance(comparison, Mapping) else str(comparison)
    compared = compare(comparison_named(file, options, str(results)), str(results), out or silent(), **how)
    return ComparisonResult(compared.report, compared.results, compared.run.interrupted)


def request_from(options: Mapping[str, Any]) -> SearchRequest:
    """What was asked, by values of the kinds that Python's users have: paths, sets, mappings, numbers of numpy.

    Raises:
        UsageError: an option is of a kind that it cannot be.
    """
    given = {name: _plain(value) for name, value in options.items()}
    for name in ("losses", "loss_plugins", "text_columns"):
        if isinstance(value := given.get(name), str):
            given[name] = tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(given.get("encoder"), tuple):
        given["encoder"] = ",".join(map(str, given["encoder"]))
    if isinstance(words := given.get("words"), Mapping):
        given["words"] = {str(name): str(word) for name, word in words.items()}
    elif isinstance(words, tuple) and all(isinstance(one, tuple) and len(one) == 2 for one in words):
        given["words"] = {str(name): str(word) for name, word in words}
    try:
        return from_values(SearchRequest, given)
    except (TypeError, ValueError) as error:
        raise UsageError(f"search(): {error}.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(map(_plain, value))
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0 else value


def run_search(options: dict[str, Any], out: Output | None) -> SearchResult:
    """Search with the options of :class:`SearchRequest` by name.

    Raises:
        TuneDMLError: see :func:`tune_dml.workflows.search.search`.
    """
    from tune_dml.workflows.search import search

    names = SearchRequest.__dataclass_fields__
    for name in options:
        if name not in names:
            raise UsageError(f"search() has no option '{name}': {nearest(name, names)}")
    finished = search(request_from(options), out or silent())
    return SearchResult(finished.report, finished.interrupted)
