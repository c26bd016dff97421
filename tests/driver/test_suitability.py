"""What preparation says of a draw, and of a space that trials could not be trained with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from prepared_search import prepared, write

from tune_dml.config import Float
from tune_dml.driver.prepared import Prepared
from tune_dml.errors import ConfigurationError, DataError, ModelError, UsageError
from tune_dml.losses import LOSSES
from tune_dml.recipe import INGREDIENTS, Hyperparameter, Ingredient


def advice(found: Prepared) -> str:
    return " ".join(note for note in found.about.notes if "always answering" in note)


def test_unbalanced_classes_are_said_with_what_helps(tmp_path: Path) -> None:
    data = write(tmp_path / "mail.csv", {"ham": 90, "spam": 10})
    said = advice(prepared(data, shots=40))
    assert "36 of 40 shots are 'ham'" in said
    assert "0.900" in said
    assert "--metric macro_f1, --shots-per-class 10 and 'class_weights: {kind: balanced}'" in said


def test_advice_that_is_taken_is_not_given_again(tmp_path: Path) -> None:
    data = write(tmp_path / "mail.csv", {"ham": 90, "spam": 10})
    space = tmp_path / "space.yaml"
    space.write_text("loss: ce\nclass_weights: balanced\n")
    said = advice(prepared(data, shots=40, metric="macro_f1", space=str(space)))
    assert "Consider --shots-per-class 10." in said
    assert advice(prepared(data, shots=None, shots_per_class=8)) == ""


def test_balanced_classes_are_passed_over(tmp_path: Path) -> None:
    assert advice(prepared(write(tmp_path / "mail.csv", {"ham": 20, "spam": 15}))) == ""


MANY = {f"class{i}": 2 for i in range(9)}


def test_losses_that_compare_texts_are_left_out_where_no_class_has_two(tmp_path: Path) -> None:
    found = prepared(write(tmp_path / "many.csv", MANY), folds=2, losses=("ce", "supcon"))
    assert found.space.losses == ("ce",)
    [said] = [note for note in found.about.notes if "left out" in note]
    assert said.startswith("A round's training part has no class with two texts, so supcon would learn nothing")
    assert "ce" in found.about.settings.space_text
    assert "supcon" not in found.about.settings.space_text


def test_no_loss_left_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "many.csv", MANY)
    with pytest.raises(UsageError, match=r"no class with two texts, so supcon and triplet .* such as ce or softtriple"):
        prepared(data, folds=2, space="default", losses=("supcon", "triplet"))


def test_most_classes_alone_are_said(tmp_path: Path) -> None:
    data = write(tmp_path / "many.csv", MANY | {"big": 12})
    found = prepared(data, folds=2, losses=("ce", "supcon"))
    assert set(found.space.losses) == {"ce", "supcon"}
    assert any("have a single text" in note for note in found.about.notes)


def test_tokens_are_examples_of_their_own(tmp_path: Path) -> None:
    space = tmp_path / "space.yaml"
    space.write_text("loss: supcon\nrepresentation: tokens\n")
    found = prepared(write(tmp_path / "many.csv", MANY), folds=2, space=str(space))
    assert found.space.losses == ("supcon",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("loss: ce\npair_encoding: {choices: [joint, towers]}\n", "pair_encoding is 'towers'"),
        ("loss: ce\nrepresentation: {choices: [mean, mask]}\nmax_length: {choices: [4, 32]}\n", "max_length is 4"),
    ],
)
def test_a_space_that_some_trial_could_not_have_is_refused(tmp_path: Path, text: str, says: str) -> None:
    space = tmp_path / "space.yaml"
    space.write_text(text)
    with pytest.raises(ConfigurationError, match=says):
        prepared(write(tmp_path / "mail.csv", {"ham": 9, "spam": 9}), space=str(space))


def test_a_loss_of_another_package_that_fails_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd_loss.py").write_text(
        "from tune_dml.losses.loss_spec import LossSpec\n"
        "import torch\n"
        "class Odd(torch.nn.Module):\n"
        "    def forward(self, embeddings, labels):\n"
        "        return embeddings[1_000]\n"
        "SPEC = LossSpec('odd', 'none', lambda classes, dimension, params: Odd())\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    # Known to this process for as long as this test runs.
    monkeypatch.setitem(LOSSES, "odd", LOSSES["ce"])
    del LOSSES["odd"]
    space = tmp_path / "space.yaml"
    space.write_text("loss: {choices: [ce, odd]}\n")
    data = write(tmp_path / "mail.csv", {"ham": 9, "spam": 9})
    with pytest.raises(ConfigurationError, match="The loss odd fails on four vectors"):
        prepared(data, space=str(space), loss_plugins=("odd_loss:SPEC",))


def test_trying_the_default_space_is_quick(tmp_path: Path) -> None:
    from tune_dml.spaces import examples
    from tune_dml.training.trying import try_recipes

    found = prepared(write(tmp_path / "mail.csv", {"ham": 20, "spam": 20}), encoder="all-MiniLM-L6-v2")
    begun = time.process_time()
    try_recipes(found.workload, examples(found.space), "default", "MiniLM")
    assert time.process_time() - begun < 6


def test_a_validation_split_that_stands_in_for_the_test_is_said(tmp_path: Path) -> None:
    rows = {"train": (20, True), "dev": (6, True), "test": (4, False)}
    for name, (count, labelled) in rows.items():
        lines = ["text,label" if labelled else "text"]
        lines += [f"{name} text {i}" + (f",{i % 2}" if labelled else "") for i in range(count)]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match="To select by it, add --no-test"):
        prepared(tmp_path, no_test=False, validation="official")
    assert len(prepared(tmp_path, validation="official").about.official_labels or ()) == 6


def test_losses_that_a_kind_has_no_use_for_are_named(tmp_path: Path) -> None:
    data, space = tmp_path / "both.csv", tmp_path / "space.yaml"
    data.write_text("text,label\n" + "".join(f"text {i},{'x' if i % 2 else 'y;x'}\n" for i in range(40)))
    space.write_text("loss: {choices: [ce, supcon]}\n")
    found = prepared(data, kind="multilabel", space=str(space), shots=20)
    assert found.space.losses == ("ce",)
    assert any("ce alone" in note and "left out: supcon." in note for note in found.about.notes)
    space.write_text("loss: ce\n")
    assert not any("left out" in note for note in prepared(data, kind="multilabel", space=str(space)).about.notes)


def test_an_ingredient_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: Any) -> Any:
        raise ValueError("no such states")

    own = {"scale": Hyperparameter(0.0, Float(0.0, 1.0), "ours")}
    monkeypatch.setitem(INGREDIENTS, "noise", Ingredient("noise", "ours", own, "scale", on_hidden=fails))
    space = tmp_path / "space.yaml"
    space.write_text("loss: ce\nnoise: {scale: 0.1}\n")
    data = write(tmp_path / "mail.csv", {"ham": 20, "spam": 15})
    with pytest.raises(ModelError, match=r"no such states.*every trial with loss ce, noise\."):
        prepared(data, space=str(space))
