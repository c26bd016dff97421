from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModel, BertConfig, DistilBertConfig, RobertaConfig, XLMRobertaConfig

from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.tokens import Batch
from tune_dml.models.unpadded import Layout, allow_unpadded, layout_for, run_unpadded

SMALL = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
#: Of 9 positions: fewer than the real tokens of a batch together.
FAMILIES: dict[str, Any] = {
    "bert": BertConfig(**SMALL, max_position_embeddings=9),
    "roberta": RobertaConfig(**SMALL, max_position_embeddings=11, pad_token_id=1),
    "xlm-roberta": XLMRobertaConfig(**SMALL, max_position_embeddings=11, pad_token_id=1),
}
LENGTHS = (9, 4, 6)


def random_encoder(config: Any) -> nn.Module:
    torch.manual_seed(0)
    model: nn.Module = AutoModel.from_config(config)
    return model


def random_batch(pad_id: int, types: bool = False) -> Batch:
    mask = torch.tensor([[1] * n + [0] * (9 - n) for n in LENGTHS])
    ids = torch.where(mask.bool(), torch.randint(5, 50, mask.shape), pad_id)
    return Batch(ids, mask, (torch.arange(9) > 2).long().expand(3, 9) * mask if types else None)


def as_transformers_does(model: nn.Module, batch: Batch) -> Tensor:
    hidden: Tensor = model(input_ids=batch.ids, attention_mask=batch.mask, token_type_ids=batch.types).last_hidden_state
    return hidden


def gradients(model: nn.Module, hidden: Tensor, batch: Batch) -> dict[str, Tensor]:
    model.zero_grad()
    (hidden * batch.mask[..., None]).square().sum().backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    ("name", "types"), [("bert", False), ("bert", True), ("roberta", False), ("xlm-roberta", False)]
)
def test_states_and_gradients_are_those_of_a_padded_batch(name: str, types: bool) -> None:
    model = random_encoder(FAMILIES[name]).eval()
    encoder = LayeredEncoder(model, None, train_word_embeddings=True).eval()
    batch = random_batch(FAMILIES[name].pad_token_id, types)
    assert layout_for(model, batch) is not None
    want, got = as_transformers_does(model, batch), encoder(batch)
    real = batch.mask.bool()
    assert float((got - want)[real].detach().abs().max()) < 1e-6
    assert not got[~real].any()
    expected, there = gradients(model, want, batch), gradients(model, got, batch)
    assert expected.keys() == there.keys()
    for key, gradient in expected.items():
        assert torch.allclose(there[key], gradient, atol=1e-4, rtol=1e-4), key


@pytest.mark.parametrize("multiple", [2, 8, 32])
def test_a_round_number_of_packed_tokens_changes_nothing(multiple: int) -> None:
    model = random_encoder(FAMILIES["bert"]).eval()
    allow_unpadded(model)
    batch = random_batch(0)
    exact, rounded = Layout.of(batch.mask), Layout.of(batch.mask, multiple)
    assert rounded.pack(batch.ids).shape[1] % multiple == 0
    want, got = (x.pad(run_unpadded(model, batch, x).last_hidden_state) for x in (exact, rounded))
    assert torch.allclose(got, want, atol=1e-6)
    expected, there = gradients(model, want, batch), gradients(model, got, batch)
    for key, gradient in expected.items():
        assert torch.allclose(there[key], gradient, atol=1e-4, rtol=1e-4), key


def test_dropout_is_drawn_anew() -> None:
    encoder = LayeredEncoder(random_encoder(FAMILIES["bert"]), None).train()
    batch = random_batch(0)
    assert not torch.equal(encoder(batch), encoder(batch))


@pytest.mark.parametrize("name", FAMILIES)
def test_attention_with_dropout_is_on_average_what_it_is_without(name: str) -> None:
    model = random_encoder(FAMILIES[name])
    encoder = LayeredEncoder(model, None).train()
    attention = [m for n, m in model.named_modules() if n.endswith("attention.self.dropout")]
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    batch = random_batch(FAMILIES[name].pad_token_id)
    real = batch.mask.bool()
    with torch.no_grad():
        want = encoder(batch)[real]
        for module in attention:
            module.p = 0.02
        got = torch.stack([encoder(batch)[real] for _ in range(400)])
    assert attention
    assert float((got.mean(0) - want).abs().max()) < 5 * float(got.std(0).max()) / 400**0.5 + 0.01
    assert float(got.std(0).max()) > 0


@pytest.mark.parametrize(("tokens", "multiple"), [(3, 8), (128, 8), (129, 16), (256, 16), (257, 32), (900, 32)])
def test_in_bfloat16_there_are_few_numbers_of_packed_tokens(tokens: int, multiple: int) -> None:
    model = random_encoder(FAMILIES["bert"])
    allow_unpadded(model)
    mask = torch.zeros(2, tokens, dtype=torch.long)
    mask[0, : tokens - 1], mask[1, 0] = 1, 1
    batch = Batch(mask, mask, None)
    with torch.autocast("cpu", torch.bfloat16):
        layout = layout_for(model, batch)
    assert layout is not None
    assert layout.count == tokens
    assert len(layout.real) == -(-tokens // multiple) * multiple
    exact = layout_for(model, batch)
    assert exact is not None
    assert len(exact.real) == tokens


def test_packing_and_padding_undo_each_other() -> None:
    mask = random_batch(0).mask
    layout = Layout.of(mask)
    states = torch.randn(3, 9, 4) * mask[..., None]
    assert layout.pack(states).shape == (1, sum(LENGTHS), 4)
    assert torch.equal(layout.pad(layout.pack(states)), states)


def test_the_encoder_attends_as_before_afterwards() -> None:
    model = random_encoder(FAMILIES["bert"])
    before = model.config._attn_implementation
    LayeredEncoder(model, 1)(random_batch(0))
    assert model.config._attn_implementation == before


@pytest.mark.parametrize("why", ["no padding", "another family", "another attention", "another device"])
def test_batches_stay_padded(why: str) -> None:
    batch = random_batch(0)
    config = FAMILIES["bert"]
    if why == "another family":
        config = DistilBertConfig(vocab_size=50, dim=16, n_layers=1, n_heads=2, hidden_dim=32)
    model = random_encoder(config)
    if why == "another attention":
        model.config._attn_implementation = "eager"
    if why == "no padding":
        batch = Batch(batch.ids[:1], batch.mask[:1], None)
    if why == "another device":
        batch = Batch(batch.ids.to("meta"), batch.mask.to("meta"), None)
    assert layout_for(model, batch) is None


def test_an_encoder_that_is_a_decoder_is_given_padded_batches() -> None:
    config = BertConfig(**SMALL, max_position_embeddings=9, is_decoder=True)
    model = random_encoder(config).eval()
    encoder, batch = LayeredEncoder(model, None).eval(), random_batch(0)
    assert layout_for(model, batch) is None
    together = encoder(batch)
    for i, length in enumerate(LENGTHS):
        alone = encoder(Batch(batch.ids[i : i + 1, :length], batch.mask[i : i + 1, :length], None))
        assert float((together[i, :length] - alone[0]).detach().abs().max()) < 1e-6
