"""Has a normal form the value of its graph? Random graphs in certified balls, and one test for each rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import symdiff as sd
from symdiff.calculus import vjp
from symdiff.errors import SymdiffError
from symdiff.evaluation.arithmetics import BALLS, working_precision
from symdiff.evaluation.exact import evaluate
from symdiff.ir.concrete import at_sizes, size_symbols
from symdiff.ir.graph import Graph
from symdiff.proof.every_shape.building import Builder
from symdiff.proof.every_shape.canonical import canonical
from symdiff.proof.every_shape.evaluating import Evaluator
from symdiff.proof.every_shape.factoring import factors
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.terms import Expr, OverBudget, Undefined, constant, plus, single, times_number
from symdiff.proof.every_shape.texts import text_of
from symdiff.testing.strategies import Family, graphs, points_for

BITS = 200
exp = np.exp


def space() -> Generators:
    return Generators(10.0, 40_000)


def input_(s: Generators, name: str, *labels: int) -> Expr:
    n = sp.Symbol("n", integer=True, positive=True)
    return single((s.intern("input", name, (n,) * len(labels), degree=1), labels))


def form_of(function: Callable[..., Any], *shapes: str) -> tuple[Generators, Expr]:
    graph = sd.trace(function, *shapes)
    s = space()
    builder = Builder(graph.store, s, graph.outputs, {})
    builder.build(graph.outputs)
    return s, builder.forms[graph.outputs[0]]


# Values ---------------------------------------------------------------------------------------------------


def assert_values_agree(graph: Graph, concrete: Graph, sizes: dict[Any, int], point: Sequence[Any]) -> None:
    """The normal forms of ``graph``, evaluated at sizes, overlap the values of ``concrete``."""
    s = space()
    builder = Builder(graph.store, s, graph.outputs, {})
    try:
        builder.build(graph.outputs)
    except OverBudget:
        assume(False)
    values = dict(zip(concrete.inputs, point, strict=True))
    names = [graph.store.op(n).name for n in graph.inputs]  # type: ignore[union-attr]
    with working_precision(BITS):
        try:
            expected = evaluate(concrete.store, concrete.outputs, values, BALLS)
            opaque = at_sizes(graph.with_outputs(list(builder.opaque.values())), sizes)
            own = evaluate(opaque.store, opaque.outputs, dict(zip(opaque.inputs, point, strict=True)), BALLS)
            arrays: dict[object, Any] = dict(zip(names, point, strict=True)) | dict(
                zip(builder.opaque, own, strict=True)
            )
            evaluator = Evaluator(s, sizes, arrays, BALLS)
            found = [
                evaluator.array(builder.forms[y], builder.axes.of(graph.shape(y))) for y in graph.outputs
            ]
        except SymdiffError:
            assume(False)
    for one, other in zip(found, expected, strict=True):
        assert all(a.overlaps(b) for a, b in zip(one.ravel(), other.ravel(), strict=True))


def balls(values: Any) -> Any:
    result = np.empty(np.shape(values), dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = BALLS.number(Fraction(np.asarray(values, dtype=object)[place]))
    return result


@pytest.mark.parametrize("family", ["rational", "smooth", "kinked"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_values_of_random_graphs(family: Family, data: st.DataObject) -> None:
    graph = data.draw(graphs(family=family, most_steps=5))
    if data.draw(st.booleans()):
        graph = vjp(graph, list(graph.input_names))
    point = data.draw(points_for(graph))
    names = [graph.store.op(n).name for n in graph.inputs]  # type: ignore[union-attr]
    assert_values_agree(graph, graph, {}, [balls(point[name]) for name in names])


FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "softmax": (lambda x: exp(x - x.max(1, keepdims=True)) / exp(x).sum(1, keepdims=True), ("n d",)),
    "variance": (lambda x: x.var(0, ddof=1) / (1 + x.shape[1]), ("n d",)),
    "norm": (lambda x: x / np.sqrt((x**2).mean(-1, keepdims=True) + 0.1), ("n d",)),
    "heads": (lambda x, w: (x.reshape(x.shape[0], w.shape[0], -1) * w).sum(2), ("n h*k", "h k")),
    "merged axes": (lambda x: np.tanh(x.reshape(-1)), ("n d",)),
    "slices": (lambda x: np.concatenate([x[1:], x[:1]]) * x[::-1], ("n d",)),
    "triangle": (lambda x: exp(np.where(np.tri(x.shape[0], dtype=bool), x, -1.0)).sum(1), ("n n",)),
    "diagonals": (lambda x: np.outer(np.diag(x), np.diag(x)) + np.eye(x.shape[0]) * x, ("n n",)),
    "one-hot": (lambda x: (x == x.max()) * x.sum(), ("n",)),
    "windows": (lambda x: np.lib.stride_tricks.sliding_window_view(x, 2).sum(1) ** 2, ("n",)),
    "roots": (lambda x: np.sqrt(x * x * (1 + x * x)) + np.log((1 + x * x) ** 3 * exp(x)), ("n",)),
    "clips": (lambda x: np.clip(x, -0.5, 0.5) + np.maximum(x - 0.25, 0) * np.abs(x), ("n",)),
    "powers": (lambda x: (x.sum() ** 2 / (x.sum() + x[0]) ** 2) * x, ("n",)),
}  # fmt: skip


SIZES = [(2, 2, 2), (3, 2, 2), (2, 3, 1), (1, 1, 3)]
LONGER = ("variance", "windows")  # of one row there is no such array


@pytest.mark.parametrize(
    ("name", "sizes"), [(n, s) for n in FUNCTIONS for s in SIZES if s[0] > 1 or n not in LONGER]
)
def test_values_at_several_sizes(name: str, sizes: tuple[int, ...]) -> None:
    """One symbolic form has the right value at every size; so has its vjp's."""
    function, shapes = FUNCTIONS[name]
    graph = sd.trace(function, *shapes)
    both = vjp(graph, list(graph.input_names))
    chosen = dict(zip(sorted(size_symbols(graph), key=str), sizes, strict=False))
    random = np.random.default_rng(3)
    for one in (graph, both):
        concrete = at_sizes(one, chosen)
        point = [
            balls([Fraction(int(v), 64) for v in random.choice(180, int(np.prod(c, dtype=int)), False) - 90])
            .reshape(c) for c in (tuple(map(int, concrete.shape(n))) for n in concrete.inputs)
        ]  # fmt: skip
        assert_values_agree(one, concrete, chosen, point)


