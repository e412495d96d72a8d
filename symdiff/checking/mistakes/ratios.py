"""By which number is one array a multiple of another? One constant at all points, in words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from symdiff.checking.mistakes.screening import Array, size

_CLOSE = 1e-8
_LARGEST = 720


def ratio(pairs: Sequence[tuple[Array, Array]]) -> float | None:
    """The one constant c with ``left = c * right`` for all pairs, if there is one."""
    found: list[float] = []
    for left, right in pairs:
        scale = max(size(left), size(right))
        with np.errstate(all="ignore"):
            seen = np.abs(right) > 1e-6 * scale
            if scale == 0 or not np.all(np.isfinite(left) & np.isfinite(right)):
                continue
            if np.any(np.abs(left[~seen]) > 1e-5 * scale):
                return None
            found += [float(v) for v in np.ravel(left[seen] / right[seen])]
    if not found:
        return None
    middle = float(np.median(found))
    spread = max(abs(v - middle) for v in found)
    return middle if spread <= _CLOSE * max(abs(middle), 1e-3) else None


def exact(value: float) -> tuple[Fraction, bool] | None:
    """A number as a fraction, or as the root of one (then True); None if it is neither.

    >>> exact(0.5), exact(2**0.5)
    ((Fraction(1, 2), False), (Fraction(2, 1), True))
    """
    for rooted, wanted in ((False, value), (True, value * abs(value))):
        short = Fraction(wanted).limit_denominator(_LARGEST)
        if short != 0 and abs(float(short) - wanted) <= 1e-9 * abs(wanted) and short.numerator < 10**6:
            return short, rooted
    return None


def words(value: float) -> str:
    """A number as people write it: ``1/3``, ``sqrt(2)``, ``0.9991``.

    >>> words(1 / 3), words(-(2**0.5)), words(0.99910002)
    ('1/3', '-sqrt(2)', '0.99910002')
    """
    known = exact(value)
    if known is None:
        return f"{value:.9g}"
    number, rooted = known
    if rooted:
        return f"{'-' if number < 0 else ''}sqrt({abs(number)})"
    decimal = f"{value:.9g}"
    return decimal if number.denominator > 64 and len(decimal) < 7 else str(number)


def is_simple(value: float) -> bool:
    """Whether people put such a number in by mistake: a whole number, its reciprocal, a root of one.

    >>> is_simple(-2), is_simple(1 / 3), is_simple(3 / 4)
    (True, True, False)
    """
    known = exact(value)
    return known is not None and 1 in (abs(known[0].numerator), known[0].denominator)


def of_sizes(value: float, sizes: Sequence[int]) -> str:
    """How a factor depends on the lengths of axes, as far as one can tell: ``(the size 3)``; empty otherwise."""
    for n in sorted({s for s in sizes if s > 2}):
        for meaning, number in (
            (f"{n}", n),
            (f"1/{n}", 1 / n),
            (f"sqrt({n})", n**0.5),
            (f"1/sqrt({n})", n**-0.5),
        ):
            if abs(abs(value) - number) <= 1e-9 * number:
                return f" ({meaning}, where {n} is the length of an axis)"
    return ""
