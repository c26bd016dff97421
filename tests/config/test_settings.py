import json

import pytest

from tune_dml.config import DrawSettings, SearchSettings, TaskSettings, settings_from
from tune_dml.errors import ResultsError

SETTINGS = SearchSettings(
    name="a",
    task=TaskSettings("mine", "/data/mine.csv", text_columns=("first", "second")),
    draw=DrawSettings(shots=None, shots_per_class=8, draw=3),
    encoder="bert-tiny",
    space="default",
    losses=("ce", "supcon"),
    time_budget=60.0,
)


def test_settings_survive_a_file() -> None:
    assert settings_from(json.loads(json.dumps(SETTINGS.to_dict())), "search.yaml") == SETTINGS


def test_names_from_a_later_version_are_ignored() -> None:
    assert settings_from({**SETTINGS.to_dict(), "colour": "red"}, "search.yaml") == SETTINGS


@pytest.mark.parametrize("missing", ["name", "task", "draw", "encoder", "space"])
def test_incomplete_settings_are_a_sentence(missing: str) -> None:
    values = {k: v for k, v in SETTINGS.to_dict().items() if k != missing}
    with pytest.raises(ResultsError, match=r"/x/search.yaml is not a complete search.yaml"):
        settings_from(values, "/x/search.yaml")
