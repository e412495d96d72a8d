"""The textbook steps of Adam, AdamW and AMSGrad, and their derivatives by hand."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.optimizers.moments import ADAM_RULE, ADAMW_RULE, AMSGRAD_RULE, adam, adamw, amsgrad

_SHAPES = {"theta": "n", "g": "n", "m": "n", "v": "n", "t": "", "learning_rate": "", "b1": "", "b2": "", "eps": ""}
_DOMAIN = {"v": (0, None), "t": (1, None), "b1": (0, 1), "b2": (0, 1), "eps": (0, None)}
_STATE = tuple[Array, Array, Array]


def adam_step(
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
    """One step of Adam, the ``t``-th, counted from 1.

    ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g^2``, ``m_hat = m / (1 - b1^t)``, ``v_hat = v / (1 - b2^t)``,
    ``theta - learning_rate * m_hat / (sqrt(v_hat) + eps)``.

    ``theta``, ``g``, ``m``, ``v`` : any shape, v >= 0; smooth where the new v is positive. Returns theta, m, v.

    >>> [float(x) for x in adam_step(1.0, 2.0, 0.0, 0.0, 1, 0.5, 0.5, 0.75, 0.0)]
    [0.5, 1.0, 1.0]
    """
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g**2
    m_hat = m / (1 - b1**t)
    v_hat = v / (1 - b2**t)
    return theta - learning_rate * m_hat / (np.sqrt(v_hat) + eps), m, v


ADAM = Entry(
    adam_step,
    "optimizer",
    _SHAPES,
    source="Kingma and Ba (2015), algorithm 1",
    notes="1.3.5",
    names=Names(
        "torch.optim.Adam",
        "optax.adam",
        "keras.optimizers.Adam",
        "The notes add eps inside the root; keras adds it before bias correction (the paper's eps hat).",
    ),
    wrt=("theta", "g"),
    domain=_DOMAIN,
    kinks="where the new v is zero",
    name="adam",
    offers=adam,
)


@ADAM.derivative
def adam_backward(
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
    """g acts through the first moment, by 1 - b1, and through the second, by 2 (1 - b2) g."""
    theta_bar, m_bar, v_bar = y_bar
    m_hat = (b1 * m + (1 - b1) * g) / (1 - b1**t)
    root = np.sqrt((b2 * v + (1 - b2) * g**2) / (1 - b2**t))
    through_m = m_bar - theta_bar * learning_rate / (root + eps) / (1 - b1**t)
    through_v = v_bar + theta_bar * learning_rate * m_hat / (root + eps) ** 2 / (2 * root) / (1 - b2**t)
    return theta_bar, (1 - b1) * through_m + 2 * (1 - b2) * g * through_v


@ADAM.mistake("missing_path")
def adam_backward_of_a_constant_scale(
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
    """The root is taken as constant in g."""
    theta_bar, m_bar, v_bar = y_bar
    root = np.sqrt((b2 * v + (1 - b2) * g**2) / (1 - b2**t))
    through_m = m_bar - theta_bar * learning_rate / (root + eps) / (1 - b1**t)
    return theta_bar, (1 - b1) * through_m + 2 * (1 - b2) * g * v_bar


@ADAM.form("optimizer")
def adam_of_the_pair(
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
    """The rule of ``sd.optimizers.adam``."""
    settings = ADAM_RULE.of(learning_rate=learning_rate, b1=b1, b2=b2, eps=eps)
    update, m, v = ADAM_RULE.step(theta, g, m, v, t, **settings)
    return theta + update, m, v
