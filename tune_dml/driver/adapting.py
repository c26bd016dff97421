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
from tune_dml.errors import EnvironmentFault, ModelError, ResultsError
from tune_dml.models.encoder_source import EncoderSource, weights_sha256
from tune_dml.reporting.output import Output

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.encoder import EncoderBundle

#: In the results folder; and in each of its folders, what it is.
FOLDER, ABOUT = "adapted", "adapted.json"
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
    folder, else trained now, from where an earlier call was stopped.

    Raises:
        ModelError: the encoder's family knows no masked words, or the loss is no longer finite.
        EnvironmentFault: what was trained cannot be written.
    """
    from tune_dml.training.masked_words import steps_done

    folder = place_of(bundle, texts.sha256, settings)
    if (found := _kept(folder, source, bundle, out)) is not None:
        return found
    steps, begun = settings.adapt_mlm or 0, time.monotonic()
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    done = steps_done(unfinished)
    going = f"; goes on from step {done}" if done else ""
    out.line(f"adapting: {steps} masked-LM steps on {texts.words}{going}")

    def told(step: int, loss: float) -> None:
        left = (time.monotonic() - begun) * (steps - step) / max(1, step - done)
        out.line(f"adapting: step {step} of {steps}, loss {loss:.2f}, {left:.0f} s left")

    def fill(place: Path) -> None:
        _train(source, tokenizer, texts, settings, steps, bundle, told, place, unfinished)
        about = {"base_sha256": bundle.sha256, "steps": steps, "texts": texts.words, "texts_sha256": texts.sha256}
        about |= {"seed": settings.seed, "weights_sha256": weights_sha256(place)}
        (place / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    _write(folder, fill)
    unfinished.unlink(missing_ok=True)
    return _read(folder, source, bundle)


def _kept(folder: Path, source: EncoderSource, bundle: EncoderBundle, out: Output) -> EncoderBundle | None:
    """What is kept there, unless it is damaged: then it is thrown away."""
    if not folder.is_dir():
        return None
    found = _whole(folder, source, bundle)
    if found is None:
        out.warn(f"{folder} is damaged or has been changed; its masked-LM steps are done again.")
        shutil.rmtree(folder, ignore_errors=True)
        return None
    out.line(f"adapting: taken from {folder}")
    return found


def _whole(folder: Path, source: EncoderSource, bundle: EncoderBundle) -> EncoderBundle | None:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        found = _read(folder, source, bundle)
        return found if found.sha256 == about["weights_sha256"] else None
    except (ModelError, OSError, ValueError, LookupError, TypeError):
        return None


def as_if_adapted(
    bundle: EncoderBundle,
    source: EncoderSource,
    tokenizer: PreTrainedTokenizerBase,
    texts: Unlabelled,
    settings: SearchSettings,
) -> tuple[EncoderBundle, float]:
    """For a dry run: the encoder with the masked-LM head that it would have, and how many seconds the steps take."""
    if (kept := _whole(place_of(bundle, texts.sha256, settings), source, bundle)) is not None:
        return kept, 0.0
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "encoder"
        # The first step is slower than the others.
        _train(
            *(source, tokenizer, texts, settings, _TIMED_STEPS, bundle),
            lambda step, loss: ends.append(time.monotonic()),
            place,
        )
        found = _read(place, source, bundle)
    seconds = (ends[-1] - ends[0]) / (_TIMED_STEPS - 1)
    return found, seconds * (settings.adapt_mlm or 0)


def adapted_again(
    bundle: EncoderBundle, source: EncoderSource, drawn: Drawn, sha256: str, settings: SearchSettings, out: Output
) -> EncoderBundle:
    """As :func:`adapted`, of a search that was prepared before; ``bundle`` as it is where there are no such steps.

    Args:
        sha256: Of the texts at that time; empty: whatever they are now.

    Raises:
        ResultsError: nothing is kept, and the texts are no longer what they were.
        DataError: as of :func:`tune_dml.driver.unlabelled.unlabelled_texts`.
    """
    from tune_dml.models.encoder import load_tokenizer

    if settings.adapt_mlm is None:
        return bundle
    if sha256 and (found := _kept(place_of(bundle, sha256, settings), source, bundle, out)) is not None:
        return found
    texts = unlabelled_texts(drawn, settings.task, settings.unlabelled)
    if sha256 and texts.sha256 != sha256:
        raise ResultsError(f"The texts of the masked-LM steps ({texts.where}) have changed; start a new search.")
    assert source.folder is not None
    return adapted(bundle, source, load_tokenizer(source.folder), texts, settings, out)


def place_of(bundle: EncoderBundle, texts_sha256: str, settings: SearchSettings) -> Path:
    """Where the encoder is kept after the steps that the settings ask for."""
    says = [_VERSION, bundle.sha256, texts_sha256, settings.adapt_mlm, settings.seed, settings.truncation]
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
    bundle: EncoderBundle,
    told: Callable[[int, float], None],
    place: Path,
    unfinished: Path | None = None,
) -> None:
    import torch

    from tune_dml.models.masked_lm import load_masked_lm
    from tune_dml.models.tokens import tokenize
    from tune_dml.models.vocabulary import check_vocabulary
    from tune_dml.training.masked_words import learn_words
    from tune_dml.training.workload import single_thread

    if tokenizer.mask_token is None:
        raise ModelError(
            f"The tokenizer of {source.name} has no mask token for masked-LM steps; leave --adapt-mlm out."
        )
    single_thread()
    model, most = load_masked_lm(source), min(_MAX_LENGTH, bundle.positions or _MAX_LENGTH)
    tokens = tokenize(tokenizer, texts.texts, texts.texts_b, most, settings.truncation)
    check_vocabulary(bundle, tokens, tokenizer, "unlabelled")
    device = "cuda" if settings.device == "cuda" and torch.cuda.is_available() else "cpu"
    learn_words(
        *(model, tokens, tokenizer),
        steps=steps,
        seed=settings.seed,
        device=device,
        told=told,
        unfinished=unfinished,
    )
    model.save(place)
    tokenizer.save_pretrained(place)
    for file in place.iterdir():
        file.chmod(0o644)


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
