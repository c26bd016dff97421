"""The spaces that come with tune-dml."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tune_dml
from tune_dml.config import SIZES
from tune_dml.errors import SpaceError
from tune_dml.losses import LOSSES, check
from tune_dml.recipe import configuration_from
from tune_dml.spaces import (
    complete,
    load_space,
    parameter_names,
    shipped_spaces,
    space_from_text,
    space_path,
    space_text,
    spaces_folder,
)


def test_there_is_one_per_loss() -> None:
    assert next(iter(shipped_spaces())) == "default"
    assert set(shipped_spaces()) == {"default", "paper", "regression", "similarity", "dynamar", "prompt", *LOSSES}
    for loss in LOSSES:
        assert load_space(loss).losses == (loss,)


def test_they_are_read_where_nothing_else_is_imported() -> None:
    script = (
        "from tune_dml.spaces import load_space, shipped_spaces; print(*(load_space(n).name for n in shipped_spaces()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == list(shipped_spaces()), done.stderr


def test_space_path() -> None:
    assert space_path("paper") == spaces_folder() / "paper.yaml"
    with pytest.raises(SpaceError, match="did you mean 'default'"):
        space_path("defaults")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", shipped_spaces())
def test_space_and_its_first_rows(name: str, size: str) -> None:
    space = load_space(name, encoder_size=size)
    assert space.first
    for row in space.first:
        chosen = complete(row, space)
        values = {**space.constants, **row}
        applying = {p.name for p in space.parameters if p.applies(values) and not p.fixed}
        assert set(chosen) == applying, "a row of a shipped space is full"
        check(configuration_from(values))
    assert space_from_text(space_text(space), name) == space


@pytest.mark.parametrize("name", shipped_spaces())
def test_header_gives_the_command(name: str) -> None:
    option = "" if name == "default" else f" --space {name}"
    of_numbers = {"mse": "ratings --data my.csv --kind regression", "similarity": "STSB --shots 200"}
    task = of_numbers.get("mse" if name == "regression" else name, "bbc --shots 50")
    assert f"#   tune-dml search --task {task}{option}\n" in space_path(name).read_text()


@pytest.mark.parametrize("size", SIZES)
def test_default_tries_every_one_of_its_losses_first(size: str) -> None:
    space = load_space("default", encoder_size=size)
    assert sorted(str(row["loss"]) for row in space.first) == sorted(space.losses)
    assert len(space.losses) == 10
    assert ("trainable_layers" in parameter_names(space)) == (size != "large")


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_s_own_space_says_what_each_of_its_hyperparameters_may_be(loss: str) -> None:
    space = load_space(loss)
    own = {f"{loss}/{name}" for name in LOSSES[loss].hyperparameters}
    assert own <= set(parameter_names(space)) | set(space.constants)


def test_spaces_import_is_light() -> None:
    heavy = "{'torch', 'optuna', 'ray', 'mlflow', 'transformers', 'pandas'} & set(sys.modules)"
    code = f"import sys, tune_dml.spaces as s; s.load_space('default'); sys.exit(bool({heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_installed_package_has_them_inside(tmp_path: Path) -> None:
    """In a wheel the folder lies in the package."""
    package = tmp_path / "tune_dml"
    ignored = shutil.ignore_patterns("__pycache__", "search_spaces")
    shutil.copytree(Path(tune_dml.__path__[0]), package, ignore=ignored)
    shutil.copytree(spaces_folder(), package / "search_spaces")
    code = "from tune_dml.spaces import load_space, spaces_folder; load_space('default'); print(spaces_folder())"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(run.stdout.strip()) == (package / "search_spaces").resolve()
