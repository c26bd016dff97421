"""Order, content and printing of the leaderboard."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from tune_dml.config import Round, State, TrialRecord
from tune_dml.errors import ResultsError
from tune_dml.reporting import leaderboard_frame, leaderboard_markdown, print_leaderboard
from tune_dml.training.scoring import SeedScore

ORDER = ["supcon #2", "probe", "ce #0", "reference_ce", "triplet #1", "softtriple #3"]


def _printed(report, width=80, **options):
    stream = io.StringIO()
    print_leaderboard(report, Console(file=stream, width=width, **options))
    return stream.getvalue()


def test_order_is_by_cross_validation(report):
    frame = leaderboard_frame(report)
    assert list(frame["name"]) == ORDER
    assert frame["rank"].tolist()[:5] == [1, 2, 3, 4, 5]
    assert frame["rank"].isna().tolist() == [False] * 5 + [True]


def test_order_does_not_depend_on_test_scores(report):
    rng = np.random.default_rng(0)
    for _ in range(5):
        scores = {
            r.name: [SeedScore(0, dict(zip(("accuracy", "macro_f1", "log_loss"), rng.random(3), strict=True)))]
            for r in report.records
        }
        other = replace(report, confirmed=scores)
        assert list(leaderboard_frame(other)["name"]) == ORDER
    assert list(leaderboard_frame(replace(report, confirmed={}))["name"]) == ORDER


def test_frame_has_the_promised_columns(report):
    frame = leaderboard_frame(report)
    columns = [
        "rank", "kind", "trial", "name", "loss", "state", "rounds", "cv_accuracy", "cv_macro_f1", "cv_log_loss",
        "cv_score", "test_accuracy_mean", "test_accuracy_sd", "test_macro_f1_mean", "test_macro_f1_sd", "readout",
        "seconds", "reason",
    ]  # fmt: skip
    assert list(frame.columns[: len(columns)]) == columns
    assert set(frame.columns[len(columns) :]) == {"lr", "dropout", "supcon/temperature"}
    line = frame.set_index("name").loc["supcon #2"]
    assert line["cv_accuracy"] == pytest.approx(0.8)
    assert line["cv_score"] == pytest.approx(0.8 - 0.52e-4)
    assert line["test_accuracy_mean"] == pytest.approx(0.75)
    assert line["seconds"] == 3.0
    assert frame.set_index("name")["trial"].isna()["probe"]


def test_the_ensemble_is_a_row_of_its_own(report):
    with_ensemble = replace(report, ensemble={"accuracy": 0.85, "macro_f1": 0.84, "log_loss": 0.3})
    frame = leaderboard_frame(with_ensemble)
    assert list(frame["name"]) == [*ORDER, "supcon #2 ensemble"]
    assert frame.iloc[-1]["test_accuracy_mean"] == 0.85
    assert "average of seeds" in _printed(with_ensemble, width=100)


@pytest.mark.parametrize("show", [leaderboard_frame, leaderboard_markdown, _printed])
def test_no_leaderboard_without_baselines(without_baselines, show):
    with pytest.raises(ResultsError, match="its baselines or not at all"):
        show(without_baselines)


@pytest.mark.parametrize("options", [{"no_color": True}, {"force_terminal": True}, {}])
def test_printed_at_80_columns(report, options):
    text = _printed(report, **options)
    plain = text.replace("\x1b[0m", "")
    for part in ("supcon #2", "probe", "reference_ce", "baseline", "winner", "0.750 ± 0.071", "failed: nan", "stopped"):
        assert part in plain
    if "force_terminal" not in options:
        assert "\x1b" not in text
        table = [line for line in text.splitlines() if line.strip().startswith(tuple("123456789"))]
        assert max(map(len, table)) <= 80


def test_imbalanced_tasks_show_macro_f1_beside_accuracy(report):
    assert "cv loss" in _printed(report)
    for metric, headers in (
        ("accuracy", ["cv acc.", "cv F1", "test acc.", "test F1"]),
        ("macro_f1", ["cv F1", "cv acc."]),
    ):
        settings = replace(report.settings, metric=metric)
        text = _printed(replace(report, settings=settings, per_class={"yes": 7, "no": 3}))
        lines = text.splitlines()
        table = lines[next(i for i, line in enumerate(lines) if line.strip().startswith("#")) :][:8]
        assert all(header in table[0] for header in headers)
        assert "cv loss" not in text
        assert max(map(len, table)) <= 80
    [winner] = [line for line in table if "winner" in line]
    assert winner.split()[3:5] == ["0.750", "0.800"]


def test_printed_sentences(report):
    text = " ".join(_printed(report, width=400).split())
    assert "10 shots (draw 0): 5 yes, 5 no." in text
    assert "Test accuracy 0.750 ± 0.071, mean and standard deviation over 2 seeds (0.700, 0.800)." in text
    assert "cross-validation accuracy, 0.800 with the logistic read-out, is biased: up, because" in text
    assert "Bias-corrected accuracy (BBC-CV): 0.740, 95% interval 0.550 to 0.920." in text
    assert "1 failed: 1 nan." in text
    assert "A worker was lost 2 times (1 with its machine, 1 by itself)" in text
    listed = "logistic 0.800, knn:k=1 0.750, centroid 0.900, centroid:euclidean 0.950."
    assert f"The winner's read-outs by cross-validation accuracy: {listed}" in text
    assert "3 empty texts were dropped." in text
    assert "tune-dml predict /results/searches/trec-50-quiet-fox/model FILE" in text


def test_a_winner_that_is_never_right_is_said(report):
    nothing = tuple(replace(item, scores={**item.scores, "accuracy": 0.0}) for item in report.winner.rounds)
    winner = replace(report.winner, rounds=nothing)
    records = [winner if record.name == winner.name else record for record in report.records]
    text = " ".join(_printed(replace(report, winner=winner, records=records), width=400).split())
    assert "Its cross-validation accuracy is 0: no label that a text has was predicted." in text
    assert "Its cross-validation accuracy is 0" not in _printed(report, width=400)


def test_paths_are_not_broken_over_lines(report):
    long = replace(report, model="/" + "x" * 120)
    assert "/" + "x" * 120 in _printed(long, width=40)


def test_markup_in_names_is_shown_as_it_is(report):
    assert "5 [red]a[/red]" in _printed(replace(report, per_class={"[red]a[/red]": 5}))


def test_interrupted_search_says_how_to_go_on(report):
    settings = replace(report.settings, results="/elsewhere/my results")
    text = _printed(replace(report, settings=settings, interrupted=True, confirmed={}, model=None), width=200)
    assert "tune-dml resume trec-50-quiet-fox --results '/elsewhere/my results'" in text
    assert "tune-dml confirm trec-50-quiet-fox --results" in text
    assert "not confirmed on the test split" in text


def test_without_a_winner_or_a_test_split(report):
    assert "there is no winner yet" in _printed(replace(report, winner=None, corrected=None), width=200)
    text = _printed(replace(report, has_test=False, confirmed={}), width=200)
    assert "the bias-corrected estimate is the answer" in text
    assert "tune-dml confirm" not in text


def test_only_the_best_trials_are_listed_and_every_baseline(report):
    scores = (Round(1, np.arange(2), {}, {"accuracy": 0.75, "macro_f1": 0.7, "log_loss": 0.5}, 1.0),) * 2
    many = [TrialRecord(n, "trial", f"ce #{n}", State.COMPLETE, {"loss": "ce"}, scores) for n in range(10, 60)]
    text = _printed(replace(report, records=(*report.records, *many)), width=100)
    assert "ce #24" in text
    assert "ce #25" not in text
    assert "more trials are in leaderboard.csv" in text
    # Far down, but confirmed or a baseline.
    for name in ("ce #0", "probe", "reference_ce"):
        assert name in text


def test_macro_f1_searches_show_macro_f1(report):
    other = replace(report, settings=replace(report.settings, metric="macro_f1"))
    text = " ".join(_printed(other, width=200).split())
    assert "Test macro F1 0.650" in text
    assert "cv F1" in text


def test_markdown_is_a_table_with_every_row(report):
    lines = [line for line in leaderboard_markdown(report).splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(ORDER)
    assert len({line.count("|") for line in lines}) == 1
    assert "0.750 ± 0.071" in lines[2]
    assert "&lt;b>" in leaderboard_markdown(replace(report, per_class={"<b>": 3}))
