"""The searches of transformers and SetFit as their documentation shows them: ``python -m benchmarks.rivals NAME ...``.

Each gets the same texts, learning rates and numbers of steps; nothing is saved, logged or evaluated in between.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

for _name, _value in {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}.items():
    os.environ.setdefault(_name, _value)

#: Of every ``TrainingArguments`` here: nothing is saved, logged or reported.
QUIET: dict[str, Any] = {
    "per_device_eval_batch_size": 64,
    "warmup_steps": 0.1,
    "save_strategy": "no",
    "report_to": "none",
    "disable_tqdm": True,
    "logging_strategy": "no",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rivals", description=__doc__)
    parser.add_argument("name", choices=["optuna", "ray", "setfit"])
    parser.add_argument(
        "job", type=Path, help="JSON: encoder, train, heldout, classes, rates, epochs, batch_size, bf16"
    )
    parser.add_argument("--part", type=int, default=0, help="of the learning rates: every so manyth")
    parser.add_argument("--parts", type=int, default=1)
    given = parser.parse_args()
    job = json.loads(given.job.read_text())
    rates = job["rates"][given.part :: given.parts]
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        if given.name == "setfit":
            best = _setfit(job, rates, scratch)
        else:
            best = _trainer(given.name, job, rates, scratch)
    print(json.dumps({"objective": best.objective, "trials": len(rates)}))


def _trainer(backend: str, job: dict[str, Any], rates: list[float], scratch: str) -> Any:
    from datasets import Dataset
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    tokenizer = AutoTokenizer.from_pretrained(job["encoder"])

    def tokens(rows: list[list[Any]]) -> Dataset:
        data = Dataset.from_dict({"text": [text for text, _ in rows], "label": [label for _, label in rows]})
        return data.map(lambda r: tokenizer(r["text"], truncation=True, max_length=128), remove_columns=["text"])

    encoder, classes = job["encoder"], job["classes"]

    def model(trial: Any = None) -> Any:
        return AutoModelForSequenceClassification.from_pretrained(encoder, num_labels=classes)

    arguments = TrainingArguments(
        scratch,
        use_cpu=True,
        bf16=job["bf16"],
        num_train_epochs=job["epochs"],
        per_device_train_batch_size=job["batch_size"],
        **QUIET,
    )
    trainer = Trainer(
        model_init=model,
        args=arguments,
        train_dataset=tokens(job["train"]),
        eval_dataset=tokens(job["heldout"]),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=_accuracy,
    )
    options: dict[str, Any]
    if backend == "optuna":
        import optuna

        options = {"sampler": optuna.samplers.GridSampler({"learning_rate": rates})}
        space = _optuna_space(rates)
    else:
        import ray
        from ray import tune

        ray.init(address="local", num_cpus=os.cpu_count(), include_dashboard=False, log_to_driver=False)
        options = {"resources_per_trial": {"cpu": 1}, "storage_path": scratch, "verbose": 0}

        def space(_: Any) -> dict[str, Any]:
            return {"learning_rate": tune.grid_search(rates)}

    return trainer.hyperparameter_search(
        hp_space=space,
        compute_objective=lambda metrics: metrics["eval_accuracy"],
        n_trials=1 if backend == "ray" else len(rates),
        direction="maximize",
        backend=backend,
        **options,
    )


def _setfit(job: dict[str, Any], rates: list[float], scratch: str) -> Any:
    import optuna
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression

    def data(rows: list[list[Any]]) -> Dataset:
        return Dataset.from_dict({"text": [text for text, _ in rows], "label": [label for _, label in rows]})

    def model(trial: Any = None) -> SetFitModel:
        body = SentenceTransformer(job["encoder"], device="cpu")
        return SetFitModel(model_body=body, model_head=LogisticRegression(max_iter=1000))

    steps = job["epochs"] * -(-len(job["train"]) // job["batch_size"])
    # A pair is two texts: half as many pairs make the same number of texts per step.
    arguments = TrainingArguments(
        scratch, batch_size=job["batch_size"] // 2, max_steps=steps, report_to="none", save_strategy="no",
        show_progress_bar=False, logging_strategy="no",
    )  # fmt: skip
    trainer = Trainer(
        model_init=model,
        args=arguments,
        train_dataset=data(job["train"]),
        eval_dataset=data(job["heldout"]),
        # By its name it would be fetched from the hub.
        metric=lambda predicted, true: {"accuracy": float((predicted.numpy() == true).mean())},
    )
    return trainer.hyperparameter_search(
        hp_space=lambda trial: {"body_learning_rate": trial.suggest_categorical("body_learning_rate", rates)},
        n_trials=len(rates),
        direction="maximize",
        sampler=optuna.samplers.GridSampler({"body_learning_rate": rates}),
    )


def _optuna_space(rates: list[float]) -> Any:
    return lambda trial: {"learning_rate": trial.suggest_categorical("learning_rate", rates)}


def _accuracy(prediction: Any) -> dict[str, float]:
    return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}


if __name__ == "__main__":
    main()
