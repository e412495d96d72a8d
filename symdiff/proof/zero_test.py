"""Are two sets of nodes equal at their concrete shapes? Proved in exact arithmetic, or not proved; never refuted.

``left`` is the truth and ``right`` the claim: a proof says that the right side equals the left wherever the left is
defined, outside a closed set without interior points, which the assumptions describe.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symdiff.ir import literals
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input, Literal, Map
from symdiff.ir.sizes import is_concrete
from symdiff.proof.conditions import Condition, Conditions, describe
from symdiff.proof.coordinates import Coordinates, count_entries
from symdiff.proof.fields import Element, NeedsCases, OutOfGenerators, Poly, Ring, Special, Undecided
from symdiff.proof.generators import Algebra
from symdiff.proof.propagation import Entries, propagate
from symdiff.proof.signs import Script
from symdiff.proof.witnesses import certify, constant_sign

_SPARE, _MOST_GENERATORS = 64, 4096
_MOST_CASES = 128
_MOST_KINKS = 6


@dataclass(frozen=True)
class ZeroTest:
    """``equal`` is True for proved and None for not proved; it is never False.

    ``assumptions``: what was taken to be nonzero or positive. ``readings``: how float literals were read.
    """

    equal: bool | None
    assumptions: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    generators: int = 0
    reason: str = ""


@dataclass(frozen=True)
class _Question:
    """The two sides, restricted to the outputs that are not the same node."""

    store: Store
    left: tuple[Node, ...]
    right: tuple[Node, ...]
    places: tuple[int, ...]
    facts: Mapping[str, Any]
    deadline: float


def equal_at_shape(
    store: Store,
    left: Sequence[Node],
    right: Sequence[Node],
    *,
    facts: Mapping[str, Any] | None = None,
    seconds: float = 10.0,
) -> ZeroTest:
    """Try to prove that ``right`` equals ``left``, output by output, for all values of the inputs.

    ``facts`` maps input names to a domain: an interval ``(low, high)``, "one_hot", "simplex", "symmetric",
    "positive_definite", "boolean", "integer", or an array of values for inputs that are indices.
    """
    places = tuple(k for k, (a, b) in enumerate(zip(left, right, strict=True)) if a != b)
    question = _Question(
        store,
        tuple(left[k] for k in places),
        tuple(right[k] for k in places),
        places,
        facts or {},
        time.monotonic() + seconds,
    )
    wrong_shape = [k for k in places if store.shape(left[k]) != store.shape(right[k])]
    if wrong_shape:
        return ZeroTest(None, reason=f"output {wrong_shape[0]} has two shapes")
    if not places:
        return ZeroTest(True)
    if not all(is_concrete(store.shape(n)) for n in store.ancestors([*question.left, *question.right])):
        return ZeroTest(None, reason="the shapes are symbolic")
    return _Prover(question).answer()


class _Prover:
    """Runs the test with as many generators, and as many cases, as it needs."""

    def __init__(self, question: _Question) -> None:
        self.question = question
        store = question.store
        self.nodes = store.ancestors([*question.left, *question.right])
        self.on_left = set(store.ancestors(question.left))
        self.masked = _masked_nodes(store, self.nodes)
        inputs = (op for op in map(store.op, self.nodes) if isinstance(op, Input))
        self.capacity = count_entries(inputs) + _SPARE

    def answer(self) -> ZeroTest:
        """Without cases first; then, where few kinks are in the way, case by case."""
        walks: list[_Walk] = []
        try:
            walk = self._walk(None)
            walks = [walk]
            if walk.open_outputs:
                if not 0 < walk.kinks <= _MOST_KINKS:
                    raise Undecided(f"the difference is not zero in output {walk.open_outputs[0]}")
                walks = self._cases()
        except NeedsCases:
            return self._answer_by_cases()
        except (Undecided, RecursionError) as reason:
            return ZeroTest(None, readings=self._readings(), reason=str(reason))
        return self._proved(walks)

    def _answer_by_cases(self) -> ZeroTest:
        try:
            return self._proved(self._cases())
        except (Undecided, RecursionError) as reason:
            return ZeroTest(None, readings=self._readings(), reason=str(reason))

    def _proved(self, walks: Sequence[_Walk]) -> ZeroTest:
        assumptions = dict.fromkeys(text for walk in walks for text in walk.assumptions)
        used = max(walk.generators for walk in walks)
        return ZeroTest(True, tuple(assumptions), self._readings(), used)

    def _cases(self) -> list[_Walk]:
        walks: list[_Walk] = []
        script: Script | None = Script()
        while script is not None:
            if len(walks) == _MOST_CASES:
                raise Undecided("over budget: too many cases")
            walk = self._walk(script)
            if walk.open_outputs:
                raise Undecided(f"the difference is not zero in output {walk.open_outputs[0]}")
            walks.append(walk)
            script = script.following()
        return walks

    def _walk(self, script: Script | None) -> _Walk:
        taken = list(script.taken) if script else []
        while True:
            try:
                return _Walk(self, script)
            except OutOfGenerators:
                self.capacity *= 2
                if self.capacity > _MOST_GENERATORS:
                    raise Undecided("over budget: too many generators") from None
                if script is not None:
                    script.taken, script.options = list(taken), []

    def _readings(self) -> tuple[str, ...]:
        values = dict.fromkeys(op.value for op in map(self.question.store.op, self.nodes) if isinstance(op, Literal))
        return tuple(f"{v!r} read as {literals.read(v)}" for v in values if literals.is_recognised(v))


class _Walk:
    """One evaluation of both sides in one ring, and its outcome."""

    def __init__(self, prover: _Prover, script: Script | None) -> None:
        question = prover.question
        self.conditions = Conditions()
        self.ring = Ring(prover.capacity, question.deadline)
        self.algebra = Algebra(self.ring, self.conditions, script)
        self.algebra.signs.constant_sign = lambda poly: constant_sign(self.ring, poly)
        self.coordinates = Coordinates(self.algebra, question.facts)
        values = self._evaluate(prover)
        self.kinks = self.algebra.signs.kinks
        self.forced = self._forced_signs()
        self.open_outputs = [
            place
            for place, a, b in zip(question.places, question.left, question.right, strict=True)
            if not self._equal(values[a], values[b])
        ]
        self.generators = len(self.ring.generators)
        self.assumptions: list[str] = []
        if not self.open_outputs:
            self._certify()

    def _evaluate(self, prover: _Prover) -> dict[Node, Entries]:
        store = prover.question.store
        values: dict[Node, Entries] = {}
        for node in prover.nodes:
            self.ring.check_time()
            self.conditions.left = node in prover.on_left
            self.conditions.masked = node in prover.masked
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
            if a is b and repr(a) != "undefined":
                return True
            raise Undecided("an infinite or undefined value in an output")
        self.ring.check_time()
        difference = a - b
        return difference.is_zero() or self.ring.is_zero(difference) or self.ring.is_zero(self._force(difference))

    # Positivity that the truth itself needs -------------------------------------------------------------------

    def _forced_signs(self) -> list[tuple[Poly, Poly]]:
        """Signs that the truth's logarithms and roots force: pairs (irreducible polynomial, its sign)."""
        forced: list[tuple[Poly, Poly]] = []
        for condition in self.conditions.all():
            sign, odd = condition.odd
            if condition.need == "positive" and condition.left and not condition.masked and len(odd) == 1:
                forced.append((odd[0], self.ring.constant(sign)))
        return forced

    def _force(self, poly: Poly) -> Poly:
        values = {}
        for p, sign in self.forced:
            indicators = self.algebra.signs.known.get(p)
            for indicator, its_sign in zip(indicators or (), (1, -1), strict=False):
                if len(indicator) == 1 and not indicator.is_constant():
                    values[f"g{self.ring.used(indicator)[0].index}"] = int(sign == its_sign)
        return poly.subs(values) if values else poly

    def _implied(self, condition: Condition) -> bool:
        """Whether a positivity that the claim needs follows from what the truth needs."""
        sign, odd = condition.odd
        total = self.ring.constant(sign)
        for p in odd:
            known = next((s for q, s in self.forced if q == p), None)
            if known is None:
                return any(c.left and c.odd[0] == sign and _same_set(c.odd[1], odd) for c in self.conditions.all() if c.need == "positive")
            total = total * known
        return bool(total.is_one())

    # What must hold for the proof -----------------------------------------------------------------------------

    def _certify(self) -> None:
        conditions = self.conditions.all()
        for condition in conditions:
            if condition.need == "positive" and not condition.left and not condition.masked and not self._implied(condition):
                raise Undecided(f"the right side is defined only where {describe(self.ring, condition)}")
        certify(self.ring, self.algebra.signs, conditions, self.coordinates.draws)
        self.assumptions = [describe(self.ring, condition) for condition in conditions]


def _same_set(left: Sequence[Poly], right: Sequence[Poly]) -> bool:
    return len(left) == len(right) and all(p in right for p in left)


def _masked_nodes(store: Store, nodes: Sequence[Node]) -> set[Node]:
    """Nodes whose value may be discarded by a branch: operands that the first condition does not look at."""
    masked: list[Node] = []
    for node in nodes:
        op = store.op(node)
        if isinstance(op, Map) and op.formula.expression.has(sp.Piecewise):
            tested = _tested_symbols(op.formula.expression)
            operands = zip(op.formula.arguments, store.operands(node), strict=True)
            masked += [operand for symbol, operand in operands if symbol not in tested]
    return set(store.ancestors(masked))


def _tested_symbols(expression: Any) -> set[Any]:
    found = [p.args[0][1].free_symbols for p in expression.atoms(sp.Piecewise)]
    return set.intersection(*found) if found else set()


