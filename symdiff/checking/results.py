"""What did the claim return? One item for each target: dicts are matched by name, lists by position.

A list of numbers stands for an array; what does not fit is an InputError that says what to return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from symdiff.errors import InputError, explain
from symdiff.ir.sizes import Shape, same_shape, text
from symdiff.ir.trees import LEAF, Tree


@dataclass(frozen=True)
class Stacking:
    """How arrays of one kind are seen: their shape, rows made one array, one row of an array."""

    shape_of: Callable[[Any], Shape]
    stack: Callable[[Sequence[Any]], Any]
    entry: Callable[[Any, int], Any]


@dataclass(frozen=True)
class Wanted:
    """The nesting of the answer, its targets in order with their shapes, and the call as errors name it.

    ``names`` are the arguments asked about: a dict by name is an answer also where it is only one.
    """

    tree: Tree
    targets: tuple[str, ...]
    shapes: tuple[Shape, ...]
    names: tuple[str, ...]
    call: str

    def items(self, value: Any, stacking: Stacking) -> list[Any]:
        """The items of a claim's result, in the order of the targets."""
        return _Matching(self, stacking).items(value)


def product(outer: Tree, inner: Tree) -> Tree:
    """The nesting of second derivatives: one inner nesting for each leaf of the outer."""
    if outer.form == "leaf":
        return inner
    return Tree(outer.form, tuple(product(child, inner) for child in outer.children), outer.keys, outer.value)


def shape_of_value(value: Any) -> Shape:
    """The shape of an array of any library, or of a number."""
    return tuple(getattr(value, "shape", None) or np.shape(value))


VALUES = Stacking(shape_of_value, list, lambda value, k: value[k])


@dataclass
class _Matching:
    wanted: Wanted
    stacking: Stacking
    done: int = 0

    def shape_of(self, value: Any) -> Shape:
        return self.stacking.shape_of(value)

    def items(self, value: Any) -> list[Any]:
        wanted = self.wanted
        if isinstance(value, Mapping) and not _fits_names(wanted.tree, value):
            if set(value) == set(wanted.targets) and len(value) > 1:
                return [value[target] for target in wanted.targets]
            if set(value) == set(wanted.names) and len(value) == 1:
                (value,) = value.values()
        elif isinstance(value, (tuple, list)) and not _fits_places(wanted.tree, value):
            flat = _flat(value)
            if flat is not None and len(flat) == wanted.tree.size > 1:
                return flat  # without names: all in order
        return self._match(wanted.tree, value, "")

    def _match(self, tree: Tree, value: Any, place: str) -> list[Any]:
        if tree.size == 0:
            return []
        if tree.form == "leaf":
            return [self._leaf(value, place)]
        if isinstance(value, Mapping) or _fields(value) == set(_names(tree)) != set():
            return self._named(tree, value, place)
        if isinstance(value, (tuple, list)):
            return self._listed(tree, value, place)
        if tree.size == 1:
            return [self._leaf(value, place)]
        return self._entries(tree, value, place)

    def _entries(self, tree: Tree, value: Any, place: str) -> list[Any]:
        """One array for a list of numbers, or of arrays of one shape: its entries are in order too."""
        count = len(tree.children)
        shapes = self.wanted.shapes[self.done : self.done + count]
        is_plain = tree.form in ("tuple", "list") and all(child.form == "leaf" for child in tree.children)
        if value is None or not is_plain or any(not same_shape(s, shapes[0]) for s in shapes):
            self._refuse(tree, value, place)
        if not same_shape(self.shape_of(value), (count, *shapes[0])):
            self._refuse(tree, value, place)
        self.done += count
        return [self.stacking.entry(value, k) for k in range(count)]

    def _named(self, tree: Tree, value: Any, place: str) -> list[Any]:
        if not _fits_names(tree, value):
            self._refuse(tree, value, place)
        pairs = zip(_names(tree), tree.children, strict=True)
        given = value if isinstance(value, Mapping) else value._asdict()
        return [
            i for n, child in pairs if child.size for i in self._match(child, given[n], f"{place}[{n!r}]")
        ]

    def _listed(self, tree: Tree, value: Sequence[Any], place: str) -> list[Any]:
        children = [child for child in tree.children if child.size]
        if len(value) == len(tree.children):
            children = list(tree.children)
        if len(value) != len(children):
            if len(value) == 1 and tree.size == 1:
                return self._match(tree, value[0], f"{place}[0]")
            self._refuse(tree, value, place)
        pairs = enumerate(zip(children, value, strict=True))
        return [item for k, (child, part) in pairs for item in self._match(child, part, f"{place}[{k}]")]

    def _leaf(self, value: Any, place: str) -> Any:
        shape = self.wanted.shapes[self.done]
        if isinstance(value, Mapping) or (value is None and place):
            self._refuse(LEAF, value, place)
        if isinstance(value, (tuple, list)):
            value = self._joined(value, shape, place)
        self.done += 1
        return value

    def _joined(self, value: Sequence[Any], wanted: Shape, place: str) -> Any:
        """A list of numbers or rows as an array; a bare array in a list of one."""
        shape = self._shape(value)
        fits = shape is not None and same_shape(shape, wanted)
        if fits or (shape is not None and len(value) != 1 and len(shape) == _depth(value)):
            return self._stacked(value)  # numbers in another shape are an array too, of a wrong shape
        if len(value) == 1:
            inner = value[0]
            return self._joined(inner, wanted, place) if isinstance(inner, (tuple, list)) else inner
        return self._refuse(LEAF, value, place)

    def _shape(self, value: Any) -> Shape | None:
        """The shape of nested lists; None if they are ragged, or hold no arrays."""
        if not isinstance(value, (tuple, list)):
            return None if value is None or isinstance(value, (str, Mapping)) else self.shape_of(value)
        parts = [self._shape(part) for part in value]
        if not parts:
            return (0,)
        first = parts[0]
        if first is None or any(part is None or not same_shape(part, first) for part in parts):
            return None
        return (len(parts), *first)

    def _stacked(self, value: Any) -> Any:
        if not isinstance(value, (tuple, list)):
            return value
        return self.stacking.stack([self._stacked(part) for part in value])

    def _refuse(self, tree: Tree, value: Any, place: str) -> NoReturn:
        facts: dict[str, object] = {"at": f"result{place}"} if place else {}
        facts |= {"returned": self._described(value), "expected": self._expected(tree)}
        mend = "Return one array for each target: by name in a dict, or in order, nested like the arguments."
        raise InputError(explain(self.wanted.call, facts, mend))

    def _described(self, value: Any) -> str:
        if isinstance(value, Mapping):
            return f"a dict with the keys {', '.join(map(str, value)) or '(none)'}"
        if isinstance(value, (tuple, list)):
            return f"a {type(value).__name__} of {len(value)}: {', '.join(map(self._described, value[:4]))}"
        if value is None or isinstance(value, str):
            return repr(value)
        return f"an array of shape {text(self.shape_of(value))}" if self.shape_of(value) else "a number"

    def _expected(self, tree: Tree) -> str:
        if tree.form == "leaf":
            shape, target = self.wanted.shapes[self.done], self.wanted.targets[self.done]
            return f"one array of shape {text(shape)} for {target}" if shape else f"one number for {target}"
        if tree.form in ("dict", "namedtuple"):
            return f"a {tree.form} with the keys {', '.join(map(str, _names(tree)))}"
        named = f" by {', '.join(tree.keys)}" if tree.keys else ""
        return f"a {tree.form} of {len(tree.children)}{named}"


