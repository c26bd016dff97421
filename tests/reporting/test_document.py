"""The JSON document."""

import json
from dataclasses import replace

import pytest

from tune_dml.errors import ResultsError
from tune_dml.reporting import to_json


def test_has_the_promised_shape(report):
    document = to_json(report)
    assert {"search", "winner", "baselines", "leaderboard", "failed", "model", "report", "tracking_uri"} <= set(
        document
    )
    assert {"name", "task", "shots", "per_class", "draw", "encoder", "protocol", "trials", "seconds"} <= set(
        document["search"]
    )
    winner = document["winner"]
    assert (winner["trial"], winner["readout"]) == (2, "centroid")
    assert winner["config"]["readout"] == "centroid"
    assert winner["readouts"]["knn:k=1"] == 0.75
    assert winner["config"]["supcon/temperature"] == 0.1
    assert winner["cv"]["accuracy"] == pytest.approx(0.8)
    assert winner["cv"]["corrected_accuracy"] == 0.74
    assert winner["test"]["accuracy"] == {
        "mean": pytest.approx(0.75),
        "sd": pytest.approx(0.0707, abs=1e-4),
        "seeds": [0.7, 0.8],
    }
    assert set(winner["test"]) >= {"accuracy", "macro_f1"}
    assert set(document["baselines"]) == {"probe", "reference_ce"}
    assert document["baselines"]["probe"]["test"]["accuracy"]["mean"] == 0.66
    assert document["baselines"]["reference_ce"]["test"] == {}
    assert [entry["trial"] for entry in document["leaderboard"]] == [2, 0, 1, 3]
    assert set(document["leaderboard"][0]) >= {"trial", "loss", "state", "rounds", "cv_accuracy"}
    assert document["failed"] == {"nan": 1}
    assert document["search"]["shots"] == 10


def test_is_strict_json_even_without_a_winner(report):
    nan = {"accuracy": float("nan"), "macro_f1": 0.5, "log_loss": float("inf")}
    for candidate in (
        report,
        replace(report, winner=None, corrected=None, confirmed={}, interrupted=True),
        replace(report, ensemble=nan),
    ):
        assert json.loads(json.dumps(to_json(candidate), allow_nan=False))["search"]["task"] == "TREC"
    assert to_json(replace(report, winner=None))["winner"] is None


def test_is_refused_without_baselines(without_baselines):
    with pytest.raises(ResultsError, match="no record of probe"):
        to_json(without_baselines)
