"""Losses of one class among k: cross-entropy of probabilities, and from logits with soft labels."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.library.losses.quadratic_forms import curvature_is
from symdiff.library.losses.ratios import ratio
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict


def cross_entropy(p: Array, y: Array, *, reduction: str = "mean") -> Array:
    """Cross-entropy of probabilities, ``-1/n sum_i sum_k y_ik log p_ik``.

    ``p``, ``y`` : n k, entries in [0, 1], y one-hot or soft; never negative; smooth and convex in ``p`` for p > 0.
    A class of label 0 costs nothing, also at p = 0 (0 log 0 is 0); a label on a class of probability 0 costs infinity.

    >>> float(cross_entropy(np.array([[0.5, 0.5, 0.0]]), np.array([[1.0, 0.0, 0.0]])).round(4))
    0.6931
    """
    return reduced(-np.sum(special.xlogy(y, p), axis=-1), reduction)


PROBABILITIES = {"p": "n k", "y": "n k"}
CROSS_ENTROPY = Entry(
    cross_entropy,
    "loss",
    cases(**PROBABILITIES),
    source="Good (1952), Rational decisions, section 8",
    notes="1.2.4",
    names=Names(
        keras="keras.losses.CategoricalCrossentropy",
        differs="torch.nn.functional.cross_entropy takes logits: see softmax_cross_entropy; keras divides p by its "
        "sum and clips it to [1e-7, 1 - 1e-7].",
    ),
    domain={"p": (0, 1), "y": (0, 1)},
)


@per_sample(CROSS_ENTROPY, axes=1)
@CROSS_ENTROPY.derivative
def cross_entropy_gradient(p: Array, y: Array, *, reduction: str = "mean") -> Array:
    """-y / p, each entry of p moved by itself; 0 where y is 0."""
    return shared(-ratio(y, p), y[..., 0], reduction)


@CROSS_ENTROPY.second
def cross_entropy_curvature(p: Array, y: Array, v: Array, *, reduction: str = "mean") -> Array:
    """y v / p^2."""
    return shared(ratio(y, p**2) * v, y[..., 0], reduction)


@CROSS_ENTROPY.form("textbook")
def sum_of_logarithms(p: Array, y: Array, *, reduction: str = "mean") -> Array:
    """-sum y log p, which is nan where y = p = 0."""
    return reduced(-np.sum(y * np.log(p), axis=-1), reduction)


@CROSS_ENTROPY.fact("convex in p: v'Hv is the mean of sum_k y_k (v_k / p_k)^2")
def cross_entropy_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a sum of squares with weights y."""
    return curvature_is(
        lambda p, y, v: np.sum(y * (v / p) ** 2) / y.shape[0],
        cross_entropy_curvature,
        {**PROBABILITIES, "v": "n k"},
        CROSS_ENTROPY.domain,
    )


@CROSS_ENTROPY.mistake("sign")
def cross_entropy_without_the_minus(p: Array, y: Array, *, reduction: str = "mean") -> Array:
    """y / p: the gradient of the likelihood, to be ascended."""
    return shared(ratio(y, p), y[..., 0], reduction)


@CROSS_ENTROPY.mistake("factor")
def cross_entropy_without_the_batch(p: Array, y: Array, *, reduction: str = "mean") -> Array:
    """-y / p: the batch factor 1/n missing."""
    return -ratio(y, p)


def softmax_cross_entropy(
    z: Array, y: Array, weight: Array = 1.0, label_smoothing: Array = 0.0, *, reduction: str = "mean"
) -> Array:
    """Cross-entropy from logits, ``-1/n sum_i sum_k w_k t_ik log softmax(z_i)_k`` with t = (1 - e) y + e / k.

    ``z``, ``y`` : n k, y one-hot or soft; ``weight`` : k (a weight for each class); e is ``label_smoothing``, in
    [0, 1]; smooth and convex in ``z`` for w, y >= 0; unchanged when a constant is added to a row of z, hence finite
    for every finite z: logits of 1e4 cost at most the largest difference of two. One class costs 0 with gradient 0.

    >>> softmax_cross_entropy(np.array([[0.0, 0.0], [1e4, -1e4]]), np.eye(2), reduction="none").round(4).tolist()
    [0.6931, 20000.0]
    """
    k = y.shape[-1]
    t = weight * ((1 - label_smoothing) * y + label_smoothing / k)
    return reduced(-np.sum(t * special.log_softmax(z, axis=-1), axis=-1), reduction)


LOGITS = {"z": "n k", "y": "n k", "weight": "k", "label_smoothing": ""}
SOFTMAX_CROSS_ENTROPY = Entry(
    softmax_cross_entropy,
    "loss",
    cases(**LOGITS),
    source="Bridle (1990), Probabilistic interpretation of feedforward network outputs; label smoothing: Szegedy "
    "et al. (2016), section 7",
    notes="1.2.4",
    names=Names(
        "torch.nn.functional.cross_entropy",
        "optax.softmax_cross_entropy",
        "keras.losses.CategoricalCrossentropy(from_logits=True)",
        "torch has the classes on axis 1, here they are on the last; optax returns one value for each sample and has "
        "optax.smooth_labels for the labels.",
    ),
)


@per_sample(SOFTMAX_CROSS_ENTROPY, axes=1)
@SOFTMAX_CROSS_ENTROPY.derivative
def softmax_cross_entropy_gradient(
    z: Array, y: Array, weight: Array = 1.0, label_smoothing: Array = 0.0, *, reduction: str = "mean"
) -> Array:
    """softmax(z) sum_k t_k - t, which is p - y for labels that sum to 1, without weights."""
    t = weight * ((1 - label_smoothing) * y + label_smoothing / y.shape[-1])
    slope = special.softmax(z, axis=-1) * np.sum(t, axis=-1, keepdims=True) - t
    return shared(slope, z[..., 0], reduction)


