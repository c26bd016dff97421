"""Make MLflow's runs of one search agree with what is known of it."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.config import SearchSettings, State, TrialRecord
from tune_dml.tracking import names
from tune_dml.tracking.addresses import without_password
from tune_dml.tracking.experiment import experiment_of
from tune_dml.tracking.known import KnownRun, every_page, known_run
from tune_dml.tracking.mlflow_store import (
    UPLOAD_SECONDS,
    artifact_root,
    connect,
    embedded_uri,
    http_limits,
    tracking_uri_of,
)
from tune_dml.tracking.moved import follow
from tune_dml.tracking.pages import keep_view
from tune_dml.tracking.pending import remember_parent, search_id
from tune_dml.tracking.points import Point, points
from tune_dml.tracking.request_sizes import LONGEST_PARAM, LONGEST_TAG, batches, shortened
from tune_dml.tracking.told import Finish, TrainingData

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

#: A stopped trial did what was asked of it, so its run is FINISHED; the tag ``tune_dml.state`` tells it apart.
STATUS = {State.RUNNING: "RUNNING", State.COMPLETE: "FINISHED", State.PRUNED: "FINISHED", State.FAIL: "FAILED"}


class SearchRuns:
    """The parent run of one search and its trials' runs.

    Every method may be called again with the same argument and then writes nothing. All raise MLflow's exceptions;
    after one, call :meth:`forget`, since nobody knows whether the server did what was asked before the line broke.
    """

    def __init__(
        self,
        settings: SearchSettings,
        results: Path,
        data: TrainingData | None = None,
        on_moved: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.settings, self.data = settings, data
        self._on_moved = on_moved
        self.results = Path(results).absolute()
        self.folder = self.results / "searches" / settings.name
        self.uri = tracking_uri_of(settings, results)
        self.search_id = search_id(self.folder)
        self.tags = names.search_tags(settings, self.search_id)
        self._artifact_root = artifact_root(self.uri, results)
        self._parent: KnownRun | None = None
        self._children: dict[str, KnownRun] | None = None

    @cached_property
    def client(self) -> MlflowClient:
        if self.uri == embedded_uri(self.results) and (sentence := follow(self.results)) is not None:
            self._on_moved(sentence)
        return connect(self.uri)

    def forget(self) -> None:
        """Read again from MLflow before the next write."""
        self._parent = self._children = None
        self.__dict__.pop("_experiment_id", None)

    def start(self, about: Mapping[str, str], running: bool = True) -> None:
        """The parent run exists, is RUNNING if it is, and has ``about`` as parameters (of each, the first stays)."""
        parent = self.parent()
        self._write(parent, params=about)
        self._name_data(parent)
        if running:
            self._set_status(parent, "RUNNING")

    def trial(self, record: TrialRecord) -> None:
        """The trial's run exists and has its parameters, the points of all its rounds, and its state."""
        if record.state is State.WAITING:
            return
        run = self._child(record)
        tags = {
            names.STATE: record.state.value,
            names.ROUNDS: str(len(record.rounds)),
            names.REASON: record.reason or "",
        }
        new: list[Point] = []
        if any(run.tags.get(name) != tags[name] for name in (names.ROUNDS, names.STATE)):
            everything = points(record, self.settings.metric, mean=self.settings.draw.validation == "cv")
            new = [point for point in everything if point.step not in self._steps(run, point.key)]
        self._name_data(run)
        self._write(run, {name: str(value) for name, value in record.params.items()}, new, tags)
        self._set_status(run, STATUS[record.state])

    def best(self, curve: Mapping[int, float]) -> None:
        """The parent's curve of the best score has these points (step, value)."""
        parent, name = self.parent(), names.best_metric(self.settings.metric)
        after = _now() - parent.start
        steps = self._steps(parent, name)
        new = [Point(name, value, step, after) for step, value in sorted(curve.items())]
        self._write(parent, metrics=[p for p in new if p.step not in steps and math.isfinite(p.value)])

    def finish(self, finish: Finish) -> None:
        """The parent has the search's figures, description, winner and files; its status comes last."""
        parent = self.parent()
        tags = {names.NOTE: shortened(finish.description), names.WINNER: finish.winner or ""}
        config = json.dumps(dict(finish.config)) if finish.config else ""
        if len(config) <= LONGEST_TAG:
            tags[names.CONFIG] = config
        children = self._known_children() if finish.of_trials else {}
        for key in finish.of_trials.keys() & children.keys():
            self._write_figures(children[key], finish.of_trials[key])
        self._write_figures(parent, finish.metrics, tags)
        for path in map(Path, finish.artifacts):
            self.upload(path, path.name if path.is_dir() else None)
        if finish.status == "KILLED":
            # Trials that were stopped with the search; a resume sets them to RUNNING again.
            for run in (self._children or {}).values():
                if run.status == "RUNNING":
                    self._set_status(run, "KILLED")
        self._set_status(parent, finish.status)

    def upload(self, path: Path, folder: str | None = None) -> None:
        """A file, or a folder's content, as artifacts of the parent, below ``folder`` there."""
        parent = self.parent()
        with http_limits(UPLOAD_SECONDS):
            if path.is_dir():
                self.client.log_artifacts(parent.run_id, str(path), folder)
            elif path.is_file():
                self.client.log_artifact(parent.run_id, str(path), folder)

    def parent(self) -> KnownRun:
        """The search's own run, made if there is none."""
        if self._parent is None:
            found = self._find(f"tags.`{names.KIND}` = 'search'")
            title = names.run_title(self.settings)
            self._parent = known_run(found[0]) if found else self._create(title, "search", {}, 0)
            keep_view(self.client, self._experiment_id, self.settings)
            with contextlib.suppress(OSError):
                where = None if self.settings.tracking_uri is None else without_password(self.uri)
                remember_parent(self.folder, where, self._experiment_id, self._parent.run_id)
        return self._parent

    def _known_children(self) -> dict[str, KnownRun]:
        """By ``trial_key``."""
        if self._children is None:
            found = self._find(f"tags.`{names.KIND}` != 'search'")
            self._children = {}
            for run in found:
                self._children.setdefault(run.data.tags.get(names.TRIAL, ""), known_run(run))
        return self._children

    def _child(self, record: TrialRecord) -> KnownRun:
        children, key = self._known_children(), names.trial_key(record)
        if key not in children:
            own = {names.ENCODER: self.settings.encoder_called(record.encoder)} if record.encoder else {}
            tags = {names.TRIAL: key, names.LOSS: record.loss, names.PARENT: self.parent().run_id, **own}
            seconds = sum(done.seconds for done in record.rounds)
            children[key] = self._create(record.name, record.kind, tags, round(seconds * 1000))
        return children[key]

    @cached_property
    def _experiment_id(self) -> str:
        return experiment_of(self.client, self.settings.task.task, self._artifact_root)

    def _find(self, condition: str) -> list[Run]:
        """This search's runs that meet ``condition``, oldest first."""
        where = f"tags.`{names.SEARCH_ID}` = '{self.search_id}' and {condition}"
        return every_page(
            lambda token: self.client.search_runs(
                [self._experiment_id], where, order_by=["attributes.start_time ASC"], page_token=token
            )
        )

    def _create(self, title: str, kind: str, tags: Mapping[str, str], lasted: int) -> KnownRun:
        tags = {**self.tags, names.KIND: kind, "mlflow.source.name": "tune-dml", **tags}
        start = _now() - lasted
        return known_run(self.client.create_run(self._experiment_id, start_time=start, tags=tags, run_name=title))

    def _steps(self, run: KnownRun, key: str) -> set[int]:
        """The steps at which MLflow has metric ``key``; asked once per metric that the run already had."""
        if key not in run.steps:
            history = self.client.get_metric_history(run.run_id, key) if key in run.metrics else []
            run.steps[key] = {int(metric.step) for metric in history}
        return run.steps[key]

    def _name_data(self, run: KnownRun) -> None:
        """The run says what it was trained on."""
        if self.data is None or run.has_data:
            return
        from mlflow.entities import Dataset, DatasetInput, InputTag

        data = Dataset(self.data.name, self.data.digest, "local", json.dumps({"uri": self.data.source}))
        self.client.log_inputs(run.run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
        run.has_data = True

    def _write_figures(
        self, run: KnownRun, metrics: Mapping[str, float], tags: Mapping[str, str] | None = None
    ) -> None:
        """Metrics without a step, as far as they are new or have changed, and tags."""
        after = max(0, _now() - run.start)
        changed = {k: float(v) for k, v in metrics.items() if math.isfinite(v) and run.metrics.get(k) != v}
        self._write(run, metrics=[Point(k, v, 0, after) for k, v in changed.items()], tags=tags)
        run.metrics.update(changed)

    def _write(
        self,
        run: KnownRun,
        params: Mapping[str, str] | None = None,
        metrics: Sequence[Point] = (),
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Parameters and tags that are new, and ``metrics``. Tags go last: they say that the rest is there."""
        from mlflow.entities import Metric, Param, RunTag

        new_params = {k: v[:LONGEST_PARAM] for k, v in (params or {}).items() if k not in run.params}
        new_tags = {k: v[:LONGEST_TAG] for k, v in (tags or {}).items() if run.tags.get(k, "") != v}
        for values, measured, marks in batches(list(new_params.items()), metrics, list(new_tags.items())):
            self.client.log_batch(
                run.run_id,
                [Metric(p.key, p.value, run.start + p.after, p.step) for p in measured],
                [Param(k, v) for k, v in values],
                [RunTag(k, v) for k, v in marks],
            )
        run.params.update(new_params)
        run.tags.update(new_tags)
        for point in metrics:
            run.steps.setdefault(point.key, set()).add(point.step)

    def _set_status(self, run: KnownRun, status: str) -> None:
        if run.status == status:
            return
        if status == "RUNNING":
            self.client.update_run(run.run_id, status=status)
        else:
            self.client.set_terminated(run.run_id, status, end_time=max(_now(), run.start))
        run.status = status


def _now() -> int:
    return int(time.time() * 1000)
