"""Everything a search needs in memory before the first trial: texts, tokens, encoder, space."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tune_dml.cluster.joining import join
from tune_dml.cluster.keeping import names_in_store
from tune_dml.cluster.workers import start_workers
from tune_dml.config import SearchSettings
from tune_dml.data import load_task
from tune_dml.driver.adapting import adapted_again
from tune_dml.driver.additions import additions_of
from tune_dml.driver.concurrency import packed
from tune_dml.driver.drawing import Drawn, draw_data, protocol_sentence
from tune_dml.driver.durations import seconds
from tune_dml.driver.each_encoder import with_encoders
from tune_dml.driver.first_look import first_look, fitted_to_machine, look_again, look_at_disk
from tune_dml.driver.named_code import allow_plugins
from tune_dml.driver.names_as_texts import label_texts_again
from tune_dml.driver.naming import search_name
from tune_dml.driver.options import (
    AUTO,
    TRIALS_ON_CPU,
    TRIALS_ON_GPU,
    check_options,
    draw_settings,
    encoder_names,
    metric_of,
    settings_of,
    task_settings,
)
from tune_dml.driver.prepared import Prepared, prepared, with_encoder
from tune_dml.driver.request import SearchRequest
from tune_dml.driver.slots import gpu_share, slots_of
from tune_dml.driver.suggested import suggested
from tune_dml.errors import ResultsError, UsageError
from tune_dml.execution.limits import limits
from tune_dml.execution.this_machine import visible_gpus
from tune_dml.losses import add_plugins
from tune_dml.models.encoder_source import EncoderSource, default_encoder, fetch, find_encoder
from tune_dml.models.known_encoders import SUGGEST
from tune_dml.reporting.output import Output
from tune_dml.results.best_file import BestFile
from tune_dml.results.folders import results_folder
from tune_dml.results.search_file import SearchFile
from tune_dml.results.searched_encoder import SearchedEncoder
from tune_dml.results.versions import other_versions
from tune_dml.spaces import Space, load_space, space_from_text


def prepare_new(request: SearchRequest, out: Output, *, workers: bool = False) -> Prepared:
    """Check the options, the space, the data and the encoders, cheapest first, then load everything.

    Args:
        workers: Whether to start Ray and its workers while the encoders are loaded; ``stop_ray`` is the caller's.

    Raises:
        TuneDMLError: whatever is wrong, before anything is written.
    """
    add_plugins(request.loss_plugins)
    check_options(request)
    results = results_folder(request.results)
    load_space(request.space, request.losses)
    own = limits()
    first_look(request, results, own)
    draw = draw_settings(request)
    taken = names_in_store(request.store, results)
    if request.name is not None:
        search_name(request, draw, results, taken)
    drawn = draw_data(load_task(task_settings(request)), draw)
    cluster = None if request.address is None else join(request.address, out)
    gpus = 0 if request.gpus_per_trial == 0 else visible_gpus() if cluster is None else int(cluster.machines.gpus)
    device = "cuda" if gpu_share(request, gpus) else "cpu"
    slots = slots_of(request, gpus, None if cluster is None else cluster.machines)
    names = encoder_names(request) or (default_encoder(gpus > 0),)
    if names == (SUGGEST,):
        names = suggested(drawn.split.texts, seconds(request.time_budget), slots.concurrency, gpus > 0, out)
    trials = request.trials or request.max_rounds or (TRIALS_ON_GPU if gpus else TRIALS_ON_CPU)
    if trials < len(names):
        raise UsageError(f"There are {len(names)} encoders and {trials} trials; each needs one at least.")
    sources = [_announced(find_encoder(name), request.encoder is None, out) for name in names]
    parameters = [source.parameters for source in sources]
    look_at_disk(results, max(parameters), request)
    measure = request.concurrency == AUTO and gpus > 0
    if cluster is None:
        slots = fitted_to_machine(slots, own, parameters, request, out)
    else:
        cluster.machines.check_fits(slots.cpus_per_trial, slots.gpus_per_trial)
    # Not beside masked-LM steps, which may take long.
    if cluster is None and workers and not measure and request.adapt_mlm is None:
        start_workers(slots, None, out)
    from tune_dml.models.precision import default_precision

    precision = request.precision
    if precision == "auto":
        precision = default_precision(device)
        if device == "cpu" and cluster is not None and not cluster.fast_bfloat16:
            precision = "float32"
    settings = settings_of(
        request,
        task_name=drawn.task.name,
        results=results,
        encoders=names,
        slots=slots,
        trials=trials,
        precision=precision,
        protocol=protocol_sentence(drawn, metric_of(request)),
        draw=drawn.settings,
        taken=taken,
    )
    found = with_encoders(request, settings, drawn, sources, out, dry=not workers)
    return packed(found, gpus, out) if measure else found


def prepare_again(
    about: SearchFile, out: Output, *, loss_plugins: tuple[str, ...] = (), workers: bool = False
) -> Prepared:
    """The same search, from ``search.yaml``; ``workers`` as for :func:`prepare_new`.

    Args:
        loss_plugins: Those of the search, named again.

    Raises:
        ResultsError: the data or the encoder is no longer what the search was started with.
    """
    settings = about.settings
    allow_plugins(settings.loss_plugins, loss_plugins, f"The search '{settings.name}'")
    drawn = draw_data(load_task(settings.task), settings.draw)
    if drawn.split.hashes() != about.hashes:
        raise ResultsError(
            f"The data of '{settings.name}' has changed since it was started ({about.source}); its numbers could "
            "not be compared. Start a new search."
        )
    if (sentence := other_versions(about.versions)) is not None:
        out.line(f"results: {sentence}")
    sources = [_announced(find_encoder(encoder.name), False, out) for encoder in about.searched]
    if workers and settings.address is not None:
        join(settings.address, out).machines.check_fits(settings.cpus_per_trial, settings.gpus_per_trial)
    elif workers:
        look_again(settings, limits(), [source.parameters for source in sources], out)
        start_workers(settings, None, out)
    from tune_dml.models.encoder import load_bundle

    additions = additions_of(about)
    found = []
    for encoder, source in zip(about.searched, sources, strict=True):
        bundle = load_bundle(source)
        if bundle.sha256 != encoder.sha256:
            raise ResultsError(f"The weights of {encoder.name} have changed since '{settings.name}' was started.")
        its = settings_with(settings, encoder)
        bundle = adapted_again(bundle, source, drawn, about.unlabelled_sha256, its, out)
        space = space_from_text(its.space_text, settings.space)
        found.append(with_encoder(its, drawn, space, source, bundle, additions, encoder.key))
    return prepared(settings, drawn, found, about)


def prepare_one(
    best: BestFile,
    out: Output,
    loss_plugins: tuple[str, ...] = (),
    other: Drawn | None = None,
    results: Path = Path(),
) -> Prepared:
    """What one training run of ``best.yaml``'s configuration needs.

    Args:
        loss_plugins: Those of the search, named again.
        other: Texts to train on instead of the file's own.
        results: Where encoders after masked-LM steps are kept.

    Raises:
        ResultsError: the data or the encoder is no longer what the file was made with.
    """
    allow_plugins(best.loss_plugins, loss_plugins, "The file")
    drawn = other or draw_data(load_task(best.task), best.draw)
    if other is None and drawn.split.hashes() != best.hashes:
        raise ResultsError(
            "The data is not what best.yaml was made with (its rows have other hashes). Name it with --data: the same "
            "rows give the same model again, others a model of their own."
        )
    from tune_dml.models.encoder import load_bundle

    if other is None and (sentence := other_versions(best.versions)) is not None:
        out.line(f"results: {sentence}")
    source = _announced(find_encoder(best.encoder), False, out)
    bundle = load_bundle(source)
    if bundle.sha256 != best.encoder_sha256:
        raise ResultsError(f"The weights of {best.encoder} are not those that best.yaml was made with.")
    settings = SearchSettings(
        name="best",
        task=best.task,
        draw=best.draw,
        encoder=best.encoder,
        space="best.yaml",
        loss_plugins=best.loss_plugins,
        seed=best.seed,
        device=best.device,
        precision=best.precision,
        truncation=best.truncation,
        prefix=best.prefix,
        adapt_mlm=best.adapt_mlm,
        unlabelled=best.unlabelled,
        results=str(results),
    )
    sha256 = best.unlabelled_sha256 if other is None else ""
    bundle = adapted_again(bundle, source, drawn, sha256, settings, out)
    space = Space("best.yaml", (), {"max_length": best.max_length}, ())
    # Other texts may have other classes, or the classes in another order.
    additions = additions_of(best)
    if other is not None:
        named = label_texts_again(best.label_texts, best.label_names, drawn)
        additions = replace(additions, label_texts=named)
    one = with_encoder(settings, drawn, space, source, bundle, additions)
    return prepared(settings, drawn, [one], additions=additions)


def settings_with(settings: SearchSettings, encoder: SearchedEncoder) -> SearchSettings:
    """The settings of a search as if that encoder were its only one."""
    return replace(
        settings,
        encoder=encoder.name,
        space_text=encoder.space_text,
        prefix=encoder.prefix,
        representation=encoder.representation,
    )


def _announced(source: EncoderSource, chosen: bool, out: Output) -> EncoderSource:
    why = " (the default here; --encoder chooses another)" if chosen else ""
    size = "unknown size" if source.download_bytes is None else f"{source.download_bytes / 1e6:,.0f} MB"
    download = "" if source.folder is not None else f", to be downloaded from the hub: {size}"
    out.line(f"encoder: {source.name}{why}{download}")
    return fetch(source)
