"""What a user asks of a search, before anything is looked up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchRequest:
    """The options of ``tune-dml search``, as given; ``None`` means "decide for me".

    Attributes:
        task: A name out of ``tune-dml tasks``, ``hub:org/name``, or any name together with ``data``.
        data: A CSV, TSV, JSONL or Parquet file, or a folder.
        shots: Labelled examples in all: a number or ``"full"``; default 50.
        shots_per_class: The other convention; excludes ``shots``.
        draw: Seed of the few-shot sample.
        kind: Of the task; ``None``: as it is known for, else one with classes, of one text or two.
        text_columns: One name, or two for pairs.
        encoding: Of text files; found unless given.
        header: Whether the first row of a CSV or TSV file holds the names of its columns.
        drop_unknown_labels: Leave test and validation rows out whose label no training text carries.
        label_texts: A file of texts that describe the classes, with a column ``class`` and one ``text``: ingredient of
            some of the trials.
        templates: A file of them, one in each line, a list out of ``tune-dml templates``, or they themselves, for a
            space with prompts; that of the task unless given.
        words: What classes begin as in the heads of some trials, as ``{"negative": "terrible", "positive": "great"}``
            or ``"negative=terrible,positive=great"``: the encoder's masked-LM head then stands in front.
        adapt_mlm: Masked-LM steps on texts without labels before all trials: the task's training texts, of ``data`` the
            labelled ones, or those of ``unlabelled``; never test texts.
        unlabelled: A file of texts for ``adapt_mlm``.
        no_test: Use every label for training; the answer is the bias-corrected estimate.
        encoder: A folder or a name on the hub; several with commas between them are searched.
        space: A shipped name or a YAML file.
        losses: Only these of the space's losses.
        loss_plugins: Losses of other packages to make known, as ``package.module:NAME``. Their code runs.
        max_length: Tokens of a text that are read, whatever the space says; ``"auto"``: as many as 95% of the training
            texts have, within what the encoder reads and a cost.
        truncation: Which tokens are kept of longer texts: ``head``, ``tail`` or ``head+tail``.
        prefix: What every text begins with when the encoder reads it; ``None``: what the encoder's own files say.
        metric: What decides; default accuracy, or what the kind has instead.
        trials: Default 16, or 64 where a GPU is visible.
        time_budget: Seconds, or text such as ``"30m"``, ``"2h"``, ``"1h30m"``.
        max_rounds: End the search when its trials have done so many rounds, whatever ``trials`` says.
        training_budget: Seconds of training, or text as ``time_budget``, summed over the trials' rounds.
        max_gpus: GPUs at a time, whatever the cluster has; the rest is left to others.
        concurrency: Trials at a time; default as many as there are cores or GPUs for. ``"auto"`` measures a training
            step and lets as many trials share a GPU as it serves without loss.
        store: Where a copy of the search is kept while it runs, to be resumed on another machine: ``s3://bucket/prefix``,
            ``gs://bucket/prefix``, or a folder such as a network mount.
        store_every: Seconds between two copies.
        confirm: Whether to retrain and score the best configurations on the test split afterwards.
        confirm_others: Whether baselines, runners-up and the best cross entropy are confirmed beside the winner.
        reference_ce: Whether a cross entropy as it is usually set is run beside the trials, for what their scores are
            worth; the cells of a comparison, which are held against one another, go without.
        save_model: Whether the winner's model is kept, in the search's folder and in MLflow.
        ensemble: Also score, and save, the average of all confirm seeds of the winner.
        soup: Save the mean of the weights of the winner's confirm seeds, five at most, its read-out fitted anew, if
            cross validation has nothing against it; else the first seed's model is saved.
    """

    task: str = "bbc"
    data: str | None = None
    shots: int | str | None = None
    shots_per_class: int | None = None
    draw: int = 0
    folds: int = 5
    repeats: int = 1
    validation: str = "cv"
    text_columns: tuple[str, ...] = ()
    label_column: str | None = None
    group_column: str | None = None
    encoding: str | None = None
    header: bool = True
    drop_unknown_labels: bool = False
    kind: str | None = None
    label_texts: str | None = None
    templates: str | tuple[str, ...] | None = None
    words: tuple[str, ...] | str | dict[str, str] = ()
    adapt_mlm: int | None = None
    unlabelled: str | None = None
    no_test: bool = False
    encoder: str | None = None
    space: str = "default"
    losses: tuple[str, ...] = ()
    loss_plugins: tuple[str, ...] = ()
    max_length: int | str | None = None
    truncation: str = "head"
    prefix: str | None = None
    trials: int | None = None
    time_budget: str | float | None = None
    max_rounds: int | None = None
    training_budget: str | float | None = None
    searcher: str = "tpe"
    scheduler: str = "asha"
    metric: str | None = None
    cpus_per_trial: float = 1.0
    gpus_per_trial: float | None = None
    max_gpus: float | None = None
    concurrency: int | str | None = None
    precision: str = "auto"
    address: str | None = None
    results: str = "tune-dml-results"
    tracking_uri: str | None = None
    store: str | None = None
    store_every: float = 30.0
    name: str | None = None
    seed: int = 0
    confirm: bool = True
    confirm_seeds: int = 5
    confirm_others: bool = True
    reference_ce: bool = True
    save_model: bool = True
    ensemble: bool = False
    soup: bool = True
