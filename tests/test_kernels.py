"""Do programs for arrays compute what NumPy computes, operation by operation?"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.special
import sympy as sp
from kernel_graphs import (
    EXP,
    LOG,
    RELU,
    RNG,
    SIGMOID,
    TANH,
    Array,
    agree,
    graph_of,
)

from symdiff.errors import ShapeError
from symdiff.evaluation import emission
from symdiff.evaluation.kernels import compile
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ADD, ARGUMENTS, RECIPROCAL, SQUARE, Formula, formula, from_function, power
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Fold, Index, Literal, Span, table


@pytest.fixture(autouse=True)
def stale_memory_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh arrays hold NaN, so that a register which is read before it is written cannot go unnoticed."""

    def empty(shape: Any, dtype: Any) -> Array:
        kind = np.dtype(dtype).kind
        return np.full(shape, np.nan if kind == "f" else 1, dtype)

    monkeypatch.setitem(emission.FUNCTIONS, "empty", empty)


def spec(text: str, coefficient: Fraction = Fraction(1), **sizes: int) -> Callable[..., Node]:
    """``contract`` by letters, as in einsum, in the closed notation."""
    left, right = text.split("->")
    letters = {c: k for k, c in enumerate(sorted(set(text) - set(",->")))}

    def build(store: Store, *nodes: Node) -> Node:
        factors = [
            (n, tuple(letters[c] for c in part)) for n, part in zip(nodes, left.split(","), strict=True)
        ]
        output = tuple(letters[c] for c in right)
        return alg.contract(store, factors, output, coefficient, {letters[k]: v for k, v in sizes.items()})

    return build


SHAPES = {"a": 2, "b": 3, "c": 4, "d": 5, "e": 1}


SPECS = [
    "ab,bc->ac", "ab,bc->ca", "ba,bc->ac", "ab,cb->ca", "ab,ab->", "ab,b->a", "ab,a->b", "a,b->ab", "a,b->ba",
    "abc,acd->abd", "abc,abc->ab", "abc,abc->a", "abc,cd->abd", "abd,abc->dc", "abc,ab->ac", "abcd,acbd->ab",
    "ab,bc,cd->ad", "ab,bc,c->a", "ab,ab,b->a", "ab->ba", "ab->a", "ab->b", "ab->", "abc->b", "abc->cab",
    "aa->a", "aa->", "a->aa", "ab->aab", "aab,b->a", "a,a->a", "a,ab->ab", "ab,ab->ab", "ab,cb,cb->ac",
    "ae,eb->ab", "abe->ab", "ab,ae->b", "abcd,abce->acd", "ab,ac,ad->bcd", "abab->ab", ",ab->ba", ",->",
]  # fmt: skip


@pytest.mark.parametrize("text", SPECS)
@pytest.mark.parametrize("coefficient", [Fraction(1), Fraction(-3, 2)])
def test_contractions(text: str, coefficient: Fraction) -> None:
    left, right = text.split("->")
    inputs = [tuple(SHAPES[c] for c in part) for part in left.split(",")]
    diagonal = len(set(right)) < len(right)
    agree(
        graph_of(spec(text, coefficient), *inputs),
        None if diagonal else lambda *x: float(coefficient) * np.einsum(text, *x),
    )


@pytest.mark.parametrize(
    "text, sizes",
    [("a->ab", {"b": 3}), ("->ab", {"a": 2, "b": 3}), ("ab->bca", {"c": 4}), ("a->abb", {"b": 2})],
)
def test_broadcasts_as_outputs(text: str, sizes: dict[str, int]) -> None:
    left = text.split("->")[0]
    agree(graph_of(spec(text, Fraction(2), **sizes), tuple(SHAPES[c] for c in left)))


def test_large_sums_use_products_with_ones() -> None:
    for text in ("ab->a", "ab->b"):
        graph = graph_of(spec(text), (60, 70))
        agree(graph)
        assert "dot(" in compile(graph).source


FORMULAS: list[tuple[Formula, Callable[..., Any]]] = [
    (TANH, np.tanh),
    (SIGMOID, scipy.special.expit),
    (RELU, lambda a: np.maximum(a, 0)),
    (from_function(abs, 1), np.abs),
    (from_function(sp.sign, 1), np.sign),
    (from_function(sp.erf, 1), scipy.special.erf),
    (from_function(lambda a: sp.log(1 + sp.exp(a)), 1), lambda a: np.logaddexp(a, 0)),
    (from_function(lambda a: sp.exp(a) - 1, 1), np.expm1),
    (from_function(lambda a, b: sp.Max(a, b), 2), np.maximum),
    (from_function(lambda a, b: sp.sqrt(a**2 + b**2), 2), np.hypot),
    (from_function(lambda a, b: a**2 * b - 3 * b / 4, 2), lambda a, b: a * a * b - 0.75 * b),
    (from_function(lambda a: a**7 - a**-3, 1), lambda a: a**7 - a**-3.0),
    (from_function(lambda a: sp.Piecewise((a, a > 1), (-a, a < -1), (a**2, True)), 1),
     lambda a: np.where(a > 1, a, np.where(a < -1, -a, a * a))),
    (from_function(lambda a: a * (1 + sp.erf(a / sp.sqrt(2))) / 2, 1),
     lambda a: a * scipy.special.ndtr(a)),
]  # fmt: skip


