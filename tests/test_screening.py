"""Floats before balls: they pass over what agrees, and nothing else; long chains are proved."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.checking.arguments import parameters
from symdiff.checking.questions import Question, ask
from symdiff.checking.screening import Screen
from symdiff.evaluation.exact import as_objects
from symdiff.proof.every_shape.proving import prove

Claim = Callable[..., Any]
WIDE = np.linspace(-2, 3, 110)


def question(fn: Claim, claim: Claim, x: Any) -> Question:
    return ask(fn, claim, parameters(fn, (x,)), 0, "gradient")


def suspects(fn: Claim, claim: Claim, *entries: int) -> list[int]:
    asked = question(fn, claim, np.ones(len(entries)))
    (x,) = asked.truth.inputs
    return Screen(asked).suspects(
        [0], {x: as_objects(np.array([Fraction(k) for k in entries], dtype=object))}
    )


def ramp(x: Any) -> Any:
    return np.sum(np.maximum(x, 0) ** 2)


def test_a_smooth_kink_is_passed_over() -> None:
    assert suspects(ramp, lambda x: 2 * np.maximum(x, 0), 0, 1) == []


@pytest.mark.parametrize(
    ("fn", "claim"),
    [
        (ramp, lambda x: 2 * np.maximum(x, 0) + (x == 0)),
        (lambda x: np.sum(np.maximum(x, 0)), lambda x: (x > 0) * 1.0),
        (ramp, lambda x: 2 * np.maximum(x, 0) * x / x),
        (lambda x: np.sum(np.maximum(x, 0) - np.maximum(-x, 0)), lambda x: np.where(x == 0, 0.0, 1.0)),
    ],
    ids=["wrong on the kink", "two sides", "no value there", "smooth, but the claim is not"],
)
def test_everything_else_is_left_to_balls(fn: Claim, claim: Claim) -> None:
    assert suspects(fn, claim, 0, 1) == [0]


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (np.cos, []),
        (lambda x: np.cos(x) * 1.000001, [0]),
        (lambda x: np.cos(x) + 1e-30 * np.sqrt(x - 50), [0]),
    ],
    ids=["equal", "a millionth off", "no value"],
)
def test_differences_at_a_point(claim: Claim, expected: list[int]) -> None:
    asked = question(lambda x: np.sum(np.sin(x)), claim, WIDE)
    (x,) = asked.truth.inputs
    point = {x: as_objects(np.array([Fraction(k, 7) for k in range(len(WIDE))], dtype=object))}
    assert Screen(asked).differing([0], point) == expected


def cubes(x: Any) -> Any:
    return np.sum(x**3)


@pytest.mark.parametrize(
    "claim",
    [
        lambda x: 3 * x**2 + 1e-12,
        lambda x: np.where(x > 9.5, 3 * x, 3 * x**2),
        lambda x: np.where(x == 0, 1.0, 3 * x**2),
        lambda x: np.where(np.max(x) == np.min(x), x, 3 * x**2),
    ],
    ids=["everywhere", "far away", "at zero", "all alike"],
)
def test_long_claims_are_refuted_as_short_ones(claim: Claim) -> None:
    assert sd.check(cubes, claim, WIDE[:5]).status == "refuted"
    assert sd.check(cubes, claim, WIDE).status == "refuted"


# Long chains --------------------------------------------------------------------------------------------------


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def by_exponentials(z: Any) -> Any:
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


CHAINS: dict[str, tuple[Claim, Claim, Claim]] = {
    "tanh": (np.tanh, np.tanh, lambda a: 1 - a**2),
    "tanh, by exponentials": (np.tanh, by_exponentials, lambda a: 1 - a**2),
    "sigmoid": (sigmoid, sigmoid, lambda a: a * (1 - a)),
}


def chain(activation: Claim, own: Claim, slope: Claim, *, forgotten: int = -1) -> tuple[Claim, Claim]:
    """A deep network of 30 layers and its backward pass by hand; one slope may be forgotten."""

    def loss(x: Any, *weights: Any) -> Any:
        for w in weights:
            x = activation(w @ x)
        return np.sum(x)

    def backward(x: Any, *weights: Any) -> Any:
        seen = [x]
        for w in weights:
            seen.append(own(w @ seen[-1]))
        bar, found = np.ones(2), []
        for k in reversed(range(len(weights))):
            bar = bar if k == forgotten else bar * slope(seen[k + 1])
            found.append(np.outer(bar, seen[k]))
            bar = weights[k].T @ bar
        return (bar, *reversed(found))

    return loss, backward


def of_thirty_layers(loss: Claim, backward: Claim) -> list[bool]:
    weights = [np.array([[0.1, 0.5], [0.2, 0.3 + k / 100]]) for k in range(30)]
    named = parameters(loss, (np.array([0.3, 0.1]), *weights))
    asked = ask(loss, backward, named, tuple(named), "gradient")
    assert asked.claimed is not None
    return [p.proved for p in prove(asked.truth.store, asked.truth.outputs, asked.claimed, seconds=20)]


@pytest.mark.parametrize("name", CHAINS)
def test_thirty_layers_are_proved(name: str) -> None:
    assert all(of_thirty_layers(*chain(*CHAINS[name])))


def test_a_forgotten_slope_is_not_proved() -> None:
    found = of_thirty_layers(*chain(*CHAINS["tanh"], forgotten=1))
    assert found == [k > 2 for k in range(31)]
