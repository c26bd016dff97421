"""Odd encodings, separators, line ends, headers and cells of files."""

from __future__ import annotations

from .attempt import Attempt
from .oddity import READ, SEARCHED, oddity
from .sheet import Form

_WESTERN = "“smart” café – naïve €5"
_CODEPAGES = {
    "utf-8-sig": _WESTERN,
    "utf-16": _WESTERN,
    "cp1252": _WESTERN,
    "cp1250": "zażółć gęślą jaźń",
    "cp1251": "привет, как дела сегодня",
    "latin-1": "déjà vu à Málaga",
}


def _sprinkle(attempt: Attempt, phrase: str, case: int | None, every: int = 2) -> None:
    """Puts a phrase at the start of every second text; each of its words must come out as it went in."""
    for row in attempt.sheet.rows[::every]:
        if row.text:
            row.text = f"{phrase} {row.text}"
    attempt.expected.kept_words += [(word, case) for word in phrase.split() if not word.isascii()]


def _unless_plain(attempt: Attempt, case: int, content: bytes) -> bytes:
    """Nothing is to be said of a file that another oddity has left without a letter outside ASCII."""
    if content.isascii():
        attempt.expected.mentions = [mention for mention in attempt.expected.mentions if mention.case != case]
    return content


def _encoded(codepage: str, phrase: str) -> None:
    case = None if codepage.startswith("utf") else 3

    @oddity(f"in {codepage}", "encoding", READ, case)
    def change(attempt: Attempt) -> None:
        _sprinkle(attempt, phrase, case)
        attempt.sheet.form.encoding = codepage
        if case:
            # Latin-1 is what every other one is taken for where nobody looks.
            wrong = "" if codepage == "latin-1" else "(?!latin-?1)"
            attempt.mention(case, rf"read as {wrong}|{codepage[2:]}\b|encoding")
            attempt.sheet.form.spoil.append(lambda content: _unless_plain(attempt, case, content))


for _codepage, _phrase in _CODEPAGES.items():
    _encoded(_codepage, _phrase)


@oddity("one bad byte in UTF-8", "encoding", READ, case=3)
def one_bad_byte(attempt: Attempt) -> None:
    _sprinkle(attempt, "café Málaga", 3)

    def spoil(content: bytes) -> bytes:
        place = content.rfind(b" said ")
        return content if place < 0 else content[:place] + b" \x92" + content[place + 1 :]

    attempt.sheet.form.spoil.append(spoil)
    attempt.mention(3, r"utf-?8|byte|encoding", "any")


@oddity("--encoding given", "encoding", READ, case=3)
def encoding_given(attempt: Attempt) -> None:
    _sprinkle(attempt, "zażółć gęślą", 3)
    attempt.sheet.form.encoding = "cp1250"
    attempt.offered("predict" if attempt.predicts else "search", "--encoding", "cp1250")


def _separated(name: str, kind: str, separator: str, first: str = "") -> None:
    @oddity(name, "separator", READ, case=11)
    def change(attempt: Attempt) -> None:
        form = attempt.sheet.form
        form.kind, form.separator, form.first_line = kind, separator, first
        attempt.mention(11, "separat|semicolon|tab|comma|pipe|';'|','|delimit")


_separated("semicolons in .csv", "csv", ";")
_separated("tabs in .csv", "csv", "\t")
_separated("commas in .tsv", "tsv", ",")
_separated("pipes in .csv", "csv", "|")
_separated("a first line sep=;", "csv", ";", "sep=;\n")


@oddity("lone carriage returns", "line ends", READ, case=11)
def carriage_returns(attempt: Attempt) -> None:
    attempt.sheet.form.newline = "\r"


@oddity("lone carriage returns in .tsv", "line ends", READ, case=11)
def carriage_returns_tsv(attempt: Attempt) -> None:
    attempt.sheet.form.kind, attempt.sheet.form.newline = "tsv", "\r"


@oddity("Windows line ends", "line ends", READ)
def windows_ends(attempt: Attempt) -> None:
    attempt.sheet.form.newline = "\r\n"


