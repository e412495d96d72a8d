"""What is a graph with symbolic sizes when the sizes are numbers? The same graph, built again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from symdiff.errors import ShapeError, explain
from symdiff.ir.formulas import formula
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import (
    Coefficient,
    Contract,
    Fold,
    Index,
    Input,
    Map,
    Op,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Span,
)
from symdiff.ir.sizes import Shape, Size, substitute, symbols_of, text

Values = Mapping[sp.Symbol, int]


def size_symbols(graph: Graph) -> set[sp.Symbol]:
    """The size symbols in the shapes of the inputs."""
    return symbols_of(tuple(size for node in graph.inputs for size in graph.shape(node)))


def at_sizes(graph: Graph, values: Values) -> Graph:
    """The graph with numbers for size symbols, in a store of its own; names and nestings stay."""
    store = Store()
    new: dict[Node, Node] = {}
    for node in graph.store.ancestors((*graph.outputs, *graph.inputs, *graph.names.values())):
        new[node] = store.add(_at(graph.store.op(node), values), [new[k] for k in graph.store.operands(node)])
    return replace(
        graph,
        store=store,
        inputs=tuple(new[k] for k in graph.inputs),
        outputs=tuple(new[k] for k in graph.outputs),
        names={name: new[k] for name, k in graph.names.items()},
    )


def _at(op: Op, values: Values) -> Op:
    match op:
        case Input() | Index():
            return replace(op, shape=_shape(op.shape, values))
        case Contract():
            return replace(
                op, sizes=_shape(op.sizes, values), coefficient=_coefficient(op.coefficient, values)
            )
        case Map(f):
            sizes = f.expression.free_symbols & set(values)
            return Map(formula(f.expression.subs(values), f.arity, boolean=f.boolean)) if sizes else op
        case Reshape(shape):
            return Reshape(_shape(shape, values))
        case Slice(spans):
            return Slice(_spans(spans, values))
        case Pad(spans, shape):
            return Pad(_spans(spans, values), _shape(shape, values))
        case ScatterAdd() | Fold():
            return replace(op, size=substitute(op.size, values))
        case _:
            return op


def _shape(shape: Shape, values: Values) -> Shape:
    return tuple(substitute(size, values) for size in shape)


def _spans(spans: Sequence[Span], values: Values) -> tuple[Span, ...]:
    return tuple(Span(substitute(s.start, values), s.step, substitute(s.length, values)) for s in spans)


def _coefficient(value: Coefficient, values: Values) -> Coefficient:
    if isinstance(value, Fraction):
        return value
    number = sp.nsimplify(value.subs(values))
    return Fraction(int(number.p), int(number.q)) if number.is_Rational else number


# Which sizes do these arrays have? -------------------------------------------------------------------------


def solve_sizes(
    names: Sequence[str], declared: Sequence[Shape], given: Sequence[tuple[int, ...]]
) -> dict[sp.Symbol, int]:
    """The numbers that make declared shapes equal to given ones, or a ShapeError.

    >>> from symdiff.ir.sizes import parse_shape
    >>> solve_sizes(["Q", "b"], [parse_shape("n h*dh"), parse_shape("h")], [(5, 12), (3,)])
    {n: 5, h: 3, dh: 4}
    """
    for name, shape, actual in zip(names, declared, given, strict=True):
        if len(shape) != len(actual):
            _disagree(name, shape, actual, "Give an array with as many axes as declared.")
    equations = [
        (name, size, length)
        for name, shape, actual in zip(names, declared, given, strict=True)
        for size, length in zip(shape, actual, strict=True)
    ]
    found: dict[sp.Symbol, int] = {}
    waiting = equations
    while waiting:
        rest = [e for e in waiting if not _learn(e[1], e[2], found)]
        if len(rest) == len(waiting):
            break
        waiting = rest
    missing = symbols_of(tuple(size for _, size, _ in waiting)) - set(found)
    for name, shape, actual in zip(names, declared, given, strict=True):
        # one symbol left unknown means that no whole number fits it
        if not _agrees(shape, actual, found, missing):
            known = ", ".join(f"{s}={v}" for s, v in found.items())
            _disagree(
                name,
                shape,
                actual,
                f"With {known} the sizes do not fit." if known else "The sizes do not fit.",
            )
    if missing:
        facts: dict[str, object] = {name: f"{size} = {length}" for name, size, length in waiting}
        lacking = " or ".join(sorted(map(str, missing)))
        raise ShapeError(
            explain("kernel call", facts, f"Also give an input that has {lacking} as an axis of its own.")
        )
    order = _in_order(size for _, size, _ in equations)
    return {symbol: found[symbol] for symbol in order}


def _in_order(sizes: Iterable[Size]) -> list[sp.Symbol]:
    order: dict[sp.Symbol, None] = {}
    for size in sizes:
        order.update(dict.fromkeys(sorted(symbols_of((size,)), key=str, reverse=True)))
    return list(order)


def _learn(size: Size, length: int, found: dict[sp.Symbol, int]) -> bool:
    """Solve one equation for its last unknown symbol; True when nothing is left to learn from it."""
    left = substitute(size, found)
    if isinstance(left, int):
        return True
    unknown = list(left.free_symbols)
    if len(unknown) > 1:
        return False
    solutions = [s for s in sp.solve(left - length, unknown[0]) if s.is_integer and s > 0]
    if len(solutions) == 1:
        found[unknown[0]] = int(solutions[0])
    return bool(solutions)


def _agrees(shape: Shape, actual: tuple[int, ...], found: Values, missing: set[sp.Symbol]) -> bool:
    pairs = ((substitute(size, found), length) for size, length in zip(shape, actual, strict=True))
    return all(len(symbols_of((size,)) & missing) > 1 or size == length for size, length in pairs)


def _disagree(name: str, shape: Shape, actual: tuple[int, ...], mend: str) -> None:
    raise ShapeError(explain("kernel call", {name: text(shape), "given": text(actual)}, mend))
