"""One small graph for every operation: what the roads are walked on, and faults are planted in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from symdiff.ir import algebra as alg
from symdiff.ir.formulas import SQUARE, Formula, from_function
from symdiff.ir.graph import Graph, Node, Store, named_nodes
from symdiff.ir.ops import Contract, Fold, Index, Input, Literal, Map, Named, Span, table
from symdiff.ir.trees import LEAF, Tree

Build = Callable[..., Node]
Reference = Callable[..., Any]
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
    """A graph, what it computes in NumPy on object arrays, and how much can be asked of it."""

    name: str
    build: Build
    shapes: Shapes
    value: Reference | None = None
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
        return {
            "wrt": self.wrt,
            "point": self.point and {k: np.array(v, dtype=object) for k, v in self.point.items()},
            "exact": self.exact,
            "linear": self.linear,
            "indices": {name: np.array(value, dtype=object) for name, value in self.integers.items()},
            "value": self.value,
        }


def _constant(store: Store, values: Any) -> Node:
    return store.add(table(np.array(values)))


# Maps -------------------------------------------------------------------------------------------------------


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
    Case("square", raw_map(SQUARE), ((2,),), lambda x: x * x),
    Case("add", lambda s, x, y: alg.add(s, x, y), ((2,), (2,)), lambda x, y: x + y, linear=True),
    Case("subtract", lambda s, x, y: alg.subtract(s, x, y), ((2,), (2,)), lambda x, y: x - y, linear=True),
    Case("divide", lambda s, x, y: alg.divide(s, x, y), ((2,), (2,)), lambda x, y: x / y),
    Case("divide_by_map", mapped(lambda a, b: a / b, 2), ((2,), (2,)), lambda x, y: x / y),
    Case(
        "same_operand_twice",
        lambda s, x: s.add(Map(from_function(lambda a, b: a * b**2, 2)), (x, x)),
        ((2,),),
        lambda x: x**3,
    ),
    Case(
        "three_operands",
        mapped(lambda a, b, c: a * b**2 - c / (1 + a**2), 3),
        ((2,), (2,), (2,)),
        lambda a, b, c: a * b**2 - c / (1 + a**2),
    ),
    Case("tanh", mapped(sp.tanh), ((2,),), exact=False),
    Case("sigmoid", mapped(lambda a: 1 / (1 + sp.exp(-a))), ((2,),), exact=False),
    Case("softplus", mapped(lambda a: sp.log(1 + sp.exp(a))), ((2,),), exact=False),
    Case("square_root", mapped(sp.sqrt), ((2,),), exact=False, point={"x0": [Fraction(2, 3), Fraction(5)]}),
    Case("root_of_sum", mapped(lambda a: sp.sqrt(1 + a**2)), ((2,),), exact=False),
    Case("two_transcendentals", mapped(lambda a, b: sp.exp(a) * sp.sin(b), 2), ((2,), (2,)), exact=False),
    Case("relu", mapped(_relu), ((3,),), lambda x: x * (x > 0)),
    Case("abs", mapped(abs), ((3,),), abs),
    Case("larger", mapped(_larger, 2), ((3,), (3,)), np.maximum),
    Case("larger_tied", lambda s, x: s.add(Map(from_function(_larger, 2)), (x, x)), ((2,),), lambda x: x),
    Case("where", _where, ((3,), (3,)), lambda x, y: np.where(x > 2 * y, x * y, y)),
    Case("doubled", lambda s, x: alg.add(s, x, x), ((2,),), lambda x: x + x, linear=True),
    Case(
        "negated",
        lambda s, x: alg.subtract(s, alg.constant(s, 0, (2,)), x),
        ((2,),),
        lambda x: -x,
        linear=True,
    ),
    Case(
        "plus_negative",
        lambda s, x, y: alg.add(s, x, alg.scale(s, y, -1)),
        ((2,), (2,)),
        lambda x, y: x - y,
        linear=True,
    ),
    Case(
        "divided_by_number",
        lambda s, x: alg.divide(s, x, alg.constant(s, 3, (2,))),
        ((2,),),
        lambda x: x / 3,
        linear=True,
    ),
]


# Contractions -----------------------------------------------------------------------------------------------


def contracted(*inputs: str, to: str, scale: Fraction = alg.ONE, **sizes: int) -> Build:
    """A contraction with letters for labels."""

    def build(store: Store, *xs: Node) -> Node:
        factors = [(x, tuple(map(ord, labels))) for x, labels in zip(xs, inputs, strict=True)]
        return alg.contract(store, factors, tuple(map(ord, to)), scale, {ord(k): n for k, n in sizes.items()})

    return build


def by_hand(
    inputs: Sequence[Any], output: Any, arrays: Sequence[Any], scale: Any = 1, sizes: Any = ()
) -> Any:
    """The definition of a contraction: a loop over every value of every label."""
    length = dict(sizes)
    for labels, array in zip(inputs, arrays, strict=True):
        length |= dict(zip(labels, array.shape, strict=True))
    result = np.full([length[k] for k in output], Fraction(0), dtype=object)
    for place in product(*map(range, length.values())):
        at = dict(zip(length, place, strict=True))
        term = scale
        for labels, array in zip(inputs, arrays, strict=True):
            term = term * array[tuple(at[k] for k in labels)]
        result[tuple(at[k] for k in output)] += term
    return result


def _transposed_twice(store: Store, x: Node) -> Node:
    return alg.transpose(store, alg.transpose(store, x, (1, 2, 0)), (1, 2, 0))


def _sum_of_broadcast(store: Store, x: Node) -> Node:
    return alg.reduce_sum(store, alg.broadcast_to(store, x, (3, 2)), [0])


def _minus_diagonal(store: Store, x: Node) -> Node:
    """``ii -> ii`` keeps the diagonal only: it is not the negative of x."""
    return alg.add(store, x, contracted("ii", to="ii", scale=-alg.ONE)(store, x))


def _trace_of_identity(store: Store, x: Node) -> Node:
    """Both labels of an identity are one label already."""
    return alg.contract(store, [(x, (0,)), (alg.identity(store, (4,)), (1, 1))], (0,))


def contraction(
    name: str, spec: str, *shapes: tuple[int, ...], scale: Fraction = alg.ONE, **sizes: int
) -> Case:
    """A case ``"ij jk -> ik"`` with its definition by loops."""
    before, to = spec.split("->")
    inputs, to = before.replace("scalar", "").split(" ")[:-1], to.strip()
    return Case(
        name,
        contracted(*inputs, to=to, scale=scale, **sizes),
        shapes,
        lambda *xs: by_hand(inputs, to, xs, scale, sizes),
        linear=True,
    )


CONTRACTIONS = [
    contraction("matrix_product", "ij jk -> ik", (2, 3), (3, 2)),
    contraction("inner", "i i -> ", (3,), (3,)),
    contraction("outer", "i j -> ij", (2,), (3,)),
    contraction("transposed", "ijk -> kij", (1, 2, 3)),
    contraction("sum", "ij -> j", (2, 3)),
    contraction("mean", "ij -> i", (2, 3), scale=Fraction(1, 3)),
    contraction("trace", "ii -> ", (3, 3)),
    contraction("diagonal", "iij -> ij", (2, 2, 2)),
    contraction("embedding", "i -> ii", (3,)),
    contraction("embedding_beside", "ij -> jii", (2, 2)),
    contraction("broadcast", "i -> ij", (2,), j=3),
    contraction("broadcast_scalar", "scalar -> ij", (), i=2, j=2),
    contraction("summed_beside", "i -> i", (2,), j=3),
    contraction("three", "ij jk kl -> il", (2, 2), (2, 1), (1, 2), scale=Fraction(-5, 3)),
    contraction("batched", "bqd bkd -> bqk", (2, 2, 1), (2, 2, 1), scale=Fraction(1, 2)),
    contraction("repeated_in_both", "iij jii -> iij", (2, 2, 2), (2, 2, 2)),
    contraction("length_one", "ij jk -> ik", (1, 1), (1, 2)),
    contraction("no_entries", "ij -> j", (0, 2)),
    Case(
        "summed_beside_raw",
        lambda s, x: s.add(Contract(((0,),), (0,), (2, 3)), [x]),
        ((2,),),
        lambda x: 3 * x,
        linear=True,
    ),
    Case("self_product", lambda s, x: contracted("i", "i", to="i")(s, x, x), ((3,),), lambda x: x * x),
    Case(
        "self_outer_cubed",
        lambda s, x: contracted("i", "j", "j", to="ij")(s, x, x, x),
        ((2,),),
        lambda x: np.outer(x, x * x),
    ),
    Case(
        "transposed_twice",
        _transposed_twice,
        ((1, 2, 3),),
        lambda x: x.transpose(1, 2, 0).transpose(1, 2, 0),
        linear=True,
    ),
    Case(
        "scaled_view",
        lambda s, x: alg.scale(s, alg.scale(s, x, 3), Fraction(1, 2)),
        ((2,),),
        lambda x: x * Fraction(3, 2),
        linear=True,
    ),
    Case(
        "broadcast_rows",
        lambda s, x: alg.broadcast_to(s, x, (2, 3, 2)),
        ((3, 1),),
        lambda x: np.broadcast_to(x, (2, 3, 2)),
        linear=True,
    ),
    Case("sum_of_broadcast", _sum_of_broadcast, ((2,),), lambda x: 3 * x, linear=True),
    Case("trace_of_identity", _trace_of_identity, ((2,),), lambda x: 4 * x, linear=True),
    Case("minus_diagonal", _minus_diagonal, ((2, 2),), lambda x: x - np.diag(np.diag(x)), linear=True),
    Case(
        "embedded_twice",
        lambda s, x: contracted("ij", "ij", to="ij")(s, *[contracted("i", to="ii")(s, x)] * 2),
        ((2,),),
        lambda x: np.diag(x * x),
    ),
]


# Moves ------------------------------------------------------------------------------------------------------


def _added(x: Any, index: Any, axis: int, size: int) -> Any:
    index = np.array(index)
    rows = np.moveaxis(x, range(axis, axis + index.ndim), range(index.ndim))
    result = np.full((size, *rows.shape[index.ndim :]), Fraction(0), dtype=object)
    for place in np.ndindex(index.shape):
        result[index[place]] = result[index[place]] + rows[place]
    return np.moveaxis(result, 0, axis)


def _folded(x: Any, axis: int, size: int) -> Any:
    rows = np.moveaxis(x, axis, 0)
    result = np.full((size, *rows.shape[1:-1]), Fraction(0), dtype=object)
    for i, j in np.ndindex(rows.shape[0], rows.shape[-1]):
        result[i + j] = result[i + j] + rows[i, ..., j]
    return np.moveaxis(result, 0, axis)


def _put(x: Any, shape: tuple[int, ...], *places: slice) -> Any:
    result = np.full(shape, Fraction(0), dtype=object)
    result[places] = x
    return result


def _many_slices(store: Store, x: Node) -> Node:
    """Overlapping entries and runs: the many small contributions of ir/scatter.py."""
    parts = [alg.slice_(store, x, [Span(k, 1, 2), Span(0, 1, 2)]) for k in (0, 1, 2)]
    squares = [store.add(Map(SQUARE), (part,)) for part in parts]
    return alg.total(store, squares, (2, 2))


def _slices_and_whole(store: Store, x: Node) -> Node:
    return alg.add(
        store,
        alg.slice_(store, x, [Span(1, 1, 2), Span(0, 1, 2)]),
        _many_slices(store, store.add(Map(SQUARE), (x,))),
    )


def _three_runs(store: Store, x: Node) -> Node:
    """Runs that do not overlap, a gap before, between and after, and the whole as well."""
    parts = [alg.slice_(store, x, [Span(k, 1, 1)]) for k in (5, 1, 3)]
    squares = [alg.multiply(store, part, part) for part in parts]
    return alg.add(
        store, alg.total(store, squares, (1,)), alg.insert_axes(store, alg.reduce_sum(store, x, [0]), [0])
    )


def _entries_one_by_one(store: Store, x: Node) -> Node:
    parts = [alg.reshape(store, alg.slice_(store, x, [Span(k, 1, 1)]), ()) for k in (3, 0, 1)]
    product = alg.multiply(store, alg.multiply(store, parts[0], parts[1]), parts[2])
    return alg.add(store, product, store.add(Map(SQUARE), (parts[1],)))


def _sum_of_squares(x: Any) -> Any:
    return x[0:2] ** 2 + x[1:3] ** 2 + x[2:4] ** 2


def move(name: str, build: Build, *shapes: tuple[int, ...], value: Reference) -> Case:
    """A case of a linear move."""
    return Case(name, build, shapes, value, linear=True)


def spanned(*spans: tuple[int, int, int], into: tuple[int, ...] | None = None) -> Build:
    """A slice, or a pad into a shape."""
    chosen = [Span(*span) for span in spans]
    return lambda s, x: alg.slice_(s, x, chosen) if into is None else alg.pad(s, x, chosen, into)


def gathered(index: Any, axis: int) -> Build:
    """A gather at constant positions."""
    return lambda s, x: alg.gather(s, x, _constant(s, index), axis)


def scattered(index: Any, axis: int, size: int) -> Build:
    """A scatter-add at constant positions."""
    return lambda s, x: alg.scatter_add(s, x, _constant(s, index), axis, size)


MOVES = [
    move("reshape", lambda s, x: alg.reshape(s, x, (3, 2)), (2, 3), value=lambda x: x.reshape(3, 2)),
    move("slice", spanned((1, 1, 2), (0, 2, 2)), (3, 3), value=lambda x: x[1:3, ::2]),
    move("slice_backwards", spanned((3, -2, 2), (1, -1, 2)), (4, 2), value=lambda x: x[3::-2, ::-1]),
    move(
        "pad",
        spanned((1, 1, 2), (0, 2, 2), into=(4, 3)),
        (2, 2),
        value=lambda x: _put(x, (4, 3), slice(1, 3), slice(0, 3, 2)),
    ),
    move(
        "pad_backwards", spanned((4, -2, 2), into=(6,)), (2,), value=lambda x: _put(x, (6,), slice(4, 1, -2))
    ),
    move(
        "concatenate",
        lambda s, x, y: alg.concatenate(s, [x, x, y], 1),
        (2, 1),
        (2, 2),
        value=lambda x, y: np.concatenate([x, x, y], 1),
    ),
    move("gather", gathered([[2, 0], [2, 2]], 1), (2, 3), value=lambda x: x[:, [[2, 0], [2, 2]]]),
    move("gather_first", gathered([1, 0, 1], 0), (2, 2), value=lambda x: x[[1, 0, 1]]),
    move("gather_one", gathered(2, 0), (3,), value=lambda x: x[2]),
    Case(
        "gather_input",
        lambda s, x, i: alg.gather(s, x, i, 0),
        ((3,), (2,)),
        lambda x: x[[2, 0]],
        linear=True,
        integers={"x1": [2, 0]},
    ),
    move(
        "scatter_add",
        scattered([[2, 0], [2, 3]], 1, 4),
        (1, 2, 2),
        value=lambda x: _added(x, [[2, 0], [2, 3]], 1, 4),
    ),
    move("scatter_add_last", scattered([1, 1], 1, 3), (2, 2), value=lambda x: _added(x, [1, 1], 1, 3)),
    move("scatter_add_first", scattered([1, 1], 0, 3), (2, 2), value=lambda x: _added(x, [1, 1], 0, 3)),
    move("scatter_add_one", scattered(1, 0, 3), (), value=lambda x: np.array([0, x[()], 0])),
    move("window", lambda s, x: alg.window(s, x, 0, 2), (3, 2), value=lambda x: np.stack([x[:2], x[1:]], -1)),
    move(
        "window_last",
        lambda s, x: alg.window(s, x, 1, 2),
        (1, 4),
        value=lambda x: np.stack([x[:, :3], x[:, 1:]], -1),
    ),
    move("fold", lambda s, x: s.add(Fold(0, 4), (x,)), (2, 1, 3), value=lambda x: _folded(x, 0, 4)),
    move("fold_second", lambda s, x: s.add(Fold(1, 3), (x,)), (2, 2, 2), value=lambda x: _folded(x, 1, 3)),
    Case("many_slices", _many_slices, ((4, 2),), _sum_of_squares),
    Case("slices_and_whole", _slices_and_whole, ((4, 2),), lambda x: x[1:3] + _sum_of_squares(x * x)),
    Case(
        "three_runs", _three_runs, ((7,),), lambda x: np.array([x[5] ** 2 + x[1] ** 2 + x[3] ** 2 + x.sum()])
    ),
    Case(
        "entries_one_by_one", _entries_one_by_one, ((5,),), lambda x: np.array(x[3] * x[0] * x[1] + x[0] ** 2)
    ),
]


# Selections and leaves --------------------------------------------------------------------------------------


def _named(store: Store, x: Node) -> Node:
    z = store.add(Named("z"), (store.add(Map(SQUARE), (x,)),))
    return alg.add(store, alg.multiply(store, z, x), store.add(Map(SQUARE), (z,)))


def _half_known(store: Store, x: Node) -> Node:
    """Maxima among constants, a tie of two constants, and an input."""
    return alg.maximum(store, alg.concatenate(store, [_constant(store, [0.0, 0.0]), x], 0), [0])


def _twice(store: Store, x: Node) -> Node:
    return alg.concatenate(store, [x, x], 0)


def _winners(x: Any, axis: int) -> Any:
    return x * (x == x.max(axis, keepdims=True))


def _rows(matrix: Callable[[Store], Node]) -> Build:
    return lambda s, x: contracted("ij", "j", to="i")(s, matrix(s), x)


def _times(*rows: tuple[int, ...]) -> Reference:
    return lambda x: np.array(rows) @ x


SELECTIONS = [
    Case("maximum", lambda s, x: alg.maximum(s, x, [1]), ((2, 3),), lambda x: x.max(1)),
    Case("maximum_first", lambda s, x: alg.maximum(s, x, [0]), ((2, 2),), lambda x: x.max(0)),
    Case("maximum_of_all", lambda s, x: alg.maximum(s, x, [0, 1]), ((2, 2),), lambda x: x.max()),
    Case("maximum_outer_axes", lambda s, x: alg.maximum(s, x, [0, 2]), ((2, 2, 1),), lambda x: x.max((0, 2))),
    Case("maximum_rotated", lambda s, x: alg.maximum(s, x, [0]), ((2, 1, 2),), lambda x: x.max(0)),
    Case(
        "maximum_of_a_copy",
        lambda s, x: alg.maximum(s, alg.concatenate(s, [x, x], 0), [0]),
        ((2,),),
        lambda x: x.max(),
    ),
    Case("maximum_with_constants", _half_known, ((2,),), lambda x: max(0, *x)),
    Case(
        "argmax", lambda s, x: alg.multiply(s, x, alg.argmax(s, x, [1])), ((2, 3),), lambda x: _winners(x, 1)
    ),
    Case(
        "argmax_of_a_copy",
        lambda s, x: alg.multiply(s, _twice(s, x), alg.argmax(s, _twice(s, x), [0])),
        ((2,),),
        lambda x: np.concatenate([x, x]) * np.tile(x == x.max(), 2) / 2,
    ),
    Case(
        "argmax_first",
        lambda s, x: alg.multiply(s, x, alg.argmax(s, x, [0])),
        ((3, 1),),
        lambda x: _winners(x, 0),
    ),
]

LEAVES = [
    Case("named", _named, ((2,),), lambda x: x**3 + x**4),
    Case("named_intermediate", _named, ((2,),), wrt=("z",)),
    Case(
        "literal",
        lambda s, x: alg.contract(s, [(x, (0,)), (s.add(Literal(0.1)), ())], (0,)),
        ((2,),),
        lambda x: x / 10,
        linear=True,
    ),
    Case(
        "table",
        _rows(lambda s: _constant(s, [[1, 2], [3, -4]])),
        ((2,),),
        _times((1, 2), (3, -4)),
        linear=True,
    ),
    Case(
        "positions",
        lambda s, x: alg.multiply(s, x, alg.positions(s, 3, 1)),
        ((3,),),
        lambda x: x * np.arange(1, 4),
        linear=True,
    ),
    Case(
        "triangle",
        _rows(lambda s: alg.lower_triangle(s, 3, 2)),
        ((2,),),
        _times((1, 0), (1, 1), (1, 1)),
        linear=True,
    ),
    Case(
        "triangle_below",
        _rows(lambda s: alg.lower_triangle(s, 2, 3, 1)),
        ((3,),),
        _times((1, 1, 0), (1, 1, 1)),
        linear=True,
    ),
    Case(
        "band",
        _rows(lambda s: alg.diagonal_band(s, 2, 3, 1)),
        ((3,),),
        _times((0, 1, 0), (0, 0, 1)),
        linear=True,
    ),
    Case(
        "equal",
        _rows(lambda s: s.add(Index("equal", (3, 2), -1))),
        ((2,),),
        _times((0, 0), (1, 0), (0, 1)),
        linear=True,
    ),
    Case("identity", _rows(lambda s: alg.identity(s, (3,))), ((3,),), lambda x: x, linear=True),
    Case(
        "constant_of_x",
        lambda s, x: alg.constant(s, 3, (2,)),
        ((2,),),
        lambda x: np.array([3, 3]),
        linear=True,
    ),
]


# Together ---------------------------------------------------------------------------------------------------


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
    Case("softmax_loss", _softmax_loss, ((2,), (2,)), exact=False),
    Case("network", _network, ((2,), (2, 2), (2,)), exact=False),
]

CASES = [*MAPS, *CONTRACTIONS, *MOVES, *SELECTIONS, *LEAVES, *TOGETHER]
BY_NAME = {case.name: case for case in CASES}
assert len(BY_NAME) == len(CASES), "two cases have one name"
