"""Steps along the gradient: gradient descent, momentum, Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.stepping.optimizers import factory
from symdiff.library.stepping.rules import Rule, Variant, publish

DECAY_IN = {
    "gradient": "weight decay is added to the gradient (coupled, L2)",
    "step": "weight decay is decoupled: learning_rate * weight_decay * theta is subtracted",
    "parameters": "weight decay is decoupled and not multiplied by the learning rate",
}


class Count(NamedTuple):
    """The state of plain descent: the number of steps done."""

    t: Any


class Velocity(NamedTuple):
    """The state of momentum: the number of steps done, the velocity ``v``."""

    t: Any
    v: Any


def decayed(theta: Array, learning_rate: Array, weight_decay: Array, decay_in: str) -> Array:
    """What decoupled decay takes from the parameters in one step."""
    if decay_in == "gradient":
        return 0 * theta
    return weight_decay * theta * (learning_rate if decay_in == "step" else 1)


def pulled(theta: Array, g: Array, weight_decay: Array, decay_in: str) -> Array:
    """The gradient with coupled decay: that of the loss plus half the squared parameters."""
    return g + weight_decay * theta if decay_in == "gradient" else g


def _sgd(
    theta: Array, g: Array, t: Array, *, learning_rate: Array, weight_decay: Array, decay_in: str
) -> tuple[Array]:
    slope = pulled(theta, g, weight_decay, decay_in)
    return (-learning_rate * slope - decayed(theta, learning_rate, weight_decay, decay_in),)


def _momentum(
    theta: Array,
    g: Array,
    v: Array,
    t: Array,
    *,
    learning_rate: Array,
    momentum: Array,
    dampening: Array,
    weight_decay: Array,
    averaging: bool,
    first: str,
    nesterov: bool,
    velocity: str,
    decay_in: str,
) -> tuple[Array, Array]:
    slope = pulled(theta, g, weight_decay, decay_in)
    share = 1 - momentum if averaging else 1 - dampening
    new = momentum * v + share * slope
    if first == "gradient":
        new = np.where(t == 1, slope, new)
    used = new if velocity == "new" else v
    direction = slope + momentum * used if nesterov else used
    return -learning_rate * direction - decayed(theta, learning_rate, weight_decay, decay_in), new


_NUMBERS = {"learning_rate": 0.01, "momentum": 0.9, "dampening": 0.0, "weight_decay": 0.0}
_CHOSEN = {
    "averaging": False,
    "first": "dampened",
    "nesterov": False,
    "velocity": "new",
    "decay_in": "gradient",
}
_CHOICES: Mapping[str, Mapping[Any, str]] = {
    "averaging": {
        False: "the velocity adds the gradient",
        True: "the velocity is an average: the gradient enters with the factor 1 - momentum",
    },
    "first": {
        "dampened": "the first velocity is dampened like the others",
        "gradient": "the first velocity is the gradient itself, not dampened",
    },
    "nesterov": {
        False: "the step is along the velocity",
        True: "the step looks ahead (Nesterov): gradient + momentum * velocity",
    },
    "velocity": {
        "new": "the step takes the new velocity",
        "old": "the step takes the velocity from before this gradient (stale)",
    },
    "decay_in": DECAY_IN,
}

SGD_RULE = publish(
    Rule(
        "sgd",
        _sgd,
        Count,
        {"learning_rate": 0.01, "weight_decay": 0.0, "decay_in": "gradient"},
        {"decay_in": DECAY_IN},
        {
            "paper": Variant({}, "Cauchy (1847); Robbins and Monro (1951)"),
            "notes": Variant({}, "1.3.1"),
            "torch": Variant({"learning_rate": 1e-3}, "torch.optim.SGD"),
            "optax": Variant({}, "optax.sgd"),
        },
    )
)
MOMENTUM_RULE = publish(
    Rule(
        "momentum",
        _momentum,
        Velocity,
        {**_NUMBERS, **_CHOSEN},
        _CHOICES,
        {
            "paper": Variant({}, "Polyak (1964), heavy ball"),
            "notes": Variant({"averaging": True}, "1.3.2"),
            "torch": Variant({"first": "gradient", "learning_rate": 1e-3}, "torch.optim.SGD(momentum=)"),
            "optax": Variant({}, "optax.sgd(momentum=)"),
        },
    )
)
NESTEROV_RULE = publish(
    Rule(
        "nesterov",
        _momentum,
        Velocity,
        {**_NUMBERS, **_CHOSEN, "nesterov": True},
        _CHOICES,
        {
            "paper": Variant(
                {}, "Sutskever et al. (2013), equations 3 and 4, at the point where the gradient is taken"
            ),
            "torch": Variant(
                {"first": "gradient", "learning_rate": 1e-3}, "torch.optim.SGD(momentum=, nesterov=True)"
            ),
            "optax": Variant({}, "optax.sgd(momentum=, nesterov=True)"),
        },
    )
)

sgd = factory(SGD_RULE, "Gradient descent, ``theta - learning_rate * g``.")
momentum = factory(MOMENTUM_RULE, "Momentum: ``v = momentum * v + g``, ``theta - learning_rate * v``.")
nesterov = factory(NESTEROV_RULE, "Nesterov's momentum: ``theta - learning_rate * (g + momentum * v)``.")


def sgd_step(theta: Array, g: Array, learning_rate: Array) -> Array:
    """One step of gradient descent, ``theta - learning_rate * g``.

    ``theta``, ``g`` : any shape; linear.

    >>> float(sgd_step(1.0, 2.0, 0.25))
    0.5
    """
    return theta - learning_rate * g


SGD = Entry(
    sgd_step,
    "optimizer",
    {"theta": "n", "g": "n", "learning_rate": ""},
    source="Cauchy (1847); Robbins and Monro (1951), equation 2",
    notes="1.3.1",
    names=Names("torch.optim.SGD", "optax.sgd", "keras.optimizers.SGD"),
    wrt=("theta", "g"),
    name="sgd",
    offers=sgd,
)


@SGD.derivative
def sgd_backward(theta: Array, g: Array, learning_rate: Array, y_bar: Array) -> tuple[Array, Array]:
    """The identity by theta, -learning_rate by g."""
    return y_bar, -learning_rate * y_bar


@SGD.mistake("sign")
def sgd_backward_uphill(theta: Array, g: Array, learning_rate: Array, y_bar: Array) -> tuple[Array, Array]:
    """+learning_rate by g."""
    return y_bar, learning_rate * y_bar


@SGD.form("optimizer")
def sgd_of_the_pair(theta: Array, g: Array, learning_rate: Array) -> Array:
    """The rule of ``sd.optimizers.sgd``."""
    (update,) = _sgd(theta, g, 1, **SGD_RULE.of(learning_rate=learning_rate))
    return theta + update


def momentum_step(
    theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array
) -> tuple[Array, Array]:
    """One step of the heavy ball, ``v = momentum * v + g``, ``theta - learning_rate * v``.

    ``theta``, ``g``, ``v`` : any shape; linear in each. Returns the parameters and the velocity.

    >>> [float(x) for x in momentum_step(1.0, 1.0, 2.0, 0.5, 0.5)]
    [0.0, 2.0]
    """
    v = momentum * v + g
    return theta - learning_rate * v, v


MOMENTUM = Entry(
    momentum_step,
    "optimizer",
    {"theta": "n", "g": "n", "v": "n", "learning_rate": "", "momentum": ""},
    source="Polyak (1964), equation 9",
    notes="1.3.2",
    names=Names(
        "torch.optim.SGD(momentum=)",
        "optax.sgd(momentum=)",
        "keras.optimizers.SGD(momentum=)",
        "The notes average: the gradient enters the velocity with 1 - momentum. torch does not dampen the first step.",
    ),
    wrt=("theta", "g", "v"),
    name="momentum",
    offers=momentum,
)


@MOMENTUM.derivative
def momentum_backward(
    theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array, y_bar: tuple[Array, Array]
) -> tuple[Array, Array, Array]:
    """The cotangent of the new velocity reaches g whole and the old velocity with the factor momentum."""
    theta_bar, v_bar = y_bar
    through = v_bar - learning_rate * theta_bar
    return theta_bar, through, momentum * through


@MOMENTUM.mistake("missing_path")
def momentum_backward_of_the_state_only(
    theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array, y_bar: tuple[Array, Array]
) -> tuple[Array, Array, Array]:
    """The path from the velocity through the parameters is left out."""
    theta_bar, v_bar = y_bar
    return theta_bar, v_bar - learning_rate * theta_bar, momentum * v_bar


@MOMENTUM.form("optimizer")
def momentum_of_the_pair(
    theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array
) -> tuple[Array, Array]:
    """The rule of ``sd.optimizers.momentum``."""
    settings = MOMENTUM_RULE.of(learning_rate=learning_rate, momentum=momentum)
    update, v = _momentum(theta, g, v, 1, **settings)
    return theta + update, v


def nesterov_step(
    theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array
) -> tuple[Array, Array]:
    """One step of Nesterov's momentum, ``v = momentum * v + g``, ``theta - learning_rate * (g + momentum * v)``.

    ``theta`` is the point at which the gradient ``g`` is taken. Returns the parameters and the velocity.

    >>> [float(x) for x in nesterov_step(1.0, 1.0, 2.0, 0.5, 0.5)]
    [0.0, 2.0]
    """
    v = momentum * v + g
    return theta - learning_rate * (g + momentum * v), v


NESTEROV = Entry(
    nesterov_step,
    "optimizer",
    {"theta": "n", "g": "n", "v": "n", "learning_rate": "", "momentum": ""},
    source="Nesterov (1983); Sutskever et al. (2013), equations 3 and 4",
    names=Names(
        "torch.optim.SGD(nesterov=True)", "optax.sgd(nesterov=True)", "keras.optimizers.SGD(nesterov=True)"
    ),
    wrt=("theta", "g", "v"),
    name="nesterov",
    offers=nesterov,
)


@NESTEROV.derivative
def nesterov_backward(
    theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array, y_bar: tuple[Array, Array]
) -> tuple[Array, Array, Array]:
    """g is met twice: in the step itself and in the velocity."""
    theta_bar, v_bar = y_bar
    through = v_bar - learning_rate * momentum * theta_bar
    return theta_bar, through - learning_rate * theta_bar, momentum * through


@NESTEROV.mistake("missing_path")
def nesterov_backward_through_the_velocity_only(
    theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array, y_bar: tuple[Array, Array]
) -> tuple[Array, Array, Array]:
    """The gradient in the step itself is left out."""
    theta_bar, v_bar = y_bar
    through = v_bar - learning_rate * momentum * theta_bar
    return theta_bar, through, momentum * through


@NESTEROV.form("optimizer")
def nesterov_of_the_pair(
    theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array
) -> tuple[Array, Array]:
    """The rule of ``sd.optimizers.nesterov``."""
    update, v = _momentum(theta, g, v, 1, **NESTEROV_RULE.of(learning_rate=learning_rate, momentum=momentum))
    return theta + update, v
