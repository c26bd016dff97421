"""Losses of other packages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tune_dml.errors import UsageError
from tune_dml.losses import LOSSES, add_plugins
from tune_dml.spaces import load_space

CODE = """
from tune_dml.config import Choice, Float
from tune_dml.losses import Hyperparameter, LossSpec
from tune_dml.losses.loss_spec import positive

def build(classes, dimension, params):
    raise AssertionError

def spec(name, default=1.0, build=build):
    own = {"scale": Hyperparameter(default, Float(0.5, 2.0, log=True), "ours"),
           "miner": Hyperparameter("none", Choice(("none", "hard")), "ours")}
    return LossSpec(
        name=name, paper="2026", build=build, hyperparameters=own, owns_parameters=True, check=positive("scale")
    )

FINE = spec("plugged")
TAKEN, NAMED, RANGE, EMPTY, NOTHING = spec("supcon"), spec("My Loss"), spec("wide", 9.0), spec("empty", build=None), 3

import dataclasses

PLAIN = dataclasses.replace(FINE, name="plain", hyperparameters={"scale": 1.0})
RAISING = dataclasses.replace(FINE, name="raising", check=lambda params: 1 / 0)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "plugged_losses.py").write_text(CODE)
    (tmp_path / "broken_losses.py").write_text("1 / 0")
    (tmp_path / "needy_losses.py").write_text("import not_there_at_all")
    monkeypatch.chdir(tmp_path)
    before, path = dict(LOSSES), list(sys.path)
    yield tmp_path
    LOSSES.clear()
    LOSSES.update(before)
    sys.path[:] = path
    sys.modules.pop("plugged_losses", None)


def test_a_plugin_is_a_loss_like_any_other_with_a_space_of_its_name(folder: Path) -> None:
    add_plugins(["plugged_losses:FINE"])
    add_plugins(["plugged_losses:FINE"])
    assert LOSSES["plugged"].defaults == {"scale": 1.0, "miner": "none"}
    for size in ("small", "large"):
        space = load_space("plugged", encoder_size=size)
        assert space.losses == ("plugged",)
        names = {p.name for p in space.parameters}
        assert {"plugged/scale", "plugged/miner", "beta", "loss_lr", "lr", "epochs"} <= names
        assert space.constants["readout"] == "logistic"


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("plugged_losses", "write --loss-plugin package.module:NAME"),
        ("os.system('x'):SPEC", "write --loss-plugin package.module:NAME"),
        ("nowhere.at_all:SPEC", "There is no module 'nowhere' for"),
        ("plugged_losses:FIN", "has no 'FIN'"),
        ("plugged_losses:NOTHING", "is a int, not a tune_dml.losses.LossSpec"),
        ("plugged_losses:TAKEN", "there is a loss 'supcon' already"),
        ("plugged_losses:NAMED", "cannot be a loss's name"),
        ("plugged_losses:RANGE", "the default of 'scale' is not 0.5 to 2, log"),
        ("plugged_losses:EMPTY", "it builds nothing"),
        (
            "plugged_losses:PLAIN",
            "is not made as a LossSpec has to be (AttributeError: 'float' object has no attribute",
        ),
        ("plugged_losses:RAISING", "is not made as a LossSpec has to be (ZeroDivisionError: division by zero)"),
        ("broken_losses:SPEC", "cannot be imported: ZeroDivisionError"),
        ("needy_losses:SPEC", "needs a module that is missing: not_there_at_all"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(folder: Path, place: str, sentence: str) -> None:
    before = set(LOSSES)
    with pytest.raises(UsageError) as caught:
        add_plugins([place])
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert set(LOSSES) == before


def test_installed_packages_are_found_and_a_broken_one_stops_nothing(folder: Path) -> None:
    """As pip leaves a package: its modules, and a folder that says what it offers."""
    about = folder / "plugged_losses-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged-losses\nVersion: 1.0\n")
    entries = "[tune_dml.losses]\nplugged = plugged_losses:FINE\nbroken = broken_losses:SPEC\n"
    (about / "entry_points.txt").write_text(entries)
    done = subprocess.run(
        [sys.executable, "-c", "from tune_dml.losses import LOSSES; print(*LOSSES)"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "plugged" in done.stdout.split()
    assert "supcon" in done.stdout.split()
    assert done.stderr.strip() == "The loss 'broken' of an installed package is left out: division by zero"
