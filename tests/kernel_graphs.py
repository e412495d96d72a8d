"""Small graphs by hand, random values for them, and what it means that a kernel agrees."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symdiff.evaluation.kernels import compile
from symdiff.evaluation.reference import evaluate
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import SQUARE, from_function
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Input
from symdiff.ir.sizes import parse_shape
from symdiff.ir.trees import LEAF, Tree

Array = NDArray[Any]
RNG = np.random.default_rng(0)
TANH, EXP, LOG = (from_function(f, 1) for f in (sp.tanh, sp.exp, sp.log))
SIGMOID = from_function(lambda a: 1 / (1 + sp.exp(-a)), 1)
RELU = from_function(lambda a: sp.Piecewise((a, a > 0), (0, True)), 1)


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


def close(got: Any, wanted: Any, relative: float = 1e-12) -> None:
    """Equal to rounding, relative to the largest entry: sums of other orders round otherwise."""
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    np.testing.assert_allclose(got, wanted, rtol=relative, atol=relative * scale)


def three_layers() -> Graph:
    names = ("w1", "b1", "w2", "b2", "w3", "b3", "x", "y")
    s = Store()
    v = {name: s.add(Input(name, ())) for name in names}
    a = v["x"]
    for k, f in enumerate((RELU, TANH, SIGMOID), 1):
        a = alg.apply(s, f, [alg.add(s, alg.multiply(s, v[f"w{k}"], a), v[f"b{k}"])])
    loss = alg.scale(s, alg.apply(s, SQUARE, [alg.subtract(s, a, v["y"])]), Fraction(1, 2))
    return Graph(s, tuple(v.values()), (loss,), Tree("tuple", (LEAF,) * 8, names))


def chain(n: int) -> Graph:
    s = Store()
    w, b = ([s.add(Input(f"{c}[{k}]", ())) for k in range(n)] for c in "wb")
    a = x = s.add(Input("x", ()))
    for k in range(n):
        a = alg.apply(s, TANH, [alg.add(s, alg.multiply(s, w[k], a), b[k])])
    layers = Tree("list", (LEAF,) * n)
    return Graph(s, (*w, *b, x), (a,), Tree("tuple", (layers, layers, LEAF), ("w", "b", "x")))


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


def perceptron(rows: int, widths: tuple[int, ...]) -> Graph:
    def build(s: Store, x: Node, *parameters: Node) -> Node:
        a = x
        for w in parameters:
            z = alg.contract(s, [(a, (0, 1)), (w, (1, 2))], (0, 2))
            a = alg.apply(s, TANH, [z])
        return alg.reduce_sum(s, alg.apply(s, SQUARE, [a]), (0, 1))

    return graph_of(build, (rows, widths[0]), *itertools.pairwise(widths))
