"""What a space file may get wrong: each mistake is named with its file, line, rule and nearest valid name."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tune_dml.errors import SpaceError, UsageError
from tune_dml.spaces import load_space

# Each: the file, the line of the problem, words of the message.
PROBLEMS = {
    "unknown key": ("loss: ce\nzzz: 1", 2, ["'zzz' is neither", "valid names: arcface, averaged_layers, batch_size"]),
    "nearest hyperparameter": ("loss: ce\nepoch: 3", 2, ["did you mean 'epochs'?"]),
    "nearest loss group": ("loss: ce\nsofttripl: {la: 3}", 2, ["did you mean 'softtriple'?"]),
    "unknown member": ("loss: softtriple\nsofttriple:\n  centres: 3", 3, ["softtriple has no", "'centers'"]),
    "member of ce": ("loss: ce\nce: {la: 3}", 2, ["ce has no hyperparameter 'la'", "it has none"]),
    "group is no mapping": ("loss: ce\nsofttriple: 3", 2, ["'softtriple' is a loss"]),
    "group is empty": ("loss: ce\nsofttriple:", 2, ["'softtriple' is a loss"]),
    "no loss": ("lr: 1.0e-4", 1, ["names no loss"]),
    "unknown loss": ("loss: {choices: [ce, supcom]}", 1, ["'supcom' is not a loss", "did you mean 'supcon'?"]),
    "unknown constant loss": ("loss: triplets", 1, ["did you mean 'triplet'?"]),
    "low above high": ("loss: ce\nlr: {float: [1.0e-3, 1.0e-4]}", 2, ["lr", "low 0.001 is above high 0.0001"]),
    "empty range": ("loss: ce\nlr: {float: [0.1, 0.1]}", 2, ["empty", "lr: 0.1"]),
    "no numbers": ("loss: ce\nlr: {float: []}", 2, ["two numbers", "not 0"]),
    "three numbers": ("loss: ce\nlr: {float: [0.1, 0.2, 0.3]}", 2, ["two numbers", "not 3"]),
    "one number": ("loss: ce\nlr: {float: 0.1}", 2, ["lr", "square brackets"]),
    "no choices": ("loss: {choices: []}", 1, ["no choices"]),
    "same choice twice": ("loss: ce\nbatch_size: {choices: [16, 16.0]}", 2, ["twice"]),
    "log reaches 0": ("loss: ce\nlr: {float: [0, 0.1], log: true}", 2, ["above 0"]),
    "int log reaches 0": ("loss: ce\nepochs: {int: [0, 9], log: true}", 2, ["above 0"]),
    "log of choices": ("loss: ce\nlr: {choices: [0.1, 0.2], log: true}", 2, ["not to choices"]),
    "log is no boolean": ("loss: ce\nlr: {float: [0.1, 0.2], log: 10}", 2, ["true or false"]),
    "two kinds": ("loss: ce\nlr: {float: [0.1, 0.2], int: [1, 2]}", 2, ["exactly one of float, int and choices"]),
    "no kind": ("loss: ce\nlr: {log: true}", 2, ["exactly one"]),
    "unknown kind": ("loss: ce\nlr: {flaot: [0.1, 0.2]}", 2, ["'flaot'", "did you mean 'float'?"]),
    "bare list": ("loss: ce\nlr: [0.1, 0.2]", 2, ["lr is a list", "{float: [low, high]}"]),
    "float range of an int": ("loss: ce\nepochs: {float: [5, 40]}", 2, ["epochs is a whole number"]),
    "int range with fractions": ("loss: ce\nlr: {int: [0.1, 0.9]}", 2, ["whole numbers"]),
    "range of a name": ("loss: ce\nschedule: {int: [1, 2]}", 2, ["schedule is not a number", "linear | cosine"]),
    "range of all": ("loss: ce\ntrainable_layers: {int: [2, all]}", 2, ["'all'", "choices"]),
    "outside the limits": ("loss: ce\nbeta: {float: [0.5, 1.5]}", 2, ["beta is 1.5", "0 to 1"]),
    "constant outside": ("loss: ce\nbatch_size: 1", 2, ["batch_size is 1", "2 to 65536"]),
    "no centers": ("loss: softtriple\nsofttriple: {centers: {int: [0, 3]}}", 2, ["at least 1"]),
    "fraction of an int": ("loss: ce\nepochs: 2.5", 2, ["not a whole number"]),
    "a word for a number": ("loss: ce\nlr: fast", 2, ["'fast'", "not a number"]),
    "not finite": ("loss: ce\nlr: .nan", 2, ["not a number"]),
    "not finite in a group": ("loss: softtriple\nsofttriple: {la: .inf}", 2, ["not a number"]),
    "huge number": (f"loss: ce\nlr: {'9' * 199}", 2, ["lr"]),
    "endless number": (f"loss: ce\nlr: {'9' * 5000}", 2, ["too long"]),
    "yes for a number": ("loss: ce\nepochs: yes", 2, ["epochs is true", "YAML reads yes"]),
    "on for a name": ("loss: ce\nschedule: on", 2, ["schedule is true", "YAML reads yes", "quotes"]),
    "a number for a boolean": ("loss: ce\ntrain_word_embeddings: 1", 2, ["train_word_embeddings is 1"]),
    "unknown option": ("loss: ce\nschedule: cosin", 2, ["did you mean 'cosine'?"]),
    "no value": ("loss: ce\nlr:", 2, ["lr has no value"]),
    "a mapping among choices": ("loss: {choices: [{a: 1}]}", 1, ["single value"]),
    "tag": ("loss: !!python/object/apply:os.system [ls]", 1, ["loss is a list"]),
    "tag of a value": ("loss: !thing ce", 1, ["!thing"]),
    "twice": ("loss: ce\nlr: 0.1\nlr: 0.2", 3, ["'lr' is given twice", "line 2"]),
    "twice in a group": ("loss: softtriple\nsofttriple:\n  la: 3\n  la: 4", 4, ["'la' is given twice", "line 3"]),
    "flat and nested": ("loss: softtriple\nsofttriple: {la: 3}\nsofttriple/la: 4", 3, ["twice", "line 2"]),
    "merge key": ("loss: ce\n<<: {lr: 0.1}", 2, ["Merge keys", "include"]),
    "key is a list": ("loss: ce\n? [a]\n: 1", 2, ["key must be a name"]),
    "half of the sizes": ("loss: ce\nlr: {small: 0.1}", 2, ["not for large"]),
    "unknown size": ("loss: ce\nlr: {small: 0.1, large: 0.1, larg: 0.1}", 2, ["did you mean 'large'?"]),
    "problem in one size": ("loss: ce\nlr:\n  small: 0.1\n  large: {float: [2, 1]}", 4, ["lr is 2"]),
    "condition on no name": ("loss: ce\nlr: {float: [0.1, 0.2], when: {losses: [ce]}}", 2, ["did you mean 'loss'?"]),
    "condition outside the space": (
        "loss: ce\nschedule: linear\nwarmup: {float: [0.1, 0.2], when: {representation: [cls]}}",
        3,
        ["'representation' is not part of this space"],
    ),
    "condition on later": (
        "loss: ce\nlr: {float: [0.1, 0.2], when: {schedule: [linear]}}\nschedule: {choices: [linear, cosine]}",
        2,
        ["'schedule' comes later, on line 3"],
    ),
    "condition on loss written later": (
        "beta: {float: [0.1, 0.2], when: {loss: [supcon]}}\nloss: {choices: [ce, supcon]}",
        1,
        ["'loss' comes later, on line 2"],
    ),
    "condition on itself": ("loss: ce\nlr: {choices: [0.1, 0.2], when: {lr: [0.1]}}", 2, ["on itself"]),
    "condition on a range": (
        "loss: ce\nepochs: {int: [1, 9]}\nlr: {float: [0.1, 0.2], when: {epochs: [3]}}",
        3,
        ["'epochs' is a range"],
    ),
    "condition on unknown loss": ("loss: ce\nlr: {float: [0.1, 0.2], when: {loss: [supcno]}}", 2, ["'supcon'"]),
    "condition never met": (
        "loss: ce\nschedule: {choices: [linear, cosine]}\nlr: {float: [0.1, 0.2], when: {schedule: [constant]}}",
        3,
        ["never 'constant'", "linear | cosine"],
    ),
    "condition without values": ("loss: ce\nlr: {float: [0.1, 0.2], when: {loss: []}}", 2, ["no value"]),
    "condition is no mapping": ("loss: ce\nlr: {float: [0.1, 0.2], when: supcon}", 2, ["when is a mapping"]),
    "condition on loss in a group": (
        "loss: ce\nsofttriple: {la: {float: [2, 8], when: {loss: [ce]}}}",
        2,
        ["leave the condition on loss out"],
    ),
    "first is no list": ("loss: ce\nfirst: {loss: ce}", 2, ["a list of configurations"]),
    "row is no mapping": ("loss: ce\nfirst: [ce]", 2, ["row 1", "mapping"]),
    "row with unknown name": ("loss: ce\nfirst:\n - {loss: ce}\n - {lrr: 1}", 4, ["row 2", "did you mean 'lr'?"]),
    "row outside": (
        "loss: ce\nlr: {float: [0.1, 0.2]}\nfirst:\n - loss: ce\n   lr: 0.3",
        5,
        ["row 1", "lr is 0.3", "0.1 to 0.2"],
    ),
    "row of another loss": ("loss: {choices: [ce, supcon]}\nfirst: [{loss: triplet}]", 2, ["outside the space"]),
    "row with another loss's": (
        "loss: {choices: [ce, softtriple]}\nsofttriple: {la: {float: [2, 8]}}\nfirst: [{loss: ce, softtriple/la: 3}]",
        3,
        ["belongs to the loss softtriple", "is ce"],
    ),
    "row without loss": (
        "loss: {choices: [ce, softtriple]}\nsofttriple: {la: {float: [2, 8]}}\nfirst: [{softtriple: {la: 3}}]",
        3,
        ["needs 'loss: softtriple'"],
    ),
    "row against a constant": ("loss: ce\nbatch_size: 16\nfirst: [{batch_size: 32}]", 3, ["fixes it at 16"]),
    "row with what is not searched": ("loss: ce\nfirst: [{lr: 0.1}]", 2, ["'lr' is not part of this space"]),
    "row where it does not apply": (
        "loss: {choices: [ce, supcon]}\nbeta: {float: [0.1, 0.2], when: {loss: [supcon]}}\n"
        "first: [{loss: ce, beta: 0.1}]",
        3,
        ["beta applies only when loss is supcon"],
    ),
    "row of no size": ("loss: ce\nfirst: [{for: medium, loss: ce}]", 2, ["small, base or large"]),
    "row of one size only": (
        "loss: ce\nlr: {small: {float: [0.1, 0.2]}, large: {float: [0.01, 0.02]}}\nfirst: [{lr: 0.1}]",
        3,
        ["lr is 0.1", "large encoders", "'for: small'"],
    ),
    "row with a loss for a name": ("loss: softtriple\nfirst: [{softtriple: 3}]", 2, ["write 'loss: softtriple'"]),
    "empty": ("", 1, ["empty"]),
    "only comments": ("# nothing\n", 1, ["empty"]),
    "a list": ("- loss: ce", 1, ["mapping"]),
    "a word": ("default", 1, ["mapping"]),
    "two documents": ("loss: ce\n---\nloss: ce", 2, ["not valid YAML"]),
    "broken YAML": ("loss: ce\nlr: {float: [1, 2}", 2, ["not valid YAML"]),
    "control character": ("loss: ce\nlr: \x01", 1, ["not valid YAML"]),
    "deep": ("loss: " + "[" * 5000, 1, ["nested deeper"]),
    "no such include": ("loss: ce\ninclude: [no.yaml]", 2, ["include: there is no file"]),
    "include is no name": ("loss: ce\ninclude: [3]", 2, ["file names"]),
    "include is a mapping": ("loss: ce\ninclude: {a: b}", 2, ["include"]),
    "include of itself": ("loss: ce\ninclude: [space.yaml]", 2, ["circle", "space.yaml -> space.yaml"]),
    "include of a folder": ("loss: ce\ninclude: [.]", 2, ["is not a file"]),
}


def refused(path: Path) -> str:
    with pytest.raises(SpaceError) as caught:
        load_space(str(path))
    return str(caught.value)


@pytest.mark.parametrize("name", PROBLEMS)
def test_problem_is_named_with_line_and_rule(name: str, tmp_path: Path) -> None:
    text, line, words = PROBLEMS[name]
    path = tmp_path / "space.yaml"
    path.write_text(text, encoding="utf-8")
    message = refused(path)
    assert f"{path}:{line}: " in message
    for word in words:
        assert word in message
    assert "Traceback" not in message


def test_all_problems_come_in_one_error(tmp_path: Path) -> None:
    (tmp_path / "ranges.yaml").write_text("lr: {float: [2, 1]}\n")
    path = tmp_path / "space.yaml"
    path.write_text("include: ranges.yaml\nloss: {choices: [ce, supcom]}\nepoch: 3\nbeta: 2\nbeta: 3\n")
    message = refused(path)
    for place in ("ranges.yaml:1: lr", "space.yaml:2: ", "space.yaml:3: ", "space.yaml:4: ", "space.yaml:5: "):
        assert place in message
    assert message.startswith("The search space has 5 problems:")


def test_unread_range_makes_no_further_problems(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(
        "loss: ce\nlr: {flaot: [0.1, 0.2]}\nwarmup: {float: [0.1, 0.2], when: {loss: [ce]}}\nfirst: [{lr: 0.1}]"
    )
    assert refused(path).count(":2:") == 1
    assert "problems" not in refused(path)


def test_include_cycle_is_named(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{one}.yaml").write_text(f"include: [{other}.yaml]\nloss: ce\n")
    assert "a.yaml -> b.yaml -> c.yaml -> a.yaml" in refused(tmp_path / "a.yaml")


def test_missing_include_names_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "ranges.yaml").write_text("lr: 0.1\n")
    (tmp_path / "space.yaml").write_text("include: [range.yaml]\nloss: ce\n")
    assert "did you mean 'ranges.yaml'?" in refused(tmp_path / "space.yaml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"loss: ce\n" + b"#" * 1_000_001, "over 1 MB"),
        ("loss: ce".encode("utf-16"), "UTF-8"),
        (b"\x80\x04\x95pickle", "UTF-8"),
    ],
)
def test_unfit_file(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_bytes(content)
    assert words in refused(path)


@pytest.mark.parametrize("path", ["a\0b.yaml", "a" * 300, "~nobody-at-all/a.yaml"])
def test_a_path_that_no_file_can_have_is_a_sentence(path: str) -> None:
    with pytest.raises(UsageError, match="path"):
        load_space(path)


def test_device_is_refused() -> None:
    assert "is not a file" in refused(Path(os.devnull))


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\n" + "".join(f"b{i}: &a{i} [*a, *a]\n" for i in range(900)),
        "loss: ce\nfirst:\n- &r {lr: 0.1}\n" + "- *r\n" * 100_000,
        "loss: &x {choices: [*x]}\nfirst: &y [*y]\n",
        "loss: ce\n" + "".join(f"k{i}: 1\n" for i in range(50_000)),
        "loss: ce\n? " + "k" * 900_000 + "\n: 1",
        "loss: " + "c" * 900_000,
        "- " * 400_000,
        "loss: ce\nfirst:\n- &r {" + ", ".join(f"k{i}: 1" for i in range(900)) + "}\n" + "- *r\n" * 900,
    ],
    ids=["aliases", "rows", "recursive", "keys", "long key", "long value", "nested", "unknown names"],
)
def test_hostile_file_is_refused_at_once(text: str, tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(text)
    start = time.process_time()
    message = refused(path)
    # One on its own; twice that where a process that has run many tests collects garbage meanwhile.
    assert time.process_time() - start < 5.0
    assert len(message) < 300_000


@pytest.mark.parametrize(
    ("name", "losses", "size", "words"),
    [
        ("softripple", (), "small", "did you mean 'softtriple'?"),
        ("no/such.yaml", (), "small", "There is no file"),
        ("default", ("supcom",), "small", "did you mean 'supcon'?"),
        ("ce", ("supcon",), "small", "'ce' has no loss 'supcon'"),
        ("default", (), "tiny", "small, base or large"),
    ],
)
def test_wrong_argument(name: str, losses: tuple[str, ...], size: str, words: str) -> None:
    with pytest.raises(SpaceError, match=words.replace("?", r"\?")):
        load_space(name, losses, size)
