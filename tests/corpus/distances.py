"""Wrong derivatives of similarities and distances: cosine, triplet, contrastive, Dice."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
A = np.array([0.5, -1.25, 2.0])
B = np.array([1.0, 0.25, -0.75])
P = np.array([0.25, 0.5, 0.125])
Q = np.array([0.375, 0.25, 0.75])


# Distances --------------------------------------------------------------------------------------------------


def cosine(a: Any, b: Any) -> Any:
    return a @ b / (np.sqrt(a @ a) * np.sqrt(b @ b))


def cosine_grad(a: Any, b: Any) -> Any:
    na, nb = np.sqrt(np.sum(a**2)), np.sqrt(np.sum(b**2))
    return b / (na * nb) - cosine(a, b) * a / na**2


PAIRS.add(
    "cosine similarity with the norms held constant",
    "missing_path",
    cosine,
    wrong=lambda a, b: b / (np.sqrt(a @ a) * np.sqrt(b @ b)),
    right=cosine_grad,
    inputs=(A, B),
)
PAIRS.add(
    "cosine similarity of vectors taken for unit vectors",
    "assumption",
    cosine,
    wrong=lambda a, b: b - (a @ b) * a,
    right=cosine_grad,
    inputs=(A, B),
)


def triplet(a: Any, p: Any, n: Any) -> Any:
    return np.maximum(0, np.sum((a - p) ** 2) - np.sum((a - n) ** 2) + 4)


def triplet_grad(a: Any, p: Any, n: Any) -> Any:
    active = np.where(np.sum((a - p) ** 2) - np.sum((a - n) ** 2) + 4 > 0, 1.0, 0.0)
    return active * 2 * (n - p), active * -2 * (a - p), active * 2 * (a - n)


def triplet_exchanged(a: Any, p: Any, n: Any) -> Any:
    da, dp, dn = triplet_grad(a, p, n)
    return da, dn, dp


PAIRS.add(
    "triplet loss with positive and negative exchanged",
    "swapped",
    triplet,
    wrong=triplet_exchanged,
    right=triplet_grad,
    inputs={"a": A, "p": B, "n": P},
    wrt=("a", "p", "n"),
)


def legacy_contrastive(a: Any, b: Any) -> Any:
    return 0.5 * np.maximum(9 - np.sum((a - b) ** 2), 0)


def legacy_active(a: Any, b: Any) -> Any:
    return np.where(np.sum((a - b) ** 2) < 9, 1.0, 0.0)


PAIRS.add(
    "contrastive loss without the difference",
    "chain",
    legacy_contrastive,
    wrong=lambda a, b: -legacy_active(a, b) * np.ones(3),
    right=lambda a, b: -legacy_active(a, b) * (a - b),
    inputs=(A, A + P),
    source="github.com/BVLC/caffe/pull/7100",
)


def hadsell(a: Any, b: Any) -> Any:
    d = np.sqrt(np.sum((a - b) ** 2))
    return -np.maximum(9 - d, 0) * (a - b) / d


PAIRS.add(
    "contrastive loss of squared distances, by the paper's distances",
    "convention",
    legacy_contrastive,
    wrong=hadsell,
    right=lambda a, b: -legacy_active(a, b) * (a - b),
    inputs=(A, A + P),
    source="github.com/BVLC/caffe/pull/2321",
)


# Overlap ----------------------------------------------------------------------------------------------------


def dice(p: Any, t: Any) -> Any:
    return 2 * np.sum(p * t) / (np.sum(p) + np.sum(t))


def dice_grad(p: Any, t: Any) -> Any:
    inter, union = np.sum(p * t), np.sum(p) + np.sum(t)
    return 2 * (t * union - inter) / union**2


def dice_with_a_plus(p: Any, t: Any) -> Any:
    inter, union = np.sum(p * t), np.sum(p) + np.sum(t)
    return 2 * (t * union + inter) / union**2


PAIRS.add(
    "Dice with a plus in the quotient rule",
    "sign",
    dice,
    wrong=dice_with_a_plus,
    right=dice_grad,
    inputs={"p": P, "t": Q},
    wrt="p",
    source="github.com/milesial/Pytorch-UNet/issues/35",
)


def squared_dice(p: Any, t: Any) -> Any:
    return 2 * np.sum(p * t) / (np.sum(p**2) + np.sum(t**2))


def squared_dice_grad(p: Any, t: Any) -> Any:
    inter, union = np.sum(p * t), np.sum(p**2) + np.sum(t**2)
    return 2 * (t * union - 2 * p * inter) / union**2


PAIRS.add(
    "Dice of squared denominators, by the plain form",
    "convention",
    squared_dice,
    wrong=dice_grad,
    right=squared_dice_grad,
    inputs={"p": P, "t": Q},
    wrt="p",
    source="github.com/faustomilletari/VNet/issues/18",
)
