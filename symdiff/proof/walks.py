"""What happens in one evaluation of both sides? Every node in one ring, the differences, the conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import sympy as sp

from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input, Map
from symdiff.proof.conditions import Condition, Conditions, describe
from symdiff.proof.coordinates import Coordinates
from symdiff.proof.fields import UNDEFINED, Element, Poly, Ring, Special, Undecided
from symdiff.proof.generators import Algebra
from symdiff.proof.propagation import Entries, propagate
from symdiff.proof.signs import Script
from symdiff.proof.witnesses import certify, constant_sign


class Question:
    """The two sides, restricted to the outputs that are not the same node: (output, left, right)."""

    def __init__(
        self,
        store: Store,
        left: Sequence[Node],
        right: Sequence[Node],
        facts: Mapping[str, Any],
        deadline: float,
    ) -> None:
        self.store = store
        self.facts = facts
        self.deadline = deadline
        self.pairs = [(k, a, b) for k, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
        self.nodes = store.ancestors(n for _, a, b in self.pairs for n in (a, b))
        self.on_left = set(store.ancestors(left))

    @cached_property
    def masked(self) -> set[Node]:
        """Nodes whose value a branch may discard: operands that its first condition does not look at."""
        found: list[Node] = []
        for node in self.nodes:
            op = self.store.op(node)
            if isinstance(op, Map) and op.formula.expression.has(sp.Piecewise):
                tested = _tested_symbols(op.formula.expression)
                operands = zip(op.formula.arguments, self.store.operands(node), strict=True)
                found += [operand for symbol, operand in operands if symbol not in tested]
        return set(self.store.ancestors(found))


def _tested_symbols(expression: Any) -> set[Any]:
    return set.intersection(*(p.args[0][1].free_symbols for p in expression.atoms(sp.Piecewise)))


class Walk:
    """One evaluation; ``open_output`` is the first output whose difference was not shown to be zero."""

    def __init__(
        self, question: Question, script: Script | None, capacity: int, *, strict: bool, trust_affine: bool
    ) -> None:
        self.question = question
        self.conditions = Conditions()
        self.ring = Ring(capacity, question.deadline)
        self.algebra = Algebra(self.ring, self.conditions, script, strict=strict, trust_affine=trust_affine)
        self.algebra.signs.constant_sign = lambda poly: constant_sign(self.ring, poly)
        self.coordinates = Coordinates(self.algebra, question.facts)
        values = self._evaluate()
        self.kinks = self.algebra.signs.kinks
        self.forced = self._forced_signs()
        self.is_trustworthy = all(self._forced_sign(p) is not None for p in self.algebra.positivity.trusted)
        different = (k for k, a, b in question.pairs if not self._equal(values[a], values[b]))
        self.open_output = next(different, None) if self.is_trustworthy else None
        self.generators = len(self.ring.generators)
        self.assumptions: dict[str, bool] = {}
        if self.is_trustworthy and self.open_output is None:
            self._certify()

    def _evaluate(self) -> dict[Node, Entries]:
        store, on_left = self.question.store, self.question.on_left
        values: dict[Node, Entries] = {}
        for node in self.question.nodes:
            self.ring.check_time()
            self.conditions.left = node in on_left
            self.conditions.masked = node in self.question.masked
            op = store.op(node)
            if isinstance(op, Input):
                values[node] = self.coordinates.entries(op)
            else:
                shape = tuple(int(size) for size in store.shape(node))
                values[node] = propagate(self.algebra, op, [values[k] for k in store.operands(node)], shape)
        return values

    def _equal(self, left: Entries, right: Entries) -> bool:
        return all(self._same(a, b) for a, b in zip(left.reshape(-1), right.reshape(-1), strict=True))

    def _same(self, a: Element, b: Element) -> bool:
        if isinstance(a, Special) or isinstance(b, Special):
            if a is b and a is not UNDEFINED:
                return True
            raise Undecided("an infinite or undefined value in an output")
        self.ring.check_time()
        difference = a - b
        return (
            difference.is_zero()
            or self.ring.is_zero(difference)
            or self.ring.is_zero(self._force(difference))
        )

    # Positivity that the truth itself needs -------------------------------------------------------

    def _forced_signs(self) -> list[tuple[Poly, int]]:
        """Signs that the truth's logarithms and roots force: pairs (irreducible polynomial, its sign)."""
        forced: list[tuple[Poly, int]] = []
        for condition in self.conditions.all():
            sign, odd = condition.odd
            if condition.need == "positive" and condition.left and not condition.masked and len(odd) == 1:
                forced.append((odd[0], sign))
        return forced

    def _forced_sign(self, p: Poly) -> int | None:
        return next((sign for q, sign in self.forced if q == p), None)

    def _force(self, poly: Poly) -> Poly:
        values = {}
        for p, sign in self.forced:
            indicators = self.algebra.signs.known.get(p)
            for indicator, its_sign in zip(indicators or (), (1, -1), strict=False):
                if len(indicator) == 1 and not indicator.is_constant():
                    values[f"g{self.ring.used(indicator)[0].index}"] = int(sign == its_sign)
        return poly.subs(values) if values else poly

    def _is_implied(self, condition: Condition) -> bool:
        """Whether a positivity that the claim needs follows from what the truth needs."""
        product, odd = condition.odd
        for p in odd:
            product *= self._forced_sign(p) or 0
        return product == 1 or any(
            c.left and not c.masked and c.odd[0] == condition.odd[0] and _same_set(c.odd[1], odd)
            for c in self.conditions.all()
            if c.need == "positive"
        )

    # What must hold for the proof -----------------------------------------------------------------

    def _certify(self) -> None:
        conditions = self.conditions.all()
        for c in conditions:
            if c.need == "positive" and not c.left and not c.masked and not self._is_implied(c):
                raise Undecided(f"the right side is defined only where {describe(self.ring, c)}")
        certify(self.ring, self.algebra.positivity, conditions, self.coordinates.draws)
        self.assumptions = {describe(self.ring, c): c.left or c.need in ("kink", "tie") for c in conditions}


def _same_set(left: Sequence[Poly], right: Sequence[Poly]) -> bool:
    return len(left) == len(right) and all(p in right for p in left)
