"""Which parts of a long formula get names of their own? What it uses more than once, and what is long itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from symdiff.derivations.kinds import structure
from symdiff.derivations.layout.indices import unused
from symdiff.derivations.steps import Derivation, Step
from symdiff.ir.graph import Node
from symdiff.ir.ops import Contract, Index, Literal, Named, Table

_SHARED, _MOST = 16, 48
_LETTERS = "tsrquvz"


class Shortener:
    """The names of parts so far; a part that has one keeps it in later formulas."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation, self.store = derivation, derivation.graph.store
        self.letter = unused(_LETTERS, [step.quantity for step in derivation.steps])
        self.parts: dict[Node, str] = {}

    @property
    def shortened(self) -> Derivation:
        """The derivation in which the parts stand by their names."""
        return replace(self.derivation, names={**self.derivation.names, **self.parts})

    def definitions(self, step: Step) -> tuple[Step, ...]:
        """The parts of a step that get names now, as steps that define them."""
        found = []
        for node in self._cuts([term.node for term in step.terms] or [step.node], step.quantity):
            name = self.parts[node] = f"{self.letter}_{len(self.parts) + 1}"
            shape = self.store.shape(node)
            found.append(Step(step.number, step.phase, name, "", "definition", node, shape, structure(shape)))
        return tuple(found)

    def _cuts(self, roots: Iterable[Node], quantity: str) -> list[Node]:
        names = self.derivation.names
        starts = [self._inner(root, quantity) for root in roots if names.get(root, quantity) == quantity]
        order = self._order(starts)
        uses = Counter(k for node in order for k in self.store.operands(node))
        weights: dict[Node, int] = {}
        cuts = []
        for node in order:
            below = sum(self._weight(k, weights) for k in self.store.operands(node))
            weights[node] = below + self._own(node)
            is_shared = uses[node] > 1 and weights[node] > _SHARED
            if node not in starts and not self._is_view(node) and (is_shared or weights[node] > _MOST):
                cuts.append(node)
                weights[node] = 3
        return cuts

    def _weight(self, node: Node, weights: Mapping[Node, int]) -> int:
        known = self.parts.get(node) or self.derivation.names.get(node)
        return len(known) if known is not None and node not in weights else weights.get(node, 1)

    def _own(self, node: Node) -> int:
        match self.store.op(node):
            case Literal() | Index() | Table():
                return 4
            case Contract(coefficient=coefficient):
                return 3 + (coefficient != 1)
        return 6

    def _is_view(self, node: Node) -> bool:
        op = self.store.op(node)
        return not self.store.operands(node) or (isinstance(op, Contract) and op.is_view)

    def _inner(self, root: Node, quantity: str) -> Node:
        if not isinstance(self.store.op(root), Named):
            return root
        (inner,) = self.store.operands(root)
        return inner if self.derivation.names.get(inner, quantity) == quantity else root

    def _order(self, starts: list[Node]) -> list[Node]:
        known = {*self.derivation.names, *self.parts} - set(starts)
        seen, waiting = set(starts), list(starts)
        while waiting:
            new = {k for k in self.store.operands(waiting.pop()) if k not in known} - seen
            seen |= new
            waiting += new
        return sorted(seen)
