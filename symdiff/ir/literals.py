"""Which number did the author mean? A float reaches the graph rounded: ``1 - 0.9`` is 0.09999999999999998.

Each float literal is read as an exact number where one is recognised, together with an interval that holds
what it was rounded from: a few ulps around a decimal as it was typed, and a few units of the arithmetic
around a number that was computed, since ``1 - 0.9999`` carries the rounding of 1, and ``cos(pi/2)`` is not 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

Number: TypeAlias = "float | np.floating[Any]"

ULPS = 4  # around a decimal as it was typed
_UNITS = 4  # unit roundoffs around a number that was computed: its operands were of the order of 1
_RESIDUE = 16  # unit roundoffs that may be left of zero
_SURE = 1e-3  # the chance that a random number is recognised
_LARGE_TABLE = 4096


@dataclass(frozen=True)
class Format:
    """A floating-point format, and what is simple in it.

    ``short``: bits of a binary fraction that needs no reading; ``digits`` of a typed decimal; the largest
    ``denominator`` of a fraction that is recognised; ``computed``: ulps around a number that was computed.
    """

    dtype: type[Any]
    short: int
    digits: int
    denominator: int
    computed: int

    @cached_property
    def epsilon(self) -> float:
        """The distance from 1 to the next number."""
        return float(np.finfo(self.dtype).eps)

    @property
    def unit(self) -> float:
        """The unit roundoff."""
        return self.epsilon / 2

    @property
    def least(self) -> float:
        """Residues of roundings are no smaller; constants of physics are."""
        return self.unit / 128

    def ulp(self, value: float) -> float:
        """The distance to the next number of the format."""
        return float(np.spacing(self.dtype(abs(value))))

    def is_residue(self, value: float) -> bool:
        """Whether a number is what roundings leave of zero; the machine epsilon itself is meant."""
        return self.least <= abs(value) <= _RESIDUE * self.unit and value != self.epsilon


_FORMATS = {
    2: Format(np.float16, short=4, digits=3, denominator=8, computed=4),
    4: Format(np.float32, short=10, digits=6, denominator=16, computed=4),
    8: Format(np.float64, short=20, digits=14, denominator=1000, computed=16),
}


def format_of(value: Number) -> Format:
    """The format in which a number was given; Python's floats are double."""
    return _FORMATS.get(value.dtype.itemsize, _FORMATS[8]) if isinstance(value, np.floating) else _FORMATS[8]


def exact(value: Number) -> Fraction | None:
    """The value itself, when it is a short binary fraction and so needs no reading.

    >>> exact(0.375), exact(0.1)
    (Fraction(3, 8), None)
    """
    number = float(value)
    if not math.isfinite(number):
        return None
    fraction, own = Fraction(number), format_of(value)
    short = fraction.denominator <= 1 << own.short and abs(fraction.numerator) <= 1 << 2 * own.short
    power_of_two = abs(fraction.numerator) == 1 and not own.is_residue(number)
    return fraction if short or power_of_two else None


@lru_cache(maxsize=4096, typed=True)
def read(value: Number) -> sp.Expr:
    """The exact number that ``value`` stands for: a short decimal, a simple fraction, a root, pi times it.

    >>> read(0.1), read(1 - 0.9), read(math.sqrt(2 / math.pi)), read(2 / 3)
    (1/10, 1/10, sqrt(2)/sqrt(pi), 2/3)
    >>> read(1 - 0.9999), read(math.cos(math.pi / 2)), read(np.float32(1) / np.float32(3)), read(1 / 100001)
    (1/10000, 0, 1/3, 1/100001)
    """
    number, own = float(value), format_of(value)
    if not math.isfinite(number):
        return sp.Float(number)
    known = exact(value)
    if known is not None:
        return sp.Rational(known.numerator, known.denominator)
    typed = decimal(value)
    if typed is not None:
        return sp.Rational(typed.numerator, typed.denominator)
    if own.is_residue(number):
        return sp.Integer(0)
    fraction, width = Fraction(number), _width(value)
    for candidate in _candidates(number, width, own):
        if abs(float(candidate) - number) <= width:
            return candidate
    return sp.Rational(fraction.numerator, fraction.denominator)


def is_recognised(value: Number) -> bool:
    """Whether the reading differs from the float's own binary value.

    >>> is_recognised(0.1), is_recognised(0.5), is_recognised(math.inf)
    (True, False, False)
    """
    return math.isfinite(value) and bool(read(value) != sp.Rational(Fraction(float(value))))


