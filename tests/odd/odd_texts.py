"""Odd texts and columns."""

from __future__ import annotations

from collections.abc import Callable

from .attempt import Attempt
from .oddity import READ, SEARCHED, oddity
from .planted import FILLER, Row, text_of


@oddity("nothing", "nothing", READ)
def nothing(attempt: Attempt) -> None:
    """So that a check that finds fault with everything shows."""


def _some(name: str, text: Callable[[str], object], note: str | None = None, case: int | None = None) -> None:
    """Three texts become odd; their classes cannot be told any more."""

    @oddity(name, "texts", READ, case)
    def change(attempt: Attempt) -> None:
        for row in attempt.sheet.training[2:5]:
            row.text = text(str(row.text))
            row.truth = ""
        # Whether whitespace is a text is for predict to say, not for us.
        if note and not (attempt.predicts and name == "whitespace only"):
            attempt.mention(case, note)


_some("empty texts", lambda text: "", "empty|missing", 6)
_some("whitespace only", lambda text: " \t ", "empty|missing|whitespace", 6)
_some("zero-width only", lambda text: "\u200b\u200d")
_some("emoji only", lambda text: "😀👍🏽" * (1 + len(text) % 3))
_some("a single character", lambda text: text[0] + str(len(text))[0])
_some("right to left", lambda text: f"שלום עולם {text}")
_some("control characters", lambda text: f"a\x07\x1b[2J {text}")
_some("JSON-looking", lambda text: '{"text": "' + text + '", "label": null}')
_some("YAML and shell", lambda text: f"!!python/object $(touch x) `{text}` %s {{0}}")
_some("HTML", lambda text: f"<b>{text}</b>&nbsp;<script>")
_some("10,000 characters", lambda text: (text + " ") * 250, "token|longer|cut", 4)


def _long(attempt: Attempt, case: int, at_end: bool, words: int = 300) -> None:
    def change(row: Row) -> None:
        filler = " ".join(attempt.random.choices(FILLER, k=words if row.text else 0))
        row.text = row.text and (f"{filler} {row.text}" if at_end else f"{row.text} {filler}")

    attempt.dress(change)
    attempt.mention(case, r"longer|not read|cut|truncat")


@oddity("the last words decide", "long texts", READ, case=4)
def last_words(attempt: Attempt) -> None:
    _long(attempt, 4, at_end=True)
    attempt.expected.answers = False


@oddity("the last words decide, --max-length auto", "long texts", ("search",), case=4)
def last_words_auto(attempt: Attempt) -> None:
    # More than the space reads.
    _long(attempt, 4, at_end=True, words=60)
    attempt.expected.mentions.clear()
    attempt.offered("search", "--max-length", "auto")
    # A random encoder cannot be taught by so few texts which words of many decide.
    attempt.expected.answers = attempt.has("search", "--max-length") and attempt.encoder == "bert-tiny"


@oddity("the last words decide, --truncation tail", "long texts", ("search",), case=4)
def last_words_tail(attempt: Attempt) -> None:
    _long(attempt, 4, at_end=True)
    attempt.offered("search", "--truncation", "tail")
    attempt.expected.answers = attempt.has("search", "--truncation")


@oddity("the first words decide, --truncation head+tail", "long texts", SEARCHED, case=4)
def head_and_tail(attempt: Attempt) -> None:
    _long(attempt, 4, at_end=False)
    attempt.offered("search", "--truncation", "head+tail")
    attempt.offered("search", "--max-length", "64")


def _pairs(attempt: Attempt) -> None:
    attempt.model = "pair"

    def change(row: Row) -> None:
        row.text_b = text_of(row.truth, attempt.random) if row.truth else "a b"

    attempt.dress(change)
    attempt.sheet.text_column = "text_a"


@oddity("pairs", "pairs", READ)
def pairs(attempt: Attempt) -> None:
    _pairs(attempt)


