"""Which place is chosen? Positions, one-hot arrays, and the zeros and ones of moves."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy as sp

from symdiff.ir.ops import Index, Table
from symdiff.ir.sizes import Size
from symdiff.proof.every_shape.maxima import Maxima
from symdiff.proof.every_shape.sums import Dummies
from symdiff.proof.every_shape.terms import (
    Atom,
    Expr,
    Head,
    Labels,
    Mono,
    Product,
    as_atom,
    constant,
    is_natural,
    single,
)

_INDICATORS = ("mask", "delta", "zero", "positive", "winner")


class Selections(Maxima):
    """Arrays that select."""

    def __init__(self, seconds: float, steps: int, *, generic: bool = False) -> None:
        super().__init__(seconds, steps, generic=generic)
        self._choosers: dict[int, tuple[int, Labels] | None] = {}
        self._picked: set[tuple[int, Size]] = set()  # inputs that are positions along an axis of that size

    # Positions ---------------------------------------------------------------------------------------------

    def pick(self, index: Expr, size: Size, dims: tuple[Size, ...], columns: Labels) -> Expr:
        """1 where a column is the position that ``index`` holds."""
        atom = as_atom(index)
        if atom is not None and self.heads[atom[0]].kind == "input":
            self._picked.add((atom[0], size))
        closed, sizes = self.close([index])
        name = ("pick", size, len(closed.free))
        head = self.intern("mask", name, (*sizes, *dims), closed, clean=False, symmetric=False)
        return single((head, (*closed.free, *columns)))

    def is_zero(self, expr: Expr) -> Expr:
        """1 where the value is zero; ``i - k`` is zero where column ``k`` is picked, if ``i`` is a position."""
        if len(expr) == 2 and sum(expr.values()) == 0:
            parts = [as_atom({key: Fraction(1)}) for key in expr]
            for index, count in (parts, parts[::-1]):
                if index is None or count is None or len(count[1]) != 1:
                    continue
                head = self.heads[count[0]]
                if counts(head) and (index[0], head.dims[0]) in self._picked:
                    return self.pick(single(index), head.dims[0], head.dims, count[1])
        return super().is_zero(expr)

    def selected(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]] | None:
        """A row of a selection has one column, a column of a span one row, disjoint spans no common place."""
        kept = self.kept(atom)
        if kept is None:
            return None
        rows, columns = atom[1][:kept], atom[1][kept:]
        is_span = self._is_span(atom)
        for other in product:
            if other == atom or self.heads[other[0]].kind != "mask" or self.kept(other) is None:
                continue
            others = other[1][: self.kept(other)], other[1][self.kept(other) :]
            if other[0] == atom[0] and others[0] == rows:
                return self._identified(product, other, others[1], columns)
            if is_span and other[0] == atom[0] and others[1] == columns:
                return self._identified(product, other, others[0], rows)
            if is_span and self._is_span(other) and others[1] == columns and self._are_apart(atom, other):
                return []
        return self._taken_out(product, atom, kept)

    def _taken_out(self, product: Product, atom: Atom, kept: int) -> list[tuple[Product, Fraction]] | None:
        """``[i_r = c] sum_k [i_r = k] f_k = [i_r = c] f_c``: what a row selects, known where it is selected.

        Below a fraction bar too, where ``f_c`` is a product without zeros.
        """
        for other, exponent in product.items():
            if self.heads[other[0]].kind != "sum" or exponent.denominator != 1:
                continue
            if not self._selects(other, atom, kept):
                continue
            dummies: Dummies = {}
            opened = self.summed(self.times(self._opened(other, dummies), single(atom)), dummies)
            if is_natural(exponent):
                rest = self.merged(dict(product), ((other, -1), (atom, -1)))
                return [(self.merged(dict(rest), key), c) for key, c in opened.items()]
            inverse = self._inverse(opened, atom)
            if inverse is not None:
                key, c = inverse
                return [(self.merged(self.merged(dict(product), ((other, 1),)), key), c)]
        return None

    def _inverse(self, expr: Expr, atom: Atom) -> tuple[Mono, Fraction] | None:
        """``1/f`` for an expression ``[i_r = c] f``, if it is one product of what is not 0 by its kind."""
        if len(expr) != 1:
            return None
        ((key, c),) = expr.items()
        rest = [(a, e) for a, e in key if a != atom]
        if len(rest) != len(key) - 1 or any(self.heads[a[0]].kind in _INDICATORS for a, _ in rest):
            return None
        return tuple((a, -e) for a, e in rest), 1 / c

    def chosen_together(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]] | None:
        """``sum_k [i_r = k] f_k * sum_k [i_r = k] g_k = sum_k [i_r = k] f_k g_k``: one column is chosen for both."""
        chooser = self._chooser(atom)
        if chooser is None or not is_natural(product[atom]):
            return None
        for other, exponent in product.items():
            if not is_natural(exponent) or self.heads[other[0]].kind != "sum":
                continue
            if self._chooser(other) != chooser or (other == atom and exponent < 2):
                continue
            dummies: Dummies = {}
            opened = self.times(self._opened(atom, dummies), single(other))
            rest = self.merged(dict(product), ((atom, -1), (other, -1)))
            return [(self.merged(dict(rest), key), c) for key, c in self.summed(opened, dummies).items()]
        return None

    def _chooser(self, atom: Atom) -> tuple[int, Labels] | None:
        """The selection of one column that a sum is taken over, and its row."""
        if atom[0] not in self._choosers:
            self._choosers[atom[0]] = self._chooser_in(self.heads[atom[0]])
        found = self._choosers[atom[0]]
        return None if found is None else (found[0], tuple(atom[1][slot] for slot in found[1]))

    def _chooser_in(self, head: Head) -> tuple[int, Labels] | None:
        ((key, _),) = head.parts[0].items()
        for (number, labels), exponent in key:
            kept = self.kept((number, labels)) if self.heads[number].kind == "mask" else None
            if kept is None or exponent != 1:
                continue
            if all(k >= 0 for k in labels[:kept]) and all(k < 0 for k in labels[kept:]):
                return number, labels[:kept]
        return None

    def _selects(self, other: Atom, atom: Atom, kept: int) -> bool:
        """Whether a sum runs over the columns of the row that an atom selects from, or over the rows of its column."""
        ((key, _),) = self.heads[other[0]].parts[0].items()
        for (head, labels), exponent in key:
            if head != atom[0] or exponent != 1:
                continue
            places = tuple(other[1][k] if k >= 0 else None for k in labels)
            if places[:kept] == atom[1][:kept] and places[kept:] == (None,) * (len(places) - kept):
                return True
            if self._is_span(atom) and places[kept:] == atom[1][kept:] and places[:kept] == (None,) * kept:
                return True
        return False

    def _identified(
        self, product: Product, gone: Atom, one: Labels, other: Labels
    ) -> list[tuple[Product, Fraction]]:
        """The product with an atom replaced by deltas of two blocks of labels."""
        sizes = self.sizes_of([single(gone)])
        deltas = constant(1)
        for k, j in zip(one, other, strict=True):
            deltas = self.times(deltas, single(self.delta(sizes[k], k, j)))
        return self.replaced(product, gone, deltas)

    def _is_span(self, atom: Atom) -> bool:
        name = self.heads[atom[0]].name
        return isinstance(name, tuple) and name[0] == "span"

    def _are_apart(self, atom: Atom, other: Atom) -> bool:
        """Whether two spans of one axis, of step 1, end before each other for all sizes."""
        names = [self.heads[a[0]].name for a in (atom, other)]
        one, two = (name for name in names if isinstance(name, tuple))
        start, step, length, size = one[1:5]
        begin, stride, extent, other_size = two[1:5]
        if step != 1 or stride != 1 or size != other_size:
            return False
        return _is_nonnegative(begin - start - length) or _is_nonnegative(start - begin - extent)


def counts(head: Head) -> bool:
    """Whether it is the position along an axis, counted from 0."""
    name, (size, *others) = head.name, head.dims or (1,)
    if isinstance(name, Index):
        return name.relation == "position" and name.offset == 0
    if not isinstance(name, Table) or not isinstance(size, int) or others:
        return False
    return bool(np.array_equal(name.array, np.arange(size)))


def _is_nonnegative(size: Size) -> bool:
    """Whether a sum of products of sizes is seen to be at least 0, since every size is at least 1."""
    if isinstance(size, int):
        return size >= 0
    coefficients = sp.expand(size).as_coefficients_dict()
    grows = all(c > 0 or term == 1 for term, c in coefficients.items())
    return grows and bool(sum(coefficients.values()) >= 0)
