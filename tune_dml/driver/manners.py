"""How texts are read: by the encoder's own manners, and as was asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.config import SearchSettings
from tune_dml.data import Split
from tune_dml.driver.lengths import AUTO, longest_text, with_length
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import UsageError
from tune_dml.models.sentence_modules import Manners, read_manners
from tune_dml.reporting.output import Output
from tune_dml.spaces import Space, fixed, possible_values, space_text

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.template_pieces import Templates
    from tune_dml.models.tokens import TokenArrays

#: Where neither the space nor the encoder says anything.
REPRESENTATION = "mean"


def encoder_limit(tokenizer: PreTrainedTokenizerBase, positions: int | None) -> int | None:
    """Tokens of a text that the encoder can read: by its ``positions`` and by its tokenizer's files."""
    from tune_dml.models.tokens import own_limit

    limits = [limit for limit in (positions, own_limit(tokenizer)) if limit is not None]
    return min(limits, default=None)


def tokens_of(
    tokenizer: PreTrainedTokenizerBase,
    split: Split,
    settings: SearchSettings,
    max_length: int,
    templates: Templates | None = None,
) -> TokenArrays:
    """The texts of a split as the encoder shall read them, and the templates that they may be put in."""
    from tune_dml.models.tokens import tokenize

    return tokenize(tokenizer, split.texts, split.texts_b, max_length, settings.truncation, settings.prefix, templates)


def resolved(
    request: SearchRequest,
    settings: SearchSettings,
    space: Space,
    split: Split,
    folder: Path,
    tokenizer: PreTrainedTokenizerBase,
    limit: int | None,
    out: Output,
) -> tuple[SearchSettings, Space]:
    """What the encoder's own files and the request make of the settings and the space; each is said in a line.

    Args:
        split: The training texts.
        folder: Of the encoder.
        limit: Tokens that the encoder can read.

    Raises:
        ModelError: the encoder's files cannot be read.
        UsageError: ``--max-length`` is more than the encoder reads, or ``--prefix`` leaves no room for texts.
    """
    manners = read_manners(folder) or Manners(None, REPRESENTATION)
    representation = manners.representation or REPRESENTATION
    prefix = manners.prefix if request.prefix is None else request.prefix
    settings = replace(settings, truncation=request.truncation, prefix=prefix, representation=representation)
    for line in _manners_lines(manners, request, settings, space):
        out.line(f"encoder: {line}")
    if not possible_values(space, "representation") and "representation" not in space.constants:
        space = fixed(space, "representation", representation)
    if request.max_length is not None:
        least = 1 if request.max_length == AUTO else int(request.max_length)
        space, line = with_length(
            space, request.max_length, tokens_of(tokenizer, split, settings, least), limit, settings.device
        )
        out.line(line)
    longest = longest_text(space)
    if manners.max_length is not None and longest > manners.max_length:
        out.line(f"encoder: its own files read {manners.max_length} tokens of a text, fewer than the {longest} here")
    if prefix:
        _check_room(prefix, tokenizer, longest)
    return replace(settings, space_text=space_text(space)), space


def _manners_lines(manners: Manners, request: SearchRequest, settings: SearchSettings, space: Space) -> list[str]:
    name = Path(settings.encoder).name
    does = []
    if manners.representation not in (None, REPRESENTATION):
        own = possible_values(space, "representation")
        does.append(f"pools {manners.pooling}" + (" (the space says what is tried)" if own != () else ""))
    if manners.prefix:
        instead = "" if request.prefix is None else " (--prefix says otherwise)"
        does.append(f"starts texts with {manners.prefix!r}{instead}")
    lines = [f"{name} {' and '.join(does)}, by its own modules.json"] if does else []
    if manners.representation is None and manners.pooling != REPRESENTATION:
        lines.append(f"{name} pools {manners.pooling}, which is none of cls, mean and last_token: the mean is taken")
    if manners.unused:
        lines.append(f"{name}: {manners.unused}")
    if manners.lower:
        lines.append(f"{name}'s own files lower the case of texts; here they are read as they are")
    if manners.others:
        lines.append(f"{name}'s own modules {', '.join(manners.others)} are left out")
    return lines


def _check_room(prefix: str, tokenizer: PreTrainedTokenizerBase, longest: int) -> None:
    from tune_dml.models.tokenizer import encode

    taken = len(encode(tokenizer, prefix)["input_ids"])
    if taken >= longest:
        raise UsageError(
            f"The prefix {prefix!r} alone has {taken} tokens, and {longest} are read: give another --prefix."
        )
