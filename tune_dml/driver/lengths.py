"""How much of a text is read: ``--max-length``, ``--truncation``, and what is said of longer texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tune_dml.config import TRUNCATIONS
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import UsageError, nearest
from tune_dml.recipe import CORE
from tune_dml.spaces import Space, fixed, largest_value, possible_values

if TYPE_CHECKING:
    from tune_dml.models.classifier import Classifier, Text
    from tune_dml.models.tokens import TokenArrays
    from tune_dml.models.unread import Cut

DEFAULT_MAX_LENGTH = 128
#: ``--max-length`` as the texts need it.
AUTO = "auto"
#: Of the training texts, those that are to be read whole.
_SHARE = 0.95
#: A step's time and memory grow faster than the length. More than this is not taken unless it is asked for.
_MOST = {"cpu": 512, "cuda": 2_048}
_LEAST = 16
_TOGETHER = " with their template"


def check_length_options(request: SearchRequest) -> None:
    """Raises:
    UsageError: ``--max-length`` or ``--truncation`` is none that there is.
    """
    if request.truncation not in TRUNCATIONS:
        raise UsageError(f"--truncation is '{request.truncation}': {nearest(request.truncation, TRUNCATIONS)}")
    asked, limits = request.max_length, CORE["max_length"].domain
    if asked is None or asked == AUTO or (isinstance(asked, int) and limits.contains(asked)):
        return
    raise UsageError(f"--max-length is '{asked}'; it must be '{AUTO}' or a number of tokens, {limits}.")


def longest_text(space: Space) -> int:
    """Tokens that the longest ``max_length`` of the space keeps."""
    return int(largest_value(space, "max_length") or DEFAULT_MAX_LENGTH)


def as_read(tokens: TokenArrays, space: Space) -> TokenArrays:
    """The sequences that the encoder gets: of pairs that are never encoded in one, their texts."""
    ways = possible_values(space, "pair_encoding") or ("joint",)
    return tokens.towers if tokens.towers and "joint" not in ways else tokens


def automatic_length(lengths: npt.NDArray[np.int64], limit: int | None, device: str) -> int:
    """What ``--max-length auto`` is for texts of so many tokens.

    Args:
        limit: Tokens that the encoder can read.
    """
    wanted = int(np.quantile(lengths, _SHARE, method="higher")) if len(lengths) else 0
    # In steps of 8, which suit the hardware and hide what few tokens differ between draws.
    return min(max(_LEAST, -(-wanted // 8) * 8), _MOST[device], limit or _MOST[device])


def with_length(
    space: Space, asked: int | str, tokens: TokenArrays, limit: int | None, device: str
) -> tuple[Space, str]:
    """The space with the ``max_length`` that was asked for, and what is to be said of it.

    Args:
        tokens: Of the training texts; how they were cut does not matter.

    Raises:
        UsageError: the encoder reads fewer tokens.
    """
    if isinstance(asked, int):
        if limit is not None and asked > limit:
            raise UsageError(f"--max-length is {asked}, but this encoder reads at most {limit} tokens; give no more.")
        length, why = asked, "as --max-length says"
    else:
        length = automatic_length(as_read(tokens, space).full_lengths, limit, device)
        whole = float((as_read(tokens, space).full_lengths <= length).mean())
        why = f"which reads {whole:.0%} of the training texts whole (--max-length {AUTO})"
    before = possible_values(space, "max_length")
    instead = "" if before in ((), (length,)) else "; what the space says of it is left aside"
    return fixed(space, "max_length", length), f"max_length: {length} tokens, {why}{instead}"


def cut_note(
    splits: dict[str, TokenArrays], space: Space, max_length: int, limit: int | None, device: str
) -> tuple[str, ...]:
    """One sentence on texts that are longer than ``max_length``; none where there are none.

    Args:
        splits: By name, the training texts first.
    """
    from tune_dml.models.unread import cut_of

    read = {name: as_read(tokens, space) for name, tokens in splits.items()}
    cuts = {name: cut for name, tokens in read.items() if (cut := cut_of(tokens, max_length)).longer}
    if not cuts:
        return ()
    counts = " and ".join(_counted(cut, f"{name} texts") for name, cut in cuts.items())
    verb = "is" if [cut.longer for cut in cuts.values()] == [1] else "are"
    together = _TOGETHER if any(cut.in_templates for cut in cuts.values()) else ""
    unread = next(iter(cuts.values())).unread
    more = automatic_length(next(iter(read.values())).full_lengths, limit, device)
    advice = ""
    if limit is not None and max_length >= limit:
        advice = "; the encoder reads no more"
    elif more > max_length:
        advice = f"; --max-length {AUTO} reads up to {more}"
    longer = f"{counts} {verb} longer than {max_length} tokens{together}"
    return (f"{longer}: {_share(unread)} of their tokens are not read{advice}.",)


def predict_note(classifier: Classifier, texts: Sequence[Text]) -> str | None:
    """What is to be said where the model does not read all of ``texts``."""
    cut = classifier.cut(texts)
    if not cut.longer:
        return None
    length = classifier.description.max_length
    verb = "is" if cut.longer == 1 else "are"
    together = _TOGETHER if cut.in_templates else ""
    return f"{_counted(cut, 'texts')} {verb} longer than {length} tokens{together}, which is all that the model reads."


def _counted(cut: Cut, noun: str) -> str:
    return f"{cut.longer:,} of {cut.texts:,} {noun}"


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "less than 1%"
