"""What a space file means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tune_dml.config import SIZES, Choice, Float, Int, Value
from tune_dml.errors import SpaceError
from tune_dml.spaces import (
    Parameter,
    Space,
    complete,
    describe,
    load_space,
    parameter_names,
    space_from_text,
    space_path,
    space_text,
)

TEXT = """
loss:   {choices: [ce, softtriple, supcon]}
lr:     {float: [1e-6, 5e-4], log: true}
epochs: {small: {int: [5, 40]}, large: 10}
beta:   {float: [0.05, 0.95], when: {loss: [softtriple, supcon]}}
softtriple:
  centers: {int: [1, 25], log: true}
  la:      {float: [2, 80], log: true}
  margin: 0.1
trainable_layers: {choices: [4, all]}
batch_size: 16
first:
  - {loss: softtriple, lr: 1e-4, softtriple: {la: 8}, trainable_layers: all, batch_size: 16}
  - {for: small, loss: ce, epochs: 20}
  - {for: large, loss: supcon}
  - {lr: 1e-5}
"""


def loaded(tmp_path: Path, text: str, losses: tuple[str, ...] = (), size: str = "small") -> Space:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_space(str(path), losses, size)


def domains(space: Space) -> dict[str, object]:
    return {parameter.name: parameter.domain for parameter in space.parameters}


def test_whole_file(tmp_path: Path) -> None:
    space = loaded(tmp_path, TEXT)
    assert space.name == "mine"
    assert space.losses == ("ce", "softtriple", "supcon")
    assert space.parameters == (
        Parameter("loss", Choice(("ce", "softtriple", "supcon"))),
        Parameter("lr", Float(1e-6, 5e-4, log=True)),
        Parameter("epochs", Int(5, 40)),
        Parameter("beta", Float(0.05, 0.95), {"loss": ("softtriple", "supcon")}),
        Parameter("softtriple/centers", Int(1, 25, log=True), {"loss": ("softtriple",)}),
        Parameter("softtriple/la", Float(2.0, 80.0, log=True), {"loss": ("softtriple",)}),
        Parameter("trainable_layers", Choice((4, None))),
    )
    assert space.constants == {"softtriple/margin": 0.1, "batch_size": 16}
    assert space.first[0]["trainable_layers"] is None
    assert space.first[1:] == ({"loss": "ce", "epochs": 20}, {"lr": 1e-5})


def test_encoder_size_chooses_ranges_and_rows(tmp_path: Path) -> None:
    large = loaded(tmp_path, TEXT, size="large")
    assert large.constants["epochs"] == 10
    assert "epochs" not in parameter_names(large)
    assert [row.get("loss") for row in large.first] == ["softtriple", "supcon", None]
    # A file that knows two sizes says the same of base encoders as of large ones.
    assert loaded(tmp_path, TEXT, size="base") == large


def test_base_encoders_may_have_ranges_and_rows_of_their_own(tmp_path: Path) -> None:
    text = TEXT.replace("large: 10}", "base: {int: [8, 20]}, large: 10}")
    text = text.replace("  - {for: large", "  - {for: base, loss: ce, epochs: 9}\n  - {for: large")
    base = loaded(tmp_path, text, size="base")
    assert domains(base)["epochs"] == Int(8, 20)
    assert [row.get("loss") for row in base.first] == ["softtriple", "ce", None]
    assert loaded(tmp_path, text, size="large") == loaded(tmp_path, TEXT, size="large")


@pytest.mark.parametrize(
    "own",
    [
        "trainable_layers: {choices: [4, all]}\n",
        "first: [{for: small, lr: 1.0e-4}, {for: large, lr: 5.0e-6}]\n",
        "lr: {small: {float: [1.0e-5, 2.0e-4]}, large: {float: [1.0e-6, 9.0e-6]}}\nfirst: [{for: large, lr: 2.0e-6}]\n",
    ],
)
def test_a_space_that_knows_two_sizes_may_include_one_that_knows_three(own: str, tmp_path: Path) -> None:
    text = f"include: ['{space_path('supcon')}']\n{own}"
    for size in SIZES:
        space = loaded(tmp_path, text, size=size)
        assert all(complete(row, space) is not None for row in space.first)


def test_narrowing_drops_what_can_no_longer_apply(tmp_path: Path) -> None:
    space = loaded(tmp_path, TEXT, ("ce",))
    assert space.losses == ("ce",)
    assert parameter_names(space) == ("lr", "epochs", "trainable_layers")
    assert space.constants == {"loss": "ce", "batch_size": 16}
    assert space.first == ({"loss": "ce", "epochs": 20}, {"lr": 1e-5})
    two = loaded(tmp_path, TEXT, ("supcon", "ce"))
    assert two.losses == ("ce", "supcon")
    assert {p.name: p.when for p in two.parameters}["beta"] == {"loss": ("supcon",)}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("lr: 1e-4", 1e-4),
        ("lr: '1e-4'", 1e-4),
        ("lr: +1.5E-3", 1.5e-3),
        ("lr: 1", 1.0),
        ("epochs: 12.0", 12),
        ("epochs: 1e1", 10),
        ("trainable_layers: all", None),
        ("trainable_layers: null", None),
        ("trainable_layers:", None),
        ("dropout: ~", None),
        ("train_word_embeddings: yes", True),
        ("representation: 'cls'", "cls"),
        ("beta: {choices: [1]}", 1.0),
        ("softtriple/la: 200", 200.0),
    ],
)
def test_constant(line: str, value: Value, tmp_path: Path) -> None:
    constants = loaded(tmp_path, f"loss: softtriple\n{line}").constants
    found = constants[line.split(":")[0]]
    assert found == value
    assert type(found) is type(value)


def test_include_is_relative_and_overridden(tmp_path: Path) -> None:
    folder = tmp_path / "sub"
    folder.mkdir()
    (folder / "deep.yaml").write_text("lr: 0.1\nbatch_size: 8\nfirst: [{lr: 0.1}]\n")
    (folder / "ranges.yaml").write_text(
        "include: deep.yaml\nlr: 0.2\nsofttriple: {la: 3, margin: 0.2}\nbeta: {float: [0.1, 0.9], when: {loss: supcon}}"
    )
    space = loaded(
        tmp_path, "include: [sub/ranges.yaml, sub/deep.yaml]\nloss: softtriple\nlr: 0.3\nsofttriple: {la: 5}\nfirst: []"
    )
    assert space.constants == {
        "loss": "softtriple",
        "lr": 0.3,
        "batch_size": 8,
        "softtriple/la": 5.0,
        "softtriple/margin": 0.2,
    }
    assert space.parameters == ()
    assert space.first == ()


def test_conditions_chain(tmp_path: Path) -> None:
    text = (
        "loss: {choices: [ce, supcon]}\nschedule: {choices: [linear, cosine], when: {loss: supcon}}\n"
        "warmup: {float: [0.1, 0.2], when: {schedule: [cosine]}}"
    )
    assert parameter_names(loaded(tmp_path, text)) == ("loss", "schedule", "warmup")
    assert parameter_names(loaded(tmp_path, text, ("ce",))) == ()


def test_included_condition_may_lose_its_value(tmp_path: Path) -> None:
    (tmp_path / "ranges.yaml").write_text(
        "schedule: {choices: [linear, cosine]}\nwarmup: {float: [0.1, 0.2], when: {schedule: cosine}}"
    )
    space = loaded(tmp_path, "include: ranges.yaml\nloss: ce\nschedule: linear")
    assert space.parameters == ()


def test_aliases_are_values(tmp_path: Path) -> None:
    space = loaded(tmp_path, "loss: ce\nlr: &rate {float: [1.0e-5, 1.0e-3], log: true}\nhead_lr: *rate")
    assert domains(space)["lr"] == domains(space)["head_lr"]


def test_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    assert loaded(tmp_path, "\ufeffloss: ce").losses == ("ce",)


@pytest.mark.parametrize("size", SIZES)
def test_text_round_trip(size: str, tmp_path: Path) -> None:
    extra = "schedule: {choices: [linear]}\nwarmup: {choices: [0.3], when: {loss: [ce, supcon]}}\n"
    space = loaded(tmp_path, TEXT.replace("first:", extra + "first:"), size=size)
    again = space_from_text(space_text(space), space.name)
    assert again == space
    assert [p.name for p in again.parameters] == [p.name for p in space.parameters]


def test_kept_text_includes_nothing() -> None:
    with pytest.raises(SpaceError, match="stands on its own"):
        space_from_text("include: [x.yaml]\nloss: ce")


def test_describe(tmp_path: Path) -> None:
    rows = {row.name: row for row in describe(loaded(tmp_path, TEXT))}
    assert rows["lr"].values == "1e-06 to 0.0005, log"
    assert rows["lr"].searched
    assert rows["softtriple/la"].applies == "loss = softtriple"
    assert rows["trainable_layers"].values == "4 | all"
    assert (rows["batch_size"].values, rows["batch_size"].searched) == ("16", False)
    assert rows["softtriple/margin"].applies == "loss = softtriple"


def test_complete_keeps_what_optuna_draws(tmp_path: Path) -> None:
    space = loaded(tmp_path, TEXT)
    assert complete(space.first[0], space) == {
        "loss": "softtriple",
        "lr": 1e-4,
        "softtriple/la": 8.0,
        "trainable_layers": None,
    }
    assert complete({"loss": "softtriple", "softtriple": {"centers": 3.0}}, space)["softtriple/centers"] == 3
    one = loaded(tmp_path, TEXT, ("softtriple",))
    assert "loss" not in complete(one.first[0], one)


@pytest.mark.parametrize(
    ("row", "words"),
    [({"lr": 1.0}, "outside"), ({"lrr": 1.0}, "did you mean 'lr'"), ({"batch_size": 8}, "fixes it at 16")],
)
def test_complete_refuses(row: dict[str, Value], words: str, tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match=words):
        complete(row, loaded(tmp_path, TEXT))
