"""What is a move in index notation? A contraction with zeros and ones that say which place goes where."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from typing import assert_never

import numpy as np

from symdiff.ir.ops import Concatenate, Fold, Gather, Pad, ScatterAdd, Slice, Span, Table, Window
from symdiff.ir.sizes import Shape, Size, normal
from symdiff.proof.every_shape.axes import Axes
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.selections import counts
from symdiff.proof.every_shape.tables import read
from symdiff.proof.every_shape.terms import Expr, Head, HeadKind, Labels, as_atom, constant, plus, single

Linear = Slice | Pad | Concatenate | Gather | ScatterAdd | Window | Fold
Blocks = list[Labels]
_LONGEST = 20_000  # entries of a constant array that says which place goes where


class Moves:
    """Moves of forms whose labels are the places of their primitive axes, in order."""

    def __init__(self, space: Generators, axes: Axes) -> None:
        self.space, self.axes = space, axes

    def moved(self, op: Linear, shapes: Sequence[Shape], shape: Shape, forms: Sequence[Expr]) -> Expr:
        """The form of a move of operands of these shapes to this shape."""
        match op:
            case Slice(spans):
                return self._slice(spans, shapes[0], shape, forms[0])
            case Pad(spans):
                return self._pad(spans, shapes[0], shape, forms[0])
            case Concatenate(axis):
                return self._concatenate(axis, shapes, shape, forms)
            case Gather(axis):
                return self._gather(axis, shapes, shape, forms)
            case ScatterAdd(axis):
                return self._scatter(axis, shapes, shape, forms)
            case Window(axis):
                return self._window(axis, shapes[0], shape, forms[0])
            case Fold(axis):
                return self._fold(axis, shapes[0], shape, forms[0])
            case _:
                assert_never(op)

    def _blocks(self, shape: Shape) -> Blocks:
        """The labels of each axis."""
        blocks: Blocks = []
        count = 0
        for size in shape:
            width = len(self.axes.of((size,)))
            blocks.append(tuple(range(count, count + width)))
            count += width
        return blocks

    def _fresh(self, block: Labels) -> Labels:
        return tuple(self.space.fresh() for _ in block)

    def _contract(
        self,
        form: Expr,
        old: Blocks,
        new: Blocks,
        masks: Sequence[Expr],
        summed: Sequence[tuple[Labels, Size]],
    ) -> Expr:
        """The form with the labels ``old`` written ``new``, times the masks, summed over some blocks."""
        mapping = {
            k: to for one, other in zip(old, new, strict=True) for k, to in zip(one, other, strict=True)
        }
        result = self.space.relabelled(form, mapping)
        for mask in masks:
            result = self.space.times(result, mask)
        dummies = {k: s for block, size in summed for k, s in zip(block, self.axes.of((size,)), strict=True)}
        return self.space.summed(result, dummies)

    def _span(self, span: Span, size: Size, rows: Labels, columns: Labels) -> Expr:
        """1 where ``column = start + step * row``."""
        if not columns:
            return constant(1)
        dims = (*self.axes.of((span.length,)), *self.axes.of((size,)))
        name = ("span", normal(span.start), span.step, normal(span.length), normal(size), len(rows))
        return single((self.space.intern("mask", name, dims), (*rows, *columns)))

    def _slice(self, spans: Sequence[Span], before: Shape, after: Shape, form: Expr) -> Expr:
        old, out = self._blocks(before), self._blocks(after)
        new, masks, summed = list(old), [], []
        for axis, span in enumerate(spans):
            if span == Span(0, 1, before[axis]):
                new[axis] = out[axis]
                continue
            new[axis] = self._fresh(old[axis])
            masks.append(self._span(span, before[axis], out[axis], new[axis]))
            summed.append((new[axis], before[axis]))
        return self._contract(form, old, new, masks, summed)

    def _pad(self, spans: Sequence[Span], before: Shape, after: Shape, form: Expr) -> Expr:
        old, out = self._blocks(before), self._blocks(after)
        new, masks, summed = list(old), [], []
        for axis, span in enumerate(spans):
            if span == Span(0, 1, after[axis]):
                new[axis] = out[axis]
                continue
            new[axis] = self._fresh(old[axis])
            masks.append(self._span(span, after[axis], new[axis], out[axis]))
            summed.append((new[axis], before[axis]))
        return self._contract(form, old, new, masks, summed)

    def _concatenate(self, axis: int, shapes: Sequence[Shape], after: Shape, forms: Sequence[Expr]) -> Expr:
        total: Expr = {}
        start: Size = 0
        for shape, form in zip(shapes, forms, strict=True):
            spans = [Span(0, 1, size) for size in shape]
            spans[axis] = Span(start, 1, shape[axis])
            total = plus(total, self._pad(spans, shape, after, form))
            start = normal(start + shape[axis])
        return total

    # Indices -----------------------------------------------------------------------------------------------

    def _pick(self, index: Expr, rows: Labels, size: Size, columns: Labels) -> Expr:
        """1 where ``column = index[rows]``."""
        if not columns:
            return constant(1)
        moved = self.space.relabelled(index, dict(enumerate(rows)))
        atom, dims = as_atom(moved), self.axes.of((size,))
        head = self.space.heads[atom[0]] if atom is not None else None
        if atom is not None and head is not None and head.dims == dims and counts(head):
            return self._identity(dims, atom[1], columns)
        if head is not None and _is_short(head, dims):
            return self._picked(head, dims, rows, columns)
        rest = self._split(moved, rows, dims, columns)
        return self.space.pick(moved, normal(size), dims, columns) if rest is None else rest

    def _split(self, index: Expr, rows: Labels, dims: Shape, columns: Labels) -> Expr | None:
        """``[n r + i_r = (c, d)] = [r = c] [i_r = d]`` for positions ``i_r`` below n: entries of flattened rows."""
        if len(dims) != 2 or not all(isinstance(n, int) for n in dims) or len(index) != 2:
            return None
        for key, coefficient in index.items():
            ((row, exponent), *others) = key or ((None, 0),)
            if row is None or others or exponent != 1 or row[1][:1] not in [(k,) for k in rows]:
                continue
            if not _strides(self.space.heads[row[0]], coefficient, dims):
                continue
            taken = self._taken({k: c for k, c in index.items() if k != key}, dims[1], columns[1])
            if taken is not None:
                return self.space.times(single(self.space.delta(dims[0], row[1][0], columns[0])), taken)
        return None

    def _taken(self, position: Expr, size: Size, column: int) -> Expr | None:
        """1 where a column is the place that ``sum_k k [i_r = k]`` takes, which is one of ``size``."""
        atom = as_atom(position)
        if atom is None or self.space.heads[atom[0]].kind != "sum":
            return None
        ((key, coefficient), *others) = self.space.heads[atom[0]].parts[0].items()
        if others or coefficient != 1 or [exponent for _, exponent in key] != [1, 1]:
            return None
        for (count, place), (pick, labels) in permutations([a for a, _ in key]):
            own = self.space.heads[pick].name
            is_pick = isinstance(own, tuple) and own[0] == "pick" and own[1] == size
            is_plain = place == labels[-1:] == (-1,) and min(labels[:-1], default=0) >= 0
            if is_pick and is_plain and counts(self.space.heads[count]):
                return single((pick, (*(atom[1][k] for k in labels[:-1]), column)))
        return None

    def _picked(self, head: Head, dims: Shape, rows: Labels, columns: Labels) -> Expr:
        """Known positions, axis by axis: the same place along another axis, or a constant one-hot array."""
        assert isinstance(head.name, Table)
        sizes = tuple(int(size) for size in dims)
        result = constant(1)
        positions = head.name.array.reshape([int(n) for n in head.dims]).astype(np.int64)
        taken = np.unravel_index(positions % math.prod(sizes), sizes)
        for places, size, column in zip(taken, sizes, columns, strict=True):
            own = np.indices(places.shape)
            alike = [k for k, n in enumerate(head.dims) if n == size and np.array_equal(own[k], places)]
            if alike:
                factor = single(self.space.delta(size, rows[alike[0]], column))
            else:
                hot = places[..., None] == np.arange(size)
                table = self.table(Table(hot.tobytes(), hot.dtype.str, hot.shape))
                factor = self.space.relabelled(table, dict(enumerate((*rows, column))))
            result = self.space.times(result, factor)
        return result

    def table(self, op: Table) -> Expr:
        """A constant array whose entries are not all the same; zeros and ones may select."""
        found = read(op)
        shape, widths = found.table.shape, [len(self.axes.of((size,))) for size in op.shape]
        starts = [sum(widths[:axis]) for axis in range(len(widths))]
        labels = [starts[axis] + k for axis in found.order for k in range(widths[axis])]
        if found.is_one_hot:
            self.space.rows[found.table] = len(self.axes.of(shape[:-1]))
        dims = self.axes.of(shape)
        symmetries = found.symmetries if all(width == 1 for width in widths) else ()
        kind: HeadKind = "mask" if found.is_mask else "array"
        head = self.space.intern(kind, found.table, dims, symmetries=symmetries)
        return single(self.space.atom(head, tuple(labels)))

    def _identity(self, dims: Shape, rows: Labels, columns: Labels) -> Expr:
        result = constant(1)
        for size, row, column in zip(dims, rows, columns, strict=True):
            result = self.space.times(result, single(self.space.delta(size, row, column)))
        return result

    def _gather(self, axis: int, shapes: Sequence[Shape], after: Shape, forms: Sequence[Expr]) -> Expr:
        old, out = self._blocks(shapes[0]), self._blocks(after)
        rank = len(shapes[1])
        rows = tuple(k for block in out[axis : axis + rank] for k in block)
        columns = self._fresh(old[axis])
        new = [*out[:axis], columns, *out[axis + rank :]]
        mask = self._pick(forms[1], rows, shapes[0][axis], columns)
        return self._contract(forms[0], old, new, [mask], [(columns, shapes[0][axis])])

    def _scatter(self, axis: int, shapes: Sequence[Shape], after: Shape, forms: Sequence[Expr]) -> Expr:
        old, out = self._blocks(shapes[0]), self._blocks(after)
        rank = len(shapes[1])
        rows = [self._fresh(block) for block in old[axis : axis + rank]]
        new = [*out[:axis], *rows, *out[axis + 1 :]]
        mask = self._pick(forms[1], tuple(k for block in rows for k in block), after[axis], out[axis])
        return self._contract(forms[0], old, new, [mask], list(zip(rows, shapes[1], strict=True)))

    # Windows -----------------------------------------------------------------------------------------------

    def _shifted(
        self, first: tuple[Labels, Size], second: tuple[Labels, Size], whole: tuple[Labels, Size]
    ) -> Expr:
        """1 where the third place is the sum of the first two."""
        if not whole[0]:
            return constant(1)
        blocks = (first, second, whole)
        dims = self.axes.of(tuple(size for _, size in blocks))
        name = (
            "window",
            *(normal(size) for _, size in blocks),
            len(first[0]),
            len(first[0]) + len(second[0]),
        )
        return single((self.space.intern("mask", name, dims), (*first[0], *second[0], *whole[0])))

    def _window(self, axis: int, before: Shape, after: Shape, form: Expr) -> Expr:
        old, out = self._blocks(before), self._blocks(after)
        columns = self._fresh(old[axis])
        mask = self._shifted((out[axis], after[axis]), (out[-1], after[-1]), (columns, before[axis]))
        new = [columns if k == axis else out[k] for k in range(len(before))]
        return self._contract(form, old, new, [mask], [(columns, before[axis])])

    def _fold(self, axis: int, before: Shape, after: Shape, form: Expr) -> Expr:
        old, out = self._blocks(before), self._blocks(after)
        places, within = self._fresh(old[axis]), self._fresh(old[-1])
        mask = self._shifted((places, before[axis]), (within, before[-1]), (out[axis], after[axis]))
        new = [places if k == axis else out[k] for k in range(len(before) - 1)]
        return self._contract(
            form, old, [*new, within], [mask], [(places, before[axis]), (within, before[-1])]
        )


def _strides(head: Head, coefficient: Fraction, dims: Shape) -> bool:
    """Whether multiples of an array are the places where the rows begin."""
    if head.dims != dims[:1]:
        return False
    if counts(head):
        return coefficient == dims[1]
    if not isinstance(head.name, Table) or head.name.array.dtype.kind not in "iu":
        return False
    begins = int(dims[1]) * np.arange(int(dims[0]))
    return coefficient.denominator == 1 and np.array_equal(int(coefficient) * head.name.array, begins)


def _is_short(head: Head, dims: Shape) -> bool:
    """Whether positions are known numbers, along few axes of known lengths."""
    if not isinstance(head.name, Table) or not all(isinstance(n, int) for n in (*head.dims, *dims)):
        return False
    lengths = [int(n) for n in (*head.dims, max(dims))]
    return head.name.array.dtype.kind in "iub" and math.prod(lengths) <= _LONGEST
