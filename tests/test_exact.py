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


@pytest.mark.parametrize(
    "spec", ["ij,jk->ik", "ij,kj->ki", "ij,ij->", "ijk,kl->ijl", "bij,bjk->bik", "ii,ij->j"]
)
def test_products_of_balls_hold_the_products_of_fractions(spec: str) -> None:
    """The quick way through FLINT's matrices, and the plain one, for other spellings of a product."""
    rng = np.random.default_rng(0)
    sizes = dict(zip("ijklb", (5, 4, 3, 6, 2), strict=True))
    sizes["j"] = 5 if "ii" in spec else sizes["j"]
    shapes = [tuple(sizes[k] for k in part) for part in spec.split("->")[0].split(",")]
    arrays = [rng.integers(-9, 10, shape) for shape in shapes]
    graph = sd.trace(lambda a, b: np.einsum(spec, a, b), *(a.astype(float) for a in arrays))
    found = np.asarray(graph.compile("balls")(*(np.vectorize(Fraction)(a) / 7 for a in arrays)), dtype=object)
    exact = np.asarray(np.einsum(spec, *arrays))
    assert found.shape == exact.shape
    for ball, number in zip(found.ravel(), exact.ravel(), strict=True):
        assert ball.contains(flint.fmpq(int(number), 49))
        assert float(ball.rad()) < 1e-12


def test_a_product_of_balls_that_cancels_is_exactly_zero() -> None:
    """Ties are found by exact zeros."""
    left = np.array([[2.0**40, 0.125, -(2.0**40), -0.125]] * 8)
    graph = sd.trace(lambda a, b: a @ b, left, np.ones((4, 4)))
    found = graph.compile("balls")(left, np.full((4, 4), 3.0))
    assert all(ball.is_zero() for ball in np.asarray(found).ravel())


def test_a_constant_of_a_formula_is_as_sharp_as_the_precision_that_is_set() -> None:
    """Constants are kept, for each precision on its own."""
    kernel = sd.trace(lambda x: x / 3, 1.0).compile("balls")
    assert float(kernel(1).rad()) > 1e-20
    with working_precision(300):
        assert float(kernel(1).rad()) < 1e-80
    assert float(kernel(1).rad()) > 1e-20
