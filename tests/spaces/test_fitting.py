"""A space fitted to an encoder."""

from __future__ import annotations

from typing import Any

import pytest
from encoder_zoo import FAMILIES, make_encoder

from tune_dml.config import Choice, Int
from tune_dml.models.encoder import EncoderBundle, load_bundle
from tune_dml.models.encoder_source import find_encoder
from tune_dml.spaces import Space, fitted, load_space, shipped_spaces, space_from_text, space_text

BASE = "loss: {choices: [ce, supcon]}\n"


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> EncoderBundle:
    return load_bundle(find_encoder(str(make_encoder(tmp_path_factory.mktemp("bert"), FAMILIES["BERT"]))))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> EncoderBundle:
    return load_bundle(find_encoder(str(make_encoder(tmp_path_factory.mktemp("albert"), FAMILIES["ALBERT"]))))


def value_of(space: Space, name: str) -> Any:
    """Its domain, or its constant in a tuple."""
    found = [parameter.domain for parameter in space.parameters if parameter.name == name]
    return found[0] if found else (space.constants[name],)


@pytest.mark.parametrize(
    ("name", "given", "becomes"),
    [
        ("trainable_layers", "{choices: [1, 4, all]}", Choice((1, None))),
        ("trainable_layers", "{choices: [4, 5, all]}", (None,)),
        ("trainable_layers", "5", (None,)),
        ("trainable_layers", "{int: [1, 12]}", Int(1, 3)),
        ("trainable_layers", "{int: [4, 12]}", (None,)),
        ("reinit_layers", "{choices: [0, 5]}", Choice((0, 3))),
        ("averaged_layers", "{choices: [1, 4]}", Choice((1, 3))),
        ("layer", "{choices: [2, 8, all]}", Choice((2, None))),
        ("max_length", "{choices: [32, 64, 128]}", Choice((32, 48))),
    ],
)
def test_values_beyond_the_encoder(three: EncoderBundle, name: str, given: str, becomes: object) -> None:
    rest = "" if name == "max_length" else "max_length: 16\n"
    space, notes = fitted(space_from_text(f"{BASE}{rest}{name}: {given}\n"), three)
    assert value_of(space, name) == becomes
    [note] = notes
    assert f"{name} " in note
    assert "is taken as" in note
    assert space_from_text(space_text(space), space.name) == space
    assert fitted(space, three) == (space, ())


@pytest.mark.parametrize(
    ("name", "given", "becomes"),
    [
        ("trainable_layers", "{choices: [3, 4, all]}", (None,)),
        ("trainable_layers", "{int: [0, 4]}", Choice((0, None))),
        ("reinit_layers", "{int: [0, 2]}", (0,)),
        ("layer_decay", "{float: [0.5, 0.9]}", (1.0,)),
        ("layer", "{choices: [2, 8]}", Choice((2, None))),
    ],
)
def test_layers_that_cannot_be_told_apart(shared: EncoderBundle, name: str, given: str, becomes: object) -> None:
    space, [note] = fitted(space_from_text(f"{BASE}max_length: 16\n{name}: {given}\n"), shared)
    assert value_of(space, name) == becomes
    assert "cannot be told apart" in note or "3 layers" in note


def test_rows_and_conditions_follow(three: EncoderBundle) -> None:
    text = f"""{BASE}max_length: 16
trainable_layers: {{choices: [2, 5, all]}}
beta: {{float: [0.1, 0.9], when: {{trainable_layers: [5]}}}}
first:
  - {{loss: ce, trainable_layers: 5}}
  - {{loss: ce, trainable_layers: all}}
  - {{loss: ce, trainable_layers: 2}}
"""
    space, notes = fitted(space_from_text(text), three)
    assert notes == ("it has 3 layers: trainable_layers 5 is taken as all",)
    assert [row["trainable_layers"] for row in space.first] == [None, 2]
    [beta] = [parameter for parameter in space.parameters if parameter.name == "beta"]
    assert beta.when == {"trainable_layers": (None,)}


def test_what_a_space_leaves_out_is_fitted_too(three: EncoderBundle) -> None:
    space, notes = fitted(space_from_text(BASE), three)
    assert space.constants["max_length"] == 48
    assert notes == ("it reads 48 tokens of a text at most: max_length 128 is taken as 48",)


@pytest.mark.parametrize("name", shipped_spaces())
def test_shipped_spaces_fit_minilm_as_they_are(name: str) -> None:
    minilm = load_bundle(find_encoder("all-MiniLM-L6-v2"))
    space = load_space(name)
    given, notes = fitted(space, minilm)
    if name in ("dynamar", "prompt"):
        assert notes == ("it has no masked-LM head: head masked_lm is taken as linear",)
        return
    assert given is space
    assert notes == ()
