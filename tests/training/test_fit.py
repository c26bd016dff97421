from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_task import Small, Spy
from torch import Tensor

from tune_dml.config import DrawSettings, TaskSettings
from tune_dml.data import SINGLE, draw_shots, load_task
from tune_dml.errors import ConfigurationError, TrainingFailure
from tune_dml.losses import LOSSES
from tune_dml.models.encoder import build_encoder, load_tokenizer
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.representation import after_mask, examples, prepared
from tune_dml.models.tokens import tokenize
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit, fit_once
from tune_dml.training.scoring import score
from tune_dml.training.stage import Stage
from tune_dml.training.workload import baseline

SHORT = Configuration(loss="supcon", beta=0.5, epochs=3, batch_size=12, lr=1e-3)


def largest_difference(a: Stage, b: Stage) -> float:
    assert a.probabilities["first"].keys() == b.probabilities["first"].keys()
    return max(float(np.abs(p - b.probabilities["first"][name]).max()) for name, p in a.probabilities["first"].items())


@pytest.mark.parametrize("loss", LOSSES)
def test_the_same_seed_gives_the_same_numbers(small: Small, loss: str) -> None:
    config = replace(SHORT, loss=loss, trainable_layers=1)
    assert largest_difference(small.fit(config), small.fit(config)) == 0.0
    assert largest_difference(small.fit(config), small.fit(config, seed=1)) > 0.0


def test_a_fresh_process_gives_the_same_numbers(small: Small) -> None:
    """What a process did before, for example whether it has built the encoder, must not matter."""
    code = (
        "import torch; torch.set_num_threads(1)\n"
        "from small_task import make_small; from test_fit import SHORT\n"
        "print(make_small().fit(SHORT).probabilities['first']['logistic'].tobytes().hex())"
    )
    paths = [str(Path(__file__).parent), *(p for p in sys.path if p)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import sys; sys.path[:0] = {paths!r}\n{code}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    small.fit(SHORT)
    assert done.stdout.split()[-1] == small.fit(SHORT).probabilities["first"]["logistic"].tobytes().hex()


@pytest.mark.parametrize(
    "config", [SHORT, replace(SHORT, loss="triplet", trainable_layers=1), replace(SHORT, epochs=0)]
)
def test_stages_end_where_a_single_one_ends(small: Small, config: Configuration) -> None:
    scored = {"first": small.tokens.take(np.arange(6))}
    stages = list(
        fit(config, small.encoder, Examples(small.tokens, small.labels, "single", 3), scored, seed=0, stages=5)
    )
    assert len(stages) == 5
    assert largest_difference(stages[-1], small.fit(config)) == 0.0
    steps = [stage.diagnostics["steps"] for stage in stages]
    assert steps == [round(steps[-1] * k / 5) for k in range(1, 6)]
    assert all(a.diagnostics["seconds"] <= b.diagnostics["seconds"] for a, b in pairwise(stages))


@pytest.mark.parametrize(
    ("change", "readouts"),
    [
        ({"loss": "ce"}, {"logistic", "head", "centroid", "knn"}),
        ({"loss": "supcon", "beta": 0.0}, {"logistic", "centroid", "knn"}),
        ({"loss": "softtriple"}, {"logistic", "head", "centroid", "knn", "proxies", "head+proxies"}),
        ({"loss": "softtriple", "beta": 0.0}, {"logistic", "centroid", "knn", "proxies"}),
        ({"epochs": 0}, {"logistic", "centroid", "knn"}),
    ],
)
def test_what_a_stage_holds(small: Small, change: dict[str, Any], readouts: set[str]) -> None:
    stage = small.fit(replace(SHORT, **change))
    assert set(stage.readouts) == set(stage.probabilities["first"])
    # Each with its usual setting, whatever others there are.
    assert {name for name in stage.readouts if ":" not in name} == readouts
    assert {name.partition(":")[0] for name in stage.readouts} == readouts
    for p in stage.probabilities["first"].values():
        assert p.shape == (6, 3)
        np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-5)
    assert set(stage.diagnostics) == {"train_loss", "zero_loss_share", "steps", "seconds"}
    assert stage.diagnostics["steps"] == (0 if change == {"epochs": 0} else 9)
    assert stage.encoder_state is None


def test_training_learns_and_leaves_the_encoder_it_was_given_alone(small: Small) -> None:
    before = {name: array.copy() for name, array in small.encoder.state.items()}
    short, long = small.fit(replace(SHORT, epochs=1)), small.fit(replace(SHORT, epochs=15))
    assert long.diagnostics["train_loss"] < 0.5 * short.diagnostics["train_loss"]
    assert all(np.array_equal(before[name], array) for name, array in small.encoder.state.items())


def test_the_encoder_is_kept_where_asked_for(small: Small) -> None:
    stage = fit_once(
        SHORT, small.encoder, Examples(small.tokens, small.labels, "single", 3), {}, seed=0, keep_encoder=True
    )
    assert stage.encoder_state is not None
    assert set(stage.encoder_state) == set(small.encoder.state)
    changed = {n for n, a in stage.encoder_state.items() if not np.array_equal(a, small.encoder.state[n])}
    assert "embeddings.word_embeddings.weight" not in changed
    assert any("layer.0" in name for name in changed)
    assert any("layer.1" in name for name in changed)


def test_word_embeddings_are_trained_where_asked_for(small: Small) -> None:
    config = replace(SHORT, train_word_embeddings=True)
    stage = fit_once(
        config, small.encoder, Examples(small.tokens, small.labels, "single", 3), {}, seed=0, keep_encoder=True
    )
    assert stage.encoder_state is not None
    name = "embeddings.word_embeddings.weight"
    assert not np.array_equal(stage.encoder_state[name], small.encoder.state[name])


