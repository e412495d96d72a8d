"""Where do nodes go while user code runs? One ``Recording`` for each run: the store, the lines, the names."""

from __future__ import annotations

import math
from contextvars import ContextVar
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from symdiff.doors.dims import Dim
from symdiff.doors.places import complain, place
from symdiff.errors import DtypeError, InputError
from symdiff.ir import algebra as alg
from symdiff.ir import literals
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Literal, table

current: ContextVar[Recording | None] = ContextVar("recording", default=None)


class NeedsStatic(BaseException):
    """User code uses these integer arguments as plain ints: trace again with them fixed."""

    def __init__(self, inputs: frozenset[Node]) -> None:
        super().__init__(inputs)
        self.inputs = inputs


class Recording:
    """The store that grows, the user's line of each node, the names, the inputs that are Python ints."""

    __slots__ = ("integers", "names", "refused", "seen", "store", "taken")

    def __init__(
        self, store: Store, integers: frozenset[Node] = frozenset(), taken: frozenset[str] = frozenset()
    ) -> None:
        self.store = store
        self.seen = len(store)
        self.names: dict[str, Node] = {}
        self.integers = integers
        self.taken = taken
        self.refused: list[BaseException] = []

    def mark(self) -> None:
        """Note the user's line for the nodes that are new."""
        count = len(self.store.dag._node)
        if count > self.seen:
            text = place()
            where = self.store.where
            for node in range(self.seen, count):
                where[node] = text
            self.seen = count

    def number(self, value: Any) -> Node:
        """A Python or NumPy number, a fraction or a size as a node."""
        if isinstance(value, Dim):
            return alg.constant(self.store, value.expression)
        if isinstance(value, (int, Fraction)):
            return alg.constant(self.store, Fraction(value))
        if isinstance(value, sp.Expr):
            return alg.constant(self.store, value) if value.is_number else _refuse(value)
        if isinstance(value, (np.bool_, np.integer)):
            return alg.constant(self.store, int(value))
        if isinstance(value, (float, np.float64)):
            return self._float(float(value))
        if isinstance(value, np.floating):
            if value.dtype.itemsize < 8 and np.isfinite(value) and literals.decimal(value) is None:
                return self.store.add(table(np.asarray(value)))  # computed in its own precision
            return self._float(float(str(value)))  # the shortest decimal is what a float32 was written as
        return _refuse(value)

    def _float(self, value: float) -> Node:
        if math.isnan(value):
            complain(
                InputError, "a constant", {"value": value}, "Remove the NaN: nothing can be said about it."
            )
        known = literals.exact(value)
        return self.store.add(Literal(value)) if known is None else alg.constant(self.store, known)

    def array(self, value: np.ndarray[Any, Any]) -> Node:
        """A constant array: one number where all entries are equal, otherwise a table."""
        if value.dtype.kind not in "biuf":
            _refuse(value)
        if value.dtype.kind == "f" and np.isnan(value).any():
            complain(
                InputError,
                "a constant array",
                {"shape": value.shape, "first NaN at": tuple(map(int, np.argwhere(np.isnan(value))[0]))},
                "Remove the NaN: nothing can be said about it.",
            )
        if value.ndim == 0:
            return self.number(value[()])
        if value.size and value.dtype.kind != "b" and bool((value == value.flat[0]).all()):
            return alg.broadcast_to(self.store, self.number(value.flat[0]), value.shape)
        return self.store.add(table(value))


def _refuse(value: Any) -> Node:
    kind = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
    complain(
        DtypeError,
        "a constant",
        {"dtype": kind},
        "Only real numbers have derivatives here: split complex numbers into real and imaginary part.",
    )
