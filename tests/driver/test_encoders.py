"""The encoders of a search: as they are named, and in memory."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from prepared_search import prepared, write

from tune_dml.config import keys_of
from tune_dml.driver.options import encoder_names
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import ModelError, UsageError
from tune_dml.models.encoder_source import find_encoder
from tune_dml.reporting.output import silent
from tune_dml.results.search_file import read_search_file
from tune_dml.workflows.search import start


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return write(tmp_path / "mail.csv", {"ham": 10, "spam": 10})


def named(text: str | None) -> tuple[str, ...]:
    return encoder_names(SearchRequest(encoder=text))


def test_folders_are_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    assert named("bert-tiny,~/mine") == ("bert-tiny", str(tmp_path / "mine"))
    assert named("mine") == (str(tmp_path / "mine"),)
    # Of a bare name that is known something else is to be expected than a folder without an encoder.
    for known in ("bert-tiny", "all-MiniLM-L6-v2", "suggest"):
        (tmp_path / known).mkdir()
        assert named(known) == (known,)
        assert named(f"./{known}") == (str(tmp_path / known),)
    (tmp_path / "bert-tiny" / "config.json").write_text("{}")
    assert named("bert-tiny") == (str(tmp_path / "bert-tiny"),)
    # What a search has noted is the known one, wherever it is resumed.
    assert find_encoder("bert-tiny").name == "bert-tiny"


def test_names(tmp_path: Path) -> None:
    assert named(None) == ()
    assert named("bert-tiny") == ("bert-tiny",)
    assert named(" bert-tiny , all-MiniLM-L6-v2") == ("bert-tiny", "all-MiniLM-L6-v2")
    odd = tmp_path / "mine,v2"
    odd.mkdir()
    assert named(str(odd)) == (str(odd),)
    for wrong in ("bert-tiny,", ",", "", "a,,b"):
        with pytest.raises(UsageError, match="name one encoder, or several with commas"):
            named(wrong)
    for wrong in ("suggest,bert-tiny", "bert-tiny,suggest"):
        with pytest.raises(UsageError, match="give it alone"):
            named(wrong)
    with pytest.raises(UsageError, match="names bert-tiny twice"):
        named("bert-tiny,a,bert-tiny")


def test_each_needs_a_trial(mail: Path) -> None:
    for few in ({"trials": 1}, {"max_rounds": 1}):
        with pytest.raises(UsageError, match="There are 2 encoders and 1 trials; each needs one"):
            prepared(mail, encoder="bert-tiny,all-MiniLM-L6-v2", **few)


def test_keys_tell_encoders_apart() -> None:
    assert keys_of(["/models/mine", "intfloat/e5-small-v2", "bert-tiny"]) == ("mine", "e5-small-v2", "bert-tiny")
    assert keys_of(["/a/mine", "/b/mine", "hub/mine/"]) == ("mine", "mine-2", "mine-3")


def test_each_has_its_own_space_texts_and_manners(mail: Path) -> None:
    found = prepared(mail, encoder="bert-tiny,all-MiniLM-L6-v2", losses=("ce",))
    tiny, mini = found.encoders
    assert (tiny.encoder.key, mini.encoder.key) == ("bert-tiny", "all-MiniLM-L6-v2")
    # Of the space's 3 or 4 layers, or all, bert-tiny has 2.
    assert "trainable_layers" in tiny.space.constants
    assert "trainable_layers" not in mini.space.constants
    assert tiny.workload.encoder.sha256 != mini.workload.encoder.sha256
    assert found.about.settings.encoders == ("bert-tiny", "all-MiniLM-L6-v2")
    assert [one.space_text for one in found.about.encoders] == [one.encoder.space_text for one in found.encoders]
    assert found.about.settings.space_text == tiny.encoder.space_text
    assert found.of({"encoder": "all-MiniLM-L6-v2"}) is mini
    assert found.of({}) is tiny


def test_one_alone_is_written_as_ever(mail: Path) -> None:
    about = prepared(mail, losses=("ce",)).about
    assert about.encoders == ()
    [only] = about.searched
    assert (only.key, only.name, only.sha256, only.max_length) == (
        *("", "bert-tiny"),
        *(about.encoder_sha256, about.max_length),
    )
    assert "encoders" not in about.settings.to_dict()


def test_they_are_read_back_from_where_the_results_are(mail: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    own = results / "encoders" / "own"
    folder = find_encoder("bert-tiny").folder
    assert folder is not None
    shutil.copytree(folder, own)
    # Other weights than those of the other.
    with pytest.raises(UsageError, match="are the same encoder; name it once"):
        prepared(mail, encoder=f"bert-tiny,{own}", losses=("ce",))
    found = prepared(mail, encoder=f"{own},all-MiniLM-L6-v2", losses=("ce",), results=str(results), name="both")
    start(found, silent())
    found.about.write(found.folder)
    results.rename(tmp_path / "moved")
    again = read_search_file(tmp_path / "moved" / "searches" / "both")
    assert [one.name for one in again.encoders] == [str(tmp_path / "moved" / "encoders" / "own"), "all-MiniLM-L6-v2"]
    assert again.settings.encoder == again.encoders[0].name
    assert [one.key for one in again.encoders] == ["own", "all-MiniLM-L6-v2"]


def test_one_that_cannot_be_had_ends_it(mail: Path) -> None:
    with pytest.raises(ModelError, match="There is no folder /nowhere"):
        prepared(mail, encoder="bert-tiny,/nowhere/at/all")
