"""What is a product in normal form? Exponents merged, deltas resolved, relations applied."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor

from symdiff.proof.every_shape.heads import Heads
from symdiff.proof.every_shape.terms import (
    ONE,
    Atom,
    Exponent,
    Expr,
    Labels,
    Mono,
    OverBudget,
    Product,
    Undefined,
    accumulate,
    constant,
    mono,
    single,
    whole,
)

_SIMPLE = frozenset({"size", "number", "input", "array", "exp", "log", "maximum"})
_INDICATORS = frozenset({"mask", "positive", "zero"})
_MOST_TERMS = 20000
_WORK = list[tuple[Product, Fraction]]


class Products(Heads):
    """Sums and products. The relations, and what happens when labels merge, are in the classes above."""

    def rebuilt(self, head: int, labels: Labels) -> Expr:
        """An atom whose labels are no longer distinct."""
        raise NotImplementedError

    def power(self, base: Expr, exponent: Exponent) -> Expr:
        """A sum to a rational power."""
        raise NotImplementedError

    def related(self, product: Product, atom: Atom, exponent: Exponent) -> _WORK | None:
        """The product after one step of the relation of an atom; None where it does not apply."""
        raise NotImplementedError

    # Products ----------------------------------------------------------------------------------------------

    def times(self, left: Expr, right: Expr) -> Expr:
        """The product of two sums."""
        if len(left) * len(right) > _MOST_TERMS:
            raise OverBudget("too many terms")
        result: Expr = {}
        for one, c in left.items():
            for other, d in right.items():
                self.collect(result, self.merged(dict(one), other), c * d)
        return result

    def merged(self, product: Product, key: Mono) -> Product:
        """Add the exponents of ``key`` to a product, in place."""
        for atom, exponent in key:
            total = product.get(atom, 0) + exponent
            if total:
                product[atom] = whole(total)
            else:
                del product[atom]
        return product

    def collect(self, into: Expr, product: Product, coefficient: Fraction) -> None:
        """Add ``coefficient * product``, in normal form, to a sum, in place."""
        work: _WORK = [(product, coefficient)]
        while work:
            self.spend()
            product, coefficient = work.pop()
            step = self._step(product)
            if step is None:
                accumulate(into, {mono(product): coefficient})
                if len(into) > _MOST_TERMS:
                    raise OverBudget("too many terms")
            else:
                work += [(p, coefficient * c) for p, c in step]

    def normal(self, expr: Mapping[Mono, Fraction]) -> Expr:
        """Every term in normal form."""
        result: Expr = {}
        for key, coefficient in expr.items():
            self.collect(result, dict(key), coefficient)
        return result

    def _step(self, product: Product) -> _WORK | None:
        for atom, exponent in product.items():
            kind = self.heads[atom[0]].kind
            if kind in _SIMPLE:
                continue
            if kind == "delta":
                step = self._resolve(product, atom, exponent)
            elif kind in _INDICATORS:
                step = self._idempotent(product, atom, exponent)
            elif kind == "prime":
                step = self._fold(product, atom, exponent)
            else:
                step = self.related(product, atom, exponent)
            if step is not None:
                return step
        return None

    def replaced(self, product: Product, atom: Atom, by: Expr) -> _WORK:
        """The product with one atom, to all its power, replaced by a sum."""
        rest = {a: e for a, e in product.items() if a != atom}
        return [(self.merged(dict(rest), key), c) for key, c in by.items()]

    def _fold(self, product: Product, atom: Atom, exponent: Exponent) -> _WORK | None:
        steps = floor(exponent)
        if not steps:
            return None
        prime = self.heads[atom[0]].name
        assert isinstance(prime, int)
        rest = whole(exponent - steps)
        by = single(atom, rest) if rest else constant(1)
        return [(p, c * Fraction(prime) ** steps) for p, c in self.replaced(product, atom, by)]

    def _resolve(self, product: Product, atom: Atom, exponent: Exponent) -> _WORK | None:
        if exponent < 0:
            raise Undefined("the reciprocal of a delta")
        kept, gone = atom[1]
        if kept == gone:
            return self.replaced(product, atom, constant(1))
        if exponent != 1:
            return self.replaced(product, atom, single(atom))
        rest = {a: e for a, e in product.items() if a != atom}
        if not any(gone in labels for _, labels in rest):
            return None
        moved = self.relabelled({mono(rest): Fraction(1)}, {gone: kept})
        return [(self.merged({atom: 1}, key), c) for key, c in moved.items()]

    def _idempotent(self, product: Product, atom: Atom, exponent: Exponent) -> _WORK | None:
        if exponent < 0:
            raise Undefined("the reciprocal of an indicator")
        if exponent != 1:
            return self.replaced(product, atom, single(atom))
        return self.related(product, atom, exponent)

    # Labels ------------------------------------------------------------------------------------------------

    def relabelled(self, expr: Expr, mapping: Mapping[int, int]) -> Expr:
        """Other labels for some labels; where two become one, atoms are built again."""
        result: Expr = {}
        for key, coefficient in expr.items():
            plain: Product = {}
            rest: Expr | None = None
            for (head, labels), exponent in key:
                new = tuple(mapping.get(k, k) for k in labels)
                if len(set(new)) == len(set(labels)) or self.heads[head].kind in (
                    "input",
                    "array",
                    "delta",
                    "mask",
                ):
                    self.merged(plain, ((self.atom(head, new), exponent),))
                else:
                    factor = self.power(self.rebuilt(head, new), exponent)
                    rest = factor if rest is None else self.times(rest, factor)
            if rest is None:
                self.collect(result, plain, coefficient)
            else:
                for other, c in rest.items():
                    self.collect(result, self.merged(dict(plain), other), c * coefficient)
        return result

    def without(self, expr: Expr, atom: Atom, value: int) -> Expr:
        """The sum with an indicator set to 0 or 1."""
        result: Expr = {}
        for key, coefficient in expr.items():
            if all(a != atom for a, _ in key):
                accumulate(result, {key: coefficient})
            elif value:
                self.collect(result, {a: e for a, e in key if a != atom}, coefficient)
        return result

    def shared(self, expr: Expr) -> Mono:
        """The greatest product that divides every term, negative exponents included."""
        keys = [dict(key) for key in expr]
        atoms = {a for key in keys for a in key}
        least = {a: min(key.get(a, 0) for key in keys) for a in atoms}
        return mono({a: e for a, e in least.items() if e})

    def divided(self, expr: Expr, key: Mono) -> Expr:
        """The sum divided by a product."""
        if key == ONE:
            return expr
        return self.times(expr, {tuple((a, -e) for a, e in key): Fraction(1)})
