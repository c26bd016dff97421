"""Search spaces, and configurations to train, as they come from others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hostile import FUZZ, NAMES, mutated, read_or_refused
from hypothesis import given
from hypothesis import strategies as st

from tune_dml.config import SIZES
from tune_dml.losses import LOSSES
from tune_dml.recipe import domains
from tune_dml.spaces import (
    complete,
    describe,
    load_space,
    space_from_text,
    space_path,
    space_text,
    spaces_folder,
    suggest,
)
from tune_dml.training.workload import resolve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SPACES = [space_path(name).read_bytes() for name in ("default", "softtriple", "ce")] + [
    b"""include: [base.yaml]
loss: {choices: [ce, softtriple, supcon]}
lr: {float: [1.0e-6, 5.0e-4], log: true}
epochs: {small: {int: [5, 40]}, large: 10}
beta: {float: [0.05, 0.95], when: {loss: [softtriple, supcon]}}
softtriple:
  centers: {int: [1, 25], log: true}
first:
  - {loss: softtriple, lr: 1.0e-4}
""",
    b"loss: ce\nlr: 1e-4\nlayer: all\ndropout: {choices: [all, 0.1]}\nfirst: [{loss: ce, for: small}]\n",
]
#: Where a loss's own stand, a group or a flat name can be meant.
_OWN = tuple(f"{loss}/{name}" for loss, spec in LOSSES.items() for name in spec.hyperparameters)
_KEYS = ("loss", *domains(), *LOSSES, *_OWN, "include", "first", "for", "lerning_rate")
_VALUES: tuple[Any, ...] = (
    *LOSSES, "all", "mean", "head", None, True, False, -1, 0, 1, 2, 5, 16, 100, 10**30, 0.1, 0.5, 1e-4, -1.0, 1e308,
    float("inf"), float("nan"), "1e-4", "yes", "base.yaml", "../outside.yaml", "/etc/passwd", *NAMES,
)  # fmt: skip


_NUMBERS = (0, 1, 2, 5, 16, 100, 0.1, 0.5, 1e-4, -1, 10**12, 1e400, 5e-324)


def document(random: Random) -> bytes:
    """A nearly valid space, as JSON, which is YAML. From a seed: drawing its parts takes longer than reading."""
    content: dict[str, Any] = {
        "loss": random.choice((*LOSSES, {"choices": random.sample(tuple(LOSSES), 3)}, _entry(random)))
    }
    for key in random.sample(tuple(domains()), random.randint(0, 3)) + random.sample(_KEYS, random.randint(0, 2)):
        content[key] = _entry(random)
        if key in LOSSES:
            own = (*LOSSES[key].hyperparameters, "lr")
            content[key] = {random.choice(own): _entry(random) for _ in range(random.randint(0, 3))}
    if random.random() < 0.5:
        content["first"] = [
            {random.choice((*content, *_KEYS)): random.choice(_VALUES) for _ in range(random.randint(0, 4))}
            for _ in range(random.randint(0, 3))
        ]
    return json.dumps(content, indent=random.choice((None, 1))).encode()


def _entry(random: Random, nested: bool = False) -> Any:
    """What stands at a name: a value, a range or choices, perhaps by encoder size, perhaps misspelt."""
    kind = random.choice(("value", "float", "int", "choices", "flaot", *(() if nested else ("size",))))
    if kind == "value":
        return random.choice(_VALUES)
    if kind == "size":
        return {size: _entry(random, nested=True) for size in (*SIZES, "medium")[: random.choice((1, 2, 2, 2, 3))]}
    ends = random.choices(_NUMBERS, k=random.choice((1, 2, 2, 2, 3)))
    entry: dict[str, Any] = {kind: random.choices(_VALUES, k=3) if kind == "choices" else sorted(ends)}
    if random.random() < 0.3:
        entry["log"] = random.choice((True, False, "yes", 3))
    if random.random() < 0.3:
        entry["when"] = {random.choice(("loss", *_KEYS)): random.sample((*LOSSES, *_VALUES), 2)}
    return entry


DOCUMENTS = st.integers(0, 2**32).map(lambda seed: document(Random(seed)))


class Drawn:
    """Draws as an Optuna trial does."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        assert low < high
        assert low > 0 or not log
        return low + (high - low) * self._random.random()

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        assert low < high
        assert low > 0 or not log
        return self._random.randint(low, high)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._random.choice(choices)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files to include: a good one, one that includes itself, and some that are no spaces."""
    folder = tmp_path_factory.mktemp("spaces") / "inside"
    folder.mkdir()
    (folder / "_shared.yaml").write_bytes((spaces_folder() / "_shared.yaml").read_bytes())
    (folder / "base.yaml").write_text("lr: 1.0e-4\n")
    (folder / "circle.yaml").write_text("include: [space.yaml, circle.yaml]\n")
    (folder / "device.yaml").symlink_to("/dev/zero")
    (folder / "self.yaml").symlink_to(folder / "self.yaml")
    (folder / "folder.yaml").mkdir()
    (folder.parent / "outside.yaml").write_text("loss: supcon\n")
    return folder


@FUZZ
@given(content=mutated(SPACES) | DOCUMENTS | st.binary(max_size=60), size=st.sampled_from(SIZES))
def test_a_space_is_read_or_refused_in_sentences(folder: Path, content: bytes, size: str) -> None:
    path = folder / "space.yaml"
    path.write_bytes(content)
    space = read_or_refused(folder, lambda: load_space(str(path), (), size))
    if space is None:
        return
    assert space.losses
    assert all(row.values for row in describe(space))
    kept = space_from_text(space_text(space), space.name)
    assert (kept.parameters, dict(kept.constants)) == (space.parameters, dict(space.constants))
    for row in space.first:
        complete(row, space)
    read_or_refused(folder, lambda: resolve(suggest(Drawn(len(content)), space)))
