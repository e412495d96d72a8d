"""On which graphs, shapes and numbers is a derivative tried? Hypothesis strategies that shrink."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import numpy as np
import sympy as sp
from hypothesis import strategies as st
from numpy.typing import NDArray

from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Contract, Input, Labels, Named
from symdiff.ir.sizes import concrete, parse_shape, product, substitute, symbols_of
from symdiff.ir.trees import LEAF, Tree
from symdiff.testing import growth
from symdiff.testing.growth import LONGEST, MOST_AXES, MOST_ENTRIES, Growth

Family = Literal["rational", "smooth", "kinked"]
Values = NDArray[np.object_]

_STEPS = {
    "rational": growth.RATIONAL,
    "smooth": growth.SMOOTH,
    "kinked": (*growth.SMOOTH, *growth.KINKED * 3),
}


# Graphs -----------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn, *, family: Family = "smooth", most_steps: int = 6, scalar: bool = False) -> Graph:
    """A random function of one or two real arrays, at a concrete shape, with one output.

    ``rational`` graphs keep rationals rational, ``smooth`` ones add transcendental functions,
    ``kinked`` ones maxima and absolute values. ``scalar`` sums the output.

    >>> from hypothesis import find
    >>> find(graphs(), lambda graph: len(graph.nodes) > 1).input_names
    ('x0',)
    """
    store = Store()
    shapes = draw(st.lists(_shapes(most_entries=4), min_size=1, max_size=2))
    inputs = tuple(store.add(Input(f"x{k}", shape)) for k, shape in enumerate(shapes))
    grow = Growth(draw, store, list(inputs))
    for _ in range(draw(st.integers(min(2, most_steps), most_steps))):
        grow.pool.append(_made_small(store, draw(st.sampled_from(_STEPS[family]))(grow)))
    output = grow.pool[-1]
    if scalar:
        output = alg.reduce_sum(store, output, range(len(store.shape(output))))
    arguments = Tree("tuple", (LEAF,) * len(inputs), tuple(f"x{k}" for k in range(len(inputs))))
    names = {op.name: node for node in grow.pool if isinstance(op := store.op(node), Named)}
    return Graph(store, inputs, (output,), arguments, names=names)


def _shapes(most_entries: int) -> st.SearchStrategy[tuple[int, ...]]:
    anything = st.lists(st.integers(1, LONGEST), max_size=MOST_AXES).map(tuple)
    return anything.filter(lambda shape: int(product(shape)) <= most_entries)


def _made_small(store: Store, node: Node) -> Node:
    """Sum leading axes until there are few axes and few entries."""
    while len(shape := store.shape(node)) > MOST_AXES or int(product(shape)) > MOST_ENTRIES:
        node = alg.reduce_sum(store, node, [0])
    return node


@st.composite
def contractions(draw: st.DrawFn, *, most_operands: int = 3) -> Contract:
    """A random contraction in closed notation: repeated, summed and output-only labels, any coefficient."""
    sizes = draw(st.lists(st.integers(1, LONGEST), min_size=1, max_size=4))
    label = st.integers(0, len(sizes) - 1)
    labels: st.SearchStrategy[Labels] = st.lists(label, max_size=MOST_AXES).map(tuple)
    inputs = draw(st.lists(labels, max_size=most_operands).map(tuple))
    return Contract(inputs, draw(labels), tuple(sizes), draw(rationals()))


# Numbers ----------------------------------------------------------------------------------------------------


def rationals(*, positive: bool = False, zero: bool = True) -> st.SearchStrategy[Fraction]:
    """Rationals that can be read and retyped: numerators up to 7, denominators up to 4."""
    numerators = st.integers(1 if positive else -7, 7)
    short = st.builds(Fraction, numerators, st.integers(1, 4))
    return short if zero else short.filter(bool)


@st.composite
def points_for(draw: st.DrawFn, graph: Graph) -> dict[str, Values]:
    """Exact values of the real inputs; without ties, so that no maximum stands at a kink."""
    result: dict[str, Values] = {}
    used: set[Fraction] = set()
    for node in graph.inputs:
        op = graph.store.op(node)
        assert isinstance(op, Input)
        shape = concrete(op.shape, "points_for")
        values = np.empty(shape, dtype=object)
        for place in np.ndindex(shape):
            value = draw(st.integers(-20, 20).map(lambda n: Fraction(2 * n + 1, 19)).filter(_unused(used)))
            used |= {value, -value}
            values[place] = value
        result[op.name] = values
    return result


def _unused(used: set[Fraction]) -> Callable[[Fraction], bool]:
    return lambda value: value not in used


# Shapes and inputs ------------------------------------------------------------------------------------------


@st.composite
def shapes_for(draw: st.DrawFn, *texts: str, least: int = 1, most: int = 4) -> tuple[tuple[int, ...], ...]:
    """Concrete shapes for shape strings; one name is one size.

    >>> from hypothesis import find
    >>> find(shapes_for("n 2*d", "d", most=5), lambda shapes: shapes[1][0] > 2)
    ((1, 6), (3,))
    """
    shapes = [parse_shape(text) for text in texts]
    names = sorted({symbol for shape in shapes for symbol in symbols_of(shape)}, key=str)
    sizes: dict[sp.Symbol, int] = {name: draw(st.integers(least, most)) for name in names}
    return tuple(tuple(int(substitute(size, sizes)) for size in shape) for shape in shapes)
