"""Exact proofs at a concrete shape: right pairs are proved, wrong pairs never are."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from symdiff.calculus import gradient
from symdiff.doors.tracing import trace
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import from_function
from symdiff.ir.graph import Node, Store
from symdiff.ir.merging import merge
from symdiff.ir.ops import Input, Map
from symdiff.proof.at_shape.generators import Algebra
from symdiff.proof.at_shape.positivity import Positivity
from symdiff.proof.at_shape.witnesses import Search
from symdiff.proof.at_shape.zero_test import ZeroTest, equal_at_shape

Function = Callable[..., Any]
V, S, M = np.zeros(3), np.zeros(()), np.zeros((3, 2))
SECONDS = 20.0


def same(f: Function, g: Function, *examples: Any, facts: Any = None, seconds: float = SECONDS) -> ZeroTest:
    """Whether g is proved equal to f."""
    truth, claim = trace(f, *examples), trace(g, *examples)
    return _compare(truth, list(truth.outputs), claim, facts, seconds)


def right(f: Function, g: Function, *examples: Any, wrt: str | None = None, facts: Any = None) -> ZeroTest:
    """Whether g is proved to be the gradient of f."""
    graph, claim = trace(f, *examples), trace(g, *examples)
    derived = gradient(graph, [wrt or graph.input_names[0]])
    return _compare(graph, list(derived.outputs), claim, facts, SECONDS)


def _compare(truth: Any, left: list[Node], claim: Any, facts: Any, seconds: float) -> ZeroTest:
    place = merge(claim, truth.store, dict(zip(claim.inputs, truth.inputs, strict=True)))
    return equal_at_shape(
        truth.store, left, [place[n] for n in claim.outputs], facts=facts or {}, seconds=seconds
    )


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum()


def shifted(z: Any) -> Any:
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum()


def relu(z: Any) -> Any:
    return np.maximum(z, 0)


def cross_entropy(z: Any, y: Any) -> Any:
    return -(y * np.log(softmax(z))).sum()


def huber(x: Any) -> Any:
    return np.where(np.abs(x) <= 1, 0.5 * x**2, np.abs(x) - 0.5).sum()


def layer_norm(x: Any, g: Any, u: Any) -> Any:
    return (u * g * (x - x.mean()) / np.sqrt(((x - x.mean()) ** 2).mean() + 1e-5)).sum()


def layer_norm_by_hand(x: Any, g: Any, u: Any) -> Any:
    s = 1 / np.sqrt((x * x).mean() - x.mean() ** 2 + 1e-5)
    n, d = (x - x.mean()) * s, u * g
    return s * (d - d.mean() - n * (d * n).mean())


# Identities -----------------------------------------------------------------------------------

EQUAL: dict[str, tuple[Function, Function]] = {
    "exp of a double": (lambda x: np.exp(2 * x), lambda x: np.exp(x) ** 2),
    "exp of a third": (lambda x: np.exp(x / 3) ** 3, np.exp),
    "exp of a sum": (lambda x: np.exp(x[0] + x[1]), lambda x: np.exp(x[0]) * np.exp(x[1])),
    "sigmoid slope": (lambda x: sigmoid(x) * (1 - sigmoid(x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "sigmoid by exp": (special.expit, lambda x: np.exp(x) / (1 + np.exp(x))),
    "tanh by sigmoid": (np.tanh, lambda x: 2 * sigmoid(2 * x) - 1),
    "tanh slope, cosh": (lambda x: 1 - np.tanh(x) ** 2, lambda x: 1 / np.cosh(x) ** 2),
    "tanh slope, exp": (lambda x: 1 - np.tanh(x) ** 2, lambda x: 4 / (np.exp(x) + np.exp(-x)) ** 2),
    "log of exp": (lambda x: np.log(np.exp(x)), lambda x: x),
    "exp of log": (lambda x: np.exp(np.log(x)), lambda x: x),
    "shift": (shifted, softmax),
    "softmax sums to one": (lambda x: softmax(x).sum(), lambda x: x[0] - x[0] + 1),
    "abs by relu": (np.abs, lambda x: relu(x) + relu(-x)),
    "root of a square": (np.abs, lambda x: np.sqrt(x**2)),
    "softplus": (lambda x: np.log(1 + np.exp(x)), lambda x: relu(x) + np.log(1 + np.exp(-np.abs(x)))),
    "sine of a sum": (
        lambda x: np.sin(x[0] + x[1]),
        lambda x: np.sin(x[0]) * np.cos(x[1]) + np.cos(x[0]) * np.sin(x[1]),
    ),
    "odd erf": (lambda x: special.erf(-x), lambda x: -special.erf(x)),
    "erfc": (special.erfc, lambda x: 1 - special.erf(x)),
    "roots multiply": (lambda x: np.sqrt(x[0]) * np.sqrt(x[1]), lambda x: np.sqrt(x[0] * x[1])),
    "half powers": (lambda x: x**1.5, lambda x: x * np.sqrt(x)),
    "cubic of softmax, two entries": (
        lambda x: 1 - 3 * (softmax(x[:2]) ** 2).sum() + 2 * (softmax(x[:2]) ** 3).sum(),
        lambda x: x[0] - x[0],
    ),
}

GRADIENTS: dict[str, tuple[Function, Function, tuple[Any, ...]]] = {
    "log-sum-exp": (lambda x: np.log(np.exp(x).sum()), shifted, (V,)),
    "shifted log-sum-exp": (lambda x: x.max() + np.log(np.exp(x - x.max()).sum()), softmax, (V,)),
    "cross entropy": (cross_entropy, lambda z, y: shifted(z) * y.sum() - y, (V, V)),
    "mask from the output": (lambda x: (relu(x) ** 2).sum(), lambda x: 2 * relu(x) * (relu(x) > 0), (V,)),
    "norm": (np.linalg.norm, lambda x: x / np.linalg.norm(x), (V,)),
    "huber": (huber, lambda x: np.clip(x, -1, 1), (V,)),
    "layer norm": (layer_norm, layer_norm_by_hand, (V, V, V)),
    "standard deviation": (lambda x: x.std(), lambda x: (x - x.mean()) / (3 * x.std()), (V,)),
    "x log x": (lambda x: (x * np.log(x)).sum(), lambda x: np.log(x) + 1, (V,)),
    "power": (lambda x, y: (x**y).sum(), lambda x, y: y * x ** (y - 1), (V, V)),
    "logits": (
        lambda z, y: (relu(z) - z * y + np.log1p(np.exp(-np.abs(z)))).sum(),
        lambda z, y: special.expit(z) - y,
        (V, V),
    ),
    "gelu": (
        lambda x: (0.5 * x * (1 + special.erf(x / np.sqrt(2)))).sum(),
        lambda x: 0.5 * (1 + special.erf(x / np.sqrt(2))) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
        (V,),
    ),
}


@pytest.mark.parametrize("name", EQUAL)
def test_proves_identities(name: str) -> None:
    test = same(*EQUAL[name], V)
    assert test.equal, test.reason


@pytest.mark.parametrize("name", GRADIENTS)
def test_proves_gradients(name: str) -> None:
    f, g, examples = GRADIENTS[name]
    test = right(f, g, *examples)
    assert test.equal, test.reason


MUTATIONS: dict[str, Function] = {
    "sign": lambda y: -y,
    "factor": lambda y: 2 * y,
    "extra term": lambda y: y + 1,
    "missing entry": lambda y: y * np.array([1.0, 1.0, 0.0]),
    "swapped index": lambda y: y[np.array([1, 0, 2])],
}


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("name", GRADIENTS)
def test_never_proves_a_mutant(name: str, mutation: str) -> None:
    f, g, examples = GRADIENTS[name]
    assert right(f, lambda *xs: MUTATIONS[mutation](g(*xs)), *examples).equal is None


# Soundness traps ------------------------------------------------------------------------------


def zero_in_disguise(x: Any) -> Any:
    """Zero for positive x, not for negative x, and the program does not know."""
    return np.arctan(x) + np.arctan(1 / x) - np.pi / 2


TRAPS: dict[str, tuple[Function, Function]] = {
    "u/u, u zero": (lambda x: (np.sqrt(x**2) - np.abs(x)) / (np.sqrt(x**2) - np.abs(x)), lambda x: x - x + 1),
    "u/u, u zero on one side": (lambda x: zero_in_disguise(x) / zero_in_disguise(x), lambda x: x - x + 1),
    "ge is gt, u zero on one side": (lambda x: zero_in_disguise(x) >= 0, lambda x: zero_in_disguise(x) > 0),
    "ge is gt at the maximum": (lambda x: x >= x.max(), lambda x: x > x.max()),
    "ge is gt of relu": (lambda x: relu(x) >= 0, lambda x: relu(x) > 0),
    "root of a sum of products": (
        lambda x: np.sqrt(x[0] * x[1] + x[0] * x[2]),
        lambda x: np.sqrt(x[0]) * np.sqrt(x[1] + x[2]),
    ),
    "cubic of softmax, three entries": (
        lambda x: 1 - 3 * (softmax(x) ** 2).sum() + 2 * (softmax(x) ** 3).sum(),
        lambda x: x[0] - x[0],
    ),
    "root of a square is not x": (lambda x: np.sqrt(x**2), lambda x: x),
    "exp of half the log of a square": (lambda x: np.exp(0.5 * np.log(x**2)), lambda x: x),
    "log of a product": (lambda x: np.log(x[0] * x[1]), lambda x: np.log(x[0]) + np.log(x[1])),
    "exp of log of anything": (lambda x: x, lambda x: np.exp(np.log(x))),
    "a masked quotient": (lambda x: np.where(relu(x) > 0, 1 / relu(x), 0), lambda x: 1 / x),
    "a masked logarithm says nothing elsewhere": (
        lambda x: np.where(x > 0, np.log(x), 0) + x,
        lambda x: np.where(x > 0, np.log(x), 0) + np.exp(0.5 * np.log(x**2)),
    ),
    "a wider mask": (
        lambda x: np.where(x > 0, np.log(x), 0),
        lambda x: np.where(x > -1, np.log(x), 0) * (x > 0),
    ),
    "root of relu": (lambda x: np.sqrt(relu(x)), np.sqrt),
    "a power of relu": (lambda x: relu(x) ** (2 + np.tanh(x[0])), lambda x: x ** (2 + np.tanh(x[0]))),
    "a power of a mask": (lambda x: x ** (x[0] > 1), lambda x: np.abs(x) ** (x[0] > 1)),
    "defined nowhere": (lambda x: np.log(np.sin(x) - 2), lambda x: np.log(np.sin(x) - 2) + x),
    "defined nowhere, case by case": (
        lambda x: np.arctanh(np.maximum(x**2, 2)),
        lambda x: relu(np.arctanh(np.maximum(x**2, 2))) - relu(-np.arctanh(np.maximum(x * np.abs(x), 2))),
    ),
    "arctan of the reciprocal": (np.arctan, lambda x: -np.arctan(1 / x)),
    "a narrower arcsine": (lambda x: x - x, lambda x: np.arcsin(x) + np.arcsin(-x)),
}


@pytest.mark.parametrize("name", TRAPS)
def test_falls_into_no_trap(name: str) -> None:
    assert same(*TRAPS[name], V).equal is None


FAULTS: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "no absolute value": (
        "root of a square is not x",
        lambda patch: patch.setattr(Algebra, "absolute", lambda self, p: p),
    ),
    "no witnesses": (
        "u/u, u zero on one side",
        lambda patch: patch.setattr(Search, "certify", lambda self, conditions, domains: None),
    ),
    "no domains": (
        "root of a sum of products",
        lambda patch: patch.setattr(Algebra, "demand", lambda self, indicator: None),
    ),
    "all merged": (
        "ge is gt, u zero on one side",
        lambda patch: patch.setattr(Positivity, "is_clean", lambda self, poly: True),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_guard_is_what_keeps_a_trap_shut(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trap, plant = FAULTS[fault]
    plant(monkeypatch)
    assert same(*TRAPS[trap], V).equal, f"{trap} is refused even without the guard: it tests nothing"


def test_records_what_was_cancelled() -> None:
    assert same(lambda x: x / x, lambda x: x - x + 1, S).assumptions == ("x != 0",)


def test_says_which_denominators_only_the_claim_has() -> None:
    assert same(lambda x: x, lambda x: x**2 / x, S).assumptions == ("x != 0 (needed by the right side only)",)


def test_records_kinks_only_where_conventions_differ() -> None:
    assert same(lambda x: x >= 0, lambda x: x > 0, S).assumptions == ("away from x = 0",)
    assert same(np.abs, lambda x: relu(x) + relu(-x), S).assumptions == ()


def test_records_the_domain_of_the_truth() -> None:
    assert same(lambda x: np.exp(np.log(x)), lambda x: x, S).assumptions == ("x > 0",)


def test_a_masked_logarithm_is_no_assumption() -> None:
    test = same(
        lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0),
        lambda x: np.where(x > 0, np.log(x), 0),
        S,
    )
    assert test.equal, test.reason
    assert test.assumptions == ("away from x = 0",)


def test_says_why_not() -> None:
    assert same(np.exp, np.sin, S).reason == "output 0: the difference is not zero"
    reason = same(lambda x: x, lambda x: np.exp(np.log(x)), S).reason
    assert reason == "output 0: the right side is not defined wherever the left is: it needs [x > 0]"


def test_reports_readings() -> None:
    test = same(lambda x: x * np.sqrt(2 / np.pi), lambda x: x * np.sqrt(2) / np.sqrt(np.pi), S)
    assert test.equal
    assert "0.7978845608028654 read as sqrt(2)/sqrt(pi)" in test.readings


def test_stops_when_the_time_is_used_up() -> None:
    test = same(lambda x: np.exp(x), lambda x: np.exp(x) + x, V, seconds=0.0)
    assert test.equal is None
    assert test.reason.startswith("over budget")


# Domain facts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("fact", "proved"), [(None, None), ("one_hot", True), ("simplex", True)])
def test_p_minus_y_needs_rows_that_sum_to_one(fact: str | None, proved: bool | None) -> None:
    facts = {"y": fact} if fact else {}
    assert right(cross_entropy, lambda z, y: softmax(z) - y, V, V, facts=facts).equal is proved


@pytest.mark.parametrize(("facts", "proved"), [({}, None), ({"A": "symmetric"}, True)])
def test_quadratic_form_needs_symmetry(facts: dict[str, str], proved: bool | None) -> None:
    f, g = (lambda x, A: 0.5 * x @ A @ x), (lambda x, A: A @ x)
    assert right(f, g, V, np.zeros((3, 3)), facts=facts).equal is proved


@pytest.mark.parametrize(
    ("facts", "proved"), [({}, None), ({"x": (0, None)}, True), ({"x": (None, 0)}, None)]
)
def test_logarithms_split_on_positive_domains(facts: dict[str, Any], proved: bool | None) -> None:
    f, g = (lambda x: np.log(x[0] / x[1])), (lambda x: np.log(x[0]) - np.log(x[1]))
    assert same(f, g, V, facts=facts).equal is proved


def test_bounds_decide_comparisons() -> None:
    assert same(lambda x: np.clip(x, -1, 3), lambda x: x, V, facts={"x": (0, 2)}).equal
    assert same(lambda x: np.clip(x, -1, 1), lambda x: x, V, facts={"x": (0, 2)}).equal is None


def test_masks_that_are_inputs_are_proved_case_by_case() -> None:
    mask = np.array([True, True, False])

    def kept(s: Any, m: Any) -> Any:
        return np.sum(softmax(np.where(m, s, -np.inf)) * np.arange(3))

    def by_weights(s: Any, m: Any) -> Any:
        weights = np.where(m, np.exp(s), 0)
        return np.sum(weights * np.arange(3)) / np.sum(weights)

    def without_mask(s: Any, m: Any) -> Any:
        return np.sum(softmax(s) * np.arange(3))

    assert same(kept, by_weights, np.ones(3), mask).equal
    assert same(kept, without_mask, np.ones(3), mask).equal is None


def test_masks_with_minus_infinity() -> None:
    mask = np.tril(np.ones((3, 3), dtype=bool))

    def attention(Q: Any, K: Any, U: Any) -> Any:
        return (U * special.softmax(np.where(mask, Q @ K.T, -np.inf), axis=-1)).sum()

    def by_hand(Q: Any, K: Any, U: Any) -> Any:
        E = np.where(mask, np.exp(Q @ K.T), 0)
        P = E / E.sum(-1, keepdims=True)
        return P * (U - (U * P).sum(-1, keepdims=True)) @ K

    test = right(attention, by_hand, M, M, np.zeros((3, 3)))
    assert test.equal, test.reason


# Speed and size -------------------------------------------------------------------------------


def network(W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, x: Any) -> Any:
    return sigmoid(W3 @ np.tanh(W2 @ np.tanh(W1 @ x + b1) + b2) + b3).sum()


def backpropagation(
    W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, x: Any, *, swap: bool = False
) -> Any:
    a1 = np.tanh(W1 @ x + b1)
    a2 = np.tanh(W2 @ a1 + b2)
    s = np.exp(W3 @ a2 + b3) / (1 + np.exp(W3 @ a2 + b3))
    d3 = s * (1 - s)
    d2 = (W3.T @ d3) * (1 - a2**2)
    d1 = ((W2 if swap else W2.T) @ d2) * (1 - a1**2)
    return np.outer(d1, x), d1, np.outer(d2, a1), d2, np.outer(d3, a2), d3


@pytest.mark.parametrize("swap", [False, True])
def test_decides_a_network_of_25_parameters(swap: bool) -> None:
    shapes = [(3, 2), (3,), (3, 3), (3,), (1, 3), (1,), (2,)]
    examples = [np.zeros(shape) for shape in shapes]
    graph = trace(network, *examples)
    left = gradient(graph, graph.input_names[:6]).outputs
    claim = trace(
        lambda W1, b1, W2, b2, W3, b3, x: backpropagation(W1, b1, W2, b2, W3, b3, x, swap=swap), *examples
    )
    assert _compare(graph, list(left), claim, None, 5.0).equal is (None if swap else True)


def test_merge_identifies_inputs_and_equal_subgraphs() -> None:
    one, two = trace(lambda x: np.tanh(x) + 1, V), trace(lambda x: np.tanh(x) + 1, V)
    assert [merge(two, one.store)[n] for n in two.outputs] == list(one.outputs)


# Random pairs ---------------------------------------------------------------------------------

UNARY: dict[str, tuple[Function, Function]] = {
    "exp": (sp.exp, mpmath.exp),
    "tanh": (sp.tanh, mpmath.tanh),
    "sin": (sp.sin, mpmath.sin),
    "square": (lambda a: a**2, lambda a: a * a),
    "log": (sp.log, lambda a: mpmath.log(a) if a > 0 else None),
    "sqrt": (sp.sqrt, lambda a: mpmath.sqrt(a) if a >= 0 else None),
    "reciprocal": (lambda a: 1 / a, lambda a: 1 / a if a else None),
    "absolute": (abs, abs),
    "relu": (lambda a: sp.Piecewise((a, a > 0), (0, True)), lambda a: max(a, mpmath.mpf(0))),
    "step": (lambda a: sp.Piecewise((1, a > 0), (0, True)), lambda a: mpmath.mpf(int(a > 0))),
}
FORMULAS = {name: from_function(formula, 1) for name, (formula, _) in UNARY.items()}

leaves = st.sampled_from([("x", 0), ("x", 1), ("number", 2), ("number", -1)])
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), inner),
        st.tuples(st.sampled_from(["add", "multiply"]), inner, inner),
    ),
    max_leaves=5,
)
TEMPTING: list[Function] = [  # right, right on a half-line, wrong
    lambda e: ("sqrt", ("square", e)),
    lambda e: ("square", ("sqrt", e)),
    lambda e: ("exp", ("log", e)),
    lambda e: ("log", ("exp", e)),
    lambda e: ("multiply", ("square", e), ("reciprocal", e)),
    lambda e: ("absolute", e),
    lambda e: ("relu", e),
    lambda e: ("multiply", e, ("step", e)),
    lambda e: ("add", ("relu", e), ("multiply", ("number", -1), ("relu", ("multiply", ("number", -1), e)))),
    lambda e: ("add", e, ("number", -1)),
]


def build(store: Store, inputs: list[Node], e: tuple[Any, ...]) -> Node:
    match e:
        case ("x", k):
            return inputs[int(k)]
        case ("number", value):
            return alg.constant(store, Fraction(value))
        case ("add", left, other):
            return alg.add(store, build(store, inputs, left), build(store, inputs, other))
        case ("multiply", left, other):
            return alg.multiply(store, build(store, inputs, left), build(store, inputs, other))
        case (name, inner):
            return store.add(Map(FORMULAS[name]), (build(store, inputs, inner),))
    raise AssertionError(e)


def value(e: Any, point: tuple[Any, ...]) -> Any:
    """The value, None where it is undefined; an ArithmeticError where rounding may decide."""
    match e:
        case ("x", k):
            return point[k]
        case ("number", number):
            return mpmath.mpf(number)
    parts = [value(inner, point) for inner in e[1:]]
    if any(part is None for part in parts):
        return None
    if any(abs(part) > 1e6 or 0 < abs(part) < 1e-15 for part in parts):
        raise ArithmeticError
    if e[0] == "add":
        return parts[0] + parts[1]
    return parts[0] * parts[1] if e[0] == "multiply" else UNARY[e[0]][1](parts[0])


POINTS = [(Fraction(a, 7), Fraction(b, 5)) for a, b in ((3, 4), (-3, 4), (5, -2), (-9, -8), (12, 1), (-1, 9))]


@given(expressions, st.sampled_from(TEMPTING), st.sampled_from(TEMPTING), st.booleans())
def test_what_is_proved_agrees_with_numbers(e: Any, first: Function, second: Function, twice: bool) -> None:
    claim = second(first(e)) if twice else first(e)
    store = Store()
    inputs = [store.add(Input(f"x{k}", ())) for k in range(2)]
    test = equal_at_shape(store, [build(store, inputs, e)], [build(store, inputs, claim)], seconds=5.0)
    if not test.equal:
        return
    with mpmath.workdps(40):
        for place in POINTS:
            point = tuple(mpmath.mpf(x.numerator) / x.denominator for x in place)
            try:
                truth, claimed = value(e, point), value(claim, point)
            except ArithmeticError:
                continue
            if truth is not None:
                assert claimed is not None, (e, claim, place)
                assert abs(truth - claimed) < 1e-20 * (1 + abs(truth)), (e, claim, place)
