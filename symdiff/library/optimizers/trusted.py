"""The textbook step of LAMB and its derivative by hand."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.optimizers.layerwise import LAMB_RULE, lamb, norm

_STATE = tuple[Array, Array, Array]


def lamb_step(
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
    """One step of LAMB on one layer, the ``t``-th, counted from 1, with the moments of Adam.

    ``d = m_hat / (sqrt(v_hat) + eps) + weight_decay * theta``, ``theta - learning_rate * |theta| / |d| * d``.

    ``theta``, ``g``, ``m``, ``v`` : any shape, v >= 0; smooth where theta, d and the new v are not zero.

    >>> theta, g, zeros = np.array([3.0, 4.0]), np.array([1.0, 0.0]), np.zeros(2)
    >>> lamb_step(theta, g, zeros, zeros, 1, 0.5, 0.5, 0.75, 1.0, 0.0)[0].tolist()
    [0.5, 4.0]
    """
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g**2
    d = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps) + weight_decay * theta
    return theta - learning_rate * norm(theta) / norm(d) * d, m, v


LAMB = Entry(
    lamb_step,
    "optimizer",
    {"theta": "n", "g": "n", "m": "n", "v": "n"}
    | dict.fromkeys(("t", "learning_rate", "b1", "b2", "eps", "weight_decay"), ""),
    source="You et al. (2020), algorithm 2",
    notes="1.3.7",
    names=Names(
        "",
        "optax.lamb",
        "keras.optimizers.Lamb",
        "The notes add eps inside the root and have no decay; optax's ratio is 1 where a norm is zero.",
    ),
    wrt=("theta", "g"),
    domain={"v": (0, None), "t": (1, None), "b1": (0, 1), "b2": (0, 1), "eps": (0, None)},
    kinks="where theta, the direction or the new v is zero",
    name="lamb",
    offers=lamb,
)


@LAMB.derivative
def lamb_backward(
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
    """The projection that a norm brings, then as for Adam; theta acts by its length and by the decay."""
    theta_bar, m_bar, v_bar = y_bar
    m_hat = (b1 * m + (1 - b1) * g) / (1 - b1**t)
    root = np.sqrt((b2 * v + (1 - b2) * g**2) / (1 - b2**t))
    d = m_hat / (root + eps) + weight_decay * theta
    a, length = norm(theta), norm(d)
    along = np.sum(theta_bar * d)
    d_bar = -learning_rate * a / length * (theta_bar - along / length**2 * d)
    by_theta = theta_bar - learning_rate * along / length * theta / a + weight_decay * d_bar
    through_m = m_bar + d_bar / (root + eps) / (1 - b1**t)
    through_v = v_bar - d_bar * m_hat / (root + eps) ** 2 / (2 * root) / (1 - b2**t)
    return by_theta, (1 - b1) * through_m + 2 * (1 - b2) * g * through_v


@LAMB.mistake("missing_path")
def lamb_backward_of_a_constant_scale(
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
    """The root of the second moment is taken as constant in g."""
    theta_bar, m_bar, v_bar = y_bar
    root = np.sqrt((b2 * v + (1 - b2) * g**2) / (1 - b2**t))
    d = (b1 * m + (1 - b1) * g) / (1 - b1**t) / (root + eps) + weight_decay * theta
    a, length = norm(theta), norm(d)
    along = np.sum(theta_bar * d)
    d_bar = -learning_rate * a / length * (theta_bar - along / length**2 * d)
    by_theta = theta_bar - learning_rate * along / length * theta / a + weight_decay * d_bar
    through_m = m_bar + d_bar / (root + eps) / (1 - b1**t)
    return by_theta, (1 - b1) * through_m + 2 * (1 - b2) * g * v_bar


@LAMB.form("optimizer")
def lamb_of_the_pair(
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
    """The rule of ``sd.optimizers.lamb``."""
    settings = LAMB_RULE.of(learning_rate=learning_rate, b1=b1, b2=b2, eps=eps, weight_decay=weight_decay)
    update, m, v = LAMB_RULE.step(theta, g, m, v, t, **settings)
    return theta + update, m, v
