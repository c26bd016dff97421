from __future__ import annotations

import copy
import json
import pickle
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from tune_dml.data import SINGLE, Kind
from tune_dml.data.kinds import MULTILABEL
from tune_dml.errors import ModelError
from tune_dml.losses import check
from tune_dml.models import load_classifier
from tune_dml.models.description import ModelDescription
from tune_dml.models.embedding import embed
from tune_dml.models.encoder import EncoderBundle, build_encoder, load_tokenizer
from tune_dml.models.folder import save_model
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.readouts import READOUT_SPECS, Trained
from tune_dml.models.representation import prepared
from tune_dml.models.tokens import tokenize
from tune_dml.recipe import Configuration

LABELS = ("good", "schlecht", "sonstiges")
TEXTS = ["a gorgeous film", "dull and long", "shares rose by four per cent", "goal", "who wrote it ?", "awful"]
PAIRS = [(text, "next to nothing") for text in TEXTS]
CLASSES = np.array([0, 1, 2, 2, 2, 1])


class Saved:
    """A model folder, and the probabilities that its model gave before it was written."""

    def __init__(self, folder: Path, tiny: EncoderBundle, tiny_folder: Path, readout: str, kind: str) -> None:
        self.folder = folder
        tokenizer = load_tokenizer(tiny_folder)
        state = {k: v + np.float32(0.01) * (v.ndim > 1) for k, v in tiny.state.items()}
        encoder = build_encoder(tiny)
        encoder.load_state_dict({k: torch.tensor(v) for k, v in state.items()})
        tokens = tokenize(tokenizer, TEXTS, [b for _, b in PAIRS] if kind == "pair" else None, 24)
        self.vectors = embed(LayeredEncoder(encoder, None), tokens, "mean", 24, torch.device("cpu"))
        config = check(Configuration(loss="proxy_anchor", max_length=24))
        head = {"weight": np.eye(3, 128, dtype=np.float32), "bias": np.zeros(3, dtype=np.float32)}
        targets = np.eye(3, dtype=np.int64)[CLASSES] if kind == "multilabel" else CLASSES
        run = Trained(config, kind, 3, self.vectors, targets, head, {"proxies": np.eye(3, 128, dtype=np.float32)}, 10.0)
        fitted = READOUT_SPECS[readout].fit(run)
        self.probabilities = READOUT_SPECS[readout].probabilities(fitted, self.vectors)
        about = ModelDescription("mine", kind, LABELS, "mean", 24, "float32", readout, fitted.values, config.to_dict())
        save_model(folder, about, tiny, state, fitted, tokenizer)


@pytest.fixture
def save(tmp_path: Path, tiny: EncoderBundle, tiny_folder: Path) -> Callable[..., Saved]:
    def _save(readout: str = "logistic", kind: str = "single") -> Saved:
        return Saved(tmp_path / "results" / "model", tiny, tiny_folder, readout, kind)

    return _save


@pytest.mark.parametrize(
    ("readout", "kind"), [(name, kind) for kind in (SINGLE, MULTILABEL) for name in kind.target.readouts]
)
def test_a_loaded_classifier_gives_the_same_probabilities(save: Callable[..., Saved], readout: str, kind: Kind) -> None:
    saved = save(readout, kind.name)
    classifier = load_classifier(saved.folder, "cpu")
    assert classifier.label_names == LABELS
    np.testing.assert_allclose(classifier.predict_proba(TEXTS), saved.probabilities, atol=1e-5)
    np.testing.assert_allclose(classifier.embed(TEXTS), saved.vectors, atol=1e-4)
    assert classifier.predict(TEXTS) == kind.target.answers(saved.probabilities, LABELS)


def test_towers_of_averaged_layers(tmp_path: Path, tiny: EncoderBundle, tiny_folder: Path) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    config = check(Configuration(loss="ce", max_length=24).changed(pair_encoding="towers", averaged_layers=2))
    tokens = prepared(tokenize(tokenizer, TEXTS, [b for _, b in PAIRS], 24), "mean", 24, "towers")
    encoder = LayeredEncoder(build_encoder(tiny), None, averaged_layers=2)
    vectors = embed(encoder, tokens, "mean", 24, torch.device("cpu"), pair_encoding="towers")
    assert vectors.shape == (len(TEXTS), 256)
    fitted = READOUT_SPECS["logistic"].fit(Trained(config, "single", 3, vectors, CLASSES, {}, {}, 10.0))
    about = ModelDescription("mine", "pair", LABELS, "mean", 24, "float32", "logistic", fitted.values, config.to_dict())
    save_model(tmp_path / "model", about, tiny, tiny.state, fitted, tokenizer)
    classifier = load_classifier(tmp_path / "model", "cpu")
    np.testing.assert_allclose(classifier.embed(PAIRS), vectors, atol=1e-5)
    expected = READOUT_SPECS["logistic"].probabilities(fitted, vectors)
    np.testing.assert_allclose(classifier.predict_proba(PAIRS), expected, atol=1e-5)


