"""Which rounds judge a soup, and when it is left out."""

from __future__ import annotations

import numpy as np
import pytest

from tune_dml.config import SoupRound
from tune_dml.config.encoding import soup_round_from_json, soup_round_to_json
from tune_dml.data import kind_named
from tune_dml.evaluation.soups import Judging, judged_scores, judging, soup_is_worse

LABELS = np.tile([0, 1], 20)


def _said(right: int, of: int = 40) -> np.ndarray:
    """Probabilities that are right for the first so many rows."""
    sure = np.where(np.arange(of) < right, LABELS[:of], 1 - LABELS[:of])
    return np.stack([1 - sure, sure], axis=1).astype(np.float32) * 0.8 + 0.1


def _round(soup: np.ndarray, *seeds: np.ndarray) -> SoupRound:
    return SoupRound("ce #0", 1, np.arange(len(soup)), "logistic", soup, seeds, 1.0)


@pytest.mark.parametrize(
    ("spent", "rounds", "seeds", "latest", "expected"),
    [
        (90, 5, 5, False, Judging((1,), 5)),
        (120, 5, 5, False, Judging((1, 2), 5)),
        (1_000, 5, 5, False, Judging((1, 2, 3, 4, 5), 5)),
        (30, 5, 5, False, Judging((1,), 3)),
        (8, 2, 5, False, Judging((1,), 2)),
        (90, 5, 5, True, Judging((1,), 2)),
        (200, 5, 5, True, Judging((1,), 4)),
    ],
)
def test_a_tenth_of_the_rounds_goes_into_judging(
    spent: int, rounds: int, seeds: int, latest: bool, expected: Judging
) -> None:
    assert judging(spent, rounds, seeds, latest) == expected


def test_only_what_is_clearly_worse_is_left_out() -> None:
    for metric in ("accuracy", "macro_f1", "log_loss"):
        assert soup_is_worse([_round(_said(10), _said(30), _said(30))], LABELS, metric)
        assert not soup_is_worse([_round(_said(30), _said(30), _said(30))], LABELS, metric)
        assert not soup_is_worse([_round(_said(32), _said(30), _said(28))], LABELS, metric)
    # One text fewer is luck.
    assert not soup_is_worse([_round(_said(29), _said(30), _said(30))], LABELS, "accuracy")


def test_scores_are_means_over_rounds_and_seeds() -> None:
    judged = [_round(_said(20), _said(10), _said(30)), _round(_said(40), _said(40), _said(20))]
    assert judged_scores(judged, LABELS, kind_named("single"), "accuracy") == pytest.approx((0.75, 0.625))
    assert judged_scores([], LABELS, kind_named("single"), "accuracy") is None


def test_a_round_survives_the_journal_to_the_bit() -> None:
    item = _round(_said(7), _said(8), _said(9))
    again = soup_round_from_json(soup_round_to_json(item))
    assert (again.candidate, again.number, again.readout) == (item.candidate, item.number, item.readout)
    assert again.soup.tobytes() == item.soup.tobytes()
    assert [one.tobytes() for one in again.seeds] == [one.tobytes() for one in item.seeds]
    assert np.array_equal(again.rows, item.rows)
