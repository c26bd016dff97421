"""Ingredients: on or off, in configurations, spaces and tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tune_dml.errors import ConfigurationError, SpaceError, UsageError
from tune_dml.recipe import CORE, INGREDIENTS, Configuration, configuration_from, places
from tune_dml.recipe.all_ingredients import ORDER
from tune_dml.recipe.overview import overview
from tune_dml.spaces import load_space, space_from_text, space_text

TOWERS = """
loss: ce
pairs:
  encoding: {choices: [joint, towers]}
projection: {kind: mlp, size: {int: [8, 64]}}
label_smoothing: {share: 0.1}
layer_decay/factor: {float: [0.5, 1.0], when: {pairs/encoding: [towers]}}
first:
  - {pairs: {encoding: towers}, layer_decay/factor: 0.9}
"""
OLD = """
loss: ce
pair_encoding: {choices: [joint, towers]}
projection: mlp
projection_size: {int: [8, 64]}
label_smoothing: 0.1
layer_decay: {float: [0.5, 1.0], when: {pair_encoding: [towers]}}
first:
  - {pair_encoding: towers, layer_decay: 0.9}
"""


@pytest.mark.parametrize("name", INGREDIENTS)
def test_each_is_off_by_default_and_says_what_it_is(name: str) -> None:
    spec = INGREDIENTS[name]
    assert spec.name == name
    assert spec.description
    assert spec.switch in spec.hyperparameters
    assert not spec.is_on(spec.defaults)
    for hyperparameter in spec.hyperparameters.values():
        default = hyperparameter.default
        assert hyperparameter.domain.contains(default) or (default is None and hyperparameter.optional)
        assert hyperparameter.source
    assert name not in Configuration().on()


def test_a_configuration_is_written_with_the_names_that_it_always_had() -> None:
    assert tuple(Configuration().to_dict()) == ORDER
    assert set(ORDER) == {"loss", *CORE, *(name for name in places() if "/" not in name)}


def test_groups_and_names_of_before_are_one(tmp_path: Path) -> None:
    flat = configuration_from({"projection": "mlp", "projection_size": 64, "patience": 3})
    grouped = configuration_from({"projection": {"kind": "mlp", "size": 64}, "plateau/patience": 3})
    assert flat == grouped
    assert flat.on() == {"plateau": {"patience": 3}, "projection": {"kind": "mlp", "size": 64, "keep": False}}
    assert flat.changed(patience=0).on().keys() == {"projection"}


def test_what_no_ingredient_has_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="projection has no hyperparameter 'sise': did you mean 'size'"):
        configuration_from({"projection/sise": 3})
    with pytest.raises(ConfigurationError, match="'learning_rate' is not a hyperparameter: it is called 'lr' here"):
        configuration_from({"learning_rate": 1e-3})
    with pytest.raises(ConfigurationError, match="projection_size is 1; it must be 2 to 65536"):
        configuration_from({"projection/size": 1})


def test_spaces_have_both_and_say_how_it_is_written_now(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.yaml" for name in ("new", "old")}
    files["new"].write_text(TOWERS)
    files["old"].write_text(OLD)
    new, old = (load_space(str(file)) for file in files.values())
    assert (new.parameters, new.constants, new.first) == (old.parameters, old.constants, old.first)
    assert new.notes == ()
    assert [note.partition(": ")[2] for note in old.notes] == [
        "pair_encoding is now pairs: {encoding: ...}",
        "projection is now projection: {kind: ...}",
        "projection_size is now projection: {size: ...}",
        "label_smoothing is now label_smoothing: {share: ...}",
        "layer_decay is now layer_decay: {factor: ...}",
    ]
    # What a search keeps is read in silence.
    assert space_from_text(space_text(new), "new") == new
    assert space_from_text(space_text(old)).notes == ()


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("pairs: towers", "'pairs' is an ingredient; write 'pairs: {encoding: ...}'."),
        ("projection: {}", "projection must have exactly one of float, int and choices."),
        ("projection: {kind: mlp, sise: 8}", "projection has no hyperparameter 'sise': did you mean 'size'?"),
        ("projection: {sise: 8}", "projection has no hyperparameter 'sise': did you mean 'size'?"),
        ("label_smoothing: {flaot: [0.0, 0.1]}", "label_smoothing has no hyperparameter 'flaot'"),
        ("label_smoothing: {float: [0.0, 0.1], lgo: true}", "'lgo' is not part of a range: did you mean 'log'?"),
        ("pair_encoding: joint\npairs: {encoding: towers}", "'pairs/encoding' is given twice"),
        ("plateau/patience: {int: [-1, 3]}", "plateau/patience is -1; it must be 0 to 10000."),
        ("first: [{loss: ce, pairs: {encoding: both}}]", "pairs/encoding is 'both'"),
        ("dropout: {float: [0.0, 0.1], when: {projection: mlp}}", "write 'projection/kind: [...]'"),
        ("dropout: {float: [0.0, 0.1], when: {projection: {kind: mlp}}}", "write 'projection/kind: [...]'"),
        ("learning_rate: 1.0e-4", "'learning_rate' is neither a hyperparameter nor a loss: it is called 'lr' here."),
        ("first: [{loss: ce, num_train_epochs: 3}]", "it is called 'epochs' here."),
    ],
)
def test_what_a_space_cannot_have_is_a_sentence(entry: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(f"loss: ce\n{entry}\n")
    with pytest.raises(SpaceError) as caught:
        load_space(str(tmp_path / "space.yaml"))
    assert says in str(caught.value)


def test_an_ingredient_that_is_never_on_is_said(tmp_path: Path) -> None:
    file = tmp_path / "space.yaml"
    file.write_text("loss: ce\nprojection: {size: 64, keep: true}\n")
    assert load_space(str(file)).notes == (
        "projection is off, whatever its size: kind is none unless the space gives it.",
    )
    file.write_text("loss: ce\nprojection: {kind: {choices: [none, mlp]}, size: 64}\nplateau: {patience: 0}\n")
    assert load_space(str(file)).notes == ()


def test_the_overview_has_all_of_them() -> None:
    assert len(overview()) == len(CORE) + sum(len(spec.hyperparameters) for spec in INGREDIENTS.values())
    assert [row.name for row in overview("projection")] == ["projection/kind", "projection/size", "projection/keep"]
    assert overview("projection_size") == overview("projection/size")
    assert [row.name for row in overview("lr")] == ["lr"]
    with pytest.raises(UsageError, match="did you mean 'plateau'"):
        overview("plateu")
