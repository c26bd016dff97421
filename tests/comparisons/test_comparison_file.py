from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from good_comparison import GOOD

from tune_dml.comparisons.cell_results import ComparisonFolder
from tune_dml.comparisons.comparison_file import comparison_from_text, comparison_from_values, read_comparison
from tune_dml.comparisons.kept_comparison import comparison_text
from tune_dml.comparisons.shipped_comparisons import comparison_path, shipped_comparisons
from tune_dml.errors import UsageError


def test_a_file_is_tasks_shots_draws_and_arms() -> None:
    found = comparison_from_text(GOOD, "good.yaml", "good")
    assert (found.name, found.reference, found.margin) == ("good", "ce", 0.01)
    assert [task["task"] for task in found.tasks] == ["bbc", "mine"]
    assert found.tasks[1]["text_columns"] == ("a", "b")
    assert (found.shots, found.draws) == ((20, "full"), (0, 1, 2))
    ce, both, one, theirs = found.arms
    assert ce.options == {"encoder": "bert-tiny", "trials": 4, "losses": ("ce",)}
    assert both.options["losses"] == ("supcon", "triplet")
    assert both.options["trials"] == 6
    assert one.recipe is not None
    assert one.recipe["loss"] == "supcon"
    assert theirs.peer == "linear_probe"
    # All data are the same in every draw.
    assert len(list(found.cells())) == 2 * 3 * 4 + 2 * 4


def test_cells_are_interleaved_and_have_names_of_their_own() -> None:
    found = comparison_from_text(GOOD, "good.yaml", "good")
    cells = list(found.cells())
    assert len({cell.name for cell in cells}) == len(cells)
    assert {cell.draw for cell in cells[: len(cells) // 3]} == {0}
    for start in range(0, len(cells), 4):
        assert [cell.arm.name for cell in cells[start : start + 4]] == ["ce", "both", "one", "theirs"]


def test_what_decides_changes_a_cell_and_manners_do_not(tmp_path: Path) -> None:
    data = tmp_path / "my.csv"
    data.write_text("text,label\na,b\n")

    def digest(**more: object) -> str:
        values = {"tasks": [{"task": "mine", "data": str(data)}], "arms": {"a": {"losses": ["ce"]}}, **more}
        return next(comparison_from_values(values).cells()).digest

    first = digest()
    assert digest(concurrency=2) == digest(name="other") == digest(draws=9) == first
    assert digest(trials=3) != first
    assert digest(shots=20) != first
    data.write_text("text,label\na,c\n")
    assert digest() != first


def test_a_folder_of_data_is_known_by_its_files(tmp_path: Path) -> None:
    def digest() -> str:
        return next(
            comparison_from_values({"tasks": [{"task": "x", "data": str(tmp_path)}], "arms": ["ce"]}).cells()
        ).digest

    (tmp_path / "train.csv").write_text("text,label\na,b\n")
    first = digest()
    assert digest() == first
    (tmp_path / "train.csv").write_text("text,label\na,cc\n")
    assert digest() != first


def test_files_are_known_by_what_is_in_them_and_found_beside_the_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cells(folder: str) -> list[str]:
        return [cell.digest for cell in read_comparison(tmp_path / folder / "mine.yaml").cells()]

    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "space.yaml").write_text("loss: supcon\nlr: {float: [1.0e-5, 1.0e-3], log: true}\n")
        (tmp_path / folder / "my.csv").write_text("text,label\na,b\n")
        (tmp_path / folder / "mine.yaml").write_text(
            "tasks: [{task: mine, data: my.csv}]\ndraws: 1\narms: {own: {space: space.yaml}, ce: {losses: [ce]}}\n"
        )
    monkeypatch.chdir(tmp_path)
    own, ce = cells("here")
    assert cells("there") == [own, ce]
    monkeypatch.chdir(tmp_path / "here")
    assert cells("there") == [own, ce]
    comparison = read_comparison(tmp_path / "there" / "mine.yaml")
    assert comparison.tasks[0]["data"] == "my.csv"
    kept = yaml.safe_load(comparison_text(comparison))
    assert kept["tasks"][0]["data"] == str(tmp_path / "here" / "my.csv")
    assert kept["arms"]["own"]["space"] == str(tmp_path / "here" / "space.yaml")
    (tmp_path / "there" / "space.yaml").write_text("loss: supcon\nlr: {float: [1.0e-5, 1.0e-2], log: true}\n")
    monkeypatch.chdir(tmp_path)
    changed, same = cells("there")
    assert changed != own
    assert same == ce


def test_a_name_is_no_path_because_something_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder / "ce").mkdir(parents=True)
        (tmp_path / folder / "bert-tiny").mkdir()
    file = tmp_path / "there" / "mine.yaml"
    file.write_text("tasks: [bbc]\nencoder: bert-tiny\narms: {ce: {space: ce}}\n")
    monkeypatch.chdir(tmp_path / "here")
    found = read_comparison(file)
    assert (found.arms[0].options["space"], found.arms[0].options["encoder"]) == ("ce", "bert-tiny")
    kept = yaml.safe_load(comparison_text(found))["arms"]["ce"]
    assert (kept["space"], kept["encoder"]) == ("ce", "bert-tiny")


