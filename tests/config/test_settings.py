import json

import pytest

from tune_dml.config import DrawSettings, SearchSettings, TaskSettings, settings_from
from tune_dml.errors import ResultsError

SETTINGS = SearchSettings(
    name="a",
    task=TaskSettings(
        "mine",
        "/data/mine.csv",
        text_columns=("first", "second"),
        encoding="cp1250",
        header=False,
        drop_unknown_labels=True,
    ),
    draw=DrawSettings(shots=None, shots_per_class=8, draw=3),
    encoder="bert-tiny",
    space="default",
    losses=("ce", "supcon"),
    time_budget=60.0,
)


def test_settings_survive_a_file() -> None:
    assert settings_from(json.loads(json.dumps(SETTINGS.to_dict())), "search.yaml") == SETTINGS


def test_a_file_from_before_encodings_and_headers_could_be_given() -> None:
    values = json.loads(json.dumps(SETTINGS.to_dict()))
    for name in ("encoding", "header", "drop_unknown_labels"):
        del values["task"][name]
    task = settings_from(values, "search.yaml").task
    assert (task.encoding, task.header, task.drop_unknown_labels) == (None, True, False)


def test_names_from_a_later_version_are_ignored() -> None:
    assert settings_from({**SETTINGS.to_dict(), "colour": "red"}, "search.yaml") == SETTINGS


@pytest.mark.parametrize("missing", ["name", "task", "draw", "encoder", "space"])
def test_incomplete_settings_are_a_sentence(missing: str) -> None:
    values = {k: v for k, v in SETTINGS.to_dict().items() if k != missing}
    with pytest.raises(ResultsError, match=r"/x/search.yaml is not a complete search.yaml"):
        settings_from(values, "/x/search.yaml")
