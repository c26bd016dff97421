"""Which templates a search puts its texts in, and the pools that its recipes draw from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.config import Int, absolute_path
from tune_dml.data import SHIPPED, most_diverse, read_templates, spec_named, template, templates
from tune_dml.driver.drawing import Drawn
from tune_dml.errors import SpaceError, UsageError, nearest
from tune_dml.spaces import Space, fixed, possible_values, replaced

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.template_pieces import Templates

_POOL = "prompts/pool"
#: Shipped lists of templates with two texts.
_OF_PAIRS = ("pairs", "similarity")


def search_templates(
    space: Space, drawn: Drawn, given: str | Sequence[str] | None, tokenizer: PreTrainedTokenizerBase, encoder: str
) -> tuple[Space, tuple[str, ...], tuple[str, ...]]:
    """The space, the templates that it asks for, and what is to be said.

    Args:
        given: A file of them, the name of a shipped list, or they themselves; ``None``: the task's list.

    Raises:
        UsageError: there is a file, and the space has no prompts.
        SpaceError: it asks for more templates than there are, or the encoder has no mask token.
        DataError: the file cannot be read, or a template is wrong.
    """
    sizes = _sizes(space)
    if not any(sizes):
        if given is not None:
            raise UsageError(
                f"The search space '{space.name}' has no prompts that --templates could be for; take --space dynamar."
            )
        return space, (), ()
    if tokenizer.mask_token is None:
        why = f"the encoder {encoder} has no mask token, which prompts are read at"
        others = [way for way in possible_values(space, "representation") or ("mean",) if way != "mask"]
        apart = any(one.name == _POOL and "representation" in one.when for one in space.parameters)
        if others and (0 in sizes or apart):
            space = replaced(space, "representation", lambda way: others[0] if way == "mask" else way)
            return fixed(space, _POOL, 0), (), (f"Prompts are left out: {why}.",)
        raise SpaceError(f"The search space '{space.name}' has prompts, and {why}. Take another encoder, or space.")
    name, texts = _listed(drawn, given)
    if max(sizes) > len(texts):
        raise SpaceError(
            f"The search space '{space.name}' has pools of up to {max(sizes)} templates, and {name} has {len(texts)}. "
            "Give more by --templates, or take a space with smaller pools."
        )
    return space, texts, (f"Texts are put in templates out of {len(texts)}: {name}.",)


def templates_of(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], space: Space, pairs: bool
) -> Templates | None:
    """Them and the pools of the space by a tokenizer; without a space that says something of prompts all are one pool;
    ``None`` where there are none, or no mask token: one of several encoders may lack it."""
    from tune_dml.models.template_pieces import Templates
    from tune_dml.models.token_templates import by_tokenizer

    if not texts or tokenizer.mask_token is None:
        return None
    sizes = [size for size in _sizes(space) if size] or [len(texts)]
    pools = {size: most_diverse(texts, size) for size in sizes}
    return Templates(tuple(by_tokenizer(tokenizer, template(text, pairs)) for text in texts), pools)


def _listed(drawn: Drawn, given: str | Sequence[str] | None) -> tuple[str, tuple[str, ...]]:
    """What the templates are called, and they themselves."""
    pairs = drawn.split.texts_b is not None
    if given is not None and not isinstance(given, str):
        return "those that were given", tuple(one.text for one in templates(given, pairs, "templates"))
    path = None if given is None else absolute_path(given)
    if path is not None and given not in SHIPPED:
        if not path.is_file():
            raise UsageError(f"--templates is '{given}', which is no file: {nearest(str(given), tuple(SHIPPED))}")
        return str(path), tuple(one.text for one in read_templates(Path(path), pairs))
    spec = spec_named(drawn.task.name)
    name = given or (spec.templates if spec is not None and spec.templates else drawn.kind.templates)
    if pairs and name not in _OF_PAIRS:
        if given is not None:
            raise UsageError(f"The list '{given}' is for single texts; for pairs take {' or '.join(_OF_PAIRS)}.")
        name = _OF_PAIRS[0]
    if not pairs and name in _OF_PAIRS:
        raise UsageError(f"The list '{name}' is for pairs of texts; 'tune-dml templates' has others.")
    return f"the shipped list '{name}'", tuple(template(text, pairs).text for text in SHIPPED[name])


def _sizes(space: Space) -> tuple[int, ...]:
    """Of the pools that recipes of a space may have, 0 where they may be without; empty where it says nothing."""
    found = possible_values(space, _POOL)
    if found is not None:
        return tuple(int(str(size)) for size in found)
    [domain] = [parameter.domain for parameter in space.parameters if parameter.name == _POOL]
    assert isinstance(domain, Int)
    return tuple(range(domain.low, domain.high + 1))
