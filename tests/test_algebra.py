"""The constructors write every expression in one way, and never change its value."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from cases import graph_of
from hypothesis import given
from hypothesis import strategies as st
from roads import FRACTIONS, point_of, same

from symdiff.errors import ShapeError
from symdiff.evaluation.exact import evaluate
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ADD, RECIPROCAL, SUBTRACT, from_function
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Input, Named, Reshape, Span, table
from symdiff.ir.sizes import parse_shape, symbol
from symdiff.testing import graphs, shapes_for

SHAPE = (2, 3)


def value(build: Callable[..., Node], *shapes: tuple[int, ...]) -> tuple[Any, list[Any]]:
    """The value at a random point, and the point."""
    graph = graph_of(build, *shapes)
    graph.check_legality()
    point = point_of(graph)
    real = {graph.node(name): array for name, array in point.items()}
    (result,) = evaluate(graph.store, graph.outputs, real, FRACTIONS)
    return result, list(point.values())


# Identities as nodes ----------------------------------------------------------------------------------------

Identity = Callable[[Store, Node], Node]

SAME_NODE: dict[str, Identity] = {
    "x * 1": lambda s, x: alg.scale(s, x, 1),
    "x * ones": lambda s, x: alg.multiply(s, x, alg.constant(s, 1, SHAPE)),
    "ones * x": lambda s, x: alg.multiply(s, alg.constant(s, 1, SHAPE), x),
    "x / ones": lambda s, x: alg.divide(s, x, alg.constant(s, 1, SHAPE)),
    "2 * (x / 2)": lambda s, x: alg.scale(s, alg.scale(s, x, Fraction(1, 2)), 2),
    "-(-x)": lambda s, x: alg.scale(s, alg.scale(s, x, -1), -1),
    "x + 0": lambda s, x: alg.add(s, x, alg.constant(s, 0, SHAPE)),
    "0 + x": lambda s, x: alg.add(s, alg.constant(s, 0, SHAPE), x),
    "x - 0": lambda s, x: alg.subtract(s, x, alg.constant(s, 0, SHAPE)),
    "0 - (-x)": lambda s, x: alg.subtract(s, alg.constant(s, 0, SHAPE), alg.scale(s, x, -1)),
    "transpose twice": lambda s, x: alg.transpose(s, alg.transpose(s, x, (1, 0)), (1, 0)),
    "no transpose": lambda s, x: alg.transpose(s, x, (0, 1)),
    "broadcast to itself": lambda s, x: alg.broadcast_to(s, x, SHAPE),
    "an axis put in and summed": lambda s, x: alg.reduce_sum(s, alg.insert_axes(s, x, [1]), [1]),
    "broadcast to length 1 and summed": lambda s, x: alg.reduce_sum(
        s, alg.broadcast_to(s, x, (1, *SHAPE)), [0]
    ),
    "reshape back": lambda s, x: alg.reshape(s, alg.reshape(s, x, (6,)), SHAPE),
    "whole slice": lambda s, x: alg.slice_(s, x, [Span(0, 1, 2), Span(0, 1, 3)]),
    "pad by nothing": lambda s, x: alg.pad(s, x, [Span(0, 1, 2), Span(0, 1, 3)], SHAPE),
    "alone": lambda s, x: alg.concatenate(s, [x], 0),
    "maximum over nothing": lambda s, x: alg.maximum(s, x, []),
    "sum over nothing": lambda s, x: alg.reduce_sum(s, x, []),
    "identity from the left": lambda s, x: alg.contract(
        s, [(alg.identity(s, (2,)), (0, 1)), (x, (1, 2))], (0, 2)
    ),
    "identity from the right": lambda s, x: alg.contract(
        s, [(x, (0, 1)), (alg.identity(s, (3,)), (1, 2))], (0, 2)
    ),
    "identity of the space": lambda s, x: alg.contract(
        s, [(alg.identity(s, SHAPE), (0, 1, 2, 3)), (x, (2, 3))], (0, 1)
    ),
    "diagonal of its embedding": lambda s, x: alg.contract(
        s, [(alg.contract(s, [(x, (0, 1))], (0, 0, 1)), (5, 5, 6))], (5, 6)
    ),
    "sum of one": lambda s, x: alg.total(s, [x], SHAPE),
}


@pytest.mark.parametrize("name", SAME_NODE)
def test_identities_give_back_the_node(name: str) -> None:
    store = Store()
    x = store.add(Input("x", SHAPE))
    assert SAME_NODE[name](store, x) == x


def test_zero_is_found() -> None:
    store = Store()
    x = store.add(Input("x", SHAPE))
    zero = alg.constant(store, 0, SHAPE)
    assert alg.scale(store, x, 0) == zero
    assert alg.multiply(store, x, zero) == zero
    assert alg.subtract(store, x, x) == zero
    assert alg.total(store, [], SHAPE) == zero
    assert alg.pad(store, zero, [Span(1, 1, 2), Span(0, 1, 3)], (4, 3)) == alg.constant(store, 0, (4, 3))
    assert alg.reduce_sum(store, zero, [0]) == alg.constant(store, 0, (3,))
    assert alg.is_zero(store, alg.contract(store, [(x, (0, 1)), (zero, (0, 1))], (1,)))


def test_two_ways_to_write_are_one_node() -> None:
    store = Store()
    x, y = store.add(Input("x", SHAPE)), store.add(Input("y", SHAPE))
    assert alg.add(store, x, y) == alg.add(store, y, x) == alg.apply(store, ADD, [x, y])
    assert alg.multiply(store, x, y) == alg.multiply(store, y, x)
    assert alg.add(store, x, x) == alg.scale(store, x, 2)
    assert (
        alg.add(store, x, alg.scale(store, y, -1))
        == alg.subtract(store, x, y)
        == alg.apply(store, SUBTRACT, [x, y])
    )
    assert alg.subtract(store, x, alg.scale(store, y, -1)) == alg.add(store, x, y)
    three = alg.constant(store, 3, SHAPE)
    assert (
        alg.divide(store, x, three)
        == alg.scale(store, x, Fraction(1, 3))
        == alg.multiply(store, alg.constant(store, Fraction(1, 3), SHAPE), x)
    )
    wide = alg.broadcast_to(store, x, (4, *SHAPE))
    assert alg.reduce_sum(store, wide, [0]) == alg.scale(store, x, 4)
    assert alg.reduce_sum(store, alg.transpose(store, x, (1, 0)), [0]) == alg.reduce_sum(store, x, [1])
    outer = alg.contract(store, [(alg.transpose(store, x, (1, 0)), (0, 1)), (y, (1, 2))], (2, 0))
    assert outer == alg.contract(store, [(y, (7, 8)), (x, (7, 9))], (8, 9))
    assert alg.reshape(store, alg.reshape(store, x, (6,)), (3, 2)) == store.add(Reshape((3, 2)), (x,))


def test_symbolic_sizes_are_counted() -> None:
    store = Store()
    x = store.add(Input("x", parse_shape("n")))
    n, m = symbol("n"), symbol("m")
    wide = alg.broadcast_to(store, x, (m, n))
    assert alg.reduce_sum(store, wide, [0]) == alg.scale(store, x, m)
    assert alg.scale(store, alg.scale(store, x, m), 1 / m) == x
    assert alg.coefficient(sp.Rational(2, 4)) == Fraction(1, 2)
    trace = alg.contract(store, [(alg.identity(store, (n,)), (0, 0))], ())
    assert trace == alg.constant(store, n)


def test_constants_are_one_node() -> None:
    store = Store()
    half = alg.constant(store, Fraction(1, 2), (4,))
    assert alg.reshape(store, half, (2, 2)) == alg.constant(store, Fraction(1, 2), (2, 2))
    assert alg.slice_(store, half, [Span(1, 1, 2)]) == alg.constant(store, Fraction(1, 2), (2,))
    assert alg.constant_value(store, half) == Fraction(1, 2)
    assert alg.constant_value(store, alg.identity(store, (2,))) is None
    assert alg.constant_value(store, alg.reduce_sum(store, half, [0])) == 2
    assert alg.diagonal_band(store, 3, 3) == alg.identity(store, (3,))
    assert alg.identity(store, ()) == alg.constant(store, 1)


# Identities as values ---------------------------------------------------------------------------------------


@given(shapes_for("n m", "m k", "n 1"), st.data())
def test_values_are_those_of_numpy(shapes: tuple[tuple[int, ...], ...], data: st.DataObject) -> None:
    left, right, column = shapes
    result, (x, y) = value(lambda s, x, y: alg.contract(s, [(x, (0, 1)), (y, (1, 2))], (0, 2)), left, right)
    same(result, x @ y, None, "product")
    result, (x, z) = value(lambda s, x, z: alg.divide(s, alg.broadcast_to(s, z, left), x), left, column)
    same(result, z / x, None, "quotient")
    axes = data.draw(st.sets(st.integers(0, 1)))
    result, (x,) = value(lambda s, x: alg.reduce_sum(s, x, axes, Fraction(1, 2)), left)
    same(result, x.sum(axis=tuple(axes)) / 2, None, "sum")
    result, (x, y) = value(lambda s, x, y: alg.subtract(s, alg.add(s, x, y), alg.scale(s, x, 3)), left, left)
    same(result, y - 2 * x, None, "difference")


@given(st.data(), graphs(family="rational", most_steps=4))
def test_rules_hold_for_any_node(data: st.DataObject, graph: Any) -> None:
    store, (y,) = graph.store, graph.outputs
    shape = store.shape(y)
    rank = len(shape)
    order = data.draw(st.permutations(range(rank)))
    back = alg.transpose(store, alg.transpose(store, y, order), [int(k) for k in np.argsort(order)])
    assert back == y
    named = store.add(Named("held"), (y,))
    for node in (y, named):
        wide = alg.broadcast_to(store, node, (3, *shape))
        assert alg.reduce_sum(store, wide, [0]) == alg.scale(store, node, 3)
        assert alg.subtract(store, node, node) == alg.constant(store, 0, shape)
    real = {graph.node(name): array for name, array in point_of(graph).items()}
    twice, plain = evaluate(store, [alg.add(store, y, y), y], real, FRACTIONS)
    same(twice, 2 * plain, None, "x + x")


def test_views_of_views_of_products() -> None:
    """A sum of a transposed, scaled, broadcast product is one contraction of the two operands' view."""

    def build(store: Store, x: Node, y: Node) -> Node:
        wide = alg.broadcast_to(store, alg.transpose(store, alg.scale(store, x, 5), (1, 0)), (2, 3, 2))
        return alg.contract(store, [(wide, (0, 1, 2)), (alg.insert_axes(store, y, [0]), (3, 1, 2))], (0,))

    graph = graph_of(build, (2, 3), (3, 2))
    (output,) = graph.outputs
    assert graph.store.operands(output) == graph.inputs
    result, (x, y) = value(build, (2, 3), (3, 2))
    same(result, np.array([5 * (x.T * y).sum()] * 2), None, "one contraction")


# Errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "build",
    [
        lambda s, x, y: alg.add(s, x, y),
        lambda s, x, y: alg.apply(s, from_function(lambda a, b: a / b, 2), [x, y]),
        lambda s, x, y: alg.reshape(s, x, (5,)),
        lambda s, x, y: alg.concatenate(s, [x, y], 0),
        lambda s, x, y: alg.pad(s, x, [Span(0, 1, 3), Span(0, 1, 3)], (4, 4)),
        lambda s, x, y: alg.gather(s, x, y, 0),
        lambda s, x, y: alg.scatter_add(s, x, s.add(table(np.array([0, 1, 2]))), 0, 4),
        lambda s, x, y: s.add(Contract(((0, 1), (1, 0)), (), (2, 3)), (x, y)),
        lambda s, x, y: alg.contract(s, [(x, (0, 1)), (y, (1, 2))], (0, 2)),
        lambda s, x, y: alg.apply(s, RECIPROCAL, [x, y]),
    ],
)
def test_sizes_that_disagree_are_refused(build: Callable[..., Node]) -> None:
    with pytest.raises(ShapeError) as raised:
        graph_of(build, SHAPE, (2, 2))
    assert "operand0=" in str(raised.value)
