"""Any number of training texts: what a round computes and holds stays bounded."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tune_dml.training.stage import READOUT_TEXTS, rows_for_readouts


def test_read_outs_are_fitted_to_a_bounded_number_of_texts() -> None:
    assert rows_for_readouts(np.arange(READOUT_TEXTS, dtype=np.int64) % 7) is None
    labels = np.repeat(np.arange(3, dtype=np.int64), [60_000, 39_999, 1])
    rows = rows_for_readouts(labels)
    assert rows is not None
    assert np.array_equal(rows, np.unique(rows))
    counts = np.bincount(labels[rows])
    assert counts[2] == 1
    assert counts[:2] == pytest.approx([6_000, 4_000], abs=2)


# In a process of its own, whose peak is that of one training run.
_A_RUN = """
import resource
from pathlib import Path
import numpy as np
from tune_dml.recipe import Configuration
from tune_dml.models.tokens import TokenArrays
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once
from tune_dml.training.workload import single_thread
from tune_dml.models.encoder import load_bundle
from tune_dml.models.encoder_source import find_encoder

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def texts(count):
    lengths = rng.integers(2, 6, count)
    ids = rng.integers(1000, 20_000, lengths.sum()).astype(np.int32)
    return TokenArrays(ids, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), None, 0)

single_thread()
rng = np.random.default_rng(0)
bundle = load_bundle(find_encoder("bert-tiny"))
config = Configuration(loss="supcon", beta=0.5, epochs=1, batch_size=512, lr=1e-4)
for count in (2_000, 100_000):
    labels = rng.integers(0, 5, count)
    fit_once(config, bundle, Examples(texts(count), labels, "single", 5), {"heldout": texts(2_000)}, seed=0)
    print(peak())
"""


@pytest.mark.slow
@pytest.mark.long
def test_a_hundred_thousand_texts_take_little_more_memory_than_two_thousand() -> None:
    ended = subprocess.run([sys.executable, "-c", _A_RUN], capture_output=True, text=True, check=True)
    few, many = map(float, ended.stdout.split())
    assert many - few < 300
