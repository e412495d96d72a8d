"""Steps scaled by the mean of squared gradients: RMSProp, plain, centred, with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.optimizers.accumulating import ROOTS, SQUARES, scale, size
from symdiff.library.optimizers.descent import DECAY_IN, decayed, pulled
from symdiff.library.stepping.optimizers import factory
from symdiff.library.stepping.rules import Rule, Variant, publish

_POSITIVE = (0, None)


class MeanSquare(NamedTuple):
    """The state of RMSProp: the number of steps done, the mean square ``v``, the mean ``m``, the momentum ``b``."""

    t: Any
    v: Any
    m: Any
    b: Any


def _rmsprop(
    theta: Array,
    g: Array,
    v: Array,
    m: Array,
    b: Array,
    t: Array,
    *,
    learning_rate: Array,
    decay: Array,
    eps: Array,
    momentum: Array,
    weight_decay: Array,
    initial_accumulator: Array,
    place: str,
    centered: bool,
    square: str,
    averaging: bool,
    correction: bool,
    decay_in: str,
) -> tuple[Array, Array, Array, Array]:
    slope = pulled(theta, g, weight_decay, decay_in)
    v = decay * v + ((1 - decay) if averaging else 1) * size(slope, square)
    m = decay * m + (1 - decay) * slope
    share = 1 - decay**t if correction else 1
    spread = v / share - (m / share) ** 2 if centered else v / share
    b = momentum * b + slope / scale(spread, eps, place)
    return -learning_rate * b - decayed(theta, learning_rate, weight_decay, decay_in), v, m, b


def _begin_rmsprop(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"v": settings["initial_accumulator"]}


RMSPROP_RULE = publish(
    Rule(
        "rmsprop",
        _rmsprop,
        MeanSquare,
        {
            "learning_rate": 0.001,
            "decay": 0.9,
            "eps": 1e-8,
            "momentum": 0.0,
            "weight_decay": 0.0,
            "initial_accumulator": 0.0,
            "place": "inside",
            "centered": False,
            "square": "g^2",
            "averaging": True,
            "correction": False,
            "decay_in": "gradient",
        },
        {
            "place": ROOTS,
            "centered": {
                False: "the mean square is not centred",
                True: "the mean square is centred: the squared mean is subtracted",
            },
            "square": SQUARES,
            "averaging": {
                True: "the mean square is an average",
                False: "the squares enter without the factor 1 - decay",
            },
            "correction": {False: "without bias correction", True: "with bias correction"},
            "decay_in": DECAY_IN,
        },
        {
            "paper": Variant(
                {}, "Tieleman and Hinton (2012), lecture 6e; Graves (2013), equations 38 to 41, for epsilon"
            ),
            "notes": Variant({}, "1.3.4"),
            "torch": Variant(
                {"place": "outside", "decay": 0.99, "learning_rate": 0.01}, "torch.optim.RMSprop"
            ),
            "optax": Variant({}, "optax.rmsprop"),
        },
        start=_begin_rmsprop,
        nonnegative=("v",),
    )
)


rmsprop = factory(
    RMSPROP_RULE,
    "RMSProp: ``v = decay * v + (1 - decay) g^2``, ``theta - learning_rate * g / sqrt(v + eps)``.",
)


def rmsprop_step(
    theta: Array, g: Array, v: Array, learning_rate: Array, decay: Array, eps: Array
) -> tuple[Array, Array]:
    """One step of RMSProp, ``v = decay * v + (1 - decay) g^2``, ``theta - learning_rate * g / sqrt(v + eps)``.

    ``theta``, ``g``, ``v`` : any shape, v >= 0; smooth where the new v + eps is positive. Returns parameters and v.

    >>> [float(x) for x in rmsprop_step(1.0, 2.0, 14.0, 0.5, 0.5, 0.0)]
    [0.6666666666666667, 9.0]
    """
    v = decay * v + (1 - decay) * g**2
    return theta - learning_rate * g / np.sqrt(v + eps), v


RMSPROP = Entry(
    rmsprop_step,
    "optimizer",
    {"theta": "n", "g": "n", "v": "n", "learning_rate": "", "decay": "", "eps": ""},
    source="Tieleman and Hinton (2012), lecture 6e; Graves (2013), equations 38 to 41",
    notes="1.3.4",
    names=Names(
        "torch.optim.RMSprop",
        "optax.rmsprop",
        "keras.optimizers.RMSprop",
        "torch adds eps outside the root and calls decay alpha, 0.99.",
    ),
    wrt=("theta", "g"),
    domain={"v": _POSITIVE, "eps": _POSITIVE, "decay": (0, 1)},
    kinks="where v + eps is zero",
    name="rmsprop",
    offers=rmsprop,
)


@RMSPROP.derivative
def rmsprop_backward(
    theta: Array,
    g: Array,
    v: Array,
    learning_rate: Array,
    decay: Array,
    eps: Array,
    y_bar: tuple[Array, Array],
) -> tuple[Array, Array]:
    """g acts in the numerator and, by 2 (1 - decay) g, through the mean square."""
    theta_bar, v_bar = y_bar
    root = np.sqrt(decay * v + (1 - decay) * g**2 + eps)
    through = v_bar + theta_bar * learning_rate * g / (2 * root**3)
    return theta_bar, 2 * (1 - decay) * g * through - theta_bar * learning_rate / root


@RMSPROP.mistake("missing_path")
def rmsprop_backward_of_a_constant_scale(
    theta: Array,
    g: Array,
    v: Array,
    learning_rate: Array,
    decay: Array,
    eps: Array,
    y_bar: tuple[Array, Array],
) -> tuple[Array, Array]:
    """The root is taken as constant in g."""
    theta_bar, v_bar = y_bar
    root = np.sqrt(decay * v + (1 - decay) * g**2 + eps)
    return theta_bar, 2 * (1 - decay) * g * v_bar - theta_bar * learning_rate / root


@RMSPROP.form("optimizer")
def rmsprop_of_the_pair(
    theta: Array, g: Array, v: Array, learning_rate: Array, decay: Array, eps: Array
) -> tuple[Array, Array]:
    """The rule of ``sd.optimizers.rmsprop``."""
    settings = RMSPROP_RULE.of(learning_rate=learning_rate, decay=decay, eps=eps)
    update, v, _, _ = _rmsprop(theta, g, v, 0 * theta, 0 * theta, 1, **settings)
    return theta + update, v
