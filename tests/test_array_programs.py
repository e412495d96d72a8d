"""Do programs for arrays keep dtypes, share no memory, and stay right when work is cut and merged?"""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_graphs import (
    EXP,
    RNG,
    TANH,
    Array,
    agree,
    close,
    graph_of,
    network,
    perceptron,
    random_values,
)

from symdiff import calculus
from symdiff.errors import DtypeError, ShapeError
from symdiff.evaluation import contracting, emission, schedule, stacking
from symdiff.evaluation.kernels import compile
from symdiff.evaluation.numpy_kernel import NumPyKernel
from symdiff.evaluation.reference import evaluate
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Named, Span, table
from symdiff.testing.strategies import graphs


@pytest.fixture(autouse=True)
def stale_memory_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh arrays hold NaN, so that a register which is read before it is written cannot go unnoticed."""

    def empty(shape: Any, dtype: Any) -> Array:
        kind = np.dtype(dtype).kind
        return np.full(shape, np.nan if kind == "f" else 1, dtype)

    monkeypatch.setitem(emission.FUNCTIONS, "empty", empty)


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


@pytest.mark.parametrize("width", [200, 30])
def test_pieces(width: int) -> None:
    graph = calculus.gradient(network(3001, width), ["x0", "x1", "x2"])
    agree(graph)
    assert "for i in range" in compile(graph).source


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


@pytest.fixture
def everything_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces, stacked products and products with ones also for the smallest arrays."""
    for module, name in (
        (schedule, "LARGE"),
        (schedule, "PIECE"),
        (schedule, "_WORTH"),
        (stacking, "_WORK"),
        (contracting, "_GEMV"),
    ):
        monkeypatch.setattr(module, name, 2)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_random_graphs(everything_small: None, data: st.DataObject) -> None:
    family = data.draw(st.sampled_from(["rational", "smooth", "kinked"]))
    graph = data.draw(graphs(family=family, most_steps=8, scalar=True))
    names = [
        name for name, x in zip(graph.input_names, graph.inputs, strict=True) if graph.store.kind(x) == "real"
    ]
    derived = [calculus.gradient(graph, names), calculus.hvp(graph, names)] if names else []
    for each in [graph, *derived]:
        agree_where_finite(each)


def agree_where_finite(graph: Graph) -> None:
    values = [np.abs(v) + 0.3 if v.dtype.kind == "f" else np.zeros_like(v) for v in random_values(graph)]
    known = evaluate(graph, dict(zip(graph.inputs, values, strict=True)), np.dtype(float))
    for got, node in zip(NumPyKernel(graph).flat(values), graph.outputs, strict=True):
        wanted = known[node]
        assert np.shape(got) == wanted.shape
        assert got.dtype == wanted.dtype
        finite = np.isfinite(wanted)
        close(np.asarray(got)[finite], wanted[finite], 1e-9)
