"""Folders with odd names, where results are and where commands are given."""

from __future__ import annotations

from .attempt import Attempt
from .oddity import AROUND, surrounding

_NAMES = {
    "a percent sign": "a%2Fb%20c",
    "a question mark": "what?now",
    "a number sign": "results #1",
    "quotes": 'it\'s "ours"',
    "Chinese": "结果 文件",
    "brackets": "[x] {y} (z) <w>",
    "a dollar and a tilde": "$HOME ~ ${x} `id`",
    "shell's own": "a;b&c|d * !",
    "spaces at its ends": " room ",
    "a colon": "sqlite:x:y",
    "backslashes": "C:\\new\\table",
    "combining letters": "re\u0301sultats n\u0303",
    "a dash in front": "-results",
    "dots in front": "...results",
    "a long name": "long" * 40,
}


def _odd(what: str, name: str) -> None:
    @surrounding(f"results: {what}", "results folder", AROUND)
    def results(attempt: Attempt) -> None:
        attempt.results = f"./{name}" if name.startswith("-") else name

    @surrounding(f"working folder: {what}", "working folder", AROUND)
    def working(attempt: Attempt) -> None:
        attempt.folder = attempt.folder / name
        attempt.folder.mkdir()


for _what, _name in _NAMES.items():
    _odd(_what, _name)


@surrounding("results are a link", "results folder", AROUND)
def link(attempt: Attempt) -> None:
    there = attempt.grounds_of_run / "elsewhere"
    there.mkdir()
    attempt.results = "linked results"
    attempt.before_results.append(lambda: (attempt.folder / "linked results").symlink_to(there))


@surrounding("results deep below what is not there", "results folder", AROUND)
def deep(attempt: Attempt) -> None:
    attempt.results = "new/folders/for/results"
