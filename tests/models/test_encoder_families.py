"""What works with which family of encoders, found on small random models; ``docs/encoders.md`` says the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from encoder_zoo import FAMILIES, LAYERS, OTHERS, POSITIONS, WIDTH, make_encoder
from transformers import PreTrainedTokenizerBase

from tune_dml.errors import ConfigurationError, ModelError
from tune_dml.losses import check
from tune_dml.models import load_classifier
from tune_dml.models.description import ModelDescription
from tune_dml.models.embedding import embed
from tune_dml.models.encoder import EncoderBundle, build_encoder, check_shortened, load_bundle, load_tokenizer
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.folder import save_model
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.tokens import Batch, TokenArrays, tokenize
from tune_dml.models.unpadded import layout_for
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once

CPU = torch.device("cpu")
DOCUMENT = Path(__file__).parents[2] / "docs" / "encoders.md"
#: No position table, and none named in the configuration.
ANY_LENGTH = {"XLNet", "T5"}
REFUSED = ("CANINE", "CLIP", "DPR", "Funnel", "NystromFormer", "ViT", "Wav2Vec2")
TEXTS = (
    "a gorgeous film",
    "the plot of the film is dull and the jokes fell flat after a late start , very slow",
    "",
    "shares rose",
    "a great goal",
    "a terrible , cold play",
)
LABELS = np.array([0, 1, 1, 0, 0, 1])
SHORT = Configuration(loss="ce", epochs=1, batch_size=3, max_length=24, lr=1e-2)


class Member(NamedTuple):
    """One family's encoder."""

    bundle: EncoderBundle
    tokenizer: PreTrainedTokenizerBase
    tokens: TokenArrays

    def layered(self, trained: int | None, **options: Any) -> LayeredEncoder:
        return LayeredEncoder(build_encoder(self.bundle), trained, traits=self.bundle.facts.traits, **options)


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Member]:
    @cache
    def made(name: str) -> Member:
        folder = make_encoder(tmp_path_factory.mktemp("encoder"), {**FAMILIES, **OTHERS}[name])
        bundle, tokenizer = load_bundle(find_encoder(str(folder))), load_tokenizer(folder)
        return Member(bundle, tokenizer, tokenize(tokenizer, TEXTS, None, 24))

    return made


@pytest.mark.parametrize("name", FAMILIES)
def test_width_layers_and_positions_are_those_of_the_model(member: Callable[[str], Member], name: str) -> None:
    bundle = member(name).bundle
    assert bundle.dimension == WIDTH
    assert bundle.layers == (None if name == "ALBERT" else LAYERS)
    assert bundle.positions == (None if name in ANY_LENGTH else POSITIONS)
    assert bundle.vocabulary is not None
    assert not [weight for weight in bundle.state if "decoder" in weight or "pooler" in weight]
    again = EncoderBundle(bundle.name, f"again {name}", bundle.config, bundle.state)
    assert again.facts == bundle.facts


@pytest.mark.parametrize(
    "name", [*FAMILIES, "BLOOM", "ConvBERT", "FNet", "LayoutLM", "Longformer", "MobileBERT", "OPT"]
)
def test_a_text_has_the_same_vector_alone_and_in_a_batch(member: Callable[[str], Member], name: str) -> None:
    one = member(name)
    encoder = one.layered(None)
    for representation in ("mean", "last_token", "cls"):
        together = embed(encoder, one.tokens, representation, 24, CPU)
        for text in range(len(TEXTS)):
            alone = embed(encoder, one.tokens.take(np.array([text])), representation, 24, CPU)
            assert np.abs(alone[0] - together[text]).max() < 1e-5


@pytest.mark.parametrize("name", FAMILIES)
def test_layers_below_the_trained_ones_are_frozen(member: Callable[[str], Member], name: str) -> None:
    one = member(name)
    for trained, averaged in ((0, 1), (1, 1), (2, 1), (1, 2), (0, 3)):
        if one.bundle.layers is None and trained:
            with pytest.raises(ConfigurationError, match="set trainable_layers to 'all'"):
                one.layered(trained)
            continue
        encoder = one.layered(trained, averaged_layers=averaged).eval()
        batch = one.tokens.batch(np.arange(len(TEXTS)), CPU)
        real = batch.mask.bool()
        whole = encoder(batch)
        if encoder.has_prefix:
            apart = encoder.top(encoder.prefix(batch), batch)
            assert float((apart - whole).detach()[real].abs().max()) < 1e-5
        assert whole.requires_grad == bool(trained)
        frozen = [p for layer in encoder._layers[: LAYERS - trained] for p in layer.parameters()]
        assert not any(p.requires_grad for p in frozen)
        encoder.train()
        assert not any(module.training for layer in encoder._layers[: LAYERS - trained] for module in layer.modules())


