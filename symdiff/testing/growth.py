"""By which steps does a random graph grow? One function for each operation, each drawing one more node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ADD, SUBTRACT, Formula, from_function
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Fold, Named, Span, table
from symdiff.ir.sizes import concrete, product

MOST_ENTRIES = 12
MOST_AXES = 3
LONGEST = 3

Step = Callable[["Growth"], Node]


@dataclass
class Growth:
    """A store, the nodes that may become operands, and the source of choices."""

    draw: st.DrawFn
    store: Store
    pool: list[Node]

    def operand(self, least_rank: int = 0) -> Node:
        """One of the nodes, mostly the newest; broadcast if its rank is too small."""
        node = self.draw(st.sampled_from([self.pool[-1]] * (1 + len(self.pool)) + self.pool))
        shape = self.shape(node)
        missing = least_rank - len(shape)
        return node if missing <= 0 else alg.broadcast_to(self.store, node, (2,) * missing + shape)

    def shape(self, node: Node) -> tuple[int, ...]:
        """The shape of a node."""
        return concrete(self.store.shape(node), "a random graph")

    def axis(self, node: Node) -> int:
        """One of the axes of a node."""
        return self.draw(st.integers(0, len(self.shape(node)) - 1))

    def index(self, size: int) -> Node:
        """A small constant array of positions below ``size``."""
        shape = self.draw(st.sampled_from([(), (1,), (2,), (3,), (2, 2)]))
        flat = self.draw(
            st.lists(st.integers(0, size - 1), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))
        )
        return self.store.add(table(np.array(flat, dtype=np.int64).reshape(shape)))


# Maps -------------------------------------------------------------------------------------------------------


@cache
def rational_formulas() -> tuple[Formula, ...]:
    """Formulas that keep rationals rational, defined everywhere."""
    functions: list[tuple[Callable[..., sp.Expr], int]] = [
        (lambda a: a**2, 1),
        (lambda a: a**3 - 2 * a, 1),
        (lambda a: 1 / (1 + a**2), 1),
        (lambda a: (a - 3) / (2 + a**2), 1),
        (lambda a, b: a * b, 2),
        (lambda a, b: a * b**2 - b, 2),
        (lambda a, b: a / (1 + b**2), 2),
        (lambda a, b, c: a * b - c / (1 + a**2), 3),
    ]
    return (ADD, SUBTRACT, *(from_function(f, arity) for f, arity in functions))


@cache
def smooth_formulas() -> tuple[Formula, ...]:
    """Transcendental formulas, defined everywhere."""
    functions: list[tuple[Callable[..., sp.Expr], int]] = [
        (sp.tanh, 1),
        (sp.sin, 1),
        (lambda a: 1 / (1 + sp.exp(-a)), 1),
        (lambda a: sp.exp(-(a**2)), 1),
        (lambda a: sp.log(1 + sp.exp(a)), 1),
        (lambda a: sp.sqrt(1 + a**2), 1),
        (sp.atan, 1),
        (sp.erf, 1),
        (lambda a, b: sp.exp(a - b**2), 2),
    ]
    return tuple(from_function(f, arity) for f, arity in functions)


@cache
def piecewise_formulas() -> tuple[Formula, ...]:
    """Formulas with kinks."""
    relu = from_function(lambda a: sp.Piecewise((a, a > 0), (0, True)), 1)
    larger = from_function(lambda a, b: sp.Piecewise((a, a > b), (b, a < b), ((a + b) / 2, True)), 2)
    return relu, from_function(abs, 1), larger


def _map(grow: Growth, formulas: Sequence[Formula]) -> Node:
    chosen = grow.draw(st.sampled_from(formulas))
    first = grow.operand()
    like = [node for node in grow.pool if grow.shape(node) == grow.shape(first)]
    rest = [grow.draw(st.sampled_from(like)) for _ in range(chosen.arity - 1)]
    return alg.apply(grow.store, chosen, [first, *rest])


def rational_map(grow: Growth) -> Node:
    """A rational function at every position."""
    return _map(grow, rational_formulas())


def smooth_map(grow: Growth) -> Node:
    """A transcendental function at every position."""
    return _map(grow, smooth_formulas())


def piecewise_map(grow: Growth) -> Node:
    """A function with a kink at every position."""
    return _map(grow, piecewise_formulas())


# Contractions -----------------------------------------------------------------------------------------------


def contraction(grow: Growth) -> Node:
    """Up to three operands in closed label notation: sums, products, diagonals, embeddings, broadcasts."""
    draw = grow.draw
    operands = [grow.operand() for _ in range(draw(st.integers(1, 3)))]
    sizes: dict[int, int] = {}
    factors = [(node, tuple(_label(draw, sizes, size) for size in grow.shape(node))) for node in operands]
    output: list[int] = []
    for _ in range(draw(st.integers(0, MOST_AXES))):
        label = draw(st.integers(0, len(sizes)))
        sizes.setdefault(label, draw(st.integers(1, LONGEST)))
        if int(product(sizes[k] for k in [*output, label])) <= MOST_ENTRIES:
            output.append(label)
    return alg.contract(grow.store, factors, tuple(output), _coefficient(draw), dict(sizes))


def _label(draw: st.DrawFn, sizes: dict[int, int], size: int) -> int:
    known = [label for label, own in sizes.items() if own == size]
    label = draw(st.sampled_from([*known, len(sizes)]))
    sizes[label] = size
    return label


def _coefficient(draw: st.DrawFn) -> alg.Coefficient:
    return draw(st.sampled_from([alg.ONE, -alg.ONE, alg.ONE * 2, alg.ONE / 3, -alg.ONE * 5 / 2]))


def product_of_two(grow: Growth) -> Node:
    """The elementwise product or quotient of nodes of one shape."""
    left = grow.operand()
    right = grow.draw(st.sampled_from([node for node in grow.pool if grow.shape(node) == grow.shape(left)]))
    if grow.draw(st.booleans()):
        return alg.multiply(grow.store, left, right)
    square = alg.apply(grow.store, rational_formulas()[4], [right])
    return alg.divide(grow.store, left, square)


# Moves and selections ---------------------------------------------------------------------------------------


def reshaped(grow: Growth) -> Node:
    """The same entries flat, or with an axis of length 1 in front."""
    node = grow.operand()
    size = int(product(grow.shape(node)))
    halves = [(size // 2, 2)] if size % 2 == 0 else []
    return alg.reshape(grow.store, node, grow.draw(st.sampled_from([(size,), (1, size), *halves])))


def _span(draw: st.DrawFn, size: int) -> Span:
    start = draw(st.integers(0, size - 1))
    step = draw(st.sampled_from([1, 2, -1, -2]))
    room = (size - 1 - start) // step if step > 0 else start // -step
    return Span(start, step, draw(st.integers(1, room + 1)))


def sliced(grow: Growth) -> Node:
    """A span of every axis."""
    node = grow.operand(1)
    return alg.slice_(grow.store, node, [_span(grow.draw, size) for size in grow.shape(node)])


def padded(grow: Growth) -> Node:
    """A span of every axis of larger zeros."""
    node, draw = grow.operand(1), grow.draw
    spans: list[Span] = []
    shape: list[int] = []
    for size in grow.shape(node):
        step, before, after = (
            draw(st.sampled_from([1, 2, -1])),
            draw(st.integers(0, 1)),
            draw(st.integers(0, 1)),
        )
        reach = abs(step) * (size - 1)
        spans.append(Span(before if step > 0 else before + reach, step, size))
        shape.append(before + reach + 1 + after)
    return alg.pad(grow.store, node, spans, tuple(shape))


def concatenated(grow: Growth) -> Node:
    """Two nodes end to end."""
    first = grow.operand(1)
    axis, shape = grow.axis(first), grow.shape(first)
    rest = shape[:axis] + shape[axis + 1 :]
    like = [n for n in grow.pool if len(grow.shape(n)) == len(shape)]
    like = [n for n in like if grow.shape(n)[:axis] + grow.shape(n)[axis + 1 :] == rest]
    return alg.concatenate(grow.store, [first, grow.draw(st.sampled_from([first, *like]))], axis)


def gathered(grow: Growth) -> Node:
    """Entries along an axis at constant positions."""
    node = grow.operand(1)
    axis = grow.axis(node)
    return alg.gather(grow.store, node, grow.index(grow.shape(node)[axis]), axis)


def scattered(grow: Growth) -> Node:
    """Entries added into zeros at constant positions."""
    node = grow.operand(1)
    axis = grow.axis(node)
    length = grow.shape(node)[axis]
    places = grow.draw(st.lists(st.integers(0, LONGEST - 1), min_size=length, max_size=length))
    index = grow.store.add(table(np.array(places, dtype=np.int64)))
    return alg.scatter_add(grow.store, node, index, axis, LONGEST)


def windowed(grow: Growth) -> Node:
    """All windows along an axis."""
    node = grow.operand(1)
    axis = grow.axis(node)
    return alg.window(grow.store, node, axis, grow.draw(st.integers(1, grow.shape(node)[axis])))


def folded(grow: Growth) -> Node:
    """Windows added back."""
    node = grow.operand(2)
    shape = grow.shape(node)
    axis = grow.draw(st.integers(0, len(shape) - 2))
    return grow.store.add(Fold(axis, shape[axis] + shape[-1] - 1), (node,))


def named(grow: Growth) -> Node:
    """A node with a name."""
    return grow.store.add(Named(f"z{len(grow.pool)}"), (grow.operand(),))


def maximum(grow: Growth) -> Node:
    """The maximum over some axes."""
    node = grow.operand(1)
    return alg.maximum(grow.store, node, grow.draw(_some_axes(len(grow.shape(node)))))


def argmax(grow: Growth) -> Node:
    """The winners of a maximum, times the operand: they move no tangent of their own."""
    node = grow.operand(1)
    winners = alg.argmax(grow.store, node, grow.draw(_some_axes(len(grow.shape(node)))))
    return alg.multiply(grow.store, node, winners)


def _some_axes(rank: int) -> st.SearchStrategy[tuple[int, ...]]:
    chosen = st.lists(st.integers(0, rank - 1), min_size=1, max_size=rank, unique=True)
    return chosen.map(lambda axes: tuple(sorted(axes)))


LINEAR: tuple[Step, ...] = (
    reshaped,
    sliced,
    padded,
    concatenated,
    gathered,
    scattered,
    windowed,
    folded,
    named,
)
RATIONAL: tuple[Step, ...] = (*LINEAR, contraction, contraction, product_of_two, rational_map, rational_map)
SMOOTH: tuple[Step, ...] = (*RATIONAL, smooth_map, smooth_map)
KINKED: tuple[Step, ...] = (piecewise_map, maximum, argmax)
