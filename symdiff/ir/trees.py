"""How are arguments nested? Tuples, lists and dicts of arrays, flattened to named leaves and rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from symdiff.errors import InputError, explain


@dataclass(frozen=True, slots=True)
class Tree:
    """A nesting: ``leaf``, or a tuple, list or dict of nestings; ``static`` carries a plain value along."""

    form: str
    children: tuple[Tree, ...] = ()
    keys: tuple[str, ...] = ()
    value: Any = None

    @property
    def size(self) -> int:
        """The number of leaves."""
        count, stack = 0, [self]
        while stack:
            tree = stack.pop()
            count += tree.form == "leaf"
            stack.extend(tree.children)
        return count

    def build(self, leaves: Sequence[Any]) -> Any:
        """Put leaves back into the nesting."""
        return self._build(iter(leaves))

    def _build(self, leaves: Iterator[Any]) -> Any:
        match self.form:
            case "leaf":
                return next(leaves)
            case "static":
                return self.value
            case "dict":
                return {
                    key: child._build(leaves) for key, child in zip(self.keys, self.children, strict=True)
                }
            case "tuple":
                return tuple(child._build(leaves) for child in self.children)
            case "namedtuple":
                return self.value(*(child._build(leaves) for child in self.children))
            case _:
                return [child._build(leaves) for child in self.children]

    def leaves(self, value: Any) -> list[Any]:
        """The leaves of a value that is nested like this.

        >>> Tree("dict", (LEAF, LEAF), ("W", "b")).leaves({"b": 2, "W": 1})
        [1, 2]
        """
        if self.form == "leaf":
            return [value]
        if self.form == "static":
            return []
        items = [value[key] for key in self.keys] if self.form == "dict" else list(value)
        if len(items) != len(self.children):
            facts: dict[str, object] = {"given": len(items), "needed": len(self.children)}
            raise InputError(explain("nested value", facts, "Nest it like the arguments."))
        return [leaf for child, item in zip(self.children, items, strict=True) for leaf in child.leaves(item)]


LEAF = Tree("leaf")


def flatten(value: Any, name: str, is_leaf: Callable[[Any], bool]) -> tuple[list[tuple[str, Any]], Tree]:
    """The leaves of a nesting with their names, and the nesting itself.

    >>> leaves, tree = flatten({"W": 1, "b": [2, 3]}, "p", lambda v: isinstance(v, int))
    >>> [n for n, _ in leaves], tree.build([10, 20, 30])
    (['p.W', 'p.b[0]', 'p.b[1]'], {'W': 10, 'b': [20, 30]})
    """
    if is_leaf(value):
        return [(name, value)], LEAF
    if isinstance(value, dict):
        parts = [flatten(v, f"{name}.{k}" if name else str(k), is_leaf) for k, v in value.items()]
        return _join(parts), Tree("dict", tuple(t for _, t in parts), tuple(value))
    if isinstance(value, (tuple, list)):
        parts = [flatten(v, f"{name}[{k}]", is_leaf) for k, v in enumerate(value)]
        children = tuple(t for _, t in parts)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return _join(parts), Tree("namedtuple", children, value=type(value))
        return _join(parts), Tree("tuple" if isinstance(value, tuple) else "list", children)
    return [], Tree("static", value=value)


def _join(parts: list[tuple[list[tuple[str, Any]], Tree]]) -> list[tuple[str, Any]]:
    return [leaf for leaves, _ in parts for leaf in leaves]