@pytest.mark.parametrize("name", FAMILIES)
def test_it_is_trained_saved_loaded_and_predicts(member: Callable[[str], Member], name: str, tmp_path: Path) -> None:
    one = member(name)
    separable = one.bundle.layers is not None
    config = replace(SHORT, trainable_layers=1 if separable else None, dropout=0.2)
    stage = fit_once(
        config, one.bundle, Examples(one.tokens, LABELS, "single", 2), {"own": one.tokens}, seed=0, keep_encoder=True
    )
    assert stage.encoder_state is not None
    changed = {name for name, array in stage.encoder_state.items() if not np.array_equal(array, one.bundle.state[name])}
    top = f"{one.bundle.facts.path}.{LAYERS - 1}."
    assert changed
    assert not separable or all(weight.startswith(top) for weight in changed)
    description = ModelDescription(
        "toy", "single", ("good", "bad"), "mean", 24, "float32", "head", stage.readouts["head"].values,
        {"loss": "ce"},
    )  # fmt: skip
    save_model(tmp_path / "model", description, one.bundle, stage.encoder_state, stage.readouts["head"], one.tokenizer)
    given = load_classifier(tmp_path / "model").predict_proba(list(TEXTS))
    assert np.abs(given - stage.probabilities["own"]["head"]).max() < 1e-5


@pytest.mark.parametrize("name", FAMILIES)
def test_other_settings_of_layers(member: Callable[[str], Member], name: str) -> None:
    bundle = member(name).bundle
    short = bundle.up_to(2)
    check_shortened(short)
    assert (short.facts.runs, short.dimension) == (2, WIDTH)
    with pytest.raises(ConfigurationError, match="layer is 9; this encoder has 3"):
        bundle.up_to(9)
    config = SHORT.changed(averaged_layers=2, layer=2)
    if bundle.layers is not None:
        config = config.changed(reinit_layers=1, layer_decay=0.5)
    stage = fit_once(
        check(config), bundle, Examples(member(name).tokens, LABELS, "single", 2), {"own": member(name).tokens}, seed=0
    )
    assert np.isfinite(stage.probabilities["own"]["logistic"]).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_dropout_is_set(member: Callable[[str], Member], name: str) -> None:
    one = member(name)
    batch = one.tokens.batch(np.arange(2), CPU)
    for dropout, same in ((0.0, True), (0.5, False)):
        encoder = LayeredEncoder(build_encoder(one.bundle, dropout), None, traits=one.bundle.facts.traits).train()
        assert torch.equal(encoder(batch), encoder(batch)) == same


@pytest.mark.parametrize("name", OTHERS)
def test_other_families_work_or_are_refused_in_a_sentence(member: Callable[[str], Member], name: str) -> None:
    if name in REFUSED:
        with pytest.raises(ModelError, match=r"cannot be used: it .* Take an encoder of texts"):
            member(name)
        return
    one = member(name)
    assert one.bundle.dimension == WIDTH
    together = embed(one.layered(0), one.tokens, "mean", 24, CPU)
    alone = embed(one.layered(0), one.tokens.take(np.array([3])), "mean", 24, CPU)
    assert np.abs(alone[0] - together[3]).max() < 1e-5


def found(name: str, one: Member) -> str:
    """The row of one family in the document."""
    facts, encoder = one.bundle.facts, one.layered(None).eval()
    frozen = "kept" if facts.traits.prefix else "run in every step" if facts.layers else "all layers or none"
    ids = torch.tensor([[9, 10, 11, 12], [9, 10, 11, 12]])
    padded = Batch(ids, torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]]), None)
    batches = "unpadded" if layout_for(encoder.encoder, padded) else "padded" if facts.traits.masks else "of one length"
    other = torch.where(torch.arange(4) == 3, 13, ids)
    with torch.no_grad():
        states = [encoder(Batch(x, torch.ones_like(x), None))[0, 0] for x in (ids, other)]
    decoder = "is one" if torch.equal(*states) else "left out" if "decoder_layers" in one.bundle.config else "has none"
    mask = "no" if one.tokens.ending is None else "yes"
    pairs = "token types" if facts.types > 1 else "separators"
    family = {**FAMILIES, **OTHERS}[name]
    return f"| {name} | `{family.model_type}` | {frozen} | {batches} | {mask} | {pairs} | {decoder} |"


@pytest.mark.parametrize("name", [*FAMILIES, "ConvBERT", "MobileBERT", "FNet", "Longformer", "OPT", "BLOOM", "XLM"])
def test_the_document_says_what_is_found(member: Callable[[str], Member], name: str) -> None:
    assert found(name, member(name)) in DOCUMENT.read_text(encoding="utf-8").splitlines()
