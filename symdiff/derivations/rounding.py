"""How is an exact number rounded? To significant digits, ties to the even digit; from a ball only where it is sure."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint

_LEAST = -5  # the smallest power of ten that is written without an exponent
_SPARE = 3  # and so many more digits before the point than were asked for


def decimal(value: Fraction, digits: int) -> str:
    """A fraction to some significant digits; ties go to the even digit.

    A whole number that is a little longer is written out.

    >>> decimal(Fraction(1, 8), 2), decimal(Fraction(2, 3), 4), decimal(Fraction(-35995, 10**6), 3)
    ('0.12', '0.6667', '-0.036')
    >>> decimal(Fraction(123456), 4), decimal(Fraction(123456789), 4), decimal(Fraction(1, 10**7), 3)
    ('123456', '1.235E+8', '1.00E-7')
    """
    if value == 0:
        return "0"
    power = exponent(value)
    is_plain = _LEAST <= power < digits + _SPARE
    last = min(0, power - digits + 1) if is_plain else power - digits + 1
    whole = round(value / Fraction(10) ** last)  # exact, ties to even
    if is_plain:
        return _plain(whole, -last)
    if abs(whole) == 10**digits:
        whole, power = whole // 10, power + 1
    sign, text = ("-" if whole < 0 else ""), _text(abs(whole))
    return f"{sign}{text[0]}{'.' if digits > 1 else ''}{text[1:]}E{power:+d}"


def exponent(value: Fraction) -> int:
    """The power of ten of the first digit."""
    size = abs(value)
    power = len(_text(size.numerator)) - len(_text(size.denominator))
    return power if size >= Fraction(10) ** power else power - 1


def certain(ball: Any, digits: int) -> str | None:
    """A ball to some digits; None where not all of its numbers are written alike."""
    texts = {decimal(end, digits) for end in ends(ball)}
    return texts.pop() if len(texts) == 1 else None


def nearest_tie(ball: Any, digits: int) -> str:
    """What is written if the tie or the zero in a very narrow ball is the number itself."""
    low, high = ends(ball)
    if low <= 0 <= high:
        return "0"
    half = Fraction(10) ** (exponent(high) - digits + 1) / 2
    return decimal(round((low + high) / 2 / half) * half, digits)


def ends(ball: Any) -> tuple[Fraction, Fraction]:
    """The two ends of a ball, exactly, whatever the working precision is."""
    middle, radius = _fraction(ball.mid()), _fraction(ball.rad())
    return middle - radius, middle + radius


def _fraction(point: Any) -> Fraction:
    mantissa, power = point.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(power)


def _plain(whole: int, places: int) -> str:
    sign, text = ("-" if whole < 0 else ""), _text(abs(whole)).rjust(places + 1, "0")
    before, after = text[: len(text) - places], text[len(text) - places :].rstrip("0")
    return f"{sign}{before}.{after}" if after else f"{sign}{before}"


def _text(whole: int) -> str:
    """The digits of a whole number, of which Python itself writes a few thousand only."""
    return str(flint.fmpz(whole))
