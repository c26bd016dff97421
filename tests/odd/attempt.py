"""One odd run while it is put together: what will be given to the commands, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .planted import CLASSES, Row, planted
from .sheet import Sheet
from .surroundings import Surroundings

SPACE = """
loss: {choices: [ce, supcon]}
lr: {float: [3.0e-4, 1.0e-3], log: true}
epochs: {choices: [2, 4]}
max_length: 32
trainable_layers: {choices: [1, all]}
beta: {float: [0.2, 0.7], when: {loss: [supcon]}}
first:
  - {loss: supcon, trainable_layers: 1, epochs: 4}
  - {loss: ce, trainable_layers: all, epochs: 4}
"""


@dataclass(frozen=True)
class Grounds:
    """What all runs share.

    Attributes:
        model: The folder of a trained model: ``single``, whose ``best.yaml`` is beside it, or ``pair``; ``encoder`` is
            none.
        options: Of each command, as its help names them.
        older_store: MLflow's store as an earlier MLflow makes it.
    """

    folder: Path
    encoders: Path
    model: Callable[[str], Path]
    options: dict[str, str]
    older_store: Callable[[], Path] = Path


@dataclass(frozen=True)
class Mention:
    """Words (a regular expression) that the output must hold, by how the command ended: ``accepted``, ``refused`` or
    ``any``; or must not hold: ``never``."""

    case: int | None
    pattern: str
    when: str


@dataclass
class Expected:
    """What must come of a run.

    Attributes:
        refused: Cases for which going on is a fault.
        classes: How many there must be, and the case that says so.
        counts: Texts of each class, where the whole file is drawn.
        names: Of the classes.
        kept_words: That what ``predict`` writes must hold.
        answers: Whether predictions must beat chance.
        texts_written: Whether each text must be in the output as it was.
        ids: Whether the ids must be in the output, and the case that says so.
        rows: How many there must be, where that is not the number of rows of the sheet.
    """

    refused: set[int | None] = field(default_factory=set)
    mentions: list[Mention] = field(default_factory=list)
    classes: tuple[int, int | None] | None = None
    counts: tuple[dict[str, int], int | None] | None = None
    names: tuple[list[str], int | None] | None = None
    kept_words: list[tuple[str, int | None]] = field(default_factory=list)
    answers: bool = True
    texts_written: bool = True
    ids: int | None = None
    rows: int | None = None


@dataclass
class Attempt:
    """One odd run.

    Attributes:
        kind: ``dry-run``, ``search``, ``predict``, ``train``, ``doctor``, ``library`` or ``look`` (other commands; on
            a finished search where what is around them is odd).
        drawn: The options that say how many texts are drawn.
        names: What each class is called in the output.
        steps: Further commands, or those of a run that is none of the usual ones.
        steps_work: Whether refusing them is a fault.
        around: Whether what is around the commands is odd.
        spoil: What is done to the results folder before the first command.
        tracking: Options that say where MLflow is.
        before_results: Done before the results folder is made.
        cure: What the user does about what the output says of a store; after it the store must be well.
        cured: What else makes it well, which no command of ours can say.
        after: Done when the run is over.
    """

    kind: str
    random: Random
    folder: Path
    grounds: Grounds
    sheet: Sheet
    task: str = "mine"
    encoder: str = "bert-tiny"
    space: str | None = SPACE
    space_name: str = "space.yaml"
    drawn: list[str] = field(default_factory=lambda: ["--shots", "24"])
    options: list[str] = field(default_factory=list)
    model: str = "single"
    stdin: bool = False
    results: str | None = None
    steps: list[list[str]] = field(default_factory=list)
    steps_work: bool = True
    interrupt: bool = False
    code: str = ""
    names: dict[str, str] = field(default_factory=dict)
    dressing: list[Callable[[Row], None]] = field(default_factory=list)
    expected: Expected = field(default_factory=Expected)
    around: bool = False
    surroundings: Surroundings = field(default_factory=Surroundings)
    spoil: list[Callable[[Path], object]] = field(default_factory=list)
    tracking: list[str] = field(default_factory=list)
    before_results: list[Callable[[], object]] = field(default_factory=list)
    cure: Callable[[str], object] | None = None
    cured: Callable[[Path], object] | None = None
    after: list[Callable[[], object]] = field(default_factory=list)

    def dress(self, change: Callable[[Row], None]) -> None:
        """Changes every row, and those that the model will be tried on."""
        self.dressing.append(change)
        for row in self.sheet.rows:
            change(row)

    def has(self, command: str, option: str) -> bool:
        """Whether a command of this version takes an option."""
        return f"{option} " in self.grounds.options.get(command, "")

    def offered(self, command: str, *words: str) -> None:
        """Gives the command an option, if this version has it."""
        if self.has(command, words[0]):
            self.options += words

    @property
    def grounds_of_run(self) -> Path:
        """The folder of this run, in which its working folder is."""
        number = len(self.grounds.folder.parts) + 1
        return Path(*self.folder.parts[:number])

    @property
    def predicts(self) -> bool:
        return self.kind == "predict"

    def mention(self, case: int | None, pattern: str, when: str = "accepted") -> None:
        self.expected.mentions.append(Mention(case, pattern, when))


def fresh(kind: str, random: Random, folder: Path, grounds: Grounds) -> Attempt:
    """A run in which nothing is odd."""
    names = list(CLASSES)[: 3 if kind == "predict" else random.choice((2, 3, 3))]
    rows = planted(dict.fromkeys(names, 8 if kind == "predict" else 24), random)
    attempt = Attempt(kind, random, folder, grounds, Sheet({"": rows}))
    attempt.names = {name: name for name in names}
    if kind == "predict":
        for number, row in enumerate(rows):
            row.extra["id"] = f"{number:03}"
        if random.random() < 0.7:
            attempt.offered("predict", "--keep", "all")
    return attempt
