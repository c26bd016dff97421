"""Encoders from the Hugging Face hub, in processes of their own: the client reads its settings when it is imported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from model_hub_stand_in import ModelHub

CLOSED_PORT = "http://127.0.0.1:9"
SCRIPT = """
import json, sys
from tune_dml.errors import TuneDMLError
from tune_dml.models.encoder_source import fetch, find_encoder
try:
    source = find_encoder(sys.argv[1])
    found = source.folder is not None
    fetched = fetch(source)
    from tune_dml.models.encoder import load_bundle, load_tokenizer
    bundle = load_bundle(fetched)
    ids = load_tokenizer(fetched.folder)("a gorgeous film")["input_ids"]
    files = sorted(p.name for p in fetched.folder.iterdir())
    print(json.dumps([found, source.download_bytes, bundle.name, bundle.sha256, ids, files]))
except TuneDMLError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Any]:
    """Finds, fetches and loads an encoder with a hub cache of its own."""

    def _ask(name: str, address: str, **variables: str) -> Any:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGINGFACE", "TRANSFORMERS"))}
        kept = {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")}
        environment = kept | {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hub"), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT, name],
            env=environment | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)} | variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    return _ask


@pytest.fixture
def served(tiny_folder: Path, tmp_path: Path, plant: Callable[[Path], Path]) -> Path:
    """bert-tiny as its authors might have uploaded it, pickles included."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tiny_folder / name, folder / name)
    plant(folder / "pytorch_model.bin")
    return folder


def test_an_encoder_on_the_hub_is_fetched_once(
    ask: Callable[..., Any], served: Path, tmp_path: Path, tiny: Any
) -> None:
    with ModelHub("someone/tiny", served) as hub:
        found, size, name, sha256, ids, files = ask("someone/tiny", hub.address)
        assert not any("pytorch_model.bin" in request for request in hub.requests)
    assert not found
    assert size == sum((served / f).stat().st_size for f in files)
    assert (name, sha256) == ("someone/tiny", tiny.sha256)
    assert len(ids) > 3
    assert files == ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert not (tmp_path / "exploded").exists()
    # The hub is gone by now, and is not needed any more.
    begun = time.monotonic()
    found, size, _, again, _, _ = ask("someone/tiny", CLOSED_PORT)
    assert found
    assert (size, again) == (0, sha256)
    assert time.monotonic() - begun < 30


def test_names_that_the_hub_does_not_know(ask: Callable[..., Any], served: Path) -> None:
    with ModelHub("someone/tiny", served) as hub:
        kind, message = ask("someone/else", hub.address)
        assert (kind, message.split(" is ")[0]) == ("ModelError", "'someone/else'")
        (served / "model.safetensors").unlink()
        kind, message = ask("someone/tiny", hub.address)
    assert kind == "ModelError"
    assert "no .safetensors weights on the hub" in message
    assert not any("pytorch_model.bin" in request for request in hub.requests)


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        ((403, "GatedRepo"), "someone/tiny is gated: accept its terms on its page on the hub"),
        ((401, "RepoNotFound"), "nor on the hub; if it is private, log in with 'hf auth login'"),
        ((401, ""), "does not take your token for someone/tiny"),
    ],
)
def test_what_the_hub_does_not_give_everyone(
    ask: Callable[..., Any], served: Path, refusal: tuple[int, str], says: str
) -> None:
    with ModelHub("someone/tiny", served, refusal) as hub:
        kind, message = ask("someone/tiny", hub.address)
    assert kind == "ModelError"
    assert says in message
    assert "hf auth login" in message


@pytest.mark.parametrize("variables", [{}, {"HF_HUB_OFFLINE": "1"}])
def test_no_hub_is_said_soon_with_the_ways_out(ask: Callable[..., Any], variables: dict[str, str]) -> None:
    begun = time.monotonic()
    kind, message = ask("someone/tiny", CLOSED_PORT, **variables)
    assert time.monotonic() - begun < 15
    assert kind == "HubUnreachableError"
    for part in ("someone/tiny", "local folder", "all-MiniLM-L6-v2", "bert-tiny"):
        assert part in message
