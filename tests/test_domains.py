"""Are domains and examples refused that make no sense, and taken where they do?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.checking.domains import check_domain, check_sets, ends
from symdiff.errors import InputError

SQUARE = np.array([[2.0, 1.0], [1.0, 3.0]])


def total(x: Any) -> Any:
    return np.sum(x**2)


def twice(x: Any) -> Any:
    return 2 * x


ACCEPTED = [
    ((0, None), np.array([0.5, 2.0])),
    ((0, np.inf), np.array([0.5, 2.0])),
    ((-np.inf, np.inf), np.array([-0.5, 2.0])),
    ((0, 1), np.array([0.0, 1.0])),
    ("one_hot", np.eye(3)),
    ("simplex", np.array([[0.25, 0.75]])),
    ("symmetric", SQUARE),
    ("positive_definite", SQUARE),
    ("boolean", np.array([0.0, 1.0])),
    ("integer", np.array([-3.0, 4.0])),
]
REFUSED = [
    ((np.nan, 1), np.array([0.5]), "low=nan"),
    ((0, np.nan), np.array([0.5]), "high=nan"),
    (("a", "b"), np.array([0.5]), "low='a'"),
    ((1j, None), np.array([0.5]), "low=1j"),
    ((True, 2), np.array([1.5]), "low=True"),
    ((1, 0), np.array([0.5]), "low=1"),
    ((1, 1), np.array([1.0]), "low=1"),
    ((np.inf, None), np.array([1.0]), "low=inf"),
    ([0, 1], np.array([0.5]), "known="),
    ("convex", np.array([0.5]), "known="),
    ("symmetric", np.array([0.5]), "x=shape (1,)"),
    ("positive_definite", np.ones((2, 3)), "x=shape (2, 3)"),
    ("one_hot", np.float64(1.0), "x=shape ()"),
    ("simplex", np.float64(1.0), "x=shape ()"),
    ((0, 1), np.array([0.5, 2.0]), "position=(1,)"),
    ((0, None), np.float64(-2.0), "position=the number itself"),
    ("one_hot", np.array([[1.0, 0.0], [1.0, 1.0]]), "position=(1, 0)"),
    ("simplex", np.array([0.5, 0.6]), "position=(0,)"),
    ("symmetric", np.array([[1.0, 2.0], [3.0, 1.0]]), "position=(0, 1)"),
    ("positive_definite", -SQUARE, "position=(0, 0)"),
    ("boolean", np.array([0.0, 0.5]), "position=(1,)"),
    ("integer", np.array([0.5]), "position=(0,)"),
]


@pytest.mark.parametrize(("kind", "example"), ACCEPTED)
def test_examples_inside_are_taken(kind: Any, example: Any) -> None:
    assert sd.check(total, twice, (example,), domain={"x": kind}).status == "proved"


@pytest.mark.parametrize(("kind", "example", "fact"), REFUSED)
def test_what_makes_no_sense_is_refused_with_the_reason(kind: Any, example: Any, fact: str) -> None:
    with pytest.raises(InputError) as caught:
        sd.check(total, twice, (example,), domain={"x": kind})
    call, *facts, mend = str(caught.value).splitlines()
    assert call == f"domain={{'x': {kind!r}}}"
    assert fact in "\n".join(facts)
    assert mend.endswith(".")


def test_an_unknown_name_is_refused_for_examples_and_for_shapes() -> None:
    for inputs in (np.ones(2), "n"):
        with pytest.raises(InputError, match="inputs=x"):
            sd.check(total, twice, (inputs,), domain={"y": (0, 1)})
    check_domain({"x": "symmetric"}, {"x": "n n"})
    with pytest.raises(InputError, match="known="):
        check_sets({"x": "triangular"})


def test_infinity_is_an_open_end() -> None:
    assert ends((0, np.inf)) == (0, None)
    assert ends((-np.inf, 1.5)) == (None, 1.5)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_inputs_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(InputError, match=r"first (NaN|infinity) at=\(1,\)"):
        sd.check(total, twice, (np.array([1.0, value]),))
    with pytest.raises(InputError, match="the number itself"):
        sd.check(lambda x: x**2, lambda x: 2 * x, (value,))


def test_long_doubles_are_exact_numbers() -> None:
    third = np.ones(2, np.longdouble) / 3
    assert sd.check(total, twice, (third,)).status == "proved"
    assert sd.check(total, lambda x: 2 * np.array([np.longdouble(v) for v in x]), (third,)).ok
    assert sd.check(total, lambda x: 3 * x, (third,)).status == "refuted"