@oddity("Excel's empty columns", "empty cells", READ, case=11)
def empty_columns(attempt: Attempt) -> None:
    attempt.sheet.form.empty_columns = attempt.random.randint(1, 4)


@oddity("Excel's empty columns and rows", "empty cells", SEARCHED, case=11)
def empty_rows(attempt: Attempt) -> None:
    form = attempt.sheet.form
    form.empty_columns = 2
    columns = 3 + len(attempt.sheet.rows[0].extra) + (attempt.sheet.rows[0].text_b is not None)
    form.last_lines = (("," * columns) + form.newline) * 3


@oddity("no header", "header", SEARCHED, case=11, works=False)
def no_header(attempt: Attempt) -> None:
    attempt.sheet.form.header = False
    attempt.mention(11, "header", "any")


@oddity("no header, said", "header", READ, case=11)
def no_header_said(attempt: Attempt) -> None:
    attempt.sheet.form.header = False
    command = "predict" if attempt.predicts else "search"
    for row in attempt.sheet.rows:
        row.extra.clear()
    attempt.offered(command, "--no-header")
    if not attempt.has(command, "--no-header"):
        attempt.expected.refused.add(11)


@oddity("blank lines", "empty cells", READ, case=6)
def blank_lines(attempt: Attempt) -> None:
    attempt.sheet.form.blank_every = 5


@oddity("fields over several lines", "quotes", READ)
def many_lines(attempt: Attempt) -> None:
    for row in filter(lambda row: row.text, attempt.sheet.rows[::3]):
        row.text = str(row.text).replace(" ", "\n", 1) + ' "quoted", too'
    attempt.sheet.form.quote_all = True


@oddity("a quote that is never closed", "quotes", READ, works=False)
def open_quote(attempt: Attempt) -> None:
    attempt.sheet.form.last_lines = '"an open quote, and no end\n'


@oddity("ragged rows", "quotes", READ, works=False)
def ragged(attempt: Attempt) -> None:
    attempt.sheet.form.last_lines = "a,b,c,d,e,f,g\n"


def _two_missing(attempt: Attempt) -> None:
    for row in attempt.sheet.rows[7:9]:
        row.text = None
    attempt.mention(6, "empty|missing|without")


@oddity("JSON lines", "format", READ)
def json_lines(attempt: Attempt) -> None:
    attempt.sheet.form.kind = "jsonl"


@oddity("JSON lines with null", "format", READ, case=6)
def json_null(attempt: Attempt) -> None:
    attempt.sheet.form.kind = "jsonl"
    _two_missing(attempt)


@oddity("Parquet", "format", READ)
def parquet(attempt: Attempt) -> None:
    attempt.sheet.form.kind = "parquet"


@oddity("Parquet with missing values", "format", READ, case=6)
def parquet_null(attempt: Attempt) -> None:
    attempt.sheet.form.kind = "parquet"
    _two_missing(attempt)


@oddity("a text a line", "format", ("predict",), case=6)
def text_file(attempt: Attempt) -> None:
    attempt.sheet.form.kind = "txt"
    if "--keep" in attempt.options:
        attempt.options.clear()


@oddity("an empty file", "format", READ, works=False)
def empty(attempt: Attempt) -> None:
    attempt.sheet.form.spoil.append(lambda content: b"")
    attempt.mention(None, "empty|no (rows|texts)", "any")


@oddity("a Git LFS pointer for data", "format", READ, case=9, works=False)
def data_pointer(attempt: Attempt) -> None:
    attempt.sheet.form.spoil.append(lambda content: POINTER)
    attempt.expected.refused.add(9)
    attempt.mention(9, "lfs", "any")


POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


@oddity("a truncated Parquet file", "format", READ, works=False)
def truncated_parquet(attempt: Attempt) -> None:
    attempt.sheet.form = Form("parquet", spoil=[lambda content: content[: len(content) // 2]])


def _named(name: str) -> None:
    @oddity(f"a file called {name!r}", "file name", READ)
    def change(attempt: Attempt) -> None:
        attempt.sheet.name = name


for _name in ("my data (1)", "a%20b", "données été", 'it\'s "quoted"', "-dash", "[brackets]"):
    _named(_name)
