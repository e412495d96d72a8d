"""One small graph for every operation that a graph can hold: what the roads are walked on, and faults planted in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from symdiff.ir import algebra as alg
from symdiff.ir.formulas import SQUARE, Formula, from_function
from symdiff.ir.graph import Graph, Node, Store, named_nodes
from symdiff.ir.ops import Contract, Fold, Index, Input, Literal, Map, Named, Span, table
from symdiff.ir.trees import LEAF, Tree

Build = Callable[..., Node]
Shapes = tuple[tuple[int, ...], ...]


def graph_of(build: Build, *shapes: tuple[int, ...], integers: tuple[str, ...] = ()) -> Graph:
    """The graph of ``build(store, x0, x1, ...)`` with inputs of these shapes."""
    store = Store()
    names = tuple(f"x{k}" for k in range(len(shapes)))
    inputs = tuple(
        store.add(Input(name, shape, "integer" if name in integers else "real"))
        for name, shape in zip(names, shapes, strict=True)
    )
    output = build(store, *inputs)
    arguments = Tree("tuple", (LEAF,) * len(inputs), names)
    return Graph(store, inputs, (output,), arguments, names=named_nodes(store, store.ancestors([output])))


@dataclass(frozen=True)
class Case:
    """A graph, and how much can be asked of it."""

    name: str
    build: Build
    shapes: Shapes
    exact: bool = True
    linear: bool = False
    wrt: tuple[str, ...] | None = None
    point: dict[str, Any] | None = None
    integers: dict[str, Any] = field(default_factory=dict)

    def graph(self) -> Graph:
        """The graph in a store of its own."""
        return graph_of(self.build, *self.shapes, integers=tuple(self.integers))

    def options(self) -> dict[str, Any]:
        """The keywords for ``roads_meet``."""
        indices = {name: np.array(value, dtype=object) for name, value in self.integers.items()}
        point = self.point and {k: np.array(v, dtype=object) for k, v in self.point.items()}
        return {"wrt": self.wrt, "point": point, "exact": self.exact, "linear": self.linear, "indices": indices}


def _constant(store: Store, values: Any) -> Node:
    return store.add(table(np.array(values)))


# Maps ---------------------------------------------------------------------------------------------------------


def mapped(function: Callable[..., Any], arity: int = 1) -> Build:
    """A map by that formula."""
    return lambda store, *xs: alg.apply(store, from_function(function, arity), xs)


def raw_map(formula: Formula) -> Build:
    """A map that no constructor has rewritten."""
    return lambda store, *xs: store.add(Map(formula), xs)


def _relu(a: sp.Expr) -> sp.Expr:
    return sp.Piecewise((a, a > 0), (0, True))


def _larger(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return sp.Piecewise((a, a > b), (b, a < b), ((a + b) / 2, True))


def _where(store: Store, x: Node, y: Node) -> Node:
    greater = from_function(lambda a, b: sp.Piecewise((1, a > b), (0, True)), 2)
    condition = store.add(Map(greater), (x, alg.scale(store, y, 2)))
    where = from_function(lambda c, a, b: sp.Piecewise((a, sp.Ne(c, 0)), (b, True)), 3)
    return store.add(Map(where), (condition, alg.multiply(store, x, y), y))


MAPS = [
    Case("square", raw_map(SQUARE), ((2,),)),
    Case("add", lambda s, x, y: alg.add(s, x, y), ((2,), (2,)), linear=True),
    Case("subtract", lambda s, x, y: alg.subtract(s, x, y), ((2,), (2,)), linear=True),
    Case("divide", lambda s, x, y: alg.divide(s, x, y), ((2,), (2,))),
    Case("same_operand_twice", lambda s, x: s.add(Map(from_function(lambda a, b: a * b**2, 2)), (x, x)), ((2,),)),
    Case("three_operands", mapped(lambda a, b, c: a * b**2 - c / (1 + a**2), 3), ((2,), (2,), (2,))),
    Case("tanh", mapped(sp.tanh), ((2,),), exact=False),
    Case("sigmoid", mapped(lambda a: 1 / (1 + sp.exp(-a))), ((2,),), exact=False),
    Case("softplus", mapped(lambda a: sp.log(1 + sp.exp(a))), ((2,),), exact=False),
    Case("root", mapped(lambda a: sp.sqrt(1 + a**2)), ((2,),), exact=False),
    Case("two_transcendentals", mapped(lambda a, b: sp.exp(a) * sp.sin(b), 2), ((2,), (2,)), exact=False),
    Case("relu", mapped(_relu), ((3,),)),
    Case("abs", mapped(abs), ((3,),)),
    Case("larger", mapped(_larger, 2), ((3,), (3,))),
    Case("larger_tied", lambda s, x: s.add(Map(from_function(_larger, 2)), (x, x)), ((2,),)),
    Case("where", _where, ((3,), (3,))),
]


# Contractions -------------------------------------------------------------------------------------------------


def contracted(*inputs: str, to: str, scale: Fraction = alg.ONE, **sizes: int) -> Build:
    """A contraction with letters for labels."""

    def build(store: Store, *xs: Node) -> Node:
        factors = [(x, tuple(map(ord, labels))) for x, labels in zip(xs, inputs, strict=True)]
        return alg.contract(store, factors, tuple(map(ord, to)), scale, {ord(k): n for k, n in sizes.items()})

    return build


CONTRACTIONS = [
    Case("matrix_product", contracted("ij", "jk", to="ik"), ((2, 3), (3, 2)), linear=True),
    Case("inner", contracted("i", "i", to=""), ((3,), (3,)), linear=True),
    Case("outer", contracted("i", "j", to="ij"), ((2,), (3,)), linear=True),
    Case("transposed", contracted("ijk", to="kij"), ((1, 2, 3),), linear=True),
    Case("sum", contracted("ij", to="j"), ((2, 3),), linear=True),
    Case("mean", contracted("ij", to="i", scale=Fraction(1, 3)), ((2, 3),), linear=True),
    Case("trace", contracted("ii", to=""), ((3, 3),), linear=True),
    Case("diagonal", contracted("iij", to="ij"), ((2, 2, 2),), linear=True),
    Case("embedding", contracted("i", to="ii"), ((3,),), linear=True),
    Case("embedding_beside", contracted("ij", to="jii"), ((2, 2),), linear=True),
    Case("broadcast", contracted("i", to="ij", j=3), ((2,),), linear=True),
    Case("broadcast_scalar", contracted("", to="ij", i=2, j=2), ((),), linear=True),
    Case("summed_beside", contracted("i", to="i", j=3), ((2,),), linear=True),
    Case("three", contracted("ij", "jk", "kl", to="il", scale=Fraction(-5, 3)), ((2, 2), (2, 2), (2, 2)), linear=True),
    Case("batched", contracted("bqd", "bkd", to="bqk", scale=Fraction(1, 2)), ((2, 2, 1), (2, 2, 1)), linear=True),
    Case("repeated_in_both", contracted("iij", "jii", to="iij"), ((2, 2, 2), (2, 2, 2)), linear=True),
    Case("self_product", lambda s, x: contracted("i", "i", to="i")(s, x, x), ((3,),)),
    Case("self_outer_cubed", lambda s, x: contracted("i", "j", "j", to="ij")(s, x, x, x), ((2,),)),
    Case("length_one", contracted("ij", "jk", to="ik"), ((1, 1), (1, 2)), linear=True),
    Case("no_entries", contracted("ij", to="j"), ((0, 2),), linear=True),
]


# Moves --------------------------------------------------------------------------------------------------------


def _scatter_indices(store: Store, x: Node) -> Node:
    return alg.scatter_add(store, x, _constant(store, [[2, 0], [2, 3]]), 1, 4)


def _many_slices(store: Store, x: Node) -> Node:
    """Overlapping entries and runs: the many small contributions of ir/scatter.py."""
    parts = [alg.slice_(store, x, [Span(k, 1, 2), Span(0, 1, 2)]) for k in (0, 1, 2)]
    squares = [store.add(Map(SQUARE), (part,)) for part in parts]
    return alg.total(store, squares, (2, 2))


def _entries_one_by_one(store: Store, x: Node) -> Node:
    parts = [alg.reshape(store, alg.slice_(store, x, [Span(k, 1, 1)]), ()) for k in (3, 0, 1)]
    product = alg.multiply(store, alg.multiply(store, parts[0], parts[1]), parts[2])
    return alg.add(store, product, store.add(Map(SQUARE), (parts[1],)))


MOVES = [
    Case("reshape", lambda s, x: alg.reshape(s, x, (3, 2)), ((2, 3),), linear=True),
    Case("slice", lambda s, x: alg.slice_(s, x, [Span(1, 1, 2), Span(0, 2, 2)]), ((3, 3),), linear=True),
    Case("slice_backwards", lambda s, x: alg.slice_(s, x, [Span(3, -2, 2), Span(1, -1, 2)]), ((4, 2),), linear=True),
    Case("pad", lambda s, x: alg.pad(s, x, [Span(1, 1, 2), Span(0, 2, 2)], (4, 3)), ((2, 2),), linear=True),
    Case("pad_backwards", lambda s, x: alg.pad(s, x, [Span(4, -2, 2)], (6,)), ((2,),), linear=True),
    Case("concatenate", lambda s, x, y: alg.concatenate(s, [x, y, x], 1), ((2, 1), (2, 2)), linear=True),
    Case("gather", lambda s, x: alg.gather(s, x, _constant(s, [[2, 0], [2, 2]]), 1), ((2, 3),), linear=True),
    Case("gather_first", lambda s, x: alg.gather(s, x, _constant(s, [1, 0, 1]), 0), ((2, 2),), linear=True),
    Case("gather_input", lambda s, x, i: alg.gather(s, x, i, 0), ((3,), (2,)), linear=True, integers={"x1": [2, 0]}),
    Case("scatter_add", _scatter_indices, ((1, 2, 2),), linear=True),
    Case("scatter_add_last", lambda s, x: alg.scatter_add(s, x, _constant(s, [1, 1]), 1, 3), ((2, 2),), linear=True),
    Case("window", lambda s, x: alg.window(s, x, 0, 2), ((3, 2),), linear=True),
    Case("window_last", lambda s, x: alg.window(s, x, 1, 2), ((1, 4),), linear=True),
    Case("fold", lambda s, x: s.add(Fold(0, 4), (x,)), ((2, 1, 3),), linear=True),
    Case("fold_second", lambda s, x: s.add(Fold(1, 3), (x,)), ((2, 2, 2),), linear=True),
    Case("many_slices", _many_slices, ((4, 2),)),
    Case("entries_one_by_one", _entries_one_by_one, ((5,),)),
]


# Selections and leaves ----------------------------------------------------------------------------------------


def _named(store: Store, x: Node) -> Node:
    z = store.add(Named("z"), (store.add(Map(SQUARE), (x,)),))
    return alg.add(store, alg.multiply(store, z, x), store.add(Map(SQUARE), (z,)))


def _half_known(store: Store, x: Node) -> Node:
    """Maxima among constants, a tie of two constants, and an input."""
    return alg.maximum(store, alg.concatenate(store, [_constant(store, [0.0, 0.0]), x], 0), [0])


SELECTIONS = [
    Case("maximum", lambda s, x: alg.maximum(s, x, [1]), ((2, 3),)),
    Case("maximum_first", lambda s, x: alg.maximum(s, x, [0]), ((2, 2),)),
    Case("maximum_of_all", lambda s, x: alg.maximum(s, x, [0, 1]), ((2, 2),)),
    Case("maximum_outer_axes", lambda s, x: alg.maximum(s, x, [0, 2]), ((2, 2, 2),)),
    Case("maximum_of_a_copy", lambda s, x: alg.maximum(s, alg.concatenate(s, [x, x], 0), [0]), ((2,),)),
    Case("maximum_with_constants", _half_known, ((2,),)),
    Case("argmax", lambda s, x: alg.multiply(s, x, alg.argmax(s, x, [1])), ((2, 3),)),
    Case("argmax_first", lambda s, x: alg.multiply(s, x, alg.argmax(s, x, [0])), ((3, 1),)),
]

LEAVES = [
    Case("named", _named, ((2,),)),
    Case("named_intermediate", _named, ((2,),), wrt=("z",)),
    Case("literal", lambda s, x: alg.contract(s, [(x, (0,)), (s.add(Literal(0.1)), ())], (0,)), ((2,),), linear=True),
    Case("table", lambda s, x: contracted("ij", "j", to="i")(s, _constant(s, [[1, 2], [3, -4]]), x), ((2,),), linear=True),
    Case("positions", lambda s, x: alg.multiply(s, x, alg.positions(s, 3, 1)), ((3,),), linear=True),
    Case("triangle", lambda s, x: contracted("ij", "j", to="i")(s, alg.lower_triangle(s, 3, 3), x), ((3,),), linear=True),
    Case("band", lambda s, x: contracted("ij", "j", to="i")(s, alg.diagonal_band(s, 2, 3, 1), x), ((3,),), linear=True),
    Case("equal", lambda s, x: contracted("ij", "j", to="i")(s, s.add(Index("equal", (3, 2), -1)), x), ((2,),), linear=True),
    Case("identity", lambda s, x: contracted("ij", "j", to="i")(s, alg.identity(s, (3,)), x), ((3,),), linear=True),
    Case("constant_of_x", lambda s, x: alg.constant(s, 3, (2,)), ((2,),), linear=True),
]


# Together -----------------------------------------------------------------------------------------------------


def _softmax_loss(store: Store, z: Node, y: Node) -> Node:
    m = alg.maximum(store, z, [0])
    shifted = alg.subtract(store, z, alg.broadcast_to(store, m, store.shape(z)))
    e = alg.apply(store, from_function(sp.exp, 1), [shifted])
    p = alg.divide(store, e, alg.broadcast_to(store, alg.reduce_sum(store, e, [0]), store.shape(z)))
    logs = alg.apply(store, from_function(sp.log, 1), [p])
    return alg.contract(store, [(y, (0,)), (logs, (0,))], (), -alg.ONE)


def _network(store: Store, x: Node, w: Node, v: Node) -> Node:
    hidden = alg.apply(store, from_function(sp.tanh, 1), [contracted("ij", "j", to="i")(store, w, x)])
    return contracted("i", "i", to="")(store, v, hidden)


TOGETHER = [
    Case("softmax_loss", _softmax_loss, ((3,), (3,)), exact=False),
    Case("network", _network, ((2,), (2, 2), (2,)), exact=False),
]

CASES = [*MAPS, *CONTRACTIONS, *MOVES, *SELECTIONS, *LEAVES, *TOGETHER]
BY_NAME = {case.name: case for case in CASES}
assert len(BY_NAME) == len(CASES), "two cases have one name"
assert not any(isinstance(case.build, Contract) for case in CASES)
