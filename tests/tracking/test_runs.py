"""What a search looks like in MLflow, and that writing it again changes nothing."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from tune_dml.config import DrawSettings, State
from tune_dml.tracking import Finish, TrainingData, reconcile_search
from tune_dml.tracking.mlflow_store import absolute_uri
from tune_dml.tracking.request_sizes import shortened
from tune_dml.tracking.runs import SearchRuns


def runs_of(client, settings):
    experiment = client.get_experiment_by_name(f"tune-dml/{settings.task.task}")
    return client.search_runs([experiment.experiment_id], f"tags.`tune_dml.search` = '{settings.name}'")


def children_of(client, settings):
    runs = runs_of(client, settings)
    return {run.data.tags["tune_dml.trial"]: run for run in runs if "tune_dml.trial" in run.data.tags}


def parent_of(client, settings):
    (parent,) = (run for run in runs_of(client, settings) if run.data.tags["tune_dml.kind"] == "search")
    return parent


def picture(client, settings):
    """Everything but times of reading: ids, parameters, tags, and every metric point."""
    return {
        run.info.run_id: (
            run.info.status,
            run.info.end_time,
            run.data.params,
            run.data.tags,
            sorted(
                (m.key, m.step, m.value, m.timestamp)
                for key in run.data.metrics
                for m in client.get_metric_history(run.info.run_id, key)
            ),
        )
        for run in runs_of(client, settings)
    }


def test_a_trial_gets_one_named_run_with_its_parameters_and_rounds(client, results, make_settings, make_record):
    settings = make_settings()
    reconcile_search(settings, results, [make_record(7, rounds=3, state=State.COMPLETE)], about={"trials": "16"})
    parent, child = parent_of(client, settings), children_of(client, settings)["trial-7"]
    assert parent.info.run_name == f"SST2 · 50 shots · all-MiniLM-L6-v2 · {settings.name}"
    assert parent.data.params == {"trials": "16"}
    assert parent.info.status == "RUNNING"
    assert child.info.run_name == "supcon #7"
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.params["supcon/temperature"] == "0.1"
    assert child.data.params["dropout"] == "None"
    reached = client.get_metric_history(child.info.run_id, "so_far/score")
    assert [(m.step, round(m.value, 6)) for m in reached] == [(1, 0.5), (2, 0.55), (3, 0.6)]
    score = client.get_metric_history(child.info.run_id, "score")
    assert [(m.step, round(m.value, 6)) for m in score] == [(3, 0.6)]
    assert child.data.metrics["seconds"] == 0.75
    alone = client.get_metric_history(child.info.run_id, "round/accuracy")
    assert [(m.step, round(m.value, 6)) for m in alone] == [(1, 0.5), (2, 0.6), (3, 0.7)]
    assert child.data.metrics["round/seconds"] == 0.25
    assert "round/zero_loss_share" not in child.data.metrics, "values that are not finite are left out"


def test_scores_of_a_fixed_hold_out_are_not_averaged(client, results, make_settings, make_record):
    settings = dataclasses.replace(make_settings(), draw=DrawSettings(shots=None, validation="holdout"))
    reconcile_search(settings, results, [make_record(0, rounds=3)])
    child = children_of(client, settings)["trial-0"]
    assert child.data.metrics["so_far/score"] == pytest.approx(0.7)
    assert parent_of(client, settings).info.run_name.startswith("SST2 · full · ")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.RUNNING, "RUNNING"),
        (State.COMPLETE, "FINISHED"),
        (State.PRUNED, "FINISHED"),
        (State.FAIL, "FAILED"),
    ],
)
def test_states(client, results, make_settings, make_record, state, status):
    settings = make_settings()
    reason = "nan" if state is State.FAIL else None
    reconcile_search(settings, results, [make_record(0, rounds=1, state=state, reason=reason)])
    child = children_of(client, settings)["trial-0"]
    assert child.info.status == status
    assert child.data.tags["tune_dml.state"] == state.value
    assert child.data.tags.get("tune_dml.reason") == reason


def test_a_trial_that_was_stopped_has_no_score_to_sort_by(client, results, make_settings, make_record):
    settings = make_settings()
    stopped, whole = make_record(0, 2, State.PRUNED, base=0.9), make_record(1, 5, State.COMPLETE, base=0.5)
    reconcile_search(settings, results, [stopped, whole, make_record(2, 5, base=0.9)])
    experiment = parent_of(client, settings).info.experiment_id
    mine = f"tags.`tune_dml.search` = '{settings.name}' and tags.`tune_dml.kind` = 'trial'"
    found = client.search_runs([experiment], mine, order_by=["metrics.accuracy DESC"])
    assert found[0].info.run_name == "supcon #1"
    for run in found[1:]:
        assert {"accuracy", "macro_f1", "log_loss", "score"}.isdisjoint(run.data.metrics)
        assert run.data.metrics["so_far/accuracy"] >= 0.9


def test_a_trial_that_ends_after_its_last_round_was_written_gets_its_score(client, results, make_settings, make_record):
    settings = make_settings()
    reconcile_search(settings, results, [make_record(0, 5)])
    reconcile_search(settings, results, [make_record(0, 5, State.COMPLETE)])
    child = children_of(client, settings)["trial-0"]
    assert [(m.step, round(m.value, 6)) for m in client.get_metric_history(child.info.run_id, "accuracy")] == [(5, 0.7)]
    assert len(client.get_metric_history(child.info.run_id, "so_far/accuracy")) == 5


def test_every_run_names_its_data_once(client, results, make_settings, make_record):
    settings = make_settings(task="MR")
    data = TrainingData("MR · 50 shots · draw 0", "0123456789abcdef", "/data/MR")
    for _ in range(2):
        reconcile_search(settings, results, [make_record(0, 1)], about={"trials": "1"}, data=data)
    for run in runs_of(client, settings):
        [used] = client.get_run(run.info.run_id).inputs.dataset_inputs
        assert (used.dataset.name, used.dataset.digest) == ("MR · 50 shots · draw 0", "0123456789abcdef")
        assert [(tag.key, tag.value) for tag in used.tags] == [("mlflow.data.context", "training")]


def test_confirmed_figures_stand_beside_their_trials(client, results, make_settings, make_record):
    settings = make_settings()
    records = [make_record(0, 5, State.COMPLETE), make_record(0, 5, State.COMPLETE, kind="baseline")]
    scores = {"trial-0": 0.8, "baseline-0": 0.7, "trial-9": 1.0}
    figures = {key: {"test_accuracy": score} for key, score in scores.items()}
    reconcile_search(settings, results, records, finish=Finish("FINISHED", {"test_accuracy": 0.8}, of_trials=figures))
    children = children_of(client, settings)
    assert {key: run.data.metrics["test_accuracy"] for key, run in children.items()} == {
        "trial-0": 0.8,
        "baseline-0": 0.7,
    }


def test_a_waiting_trial_has_no_run_and_a_baseline_is_marked(client, results, make_settings, make_record):
    settings = make_settings()
    records = [make_record(0, 0, State.WAITING), make_record(0, 2, State.COMPLETE, kind="baseline")]
    reconcile_search(settings, results, records)
    (key, child), *others = children_of(client, settings).items()
    assert (key, child.info.run_name, child.data.tags["tune_dml.kind"], others) == (
        "baseline-0",
        "probe",
        "baseline",
        [],
    )


def test_writing_a_search_again_changes_nothing(client, results, make_settings, make_record, tmp_path):
    settings = make_settings()
    best = tmp_path / "best.yaml"
    best.write_text("loss: supcon\n")
    records = [make_record(0, 3, State.COMPLETE), make_record(1, 1, State.PRUNED), make_record(2, 2)]
    finish = Finish("FINISHED", {"test_accuracy": 0.8}, "# Leaderboard", (str(best),), "trial-0", {"loss": "supcon"})
    everything = {"about": {"trials": "3"}, "best": {1: 0.5, 2: 0.6}, "finish": finish}
    reconcile_search(settings, results, records, **everything)
    once = picture(client, settings)
    reconcile_search(settings, results, records, **everything)
    again = picture(client, settings)
    parent = parent_of(client, settings).info.run_id
    # The second start and end of the search are true, and leave new end times only.
    assert [v[2:] for k, v in once.items() if k == parent] == [v[2:] for k, v in again.items() if k == parent]
    assert {k: v for k, v in once.items() if k != parent} == {k: v for k, v in again.items() if k != parent}
    assert len(again) == 4
    artifacts = [artifact.path for artifact in client.list_artifacts(parent)]
    assert artifacts == ["best.yaml"]
    assert again[parent][3]["mlflow.note.content"] == "# Leaderboard"


def test_rounds_are_added_to_those_that_another_process_wrote(client, results, make_settings, make_record):
    settings = make_settings()
    reconcile_search(settings, results, [make_record(0, 2)], best={1: 0.5})
    reconcile_search(settings, results, [make_record(0, 5, State.COMPLETE)], best={1: 0.4, 2: 0.6})
    child = children_of(client, settings)["trial-0"]
    for key in ("so_far/score", "so_far/accuracy", "round/train_loss"):
        steps = Counter(m.step for m in client.get_metric_history(child.info.run_id, key))
        assert steps == dict.fromkeys(range(1, 6), 1)
    assert [m.step for m in client.get_metric_history(child.info.run_id, "accuracy")] == [5]
    curve = client.get_metric_history(parent_of(client, settings).info.run_id, "best_cv_accuracy")
    assert [(m.step, m.value) for m in curve] == [(1, 0.5), (2, 0.6)]


def test_a_point_that_was_written_before_the_line_broke_is_not_doubled(client, results, make_settings, make_record):
    settings = make_settings()
    runs = SearchRuns(settings, results)
    runs.trial(make_record(0, 1))
    child = children_of(client, settings)["trial-0"]
    client.set_tag(child.info.run_id, "tune_dml.rounds", "0")
    runs.forget()
    runs.trial(make_record(0, 2))
    assert [m.step for m in client.get_metric_history(child.info.run_id, "so_far/score")] == [1, 2]


def test_a_stopped_trial_may_run_again(client, results, make_settings, make_record):
    settings = make_settings()
    reconcile_search(settings, results, [make_record(0, 2, State.FAIL, reason="interrupted")])
    reconcile_search(settings, results, [make_record(0, 2)])
    child = children_of(client, settings)["trial-0"]
    assert child.info.status == "RUNNING"
    assert child.data.tags["tune_dml.reason"] == ""


def test_searches_of_one_name_in_different_results_folders_stay_apart(
    client, results, make_settings, make_record, tmp_path
):
    settings = dataclasses.replace(make_settings(), tracking_uri=f"sqlite:///{results / 'mlflow.db'}")
    reconcile_search(settings, results, [make_record(0, 1)])
    reconcile_search(settings, tmp_path, [make_record(0, 1)])
    assert len(runs_of(client, settings)) == 4


def test_more_parameters_and_points_than_one_request_takes(client, results, make_settings, make_record):
    settings = make_settings()
    record = make_record(0, 150, params={f"p{n}": n for n in range(150)} | {"loss": "x" * 7_000})
    reconcile_search(settings, results, [record])
    child = children_of(client, settings)["trial-0"]
    assert len(child.data.params) == 151
    assert len(client.get_metric_history(child.info.run_id, "so_far/score")) == 150


def test_a_run_that_the_user_deleted_is_made_again(client, results, make_settings, make_record):
    settings = make_settings()
    runs = SearchRuns(settings, results)
    runs.trial(make_record(0, 1))
    client.delete_run(children_of(client, settings)["trial-0"].info.run_id)
    runs.forget()
    runs.trial(make_record(0, 2))
    assert len(children_of(client, settings)) == 1


def test_a_long_description_is_cut_between_lines():
    text = shortened("\n".join(f"| row {n} |" for n in range(2_000)), limit=500)
    assert len(text) <= 500
    assert text.splitlines()[-3].endswith(" |")
    assert shortened("short") == "short"


def test_a_relative_database_is_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert absolute_uri("sqlite:///runs/m.db") == f"sqlite:///{tmp_path}/runs/m.db"
    assert not Path("mlruns").exists()
