"""Which ring elements has a node, entry by entry, and where is each defined? One rule for each operation.

Domains are indicators: None stands for "everywhere". An undefined operand makes a result undefined, except in
the branch of a Piecewise that is not chosen.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, assert_never

import numpy as np

from symdiff.ir.ops import (
    ArgMax,
    Concatenate,
    Contract,
    Fold,
    Gather,
    Index,
    Input,
    Literal,
    Map,
    Maximum,
    Named,
    Op,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Table,
    Window,
)
from symdiff.proof.at_shape.arrays import Contraction, Entries, Folding, Shape, as_entries, filled, spread
from symdiff.proof.at_shape.fields import Undecided
from symdiff.proof.at_shape.functions import compile_formula, float_value
from symdiff.proof.at_shape.generators import Algebra
from symdiff.proof.at_shape.specials import Element

_READ_ENTRIES = 64


@dataclass(frozen=True, slots=True)
class Value:
    """The entries of a node, and where they are defined."""

    entries: Entries
    domain: Entries | None = None


class Propagation:
    """Values of nodes over one algebra."""

    def __init__(self, algebra: Algebra) -> None:
        ring = algebra.ring
        self.algebra = algebra
        self.ring = ring
        self.sums = Folding(ring.zero, operator.add, ring.check_time)
        self.meets = Folding(ring.one, ring.both, ring.check_time)
        self.products = Contraction(ring.multiply, self.sums, ring.check_time)
        self.domains = Contraction(ring.both, self.meets, ring.check_time)

    def value(self, op: Op, operands: Sequence[Value], shape: Shape) -> Value:
        """The value of a node from those of its operands."""
        if isinstance(op, Map):
            return self._map(op, operands, shape)
        entries = self._entries(op, [x.entries for x in operands], shape)
        if all(x.domain is None for x in operands):
            return Value(entries)
        known = [filled(x.entries.shape, self.ring.one) if x.domain is None else x.domain for x in operands]
        return Value(entries, self._domain(op, operands, known, shape))

    def _entries(self, op: Op, operands: Sequence[Entries], shape: Shape) -> Entries:
        match op:
            case Contract():
                return self._contract(op, operands)
            case Named():
                return operands[0]
            case Reshape() | Slice() | Pad() | Concatenate() | Window() | Fold():
                return self.sums.move(op, operands[0], operands[1:], None, shape)
            case Gather() | ScatterAdd():
                return self.sums.move(op, operands[0], (), operands[1], shape)
            case Maximum(axes) | ArgMax(axes):
                return self._select(op, operands[0], axes, shape)
            case Literal(value):
                return filled((), float_value(value)(self.algebra, ()))
            case Table():
                return self._table(op)
            case Index():
                return self._index(op)
            case Input(name):
                raise Undecided(f"the input {name} has no value here")
            case Map():
                raise AssertionError("maps have their own rule")
            case _:
                assert_never(op)

    def _domain(self, op: Op, operands: Sequence[Value], known: Sequence[Entries], shape: Shape) -> Entries:
        match op:
            case Contract():
                sizes = [int(size) for size in op.sizes]
                labels, total = self.domains.contract(op.inputs, known, op.output, sizes, self.ring.one)
                return spread(labels, total, op.output, sizes, self.ring.one)
            case Gather() | ScatterAdd():
                return self.meets.move(op, known[0], (), operands[1].entries, shape)
            case Reshape() | Slice() | Pad() | Concatenate() | Window() | Fold():
                return self.meets.move(op, known[0], known[1:], None, shape)
            case Maximum(axes) | ArgMax(axes):
                rows, kept = _rows(known[0], axes)
                met = self.meets.along_last(rows)
                if isinstance(op, Maximum):
                    return met.reshape(shape)
                return _unrows(np.broadcast_to(met[:, None], rows.shape), known[0], kept, axes)
            case _:
                return known[0]

    # Map and Contract -------------------------------------------------------------------------

    def _map(self, op: Map, operands: Sequence[Value], shape: Shape) -> Value:
        closure, algebra, one = compile_formula(op.formula.expression), self.algebra, self.ring.one
        anywhere = all(x.domain is None for x in operands)
        known = [filled(shape, one) if x.domain is None else x.domain for x in operands]
        columns = [x.entries.reshape(-1) for x in operands], [d.reshape(-1) for d in known]
        values, domains = np.empty(math.prod(shape), dtype=object), np.empty(math.prod(shape), dtype=object)
        done: dict[tuple[int, ...], tuple[Element, Element]] = {}
        for place in range(len(values)):
            args, where = [x[place] for x in columns[0]], [d[place] for d in columns[1]]
            key = (*map(id, args), *(() if anywhere else map(id, where)))
            if key not in done:
                self.ring.check_time()
                algebra.defined, algebra.domains = one, None if anywhere else where
                done[key] = closure(algebra, args), algebra.defined
            values[place], domains[place] = done[key]
        everywhere = all(domain.is_one() for _, domain in done.values())
        return Value(values.reshape(shape), None if everywhere else domains.reshape(shape))

    def _contract(self, op: Contract, operands: Sequence[Entries]) -> Entries:
        sizes = [int(size) for size in op.sizes]
        start = self._coefficient(op.coefficient)
        labels, total = self.products.contract(op.inputs, operands, op.output, sizes, start)
        idle = [k for k in range(len(sizes)) if k not in op.output and not any(k in own for own in op.inputs)]
        repeats = math.prod(sizes[k] for k in idle)
        if repeats != 1:
            total = as_entries(total * self.ring.constant(repeats))
        return spread(labels, total, op.output, sizes, self.ring.zero)

    def _coefficient(self, value: Any) -> Element:
        if isinstance(value, Fraction):
            return self.ring.constant(value)
        return compile_formula(value)(self.algebra, ())

    # Selections and constants -----------------------------------------------------------------

    def _select(self, op: Maximum | ArgMax, x: Entries, axes: tuple[int, ...], shape: Shape) -> Entries:
        rows, kept = _rows(x, axes)
        if isinstance(op, Maximum):
            tops = np.empty(len(rows), dtype=object)
            for k, row in enumerate(rows):
                tops[k] = self.algebra.maxima.largest(list(row))
            return tops.reshape(shape)
        shares = np.empty(rows.shape, dtype=object)
        for k, row in enumerate(rows):
            for j, share in enumerate(self.algebra.maxima.winners(list(row))):
                shares[k, j] = share
        return _unrows(shares, x, kept, axes)

    def _table(self, op: Table) -> Entries:
        array = op.array
        single = array.dtype.kind == "f" and array.dtype.itemsize < 8
        values = list(array.reshape(-1)) if single else array.reshape(-1).tolist()
        read = array.dtype.kind == "f" and len(set(values)) <= _READ_ENTRIES
        known: dict[Any, Element] = {}
        result = np.empty(len(values), dtype=object)
        for k, value in enumerate(values):
            if value not in known:
                exact = array.dtype.kind != "f" or (not read and math.isfinite(value))
                known[value] = self._number(value, exact=exact)
            result[k] = known[value]
        return result.reshape(array.shape)

    def _number(self, value: Any, *, exact: bool) -> Element:
        return (
            self.ring.constant(Fraction(float(value) if isinstance(value, np.floating) else value))
            if exact
            else float_value(value)(self.algebra, ())
        )

    def _index(self, op: Index) -> Entries:
        grid = np.indices([int(size) for size in op.shape])
        i = grid[0] + op.offset
        numbers = i if op.relation == "position" else i == grid[1] if op.relation == "equal" else i <= grid[1]
        return as_entries(np.frompyfunc(lambda n: self.ring.constant(int(n)), 1, 1)(numbers))


def _rows(x: Entries, axes: tuple[int, ...]) -> tuple[Entries, list[int]]:
    """The entries that compete, as rows, and the axes that stay."""
    kept = [k for k in range(x.ndim) if k not in axes]
    moved = x.transpose([*kept, *axes])
    return moved.reshape(math.prod(moved.shape[: len(kept)]), math.prod(moved.shape[len(kept) :])), kept


def _unrows(rows: Entries, x: Entries, kept: list[int], axes: tuple[int, ...]) -> Entries:
    order = [*kept, *axes]
    return rows.reshape([x.shape[k] for k in order]).transpose(np.argsort(order))