@pytest.mark.parametrize("f, numpy", FORMULAS)
def test_formulas(f: Formula, numpy: Callable[..., Any]) -> None:
    shapes = [(3, 4)] * f.arity
    agree(graph_of(lambda s, *x: alg.apply(s, f, x), *shapes), numpy)


@pytest.mark.parametrize("f, numpy", FORMULAS)
def test_formulas_on_floats(f: Formula, numpy: Callable[..., Any]) -> None:
    kernel = compile(graph_of(lambda s, *x: alg.apply(s, f, x), *[()] * f.arity), "math")
    for point in RNG.standard_normal((5, f.arity)):
        got = kernel(*point.tolist())
        assert isinstance(got, float)
        assert got == pytest.approx(float(numpy(*point)), rel=1e-13, abs=1e-14)


def test_indicators_and_booleans() -> None:
    positive = formula(sp.Piecewise((1, ARGUMENTS[0] > 0), (0, True)), 1)
    above = formula(sp.Piecewise((1, ARGUMENTS[0] > ARGUMENTS[1]), (0, True)), 2, boolean=True)
    where = formula(sp.Piecewise((ARGUMENTS[1], sp.Ne(ARGUMENTS[0], 0)), (ARGUMENTS[2], True)), 3)

    def build(s: Store, x: Node, y: Node, c: Node) -> list[Node]:
        p, q = alg.apply(s, positive, [x]), alg.apply(s, above, [x, y])
        return [
            p,
            q,
            alg.apply(s, where, [q, x, y]),
            alg.apply(s, where, [c, y, x]),
            alg.reduce_sum(s, q, (0,)),
            alg.apply(s, ADD, [p, p]),
            alg.apply(s, ADD, [q, c]),
            alg.multiply(s, q, c),
            alg.contract(s, [(q, (0,)), (x, (0,))], ()),
            alg.scale(s, q, -1),
            alg.subtract(s, alg.constant(s, 1, (6,)), q),
        ]

    graph = graph_of(build, (6,), (6,), ((6,), "boolean"))
    agree(graph)


def test_moves() -> None:
    def build(s: Store, x: Node, y: Node) -> list[Node]:
        spans = [Span(2, -1, 3), Span(1, 2, 2)]
        turned = alg.transpose(s, alg.apply(s, TANH, [x]), (1, 0))
        sliced = alg.slice_(s, x, spans)
        return [
            alg.apply(s, EXP, [alg.reshape(s, turned, (6, 2))]),
            alg.reshape(s, x, (2, 6)),
            alg.reshape(s, alg.transpose(s, x, (1, 0)), (12,)),
            sliced,
            alg.apply(s, TANH, [sliced]),
            alg.pad(s, sliced, spans, (3, 4)),
            alg.concatenate(s, [x, y, alg.constant(s, 2, (3, 1))], 1),
            alg.window(s, x, 1, 3),
            s.add(Fold(1, 4), (alg.window(s, x, 1, 3),)),
            alg.reduce_sum(s, alg.window(s, x, 1, 2), (2,)),
        ]

    agree(graph_of(build, (3, 4), (3, 2)))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("index", [(5,), (2, 2), ()])
def test_gather_and_its_transpose(axis: int, index: tuple[int, ...]) -> None:
    def build(s: Store, x: Node, i: Node) -> list[Node]:
        taken = alg.gather(s, x, i, axis)
        return [taken, alg.scatter_add(s, taken, i, axis, 4)]

    agree(graph_of(build, (3, 3), (index, "integer")))


def test_scatter_add_of_numbers() -> None:
    graph = graph_of(lambda s, x, i: alg.scatter_add(s, x, i, 0, 3), (7,), ((7,), "integer"))
    agree(graph)
    x, i = np.arange(7.0), np.array([0, -1, 2, 0, 1, 1, -3])
    expected = np.zeros(3)
    np.add.at(expected, i, x)
    np.testing.assert_array_equal(compile(graph)(x, i), expected)


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (0, 2)])
def test_maximum_and_argmax(axes: tuple[int, ...]) -> None:
    def build(s: Store, x: Node) -> list[Node]:
        return [alg.maximum(s, x, axes), alg.argmax(s, x, axes)]

    graph = graph_of(build, (2, 3, 2))
    agree(graph)
    largest, shares = compile(graph)(np.ones((2, 3, 2)))
    assert (largest == 1).all()
    assert shares.sum() == pytest.approx(largest.size)
    assert len(np.unique(shares)) == 1


