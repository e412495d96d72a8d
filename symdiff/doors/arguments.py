"""What kind of input does each argument become? Real, an index, or fixed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from symdiff.doors.traced import BOOL, FLOAT, INT, Traced
from symdiff.errors import DtypeError, InputError, explain
from symdiff.ir.ops import Input, Kind
from symdiff.ir.sizes import Shape, parse_shape, text
from symdiff.ir.trees import Tree, flatten


class Indices(str):
    """A shape string of an array of whole numbers: positions along some axis.

    >>> Indices("n k").split()
    ['n', 'k']
    """


class Sized(str):
    """A shape that is known already, where a shape string is asked for: also one that no string says.

    >>> Sized((2, 3)), Sized((2, 3)).shape
    ('(2, 3)', (2, 3))
    """

    shape: Shape

    def __new__(cls, shape: Shape) -> Sized:
        self = super().__new__(cls, text(shape))
        self.shape = shape
        return self


@dataclass(frozen=True, slots=True)
class Leaf:
    """One input: its operation, the dtype that user code sees, whether it is a Python int or a scalar."""

    op: Input
    dtype: np.dtype[Any]
    is_int: bool
    is_scalar: bool


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call: their nesting and their leaves, and how to call the function with others."""

    bound: inspect.BoundArguments
    tree: Tree
    leaves: tuple[Leaf, ...]

    def rebuilt(self, tensors: Iterator[Any]) -> inspect.BoundArguments:
        """The same call with these leaves."""
        values = self.tree.build(list(tensors))
        named = dict(zip(self.tree.keys, values, strict=True))
        return inspect.BoundArguments(self.bound.signature, named)


def bind_call(
    fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], promote: frozenset[str], call: str
) -> inspect.BoundArguments:
    """Match arguments with parameters; a default is an argument too when a derivative by it is wanted."""
    signature = _signature(fn, args)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        facts: dict[str, object] = {
            "signature": f"{getattr(fn, '__name__', fn)}{signature}",
            "problem": error,
        }
        raise InputError(explain(call, facts, "Give one example for each parameter.")) from None
    for name in promote:
        parameter = signature.parameters.get(name)
        if parameter is not None and name not in bound.arguments and parameter.default is not parameter.empty:
            values = {**bound.arguments, name: parameter.default}
            bound.arguments = {n: values[n] for n in signature.parameters if n in values}
    return bound


def _signature(fn: Callable[..., Any], args: tuple[Any, ...]) -> inspect.Signature:
    try:
        return inspect.signature(fn)
    except (TypeError, ValueError):
        kind = inspect.Parameter.POSITIONAL_ONLY
        return inspect.Signature([inspect.Parameter(f"x{k}", kind) for k in range(len(args))])


def read_arguments(
    bound: inspect.BoundArguments,
    fixed: frozenset[str],
    leaf: Callable[[str, Any], Leaf | None],
    is_leaf: Callable[[Any], bool],
) -> Arguments:
    """The leaves of all arguments; those in ``fixed`` stay plain values."""
    leaves: list[Leaf] = []
    trees: list[Tree] = []
    for name, value in bound.arguments.items():
        found, tree = flatten(value, name, is_leaf)
        kept = [None if text in fixed else leaf(text, item) for text, item in found]
        fixings = iter([(item, one is None) for (_, item), one in zip(found, kept, strict=True)])
        leaves.extend(one for one in kept if one is not None)
        trees.append(_marked(_fix(tree, fixings), bound.signature.parameters[name].kind))
    return Arguments(bound, Tree("tuple", tuple(trees), tuple(bound.arguments)), tuple(leaves))


def _fix(tree: Tree, fixings: Iterator[tuple[Any, bool]]) -> Tree:
    if tree.form == "leaf":
        value, fixed = next(fixings)
        return Tree("static", value=value) if fixed else tree
    return Tree(tree.form, tuple(_fix(child, fixings) for child in tree.children), tree.keys, tree.value)


def _marked(tree: Tree, kind: Any) -> Tree:
    """``*args`` and ``**kwargs`` carry their stars, for ``calling.bind``."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return Tree(tree.form, tree.children, tree.keys, stars[kind]) if kind in stars else tree


def is_number(value: Any) -> bool:
    """Whether a value is an array or a number, of any dtype."""
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, (int, float, complex, np.ndarray, np.generic, Traced))


def example_leaf(call: str, promoted: Callable[[str], bool]) -> Callable[[str, Any], Leaf]:
    """Reads an example array or number as an input."""

    def read(name: str, value: Any) -> Leaf:
        if isinstance(value, Traced) and value.value is None:
            return _traced_leaf(name, value, promoted(name))
        array = np.asarray(value)
        _require_real(array, name, call)
        is_int = isinstance(value, (int, np.integer))
        kind: Kind = "real"
        if not (promoted(name) or is_int):
            kind = {"b": "boolean", "f": "real"}.get(array.dtype.kind, "integer")  # type: ignore[assignment]
        dtype = {"boolean": BOOL, "integer": array.dtype}.get(
            kind, array.dtype if array.dtype.kind == "f" else FLOAT
        )
        shape: Shape = tuple(map(int, array.shape))
        return Leaf(Input(name, shape, kind), dtype, is_int, not isinstance(value, np.ndarray))

    return read


def _traced_leaf(name: str, value: Traced, promoted: bool) -> Leaf:
    """An argument that is itself being traced: a derivative is asked for inside a traced function."""
    kind: Kind = (
        "real" if promoted or value.dtype.kind == "f" else "boolean" if value.dtype == BOOL else "integer"
    )
    dtype = FLOAT if promoted and value.dtype.kind != "f" else value.dtype
    return Leaf(
        Input(name, value.size_shape, kind), dtype, False, value.origin == "inside" and not value.size_shape
    )


def _require_real(array: np.ndarray[Any, Any], name: str, call: str) -> None:
    if array.dtype.kind not in "biuf":
        mend = "Give real numbers: split complex numbers into real and imaginary part."
        raise DtypeError(explain(call, {"argument": name, "dtype": array.dtype}, mend))
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        what = "NaN" if np.isnan(array).any() else "infinity"
        places = np.argwhere(np.isnan(array) if what == "NaN" else np.isinf(array))
        where: object = tuple(map(int, places[0])) if array.ndim else "the number itself"
        mend = f"Remove the {what}: no derivative exists there."
        facts: dict[str, object] = {"argument": name, f"first {what} at": where}
        facts["NaNs" if what == "NaN" else "infinities"] = len(places)
        raise InputError(explain(call, facts, mend))


def shape_or_example_leaf(call: str, promoted: Callable[[str], bool]) -> Callable[[str, Any], Leaf]:
    """Reads an example, or a shape string such as ``"n d"``."""
    example = example_leaf(call, promoted)

    def read(name: str, value: Any) -> Leaf:
        if not isinstance(value, str):
            return example(name, value)
        shape = value.shape if isinstance(value, Sized) else parse_shape(value)
        if isinstance(value, Indices):
            return Leaf(Input(name, shape, "integer"), INT, False, not shape)
        return Leaf(Input(name, shape), FLOAT, False, not shape)

    return read
