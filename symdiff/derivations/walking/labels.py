"""What are the parts of nested and stacked parameters called? ``params[3][0]``, bound to ``W``, is ``W_4``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input, Pad, Slice, Span
from symdiff.ir.sizes import Shape
from symdiff.ir.trees import Tree

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class _Leaf:
    node: Node
    path: Path
    stem: str

    def numbers(self, moving: Sequence[int]) -> str:
        """``W_4`` for the fourth of a list; keys that differ stand between."""
        told = [part + 1 if isinstance(part := self.path[k], int) else part for k in moving]
        return "_".join(map(str, [self.stem, *told]))


def leaf_labels(graph: Graph, bound: Mapping[Node, str]) -> dict[Node, str]:
    """Names for the leaves of nested arguments: the variable that is ``bound`` to them, or else their last key.

    Leaves of one stem are told apart by what differs in their places, counted from 1.
    """
    stems: dict[str, list[_Leaf]] = {}
    for node, path in zip(graph.inputs, _paths(graph), strict=True):
        stem = bound.get(node, path[-1])
        if len(path) > 1 and isinstance(stem, str) and stem.isidentifier():
            stems.setdefault(stem, []).append(_Leaf(node, path, stem))
    labels: dict[Node, str] = {}
    for leaves in stems.values():
        if len({len(leaf.path) for leaf in leaves}) == 1:
            columns = list(zip(*(leaf.path for leaf in leaves), strict=True))
            moving = [k for k, column in enumerate(columns) if len(set(column)) > 1]
            labels |= {leaf.node: leaf.numbers(moving) for leaf in leaves}
    return labels


def slice_labels(graph: Graph, names: Mapping[Node, str]) -> dict[Node, str]:
    """Names for single entries along the first axis of inputs: ``W[3]`` is ``W_4``."""
    store = graph.store
    found = {}
    for node in graph.nodes:
        op = store.op(node)
        if isinstance(op, Slice) and node not in names:
            (source,) = store.operands(node)
            place = entry(op, store.shape(source))
            if place is not None and isinstance(store.op(source), Input):
                found[node] = f"{names[source]}_{place + 1}"
    return found


def entry(op: Slice | Pad, shape: Shape) -> int | None:
    """Which entry along the first axis of the larger shape it is, if it is one of them and all of the other axes."""
    first, *others = op.spans
    rest = tuple(Span(0, 1, size) for size in shape[1:])
    is_one = first.length == 1 and isinstance(first.start, int) and shape[0] != 1
    return first.start if is_one and rest and tuple(others) == rest else None


def _paths(graph: Graph) -> list[Path]:
    """The place of each input within the arguments."""
    tree = graph.arguments
    if tree is None:
        return [(name,) for name in graph.input_names]
    named = zip(tree.keys, tree.children, strict=True)
    return [path for key, child in named for path in _within(child, (key,))]


def _within(tree: Tree, path: Path) -> Iterator[Path]:
    if tree.form == "leaf":
        yield path
    keys: Sequence[str | int] = tree.keys if tree.form == "dict" else range(len(tree.children))
    for key, child in zip(keys, tree.children, strict=True):
        yield from _within(child, (*path, key))
