"""``tune-dml search``: the main job."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import (
    DEFAULTS,
    AdaptMlm,
    Debug,
    Encoder,
    Encoding,
    Ensemble,
    GroupColumn,
    Json,
    Kind,
    LabelColumn,
    LabelTexts,
    LossPlugin,
    MaxLength,
    NoHeader,
    NoModel,
    NoReference,
    NoSoup,
    Quiet,
    Results,
    Store,
    Templates,
    TrackingUri,
    Unlabelled,
    Verbose,
    WinnerOnly,
    Words,
    count_or_word,
    listed,
)
from tune_dml.driver.request import SearchRequest

EXAMPLES = """
tune-dml search --task bbc --shots 50
tune-dml search --task SST2 --shots 50 --trials 32 --time-budget 30m
tune-dml search --task intents --data my.csv --text-column body --label-column intent
tune-dml search --task hub:org/name --shots-per-class 16
tune-dml search --task TREC --losses ce,supcon --encoder roberta-base
tune-dml search --task SST2 --store s3://bucket/searches   # survives the loss of this machine
tune-dml search --task bbc --dry-run
"""


def search(
    task: Annotated[
        str, typer.Option(metavar="NAME", help="A name from 'tune-dml tasks', hub:org/name, or any name with --data.")
    ] = DEFAULTS.task,
    data: Annotated[
        str | None, typer.Option(metavar="PATH", help="A CSV, TSV, JSONL or Parquet file, or a folder of them.")
    ] = DEFAULTS.data,
    shots: Annotated[
        str | None, typer.Option(metavar="N|full", help="Labelled texts in all; 50 unless told otherwise.")
    ] = None,
    shots_per_class: Annotated[
        int | None, typer.Option(metavar="N", help="Labelled texts of each class, instead of --shots.")
    ] = DEFAULTS.shots_per_class,
    draw: Annotated[int, typer.Option(metavar="SEED", help="Which random few-shot sample to draw.")] = DEFAULTS.draw,
    folds: Annotated[int, typer.Option(metavar="N", help="Cross-validation folds.")] = DEFAULTS.folds,
    repeats: Annotated[int, typer.Option(metavar="N", help="Times that cross validation is done.")] = DEFAULTS.repeats,
    validation: Annotated[
        str, typer.Option(metavar="HOW", help="How configurations are scored: cv, holdout or official.")
    ] = DEFAULTS.validation,
    text_column: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Column of the text; give it twice for pairs.")
    ] = None,
    label_column: LabelColumn = DEFAULTS.label_column,
    group_column: GroupColumn = DEFAULTS.group_column,
    kind: Kind = DEFAULTS.kind,
    encoding: Encoding = DEFAULTS.encoding,
    no_header: NoHeader = not DEFAULTS.header,
    label_texts: LabelTexts = DEFAULTS.label_texts,
    templates: Templates = None,
    words: Words = None,
    adapt_mlm: AdaptMlm = DEFAULTS.adapt_mlm,
    unlabelled: Unlabelled = DEFAULTS.unlabelled,
    drop_unknown_labels: Annotated[
        bool,
        typer.Option("--drop-unknown-labels", help="Leave out test rows whose label no training text carries."),
    ] = DEFAULTS.drop_unknown_labels,
    no_test: Annotated[
        bool, typer.Option("--no-test", help="Train on every label; the answer is the bias-corrected estimate.")
    ] = DEFAULTS.no_test,
    encoder: Encoder = DEFAULTS.encoder,
    space: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="Search space: a name from 'tune-dml spaces list', or a file.")
    ] = DEFAULTS.space,
    losses: Annotated[list[str] | None, typer.Option(metavar="A,B", help="Only these of the space's losses.")] = None,
    loss_plugin: LossPlugin = None,
    max_length: MaxLength = None,
    truncation: Annotated[
        str, typer.Option(metavar="NAME", help="What is kept of a longer text: head, tail or head+tail.")
    ] = DEFAULTS.truncation,
    prefix: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What every text begins with; as the encoder's files say unless given."),
    ] = DEFAULTS.prefix,
    trials: Annotated[
        int | None, typer.Option(metavar="N", help="Configurations to try; 16, or 64 where a GPU is visible.")
    ] = DEFAULTS.trials,
    time_budget: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="For the whole job: 30m, 2h, 1h30m, or seconds. One round is always finished."
        ),
    ] = None,
    max_rounds: Annotated[
        int | None, typer.Option(metavar="N", help="End when the trials have done so many rounds in all.")
    ] = DEFAULTS.max_rounds,
    training_budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="End when the trials have trained for so long in all.")
    ] = None,
    searcher: Annotated[str, typer.Option(metavar="NAME", help="Who proposes: tpe or random.")] = DEFAULTS.searcher,
    scheduler: Annotated[
        str, typer.Option(metavar="NAME", help="Who stops bad trials early: asha or none.")
    ] = DEFAULTS.scheduler,
    metric: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What decides: accuracy, macro_f1, log_loss; micro_f1 of several labels."),
    ] = DEFAULTS.metric,
    cpus_per_trial: Annotated[float, typer.Option(metavar="N", help="CPU cores of a trial.")] = DEFAULTS.cpus_per_trial,
    gpus_per_trial: Annotated[
        float | None, typer.Option(metavar="N", help="GPUs of a trial; fractions such as 0.5 share one.")
    ] = DEFAULTS.gpus_per_trial,
    max_gpus: Annotated[
        float | None, typer.Option(metavar="N", help="GPUs at a time: leave the rest of the cluster to others.")
    ] = DEFAULTS.max_gpus,
    concurrency: Annotated[
        str | None,
        typer.Option(metavar="N", help="Trials at a time; as many as fit unless told. auto: measure, and share GPUs."),
    ] = None,
    precision: Annotated[
        str, typer.Option(metavar="NAME", help="auto, float32 or bfloat16; auto is bfloat16 on a GPU that has it.")
    ] = DEFAULTS.precision,
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A running Ray cluster; 'auto' on one of its nodes.")
    ] = DEFAULTS.address,
    results: Results = DEFAULTS.results,
    tracking_uri: TrackingUri = DEFAULTS.tracking_uri,
    store: Store = DEFAULTS.store,
    store_every: Annotated[
        float, typer.Option(metavar="SECONDS", help="How often the copy is brought up to date.")
    ] = DEFAULTS.store_every,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the search is called; made up unless given.")
    ] = DEFAULTS.name,
    seed: Annotated[int, typer.Option(metavar="SEED", help="Of the sampler and of training.")] = DEFAULTS.seed,
    confirm_seeds: Annotated[
        int, typer.Option(metavar="N", help="Fresh trainings of each of the best, scored on the test split.")
    ] = DEFAULTS.confirm_seeds,
    winner_only: WinnerOnly = not DEFAULTS.confirm_others,
    no_model: NoModel = not DEFAULTS.save_model,
    no_confirm: Annotated[
        bool, typer.Option("--no-confirm", help="Stop after cross validation; 'tune-dml confirm' does it later.")
    ] = not DEFAULTS.confirm,
    ensemble: Ensemble = DEFAULTS.ensemble,
    no_soup: NoSoup = not DEFAULTS.soup,
    no_reference_ce: NoReference = not DEFAULTS.reference_ce,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and how long it takes; search nothing.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Find the best recipe, confirm it, save the model.

    Recipes are picked by cross validation; the test split only confirms the one picked. Ctrl-C once saves everything
    and prints how to go on; twice stops at once.
    """
    request = SearchRequest(
        task=task,
        data=data,
        shots=count_or_word(shots),
        shots_per_class=shots_per_class,
        draw=draw,
        folds=folds,
        repeats=repeats,
        validation=validation,
        text_columns=tuple(text_column or ()),
        label_column=label_column,
        group_column=group_column,
        encoding=encoding,
        header=not no_header,
        drop_unknown_labels=drop_unknown_labels,
        kind=kind,
        label_texts=label_texts,
        templates=templates,
        words=tuple(words or ()),
        adapt_mlm=adapt_mlm,
        unlabelled=unlabelled,
        no_test=no_test,
        encoder=encoder,
        space=space,
        losses=tuple(listed("--losses", losses) or ()),
        loss_plugins=tuple(loss_plugin or ()),
        max_length=count_or_word(max_length),
        truncation=truncation,
        prefix=prefix,
        trials=trials,
        time_budget=time_budget,
        max_rounds=max_rounds,
        training_budget=training_budget,
        searcher=searcher,
        scheduler=scheduler,
        metric=metric,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        max_gpus=max_gpus,
        concurrency=count_or_word(concurrency),
        precision=precision,
        address=address,
        results=results,
        tracking_uri=tracking_uri,
        store=store,
        store_every=store_every,
        name=name,
        seed=seed,
        confirm=not no_confirm,
        confirm_seeds=confirm_seeds,
        confirm_others=not winner_only,
        save_model=not no_model,
        ensemble=ensemble,
        soup=not no_soup,
        reference_ce=not no_reference_ce,
    )
    from tune_dml.workflows import search as workflow

    with terminal.output(json, quiet, verbose, debug) as out:
        if not dry_run:
            finished = workflow.search(request, out)
        else:
            plan = workflow.plan(request, out)
    if not dry_run:
        return terminal.finish(finished, json)
    if json:
        terminal.print_json(plan.document)
    else:
        terminal.print_lines(plan.lines)
    return 0
