"""Are rounded constants read as what they were rounded from, and no others?"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.special import softmax

import symdiff as sd
from symdiff.ir import literals

X = np.array([0.3, -0.7, 1.2])
THIRD = np.float32(1) / np.float32(3)


# Readings ---------------------------------------------------------------------------------------------------

READINGS = [
    (0.1, sp.Rational(1, 10)),
    (1 - 0.9, sp.Rational(1, 10)),
    (1 - 0.9999, sp.Rational(1, 10000)),
    (100 * (1.1 - 1), sp.Integer(10)),
    (math.cos(math.pi / 2), sp.Integer(0)),
    (math.sin(10 * math.pi), sp.Integer(0)),
    (sum([0.1] * 100), sp.Integer(10)),
    (1 - 1e-15, 1 - sp.Rational(1, 10**15)),
    (2 / 3, sp.Rational(2, 3)),
    (1 / 100001, sp.Rational(1, 100001)),
    (-1 / 7919, -sp.Rational(1, 7919)),
    (math.pi / 8, sp.pi / 8),
    (math.sqrt(2 / math.pi), sp.sqrt(2 / sp.pi)),
    (THIRD, sp.Rational(1, 3)),
    (np.float32(0.1), sp.Rational(1, 10)),
    (np.float32(math.pi), sp.pi),
]
MEANT = [
    1e-16,
    1e-300,
    1e-15,
    float(np.finfo(float).eps),
    float(np.finfo(np.float32).eps),
    1.054571817646156e-34,
    3 * 2.0**-30,
]


@pytest.mark.parametrize(("value", "meant"), READINGS, ids=[repr(value) for value, _ in READINGS])
def test_a_rounded_number_is_read_as_the_simple_one(value: Any, meant: sp.Expr) -> None:
    assert literals.read(value) == meant


@pytest.mark.parametrize("value", MEANT)
def test_small_numbers_that_are_meant_are_not_zero(value: float) -> None:
    assert literals.read(value) != 0
    ends = literals.bounds(value)
    assert ends is not None
    assert ends[0] > Fraction(value) / 2


@pytest.mark.parametrize("value", [float(v) for v, _ in READINGS] + [1.2345678901234567, 1 - 1e-15])
def test_bounds_hold_the_float_and_its_reading(value: float) -> None:
    ends = literals.bounds(value)
    assert ends is not None
    low, high = ends
    assert low <= Fraction(value) <= high
    assert float(low) <= float(literals.read(value)) <= float(high)


@pytest.mark.parametrize("value", [0.5772156649015329, 1.2345678901234567, 0.1234567890123456])
def test_ordinary_floats_are_not_taken_for_others(value: float) -> None:
    assert abs(float(literals.read(value)) - value) < 1e-15
    assert not literals.is_recognised(value)
    ends = literals.bounds(value)
    assert ends is not None
    assert ends[1] - ends[0] < Fraction(value) / 10**13


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_infinities_and_nan_have_no_bounds(value: float) -> None:
    assert literals.bounds(value) is None
    assert not literals.is_recognised(value)
    assert not literals.read(value).is_finite


@pytest.mark.parametrize(
    "numbers", [np.array([0.1, 1 - 0.9999, math.inf]), np.full(3, THIRD), np.array([0.5, 3.0])]
)
def test_widths_of_a_table_are_those_of_its_entries(numbers: Any) -> None:
    for width, value in zip(literals.widths(numbers), numbers, strict=True):
        ends = literals.bounds(value)
        assert width == (0 if ends is None else float(ends[1] - ends[0]) / 2) or abs(width) < 1e-12


# Claims -----------------------------------------------------------------------------------------------------

RIGHT: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "1 - .9999": (lambda x: np.sum((1 - 0.9999) * x), lambda x: 0 * x + 1e-4),
    "100*(1.1 - 1)": (lambda x: np.sum(x) * (100 * (1.1 - 1)), lambda x: 0 * x + 10),
    "cos(pi/2)": (lambda x: np.sum(x) * np.cos(np.pi / 2), lambda x: 0 * x),
    "sin(k pi)": (lambda x: np.sum(x * np.sin(np.pi * np.arange(3) * 5)), lambda x: 0 * x),
    "linspace": (lambda x: np.sum(x * np.diff(np.linspace(0, 1, 101))[40:43]), lambda x: 0 * x + 0.01),
    "one step": (lambda x: np.sum(x) / (np.linspace(0, 1, 101)[50] - 0.49) ** 2, lambda x: 0 * x + 1e4),
    "float32": (lambda x: np.sum(x * np.full(3, THIRD)), lambda x: x * 0 + 1 / 3),
    "float32 table": (
        lambda x: np.sum(x * np.array([1, 2, 3], np.float32) / np.float32(3)),
        lambda x: 0 * x + np.arange(1, 4) / 3,
    ),
    "0.1*3": (lambda x: np.sum(x) * (0.1 * 3), lambda x: 0 * x + 0.3),
}
WRONG: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "a constant off by 1e-9": (
        lambda x: np.sum(0.1234567890123456 * x),
        lambda x: 0 * x + 0.1234567890123456 * (1 + 1e-9),
    ),
    "0.1 off by 1e-9": (lambda x: np.sum(0.1 * x), lambda x: 0 * x + 0.1 * (1 + 1e-9)),
    "1e-8 for 1e-9": (lambda x: np.sum(np.sqrt(x**2 + 1e-8)), lambda x: x / np.sqrt(x**2 + 1e-9)),
    "epsilon forgotten": (lambda x: np.sum(np.sqrt(x**2 + np.finfo(float).eps)), lambda x: x / np.abs(x)),
    "a short third": (lambda x: np.sum(x / 3), lambda x: 0 * x + 0.33333333333),
    "1 - .9999 for .0002": (lambda x: np.sum((1 - 0.9999) * x), lambda x: 0 * x + 1e-4 * (1 + 1e-9)),
    "float32 off by 1e-5": (lambda x: np.sum(x * np.full(3, THIRD)), lambda x: x * 0 + 0.33334),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_rounded_constant_is_no_mistake(name: str) -> None:
    fn, claim = RIGHT[name]
    assert sd.check(fn, claim, (X,)).status == "proved"


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_constant_is_refuted(name: str) -> None:
    fn, claim = WRONG[name]
    assert sd.check(fn, claim, (X,)).status == "refuted"


@pytest.mark.parametrize("name", RIGHT)
def test_a_rounded_constant_in_a_black_box(name: str) -> None:
    fn, claim = RIGHT[name]
    assert sd.check(fn, lambda x: claim(np.array([float(v) for v in x])), (X,)).status != "refuted"


def test_a_mask_of_minus_infinity_is_proved() -> None:
    def loss(s: Any, m: Any) -> Any:
        return np.sum(softmax(np.where(m, s, -np.inf)) * np.arange(3))

    def gradient(s: Any, m: Any) -> Any:
        p = softmax(np.where(m, s, -np.inf))
        return p * (np.arange(3) - np.sum(p * np.arange(3)))

    assert sd.check(loss, gradient, (X, np.array([True, True, False]))).status == "proved"
