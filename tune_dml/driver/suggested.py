"""``--encoder suggest``: the best known encoders for these texts that fit the time."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from tune_dml.errors import HubUnreachableError, ModelError
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.known_encoders import KNOWN, KnownEncoder, where
from tune_dml.reporting.output import Output

#: How many, and the seconds that a search may take where nobody says.
MOST, USUAL_BUDGET = 3, 1800.0
#: A word of a known language in tokens, and the most tokens that are read unless told.
_TOKENS_PER_WORD, _MOST_TOKENS = 1.4, 128
#: Steps of a search as most are: 16 trials, of which ASHA stops a third, five folds, ten epochs; baselines and confirm.
_EPOCHS = 16 * 0.65 * 5 * 10 + 5 * 20 + 25 * 10
#: Of texts in a language that encoders for English have seen little of: letters outside of Latin scripts.
_OTHER_SCRIPT = 0.2


def suggested(texts: Sequence[str], budget: float | None, slots: int, gpu: bool, out: Output) -> tuple[str, ...]:
    """Names of encoders, the best known first; it is said why.

    Args:
        texts: Of the draw.
        budget: Seconds, if there is one.
        slots: Trials at a time.
        gpu: On which every known one is quick enough.

    Raises:
        HubUnreachableError: none is on this machine, and the hub cannot be reached.
    """
    most = budget or USUAL_BUDGET
    other = _in_other_script(texts)
    speed = None if gpu else _operations_per_second()
    found: list[str] = []
    lost: HubUnreachableError | None = None
    for encoder in KNOWN:
        if not encoder.suggested or encoder.multilingual != other or len(found) == MOST:
            continue
        if speed is not None and seconds_of(encoder, texts, speed) / slots > most:
            out.line(f"encoder: {encoder.name} would take longer than {most / 60:.0f} min here")
            continue
        try:
            # Once the hub was away it is not asked again.
            if lost is not None and not where(encoder.name):
                raise lost
            find_encoder(encoder.name)
            found.append(encoder.name)
        except HubUnreachableError as error:
            lost = error
            out.line(f"encoder: {encoder.name} is not on this machine, and the hub cannot be reached")
        except ModelError as error:
            out.line(f"encoder: {encoder.name} cannot be had ({error})")
    if not found:
        raise lost or ModelError("No known encoder fits the time; give --time-budget more, or --encoder a name.")
    language = "texts in other scripts" if other else "English texts"
    out.line(f"encoder: suggested for {language}: {', '.join(found)}")
    return tuple(found)


def seconds_of(encoder: KnownEncoder, texts: Sequence[str], speed: float) -> float:
    """What a search of a known encoder computes for, in seconds of one core.

    Args:
        speed: Floating-point operations in a second.
    """
    words = np.mean([len(text.split()) for text in texts]) if len(texts) else 0.0
    tokens = min(float(words) * _TOKENS_PER_WORD + 2, _MOST_TOKENS)
    # Forward and backward: six operations for each parameter and token (Kaplan et al. 2020, arXiv 2001.08361).
    return _EPOCHS * len(texts) * 6 * encoder.body * 1e6 * tokens / speed


def _operations_per_second() -> float:
    from threadpoolctl import threadpool_limits

    size = 768
    a, b = np.ones((size, size), np.float32), np.ones((size, size), np.float32)
    seconds = []
    # A trial has one core.
    with threadpool_limits(1):
        for _ in range(3):
            begun = time.perf_counter()
            a @ b
            seconds.append(time.perf_counter() - begun)
    return 2 * size**3 / min(seconds)


def _in_other_script(texts: Sequence[str]) -> bool:
    letters = [character for text in texts for character in text if character.isalpha()]
    return sum(character > "\u024f" for character in letters) > _OTHER_SCRIPT * len(letters)
