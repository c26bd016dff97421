"""What hypothesis keeps for itself goes where ``make clean`` finds it; tens of thousands of cases are not measured."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(Path(__file__).parents[2] / "build" / "hypothesis")


@pytest.fixture(autouse=True)
def unmeasured() -> Iterator[None]:
    """Coverage would take as long again as the cases themselves, and other tests run the same lines."""
    measuring = Coverage.current()
    if measuring is not None:
        measuring.stop()
    yield
    if measuring is not None:
        measuring.start()
