"""Which units die, and which let every cotangent pass? Statements of rectifiers, proved."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library.activations.bounded import (
    HARD_SIGMOID,
    HARDTANH,
    hard_sigmoid_backward,
    hardtanh_backward,
)
from symdiff.library.activations.exponential import (
    ELU,
    SELU,
    SELU_ALPHA,
    SELU_SCALE,
    elu_backward,
    selu_backward,
)
from symdiff.library.activations.rectified import (
    IDENTITY,
    LEAKY_RELU,
    PRELU,
    RELU,
    identity,
    leaky_relu,
    leaky_relu_backward,
    prelu,
    relu,
    relu_backward,
)
from symdiff.library.bounds import bounded
from symdiff.library.signs import all_of, same
from symdiff.verdicts import Verdict

X = {"x": "n"}
TWO = {"t": "n", "g": "n"}  # -exp(t) is every negative number, g a cotangent


@RELU.fact("a unit at x < 0 is dead: no cotangent passes")
def relu_dies() -> Verdict:
    """The derivative on the left is zero."""
    return same(lambda t, g: relu_backward(-np.exp(t), g), lambda t, g: 0 * g, TWO)


@RELU.fact("it does not saturate on the right: every cotangent passes unchanged where x > 0")
def relu_passes() -> Verdict:
    """The derivative on the right is one."""
    return check(relu, lambda x, y_bar: y_bar, X, of="vjp", domain={"x": (0, None)})


@RELU.fact("a dead unit stays dead: where w x + b < 0 neither w nor b has a gradient")
def relu_dead_unit() -> Verdict:
    """w x + b = -exp(t), whatever t is: the gradient by t, and so by w and b, is zero."""
    return check(lambda t: relu(-np.exp(t)), lambda t, y_bar: 0 * y_bar, {"t": "n"}, of="vjp")


@RELU.fact("it is homogeneous: relu(c x) = c relu(x) for c > 0")
def relu_scales() -> Verdict:
    """Its outputs are not bounded."""
    inputs = {"x": "n", "c": ""}
    return same(lambda x, c: relu(c * x), lambda x, c: c * relu(x), inputs, {"c": (0, None)})


@LEAKY_RELU.fact("no unit dies unless alpha = 0: alpha times the cotangent passes where x < 0")
def leaky_relu_lives() -> Verdict:
    """The derivative on the left is alpha."""
    return same(
        lambda t, g, alpha: leaky_relu_backward(-np.exp(t), g, alpha=alpha),
        lambda t, g, alpha: alpha * g,
        TWO | {"alpha": ""},
    )


@LEAKY_RELU.fact("with alpha = 0 it is ReLU, with alpha = 1 the identity")
def leaky_relu_between() -> Verdict:
    """Both ends of the family."""
    ends = (
        same(lambda x: leaky_relu(x, alpha=0), relu, X),
        same(lambda x: leaky_relu(x, alpha=1), identity, X),
    )
    return all_of("leaky_relu(x, 0) = relu(x), leaky_relu(x, 1) = x", *ends)


@PRELU.fact("with one slope for all channels it is the leaky ReLU")
def prelu_is_leaky() -> Verdict:
    """One slope, repeated."""
    inputs = {"x": "n c", "a": ""}
    return same(lambda x, a: prelu(x, a), lambda x, a: leaky_relu(x, alpha=a), inputs)


@IDENTITY.fact("layers without an activation collapse: W2 (W1 x) = (W2 W1) x")
def identity_collapses() -> Verdict:
    """Two linear layers are one."""
    inputs = {"x": "d", "U": "h d", "V": "k h"}
    return same(lambda x, U, V: V @ identity(U @ x), lambda x, U, V: (V @ U) @ x, inputs)


@HARDTANH.fact("a unit beyond a bound is dead: no cotangent passes where x < -1 or x > 1")
def hardtanh_dies() -> Verdict:
    """The derivative outside is zero."""
    ends = [
        same(lambda t, g: hardtanh_backward(side * (1 + np.exp(t)), g), lambda t, g: 0 * g, TWO)  # noqa: B023
        for side in (-1, 1)
    ]
    return all_of("hardtanh'(x) = 0 where |x| > 1", *ends)


@HARD_SIGMOID.fact("a unit beyond a kink is dead: no cotangent passes where x < -3 or x > 3")
def hard_sigmoid_dies() -> Verdict:
    """The derivative outside is zero."""
    ends = [
        same(lambda t, g: hard_sigmoid_backward(side * (3 + np.exp(t)), g), lambda t, g: 0 * g, TWO)  # noqa: B023
        for side in (-1, 1)
    ]
    return all_of("hard_sigmoid'(x) = 0 where |x| > 3", *ends)


@ELU.fact("it saturates on the left: with alpha = 1 its slope is below 1e-4 where x <= -9.22")
def elu_saturates() -> Verdict:
    """exp(x) on a half-line."""
    left = same(lambda t, g: elu_backward(-np.exp(t), g), lambda t, g: g * np.exp(-np.exp(t)), TWO)
    return all_of("elu'(x) < 1e-4 where x <= -9.22", left, bounded(np.exp, (None, -9.22), below=1e-4))


@SELU.fact("it never dies, but saturates on the left: its slope is below 1e-4 where x <= -9.78")
def selu_saturates() -> Verdict:
    """scale alpha exp(x) on a half-line."""
    steep = SELU_SCALE * SELU_ALPHA
    left = same(
        lambda t, g: selu_backward(-np.exp(t), g),
        lambda t, g: g * SELU_SCALE * (SELU_ALPHA * np.exp(-np.exp(t))),
        TWO,
    )
    return all_of(
        "selu'(x) < 1e-4 where x <= -9.78",
        left,
        bounded(lambda x: steep * np.exp(x), (None, -9.78), below=1e-4),
    )
