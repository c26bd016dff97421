"""Where a workflow's words go: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tune_dml.config import State, TrialRecord
from tune_dml.config.characters import shown
from tune_dml.data import SINGLE, metric_named
from tune_dml.errors import printable
from tune_dml.execution import let_go_of_lost_terminal
from tune_dml.training.scoring import mean_scores


@dataclass
class Output:
    """The user's screen.

    Attributes:
        console: Standard error where a JSON document goes to standard output.
        quiet: Only warnings.
        verbose: Every round, not only every trial.
        debug: Ray's and MLflow's own messages too.
        exits: Whether the process is there for this workflow alone, and may be ended at once.
        may_wait: How many of so many seconds the workflow may wait for something: fewer where the process has to end.
    """

    console: Console
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    exits: bool = False
    may_wait: Callable[[float], float] = lambda usual: usual

    def line(self, text: str) -> None:
        """A plain line."""
        if not self.quiet:
            self._print(text)

    def warn(self, text: str) -> None:
        """A line that is shown with ``-q`` too."""
        self._print(f"warning: {text}")

    def detail(self, text: str) -> None:
        """A line for ``-v``."""
        if self.verbose:
            self.line(text)

    def _print(self, text: str) -> None:
        # Whatever becomes of the screen, the search goes on. (A closed file raises a ValueError.)
        try:
            text = shown(printable(text), self.console.encoding)
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)
        except (OSError, ValueError):
            let_go_of_lost_terminal()


def silent() -> Output:
    """For the Python API: warnings only, on standard error."""
    return Output(Console(stderr=True), quiet=True)


@dataclass
class Progress:
    """What is known while trials run. Lines for pipes, a table for terminals.

    Attributes:
        metric: Shown, higher being better.
    """

    output: Output
    trials: int
    rounds: int
    metric: str = SINGLE.target.metric
    baselines: int = 2
    time_left: Callable[[], float | None] = lambda: None
    records: dict[str, TrialRecord] = field(default_factory=dict)
    phase: str = ""
    _live: Live | None = None
    _shown: float = 0.0

    @contextmanager
    def showing(self) -> Iterator[Progress]:
        """Show the table for the length of the block, where there is a terminal."""
        if self.output.quiet or not self.output.console.is_terminal:
            yield self
            return
        with Live(self._table(), console=self.output.console, refresh_per_second=2, transient=True) as live:
            self._live = live
            yield self
            self._live = None

    def changed(self, record: TrialRecord) -> None:
        """A trial or baseline has started, done a round, or ended."""
        before = self.records.get(record.name)
        self.records[record.name] = record
        if record.state == State.RUNNING:
            if record.rounds and (before is None or len(before.rounds) < len(record.rounds)):
                self.output.detail(
                    f"  {record.name}: round {len(record.rounds)} of {self.rounds}, {self._score(record)}"
                )
            return
        if before is not None and before.state == record.state:
            return
        words = {
            State.COMPLETE: f"all {len(record.rounds)} rounds, {self._score(record)}",
            State.PRUNED: f"stopped after round {len(record.rounds)} ({record.reason}), {self._score(record)}",
            State.FAIL: f"failed: {record.reason}" + (f" ({record.message})" if record.message else ""),
        }
        if record.state in words:
            self.output.line(f"[{self._ended()}/{self.trials + self.baselines}] {record.name}: {words[record.state]}")

    def tick(self) -> None:
        """Refresh the table now and then."""
        if self._live is not None and time.monotonic() - self._shown > 0.5:
            self._shown = time.monotonic()
            self._live.update(self._table())

    def _ended(self) -> int:
        return sum(r.state.value in ("COMPLETE", "PRUNED", "FAIL") for r in self.records.values())

    def _table(self) -> Group:
        records = list(self.records.values())
        count = {state: sum(r.state == state for r in records) for state in State}
        done = [r for r in records if r.state == State.COMPLETE and r.kind == "trial"]
        best = max(done, key=lambda r: scores[self.metric] if (scores := mean_scores(r.rounds)) else 0.0, default=None)
        title = (
            f"{self._ended()} of {self.trials + self.baselines} done · {count[State.PRUNED]} stopped early · "
            f"{count[State.FAIL]} failed"
        )
        if self.phase:
            return Group(Text(self.phase))
        left = self.time_left()
        if left is not None:
            title += f" · {max(0, left) / 60:.0f} min left"
        table = Table(box=None, pad_edge=False)
        for column in ("trial", "rounds", f"{metric_named(self.metric).words} so far"):
            table.add_column(column)
        if best is not None:
            table.add_row(f"best: {best.name}", str(len(best.rounds)), self._score(best))
        for record in records:
            if record.state == State.RUNNING:
                table.add_row(record.name, f"{len(record.rounds)}/{self.rounds}", self._score(record))
        return Group(Text(title), table)

    def _score(self, record: TrialRecord) -> str:
        scores = mean_scores(record.rounds)
        return "no score" if scores is None else f"{metric_named(self.metric).words} {scores[self.metric]:.3f}"
