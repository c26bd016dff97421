"""Runs the commands of one attempt, and judges them."""

from __future__ import annotations

from pathlib import Path
from random import Random

from .aftermath import check_search, look, mend, place_results, watch
from .planted import Row, planted
from .process import Ended, call
from .sheet import Sheet
from .verdict import Verdict
from .written import answers, judge, rows_of

#: Seconds that a command may take.
LIMITS = {"search": 240.0, "dry-run": 90.0, "predict": 90.0, "train": 120.0, "doctor": 120.0, "library": 90.0}
_FRESH = 12


def perform(verdict: Verdict) -> list[tuple[list[str], Ended]]:
    """Writes the files, runs the commands; what is found goes into ``verdict``."""
    return Performance(verdict).run()


class Performance:
    """The commands of one attempt."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict, self.attempt = verdict, verdict.attempt
        self.done: list[tuple[list[str], Ended]] = []
        folder = self.attempt.folder
        written = self.attempt.sheet.write(folder / "files")
        # Half of them as someone would type them.
        self.data = str(written.relative_to(folder) if self.attempt.random.random() < 0.5 else written)
        self.results = self.attempt.results or str(self.attempt.grounds.folder / f"results {folder.name}")
        if self.attempt.space is not None:
            (folder / self.attempt.space_name).write_text(self.attempt.space)

    @property
    def results_path(self) -> Path:
        return self.attempt.folder / self.results

    def run(self) -> list[tuple[list[str], Ended]]:
        """All of them."""
        perform = getattr(self, f"_{self.attempt.kind.replace('-', '_')}")
        if not self.attempt.around:
            perform()
            return self.done
        place_results(self.attempt, self.results_path)
        strays = watch(self.attempt, self.results)
        perform()
        if found := strays():
            self.verdict.add(f"written where nothing was to be written: {', '.join(sorted(found))}"[:300])
        return self.done

    def call(
        self, arguments: list[str], stdin: Path | None = None, interrupt_at: Path | None = None, calm: bool = False
    ) -> Ended:
        """One command.

        Args:
            calm: Whether nothing around it is to hide what it prints.
        """
        arguments = [self._filled(argument) for argument in arguments]
        kind = "library" if arguments[0] == "-c" else arguments[0]
        around = self.attempt.surroundings
        hidden = (
            around.output_is_lost or around.terminal is not None or any("encoding" in patch for patch in around.patches)
        )
        ended = call(
            arguments,
            self.attempt.folder,
            LIMITS.get(kind, 240.0),
            stdin,
            interrupt_at,
            None if calm and hidden else around,
        )
        self.done.append((arguments, ended))
        return ended

    def _filled(self, argument: str) -> str:
        values = {"data": self.data, "results": self.results, "name": "odd", "space": self.attempt.space_name}
        for name, value in values.items():
            argument = argument.replace("{" + name + "}", value)
        return argument

    def _searching(self) -> list[str]:
        attempt = self.attempt
        space = ["--space", attempt.space_name] if attempt.space is not None else []
        arguments = ["search", "--task", attempt.task, "--data", self.data, "--encoder", attempt.encoder, *space]
        small = ["--trials", "2", "--folds", "2", "--confirm-seeds", "1", "--concurrency", "1"]
        where = ["--results", self.results, "--name", "odd"]
        return [*arguments, *small, *where, *attempt.drawn, *attempt.options, *attempt.tracking]

    def _dry_run(self) -> None:
        ended = self.call([*self._searching(), "--dry-run"])
        if self.verdict.command(ended, first=True):
            self.verdict.classes(ended)

    def _search(self) -> None:
        attempt = self.attempt
        folder = (attempt.folder / self.results) / "searches" / "odd"
        ended = self.call(self._searching(), interrupt_at=folder / "study.log" if attempt.interrupt else None)
        accepted = self.verdict.command(ended, first=True)
        if not accepted and attempt.cure is not None and mend(self, ended.said):
            attempt.cure = None
            ended = self.call(self._searching())
            works = all(oddity.works for oddity in self.verdict.oddities if oddity.group != "store")
            accepted = self.verdict.command(ended, first=False, works=works)
        if attempt.interrupt and ended.code == 130:
            accepted = self.verdict.command(self.call(["resume", "odd", "--results", self.results]), first=False)
        if not accepted:
            return
        self.verdict.classes(ended)
        for step in attempt.steps:
            self.verdict.command(self.call(step), first=False, works=attempt.steps_work)
        if attempt.around:
            check_search(self)
        if (folder / "model").exists():
            self._try_model(folder / "model")

    def _try_model(self, model: Path) -> None:
        attempt = self.attempt
        rows = planted(dict.fromkeys(attempt.names, _FRESH), Random(attempt.random.random()))
        for row in rows:
            for change in attempt.dressing:
                change(row)
        pairs = any(row.text_b is not None for row in rows)
        sheet = Sheet({"": rows or [Row("goal", None, "")]}, text_column="text_a" if pairs else "text", name="fresh")
        sheet.unlabelled = {""}
        written = sheet.write(attempt.folder / "fresh")
        ended = self.call(["predict", str(model), str(written)], calm=True)
        if self.verdict.command(ended, first=False) and attempt.expected.answers:
            answers(self.verdict, rows, rows_of(ended.out, jsonl=False), attempt.names)

    def _predict(self) -> None:
        attempt = self.attempt
        stdin = (attempt.folder / self.data).resolve() if attempt.stdin else None
        model = str(attempt.grounds.model(attempt.model))
        ended = self.call(["predict", model, "-" if stdin else self.data, *attempt.options], stdin)
        if not self.verdict.command(ended, first=True) or attempt.surroundings.output_is_lost:
            return
        if attempt.surroundings.terminal is not None and "--output" not in attempt.options:
            return
        jsonl = "jsonl" in attempt.options
        output = attempt.folder / "my output.csv"
        judge(self.verdict, output.read_text() if "--output" in attempt.options else ended.out, jsonl)

    def _train(self) -> None:
        best = self.attempt.grounds.model("single").parent / "best.yaml"
        ended = self.call(["train", "--config", str(best), "--output", "trained", *self.attempt.options])
        model = self.attempt.folder / "trained" / "model"
        if self.verdict.command(ended, first=True) and "{data}" in self.attempt.options and model.exists():
            self._try_model(model)

    def _doctor(self) -> None:
        where = ["--results", self.results, *self.attempt.tracking] if self.attempt.around else []
        ended = self.call(["doctor", "--encoder", self.attempt.encoder, *where, *self.attempt.options])
        self.verdict.command(ended, first=True)

    def _library(self) -> None:
        code = self.attempt.code.replace("{model!r}", repr(str(self.attempt.grounds.model("single"))))
        self.verdict.command(self.call(["-c", code]), first=True)

    def _look(self) -> None:
        if not self.attempt.steps:
            look(self)
        for step in self.attempt.steps:
            self.verdict.command(self.call(step), first=True)
