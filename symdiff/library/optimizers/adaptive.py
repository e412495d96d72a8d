"""The textbook steps of Adam and AdamW, and their derivatives by hand."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.optimizers.moments import ADAM_RULE, ADAMW_RULE, adam, adamw

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


def adamw_step(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    weight_decay: Array,
) -> _STATE:
    """One step of AdamW: that of Adam, less ``weight_decay * theta``, which does not enter the moments.

    The decay is not multiplied by the learning rate, as in the paper; with torch, optax and the notes it is.

    ``theta``, ``g``, ``m``, ``v`` : any shape, v >= 0; smooth where the new v is positive. Returns theta, m, v.

    >>> [float(x) for x in adamw_step(1.0, 2.0, 0.0, 0.0, 1, 0.5, 0.5, 0.75, 0.0, 0.25)]
    [0.25, 1.0, 1.0]
    """
    stepped, m, v = adam_step(theta, g, m, v, t, learning_rate, b1, b2, eps)
    return stepped - weight_decay * theta, m, v


ADAMW = Entry(
    adamw_step,
    "optimizer",
    {**_SHAPES, "weight_decay": ""},
    source="Loshchilov and Hutter (2019), algorithm 2",
    notes="1.3.6",
    names=Names(
        "torch.optim.AdamW",
        "optax.adamw",
        "keras.optimizers.AdamW",
        "The paper takes weight_decay * theta; the notes, torch and optax learning_rate * weight_decay * theta.",
    ),
    wrt=("theta", "g"),
    domain=_DOMAIN,
    kinks="where the new v is zero",
    name="adamw",
    offers=adamw,
)


@ADAMW.derivative
def adamw_backward(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    weight_decay: Array,
    y_bar: _STATE,
) -> tuple[Array, Array]:
    """1 - weight_decay by theta; by g as for Adam, since the decay does not pass through the moments."""
    theta_bar, g_bar = adam_backward(theta, g, m, v, t, learning_rate, b1, b2, eps, y_bar)
    return (1 - weight_decay) * theta_bar, g_bar


@ADAMW.mistake("missing_path")
def adamw_backward_without_decay(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    weight_decay: Array,
    y_bar: _STATE,
) -> tuple[Array, Array]:
    """The decay is left out of the derivative by theta."""
    return adam_backward(theta, g, m, v, t, learning_rate, b1, b2, eps, y_bar)  # type: ignore[no-any-return]


@ADAMW.form("optimizer")
def adamw_of_the_pair(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    weight_decay: Array,
) -> _STATE:
    """The rule of ``sd.optimizers.adamw``."""
    settings = ADAMW_RULE.of(learning_rate=learning_rate, b1=b1, b2=b2, eps=eps, weight_decay=weight_decay)
    update, m, v = ADAMW_RULE.step(theta, g, m, v, t, **settings)
    return theta + update, m, v
