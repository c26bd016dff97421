"""What is in a results folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tune_dml.config import State, command_for
from tune_dml.errors import ResultsError, TuneDMLError, nearest
from tune_dml.evaluation import winner
from tune_dml.reporting import SearchReport
from tune_dml.training.scoring import mean_scores, summaries
from tune_dml.tuning.driver_lock import is_driven
from tune_dml.tuning.journal import Journal
from tune_dml.workflows.assembly import assemble
from tune_dml.workflows.options import results_folder
from tune_dml.workflows.search_file import read_search_file


@dataclass(frozen=True)
class SearchRow:
    """A line of ``tune-dml list``.

    Attributes:
        state: ``running``, ``interrupted``, ``cross-validated`` (without confirm), ``finished``, or ``damaged``.
    """

    name: str
    task: str
    shots: int
    encoder: str
    state: str
    trials_done: int
    trials: int
    cv_accuracy: float | None
    test_accuracy: float | None


def searches(root: Path) -> list[Path]:
    """Folders of searches, oldest first."""
    folders = [f for f in (root / "searches").glob("*") if (f / "search.yaml").is_file()]
    return sorted(folders, key=lambda f: (f / "search.yaml").stat().st_mtime)


def search_folder(results: str, name: str) -> Path:
    """The folder of one search.

    Raises:
        ResultsError: there is none of that name.
    """
    root = results_folder(results)
    names = [f.name for f in searches(root)]
    if name not in names:
        hint = nearest(name, names) if names else "there are none yet: tune-dml search starts one."
        raise ResultsError(f"There is no search named '{name}' in {root}: {hint}")
    return root / "searches" / name


def state_of(folder: Path) -> str:
    """Where a search stands; see :class:`SearchRow`."""
    if is_driven(folder):
        return "running"
    try:
        about = read_search_file(folder)
        journal = Journal(folder, write=False)
        ended = [r for r in journal.records() if r.state in (State.COMPLETE, State.PRUNED, State.FAIL)]
        running = [r for kind in ("trial", "baseline") for r in journal.records(kind) if r.state == State.RUNNING]
    except TuneDMLError:
        return "interrupted" if (folder / "study.log").exists() else "damaged"
    if running or (len(ended) < about.settings.trials and not (folder / "best.yaml").exists()):
        return "interrupted"
    if not about.settings.confirm and not journal.confirm_runs():
        return "cross-validated"
    return "finished" if (folder / "model").is_dir() and (folder / "leaderboard.csv").exists() else "interrupted"


def list_searches(results: str) -> list[SearchRow]:
    """Every search of a results folder, oldest first; one that cannot be read says so and hides no other."""
    return [_row(folder) for folder in searches(results_folder(results))]


def show(results: str, name: str) -> SearchReport:
    """A search as it stands, from its files alone.

    Raises:
        ResultsError: there is no such search, or its files cannot be read.
    """
    folder = search_folder(results, name)
    about = read_search_file(folder)
    journal = Journal(folder, write=False)
    interrupted = state_of(folder) in ("interrupted", "running")
    return assemble(about, folder, journal, stored_test_labels(folder), interrupted=interrupted, seconds=0.0)


def stored_test_labels(folder: Path) -> npt.NDArray[np.int64] | None:
    """Of the test split, as ``predictions.parquet`` holds them; ``None`` before confirm."""
    import pyarrow.parquet as parquet

    path = folder / "predictions.parquet"
    if not path.is_file():
        return None
    try:
        columns = ["stage", "row", "label"]
        table = parquet.read_table(path, columns=columns, filters=[("stage", "=", "test")])
    except (OSError, ValueError) as error:
        raise ResultsError(
            f"{path} cannot be read ({error}); {command_for('resume', folder)} writes it again."
        ) from None
    if not table.num_rows:
        return None
    rows, labels = (np.asarray(table[name]).astype(np.int64) for name in ("row", "label"))
    result = np.zeros(int(rows.max()) + 1, dtype=np.int64)
    result[rows] = labels
    return result


def _row(folder: Path) -> SearchRow:
    state = state_of(folder)
    try:
        about = read_search_file(folder)
        settings = about.settings
        journal = Journal(folder, write=False)
        trials = journal.records()
        best = winner(trials, about.heldout_labels(), settings.metric, about.rounds, about.by_schedule)
        scores = mean_scores(best.rounds, about.by_schedule) if best is not None else None
        test = None
        if best is not None and state == "finished":
            report = assemble(about, folder, journal, stored_test_labels(folder), interrupted=False, seconds=0.0)
            seeds = report.confirmed.get(best.name)
            test = summaries(seeds)["accuracy"].mean if seeds else None
    except TuneDMLError:
        return SearchRow(folder.name, "?", 0, "?", "damaged" if state != "running" else state, 0, 0, None, None)
    return SearchRow(
        name=folder.name,
        task=settings.task.task,
        shots=len(about.labels),
        encoder=settings.encoder,
        state=state,
        trials_done=sum(r.state in (State.COMPLETE, State.PRUNED, State.FAIL) for r in trials),
        trials=settings.trials,
        cv_accuracy=scores.accuracy if scores else None,
        test_accuracy=test,
    )
