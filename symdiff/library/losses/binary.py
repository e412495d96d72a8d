"""Losses of yes and no: binary cross-entropy of probabilities, and from logits for one or many labels."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.checking.checks import check
from symdiff.library import Array, Entry, Names
from symdiff.library.losses.quadratic_forms import curvature_is
from symdiff.library.losses.ratios import ratio
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict


def binary_cross_entropy(p: Array, y: Array, weight: Array = 1.0, *, reduction: str = "mean") -> Array:
    """Binary cross-entropy of probabilities, ``-mean(w (y log p + (1 - y) log(1 - p)))``.

    ``p``, ``y`` : n k, both in [0, 1]; ``weight`` : broadcast to n k; never negative for weights that are not;
    convex in ``p``, smooth for 0 < p < 1. A perfect prediction costs 0 (0 log 0 is 0) and its slope is that of
    the term that is there, -1 at p = y = 1; a certain and wrong one costs infinity, with NumPy's warning.

    >>> binary_cross_entropy(np.array([0.5, 1.0]), np.array([1.0, 1.0]), reduction="none").round(4).tolist()
    [0.6931, -0.0]
    """
    losses = -weight * (special.xlogy(y, p) + special.xlog1py(1 - y, -p))
    return reduced(losses, reduction)


ROWS = {"p": "n k", "y": "n k", "weight": "n k"}
BINARY_CROSS_ENTROPY = Entry(
    binary_cross_entropy,
    "loss",
    cases(**ROWS),
    source="Good (1952), Rational decisions, section 8",
    notes="1.2.4",
    names=Names(
        "torch.nn.functional.binary_cross_entropy",
        keras="keras.losses.BinaryCrossentropy",
        differs="torch bounds each logarithm below by -100 and p (1 - p) in the gradient by 1e-12 (slope 0, not -1, "
        "at p = y = 1); keras clips p to [1e-7, 1 - 1e-7]; both are finite where this is infinite.",
    ),
    domain={"p": (0, 1), "y": (0, 1)},
)


@per_sample(BINARY_CROSS_ENTROPY)
@BINARY_CROSS_ENTROPY.derivative
def binary_cross_entropy_gradient(
    p: Array, y: Array, weight: Array = 1.0, *, reduction: str = "mean"
) -> Array:
    """(1 - y) / (1 - p) - y / p, each term absent where its weight is 0."""
    return shared(weight * (ratio(1 - y, 1 - p) - ratio(y, p)), y, reduction)


@BINARY_CROSS_ENTROPY.second
def binary_cross_entropy_curvature(
    p: Array, y: Array, weight: Array, v: Array, *, reduction: str = "mean"
) -> Array:
    """(y / p^2 + (1 - y) / (1 - p)^2) v."""
    return shared(weight * (ratio(y, p**2) + ratio(1 - y, (1 - p) ** 2)) * v, y, reduction)


@BINARY_CROSS_ENTROPY.fact("its gradient is (p - y) / (p (1 - p)) for every y in [0, 1]")
def gradient_as_one_fraction() -> Verdict:
    """The common denominator of the two terms."""

    def fraction(p: Array, y: Array, weight: Array) -> Array:
        return weight * (p - y) / (p * (1 - p)) / p.size

    return check(binary_cross_entropy, fraction, ROWS, domain=BINARY_CROSS_ENTROPY.domain)


@BINARY_CROSS_ENTROPY.fact("symmetric: p and y may both be exchanged for 1 - p and 1 - y")
def binary_cross_entropy_is_symmetric() -> Verdict:
    """The value for the complementary class."""

    def likelihood(p: Array, y: Array, weight: Array) -> Array:
        return -np.mean(weight * (y * np.log(p) + (1 - y) * np.log(1 - p)))

    def complement(p: Array, y: Array, weight: Array) -> Array:
        return likelihood(1 - p, 1 - y, weight)

    return check(likelihood, complement, ROWS, of="value", domain=BINARY_CROSS_ENTROPY.domain)


@BINARY_CROSS_ENTROPY.fact("convex in p: v'Hv is the mean of w (y (v/p)^2 + (1 - y) (v/(1 - p))^2)")
def binary_cross_entropy_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a sum of squares with weights y and 1 - y."""
    return curvature_is(
        lambda p, y, weight, v: np.mean(weight * (y * (v / p) ** 2 + (1 - y) * (v / (1 - p)) ** 2)),
        binary_cross_entropy_curvature,
        {**ROWS, "v": "n k"},
        BINARY_CROSS_ENTROPY.domain,
    )


@BINARY_CROSS_ENTROPY.mistake("sign")
def binary_cross_entropy_with_two_minus_signs(
    p: Array, y: Array, weight: Array, *, reduction: str = "mean"
) -> Array:
    """-y / p - (1 - y) / (1 - p): the inner derivative of 1 - p forgotten."""
    return shared(-weight * (ratio(1 - y, 1 - p) + ratio(y, p)), y, reduction)


@BINARY_CROSS_ENTROPY.mistake("missing_path")
def binary_cross_entropy_of_positives(p: Array, y: Array, weight: Array, *, reduction: str = "mean") -> Array:
    """-y / p: the negatives forgotten."""
    return shared(-weight * ratio(y, p), y, reduction)


