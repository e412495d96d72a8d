"""Do compiled programs compute what NumPy computes, keep dtypes, and share no memory?"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.special
import sympy as sp
from numpy.typing import NDArray

from symdiff import calculus
from symdiff.errors import DtypeError, InputError, NotCompilable, ShapeError
from symdiff.evaluation import emission
from symdiff.evaluation.kernels import compile
from symdiff.evaluation.reference import evaluate
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ADD, ARGUMENTS, RECIPROCAL, SQUARE, Formula, formula, from_function, power
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Fold, Index, Input, Literal, Named, Span, table
from symdiff.ir.sizes import parse_shape
from symdiff.ir.trees import LEAF, Tree

Array = NDArray[Any]
RNG = np.random.default_rng(0)

TANH, EXP, LOG = (from_function(f, 1) for f in (sp.tanh, sp.exp, sp.log))
SIGMOID = from_function(lambda a: 1 / (1 + sp.exp(-a)), 1)
RELU = from_function(lambda a: sp.Piecewise((a, a > 0), (0, True)), 1)


@pytest.fixture(autouse=True)
def stale_memory_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh arrays hold NaN, so that a register which is read before it is written cannot go unnoticed."""

    def empty(shape: Any, dtype: Any) -> Array:
        kind = np.dtype(dtype).kind
        return np.full(shape, np.nan if kind == "f" else 1, dtype)

    monkeypatch.setitem(emission.FUNCTIONS, "empty", empty)


def graph_of(build: Callable[..., Any], *inputs: Any) -> Graph:
    """A graph of inputs ``(shape, kind)`` or shape; ``build(store, *nodes)`` gives one output or several."""
    store = Store()
    nodes = []
    for k, spec in enumerate(inputs):
        shape, kind = (
            spec if isinstance(spec, tuple) and spec and isinstance(spec[-1], str) else (spec, "real")
        )
        shape = parse_shape(shape) if isinstance(shape, str) else shape
        nodes.append(store.add(Input(f"x{k}", shape, kind)))
    outputs = build(store, *nodes)
    return Graph(store, tuple(nodes), tuple(outputs) if isinstance(outputs, (list, tuple)) else (outputs,))


def random_values(graph: Graph) -> list[Array]:
    values = []
    for node in graph.inputs:
        shape, kind = graph.shape(node), graph.store.kind(node)
        drawn = {
            "real": RNG.standard_normal(shape),
            "integer": RNG.integers(0, 3, shape),
            "boolean": RNG.random(shape) < 0.5,
        }
        values.append(drawn[kind])
    return values


def agree(graph: Graph, expected: Callable[..., Any] | None = None) -> None:
    """The program, the reference and NumPy agree to rounding."""
    values = random_values(graph)
    got = compile(graph).flat(values)
    known = evaluate(graph, dict(zip(graph.inputs, map(np.asarray, values), strict=True)), np.dtype(float))
    wanted = [known[y] for y in graph.outputs]
    if expected is not None:
        direct = expected(*values)
        for a, b in zip(wanted, direct if isinstance(direct, tuple) else (direct,), strict=True):
            close(a, b)
    for a, b in zip(got, wanted, strict=True):
        assert np.shape(a) == b.shape
        assert a.dtype == b.dtype
        close(a, b)


def close(got: Any, wanted: Any) -> None:
    """Equal to rounding, relative to the largest entry: sums of other orders round otherwise."""
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12 * scale)


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.float16])
def test_dtype_is_kept(dtype: type) -> None:
    def build(s: Store, x: Node, w: Node) -> list[Node]:
        z = alg.apply(
            s, TANH, [alg.scale(s, alg.contract(s, [(x, (0, 1)), (w, (1,))], (0,)), Fraction(1, 4))]
        )
        c = s.add(table(np.array([0.5, 0.25, 2.0])))
        return [alg.multiply(s, z, c), alg.reduce_sum(s, z, (0,))]

    kernel = compile(graph_of(build, (3, 4), (4,)))
    x, w = RNG.standard_normal((3, 4)).astype(dtype), RNG.standard_normal(4).astype(dtype)
    a, b = kernel(x, w)
    assert a.dtype == b.dtype == dtype
    expected = np.tanh(x @ w / dtype(4)) * np.array([0.5, 0.25, 2.0], dtype)
    np.testing.assert_allclose(a, expected, rtol=16 * np.finfo(dtype).eps, atol=16 * np.finfo(dtype).eps)


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


