"""An encoder on one GPU: milliseconds per step, and packed trials beside what ``--concurrency auto`` would pack."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.tables import markdown
from tune_dml.models.encoder import EncoderBundle, build_encoder
from tune_dml.models.precision import autocast
from tune_dml.models.tokens import TokenArrays
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once
from tune_dml.training.gpu_cost import measured_step, trials_per_gpu
from tune_dml.training.workload import Workload

#: A trial: five folds of 20 epochs over four fifths of 50 texts, in batches of 16.
STEPS_PER_TRIAL = 5 * 20 * 3
VOCABULARY = 50_265


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks gpu", description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--layers", type=int, default=24, help="24 and a width of 1024: RoBERTa-large")
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--packed", default="1,2,4,8,16")
    parser.add_argument("--no-compiled", action="store_true", help="leave out what torch.compile takes minutes for")
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    if given.device == "cuda" and not torch.cuda.is_available():
        print("No GPU is visible: skipped.")
        return
    bundle, tokens, labels = _random(given)
    parameters = sum(a.size for name, a in bundle.state.items() if "embeddings" not in name)
    flops = 6 * parameters * given.batch * given.tokens
    limit = _arithmetic_limit(given.device)
    rows = []
    ways: dict[str, Callable[[nn.Module], Any]] = {"plain loop": lambda module: module}
    if not given.no_compiled:
        ways |= {"plain loop, compiled": torch.compile, "plain loop, compiled and graphed": _graphed}
    times = {"training.fit": _fit_step(bundle, tokens, labels, given)}
    times |= {name: _plain_step(bundle, tokens, labels, given, wrapped) for name, wrapped in ways.items()}
    for name, seconds in times.items():
        rows.append((name, f"{1000 * seconds:.1f}", f"{100 * flops / seconds / limit:.1f}"))
    print(markdown(("one process", "ms per step", "% of the card's bf16 matrix products"), rows))
    print()
    if given.device == "cuda":
        print(_rule(bundle, tokens, labels))
        print()
    rows, alone = [], 0.0
    for packed in map(int, given.packed.split(",")):
        seconds, memory = _packed(given, packed)
        rate = packed * given.steps / seconds
        alone = alone or rate / packed
        share = 100 * flops * rate / limit
        each = 1000 * seconds / given.steps
        per_hour = 3600 * rate / STEPS_PER_TRIAL
        gain = f"{rate / alone:.2f}"
        print(f"{packed} side by side: {each:.1f} ms", file=sys.stderr)
        rows.append((packed, f"{each:.1f}", f"{per_hour:.0f}", gain, f"{share:.1f}", f"{memory / 2**30:.1f}"))
    headers = ("trials side by side", "ms per step of each", "trials per hour", "ratio", "% of matrix products", "GiB")
    print(markdown(headers, rows))
    name = torch.cuda.get_device_name() if given.device == "cuda" else given.device
    print(
        f"\n{name}: {given.layers} layers, width {given.width}, random weights, 50 texts of {given.tokens} tokens, "
        f"batch {given.batch}, bf16, torch {torch.__version__}. Limit: {limit / 1e12:.0f} TFLOP/s, measured with "
        f"products of large matrices."
    )


def _random(given: argparse.Namespace) -> tuple[EncoderBundle, TokenArrays, np.ndarray[Any, Any]]:
    from transformers import AutoModel, RobertaConfig

    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=VOCABULARY,
        hidden_size=given.width,
        num_hidden_layers=given.layers,
        num_attention_heads=given.width // 64,
        intermediate_size=4 * given.width,
        max_position_embeddings=514,
        type_vocab_size=1,
    )
    model = AutoModel.from_config(config, add_pooling_layer=False)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    rng = np.random.default_rng(0)
    ids = rng.integers(5, VOCABULARY, 50 * given.tokens).astype(np.int32)
    offsets = np.arange(0, 51 * given.tokens, given.tokens, dtype=np.int64)
    bundle = EncoderBundle("random", "random", config.to_json_string(use_diff=False), state)
    return bundle, TokenArrays(ids, offsets, None, 1), np.arange(50, dtype=np.int64) % 2


def _fit_step(bundle: EncoderBundle, tokens: TokenArrays, labels: Any, given: argparse.Namespace) -> float:
    """Seconds of a step: a long run less a short one."""

    def run(steps: int) -> float:
        per_epoch = -(-50 // given.batch)
        # Random weights and labels: at a learning rate that is of use for others all vectors soon are the same.
        config = Configuration(
            loss="supcon",
            beta=0.1,
            lr=1e-7,
            epochs=max(1, steps // per_epoch),
            batch_size=given.batch,
            max_length=given.tokens,
        )
        begun = time.perf_counter()
        fit_once(
            config, bundle, Examples(tokens, labels, "single", 2), {}, seed=0, device=given.device, precision="bfloat16"
        )
        return time.perf_counter() - begun

    run(8)
    short, long = 8, 8 + given.steps
    return (run(long) - run(short)) / (long - short)


def _plain_step(
    bundle: EncoderBundle,
    tokens: TokenArrays,
    labels: Any,
    given: argparse.Namespace,
    wrapped: Callable[[nn.Module], Any],
) -> float:
    device = torch.device(given.device)
    encoder = build_encoder(bundle).to(device).train()
    encoder.embeddings.word_embeddings.requires_grad_(False)  # type: ignore[union-attr, operator]
    head = nn.Linear(given.width, 2).to(device)
    trained = [p for p in [*encoder.parameters(), *head.parameters()] if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5, fused=True)
    run = wrapped(encoder)
    batch = tokens.batch(np.arange(given.batch), device)
    target = torch.from_numpy(labels[: given.batch]).to(device)

    def step() -> None:
        with autocast(device, "bfloat16"):
            hidden = run(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        loss = nn.functional.cross_entropy(head(hidden.float().mean(1)), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()

    for _ in range(5):
        step()
    _wait(device)
    begun = time.perf_counter()
    for _ in range(given.steps):
        step()
    _wait(device)
    return (time.perf_counter() - begun) / given.steps


def _graphed(module: nn.Module) -> Any:
    return torch.compile(module, mode="reduce-overhead")


def _rule(bundle: EncoderBundle, tokens: TokenArrays, labels: Any) -> str:
    """What ``--concurrency auto`` measures and decides here."""
    config = Configuration(loss="ce", lr=1e-5, max_length=int(tokens.lengths.max()))
    workload = Workload(bundle, tokens, labels, "single", 2, (), device="cuda", precision="bfloat16")
    # In a process of its own, as a search does, which gives the card's memory back.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        cost = pool.submit(measured_step, workload, config).result()
    each = trials_per_gpu(cost, os.cpu_count() or 1)
    return (
        f"--concurrency auto: a step takes {1000 * cost.seconds:.1f} ms, of which the card computes "
        f"{100 * cost.busy:.0f}%, and {cost.memory / 2**30:.1f} GiB: {each} trials side by side."
    )


def _packed(given: argparse.Namespace, packed: int) -> tuple[float, int]:
    """Seconds that ``packed`` processes need side by side for ``--steps`` steps each, and bytes of their tensors."""
    context = multiprocessing.get_context("forkserver")
    # Imported once: sixteen processes that import PyTorch at a time take a minute for it.
    context.set_forkserver_preload(["benchmarks.gpu", "transformers.models.roberta.modeling_roberta"])
    times: Any = context.Queue()
    ready = context.Barrier(packed)
    processes = [context.Process(target=_in_process, args=(given, ready, times)) for _ in range(packed)]
    for process in processes:
        process.start()
    seconds, memory = zip(*[times.get() for _ in processes], strict=True)
    for process in processes:
        process.join()
    return max(seconds) * given.steps, sum(memory)


def _in_process(given: argparse.Namespace, ready: Any, times: Any) -> None:
    torch.set_num_threads(1)
    bundle, tokens, labels = _random(given)
    build_encoder(bundle)
    ready.wait()
    seconds = _fit_step(bundle, tokens, labels, given)
    times.put((seconds, torch.cuda.max_memory_reserved() if given.device == "cuda" else 0))


def _arithmetic_limit(device: str) -> float:
    """Operations per second of a large bf16 matrix product."""
    size = 8192 if device == "cuda" else 512
    a = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    for _ in range(3):
        a @ a
    _wait(torch.device(device))
    begun = time.perf_counter()
    for _ in range(20):
        a @ a
    _wait(torch.device(device))
    return 20 * 2 * size**3 / (time.perf_counter() - begun)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