# Rules ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "shapes", "text"),
    [
        (lambda x, y: x @ y, ("n m", "m k"), "sum_k(x[i,k]*y[k,j])"),
        (lambda x: np.ones_like(x).sum(), ("n d",), "d*n"),
        (lambda x: np.eye(x.shape[0]) @ x, ("n n",), "x[i,j]"),
        (lambda x: np.trace(np.outer(x, x)), ("n",), "sum_i(x[i]**2)"),
        (lambda x: exp(x) / exp(x).sum() * exp(x).sum(), ("n",), "exp(x[i])"),
        (lambda x: (exp(x) / exp(x).sum()).sum(), ("n",), "1"),
        (lambda x: np.log(exp(x) * 2), ("n",), "log(2) + x[i]"),
        (lambda x: np.maximum(np.maximum(x, 0), 0), ("n",), "x[i]*[x[i] > 0]"),
        (lambda x: np.sqrt(exp(x)), ("n",), "exp(x[i])**1/2"),
    ],
)
def test_forms(function: Callable[..., Any], shapes: tuple[str, ...], text: str) -> None:
    s, form = form_of(function, *shapes)
    assert text_of(s, form) == text


def test_sums_of_equal_products_are_one_atom() -> None:
    """The names of dummies and the order of factors do not matter."""
    s, one = form_of(lambda x, y: np.einsum("ij,jk,kl->il", x, y, x), "n n", "n n")
    _, other = form_of(lambda x, y: np.einsum("ck,kd,ac->ad", y, x, x), "n n", "n n")
    assert text_of(s, one) == text_of(s, other) == "sum_kl(x[l,j]*x[i,k]*y[k,l])"


