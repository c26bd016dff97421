"""A batch in parts gives the gradients of the whole batch, and a run that is short of memory falls back to it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from small_task import Small

from tune_dml.losses import LOSSES
from tune_dml.models.representation import examples
from tune_dml.recipe import Configuration
from tune_dml.training.inputs.fixed_texts import FixedTexts
from tune_dml.training.micro_batches import at_most, backward_in_parts, end_to_end
from tune_dml.training.model import Model

CPU = torch.device("cpu")


@pytest.mark.parametrize("loss", [name for name, spec in LOSSES.items() if spec.build])
@pytest.mark.parametrize(("size", "trainable_layers", "representation"), [(1, None, "mean"), (5, 1, "tokens")])
def test_parts_give_the_gradients_of_the_whole(
    small: Small, loss: str, size: int, trainable_layers: int | None, representation: str
) -> None:
    rows = np.arange(18)
    labels = torch.from_numpy(small.labels[rows])
    spec = LOSSES[loss]
    assert spec.build is not None

    def gradients(in_parts: bool) -> tuple[float, dict[str, torch.Tensor]]:
        # Without dropout, whose random numbers differ between one pass over a batch and several.
        config = Configuration(max_length=24, dropout=0.0, trainable_layers=trainable_layers)
        model = Model(config, small.encoder, 0, CPU, "float32")
        encoder = model.encoder.train()
        module = spec.build(3, small.encoder.dimension, spec.defaults)  # type: ignore[misc]
        inputs = FixedTexts(model, small.tokens)

        def loss_of(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            value: torch.Tensor = module(*examples(hidden, mask, labels, representation))
            return value

        if in_parts:
            value = backward_in_parts(at_most([rows], size), inputs.hidden, loss_of, CPU)
        else:
            value = loss_of(*inputs.hidden(rows))
            value.backward()
        named = [*encoder.named_parameters(), *module.named_parameters()]
        return float(value.detach()), {name: p.grad for name, p in named if p.grad is not None}

    whole_loss, whole = gradients(in_parts=False)
    loss_in_parts, parts = gradients(in_parts=True)
    assert loss_in_parts == pytest.approx(whole_loss, rel=1e-5)
    assert whole.keys() == parts.keys()
    assert whole
    largest = max(float(g.abs().max()) for g in whole.values())
    for name, gradient in whole.items():
        assert float((gradient - parts[name]).abs().max()) < 1e-4 * max(largest, 1e-3), name


def test_both_passes_draw_the_same_dropout(small: Small) -> None:
    model = Model(Configuration(max_length=24, dropout=0.5), small.encoder, 0, CPU, "float32")
    model.encoder.train()
    inputs = FixedTexts(model, small.tokens)
    seen: list[torch.Tensor] = []

    def hidden_of(rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        states, mask = inputs.hidden(rows)
        seen.append(states.detach())
        return states, mask

    parts = at_most([np.arange(7)], 3)
    torch.manual_seed(1)
    backward_in_parts(parts, hidden_of, lambda hidden, mask: hidden.square().mean(), CPU)
    after = torch.rand(1)
    assert [len(part) for part in parts] == [3, 3, 1]
    for one, other in zip(seen[:3], seen[3:], strict=True):
        assert torch.equal(one, other)
    # What follows draws what it would have drawn after a single pass.
    torch.manual_seed(1)
    end_to_end([inputs.hidden(rows) for rows in parts])
    assert torch.equal(after, torch.rand(1))


#: Trains with so little address space left that a whole batch cannot be held.
SHORT_OF_MEMORY = """
import json, os, resource, sys
import numpy as np
from tune_dml.recipe import Configuration
from tune_dml.models.encoder import load_bundle, load_tokenizer
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.tokens import tokenize
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once
from tune_dml.training.workload import single_thread

single_thread()
source = find_encoder("bert-tiny")
bundle, tokenizer = load_bundle(source), load_tokenizer(source.folder)
words = ("goal match cup", "bank tax oil")
texts = [f"{words[i % 2]} {i} " * 60 for i in range(32)]
tokens, labels = tokenize(tokenizer, texts, None, 256), np.array([i % 2 for i in range(32)])
config = Configuration(loss="supcon", loss_params={"temperature": 0.2}, epochs=1, batch_size=32, max_length=256)

def train():
    stage = fit_once(config, bundle, Examples(tokens, labels, "single", 2), {}, seed=0)
    return stage.diagnostics

# Everything that is needed once is there before the limit is.
fit_once(config, bundle, Examples(tokens.take(np.arange(4)), labels[:4], "single", 2), {}, seed=0)
if os.fork() == 0:
    # In a process of its own: libraries may remember for good what they could not allocate.
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]) * 2**20,) * 2)
    print(json.dumps(train()), flush=True)
    os._exit(0)
assert os.wait()[1] == 0
print(json.dumps(train()), flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space as Linux does")
def test_a_run_that_runs_out_of_memory_goes_on_with_smaller_parts() -> None:
    done = subprocess.run([sys.executable, "-c", SHORT_OF_MEMORY, "160"], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    short, enough = [json.loads(line) for line in done.stdout.splitlines()]
    assert 1 <= short["micro_batch"] < 32
    assert "micro_batch" not in enough
    assert np.isfinite(short["train_loss"])
    assert short["train_loss"] == pytest.approx(enough["train_loss"], rel=0.1)
