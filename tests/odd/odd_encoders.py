"""Odd encoders."""

from __future__ import annotations

from .attempt import SPACE, Attempt
from .encoders import FAMILIES
from .oddity import oddity
from .planted import FILLER

_KINDS = ("search", "dry-run", "doctor")
_LATER = {"48 positions": 8, "distilbert": 7, "albert": 7, "xlnet": 7, "t5": 7, "bart": 7, "gpt2": 7, "llama": 7}


def _takes(attempt: Attempt, name: str) -> None:
    attempt.encoder = str(attempt.grounds.encoders / name)


def _family(name: str) -> None:
    case = _LATER.get(name, 7)

    @oddity(f"encoder: {name}", "encoder family", _KINDS, case)
    def change(attempt: Attempt) -> None:
        _takes(attempt, name)
        if name == "48 positions" and attempt.kind != "doctor":
            for row in attempt.sheet.rows:
                row.text = row.text and f"{row.text} {' '.join(attempt.random.choices(FILLER, k=70))}"
            attempt.space = SPACE.replace("max_length: 32", "max_length: 128")
            attempt.mention(8, "position|48|46|longer")


for _name in FAMILIES:
    _family(_name)


@oddity("the default space with another family", "encoder family", ("search", "dry-run"), case=7)
def default_space(attempt: Attempt) -> None:
    _takes(attempt, attempt.random.choice(("albert", "one layer", "distilbert", "llama")))
    attempt.space = None


@oddity("trainable_layers beyond what there are", "encoder family", ("search", "dry-run"), case=7, works=False)
def too_many_layers(attempt: Attempt) -> None:
    _takes(attempt, attempt.random.choice(("bert", "one layer", "electra")))
    attempt.space = SPACE.replace("[1, all]", "[4, 6]").replace("layers: 1", "layers: 4").replace(": all", ": 6")
    attempt.mention(7, "trainable_layers|layers", "any")


def _damaged(name: str, case: int, words: str) -> None:
    @oddity(f"encoder: {name}", "damaged encoder", _KINDS, case, works=False)
    def change(attempt: Attempt) -> None:
        _takes(attempt, name)
        attempt.expected.refused.add(case)
        attempt.mention(case, words, "any")


_damaged("weights are a pointer", 9, "lfs")
_damaged("tokenizer is a pointer", 9, "lfs")
_damaged("config is a pointer", 9, "lfs")
_damaged("truncated weights", 9, "truncated|incomplete|damaged|cut|whole|download")
_damaged("no tokenizer", 9, "tokenizer")
_damaged("no weights", 9, "weights")
_damaged("pickled weights", 9, "safetensors")
_damaged("more tokens than rows", 8, "token|vocabulary|rows")


@oddity("encoder: more tokens than rows, in no text", "damaged encoder", _KINDS, case=8, works=False)
def tokens_to_come(attempt: Attempt) -> None:
    """The texts to be classified later have them."""
    _takes(attempt, "more tokens than rows, in no text")
    (attempt.folder / "later.csv").write_text("text\nalbum band singer\n")
    attempt.steps = [["predict", "{results}/searches/odd/model", "later.csv"]]
    attempt.steps_work = False


@oddity("encoder: pools cls", "sentence encoder", ("search", "dry-run"), case=10)
def pools_cls(attempt: Attempt) -> None:
    _takes(attempt, "pools cls")
    attempt.mention(10, r"pool|\bcls\b")
    # A random encoder's first token says little.
    attempt.expected.answers = False


@oddity("encoder: wants a prompt", "sentence encoder", ("search", "dry-run"), case=10)
def wants_prompt(attempt: Attempt) -> None:
    _takes(attempt, "wants a prompt")
    attempt.mention(10, "query: |prefix|prompt")


@oddity("--prefix given", "sentence encoder", ("search", "dry-run"), case=10)
def prefix_given(attempt: Attempt) -> None:
    _takes(attempt, "bert")
    attempt.offered("search", "--prefix", "again: ")


@oddity("encoder: mön encoder (1)", "encoder name", _KINDS)
def odd_name(attempt: Attempt) -> None:
    _takes(attempt, "mön encoder (1)")


@oddity("encoder: org%2Fname", "encoder name", _KINDS)
def percent_name(attempt: Attempt) -> None:
    _takes(attempt, "org%2Fname")


@oddity("encoder: all-MiniLM-L6-v2", "encoder name", ("dry-run", "doctor"))
def minilm(attempt: Attempt) -> None:
    attempt.encoder = "all-MiniLM-L6-v2"


@oddity("encoder: a folder that is not there", "encoder name", _KINDS, works=False)
def no_folder(attempt: Attempt) -> None:
    attempt.encoder = "./nowhere/at all"
    attempt.expected.refused.add(None)


@oddity("encoder: a file", "encoder name", _KINDS, works=False)
def a_file(attempt: Attempt) -> None:
    attempt.encoder = str(attempt.grounds.encoders / "bert" / "config.json")
    attempt.expected.refused.add(None)
