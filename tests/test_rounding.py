"""Are numbers of derivations rounded right at any precision, ties and zeros included?"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symdiff.derivations.deriving import derive
from symdiff.derivations.rounding import decimal
from symdiff.derivations.values import rounded
from symdiff.errors import InputError

FRACTIONS = st.fractions(max_denominator=10**9).filter(bool)
DIGITS = st.integers(1, 60)


def shown(fn: Any, inputs: Any, quantity: str, digits: int) -> str:
    return rounded(derive(fn, inputs).step(quantity).value, digits)


@given(FRACTIONS, DIGITS)
def test_fractions_round_to_the_nearest_decimal(value: Fraction, digits: int) -> None:
    found = Fraction(decimal(value, digits))
    power = Decimal(abs(value.numerator)) / value.denominator
    unit = Fraction(10) ** (power.adjusted() - digits + 1)
    assert abs(found - value) <= unit / 2
    assert decimal(-value, digits).lstrip("-") == decimal(value, digits).lstrip("-")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12), DIGITS)
def test_decimals_round_as_those_of_python(value: Decimal, digits: int) -> None:
    """Python's decimals round half even as well; longer whole numbers are written out."""
    right = Context(prec=digits, rounding=ROUND_HALF_EVEN).create_decimal(value)
    found = Decimal(decimal(Fraction(value), digits))
    whole = value.to_integral_value(rounding=ROUND_HALF_EVEN)
    assert found == right or (found == whole and abs(value) >= 10 ** (digits - 1))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (Fraction(5, 2), 1, "2"),
        (Fraction(7, 2), 1, "4"),
        (Fraction(15, 100), 1, "0.2"),
        (Fraction(25, 100), 1, "0.2"),
        (Fraction(-25, 100), 1, "-0.2"),
        (Fraction(99999, 10**5), 3, "1"),
        (Fraction(99999, 10**12), 3, "1.00E-7"),
        (Fraction(0), 3, "0"),
    ],
)
def test_ties_go_to_the_even_digit(value: Fraction, digits: int, text: str) -> None:
    assert decimal(value, digits) == text


def smooth(x: Any) -> Any:
    a = np.exp(x) * 0.1
    L = np.tanh(a) / 3
    return L  # noqa: RET504


@pytest.mark.parametrize("digits", [1, 6, 17, 50, 120, 1000, 5000])
def test_every_digit_is_that_of_mpmath(digits: int) -> None:
    """0.1 in the code is one tenth, and so is 0.7 in the inputs. The value is 0.066..."""
    with mpmath.workdps(digits + 30):
        value = mpmath.tanh(mpmath.exp(mpmath.mpf(7) / 10) / 10) / 3
        scaled = int(mpmath.floor(value * mpmath.mpf(10) ** (digits + 1) + mpmath.mpf(1) / 2))
    assert shown(smooth, {"x": 0.7}, "L", digits) == "0.0" + str(flint.fmpz(scaled)).rstrip("0")


@given(st.integers(-999, 999).filter(bool), st.integers(1, 4))
def test_rational_ties_are_found(whole: int, places: int) -> None:
    """A third of an odd number of halves of three units: no ball is ever narrow enough."""

    def f(x: Any) -> Any:
        L = x / 3
        return L  # noqa: RET504

    value = Fraction(2 * whole + 1, 2) / 10**places
    tie = 3 * value
    text = shown(f, {"x": float(tie)}, "L", 3)
    assert text == decimal(value, 3)


def test_near_ties_are_told_apart() -> None:
    """1/8 + 1e-90 rounds up, 1/8 - 1e-90 down, and 1/8 to even."""

    def f(x: Any, e: Any) -> Any:
        L = x + np.exp(-e)
        return L  # noqa: RET504

    def g(x: Any, e: Any) -> Any:
        L = x - np.exp(-e)
        return L  # noqa: RET504

    inputs = {"x": 0.125, "e": 210.0}
    assert shown(f, inputs, "L", 2) == "0.13"
    assert shown(g, inputs, "L", 2) == "0.12"


def test_zero_of_irrational_parts_is_zero() -> None:
    def f(x: Any) -> Any:
        a = np.log(np.exp(x))
        L = a - x
        return L  # noqa: RET504

    assert shown(f, {"x": 0.7}, "L", 6) == "0"


def test_a_rational_value_on_a_kink_is_a_value() -> None:
    """0.1 * 3 - 0.3 is zero, though no ball of it is."""

    def f(x: Any) -> Any:
        z = 0.1 * x - 0.3
        L = np.maximum(z, 0) + np.exp(z)
        return L  # noqa: RET504

    assert shown(f, {"x": 3.0}, "z", 6) == "0"
    assert shown(f, {"x": 3.0}, "L", 6) == "1"


def test_arrays_stand_in_brackets_and_digits_are_one_at_least() -> None:
    def f(x: Any) -> Any:
        y = x / 3
        return y  # noqa: RET504

    value = derive(f, {"x": np.array([[1.0, 2.0], [0.5, -3.0]])}).step("y").value
    assert rounded(value, 3) == "[[0.333, 0.667], [0.167, -1]]"
    with pytest.raises(InputError, match="one digit or more"):
        rounded(value, 0)
