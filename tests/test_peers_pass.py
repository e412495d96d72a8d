"""Are the wrong derivatives refuted that other checkers pass at their defaults, and their right twins accepted?

Each was measured: JAX scales its tolerances by the size of the array, torch passes what is below 1e-5 or within
one part in a thousand, both probe once, and a check through a plain sum cannot see a backward pass that returns 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from test_black_box import opaque

import symdiff as sd
from symdiff.verdicts import Verdict

Function = Callable[..., Any]
Of = Any
_MOST = 12  # entries of a witness: a wrong derivative of a thousand entries shows in a few


@dataclass(frozen=True)
class Passed:
    """A function, the wrong derivatives of it that a peer passes, and the right one."""

    name: str
    fn: Function
    inputs: tuple[Any, ...]
    right: Function
    wrong: dict[str, Function]
    of: Of = "gradient"


def drawn(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(x: Any, y_bar: Any) -> Any:
    p = softmax(x)
    return p * (y_bar - (y_bar * p).sum(-1, keepdims=True))


def layer_norm(x: Any) -> Any:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def layer_norm_backward(x: Any, y_bar: Any) -> Any:
    r = 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    x_hat = (x - x.mean(-1, keepdims=True)) * r
    return r * (y_bar - y_bar.mean(-1, keepdims=True) - x_hat * (y_bar * x_hat).mean(-1, keepdims=True))


def total_sine(x: Any) -> Any:
    return np.sum(np.sin(x))


SINES: dict[str, Function] = {
    "zero": lambda x: 0 * x,
    "-cos": lambda x: -np.cos(x),
    "2 cos": lambda x: 2 * np.cos(x),
    "x": lambda x: x,
}
NO_GRADIENT: dict[str, Function] = {"zero": lambda x: 0 * x}
NO_PULLBACK: dict[str, Function] = {"zero": lambda x, y_bar: 0 * y_bar}


def along(derivative: Function) -> Function:
    """The derivative of an elementwise function, times a cotangent or a direction."""
    return lambda x, v: derivative(x) * v


CASES = (
    Passed("sine", total_sine, (drawn(1000),), np.cos, SINES),
    Passed(
        "sine forward", np.sin, (drawn(1000),), along(np.cos),
        {name: along(wrong) for name, wrong in SINES.items()}, "jvp",
    ),
    Passed(
        "sine backward", np.sin, (drawn(1000),), along(np.cos),
        {name: along(wrong) for name, wrong in SINES.items()}, "vjp",
    ),
    Passed(
        "100,000 sines", total_sine, (drawn(100_000),), np.cos,
        {"twice": lambda x: 2 * np.cos(x), "10 % off": lambda x: 1.1 * np.cos(x)},
    ),
    Passed(
        "a little off", total_sine, (drawn(5),), np.cos,
        {"0.09 %": lambda x: 1.0009 * np.cos(x), "1 %": lambda x: 0.99 * np.cos(x)},
    ),
    Passed(
        "a little off in one term", lambda x: np.sum(x**3 + x**2), (drawn(5),), lambda x: 3 * x**2 + 2 * x,
        {"0.09 %": lambda x: 3.0027 * x**2 + 2 * x, "1 %": lambda x: 3 * x**2 + 1.98 * x},
    ),
    Passed("small", lambda x: np.sum(1e-6 * x**2), (drawn(3),), lambda x: 2e-6 * x, NO_GRADIENT),
    Passed("mean", np.mean, (drawn(100_001),), lambda x: np.full(x.shape, 1 / x.size), NO_GRADIENT),
    Passed(
        "clamp", lambda x: np.clip(x, -3, 3), (drawn(3, 4),), lambda x, y_bar: y_bar * ((x > -3) & (x < 3)),
        {"no mask": lambda x, y_bar: y_bar, "half a mask": lambda x, y_bar: y_bar * (x < 3)}, "vjp",
    ),
    Passed(
        "product", lambda x, w: x @ w, (drawn(3, 4), np.ones((4, 4))), lambda x, w, y_bar: y_bar @ w.T,
        {"no transpose": lambda x, w, y_bar: y_bar @ w}, "vjp",
    ),
    Passed("softmax", softmax, (drawn(3, 5),), softmax_backward, NO_PULLBACK, "vjp"),
    Passed("layer norm", layer_norm, (drawn(3, 5),), layer_norm_backward, NO_PULLBACK, "vjp"),
)  # fmt: skip

DTYPES = ("float64", "float32")
DOORS: dict[str, Callable[[Function], Function]] = {"traced": lambda claim: claim, "black box": opaque}


def ask(case: Passed, claim: Function, dtype: str) -> Verdict:
    inputs = tuple(array.astype(dtype) for array in case.inputs)
    return sd.check(case.fn, claim, inputs, of=case.of, dtype=dtype)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("case", "wrong"), [(c, w) for c in CASES for w in c.wrong], ids=lambda p: getattr(p, "name", p)
)
def test_what_peers_pass_is_refuted(case: Passed, wrong: str, dtype: str, door: str) -> None:
    claim = case.wrong[wrong]
    verdict = ask(case, DOORS[door](claim), dtype)
    assert verdict.status == "refuted", str(verdict)
    found = verdict.witness
    assert found is not None
    assert found.certified
    assert sum(np.size(value) for value in found.inputs.values()) <= 2 * _MOST
    at = [np.asarray(value, dtype=float) for value in found.inputs.values()]
    claimed, exact = np.asarray(claim(*at))[found.index], right_entry(case, at, found.index)
    assert abs(claimed - exact) > 1e-4 * abs(exact), "the witness does not show the mistake"


def right_entry(case: Passed, at: list[Any], index: tuple[int, ...]) -> float:
    return float(np.asarray(case.right(*at))[index])


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_its_right_twin_is_accepted(case: Passed, dtype: str, door: str) -> None:
    verdict = ask(case, DOORS[door](case.right), dtype)
    assert verdict.status == ("agrees" if door == "black box" else "proved"), str(verdict)


@pytest.mark.parametrize("case", [c for c in CASES if c.fn in (softmax, layer_norm)], ids=lambda c: c.name)
def test_through_a_plain_sum_zero_is_right(case: Passed) -> None:
    """The same backward passes, asked as others ask: there is nothing to refute."""
    verdict = sd.check(lambda x: np.sum(case.fn(x)), lambda x: 0 * x, case.inputs)
    assert verdict.status == "proved", str(verdict)


@pytest.mark.parametrize("door", DOORS)
def test_a_derivative_that_does_not_exist(door: str) -> None:
    """Others return 0 for |x| at 0 with an error estimate of 0; here the kink is named."""
    verdict = sd.check(lambda x: np.sum(np.abs(x)), DOORS[door](np.sign), np.zeros(3))
    assert verdict.status == ("proved" if door == "traced" else "agrees"), str(verdict)
    if door == "traced":
        assert verdict.kink
    wrong = sd.check(lambda x: np.sum(np.abs(x)), DOORS[door](lambda x: 0 * x), np.zeros(3))
    assert wrong.status == "refuted", str(wrong)
