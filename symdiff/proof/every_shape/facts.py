"""What does the domain of an input say of its values? Their sign, whether they fill an open set, their symmetry."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from symdiff.proof.every_shape.terms import Permutation


def is_positive(fact: object) -> bool:
    """Whether no value is negative."""
    if isinstance(fact, tuple) and len(fact) == 2 and isinstance(fact[0], (int, float, Fraction, sp.Expr)):
        return bool(fact[0] >= 0)
    return fact in ("positive", "simplex")


def is_open(fact: object) -> bool:
    """Whether the values of an input fill an open set: a thin set is thin there."""
    return fact is None or isinstance(fact, tuple) or fact == "positive"


def exchanges(axes: int) -> tuple[Permutation, ...]:
    """The orders of the axes of a symmetric matrix, or of a stack of them, that change nothing."""
    return (tuple(range(axes)), (*range(axes - 2), axes - 1, axes - 2))
