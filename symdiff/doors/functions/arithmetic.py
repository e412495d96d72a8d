"""How do ``+ - * /`` and powers act on nodes? Exact numbers become coefficients, quotients reciprocals."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from symdiff.doors.dispatching import rule
from symdiff.doors.functions.formulas_of_ufuncs import formula_of
from symdiff.doors.lifting import inexact, lift, promote, real, spread, to_real
from symdiff.doors.recording import Recording
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import BOOL
from symdiff.ir import algebra as alg
from symdiff.ir import formulas
from symdiff.ir.graph import Node
from symdiff.ir.ops import Map

GENERAL_POWER = formulas.from_function(lambda a, b: a**b, 2)


def _pair(recording: Recording, left: Any, right: Any) -> list[Node]:
    return spread(recording, [real(recording, left), real(recording, right)])


@rule(np.add)
def add(recording: Recording, left: Any, right: Any) -> Any:
    """``a + b``; of booleans the logical or, as in NumPy."""
    dtype = promote(left, right)
    if dtype == BOOL:
        return np.logical_or(left, right)
    return Tensor(recording, alg.add(recording.store, *_pair(recording, left, right)), dtype)


@rule(np.subtract)
def subtract(recording: Recording, left: Any, right: Any) -> Tensor:
    """``a - b``; NumPy refuses it for booleans."""
    dtype = promote(left, right)
    if dtype == BOOL:
        raise TypeError("numpy boolean subtract, the `-` operator, is not supported: use ^ or np.logical_xor")
    return Tensor(recording, alg.subtract(recording.store, *_pair(recording, left, right)), dtype)


@rule(np.multiply)
def multiply(recording: Recording, left: Any, right: Any) -> Any:
    """``a * b``; of booleans the logical and."""
    dtype = promote(left, right)
    if dtype == BOOL:
        return np.logical_and(left, right)
    store = recording.store
    nodes = spread(recording, [lift(recording, left), lift(recording, right)])
    if "real" not in map(store.kind, nodes):
        nodes = [to_real(recording, node) for node in nodes]
    return Tensor(recording, alg.multiply(store, nodes[0], nodes[1]), dtype)


@rule(np.divide)
def divide(recording: Recording, left: Any, right: Any) -> Tensor:
    """``a / b``, a product with the reciprocal."""
    store = recording.store
    divisor = real(recording, right)
    value = alg.constant_value(store, divisor)
    if value is None or value == 0:  # the reciprocal first, so that it is taken before it is repeated
        divisor = store.add(Map(formulas.RECIPROCAL), (divisor,))
    else:
        divisor = alg.constant(store, 1 / value, store.shape(divisor))
    nodes = spread(recording, [real(recording, left), divisor])
    return Tensor(recording, alg.multiply(store, nodes[0], nodes[1]), inexact(promote(left, right)))


@rule(np.negative)
def negative(recording: Recording, value: Tensor) -> Tensor:
    """``-a``."""
    if value.dtype == BOOL:
        raise TypeError(
            "The numpy boolean negative, the `-` operator, is not supported: use ~ or np.logical_not"
        )
    return Tensor(recording, alg.scale(recording.store, real(recording, value), -1), value.dtype)


@rule(np.positive, np.copy)
def positive(recording: Recording, a: Tensor, *_: Any, **options: Any) -> Tensor:
    """``+a``, a copy."""
    return Tensor(recording, lift(recording, a), a.dtype)


@rule(np.power, np.float_power)
def power(recording: Recording, base: Any, exponent: Any) -> Tensor:
    """``a ** b``; an exact exponent or base becomes part of the formula."""
    store = recording.store
    dtype = promote(base, exponent)
    fixed = _exact(recording, exponent)
    if fixed is not None:
        return Tensor(recording, _fixed_power(recording, base, exponent, fixed), dtype)
    fixed = _exact(recording, base)
    if fixed is not None and fixed > 0:
        _, right = _pair(recording, base, exponent)
        return Tensor(recording, store.add(Map(_exponential(fixed)), (right,)), inexact(dtype))
    nodes = _pair(recording, base, exponent)
    return Tensor(recording, alg.apply(store, GENERAL_POWER, nodes), inexact(dtype))


def _exact(recording: Recording, value: Any) -> Fraction | None:
    """The one exact number that a value is, everywhere; None for others."""
    if isinstance(value, (int, np.integer)):
        return Fraction(int(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    number = alg.constant_value(recording.store, lift(recording, value))
    return number if isinstance(number, Fraction) else None


def _fixed_power(recording: Recording, base: Any, exponent: Any, fixed: Fraction) -> Node:
    store = recording.store
    left, _ = _pair(recording, base, exponent)
    if fixed == 0:
        return alg.constant(store, 1, store.shape(left))
    if fixed == 1:
        return left
    value = alg.constant_value(store, left)
    if isinstance(value, Fraction) and fixed.denominator == 1 and (value != 0 or fixed > 0):
        return alg.constant(store, value**fixed.numerator, store.shape(left))
    return alg.apply(store, formulas.power(sp.Rational(fixed.numerator, fixed.denominator)), (left,))


@cache
def _exponential(base: Fraction) -> formulas.Formula:
    number = sp.Rational(base.numerator, base.denominator)
    return formulas.from_function(lambda a: number**a, 1)


@rule(np.square)
def square(recording: Recording, value: Any) -> Tensor:
    """``a ** 2``."""
    return power(recording, value, 2)


@rule(np.sqrt)
def sqrt(recording: Recording, value: Any) -> Tensor:
    """The square root; of a size it stays exact."""
    node = real(recording, value)
    number = alg.constant_value(recording.store, node)
    store = recording.store
    if isinstance(number, sp.Expr):
        return Tensor(recording, alg.constant(store, sp.sqrt(number), store.shape(node)), value.dtype)
    return Tensor(recording, alg.apply(store, formula_of(np.sqrt), (node,)), inexact(promote(value)))
