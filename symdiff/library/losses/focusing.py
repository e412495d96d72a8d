"""Focal losses: cross-entropy in which easy samples weigh less, of probabilities and from logits."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.checking.checks import check
from symdiff.library import Array, Entry, Names
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict


def focal(p_t: Array, alpha: Array = 0.25, gamma: Array = 2.0, *, reduction: str = "mean") -> Array:
    """The focal loss of the probability of the true class, ``-alpha (1 - p_t)^gamma log p_t``.

    ``p_t`` : n, in (0, 1]; ``alpha`` > 0; ``gamma`` >= 1, or 0 for p_t < 1; never negative; smooth and decreasing in
    ``p_t``; a perfect prediction costs 0 with slope 0, a probability of 0 costs infinity.

    >>> focal(np.array([0.5, 1.0]), reduction="none").round(4).tolist()
    [0.0433, -0.0]
    """
    return reduced(-alpha * (1 - p_t) ** gamma * np.log(p_t), reduction)


PROBABILITIES = {"p_t": "n", "alpha": "", "gamma": ""}
FOCAL = Entry(
    focal,
    "loss",
    cases(**PROBABILITIES),
    source="Lin et al. (2017), Focal loss for dense object detection, equation 5",
    notes="1.2.5",
    names=Names(
        keras="keras.losses.CategoricalFocalCrossentropy",
        differs="torch has no name for it; keras takes a probability for each class, clipped to [1e-7, 1 - 1e-7].",
    ),
    domain={"p_t": (0, 1), "gamma": (0, None)},
)


@per_sample(FOCAL)
@FOCAL.derivative
def focal_gradient(p_t: Array, alpha: Array = 0.25, gamma: Array = 2.0, *, reduction: str = "mean") -> Array:
    """alpha (1 - p)^(gamma - 1) (gamma log p - (1 - p) / p)."""
    slope = gamma * np.log(p_t) - (1 - p_t) / p_t
    return shared(alpha * (1 - p_t) ** (gamma - 1) * slope, p_t, reduction)


@FOCAL.second
def focal_curvature(p_t: Array, alpha: Array, gamma: Array, v: Array, *, reduction: str = "mean") -> Array:
    """alpha (1-p)^(gamma-2) ((1-p)^2/p^2 + 2 gamma (1-p)/p - gamma (gamma-1) log p) v."""
    odds = (1 - p_t) / p_t
    bend = odds**2 + 2 * gamma * odds - gamma * (gamma - 1) * np.log(p_t)
    return shared(alpha * (1 - p_t) ** (gamma - 2) * bend * v, p_t, reduction)


@FOCAL.fact("at gamma = 0 it is alpha times the cross-entropy of the true class")
def focal_without_focus() -> Verdict:
    """The focal loss with exponent 0."""
    return check(
        lambda p_t, alpha: focal(p_t, alpha, 0),
        lambda p_t, alpha: -alpha * np.mean(np.log(p_t)),
        {"p_t": "n", "alpha": ""},
        of="value",
        domain={"p_t": (0, 1)},
    )


@FOCAL.mistake("missing_path")
def focal_without_the_log_term(p_t: Array, alpha: Array, gamma: Array, *, reduction: str = "mean") -> Array:
    """-alpha (1 - p)^gamma / p: the modulating factor held constant."""
    return shared(-alpha * (1 - p_t) ** gamma / p_t, p_t, reduction)


@FOCAL.mistake("sign")
def focal_with_the_inner_sign_lost(
    p_t: Array, alpha: Array, gamma: Array, *, reduction: str = "mean"
) -> Array:
    """The derivative of 1 - p taken as 1."""
    slope = -gamma * np.log(p_t) - (1 - p_t) / p_t
    return shared(alpha * (1 - p_t) ** (gamma - 1) * slope, p_t, reduction)


def sigmoid_focal(
    z: Array, y: Array, alpha: Array = 0.25, gamma: Array = 2.0, *, reduction: str = "mean"
) -> Array:
    """The focal loss from logits, ``-alpha_t (1 - p_t)^gamma log p_t`` with p_t = s(z) for y = 1 and s(-z) for y = 0.

    ``z`` : n k; ``y`` : n k, 0 or 1, or between, which mixes both losses; alpha_t is ``alpha`` for positives and
    ``1 - alpha`` for negatives; ``gamma`` >= 0; smooth in ``z``, not convex for gamma > 0; finite for every finite
    logit: at -1e4 a positive costs alpha 1e4.

    >>> sigmoid_focal(np.array([0.0, -1e4]), np.array([1.0, 1.0]), reduction="none").round(4).tolist()
    [0.0433, 2500.0]
    """
    positive = alpha * y * np.exp(gamma * special.log_expit(-z)) * special.log_expit(z)
    negative = (1 - alpha) * (1 - y) * np.exp(gamma * special.log_expit(z)) * special.log_expit(-z)
    return reduced(-positive - negative, reduction)


LOGITS = {"z": "n k", "y": "n k", "alpha": "", "gamma": ""}
SIGMOID_FOCAL = Entry(
    sigmoid_focal,
    "loss",
    cases(**LOGITS),
    source="Lin et al. (2017), Focal loss for dense object detection, equation 5 and appendix B",
    notes="1.2.5",
    names=Names(
        "torchvision.ops.sigmoid_focal_loss",
        "optax.sigmoid_focal_loss",
        "keras.losses.BinaryFocalCrossentropy(from_logits=True)",
        'torchvision reduces by "none" unless told and does not balance for alpha < 0; optax balances only if told; '
        "keras balances only with apply_class_balancing. Labels between 0 and 1 mix p_t there, here the losses.",
    ),
    domain={"gamma": (0, None)},
)


@per_sample(SIGMOID_FOCAL)
@SIGMOID_FOCAL.derivative
def sigmoid_focal_gradient(
    z: Array, y: Array, alpha: Array = 0.25, gamma: Array = 2.0, *, reduction: str = "mean"
) -> Array:
    """alpha_t (1 - p_t)^gamma (gamma p_t log p_t - (1 - p_t)), with the other sign for negatives."""
    p, q = special.expit(z), special.expit(-z)
    positive = alpha * y * q**gamma * (gamma * p * special.log_expit(z) - q)
    negative = (1 - alpha) * (1 - y) * p**gamma * (gamma * q * special.log_expit(-z) - p)
    return shared(positive - negative, z, reduction)


@SIGMOID_FOCAL.second
def sigmoid_focal_curvature(
    z: Array, y: Array, alpha: Array, gamma: Array, v: Array, *, reduction: str = "mean"
) -> Array:
    """alpha_t q^gamma p (gamma (q - gamma p) log p + (2 gamma + 1) q) v with p = p_t and q = 1 - p_t."""
    p, q = special.expit(z), special.expit(-z)
    to_p = gamma * (q - gamma * p) * special.log_expit(z) + (2 * gamma + 1) * q
    to_q = gamma * (p - gamma * q) * special.log_expit(-z) + (2 * gamma + 1) * p
    bend = alpha * y * q**gamma * p * to_p + (1 - alpha) * (1 - y) * p**gamma * q * to_q
    return shared(bend * v, z, reduction)


@SIGMOID_FOCAL.fact("of a positive it is the focal loss of p_t = s(z)")
def focal_of_the_sigmoid() -> Verdict:
    """The loss from logits with labels of 1 beside the loss of probabilities."""
    return check(
        lambda z, alpha, gamma: sigmoid_focal(z, 1, alpha, gamma),
        lambda z, alpha, gamma: focal(special.expit(z), alpha, gamma),
        {"z": "n", "alpha": "", "gamma": ""},
        of="value",
        domain={"gamma": (0, None)},
    )


@SIGMOID_FOCAL.fact("symmetric: a label and its complement, with -z for z and 1 - alpha for alpha")
def sigmoid_focal_is_symmetric() -> Verdict:
    """The value for the complementary class."""

    def complement(z: Array, y: Array, alpha: Array, gamma: Array) -> Array:
        return sigmoid_focal(-z, 1 - y, 1 - alpha, gamma)

    return check(sigmoid_focal, complement, LOGITS, of="value", domain=SIGMOID_FOCAL.domain)


@SIGMOID_FOCAL.mistake("missing_path")
def sigmoid_focal_without_the_log_term(
    z: Array, y: Array, alpha: Array, gamma: Array, *, reduction: str = "mean"
) -> Array:
    """The modulating factor held constant."""
    p, q = special.expit(z), special.expit(-z)
    slope = (1 - alpha) * (1 - y) * p**gamma * p - alpha * y * q**gamma * q
    return shared(slope, z, reduction)


@SIGMOID_FOCAL.mistake("factor")
def sigmoid_focal_over_the_batch(
    z: Array, y: Array, alpha: Array, gamma: Array, *, reduction: str = "mean"
) -> Array:
    """The mean over the samples where the loss is the mean over their labels too."""
    return sigmoid_focal_gradient(z, y, alpha, gamma, reduction="sum") / z.shape[0]
