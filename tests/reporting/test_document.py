"""The JSON document."""

import json
from dataclasses import replace

import pytest

from tune_dml.errors import ResultsError
from tune_dml.reporting import to_json
from tune_dml.reporting.wording import result_sentences
from tune_dml.training.scoring import Gain


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


def test_what_the_search_has_bought(report):
    assert to_json(report)["bought"] is None
    gain = Gain("ce #0", "accuracy", 0.031, (-0.01, 0.07), 5)
    document = to_json(replace(report, first_recipe="ce #0", bought=gain))
    assert document["first_recipe"] == "ce #0"
    assert document["bought"] == {
        "over": "ce #0", "metric": "accuracy", "mean": 0.031, "interval": [-0.01, 0.07], "seeds": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (Gain("ce #0", "accuracy", 0.031, (0.012, 0.05), 5), "has gained 3.1 points of test accuracy [1.2, 5.0] over"),
        (Gain("ce #0", "accuracy", -0.02, (-0.05, 0.01), 5), "has lost 2.0 points of test accuracy [-1.0, 5.0] over"),
        (Gain("ce #0", "accuracy", -0.02, (-0.05, 0.01), 1), "with the same one seed, which may be chance."),
        (None, None),
    ],
)
def test_what_the_search_has_bought_is_said(report, gain, words):
    said = " ".join(result_sentences(replace(report, first_recipe="ce #0", bought=gain), report.rows()))
    assert "the search has" in said.lower() if words else "the search has" not in said.lower()
    assert words is None or words in said
    mine = replace(report, first_recipe=report.winner.name)
    assert "the search has gained nothing" in " ".join(result_sentences(mine, mine.rows()))


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
