"""How is a function of nested arguments judged? As the function of their leaves that means the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from symdiff.checking.arguments import split_call
from symdiff.ir.graph import Graph
from symdiff.ir.trees import Tree


@dataclass(frozen=True)
class Flat:
    """A function of single arrays, ``a0``, ``a1``, ..., that stand for the leaves of the arguments, by name."""

    fn: Callable[..., Any]
    tree: Tree
    names: Mapping[str, str]

    def nested(self, leaves: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that are made of these leaves."""
        return _nested(self.tree, [leaves[name] for name in self.names.values()])

    def inputs(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """The leaves of arguments."""
        values = self.tree.leaves(tuple(named[key] for key in self.tree.keys))
        return dict(zip(self.names.values(), values, strict=True))


def flattened(fn: Callable[..., Any], graph: Graph) -> Flat:
    """The function of the leaves of a function's arguments.

    >>> import symdiff as sd
    >>> def affine(p, x):
    ...     return p["W"] @ x + p["b"]
    >>> graph = sd.trace(affine, p={"W": "m n", "b": "m"}, x="n")
    >>> flattened(affine, graph).names
    {'p.W': 'a0', 'p.b': 'a1', 'x': 'a2'}
    """
    tree = graph.arguments
    assert tree is not None
    names = {name: f"a{k}" for k, name in enumerate(graph.input_names)}

    def flat(*leaves: Any) -> Any:
        args, kwargs = split_call(fn, _nested(tree, leaves))
        return fn(*args, **kwargs)

    flat.__name__ = getattr(fn, "__name__", "function")
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    flat.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names.values()])  # type: ignore[attr-defined]
    return Flat(flat, tree, names)


def _nested(tree: Tree, leaves: Any) -> dict[str, Any]:
    return dict(zip(tree.keys, tree.build(list(leaves)), strict=True))
