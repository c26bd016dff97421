"""``--adapt-mlm``: masked-LM steps before a search. What they give is kept for all searches that want it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.config import SearchSettings
from tune_dml.driver.drawing import Drawn
from tune_dml.driver.unlabelled import Unlabelled, unlabelled_texts
from tune_dml.errors import EnvironmentFault, ResultsError
from tune_dml.models.encoder_source import EncoderSource
from tune_dml.reporting.output import Output

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.encoder import EncoderBundle

#: In the results folder.
FOLDER = "adapted"
#: Whatever the space says: tokens of a text that words are learnt from.
_MAX_LENGTH = 128
#: Changes with what the steps do, so that nothing is taken for what it is not.
_VERSION = 1
_TIMED_STEPS = 3


def adapted(
    bundle: EncoderBundle,
    source: EncoderSource,
    tokenizer: PreTrainedTokenizerBase,
    texts: Unlabelled,
    settings: SearchSettings,
    out: Output,
) -> EncoderBundle:
    """The encoder after ``settings.adapt_mlm`` masked-LM steps, with its masked-LM head: as it is kept in the results
    folder, else trained now.

    Raises:
        ModelError: the encoder's family knows no masked words, or the loss is no longer finite.
        EnvironmentFault: what was trained cannot be written.
    """
    folder = _place(bundle, texts, settings)
    if not folder.is_dir():
        steps, positions = settings.adapt_mlm or 0, bundle.positions or _MAX_LENGTH
        out.line(f"adapting: {steps} masked-LM steps on {texts.words}")
        begun = time.monotonic()

        def told(step: int, loss: float) -> None:
            left = (time.monotonic() - begun) * (steps - step) / step
            out.line(f"adapting: step {step} of {steps}, loss {loss:.2f}, {left:.0f} s left")

        _write(folder, lambda place: _train(source, tokenizer, texts, settings, steps, positions, told, place))
    else:
        out.line(f"adapting: taken from {folder}")
    return _read(folder, source, bundle)


def as_if_adapted(
    bundle: EncoderBundle,
    source: EncoderSource,
    tokenizer: PreTrainedTokenizerBase,
    texts: Unlabelled,
    settings: SearchSettings,
) -> tuple[EncoderBundle, float]:
    """For a dry run: the encoder with the masked-LM head that it would have, and how many seconds the steps take."""
    if (folder := _place(bundle, texts, settings)).is_dir():
        return _read(folder, source, bundle), 0.0
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "encoder"
        # The first step is slower than the others.
        _train(
            *(source, tokenizer, texts, settings, _TIMED_STEPS, bundle.positions or _MAX_LENGTH),
            lambda step, loss: ends.append(time.monotonic()),
            place,
        )
        found = _read(place, source, bundle)
    seconds = (ends[-1] - ends[0]) / (_TIMED_STEPS - 1)
    return found, seconds * (settings.adapt_mlm or 0)


def texts_again(settings: SearchSettings, drawn: Drawn, sha256: str) -> Unlabelled | None:
    """The texts of a search's masked-LM steps, if it has any.

    Args:
        sha256: Of them; empty: whatever they are now.

    Raises:
        ResultsError: they are no longer what they were.
        DataError: as of :func:`tune_dml.driver.unlabelled.unlabelled_texts`.
    """
    if settings.adapt_mlm is None:
        return None
    texts = unlabelled_texts(drawn, settings.task, settings.unlabelled)
    if sha256 and texts.sha256 != sha256:
        raise ResultsError(f"The texts of the masked-LM steps ({texts.where}) have changed; start a new search.")
    return texts


def adapted_again(
    bundle: EncoderBundle, source: EncoderSource, texts: Unlabelled | None, settings: SearchSettings, out: Output
) -> EncoderBundle:
    """As :func:`adapted`; ``bundle`` as it is where there are no texts."""
    from tune_dml.models.encoder import load_tokenizer

    if texts is None:
        return bundle
    assert source.folder is not None
    return adapted(bundle, source, load_tokenizer(source.folder), texts, settings, out)


def _place(bundle: EncoderBundle, texts: Unlabelled, settings: SearchSettings) -> Path:
    says = [_VERSION, bundle.sha256, texts.sha256, settings.adapt_mlm, settings.seed, settings.truncation]
    return Path(settings.results) / FOLDER / hashlib.sha256(json.dumps(says).encode()).hexdigest()[:16]


def _read(folder: Path, source: EncoderSource, base: EncoderBundle) -> EncoderBundle:
    from tune_dml.models.encoder import load_bundle

    return replace(load_bundle(EncoderSource(source.name, folder)), base_sha256=base.sha256)


def _train(
    source: EncoderSource,
    tokenizer: PreTrainedTokenizerBase,
    texts: Unlabelled,
    settings: SearchSettings,
    steps: int,
    positions: int,
    told: Callable[[int, float], None],
    place: Path,
) -> None:
    import torch

    from tune_dml.models.masked_lm import load_masked_lm
    from tune_dml.models.tokens import tokenize
    from tune_dml.training.masked_words import learn_words
    from tune_dml.training.workload import single_thread

    single_thread()
    model = load_masked_lm(source)
    tokens = tokenize(tokenizer, texts.texts, texts.texts_b, min(_MAX_LENGTH, positions), settings.truncation)
    device = "cuda" if settings.device == "cuda" and torch.cuda.is_available() else "cpu"
    learn_words(model, tokens, tokenizer, steps=steps, seed=settings.seed, device=device, told=told)
    model.save(place)
    tokenizer.save_pretrained(place)


def _write(folder: Path, fill: Callable[[Path], None]) -> None:
    """The folder whole, or not at all."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise EnvironmentFault(f"{folder.parent} cannot be written: {error.strerror}.") from None
    try:
        fill(temporary / "encoder")
        try:
            os.replace(temporary / "encoder", folder)
        except OSError as error:
            # Another search has been quicker.
            if not folder.is_dir():
                raise EnvironmentFault(f"{folder} cannot be written: {error.strerror}.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
