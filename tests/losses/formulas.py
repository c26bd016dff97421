"""The papers' formulas, written out plainly in float64: values of ``x`` ``[n, dimension]`` with classes ``y`` ``[n]``.

Learned parameters follow as the library keeps them, hyperparameters by name.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def unit(rows: Array) -> Array:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cosines(x: Array) -> Array:
    return unit(x) @ unit(x).T


def distances(x: Array) -> Array:
    return np.sqrt(((unit(x)[:, None] - unit(x)[None]) ** 2).sum(-1))


def log_sum(values: list[float]) -> float:
    largest = max(values)
    return largest + math.log(sum(math.exp(v - largest) for v in values))


def log_softmax(row: Array) -> Array:
    return row - log_sum(list(row))


def cross_entropy(logits: Array, y: Labels) -> float:
    return -sum(log_softmax(logits[i])[y[i]] for i in range(len(y))) / len(y)


def positives(y: Labels, i: int) -> list[int]:
    return [j for j in range(len(y)) if j != i and y[j] == y[i]]


def negatives(y: Labels, i: int) -> list[int]:
    return [j for j in range(len(y)) if y[j] != y[i]]


def pairs(y: Labels) -> list[tuple[int, int]]:
    return [(i, j) for i in range(len(y)) for j in positives(y, i)]


def triplets(y: Labels) -> list[tuple[int, int, int]]:
    return [(a, p, n) for a, p in pairs(y) for n in negatives(y, a)]


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def softtriple(
    x: Array, y: Labels, w: Array, *, la: float, gamma: float, margin: float, centers: int, tau: float
) -> float:
    w = unit(w.T).reshape(-1, centers, x.shape[1])
    similarity = np.zeros((len(y), len(w)))
    for i, c in np.ndindex(*similarity.shape):
        own = w[c] @ unit(x)[i]
        similarity[i, c] = np.exp(log_softmax(own / gamma)) @ own - (margin if c == y[i] else 0.0)
    spread = [
        math.sqrt(2 - 2 * own[t] @ own[s]) / (len(w) * centers * (centers - 1))
        for own in w
        for t in range(centers)
        for s in range(t + 1, centers)
    ]
    return cross_entropy(la * similarity, y) + tau * sum(spread)


def proxy_anchor(x: Array, y: Labels, proxies: Array, *, alpha: float, margin: float) -> float:
    s = unit(x) @ unit(proxies).T
    classes, present = len(proxies), len(set(y.tolist()))
    pull = push = 0.0
    for c in range(classes):
        pull += math.log(1 + sum(math.exp(-alpha * (s[i, c] - margin)) for i in range(len(y)) if y[i] == c))
        push += math.log(1 + sum(math.exp(alpha * (s[i, c] + margin)) for i in range(len(y)) if y[i] != c))
    return pull / present + push / classes


def proxy_nca(x: Array, y: Labels, proxies: Array, *, scale: float) -> float:
    return cross_entropy(-scale * ((unit(x)[:, None] - unit(proxies)[None]) ** 2).sum(-1), y)


def normalized_softmax(x: Array, y: Labels, w: Array, *, temperature: float) -> float:
    return cross_entropy(unit(x) @ unit(w.T).T / temperature, y)


def cosface(x: Array, y: Labels, w: Array, *, margin: float, scale: float) -> float:
    s = unit(x) @ unit(w.T).T
    s[np.arange(len(y)), y] -= margin
    return cross_entropy(scale * s, y)


def arcface(x: Array, y: Labels, w: Array, *, margin: float, scale: float, centers: int = 1) -> float:
    s = (unit(x) @ unit(w.T).T).reshape(len(y), -1, centers).max(axis=2)
    m = math.radians(margin)
    for i in range(len(y)):
        angle = math.acos(s[i, y[i]])
        # Beyond a half turn the paper's code goes on with a straight line.
        s[i, y[i]] = math.cos(angle + m) if angle + m <= math.pi else s[i, y[i]] - m * math.sin(m)
    return cross_entropy(scale * s, y)


subcenter_arcface = arcface


def margin(x: Array, y: Labels, beta_of_class: Array, *, margin: float, nu: float, **_: Any) -> float:
    d, found = distances(x), triplets(y)
    pull = [max(0.0, margin + d[a, p] - beta_of_class[y[a]]) for a, p, _ in found]
    push = [max(0.0, margin + beta_of_class[y[a]] - d[a, n]) for a, _, n in found]
    active = sum(v > 0 for v in pull + push)
    return (sum(pull) + sum(push) + nu * sum(beta_of_class[y[a]] for a, _, _ in found)) / active


def supcon(x: Array, y: Labels, *, temperature: float) -> float:
    s = cosines(x) / temperature
    values = []
    for i in range(len(y)):
        normaliser = log_sum([s[i, j] for j in range(len(y)) if j != i])
        if own := positives(y, i):
            values.append(-mean([s[i, j] - normaliser for j in own]))
    return mean(values)


def ntxent(x: Array, y: Labels, *, temperature: float) -> float:
    s = cosines(x) / temperature
    return mean([log_sum([s[i, j], *(s[i, k] for k in negatives(y, i))]) - s[i, j] for i, j in pairs(y)])


def npairs(x: Array, y: Labels, *, l2: float) -> float:
    firsts = [rows[:2] for c in range(int(y.max()) + 1) if len(rows := np.flatnonzero(c == y)) > 1]
    anchors, others = x[[p[0] for p in firsts]], x[[p[1] for p in firsts]]
    return cross_entropy(anchors @ others.T, np.arange(len(firsts))) + l2 * float((x**2).sum(axis=1).mean())


def triplet(x: Array, y: Labels, *, margin: float, miner: str = "none") -> float:
    d, values = distances(x), []
    for a, p, n in triplets(y):
        further = d[a, n] - d[a, p]
        hardest = d[a, p] == max(d[a, positives(y, a)]) and d[a, n] == min(d[a, negatives(y, a)])
        if miner == "none" or (miner == "semihard" and 0 < further < margin) or (miner == "hard" and hardest):
            values.append(margin - further)
    return mean([v for v in values if v > 0])


def contrastive(x: Array, y: Labels, *, pos_margin: float, neg_margin: float, miner: str) -> float:
    d = distances(x)
    pull = [d[i, j] - pos_margin for i, j in pairs(y)]
    push = [neg_margin - d[i, j] for i in range(len(y)) for j in negatives(y, i)]
    return mean([v for v in pull if v > 0]) + mean([v for v in push if v > 0])


def multi_similarity(x: Array, y: Labels, *, alpha: float, beta: float, base: float, miner: str) -> float:
    s, values = cosines(x), []
    for i in range(len(y)):
        own, others = positives(y, i), negatives(y, i)
        if miner != "none":
            near, far = max(s[i, others]), min(s[i, own], default=math.inf)
            own, others = [p for p in own if s[i, p] < near + 0.1], [n for n in others if s[i, n] > far - 0.1]
        pull = math.log(1 + sum(math.exp(-alpha * (s[i, p] - base)) for p in own)) / alpha
        push = math.log(1 + sum(math.exp(beta * (s[i, n] - base)) for n in others)) / beta
        values.append(pull + push)
    return mean(values)


def circle(x: Array, y: Labels, *, m: float, gamma: float, weights_at: Array | None = None) -> float:
    """``weights_at``: the embeddings that the pairs' weights are taken from; the paper's gradient leaves them fixed."""
    s, w, values = cosines(x), cosines(x if weights_at is None else weights_at), []
    for i in range(len(y)):
        if not positives(y, i):
            continue
        pull = [-gamma * max(0.0, 1 + m - w[i, p]) * (s[i, p] - (1 - m)) for p in positives(y, i)]
        push = [gamma * max(0.0, w[i, n] + m) * (s[i, n] - m) for n in negatives(y, i)]
        values.append(float(np.logaddexp(0.0, log_sum(pull) + log_sum(push))))
    return mean([v for v in values if v > 0])


def lifted_structure(x: Array, y: Labels, *, margin: float) -> float:
    d, values = distances(x), []
    for i, j in pairs(y):
        far = [margin - d[a, k] for a in (i, j) for k in negatives(y, a)]
        values.append(max(0.0, log_sum(far) + d[i, j]) ** 2 / 2)
    return mean(values)


def tuplet_margin(x: Array, y: Labels, *, margin: float, scale: float) -> float:
    s, values = cosines(x), []
    for i, j in pairs(y):
        slackened = math.cos(math.acos(s[i, j]) - math.radians(margin))
        values.append(log_sum([0.0, *(scale * (s[i, k] - slackened) for k in negatives(y, i))]))
    return mean(values)


def nca(x: Array, y: Labels, *, scale: float) -> float:
    d, values = -scale * distances(x) ** 2, []
    for i in range(len(y)):
        if own := positives(y, i):
            others = log_sum([d[i, j] for j in range(len(y)) if j != i])
            values.append(others - log_sum([d[i, j] for j in own]))
    return mean(values)


FORMULAS = {
    f: globals()[f]
    for f in (
        "softtriple", "proxy_anchor", "proxy_nca", "normalized_softmax", "cosface", "arcface", "subcenter_arcface",
        "margin", "supcon", "ntxent", "npairs", "triplet", "contrastive", "multi_similarity", "circle",
        "lifted_structure", "tuplet_margin", "nca",
    )
}  # fmt: skip
