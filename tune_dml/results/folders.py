"""What is in a results folder, and where each of its searches stands."""

from __future__ import annotations

from pathlib import Path

from tune_dml.config import State, absolute_path
from tune_dml.errors import ResultsError, TuneDMLError, nearest
from tune_dml.results.search_file import read_search_file
from tune_dml.tuning.driver_lock import is_driven
from tune_dml.tuning.journal import Journal


def results_folder(results: str, create: bool = False) -> Path:
    """The absolute results folder.

    Raises:
        ResultsError: it is a file or a link to nothing, or cannot be made.
    """
    if not results.strip():
        raise ResultsError("--results is empty; give a folder.")
    folder = absolute_path(results)
    if folder.is_symlink() and not folder.exists():
        raise ResultsError(f"results: {folder} is a link to nothing. Choose another folder with --results.")
    if folder.exists() and not folder.is_dir():
        raise ResultsError(f"--results {results} is a file; give a folder.")
    if create:
        try:
            (folder / "searches").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultsError(f"--results {results} cannot be written: {error.strerror}.") from None
    return folder


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
    """Where a search stands; ``running``, ``interrupted``, ``cross-validated`` (without confirm), ``finished``,
    or ``damaged``."""
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
    saved = (folder / "model").is_dir() or not about.settings.save_model
    return "finished" if saved and (folder / "leaderboard.csv").exists() else "interrupted"