def network(rows: int = 300, width: int = 200) -> Graph:
    """Large enough that elementwise work is done in pieces."""

    def build(s: Store, x: Node, w: Node, b: Node) -> Node:
        z = alg.add(
            s, alg.contract(s, [(x, (0, 1)), (w, (1, 2))], (0, 2)), alg.broadcast_to(s, b, (rows, width))
        )
        a = alg.apply(s, SIGMOID, [alg.apply(s, TANH, [z])])
        column = alg.broadcast_to(s, alg.insert_axes(s, alg.reduce_sum(s, a, (1,)), (1,)), (rows, width))
        d = alg.divide(s, alg.apply(s, SQUARE, [alg.apply(s, RELU, [alg.subtract(s, a, z)])]), column)
        return alg.reduce_sum(s, alg.multiply(s, d, alg.apply(s, TANH, [d])), (0, 1), Fraction(1, rows))

    return graph_of(build, (rows, 5), (5, width), (width,))


@pytest.mark.parametrize("width", [200, 30])
def test_pieces(width: int) -> None:
    graph = calculus.gradient(network(3001, width), ["x0", "x1", "x2"])
    agree(graph)
    assert "for i in range" in compile(graph).source


def perceptron(rows: int, widths: tuple[int, ...]) -> Graph:
    def build(s: Store, x: Node, *parameters: Node) -> Node:
        a = x
        for w in parameters:
            z = alg.contract(s, [(a, (0, 1)), (w, (1, 2))], (0, 2))
            a = alg.apply(s, TANH, [z])
        return alg.reduce_sum(s, alg.apply(s, SQUARE, [a]), (0, 1))

    return graph_of(build, (rows, widths[0]), *itertools.pairwise(widths))


@pytest.mark.parametrize("rows", [64, 2000])
def test_products_with_a_common_factor_are_one(rows: int) -> None:
    graph = perceptron(rows, (40, 41, 42, 43))
    agree(calculus.hvp(graph, ["x1", "x2", "x3"]))
    agree(calculus.hvp(graph, ["x0", "x1", "x2", "x3"]))
    source = compile(calculus.hvp(graph, ["x1", "x2", "x3"])).source
    assert source.count("dot(") == (17 if rows == 2000 else 13)


def test_results_of_rank_zero_are_numbers() -> None:
    def build(s: Store, x: Node) -> list[Node]:
        total = alg.reduce_sum(s, alg.apply(s, TANH, [x]), (0, 1))
        flat = alg.reshape(s, total, (1,))
        entry = alg.slice_(s, x, [Span(0, 1, 1), Span(1, 1, 1)])
        return [
            total,
            alg.reshape(s, entry, ()),
            alg.reshape(s, alg.apply(s, EXP, [flat]), ()),
            alg.maximum(s, x, (0, 1)),
            alg.constant(s, Fraction(1, 2)),
            alg.reduce_sum(s, alg.apply(s, TANH, [flat]), (0,)),
        ]

    graph = graph_of(build, (2, 3))
    agree(graph)
    assert [type(v) for v in compile(graph)(np.ones((2, 3)))] == [np.float64] * 6


