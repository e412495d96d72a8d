"""Are printed numbers compared to half a unit of their last digit, and exactly?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from faults import planted

import symdiff as sd
from symdiff.checking import printed
from symdiff.checking.claims import Claim
from symdiff.errors import InputError

MEND = "Write a decimal number: '0.168202', '-4.584e-5'."


def value(text: Any, fn: Any = lambda x: x, inputs: Any = (1.0,)) -> printed.PrintedValue:
    def named(x: Any) -> Any:
        return sd.name(fn(x) * 1, "v")

    (found,) = printed.printed(named, inputs, {"v": text}).values()
    return found


@pytest.mark.parametrize(
    ("text", "number", "agrees"),
    [
        ("0.33", 1 / 3, True),
        ("0.333333333333", 1 / 3, True),
        ("0.34", 1 / 3, False),
        ("0.3", 0.35, True),  # a tie may be rounded either way
        ("0.4", 0.35, True),
        ("0.3", 0.36, False),
        ("0.350", 0.35, True),
        ("-0.0", -0.04, True),
        ("2", 2.5, True),
        ("2", 2.51, False),
        ("2.0", 2.04, True),
        ("1,234.5", 1234.5, True),
        ("-4.584e-5", -4.5841e-5, True),
        ("-4.584e-5", -4.5846e-5, False),
        ("4.584e-5", -4.584e-5, False),
        ("1e2", 149.0, True),
        ("1e2", 151.0, False),
        ("100", 149.0, False),
    ],
)
def test_half_a_unit_of_the_last_digit(text: str, number: float, agrees: bool) -> None:
    assert value(text, inputs=(number,)).agrees is agrees


def test_inputs_are_read_as_they_are_written() -> None:
    """In floats 0.1 + 0.2 is 0.30000000000000004."""
    tenths = value("0.30000000000000000000", lambda x: x[0] + x[1], (np.array([0.1, 0.2]),))
    assert tenths.agrees
    assert tenths.exact == "0.30000000000000000000"
    assert tenths.recomputed == "0.30000000000000000000000"


def test_three_digits_more_are_shown() -> None:
    found = value("0.76", np.tanh)
    assert (found.quantity, found.printed, found.recomputed) == ("v", "0.76", "0.76159")
    assert found.exact == "0.76159415595576488812"
    assert value("7.62e-1", np.tanh).recomputed == "7.61594E-1"


def test_arrays() -> None:
    found = value([["1", "2.0"], ["3.1", "4"]], lambda x: x, (np.array([[1.0, 2.0], [3.0, 4.0]]),))
    assert (found.agrees, found.printed) == (False, "[[1, 2.0], [3.1, 4]]")
    assert found.recomputed == "[[1.000, 2.0000], [3.0000, 4.000]]"
    assert value(["1", "2"], lambda x: x, (np.array([1.0, 2.0]),)).agrees


def test_undefined_values_never_agree() -> None:
    found = value("0", np.log, (0.0,))
    assert (found.agrees, found.recomputed) == (False, "undefined")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("about 2", f"printed='about 2'\n  text=about 2\n  {MEND}"),
        ("", f"printed=''\n  text=\n  {MEND}"),
        (["1"], "printed value of v\n  printed=(1,)\n  value=()\n  Print an array of the value's shape."),
    ],
)
def test_errors(text: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        value(text)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        value(text)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError):
        printed.printed(lambda x: x, (1.0,), {"w": "1"}).values()


# Beside claims ----------------------------------------------------------------------------------------------


def slope(**more: Any) -> Claim:
    @sd.derivative_of(np.tanh, inputs=(0.5,), **more)
    def claim(x: Any) -> Any:
        return 1 - np.tanh(x) ** 2

    return claim


def test_a_claim_and_its_printed_value() -> None:
    assert slope().printed_value() is None
    found = slope(printed="0.786").printed_value()
    assert found is not None
    assert (found.quantity, found.agrees, found.recomputed) == ("x", True, "0.786448")


def test_the_printed_value_is_compared_with_the_truth_not_with_the_claim() -> None:
    @sd.derivative_of(np.tanh, inputs=(0.5,), printed="1.00")
    def wrong(x: Any) -> Any:
        return x / x

    found = wrong.printed_value()
    assert found is not None
    assert not found.agrees


def test_one_claim_for_each_printed_value() -> None:
    @sd.derivative_of(np.multiply, inputs=(1.0, 2.0), wrt=(0, 1), printed="2")
    def both(x: Any, y: Any) -> Any:
        return y, x

    with pytest.raises(InputError, match="Mark one claim for each printed value"):
        both.printed_value()


def test_a_claim_stays_a_function() -> None:
    claim = slope(source="p. 5")
    assert claim(0.0) == 1.0
    assert claim(x=0.0) == 1.0
    assert (claim.__name__, claim.source, claim.module) == ("claim", "p. 5", __name__)
    assert claim.line > 0
    assert claim.verdict().status == "proved"
    assert claim.verdict(timeout=0).status == "undecided"
    assert sd.grad(claim)(0.0) == 0.0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("unit / 2 + unit / 1000", "2 * unit"),
        ("unit / 2 + unit / 1000", "unit / 4"),
        ("abs(ball - _fraction(Fraction(shown)))", "(ball - _fraction(Fraction(shown)))"),
        ("return bool(gap <=", "return not bool(gap >"),
    ],
)
def test_a_faulty_comparison_is_noticed(right: str, wrong: str) -> None:
    with planted(printed, right, wrong), pytest.raises(AssertionError):
        for mark in test_half_a_unit_of_the_last_digit.pytestmark:
            for case in mark.args[1]:
                test_half_a_unit_of_the_last_digit(*case)
        test_undefined_values_never_agree()
