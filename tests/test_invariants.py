"""Is every property that a report states true, does a wrong claim break it, and does no right one?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib import import_module
from itertools import islice
from typing import Any

import numpy as np
import pytest
from corpus import Pair

import symdiff as sd
from symdiff.checking import moving, symmetries
from symdiff.checking.arguments import is_symbolic, parameters
from symdiff.checking.domains import normal
from symdiff.checking.effort import work
from symdiff.checking.invariants import Invariant, invariants
from symdiff.checking.questions import Of, Question, ask
from symdiff.checking.sampling import points
from symdiff.checking.witnesses import by_node
from symdiff.verdicts import Verdict

X = np.array([1.0, 2.0, 3.0])
ROWS = np.array([[1.0, 2.0, 4.0], [3.0, 5.0, 2.5]])


def softmax(x: Any) -> Any:
    e = np.exp(x)
    return e / np.sum(e, axis=-1, keepdims=True)


def log_sum_exp(x: Any) -> Any:
    return np.log(np.sum(np.exp(x)))


def norm(x: Any) -> Any:
    return np.sqrt(np.sum(x**2))


def rms_norm(x: Any) -> Any:
    return x / np.sqrt(np.mean(x**2))


def form(A: Any, x: Any) -> Any:
    return x @ A @ x


def cubes(x: Any) -> Any:
    return np.sum(x**3) + x[0] * x[1]


BROKEN: list[tuple[Any, Any, Any, Of, int | str, str]] = [
    (
        softmax, lambda x, g: softmax(x) * g, X, "vjp", 0,
        "softmax does not change when a constant is added to x, so sum(dx) must be 0; yours is 0.5",
    ),
    (
        softmax, lambda x, g: softmax(x) * g, ROWS, "vjp", 0,
        "softmax does not change when a constant is added along axis 1 of x, so every sum of dx along axis 1 "
        "must be 0; yours is 0.5",
    ),
    (
        softmax, lambda x: np.diag(softmax(x)), X, "jacobian", 0,
        "softmax does not change when a constant is added to x, so every sum of J over x must be 0; yours is 0.5",
    ),
    (
        log_sum_exp, np.exp, X, "gradient", 0,
        "log_sum_exp(x + c) = log_sum_exp(x) + c, so sum(dx) must be 1; yours is 2",
    ),
    (
        log_sum_exp, lambda x, d: softmax(x) * d, X, "hvp", 0,
        "log_sum_exp(x + c) = log_sum_exp(x) + c, so sum(Hv) must be 0; yours is 0.5",
    ),
    (
        np.sum, lambda x: x, X, "gradient", 0,
        "sum(a + c) = sum(a) + 2*c, so sum(da) must be 2; yours is 0",
    ),
    (
        norm, lambda x: x / np.sum(x**2), X, "gradient", 0,
        "norm(t*x) = t * norm(x) for t > 0, so sum(x * dx) must be norm(x) = 1.41421; yours is 1",
    ),
    (
        rms_norm, lambda x, g: g / np.sqrt(np.mean(x**2)), X, "vjp", 0,
        "rms_norm does not change when x is multiplied by t > 0, so sum(x * dx) must be 0; yours is 1.41421",
    ),
    (
        form, lambda A, x: A @ x, (np.eye(2), X[:2]), "gradient", "x",
        "form(t*x) = t**2 * form(x) for t > 0, so sum(x * dx) must be 2 * form(x) = 2; yours is 1",
    ),
    (
        np.cos, lambda x: 1 - np.sin(x), 1.0, "gradient", 0,
        "cos(-x) = cos(x), so dx must change its sign with x; your dx is 1 at x = 0",
    ),
    (
        np.tanh, lambda x, g: g * (1 - np.tanh(x)), X, "vjp", 0,
        "tanh(-x) = -tanh(x), so dx must be the same at x and -x; your dx[0] is 0.238406, and 1.76159 at -x",
    ),
    (
        cubes, lambda x: np.diag(6 * x) + np.eye(3, k=1) * np.array([0.0, 1, 0]), X, "hessian", 0,
        "a Hessian is symmetric; yours has H[0, 1] = 1 and H[1, 0] = 0",
    ),
    (
        np.tanh, lambda x, g: 1 - np.tanh(x) ** 2, X, "vjp", 0,
        "a vjp is linear in its cotangent; with g = 0 your dx[0] is 1, not 0",
    ),
    (
        np.tanh, lambda x, g: (1 - np.tanh(x) ** 2) * g**2, X, "vjp", 0,
        "a vjp is linear in its cotangent; with 2*g your dx[0] goes from 1 to 4",
    ),
    (
        np.tanh, lambda x, g: (1 - np.tanh(x) ** 2) * np.abs(g), X, "vjp", 0,
        "a vjp is linear in its cotangent; with -g your dx[0] stays 1",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fn", "claim", "inputs", "of", "wrt", "told"), BROKEN)
def test_a_wrong_claim_breaks_what_needs_no_reference(
    fn: Any, claim: Any, inputs: Any, of: Of, wrt: Any, told: str
) -> None:
    verdict = sd.check(fn, claim, inputs, of=of, wrt=wrt)
    assert verdict.status == "refuted"
    assert told in verdict.invariants
    assert told in " ".join(str(verdict).split())


def stated(fn: Any, of: Of = "gradient", inputs: Any = X, domain: Any = None) -> list[Invariant]:
    """What is said of a function's derivative, at a point with all entries different."""
    question = ask(fn, (lambda x: x) if of == "gradient" else lambda x, g: g, parameters(fn, inputs), 0, of)
    rules = normal(domain or {})
    point = next(points(question.truth, by_node(question), rules, 1))
    return invariants(question, 0, point, rules)


