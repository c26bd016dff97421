"""What a careful user of transformers writes: an Optuna study whose trials train a ``Trainer`` on each of five folds.

``python -m benchmarks.rival_study JOB --part 0``: as many trials as the job asks of one process. Several processes
share the study through its journal. ``--confirm`` retrains the best configuration on the whole draw and scores the
test texts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

# Sets the environment for one thread, before anything reads it.
from benchmarks.rivals import QUIET


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rival_study", description=__doc__)
    parser.add_argument("job", type=Path, help="JSON: encoder, texts, labels, classes, folds, test, test_labels, ...")
    parser.add_argument("--part", type=int, default=0, help="seeds the sampler")
    parser.add_argument("--confirm", action="store_true")
    given = parser.parse_args()
    job = json.loads(given.job.read_text())
    import optuna
    import torch
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name="rival",
        storage=JournalStorage(JournalFileBackend(str(given.job.with_suffix(".log")))),
        sampler=optuna.samplers.TPESampler(seed=given.part),
        direction="maximize",
        load_if_exists=True,
    )
    with tempfile.TemporaryDirectory() as scratch:
        trainer = _Trainers(job, scratch)
        if given.confirm:
            everything = list(range(len(job["labels"])))
            scores = [trainer.accuracy(study.best_params, everything, None, seed) for seed in range(job["seeds"])]
            print(json.dumps({"params": study.best_params, "test": scores}))
        else:
            study.optimize(lambda trial: _mean_of_folds(trial, job, trainer), n_trials=job["trials_per_process"])


def _mean_of_folds(trial: Any, job: dict[str, Any], trainer: _Trainers) -> float:
    params = {
        "learning_rate": trial.suggest_float("learning_rate", 1e-5, 1e-3, log=True),
        "per_device_train_batch_size": trial.suggest_categorical("per_device_train_batch_size", [8, 16, 32]),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1e-1, log=True),
    }
    scores = [trainer.accuracy(params, fold["train"], fold["heldout"], 0) for fold in job["folds"]]
    return sum(scores) / len(scores)


class _Trainers:
    def __init__(self, job: dict[str, Any], scratch: str) -> None:
        from transformers import AutoTokenizer

        self._job, self._scratch = job, scratch
        self._tokenizer = AutoTokenizer.from_pretrained(job["encoder"])
        self._draw = self._tokens(job["texts"], job["labels"])
        self._test = self._tokens(job["test"], job["test_labels"])

    def _tokens(self, texts: list[str], labels: list[int]) -> Any:
        from datasets import Dataset

        encoded = self._tokenizer(texts, truncation=True, max_length=128)
        return Dataset.from_dict({**encoded, "label": labels})

    def accuracy(self, params: dict[str, Any], train: list[int], heldout: list[int] | None, seed: int) -> float:
        """Of a model trained on rows ``train`` of the draw, on its rows ``heldout`` or on the test texts."""
        from transformers import AutoModelForSequenceClassification, DataCollatorWithPadding, Trainer, TrainingArguments

        model = AutoModelForSequenceClassification.from_pretrained(
            self._job["encoder"], num_labels=self._job["classes"]
        )
        arguments = TrainingArguments(
            self._scratch,
            use_cpu=True,
            num_train_epochs=self._job["epochs"],
            **QUIET,
            seed=seed,
            **params,
        )
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=self._draw.select(train),
            data_collator=DataCollatorWithPadding(self._tokenizer),
        )
        trainer.train()
        scored = self._test if heldout is None else self._draw.select(heldout)
        prediction = trainer.predict(scored)
        return float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())


if __name__ == "__main__":
    main()
