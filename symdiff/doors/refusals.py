"""What does a Tensor say when user code asks for what a graph cannot give? The texts, in one place."""

from __future__ import annotations

import re
from typing import Any, NoReturn, Protocol

import numpy as np

from symdiff.doors.aliasing import Pending
from symdiff.doors.places import complain, source_line
from symdiff.doors.refused import noted
from symdiff.errors import ImpureFunction, MutationError, TracingError, ValueDependentBranch, explain
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input
from symdiff.ir.sizes import Shape, text

_MATH = re.compile(r"\bmath\.(\w+)\(")
_RENAMED = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "pow": "power"}
_SPECIAL = {"erf", "erfc", "gamma"}


def is_input(store: Store, node: Node) -> bool:
    """Whether a node is an argument of the function."""
    return isinstance(store.op(node), Input)


class Shaped(Protocol):
    """What a refusal needs to know of an array."""

    dtype: np.dtype[Any]

    @property
    def size_shape(self) -> Shape:
        """The shape as the graph keeps it."""
        ...


def branch(tensor: Shaped, wanted: str) -> NoReturn:
    """``if x > 0``."""
    complain(
        ValueDependentBranch,
        "bool of a traced array",
        {
            "shape": text(tensor.size_shape),
            "why": "a graph is the same for all values, so no `if` may look at them",
        },
        "Write np.where(condition, a, b), np.maximum or np.clip instead of `if`, `while`, `and`, min, max.",
    )


def index(tensor: Shaped, wanted: str) -> NoReturn:
    """``range(x)``, ``axis=x``."""
    complain(
        TracingError,
        "a traced value used as an index or a length",
        {
            "shape": text(tensor.size_shape),
            "dtype": tensor.dtype,
            "why": "its value is not known while tracing",
        },
        "Pass it as a Python int (it is then fixed), or index by an integer array: np.take(x, i, axis=0).",
    )


def conversion(tensor: Shaped, wanted: str) -> NoReturn:
    """``float(x)``, ``math.sin(x)``, ``np.asarray(x)`` outside the proxies."""
    used = _MATH.search(source_line())
    if used and wanted in ("float", "int"):
        name = _RENAMED.get(used[1], used[1])
        better = f"scipy.special.{name}" if name in _SPECIAL else f"np.{name}"
        call, mend = f"math.{used[1]} of a traced array", f"Write {better} instead of math.{used[1]}."
    elif wanted == "np.asarray":
        call = "a traced array converted to numbers"
        mend = "Use NumPy or SciPy functions that symdiff knows, or sd.register(function, formula)."
    elif wanted in ("item", "tolist"):
        call, mend = f".{wanted}() of a traced array", f"Leave out .{wanted}(): keep the array."
    else:
        call, mend = f"{wanted} of a traced array", f"Leave out {wanted}(...), or write .astype(float)."
    complain(
        TracingError,
        call,
        {
            "shape": text(tensor.size_shape),
            "why": "a traced array has no value, and nothing leaves the graph silently",
        },
        mend,
    )


def attribute(tensor: Shaped, name: str) -> NoReturn:
    """``x.flags``, ``x.data``: what an array has and a Tensor has not; ``hasattr`` would hide it."""
    raise noted(AttributeError(f"a traced array has no attribute {name!r}", name=name, obj=tensor))


def scalar_type(tensor: Shaped) -> NoReturn:
    """``type(x) is float``."""
    mend = "Leave out the question for the type, or ask isinstance(x, np.ndarray)."
    why: dict[str, object] = {"why": "it may be a float or an np.float64: the graph does not know"}
    complain(TracingError, "the type of a traced number", why, mend)


def other_trace(tensor: Shaped) -> NoReturn:
    """A Tensor kept from an earlier run."""
    complain(
        ImpureFunction,
        "a traced array of another run",
        {"shape": text(tensor.size_shape), "why": "it was kept in a global, a cache or a default argument"},
        "Let the function depend on its arguments only.",
    )


def write(tensor: Shaped, what: str, why: str, mend: str) -> NoReturn:
    """A write that would be seen outside the function, or through a view."""
    complain(MutationError, what, {"shape": text(tensor.size_shape), "why": why}, mend)


def unfinished_update(pending: Pending) -> NoReturn:
    """``row = out[0]; row += 1``, noticed when ``out`` is used again."""
    facts: dict[str, object] = {"line": pending.line, "why": "the array that it is a view of is used again"}
    mend = "Write into the array itself: out[i] += v, or copy the view first: row = out[i].copy()."
    raise noted(MutationError(explain("an update through a view", facts, mend)))
