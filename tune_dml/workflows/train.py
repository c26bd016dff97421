"""Train one configuration: ``best.yaml``'s, as confirm seed s or as round k of the search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tune_dml.config import ConfirmRun, Scores, absolute_path
from tune_dml.data import metric_named
from tune_dml.driver.adapting import FOLDER as ADAPTED
from tune_dml.driver.drawing import Drawn
from tune_dml.driver.other_data import other_data
from tune_dml.driver.preparation import prepare_one
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.suitability import starved_notes
from tune_dml.errors import ConfigurationError, ResultsError, UsageError
from tune_dml.reporting import write_parquet_atomic
from tune_dml.reporting.output import Output
from tune_dml.results.best_file import BestFile, read_best
from tune_dml.training.scoring import score


@dataclass(frozen=True)
class TrainResult:
    """What was trained.

    Attributes:
        lines: For people.
        document: For ``--json``.
        probabilities: Of the scored texts (test split, or the round's held-out part): float32 ``[n, classes]``;
            ``None`` where there is nothing to score.
    """

    lines: tuple[str, ...]
    document: dict[str, Any]
    probabilities: np.ndarray[Any, np.dtype[np.float32]] | None


def train(
    config: str,
    seed: int | None,
    fold: int | None,
    data: str | None,
    output: str,
    out: Output,
    loss_plugins: tuple[str, ...] = (),
    reading: Mapping[str, Any] = MappingProxyType({}),
) -> TrainResult:
    """Train as a worker of the search did: same seeds, same single thread, same batches, so the same probabilities. On
    other texts, the same recipe gives a model of its own.

    Args:
        config: A ``best.yaml``.
        seed: Confirm seed; without it that of the search's model: all that were mixed, or 0. Excludes ``fold``.
        fold: Round number, 1 and up: train on that fold's training part and score its held-out part.
        data: Where the data is now, if it has moved; or other labelled texts, all of which are trained on.
        loss_plugins: Those that the file names, named again.
        reading: Fields of ``TaskSettings`` that say how ``data`` is read; the others are the search's.
        output: Folder to write: ``model/`` (with ``seed``) and ``predictions.parquet``.

    Raises:
        TuneDMLError: the file, data, encoder or options are not usable, or training failed.
    """
    if seed is not None and fold is not None:
        raise UsageError("Give --seed (a confirm run) or --fold (a round of the search), not both.")
    if seed is not None and seed < 0:
        raise UsageError(f"--seed is {seed}; it must be 0 or more.")
    target = absolute_path(output)
    if target.exists() and not target.is_dir():
        raise ResultsError(f"--output {output} is a file; give a folder.")
    best = read_best(absolute_path(config))
    other: Drawn | None = None
    notes: tuple[str, ...] = ()
    if data is not None:
        place = str(absolute_path(data))
        other, notes = other_data(best, place, reading)
        best = replace(best, task=replace(best.task, data=place, **reading))
    elif reading:
        raise UsageError("How a file is read is asked without --data; name the file, or leave these options out.")
    if other is not None and fold is not None:
        raise UsageError(f"--fold repeats a round of the search, and {data} does not hold its texts; leave --fold out.")
    own = absolute_path(config).parents[2:3]
    kept = own[0] if own and (own[0] / ADAPTED).is_dir() else target
    prepared = prepare_one(best, out, loss_plugins, other, kept)
    if other is not None:
        notes += (*prepared.about.notes, *starved_notes(other, str(best.config.get("loss", "ce"))))
    for note in notes:
        out.line(f"data: {note}")
    if fold is not None:
        return _round(best, prepared, fold, target)
    soup = best.soup if seed is None else None
    what = f"confirm seed {seed or 0}" if soup is None else f"a soup of confirm seeds 0 to {soup - 1}"
    if other is not None:
        what = f"{len(other.rows)} other texts, " + what.replace("confirm seed", "seed")
    return _confirm(best, prepared, seed or 0, soup, target, what, notes)


def _round(best: BestFile, prepared: Prepared, number: int, target: Path) -> TrainResult:
    from tune_dml.training.workload import resolve, run_rounds, single_thread

    workload = prepared.workload
    if not 1 <= number <= workload.rounds:
        raise UsageError(f"--fold is {number}; this search has rounds 1 to {workload.rounds}.")
    single_thread()
    readout = str(best.config.get("readout", prepared.about.task_kind.target.readout))
    # Rounds were scored before a temperature was picked from them.
    config = resolve({**best.config, "temperature": 1.0}, "best.yaml")
    item = next(iter(run_rounds(workload, config, start=number)))
    if readout not in item.probabilities:
        raise ConfigurationError(f"best.yaml names the read-out '{readout}', which loss '{config.loss}' does not have.")
    probabilities = item.probabilities[readout]
    scores = score(prepared.about.task_kind, probabilities, workload.heldout_labels(item.rows))
    _write(target, item.rows, probabilities, prepared)
    return _result(f"round {number}", config.loss, readout, scores, target, None, probabilities)


def _confirm(
    best: BestFile, prepared: Prepared, seed: int, soup: int | None, target: Path, what: str, notes: tuple[str, ...]
) -> TrainResult:
    from tune_dml.driver.winner_model import describe_model, write_model
    from tune_dml.evaluation.confirm_runs import Candidate, confirm_run
    from tune_dml.evaluation.soups import soup_again
    from tune_dml.training.workload import single_thread

    single_thread()
    readout = str(best.config.get("readout", prepared.about.task_kind.target.readout))
    candidate = Candidate("best.yaml", best.config, readout, (seed,), (seed,))
    if soup is not None:
        run, model = soup_again(candidate, prepared.workload, prepared.test, soup)
    else:
        run, model = confirm_run(candidate, seed, prepared.workload, prepared.test)
    _check(run)
    assert model is not None
    readout = model.readout.name
    write_model(prepared, candidate, target / "model", describe_model(prepared, candidate, model, soup), model)
    probabilities, scores = run.probabilities.get(readout), None
    if probabilities is not None and prepared.test_labels is not None:
        scores = score(prepared.about.task_kind, probabilities, prepared.test_labels)
        _write(target, np.arange(len(probabilities), dtype=np.int64), probabilities, prepared)
    loss = str(best.config.get("loss", "ce"))
    return _result(what, loss, readout, scores, target, target / "model", probabilities, notes)


def _check(run: ConfirmRun) -> None:
    if run.reason is not None:
        raise ResultsError(f"Training failed ({run.reason}); try another --seed.")


def _write(
    target: Path,
    rows: np.ndarray[Any, np.dtype[np.int64]],
    probabilities: np.ndarray[Any, np.dtype[np.float32]],
    prepared: Prepared,
) -> None:
    import pyarrow as pa

    target.mkdir(parents=True, exist_ok=True)
    columns: dict[str, Any] = {"row": rows}
    columns |= {f"p_{i}": probabilities[:, i] for i in range(len(prepared.about.label_names))}
    write_parquet_atomic(target / "predictions.parquet", pa.table(columns))


def _result(
    what: str,
    loss: str,
    readout: str,
    scores: Scores | None,
    target: Path,
    model: Path | None,
    probabilities: np.ndarray[Any, np.dtype[np.float32]] | None,
    notes: tuple[str, ...] = (),
) -> TrainResult:
    lines = [f"{what}: {loss}, read-out {readout}"]
    if scores is not None:
        lines.append(
            ", ".join(f"{metric_named(name).words} {value:.4f}" for name, value in scores.items())
            + " "
            + ("on the test split" if model is not None else "on the held-out part")
        )
    if model is not None:
        lines.append(f"model: {model}")
    document = {
        "run": what,
        "notes": list(notes),
        "scores": dict(scores) if scores else None,
        "model": str(model) if model else None,
        "predictions": str(target / "predictions.parquet") if scores else None,
    }
    return TrainResult(tuple(lines), document, probabilities)