def test_pairs(save: Callable[..., Saved]) -> None:
    saved = save(kind="pair")
    classifier = load_classifier(saved.folder, "cpu")
    np.testing.assert_allclose(classifier.predict_proba(PAIRS), saved.probabilities, atol=1e-5)
    for wrong in (TEXTS, [("a", "b", "c")]):
        with pytest.raises(ModelError, match="pairs of texts"):
            classifier.predict(wrong)


def test_texts_of_the_wrong_kind_are_sentences(save: Callable[..., Saved]) -> None:
    classifier = load_classifier(save().folder, "cpu")
    with pytest.raises(ModelError, match=r"did you mean \[text\]"):
        classifier.predict("a single text")
    with pytest.raises(ModelError, match="single texts"):
        classifier.predict(PAIRS)
    assert classifier.predict(["a \ud800 film"]) == classifier.predict(["a ? film"])
    assert classifier.predict([]) == []
    assert classifier.predict_proba([]).shape == (0, 3)


def test_a_classifier_can_be_copied(save: Callable[..., Saved]) -> None:
    classifier = load_classifier(save().folder, "cpu")
    for copied in (copy.deepcopy(classifier), pickle.loads(pickle.dumps(classifier))):
        np.testing.assert_array_equal(copied.predict_proba(TEXTS), classifier.predict_proba(TEXTS))


def test_the_columns_that_a_model_was_trained_on_are_read(save: Callable[..., Saved]) -> None:
    saved = save()
    about = json.loads((saved.folder / "tune_dml.json").read_text())
    (saved.folder / "tune_dml.json").write_text(json.dumps(about | {"text_columns": ["review"]}))
    classifier = load_classifier(saved.folder, "cpu")
    assert classifier.predict({"review": TEXTS, "id": CLASSES}) == classifier.predict(TEXTS)
    assert classifier.predict({"text": TEXTS}) == classifier.predict(TEXTS)


def test_the_folder_is_in_the_hugging_face_layout(save: Callable[..., Saved]) -> None:
    from transformers import AutoModel, AutoTokenizer

    saved = save()
    model = AutoModel.from_pretrained(saved.folder, use_safetensors=True).eval()
    tokens = AutoTokenizer.from_pretrained(saved.folder)(TEXTS[0], return_tensors="pt")
    with torch.no_grad():
        hidden = model(**tokens).last_hidden_state[0]
    np.testing.assert_allclose(hidden.mean(0).numpy(), saved.vectors[0], atol=1e-4)


def test_pickles_beside_the_model_are_left_alone(save: Callable[..., Saved], plant: Callable[[Path], Path]) -> None:
    saved = save()
    for name in ("pytorch_model.bin", "readout.pkl", "tune_dml.pkl", "model.pt", "head.joblib"):
        trace = plant(saved.folder / name)
    load_classifier(saved.folder, "cpu").predict(TEXTS)
    assert not trace.exists()


@pytest.mark.parametrize("name", ["readout.safetensors", "model.safetensors"])
def test_pickles_instead_of_weights_are_refused(
    save: Callable[..., Saved], plant: Callable[[Path], Path], name: str
) -> None:
    saved = save()
    trace = plant(saved.folder / name)
    with pytest.raises(ModelError):
        load_classifier(saved.folder, "cpu")
    assert not trace.exists()


@pytest.mark.parametrize("name", ["tune_dml.json", "config.json", "readout.safetensors", "model.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"[]"])
def test_missing_and_damaged_files_are_sentences(save: Callable[..., Saved], name: str, content: bytes | None) -> None:
    folder = save().folder
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_classifier(folder, "cpu")
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "another version"),
        ({"readout": "oracle"}, "'oracle' that does not exist"),
        ({"extra": 1}, "is damaged"),
        ({"label_names": ["a", "b"]}, "does not go with"),
        ({"readout": "head"}, "does not go with"),
        ({"readout_values": {"temperature": "warm"}}, "does not go with"),
        ({"kind": "triple"}, "kind is 'triple'"),
        ({"precision": "float64"}, "precision is 'float64'"),
        ({"representation": "sum"}, "representation is 'sum'"),
        ({"max_length": 10**12}, "max_length is"),
        ({"max_length": "24"}, "is damaged"),
        ({"label_names": "abc"}, "is damaged"),
        ({"label_names": ["a", "a", "b"]}, "each once"),
        ({"label_names": ["a", "\ud800", "b"]}, "is damaged"),
        ({"config": []}, "is damaged"),
        ({"config": {"averaged_layers": 10**9}}, "is damaged"),
        ({"config": {"pair_encoding": "towers"}}, "one of single texts"),
    ],
)
def test_descriptions_that_do_not_fit_are_sentences(
    save: Callable[..., Saved], change: dict[str, object], message: str
) -> None:
    folder = save().folder
    about = json.loads((folder / "tune_dml.json").read_text())
    (folder / "tune_dml.json").write_text(json.dumps(about | change))
    with pytest.raises(ModelError, match=message):
        load_classifier(folder, "cpu")


