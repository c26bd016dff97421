"""Odd folders: names of splits, strays, files without labels."""

from __future__ import annotations

from .attempt import Attempt
from .oddity import SEARCHED, oddity
from .planted import Row, text_of


def _development(stem: str, official: bool) -> None:
    how = ", --validation official" if official else ""

    @oddity(f"{stem} beside train and test{how}", "splits", SEARCHED, case=12)
    def change(attempt: Attempt) -> None:
        attempt.sheet.split_off("test", 10)
        attempt.sheet.split_off(stem, 10)
        if official:
            attempt.options += ["--validation", "official"]
        attempt.mention(12, rf"\b{stem}\.(csv|tsv|jsonl|parquet)")


for _stem in ("dev", "valid", "val", "validation"):
    _development(_stem, False)
    _development(_stem, True)


@oddity("GLUE's folder", "splits", SEARCHED, case=12)
def glue(attempt: Attempt) -> None:
    sheet = attempt.sheet
    sheet.form.kind, sheet.text_column = "tsv", "sentence"
    sheet.split_off("test", 10)
    sheet.split_off("dev", 10)
    sheet.unlabelled = {"test"}
    for number, row in enumerate(sheet.splits["test"]):
        row.extra["index"] = number
    attempt.mention(12, r"\bdev\.tsv")


@oddity("LM-BFF's folder", "splits", SEARCHED, case=12)
def lm_bff(attempt: Attempt) -> None:
    attempt.task = "SST2"
    sheet = attempt.sheet
    sheet.splits = {"": [row for row in sheet.rows if row.truth in ("sport", "tech")]}
    sheet.form.kind, sheet.text_column = "tsv", "sentence"
    names = {"sport": "negative", "tech": "positive"}
    for row in sheet.rows:
        row.label = ("sport", "tech").index(row.truth)
    attempt.names = names
    sheet.split_off("test", 10)
    sheet.split_off("dev", 10)
    sheet.name = "SST-2"
    attempt.mention(12, r"\bdev\.tsv")


@oddity("test without a label column", "splits", SEARCHED, case=12)
def unlabelled_test(attempt: Attempt) -> None:
    attempt.sheet.split_off("test", 10)
    attempt.sheet.unlabelled = {"test"}
    attempt.mention(12, "no label|without label|hidden|label column")


@oddity("all test labels -1", "splits", SEARCHED)
def hidden_labels(attempt: Attempt) -> None:
    attempt.sheet.split_off("test", 10)
    for row in attempt.sheet.splits["test"]:
        row.label = -1
    attempt.mention(None, "no labels")


def _stray(attempt: Attempt) -> None:
    attempt.sheet.split_off("test", 12)
    strays = [Row(text_of("law", attempt.random, 9), "stray", "law") for _ in range(4)]
    attempt.sheet.splits["test"] += strays


@oddity("a stray class in test", "stray classes", SEARCHED, case=18, works=False)
def stray_class(attempt: Attempt) -> None:
    _stray(attempt)
    attempt.mention(18, r"\b4\b", "any")
    attempt.mention(18, "--drop-unknown-labels", "refused")


@oddity("a stray class in test, dropped", "stray classes", SEARCHED, case=18)
def stray_class_dropped(attempt: Attempt) -> None:
    _stray(attempt)
    attempt.offered("search", "--drop-unknown-labels")


@oddity("copies of training texts in test", "copies", SEARCHED, case=14)
def copies(attempt: Attempt) -> None:
    """Those that differ only in what nobody sees."""
    attempt.sheet.split_off("test", 8)
    for row, twin in zip(attempt.sheet.splits["test"], attempt.sheet.splits["train"], strict=False):
        row.text, row.label, row.truth = twin.text.replace(" ", "\u00a0", 1) + "\u200b", twin.label, twin.truth
    attempt.drawn = ["--shots", "full"]
    attempt.expected.counts = None
    attempt.mention(14, "also in the test split")


@oddity("duplicates and conflicts", "copies", SEARCHED)
def duplicates(attempt: Attempt) -> None:
    rows = attempt.sheet.training
    rows += [Row(row.text, row.label, row.truth, row.text_b, dict(row.extra)) for row in rows[:6]]
    other = next(row.label for row in rows if row.label != rows[7].label)
    rows.append(Row(rows[7].text.upper(), other, rows[7].truth, rows[7].text_b, dict(rows[7].extra)))
    attempt.mention(None, "duplicate")
    attempt.mention(None, "conflict")


@oddity("train.csv and train.tsv", "splits", SEARCHED, works=False)
def doubled(attempt: Attempt) -> None:
    attempt.sheet.split_off("test", 10)
    attempt.sheet.splits["train.old"] = attempt.sheet.splits["test"]
    attempt.sheet.own_form("train.old", suffix="csv")


@oddity("a path with a space, relative", "file name", SEARCHED)
def relative(attempt: Attempt) -> None:
    attempt.sheet.split_off("test", 10)
    attempt.sheet.name = "my data, v2"
