"""What is the derivative of a graph? Another graph: all rules of differentiation stand on this page.

In the field's notation a tangent is ``x_dot`` and a cotangent ``x_bar``. ``pull_back`` carries cotangents to
inputs, ``push_forward`` tangents to outputs; either may have leading axes (the rows of a Jacobian).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias, assert_never

from symdiff.errors import ShapeError, explain
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import partial
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.leading import full_spans, lead_labels, shifted, with_lead
from symdiff.ir.ops import (
    ArgMax,
    Concatenate,
    Contract,
    Fold,
    Gather,
    Index,
    Input,
    Literal,
    Map,
    Maximum,
    Named,
    Op,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Span,
    Table,
    Window,
)
from symdiff.ir.pausing import without_collection
from symdiff.ir.scatter import sum_of_terms
from symdiff.ir.sizes import Shape, product, text

Edge: TypeAlias = tuple[Node, int]
Rule: TypeAlias = Callable[[Node], Node | None]
Alteration: TypeAlias = Callable[[Node, Rule], Node | None]
UNALTERED: Mapping[Edge, Alteration] = MappingProxyType({})

# The rules --------------------------------------------------------------------------------------------------


def _transpose(
    store: Store, op: Op, node: Node, operands: tuple[Node, ...], slot: int, lead: Shape, bar: Node
) -> Node | None:
    """The cotangent of operand ``slot`` from the cotangent ``bar`` of the node; None where it is zero."""
    shape = store.shape(operands[slot])
    match op:
        case Map():
            return _times_partial(store, op, node, operands, slot, lead, bar)
        case Contract():
            labels, new = with_lead(op, lead)
            factors = [(bar, labels + op.output)]
            factors += [(x, op.inputs[k]) for k, x in enumerate(operands) if k != slot]
            return alg.contract(store, factors, labels + op.inputs[slot], op.coefficient, new)
        case Named():
            return bar
        case Reshape():
            return alg.reshape(store, bar, lead + shape)
        case Slice(spans):
            return alg.pad(store, bar, full_spans(lead) + spans, lead + shape)
        case Pad(spans):
            return alg.slice_(store, bar, full_spans(lead) + spans)
        case Concatenate(axis):
            start = sum((store.shape(x)[axis] for x in operands[:slot]), 0)
            own = list(full_spans(lead + shape))
            own[len(lead) + axis] = Span(start, 1, shape[axis])
            return alg.slice_(store, bar, own)
        case Gather(axis):
            if slot != 0:
                return None
            return alg.scatter_add(store, bar, operands[1], axis + len(lead), shape[axis])
        case ScatterAdd(axis):
            return alg.gather(store, bar, operands[1], axis + len(lead)) if slot == 0 else None
        case Window(axis):
            return store.add(Fold(axis + len(lead), shape[axis]), (bar,))
        case Fold(axis):
            return alg.window(store, bar, axis + len(lead), int(shape[-1]))
        case Maximum(axes):
            labels, every = lead_labels(lead), tuple(range(len(shape)))
            kept = tuple(k for k in every if k not in axes)
            winner = alg.argmax(store, operands[0], axes)
            return alg.contract(store, [(bar, labels + kept), (winner, every)], labels + every)
        case ArgMax() | Input() | Literal() | Table() | Index():
            return None
        case _:
            assert_never(op)


def _push(
    store: Store, op: Op, node: Node, operands: tuple[Node, ...], slot: int, lead: Shape, dot: Node
) -> Node | None:
    """The tangent that operand ``slot`` contributes to the node; None where it is zero."""
    match op:
        case Map():
            return _times_partial(store, op, node, operands, slot, lead, dot)
        case Contract():
            labels, new = with_lead(op, lead)
            factors = [(x, op.inputs[k]) for k, x in enumerate(operands)]
            factors[slot] = (dot, labels + op.inputs[slot])
            return alg.contract(store, factors, labels + op.output, op.coefficient, new)
        case Named():
            return dot
        case Maximum(axes):
            labels, every = lead_labels(lead), tuple(range(len(store.shape(operands[0]))))
            kept = tuple(k for k in every if k not in axes)
            winner = alg.argmax(store, operands[0], axes)
            return alg.contract(store, [(dot, labels + every), (winner, every)], labels + kept)
        case Concatenate(axis):
            zeros = [alg.constant(store, 0, lead + store.shape(x)) for x in operands]
            return alg.concatenate(store, [*zeros[:slot], dot, *zeros[slot + 1 :]], axis + len(lead))
        case Gather() | ScatterAdd():
            return store.add(shifted(op, lead), (dot, operands[1])) if slot == 0 else None
        case Reshape() | Slice() | Pad() | Window() | Fold():
            return store.add(shifted(op, lead), (dot,))
        case ArgMax() | Input() | Literal() | Table() | Index():
            return None
        case _:
            assert_never(op)


def _times_partial(
    store: Store, op: Map, node: Node, operands: tuple[Node, ...], slot: int, lead: Shape, other: Node
) -> Node | None:
    """``other`` times the partial derivative of the formula: the one rule of all elementwise operations."""
    local = partial(op.formula, slot)
    if local.formula is None:
        constant = alg.coefficient(local.constant)
        return alg.scale(store, other, constant) if constant != 0 else None
    chosen = [node if k == -1 else operands[k] for k in local.slots]
    factor = alg.apply(store, local.formula, chosen)
    if not lead:
        return alg.multiply(store, other, factor)
    labels, every = lead_labels(lead), tuple(range(len(store.shape(node))))
    return alg.contract(store, [(other, labels + every), (factor, every)], labels + every)


# The two sweeps ---------------------------------------------------------------------------------------------


def pull_back(
    store: Store,
    seeds: Mapping[Node, Node],
    wrt: Sequence[Node],
    lead: Shape = (),
    blocked: frozenset[Edge] = frozenset(),
    altered: Mapping[Edge, Alteration] = UNALTERED,
) -> list[Node]:
    """Cotangents of ``wrt`` from cotangents of some nodes: ``x_bar = sum over uses (d use / d x)^T use_bar``.

    Edges in ``blocked``, as (node, slot), carry nothing: so the share of each path can be told. What ``altered``
    says of an edge replaces its rule: it is called with the cotangent and the rule.
    """
    between = _between(store, wrt, seeds)
    bars: dict[Node, list[Node]] = {node: [bar] for node, bar in seeds.items()}
    found: dict[Node, Node] = {}
    targets = set(wrt)
    for node in sorted(between, reverse=True):
        terms = bars.pop(node, None)
        if terms is None:
            continue
        bar = sum_of_terms(store, terms, lead, store.shape(node))
        if node in targets:
            found[node] = bar
        operands = store.operands(node)
        if not operands or alg.is_zero(store, bar):
            continue
        op = store.op(node)
        for slot, operand in enumerate(operands):
            if operand in between and (node, slot) not in blocked:
                rule = functools.partial(_transpose, store, op, node, operands, slot, lead)
                change = altered.get((node, slot))
                term = rule(bar) if change is None else change(bar, rule)
                if term is not None:
                    bars.setdefault(operand, []).append(term)
    return [found[x] if x in found else alg.constant(store, 0, lead + store.shape(x)) for x in wrt]


def push_forward(
    store: Store,
    tangents: Mapping[Node, Node],
    outputs: Sequence[Node],
    lead: Shape = (),
    altered: Mapping[Edge, Alteration] = UNALTERED,
) -> list[Node]:
    """Tangents of ``outputs`` from those of some nodes: ``y_dot = sum over operands (d y / d x) x_dot``.

    What ``altered`` says of an edge replaces its rule, as in ``pull_back``.
    """
    dots: dict[Node, Node] = {}
    for node in sorted(_between(store, tangents, outputs)):
        terms = [tangents[node]] if node in tangents else []
        operands, op = store.operands(node), store.op(node)
        for slot, operand in enumerate(operands):
            if operand in dots:
                rule = functools.partial(_push, store, op, node, operands, slot, lead)
                change = altered.get((node, slot))
                term = rule(dots[operand]) if change is None else change(dots[operand], rule)
                if term is not None:
                    terms.append(term)
        if terms:
            dots[node] = alg.total(store, terms, lead + store.shape(node))
    return [dots[y] if y in dots else alg.constant(store, 0, lead + store.shape(y)) for y in outputs]


def _between(store: Store, sources: Iterable[Node], sinks: Iterable[Node]) -> set[Node]:
    """The real nodes on a path from a source to a sink."""
    reached = set(sources)
    for node in store.ancestors(sinks):
        if store.kind(node) == "real" and not reached.isdisjoint(store.operands(node)):
            reached.add(node)
    return reached


# Derivatives of whole graphs --------------------------------------------------------------------------------


@without_collection
def gradient(graph: Graph, wrt: Sequence[str], *, with_value: bool = False) -> Graph:
    """``d f / d x`` for each x of ``wrt``; f has one scalar output."""
    output = _scalar_output(graph, "gradient")
    store = graph.store
    bars = pull_back(store, {output: alg.constant(store, 1)}, [graph.node(x) for x in wrt])
    return graph.with_outputs((output, *bars) if with_value else bars)


@without_collection
def vjp(graph: Graph, wrt: Sequence[str], name: str = "cotangent") -> Graph:
    """``x_bar = (d f / d x)^T f_bar``; the cotangents of the outputs become inputs, after the others."""
    store = graph.store
    seeds: dict[Node, Node] = {}
    added: list[tuple[str, Node]] = []
    for k, y in enumerate(graph.outputs):
        label = name if len(graph.outputs) == 1 else f"{name}[{k}]"
        own, bar = _new_input(graph, label, store.shape(y))
        added.append((own, bar))
        seeds[y] = alg.add(store, seeds[y], bar) if y in seeds else bar
    bars = pull_back(store, seeds, [graph.node(x) for x in wrt])
    return graph.with_outputs(bars).with_inputs(added)


@without_collection
def jvp(graph: Graph, wrt: Sequence[str], name: str = "direction") -> Graph:
    """``f_dot = (d f / d x) x_dot``; the tangents become inputs, after the others."""
    store = graph.store
    nodes = [graph.node(x) for x in wrt]
    labels = [name] if len(wrt) == 1 else [f"{name}[{x}]" for x in wrt]
    added = [_new_input(graph, label, store.shape(n)) for label, n in zip(labels, nodes, strict=True)]
    dots = {node: dot for node, (_, dot) in zip(nodes, added, strict=True)}
    return graph.with_outputs(push_forward(store, dots, graph.outputs), graph.results).with_inputs(added)


@without_collection
def hvp(graph: Graph, wrt: Sequence[str], name: str = "direction") -> Graph:
    """``H u``, forward over reverse; the directions u become inputs, after the others."""
    return jvp(gradient(graph, wrt), wrt, name)


@without_collection
def jacobian(graph: Graph, wrt: Sequence[str]) -> Graph:
    """``d f / d x`` of shape ``f.shape + x.shape`` for each x, by the sweep that carries fewer rows."""
    if len(graph.outputs) != 1:
        raise ShapeError(explain("jacobian", {"outputs": len(graph.outputs)}, "Return one array."))
    store, output = graph.store, graph.outputs[0]
    rows = store.shape(output)
    nodes = [graph.node(x) for x in wrt]
    wide = [n for n in nodes if not _is_shorter(store.shape(n), rows)]
    bars = pull_back(store, {output: alg.identity(store, rows)}, wide, rows) if wide else []
    found = dict(zip(wide, bars, strict=True))
    found |= {n: _forward_jacobian(store, output, n) for n in nodes if n not in found}
    return graph.with_outputs([found[n] for n in nodes])


@without_collection
def hessian(graph: Graph, wrt: Sequence[str]) -> Graph:
    """``d^2 f / d x d x`` of shape ``x.shape + x.shape``; for several x, every block, row by row."""
    first = gradient(graph, wrt)
    blocks: list[Node] = []
    for row in first.outputs:
        blocks += jacobian(graph.with_outputs([row]), wrt).outputs
    return graph.with_outputs(blocks)


def _forward_jacobian(store: Store, output: Node, x: Node) -> Node:
    columns, rows = store.shape(x), store.shape(output)
    (dot,) = push_forward(store, {x: alg.identity(store, columns)}, [output], columns)
    back = tuple(range(len(columns), len(columns) + len(rows))) + tuple(range(len(columns)))
    return alg.transpose(store, dot, back)


def _is_shorter(left: Shape, right: Shape) -> bool:
    small, large = product(left), product(right)
    return isinstance(small, int) and isinstance(large, int) and small < large


def _new_input(graph: Graph, name: str, shape: Shape) -> tuple[str, Node]:
    while name in graph.input_names:
        name += "_"
    return name, graph.store.add(Input(name, shape))


def _scalar_output(graph: Graph, call: str) -> Node:
    shapes = [graph.shape(y) for y in graph.outputs]
    if shapes != [()]:
        facts: dict[str, object] = {"output": ", ".join(map(text, shapes))}
        raise ShapeError(explain(call, facts, "Return one scalar, or ask for a jacobian or a vjp."))
    return graph.outputs[0]