def bce_with_logits(
    z: Array, y: Array, weight: Array = 1.0, pos_weight: Array = 1.0, *, reduction: str = "mean"
) -> Array:
    """Binary cross-entropy from logits, ``mean(w (c y log(1 + e^-z) + (1 - y) log(1 + e^z)))``, c = ``pos_weight``.

    ``z``, ``y`` : n k (k labels that do not exclude one another), ``y`` in [0, 1]; ``weight`` : broadcast to n k;
    ``pos_weight`` : k; smooth and convex in ``z``; finite for every finite logit: at -1e4 a positive costs 1e4.

    >>> bce_with_logits(np.array([0.0, -1e4, 1e4]), np.array([1.0, 1.0, 1.0]), reduction="none").round(4).tolist()
    [0.6931, 10000.0, 0.0]
    """
    losses = -weight * (pos_weight * y * special.log_expit(z) + (1 - y) * special.log_expit(-z))
    return reduced(losses, reduction)


LOGITS = {"z": "n k", "y": "n k", "weight": "n k", "pos_weight": "k"}
BCE_WITH_LOGITS = Entry(
    bce_with_logits,
    "loss",
    cases(**LOGITS),
    source="Cox (1958), The regression analysis of binary sequences, section 2",
    notes="1.2.4",
    names=Names(
        "torch.nn.functional.binary_cross_entropy_with_logits",
        "optax.sigmoid_binary_cross_entropy",
        "keras.losses.BinaryCrossentropy(from_logits=True)",
        "optax returns one value for each entry and has no weights; keras has no pos_weight.",
    ),
)


@per_sample(BCE_WITH_LOGITS)
@BCE_WITH_LOGITS.derivative
def bce_with_logits_gradient(
    z: Array, y: Array, weight: Array = 1.0, pos_weight: Array = 1.0, *, reduction: str = "mean"
) -> Array:
    """s(z) (1 - y) - c y s(-z), which is s(z) - y where c = 1."""
    slope = (1 - y) * special.expit(z) - pos_weight * y * special.expit(-z)
    return shared(weight * slope, z, reduction)


@BCE_WITH_LOGITS.second
def bce_with_logits_curvature(
    z: Array, y: Array, weight: Array, pos_weight: Array, v: Array, *, reduction: str = "mean"
) -> Array:
    """(1 - y + c y) s(z) s(-z) v."""
    variance = special.expit(z) * special.expit(-z)
    return shared(weight * (1 - y + pos_weight * y) * variance * v, z, reduction)


@BCE_WITH_LOGITS.form("textbook")
def bce_of_the_sigmoid(
    z: Array, y: Array, weight: Array, pos_weight: Array, *, reduction: str = "mean"
) -> Array:
    """The cross-entropy of p = 1 / (1 + e^-z), infinite where p rounds to 0 or 1."""
    p = 1 / (1 + np.exp(-z))
    return reduced(-weight * (pos_weight * y * np.log(p) + (1 - y) * np.log(1 - p)), reduction)


@BCE_WITH_LOGITS.form("torch")
def bce_by_the_largest_exponent(
    z: Array, y: Array, weight: Array, pos_weight: Array, *, reduction: str = "mean"
) -> Array:
    """(1 - y) z + (1 + (c - 1) y) (log(1 + e^-|z|) + max(-z, 0)), as torch computes it."""
    softplus = np.log1p(np.exp(-np.abs(z))) + np.maximum(-z, 0)
    return reduced(weight * ((1 - y) * z + (1 + (pos_weight - 1) * y) * softplus), reduction)


@BCE_WITH_LOGITS.fact("convex in z: v'Hv is the mean of w (1 - y + c y) s(z) s(-z) v^2")
def bce_with_logits_is_convex() -> Verdict:
    """The quadratic form of the Hessian: variances of the predicted labels times squares."""

    def variances(z: Array, y: Array, weight: Array, pos_weight: Array, v: Array) -> Array:
        s = 1 / (1 + np.exp(-z))
        return np.mean(weight * (1 - y + pos_weight * y) * s * (1 - s) * v**2)

    return curvature_is(variances, bce_with_logits_curvature, {**LOGITS, "v": "n k"})


@BCE_WITH_LOGITS.fact("without weights its gradient is (s(z) - y) / N")
def residual_of_the_sigmoid() -> Verdict:
    """The residual of logistic regression."""
    return check(
        lambda z, y: bce_with_logits(z, y),
        lambda z, y: (special.expit(z) - y) / z.size,
        {"z": "n k", "y": "n k"},
    )


@BCE_WITH_LOGITS.fact("the binary cross-entropy of p = s(z)")
def cross_entropy_of_the_sigmoid() -> Verdict:
    """The loss of logits beside that of their probabilities."""

    def of_probabilities(z: Array, y: Array, weight: Array) -> Array:
        return binary_cross_entropy(special.expit(z), y, weight)

    inputs = {"z": "n k", "y": "n k", "weight": "n k"}
    return check(bce_without_pos_weight, of_probabilities, inputs, of="value")


def bce_without_pos_weight(z: Array, y: Array, weight: Array) -> Array:
    """The loss from logits where positives weigh as much as negatives."""
    return bce_with_logits(z, y, weight)


@BCE_WITH_LOGITS.mistake("sign")
def label_minus_prediction(
    z: Array, y: Array, weight: Array, pos_weight: Array, *, reduction: str = "mean"
) -> Array:
    """c y s(-z) - (1 - y) s(z): the gradient of the likelihood, to be ascended."""
    return -bce_with_logits_gradient(z, y, weight, pos_weight, reduction=reduction)


@BCE_WITH_LOGITS.mistake("factor")
def bce_over_the_batch(
    z: Array, y: Array, weight: Array, pos_weight: Array, *, reduction: str = "mean"
) -> Array:
    """The mean over the samples, where the loss is the mean over their labels too."""
    return bce_with_logits_gradient(z, y, weight, pos_weight, reduction="sum") / z.shape[0]
