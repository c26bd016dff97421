"""Training on texts in templates: which vector is used, what is drawn, what is scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_task import Small

from tune_dml.data import SHIPPED, most_diverse, template
from tune_dml.errors import ConfigurationError
from tune_dml.models import kept
from tune_dml.models.encoder import load_tokenizer
from tune_dml.models.readouts import class_probabilities
from tune_dml.models.template_pieces import Templates
from tune_dml.models.token_templates import by_tokenizer, in_templates
from tune_dml.models.tokens import TokenArrays, tokenize
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit, fit_once
from tune_dml.training.inputs.drawn_templates import DrawnTemplates
from tune_dml.training.model import Model

CPU = torch.device("cpu")
USUAL = Configuration(loss="ce", representation="mask", lr=5e-4, epochs=3, max_length=40)
SCORINGS = ("probabilities", "embeddings", "first")


def _tokens(small: Small, texts: list[str] | None = None) -> TokenArrays:
    tokenizer, written = load_tokenizer(small.folder), SHIPPED["topic"]
    texts = texts or [f"text {i} of the film is {'a delight ' * (i % 5 + 1)}" for i in range(len(small.labels))]
    forms = tuple(by_tokenizer(tokenizer, template(text)) for text in written)
    pools = {size: most_diverse(written, size) for size in (1, 3, 12)}
    return tokenize(tokenizer, texts, None, 40, templates=Templates(forms, pools))


def _config(pool: int, scoring: str = "probabilities", **changes: object) -> Configuration:
    return USUAL.changed(**{"prompts/pool": pool, "prompts/scoring": scoring, **changes})


def _model(small: Small, config: Configuration, seed: int = 0) -> Model:
    model = Model(config, small.encoder, seed, CPU, "float32")
    model.encoder.eval()
    return model


@pytest.fixture
def forgotten() -> Iterator[None]:
    kept._kept.clear()
    yield
    kept._kept.clear()


def test_the_vector_is_the_mask_tokens(small: Small) -> None:
    tokens, rows = _tokens(small), np.array([5, 0, 17, 9])
    model = _model(small, _config(12))
    inputs = DrawnTemplates(model, tokens)
    inner = model.encoder.encoder
    last: list[torch.Tensor] = []
    hook = inner.register_forward_hook(lambda module, given, output: last.append(output.last_hidden_state))
    seen = set()
    with torch.no_grad():
        for _ in range(8):
            last.clear()
            parts = inputs.parts(rows)
            states = [inputs.hidden(part) for part in parts]
            width = max(hidden.shape[1] for hidden, _ in states)
            padded = [torch.nn.functional.pad(h, (0, 0, 0, width - h.shape[1])) for h, _ in states]
            vectors = inputs.vectors(torch.cat(padded), torch.cat([m[:, :1] for _, m in states]))
            whole = in_templates(tokens, tokens.templates.pools[12], 40)  # type: ignore[union-attr]
            for vector, row, place in zip(vectors, np.concatenate(parts), inputs._places, strict=True):
                virtual = int(inputs._drawn[row])
                assert virtual % len(tokens) == row
                ids = whole.ids[whole.offsets[virtual] : whole.offsets[virtual + 1]]
                assert ids[place] == load_tokenizer(small.folder).mask_token_id
                alone = model.encoder(whole.batch(np.array([virtual]), CPU))[0, place]
                assert torch.allclose(vector, alone, atol=1e-5)
                seen.add(virtual)
    hook.remove()
    # Eight draws of four texts out of twelve templates.
    assert len(seen) > 20


def test_the_seed_says_what_is_drawn(small: Small) -> None:
    tokens, rows = _tokens(small), np.arange(16)

    def drawn(seed: int) -> list[list[int]]:
        inputs, found = DrawnTemplates(_model(small, _config(3), seed), tokens), []
        for _ in range(5):
            inputs.parts(rows)
            found.append(inputs._drawn[rows].tolist())
        return found

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)
    assert len({tuple(step) for step in drawn(0)}) == 5


@pytest.mark.parametrize("scoring", SCORINGS)
def test_numbers_are_the_seeds(small: Small, scoring: str) -> None:
    data = Examples(_tokens(small), small.labels, "single", 3)
    one, same, other = (
        fit_once(_config(3, scoring), small.encoder, data, {"all": data.tokens}, seed=seed) for seed in (0, 0, 1)
    )
    for name, probabilities in one.probabilities["all"].items():
        assert probabilities.shape == (len(data), 3)
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        assert np.array_equal(probabilities, same.probabilities["all"][name])
    assert not np.array_equal(one.probabilities["all"]["head"], other.probabilities["all"]["head"])


@pytest.mark.parametrize("scoring", SCORINGS)
def test_scores_are_over_the_pool(small: Small, scoring: str) -> None:
    tokens = _tokens(small)
    data = Examples(tokens, small.labels, "single", 3)
    config = _config(3, scoring)
    stage = fit_once(config, small.encoder, data, {"all": tokens}, seed=0, keep_encoder=True)
    assert stage.encoder_state is not None
    model = _model(small, replace(config, epochs=0))
    model.encoder.encoder.load_state_dict({n: torch.tensor(a) for n, a in stage.encoder_state.items()})
    assert tokens.templates is not None
    views = []
    for place in tokens.templates.pools[3]:
        alone = in_templates(tokens, (place,), 40)
        assert alone.masks is not None
        with torch.no_grad():
            states = [model.encoder(alone.batch(np.array([row]), CPU))[0, mask] for row, mask in enumerate(alone.masks)]
        views.append(torch.stack(states).numpy())
    head = stage.readouts["head"]
    expected = {
        "probabilities": np.mean([class_probabilities(head, view) for view in views], axis=0),
        "embeddings": class_probabilities(head, np.mean(views, axis=0)),
        "first": class_probabilities(head, views[0]),
    }[scoring]
    assert np.allclose(stage.probabilities["all"]["head"], expected, atol=1e-4)


@pytest.mark.usefixtures("forgotten")
def test_frozen_layers_are_kept_for_each_template_or_not_at_all(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Examples(_tokens(small), small.labels, "single", 3)
    config = _config(3, trainable_layers=1)
    with_them = fit_once(config, small.encoder, data, {"all": data.tokens}, seed=0)
    assert len(kept._kept) == 1
    [states] = kept._kept.values()
    assert len(states) == in_templates(data.tokens, data.tokens.templates.pools[3], 40).lengths.sum()  # type: ignore
    kept._kept.clear()
    monkeypatch.setattr(kept, "KEPT_BYTES", 0)
    without = fit_once(config, small.encoder, data, {"all": data.tokens}, seed=0)
    assert not kept._kept
    for name, probabilities in with_them.probabilities["all"].items():
        assert np.allclose(probabilities, without.probabilities["all"][name], atol=1e-4), name


def test_metric_losses_and_stages(small: Small) -> None:
    data = Examples(_tokens(small), small.labels, "single", 3)
    config = _config(12, loss="supcon", beta=0.5)
    stages = list(fit(config, small.encoder, data, {"all": data.tokens}, seed=0, stages=2))
    assert len(stages) == 2
    assert all(np.isfinite(p).all() for stage in stages for p in stage.probabilities["all"].values())


def test_what_does_not_go_together(small: Small) -> None:
    data = Examples(_tokens(small), small.labels, "single", 3)
    for config, says in (
        (_config(3, representation="mean"), "prompts need the representation 'mask'; it is 'mean'"),
        (_config(3, pair_encoding="towers"), "both texts of a pair in one sequence"),
        (_config(7), "no pool of 7 templates here"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            fit_once(config, small.encoder, data, {}, seed=0)