@SOFTMAX_CROSS_ENTROPY.second
def softmax_cross_entropy_curvature(
    z: Array, y: Array, weight: Array, label_smoothing: Array, v: Array, *, reduction: str = "mean"
) -> Array:
    """sum_k t_k (diag(p) - p p') v = sum_k t_k p (v - p'v)."""
    t = weight * ((1 - label_smoothing) * y + label_smoothing / y.shape[-1])
    p = special.softmax(z, axis=-1)
    moved = p * (v - np.sum(p * v, axis=-1, keepdims=True))
    return shared(np.sum(t, axis=-1, keepdims=True) * moved, z[..., 0], reduction)


@SOFTMAX_CROSS_ENTROPY.form("textbook")
def cross_entropy_of_the_softmax(
    z: Array, y: Array, weight: Array, label_smoothing: Array, *, reduction: str = "mean"
) -> Array:
    """-sum t log(exp(z) / sum exp(z)), which overflows for logits above 709."""
    t = weight * ((1 - label_smoothing) * y + label_smoothing / y.shape[-1])
    p = np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)
    return reduced(-np.sum(t * np.log(p), axis=-1), reduction)


@SOFTMAX_CROSS_ENTROPY.form("log-sum-exp")
def cross_entropy_by_logsumexp(
    z: Array, y: Array, weight: Array, label_smoothing: Array, *, reduction: str = "mean"
) -> Array:
    """sum_k t_k logsumexp(z) - t'z."""
    t = weight * ((1 - label_smoothing) * y + label_smoothing / y.shape[-1])
    partition = special.logsumexp(z, axis=-1)
    return reduced(np.sum(t, axis=-1) * partition - np.sum(t * z, axis=-1), reduction)


@SOFTMAX_CROSS_ENTROPY.fact(
    "convex in z: v'Hv is the mean of sum_k t_k Var_p(v), the variance of v under softmax(z)"
)
def softmax_cross_entropy_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a variance, which is a sum of squares with weights p."""

    def variance(z: Array, y: Array, weight: Array, label_smoothing: Array, v: Array) -> Array:
        t = weight * ((1 - label_smoothing) * y + label_smoothing / y.shape[-1])
        p = special.softmax(z, axis=-1)
        deviation = v - np.sum(p * v, axis=-1, keepdims=True)
        return np.sum(np.sum(t, axis=-1, keepdims=True) * p * deviation**2) / z.shape[0]

    return curvature_is(variance, softmax_cross_entropy_curvature, {**LOGITS, "v": "n k"})


@SOFTMAX_CROSS_ENTROPY.fact("for labels that sum to 1 the gradient is (softmax(z) - y) / n")
def residual_for_labels_of_a_simplex() -> Verdict:
    """The residual, under the assumption that it needs."""
    return check(
        lambda z, y: softmax_cross_entropy(z, y),
        lambda z, y: (special.softmax(z, axis=-1) - y) / z.shape[0],
        {"z": "n k", "y": "n k"},
        domain={"y": "simplex"},
    )


@SOFTMAX_CROSS_ENTROPY.fact("unchanged when the same number is added to all logits of a sample")
def softmax_cross_entropy_is_invariant() -> Verdict:
    """The value of shifted logits."""

    def value(z: Array, y: Array, c: Array) -> Array:
        return softmax_cross_entropy(z, y)

    def shifted(z: Array, y: Array, c: Array) -> Array:
        return softmax_cross_entropy(z + c[:, None], y)

    return check(value, shifted, {"z": "n k", "y": "n k", "c": "n"}, of="value")


PLAIN = Case({"z": "n k", "y": "n k"})


@SOFTMAX_CROSS_ENTROPY.mistake("assumption", case=PLAIN)
def residual_for_any_label(z: Array, y: Array) -> Array:
    """softmax(z) - y: right only where y sums to 1."""
    return (special.softmax(z, axis=-1) - y) / z.shape[0]


@SOFTMAX_CROSS_ENTROPY.mistake("missing_path", order=2, case=PLAIN)
def softmax_jacobian_of_the_diagonal(z: Array, y: Array, v: Array) -> Array:
    """sum_k y_k p (1 - p) v: the Jacobian of the softmax with its diagonal only."""
    p = special.softmax(z, axis=-1)
    return np.sum(y, axis=-1, keepdims=True) * p * (1 - p) * v / z.shape[0]


@SOFTMAX_CROSS_ENTROPY.mistake("factor")
def softmax_cross_entropy_without_the_batch(
    z: Array, y: Array, weight: Array, label_smoothing: Array, *, reduction: str = "mean"
) -> Array:
    """The batch factor 1/n missing."""
    return softmax_cross_entropy_gradient(z, y, weight, label_smoothing, reduction="sum")


@SOFTMAX_CROSS_ENTROPY.mistake("missing_path")
def softmax_cross_entropy_without_smoothing(
    z: Array, y: Array, weight: Array, label_smoothing: Array, *, reduction: str = "mean"
) -> Array:
    """The given labels where the smoothed ones should stand."""
    return softmax_cross_entropy_gradient(z, y, weight, 0, reduction=reduction)


@SOFTMAX_CROSS_ENTROPY.mistake("wrong_axis")
def softmax_over_the_batch(
    z: Array, y: Array, weight: Array, label_smoothing: Array, *, reduction: str = "mean"
) -> Array:
    """The softmax taken over the samples."""
    t = weight * ((1 - label_smoothing) * y + label_smoothing / y.shape[-1])
    slope = special.softmax(z, axis=0) * np.sum(t, axis=-1, keepdims=True) - t
    return shared(slope, z[..., 0], reduction)
