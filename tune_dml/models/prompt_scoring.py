"""How texts in templates are scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from tune_dml.errors import ConfigurationError
from tune_dml.recipe import EMBEDDINGS, FIRST, Configuration

if TYPE_CHECKING:
    from tune_dml.models.token_arrays import TokenArrays

_Array = TypeVar("_Array", bound=npt.NDArray[Any])


@dataclass(frozen=True)
class Prompts:
    """What a configuration's ingredient ``prompts`` says.

    Args:
        pool: How many templates there are.
        scoring: As the ingredient has it.
    """

    pool: int
    scoring: str

    @property
    def views(self) -> int:
        """Vectors that a text is read by."""
        return 1 if self.scoring in (FIRST, EMBEDDINGS) else self.pool

    def drawn_from(self, texts: TokenArrays) -> tuple[int, ...]:
        """The pool, as places among the texts' templates.

        Raises:
            ConfigurationError: there is none of this size.
        """
        if texts.templates is None or self.pool not in texts.templates.pools:
            raise ConfigurationError(f"There is no pool of {self.pool} templates here for prompts.")
        return texts.templates.pools[self.pool]

    def scored(self, texts: TokenArrays, max_length: int) -> TokenArrays:
        """The texts in the templates that they are scored in."""
        from tune_dml.models.token_templates import in_templates

        pool = self.drawn_from(texts)
        return in_templates(texts, pool[:1] if self.scoring == FIRST else pool, max_length)

    def vectors(self, embedded: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Of the embedded :meth:`scored` texts, what they are read by: float32 ``[views * texts, dimension]``, all
        texts of one view first."""
        return np.asarray(by_view(embedded, self.pool).mean(axis=0)) if self.scoring == EMBEDDINGS else embedded

    def answers(self, probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Of those of each view, each text's own: float32 ``[texts, outputs]``."""
        return np.asarray(by_view(probabilities, self.views).mean(axis=0))

    def of_each(self, values: _Array) -> _Array:
        """What each text has, for all its views."""
        return np.concatenate([values] * self.views)  # type: ignore[return-value]


def by_view(values: npt.NDArray[np.float32], views: int) -> npt.NDArray[np.float32]:
    """``[views, texts, ...]``."""
    return values.reshape(views, len(values) // views, *values.shape[1:])


def prompts_of(config: Configuration) -> Prompts | None:
    """``None`` where they are off.

    Raises:
        ConfigurationError: what else the configuration has does not go with them.
    """
    values = config.on().get("prompts")
    if values is None:
        return None
    if config.representation != "mask":
        raise ConfigurationError(f"prompts need the representation 'mask'; it is '{config.representation}'.")
    if (encoding := config.of("pairs")["encoding"]) != "joint":
        raise ConfigurationError(f"prompts have both texts of a pair in one sequence; pair_encoding is '{encoding}'.")
    return Prompts(int(values["pool"]), str(values["scoring"]))
