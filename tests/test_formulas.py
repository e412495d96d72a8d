"""Is every formula in use differentiated rightly? ``sympy.diff``, differences at 110 digits, limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special as special
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from roads import DIGITS, FIRST, STEP

from symdiff.doors.functions.arithmetic import GENERAL_POWER
from symdiff.doors.functions.formulas_of_ufuncs import BINARY, MAXIMUM, MINIMUM, UNARY, formula_of
from symdiff.evaluation.arithmetics import BALLS, MPMATH, compiled, working_precision
from symdiff.ir import formulas
from symdiff.ir.formulas import (
    ADD,
    ARGUMENTS,
    OUTPUT,
    RECIPROCAL,
    SQUARE,
    SUBTRACT,
    WHERE,
    Formula,
    from_function,
    partial,
    power,
)
from symdiff.testing.growth import piecewise_formulas, rational_formulas, smooth_formulas

ALL: dict[str, Formula] = {
    **{function.__name__: formula_of(function) for function in [*UNARY, *BINARY]},
    **{
        f"power {exponent}": power(sp.Rational(exponent))
        for exponent in ("-3", "-1/2", "1/3", "1/2", "3/2", "2", "7")
    },
    **{
        f"grown {k}": f
        for k, f in enumerate((*rational_formulas(), *smooth_formulas(), *piecewise_formulas()))
    },
    "add": ADD,
    "subtract": SUBTRACT,
    "reciprocal": RECIPROCAL,
    "square": SQUARE,
    "maximum": MAXIMUM,
    "minimum": MINIMUM,
    "where": WHERE,
    "general power": GENERAL_POWER,
}

PLACES = [Fraction(1, 3), Fraction(-2, 7), Fraction(7, 5), Fraction(-9, 4), Fraction(5, 2)]


def points(f: Formula, count: int = 4) -> Iterator[tuple[Fraction, ...]]:
    """Rational points where the formula and its neighbourhood are finite."""
    found = 0
    value = compiled(f.arguments, f.expression, MPMATH)
    for k, point in enumerate(product(PLACES, repeat=f.arity)):
        if (
            len(set(point)) == f.arity
            and (f.arity == 1 or k % 3 == 1)
            and _is_finite(value(*map(_mp, point)))
        ):
            yield point
            found += 1
            if found == count:
                return
    assert found, f"no point inside the domain of {f}"


def _mp(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


def _is_finite(value: Any) -> bool:
    return bool(mpmath.isfinite(value)) and mpmath.im(value) == 0


def partial_at(f: Formula, slot: int, point: tuple[Any, ...], value: Any, arithmetic: Any = MPMATH) -> Any:
    """The partial derivative as a graph would compute it: from operands, and perhaps from the output."""
    local = partial(f, slot)
    if local.formula is None:
        return arithmetic.constant(local.constant)
    chosen = [value if k == -1 else point[k] for k in local.slots]
    return compiled(local.formula.arguments, local.formula.expression, arithmetic)(*chosen)


@pytest.mark.parametrize("name", ALL)
def test_partials_are_derivatives(name: str) -> None:
    f = ALL[name]
    with mpmath.workdps(DIGITS):
        value = compiled(f.arguments, f.expression, MPMATH)
        for point, slot in product(points(f), range(f.arity)):
            at = tuple(map(_mp, point))
            ours = partial_at(f, slot, at, value(*at))
            theirs = compiled(f.arguments, sp.diff(f.expression, ARGUMENTS[slot]), MPMATH)(*at)
            assert abs(ours - theirs) <= mpmath.mpf(10) ** -80 * (1 + abs(theirs)), (point, slot)
            ahead, behind = (
                value(*at[:slot], at[slot] + s, *at[slot + 1 :]) for s in (_mp(STEP), -_mp(STEP))
            )
            slope = (ahead - behind) / (2 * _mp(STEP))
            assert abs(ours - slope) <= mpmath.mpf(10) ** -FIRST * (1 + abs(slope)), (point, slot)


@pytest.mark.parametrize(
    "name", [name for name, f in ALL.items() if f.arity == 1 and -1 in partial(f, 0).slots]
)
def test_partials_by_the_output_are_identities(name: str) -> None:
    """Put ``y = f(a)`` back: nothing remains of the difference."""
    f, local = ALL[name], partial(ALL[name], 0)
    assert local.formula is not None
    back = {
        ARGUMENTS[k]: f.expression if slot == -1 else ARGUMENTS[slot] for k, slot in enumerate(local.slots)
    }
    ours = local.formula.expression.subs(back, simultaneous=True)
    assert sp.simplify((ours - sp.diff(f.expression, ARGUMENTS[0])).rewrite(sp.exp)) == 0


@pytest.mark.parametrize("name", ALL)
def test_balls_hold_the_derivative(name: str) -> None:
    """The certified value of each partial contains the one at 110 digits."""
    f = ALL[name]
    with mpmath.workdps(DIGITS), working_precision(200):
        for point, slot in product(points(f, 2), range(f.arity)):
            at = tuple(map(_mp, point))
            number = partial_at(f, slot, at, compiled(f.arguments, f.expression, MPMATH)(*at))
            balls = tuple(map(BALLS.number, point))
            ball = partial_at(f, slot, balls, compiled(f.arguments, f.expression, BALLS)(*balls), BALLS)
            middle, radius = (
                mpmath.mpf(ball.mid().str(60, radius=False)),
                mpmath.mpf(ball.rad().str(5, radius=False)),
            )
            assert abs(middle - number) <= radius + mpmath.mpf(10) ** -45 * (1 + abs(number)), (point, slot)
            assert radius <= mpmath.mpf(10) ** -40 * (1 + abs(number))


# Where two formulas meet ------------------------------------------------------------------------------------


def derivative_at(f: Formula, point: tuple[float, ...], order: int = 1) -> Any:
    """The derivative by the first operand."""
    for _ in range(order):
        local = partial(f, 0)
        if local.formula is None:
            return local.constant
        assert -1 not in local.slots
        keep = [k for k, slot in enumerate(local.slots) if slot >= 0]
        point = tuple(point[local.slots[k]] for k in keep)
        f = local.formula
    return compiled(f.arguments, f.expression, MPMATH)(*map(mpmath.mpmathify, point))


def test_at_a_single_point_the_derivative_is_the_limit() -> None:
    assert derivative_at(formula_of(np.sinc), (0,)) == 0
    assert abs(derivative_at(formula_of(np.sinc), (0,), 2) + mpmath.pi**2 / 3) < 1e-12
    assert derivative_at(formula_of(special.xlogy), (0, 3)) == mpmath.log(3)
    assert derivative_at(formula_of(special.xlog1py), (0, 2)) == mpmath.log(3)


@pytest.mark.parametrize(
    ("function", "at_kink"),
    [
        (lambda a: abs(a), 0),
        (lambda a: sp.Max(a, 0), 0),
        (lambda a: sp.sign(a), 0),
        (lambda a: sp.Piecewise((a, a > 0), (a / 10, True)), sp.Rational(1, 10)),
    ],
)
def test_at_a_kink_the_written_branch_decides(function: Any, at_kink: Any) -> None:
    assert sp.nsimplify(derivative_at(from_function(function, 1), (0,))) == at_kink


def test_ties_share() -> None:
    for f in (MAXIMUM, MINIMUM):
        at = (mpmath.mpf(2), mpmath.mpf(2))
        assert [partial_at(f, slot, at, None) for slot in (0, 1)] == [0.5, 0.5]


@pytest.mark.parametrize(
    "function", [abs, sp.sign, lambda a: sp.Max(a, 1, 2 * a), lambda a: sp.Min(a, -a), sp.Heaviside]
)
def test_no_delta_functions(function: Any) -> None:
    f = from_function(function, 1)
    assert not f.expression.has(sp.Abs, sp.sign, sp.Max, sp.Min, sp.Heaviside)
    local = partial(f, 0)
    assert local.formula is None or not local.formula.expression.has(
        sp.DiracDelta, sp.Heaviside, sp.Derivative
    )


# Interning --------------------------------------------------------------------------------------------------


def test_one_formula_is_one_object() -> None:
    assert from_function(lambda a: a + 1, 1) is from_function(lambda b: 1 + b, 1)
    assert from_function(lambda a: a, 1) is not from_function(lambda a, b: a, 2)
    assert power(sp.Integer(2)) is SQUARE
    assert ADD.symmetric and not SUBTRACT.symmetric
    with pytest.raises(sp.SympifyError):
        formulas.formula("a0 + 1", 1)


@given(st.integers(-4, 4), st.integers(1, 3))
def test_powers(p: int, q: int) -> None:
    exponent = sp.Rational(p, q)
    local = partial(power(exponent), 0)
    for a in (Fraction(1, 3), Fraction(7, 2)):
        at = _mp(a)
        ours = partial_at(power(exponent), 0, (at,), at ** _mp(Fraction(p, q))) if p else 0
        assert math.isclose(ours, float(exponent) * float(a) ** (p / q - 1), rel_tol=1e-13)
    assert local.formula is None or OUTPUT not in local.formula.expression.free_symbols
