"""Steps by the moments of the gradients: Adam, AdamW, AMSGrad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from symdiff.library import Array
from symdiff.library.optimizers.accumulating import SQUARES, size
from symdiff.library.optimizers.descent import DECAY_IN, decayed, pulled
from symdiff.library.stepping.optimizers import factory
from symdiff.library.stepping.rules import Rule, Variant, publish

PLACES = {
    "outside": "epsilon outside the root, after bias correction",
    "inside": "epsilon inside the root",
    "outside, uncorrected": "epsilon added to the root before bias correction",
    "inside, uncorrected": "epsilon inside the root, before bias correction",
    "none": "no square root: the step is divided by v itself",
}
CORRECTIONS = {
    "both": "both moments are corrected for their bias",
    "none": "no bias correction",
    "first": "only the first moment is corrected for its bias",
    "second": "only the second moment is corrected for its bias",
}
MOMENT_CHOICES: Mapping[str, Mapping[Any, str]] = {
    "place": PLACES,
    "correction": CORRECTIONS,
    "decay_in": {
        **DECAY_IN,
        "gradient": "weight decay is added to the gradient, inside the moments (coupled, L2)",
    },
    "decay_order": {
        "before": "decay takes from the parameters before the step",
        "after": "decay takes from the parameters after the step",
    },
    "square": SQUARES,
    "first": {
        "new": "the step takes the new first moment",
        "old": "the step takes the first moment from before this gradient (stale)",
    },
    "averaging": {
        "both": "both moments are averages",
        "second": "the first moment adds the gradient without the factor 1 - b1",
        "first": "the second moment adds the square without the factor 1 - b2",
    },
}
MOMENT_CHOSEN = {
    "place": "outside",
    "correction": "both",
    "decay_in": "gradient",
    "decay_order": "before",
    "square": "g^2",
    "first": "new",
    "averaging": "both",
}
BETAS = {"learning_rate": 0.001, "b1": 0.9, "b2": 0.999, "eps": 1e-8, "weight_decay": 0.0}


class Moments(NamedTuple):
    """The state of Adam: the number of steps done, the first moment ``m``, the second moment ``v``."""

    t: Any
    m: Any
    v: Any


class LargestMoments(NamedTuple):
    """The state of AMSGrad: that of Adam, and the largest second moment so far."""

    t: Any
    m: Any
    v: Any
    v_max: Any


def moments(
    g: Array, m: Array, v: Array, b1: Array, b2: Array, square: str, averaging: str
) -> tuple[Array, Array]:
    """The two moments with a new gradient."""
    m = b1 * m + (1 if averaging == "second" else 1 - b1) * g
    v = b2 * v + (1 if averaging == "first" else 1 - b2) * size(g, square)
    return m, v


def denominator(v: Array, eps: Array, share: Array, place: str) -> Array:
    """What the first moment is divided by; ``share`` is 1 - b2^t, or 1 without bias correction."""
    if place == "outside":
        return np.sqrt(v / share) + eps
    if place == "inside":
        return np.sqrt(v / share + eps)
    if place == "none":
        return v / share + eps
    return (
        (np.sqrt(v) + eps) / np.sqrt(share) if place == "outside, uncorrected" else np.sqrt((v + eps) / share)
    )


def shares(b1: Array, b2: Array, t: Array, correction: str) -> tuple[Array, Array]:
    """What the two moments are divided by."""
    first = 1 - b1**t if correction in ("both", "first") else 1
    return first, 1 - b2**t if correction in ("both", "second") else 1


def _adam(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    *,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    weight_decay: Array,
    place: str,
    correction: str,
    decay_in: str,
    decay_order: str,
    square: str,
    first: str,
    averaging: str,
) -> tuple[Array, Array, Array]:
    slope = pulled(theta, g, weight_decay, decay_in)
    new, v = moments(slope, m, v, b1, b2, square, averaging)
    share, share_2 = shares(b1, b2, t, correction)
    used = (new if first == "new" else m) / share
    update = -learning_rate * used / denominator(v, eps, share_2, place)
    reached = theta if decay_order == "before" else theta + update
    return update - decayed(reached, learning_rate, weight_decay, decay_in), new, v


def _amsgrad(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array,
    t: Array,
    *,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    weight_decay: Array,
    place: str,
    correction: str,
    largest: str,
    decay_in: str,
    square: str,
    averaging: str,
) -> tuple[Array, Array, Array, Array]:
    slope = pulled(theta, g, weight_decay, decay_in)
    m, v = moments(slope, m, v, b1, b2, square, averaging)
    share, share_2 = shares(b1, b2, t, correction)
    if largest == "of v_hat":
        v_max = np.maximum(v_max, v / share_2)
        root = denominator(v_max, eps, 1, place)
    else:
        v_max = np.maximum(v_max, v)
        root = denominator(v_max, eps, share_2, place)
    update = -learning_rate * (m / share) / root
    return update - decayed(theta, learning_rate, weight_decay, decay_in), m, v, v_max


ADAM_RULE = publish(
    Rule(
        "adam",
        _adam,
        Moments,
        {**BETAS, **MOMENT_CHOSEN},
        MOMENT_CHOICES,
        {
            "paper": Variant({}, "Kingma and Ba (2015), algorithm 1"),
            "notes": Variant({"place": "inside"}, "1.3.5"),
            "torch": Variant({}, "torch.optim.Adam"),
            "optax": Variant({}, "optax.adam"),
        },
        counts=True,
        nonnegative=("v",),
    )
)
ADAMW_RULE = publish(
    Rule(
        "adamw",
        _adam,
        Moments,
        {**BETAS, "weight_decay": 0.01, **MOMENT_CHOSEN, "decay_in": "parameters"},
        MOMENT_CHOICES,
        {
            "paper": Variant({}, "Loshchilov and Hutter (2019), algorithm 2, with the schedule multiplier 1"),
            "notes": Variant({"place": "inside", "decay_in": "step"}, "1.3.6"),
            "torch": Variant({"decay_in": "step"}, "torch.optim.AdamW"),
            "optax": Variant({"decay_in": "step", "weight_decay": 1e-4}, "optax.adamw"),
        },
        counts=True,
        nonnegative=("v",),
    )
)
_AMSGRAD_CHOICES = {n: MOMENT_CHOICES[n] for n in ("place", "correction", "decay_in", "square", "averaging")}
AMSGRAD_RULE = publish(
    Rule(
        "amsgrad",
        _amsgrad,
        LargestMoments,
        {
            **BETAS,
            "eps": 0.0,
            "place": "outside",
            "correction": "none",
            "largest": "of v",
            "decay_in": "gradient",
            "square": "g^2",
            "averaging": "both",
        },
        {
            **_AMSGRAD_CHOICES,
            "largest": {
                "of v": "the largest of the uncorrected second moments",
                "of v_hat": "the largest of the corrected second moments",
            },
        },
        {
            "paper": Variant({}, "Reddi, Kale and Kumar (2018), algorithm 2"),
            "torch": Variant({"correction": "both", "eps": 1e-8}, "torch.optim.Adam(amsgrad=True)"),
            "optax": Variant({"correction": "both", "largest": "of v_hat", "eps": 1e-8}, "optax.amsgrad"),
        },
        counts=True,
        nonnegative=("v", "v_max"),
    )
)

adam = factory(
    ADAM_RULE, "Adam: ``theta - learning_rate * m_hat / (sqrt(v_hat) + eps)``, ``m_hat = m / (1 - b1^t)``."
)
adamw = factory(ADAMW_RULE, "AdamW: Adam with decoupled decay, ``- learning_rate * weight_decay * theta``.")
amsgrad = factory(AMSGRAD_RULE, "AMSGrad: Adam with the largest second moment so far.")
