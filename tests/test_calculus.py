"""Derivatives of whole graphs: names, shapes, any order, and a size that grows in a straight line."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import sympy as sp
from cases import contracted, graph_of, mapped
from roads import FRACTIONS, point_of, roads_meet, same

from symdiff import calculus
from symdiff.errors import InputError, ShapeError
from symdiff.evaluation.arithmetics import MPMATH
from symdiff.evaluation.exact import evaluate, lift
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import SQUARE, from_function
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Input, Map, Named, Span
from symdiff.ir.sizes import parse_shape, symbol
from symdiff.ir.trees import LEAF, Tree

TANH = from_function(sp.tanh, 1)


def product_of_three() -> Graph:
    """``sum_i x_i y_i^2``, and z, which it does not need."""

    def build(store: Store, x: Node, y: Node, z: Node) -> Node:
        return contracted("i", "i", "i", to="")(store, x, y, y)

    return graph_of(build, (2,), (2,), (3,))


# What comes out ---------------------------------------------------------------------------------------------


def test_gradient_with_its_value() -> None:
    graph = product_of_three()
    both = calculus.gradient(graph, ["x1", "x0"], with_value=True)
    assert both.outputs[0] == graph.outputs[0]
    assert both.outputs[1:] == calculus.gradient(graph, ["x1", "x0"]).outputs
    assert [both.shape(node) for node in both.outputs] == [(), (2,), (2,)]


def test_an_input_that_is_not_needed_has_derivative_zero() -> None:
    graph = product_of_three()
    (zero,) = calculus.gradient(graph, ["x2"]).outputs
    assert zero == alg.constant(graph.store, 0, (3,))
    assert calculus.jvp(graph, ["x2"]).outputs == (alg.constant(graph.store, 0),)
    assert calculus.hessian(graph, ["x0", "x2"]).outputs[1] == alg.constant(graph.store, 0, (2, 3))


def test_blocks_of_a_hessian_stand_row_by_row() -> None:
    graph = graph_of(lambda s, x, y: contracted("i", "j", to="")(s, x, s.add(Map(SQUARE), (y,))), (2,), (3,))
    blocks = calculus.hessian(graph, ["x0", "x1"])
    assert [blocks.shape(node) for node in blocks.outputs] == [(2, 2), (2, 3), (3, 2), (3, 3)]


def test_new_inputs_stand_after_the_others_under_new_names() -> None:
    graph = product_of_three()
    back = calculus.vjp(graph, ["x0"])
    assert back.input_names == ("x0", "x1", "x2", "cotangent")
    assert back.arguments is not None
    assert back.arguments.keys == back.input_names
    assert calculus.jvp(graph, ["x0"]).input_names[3:] == ("direction",)
    assert calculus.hvp(graph, ["x1", "x0"]).input_names[3:] == ("direction[x1]", "direction[x0]")
    twice = calculus.hvp(calculus.jvp(graph, ["x0"]), ["x0"])
    assert twice.input_names[3:] == ("direction", "direction_")


def test_what_flows_through_a_name() -> None:
    """``f = z x + z^2`` with ``z = x^2``: by z with x held, and by x through everything."""

    def build(store: Store, x: Node) -> Node:
        z = store.add(Named("z"), (store.add(Map(SQUARE), (x,)),))
        return alg.add(store, alg.multiply(store, z, x), store.add(Map(SQUARE), (z,)))

    graph = graph_of(build, ())
    (by_z, by_x), x = calculus.gradient(graph, ["z", "x0"]).outputs, Fraction(3)
    values = evaluate(graph.store, [by_z, by_x], {graph.inputs[0]: x}, FRACTIONS)
    assert [v[()] for v in values] == [x + 2 * x**2, 3 * x**2 + 4 * x**3]


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_derivatives_of_derivatives(order: int) -> None:
    """The n-th derivative of tanh at 1/3 is Taylor's coefficient."""
    graph = graph_of(mapped(sp.tanh), ())
    derivative = graph
    for _ in range(order):
        derivative = calculus.gradient(derivative, ["x0"])
    derivative.check_legality()
    with mpmath.workdps(60):
        point = lift(np.array(Fraction(1, 3), dtype=object), MPMATH)
        (value,) = evaluate(graph.store, derivative.outputs, {graph.inputs[0]: point}, MPMATH)
        expected = mpmath.taylor(mpmath.tanh, mpmath.mpf(1) / 3, order)[order] * math.factorial(order)
        assert mpmath.almosteq(value[()], expected, 1e-30)