@oddity("pairs with one side missing", "pairs", READ, case=6)
def half_pairs(attempt: Attempt) -> None:
    _pairs(attempt)
    for row in attempt.sheet.training[2:4]:
        row.text_b = ""
    attempt.mention(6, "empty|missing")


@oddity("long pairs", "pairs", SEARCHED, case=4)
def long_pairs(attempt: Attempt) -> None:
    _pairs(attempt)
    _long(attempt, 4, at_end=False, words=150)


def _columns(name: str, text: str, label: str, told: bool, works: bool = True) -> None:
    @oddity(name, "columns", READ, None, works)
    def change(attempt: Attempt) -> None:
        sheet = attempt.sheet
        if sheet.rows[0].text_b is not None:
            return
        sheet.text_column, sheet.label_column = text, label
        if told:
            attempt.options += ["--text-column", text]
            attempt.options += [] if attempt.predicts else ["--label-column", label]


_columns("columns 'Text' and 'LABEL'", "Text", "LABEL", False)
_columns("columns with spaces, named", "my text", "my label", True)
_columns("a column that ends with a space, named", "text ", "label ", True, works=False)
_columns("columns in Unicode, named", "Größe", "метка", True)
_columns("columns with quotes, named", 'the "text"', "it's", True)


@oddity("other columns, ids such as 007", "columns", READ, case=6)
def other_columns(attempt: Attempt) -> None:
    attempt.expected.ids = 6
    if attempt.predicts and "--keep" not in attempt.options:
        attempt.offered("predict", "--keep", "all")
    for number, row in enumerate(attempt.sheet.rows):
        row.extra |= {"id": f"{number:03}", "when": "2024-02-30", "größe €": number * 1.5, "none": None}
    attempt.sheet.extra_first = False


@oddity("a column twice", "columns", READ, works=False)
def doubled_column(attempt: Attempt) -> None:
    def spoil(content: bytes) -> bytes:
        head, newline, rest = content.partition(b"\n")
        return head.replace(b"label", b"text") + newline + rest

    attempt.sheet.form.spoil.append(spoil)


@oddity("groups", "columns", SEARCHED)
def groups(attempt: Attempt) -> None:
    for number, row in enumerate(attempt.sheet.training):
        row.extra["who"] = None if number % 7 == 0 else f"00{number // 2}"
    attempt.options += ["--group-column", "who"]


@oddity("texts that are numbers", "texts", READ)
def numbers(attempt: Attempt) -> None:
    if not attempt.stdin:
        attempt.sheet.form.kind = "parquet"
    for number, row in enumerate(attempt.sheet.rows):
        row.text = float(number) + 0.5
    attempt.expected.answers = attempt.expected.texts_written = False


@oddity("one column with blank lines", "columns", ("predict",), case=6)
def one_column(attempt: Attempt) -> None:
    attempt.sheet.unlabelled = {""}
    for row in attempt.sheet.rows:
        row.extra.clear()
    attempt.sheet.form.blank_every = 6
    attempt.expected.rows = len(attempt.sheet.rows) + len(attempt.sheet.rows) // 6


@oddity("one text only", "texts", ("predict",))
def one_text(attempt: Attempt) -> None:
    del attempt.sheet.training[1:]
    attempt.expected.answers = False


@oddity("three texts in all", "texts", SEARCHED, works=False)
def three_texts(attempt: Attempt) -> None:
    del attempt.sheet.training[3:]
    attempt.expected.answers = False


@oddity("a header and no rows", "header", READ, works=False)
def no_rows(attempt: Attempt) -> None:
    attempt.sheet.form.spoil.append(lambda content: content.split(b"\n")[0] + b"\n")
    attempt.expected.rows = 0
    attempt.expected.answers = attempt.expected.texts_written = False


@oddity("texts all alike", "texts", SEARCHED, works=False)
def alike(attempt: Attempt) -> None:
    rows = attempt.sheet.training
    for row in rows:
        row.text = rows[0].text
    assert isinstance(rows[0], Row)
    attempt.expected.refused.add(None)
