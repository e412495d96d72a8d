"""Are graphs of numbers evaluated as a person would write it, on floats and entry by entry on arrays?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from kernel_graphs import (
    EXP,
    RNG,
    SIGMOID,
    TANH,
    chain,
    graph_of,
    three_layers,
)

from symdiff import calculus
from symdiff.errors import InputError, NotCompilable
from symdiff.evaluation.kernels import compile
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Store
from symdiff.ir.ops import Input
from symdiff.ir.trees import LEAF, Tree


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
