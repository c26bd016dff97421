"""The masked-LM head of each family's checkpoints, as the head of a classifier begins with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForMaskedLM

from tune_dml.models.encoder import EncoderBundle
from tune_dml.models.head import ClassificationHead, WordTransform
from tune_dml.models.readouts.head_readout import head_logits
from tune_dml.models.readouts.readout_spec import FittedReadout
from tune_dml.models.word_head import ACTIVATIONS, WordHead, read_word_head

_SIZES = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
_SIZES |= {"intermediate_size": 24, "max_position_embeddings": 40}
FAMILIES: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {"hidden_act": "relu"},  # whose masked-LM head has gelu nevertheless
    "xlm-roberta": {},
    "mpnet": {},
    "distilbert": {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 24},
    "albert": {"embedding_size": 8},
    "electra": {"embedding_size": 8},
    "deberta-v2": {"hidden_act": "silu"},
    "modernbert": {"global_attn_every_n_layers": 1, "pad_token_id": 0, "classifier_activation": "gelu"},
}


def _saved(family: str, folder: Path) -> Any:
    config = AutoConfig.for_model(family, **{**_SIZES, **FAMILIES[family]})
    torch.manual_seed(0)
    model = AutoModelForMaskedLM.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("family", FAMILIES)
def test_it_gives_what_the_checkpoint_compares_with_words(family: str, tmp_path: Path) -> None:
    model, seen = _saved(family, tmp_path), []
    words = read_word_head(tmp_path, model.config.to_dict())
    assert words is not None
    output = model.get_output_embeddings()
    output.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    hidden: list[torch.Tensor] = []
    model.base_model.register_forward_hook(lambda _, __, found: hidden.append(found[0]))
    with torch.no_grad():
        logits = model(torch.tensor([[3, 7, 9, 11, 2]])).logits[0]
        made = WordTransform(words)(hidden[0][0])
    assert made.numpy() == pytest.approx(seen[0][0].numpy(), abs=1e-4)
    assert words.word_bias is not None
    again = made @ output.weight.detach().T + torch.from_numpy(words.word_bias)
    assert again.numpy() == pytest.approx(logits.numpy(), abs=1e-3)


def test_an_encoder_s_bundle_has_it(tiny: EncoderBundle, tiny_folder: Path) -> None:
    words = tiny.word_head
    assert words is not None
    assert words.weight.shape == (128, 128)
    shorter = tiny.up_to(1).word_head
    assert shorter is words


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("named", [False, True])
def test_the_read_out_is_the_head(activation: str, named: bool) -> None:
    random = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return random.normal(size=shape).astype(np.float32)

    words = WordHead(drawn(6, 5), drawn(6), drawn(6), drawn(6), 1e-5, activation)
    if named:
        words = replace(words, rows=drawn(3, 6), row_bias=drawn(3))
    head = ClassificationHead("words", 5, 3, 0.5, words).eval()
    assert len(head.learnt_before()) == (6 if named else 4)
    assert (words.rows is not None) == np.array_equal(head.weight.detach().numpy(), words.rows)
    vectors = drawn(4, 5)
    arrays = {name: tensor.numpy() for name, tensor in head.state_dict().items()}
    found = head_logits(FittedReadout("head", arrays), vectors)
    assert found == pytest.approx(head(torch.from_numpy(vectors)).detach().numpy(), abs=1e-5)
    assert words.without_rows().rows is None


def test_without_one_there_is_none(tmp_path: Path) -> None:
    _saved("bert", tmp_path / "whole").base_model.save_pretrained(tmp_path / "bare")
    assert read_word_head(tmp_path / "bare", {"hidden_act": "gelu"}) is None
    assert read_word_head(tmp_path / "whole", {"hidden_act": "mish"}) is None
