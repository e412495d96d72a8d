"""Are the five identities that the nearest peer denies proved for every shape, and their derivatives?

log exp x = x, |x| = relu(x) + relu(-x), exp 2x = (exp x)^2, exp x exp -x = 1, tanh by exponentials: tensorgrad calls
each of them unequal, and would call a derivation wrong that uses them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.verdicts import Verdict

Function = Callable[..., Any]
exp = np.exp


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def step(x: Any) -> Any:
    return np.where(x > 0, 1.0, 0.0)


@dataclass(frozen=True)
class Identity:
    """Two forms of one function, its first and second derivative in other forms, and what is near but wrong."""

    name: str
    left: Function
    right: Function
    slopes: tuple[Function, ...]
    bends: tuple[Function, ...]
    near: tuple[Function, ...]
    near_slopes: tuple[Function, ...]


IDENTITIES = (
    Identity(
        "log exp x = x", lambda x: np.log(exp(x)), lambda x: x,
        (np.ones_like, lambda x: exp(x) / exp(x), lambda x: exp(x - np.log(exp(x)))), (lambda x: 0 * x,),
        (np.abs, relu, lambda x: x + 1e-9, lambda x: np.log(exp(x) + 1e-12), lambda x: np.log(1 + exp(x))),
        (np.sign, step, lambda x: 0 * x, lambda x: exp(x) / (exp(x) + 1e-12)),
    ),
    Identity(
        "|x| = relu(x) + relu(-x)", np.abs, lambda x: relu(x) + relu(-x),
        (lambda x: step(x) - step(-x), np.sign, lambda x: x / np.abs(x)), (lambda x: 0 * x,),
        (lambda x: relu(x) - relu(-x), relu, lambda x: np.sqrt(x**2 + 1e-12), lambda x: x, lambda x: -x),
        (lambda x: step(x) + step(-x), step, lambda x: step(x) - 1, lambda x: x / (np.abs(x) + 1e-12)),
    ),
    Identity(
        "exp 2x = (exp x)^2", lambda x: exp(2 * x), lambda x: exp(x) ** 2,
        (lambda x: 2 * exp(x) ** 2, lambda x: 2 * exp(3 * x) / exp(x), lambda x: 2 * exp(x) * exp(x)),
        (lambda x: 4 * exp(x) ** 2,),
        (lambda x: exp(x) ** 3, lambda x: exp(x**2), lambda x: 2 * exp(x), lambda x: exp(np.abs(x)) ** 2),
        (lambda x: exp(x) ** 2, lambda x: 2 * exp(x), lambda x: 2 * exp(x**2), lambda x: 2 * exp(x) ** 3),
    ),
    Identity(
        "exp x exp -x = 1", lambda x: exp(x) * exp(-x), np.ones_like,
        (lambda x: 0 * x, lambda x: exp(x) * exp(-x) - 1), (lambda x: 0 * x,),
        (lambda x: 0 * x, lambda x: exp(x - np.abs(x)), lambda x: np.ones_like(x) * (1 + 1e-9)),
        (np.ones_like, lambda x: 2 * exp(x) * exp(-x), lambda x: x, lambda x: 1e-9 * x),
    ),
    Identity(
        "tanh by exponentials", np.tanh, lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)),
        (
            lambda x: 1 - np.tanh(x) ** 2, lambda x: 4 / (exp(x) + exp(-x)) ** 2, lambda x: 1 / np.cosh(x) ** 2,
            lambda x: 4 * exp(2 * x) / (1 + exp(2 * x)) ** 2,
        ),
        (
            lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2),
            lambda x: -8 * (exp(x) - exp(-x)) / (exp(x) + exp(-x)) ** 3,
        ),
        (
            lambda x: (exp(x) - exp(-x)) / 2, lambda x: (exp(x) - 1) / (exp(x) + 1),
            lambda x: (exp(-x) - exp(x)) / (exp(x) + exp(-x)), lambda x: x - x**3 / 3 + 2 * x**5 / 15,
        ),
        (
            lambda x: 1 - np.tanh(x), lambda x: np.tanh(x) ** 2 - 1, lambda x: 1 + np.tanh(x) ** 2,
            lambda x: 1 / (exp(x) + exp(-x)) ** 2,
        ),
    ),
)  # fmt: skip
SHAPES = ("n", "n d")


def total(fn: Function) -> Function:
    """The sum of an elementwise function."""
    return lambda x: np.sum(fn(x))


def times(fn: Function) -> Function:
    """An elementwise derivative applied to a cotangent or a direction."""
    return lambda x, v: fn(x) * v


def diagonal(fn: Function) -> Function:
    """The Jacobian of an elementwise function of a vector."""
    return lambda x: np.diag(fn(x))


def assert_proved(verdict: Verdict) -> None:
    assert verdict.status == "proved", str(verdict)
    assert verdict.scope == "every shape"


def assert_refuted(verdict: Verdict) -> None:
    assert verdict.status == "refuted", str(verdict)
    assert verdict.witness is not None
    assert verdict.witness.certified
    assert verdict.snippet


identities = pytest.mark.parametrize("identity", IDENTITIES, ids=lambda i: i.name)
shapes = pytest.mark.parametrize("shape", SHAPES)


@identities
@shapes
def test_the_identity(identity: Identity, shape: str) -> None:
    assert_proved(sd.check(identity.left, identity.right, (shape,), of="value"))
    assert_proved(sd.check(identity.right, identity.left, (shape,), of="value"))


@identities
@shapes
def test_its_first_derivatives(identity: Identity, shape: str) -> None:
    for fn, slope in product((identity.left, identity.right), identity.slopes):
        assert_proved(sd.check(total(fn), slope, (shape,)))
        for of in ("vjp", "jvp"):
            assert_proved(sd.check(fn, times(slope), (shape,), of=of))
    for slope in identity.slopes:
        assert_proved(sd.check(identity.left, diagonal(slope), ("n",), of="jacobian"))


@identities
def test_its_second_derivatives(identity: Identity) -> None:
    for fn, bend in product((identity.left, identity.right), identity.bends):
        assert_proved(sd.check(total(fn), diagonal(bend), ("n",), of="hessian"))
        assert_proved(sd.check(total(fn), times(bend), ("n d",), of="hvp"))


@identities
@shapes
def test_what_is_near_is_refuted(identity: Identity, shape: str) -> None:
    for near in identity.near:
        assert_refuted(sd.check(identity.left, near, (shape,), of="value"))
        assert_refuted(sd.check(near, identity.right, (shape,), of="value"))


@identities
def test_near_derivatives_are_refuted(identity: Identity) -> None:
    for slope in identity.near_slopes:
        assert_refuted(sd.check(total(identity.right), slope, ("n",)))
        assert_refuted(sd.check(identity.left, times(slope), ("n d",), of="vjp"))


@identities
def test_inside_other_functions(identity: Identity) -> None:
    """The identity is used wherever it stands, and so is what is wrong with it."""

    def inside(fn: Function) -> Function:
        return lambda x, y: np.sin(fn(x)) @ y + np.sum(np.sqrt(1 + fn(x) ** 2))

    assert_proved(sd.check(inside(identity.left), inside(identity.right), ("n d", "d"), of="value"))
    assert_refuted(sd.check(inside(identity.left), inside(identity.near[0]), ("n d", "d"), of="value"))
