"""The encoders of a search, from what the user named to what is searched with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tune_dml.config import SearchSettings, keys_of, size_of
from tune_dml.driver.adapting import adapted, as_if_adapted
from tune_dml.driver.additions import Additions
from tune_dml.driver.drawing import Drawn
from tune_dml.driver.manners import encoder_limit, resolved
from tune_dml.driver.names_as_texts import named_classes
from tune_dml.driver.prepared import Prepared, WithEncoder, prepared, try_space, with_encoder
from tune_dml.driver.prompt_templates import search_templates
from tune_dml.driver.request import SearchRequest
from tune_dml.driver.suitability import balance_notes, for_kind, without_starved
from tune_dml.driver.unlabelled import Unlabelled, unlabelled_texts
from tune_dml.driver.words_of_classes import class_words
from tune_dml.errors import UsageError
from tune_dml.models.encoder_source import EncoderSource
from tune_dml.reporting.output import Output
from tune_dml.spaces import fitted, load_space, space_text


def with_encoders(
    request: SearchRequest,
    settings: SearchSettings,
    drawn: Drawn,
    sources: Sequence[EncoderSource],
    out: Output,
    dry: bool,
) -> Prepared:
    """Everything that a new search needs in memory: each encoder with the space that fits it.

    Args:
        settings: Without what depends on the encoder.
        dry: Whether nothing is trained, so that masked-LM steps are left out.

    Raises:
        TuneDMLError: an encoder cannot be loaded, or a recipe of the space cannot be had with it.
    """
    found: list[WithEncoder] = []
    told: list[str] = []
    additions = Additions()
    texts = None
    if settings.adapt_mlm is not None:
        texts = unlabelled_texts(drawn, settings.task, settings.unlabelled)
    seconds = 0.0
    keys = keys_of(settings.encoder_names) if len(sources) > 1 else ("",)
    for key, name, source in zip(keys, settings.encoder_names, sources, strict=True):
        own = replace(settings, encoder=name)
        one, its, notes, own_seconds = _with_encoder(request, own, drawn, source, key, out, texts, dry)
        additions, seconds = additions.joined(its), seconds + own_seconds
        if same := [other.encoder.name for other in found if other.encoder.sha256 == one.encoder.sha256]:
            raise UsageError(f"{same[0]} and {name} are the same encoder; name it once.")
        found.append(one)
        told += [note for note in notes if note not in told]
    first = found[0].encoder
    settings = replace(settings, space_text=first.space_text, prefix=first.prefix, representation=first.representation)
    if texts is not None:
        additions = replace(additions, unlabelled_sha256=texts.sha256)
        told += [*texts.notes, f"Before all trials: {settings.adapt_mlm} masked-LM steps on {texts.words}."]
    result = prepared(settings, drawn, found, told=tuple(told), additions=additions, adapting_seconds=seconds)
    try_space(result)
    return result


def _with_encoder(
    request: SearchRequest,
    settings: SearchSettings,
    drawn: Drawn,
    source: EncoderSource,
    key: str,
    out: Output,
    texts: Unlabelled | None,
    dry: bool,
) -> tuple[WithEncoder, Additions, tuple[str, ...], float]:
    """What is searched with an encoder, what recipes may use, what is to be said, and the seconds of masked-LM steps
    that were left out."""
    from tune_dml.models.encoder import load_bundle, load_tokenizer
    from tune_dml.models.vocabulary import tokenizer_note

    bundle = load_bundle(source)
    name = drawn.kind.space if request.space == SearchRequest.space else request.space
    space = load_space(name, request.losses, size_of(bundle.body))
    if key in ("", keys_of(settings.encoder_names)[0]):
        for note in space.notes:
            out.line(f"space: {note}")
    space, notes = fitted(space, bundle, gets_word_head=texts is not None)
    space, useless = for_kind(space, drawn.kind)
    space, starved = without_starved(space, drawn)
    space, named, unnamed = named_classes(space, drawn, request.label_texts)
    assert source.folder is not None
    tokenizer = load_tokenizer(source.folder)
    limit = encoder_limit(tokenizer, bundle.positions)
    own, space = resolved(request, settings, space, drawn.split, source.folder, tokenizer, limit, out)
    space, templates, prompted = search_templates(space, drawn, request.templates, tokenizer, source.name)
    space, words, worded = class_words(space, drawn, request.words)
    own = replace(own, space_text=space_text(space))
    additions = Additions(named, templates, words)
    told = (*balance_notes(drawn, own.metric, space), *useless, *starved, *unnamed, *prompted, *worded)
    seconds = 0.0
    if texts is not None and dry:
        bundle, seconds = as_if_adapted(bundle, source, tokenizer, texts, own)
    elif texts is not None:
        bundle = adapted(bundle, source, tokenizer, texts, own, out)
    one = with_encoder(own, drawn, space, source, bundle, additions, key)
    for note in (*notes, *tokenizer_note(bundle, one.tokenizer)):
        out.line(f"encoder: {key + ': ' if key else ''}{note}")
    return one, additions, told, seconds