def bounds(value: Number) -> tuple[Fraction, Fraction] | None:
    """An interval that holds the float, its reading and what it was rounded from; None for inf and NaN."""
    number = float(value)
    if not math.isfinite(number):
        return None
    if exact(value) is not None:
        return Fraction(number), Fraction(number)
    width = Fraction(_width(value))
    return Fraction(number) - width, Fraction(number) + width


def widths(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Half the width of ``bounds`` for each entry of a table; large tables are taken as computed."""
    if numbers.size <= _LARGE_TABLE:
        known = {
            v: 0.0 if exact(v) is not None or not math.isfinite(v) else _width(v) for v in set(numbers.flat)
        }
        return np.array([known[v] for v in numbers.flat], dtype=float).reshape(numbers.shape)
    own = _FORMATS.get(numbers.dtype.itemsize, _FORMATS[8])
    sizes = np.abs(numbers.astype(float))
    spread = np.maximum(own.computed * own.epsilon * sizes, np.where(sizes < own.least, 0, _UNITS * own.unit))
    return np.where(np.ldexp(sizes, own.short) % 1 == 0, 0.0, spread)


def _width(value: Number) -> float:
    """How far a number may be from what was meant."""
    number, own = float(value), format_of(value)
    if decimal(value) is not None:
        return ULPS * own.ulp(number)
    if own.is_residue(number):
        return _RESIDUE * own.unit
    if abs(number) < own.least:
        return own.computed * own.ulp(number)
    return max(own.computed * own.ulp(number), _UNITS * own.unit)


def decimal(value: Number) -> Fraction | None:
    """The number as a decimal that somebody typed: of few digits, or ``1 - 1e-15``."""
    text = str(value) if isinstance(value, np.floating) else repr(value)
    digits = text.lstrip("-0.").split("e")[0].replace(".", "").rstrip("0")
    if len(digits) <= format_of(value).digits:
        return Fraction(text)
    return _beside_one(float(value), format_of(value))


def _beside_one(value: float, own: Format) -> Fraction | None:
    """One less a power of ten, the bound at which logarithms are clipped."""
    gap = 1 - abs(value)
    if not _UNITS * own.unit < gap < 0.1:
        return None
    power = round(math.log10(gap))
    near = 1 - Fraction(10) ** power
    is_near = abs(Fraction(abs(value)) - near) <= Fraction(own.unit)
    return (near if value > 0 else -near) if is_near else None


def _candidates(value: float, width: float, own: Format) -> Iterator[sp.Expr]:
    """Numbers that are simple for a float of this accuracy, the likeliest first."""
    yield from _reciprocals(value, own)
    yield from _rounded(value, width)
    if width / abs(value) > _SURE / own.denominator**2:
        return  # any float of such accuracy is near some fraction

    def simple(number: float) -> sp.Expr:
        fraction = Fraction(number).limit_denominator(own.denominator)
        return sp.Rational(fraction.numerator, fraction.denominator)

    sign = 1 if value > 0 else -1
    found = [simple(value)]
    for unit in (sp.pi, sp.E, sp.pi**2):
        scale = float(unit)
        found += [simple(value / scale) * unit, simple(value * scale) / unit]
    found.append(sign * sp.sqrt(simple(value * value)))
    found += [
        sign * sp.sqrt(simple(value * value * math.pi)) / sp.sqrt(sp.pi),
        sign * sp.sqrt(simple(value * value / math.pi)) * sp.sqrt(sp.pi),
    ]
    found += [sp.log(n) for n in (2, 3, 5, 10)] + [1 / sp.log(n) for n in (2, 10)]
    found += [sp.log(2 * sp.pi), sp.log(2 * sp.pi) / 2]
    yield from (c for c in found if c != 0)


def _reciprocals(value: float, own: Format) -> Iterator[sp.Expr]:
    """1/n for a large whole n, as in a mean: few floats are exactly one."""
    if not own.epsilon < _SURE * abs(value) < _SURE:
        return
    count = round(1 / value)
    if float(own.dtype(1) / own.dtype(count)) == value:
        yield sp.Rational(1, count)


def _rounded(value: float, width: float) -> Iterator[sp.Expr]:
    """Decimals with so few digits that a number of this accuracy is not near one by chance."""
    digits = int(math.log10(_SURE * abs(value) / width)) if width < _SURE * abs(value) else 0
    for count in range(1, digits + 1):
        shorter = Fraction(f"{value:.{count - 1}e}")
        yield sp.Rational(shorter.numerator, shorter.denominator)
