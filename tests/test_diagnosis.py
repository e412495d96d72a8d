"""Is the kind of a mistake the right one, and is the repair that is offered itself right?"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from faults import planted
from scipy.special import softmax

import symdiff as sd
from symdiff.checking import diagnosis
from symdiff.verdicts import Mistake, Verdict

X = np.array([0.5, -1.25, 2.0])
S = np.array([[2.0, 0.5], [-1.0, 1.5]])


def refuted(fn: Any, claim: Any, inputs: Any, **options: Any) -> Verdict:
    verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "refuted"
    return verdict


def mistake(fn: Any, claim: Any, inputs: Any, **options: Any) -> Mistake:
    found = refuted(fn, claim, inputs, **options).mistake
    assert found is not None
    return found


def squares(x: Any) -> Any:
    return np.sum(x**2)


def product(A: Any, B: Any) -> Any:
    return np.sum(np.sin(A @ B))


# Kinds and repairs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "kind", "detail", "repair"),
    [
        (lambda x: -2 * x, "sign", "exactly minus the derivative", "-yours"),
        (lambda x: x, "factor", "1/2 times the derivative", "2 * yours"),
        (lambda x: 6 * x, "factor", "3 times the derivative", "1/3 * yours"),
        (lambda x: -6 * x, "factor", "-3 times the derivative", "-1/3 * yours"),
        (lambda x: x / 7, "factor", "1/14 times the derivative", "14 * yours"),
        (lambda x: np.sqrt(2) * x, "unknown", "no known mistake explains the difference", "2*x"),
        (lambda x: 0 * x, "unknown", "no known mistake explains the difference", "2*x"),
        (lambda x: 2 * x[:, None], "shape", "shape (3, 1), where x needs (3,)", "2*x"),
        (lambda x: np.sum(2 * x), "shape", "shape (), where x needs (3,)", "2*x"),
    ],
)
def test_of_a_gradient(claim: Any, kind: str, detail: str, repair: str) -> None:
    found = mistake(squares, claim, X)
    assert (found.kind, found.detail, found.repair) == (kind, detail, repair)


def test_a_factor_of_the_size_is_a_factor_at_that_size() -> None:
    found = mistake(lambda x: np.mean(x**2), lambda x: 2 * x, X)
    assert (found.kind, found.repair) == ("factor", "1/3 * yours")


def test_transposes() -> None:
    def claim(A: Any, B: Any) -> Any:
        return B @ np.cos(A @ B).T

    found = mistake(product, claim, (S, S + 1))
    assert (found.kind, found.repair) == ("transpose", "yours.T")
    found = mistake(product, claim, (np.ones((3, 2)), S))
    assert (found.kind, found.detail) == (
        "transpose",
        "shape (2, 3), where A needs (3, 2): it is the transpose",
    )
    other = mistake(product, lambda A, B: claim(A, B) + 1, (np.ones((3, 2)), S))
    assert (other.kind, other.repair) == ("shape", "cos(A @ B) @ B.T")


def test_exchanged_results() -> None:
    def claim(x: Any, y: Any) -> Any:
        return np.cos(x * y) * x, np.cos(x * y) * y

    verdict = refuted(lambda x, y: np.sum(np.sin(x * y)), claim, (X, X + 1), wrt=(0, 1))
    assert [part.mistake.detail for part in verdict.parts.values() if part.mistake is not None] == [
        "this is the derivative by y",
        "this is the derivative by x",
    ]
    assert {part.mistake.kind for part in verdict.parts.values() if part.mistake is not None} == {"swapped"}


@pytest.mark.parametrize("name", ["z", None])
def test_a_missing_inner_derivative(name: str | None) -> None:
    def f(x: Any) -> Any:
        z = np.tanh(x)
        return np.sum((sd.name(z, name) if name else z) ** 2)

    found = mistake(f, lambda x: 2 * np.tanh(x), X)
    assert found.kind == "chain"
    assert (
        found.detail == f"this is the derivative by {name or 'tanh(x)'}: its own derivative by x is missing"
    )


def test_a_missing_path_names_its_line_and_its_repair() -> None:
    def f(x: Any) -> Any:
        return np.sum(x * np.exp(x))

    found = mistake(f, np.exp, X)
    assert (found.kind, found.repair) == ("missing_path", "yours + x*exp(x)")
    line = f.__code__.co_firstlineno + 1
    assert found.where is not None
    assert found.where.endswith(f"test_diagnosis.py:{line}")


def test_the_missing_path_of_a_softmax() -> None:
    found = mistake(softmax, lambda x, g: softmax(x) * g, X, of="vjp")
    assert found.kind == "missing_path"


def test_ignored_cotangents() -> None:
    found = mistake(np.tanh, lambda x, g: 1 - np.tanh(x) ** 2, X, of="vjp")
    assert (found.kind, found.repair) == ("upstream", "g*(1 - tanh(x)**2)")
    assert found.detail == "the cotangent is ignored: this is the pullback of ones"


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
        (
            lambda x, y: np.sum(x * y**2),
            lambda x, y: y,
            (X, X + 2),
            "y",
            "one_hot",
            np.array([0.0, 1.0, 0.0]),
        ),
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


def test_no_assumption_is_made_of_what_is_differentiated() -> None:
    """On the sphere ``x`` is the gradient of the norm; but who differentiates leaves the sphere."""
    found = mistake(lambda x: np.sqrt(np.sum(x**2)), lambda x: x, X)
    assert found.kind == "unknown"


def test_an_accident_is_no_assumption() -> None:
    """A one_hot matrix of two rows is symmetric half the time."""
    found = mistake(lambda x, A: x @ A @ x / 2, lambda x, A: A @ x, (X[:2], S))
    assert (found.kind, found.detail) == ("symmetry", "right only if A is symmetric, which was not given")


@pytest.mark.parametrize("claim", [lambda x: 2 * np.sqrt(x) ** 2, lambda x: 2 * np.exp(np.log(x))])
def test_where_a_claim_has_no_value(claim: Any) -> None:
    verdict = refuted(squares, claim, X)
    assert verdict.mistake is not None
    assert verdict.witness is not None
    assert verdict.mistake.kind == "nan"
    assert verdict.reason == "the claim has no value there"
    assert (verdict.witness.claimed, verdict.witness.certified) == ("undefined", False)
    assert sd.check(squares, claim, np.abs(X), domain={"x": (0, None)}).status == "proved"


# The repairs are right --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [-1, 2, -3, 0.5, 0.125])
def test_the_repaired_claim_is_proved(scale: float) -> None:
    def claim(x: Any) -> Any:
        return scale * 2 * x

    repair = mistake(squares, claim, X).repair
    assert repair is not None
    number = -1 if repair == "-yours" else Fraction(repair.removesuffix(" * yours"))
    assert sd.check(squares, lambda x: float(number) * claim(x), X).status == "proved"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("alg.scale(store, claim, -1)", "alg.scale(store, claim, 1)"),
        ("alg.scale(store, claim, 1 / ratio)", "alg.scale(store, claim, ratio)"),
        ("return repaired == truth or all(", "return True or all("),
        ("Fraction(float((claimed / exact).mid()))", "Fraction(float((exact / claimed).mid()))"),
    ],
)
def test_a_faulty_diagnosis_is_noticed(right: str, wrong: str) -> None:
    cases = test_of_a_gradient.pytestmark[0].args[1]
    with planted(diagnosis, right, wrong), pytest.raises(AssertionError):
        for case in cases:
            test_of_a_gradient(*case)
