"""What a draw says of the search that is to run on it: classes out of balance, losses that would learn nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tune_dml.data import Kind, has_majority, majority_rate
from tune_dml.errors import UsageError
from tune_dml.losses import LOSSES
from tune_dml.spaces import Space, possible_values, replaced
from tune_dml.spaces.loading import narrowed

if TYPE_CHECKING:
    from tune_dml.driver.drawing import Drawn

#: Names listed in a sentence.
_LISTED = 12


def balance_notes(drawn: Drawn, metric: str, space: Space) -> tuple[str, ...]:
    """One sentence where one class is so frequent that accuracy says little, and what helps and is not asked for."""
    counts = drawn.per_class
    if not drawn.kind.target.exclusive or not has_majority(list(counts.values())):
        return ()
    name, largest = max(counts.items(), key=lambda item: item[1])
    advice = ["--metric macro_f1"] if metric == "accuracy" else []
    pool = drawn.kind.target.counts(drawn.task.train.labels, drawn.task.label_names)
    each = min(min(pool.values()), max(2, len(drawn.rows) // len(counts)))
    if drawn.settings.shots is not None and each >= 2:
        advice.append(f"--shots-per-class {each}")
    if "balanced" not in (possible_values(space, "class_weights") or ()):
        advice.append("'class_weights: {kind: balanced}' in a space of your own")
    consider = f" Consider {_listed(advice)}." if advice else ""
    return (
        f"{largest} of {len(drawn.rows)} shots are '{name}': always answering '{name}' has an accuracy of "
        f"{majority_rate(list(counts.values())):.3f} there.{consider}",
    )


def for_kind(space: Space, kind: Kind) -> tuple[Space, tuple[str, ...]]:
    """``space`` with only the losses that the objective of a kind can use; and what is to be said of the others.

    Raises:
        UsageError: it has none of them.
    """
    target = kind.target
    if "ce" in space.losses and target.head_loss not in ("ce", *space.losses):
        # What a head learns by, whatever it is called.
        space = replaced(space, "loss", lambda loss: target.head_loss if loss == "ce" else loss)
    kept = [
        loss
        for loss in space.losses
        if (target.losses is None or loss in target.losses)
        and (LOSSES[loss].build is not None or loss == target.head_loss)
    ]
    if not kept:
        raise UsageError(
            f"The search space '{space.name}' has no loss for a task of the kind '{kind.name}'; take one that has "
            f"{_listed(list(target.losses or [target.head_loss]))}."
        )
    gone = [loss for loss in space.losses if loss not in kept]
    if not gone:
        return space, ()
    note = f"Of the space's losses {_listed(kept)} alone can learn from a task of the kind '{kind.name}'; left out: "
    return narrowed(space, kept), (f"{note}{_listed(gone)}.",)


def without_starved(space: Space, drawn: Drawn) -> tuple[Space, tuple[str, ...]]:
    """``space`` without the losses that compare texts of a class, where a round's training part has no class with two
    texts; and what is to be said. With the representation ``tokens`` each text is several examples: none is left out.

    Raises:
        UsageError: no loss would be left.
    """
    classes = int(drawn.kind.target.strata(drawn.split.labels).max()) + 1
    most = max(_lone_classes(drawn, fold.train) for fold in drawn.folds)
    comparing = [loss for loss in space.losses if LOSSES[loss].needs_positives]
    tokens = "tokens" in (possible_values(space, "representation") or ())
    if not comparing or tokens or 2 * most <= classes:
        return space, ()
    help_ = "more shots" + (", fewer --folds" if len(drawn.folds) > 2 else "")
    if most < classes:
        return space, (
            f"In a round's training part {most} of {classes} classes have a single text, of which losses that compare "
            f"texts ({_listed(comparing)}) learn little; {help_} would help.",
        )
    kept = [loss for loss in space.losses if loss not in comparing]
    why = f"A round's training part has no class with two texts, so {_listed(comparing)} would learn nothing"
    if not kept:
        raise UsageError(f"{why}. Ask for {help_}, or for losses that need no pairs, such as ce or softtriple.")
    return narrowed(space, kept), (f"{why} and {'is' if len(comparing) == 1 else 'are'} left out; {help_} would help.",)


def starved_notes(drawn: Drawn, loss: str) -> tuple[str, ...]:
    """A sentence where all texts are trained on with a ``loss`` that compares texts, and no class has two."""
    if not LOSSES[loss].needs_positives or _lone_classes(drawn, drawn.rows) < len(drawn.task.label_names):
        return ()
    return (f"No class has two texts: the loss {loss}, which compares texts of a class, learns nothing from them.",)


def _lone_classes(drawn: Drawn, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    strata = drawn.kind.target.strata(drawn.split.labels)
    return int((np.bincount(strata[rows], minlength=int(strata.max()) + 1) < 2).sum())


def _listed(names: list[str]) -> str:
    shown = names[:_LISTED] + ["..."] * (len(names) > _LISTED)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
