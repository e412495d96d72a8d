"""Is a factor found only where there is one, said as people write it, and are kinds in the order of the contract?"""

from __future__ import annotations

from fractions import Fraction
from math import pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults import planted
from hypothesis import assume, given
from hypothesis import strategies as st

from symdiff.checking.mistakes import kinds, ratios
from symdiff.checking.mistakes.kinds import KINDS, rank

# ruff: noqa: E501  (tables)

NAN, INF = float("nan"), float("inf")


def pair(left: list[float], right: list[float]) -> tuple[Any, Any]:
    return np.array(left), np.array(right)


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([pair([2, 4], [1, 2])], 2),
        ([pair([2, 4], [1, 2]), pair([-6], [-3])], 2),
        ([pair([1, 0, -2], [-0.5, 0, 1])], -2),  # zeros say nothing
        ([pair([0, 0], [1, 2])], 0),
        ([pair([0], [0]), pair([3], [1])], 3),  # nor does a point at which all is zero
        ([pair([INF, 1], [1, 1]), pair([3], [1])], 3),  # nor one without values
        ([pair([2, 4], [1, 2]), pair([3], [1])], None),  # another constant at another point
        ([pair([2, 5], [1, 2])], None),
        ([pair([2, 1], [1, 0])], None),  # no multiple of zero
        ([pair([0], [0])], None),
        ([pair([NAN], [1])], None),
        ([], None),
    ],
)
def test_one_constant_at_all_points(pairs: list[tuple[Any, Any]], found: float | None) -> None:
    assert ratios.ratio(pairs) == found


FRACTIONS = st.fractions(max_denominator=720).filter(lambda f: f != 0 and abs(f.numerator) < 720)


@given(FRACTIONS)
def test_fractions_are_read_exactly(number: Fraction) -> None:
    assert ratios.exact(float(number)) == (number, False)
    assert Fraction(ratios.words(float(number))) == number


@given(
    FRACTIONS.map(abs).filter(lambda f: f.numerator < 100 and f.denominator < 100), st.sampled_from([1, -1])
)
def test_roots_are_read_exactly(square: Fraction, sign: int) -> None:
    assume(not all(sqrt(n).is_integer() for n in square.as_integer_ratio()))
    value = sign * sqrt(square)
    assert ratios.exact(value) == (sign * square, True)
    assert ratios.words(value) == f"{'-' if sign < 0 else ''}sqrt({square})"


@pytest.mark.parametrize("value", [pi, 1 + 1e-6, 0.9991000001, 0.0])
def test_what_is_neither_is_left_alone(value: float) -> None:
    assert ratios.exact(value) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2.0, "2"),
        (-1 / 3, "-1/3"),
        (2**-0.5, "sqrt(1/2)"),
        (-(2**0.5), "-sqrt(2)"),
        (0.99, "0.99"),  # shorter than 99/100 to the eye
        (1 / 7, "1/7"),
        (0.9991, "0.9991"),
        (pi, "3.14159265"),
    ],
)
def test_words(value: float, words: str) -> None:
    assert ratios.words(value) == words


@pytest.mark.parametrize("value", [1, -1, 2, 10.0, -1 / 3, 1 / 128, 2**0.5, 3**-0.5])
def test_simple_numbers(value: float) -> None:
    assert ratios.is_simple(value)


@pytest.mark.parametrize("value", [3 / 4, -2 / 3, (2 / 3) ** 0.5, pi, 0.9991])
def test_other_numbers(value: float) -> None:
    assert not ratios.is_simple(value)


@pytest.mark.parametrize(
    ("value", "sizes", "words"),
    [
        (3.0, [2, 3], " (3, where 3 is the length of an axis)"),
        (-1 / 5, [5], " (1/5, where 5 is the length of an axis)"),
        (3**0.5, [3], " (sqrt(3), where 3 is the length of an axis)"),
        (5**-0.5, [3, 5], " (1/sqrt(5), where 5 is the length of an axis)"),
        (2.0, [2, 3], ""),  # two is a factor that people lose anyway
        (3.0, [], ""),
        (3.000001, [3], ""),
    ],
)
def test_lengths_of_axes(value: float, sizes: list[int], words: str) -> None:
    assert ratios.of_sizes(value, sizes) == words


def test_kinds_are_those_of_the_contract_in_its_order() -> None:
    assert len(set(KINDS)) == len(KINDS)
    assert [rank(kind) for kind in KINDS] == list(range(len(KINDS)))
    with pytest.raises(KeyError):
        rank("typo")


def test_every_kind_that_is_given_is_known() -> None:
    """No module of the diagnosis writes a kind that the list does not have."""
    folder = Path(str(kinds.__file__)).parent
    written = "\n".join(path.read_text() for path in folder.glob("*.py") if path.name != "kinds.py")
    given = {kind for kind in KINDS if f'"{kind}"' in written}
    elsewhere = {"cancellation", "optimizer"}  # said of floats, and of steps
    assert set(KINDS) - given <= elsewhere


@pytest.mark.parametrize(
    ("right", "wrong", "test", "case"),
    [
        ("float(v) for v in np.ravel(left[seen] / right[seen])", "float(v) for v in np.ravel(right[seen] / left[seen])", 0, 0),
        ("if np.any(np.abs(left[~seen]) > 1e-5 * scale):", "if False:", 0, 8),
        ("return middle if spread <=", "return middle if spread >=", 0, 0),
        ("return f\"{'-' if number < 0 else ''}sqrt({abs(number)})\"", 'return f"sqrt({abs(number)})"', 1, 3),
        ("if abs(abs(value) - number) <= 1e-9 * number:", "if abs(value - number) <= 1e-9 * number:", 2, 1),
    ],
    ids=["upside down", "zeros forgotten", "spread ignored", "sign lost", "sign counted"],
)  # fmt: skip
def test_a_wrong_ratio_is_noticed(right: str, wrong: str, test: int, case: int) -> None:
    tests: Any = (test_one_constant_at_all_points, test_words, test_lengths_of_axes)
    chosen = tests[test]
    with planted(ratios, right, wrong), pytest.raises(AssertionError):
        chosen(*chosen.pytestmark[0].args[1][case])
