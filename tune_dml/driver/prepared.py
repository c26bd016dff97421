"""Texts, tokens and encoders of a search in memory, and a first step of what it is going to train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from tune_dml.config import SearchSettings, size_of
from tune_dml.data import Split
from tune_dml.driver.additions import Additions
from tune_dml.driver.drawing import Drawn
from tune_dml.driver.lengths import cut_note, longest_text
from tune_dml.driver.manners import encoder_limit, tokens_of
from tune_dml.driver.names_as_texts import with_label_texts
from tune_dml.driver.prompt_templates import templates_of
from tune_dml.driver.words_of_classes import in_order
from tune_dml.models.encoder_source import EncoderSource
from tune_dml.results.search_file import SearchFile
from tune_dml.results.searched_encoder import SearchedEncoder
from tune_dml.results.versions import versions
from tune_dml.spaces import Space, examples
from tune_dml.tuning.proposals import Arm

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.encoder import EncoderBundle
    from tune_dml.models.tokens import TokenArrays
    from tune_dml.training.workload import Workload


@dataclass(frozen=True, eq=False)
class WithEncoder:
    """A search as one of its encoders sees it.

    Attributes:
        encoder: What ``search.yaml`` holds of it.
        space: What is searched with it.
        workload: Its weights, and the texts as it reads them.
        test: The test texts.
        tokenizer: Goes into the model folder.
        cut: What is to be said of texts that it does not read whole.
    """

    encoder: SearchedEncoder
    space: Space
    workload: Workload
    test: TokenArrays | None
    tokenizer: PreTrainedTokenizerBase
    cut: tuple[str, ...] = ()

    @property
    def arm(self) -> Arm:
        """For the trial loop."""
        encoder = self.encoder
        kind = self.workload.kind
        return Arm(encoder.key, self.space, self.size, encoder.max_length, encoder.representation, kind)

    @property
    def size(self) -> str:
        """Of its baselines."""
        return size_of(self.workload.encoder.body)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A search that could start now. What is said of one encoder is said of the first.

    Attributes:
        about: What ``search.yaml`` holds.
        encoders: Of each that is searched, in the order in which they were given.
        test_labels: Of the test split; used once the winner is fixed.
        adapting_seconds: What masked-LM steps would take, where they were left out.
    """

    about: SearchFile
    encoders: tuple[WithEncoder, ...]
    test_labels: npt.NDArray[Any] | None
    adapting_seconds: float = 0.0

    @property
    def folder(self) -> Path:
        settings = self.about.settings
        return Path(settings.results) / "searches" / settings.name

    @property
    def space(self) -> Space:
        return self.encoders[0].space

    @property
    def workload(self) -> Workload:
        return self.encoders[0].workload

    @property
    def test(self) -> TokenArrays | None:
        return self.encoders[0].test

    def of(self, params: Mapping[str, Any]) -> WithEncoder:
        """The encoder of a configuration."""
        key = self.about.encoder_of(params).key
        return next(one for one in self.encoders if one.encoder.key == key)


def with_encoder(
    settings: SearchSettings,
    drawn: Drawn,
    space: Space,
    source: EncoderSource,
    bundle: EncoderBundle,
    additions: Additions,
    key: str = "",
) -> WithEncoder:
    """An encoder's part of a search in memory.

    Args:
        settings: With the encoder's manners and space.
        additions: What recipes may use beside the labelled texts.
        key: What trials call the encoder.

    Raises:
        ModelError: the tokenizer cannot be loaded, or a text has a token that the encoder does not know.
    """
    from tune_dml.models.class_words import with_words
    from tune_dml.models.encoder import load_tokenizer
    from tune_dml.models.vocabulary import check_vocabulary
    from tune_dml.training.workload import Workload

    assert source.folder is not None
    tokenizer = load_tokenizer(source.folder)
    longest = longest_text(space) if bundle.positions is None else min(longest_text(space), bundle.positions)

    prompts = templates_of(tokenizer, additions.templates, space, drawn.split.texts_b is not None)
    if words := in_order(additions.words, drawn.task.label_names):
        bundle = with_words(bundle, tokenizer, words)

    def tokens(split: Split, name: str) -> TokenArrays:
        found = tokens_of(tokenizer, split, settings, longest, prompts)
        check_vocabulary(bundle, found, tokenizer, name)
        return found

    task, validation = drawn.task, drawn.task.validation
    split, named_rows = with_label_texts(drawn.split, additions.label_texts)
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
    own = settings.space_text, settings.prefix, settings.representation
    sha256 = bundle.base_sha256 or bundle.sha256
    encoder = SearchedEncoder(key, settings.encoder, sha256, bundle.parameters, longest, *own)
    return WithEncoder(encoder, space, workload, test, tokenizer, cut_note(cut, space, longest, limit, settings.device))


def prepared(
    settings: SearchSettings,
    drawn: Drawn,
    encoders: Sequence[WithEncoder],
    before: SearchFile | None = None,
    told: tuple[str, ...] = (),
    additions: Additions | None = None,
    adapting_seconds: float = 0.0,
) -> Prepared:
    """Everything together, with the notes that go into ``search.yaml``.

    Args:
        before: The search as its file has it, where it goes on.
        told: What else is to be said of the data.
        additions: What recipes may use beside the labelled texts.
        adapting_seconds: What masked-LM steps would take that a dry run leaves out.
    """
    additions = additions or Additions()
    task, first = drawn.task, encoders[0]
    workload, several = first.workload, len(encoders) > 1
    cut = [f"{one.encoder.key}: {note}" if several else note for one in encoders for note in one.cut]
    about = before or SearchFile(
        settings=settings,
        kind=task.kind,
        label_names=task.label_names,
        source=task.source,
        notes=(*task.notes, *told, *cut),
        rows=tuple(int(r) for r in drawn.rows),
        labels=tuple(drawn.split.labels.tolist()),
        hashes=drawn.split.hashes(),
        folds=drawn.folds,
        official_labels=None if workload.official_labels is None else tuple(workload.official_labels.tolist()),
        encoder_sha256=first.encoder.sha256,
        encoder_parameters=first.encoder.parameters,
        rounds=workload.rounds,
        by_schedule=workload.by_schedule,
        has_test=task.test is not None,
        max_length=first.encoder.max_length,
        versions=versions(settings.device),
        label_texts=dict(additions.label_texts),
        templates=additions.templates,
        words=dict(additions.words),
        unlabelled_sha256=additions.unlabelled_sha256,
        encoders=tuple(one.encoder for one in encoders) if several else (),
    )
    return Prepared(about, tuple(encoders), None if task.test is None else task.test.labels, adapting_seconds)


def try_space(found: Prepared) -> None:
    """Run a training step of each structure of each encoder's space, and of the baselines.

    Raises:
        TuneDMLError: as :func:`tune_dml.training.trying.try_recipes`.
    """
    from tune_dml.training.trying import try_recipes
    from tune_dml.training.workload import baseline

    for one in found.encoders:
        about = one.encoder
        names = found.about.settings.baselines
        own = one.size, about.max_length, about.representation, one.workload.kind
        references = (baseline(name, *own).to_dict() for name in names)
        recipes = chain(references, examples(one.space))
        try_recipes(one.workload, recipes, one.space.name, about.name)
