"""Which pairs or triplets of a batch a loss is computed on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from pytorch_metric_learning.miners import BatchHardMiner, MultiSimilarityMiner
from pytorch_metric_learning.utils.loss_and_miner_utils import (
    get_all_pairs_indices,
    get_all_triplets_indices,
    get_random_triplet_indices,
)
from torch import Tensor, nn

Indices: TypeAlias = tuple[Tensor, ...]
#: A batch of n examples has of the order of n cubed triplets, and n to the fourth combinations of a positive and a
#: negative pair: too many once every token is an example. Of batches of more examples than this, a random sample is
#: taken: so many triplets for each anchor, or so many positive pairs.
ALL_UP_TO = 64
TRIPLETS_PER_ANCHOR = 64
POSITIVE_PAIRS = 128


class _Mined(nn.Module):
    def __init__(self, loss: nn.Module, choose: Callable[[Tensor, Tensor], Indices]) -> None:
        super().__init__()
        self.loss, self._choose = loss, choose

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        value: Tensor = self.loss(embeddings, labels, self._choose(embeddings, labels))
        return value


def with_miner(loss: Any, miner: str, triplets: bool = False) -> nn.Module:
    """``loss`` on what ``miner`` finds in each batch.

    Args:
        loss: Of the library, one that takes pairs or, with ``triplets``, triplets.
        miner: ``none`` (all pairs; all triplets, or a sample of them), ``hard`` (for each anchor its farthest positive
            and its nearest negative; Hermans et al. 2017, arXiv 1703.07737), ``semihard`` (triplets whose negative is
            farther than the positive, by less than the loss's margin; Schroff et al. 2015, arXiv 1503.03832),
            ``multi_similarity`` (pairs that are less similar than the most similar negative, or more than the least
            similar positive, give or take 0.1; Wang et al. 2019, arXiv 1904.06627).
    """
    if miner == "hard":
        return _Mined(loss, BatchHardMiner(distance=loss.distance))
    if miner == "multi_similarity":
        return _Mined(loss, MultiSimilarityMiner())
    if miner == "semihard":
        return _Mined(loss, lambda embeddings, labels: _semihard(loss, embeddings, labels))
    return _Mined(loss, lambda embeddings, labels: _triplets(labels)) if triplets else loss


def with_pairs_sampled(loss: Any) -> nn.Module:
    """``loss``, which holds every positive pair against every negative one, on a sample of them in large batches."""
    return _Mined(loss, lambda embeddings, labels: _pairs(labels))


def where_positives(loss: Any) -> nn.Module:
    """``loss`` of batches in which some class occurs twice, else 0."""
    return _WherePositives(loss)


class _WherePositives(nn.Module):
    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        if len(torch.unique(labels)) == len(labels):
            return (embeddings * 0).sum()
        value: Tensor = self.loss(embeddings, labels)
        return value


def _pairs(labels: Tensor) -> Indices:
    anchors, positives, others, negatives = get_all_pairs_indices(labels)
    if len(labels) > ALL_UP_TO:
        kept = torch.randperm(len(anchors))[:POSITIVE_PAIRS].to(labels.device)
        anchors, positives = anchors[kept], positives[kept]
        # Of either end, for losses that look at both.
        ends = torch.isin(others, torch.cat([anchors, positives]))
        others, negatives = others[ends], negatives[ends]
    return anchors, positives, others, negatives


def _triplets(labels: Tensor) -> Indices:
    if len(labels) <= ALL_UP_TO:
        found: Indices = get_all_triplets_indices(labels)
    else:
        found = get_random_triplet_indices(labels, t_per_anchor=TRIPLETS_PER_ANCHOR)
    return found


@torch.no_grad()
def _semihard(loss: Any, embeddings: Tensor, labels: Tensor) -> Indices:
    anchors, positives, negatives = _triplets(labels)
    distances = loss.distance(embeddings)
    further = distances[anchors, negatives] - distances[anchors, positives]
    kept = (further > 0) & (further < loss.margin)
    return anchors[kept], positives[kept], negatives[kept]
