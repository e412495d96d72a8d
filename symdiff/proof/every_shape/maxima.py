"""Which entry is the greatest? Maxima, where they are reached, and how many entries share the place."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy as sp

from symdiff.ir.formulas import ARGUMENTS
from symdiff.ir.sizes import Size
from symdiff.proof.every_shape.signs import Signs
from symdiff.proof.every_shape.sums import Dummies
from symdiff.proof.every_shape.terms import (
    Atom,
    Expr,
    Labels,
    Product,
    as_atom,
    constant,
    plus,
    single,
    times_number,
)

GREATEST = sp.Function("max")(ARGUMENTS[0])  # of several arguments, in any order


class Maxima(Signs):
    """Maxima over labels, and over entries that are written out."""

    def __init__(self, seconds: float, steps: int, *, generic: bool = False) -> None:
        super().__init__(seconds, steps, generic=generic)
        self._counts: dict[Atom, tuple[Expr, Atom | None]] = {}

    def is_zero(self, expr: Expr) -> Expr:
        """1 where the value is zero; one atom where it says that an entry is the greatest of them all."""
        if self._gap(expr) is None:
            return super().is_zero(expr)
        rest = expr if self.leading(expr)[1] > 0 else self.negated(expr)
        return single(self.generator("zero", rest, clean=False))

    def _gap(self, expr: Expr) -> tuple[Expr, Atom] | None:
        """An entry and the maximum of all such entries, if the value is their difference."""
        for key, coefficient in expr.items():
            if abs(coefficient) != 1 or len(key) != 1 or key[0][1] != 1:
                continue
            top = key[0][0]
            head = self.heads[top[0]]
            if head.kind != "maximum" and head.name != GREATEST:
                continue
            entry = times_number({k: c for k, c in expr.items() if k != key}, -coefficient)
            if head.kind == "maximum":
                places = {k: s for k, s in self.sizes_of([entry]).items() if k not in top[1]}
                if places and self.maximum(entry, places) == single(top):
                    return entry, top
            elif entry in self.entries_of(top):
                return entry, top
        return None

    def entries_of(self, top: Atom) -> list[Expr]:
        """The values of which ``greatest`` took the greatest."""
        mapping = dict(enumerate(top[1]))
        return [self.relabelled(part, mapping) for part in self.heads[top[0]].parts]

    def greatest(self, values: Sequence[Expr]) -> Expr:
        """The greatest of some values, in whatever order."""
        found = sorted({tuple(sorted(value.items())) for value in values})
        return dict(found[0]) if len(found) == 1 else self.opaque(GREATEST, list(map(dict, found)))

    def is_full(self, component: Product, places: Dummies) -> bool:
        """Whether it is the number of entries that are the greatest: one at least."""
        ((atom, exponent), *others) = component.items()
        if others or exponent != 1 or self.heads[atom[0]].kind != "zero":
            return False
        found = self._gap(self.base(atom))
        return found is not None and self.maximum(found[0], places) == single(found[1])

    def counted(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]] | None:
        """A share of a tie, times how many entries are tied, is 1 where one of them is."""
        if not any(self._counts_something(other[0]) for other in product):
            return None
        if atom not in self._counts:
            self._counts[atom] = self._count(atom)
        hit, count = self._counts[atom]
        if count is None or product.get(count, 0) < 1:
            return None
        rest = self.merged(dict(product), ((atom, -1), (count, -1)))
        return [(self.merged(dict(rest), key), c) for key, c in hit.items()]

    def _counts_something(self, head: int) -> bool:
        """Whether it is a sum of ``[u = 0]``."""
        own = self.heads[head]
        if own.kind != "sum":
            return False
        ((key, _),) = own.parts[0].items()
        return len(key) == 1 and self.heads[key[0][0][0]].kind == "zero"

    def _count(self, atom: Atom) -> tuple[Expr, Atom | None]:
        """Where the entry at hand is the greatest, and the number of such entries, if that is an atom."""
        own = self.heads[atom[0]]
        kept = own.name
        assert isinstance(kept, int)
        fresh = {slot: self.fresh() for slot in range(kept, len(atom[1]))}
        mapping = dict(enumerate(atom[1][:kept]))
        entry = self.relabelled(own.parts[0], mapping | {kept - 1 - slot: k for slot, k in fresh.items()})
        places = {k: own.dims[slot] for slot, k in fresh.items()}
        hit = self.is_zero(plus(entry, self.maximum(entry, places), -1))
        back = {k: atom[1][slot] for slot, k in fresh.items()}
        return self.relabelled(hit, back), as_atom(self.summed(hit, places))

    def maximum(self, expr: Expr, places: dict[int, Size]) -> Expr:
        """The maximum over some labels."""
        used = self.sizes_of([expr])
        bound = [k for k in places if k in used]
        if not bound:
            return expr
        closed, sizes = self.close([expr], bound)
        free = len(closed.free)
        head = self.intern("maximum", sizes[free:], sizes[:free], closed, clean=False, degree=1)
        return single(self.atom(head, closed.free))

    def winner(self, expr: Expr, places: dict[int, Size]) -> Expr:
        """1 where the maximum over some labels is reached, shared between ties."""
        used = self.sizes_of([expr])
        bound = [k for k in places if k in used]
        result = constant(1)
        for label, size in places.items():
            if label not in used:
                result = self.times(result, self.power(self.size(size), -1))
        if not bound:
            return result
        closed, sizes = self.close([expr], bound)
        kept = len(closed.free)
        head = self.intern("winner", kept, sizes, closed, clean=False, symmetric=False)
        return self.times(result, single((head, (*closed.free, *closed.bound))))

    def selected_again(self, head: int, labels: Labels) -> Expr:
        """A maximum or a one-hot array two of whose kept labels became one; at a repeated place it stays."""
        own = self.heads[head]
        kept = len(labels) if own.kind == "maximum" else own.name
        assert isinstance(kept, int)
        if own.kind == "winner" and len(set(labels)) < len(set(labels[:kept])) + len(labels) - kept:
            return single((head, labels))
        sizes = own.name if isinstance(own.name, tuple) else own.dims[kept:]
        new = labels[kept:] if own.kind == "winner" else tuple(self.fresh() for _ in sizes)
        mapping = dict(enumerate(labels[:kept])) | {-1 - place: label for place, label in enumerate(new)}
        expr = self.relabelled(own.parts[0], mapping)
        places = dict(zip(new, sizes, strict=True))
        return self.maximum(expr, places) if own.kind == "maximum" else self.winner(expr, places)
