"""Which mistake is which? For each kind claims with one mistake, how it is told, and where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit, ndtr, softmax

import symdiff as sd
from symdiff.verdicts import Mistake, Verdict

# ruff: noqa: E501  (a table)
# fmt: off

Claim = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """A wrong claim, the kind of its mistake, the sentence and the repair; edits stand in the claim's own lines."""

    kind: str
    fn: Claim
    claim: Claim
    inputs: Any
    detail: str
    repair: str | None
    edit: bool = True
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.detail}"[:80]


def refuted(fn: Any, claim: Any, inputs: Any, **options: Any) -> Verdict:
    verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "refuted"
    return verdict


def mistake(fn: Any, claim: Any, inputs: Any, **options: Any) -> Mistake:
    found = refuted(fn, claim, inputs, **options).mistake
    assert found is not None
    return found


CASES: list[Case] = []


def case(kind: str, fn: Claim, claim: Claim, inputs: Any, detail: str, repair: str | None, *, edit: bool = True, **options: Any) -> None:
    CASES.append(Case(kind, fn, claim, inputs, detail, repair, edit, options))


X = np.array([0.5, -1.25, 2.0])
Y = np.array([1.5, 0.25, -0.75])
Z = np.array([1.0, 2.0, 0.5, -1.0])
S = np.array([[2.0, 0.5], [-1.0, 1.5]])
R = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])


def squares(x: Any) -> Any:
    return np.sum(x**2)


def bias(M: Any, b: Any) -> Any:
    return np.sum(np.tanh(M + b))


def layer(W: Any, x: Any) -> Any:
    return np.sum(np.tanh(W @ x) ** 2)


# The shape, and what floats make of it -----------------------------------------------------------------------

case("shape", squares, lambda x: 2 * x[:, None] + 1, X, "shape (3, 1), where x needs (3,)", "2*x")
case("shape", squares, lambda x: 2 * x[:, None], X, "shape (3, 1), where x needs (3,): the entries are right", "reshape(yours, (3,))")
case("transpose", lambda A: np.sum(A**2), lambda A: 2 * A.T, R, "shape (3, 2), where A needs (2, 3): it is the transpose", "yours.T")
case("missing_reduction", bias, lambda M, b: 1 - np.tanh(M + b) ** 2, (R, X), "shape (2, 3), where b needs (3,): the sum over a broadcast axis is missing", "yours.sum(axis=0)", wrt="b")
case("wrong_axis", bias, lambda M, b: np.sum(1 - np.tanh(M + b) ** 2, axis=1), (R, X), "shape (2,), where b needs (3,): the sum runs over another axis", "sum(1 - tanh(M + b)**2, axis=0)", wrt="b")
case("nan", squares, lambda x: 2 * np.sqrt(x) ** 2, X, "the claim has no finite value where the derivative has one", None, edit=False)
case("cancellation", lambda x: np.sum(x - np.sin(x)), lambda x: 1 - np.cos(x), np.array([1e-9, 1.0]), "entry [0] is 0 in floats at your inputs, exactly 5e-19: digits are lost", None, edit=False)

# Kinks and branches -------------------------------------------------------------------------------------------

case("edge", lambda x: np.sum(np.maximum(x, 0) ** 2), lambda x: 2 * np.maximum(x, 0) + (x == 0), X, "right at ordinary points, wrong where where(x > 0, x, 0) is tied", "2*where(x > 0, x, 0)*where(x > 0, 1, 0)", edit=False)
case("threshold", lambda x: np.sum(np.maximum(x, 0) ** 2), lambda x: 2 * x, X, "2*x is not multiplied by the mask where(x > 0, 1, 0)", "2*x*where(x > 0, 1, 0)")
case("threshold", lambda x, y: np.sum(np.where(x > 1, x**2, x * y)), lambda x, y: np.where(y > 1, 2 * x, y), (X, Y), "y > 1 stands where x > 1 should", "where(x > 1, 2*x, y)")
case("threshold", lambda x: np.sum(np.where(x > 1, x**2, x)), lambda x: np.where(x > 2, 2 * x, 1), X, "x > 2 stands where x > 1 should", "where(x > 1, 2*x, 1)")
case("threshold", lambda s, y: np.sum(np.maximum(0, 1 - y * s)), lambda s, y: np.where(s < 1, -y, 0.0), (X, Y), "s stands where s*y should", "where(s*y < 1, -y, 0)")
case("swapped", lambda x, y: np.sum(np.where(x > 1, x * y, x**2)), lambda x, y: np.where(x > 1, 2 * x, y), (X, Y), "in where(x > 1, 2*x, y) the branches are exchanged", "where(x > 1, y, 2*x)")

