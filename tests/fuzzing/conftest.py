"""What hypothesis keeps for itself goes where ``make clean`` finds it."""

from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(Path(__file__).parents[2] / "build" / "hypothesis")
