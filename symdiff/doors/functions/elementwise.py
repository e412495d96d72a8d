"""How do the other elementwise functions act on nodes? Each applies its formula; booleans stay booleans."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from symdiff.doors.dispatching import RULES, Rule, rule
from symdiff.doors.functions.formulas_of_ufuncs import (
    BINARY,
    COMPARISONS,
    MAXIMUM,
    MINIMUM,
    UNARY,
    formula_of,
)
from symdiff.doors.lifting import TO_BOOLEAN, inexact, lift, operands, promote, real, spread, to_real
from symdiff.doors.places import complain
from symdiff.doors.recording import Recording
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import BOOL, INT
from symdiff.errors import DtypeError
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ARGUMENTS as A
from symdiff.ir.formulas import WHERE, Formula, formula, from_function
from symdiff.ir.graph import Node

_TRUTH: dict[Any, sp.Expr] = {
    np.logical_and: sp.Piecewise((A[1], sp.Ne(A[0], 0)), (0, True)),
    np.logical_or: sp.Piecewise((1, sp.Ne(A[0], 0)), (A[1], True)),
    np.logical_xor: sp.Piecewise((1, sp.Ne(A[0], A[1])), (0, True)),
    np.logical_not: sp.Piecewise((1, sp.Eq(A[0], 0)), (0, True)),
}
_BITWISE = {np.bitwise_and: np.logical_and, np.bitwise_or: np.logical_or, np.bitwise_xor: np.logical_xor}


def _apply(function: Any, recording: Recording, *values: Any) -> Tensor:
    nodes = spread(recording, [real(recording, value) for value in values])
    node = alg.apply(recording.store, formula_of(function), nodes)
    return Tensor(recording, node, inexact(promote(*values)))


for _function in (*UNARY, *BINARY):
    RULES.setdefault(_function, Rule(partial(_apply, _function)))


def _absolute(function: Any, recording: Recording, value: Tensor) -> Tensor:
    node = alg.apply(recording.store, formula_of(function), (real(recording, value),))
    return Tensor(recording, node, value.dtype)


for _function in (np.absolute, np.sign):
    RULES[_function] = Rule(partial(_absolute, _function))


@cache
def _comparison(function: Any) -> Formula:
    return formula(sp.Piecewise((1, COMPARISONS[function](*A[:2])), (0, True)), 2, boolean=True)


def _compare(function: Any, recording: Recording, left: Any, right: Any) -> Tensor:
    nodes = operands(recording, [left, right])
    return Tensor(recording, alg.apply(recording.store, _comparison(function), nodes), BOOL)


for _function in COMPARISONS:
    RULES[_function] = Rule(partial(_compare, _function))


def truth(recording: Recording, value: Any) -> Node:
    """A value as a boolean: whether it is not zero."""
    node = lift(recording, value)
    if recording.store.kind(node) == "boolean":
        return node
    return alg.apply(recording.store, TO_BOOLEAN, (node,))


def _logical(function: Any, recording: Recording, *values: Any) -> Tensor:
    nodes = spread(recording, [truth(recording, value) for value in values])
    combined = formula(_TRUTH[function], len(values), boolean=True)
    return Tensor(recording, alg.apply(recording.store, combined, nodes), BOOL)


for _function in _TRUTH:
    RULES[_function] = Rule(partial(_logical, _function))


def _bitwise(function: Any, recording: Recording, *values: Any) -> Tensor:
    if promote(*values) != BOOL:
        raise TypeError(f"ufunc '{function.__name__}' acts on booleans here, not on numbers")
    return _logical(_BITWISE.get(function, np.logical_not), recording, *values)


for _function in (*_BITWISE, np.invert):
    RULES[_function] = Rule(partial(_bitwise, _function))


def _extreme(
    of_two: Formula, of_fixed: Callable[[Fraction], Formula], recording: Recording, left: Any, right: Any
) -> Tensor:
    """The larger or smaller; a constant is part of the formula, so that relu has derivative 0 at its kink."""
    dtype = promote(left, right)
    nodes = spread(recording, [real(recording, left), real(recording, right)])
    for node, other in (nodes, nodes[::-1]):
        number = alg.constant_value(recording.store, other)
        if isinstance(number, Fraction):
            return Tensor(recording, alg.apply(recording.store, of_fixed(number), (node,)), dtype)
    return Tensor(recording, alg.apply(recording.store, of_two, nodes), dtype)


@cache
def _at_least(bound: Fraction) -> Formula:
    number = sp.Rational(bound.numerator, bound.denominator)
    return from_function(lambda a: sp.Piecewise((a, a > number), (number, True)), 1)


@cache
def _at_most(bound: Fraction) -> Formula:
    number = sp.Rational(bound.numerator, bound.denominator)
    return from_function(lambda a: sp.Piecewise((a, a < number), (number, True)), 1)


maximum = partial(_extreme, MAXIMUM, _at_least)
minimum = partial(_extreme, MINIMUM, _at_most)
rule(np.maximum, np.fmax)(maximum)
rule(np.minimum, np.fmin)(minimum)


@rule(np.clip)
def clip(recording: Recording, a: Any, a_min: Any = None, a_max: Any = None, **bounds: Any) -> Any:
    """``min(max(a, low), high)``."""
    low, high = bounds.get("min", a_min), bounds.get("max", a_max)
    result = a if low is None else np.maximum(a, low)
    return result if high is None else np.minimum(result, high)


@rule(np.where)
def where(recording: Recording, condition: Any, *choices: Any) -> Tensor:
    """The first choice where the condition holds, the second elsewhere."""
    if len(choices) != 2:
        raise TypeError(
            "where() needs three arguments here: how many entries np.where(c) finds depends on values"
        )
    dtype = promote(*choices)
    nodes = spread(recording, [lift(recording, condition), *(lift(recording, c) for c in choices)])
    if dtype != BOOL:
        nodes[1:] = [to_real(recording, node) for node in nodes[1:]]
        return Tensor(recording, alg.apply(recording.store, WHERE, nodes), dtype)
    chosen = formula(WHERE.expression, 3, boolean=True)
    return Tensor(recording, alg.apply(recording.store, chosen, nodes), BOOL)


@rule(np.real, np.conj, np.real_if_close, view=True)
def real_part(recording: Recording, value: Tensor) -> Tensor:
    """The array itself."""
    return Tensor(recording, lift(recording, value), value.dtype)


@rule(np.imag)
def imaginary_part(recording: Recording, value: Tensor) -> Tensor:
    """Zeros."""
    return Tensor(recording, alg.constant(recording.store, 0, value.size_shape), value.dtype)


@rule(np.astype)
def astype(recording: Recording, x: Tensor, dtype: Any, /, **_: Any) -> Tensor:
    """Another dtype of the same numbers; real numbers cannot become integers."""
    wanted: np.dtype[Any] = np.dtype(dtype)
    if wanted == BOOL:
        return Tensor(recording, truth(recording, x), BOOL)
    if wanted.kind not in "iuf" or (wanted.kind != "f" and x.dtype.kind == "f"):
        complain(
            DtypeError,
            f"x.astype({wanted})",
            {"x": x.dtype, "why": "rounding has no derivative, and complex numbers are not supported"},
            "Keep real numbers; pass indices as integer arguments.",
        )
    return Tensor(recording, real(recording, x), INT if x.dtype == BOOL and wanted.kind != "f" else wanted)