def test_symmetries_of_an_argument_are_kept() -> None:
    s = space()
    one = s.exp(s.times(input_(s, "x", 0), input_(s, "x", 1)))
    assert one == s.relabelled(one, {0: 1, 1: 0})
    assert s.exp(s.times(input_(s, "x", 0), input_(s, "y", 1))) != s.exp(
        s.times(input_(s, "x", 1), input_(s, "y", 0))
    )


def test_merged_labels_are_built_again() -> None:
    s = space()
    form = s.exp(s.times(input_(s, "x", 0), input_(s, "y", 1)))
    assert s.relabelled(form, {1: 0}) == s.exp(s.times(input_(s, "x", 0), input_(s, "y", 0)))


def test_content_leaves_a_root_only_if_positive() -> None:
    s = space()
    a, b, c = (input_(s, name, 0) for name in "abc")
    inside = plus(s.times(a, b), s.times(a, c))
    half = Fraction(1, 2)
    assert s.power(inside, half) != s.times(s.power(a, half), s.power(plus(b, c), half))
    assert s.power(inside, -1) == s.times(s.power(a, -1), s.power(plus(b, c), -1))
    e = s.exp(a)
    assert s.power(s.times(e, b), half) == s.times(s.power(e, half), s.power(b, half))


def test_a_lead_is_rewritten_in_an_order_that_ends() -> None:
    """x and y are each other's lead in two denominators: a careless choice runs in circles."""
    s = space()
    x, y = input_(s, "x", 0), input_(s, "y", 0)
    product = s.times(s.power(plus(x, y, 2), -1), s.power(plus(y, x, 2), -1))
    s.steps = 500
    assert s.times(s.times(product, x), plus(x, y, 2)) == s.times(x, s.power(plus(y, x, 2), -1))


def test_zero_has_no_reciprocal_and_no_logarithm() -> None:
    s = space()
    with pytest.raises(Undefined):
        s.power({}, -1)
    with pytest.raises(Undefined):
        s.log({})


def test_signs_of_constants_and_positive_values_are_known() -> None:
    s = space()
    x = input_(s, "x", 0)
    assert s.is_above(constant(-2)) == {}
    assert s.is_above(s.exp(x)) == constant(1)
    assert s.is_above(plus(s.times(x, x), constant(1))) == constant(1)
    assert s.is_zero(plus(s.times(x, x), constant(1))) == {}
    assert s.is_above(x) not in ({}, constant(1))


def test_opposite_signs_are_apart_by_the_kink() -> None:
    s = space()
    x = input_(s, "x", 0)
    above, below = s.is_above(x), s.is_above(times_number(x, -1))
    assert plus(plus(above, below), s.is_zero(x)) == constant(1)
    assert s.times(above, s.is_zero(x)) == {}


def test_budgets_end_the_work() -> None:
    s = Generators(10.0, 50)
    x = plus(input_(s, "x", 0), plus(input_(s, "y", 0), constant(1)))
    with pytest.raises(OverBudget):
        s.power(x, 40)


def test_factors_are_those_of_the_polynomial() -> None:
    s = space()
    x, y = input_(s, "x", 0), input_(s, "y", 0)
    square = s.times(plus(x, y), plus(x, y))
    assert factors(square) == ((plus(x, y), 2),)
    assert factors(plus(x, y)) == ((plus(x, y), 1),)


def test_canonical_labels_do_not_depend_on_the_given_ones() -> None:
    s = space()
    parts = [s.times(input_(s, "A", 5, 7), input_(s, "A", 7, 9))]
    moved = [s.times(input_(s, "A", 2, 1), input_(s, "A", 1, 8))]
    kinds = {5: (0, "n"), 7: (1, "n"), 9: (0, "n")}
    others = {2: (0, "n"), 1: (1, "n"), 8: (0, "n")}
    one = canonical(parts, kinds, s.orbits, s.atom)
    other = canonical(moved, others, s.orbits, s.atom)
    assert one.parts == other.parts
    assert one.free == (5, 9) and other.free == (2, 8)
