"""Do exact arithmetics keep what floats lose? Constants are lifted, and literals are intervals."""

from __future__ import annotations

from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
import sympy as sp

import symdiff as sd
from symdiff.evaluation.arithmetics import working_precision


def test_a_tenth_lies_in_the_ball_of_x_by_10() -> None:
    ball = sd.trace(lambda x: x / 10, 1.0).compile("balls")(1)
    assert ball.contains(flint.fmpq(1, 10))
    assert float(ball.rad()) < 1e-15


@pytest.mark.parametrize("literal", [0.1, 1 / 3, 0.7])
def test_the_ball_of_a_literal_holds_the_float_and_its_reading(literal: float) -> None:
    ball = sd.trace(lambda x: x * literal, 1.0).compile("balls")(1)
    reading = sd.trace(lambda x: x * literal, 1.0).compile("sympy")(1)
    for value in (Fraction(literal), Fraction(int(reading.p), int(reading.q))):
        assert ball.contains(flint.fmpq(value.numerator, value.denominator))
    assert not ball.contains(flint.fmpq(1, 2))


def test_the_ball_of_pi_is_no_double() -> None:
    ball = sd.trace(lambda x: np.sinc(x), 1.0).compile("balls")(Fraction(1, 2))
    with working_precision(200):
        exact = 2 / flint.arb.pi()
    assert ball.overlaps(exact)


def test_mpmath_kernels_have_the_precision_that_is_set() -> None:
    kernel = sd.trace(lambda x: np.exp(x / 3), 1.0).compile("mpmath")
    with mpmath.workdps(60):
        assert abs(kernel(1) - mpmath.exp(mpmath.mpf(1) / 3)) < mpmath.mpf(10) ** -57


def test_sympy_kernels_are_exact() -> None:
    assert sd.trace(lambda x: np.sqrt(x) / 3, 1.0).compile("sympy")(2) == sp.sqrt(2) / 3
