"""Texts, tokens and encoder of a search in memory, and a first step of what it is going to train."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from tune_dml.config import SearchSettings
from tune_dml.data import LabelTexts, Split
from tune_dml.driver.drawing import Drawn
from tune_dml.driver.lengths import cut_note, longest_text
from tune_dml.driver.manners import encoder_limit, tokens_of
from tune_dml.driver.names_as_texts import with_label_texts
from tune_dml.models.encoder_source import EncoderSource
from tune_dml.results.search_file import SearchFile
from tune_dml.results.versions import versions
from tune_dml.spaces import Space, examples

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.encoder import EncoderBundle
    from tune_dml.models.tokens import TokenArrays
    from tune_dml.training.workload import Workload


@dataclass(frozen=True, eq=False)
class Prepared:
    """A search that could start now.

    Attributes:
        about: What ``search.yaml`` holds.
        test, test_labels: The test split; its labels are used once the winner is fixed.
        tokenizer: Goes into the model folder.
    """

    about: SearchFile
    space: Space
    workload: Workload
    test: TokenArrays | None
    test_labels: npt.NDArray[Any] | None
    tokenizer: PreTrainedTokenizerBase

    @property
    def folder(self) -> Path:
        settings = self.about.settings
        return Path(settings.results) / "searches" / settings.name


def loaded(
    settings: SearchSettings,
    drawn: Drawn,
    space: Space,
    source: EncoderSource,
    bundle: EncoderBundle,
    before: SearchFile | None,
    told: tuple[str, ...] = (),
    named: LabelTexts | None = None,
) -> Prepared:
    """Everything in memory, with the notes that go into ``search.yaml``.

    Args:
        before: The search as its file has it, where it goes on.
        told: What else is to be said of the data.
        named: Texts made of the classes' names.

    Raises:
        ModelError: the tokenizer cannot be loaded, or a text has a token that the encoder does not know.
    """
    from tune_dml.models.encoder import load_tokenizer
    from tune_dml.models.vocabulary import check_vocabulary
    from tune_dml.training.workload import Workload

    assert source.folder is not None
    tokenizer = load_tokenizer(source.folder)
    longest = longest_text(space) if bundle.positions is None else min(longest_text(space), bundle.positions)

    def tokens(split: Split, name: str) -> TokenArrays:
        found = tokens_of(tokenizer, split, settings, longest)
        check_vocabulary(bundle, found, tokenizer, name)
        return found

    task, validation = drawn.task, drawn.task.validation
    split, named_rows = with_label_texts(drawn.split, named or {})
    official = drawn.folds[0].official and validation is not None
    workload = Workload(
        encoder=bundle,
        tokens=tokens(split, "training"),
        labels=split.labels,
        kind=task.kind,
        outputs=len(task.label_names),
        folds=drawn.folds,
        official=tokens(validation, "validation") if official and validation is not None else None,
        official_labels=validation.labels if official and validation is not None else None,
        named=named_rows,
        loss_plugins=settings.loss_plugins,
        seed=settings.seed,
        device=settings.device,
        precision=settings.precision,
    )
    test = None if task.test is None else tokens(task.test, "test")
    splits = {"training": workload.examples().tokens, "validation": workload.official, "test": test}
    cut = {name: split for name, split in splits.items() if split is not None}
    limit = encoder_limit(tokenizer, bundle.positions)
    about = before or SearchFile(
        settings=settings,
        kind=task.kind,
        label_names=task.label_names,
        source=task.source,
        notes=(*task.notes, *told, *cut_note(cut, space, longest, limit, settings.device)),
        rows=tuple(int(r) for r in drawn.rows),
        labels=tuple(drawn.split.labels.tolist()),
        hashes=drawn.split.hashes(),
        folds=drawn.folds,
        official_labels=None if workload.official_labels is None else tuple(workload.official_labels.tolist()),
        encoder_sha256=bundle.sha256,
        encoder_parameters=bundle.parameters,
        rounds=workload.rounds,
        by_schedule=workload.by_schedule,
        has_test=task.test is not None,
        max_length=longest,
        versions=versions(settings.device),
        label_texts=dict(named or {}),
    )
    return Prepared(about, space, workload, test, None if task.test is None else task.test.labels, tokenizer)


def try_space(prepared: Prepared) -> None:
    """Run a training step of each structure of the space and of the baselines.

    Raises:
        TuneDMLError: as :func:`tune_dml.training.trying.try_recipes`.
    """
    from tune_dml.training.trying import try_recipes
    from tune_dml.training.workload import BASELINES, baseline

    about = prepared.about
    settings = about.settings
    references = (
        baseline(name, about.encoder_size, about.max_length, settings.representation).to_dict() for name in BASELINES
    )
    recipes = chain(references, examples(prepared.space))
    try_recipes(prepared.workload, recipes, prepared.space.name, settings.encoder)