def test_reverse_over_forward_over_reverse() -> None:
    """The derivative of an HVP by its point, against three other roads."""
    graph = graph_of(lambda s, x: contracted("i", "i", "j", to="")(s, x, s.add(Map(SQUARE), (x,)), x), (2,))
    third = calculus.hvp(graph, ["x0"])
    roads_meet(third, ["x0", "direction"], point_of(third), exact=True)


@pytest.mark.parametrize("shape", ["n", "n m", "2*n m", ""])
def test_symbolic_shapes(shape: str) -> None:
    """The same rules hold for every size: shapes follow, and are legal."""
    store = Store()
    sizes = parse_shape(shape)
    x = store.add(Input("x", sizes))
    squares = alg.contract(store, [(x, tuple(range(len(sizes))))] * 2, ())
    y = alg.apply(store, TANH, [alg.multiply(store, x, alg.broadcast_to(store, squares, sizes))])
    graph = Graph(store, (x,), (y,), Tree("tuple", (LEAF,), ("x",)))
    for derived in (calculus.jacobian, calculus.vjp, calculus.jvp):
        result = derived(graph, ["x"])
        result.check_legality()
        lead = sizes if derived is calculus.jacobian else ()
        assert result.shape(result.outputs[0]) == lead + sizes
    scalar = graph.with_outputs([alg.reduce_sum(store, y, range(len(sizes)))])
    hessian = calculus.hessian(scalar, ["x"])
    hessian.check_legality()
    assert hessian.shape(hessian.outputs[0]) == sizes + sizes


def test_the_gradient_of_a_mean_is_one_over_n() -> None:
    store = Store()
    n = symbol("n")
    x = store.add(Input("x", (n,)))
    graph = Graph(store, (x,), (alg.reduce_sum(store, x, [0], 1 / n),))
    assert calculus.gradient(graph, ["x"]).outputs == (alg.constant(store, 1 / n, (n,)),)


# Errors -----------------------------------------------------------------------------------------------------


def test_a_gradient_needs_a_scalar() -> None:
    graph = graph_of(lambda s, x: alg.scale(s, x, 2), (2,))
    with pytest.raises(ShapeError) as raised:
        calculus.gradient(graph, ["x0"])
    assert str(raised.value) == (
        "gradient\n  output=(2,)\n  Return one scalar, or ask for a jacobian or a vjp."
    )


def test_a_jacobian_needs_one_output() -> None:
    graph = graph_of(lambda s, x: alg.scale(s, x, 2), (2,))
    with pytest.raises(ShapeError, match="outputs=2"):
        calculus.jacobian(graph.with_outputs([*graph.outputs, *graph.inputs]), ["x0"])


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match="names=x0, x1, x2"):
        calculus.gradient(product_of_three(), ["w"])


# Linear size ------------------------------------------------------------------------------------------------


def scalar_chain(layers: int) -> Graph:
    """``a(k+1) = tanh(w(k) a(k) + b(k))`` with 2n scalar inputs."""
    store = Store()
    a = store.add(Input("a", ()))
    ws = [store.add(Input(f"w{k}", ())) for k in range(layers)]
    bs = [store.add(Input(f"b{k}", ())) for k in range(layers)]
    inputs = (a, *ws, *bs)
    for w, b in zip(ws, bs, strict=True):
        a = alg.apply(store, TANH, [alg.add(store, alg.multiply(store, w, a), b)])
    return Graph(store, inputs, (a,))


