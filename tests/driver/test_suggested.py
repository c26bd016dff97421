"""``--encoder suggest``."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from prepared_search import prepared, write
from rich.console import Console

from tune_dml.driver.suggested import seconds_of, suggested
from tune_dml.errors import HubUnreachableError, ModelError
from tune_dml.models.known_encoders import KNOWN, where
from tune_dml.reporting.output import Output

ENGLISH = ["what a fine film", "dull from beginning to end"] * 25
BENGALI = ["একটি ভালো ছবি", "খুব খারাপ ছবি"] * 25


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An address at which nobody answers, and an empty cache."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return


def told(texts: list[str], budget: float | None = None, gpu: bool = False) -> tuple[tuple[str, ...], str]:
    out = Output(Console(file=(stream := io.StringIO()), width=200))
    return suggested(texts, budget, 2, gpu, out), stream.getvalue()


def test_what_is_here_is_taken_where_the_hub_is_away() -> None:
    found, said = told(ENGLISH, gpu=True)
    assert found == ("all-MiniLM-L6-v2",)
    assert "sentence-transformers/all-mpnet-base-v2 is not on this machine, and the hub cannot be reached" in said
    assert "suggested for English texts: all-MiniLM-L6-v2" in said


def test_what_takes_too_long_is_left_out() -> None:
    found, said = told(ENGLISH, budget=3600.0 * 10)
    assert found == ("all-MiniLM-L6-v2",)
    assert "longer than" not in said
    with pytest.raises(ModelError, match="No known encoder fits the time"):
        told(ENGLISH, budget=0.001)


def test_other_scripts_want_other_encoders() -> None:
    with pytest.raises(HubUnreachableError):
        told(BENGALI, gpu=True)


def test_time_grows_with_an_encoder_and_its_texts() -> None:
    by_name = {encoder.name: encoder for encoder in KNOWN}
    mini, base = by_name["all-MiniLM-L6-v2"], by_name["sentence-transformers/all-mpnet-base-v2"]
    assert seconds_of(base, ENGLISH, 1e10) > 5 * seconds_of(mini, ENGLISH, 1e10)
    assert seconds_of(mini, [" ".join(ENGLISH)] * 50, 1e10) > 5 * seconds_of(mini, ENGLISH, 1e10)
    assert seconds_of(mini, ENGLISH, 1e10) == pytest.approx(10 * seconds_of(mini, ENGLISH, 1e11))


def test_the_list_is_sound() -> None:
    assert len({encoder.name for encoder in KNOWN}) == len(KNOWN)
    assert all(encoder.body <= encoder.parameters for encoder in KNOWN)
    assert {where("bert-tiny"), where("all-MiniLM-L6-v2")} == {"package"}
    assert where("roberta-large") == ""


def test_a_search_takes_them(tmp_path: Path) -> None:
    data = write(tmp_path / "mail.csv", {"ham": 10, "spam": 10})
    found = prepared(data, encoder="suggest", losses=("ce",), time_budget="2h")
    assert [one.encoder.name for one in found.encoders] == ["all-MiniLM-L6-v2"]
    assert found.about.settings.encoder == "all-MiniLM-L6-v2"
