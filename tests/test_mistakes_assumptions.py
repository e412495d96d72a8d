"""Is a missing assumption told where there is one, and nothing but a mistake where there is none?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from diagnosis_cases import S, X, Y, mistake, refuted, squares
from scipy.special import softmax

import symdiff as sd

# ruff: noqa: E501  (tables)


@pytest.mark.parametrize(
    ("fn", "claim", "inputs", "name", "kind", "inside"),
    [
        (
            lambda z, y: -np.sum(y * np.log(softmax(z))),
            lambda z, y: softmax(z) - y,
            (X, X + 2),
            "y",
            "simplex",
            np.array([0.25, 0.5, 0.25]),
        ),
        (lambda x, A: x @ A @ x, lambda x, A: 2 * A @ x, (X[:2], S), "A", "symmetric", np.eye(2)),
        (lambda x, y: np.sum(x * y**2), lambda x, y: y, (X, Y), "y", "one_hot", np.array([0.0, 1.0, 0.0])),
    ],
)
def test_assumptions_that_were_not_given(
    fn: Any, claim: Any, inputs: Any, name: str, kind: str, inside: Any
) -> None:
    found = mistake(fn, claim, inputs)
    assert (found.kind, found.detail) == (
        "symmetry" if kind == "symmetric" else "assumption",
        f"right only if {name} is {kind}, which was not given",
    )
    assert found.repair is not None
    assert found.repair.startswith(f'domain={{"{name}": "{kind}"}}, or ')
    assert sd.check(fn, claim, (inputs[0], inside), domain={name: kind}).ok


@pytest.mark.parametrize(
    ("fn", "claim", "inputs"),
    [
        (lambda x: np.sqrt(np.sum(x**2)), lambda x: x, (X,)),  # who differentiates leaves the sphere
        (
            lambda x, A: x @ A @ x,
            lambda x, A: 2 * np.diag(A) * x,
            (X[:2], S),
        ),  # A = [[1, 1], [-1, 1]] would do
    ],
    ids=["sphere", "one matrix of signs"],
)
def test_an_accident_is_no_assumption(fn: Any, claim: Any, inputs: Any) -> None:
    found = mistake(fn, claim, inputs)
    assert "entries 1 and -1" not in found.detail
    assert "has length 1" not in found.detail


def test_a_matrix_that_happens_to_be_symmetric_when_it_is_one_hot() -> None:
    """A one_hot matrix of two rows is symmetric half the time."""
    found = mistake(lambda x, A: x @ A @ x / 2, lambda x, A: A @ x, (X[:2], S))
    assert (found.kind, found.detail) == ("symmetry", "right only if A is symmetric, which was not given")


# Values that are missing ---------------------------------------------------------------------------------------


def test_where_a_claim_has_no_value() -> None:
    def claim(x: Any) -> Any:
        return 2 * np.exp(np.log(x))

    verdict = refuted(squares, claim, X)
    assert verdict.mistake is not None
    assert verdict.witness is not None
    assert verdict.mistake.kind == "nan"
    assert verdict.reason == "the claim has no value there"
    assert (verdict.witness.claimed, verdict.witness.certified) == ("undefined", False)
    assert sd.check(squares, claim, np.abs(X), domain={"x": (0, None)}).status == "proved"


# Black boxes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "kind"),
    [(lambda d: -d, "sign"), (lambda d: 3 * d, "factor"), (lambda d: d[::-1], "index"), (lambda d: d - 1, "missing_path")],
)  # fmt: skip
def test_a_claim_of_which_only_values_are_known(change: Any, kind: str) -> None:
    def claim(x: Any) -> Any:
        return change(np.array([2 * float(v) * np.exp(float(v)) + 1 for v in x]))

    found = mistake(lambda x: np.sum(2 * (x - 1) * np.exp(x) + x), claim, X)
    assert found.kind == kind
