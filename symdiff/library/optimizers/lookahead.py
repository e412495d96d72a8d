"""The textbook steps of NAdam and Lion, and their derivatives by hand."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.optimizers.kin import LION_RULE, NADAM_RULE, lion, nadam

_SHAPES = {
    "theta": "n",
    "g": "n",
    "m": "n",
    "v": "n",
    "t": "",
    "learning_rate": "",
    "b1": "",
    "b2": "",
    "eps": "",
}
_STATE = tuple[Array, Array, Array]


def nadam_step(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
) -> _STATE:
    """One step of NAdam with constant momentum, the ``t``-th, counted from 1.

    ``m_hat = b1 m / (1 - b1^(t+1)) + (1 - b1) g / (1 - b1^t)``, ``v_hat = b2 v / (1 - b2^t)``,
    ``theta - learning_rate * m_hat / (sqrt(v_hat) + eps)``, with the moments of Adam.

    ``theta``, ``g``, ``m``, ``v`` : any shape, v >= 0; smooth where the new v is positive. Returns theta, m, v.

    >>> [round(float(x), 6) for x in nadam_step(1.0, 1.0, 0.0, 0.0, 1, 0.75, 0.5, 0.25, 0.0)]
    [-1.0, 0.5, 0.75]
    """
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g**2
    m_hat = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t)
    v_hat = b2 * v / (1 - b2**t)
    return theta - learning_rate * m_hat / (np.sqrt(v_hat) + eps), m, v


NADAM = Entry(
    nadam_step,
    "optimizer",
    _SHAPES,
    source="Dozat (2016), algorithm 2",
    names=Names(
        "torch.optim.NAdam",
        "optax.nadam",
        "keras.optimizers.Nadam",
        "torch, keras and optax leave out the factor b2 of v_hat; "
        "in torch and keras the momentum rises with t, and torch keeps the product of the momenta in float32.",
    ),
    wrt=("theta", "g"),
    domain={"v": (0, None), "t": (1, None), "b1": (0, 1), "b2": (0, 1), "eps": (0, None)},
    kinks="where the new v is zero",
    name="nadam",
    offers=nadam,
)


@NADAM.derivative
def nadam_backward(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    y_bar: _STATE,
) -> tuple[Array, Array]:
    """g acts through m, directly by the look-ahead, and through v."""
    theta_bar, m_bar, v_bar = y_bar
    new_m, new_v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    ahead, now = b1 / (1 - b1 ** (t + 1)), (1 - b1) / (1 - b1**t)
    root = np.sqrt(b2 * new_v / (1 - b2**t))
    slope = theta_bar * learning_rate / (root + eps)
    through_v = v_bar + slope * (ahead * new_m + now * g) / (root + eps) * b2 / (2 * root * (1 - b2**t))
    return theta_bar, (1 - b1) * (m_bar - slope * ahead) - slope * now + 2 * (1 - b2) * g * through_v


@NADAM.mistake("missing_path")
def nadam_backward_without_the_lookahead(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    y_bar: _STATE,
) -> tuple[Array, Array]:
    """The gradient in the look-ahead itself is left out."""
    theta_bar, m_bar, v_bar = y_bar
    new_m, new_v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    ahead, now = b1 / (1 - b1 ** (t + 1)), (1 - b1) / (1 - b1**t)
    root = np.sqrt(b2 * new_v / (1 - b2**t))
    slope = theta_bar * learning_rate / (root + eps)
    through_v = v_bar + slope * (ahead * new_m + now * g) / (root + eps) * b2 / (2 * root * (1 - b2**t))
    return theta_bar, (1 - b1) * (m_bar - slope * ahead) + 2 * (1 - b2) * g * through_v


@NADAM.form("optimizer")
def nadam_of_the_pair(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
) -> _STATE:
    """The rule of ``sd.optimizers.nadam``."""
    settings = NADAM_RULE.of(learning_rate=learning_rate, b1=b1, b2=b2, eps=eps)
    update, m, v, _ = NADAM_RULE.step(theta, g, m, v, b1 ** (t - 1), t, **settings)
    return theta + update, m, v


def lion_step(
    theta: Array, g: Array, m: Array, learning_rate: Array, b1: Array, b2: Array, weight_decay: Array
) -> tuple[Array, Array]:
    """One step of Lion, ``theta - learning_rate * (sign(b1 m + (1 - b1) g) + weight_decay * theta)``.

    ``theta``, ``g``, ``m`` : any shape; a jump where b1 m + (1 - b1) g is zero. Returns theta and the momentum,
    ``b2 m + (1 - b2) g``.

    >>> [float(x) for x in lion_step(1.0, -2.0, 1.0, 0.5, 0.5, 0.75, 0.5)]
    [1.25, 0.25]
    """
    direction = np.sign(b1 * m + (1 - b1) * g)
    return theta - learning_rate * (direction + weight_decay * theta), b2 * m + (1 - b2) * g


LION = Entry(
    lion_step,
    "optimizer",
    {"theta": "n", "g": "n", "m": "n", "learning_rate": "", "b1": "", "b2": "", "weight_decay": ""},
    source="Chen et al. (2023), algorithm 2",
    names=Names("", "optax.lion", "keras.optimizers.Lion"),
    wrt=("theta", "g", "m"),
    kinks="where b1 m + (1 - b1) g = 0",
    name="lion",
    offers=lion,
)


@LION.derivative
def lion_backward(
    theta: Array,
    g: Array,
    m: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    weight_decay: Array,
    y_bar: tuple[Array, Array],
) -> tuple[Array, Array, Array]:
    """The sign has no slope: g acts on the momentum only."""
    theta_bar, m_bar = y_bar
    return (1 - learning_rate * weight_decay) * theta_bar, (1 - b2) * m_bar, b2 * m_bar


@LION.mistake("swapped")
def lion_backward_with_the_other_beta(
    theta: Array,
    g: Array,
    m: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    weight_decay: Array,
    y_bar: tuple[Array, Array],
) -> tuple[Array, Array, Array]:
    """b1 in the place of b2."""
    theta_bar, m_bar = y_bar
    return (1 - learning_rate * weight_decay) * theta_bar, (1 - b1) * m_bar, b1 * m_bar


@LION.form("optimizer")
def lion_of_the_pair(
    theta: Array, g: Array, m: Array, learning_rate: Array, b1: Array, b2: Array, weight_decay: Array
) -> tuple[Array, Array]:
    """The rule of ``sd.optimizers.lion``."""
    settings = LION_RULE.of(learning_rate=learning_rate, b1=b1, b2=b2, weight_decay=weight_decay)
    update, m = LION_RULE.step(theta, g, m, 1, **settings)
    return theta + update, m
