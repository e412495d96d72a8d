"""Steps scaled by the sum of all squared gradients: Adagrad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.optimizers.descent import DECAY_IN, decayed, pulled
from symdiff.library.stepping.optimizers import factory
from symdiff.library.stepping.rules import Rule, Variant, publish

ROOTS = {
    "inside": "epsilon inside the root",
    "outside": "epsilon outside the root",
    "none": "no square root: the step is divided by the mean square itself",
}
SQUARES = {
    "g^2": "gradients are squared",
    "|g|": "gradients are not squared: |g| is accumulated",
}


class Squares(NamedTuple):
    """The state of Adagrad: the number of steps done, the sum ``G`` of squared gradients."""

    t: Any
    G: Any


def scale(square: Array, eps: Array, place: str) -> Array:
    """What the gradient is divided by."""
    if place == "none":
        return square + eps
    return np.sqrt(square + eps) if place == "inside" else np.sqrt(square) + eps


def size(g: Array, square: str) -> Array:
    """What is accumulated of a gradient."""
    return g**2 if square == "g^2" else np.abs(g)


def _adagrad(
    theta: Array,
    g: Array,
    G: Array,
    t: Array,
    *,
    learning_rate: Array,
    eps: Array,
    weight_decay: Array,
    lr_decay: Array,
    initial_accumulator: Array,
    place: str,
    square: str,
    sum_: str,
    decay_in: str,
) -> tuple[Array, Array]:
    slope = pulled(theta, g, weight_decay, decay_in)
    new = G + size(slope, square)
    rate = learning_rate / (1 + (t - 1) * lr_decay)
    taken = decayed(theta, rate, weight_decay, decay_in)
    return -rate * slope / scale(new if sum_ == "new" else G, eps, place) - taken, new


def _begin_adagrad(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"G": settings["initial_accumulator"]}


ADAGRAD_RULE = publish(
    Rule(
        "adagrad",
        _adagrad,
        Squares,
        {
            "learning_rate": 0.01,
            "eps": 1e-8,
            "weight_decay": 0.0,
            "lr_decay": 0.0,
            "initial_accumulator": 0.0,
            "place": "outside",
            "square": "g^2",
            "sum_": "new",
            "decay_in": "gradient",
        },
        {
            "place": ROOTS,
            "square": SQUARES,
            "sum_": {
                "new": "the sum holds this gradient",
                "old": "the sum does not hold this gradient yet (stale)",
            },
            "decay_in": DECAY_IN,
        },
        {
            "paper": Variant({}, "Duchi et al. (2011), figure 1, H = eps I + diag(s)"),
            "notes": Variant({"place": "inside"}, "1.3.3"),
            "torch": Variant({"eps": 1e-10}, "torch.optim.Adagrad"),
            "optax": Variant({"place": "inside", "eps": 1e-7, "initial_accumulator": 0.1}, "optax.adagrad"),
        },
        start=_begin_adagrad,
        nonnegative=("G",),
    )
)
adagrad = factory(ADAGRAD_RULE, "Adagrad: ``G = G + g^2``, ``theta - learning_rate * g / (sqrt(G) + eps)``.")


def adagrad_step(theta: Array, g: Array, G: Array, learning_rate: Array, eps: Array) -> tuple[Array, Array]:
    """One step of Adagrad, ``G = G + g^2``, ``theta - learning_rate * g / (sqrt(G) + eps)``.

    ``theta``, ``g``, ``G`` : any shape, G >= 0; smooth where the new G is positive. Returns parameters and sum.

    >>> [float(x) for x in adagrad_step(1.0, 3.0, 16.0, 0.5, 0.0)]
    [0.7, 25.0]
    """
    G = G + g**2
    return theta - learning_rate * g / (np.sqrt(G) + eps), G


_POSITIVE = (0, None)
ADAGRAD = Entry(
    adagrad_step,
    "optimizer",
    {"theta": "n", "g": "n", "G": "n", "learning_rate": "", "eps": ""},
    source="Duchi, Hazan and Singer (2011), figure 1",
    notes="1.3.3",
    names=Names(
        "torch.optim.Adagrad",
        "optax.adagrad",
        "keras.optimizers.Adagrad",
        "The notes and optax add eps inside the root; optax starts G at 0.1.",
    ),
    wrt=("theta", "g"),
    domain={"G": _POSITIVE, "eps": _POSITIVE},
    kinks="where the new G is zero",
    name="adagrad",
    offers=adagrad,
)


@ADAGRAD.derivative
def adagrad_backward(
    theta: Array, g: Array, G: Array, learning_rate: Array, eps: Array, y_bar: tuple[Array, Array]
) -> tuple[Array, Array]:
    """g acts in the numerator and, by 2 g, through the sum."""
    theta_bar, sum_bar = y_bar
    root = np.sqrt(G + g**2)
    by_root = theta_bar * learning_rate * g / (root + eps) ** 2
    through = sum_bar + by_root / (2 * root)
    return theta_bar, 2 * g * through - theta_bar * learning_rate / (root + eps)


@ADAGRAD.mistake("missing_path")
def adagrad_backward_of_a_constant_scale(
    theta: Array, g: Array, G: Array, learning_rate: Array, eps: Array, y_bar: tuple[Array, Array]
) -> tuple[Array, Array]:
    """The root is taken as constant in g."""
    theta_bar, sum_bar = y_bar
    return theta_bar, 2 * g * sum_bar - theta_bar * learning_rate / (np.sqrt(G + g**2) + eps)


@ADAGRAD.form("optimizer")
def adagrad_of_the_pair(
    theta: Array, g: Array, G: Array, learning_rate: Array, eps: Array
) -> tuple[Array, Array]:
    """The rule of ``sd.optimizers.adagrad``."""
    update, G = _adagrad(theta, g, G, 1, **ADAGRAD_RULE.of(learning_rate=learning_rate, eps=eps))
    return theta + update, G
