"""The three roads meet: on every operation, on random graphs, at first and second order."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from cases import CASES, Case, by_hand, graph_of
from hypothesis import example, given, note, settings
from hypothesis import strategies as st
from roads import FRACTIONS, listing, roads_meet, same

from symdiff import calculus
from symdiff.evaluation.exact import Objects, as_objects, evaluate
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Store
from symdiff.ir.ops import Contract, Input, Op
from symdiff.testing import contractions, graphs, points_for, rationals


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_on_every_operation(case: Case) -> None:
    roads_meet(case.graph(), **case.options())


def test_no_operation_is_missing() -> None:
    held = {type(graph.store.op(node)) for graph in (case.graph() for case in CASES) for node in graph.nodes}
    assert held == set(_members(Op))


def _members(union: object) -> Iterator[type]:
    for part in get_args(union):
        if isinstance(part, type):
            yield part
        else:
            yield from _members(part)


# Random graphs ----------------------------------------------------------------------------------------------


@given(st.data(), graphs(family="rational"))
def test_on_rational_graphs(data: st.DataObject, graph: Graph) -> None:
    note(listing(graph))
    roads_meet(graph, point=data.draw(points_for(graph)), exact=True)


@given(st.data(), graphs(family="smooth", most_steps=5))
def test_on_smooth_graphs(data: st.DataObject, graph: Graph) -> None:
    note(listing(graph))
    roads_meet(graph, point=data.draw(points_for(graph)))


@given(st.data(), graphs(family="kinked", most_steps=4))
def test_on_kinked_graphs(data: st.DataObject, graph: Graph) -> None:
    note(listing(graph))
    roads_meet(graph, point=data.draw(points_for(graph)), order=1)


# Contractions: the derivative is a swap of labels -----------------------------------------------------------


def looped(spec: Contract, arrays: list[Objects]) -> Objects:
    """The definition, in loops."""
    return as_objects(
        by_hand(spec.inputs, spec.output, arrays, Fraction(spec.coefficient), enumerate(spec.sizes))
    )


def random_array(draw: st.DrawFn, shape: tuple[int, ...]) -> Objects:
    seed = draw(st.lists(rationals(), min_size=5, max_size=5))
    size = int(np.prod(shape))
    return np.array([seed[k % 5] + k // 5 for k in range(size)] + [None], dtype=object)[:-1].reshape(shape)


@given(st.data(), contractions())
@settings(max_examples=4 * settings.default.max_examples)
@example(None, Contract(((0, 0), (0, 1)), (1, 1, 2), (2, 3, 2), Fraction(-2, 3)))
@example(None, Contract(((0, 1),), (2, 2), (2, 2, 3), Fraction(1)))
@example(None, Contract((), (0, 0, 1), (2, 2), Fraction(5)))
def test_a_pullback_is_the_transpose(data: st.DataObject | None, spec: Contract) -> None:
    draw = data.draw if data is not None else (lambda strategy: [Fraction(k, 2) for k in range(-2, 3)])
    store = Store()
    shapes = [tuple(spec.sizes[k] for k in labels) for labels in spec.inputs]
    inputs = [store.add(Input(f"x{k}", shape)) for k, shape in enumerate(shapes)]
    node = store.add(spec, inputs)
    arrays = [random_array(draw, shape) for shape in shapes]
    values = dict(zip(inputs, arrays, strict=True))
    y = looped(spec, arrays)
    same(evaluate(store, [node], values, FRACTIONS)[0], y, None, "value")

    lead = (2,)
    bar = store.add(Input("bar", lead + store.shape(node)))
    values[bar] = random_array(draw, lead + y.shape)
    pulled = evaluate(store, calculus.pull_back(store, {node: bar}, inputs, lead), values, FRACTIONS)
    for slot, x in enumerate(inputs):
        dot = store.add(Input(f"dot{slot}", lead + shapes[slot]))
        values[dot] = random_array(draw, lead + shapes[slot])
        (pushed,) = evaluate(store, calculus.push_forward(store, {x: dot}, [node], lead), values, FRACTIONS)
        for row in range(lead[0]):
            direction = [*arrays[:slot], as_objects(values[dot][row]), *arrays[slot + 1 :]]
            same(pushed[row], looped(spec, direction), None, f"tangent of operand {slot}")
            left, right = values[bar][row] * pushed[row], pulled[slot][row] * values[dot][row]
            assert np.sum(left) == np.sum(right), (spec, slot)


@given(st.data(), contractions(), contractions(most_operands=1))
def test_merged_views_change_no_value(data: st.DataObject, spec: Contract, view: Contract) -> None:
    store = Store()
    x = store.add(Input("x", tuple(view.sizes[k] for labels in view.inputs for k in labels)))
    inner = store.add(view, [x] * len(view.inputs))
    sizes: dict[int, int] = dict(enumerate(spec.sizes))
    labels = tuple(100 + k for k in range(len(store.shape(inner))))
    joined = data.draw(st.permutations(labels))
    output = (*spec.output, *data.draw(st.sampled_from([joined, joined[:1], joined * 2, ()])))
    arrays = {x: random_array(data.draw, store.shape(x))}
    (held,) = evaluate(store, [inner], arrays, FRACTIONS)
    others = [store.add(Input(f"y{k}", tuple(spec.sizes[i] for i in ls))) for k, ls in enumerate(spec.inputs)]
    arrays |= {other: random_array(data.draw, store.shape(other)) for other in others}
    factors = [(inner, labels), *zip(others, spec.inputs, strict=True)]
    merged = alg.contract(store, factors, tuple(output), spec.coefficient, sizes)
    number = {k: n for n, k in enumerate([*sizes, *labels])}
    plain = Contract(
        tuple(tuple(number[k] for k in ls) for _, ls in factors),
        tuple(number[k] for k in output),
        (*spec.sizes, *store.shape(inner)),
        spec.coefficient,
    )
    expected = looped(plain, [held, *(arrays[other] for other in others)])
    same(evaluate(store, [merged], arrays, FRACTIONS)[0], expected, None, "merged")


def test_two_parts_of_one_function() -> None:
    """Several outputs: a cotangent for each, also where one output is part of the other."""
    graph = graph_of(lambda s, x: alg.multiply(s, x, x), (2,))
    (square,) = graph.outputs
    both = graph.with_outputs([square, alg.scale(graph.store, square, 3), square])
    back = calculus.vjp(both, ["x0"])
    assert back.input_names == ("x0", "cotangent[0]", "cotangent[1]", "cotangent[2]")
    values = dict(zip(back.inputs, map(_pair, ((2, 5), (1, 0), (1, 1), (0, 7))), strict=True))
    (bar,) = evaluate(back.store, back.outputs, values, FRACTIONS)
    assert list(bar) == [2 * 2 * (1 + 3), 2 * 5 * (3 + 7)]


def _pair(values: tuple[int, int]) -> Objects:
    return np.array([Fraction(v) for v in values], dtype=object)
