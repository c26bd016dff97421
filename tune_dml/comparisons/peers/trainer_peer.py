"""An Optuna study over transformers' ``Trainer``: what a careful user of the two would write.

Learning rate, batch size and weight decay are searched on the draw's folds, as many trials as a search has; the best is
trained on the whole draw with each seed. ``python -m tune_dml.comparisons.peers.trainer_peer JOB OUT PART PARTS``:
several processes share the study through a journal beside the job; the first of them also does the final trainings.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tune_dml.comparisons.peers.job import PeerJob, one_thread, read_job

_EPOCHS = 20
#: Seconds between two looks whether the others are done.
_PAUSE = 0.2


def main() -> None:
    """Run a part of the job named on the command line."""
    one_thread()
    path, out = Path(sys.argv[1]), Path(sys.argv[2])
    part, parts = int(sys.argv[3]), int(sys.argv[4])
    job, begun = read_job(path), time.monotonic()
    import optuna
    import torch
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import TrialState

    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name="trainer",
        storage=JournalStorage(JournalFileBackend(str(path.with_suffix(".log")))),
        sampler=optuna.samplers.TPESampler(seed=part),
        direction="maximize",
        load_if_exists=True,
    )
    with tempfile.TemporaryDirectory() as scratch:
        trainers = _Trainers(job, scratch)
        mine = len(range(part, job.trials, parts))
        study.optimize(lambda trial: _mean_of_folds(trial, job, trainers), n_trials=mine)
        if part:
            return
        while len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL))) < job.trials:
            time.sleep(_PAUSE)
        seconds = time.monotonic() - begun
        everything = list(range(len(job.labels)))
        found = [trainers.probabilities(study.best_params, everything, None, seed) for seed in job.seeds]
    spent = seconds * parts
    np.savez(out, probabilities=np.stack(found), seconds=spent, rounds=job.trials * len(job.folds), trials=job.trials)


def _mean_of_folds(trial: Any, job: PeerJob, trainers: _Trainers) -> float:
    params = {
        "learning_rate": trial.suggest_float("learning_rate", 1e-5, 1e-3, log=True),
        "per_device_train_batch_size": trial.suggest_categorical("per_device_train_batch_size", [8, 16, 32]),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1e-1, log=True),
    }
    labels, hits = np.array(job.labels), []
    for train, heldout in job.folds:
        answers = trainers.probabilities(params, list(train), list(heldout), 0).argmax(axis=1)
        hits.append(float((answers == labels[list(heldout)]).mean()))
    return float(np.mean(hits))


class _Trainers:
    def __init__(self, job: PeerJob, scratch: str) -> None:
        from transformers import AutoTokenizer

        self._job, self._scratch = job, scratch
        self._tokenizer = AutoTokenizer.from_pretrained(job.encoder)
        self._draw = self._tokens(job.texts, job.second, job.labels)
        self._test = self._tokens(job.test, job.test_second, None)

    def _tokens(self, texts: tuple[str, ...], second: tuple[str, ...], labels: tuple[int, ...] | None) -> Any:
        from datasets import Dataset

        pair = list(second) if second else None
        encoded = self._tokenizer(list(texts), pair, truncation=True, max_length=self._job.max_length)
        return Dataset.from_dict({**encoded, **({} if labels is None else {"label": list(labels)})})

    def probabilities(self, params: dict[str, Any], train: list[int], heldout: list[int] | None, seed: int) -> Any:
        """Of a model trained on rows ``train`` of the draw, for its rows ``heldout`` or for the test texts."""
        from scipy.special import softmax
        from transformers import AutoModelForSequenceClassification, DataCollatorWithPadding, Trainer, TrainingArguments

        model = AutoModelForSequenceClassification.from_pretrained(self._job.encoder, num_labels=self._job.classes)
        arguments = TrainingArguments(
            self._scratch, use_cpu=not self._job.cuda, num_train_epochs=_EPOCHS, warmup_steps=0.1, seed=seed,
            per_device_eval_batch_size=64, save_strategy="no", report_to="none", disable_tqdm=True,
            logging_strategy="no", **params,
        )  # fmt: skip
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=self._draw.select(train),
            data_collator=DataCollatorWithPadding(self._tokenizer),
        )
        trainer.train()
        scored = self._test if heldout is None else self._draw.select(heldout)
        return softmax(trainer.predict(scored).predictions, axis=-1)


if __name__ == "__main__":
    main()
