"""Which atoms are the same? Heads are interned by canonical arguments, atoms by their smallest labels."""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction

from symdiff.ir.ops import Index
from symdiff.ir.sizes import Size
from symdiff.proof.every_shape.canonical import Canonical, canonical
from symdiff.proof.every_shape.terms import (
    Atom,
    Expr,
    Head,
    HeadKind,
    Labels,
    Mono,
    OverBudget,
    Permutation,
    labels_of,
)

_SWAP: tuple[Permutation, ...] = ((0, 1), (1, 0))


class Heads:
    """The table of heads, and the budget that everything above draws from."""

    def __init__(self, seconds: float, steps: int) -> None:
        self.heads: list[Head] = []
        self._known: dict[object, int] = {}
        self._orbits: dict[int, Sequence[int]] = {}
        self._smallest: dict[Atom, Atom] = {}
        self._closed: dict[object, Canonical] = {}
        self.deadline = time.monotonic() + seconds
        self.steps = steps
        self._calls = 0

    def spend(self, steps: int = 1) -> None:
        """Pay for some work; stop when steps or time run out."""
        self.steps -= steps
        self._calls += 1
        if self.steps < 0:
            raise OverBudget("too many steps")
        if self._calls % 16 == 0 and time.monotonic() > self.deadline:
            raise OverBudget("out of time")

    # Heads -------------------------------------------------------------------------------------------------

    def intern(
        self,
        kind: HeadKind,
        name: object,
        dims: Sequence[Size] = (),
        closed: Canonical | None = None,
        *,
        positive: bool = False,
        clean: bool = True,
        degree: int | Fraction = 0,
        symmetries: tuple[Permutation, ...] = (),
        symmetric: bool = True,
    ) -> int:
        """The number of a head; an old one if it is known."""
        parts = closed.parts if closed else ()
        key = (kind, name, tuple(dims), tuple(tuple(part.items()) for part in parts))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.heads)
            symmetries = closed.symmetries if closed and symmetric else symmetries
            self.heads.append(Head(kind, name, tuple(dims), parts, symmetries, positive, clean, degree))
        return found

    def of_size(self, name: str) -> Atom:
        """A size symbol: a positive number without labels."""
        return self.intern("size", name, positive=True), ()

    def of_prime(self, prime: int) -> Atom:
        """A prime under a root."""
        return self.intern("prime", prime, positive=True), ()

    def delta(self, size: Size, one: int, other: int) -> Atom:
        """1 where two labels agree, 0 elsewhere."""
        return self.atom(self.intern("delta", "delta", (size, size), symmetries=_SWAP), (one, other))

    def atom(self, head: int, labels: Labels) -> Atom:
        """The atom with the smallest of the equivalent label tuples."""
        symmetries = self.heads[head].symmetries
        if not symmetries:
            return head, labels
        return head, min(tuple(labels[k] for k in p) for p in symmetries)

    def orbits(self, head: int) -> Sequence[int]:
        """For each slot of a head, the first slot that a symmetry takes it to."""
        found = self._orbits.get(head)
        if found is None:
            own = self.heads[head]
            every = range(len(own.dims))
            found = [min(p[k] for p in own.symmetries) for k in every] if own.symmetries else every
            self._orbits[head] = found
        return found

    # Arguments ---------------------------------------------------------------------------------------------

    def sizes_of(self, parts: Sequence[Expr]) -> dict[int, Size]:
        """The size of each label that occurs."""
        sizes: dict[int, Size] = {}
        for expr in parts:
            for key in expr:
                for (head, labels), _ in key:
                    sizes.update(zip(labels, self.heads[head].dims, strict=True))
        return sizes

    def close(self, parts: Sequence[Expr], bound: Sequence[int] = ()) -> tuple[Canonical, tuple[Size, ...]]:
        """Arguments under canonical labels, and the sizes of the free labels, then of the bound ones."""
        sizes = self.sizes_of(parts)
        key = (tuple(tuple(sorted(part.items())) for part in parts), frozenset(bound))
        found = self._closed.get(key)
        self.spend()
        if found is None:
            kinds = {k: (int(k in bound), str(size)) for k, size in sizes.items()}
            self.spend(len(kinds) + sum(len(key) for part in parts for key in part))
            found = self._closed[key] = canonical(parts, kinds, self.orbits, self.atom)
        return found, tuple(sizes[k] for k in (*found.free, *found.bound))

    # What is known of signs --------------------------------------------------------------------------------

    def is_positive(self, key: Mono) -> bool:
        """Whether a product is above zero wherever it is defined."""
        return all(self.heads[atom[0]].positive for atom, _ in key)

    def is_nonnegative(self, key: Mono) -> bool:
        """Whether a product is never below zero."""
        return all(
            self.heads[a[0]].positive
            or (e.denominator == 1 and e % 2 == 0)
            or e.denominator != 1
            or self.heads[a[0]].kind in ("positive", "zero", "mask", "delta", "winner")
            or self._is_count(self.heads[a[0]])
            or (self.heads[a[0]].kind == "sum" and all(map(self.is_nonnegative, self.heads[a[0]].parts[0])))
            for a, e in key
        )

    def _is_count(self, head: Head) -> bool:
        """Whether it is a position, counted from 0 or more."""
        return isinstance(head.name, Index) and head.name.relation == "position" and head.name.offset >= 0

    def sign(self, expr: Expr) -> int:
        """1 or -1 where all terms agree and one is strict; 0 for unknown."""
        signs = {1 if c > 0 else -1 for c in expr.values()}
        if len(signs) != 1 or not all(map(self.is_nonnegative, expr)) or not any(map(self.is_positive, expr)):
            return 0
        return signs.pop()

    def is_clean(self, expr: Expr) -> bool:
        """Whether it is analytic on a connected domain, and so zero everywhere or only on a thin set."""
        return all(self._is_clean(self.heads[a[0]], e) for key in expr for a, e in key)

    def _is_clean(self, head: Head, exponent: int | Fraction) -> bool:
        if not head.clean:
            return False
        if exponent.denominator == 1 or head.kind == "input":
            return True
        return head.positive and not self.has_poles(head.parts)

    def has_poles(self, parts: Sequence[Expr]) -> bool:
        """Whether it divides by what may be zero, at any depth: then roots and logarithms have branches."""
        seen: set[int] = set()
        stack = list(parts)
        while stack:
            for key in stack.pop():
                for (number, _), exponent in key:
                    head = self.heads[number]
                    if exponent < 0 and not head.positive:
                        return True
                    if number not in seen:
                        seen.add(number)
                        stack += head.parts
        return False

    def degree(self, key: Mono) -> int | Fraction:
        """The total degree of a product in the inputs."""
        return sum((self.heads[a[0]].degree * e for a, e in key), 0)

    def free_labels(self, parts: Sequence[Expr]) -> list[int]:
        """The labels that occur, in order."""
        return sorted(labels_of(parts))