# Assumptions --------------------------------------------------------------------------------------------------

case("assumption", lambda x, y: np.sum(x) * np.sum(y), lambda x, y: np.ones(3), (X, Y), "right only if y is simplex, which was not given", 'domain={"y": "simplex"}, or sum(y)', edit=False)
case("symmetry", lambda x, A: x @ A @ x, lambda x, A: 2 * A @ x, (X[:2], S), "right only if A is symmetric, which was not given", 'domain={"A": "symmetric"}, or x @ A + x @ A.T', edit=False)
case("symmetry", lambda A, B: np.trace(A @ B @ A), lambda A, B: 2 * A @ B, (S, S + 1), "right only if A, B are symmetric and commute, which was not given", "(A @ B).T + A.T @ B.T", edit=False)

# Signs, factors, axes, places ----------------------------------------------------------------------------------

case("sign", squares, lambda x: -2 * x, X, "exactly minus the derivative", "-yours")
case("sign", lambda x: np.sum(x * np.tanh(x)), lambda x: np.tanh(x) - x * (1 - np.tanh(x) ** 2), X, "x*(1 - tanh(x)**2) has the wrong sign", "tanh(x) + x*(1 - tanh(x)**2)")
case("sign", np.sin, lambda x: np.diag(-np.cos(x)), X, "exactly minus the derivative", "-yours", of="jacobian")
case("factor", squares, lambda x: x, X, "1/2 times the derivative", "2 * yours", edit=False)
case("factor", squares, lambda x: x / 7, X, "1/14 times the derivative", "14 * yours")
case("factor", squares, lambda x: -6 * x, X, "-3 times the derivative (3, where 3 is the length of an axis)", "-1/3 * yours")
case("factor", squares, lambda x: np.sqrt(2) * x, X, "sqrt(1/2) times the derivative", "sqrt(2) * yours")
case("factor", lambda x: np.sum(np.tanh(x) * x), lambda x: np.tanh(x) + 2 * x * (1 - np.tanh(x) ** 2), X, "2*x*(1 - tanh(x)**2) should be multiplied by 1/2", "tanh(x) + x*(1 - tanh(x)**2)")
case("factor", lambda x: np.sum(np.exp(x)), lambda x: 2 * np.sum(np.exp(x)), X, "2 times the derivative", "1/2 * yours", of="value")
case("transpose", layer, lambda W, x: W @ (2 * np.tanh(W @ x) * (1 - np.tanh(W @ x) ** 2)), (S, X[:2]), "W.T should stand where W does", "W.T @ (2*tanh(W @ x)*(1 - tanh(W @ x)**2))", wrt="x")
case("transpose", lambda A, B: np.sum(np.sin(A @ B)), lambda A, B: B @ np.cos(A @ B).T, (S, S + 1), "the transpose of the derivative", "yours.T")
case("missing_reduction", softmax, lambda x, g: softmax(x) * (g - softmax(x) * g), X, "exp(x - max(x, axis=0))*g/sum(exp(x - max(x, axis=0))) is not summed over axis 0", "t1*(g - sum(t1*g))  where t1 = exp(x - max(x, axis=0))/sum(exp(x - max(x, axis=0)))", of="vjp")
case("wrong_axis", lambda M: softmax(M, axis=1), lambda M, g: softmax(M, axis=1) * (g - np.sum(softmax(M, axis=1) * g, axis=0)), S, "sums and maxima run along axis 0 where they should along axis 1", None, of="vjp")
case("wrong_axis", lambda M: np.sum(np.sum(M, axis=0) ** 2) + np.sum(np.sum(M * S, axis=1) ** 2), lambda M: 2 * np.sum(M, axis=0) + 2 * S * np.sum(M * S, axis=0)[:, None], S + 1, "M*[[2.0, 0.5], [-1.0, 1.5]] is summed over axis 0 instead of 1", None)
case("index", lambda x: np.sum(x[1:] * x[:-1]), lambda x: np.concatenate([x[1:], x[:1] * 0]) + np.concatenate([x[:1] * 0, x[1:]]), Z, "x[1:] stands where x[:3] should", "concatenate([x[1:], [0]], axis=0) + concatenate([[0], x[:3]], axis=0)")
case("swapped", lambda x, y: np.sum(np.sin(x * y)), lambda x, y: (np.cos(x * y) * x, np.cos(x * y) * y), (X, Y), "this is the derivative by y", "exchange the two results", wrt=(0, 1))
case("swapped", lambda x, y: np.sum(x**2 * y), lambda x, y: 2 * y * y, (X, Y), "y stands where x should", "2*x*y", edit=False)

