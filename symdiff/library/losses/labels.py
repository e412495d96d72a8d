"""Losses of integer labels: cross-entropy from logits, where each sample names its class."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.library import Array, Entry, Names
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared


def cross_entropy_of_labels(z: Array, label: Array, weight: Array = 1.0, *, reduction: str = "mean") -> Array:
    """Cross-entropy from logits for integer labels, ``w_i (logsumexp(z_i) - z_i[label_i])`` with w_i = weight[label_i].

    ``z`` : n k; ``label`` : n, integers from 0 to k - 1; ``weight`` : k (a weight for each class), or one number; the
    mean is weighted: the sum is divided by the sum of the w_i; never negative; smooth and convex in ``z`` for w >= 0.

    >>> float(cross_entropy_of_labels(np.zeros((3, 2)), np.array([0, 1, 1]), np.array([1.0, 5.0])).round(4))
    0.6931
    """
    chosen = special.log_softmax(z, axis=-1)[np.arange(z.shape[0]), label]
    share = _shares(z, label, weight, reduction)
    return reduced(-share * chosen, reduction)


def _shares(z: Array, label: Array, weight: Array, reduction: str) -> Array:
    """The weight of each sample's class; for the mean, in units of their mean."""
    weights = np.broadcast_to(weight, z.shape[-1:])[label]
    return weights / np.mean(weights) if reduction == "mean" and np.size(label) else weights


LABELLED = {"z": "n k", "label": "n", "weight": "k"}
CROSS_ENTROPY_OF_LABELS = Entry(
    cross_entropy_of_labels,
    "loss",
    cases(**LABELLED),
    source="Bridle (1990), Probabilistic interpretation of feedforward network outputs",
    notes="1.2.4",
    names=Names(
        "torch.nn.functional.cross_entropy",
        "optax.softmax_cross_entropy_with_integer_labels",
        "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
        "torch has ignore_index=, which is a weight of 0 for that class; optax has no weights.",
    ),
    domain={"label": "integer"},
)


@per_sample(CROSS_ENTROPY_OF_LABELS, axes=1)
@CROSS_ENTROPY_OF_LABELS.derivative
def cross_entropy_of_labels_gradient(
    z: Array, label: Array, weight: Array = 1.0, *, reduction: str = "mean"
) -> Array:
    """softmax(z), less 1 at each sample's label, times the sample's weight."""
    slope = special.softmax(z, axis=-1)
    slope[np.arange(z.shape[0]), label] -= 1
    return shared(_shares(z, label, weight, reduction)[..., None] * slope, label, reduction)


@CROSS_ENTROPY_OF_LABELS.second
def cross_entropy_of_labels_curvature(
    z: Array, label: Array, weight: Array, v: Array, *, reduction: str = "mean"
) -> Array:
    """w p (v - p'v), of the label only through its weight."""
    p = special.softmax(z, axis=-1)
    moved = p * (v - np.sum(p * v, axis=-1, keepdims=True))
    return shared(_shares(z, label, weight, reduction)[..., None] * moved, label, reduction)


@CROSS_ENTROPY_OF_LABELS.mistake("missing_path")
def softmax_without_the_label(z: Array, label: Array, weight: Array, *, reduction: str = "mean") -> Array:
    """softmax(z): the logit of the label forgotten."""
    share = _shares(z, label, weight, reduction)[..., None]
    return shared(share * special.softmax(z, axis=-1), label, reduction)


@CROSS_ENTROPY_OF_LABELS.mistake("sign")
def label_added_to_the_softmax(z: Array, label: Array, weight: Array, *, reduction: str = "mean") -> Array:
    """softmax(z), and 1 more at the label: the sign of one term."""
    slope = special.softmax(z, axis=-1)
    slope[np.arange(z.shape[0]), label] += 1
    return shared(_shares(z, label, weight, reduction)[..., None] * slope, label, reduction)


@CROSS_ENTROPY_OF_LABELS.mistake("index")
def labels_counted_from_one(z: Array, label: Array, weight: Array, *, reduction: str = "mean") -> Array:
    """The 1 taken from the class before the label."""
    slope = special.softmax(z, axis=-1)
    slope[np.arange(z.shape[0]), label - 1] -= 1
    return shared(_shares(z, label, weight, reduction)[..., None] * slope, label, reduction)
