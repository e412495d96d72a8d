"""Steps whose length is that of the parameters of a layer: LARS, LAMB."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.optimizers.descent import DECAY_IN, Velocity
from symdiff.library.optimizers.moments import (
    BETAS,
    MOMENT_CHOICES,
    Moments,
    denominator,
    moments,
    shares,
)
from symdiff.library.stepping.optimizers import factory
from symdiff.library.stepping.rules import Rule, Variant, publish

ZERO: Mapping[str, str] = {
    "formula": "the trust ratio is its formula also where a norm is zero",
    "one": "the trust ratio is 1 where a norm is zero",
}


def norm(x: Array) -> Array:
    """The Euclidean norm of all entries of a layer."""
    return np.sqrt(np.sum(x**2))


def _trusted(theta: Array, direction: Array, ratio: Array, zero: str) -> Array:
    if zero == "formula":
        return ratio * direction
    return np.where((norm(theta) == 0) | (norm(direction) == 0), 1, ratio) * direction


def _lars(
    theta: Array,
    g: Array,
    v: Array,
    t: Array,
    *,
    learning_rate: Array,
    momentum: Array,
    weight_decay: Array,
    trust_coefficient: Array,
    eps: Array,
    below: str,
    zero: str,
    nesterov: bool,
) -> tuple[Array, Array]:
    direction = g + weight_decay * theta
    size = norm(g) + weight_decay * norm(theta) if below == "sum of norms" else norm(direction)
    ratio = trust_coefficient * norm(theta) / (size + eps)
    pull = learning_rate * _trusted(theta, direction, ratio, zero)
    v = momentum * v + pull
    return -(pull + momentum * v if nesterov else v), v


def _lamb(
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
    lower: Array,
    upper: Array,
    place: str,
    correction: str,
    decay_in: str,
    zero: str,
    trust: str,
    square: str,
    averaging: str,
) -> tuple[Array, Array, Array]:
    slope = g + weight_decay * theta if decay_in == "gradient" else g
    m, v = moments(slope, m, v, b1, b2, square, averaging)
    share, share_2 = shares(b1, b2, t, correction)
    direction = m / share / denominator(v, eps, share_2, place)
    after = weight_decay * theta if decay_in == "parameters" else 0 * theta
    direction = direction + weight_decay * theta if decay_in == "step" else direction
    length = norm(theta)
    length = np.maximum(length, lower) if lower > 0 else length
    length = np.minimum(length, upper) if upper < np.inf else length
    step = direction if trust == "none" else _trusted(theta, direction, length / norm(direction), zero)
    return -learning_rate * (step + after), m, v


LARS_RULE = publish(
    Rule(
        "lars",
        _lars,
        Velocity,
        {
            "learning_rate": 0.1,
            "momentum": 0.9,
            "weight_decay": 0.0005,
            "trust_coefficient": 0.001,
            "eps": 0.0,
            "below": "sum of norms",
            "zero": "formula",
            "nesterov": False,
        },
        {
            "below": {
                "sum of norms": "the ratio is divided by |g| + weight_decay * |theta|",
                "norm of sum": "the ratio is divided by |g + weight_decay * theta|",
            },
            "zero": ZERO,
            "nesterov": {False: "the step is along the velocity", True: "the step looks ahead (Nesterov)"},
        },
        {
            "paper": Variant({}, "You, Gitman and Ginsburg (2017), algorithm 1"),
            "optax": Variant({"below": "norm of sum", "zero": "one", "weight_decay": 0.0}, "optax.lars"),
        },
        needs_params=lambda settings: True,
    )
)
LAMB_RULE = publish(
    Rule(
        "lamb",
        _lamb,
        Moments,
        {
            **BETAS,
            "eps": 1e-6,
            "weight_decay": 0.01,
            "lower": 0.0,
            "upper": np.inf,
            "place": "outside",
            "correction": "both",
            "decay_in": "step",
            "zero": "formula",
            "trust": "norms",
            "square": "g^2",
            "averaging": "both",
        },
        {
            **{name: MOMENT_CHOICES[name] for name in ("place", "correction", "square", "averaging")},
            "decay_in": {
                **DECAY_IN,
                "step": "weight decay is a part of the direction, under the trust ratio",
                "parameters": "weight decay is not under the trust ratio",
            },
            "zero": ZERO,
            "trust": {
                "norms": "the step has the length of the parameters",
                "none": "without the trust ratio",
            },
        },
        {
            "paper": Variant({}, "You et al. (2020), algorithm 2, with phi the identity"),
            "notes": Variant({"place": "inside", "weight_decay": 0.0}, "1.3.7"),
            "optax": Variant({"zero": "one", "weight_decay": 0.0}, "optax.lamb"),
        },
        needs_params=lambda settings: True,
        counts=True,
        nonnegative=("v",),
    )
)

lars = factory(
    LARS_RULE, "LARS: each layer's step has the length ``trust_coefficient * |theta|``, with momentum."
)
lamb = factory(LAMB_RULE, "LAMB: Adam's direction, scaled to the length of the parameters of each layer.")


def lars_step(
    theta: Array,
    g: Array,
    v: Array,
    learning_rate: Array,
    momentum: Array,
    weight_decay: Array,
    trust_coefficient: Array,
) -> tuple[Array, Array]:
    """One step of LARS on one layer.

    ``ratio = trust_coefficient * |theta| / (|g| + weight_decay * |theta|)``,
    ``v = momentum * v + learning_rate * ratio * (g + weight_decay * theta)``, ``theta - v``.

    ``theta``, ``g``, ``v`` : any shape; smooth where neither theta nor g is zero. Returns theta and v.

    >>> [x.tolist() for x in lars_step(np.array([3.0, 4.0]), np.array([0.0, 2.0]), np.zeros(2), 0.5, 0.5, 0.0, 1.0)]
    [[3.0, 1.5], [0.0, 2.5]]
    """
    ratio = trust_coefficient * norm(theta) / (norm(g) + weight_decay * norm(theta))
    v = momentum * v + learning_rate * ratio * (g + weight_decay * theta)
    return theta - v, v


LARS = Entry(
    lars_step,
    "optimizer",
    {"theta": "n", "g": "n", "v": "n"}
    | dict.fromkeys(("learning_rate", "momentum", "weight_decay", "trust_coefficient"), ""),
    source="You, Gitman and Ginsburg (2017), algorithm 1",
    names=Names(
        "",
        "optax.lars",
        "",
        "optax divides by the norm of the sum, |g + weight_decay * theta|; its ratio is 1 where a norm is zero.",
    ),
    wrt=("theta", "g", "v"),
    domain={"weight_decay": (0, None)},
    kinks="where theta or g is zero",
    name="lars",
    offers=lars,
)


@LARS.derivative
def lars_backward(
    theta: Array,
    g: Array,
    v: Array,
    learning_rate: Array,
    momentum: Array,
    weight_decay: Array,
    trust_coefficient: Array,
    y_bar: tuple[Array, Array],
) -> tuple[Array, Array, Array]:
    """Through the direction, and through the two norms of the ratio."""
    theta_bar, v_bar = y_bar
    through = v_bar - theta_bar
    a, b = norm(theta), norm(g)
    below = b + weight_decay * a
    ratio = trust_coefficient * a / below
    aligned = learning_rate * np.sum(through * (g + weight_decay * theta))
    by_length = aligned * trust_coefficient * b / below**2
    by_slope = -aligned * trust_coefficient * a / below**2
    pulled = learning_rate * ratio * through
    return (
        theta_bar + weight_decay * pulled + by_length * theta / a,
        pulled + by_slope * g / b,
        momentum * through,
    )


@LARS.mistake("missing_path")
def lars_backward_of_a_constant_ratio(
    theta: Array,
    g: Array,
    v: Array,
    learning_rate: Array,
    momentum: Array,
    weight_decay: Array,
    trust_coefficient: Array,
    y_bar: tuple[Array, Array],
) -> tuple[Array, Array, Array]:
    """The ratio is taken as constant."""
    theta_bar, v_bar = y_bar
    through = v_bar - theta_bar
    ratio = trust_coefficient * norm(theta) / (norm(g) + weight_decay * norm(theta))
    pulled = learning_rate * ratio * through
    return theta_bar + weight_decay * pulled, pulled, momentum * through


@LARS.form("optimizer")
def lars_of_the_pair(
    theta: Array,
    g: Array,
    v: Array,
    learning_rate: Array,
    momentum: Array,
    weight_decay: Array,
    trust_coefficient: Array,
) -> tuple[Array, Array]:
    """The rule of ``sd.optimizers.lars``."""
    settings = LARS_RULE.of(
        learning_rate=learning_rate,
        momentum=momentum,
        weight_decay=weight_decay,
        trust_coefficient=trust_coefficient,
    )
    update, v = _lars(theta, g, v, 1, **settings)
    return theta + update, v
