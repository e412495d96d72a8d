"""Where is the wiring? A hash-consed networkx MultiDiGraph, grown at the end only, and views of it.

A ``Store`` holds every node once; a ``Graph`` is a function: some of its inputs, some of its nodes as outputs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import networkx as nx

from symdiff.errors import InputError, LegalityError, explain
from symdiff.ir.ops import Input, Kind, Named, Op, Signature
from symdiff.ir.shapes import infer
from symdiff.ir.sizes import Shape, text
from symdiff.ir.trees import LEAF, Tree

Node = int


class Store:
    """Hash-consed nodes. Node numbers grow, so sorting them sorts the graph topologically."""

    def __init__(self) -> None:
        self.dag: nx.MultiDiGraph = nx.MultiDiGraph()
        self.where: dict[Node, str] = {}
        self._ids: dict[tuple[Op, tuple[Node, ...]], Node] = {}
        self._lock = threading.RLock()

    def add(self, op: Op, operands: Sequence[Node] = ()) -> Node:
        """The node of ``op`` on these operands: an old one if there is one, otherwise a new one."""
        key = (op, tuple(operands))
        found = self._ids.get(key)
        if found is not None:
            return found
        with self._lock:
            nodes = self.dag._node
            signature = infer(op, tuple(nodes[k]["signature"] for k in operands))
            node = len(nodes)
            self.dag.add_node(node, op=op, operands=key[1], signature=signature)
            for slot, source in enumerate(operands):
                self.dag.add_edge(source, node, key=slot)
            self._ids[key] = node
        return node

    def op(self, node: Node) -> Op:
        """The operation of a node."""
        return self.dag._node[node]["op"]  # type: ignore[no-any-return]

    def operands(self, node: Node) -> tuple[Node, ...]:
        """The operands of a node, in the order of their slots."""
        return self.dag._node[node]["operands"]  # type: ignore[no-any-return]

    def signature(self, node: Node) -> Signature:
        """Shape and kind of a node."""
        return self.dag._node[node]["signature"]  # type: ignore[no-any-return]

    def shape(self, node: Node) -> Shape:
        """The shape of a node."""
        return self.signature(node).shape

    def kind(self, node: Node) -> Kind:
        """Whether a node holds reals, integers or booleans."""
        return self.signature(node).kind

    def ancestors(self, outputs: Iterable[Node]) -> list[Node]:
        """The nodes that the outputs need, themselves included, in topological order."""
        seen = set(outputs)
        stack = list(seen)
        while stack:
            for operand in self.operands(stack.pop()):
                if operand not in seen:
                    seen.add(operand)
                    stack.append(operand)
        return sorted(seen)

    def __len__(self) -> int:
        return len(self.dag)


@dataclass(eq=False, repr=False)
class Graph:
    """A function: inputs, outputs, and how its arguments and results are nested.

    ``arguments`` is a tuple of nestings with the parameters' names as ``keys``; its leaves are ``inputs`` in order.
    ``results`` is the nesting of the outputs; None stands for one bare output, or a tuple of several.
    """

    store: Store = field(default_factory=Store)
    inputs: tuple[Node, ...] = ()
    outputs: tuple[Node, ...] = ()
    arguments: Tree | None = None
    results: Tree | None = None
    names: dict[str, Node] = field(default_factory=dict)
    _found: tuple[tuple[Node, ...], dict[str, Node]] = field(default=((), {}), init=False, repr=False)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __repr__(self) -> str:
        """Inputs with their shapes, and how much there is.

        >>> Graph()
        Graph(): 0 nodes
        """
        named = zip(self.input_names, self.inputs, strict=True)
        inputs = ", ".join(f"{name} {text(self.shape(node))}" for name, node in named)
        return f"Graph({inputs}): {len(self.nodes)} nodes"

    @property
    def nodes(self) -> list[Node]:
        """The nodes that the outputs need, and the inputs, in topological order."""
        return self.store.ancestors((*self.outputs, *self.inputs))

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return tuple(op.name for op in map(self.store.op, self.inputs) if isinstance(op, Input))

    def node(self, name: str) -> Node:
        """The input or the named intermediate of that name."""
        if self._found[0] is not self.inputs:  # one scan, not one for each of 10,000 names
            named = {op.name: x for x in self.inputs if isinstance(op := self.store.op(x), Input)}
            self._found = (self.inputs, named)
        if name in self._found[1]:
            return self._found[1][name]
        if name in self.names:
            return self.names[name]
        known = ", ".join([*self.input_names, *self.names])

        raise InputError(
            explain(
                f"wrt={name!r}",
                {"names": known},
                "Use one of these, or mark a value that the output depends on: z = sd.name(z, ...).",
            )
        )

    def argument_tree(self, name: str) -> Tree:
        """How a parameter, or a part of one such as ``p.layers[0]``, is nested; other names are leaves."""
        found = self._part(name)
        return LEAF if found is None else found[0]

    def leaf_names(self, name: str) -> list[str]:
        """The names of the inputs inside a parameter or a part of it; a named intermediate stands for itself."""
        found = self._part(name)
        if found is None:
            self.node(name)
            return [name]
        tree, start = found
        return list(self.input_names[start : start + tree.size])

    def _part(self, name: str) -> tuple[Tree, int] | None:
        """The nesting of that name, and the place of its first leaf."""
        waiting: list[tuple[str, Tree, int]] = []
        start = 0
        arguments = self.arguments or Tree("tuple")
        for key, child in zip(arguments.keys, arguments.children, strict=True):
            waiting.append((key, child, start))
            start += child.size
        while waiting:
            label, tree, start = waiting.pop()
            if label == name:
                return tree, start
            if name.startswith((f"{label}.", f"{label}[")):
                for k, child in enumerate(tree.children):
                    inner = f"{label}.{tree.keys[k]}" if tree.form == "dict" else f"{label}[{k}]"
                    waiting.append((inner, child, start))
                    start += child.size
        return None

    def shape(self, node: Node) -> Shape:
        """The shape of a node."""
        return self.store.shape(node)

    def with_outputs(self, outputs: Sequence[Node], results: Tree | None = None) -> Graph:
        """The same inputs, other outputs."""
        return replace(self, outputs=tuple(outputs), results=results)

    def with_inputs(self, added: Sequence[tuple[str, Node]]) -> Graph:
        """The same outputs, more inputs after the others."""
        inputs = (*self.inputs, *(node for _, node in added))
        arguments = self.arguments
        if arguments is not None:
            keys = (*arguments.keys, *(name for name, _ in added))
            arguments = replace(arguments, children=(*arguments.children, *(LEAF for _ in added)), keys=keys)
        return replace(self, inputs=inputs, arguments=arguments)

    def networkx(self) -> nx.MultiDiGraph:
        """The nodes and edges that the outputs need, as a graph of its own."""
        return self.store.dag.subgraph(self.nodes).copy()

    def fingerprint(self) -> str:
        """A hash of the structure: equal for two traces of one function."""
        place: dict[Node, int] = {}
        digest = blake2b(digest_size=16)
        for position, node in enumerate(self.nodes):
            place[node] = position
            op = self.store.op(node)
            digest.update(repr((op, [place[k] for k in self.store.operands(node)])).encode())
        digest.update(repr(([place[k] for k in self.inputs], [place[k] for k in self.outputs])).encode())
        return digest.hexdigest()

    def check_legality(self) -> None:
        """Re-derive every shape and kind from the operations."""
        for node in self.nodes:
            operands = self.store.operands(node)
            derived = infer(self.store.op(node), tuple(self.store.signature(k) for k in operands))
            edges = sorted((slot, source) for source, _, slot in self.store.dag.in_edges(node, keys=True))
            if derived != self.store.signature(node) or tuple(source for _, source in edges) != operands:
                raise LegalityError(
                    explain(
                        f"node {node}: {self.store.op(node)}",
                        {"stored": self.store.signature(node), "derived": derived, "edges": edges},
                        "A transformation wrote a wrong shape or edge: report this.",
                    )
                )


def named_nodes(store: Store, nodes: Iterable[Node]) -> dict[str, Node]:
    """The intermediates that were given a name."""
    return {op.name: node for node in nodes if isinstance(op := store.op(node), Named)}