# What flows ---------------------------------------------------------------------------------------------------

case("upstream", np.tanh, lambda x, g: 1 - np.tanh(x) ** 2, X, "1 - tanh(x)**2 is not multiplied by the cotangent g", "g*(1 - tanh(x)**2)", of="vjp")
case("upstream", np.exp, lambda x, g: g * (np.exp(x) * g), X, "the factor g is too many", "exp(x)*g", of="vjp")
case("stale", lambda x: np.sum(np.tanh(x) ** 2), lambda x: 2 * np.tanh(x) * (1 - x**2), X, "x stands where tanh(x) should", "2*tanh(x)*(1 - tanh(x)**2)")
case("chain", lambda x: np.sum(np.tanh(2 * x) ** 2), lambda x: 2 * np.tanh(2 * x) * 2, X, "4*tanh(2*x) is not multiplied by the inner derivative 1 - tanh(2*x)**2", "4*tanh(2*x)*(1 - tanh(2*x)**2)")
case("missing_path", lambda x: np.sum(x * np.exp(x)), lambda x: x * np.exp(x), X, "what flows from x into x*exp(x) is left out", "yours + exp(x)", edit=False)
case("missing_path", lambda x: np.sin(x) * x, lambda x, v: np.cos(x) * x * v, X, "what flows from x into x*sin(x) is left out", "sin(x)*v + x*v*cos(x)", edit=False, of="jvp")
case("missing_path", lambda x: np.sum(np.sin(x) ** 2), lambda x: np.diag(2 * np.cos(x) ** 2), X, "what flows from cos(x) into 2*sin(x)*cos(x) is left out", "diag(-2*sin(x)**2) + diag(2*cos(x)**2)", edit=False, of="hessian")
case("extra_term", squares, lambda x: 2 * x + 1 / x, X + 3, "the term 1/x is too many", "2*x")

# Other functions -----------------------------------------------------------------------------------------------

case("second_order", lambda x: np.sum(np.sin(x)), lambda x: np.diag(np.exp(x)), X, "the second derivative is wrong: this is the derivative of exp, not of cos(x)", "diag(-sin(x))", edit=False, of="hessian")
case("second_order", lambda x: np.sum(np.sin(x)), lambda x, v: 0 * v, X, "zero: the first derivative is taken for a constant", "-sin(x)*v", of="hvp")
case("convention", lambda x: np.sum(x * ndtr(x)), lambda x: expit(1.702 * x) * (1 + 1.702 * x * (1 - expit(1.702 * x))), X, "right for the GELU: the form with sigmoid(1.702 x) where the function has the form with erf", None, edit=False)
case("wrong_function", lambda x: np.sum(np.tanh(x)), lambda x: expit(x) * (1 - expit(x)), X, "this is the derivative of sigmoid, not of tanh(x)", "1 - tanh(x)**2", edit=False)
case("unknown", squares, lambda x: np.exp(x) + 3 * np.sin(x), X, "no known mistake explains the difference", "2*x", edit=False)
