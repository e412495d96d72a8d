"""What happens in one evaluation of both sides? Every node in one ring, the differences, the conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input
from symdiff.proof.at_shape.conditions import Conditions, describe, text_of
from symdiff.proof.at_shape.coordinates import Coordinates
from symdiff.proof.at_shape.fields import Bucket, Poly, Ring, Undecided
from symdiff.proof.at_shape.generators import Algebra
from symdiff.proof.at_shape.propagation import Propagation, Value
from symdiff.proof.at_shape.signs import Script
from symdiff.proof.at_shape.specials import UNDEFINED, Element, Special
from symdiff.proof.at_shape.witnesses import Search, constant_sign


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
        self.by_masks = False  # whether the entries of booleans are decided case by case
        self.pairs = [(k, a, b) for k, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
        self.nodes = store.ancestors(n for _, a, b in self.pairs for n in (a, b))
        self.on_left = set(store.ancestors(left))


class Walk:
    """One evaluation; ``problem`` says what is missing for a proof, None for nothing.

    In a walk through the cases the truth may be defined nowhere: then ``is_empty``, and nothing is shown.
    """

    def __init__(
        self, question: Question, script: Script | None, capacity: int, *, strict: bool, trust_affine: bool
    ) -> None:
        self.question = question
        self.script = script
        self.conditions = Conditions()
        self.ring = Ring(capacity, question.deadline)
        self.algebra = Algebra(self.ring, self.conditions, script, strict=strict, trust_affine=trust_affine)
        self.algebra.signs.constant_sign = lambda poly: constant_sign(self.ring, poly)
        self.coordinates = Coordinates(self.algebra, question.facts, script if question.by_masks else None)
        self.values = self._evaluate()
        self.kinks = self.algebra.signs.kinks
        self.generators = len(self.ring.generators)
        self.domains = Bucket()  # where the truth is defined
        self.problem = self._compare()
        self.is_empty = all(domain.is_zero() for domain, _ in self.domains.items())
        self.is_narrow = not all(domain.is_one() for domain, _ in self.domains.items())
        self.trusted = self._trusted_signs()
        self.assumptions: dict[str, bool] = {}
        self.needs: tuple[str, ...] = ()
        if self.problem is None and self.is_trustworthy and not (self.is_empty and script):
            self._certify()

    def _evaluate(self) -> dict[Node, Value]:
        store, propagation = self.question.store, Propagation(self.algebra)
        values: dict[Node, Value] = {}
        for node in self.question.nodes:
            self.ring.check_time()
            self.conditions.left = node in self.question.on_left
            op = store.op(node)
            if isinstance(op, Input):
                values[node] = Value(self.coordinates.entries(op))
            else:
                shape = tuple(int(size) for size in store.shape(node))
                values[node] = propagation.value(op, [values[k] for k in store.operands(node)], shape)
        return values

    # The differences --------------------------------------------------------------------------

    def _compare(self) -> str | None:
        problems = (
            problem
            for k, left, right in self.question.pairs
            for a, b in zip(self._column(left), self._column(right), strict=True)
            if (problem := self._difference(k, a, b))
        )
        return next(problems, None)

    def _column(self, node: Node) -> Iterator[tuple[Element, Poly]]:
        value = self.values[node]
        one = self.ring.one
        domain = [one] * value.entries.size if value.domain is None else value.domain.reshape(-1)
        return zip(value.entries.reshape(-1), domain, strict=True)

    def _difference(self, output: int, left: tuple[Element, Poly], right: tuple[Element, Poly]) -> str | None:
        (a, domain), (b, other) = left, right
        self.ring.check_time()
        if self.domains.get(domain) is None:
            self.domains.put(domain, True)
        if domain.is_zero():
            return None
        narrower = self.ring.multiply(domain, 1 - other)
        if not self.ring.is_zero(narrower):
            return f"output {output}: the right side is not defined wherever the left is{self._where(other)}"
        if isinstance(a, Special) or isinstance(b, Special):
            if a is b and a is not UNDEFINED:
                return None
            raise Undecided("an infinite or undefined value in an output")
        if a == b or self.ring.is_zero(self.ring.multiply(domain, a - b)):
            return None
        return f"output {output}: the difference is not zero"

    def _where(self, domain: Poly) -> str:
        return f": it needs {text_of(self.ring, domain)}" if not domain.is_zero() else ""

    # What must hold for the proof -------------------------------------------------------------

    def _trusted_signs(self) -> list[tuple[Poly, int]] | None:
        """The signs of trusted affine functions where the truth is defined; None if one is open."""
        signs: list[tuple[Poly, int]] = []
        domains = [domain for domain, _ in self.domains.items()]
        for p in self.algebra.positivity.trusted:
            above, below = self.algebra.signs.known.get(p) or (self.ring.zero, self.ring.zero)
            for sign, indicator in ((1, above), (-1, below)):
                if all(self.ring.both(domain, indicator) == domain for domain in domains):
                    signs.append((p, sign))
                    break
            else:
                return None
        return signs

    def is_real(self) -> bool:
        """Whether the case exists: a point on the chosen sides of all kinks where the truth is defined."""
        decisions = [(p, int(above.is_one()) - int(below.is_one())) for p, (above, below) in self._decided()]
        for race in self.algebra.maxima.races:
            if race.case is not None:
                decisions += [(race.top - e, 1) for k, e in enumerate(race.entries) if k != race.case]
        search = Search(self.ring, self.algebra.positivity, self.coordinates.draws, decisions)
        return not self.is_empty and search.reaches(
            [c.poly for c in self.conditions.all() if c.need == "nonzero"]
        )

    def _decided(self) -> list[tuple[Poly, tuple[Poly, Poly]]]:
        return [
            (p, pair) for p, pair in self.algebra.signs.known.items() if all(g.is_constant() for g in pair)
        ]

    @property
    def is_trustworthy(self) -> bool:
        """Whether what was taken to be analytic is."""
        return self.trusted is not None

    def _certify(self) -> None:
        if self.is_empty:
            raise Undecided("the left side is defined nowhere")
        conditions = self.conditions.all()
        search = Search(self.ring, self.algebra.positivity, self.coordinates.draws, self.trusted or [])
        search.certify(conditions, [domain for domain, _ in self.domains.items() if not domain.is_zero()])
        self.needs = tuple(describe(self.ring, c) for c in conditions if c.need == "positive" and c.left)
        for c in conditions:
            if c.need != "positive":
                text = describe(self.ring, c)
                self.assumptions[text] = self.assumptions.get(text, False) or c.left or c.need != "nonzero"
