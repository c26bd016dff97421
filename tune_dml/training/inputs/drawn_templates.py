"""Each text in a template that is drawn for it anew in every step."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tune_dml.models.representation import pool
from tune_dml.models.token_templates import in_templates
from tune_dml.models.tokens import TokenArrays
from tune_dml.training.inputs.fixed_texts import FixedTexts
from tune_dml.training.inputs.input import Rows
from tune_dml.training.model import Model

#: Beside the seed, so that what is drawn here goes with nothing else that is.
_STREAM = 20_602_982


class DrawnTemplates(FixedTexts):
    """An :class:`tune_dml.training.inputs.input.Input` of texts, or pairs, in the templates of a pool, read at the mask
    token. Which template a text has in a step depends on the seed and on the batches before alone.

    What frozen layers give is kept for every text in every template, where that may be kept at all.
    """

    def __init__(self, model: Model, tokens: TokenArrays) -> None:
        assert model.prompts is not None
        chosen = model.prompts.drawn_from(tokens)
        self._views, self._count, self._plain = len(chosen), len(tokens), tokens
        super().__init__(model, tokens, prepared=in_templates(tokens, chosen, model.config.max_length))
        self._random = np.random.default_rng([_STREAM, model.seed])
        self._places: Rows = np.zeros(0, dtype=np.int64)
        self._drawn: Rows = np.arange(self._count, dtype=np.int64)

    def parts(self, rows: Rows) -> list[Rows]:
        """As of any input; the templates of the batch are drawn."""
        views = self._random.integers(self._views, size=len(rows))
        self._drawn[rows] = views * self._count + rows
        at = super().parts(self._drawn[rows])
        assert self._tokens.masks is not None
        self._places = self._tokens.masks[np.concatenate(at)]
        return [texts % self._count for texts in at]

    def hidden(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Of the texts in the templates that were drawn last."""
        return super().hidden(self._drawn[rows])

    def vectors(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """What is at the mask tokens of the whole batch, in the order of its parts."""
        return pool(hidden, mask, "mask", places=torch.from_numpy(self._places).to(hidden.device))

    def examples(self, hidden: Tensor, mask: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The same."""
        return self.vectors(hidden, mask), targets

    def texts(self, rows: Rows | None) -> TokenArrays:
        """All, or those at ``rows``, in the templates that they are scored in."""
        return self._model.prepared(self._plain if rows is None else self._plain.take(rows))