def test_maximum_of_nothing_is_an_error() -> None:
    kernel = compile(graph_of(lambda s, x: alg.maximum(s, x, (0,)), (0, 3)))
    with pytest.raises(ShapeError, match="maximum of no numbers"):
        kernel(np.zeros((0, 3)))


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("text", ["ab->ac", "ba->ca"])
def test_running_sums_take_linear_time(backwards: bool, text: str) -> None:
    def build(s: Store, x: Node) -> Node:
        order = s.add(Index("less_equal", (6, 6)))
        if text == "ab->ac":
            labels, output = (0, 1), (0, 2)
        else:
            labels, output = (1, 0), (2, 0)
        pair = (2, 1) if backwards else (1, 2)
        return alg.contract(s, [(x, labels), (order, pair)], output, Fraction(1, 2))

    graph = graph_of(build, (3, 6) if text == "ab->ac" else (6, 3))
    agree(graph)
    assert "cumulate" in compile(graph).source


def test_index_leaves_and_constants() -> None:
    def build(s: Store, x: Node) -> list[Node]:
        band = s.add(Index("equal", (4, 4), 1))
        causal = alg.lower_triangle(s, 4, 4)
        return [
            alg.multiply(s, x, band),
            alg.multiply(s, x, causal),
            alg.contract(s, [(x, (0, 1)), (alg.positions(s, 4, 2), (1,))], (0,)),
            alg.identity(s, (2,)),
            alg.constant(s, Fraction(1, 3), (2, 2)),
            alg.multiply(s, x, alg.broadcast_to(s, s.add(Literal(0.1)), (4, 4))),
            s.add(table(np.arange(6).reshape(2, 3))),
        ]

    agree(graph_of(build, (4, 4)))


def test_quotients_and_squares() -> None:
    def build(s: Store, x: Node, y: Node) -> list[Node]:
        positive = alg.add(s, alg.apply(s, SQUARE, [y]), alg.constant(s, 1, (3, 4)))
        total = alg.broadcast_to(s, alg.insert_axes(s, alg.reduce_sum(s, positive, (1,)), (1,)), (3, 4))
        return [
            alg.divide(s, x, alg.apply(s, EXP, [y])),
            alg.divide(s, x, total),
            alg.reduce_sum(s, alg.apply(s, SQUARE, [x]), (0, 1)),
            alg.reduce_sum(s, alg.multiply(s, x, y), (1,)),
            alg.reduce_sum(s, alg.scale(s, alg.multiply(s, x, y), -2), (0,)),
            alg.apply(s, RECIPROCAL, [positive]),
            alg.apply(s, power(sp.Rational(1, 2)), [positive]),
        ]

    graph = graph_of(build, (3, 4), (3, 4))
    agree(graph)
    assert "divide(" in compile(graph).source


def test_branches_that_are_not_taken_warn_of_nothing() -> None:
    xlogy = sp.Piecewise((ARGUMENTS[0] * sp.log(ARGUMENTS[1]) ** 2, sp.Ne(ARGUMENTS[0], 0)), (0, True))
    graph = graph_of(lambda s, x, y: alg.apply(s, formula(xlogy, 2), [x, y]), (2,), (2,))
    assert compile(graph)(np.array([0.0, 1.0]), np.array([0.0, 1.0])).tolist() == [0.0, 0.0]
    logarithm = graph_of(lambda s, x: alg.apply(s, LOG, [x]), (1,))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        compile(logarithm)(np.zeros(1))


@pytest.mark.parametrize("arithmetic", ["numpy", "math"])
@pytest.mark.parametrize("exponent", [sp.Rational(-3, 2), sp.Rational(3, 2), sp.Rational(-5, 2)])
def test_half_powers_stand_whole_in_a_quotient(arithmetic: str, exponent: sp.Rational) -> None:
    """``a / b**(3/2)`` was ``a / sqrt(b) * b``."""
    a, b = ARGUMENTS[:2]
    for expression in (a * b**exponent, a / b**exponent):
        graph = graph_of(lambda s, x, y, e=expression: alg.apply(s, formula(e, 2), [x, y]), (), ())
        wanted = float(expression.subs({a: sp.Rational(3, 10), b: sp.Rational(7, 10)}))
        assert float(compile(graph, arithmetic).flat([0.3, 0.7])[0]) == pytest.approx(wanted, rel=1e-14)
