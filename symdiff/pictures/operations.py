"""Which boxes and arrows show a traced function? One for each operation, with its formula and its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from symdiff.checking.formulas import formula_text
from symdiff.derivations.writing.symbols import symbol
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input, Named
from symdiff.pictures.boxes import Arrow, Box, Drawing, Kind, Line
from symdiff.pictures.repeating import repeated
from symdiff.pictures.shortening import MOST, shortened
from symdiff.pictures.svg import render
from symdiff.pictures.typesetting import Text, joined, plain, typeset, wrapped

_LONG = 60
_NAME, _LINE = 185.0, 118.0


def to_svg(graph: Graph) -> str:
    """The computation graph as one SVG; the same graph gives the same text.

    >>> from symdiff.doors.tracing import trace
    >>> "v1 = x + 1; v2 = v1**2." in to_svg(trace(lambda x: (x + 1) ** 2, x=""))
    True
    """
    return render(drawing(graph))


def drawing(graph: Graph) -> Drawing:
    """The computation graph; constants stand in the formulas, and ``v1``, ``v2`` are values without a name."""
    names = names_of(graph)
    kept = shortened(
        Drawing("", "", tuple(_outline(graph, node, names) for node in names), _arrows(graph, names))
    )
    boxes = tuple(box if box.kind == "gap" else _box(graph, box, names) for box in kept.boxes)
    title = f"Computation graph of {', '.join(graph.input_names) or 'constants'}"
    return repeated(Drawing(title, _words(graph, names), boxes, kept.arrows))


def _arrows(graph: Graph, names: Mapping[Node, str]) -> tuple[Arrow, ...]:
    return tuple(
        Arrow(str(source), str(node))
        for node in names
        for source in dict.fromkeys(graph.store.operands(_inner(graph, node)))
        if source in names
    )


def _words(graph: Graph, names: Mapping[Node, str]) -> str:
    made = [node for node in names if node not in graph.inputs]
    told = "; ".join(f"{names[node]} = {_formula(graph, node, names)}" for node in made[:MOST])
    return f"{told}; and {len(made) - MOST} more." if len(made) > MOST else f"{told}."


def names_of(graph: Graph) -> dict[Node, str]:
    """What each value is called; constants have no name, and a value that was given one has only that."""
    store, outputs = graph.store, set(graph.outputs)
    made = [n for n in graph.nodes if store.operands(n) or isinstance(store.op(n), Input) or n in outputs]
    inside = {store.operands(n)[0] for n in made if isinstance(store.op(n), Named)}
    given = {n: op.name for n in made if isinstance(op := store.op(n), (Input, Named))}
    free = (f"v{k}" for k in count(1) if f"v{k}" not in given.values())
    return {n: given[n] if n in given else next(free) for n in made if n in given or n not in inside}


def _inner(graph: Graph, node: Node) -> Node:
    """The operation whose value has a name."""
    return graph.store.operands(node)[0] if isinstance(graph.store.op(node), Named) else node


def _formula(graph: Graph, node: Node, names: Mapping[Node, str]) -> str:
    inner = _inner(graph, node)
    other = names.get(inner) if inner != node else None
    return formula_text(graph.store, inner, _LONG, names) if other is None else other


def _outline(graph: Graph, node: Node, names: Mapping[Node, str]) -> Box:
    """A box with the name only: those that are drawn are filled in later."""
    kind: Kind = "output" if node in graph.outputs else "input" if node in graph.inputs else "quantity"
    return Box(str(node), (Line(plain(names[node]), 15),), kind)


def _box(graph: Graph, outline: Box, names: Mapping[Node, str]) -> Box:
    node = int(outline.key)
    shape, name = " × ".join(map(str, graph.shape(node))), _name(names[node])
    told = wrapped(joined(name, plain(f" : {shape}" if shape else "")), 15, _NAME, 2)
    lines = [Line(line, 15) for line in told]
    if node not in graph.inputs:
        text = plain(_formula(graph, node, names).replace("*", "·").replace("··", "**"))
        lines += [Line(line, 12, "soft") for line in wrapped(text, 12, _LINE, 3)]
    return replace(outline, lines=tuple(lines), name=Line(name, 15))


def _name(name: str) -> Text:
    latex = symbol(name)
    return typeset(latex, {latex: name} if latex.startswith(r"\text") else {})
