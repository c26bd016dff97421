"""What disturbed searches have left: is anything lost, is anything there twice, do equal runs score equally?"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlflow.tracking import MlflowClient

from tune_dml.config import BASELINES, Probabilities, State, TrialRecord, Value
from tune_dml.results.search_file import read_search_file
from tune_dml.tracking.names import SEARCH_ID
from tune_dml.tracking.pending import search_id
from tune_dml.tuning.journal import FILE_NAME, Journal

#: Optuna's codes, in its journal.
_CREATE_TRIAL, _SET_STATE, _SET_ATTRIBUTE = 4, 6, 8
_FINISHED = (1, 2, 3)


@dataclass(frozen=True)
class Evidence:
    """Of one search.

    Attributes:
        lost, doubled: What is missing or failed, and what is there twice, in words.
        scores: What was scored (configuration, draw, fold or confirm, seed) and a digest of its scores and class
            probabilities.
    """

    lost: list[str]
    doubled: list[str]
    scores: list[tuple[str, str]]


def evidence(folder: Path, mlflow_uri: str) -> Evidence:
    """Look at the journal, line by line and as it is read, and at MLflow's runs."""
    about, journal = read_search_file(folder), Journal(folder, write=False)
    trials, baselines = journal.records(), journal.records("baseline")
    records = [*baselines, *trials]
    lost = [f"trial {n}" for n in set(range(about.settings.trials)) - {r.number for r in trials}]
    lost += [f"baseline {name}" for name in set(BASELINES) - {r.name for r in baselines}]
    ended = (State.COMPLETE, State.PRUNED)
    lost += [f"{r.name} is {r.state} ({r.reason})" for r in records if r.state not in ended]
    for record in records:
        known = {item.number for item in record.rounds}
        wanted = about.rounds if record.state == State.COMPLETE else max(known, default=1)
        lost += [f"{record.name}, round {n}" for n in set(range(1, wanted + 1)) - known]
    runs = journal.confirm_runs()
    for candidate in {*BASELINES, *(run.candidate for run in runs)}:
        seeds = range(1 if candidate == "probe" else about.settings.confirm_seeds)
        good = {run.seed for run in runs if run.candidate == candidate and run.reason is None}
        lost += [f"confirm run {seed} of {candidate}" for seed in set(seeds) - good]
    if not (folder / "model" / "model.safetensors").is_file():
        lost.append("the model")
    doubled = [f"trial {r.number}" for r in trials if r.number >= about.settings.trials]
    doubled += _written_twice((folder / FILE_NAME).read_text())
    missing, twice = _in_mlflow(MlflowClient(mlflow_uri), search_id(folder), records)
    params = {record.name: record.params for record in records}
    draw, seed = about.settings.draw.draw, about.settings.seed
    scores = [
        (_key(r.params, draw, f"fold {item.number}", seed), _digest(dict(item.scores), item.probabilities))
        for r in records
        for item in r.rounds
    ]
    for run in runs:
        # The read-out and its temperature depend on how many rounds the candidate was given; logistic regression does
        # where it is the read-out.
        for name, array in run.probabilities.items():
            if name == "logistic" and len(run.probabilities) > 1:
                key = _key(params[run.candidate], draw, f"confirm {run.seed}", seed)
                scores.append((key, _digest({}, {name: array})))
    return Evidence([*lost, *missing], [*doubled, *twice], scores)


def compared(scores: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """How often something was scored again, and how often that gave another result than the first time."""
    first: dict[str, str] = {}
    again = different = 0
    for key, digest in scores:
        if key in first:
            again += 1
            different += digest != first[key]
        else:
            first[key] = digest
    return again, different


def _written_twice(journal: str) -> list[str]:
    """Rounds, ends and confirm runs that the journal has two lines for: reading it would hide the second."""
    written: Counter[tuple[object, ...]] = Counter()
    for line in map(json.loads, journal.splitlines()):
        if line["op_code"] == _SET_ATTRIBUTE:
            written.update((line["trial_id"], name) for name in line["user_attr"] if name.startswith("round:"))
        elif line["op_code"] == _SET_STATE and line["state"] in _FINISHED:
            written[line["trial_id"], "end"] += 1
        elif line["op_code"] == _CREATE_TRIAL and (run := line.get("user_attrs", {}).get("run")) is not None:
            written["confirm", run["candidate"], run["seed"]] += 1
    return [f"{' '.join(map(str, what))} in the journal" for what, times in written.items() if times > 1]


def _in_mlflow(client: MlflowClient, marked: str, records: list[TrialRecord]) -> tuple[list[str], list[str]]:
    """What is lost and doubled there."""
    experiments = [e.experiment_id for e in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.`{SEARCH_ID}` = '{marked}'", max_results=1000)
    named = defaultdict(list)
    for run in runs:
        named["" if "mlflow.parentRunId" not in run.data.tags else run.info.run_name].append(run)
    lost = [f"MLflow's run of {name or 'the search'}" for name in {"", *(r.name for r in records)} - set(named)]
    lost += [f"the end of {run.info.run_name} in MLflow" for run in runs if run.info.status == "RUNNING"]
    doubled = [f"MLflow's run of {name or 'the search'}" for name, those in named.items() if len(those) > 1]
    for record in records:
        wanted = Counter(item.number for item in record.rounds)
        for run in named[record.name]:
            there = Counter(point.step for point in client.get_metric_history(run.info.run_id, "so_far/accuracy"))
            lost += [f"MLflow's point {step} of {record.name}" for step in (wanted - there)]
            doubled += [f"MLflow's point {step} of {record.name}" for step in (there - wanted)]
    return lost, doubled


def _key(params: Mapping[str, Value], draw: int, where: str, seed: int) -> str:
    return json.dumps([dict(sorted(params.items())), draw, where, seed])


def _digest(scores: Mapping[str, float], probabilities: Mapping[str, Probabilities]) -> str:
    whole = hashlib.sha256(json.dumps(scores, sort_keys=True).encode())
    for name, array in sorted(probabilities.items()):
        whole.update(name.encode() + array.tobytes())
    return whole.hexdigest()
