"""Small tokenizers of several manners, for the encoders of ``encoder_zoo.py``."""

from __future__ import annotations

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

WORDS = (
    "a",
    "the",
    "film",
    "play",
    "goal",
    "shares",
    "plot",
    "jokes",
    "match",
    "market",
    "rose",
    "fell",
    "ended",
    "won",
    "lost",
    "was",
    "is",
    "and",
    "of",
    "in",
    "over",
    "after",
    "great",
    "dull",
    "warm",
    "cold",
    "gorgeous",
    "terrible",
    "slow",
    "quick",
    "team",
    "company",
    "actor",
    "striker",
    "bank",
    "price",
    "late",
    "early",
    "it",
    "very",
    ".",
    ",",
    "?",
    "!",
    "'",
    "-",
)
_BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_ROBERTA = ("<pad>", "<unk>", "<s>", "</s>", "<mask>")


def tokenizer(manners: str = "bert", extra: int = 0) -> PreTrainedTokenizerFast:
    """A tokenizer of :data:`WORDS`; what is none of them is unknown, or (``gpt``) spelt in letters.

    Args:
        extra: So many more words that no text has.
    """
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789")
    special = {"bert": _BERT, "roberta": ("<s>", "<pad>", "</s>", "<unk>", "<mask>"), "gpt": ("<|end|>",)}
    first = special.get(manners, _ROBERTA)
    vocabulary = [*first, *WORDS, *(w for w in letters if w not in WORDS), *(f"extra{i}" for i in range(extra))]
    ids = {word: i for i, word in enumerate(vocabulary)}
    unknown = {"bert": "[UNK]", "gpt": "x"}.get(manners, "<unk>")
    inner = Tokenizer(models.WordLevel(ids, unk_token=unknown))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(r"[^\w\s<>\[\]|/]"), "isolated")]
    )
    start, end = ("[CLS]", "[SEP]") if manners == "bert" else ("<s>", "</s>")
    template = {
        "bert": ("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1"),
        "roberta": ("<s> $A </s>", "<s> $A </s> </s> $B </s>"),
        "t5": ("$A </s>", "$A </s> $B </s>"),
        "xlnet": ("$A </s> <s>:2", "$A </s> $B:1 </s>:1 <s>:2"),
    }.get(manners)
    if template is not None:
        inner.post_processor = processors.TemplateProcessing(
            single=template[0], pair=template[1], special_tokens=[(start, ids[start]), (end, ids[end])]
        )
    if manners == "gpt":
        return PreTrainedTokenizerFast(
            tokenizer_object=inner,
            bos_token="<|end|>",
            eos_token="<|end|>",
            model_input_names=["input_ids", "attention_mask"],
        )
    types = ["token_type_ids"] if manners in ("bert", "xlnet") else []
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="[PAD]" if manners == "bert" else "<pad>",
        unk_token=unknown,
        cls_token=start,
        sep_token=end,
        bos_token=None if manners == "bert" else start,
        eos_token=None if manners == "bert" else end,
        mask_token=None if manners == "t5" else "[MASK]" if manners == "bert" else "<mask>",
        model_input_names=["input_ids", *types, "attention_mask"],
        padding_side="left" if manners == "xlnet" else "right",
    )
