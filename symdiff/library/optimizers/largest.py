"""The textbook step of AMSGrad and its derivative by hand."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.optimizers.moments import AMSGRAD_RULE, amsgrad


def amsgrad_step(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
) -> tuple[Array, Array, Array, Array]:
    """One step of AMSGrad, ``v_max = max(v_max, v)``, ``theta - learning_rate * m / sqrt(v_max)``.

    As in the paper without bias correction and without epsilon.

    ``theta``, ``g``, ``m``, ``v``, ``v_max`` : any shape, v, v_max >= 0; smooth where v and v_max differ.
    Returns theta, m, v, v_max.

    >>> [float(x) for x in amsgrad_step(1.0, 2.0, 0.0, 0.0, 4.0, 0.5, 0.5, 0.75)]
    [0.75, 1.0, 1.0, 4.0]
    """
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g**2
    v_max = np.maximum(v_max, v)
    return theta - learning_rate * m / np.sqrt(v_max), m, v, v_max


AMSGRAD = Entry(
    amsgrad_step,
    "optimizer",
    dict.fromkeys(("theta", "g", "m", "v", "v_max"), "n") | dict.fromkeys(("learning_rate", "b1", "b2"), ""),
    source="Reddi, Kale and Kumar (2018), algorithm 2",
    names=Names(
        "torch.optim.Adam(amsgrad=True)",
        "optax.amsgrad",
        "keras.optimizers.Adam(amsgrad=True)",
        "torch and optax correct the bias and add an epsilon; optax takes the largest of the corrected second moments.",
    ),
    wrt=("theta", "g"),
    domain={"v": (0, None), "v_max": (0, None), "b1": (0, 1), "b2": (0, 1)},
    kinks="where v_max equals the new v, or both are zero",
    name="amsgrad",
    offers=amsgrad,
)


@AMSGRAD.derivative
def amsgrad_backward(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    y_bar: tuple[Array, Array, Array, Array],
) -> tuple[Array, Array]:
    """As for Adam where the new v is the largest so far; elsewhere the root does not depend on g."""
    theta_bar, m_bar, v_bar, max_bar = y_bar
    new_m, new_v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    root = np.sqrt(np.maximum(v_max, new_v))
    through_max = max_bar + theta_bar * learning_rate * new_m / (2 * root**3)
    through_v = v_bar + np.where(new_v > v_max, through_max, 0)
    through_m = m_bar - theta_bar * learning_rate / root
    return theta_bar, (1 - b1) * through_m + 2 * (1 - b2) * g * through_v


@AMSGRAD.mistake("threshold")
def amsgrad_backward_always_largest(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    y_bar: tuple[Array, Array, Array, Array],
) -> tuple[Array, Array]:
    """The largest second moment is taken to be the new one always."""
    theta_bar, m_bar, v_bar, max_bar = y_bar
    new_m, new_v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    root = np.sqrt(np.maximum(v_max, new_v))
    through_max = max_bar + theta_bar * learning_rate * new_m / (2 * root**3)
    through_m = m_bar - theta_bar * learning_rate / root
    return theta_bar, (1 - b1) * through_m + 2 * (1 - b2) * g * (v_bar + through_max)


@AMSGRAD.form("optimizer")
def amsgrad_of_the_pair(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
) -> tuple[Array, Array, Array, Array]:
    """The rule of ``sd.optimizers.amsgrad``."""
    settings = AMSGRAD_RULE.of(learning_rate=learning_rate, b1=b1, b2=b2)
    update, m, v, v_max = AMSGRAD_RULE.step(theta, g, m, v, v_max, 1, **settings)
    return theta + update, m, v, v_max
