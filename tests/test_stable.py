"""Is every stable form the formula that it replaces, and every function of NumPy what its definition says?"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp

from symdiff.evaluation.functions import array_function, scalar_function
from symdiff.evaluation.stable import DEFINITIONS, ROWS, Row, defined, stable_form
from symdiff.ir.formulas import ARGUMENTS, from_function

A, B = ARGUMENTS[:2]
STEP = sp.Symbol("d", positive=True)
ORDERS = [{A: B + STEP}, {A: B}, {A: B - STEP}]
SIGNS = [{A: STEP}, {A: 0}, {A: -STEP}]


def is_zero(difference: sp.Expr) -> bool:
    return bool(sp.simplify(difference) == 0)


def by_symbols(expression: sp.Expr) -> sp.Expr:
    wild = sorted(expression.atoms(sp.Wild), key=str)
    return expression.xreplace(dict(zip(wild, ARGUMENTS[2:], strict=False)))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_row_is_an_identity(row: Row) -> None:
    difference = by_symbols(row.formula - defined(row.stable))
    if not difference.has(sp.Piecewise):
        assert is_zero(difference)
        return
    for case in ORDERS if difference.has(B) else SIGNS:
        assert is_zero(difference.subs(case))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_wrong_row_is_noticed(row: Row) -> None:
    difference = by_symbols(row.formula - defined(2 * row.stable))
    cases = [{}] if not difference.has(sp.Piecewise) else ORDERS if difference.has(B) else SIGNS
    assert not all(is_zero(difference.subs(case)) for case in cases)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_row_is_used(row: Row) -> None:
    formula = by_symbols(row.formula)
    assert stable_form(formula).atoms(sp.core.function.AppliedUndef)
    difference = formula - defined(stable_form(formula))
    assert difference.has(sp.Piecewise) or is_zero(difference)


def test_clamps_are_maxima_and_minima() -> None:
    for before in (sp.Gt, sp.Ge, sp.Lt, sp.Le):
        for first, second in ((A, B), (B, A)):
            choice = sp.Piecewise((first, before(A, B)), (second, True))
            written = stable_form(choice)
            assert written.func.__name__ in ("maximum", "minimum")
            assert all(is_zero((choice - defined(written)).subs(case)) for case in ORDERS)


POINTS = (-740.0, -40.0, -2.5, -1e-9, 0.0, 1e-9, 0.25, 0.75, 3.0, 40.0, 740.0)
RESTRICTED = {
    "logit": lambda u: 0 < u < 1,
    "log1p": lambda u: u > -1,
    "erfcx": lambda u: u > -20,
    "expm1": lambda u: u < 700,
    "log_ndtr": lambda u: u > -100,  # the definition needs 10^5 digits there
}
# sin(pi*u) inherits the rounding of pi*u
ABSOLUTE_ERROR = {"sinc": float(np.finfo(float).eps)}


@pytest.mark.parametrize("name", sorted(f.__name__ for f in DEFINITIONS))
def test_functions_keep_their_digits(name: str) -> None:
    """Against the definition at 800 digits; subnormal numbers count as zero."""
    definition = next(d for f, d in DEFINITIONS.items() if f.__name__ == name)
    arity = definition.__code__.co_argcount
    exact = sp.lambdify(ARGUMENTS[:arity], definition(*ARGUMENTS[:arity]), "mpmath")
    allowed = RESTRICTED.get(name, lambda u: True)
    second = [0.5, 3.0] if arity == 2 else [None]
    points = [(u,) if v is None else (u, v) for u in POINTS for v in second if allowed(u)]
    with mpmath.workdps(800):
        wanted = [float(exact(*map(mpmath.mpf, point))) for point in points]
    got = array_function(name)(*np.array(points).T)
    absolute = ABSOLUTE_ERROR.get(name, float(np.finfo(float).tiny))
    np.testing.assert_allclose(got, wanted, rtol=1e-14, atol=absolute)
    for point, value in zip(points, wanted, strict=True):
        if name not in ("erfcx", "log_ndtr", "logit"):
            scalar = scalar_function("abs" if name == "absolute" else name)
            assert scalar(*point) == pytest.approx(value, rel=1e-14, abs=absolute)


@pytest.mark.parametrize("f", [abs, sp.sign])
def test_kinks_are_recognised(f: object) -> None:
    assert stable_form(from_function(f, 1).expression).func.__name__ in ("absolute", "sign")  # type: ignore[arg-type]
