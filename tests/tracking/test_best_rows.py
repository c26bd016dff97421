"""The best configuration per data set, out of MLflow alone."""

from __future__ import annotations

import dataclasses

import pytest

from tune_dml.config import State
from tune_dml.errors import EnvironmentFault
from tune_dml.tracking import Finish, best_per_task, embedded_uri, free_port, reconcile_search
from tune_dml.tracking.best_rows import value_of


def test_the_best_search_of_each_task_and_number_of_shots(client, results, make_settings, make_record):
    def searched(score, shots=50, task="MR", metric="accuracy", finished=True):
        settings = dataclasses.replace(make_settings(task=task, shots=shots), metric=metric)
        # The winner is not always what is ahead: that may be luck.
        figures = {"test_accuracy": score - 0.1, f"cv_{metric}": score}
        finish = Finish("FINISHED", figures, winner="trial-0", config={"loss": "ce", "lr": 1e-4})
        reconcile_search(
            settings,
            results,
            [make_record(0, 2, State.COMPLETE), make_record(1, 2, State.COMPLETE, base=0.3)],
            best={1: score - 0.2, 2: score + (0.05 if finished else 0.0)},
            finish=finish if finished else None,
        )
        return settings.name

    searched(0.7)
    best = searched(0.8)
    more = searched(0.75, shots=100, finished=False)
    full = searched(0.5, shots=None)
    low = searched(0.3, metric="log_loss")
    searched(0.6, metric="log_loss")
    other = searched(0.6, task="hub:org/name")
    rows = best_per_task(embedded_uri(results), task="MR")
    assert [(row.shots, row.metric, row.search, row.searches) for row in rows] == [
        ("50", "accuracy", best, 2),
        ("50", "log_loss", low, 2),
        ("100", "accuracy", more, 1),
        ("full", "accuracy", full, 1),
    ]
    first, running = rows[0], rows[2]
    assert first.score == pytest.approx(0.8)
    assert dict(first.config) == {"loss": "ce", "lr": 1e-4}
    assert first.confirmed == {"test_accuracy": pytest.approx(0.7), "cv_accuracy": pytest.approx(0.8)}
    assert running.trial == "trial-0"
    assert running.config["lr"] == 1e-4
    assert running.config["dropout"] is None
    assert other in {row.search for row in best_per_task(embedded_uri(results))}
    assert best_per_task(embedded_uri(results), task="RTE") == []


def test_a_server_that_is_away():
    with pytest.raises(EnvironmentFault, match="connection refused"):
        best_per_task(f"http://127.0.0.1:{free_port(0)}")


@pytest.mark.parametrize("value", [None, True, False, 3, 1e-05, 0.1, "mean", "head+proxies"])
def test_parameters_survive_being_text(value):
    assert value_of(str(value)) == value
    assert type(value_of(str(value))) is type(value)
