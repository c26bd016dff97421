"""Odd options and commands."""

from __future__ import annotations

from collections.abc import Sequence

from .attempt import SPACE, Attempt
from .oddity import SEARCHED, oddity
from .planted import FILLER, planted


def _drawn(name: str, options: Sequence[str], works: bool = True) -> None:
    @oddity(name, "shots", SEARCHED, None, works)
    def change(attempt: Attempt) -> None:
        attempt.drawn = list(options)
        attempt.expected.answers = False


_drawn("--shots 2", ["--shots", "2"], False)
_drawn("--shots 1", ["--shots", "1"], False)
_drawn("--shots 0", ["--shots", "0"], False)
_drawn("--shots beyond the pool", ["--shots", "100000"], False)
_drawn("--shots full", ["--shots", "full"])
_drawn("--shots-per-class 1", ["--shots-per-class", "1"], False)
_drawn("--shots-per-class 3", ["--shots-per-class", "3"])
_drawn("--no-test", ["--shots", "20", "--no-test"])
_drawn("--validation holdout", ["--shots", "20", "--validation", "holdout"])
_drawn("--validation official without one", ["--shots", "20", "--validation", "official"], False)
_drawn("--folds beyond the texts of a class", ["--shots", "9", "--folds", "7"], False)


def _option(name: str, *options: str, works: bool = True) -> None:
    @oddity(name, "options", SEARCHED, None, works)
    def change(attempt: Attempt) -> None:
        attempt.options += options


_option("--metric macro_f1", "--metric", "macro_f1")
_option("--metric log_loss", "--metric", "log_loss")
_option("--losses supcon", "--losses", "supcon")
_option("--losses of another space", "--losses", "circle", works=False)
_option("--seed of many digits", "--seed", str(2**31))
_option("--precision bfloat16", "--precision", "bfloat16")
_option("--ensemble", "--ensemble")
_option("-q", "-q")
_option("--json", "--json")
_option("-v and -q", "-v", "-q", works=False)
_option("--text-column that is not there", "--text-column", "tekst", works=False)
_option("--label-column that is the text", "--label-column", "text", works=False)
_option("--max-length 8", "--max-length", "8", works=False)
_option("--truncation odd", "--truncation", "middle", works=False)


@oddity("a results folder with spaces", "options", SEARCHED)
def results_with_spaces(attempt: Attempt) -> None:
    attempt.results = "my results (ü) %20"


@oddity("a space without any range", "options", SEARCHED)
def fixed_space(attempt: Attempt) -> None:
    attempt.space = "loss: ce\nlr: 5.0e-4\nepochs: 2\nmax_length: 16\n"
    attempt.space_name = "my space.yaml"


@oddity("a space with odd indentation", "options", SEARCHED, works=False)
def broken_space(attempt: Attempt) -> None:
    attempt.space = SPACE.replace("epochs", "\tepochs")


@oddity("a task with an odd name", "options", SEARCHED)
def odd_task(attempt: Attempt) -> None:
    attempt.task = "my tàsk / v1.0"


@oddity("interrupted, then resumed", "options", ("search",))
def interrupted(attempt: Attempt) -> None:
    attempt.interrupt = True


@oddity("--no-confirm, then confirm", "options", ("search",))
def confirmed_later(attempt: Attempt) -> None:
    attempt.options += ["--no-confirm"]
    attempt.steps = [["confirm", "{name}", "--results", "{results}", "--seeds", "1"]]
    attempt.expected.answers = False


@oddity("finished, then resumed", "options", ("search",))
def resumed(attempt: Attempt) -> None:
    attempt.steps = [["resume", "{name}", "--results", "{results}"]]


def _trained(name: str, options: Sequence[str], case: int | None = None, works: bool = True) -> None:
    @oddity(f"train {name}", "train", ("train",), case, works)
    def change(attempt: Attempt) -> None:
        attempt.options = list(options)
        if "{data}" in options:
            counts = {"sport": 40, "tech": 40, "food": 40}
            attempt.sheet.splits = {"": planted(counts, attempt.random)}
            attempt.names = {name: name for name in counts}


_trained("--seed 0", ["--seed", "0"])
_trained("--seed 7", ["--seed", "7"])
_trained("--fold 2", ["--fold", "2"])
_trained("--fold 99", ["--fold", "99"], works=False)
_trained("--seed and --fold", ["--seed", "0", "--fold", "1"], works=False)
_trained("--data more.csv", ["--data", "{data}"], case=13)
_trained("--data more.csv --seed 3", ["--data", "{data}", "--seed", "3"], case=13)
_trained("--output odd", ["--output", "my model (1)"])


def _looked(name: str, steps: list[list[str]], works: bool = True) -> None:
    @oddity(name, "other commands", ("look",), None, works)
    def change(attempt: Attempt) -> None:
        attempt.steps = steps


_looked("tasks", [["tasks"], ["tasks", "--json"]])
_looked("spaces", [["spaces", "list"], ["spaces", "show", "default"], ["spaces", "check", "{space}"]])
_looked("a space that is data", [["spaces", "show", "{data}"]], works=False)
_looked("list, best and show of nothing", [["list", "--results", "no such"], ["best", "--results", "no such"]], False)
_looked("resume of nothing", [["resume", "--results", "no such"]], works=False)
_looked("losses that are not there", [["losses", "süpcon"]], works=False)
_looked("doctor alone", [["doctor", "--encoder", "bert-tiny"], ["doctor", "--encoder", "bert-tiny", "--json"]])


@oddity("doctor --json", "options", ("doctor",))
def doctor_json(attempt: Attempt) -> None:
    attempt.options += ["--json"]


@oddity("--prefix and long texts", "options", SEARCHED, case=4)
def prefixed_long(attempt: Attempt) -> None:
    for row in attempt.sheet.rows:
        row.text = row.text and f"{row.text} {' '.join(attempt.random.choices(FILLER, k=60))}"
    attempt.offered("search", "--prefix", "classify: ")
    attempt.mention(4, "longer|not read|cut|truncat")
