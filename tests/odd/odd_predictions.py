"""Odd ways to predict: standard input, formats, columns that are kept, and the library itself."""

from __future__ import annotations

from .attempt import Attempt
from .oddity import oddity
from .sheet import Form


def _from_stdin(attempt: Attempt) -> None:
    attempt.stdin = True
    attempt.sheet.form = Form("txt", spoil=attempt.sheet.form.spoil, encoding=attempt.sheet.form.encoding)
    if "--keep" in attempt.options:
        attempt.options = []


@oddity("standard input", "input", ("predict",))
def stdin(attempt: Attempt) -> None:
    _from_stdin(attempt)


@oddity("standard input with blank lines", "input", ("predict",), case=6)
def stdin_blank(attempt: Attempt) -> None:
    _from_stdin(attempt)
    for row in attempt.sheet.rows[1::4]:
        row.text, row.truth = "", ""


def _stdin_in(codepage: str, phrase: str) -> None:
    @oddity(f"standard input in {codepage}", "input", ("predict",), case=3)
    def change(attempt: Attempt) -> None:
        _from_stdin(attempt)
        attempt.sheet.form.encoding = codepage
        for row in attempt.sheet.rows:
            row.text = f"{phrase} {row.text}"
        attempt.expected.kept_words += [(word, 3) for word in phrase.split() if not word.isascii()]


_stdin_in("utf-8", "“Zażółć” привет café")
_stdin_in("utf-16", "“Zażółć” café")
_stdin_in("cp1252", "“smart” café €5")
_stdin_in("cp1251", "привет, как дела")


@oddity("standard input with Windows line ends", "input", ("predict",))
def stdin_windows(attempt: Attempt) -> None:
    _from_stdin(attempt)
    attempt.sheet.form.newline = "\r\n"


@oddity("standard input, nothing", "input", ("predict",), works=False)
def stdin_nothing(attempt: Attempt) -> None:
    _from_stdin(attempt)
    attempt.sheet.form.spoil.append(lambda content: b"")
    attempt.expected.rows = 0
    attempt.expected.answers = attempt.expected.texts_written = False


@oddity("--format jsonl", "output", ("predict",))
def as_jsonl(attempt: Attempt) -> None:
    attempt.options += ["--format", "jsonl"]


@oddity("--output", "output", ("predict",))
def into_file(attempt: Attempt) -> None:
    attempt.options += ["--output", "my output.csv"]


@oddity("--output into the input", "output", ("predict",), works=False)
def into_input(attempt: Attempt) -> None:
    if attempt.stdin:
        return
    attempt.options += ["--output", "{data}"]
    attempt.expected.refused.add(None)


@oddity("a pair model on single texts", "model", ("predict",), works=False)
def pair_model(attempt: Attempt) -> None:
    attempt.model = "pair"


@oddity("a model folder that is an encoder", "model", ("predict",), works=False)
def no_model(attempt: Attempt) -> None:
    attempt.model = "encoder"
    attempt.expected.refused.add(None)


@oddity("without the label column", "output", ("predict",))
def unlabelled(attempt: Attempt) -> None:
    attempt.sheet.unlabelled = {""}


_LOAD = """
import tune_dml
from concurrent.futures import ThreadPoolExecutor
model = tune_dml.load({model!r})
texts = ["goal match football cup", "computer software phone data", "bread soup cook sugar"]
right = ["sport", "tech", "food"]
"""


def _library(name: str, case: int, code: str, works: bool = True) -> None:
    @oddity(name, "library", ("library",), case, works)
    def change(attempt: Attempt) -> None:
        attempt.code = _LOAD + code


def _given(name: str, given: str) -> None:
    _library(
        f"predict({name})",
        2,
        f"import pandas as pd\nfound = list(model.predict({given}))\n"
        "print('WRONG: ' + repr(found) if found != right else 'right')\n",
    )


_given("DataFrame", "pd.DataFrame({'text': texts})")
_given("DataFrame with ids", "pd.DataFrame({'id': [7, 8, 9], 'text': texts})")
_given("dict of lists", "{'text': texts}")
_given("list of dicts", "[{'text': text} for text in texts]")
_given("Series", "pd.Series(texts)")
_given("Series with gaps", "pd.Series([*texts, None])[:3]")
_given("array", "__import__('numpy').array(texts)")
_given("tuple", "tuple(texts)")
_library(
    "threads",
    1,
    "from random import Random\n"
    "random = Random(0)\n"
    "words = ' '.join(texts).split()\n"
    "batches = [[' '.join(random.choices(words, k=random.randint(1, 60))) for _ in range(4)] for _ in range(200)]\n"
    "alone = [model.predict_proba(batch) for batch in batches]\n"
    "with ThreadPoolExecutor(16) as pool:\n"
    "    together = list(pool.map(model.predict_proba, batches))\n"
    "worst = max(abs(one - other).max() for one, other in zip(alone, together))\n"
    "print(f'WRONG: {worst}' if worst > 1e-5 else 'right')\n",
)
_library(
    "pyfunc: missing values",
    2,
    "import pandas as pd\nfrom tune_dml.tracking.pyfunc import TextClassifierModel\n"
    "ask = TextClassifierModel(model).predict\n"
    "a = ask(pd.DataFrame({'text': [None, float('nan')]}))\nb = ask(pd.DataFrame({'text': ['', '']}))\n"
    "same = a.iloc[:, 1:].equals(b.iloc[:, 1:])\nprint('right' if same else 'WRONG: missing values have texts')\n",
)
_library(
    "pyfunc: a frame of ids",
    2,
    "import pandas as pd\nfrom tune_dml.errors import TuneDMLError\n"
    "from tune_dml.tracking.pyfunc import TextClassifierModel\n"
    "try:\n    TextClassifierModel(model).predict(pd.DataFrame({'id': [1, 2]}))\n    print('WRONG: ids classified')\n"
    "except TuneDMLError:\n    print('right')\n",
)