def test_branches_that_are_not_taken_warn_of_nothing() -> None:
    xlogy = sp.Piecewise((ARGUMENTS[0] * sp.log(ARGUMENTS[1]) ** 2, sp.Ne(ARGUMENTS[0], 0)), (0, True))
    graph = graph_of(lambda s, x, y: alg.apply(s, formula(xlogy, 2), [x, y]), (2,), (2,))
    assert compile(graph)(np.array([0.0, 1.0]), np.array([0.0, 1.0])).tolist() == [0.0, 0.0]
    logarithm = graph_of(lambda s, x: alg.apply(s, LOG, [x]), (1,))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        compile(logarithm)(np.zeros(1))


def test_indices_must_be_whole() -> None:
    kernel = compile(graph_of(lambda s, x, i: alg.gather(s, x, i, 0), (3,), ((2,), "integer")))
    with pytest.raises(DtypeError, match="holds indices"):
        kernel(np.ones(3), np.array([0.5, 1.0]))


def test_results_share_no_memory() -> None:
    def build(s: Store, x: Node, y: Node) -> list[Node]:
        t = alg.apply(s, TANH, [x])
        turned = alg.transpose(s, t, (1, 0))
        return [t, t, turned, x, alg.transpose(s, x, (1, 0)), alg.reshape(s, t, (4,)), s.add(Named("t"), [t]),
                alg.broadcast_to(s, y, (2, 2)), alg.slice_(s, t, [Span(0, 1, 1), Span(0, 1, 2)]),
                alg.identity(s, (2,)), alg.window(s, x, 0, 1)]  # fmt: skip

    graph = graph_of(build, (2, 2), (2,))
    kernel = compile(graph)
    x, y = np.ones((2, 2)), np.ones(2)
    arrays = [x, y, *kernel(x, y), *kernel(x, y)]
    for i, a in enumerate(arrays):
        assert a.flags.writeable
        for b in arrays[:i]:
            assert not np.shares_memory(a, b)
    agree(graph)


