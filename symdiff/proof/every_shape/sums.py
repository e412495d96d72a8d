"""What is a sum over an index? Flat components that dummies hold together, each an atom of its own."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import sympy as sp

from symdiff.ir.sizes import Size
from symdiff.proof.every_shape.products import Products
from symdiff.proof.every_shape.terms import (
    Atom,
    Exponent,
    Expr,
    Labels,
    Mono,
    Product,
    accumulate,
    constant,
    is_natural,
    mono,
    single,
    times_number,
)

Dummies = dict[int, Size]


class Sums(Products):
    """Sums over labels; the relations of denominators hold inside them too."""

    def __init__(self, seconds: float, steps: int) -> None:
        super().__init__(seconds, steps)
        self._fresh = -1000
        self._reduced: dict[int, Expr | None] = {}
        self.rows: dict[object, int] = {}  # inputs whose last axis sums to 1: how many labels come before it

    def fresh(self) -> int:
        """A label that nothing has."""
        self._fresh -= 1
        return self._fresh

    def size(self, size: Size) -> Expr:
        """The length of an axis as a value."""
        if isinstance(size, int):
            return constant(size)
        if size.is_Symbol:
            return single(self.of_size(str(size)))
        total: Expr = {}
        for term in sp.Add.make_args(sp.expand(size)):
            product = constant(1)
            for factor in sp.Mul.make_args(term):
                base, exponent = factor.as_base_exp()
                value = constant(int(base)) if base.is_Integer else single(self.of_size(str(base)))
                for _ in range(int(exponent)):
                    product = self.times(product, value)
            accumulate(total, product)
        return total

    def summed(self, expr: Expr, dummies: Dummies) -> Expr:
        """The sum over some labels, which need not occur."""
        if not dummies:
            return expr
        result: Expr = {}
        for key, coefficient in expr.items():
            accumulate(result, self._sum_product(key, dummies), coefficient)
        return result

    def _sum_product(self, key: Mono, dummies: Dummies) -> Expr:
        """Flatten, resolve deltas, then sum each component."""
        dummies = dict(dummies)
        opened = self._flat(key, dummies)
        if opened is not None:
            return self.summed(opened, dummies)
        product = dict(key)
        for atom in product:
            if self.heads[atom[0]].kind == "delta" and not dummies.keys().isdisjoint(atom[1]):
                return self._along(product, atom, dummies)
        outside: Product = {}
        inside: Product = {}
        for atom, exponent in product.items():
            (outside if dummies.keys().isdisjoint(atom[1]) else inside)[atom] = exponent
        used = {k for _, labels in inside for k in labels}
        result: Expr = {mono(outside): Fraction(1)}
        for label, size in dummies.items():
            if label not in used:
                result = self.times(result, self.size(size))
        for component in _components(inside, dummies.keys()):
            own = {k: s for k, s in dummies.items() if any(k in labels for _, labels in component)}
            result = self.times(result, self._component(component, own))
        return result

    def _flat(self, key: Mono, dummies: Dummies) -> Expr | None:
        """The product with the sums that carry a dummy opened, their dummies added; None without any."""
        result: Expr | None = None
        for atom, exponent in key:
            if not self._opens((atom, exponent), dummies):
                continue
            if result is None:
                result = {tuple(x for x in key if not self._opens(x, dummies)): Fraction(1)}
            for _ in range(int(exponent)):
                result = self.times(result, self._opened(atom, dummies))
        return result

    def _opens(self, factor: tuple[Atom, Exponent], dummies: Dummies) -> bool:
        (head, labels), exponent = factor
        return (
            self.heads[head].kind == "sum" and is_natural(exponent) and not dummies.keys().isdisjoint(labels)
        )

    def _opened(self, atom: Atom, dummies: Dummies) -> Expr:
        """What a sum atom sums, with fresh dummies, which are added to ``dummies``."""
        head = self.heads[atom[0]]
        mapping = dict(enumerate(atom[1]))
        sizes = head.name
        assert isinstance(sizes, tuple)
        for place, size in enumerate(sizes):
            mapping[-1 - place] = self.fresh()
            dummies[mapping[-1 - place]] = size
        return self.relabelled(head.parts[0], mapping)

    def _along(self, product: Product, atom: Atom, dummies: Dummies) -> Expr:
        """Resolve a delta that carries a dummy."""
        one, other = atom[1]
        gone, kept = (one, other) if one in dummies else (other, one)
        rest = {mono({a: e for a, e in product.items() if a != atom}): Fraction(1)}
        if gone == kept:
            return self.summed(rest, dummies)
        left = {k: s for k, s in dummies.items() if k != gone}
        return self.summed(self.relabelled(rest, {gone: kept}), left)

    # Components --------------------------------------------------------------------------------------------

    def _component(self, component: Product, dummies: Dummies) -> Expr:
        """The sum of a connected product, all of whose atoms carry a dummy."""
        for atom, exponent in component.items():
            if exponent == 1 and self._is_spent(atom, component, dummies):
                rest = {a: e for a, e in component.items() if a != atom}
                gone = set(atom[1][self.kept(atom) :])
                return self.summed(
                    {mono(rest): Fraction(1)}, {k: s for k, s in dummies.items() if k not in gone}
                )
        closed, sizes = self.close([{mono(component): Fraction(1)}], list(dummies))
        free, bound = sizes[: len(closed.free)], sizes[len(closed.free) :]
        degree = self.degree(next(iter(closed.parts[0])))
        head = self.intern(
            "sum", bound, free, closed,
            positive=self.is_positive(mono(component)) or self.is_full(component, dummies),
            clean=self.is_clean({mono(component): Fraction(1)}), degree=degree,
        )  # fmt: skip
        if head not in self._reduced:
            self._reduced[head] = None  # while it is being found, it stands for itself
            self._reduced[head] = self._by_relations(head)
        found = self._reduced[head]
        if found is None:
            return single(self.atom(head, closed.free))
        return self.relabelled(found, dict(enumerate(closed.free)))

    def is_full(self, component: Product, places: Dummies) -> bool:
        """Whether a sum of zeros and ones over some labels is never zero."""
        raise NotImplementedError

    def kept(self, atom: Atom) -> int | None:
        """How many labels of a one-hot array come before its places; None for other atoms."""
        head = self.heads[atom[0]]
        if head.kind == "winner":
            return head.name if isinstance(head.name, int) else None
        if head.kind == "mask" and isinstance(head.name, tuple):
            return int(head.name[-1])
        if head.kind in ("mask", "input"):
            return self.rows.get(head.name)
        return None

    def _is_spent(self, atom: Atom, component: Product, dummies: Dummies) -> bool:
        """Whether a one-hot array is summed over all its places and nothing else depends on the place."""
        kept = self.kept(atom)
        if kept is None:
            return False
        places = set(atom[1][kept:])
        others = {k for a in component if a != atom for k in a[1]} | set(atom[1][:kept])
        return len(places) == len(atom[1]) - kept and places <= dummies.keys() and not places & others

    def _by_relations(self, head: int) -> Expr | None:
        """The sum after a relation that shows when the labels of one denominator are held; or None."""
        own = self.heads[head]
        assert isinstance(own.name, tuple)
        (key,) = own.parts[0]
        mapping = {-1 - place: self.fresh() for place in range(len(own.name))}
        dummies = {mapping[-1 - place]: size for place, size in enumerate(own.name)}
        (flat,) = self.relabelled({key: Fraction(1)}, mapping) or [()]
        for atom, exponent in flat:
            held = {k: s for k, s in dummies.items() if k in atom[1]}
            inner = {k: s for k, s in dummies.items() if k not in held}
            if not held or not inner or not self._is_denominator(atom, exponent):
                continue
            found = self._sum_product(flat, inner)
            if len(found) != 1 or dict(next(iter(found))).get(atom) != exponent:
                return self.summed(found, held)
        return None

    def _is_denominator(self, atom: Atom, exponent: Exponent) -> bool:
        kind = self.heads[atom[0]].kind
        return (kind == "sum" and not is_natural(exponent)) or (kind == "power" and exponent < 0)

    def negated(self, expr: Expr) -> Expr:
        """``-expr``."""
        return times_number(expr, -1)


def _components(product: Product, dummies: Iterable[int]) -> list[Product]:
    """The parts of a product that no dummy connects."""
    root = {k: k for k in dummies}

    def find(label: int) -> int:
        while root[label] != label:
            label = root[label]
        return label

    for _, labels in product:
        own: Labels = tuple(k for k in labels if k in root)
        for label in own[1:]:
            root[find(own[0])] = find(label)
    parts: dict[int, Product] = {}
    for atom, exponent in product.items():
        label = next(k for k in atom[1] if k in root)
        parts.setdefault(find(label), {})[atom] = exponent
    return list(parts.values())
