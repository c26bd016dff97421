"""SetFit as its documentation shows it: contrastive pairs, one epoch, logistic regression. Nothing is searched.

``python -m tune_dml.comparisons.peers.setfit_peer JOB OUT``: class probabilities ``[seeds, test texts, classes]``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tune_dml.comparisons.peers.job import PeerJob, one_thread, read_job


def main() -> None:
    """Run the job named on the command line."""
    one_thread()
    job, out = read_job(Path(sys.argv[1])), Path(sys.argv[2])
    begun = time.monotonic()
    found = np.stack([_trained(job, seed) for seed in job.seeds])
    np.savez(out, probabilities=found, seconds=time.monotonic() - begun, rounds=0, trials=1)


def _trained(job: PeerJob, seed: int) -> Any:
    import torch
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression

    torch.set_num_threads(1)
    body = SentenceTransformer(job.encoder, device="cuda" if job.cuda else "cpu")
    body.max_seq_length = min(job.max_length, body.max_seq_length or job.max_length)
    model = SetFitModel(model_body=body, model_head=LogisticRegression(max_iter=1000))
    with tempfile.TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            scratch, batch_size=16, num_epochs=1, seed=seed, report_to="none", save_strategy="no",
            show_progress_bar=False, logging_strategy="no",
        )  # fmt: skip
        data = Dataset.from_dict({"text": list(job.texts), "label": list(job.labels)})
        Trainer(model=model, args=arguments, train_dataset=data).train()
    return np.asarray(model.predict_proba(list(job.test), as_numpy=True))


if __name__ == "__main__":
    main()
