from __future__ import annotations

import pytest

from tune_dml.data import has_majority, majority_rate


@pytest.mark.parametrize(
    ("counts", "unbalanced"),
    [
        ([25, 25], False),
        ([30, 20], False),
        ([45, 5], True),
        ([39, 1], True),
        ([12, 9, 9, 12, 8], False),
        ([20, 10, 5], True),
    ],
)
def test_a_majority_has_half_as_much_again_as_its_share(counts: list[int], unbalanced: bool) -> None:
    assert has_majority(counts) is unbalanced
    assert majority_rate(counts) == max(counts) / sum(counts)
