"""What is known of the rules, proved: exact means, closed forms, lengths of steps, invariances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array
from symdiff.library.optimizers.adaptive import ADAM, ADAMW, adam_step
from symdiff.library.optimizers.descent import MOMENTUM, NESTEROV, momentum_step, nesterov_step
from symdiff.library.optimizers.layerwise import LARS, lars_step, norm
from symdiff.library.optimizers.mean_squares import RMSPROP, rmsprop_step
from symdiff.library.optimizers.trusted import LAMB, lamb_step
from symdiff.verdicts import Verdict, weakest

_BETAS = {"b1": (0, 1), "b2": (0, 1)}


def _all(verdicts: Mapping[str, Verdict]) -> Verdict:
    return weakest(dict(verdicts))


def _mean_of_constant(g: Array, b1: Array, *, t: int) -> Array:
    """The corrected first moment after t equal gradients."""
    m = 0 * g
    for _ in range(t):
        m = b1 * m + (1 - b1) * g
    return m / (1 - b1**t)


@ADAM.fact(
    "with a constant gradient the corrected first moment is the gradient, after 1 to 6 steps, for every b1"
)
def mean_is_exact() -> Verdict:
    """m_hat = g."""
    inputs = {"g": "n", "b1": ""}
    return _all(
        {
            str(t): check(
                partial(_mean_of_constant, t=t), lambda g, b1: g, inputs, of="value", domain={"b1": (0, 1)}
            )
            for t in range(1, 7)
        }
    )


@ADAM.fact(
    "if m = (1 - b1^t) g before a step with the gradient g, then m = (1 - b1^(t+1)) g after it, for every t"
)
def mean_stays_exact() -> Verdict:
    """The induction from one step to the next."""

    def stepped(g: Array, b1: Array, t: Array) -> Array:
        return b1 * (1 - b1**t) * g + (1 - b1) * g

    def stated(g: Array, b1: Array, t: Array) -> Array:
        return (1 - b1 ** (t + 1)) * g

    inputs = {"g": "n", "b1": "", "t": ""}
    return check(stepped, stated, inputs, of="value", domain={"b1": (0, 1), "t": (0, None)})


def _adam_path(theta: Array, gradients: Sequence[Array], learning_rate: Array, b1: Array, b2: Array) -> Array:
    m = v = 0 * theta
    for t, g in enumerate(gradients, 1):
        theta, m, v = adam_step(theta, g, m, v, t, learning_rate, b1, b2, 0)
    return theta


@ADAM.fact("with eps = 0 two steps do not change when all gradients are multiplied by c > 0")
def adam_is_scale_invariant() -> Verdict:
    """The scale cancels in m_hat / sqrt(v_hat)."""

    def scaled(
        theta: Array, g1: Array, g2: Array, c: Array, learning_rate: Array, b1: Array, b2: Array
    ) -> Array:
        return _adam_path(theta, (c * g1, c * g2), learning_rate, b1, b2)

    def plain(
        theta: Array, g1: Array, g2: Array, c: Array, learning_rate: Array, b1: Array, b2: Array
    ) -> Array:
        return _adam_path(theta, (g1, g2), learning_rate, b1, b2)

    shapes = {"theta": "n", "g1": "n", "g2": "n"} | dict.fromkeys(("c", "learning_rate", "b1", "b2"), "")
    return check(scaled, plain, shapes, of="value", domain={"c": (0, None), **_BETAS})


@ADAM.fact("with eps = 0 the first step is learning_rate * sign(g)")
def first_step_is_the_sign() -> Verdict:
    """The first moments cancel: m_hat = g, v_hat = g^2."""

    def first(theta: Array, g: Array, learning_rate: Array, b1: Array, b2: Array) -> Array:
        return _adam_path(theta, (g,), learning_rate, b1, b2)

    def signed(theta: Array, g: Array, learning_rate: Array, b1: Array, b2: Array) -> Array:
        return theta - learning_rate * g / np.abs(g)

    shapes = {"theta": "n", "g": "n"} | dict.fromkeys(("learning_rate", "b1", "b2"), "")
    return check(first, signed, shapes, of="value", domain=_BETAS)


@RMSPROP.fact("with eps = 0 a step from v = 0 does not change when the gradient is multiplied by c > 0")
def rmsprop_is_scale_invariant() -> Verdict:
    """The scale cancels in g / sqrt(v)."""

    def scaled(theta: Array, g: Array, c: Array, learning_rate: Array, decay: Array) -> Array:
        return rmsprop_step(theta, c * g, 0 * g, learning_rate, decay, 0)[0]

    def plain(theta: Array, g: Array, c: Array, learning_rate: Array, decay: Array) -> Array:
        return rmsprop_step(theta, g, 0 * g, learning_rate, decay, 0)[0]

    shapes = {"theta": "n", "g": "n"} | dict.fromkeys(("c", "learning_rate", "decay"), "")
    return check(scaled, plain, shapes, of="value", domain={"c": (0, None), "decay": (0, 1)})


def _constant_momentum(theta: Array, g: Array, learning_rate: Array, momentum: Array, *, t: int) -> Array:
    v = 0 * g
    for _ in range(t):
        theta, v = momentum_step(theta, g, v, learning_rate, momentum)
    return theta


def _closed(theta: Array, g: Array, learning_rate: Array, momentum: Array, *, t: Any) -> Array:
    """theta - learning_rate g (t - momentum (1 - momentum^t) / (1 - momentum)) / (1 - momentum)."""
    rest = momentum * (1 - momentum**t) / (1 - momentum)
    return theta - learning_rate * g * (t - rest) / (1 - momentum)


@MOMENTUM.fact(
    "after t steps with a constant gradient theta has moved by learning_rate g (t - b (1 - b^t) / (1 - b)) / (1 - b), "
    "b the momentum, for t = 1 to 6"
)
def momentum_in_closed_form() -> Verdict:
    """The velocity is a geometric sum."""
    shapes = {"theta": "n", "g": "n", "learning_rate": "", "momentum": ""}
    return _all(
        {
            str(t): check(
                partial(_constant_momentum, t=t),
                partial(_closed, t=t),
                shapes,
                of="value",
                domain={"momentum": (0, 1)},
            )
            for t in range(1, 7)
        }
    )


@MOMENTUM.fact("that closed form goes over into itself with a step more, for every t")
def momentum_by_induction() -> Verdict:
    """From t to t + 1, with the velocity g (1 - momentum^t) / (1 - momentum)."""

    def stepped(theta: Array, g: Array, learning_rate: Array, momentum: Array, t: Array) -> Array:
        reached = _closed(theta, g, learning_rate, momentum, t=t)
        v = g * (1 - momentum**t) / (1 - momentum)
        return momentum_step(reached, g, v, learning_rate, momentum)[0]

    def stated(theta: Array, g: Array, learning_rate: Array, momentum: Array, t: Array) -> Array:
        return _closed(theta, g, learning_rate, momentum, t=t + 1)

    shapes = {"theta": "n", "g": "n", "learning_rate": "", "momentum": "", "t": ""}
    return check(stepped, stated, shapes, of="value", domain={"momentum": (0, 1), "t": (0, None)})


@MOMENTUM.fact(
    "coupled decay moves the second step by learning_rate * momentum * weight_decay * theta_0 more than decoupled"
)
def coupled_and_decoupled() -> Verdict:
    """Coupled decay stays in the velocity; without momentum both are the same."""

    def difference(
        theta: Array, g1: Array, g2: Array, learning_rate: Array, momentum: Array, weight_decay: Array
    ) -> Array:
        one, v = momentum_step(theta, g1 + weight_decay * theta, 0 * g1, learning_rate, momentum)
        coupled, _ = momentum_step(one, g2 + weight_decay * one, v, learning_rate, momentum)
        two, v = momentum_step(theta, g1, 0 * g1, learning_rate, momentum)
        two = two - learning_rate * weight_decay * theta
        decoupled, _ = momentum_step(two, g2, v, learning_rate, momentum)
        return coupled - (decoupled - learning_rate * weight_decay * two)

    def stated(
        theta: Array, g1: Array, g2: Array, learning_rate: Array, momentum: Array, weight_decay: Array
    ) -> Array:
        return -learning_rate * momentum * weight_decay * theta

    shapes = {"theta": "n", "g1": "n", "g2": "n"}
    shapes |= dict.fromkeys(("learning_rate", "momentum", "weight_decay"), "")
    return check(difference, stated, shapes, of="value")


@ADAMW.fact(
    "with eps = 0 the first step with coupled decay forgets its size: learning_rate * sign(g + weight_decay theta)"
)
def coupled_decay_in_adam() -> Verdict:
    """Decoupled decay takes weight_decay * theta whatever the gradient is."""

    def coupled(
        theta: Array, g: Array, learning_rate: Array, b1: Array, b2: Array, weight_decay: Array
    ) -> Array:
        return _adam_path(theta, (g + weight_decay * theta,), learning_rate, b1, b2)

    def stated(
        theta: Array, g: Array, learning_rate: Array, b1: Array, b2: Array, weight_decay: Array
    ) -> Array:
        pull = g + weight_decay * theta
        return theta - learning_rate * pull / np.abs(pull)

    shapes = {"theta": "n", "g": "n"} | dict.fromkeys(("learning_rate", "b1", "b2", "weight_decay"), "")
    return check(coupled, stated, shapes, of="value", domain=_BETAS)


@NESTEROV.fact(
    "it is Sutskever's form, theta' = theta + v' with the gradient at theta + momentum v, seen from there"
)
def nesterov_in_two_forms() -> Verdict:
    """With phi = theta + momentum v and v = -learning_rate V the two go along together."""

    def ahead(theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array) -> tuple[Array, Array]:
        v = momentum * v - learning_rate * g
        theta = theta + v
        return theta + momentum * v, v

    def here(theta: Array, g: Array, v: Array, learning_rate: Array, momentum: Array) -> tuple[Array, Array]:
        phi, velocity = nesterov_step(theta + momentum * v, g, -v / learning_rate, learning_rate, momentum)
        return phi, -learning_rate * velocity

    shapes = {"theta": "n", "g": "n", "v": "n", "learning_rate": "", "momentum": ""}
    return check(ahead, here, shapes, of="value", domain={"learning_rate": (1e-9, None)})


@LAMB.fact(
    "the length of a step is learning_rate * |theta|, whatever the gradients, the state and the decay are"
)
def length_of_lamb() -> Verdict:
    """The direction is divided by its own length."""
    names = ("theta", "g", "m", "v", "t", "learning_rate", "b1", "b2", "eps", "weight_decay")

    def moved(
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
    ) -> Array:
        return norm(lamb_step(theta, g, m, v, t, learning_rate, b1, b2, eps, weight_decay)[0] - theta)

    def stated(
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
    ) -> Array:
        return learning_rate * norm(theta)

    shapes = {name: "n" if name in ("theta", "g", "m", "v") else "" for name in names}
    domain = {"v": (0, None), "t": (1, None), "eps": (0, None), "learning_rate": (0, None), **_BETAS}
    return check(moved, stated, shapes, of="value", domain=domain)


def _lars_move(theta: Array, g: Array, learning_rate: Array, trust_coefficient: Array) -> Array:
    return lars_step(theta, g, 0 * g, learning_rate, 0, 0, trust_coefficient)[0] - theta


_LARS = {"theta": "n", "g": "n", "a": "", "learning_rate": "", "trust_coefficient": ""}


@LARS.fact("without decay the first step grows with the parameters: a theta gives a times the step, a > 0")
def lars_grows_with_the_parameters() -> Verdict:
    """The trust ratio is proportional to |theta|."""

    def scaled(theta: Array, g: Array, a: Array, learning_rate: Array, trust_coefficient: Array) -> Array:
        return _lars_move(a * theta, g, learning_rate, trust_coefficient)

    def stated(theta: Array, g: Array, a: Array, learning_rate: Array, trust_coefficient: Array) -> Array:
        return a * _lars_move(theta, g, learning_rate, trust_coefficient)

    return check(scaled, stated, _LARS, of="value", domain={"a": (0, None)})


@LARS.fact("without decay the first step does not change when the gradient is multiplied by a > 0")
def lars_is_scale_invariant() -> Verdict:
    """The trust ratio is divided by |g|."""

    def scaled(theta: Array, g: Array, a: Array, learning_rate: Array, trust_coefficient: Array) -> Array:
        return _lars_move(theta, a * g, learning_rate, trust_coefficient)

    def stated(theta: Array, g: Array, a: Array, learning_rate: Array, trust_coefficient: Array) -> Array:
        return _lars_move(theta, g, learning_rate, trust_coefficient)

    return check(scaled, stated, _LARS, of="value", domain={"a": (0, None)})
