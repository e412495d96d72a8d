"""Kin of Adam: Adamax, NAdam, Lion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.optimizers.descent import DECAY_IN, decayed, pulled
from symdiff.library.optimizers.moments import BETAS, PLACES, denominator
from symdiff.library.stepping.optimizers import factory
from symdiff.library.stepping.rules import Rule, Variant, publish


class InfinityMoments(NamedTuple):
    """The state of Adamax: the number of steps done, the first moment ``m``, the largest decayed size ``u``."""

    t: Any
    m: Any
    u: Any


class Schedule(NamedTuple):
    """The state of NAdam: that of Adam, and the product ``p`` of the momenta so far."""

    t: Any
    m: Any
    v: Any
    p: Any


class Momentum(NamedTuple):
    """The state of Lion: the number of steps done, the momentum ``m``."""

    t: Any
    m: Any


def _adamax(
    theta: Array,
    g: Array,
    m: Array,
    u: Array,
    t: Array,
    *,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    weight_decay: Array,
    correction: bool,
    decay_in: str,
) -> tuple[Array, Array, Array]:
    slope = pulled(theta, g, weight_decay, decay_in)
    m = b1 * m + (1 - b1) * slope
    u = np.maximum(b2 * u, np.abs(slope) + eps)
    update = -learning_rate * (m / (1 - b1**t) if correction else m) / u
    return update - decayed(theta, learning_rate, weight_decay, decay_in), m, u


def _nadam(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    p: Array,
    t: Array,
    *,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    eps: Array,
    weight_decay: Array,
    momentum_decay: Array,
    place: str,
    schedule: str,
    second: str,
    decay_in: str,
) -> tuple[Array, Array, Array, Array]:
    slope = pulled(theta, g, weight_decay, decay_in)
    now, later = b1, b1
    if schedule == "warming":
        now = b1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
        later = b1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    m = b1 * m + (1 - b1) * slope
    v = b2 * v + (1 - b2) * slope**2
    p = p * now
    ahead = later * m / (1 - p * later) + (1 - now) * slope / (1 - p)
    size = b2 * v if second == "times b2" else v
    update = -learning_rate * ahead / denominator(size, eps, 1 - b2**t, place)
    return update - decayed(theta, learning_rate, weight_decay, decay_in), m, v, p


def _lion(
    theta: Array,
    g: Array,
    m: Array,
    t: Array,
    *,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    weight_decay: Array,
    direction: str,
    decay_in: str,
) -> tuple[Array, Array]:
    slope = pulled(theta, g, weight_decay, decay_in)
    new = b2 * m + (1 - b2) * slope
    mixed = b1 * m + (1 - b1) * slope if direction == "b1" else new
    return -learning_rate * np.sign(mixed) - decayed(theta, learning_rate, weight_decay, decay_in), new


def _begin_nadam(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"p": 1.0}


ADAMAX_RULE = publish(
    Rule(
        "adamax",
        _adamax,
        InfinityMoments,
        {**BETAS, "learning_rate": 0.002, "eps": 0.0, "correction": True, "decay_in": "gradient"},
        {
            "correction": {True: "the first moment is corrected for its bias", False: "no bias correction"},
            "decay_in": DECAY_IN,
        },
        {
            "paper": Variant({}, "Kingma and Ba (2015), algorithm 2"),
            "torch": Variant({"eps": 1e-8}, "torch.optim.Adamax"),
            "optax": Variant({"eps": 1e-8}, "optax.adamax"),
        },
        counts=True,
        nonnegative=("u",),
    )
)
NADAM_RULE = publish(
    Rule(
        "nadam",
        _nadam,
        Schedule,
        {
            **BETAS,
            "learning_rate": 0.002,
            "momentum_decay": 0.004,
            "place": "outside",
            "schedule": "constant",
            "second": "times b2",
            "decay_in": "gradient",
        },
        {
            "place": {place: PLACES[place] for place in ("outside", "inside")},
            "schedule": {
                "constant": "the momentum is constant",
                "warming": "the momentum rises with t: b1 (1 - 0.96^(t * momentum_decay) / 2)",
            },
            "second": {"times b2": "v_hat is multiplied by b2", "plain": "v_hat is that of Adam"},
            "decay_in": DECAY_IN,
        },
        {
            "paper": Variant({}, "Dozat (2016), algorithm 2, with constant momentum"),
            "torch": Variant({"schedule": "warming", "second": "plain"}, "torch.optim.NAdam"),
            "optax": Variant({"second": "plain"}, "optax.nadam"),
        },
        start=_begin_nadam,
        counts=True,
    )
)
LION_RULE = publish(
    Rule(
        "lion",
        _lion,
        Momentum,
        {
            "learning_rate": 1e-4,
            "b1": 0.9,
            "b2": 0.99,
            "weight_decay": 0.0,
            "direction": "b1",
            "decay_in": "step",
        },
        {
            "direction": {
                "b1": "the sign is that of the mean with b1, the momentum is kept with b2",
                "b2": "the sign is that of the momentum itself",
            },
            "decay_in": DECAY_IN,
        },
        {
            "paper": Variant({}, "Chen et al. (2023), algorithm 2"),
            "optax": Variant({"weight_decay": 1e-3}, "optax.lion"),
        },
    )
)

adamax = factory(
    ADAMAX_RULE, "Adamax: ``u = max(b2 u, |g|)``, ``theta - learning_rate / (1 - b1^t) * m / u``."
)
nadam = factory(NADAM_RULE, "NAdam: Adam with Nesterov's momentum.")
lion = factory(
    LION_RULE, "Lion: ``theta - learning_rate * (sign(b1 m + (1 - b1) g) + weight_decay * theta)``."
)


def adamax_step(
    theta: Array, g: Array, m: Array, u: Array, t: Array, learning_rate: Array, b1: Array, b2: Array
) -> tuple[Array, Array, Array]:
    """One step of Adamax, ``u = max(b2 u, |g|)``, ``theta - learning_rate / (1 - b1^t) * m / u``.

    ``theta``, ``g``, ``m``, ``u`` : any shape, u >= 0; smooth where b2 u and |g| differ. Returns theta, m, u.

    >>> [float(x) for x in adamax_step(1.0, -2.0, 0.0, 1.0, 1, 0.5, 0.5, 0.75)]
    [1.5, -1.0, 2.0]
    """
    m = b1 * m + (1 - b1) * g
    u = np.maximum(b2 * u, np.abs(g))
    return theta - learning_rate / (1 - b1**t) * m / u, m, u


ADAMAX = Entry(
    adamax_step,
    "optimizer",
    {"theta": "n", "g": "n", "m": "n", "u": "n", "t": "", "learning_rate": "", "b1": "", "b2": ""},
    source="Kingma and Ba (2015), algorithm 2",
    names=Names(
        "torch.optim.Adamax",
        "optax.adamax",
        "keras.optimizers.Adamax",
        "torch and optax take |g| + eps; keras u + eps.",
    ),
    wrt=("theta", "g"),
    domain={"u": (0, None), "t": (1, None), "b1": (0, 1), "b2": (0, 1)},
    kinks="where b2 u = |g|",
    name="adamax",
    offers=adamax,
)


@ADAMAX.derivative
def adamax_backward(
    theta: Array,
    g: Array,
    m: Array,
    u: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    y_bar: tuple[Array, Array, Array],
) -> tuple[Array, Array]:
    """g acts through m, and through u by its sign where |g| is the larger."""
    theta_bar, m_bar, u_bar = y_bar
    new_m, new_u = b1 * m + (1 - b1) * g, np.maximum(b2 * u, np.abs(g))
    rate = learning_rate / (1 - b1**t)
    through_u = u_bar + theta_bar * rate * new_m / new_u**2
    through_m = m_bar - theta_bar * rate / new_u
    return theta_bar, (1 - b1) * through_m + np.where(np.abs(g) > b2 * u, np.sign(g) * through_u, 0)


@ADAMAX.mistake("missing_path")
def adamax_backward_of_a_constant_scale(
    theta: Array,
    g: Array,
    m: Array,
    u: Array,
    t: Array,
    learning_rate: Array,
    b1: Array,
    b2: Array,
    y_bar: tuple[Array, Array, Array],
) -> tuple[Array, Array]:
    """u is taken as constant in g."""
    theta_bar, m_bar, _ = y_bar
    rate = learning_rate / (1 - b1**t)
    return theta_bar, (1 - b1) * (m_bar - theta_bar * rate / np.maximum(b2 * u, np.abs(g)))


@ADAMAX.form("optimizer")
def adamax_of_the_pair(
    theta: Array, g: Array, m: Array, u: Array, t: Array, learning_rate: Array, b1: Array, b2: Array
) -> tuple[Array, Array, Array]:
    """The rule of ``sd.optimizers.adamax``."""
    update, m, u = _adamax(theta, g, m, u, t, **ADAMAX_RULE.of(learning_rate=learning_rate, b1=b1, b2=b2))
    return theta + update, m, u
