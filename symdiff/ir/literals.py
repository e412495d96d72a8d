"""Which number did the author mean? A float reaches the graph already rounded: ``1 - 0.9`` is 0.09999999999999998.

Each float literal is read as an exact number where one is recognised, together with an interval a few ulps wide.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import sympy as sp

ULPS = 4
_SMALL = 1 << 20
_DENOMINATOR = 1000


def exact(value: float) -> Fraction | None:
    """The value itself, when it is a short binary fraction and so needs no reading.

    >>> exact(0.375), exact(0.1)
    (Fraction(3, 8), None)
    """
    if not math.isfinite(value):
        return None
    fraction = Fraction(value)
    short = fraction.denominator <= _SMALL and abs(fraction.numerator) <= 1 << 40
    return fraction if short else None


@lru_cache(maxsize=4096)
def read(value: float) -> sp.Expr:
    """The exact number that ``value`` stands for: a short decimal, a simple fraction, a root, a multiple of pi or e.

    >>> read(0.1), read(1 - 0.9), read(math.sqrt(2 / math.pi)), read(2 / 3)
    (1/10, 1/10, sqrt(2)/sqrt(pi), 2/3)
    """
    if value == 0 or not math.isfinite(value):
        return sp.nsimplify(value) if value == 0 else sp.Float(value)
    known = exact(value)
    if known is not None:
        return sp.Rational(known.numerator, known.denominator)
    for candidate in _candidates(value):
        if abs(float(candidate) - value) <= ULPS * math.ulp(value):
            return candidate
    fraction = Fraction(value)
    return sp.Rational(fraction.numerator, fraction.denominator)


def is_recognised(value: float) -> bool:
    """Whether the reading differs from the float's own binary value."""
    return bool(read(value) != sp.Rational(Fraction(value)))


def bounds(value: float) -> tuple[Fraction, Fraction]:
    """An interval that holds the float, its reading and every number within a few ulps of it."""
    if exact(value) is not None:
        return Fraction(value), Fraction(value)
    width = Fraction(ULPS) * Fraction(math.ulp(value))
    return Fraction(value) - width, Fraction(value) + width


def _candidates(value: float) -> list[sp.Expr]:
    rational = Fraction(repr(value))
    found: list[sp.Expr] = []
    if len(repr(value).lstrip("-0.").replace(".", "").split("e")[0]) <= 14:
        found.append(sp.Rational(rational.numerator, rational.denominator))
    found.append(_simple(value))
    sign = 1 if value > 0 else -1
    for name, unit in (("pi", sp.pi), ("e", sp.E)):
        scale = math.pi if name == "pi" else math.e
        found += [_simple(value / scale) * unit, _simple(value * scale) / unit]
    found.append(sign * sp.sqrt(_simple(value * value)))
    found += [
        sign * sp.sqrt(_simple(value * value * math.pi)) / sp.sqrt(sp.pi),
        sign * sp.sqrt(_simple(value * value / math.pi)) * sp.sqrt(sp.pi),
    ]
    found += [sp.log(n) for n in (2, 3, 5, 10)] + [1 / sp.log(n) for n in (2, 10)]
    found += [sp.log(2 * sp.pi), sp.log(2 * sp.pi) / 2]
    return [c for c in found if c != 0]


def _simple(value: float) -> sp.Expr:
    fraction = Fraction(value).limit_denominator(_DENOMINATOR)
    return sp.Rational(fraction.numerator, fraction.denominator)