ALMOST: list[Callable[..., Any]] = [
    lambda x: np.sum(np.clip(x, -5000, 5000)),
    lambda x: np.sum(np.maximum(x, 0)) + np.sum(np.maximum(x - 5000, 0) ** 2),
    lambda x: np.sum(np.where(x > 9000, x**2, 1.0)),
    lambda x: np.sum(x**2) + 1e-18 * x[0],
    lambda x: np.sum(np.tanh(1000 * x + 1)),
    lambda x: np.sqrt(np.sum(x**2) + 1e-18) + x[0] ** 3 * 1e-18,
    lambda x: np.sum(x) ** 2 * np.exp(1e-18 * np.sum(x)),
]


@pytest.mark.parametrize("fn", ALMOST)
def test_what_only_nearly_holds_is_not_said(fn: Any) -> None:
    assert stated(fn) == []


def test_what_holds_on_a_domain_only_is_judged_there() -> None:
    assert [i.words for i in stated(np.sum, domain={"a": (0, None)})] == [
        "sum(da) = 3",
        "sum(a * da) = sum(a)",
    ]
    assert stated(lambda p: -np.sum(p * np.log(p)), domain={"p": "simplex"}) == []


def by_chance(x: Any) -> Any:
    """Its gradient sums to 0 where x[0] + x[1] = 3, but it is not the same after a shift."""
    return (x[0] - x[1]) ** 3 + (x[0] + x[1] - 3) ** 2


def test_what_holds_at_one_point_is_not_said() -> None:
    question = ask(by_chance, lambda x: x, {"x": X[:2]}, 0, "gradient")
    (node,) = question.forward.inputs
    assert invariants(question, 0, {node: np.array([Fraction(1), Fraction(2)])}, {}) == []


MODULES = (
    "activations",
    "classifying",
    "elementwise",
    "layers",
    "losses",
    "matrices",
    "norms",
    "second_order",
)


def pairs() -> Iterator[Pair]:
    for name in MODULES:
        yield from import_module(f"corpus.{name}").PAIRS.found


def asked(pair: Pair) -> Question | None:
    """The question of the right twin, if it is traced, small, and about one shape."""
    named = parameters(pair.fn, pair.inputs)
    if is_symbolic(named):
        return None
    question = ask(pair.fn, pair.right, named, pair.wrt, pair.of)
    is_small = question.claimed is not None and work(question.truth.store, question.truth.outputs) < 300
    return question if is_small else None


def alarms(pair: Pair) -> list[str]:
    """What a right derivative is said to break."""
    question, domain = asked(pair), normal(pair.domain)
    if question is None:
        return []
    chosen = list(islice(points(question.truth, by_node(question), domain, 3), 2))
    targets = range(len(question.targets))
    found = [i for point in chosen for k in targets for i in invariants(question, k, point, domain)]
    return [i.told for i in found if i.broken]


def test_a_right_derivative_breaks_nothing() -> None:
    assert {pair.name: told for pair in pairs() if (told := alarms(pair))} == {}


def test_a_property_that_the_function_lacks_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving.Moving, "holds", lambda *_: True)
    with pytest.raises(AssertionError):
        test_what_holds_at_one_point_is_not_said()


def test_a_wrong_demand_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    demand = symmetries._demand
    monkeypatch.setattr(symmetries, "_demand", lambda m, rate: (demand(m, rate)[0] * 2, demand(m, rate)[1]))
    with pytest.raises(AssertionError):
        test_a_wrong_claim_breaks_what_needs_no_reference(*BROKEN[3])


# What is right ----------------------------------------------------------------------------------------------


def right_of(fn: Any, claim: Any, inputs: Any, **more: Any) -> tuple[str, ...]:
    verdict: Verdict = sd.check(fn, claim, inputs, **more)
    assert verdict.status == "refuted"
    return verdict.right


def test_what_is_right() -> None:
    assert right_of(softmax, lambda x, g: softmax(x) * g, X, of="vjp") == ("shape (3,)", "linear in g")
    assert right_of(cubes, lambda x: np.diag(6 * x), X, of="hessian") == (
        "shape (3, 3)",
        "every entry but H[0, 1], H[1, 0]",
        "symmetric",
    )
    assert right_of(lambda x: np.sum(x**3), lambda x: np.diag(5 * x), X, of="hessian") == (
        "shape (3, 3)",
        "H off the diagonal",
        "symmetric",
    )
    assert "dx[1]" in right_of(cubes, lambda x: 3 * x**2 + np.array([0, 1, 1]) * x[0], X)
    assert "agrees at" in " ".join(
        right_of(lambda x: np.sum(np.maximum(x, 0) ** 2), lambda x: 2 * x, np.array(0.5).reshape(1))
    )


def test_nothing_is_right_where_nothing_is() -> None:
    assert right_of(np.cos, lambda x: 5 + x**2, 1.0) == ()