def _names(tree: Tree) -> tuple[Any, ...]:
    return tuple(tree.value._fields) if tree.form == "namedtuple" else tree.keys


def _fields(value: Any) -> set[Any] | None:
    return set(value._fields) if isinstance(value, tuple) and hasattr(value, "_fields") else None


def _fits_names(tree: Tree, value: Any) -> bool:
    """Whether the names are those of the nesting; what is no array there may be left out."""
    names = _names(tree)
    if len(names) != len(tree.children) or not names:
        return False
    needed = {name for name, child in zip(names, tree.children, strict=True) if child.size}
    given = set(value) if isinstance(value, Mapping) else _fields(value) or set()
    return needed <= given <= set(names)


def _fits_places(tree: Tree, value: Sequence[Any]) -> bool:
    if tree.form == "leaf" or (_fields(value) and _fields(value) == set(_names(tree))):
        return True
    counts = (len(tree.children), sum(1 for child in tree.children if child.size))
    if len(value) not in counts:
        return False
    children = tree.children if len(value) == counts[0] else tuple(c for c in tree.children if c.size)
    pairs = [(c, v) for c, v in zip(children, value, strict=True) if c.size > 1]
    return all(
        isinstance(v, Mapping) or (isinstance(v, (tuple, list)) and _fits_places(c, v)) for c, v in pairs
    )


def _depth(value: Any) -> int:
    """How deep lists are nested, by the first items."""
    return 1 + (_depth(value[0]) if value else 0) if isinstance(value, (tuple, list)) else 0


def _flat(value: Any) -> list[Any] | None:
    """The items of nested lists and tuples in order; None if there are names among them."""
    if isinstance(value, Mapping):
        return None
    if not isinstance(value, (tuple, list)):
        return [value]
    parts = [_flat(part) for part in value]
    return None if any(part is None for part in parts) else [item for part in parts for item in part or []]
