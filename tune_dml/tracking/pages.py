"""Addresses of MLflow's pages on searches, and the view of an experiment that shows what matters without a click.

MLflow 3 opens on traces of language models, with runs and registered models behind a switch: each address asks for its
other side, which MLflow takes from an address since 3.15. An address that names a view must name nothing else of what
the view holds, or MLflow leaves the view out.
"""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from tune_dml.config import SearchSettings
from tune_dml.data import KINDS, SINGLE
from tune_dml.tracking import names
from tune_dml.tracking.pending import parent_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

_TRAINING = "workflowType=machine_learning"
_VIEW = "tune-dml"
_VIEW_TAG = f"mlflow.sharedViewState.{_VIEW}"
# What MLflow takes where its users choose nothing. Servers before 3.15 show an error for a view without it.
_UNCHOSEN: dict[str, object] = {
    "runsExpanded": {},
    "runsPinned": [],
    "runsHidden": [],
    "runsVisibilityMap": {},
    "runsHiddenMode": "FIRST_10_RUNS",
    "viewMaximized": False,
    "runListHidden": False,
    "isAccordionReordered": False,
    "useGroupedValuesInCharts": True,
    "hideEmptyCharts": True,
    "groupBy": None,
    "groupsExpanded": {},
    "autoRefreshEnabled": True,
    "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
}


def experiments_page(server: str) -> str:
    """All tasks."""
    return _page(server, "experiments")


def experiment_page(server: str, experiment_id: str, charts: bool = False) -> str:
    """All searches of a task with their trials, best first; see :func:`keep_view`."""
    mode = "&compareRunsMode=CHART" if charts else ""
    return f"{_page(server, f'experiments/{experiment_id}/runs')}&viewStateShareKey={_VIEW}{mode}"


def run_page(server: str, experiment_id: str, run_id: str, charts: bool = False) -> str:
    """One search: its parent run."""
    tab = "/model-metrics" if charts else ""
    return _page(server, f"experiments/{experiment_id}/runs/{run_id}{tab}")


def search_page(folder: Path, uri: str) -> str | None:
    """Of the search in ``folder`` on the server ``uri``; ``None`` where MLflow is no server or the run not known."""
    known = parent_of(folder, uri) if uri.startswith(("http://", "https://")) else None
    return None if known is None else run_page(uri, *known)


def model_page(server: str, name: str) -> str:
    """The versions of a registered model."""
    return _page(server, f"models/{quote(name, safe='')}")


def model_page_of(server: str, settings: SearchSettings) -> str | None:
    """Of the model that a search registers; ``None`` where only the store can tell its name."""
    name = names.model_name(settings)
    return model_page(server, name) if name == names.former_model_name(settings) else None


def _page(server: str, path: str) -> str:
    # Browsers ask for a name and a password themselves.
    without_user = re.sub(r"//[^/@]*@", "//", server)
    return f"{without_user.rstrip('/')}/#/{path}?{_TRAINING}"


def keep_view(client: MlflowClient, experiment_id: str, settings: SearchSettings) -> None:
    """Store the view that :func:`experiment_page` names, in the form of MLflow's own shared views: runs sorted by the
    search's metric, with its kind's default beside it. A server that does not let this user do so has no such view."""
    from mlflow.exceptions import MlflowException

    usual = KINDS.get(settings.task.kind or SINGLE.name, SINGLE).target.metric
    state = json.dumps(_view(settings.metric, usual), separators=(",", ":"))
    with contextlib.suppress(MlflowException):
        if client.get_experiment(experiment_id).tags.get(_VIEW_TAG) != state:
            client.set_experiment_tag(experiment_id, _VIEW_TAG, state)


def _view(metric: str, usual: str) -> dict[str, object]:
    metrics = dict.fromkeys([metric, usual, f"test_{metric}", f"test_{usual}", "seconds"])
    tags = (names.LOSS, names.STATE, names.ROUNDS)
    columns = [*(f"metrics.`{name}`" for name in metrics), *(f"tags.`{tag}`" for tag in tags)]
    return _UNCHOSEN | {
        "searchFilter": "",
        "orderByKey": f"metrics.`{metric}`",
        "orderByAsc": names.lower_is_better(metric),
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "selectedColumns": columns,
    }
