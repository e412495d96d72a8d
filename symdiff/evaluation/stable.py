"""Which formulas lose digits or overflow as written, and what is computed instead?

Each row says ``formula == stable form``; the tests prove every row by the definitions of its functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import sympy as sp

from symdiff.ir.formulas import ARGUMENTS


def _named(name: str) -> type[sp.Function]:
    return sp.Function(name, real=True)  # type: ignore[no-any-return]


ABSOLUTE, SIGN, MAXIMUM, MINIMUM = map(_named, ("absolute", "sign", "maximum", "minimum"))
EXPIT, SOFTPLUS, LOGADDEXP, LOG1P, EXPM1 = map(_named, ("expit", "softplus", "logaddexp", "log1p", "expm1"))
HYPOT, LOGIT, SINC, XLOGY, LOG_NDTR, ERFCX = map(
    _named, ("hypot", "logit", "sinc", "xlogy", "log_ndtr", "erfcx")
)

_a, _b = ARGUMENTS[:2]
_u, _v = (sp.Wild(name, properties=[lambda e: not e.is_number]) for name in "uv")
_w = sp.Wild("w")

DEFINITIONS: dict[type[sp.Function], Callable[..., sp.Expr]] = {
    ABSOLUTE: lambda u: sp.Piecewise((u, u > 0), (-u, u < 0), (0, True)),
    SIGN: lambda u: sp.Piecewise((1, u > 0), (-1, u < 0), (0, True)),
    MAXIMUM: lambda u, v: sp.Piecewise((u, u > v), (v, True)),
    MINIMUM: lambda u, v: sp.Piecewise((u, u < v), (v, True)),
    EXPIT: lambda u: 1 / (1 + sp.exp(-u)),
    SOFTPLUS: lambda u: sp.log(1 + sp.exp(u)),
    LOGADDEXP: lambda u, v: sp.log(sp.exp(u) + sp.exp(v)),
    LOG1P: lambda u: sp.log(1 + u),
    EXPM1: lambda u: sp.exp(u) - 1,
    HYPOT: lambda u, v: sp.sqrt(u**2 + v**2),
    LOGIT: lambda u: sp.log(u / (1 - u)),
    SINC: lambda u: sp.Piecewise((sp.sin(sp.pi * u) / (sp.pi * u), sp.Ne(u, 0)), (1, True)),
    XLOGY: lambda u, v: sp.Piecewise((u * sp.log(v), sp.Ne(u, 0)), (0, True)),
    LOG_NDTR: lambda u: sp.log(sp.erfc(-u / sp.sqrt(2)) / 2),
    ERFCX: lambda u: sp.exp(u**2) * sp.erfc(u),
}


@dataclass(frozen=True, slots=True)
class Row:
    """``formula`` may be computed as ``stable``; ``anywhere`` says whether parts of a formula match too."""

    formula: sp.Expr
    stable: sp.Expr
    anywhere: bool = True


def _half_tie(before: type, after: type) -> sp.Expr:
    return sp.Piecewise((_a, before(_a, _b)), (_b, after(_a, _b)), ((_a + _b) / 2, True))


_GREATER, _LESS = sp.StrictGreaterThan, sp.StrictLessThan

ROWS: tuple[Row, ...] = (
    Row(DEFINITIONS[ABSOLUTE](_a), ABSOLUTE(_a), anywhere=False),
    Row(DEFINITIONS[SIGN](_a), SIGN(_a), anywhere=False),
    Row(_half_tie(_GREATER, _LESS), MAXIMUM(_a, _b), anywhere=False),
    Row(_half_tie(_LESS, _GREATER), MINIMUM(_a, _b), anywhere=False),
    Row(DEFINITIONS[SINC](_a), SINC(_a), anywhere=False),
    Row(DEFINITIONS[XLOGY](_a, _b), XLOGY(_a, _b), anywhere=False),
    Row(DEFINITIONS[LOG_NDTR](_a), LOG_NDTR(_a), anywhere=False),
    Row(
        sp.diff(DEFINITIONS[LOG_NDTR](_a), _a),
        sp.sqrt(2 / sp.pi) / ERFCX(-_a / sp.sqrt(2)),
        anywhere=False,
    ),
    Row(DEFINITIONS[HYPOT](_a, _b), HYPOT(_a, _b), anywhere=False),
    Row(sp.log(_u / (1 - _u)), LOGIT(_u)),
    Row(1 / (1 + sp.exp(-_u)), EXPIT(_u)),
    Row(_w * sp.exp(_u) / (1 + sp.exp(_u)), _w * EXPIT(_u)),
    Row(_w * sp.exp(_u) / (sp.exp(_u) + sp.exp(_v)), _w * EXPIT(_u - _v)),
    Row(_w * sp.exp(-_u) / (1 + sp.exp(-_u)) ** 2, _w * EXPIT(_u) * EXPIT(-_u)),
    Row(sp.log(1 + sp.exp(_u)), SOFTPLUS(_u)),
    Row(sp.log(sp.exp(_u) + sp.exp(_v)), LOGADDEXP(_u, _v)),
    Row(sp.log(1 + _u), LOG1P(_u)),
    Row(sp.exp(_u) - 1, EXPM1(_u)),
    Row(1 - sp.exp(_u), -EXPM1(_u)),
)


def defined(expression: sp.Expr) -> sp.Expr:
    """Write the named functions out.

    >>> defined(EXPIT(_a))
    1/(1 + exp(-a0))
    """
    return expression.replace(lambda e: e.func in DEFINITIONS, lambda e: DEFINITIONS[e.func](*e.args))


@cache
def stable_form(expression: sp.Expr) -> sp.Expr:
    """The same function in the form that keeps its digits.

    >>> stable_form(_a / (1 + sp.exp(-_a)))
    a0*expit(a0)
    """
    for row in ROWS:
        if not row.anywhere and expression == row.formula:
            return row.stable
    if not expression.has(sp.exp, sp.log, sp.Piecewise):
        return expression
    found = _rewritten(expression)
    if found is not None:
        return found
    parts = [stable_form(part) if isinstance(part, sp.Expr) else part for part in expression.args]
    return expression.func(*parts) if tuple(parts) != expression.args else expression


def _rewritten(expression: sp.Expr) -> sp.Expr | None:
    """The stable form of a subexpression, if a row matches it as it stands."""
    if isinstance(expression, sp.Piecewise):
        return _extreme(expression)
    if not isinstance(expression, (sp.log, sp.Pow, sp.Mul, sp.Add)):
        return None
    for row in ROWS:
        if not row.anywhere or row.formula.func is not expression.func:
            continue
        found = expression.match(row.formula)
        if found is not None and all(value.is_extended_real for value in found.values()):
            written = row.stable.xreplace(found)
            if written.count_ops() <= expression.count_ops():
                return written.xreplace({u: stable_form(u) for u in found.values() if u.args})
    return None


def _extreme(expression: sp.Piecewise) -> sp.Expr | None:
    """``u if u > v else v`` and its seven relatives as a maximum or minimum."""
    if len(expression.args) != 2 or expression.args[1][1] is not sp.true:
        return None
    (first, condition), (second, _) = expression.args
    if isinstance(condition, (sp.StrictGreaterThan, sp.GreaterThan)):
        larger, smaller = condition.args
    elif isinstance(condition, (sp.StrictLessThan, sp.LessThan)):
        smaller, larger = condition.args
    else:
        return None
    if (first, second) == (larger, smaller):
        return MAXIMUM(larger, smaller)
    return MINIMUM(smaller, larger) if (first, second) == (smaller, larger) else None