def test_inputs_are_not_changed_and_calls_repeat() -> None:
    graph = calculus.gradient(network(), ["x0", "x1", "x2"])
    kernel, values = compile(graph), random_values(graph)
    before = [v.copy() for v in values]
    first = kernel(*values)
    kernel(*random_values(graph))
    for a, b in zip(first, kernel(*values), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(values, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_two_threads_share_one_kernel() -> None:
    graph = calculus.gradient(network(), ["x0", "x1", "x2"])
    kernel = compile(graph)
    points = [random_values(graph) for _ in range(2)]
    expected = [kernel(*p) for p in points]
    wrong: list[int] = []

    def work(k: int) -> None:
        for _ in range(20):
            for a, b in zip(kernel(*points[k]), expected[k], strict=True):
                if not np.array_equal(a, b):
                    wrong.append(k)

    threads = [threading.Thread(target=work, args=(k % 2,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_strided_inputs() -> None:
    graph = calculus.gradient(network(), ["x0", "x1", "x2"])
    values = random_values(graph)
    kernel = compile(graph)
    turned = [np.asfortranarray(v) for v in values]
    sparse = [np.repeat(v, 2, axis=0)[::2] for v in values]
    for a, b, c in zip(kernel(*values), kernel(*turned), kernel(*sparse), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
        np.testing.assert_allclose(a, c, rtol=1e-12)


def test_symbolic_sizes_are_solved_from_the_arrays() -> None:
    def build(s: Store, q: Node, v: Node) -> Node:
        rows = s.shape(q)[0]
        total = alg.contract(s, [(q, (0, 1)), (q, (0, 1))], (), alg.coefficient(1 / sp.sympify(rows)))
        return alg.multiply(s, total, alg.reduce_sum(s, v, (0,)))

    graph = graph_of(build, "n h*dh", "h")
    kernel = compile(graph)
    for rows in (2, 5):
        q, v = RNG.standard_normal((rows, 6)), RNG.standard_normal(3)
        assert kernel(q, v) == pytest.approx((q * q).sum() / rows * v.sum())


def test_sizes_that_do_not_fit_are_an_error() -> None:
    kernel = compile(graph_of(lambda s, q, v: alg.reduce_sum(s, q, (0, 1)), "n h*dh", "h"))
    with pytest.raises(ShapeError, match="do not fit"):
        kernel(np.ones((2, 7)), np.ones(3))
    alone = compile(graph_of(lambda s, q: alg.reduce_sum(s, q, (0, 1)), "n h*dh"))
    with pytest.raises(ShapeError, match="Also give an input that has dh or h as an axis"):
        alone(np.ones((2, 6)))


def test_wrong_shapes_are_an_error() -> None:
    with pytest.raises(ShapeError, match=r"x0=\(2,\)\n  given=\(3,\)"):
        compile(graph_of(lambda s, x: alg.apply(s, TANH, [x]), (2,)))(np.ones(3))


# Graphs of numbers -----------------------------------------------------------------------------------------


def three_layers() -> Graph:
    names = ("w1", "b1", "w2", "b2", "w3", "b3", "x", "y")
    s = Store()
    v = {name: s.add(Input(name, ())) for name in names}
    a = v["x"]
    for k, f in enumerate((RELU, TANH, SIGMOID), 1):
        a = alg.apply(s, f, [alg.add(s, alg.multiply(s, v[f"w{k}"], a), v[f"b{k}"])])
    loss = alg.scale(s, alg.apply(s, SQUARE, [alg.subtract(s, a, v["y"])]), Fraction(1, 2))
    return Graph(s, tuple(v.values()), (loss,), Tree("tuple", (LEAF,) * 8, names))


def by_hand(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, y: Any) -> tuple[Any, ...]:
    z1 = w1 * x + b1
    a1 = np.maximum(z1, 0)
    a2 = np.tanh(w2 * a1 + b2)
    p = 1 / (1 + np.exp(-(w3 * a2 + b3)))
    d3 = (p - y) * p * (1 - p)
    d2 = d3 * w3 * (1 - a2 * a2)
    d1 = d2 * w2 * (z1 > 0)
    return d1 * x, d1, d2 * a1, d2, d3 * a2, d3


PARAMETERS = (0.7, 0.2, -1.1, 0.3, 0.9, -0.4)


def test_numbers_in_both_float_arithmetics() -> None:
    graph = calculus.gradient(three_layers(), ["w1", "b1", "w2", "b2", "w3", "b3"])
    for arithmetic in ("numpy", "math"):
        got = compile(graph, arithmetic)(*PARAMETERS, 0.8, 1.0)
        np.testing.assert_allclose(got, by_hand(*PARAMETERS, 0.8, 1.0), rtol=1e-14)


@pytest.mark.parametrize(
    "shapes", [((5,), (5,)), ((100_003,), (100_003,)), ((300, 1), (1, 200)), ((4, 1), ())]
)
def test_graphs_of_numbers_take_arrays(shapes: tuple[tuple[int, ...], ...]) -> None:
    graph = calculus.gradient(three_layers(), ["w1", "b1", "w2", "b2", "w3", "b3"])
    x, y = (RNG.standard_normal(shape) for shape in shapes)
    for got, wanted in zip(compile(graph)(*PARAMETERS, x, y), by_hand(*PARAMETERS, x, y), strict=True):
        assert got.shape == np.broadcast_shapes(*shapes)
        np.testing.assert_allclose(got, np.broadcast_to(wanted, got.shape), rtol=1e-12, atol=1e-15)


def chain(n: int) -> Graph:
    s = Store()
    w, b = ([s.add(Input(f"{c}[{k}]", ())) for k in range(n)] for c in "wb")
    a = x = s.add(Input("x", ()))
    for k in range(n):
        a = alg.apply(s, TANH, [alg.add(s, alg.multiply(s, w[k], a), b[k])])
    layers = Tree("list", (LEAF,) * n)
    return Graph(s, (*w, *b, x), (a,), Tree("tuple", (layers, layers, LEAF), ("w", "b", "x")))


def test_a_chain_of_ten_thousand_layers_compiles() -> None:
    n = 10_000
    graph = chain(n)
    w, b, x = [1.0 + 1 / n] * n, [0.0] * n, 0.3
    value = x
    for _ in range(n):
        value = math.tanh(w[0] * value)
    for arithmetic in ("math", "numpy"):
        assert compile(graph, arithmetic)(w, b, x) == pytest.approx(value, rel=1e-12)


def test_a_program_for_floats_reads_as_written_by_hand() -> None:
    graph = calculus.gradient(chain(2), ["w[0]", "w[1]"])
    assert compile(graph, "math").source == (
        "def kernel(w, b, x):\n"
        "    try:\n"
        "        w0, w1 = w\n"
        "        b0, b1 = b\n"
        "    except (TypeError, ValueError, KeyError):\n"
        "        misfit({'w': w, 'b': b, 'x': x})\n"
        "        raise\n"
        "    t1 = tanh(b0 + w0*x)\n"
        "    t2 = tanh(b1 + w1*t1)\n"
        "    t3 = 1.0 - t2*t2\n"
        "    return (x*(w1*t3*(1.0 - t1*t1)), t1*t3)\n"
    )


def test_math_refuses_arrays() -> None:
    with pytest.raises(NotCompilable, match="compile with 'numpy'"):
        compile(graph_of(lambda s, x: alg.apply(s, TANH, [x]), (2,)), "math")


def test_floats_do_not_overflow_in_sigmoid() -> None:
    kernel = compile(graph_of(lambda s, x: alg.apply(s, SIGMOID, [x]), ()), "math")
    assert kernel(-800.0) == 0.0
    assert kernel(800.0) == 1.0
    assert kernel(-705.0) == pytest.approx(math.exp(-705.0), rel=1e-13)


def test_parameters_may_have_the_names_of_functions() -> None:
    s = Store()
    x, y = s.add(Input("exp", ())), s.add(Input("t1", ()))
    out = alg.apply(s, EXP, [alg.apply(s, TANH, [alg.multiply(s, x, y)])])
    graph = Graph(s, (x, y), (out, out), Tree("tuple", (LEAF, LEAF), ("exp", "t1")))
    for arithmetic in ("math", "numpy"):
        a, b = compile(graph, arithmetic)(exp=0.5, t1=2.0)
        assert a == b == pytest.approx(math.exp(math.tanh(1.0)))


@pytest.mark.parametrize("arithmetic", ["math", "numpy"])
def test_nested_arguments_and_results(arithmetic: str) -> None:
    s = Store()
    a, b, c = (s.add(Input(name, ())) for name in ("p.a", "p.b[0]", "x"))
    nested = Tree("dict", (LEAF, Tree("tuple", (LEAF,))), ("a", "b"))
    product = alg.multiply(s, a, alg.multiply(s, b, c))
    results = Tree("dict", (LEAF, Tree("list", (LEAF, Tree("static", value="kept")))), ("value", "rest"))
    graph = Graph(s, (a, b, c), (product, c), Tree("tuple", (nested, LEAF), ("p", "x")), results)
    kernel = compile(graph, arithmetic)
    assert kernel({"a": 2.0, "b": (3.0,)}, x=4.0) == {"value": 24.0, "rest": [4.0, "kept"]}
    assert kernel.flat([2.0, 3.0, 4.0]) == [24.0, 4.0]
    with pytest.raises(InputError, match=r"p.b=2 items\n  traced with=1 items"):
        kernel({"a": 2.0, "b": (3.0, 1.0)}, 4.0)
    with pytest.raises(InputError, match="same keys"):
        kernel({"b": (3.0,)}, 4.0)


def test_equal_graphs_share_one_program() -> None:
    first, second = compile(chain(3), "math"), compile(chain(3), "math")
    assert first is second
    assert compile(chain(4), "math") is not first