def test_what_decides_includes_metric_encoder_and_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "enc").mkdir()
    (tmp_path / "enc" / "config.json").write_text("{}")

    def digest(**more: object) -> str:
        return next(comparison_from_values({"tasks": ["bbc"], "arms": ["ce"], **more}).cells()).digest

    assert digest(metric="macro_f1") != digest()
    assert digest(encoder="all-MiniLM-L6-v2") == digest(trials=16) == digest()
    first = digest(encoder="enc")
    assert digest(encoder=str(tmp_path / "enc")) == first
    both = digest(encoder="enc,bert-tiny")
    assert digest(encoder=[str(tmp_path / "enc"), "bert-tiny"]) == both != digest(encoder="bert-tiny,enc")
    (tmp_path / "names.csv").write_text("class,text\nsport,a match\n")
    named = digest(label_texts="names.csv")
    assert digest(label_texts=str(tmp_path / "names.csv")) == named != digest()
    (tmp_path / "enc" / "config.json").write_text("{ }")
    (tmp_path / "names.csv").write_text("class,text\nsport,a game\n")
    assert digest(encoder="enc") != first
    assert digest(encoder="enc,bert-tiny") != both
    assert digest(label_texts="names.csv") != named


def test_what_a_probe_has_no_use_for_does_not_change_it() -> None:
    def digests(**more: object) -> list[str]:
        arms = {"ce": {"losses": ["ce"]}, "probe": {"peer": "linear_probe"}, "one": {"recipe": {"loss": "ce"}}}
        values = {"tasks": ["bbc"], "draws": 1, "arms": arms, **more}
        return [cell.digest for cell in comparison_from_values(values).cells()]

    ce, probe, one = digests(trials=3)
    changed = digests(trials=4, searcher="random")
    assert changed[1:] == [probe, one]
    assert changed[0] != ce
    with pytest.raises(UsageError, match="The arm 'p': 'losses' means nothing to the peer linear_probe"):
        comparison_from_values({"tasks": ["bbc"], "arms": {"p": {"peer": "linear_probe", "losses": ["ce"]}}})


def test_a_comparison_without_a_name_is_called_by_what_it_has() -> None:
    assert comparison_from_values({"tasks": ["bbc"], "arms": ["ce", "supcon"]}).name == "bbc-ce-supcon"
    names = {comparison_from_values({"tasks": [f"{'x' * 40}{i}"], "arms": ["ce"]}).name for i in range(2)}
    assert len(names) == 2
    assert all(len(name) <= 40 for name in names)


def test_other_librarys_numbers(tmp_path: Path) -> None:
    found = comparison_from_values(
        {
            "tasks": [{"task": "m", "data": tmp_path}],
            "shots": np.array([20, 50]).tolist(),
            "draws": range(3),
            "arms": ["ce"],
        }
    )
    assert (found.shots, found.draws) == ((20, 50), (0, 1, 2))
    assert comparison_from_values({"tasks": ["bbc"], "draws": np.int64(2), "arms": ["ce"]}).draws == (0, 1)
    (tmp_path / "my file.yaml").write_text("\ufefftasks: [bbc]\narms: [ce]\n", encoding="utf-8")
    assert read_comparison(tmp_path / "my file.yaml").name == "my-file"


@pytest.mark.parametrize("module", ["for_all_arms", "for_one_arm"])
def test_code_that_a_file_names_runs_only_when_it_is_named_again(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{module}.py").write_text("import pathlib\npathlib.Path('ran').touch()\nSPEC = None\n")
    monkeypatch.chdir(tmp_path)
    named, arm = f"loss_plugins: ['{module}:SPEC']", "losses: [ce]"
    file, shared, own = tmp_path / "mine.yaml", (named, arm), ("", f"{arm}, {named}")
    for_all, for_one = shared if module == "for_all_arms" else own
    file.write_text(f"tasks: [bbc]\n{for_all}\narms:\n  ce: {{{for_one}}}\n")
    with pytest.raises(UsageError, match=f"add --loss-plugin {module}:SPEC"):
        read_comparison(file)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(UsageError, match=f"{module}:SPEC"):
        read_comparison(file, (f"{module}:SPEC",))
    assert (tmp_path / "ran").exists()


def test_losses_alone_are_arms() -> None:
    found = comparison_from_values({"tasks": "bbc", "arms": ["ce", "supcon"]})
    assert [(arm.name, arm.options["space"]) for arm in found.arms] == [("ce", "ce"), ("supcon", "supcon")]
    assert len(found.draws) == 5


def test_what_is_kept_of_it_is_the_same_comparison(tmp_path: Path) -> None:
    first = comparison_from_text(f"{GOOD}metric: log_loss\nmargin: 0.1\n", "good.yaml", "good")
    again = comparison_from_text(comparison_text(first), "kept.yaml", "kept")
    assert (again.name, again.reference, again.margin, again.metric) == ("good", "ce", 0.1, "log_loss")
    assert [(cell.name, cell.digest) for cell in again.cells()] == [(cell.name, cell.digest) for cell in first.cells()]
    kept = ComparisonFolder(str(tmp_path), "good").made().comparison_file
    kept.write_text(comparison_text(first))
    assert comparison_path("good", str(tmp_path)) == kept


@pytest.mark.parametrize("name", sorted(shipped_comparisons()))
def test_what_comes_along_can_be_read(name: str, tmp_path: Path) -> None:
    assert list(read_comparison(comparison_path(name, str(tmp_path))).cells())


def test_a_name_that_is_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no shipped comparison and no file 'smal'"):
        comparison_path("smal", str(tmp_path))