def test_a_read_out_of_another_encoder_is_refused(save: Callable[..., Saved]) -> None:
    folder = save().folder
    arrays = load_file(folder / "readout.safetensors")
    save_file({k: v[..., :-1].copy() for k, v in arrays.items()}, folder / "readout.safetensors")
    with pytest.raises(ModelError, match="does not go with"):
        load_classifier(folder, "cpu")


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_other_folders_are_sentences(tmp_path: Path, path: str) -> None:
    with pytest.raises(ModelError, match="give the model/ folder of a finished search"):
        load_classifier(tmp_path / path)


def test_saving_again_replaces_the_folder_whole(save: Callable[..., Saved]) -> None:
    folder = save().folder
    (folder / "left-over.txt").write_text("old")
    save("centroid")
    assert not (folder / "left-over.txt").exists()
    assert [p.name for p in folder.parent.iterdir()] == ["model"]
    assert load_classifier(folder, "cpu").description.readout == "centroid"


def test_saving_that_fails_leaves_nothing_behind(tmp_path: Path, tiny: EncoderBundle) -> None:
    class Broken:
        def save_pretrained(self, _: Path) -> None:
            raise OSError("No space left on device")

    about = ModelDescription("mine", "single", LABELS, "mean", 24, "float32", "head", {}, {})
    arrays = {"weight": np.eye(3, 128, dtype=np.float32), "bias": np.zeros(3, dtype=np.float32)}
    from tune_dml.models.readouts import FittedReadout

    with pytest.raises(OSError, match="No space"):
        save_model(tmp_path / "model", about, tiny, tiny.state, FittedReadout("head", arrays), Broken())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_layers": 1_000_000}, "num_hidden_layers is 1000000"),
        ({"max_position_embeddings": 10**12}, "max_position_embeddings is"),
        ({"hidden_size": 100_000}, "are incomplete"),
        ({"num_labels": 10**9}, "num_labels is"),
        ({"model_type": "llama"}, "are incomplete"),
        ({"_attn_implementation": "someone/kernel"}, "asks for code from the hub"),
        ({"model_type": ["bert"]}, "no usable config.json"),
    ],
)
def test_an_encoder_larger_than_its_weights_is_refused_before_it_is_built(
    save: Callable[..., Saved], change: dict[str, object], message: str
) -> None:
    folder = save().folder
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))
    start = time.process_time()
    with pytest.raises(ModelError, match=message):
        load_classifier(folder, "cpu")
    assert time.process_time() - start < 5.0


def test_a_description_nested_without_end_is_a_sentence(save: Callable[..., Saved]) -> None:
    folder = save().folder
    (folder / "tune_dml.json").write_text('{"a":' * 100_000)
    with pytest.raises(ModelError, match="is damaged"):
        load_classifier(folder, "cpu")


def test_members_that_lead_round_in_a_circle_are_loaded_once(save: Callable[..., Saved]) -> None:
    saved = save()
    (saved.folder / "members").mkdir()
    for name in ("seed-1", "seed-2"):
        (saved.folder / "members" / name).symlink_to(saved.folder)
    np.testing.assert_allclose(
        load_classifier(saved.folder, "cpu").predict_proba(TEXTS), saved.probabilities, atol=1e-5
    )


def test_members_of_other_classes_are_refused(save: Callable[..., Saved]) -> None:
    folder = save().folder
    shutil.copytree(folder, folder.parent / "other")
    about = json.loads((folder / "tune_dml.json").read_text())
    (folder.parent / "other" / "tune_dml.json").write_text(json.dumps(about | {"label_names": ["a", "b", "c"]}))
    (folder / "members").mkdir()
    (folder.parent / "other").rename(folder / "members" / "seed-1")
    with pytest.raises(ModelError, match="has other classes"):
        load_classifier(folder, "cpu")


def test_a_read_out_of_another_kind_is_refused(save: Callable[..., Saved]) -> None:
    saved = save("one_vs_rest", "multilabel")
    file = saved.folder / "tune_dml.json"
    file.write_text(file.read_text().replace('"multilabel"', '"single"'))
    with pytest.raises(ModelError, match="'one_vs_rest' that does not exist"):
        load_classifier(saved.folder, "cpu")