@pytest.mark.parametrize("trainable_layers", [None, 1])
@pytest.mark.parametrize("representation", ["tokens", "mean", "cls", "last_token", "mask"])
def test_the_loss_sees_exactly_the_real_tokens_with_their_texts_labels(
    small: Small, monkeypatch: pytest.MonkeyPatch, representation: str, trainable_layers: int | None
) -> None:
    seen: list[tuple[Tensor, Tensor]] = []
    spec = replace(LOSSES["supcon"], build=lambda *_: Spy(seen))
    monkeypatch.setitem(LOSSES, "supcon", spec)
    config = replace(SHORT, representation=representation, epochs=1, lr=0.0, head_lr=0.0, dropout=0.0, batch_size=36)
    small.fit(replace(config, trainable_layers=trainable_layers))
    [(vectors, labels)] = seen
    encoder = LayeredEncoder(build_encoder(small.encoder), None).eval()
    alone = []
    for row in range(len(small.labels)):
        texts = prepared(small.tokens, representation, 128)
        batch = texts.batch(np.array([row]), torch.device("cpu"), 128)
        label = torch.tensor([small.labels[row]])
        with torch.no_grad():
            alone.append(examples(encoder(batch), batch.mask, label, representation, after_mask(texts)))
    expected, expected_labels = torch.cat([v for v, _ in alone]), torch.cat([y for _, y in alone])
    count = int(small.tokens.lengths.sum()) if representation == "tokens" else len(small.labels)
    assert len(vectors) == len(labels) == len(expected) == count
    # The order does not matter: each vector is there once, with its own text's label.
    exactly = {"compute_mode": "donot_use_mm_for_euclid_dist"}
    nearest = torch.cdist(vectors, expected, **exactly).min(dim=1)
    assert nearest.values.max() < 1e-3
    assert sorted(nearest.indices.tolist()) == list(range(count))
    assert torch.equal(labels, expected_labels[nearest.indices])


@pytest.mark.parametrize(
    "config",
    [
        replace(SHORT, loss="proxy_anchor", loss_params={"alpha": 1e39}),
        replace(SHORT, loss="npairs", beta=0.0, loss_params={"l2": 1e39}),
    ],
)
def test_a_loss_that_is_not_finite(small: Small, config: Configuration) -> None:
    with pytest.raises(TrainingFailure) as caught:
        small.fit(config)
    assert caught.value.reason == "nan"
    assert "not finite" in str(caught.value)


def test_memory_that_runs_out(small: Small) -> None:
    with pytest.raises(TrainingFailure) as caught:
        small.fit(replace(SHORT, loss="softtriple", loss_params={"centers": 10**9}))
    assert caught.value.reason == "out_of_memory"
    assert "\n" not in str(caught.value)
    # The process goes on.
    small.fit(replace(SHORT, epochs=1))


def test_a_collapse_to_one_class(small: Small) -> None:
    same = small.tokenized(["the same text"] * 12)
    labels = np.arange(12) % 3
    with pytest.raises(TrainingFailure) as caught:
        fit_once(SHORT, small.encoder, Examples(same, labels, "single", 3), {}, seed=0)
    assert caught.value.reason == "collapse"


def test_a_learning_rate_that_wrecks_the_encoder_is_a_failure(small: Small) -> None:
    with pytest.raises(TrainingFailure) as caught:
        small.fit(replace(SHORT, lr=0.9, epochs=10))
    assert caught.value.reason in ("collapse", "nan")


def test_texts_of_one_class_are_no_collapse(small: Small) -> None:
    rows = np.flatnonzero(small.labels == 1)
    stage = fit_once(
        SHORT,
        small.encoder,
        Examples(small.tokens.take(rows), small.labels[rows], "single", 3),
        {"x": small.tokens},
        seed=0,
    )
    assert stage.probabilities["x"]["logistic"].argmax(axis=1).tolist() == [1] * len(small.labels)
    # Without negatives the contrastive part has nothing to say.
    assert stage.diagnostics["zero_loss_share"] == 1.0


def test_impossible_configurations_are_refused(small: Small) -> None:
    with pytest.raises(ConfigurationError, match="temperature"):
        small.fit(replace(SHORT, loss_params={"temperature": 0.0}))


def test_bfloat16_stays_close(small: Small) -> None:
    def fitted(precision: str) -> np.ndarray:
        scored = {"first": small.tokens.take(np.arange(6))}
        stage = fit_once(
            SHORT, small.encoder, Examples(small.tokens, small.labels, "single", 3), scored, seed=0, precision=precision
        )
        return stage.probabilities["first"]["logistic"]

    np.testing.assert_allclose(fitted("bfloat16"), fitted("float32"), atol=0.15)


def test_supcon_beats_the_frozen_probe_on_headlines(small: Small) -> None:
    task = load_task(TaskSettings("bbc"))
    assert task.test is not None
    drawn = task.train.take(draw_shots(task.train, SINGLE, DrawSettings(shots=50)))
    test = task.test.take(np.arange(min(300, len(task.test))))
    tokenizer = load_tokenizer(small.folder)
    tokens, held = tokenize(tokenizer, drawn.texts, None, 32), tokenize(tokenizer, test.texts, None, 32)

    def accuracy(config: Configuration) -> float:
        found = [
            fit_once(
                config, small.encoder, Examples(tokens, drawn.labels, "single", 5), {"test": held}, seed=seed
            ).probabilities["test"]
            for seed in range(2)
        ]
        return float(np.mean([score(SINGLE, p["logistic"], test.labels)["accuracy"] for p in found]))

    probe = accuracy(baseline("probe", "small", 32))
    tuned = accuracy(Configuration(loss="supcon", lr=5e-4, max_length=32))
    assert probe > 0.3
    assert tuned > probe
