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
        differs="torch has no name for it; keras takes one probability for each class and clips it to [1e-7, 1 - 1e-7].",
    ),
    domain={"p_t": (0, 1), "gamma": (0, None)},
)


@per_sample(FOCAL)
@FOCAL.derivative
def focal_gradient(
    p_t: Array, alpha: Array = 0.25, gamma: Array = 2.0, *, reduction: str = "mean"
) -> Array:
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

    ``z`` : n k; ``y`` : n k, 0 or 1; alpha_t is ``alpha`` for positives, ``1 - alpha`` for negatives; ``gamma`` >= 0;
    smooth in ``z``, not convex for gamma > 0; finite for every finite logit: at -1e4 a positive costs alpha 1e4.

    >>> sigmoid_focal(np.array([0.0, -1e4]), np.array([1.0, 1.0]), reduction="none").round(4).tolist()
    [0.0433, 2500.0]
    """
    margin = (2 * y - 1) * z
    balance = alpha * y + (1 - alpha) * (1 - y)
    return reduced(-balance * special.expit(-margin) ** gamma * special.log_expit(margin), reduction)


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
        "keras balances only with apply_class_balancing. With soft labels they mix p_t linearly, here y is 0 or 1.",
    ),
    domain={"y": "boolean", "gamma": (0, None)},
)


@per_sample(SIGMOID_FOCAL)
@SIGMOID_FOCAL.derivative
def sigmoid_focal_gradient(
    z: Array, y: Array, alpha: Array = 0.25, gamma: Array = 2.0, *, reduction: str = "mean"
) -> Array:
    """(2 y - 1) alpha_t (1 - p_t)^gamma (gamma p_t log p_t - (1 - p_t))."""
    sign = 2 * y - 1
    p_t, q_t = special.expit(sign * z), special.expit(-sign * z)
    balance = alpha * y + (1 - alpha) * (1 - y)
    slope = gamma * p_t * special.log_expit(sign * z) - q_t
    return shared(sign * balance * q_t**gamma * slope, z, reduction)


@SIGMOID_FOCAL.second
def sigmoid_focal_curvature(
    z: Array, y: Array, alpha: Array, gamma: Array, v: Array, *, reduction: str = "mean"
) -> Array:
    """alpha_t q^gamma p (gamma (q - gamma p) log p + (2 gamma + 1) q) v with p = p_t and q = 1 - p_t."""
    sign = 2 * y - 1
    p_t, q_t = special.expit(sign * z), special.expit(-sign * z)
    balance = alpha * y + (1 - alpha) * (1 - y)
    bend = gamma * (q_t - gamma * p_t) * special.log_expit(sign * z) + (2 * gamma + 1) * q_t
    return shared(balance * q_t**gamma * p_t * bend * v, z, reduction)


@SIGMOID_FOCAL.form("torchvision")
def sigmoid_focal_by_mixing(
    z: Array, y: Array, alpha: Array, gamma: Array, *, reduction: str = "mean"
) -> Array:
    """The cross-entropy of y times (1 - p_t)^gamma with p_t = p y + (1 - p) (1 - y)."""
    p = special.expit(z)
    cross_entropy = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    p_t = p * y + (1 - p) * (1 - y)
    balance = alpha * y + (1 - alpha) * (1 - y)
    return reduced(balance * cross_entropy * (1 - p_t) ** gamma, reduction)


@SIGMOID_FOCAL.mistake("missing_path")
def sigmoid_focal_without_the_log_term(
    z: Array, y: Array, alpha: Array, gamma: Array, *, reduction: str = "mean"
) -> Array:
    """The modulating factor held constant."""
    sign = 2 * y - 1
    q_t = special.expit(-sign * z)
    balance = alpha * y + (1 - alpha) * (1 - y)
    return shared(-sign * balance * q_t**gamma * q_t, z, reduction)


@SIGMOID_FOCAL.mistake("factor")
def sigmoid_focal_over_the_batch(
    z: Array, y: Array, alpha: Array, gamma: Array, *, reduction: str = "mean"
) -> Array:
    """The mean over the samples where the loss is the mean over their labels too."""
    return sigmoid_focal_gradient(z, y, alpha, gamma, reduction="sum") / z.shape[0]
