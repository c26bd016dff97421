"""Which templates a search takes, and what it does where an encoder cannot read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from encoder_zoo import FAMILIES, make_encoder
from prepared_search import prepared, write

from tune_dml.data import SHIPPED, most_diverse
from tune_dml.errors import DataError, SpaceError, UsageError

SPACE = "loss: ce\nrepresentation: mask\nprompts: {{pool: {pool}}}\nfirst:\n  - {{prompts: {{pool: 3}}}}\n"
OPEN = """
loss: ce
representation: {choices: [mask, mean]}
prompts/pool: {choices: [3], when: {representation: [mask]}}
first:
  - {representation: mask, prompts: {pool: 3}}
"""


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return write(tmp_path / "mail.csv", {"ham": 20, "spam": 20})


def _space(folder: Path, pool: str) -> str:
    path = folder / "space.yaml"
    path.write_text(SPACE.format(pool=pool))
    return str(path)


def test_a_range_of_pools_has_one_of_each_size(mail: Path) -> None:
    found = prepared(mail, space=_space(mail.parent, "{int: [2, 4]}"), templates="sentiment")
    assert found.about.templates == SHIPPED["sentiment"]
    templates = found.workload.tokens.templates
    assert templates is not None
    assert templates.pools == {size: most_diverse(SHIPPED["sentiment"], size) for size in (2, 3, 4)}


def test_an_encoder_without_a_mask_token_goes_without_or_is_refused(mail: Path) -> None:
    encoder = str(make_encoder(mail.parent / "gpt", FAMILIES["GPT-2"]))
    space = mail.parent / "open.yaml"
    space.write_text(OPEN)
    found = prepared(mail, encoder=encoder, space=str(space))
    assert any("Prompts are left out: the encoder" in note for note in found.about.notes)
    assert found.space.constants["prompts/pool"] == 0
    assert (found.space.constants["representation"], found.about.templates) == ("mean", ())
    for pool in ("3", "{choices: [0, 3]}"):
        with pytest.raises(SpaceError, match=r"has prompts, and the encoder .* has no mask token, which prompts are"):
            prepared(mail, encoder=encoder, space=_space(mail.parent, pool))


def test_templates_may_be_given_themselves(mail: Path) -> None:
    given = ("{text} [MASK]", "[MASK] : {text}", "I said {text} [MASK] .")
    assert prepared(mail, space=_space(mail.parent, "3"), templates=given).about.templates == given
    with pytest.raises(UsageError, match="The list 'pairs' is for pairs of texts"):
        prepared(mail, space=_space(mail.parent, "3"), templates="pairs")
    with pytest.raises(SpaceError, match="Give more by --templates, or take a space with smaller pools"):
        prepared(mail, space="dynamar", templates=given)


def test_numbers_are_learnt_in_templates(tmp_path: Path) -> None:
    data = tmp_path / "stars.csv"
    data.write_text("text,label\n" + "".join(f"text {i},{i % 7 / 2}\n" for i in range(40)))
    found = prepared(data, kind="regression", space="dynamar")
    assert found.space.losses == ("mse",)
    assert found.about.templates


def test_pairs_have_templates_of_their_own(tmp_path: Path) -> None:
    data = tmp_path / "pairs.csv"
    rows = [f"text {i},other {i},{'same' if i % 2 else 'else'}" for i in range(40)]
    data.write_text("text_a,text_b,label\n" + "\n".join(rows) + "\n")
    found = prepared(data, space=_space(tmp_path, "3"))
    assert found.about.templates == SHIPPED["pairs"]
    assert prepared(data, space=_space(tmp_path, "3"), templates="similarity").about.templates == SHIPPED["similarity"]
    with pytest.raises(
        UsageError, match="The list 'sentiment' is for single texts; for pairs take pairs or similarity"
    ):
        prepared(data, space=_space(tmp_path, "3"), templates="sentiment")
    mine = tmp_path / "mine.txt"
    mine.write_text("{text} [MASK]\n")
    with pytest.raises(DataError, match=r"it needs \{text_a\} and \{text_b\}, once"):
        prepared(data, space=_space(tmp_path, "3"), templates=str(mine))
