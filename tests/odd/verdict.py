"""What is wrong with how a run ended, if anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .attempt import Attempt
from .oddity import Oddity
from .process import Ended

LONGEST_LINE = 1_200
#: Seconds that a command may go on without a word.
LONGEST_SILENCE = 60.0
#: What a shell reports for a command whose output nobody reads.
_BROKEN_PIPE = 141
_REFUSED = (2, 3)
_FAILED_TRIALS = re.compile(r"\bfailed: (refused|error)\b|\d+ failed: [^\n]*\b\d+ (refused|error)\b")
_COUNT = re.compile(r"(.*?) (\d+)(?:, |$)")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and the cases that it belongs to."""

    what: str
    cases: frozenset[int]


class Verdict:
    """Everything found in the commands of one run.

    Attributes:
        refused: Whether a command was refused in a sentence.
    """

    def __init__(self, attempt: Attempt, oddities: Sequence[Oddity]) -> None:
        self.attempt, self.oddities = attempt, oddities
        self.findings: list[Finding] = []
        self.refused = False
        self._cases = frozenset(oddity.case for oddity in oddities if oddity.case is not None)

    def add(self, what: str, case: int | None = None) -> None:
        """Of the given case; of those of all oddities where no one case is to blame."""
        self.findings.append(Finding(what, self._cases if case is None else frozenset({case})))

    def command(self, ended: Ended, first: bool, works: bool = True) -> bool:
        """Judges how a command ended; whether it did what it was asked.

        Args:
            first: Whether it is the command that the oddities are about.
            works: Of a later one: whether refusing it is a fault.
        """
        unread = self.attempt.surroundings.output_is_lost
        for what in _broken(ended, self.attempt.interrupt, unread):
            self.add(what)
        if ended.silence > LONGEST_SILENCE and not unread and "-q" not in self.attempt.options:
            self.add(f"not a word for {ended.silence:.0f} s")
        lost = unread and (ended.code == _BROKEN_PIPE or "What was printed could not be written" in ended.err)
        if ended.code in _REFUSED and not lost:
            self.refused = True
            self._refusal(ended, first, works)
        accepted = ended.code == 0 or lost
        if accepted and first:
            for case in self.attempt.expected.refused:
                self.add("went on, and should not have", case)
        if first and (accepted or (self.refused and len(self.oddities) == 1)):
            self._mentions(ended, "accepted" if accepted else "refused")
        return accepted

    def _refusal(self, ended: Ended, first: bool, works: bool) -> None:
        sentence = ended.out if self.attempt.kind == "doctor" else ended.err
        if self.attempt.surroundings.terminal is not None or self.attempt.surroundings.output_is_lost:
            sentence = ended.said
        if not sentence.strip() or max(map(len, sentence.splitlines()), default=0) > LONGEST_LINE:
            self.add("the refusal is no sentence")
        if first:
            works = all(oddity.works for oddity in self.oddities) and not self.attempt.expected.refused
        if works:
            self.add(f"refused: {' '.join(sentence.split())[-300:]}")

    def _mentions(self, ended: Ended, how: str) -> None:
        around = self.attempt.surroundings
        if "-q" in self.attempt.options or around.output_is_lost or around.terminal is not None:
            return
        said = " ".join(ended.said.split())
        for mention in self.attempt.expected.mentions:
            found = re.search(mention.pattern, said, re.IGNORECASE)
            if mention.when in (how, "any") and not found:
                self.add(f"{how}, and not a word of {mention.pattern!r}", mention.case)
            if mention.when == "never" and found:
                self.add(f"says {found[0]!r}", mention.case)

    def classes(self, ended: Ended) -> None:
        """Judges the classes that a search names, and how many texts it counts of each."""
        expected = self.attempt.expected
        found = _counts(ended, self.attempt.options)
        if found is None:
            return
        if expected.classes and len(found) != expected.classes[0]:
            self.add(f"{len(found)} classes for {expected.classes[0]}: {', '.join(found)}"[:300], expected.classes[1])
        if expected.names and not set(expected.names[0]) <= set(found):
            self.add(f"classes {sorted(found)} for {sorted(expected.names[0])}", expected.names[1])
        if expected.counts:
            # Of the larger class there are more, however many are set apart.
            larger = max(expected.counts[0], key=lambda name: expected.counts[0][name])
            if max(found, key=lambda name: found[name]) != larger:
                self.add(f"names are swapped: {found} of {expected.counts[0]}", expected.counts[1])


def _broken(ended: Ended, interrupted: bool, unread: bool) -> Iterator[str]:
    if ended.code is None:
        yield f"still running after {ended.seconds:.0f} s"
        return
    said = ended.said
    if "internal error" in said.casefold():
        yield "internal error: " + said[said.casefold().find("internal error") :][:200]
    if "Traceback (most recent call last)" in said:
        yield "traceback: " + " ".join(said.strip().splitlines()[-1:])[:200]
    if ended.code not in (0, *_REFUSED) and not (
        (interrupted and ended.code == 130) or (unread and ended.code == _BROKEN_PIPE)
    ):
        yield f"exit code {ended.code}"
    if found := _FAILED_TRIALS.search(said):
        yield "trials failed that preparation should have refused: " + said[found.start() :][:200]
    if found := re.search(r"No trial (of '.*' )?gave a score.*", said):
        yield found[0][:200]
    if "WRONG:" in said:
        yield said[said.find("WRONG:") :][:200]


def _counts(ended: Ended, options: Sequence[str]) -> dict[str, int] | None:
    if "--json" in options:
        try:
            document: Any = json.loads(ended.out)
        except ValueError:
            return None
        return document.get("per_class") if isinstance(document, dict) else None
    found = re.search(r"per class: (.*)", ended.said)
    return {name: int(count) for name, count in _COUNT.findall(found[1])} if found else None
