"""How do nested arguments reach a program? Source that unpacks parameters and rebuilds results."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from symdiff.ir.calling import bind
from symdiff.ir.graph import Graph
from symdiff.ir.trees import LEAF, Tree


class Names:
    """Gives out identifiers that are not taken."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.count = 0

    def claim(self, wish: str) -> str:
        """The wished name as an identifier, with underscores added until it is free."""
        name = re.sub(r"\W+", "_", wish).strip("_") or "x"
        if name[0].isdigit() or keyword.iskeyword(name):
            name = f"x{name}"
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def fresh(self) -> str:
        """The next of t1, t2, ..."""
        while True:
            self.count += 1
            name = f"t{self.count}"
            if name not in self.taken:
                self.taken.add(name)
                return name


def arguments_of(graph: Graph) -> Tree:
    """The nesting of the arguments; one parameter for each input where none is known."""
    if graph.arguments is not None:
        return graph.arguments
    return Tree("tuple", (LEAF,) * len(graph.inputs), graph.input_names)


def unpack(arguments: Tree, names: Names) -> tuple[list[str], list[str], list[str]]:
    """Parameters, the statements that take nestings apart, and the names of the leaves in order."""
    parameters: list[str] = []
    statements: list[str] = []
    leaves: list[str] = []
    for key, child in zip(arguments.keys, arguments.children, strict=True):
        name = names.claim(key)
        parameters.append(f"{_stars(child)}{name}")
        _unpack(child, name, names, statements, leaves)
    if not statements:
        return parameters, [], leaves
    given = ", ".join(f"{key!r}: {p.lstrip('*')}" for key, p in zip(arguments.keys, parameters, strict=True))
    checked = ["try:", *(f"    {s}" for s in statements), "except (TypeError, ValueError, KeyError):"]
    return parameters, [*checked, f"    misfit({{{given}}})", "    raise"], leaves


def _unpack(tree: Tree, name: str, names: Names, statements: list[str], leaves: list[str]) -> None:
    if tree.form == "leaf":
        leaves.append(name)
        return
    if tree.form == "dict":
        for key, child in zip(tree.keys, tree.children, strict=True):
            part = names.claim(f"{name}_{key}")
            statements.append(f"{part} = {name}[{key!r}]")
            _unpack(child, part, names, statements, leaves)
        return
    parts = [
        names.claim(f"{name}{k}" if name[-1].isalpha() else f"{name}_{k}") for k in range(len(tree.children))
    ]
    if tree.form != "static":
        target = ", ".join(parts) + ("," if len(parts) == 1 else "")
        statements.append(f"{target} = {name}" if parts else f"() = {name}")
    for part, child in zip(parts, tree.children, strict=True):
        _unpack(child, part, names, statements, leaves)


def misfit(arguments: Tree, given: dict[str, Any]) -> None:
    """Say which argument is nested in another way than it was traced."""
    bind(replace(arguments, children=tuple(map(_unstarred, arguments.children))), [], given, "kernel")


def _stars(tree: Tree) -> str:
    return tree.value if tree.form in ("tuple", "dict") and tree.value in ("*", "**") else ""


def _unstarred(tree: Tree) -> Tree:
    return replace(tree, value=None) if _stars(tree) else tree


def call_with_leaves(function: Callable[..., Any], arguments: Tree, leaves: Sequence[Any]) -> Any:
    """Call a function of nested arguments with their leaves."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    starred = False
    values = replace(arguments, form="list").build(list(leaves))
    for key, child, value in zip(arguments.keys, arguments.children, values, strict=True):
        if _stars(child) == "*":
            positional += value
            starred = True
        elif _stars(child) == "**":
            named |= value
        elif starred:
            named[key] = value
        else:
            positional.append(value)
    return function(*positional, **named)


def rebuild(results: Tree | None, outputs: Sequence[str], namespace: dict[str, Any], names: Names) -> str:
    """The expression that nests the outputs as the function returns them."""
    if results is None:
        return outputs[0] if len(outputs) == 1 else _tuple(", ".join(outputs), len(outputs))
    waiting = iter(outputs)

    def build(tree: Tree) -> str:
        if tree.form == "leaf":
            return next(waiting)
        if tree.form == "static":
            return constant("static", tree.value)
        if tree.form == "dict":
            pairs = zip(tree.keys, tree.children, strict=True)
            return "{" + ", ".join(f"{key!r}: {build(child)}" for key, child in pairs) + "}"
        inner = ", ".join(build(child) for child in tree.children)
        if tree.form == "list":
            return f"[{inner}]"
        if tree.form == "namedtuple":
            return f"{constant(tree.value.__name__, tree.value)}({inner})"
        return _tuple(inner, len(tree.children))

    def constant(wish: str, value: Any) -> str:
        name = names.claim(wish)
        namespace[name] = value
        return name

    return build(results)


def _tuple(inner: str, count: int) -> str:
    return f"({inner},)" if count == 1 else f"({inner})"
