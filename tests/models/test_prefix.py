from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from transformers import AlbertConfig, AutoModel, BertConfig, DistilBertConfig, ElectraConfig, RobertaConfig

from tune_dml.errors import ConfigurationError
from tune_dml.models.encoder import EncoderBundle, build_encoder, load_bundle, load_tokenizer
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.tokens import Batch, TokenArrays, tokenize

CPU = torch.device("cpu")
SMALL = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
CONFIGS = {
    "bert": BertConfig(**SMALL),
    "roberta": RobertaConfig(**SMALL, pad_token_id=1),
    "distilbert": DistilBertConfig(vocab_size=50, dim=16, n_layers=3, n_heads=2, hidden_dim=32),
    "electra": ElectraConfig(**SMALL, embedding_size=8),
}


def random_encoder(name: str) -> nn.Module:
    torch.manual_seed(0)
    model: nn.Module = AutoModel.from_config(CONFIGS[name])
    return model


def random_batch(pad_id: int = 0) -> Batch:
    ids = torch.randint(5, 50, (3, 9))
    mask = torch.tensor([[1] * n + [0] * (9 - n) for n in (9, 4, 6)])
    return Batch(torch.where(mask.bool(), ids, pad_id), mask, None)


def difference_in_evaluation(encoder: LayeredEncoder, batch: Batch) -> float:
    """The largest between running the frozen layers apart and running all at once, over real tokens."""
    encoder.eval()
    real = batch.mask.bool()
    with torch.no_grad():
        apart, whole = encoder.top(encoder.prefix(batch), batch)[real], encoder(batch)[real]
    return float((apart - whole).abs().max())


def only_top_layers_learn(encoder: LayeredEncoder, batch: Batch, trained: int) -> None:
    encoder.train()
    hidden = encoder.top(encoder.prefix(batch), batch)
    if trained:
        hidden.square().sum().backward()
    else:
        assert not hidden.requires_grad
    assert encoder._layers is not None
    top = {id(p) for layer in list(encoder._layers)[len(encoder._layers) - trained :] for p in layer.parameters()}
    for parameter in encoder.parameters():
        assert parameter.requires_grad == (id(parameter) in top)
        assert (parameter.grad is not None) == (id(parameter) in top)


@pytest.mark.parametrize("trained", [0, 1])
def test_prefix_and_top_make_the_whole_of_bert_tiny(tiny: EncoderBundle, tokens: TokenArrays, trained: int) -> None:
    encoder = LayeredEncoder(build_encoder(tiny), trained)
    assert encoder.has_prefix
    batch = tokens.batch(np.arange(len(tokens)), CPU)
    assert difference_in_evaluation(encoder, batch) < 1e-5
    only_top_layers_learn(encoder, batch, trained)


def test_prefix_and_top_make_the_whole_of_minilm() -> None:
    source = find_encoder("all-MiniLM-L6-v2")
    assert source.folder is not None
    bundle = load_bundle(source)
    tokens = tokenize(load_tokenizer(source.folder), ["a goal in extra time", "dull"], None, 16)
    batch = tokens.batch(np.arange(2), CPU)
    for trained in (2, 4):
        encoder = LayeredEncoder(build_encoder(bundle), trained)
        assert difference_in_evaluation(encoder, batch) < 1e-5
        only_top_layers_learn(encoder, batch, trained)


@pytest.mark.parametrize("averaged", [1, 2, 3])
@pytest.mark.parametrize("trained", [0, 1, 2])
@pytest.mark.parametrize("name", CONFIGS)
def test_prefix_and_top_make_the_whole_of_other_families(name: str, trained: int, averaged: int) -> None:
    encoder = LayeredEncoder(random_encoder(name), trained, averaged_layers=averaged)
    batch = random_batch(1 if name == "roberta" else 0)
    assert difference_in_evaluation(encoder, batch) < 1e-5
    only_top_layers_learn(encoder, batch, trained)


def test_prefix_is_in_evaluation_mode_and_leaves_the_mode_alone() -> None:
    encoder = LayeredEncoder(random_encoder("bert"), 1)
    batch = random_batch()
    encoder.train()
    assert torch.equal(encoder.prefix(batch), encoder.prefix(batch))
    assert encoder.training
    assert not torch.equal(encoder.top(encoder.prefix(batch), batch), encoder.top(encoder.prefix(batch), batch))
    encoder.eval()
    encoder.prefix(batch)
    assert not encoder.training


@pytest.mark.parametrize("name", CONFIGS)
def test_hidden_states_are_the_mean_of_the_top_layers(name: str) -> None:
    model, batch = random_encoder(name).eval(), random_batch(1 if name == "roberta" else 0)
    real = batch.mask.bool()
    with torch.no_grad():
        states = model(input_ids=batch.ids, attention_mask=batch.mask, output_hidden_states=True).hidden_states
        for averaged in (1, 2, 3):
            given = LayeredEncoder(model, None, averaged_layers=averaged).eval()(batch)
            expected = sum(states[-averaged:]) / averaged
            assert float((given - expected)[real].abs().max()) < 1e-5
    with pytest.raises(ConfigurationError, match="averaged_layers is 4; this encoder has 3 layers"):
        LayeredEncoder(model, None, averaged_layers=4)


def test_frozen_layers_that_the_mean_needs_have_no_dropout() -> None:
    encoder, batch = LayeredEncoder(random_encoder("bert"), 0, averaged_layers=3).train(), random_batch()
    assert torch.equal(encoder.top(encoder.prefix(batch), batch), encoder.top(encoder.prefix(batch), batch))


def test_the_encoder_is_whole_again_after_top() -> None:
    model = random_encoder("electra")
    before = dict(model.state_dict())
    encoder = LayeredEncoder(model, 1)
    encoder.top(encoder.prefix(random_batch()), random_batch())
    assert list(model.state_dict()) == list(before)


@pytest.mark.parametrize("trained", [None, 3, 99])
def test_all_layers(trained: int | None) -> None:
    encoder = LayeredEncoder(random_encoder("bert"), trained)
    assert not encoder.has_prefix
    frozen = [name for name, p in encoder.encoder.named_parameters() if not p.requires_grad]
    assert frozen == ["embeddings.word_embeddings.weight"]
    trainable = LayeredEncoder(random_encoder("bert"), trained, train_word_embeddings=True)
    assert all(p.requires_grad for p in trainable.parameters())


def test_layers_that_cannot_be_told_apart_are_refused_unless_all_are_trained() -> None:
    shared = AutoModel.from_config(AlbertConfig(**SMALL, embedding_size=8))
    with pytest.raises(ConfigurationError, match="set trainable_layers to 'all'"):
        LayeredEncoder(shared, 1)
    assert not LayeredEncoder(shared, None).has_prefix
