"""How do a caller's arguments become the graph's inputs? By position, name and nesting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from symdiff.errors import InputError, explain
from symdiff.ir.trees import Tree


def bind(arguments: Tree, args: Sequence[Any], kwargs: dict[str, Any], call: str) -> list[Any]:
    """The leaf values in the order of the graph's inputs.

    >>> from symdiff.ir.trees import LEAF
    >>> bind(Tree("tuple", (LEAF, Tree("list", (LEAF, LEAF))), ("x", "w")), [1.0], {"w": [2.0, 3.0]}, "f")
    [1.0, 2.0, 3.0]
    """
    positional, named = list(args), dict(kwargs)
    leaves: list[Any] = []
    for name, tree in zip(arguments.keys, arguments.children, strict=True):
        if tree.value == "*":
            count = len(tree.children)
            value: Any = tuple(positional[:count])
            del positional[:count]
        elif tree.value == "**":
            value = {key: named.pop(key) for key in tree.keys if key in named}
        elif name in named:
            value = named.pop(name)
        elif positional:
            value = positional.pop(0)
        else:
            _refuse(call, {"missing": name, "arguments": ", ".join(arguments.keys)}, "Give every argument.")
        _collect(tree, value, name, call, leaves)
    if positional or named:
        extra = ", ".join([*named, *(f"positional {k}" for k in range(len(positional)))])
        _refuse(
            call, {"unknown": extra, "arguments": ", ".join(arguments.keys)}, "Give these arguments only."
        )
    return leaves


def _collect(tree: Tree, value: Any, name: str, call: str, leaves: list[Any]) -> None:
    if tree.form == "leaf":
        leaves.append(value)
    elif tree.form == "static":
        _require_same(tree.value, value, name, call)
    elif tree.form == "dict":
        if not isinstance(value, dict) or set(value) != set(tree.keys):
            given = ", ".join(map(str, value)) if isinstance(value, dict) else type(value).__name__
            _refuse(
                call, {name: given, "traced with": ", ".join(tree.keys)}, "Give a dict with the same keys."
            )
        for key, child in zip(tree.keys, tree.children, strict=True):
            _collect(child, value[key], f"{name}.{key}", call, leaves)
    else:
        if not isinstance(value, (tuple, list)) or len(value) != len(tree.children):
            given = f"{len(value)} items" if isinstance(value, (tuple, list)) else type(value).__name__
            _refuse(
                call, {name: given, "traced with": f"{len(tree.children)} items"}, "Nest it as it was traced."
            )
        for k, (child, item) in enumerate(zip(tree.children, value, strict=True)):
            _collect(child, item, f"{name}[{k}]", call, leaves)


def _require_same(traced: Any, given: Any, name: str, call: str) -> None:
    same = traced is given
    if not same and not isinstance(given, np.ndarray):
        same = bool(traced == given)
    if not same:
        facts = {name: repr(given), "traced with": repr(traced)}
        _refuse(call, facts, "This argument is fixed in the graph: trace again for another value.")


def _refuse(call: str, facts: Mapping[str, object], mend: str) -> NoReturn:
    raise InputError(explain(call, dict(facts), mend))
