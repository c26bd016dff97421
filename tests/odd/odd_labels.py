"""Odd labels: their types, spellings, frequencies and names."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from .attempt import Attempt
from .oddity import SEARCHED, TRAINED, oddity
from .planted import CLASSES, planted


def _relabelled(attempt: Attempt, labels: Sequence[Any], shown: Sequence[str], stems: Sequence[str] = ()) -> None:
    """Gives each class a label, in all splits or in some."""
    truths = list(attempt.names)
    for stem, rows in attempt.sheet.splits.items():
        for row in rows if not stems or stem in stems else ():
            row.label = labels[truths.index(row.truth)]
    attempt.names = dict(zip(truths, shown, strict=True))


def _replant(attempt: Attempt, counts: dict[str, int]) -> None:
    attempt.sheet.splits = {"": planted(counts, attempt.random)}
    attempt.names = {name: name for name in counts}


def _whole(attempt: Attempt) -> None:
    attempt.drawn = ["--shots", "full"]


def _plain(name: str, labels: Sequence[Any], shown: Sequence[str], kind: str = "csv") -> None:
    @oddity(name, "label type", SEARCHED)
    def change(attempt: Attempt) -> None:
        attempt.sheet.form.kind = kind
        number = len(attempt.names)
        _relabelled(attempt, labels[:number], shown[:number])
        attempt.expected.names = list(shown[:number]), None


_plain("integers", (0, 1, 2), ("0", "1", "2"))
_plain("integers from 1", (1, 2, 3), ("1", "2", "3"), "jsonl")
_plain("floats", (1.0, 2.0, 3.0), ("1", "2", "3"), "parquet")
_plain("stars", (-1, 4, 5), ("-1", "4", "5"))
_plain("huge integers", (10**18, 10**18 + 1, 7), (str(10**18), str(10**18 + 1), "7"), "jsonl")
_plain("names with commas and quotes", ('a, "b"', "c;d", "e|f"), ('a, "b"', "c;d", "e|f"))
_plain("names with accents", ("café", "Köln", "Łódź"), ("café", "Köln", "Łódź"))
_plain("names that YAML reads otherwise", ("no", "yes", "null"), ("no", "yes", "null"))


@oddity("booleans", "label type", SEARCHED)
def booleans(attempt: Attempt) -> None:
    _replant(attempt, {"sport": 24, "tech": 24})
    _relabelled(attempt, (True, False), ("true", "false"))
    attempt.sheet.form.kind = attempt.random.choice(("jsonl", "parquet"))


@oddity("ids such as 007 beside them", "label type", SEARCHED)
def leading_zeros(attempt: Attempt) -> None:
    for number, row in enumerate(attempt.sheet.rows):
        row.extra |= {"id": f"{number:04}", "big": 2**63 - 1}


def _across(name: str, train: Sequence[Any], test: Sequence[Any], kinds: tuple[str, str], shown: Sequence[str]) -> None:
    @oddity(name, "label type across files", SEARCHED, case=15)
    def change(attempt: Attempt) -> None:
        _replant(attempt, {"sport": 24, "tech": 24})
        attempt.sheet.split_off("test", 10)
        _relabelled(attempt, train, shown, ["train"])
        _relabelled(attempt, test, shown, ["test"])
        attempt.sheet.form.kind = kinds[0]
        attempt.sheet.own_form("test", kind=kinds[1])
        attempt.names = dict(zip(("sport", "tech"), shown, strict=True))
        attempt.expected.classes = 2, 15


_across("true in Parquet, True in CSV", (True, False), ("True", "False"), ("parquet", "csv"), ("true", "false"))
_across("True in CSV, true in JSON", ("True", "False"), (True, False), ("csv", "jsonl"), ("true", "false"))
_across("1.0 in CSV, 1 in Parquet", ("1.0", "0.0"), (1, 0), ("csv", "parquet"), ("1", "0"))
_across("1 in CSV, 1.0 in Parquet", ("1", "0"), (1.0, 0.0), ("csv", "parquet"), ("1", "0"))
_across("TRUE in CSV, true in Parquet", ("TRUE", "FALSE"), (True, False), ("csv", "parquet"), ("true", "false"))


@oddity("ClassLabel in Parquet's metadata", "names of labels", TRAINED, case=15)
def class_label(attempt: Attempt) -> None:
    _whole(attempt)
    names = list(attempt.names)
    _relabelled(attempt, range(len(names)), names)
    attempt.sheet.form.kind, attempt.sheet.form.names = "parquet", tuple(names)
    attempt.expected.names = names, 15


def _task(task: str, names: Sequence[str], text: bool) -> None:
    how = "beside label_text" if text else "without names"

    @oddity(f"{task}'s integers {how}", "names of labels", TRAINED, case=16)
    def change(attempt: Attempt) -> None:
        # As the copies on the hub have it: 0 is the second of the task's own names where the file says so.
        _replant(attempt, {"sport": 30, "tech": 15})
        attempt.task = task
        _whole(attempt)
        shown = list(reversed(names)) if text else list(names)
        for row in attempt.sheet.rows:
            row.label = ("sport", "tech").index(row.truth)
            row.extra |= {"label_text": shown[row.label]} if text else {}
        attempt.names = dict(zip(("sport", "tech"), shown, strict=True))
        if text:
            attempt.expected.counts = {shown[0]: 30, shown[1]: 15}, 16
        else:
            attempt.mention(16, "0 is|label 0|named|names of the task|" + "|".join(CLASSES["sport"]))


_task("SUBJ", ("subjective", "objective"), True)
_task("SST2", ("negative", "positive"), True)
_task("SUBJ", ("subjective", "objective"), False)


def _same(name: str, twin: Callable[[str], str], works: bool = True) -> None:
    @oddity(name, "labels that are the same", SEARCHED, case=14)
    def change(attempt: Attempt) -> None:
        _whole(attempt)
        names = [f"{name}é" for name in attempt.names]
        _relabelled(attempt, names, names)
        for row in attempt.sheet.rows[::2]:
            row.label = twin(row.label)
        attempt.expected.classes = len(names), 14


_same("two normal forms", lambda label: unicodedata.normalize("NFD", label))
_same("a zero-width space at the end", lambda label: label + "\u200b")
_same("a no-break space at the end", lambda label: label + "\u00a0")
_same("a byte-order mark in front", lambda label: "\ufeff" + label)
_same("a space at the end", lambda label: label + "  ")


@oddity("names that differ in case", "labels that are the same", SEARCHED, case=14)
def differ_in_case(attempt: Attempt) -> None:
    _whole(attempt)
    for row in attempt.sheet.rows[::2]:
        row.label = row.label.title()
    attempt.expected.answers = False
    attempt.mention(14, r"differ|only in case|upper|lower|capital|same class")


@oddity("test labels with a zero-width space", "labels that are the same", SEARCHED, case=14)
def invisible_test(attempt: Attempt) -> None:
    attempt.sheet.split_off("test", 10)
    for row in attempt.sheet.splits["test"]:
        row.label += "\u200b"


def _uneven(name: str, larger: int, smaller: int) -> None:
    @oddity(name, "imbalance", TRAINED, case=5)
    def change(attempt: Attempt) -> None:
        _replant(attempt, {"sport": larger, "tech": smaller})
        _whole(attempt)
        attempt.options += attempt.random.choice(([], [], ["--metric", "macro_f1"], ["--metric", "log_loss"]))
        attempt.expected.answers = False
        attempt.mention(5, "collapse", "never")
        attempt.mention(5, "imbalance|majority|macro_f1.*advis|--metric macro_f1|shots-per-class")


_uneven("90:10", 90, 10)
_uneven("97.5:2.5", 156, 4)


@oddity("many classes, two texts each", "few of a class", TRAINED, case=17)
def many_classes(attempt: Attempt) -> None:
    names = list(CLASSES)
    rows = planted(dict.fromkeys(names, 12), attempt.random)
    for name in names:
        for number, row in enumerate([row for row in rows if row.truth == name]):
            row.label = f"{name} {number // 2}"
    attempt.sheet.splits = {"": rows}
    attempt.names = {}
    attempt.drawn = ["--shots", "full", "--no-test"]
    attempt.expected.answers = False
    attempt.mention(17, r"(two|2) (texts|examples|or more|of a|of each)|positive pairs?|left out|metric loss", "any")


@oddity("a class of one", "few of a class", SEARCHED, works=False)
def class_of_one(attempt: Attempt) -> None:
    attempt.sheet.training[0].label = "lonely"
    _whole(attempt)
    attempt.expected.answers = False


@oddity("a single class", "few of a class", SEARCHED, works=False)
def single_class(attempt: Attempt) -> None:
    _relabelled(attempt, ["same"] * len(attempt.names), ["same"] * len(attempt.names))
    attempt.expected.refused.add(None)


@oddity("missing labels", "few of a class", SEARCHED, works=False)
def missing_labels(attempt: Attempt) -> None:
    for row in attempt.sheet.training[:3]:
        row.label = None
    attempt.mention(None, "no label|without a label|missing", "any")
