"""A cell whose arm is a search of this tool."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tune_dml.comparisons.cell_results import CellResult, digest_of_texts
from tune_dml.comparisons.comparison import Cell
from tune_dml.comparisons.recipes import recipe_text
from tune_dml.config import State
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import EnvironmentFault, ResultsError, TuneDMLError, UsageError
from tune_dml.reporting import SearchReport, write_text_atomic
from tune_dml.results.search_file import read_search_file
from tune_dml.training.scoring import SeedScore, mean_scores, summaries


def request_of(cell: Cell, recipes: Path, metric: str | None, manners: Mapping[str, Any]) -> SearchRequest:
    """The search that the cell is.

    Args:
        recipes: Folder for the space of a recipe.
        manners: Options that say where and how it runs, whatever the file says.
    """
    request = request_without_recipe(cell, metric, manners)
    if cell.arm.recipe is None:
        return request
    text = recipe_text(cell.arm.recipe)
    path = recipes / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.yaml"
    write_text_atomic(path, text)
    return replace(request, space=str(path), trials=1)


def request_without_recipe(cell: Cell, metric: str | None, manners: Mapping[str, Any]) -> SearchRequest:
    """The same, but for a recipe's space."""
    # Thousands of models would fill any disk; 'tune-dml train' makes a cell's again. What its winner is worth, the arms
    # beside it say. The mean over its seeds is better known than the score of one soup of them.
    options = {"save_model": False, "confirm_others": False, "soup": False, **cell.task, **cell.arm.options, **manners}
    usual = bool(options["confirm_others"])
    return SearchRequest(**options, shots=cell.shots, draw=cell.draw, metric=metric, name=cell.name, reference_ce=usual)


def result_of(cell: Cell, report: SearchReport, metric: str | None) -> CellResult:
    """What its finished search has to say.

    Raises:
        UsageError: the task has no test texts.
        EnvironmentFault: nothing could be confirmed.
    """
    if not report.has_test:
        raise UsageError(f"The task '{cell.task_name}' has no test texts to compare arms on.")
    winner = report.winner
    seeds = report.confirmed.get(winner.name) if winner is not None else None
    if report.soup is not None and report.soup.scores is not None:
        # What the search saves as its model.
        seeds = [SeedScore(0, report.soup.scores)]
    if winner is None or not seeds:
        raise no_score(report)
    name = metric or report.settings.metric
    trials = [r for r in report.records if r.kind == "trial"]
    rounds = [item for record in trials for item in record.rounds]
    cv = mean_scores(winner.rounds, report.latest)
    return CellResult.of(
        cell,
        name,
        summaries(seeds)[name].values,
        cross_validation=None if cv is None else cv[name],
        winner=winner.name,
        seconds=report.seconds or None,
        training_seconds=sum(item.seconds for item in rounds),
        rounds=len(rounds),
        trials=sum(r.state in (State.COMPLETE, State.PRUNED, State.FAIL) for r in trials),
        texts=digest_of_texts(read_search_file(Path(str(report.folder))).hashes),
    )


def no_score(report: SearchReport) -> TuneDMLError:
    """Why a search gave none: what its trainings failed of, which is the arm's own; or that a machine failed."""
    reasons = {**report.failed, **report.confirm_failed}
    if reasons and "worker" not in reasons:
        return ResultsError(f"no training ended in a score ({', '.join(sorted(reasons))}).")
    return EnvironmentFault(f"No training of the winner could be scored; see {report.folder}.")


def half_made(folder: Path) -> bool:
    """Whether a search's folder is there that was made, but no search has begun in: the process was killed."""
    return folder.is_dir() and not (folder / "search.yaml").exists() and not (folder / "study.log").exists()