def array_chain(layers: int) -> Graph:
    """The same with ``w[k]`` and ``b[k]`` of two arrays."""
    store = Store()
    a, w, b = store.add(Input("a", ())), store.add(Input("w", (layers,))), store.add(Input("b", (layers,)))
    inputs = (a, w, b)
    for k in range(layers):
        wk, bk = (alg.reshape(store, alg.slice_(store, x, [Span(k, 1, 1)]), ()) for x in (w, b))
        a = alg.apply(store, TANH, [alg.add(store, alg.multiply(store, wk, a), bk)])
    return Graph(store, inputs, (a,))


def parameters(graph: Graph) -> list[str]:
    return list(graph.input_names[1:])


@pytest.mark.parametrize("chain", [scalar_chain, array_chain])
@pytest.mark.parametrize("derive", [calculus.gradient, calculus.hvp], ids=["gradient", "hvp"])
def test_the_size_is_affine(chain: Callable[[int], Graph], derive: Callable[..., Graph]) -> None:
    """From n to n + 100 layers the derivative always grows by the same number of nodes."""
    sizes = []
    for layers in (100, 200, 300):
        graph = chain(layers)
        sizes.append(len(derive(graph, parameters(graph)).nodes))
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0]
    assert sizes[2] < 300 * (30 if derive is calculus.gradient else 150)


@pytest.mark.parametrize("chain", [scalar_chain, array_chain])
def test_ten_thousand_layers(chain: Callable[[int], Graph]) -> None:
    """No recursion, and the line goes on."""
    sizes = {}
    for layers in (100, 1000, 10_000):
        graph = chain(layers)
        gradient = calculus.gradient(graph, parameters(graph))
        sizes[layers] = len(gradient.nodes)
    gradient.check_legality()
    per_layer, rest = divmod(sizes[1000] - sizes[100], 900)
    assert rest == 0
    assert sizes[10_000] == sizes[1000] + 9000 * per_layer


@pytest.mark.parametrize("chain", [scalar_chain, array_chain])
def test_the_chain_is_derived_rightly(chain: Callable[[int], Graph]) -> None:
    roads_meet(chain(3), order=1)


def test_every_entry_read_twice_is_linear_too() -> None:
    """``sum_k w[k] w[k+1]``: overlapping places become one scatter-add, not n paddings."""

    def nodes(length: int) -> int:
        def build(store: Store, w: Node) -> Node:
            entries = [alg.reshape(store, alg.slice_(store, w, [Span(k, 1, 1)]), ()) for k in range(length)]
            pairs = pairwise(entries)
            return alg.total(store, [alg.multiply(store, a, b) for a, b in pairs], ())

        return len(calculus.gradient(graph_of(build, (length,)), ["x0"]).nodes)

    small, middle, large = map(nodes, (50, 100, 150))
    assert large - middle == middle - small


def test_a_wide_sum_is_linear() -> None:
    """One input used n times: n cotangents, one sum."""

    def nodes(uses: int) -> int:
        def build(store: Store, x: Node) -> Node:
            return alg.total(
                store, [alg.apply(store, TANH, [alg.scale(store, x, k)]) for k in range(1, uses)], ()
            )

        return len(calculus.gradient(graph_of(build, ()), ["x0"]).nodes)

    small, middle, large = map(nodes, (50, 100, 150))
    assert large - middle == middle - small


def test_a_gradient_of_a_sum_is_exact() -> None:
    graph = product_of_three()
    point = {"x0": [1, 2], "x1": [3, Fraction(1, 2)], "x2": [0, 0, 0]}
    values = {graph.node(k): np.array(v, dtype=object) for k, v in point.items()}
    by_x, by_y = evaluate(graph.store, calculus.gradient(graph, ["x0", "x1"]).outputs, values, FRACTIONS)
    same(by_x, np.array([9, Fraction(1, 4)], dtype=object), None, "by x")
    same(by_y, np.array([6, 2], dtype=object), None, "by y")
