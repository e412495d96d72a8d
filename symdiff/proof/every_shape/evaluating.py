"""What is the value of a normal form at numbers? Term by term: a test oracle, and the source of witnesses."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symdiff.evaluation.arithmetics import Arithmetic, compiled
from symdiff.evaluation.exact import objects_of
from symdiff.ir.formulas import ARGUMENTS
from symdiff.ir.ops import Index, Table
from symdiff.ir.sizes import Size, substitute
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.terms import Atom, Entry, Exponent, Expr, Head

Objects = NDArray[np.object_]


class Evaluator:
    """Values of forms at given sizes. ``arrays``: inputs by name, atoms that stand for nodes by head."""

    def __init__(
        self,
        space: Generators,
        sizes: Mapping[sp.Symbol, int],
        arrays: Mapping[object, Objects],
        arithmetic: Arithmetic,
    ) -> None:
        self.space, self.arrays, self.arithmetic = space, arrays, arithmetic
        self.sizes = {str(symbol): number for symbol, number in sizes.items()}
        self._symbols = dict(sizes)
        self._values: dict[Atom, Any] = {}
        self._constants: dict[int, Objects] = {}

    def length(self, size: Size) -> int:
        """The length of an axis."""
        return int(substitute(size, self._symbols))

    def array(self, expr: Expr, dims: tuple[Size, ...]) -> Objects:
        """The entries of a form whose labels are ``0, 1, ...``."""
        shape = tuple(map(self.length, dims))
        result = np.empty(shape, dtype=object)
        for place in np.ndindex(shape):
            result[place] = self.value(expr, dict(enumerate(place)))
        return result

    def value(self, expr: Expr, places: Mapping[int, int]) -> Any:
        """The value where labels have the given places."""
        constant = self.arithmetic.constant
        total = constant(0 * next(iter(expr.values()))) if expr else self._call(sp.Integer(0))
        for key, coefficient in expr.items():
            term = constant(coefficient)
            for (head, labels), exponent in key:
                term = term * self._power(self.atom((head, tuple(places[k] for k in labels))), exponent)
            total = total + term
        return total

    def _power(self, base: Any, exponent: Exponent) -> Any:
        return (
            base
            if exponent == 1
            else self.arithmetic.functions["root_power"](base, exponent.numerator, exponent.denominator)
        )

    def _call(self, expression: sp.Expr, *values: Any) -> Any:
        return compiled(ARGUMENTS[: len(values)], expression, self.arithmetic)(*values)

    def atom(self, atom: Atom) -> Any:
        """The value of an atom at a place."""
        if atom not in self._values:
            self._values[atom] = self._atom(self.space.heads[atom[0]], *atom)
        return self._values[atom]

    def _atom(self, head: Head, number: int, place: tuple[int, ...]) -> Any:
        if isinstance(head.name, Entry):
            return self._entry(head.name, place)
        places = dict(enumerate(place))
        match head.kind:
            case "size":
                return self._call(sp.Integer(self.sizes[str(head.name)]))
            case "prime":
                return self._call(sp.Integer(int(str(head.name))))
            case "number" if not head.parts:
                return self._call(head.name)
            case "number" | "power":
                return self.value(head.parts[0], places)
            case "delta":
                return self._call(sp.Integer(int(place[0] == place[1])))
            case "mask" if isinstance(head.name, tuple) and isinstance(head.name[0], str):
                return self._call(sp.Integer(int(self._chosen(head, place))))
            case "input" | "array" | "mask":
                return self._leaf(head, number)[place]
            case "sum":
                return self._sum(head, places)
            case "exp" | "log":
                function = {"exp": sp.exp, "log": sp.log}[head.kind]
                return self._call(function(ARGUMENTS[0]), self.value(head.parts[0], places))
            case "function":
                return self._call(head.name, *(self.value(part, places) for part in head.parts))
            case "positive" | "zero":
                value = self.value(head.parts[0], places)
                zero = self._call(sp.Integer(0))
                relation = self.arithmetic.greater if head.kind == "positive" else self.arithmetic.equal
                return self._call(sp.Integer(int(relation(value, zero))))
            case _:
                return self._selection(head, place)

    def _entry(self, entry: Entry, place: tuple[int, ...]) -> Any:
        """An array at its given places and at the others."""
        given, rest = dict(entry.places), iter(place)
        rank = len(self.space.heads[entry.head].dims)
        return self.atom((entry.head, tuple(given[k] if k in given else next(rest) for k in range(rank))))

    def _chosen(self, head: Head, place: tuple[int, ...]) -> bool:
        """Whether a selection takes its columns to its rows."""
        assert isinstance(head.name, tuple)
        kind, *rest, rows = head.name
        lengths = [self.length(size) for size in head.dims]
        column = _position(place[rows:], lengths[rows:])
        match kind:
            case "span":
                row = _position(place[:rows], lengths[:rows])
                return bool(column == self.length(rest[0]) + rest[1] * row)
            case "window":
                cut = rest[-1]
                first = _position(place[:cut], lengths[:cut])
                return column == first + _position(place[cut:rows], lengths[cut:rows])
            case _:
                index = self.value(head.parts[0], dict(enumerate(place[:rows])))
                return column == int(
                    index.unique_fmpz() if hasattr(index, "unique_fmpz") else index
                ) % self.length(rest[0])

    def _leaf(self, head: Head, number: int) -> Objects:
        shape = tuple(map(self.length, head.dims))
        if number in self.arrays:
            return self.arrays[number].reshape(shape)
        if not isinstance(head.name, (Table, Index)):
            return self.arrays[head.name].reshape(shape)
        if number not in self._constants:
            self._constants[number] = objects_of(self._entries(head.name), shape)
        return self._constants[number]

    def _entries(self, op: Table | Index) -> list[Any]:
        if isinstance(op, Index):
            return [self._call(sp.Integer(v)) for v in _positions(op, self)]
        return [self.arithmetic.literal(float(v)) for v in op.array.ravel().tolist()]

    def _sum(self, head: Head, places: dict[int, int]) -> Any:
        assert isinstance(head.name, tuple)
        total = self._call(sp.Integer(0))
        for dummies in product(*(range(self.length(size)) for size in head.name)):
            inner = places | {-1 - k: place for k, place in enumerate(dummies)}
            total = total + self.value(head.parts[0], inner)
        return total

    def _selection(self, head: Head, place: tuple[int, ...]) -> Any:
        kept = head.name if isinstance(head.name, int) else len(place)
        sizes = head.name if isinstance(head.name, tuple) else head.dims[kept:]
        outer = dict(enumerate(place[:kept]))
        every = list(product(*(range(self.length(size)) for size in sizes)))
        values = [
            self.value(head.parts[0], outer | {-1 - k: p for k, p in enumerate(inner)}) for inner in every
        ]
        best = self.arithmetic.largest(values)
        if head.kind == "maximum":
            return best
        winners = [v is best or self.arithmetic.equal(v, best) for v in values]
        return self._call(sp.Rational(int(winners[every.index(place[kept:])]), sum(winners)))


def _position(place: tuple[int, ...], lengths: list[int]) -> int:
    """The row-major position of a place."""
    position = 0
    for k, length in zip(place, lengths, strict=True):
        position = position * length + k
    return position


def _positions(index: Index, evaluator: Evaluator) -> list[int]:
    lengths = [evaluator.length(size) for size in index.shape]
    if index.relation == "position":
        return [k + index.offset for k in range(lengths[0])]
    pairs = [(i + index.offset, j) for i in range(lengths[0]) for j in range(lengths[1])]
    return [int(i == j if index.relation == "equal" else i <= j) for i, j in pairs]
