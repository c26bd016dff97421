"""What a campaign has found, as Markdown."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence

from .campaign import Done

_COLUMNS = ("runs", "refused in a sentence", "worked", "broken")


def by_oddity(done: Sequence[Done], each: bool) -> str:
    """Kind of oddity (or each oddity): runs, refused, worked, broken."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for ended in done:
        place = 3 if ended.findings else 1 if ended.refused else 2
        for name in dict.fromkeys(oddity.name if each else oddity.group for oddity in ended.planned.oddities):
            counts[name][0] += 1
            counts[name][place] += 1
    total = [len(done), *(sum(_place(ended) == place for ended in done) for place in (1, 2, 3))]
    rows = [(name, *values) for name, values in sorted(counts.items())]
    return _table(("oddity" if each else "kind of oddity", *_COLUMNS), [*rows, ("all runs", *total)])


def by_case(done: Sequence[Done]) -> str:
    """Case: broken runs, and those of them in which no oddity of another case was."""
    shared: defaultdict[int, list[int]] = defaultdict(list)
    alone: defaultdict[int, list[int]] = defaultdict(list)
    for ended in done:
        own = {oddity.case for oddity in ended.planned.oddities} - {None}
        for case in sorted({case for finding in ended.findings for case in finding.cases}):
            shared[case].append(ended.planned.number)
            if own == {case}:
                alone[case].append(ended.planned.number)
    rows = [
        (str(case), len(shared[case]), len(alone[case]), ", ".join(map(str, alone[case][:8] or shared[case][:8])))
        for case in sorted(shared)
    ]
    return _table(("case", "runs broken", "with nothing else odd", "such as runs"), rows)


def broken(done: Sequence[Done], options: str) -> str:
    """Each broken run: what was odd, what is wrong, the commands, and how to repeat it."""
    parts = []
    for ended in done:
        if not ended.findings:
            continue
        planned = ended.planned
        names = " + ".join(oddity.name for oddity in planned.oddities)
        lines = [f"### Run {planned.number} ({planned.kind}): {names}", ""]
        for finding in ended.findings:
            cases = ", ".join(map(str, sorted(finding.cases)))
            lines.append(f"- {finding.what}{f' (case {cases})' if cases else ''}")
        lines += ["", f"`python -m tests.odd {options} --run {planned.number}`", "", "```text"]
        for arguments, command in ended.commands:
            lines.append(f"$ tune-dml {shlex.join(arguments)[:600]}   # exit code {command.code}")
            lines += [line[:300] for line in (*command.err.strip().splitlines()[-4:],)]
        parts.append("\n".join([*lines, "```"]))
    return "\n\n".join(parts)


def _place(ended: Done) -> int:
    return 3 if ended.findings else 1 if ended.refused else 2


def _table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
