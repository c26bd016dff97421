"""One loaded model and many threads: each answer is that of a call alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, RobertaConfig

from tune_dml.models.classifier import Classifier, load_classifier
from tune_dml.models.description import ModelDescription
from tune_dml.models.encoder import EncoderBundle, load_bundle, load_tokenizer
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.folder import save_model
from tune_dml.models.precision import own_kernels
from tune_dml.models.readouts import FittedReadout
from tune_dml.recipe import Configuration

WORDS = ("who", "wrote", "the", "book", "that", "was", "filmed", "in", "the", "north", "where", "did", "it", "end")


def texts(number: int) -> list[str]:
    """A few texts of different lengths, other ones for each number."""
    rng = np.random.default_rng(number)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 40))) for _ in range(rng.integers(1, 7))]


def saved(folder: Path, bundle: EncoderBundle, precision: str, averaged_layers: int = 1) -> Classifier:
    config = Configuration(loss="ce").changed(averaged_layers=averaged_layers).to_dict()
    about = ModelDescription("mine", "single", ("a", "b"), "mean", 32, precision, "head", {}, config)
    weight = np.random.default_rng(0).normal(size=(2, bundle.dimension)).astype(np.float32)
    readout = FittedReadout("head", {"weight": weight, "bias": np.zeros(2, np.float32)})
    source = find_encoder("bert-tiny")
    assert source.folder is not None
    save_model(folder, about, bundle, bundle.state, readout, load_tokenizer(source.folder))
    return load_classifier(folder, "cpu")


def bert_tiny() -> EncoderBundle:
    return load_bundle(find_encoder("bert-tiny"))


def small_roberta() -> EncoderBundle:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64}
    config = RobertaConfig(**sizes, vocab_size=31_000, max_position_embeddings=130, pad_token_id=0)
    model = AutoModel.from_config(config, add_pooling_layer=False)
    state = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    return EncoderBundle("random", "random", config.to_json_string(use_diff=False), state)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(("encoder", "averaged"), [(bert_tiny, 1), (bert_tiny, 2), (small_roberta, 1)])
def test_eight_threads_get_what_one_gets(
    tmp_path: Path, encoder: Callable[[], EncoderBundle], averaged: int, precision: str
) -> None:
    classifier = saved(tmp_path / "model", encoder(), precision, averaged)
    alone = [classifier.predict_proba(texts(number)) for number in range(100)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda number: classifier.predict_proba(texts(number)), range(100)))
    for want, got in zip(alone, together, strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(classifier.predict_proba(texts(0)), alone[0])


@pytest.mark.timeout(120)
def test_models_of_both_precisions_side_by_side(tmp_path: Path) -> None:
    bundle = bert_tiny()
    both = [saved(tmp_path / precision, bundle, precision) for precision in ("float32", "bfloat16")]
    alone = [both[number % 2].predict_proba(texts(number)) for number in range(60)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda number: both[number % 2].predict_proba(texts(number)), range(60)))
    for want, got in zip(alone, together, strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-6)


def test_what_a_thread_switched_off_is_on_again() -> None:
    before = torch.backends.mkldnn.enabled

    def used(number: int) -> bool:
        with own_kernels(torch.device("cpu"), "float32" if number % 2 else "bfloat16"):
            torch.ones(64, 64) @ torch.ones(64, 64)
            return bool(torch.backends.mkldnn.enabled)

    with ThreadPoolExecutor(8) as threads:
        states = list(threads.map(used, range(400)))
    assert states == [before and not number % 2 for number in range(400)]
    assert torch.backends.mkldnn.enabled == before
