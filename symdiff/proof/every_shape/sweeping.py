"""Are large graphs equal? Pair nodes that agree in floats, prove pair by pair upwards, cut at what is proved.

A difference is first taken in terms of the nearest cuts; the atoms that remain in it are opened one at a
time, the one that brings in fewest new atoms first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Index, Input, Literal, Named, Reshape, Table
from symdiff.ir.sizes import same_shape
from symdiff.proof.every_shape.building import Builder
from symdiff.proof.every_shape.clearing import cleared
from symdiff.proof.every_shape.simulating import Floats, agree, differ, simulate
from symdiff.proof.every_shape.terms import Expr, OverBudget, plus
from symdiff.proof.every_shape.unrolling import is_nothing

_OPENINGS, _FEW = 24, 14  # for a pair of outputs, and for a pair on the way
_STEPS = 30_000
_LEAVES = (Input, Literal, Table, Index)


@dataclass
class Sweep:
    """Proved pairs of the nodes of some claims (right) and of what they are compared with (left)."""

    store: Store
    builder: Builder
    left: Sequence[Node]
    right: Sequence[Node]
    facts: Mapping[str, object]
    deadline: float
    merged: dict[Node, Node] = field(default_factory=dict)  # nodes of the right, and their equals on the left
    heads: dict[Node, int] = field(default_factory=dict)  # cuts
    values: dict[Node, Floats] = field(default_factory=dict)

    def run(self) -> None:
        """Merge what can be merged, in the order of the right side."""
        every = self.store.ancestors([*self.left, *self.right])
        self.values = simulate(self.store, every, self.facts)
        lefts = set(self.store.ancestors(self.left))
        rights = self.store.ancestors(self.right)
        for node in rights:
            if node in lefts:
                self._cut(node, node)
        known = [n for n in sorted(lefts) if n in self.values and not self._is_plain(n)]
        for node in rights:
            if node in lefts or node not in self.values or self._is_plain(node):
                continue
            for partner in self._partners(node, known):
                if time.monotonic() > self.deadline:
                    return
                if self.prove_pair(partner, node, _FEW) is not None:
                    self.merged[node] = partner
                    self._cut(partner, partner)
                    self._cut(node, partner)
                    break

    def _is_plain(self, node: Node) -> bool:
        """Leaves and pure moves, at which no cut is worth while."""
        op = self.store.op(node)
        return isinstance(op, (*_LEAVES, Reshape, Named)) or (isinstance(op, Contract) and op.is_view)

    def _partners(self, node: Node, known: Iterable[Node]) -> list[Node]:
        shape = self.store.shape(node)
        return [
            n
            for n in known
            if same_shape(self.store.shape(n), shape) and agree(self.values[n], self.values[node])
        ][:2]

    def _cut(self, node: Node, partner: Node) -> None:
        if self._is_plain(node) or self.store.kind(node) != "real" or not self.store.operands(node):
            return
        if partner not in self.heads:
            try:
                form = self.builder.cone(partner, self.heads)
            except (OverBudget, RecursionError):
                return
            finally:
                self._refill()
            self.heads[partner] = self.builder.cut(partner, form)
        self.heads[node] = self.heads[partner]

    def _refill(self) -> None:
        self.builder.space.steps = _STEPS

    def note_needs(self, right: Node) -> None:
        """Build what no cone has built, so that everything that the right side needs is known."""
        for node in self.store.ancestors([right]):
            if node not in self.builder.needs:
                self.builder.cone(node, {n: h for n, h in self.heads.items() if n != node})

    # One pair ----------------------------------------------------------------------------------------------

    def prove_pair(self, left: Node, right: Node, openings: int = _OPENINGS) -> list[Expr] | None:
        """The two forms whose difference is zero, in terms of some cuts; None if none was found."""
        if self._differ(left, right):
            return None
        cuts = {n: h for n, h in self.heads.items() if n not in (left, right)}
        space = self.builder.space
        for _ in range(openings):
            self._refill()
            if time.monotonic() > self.deadline:
                return None
            try:
                forms = [self.builder.cone(left, cuts), self.builder.cone(right, cuts)]
                difference = plus(forms[0], forms[1], -1)
                rest = cleared(space, difference)
            except (OverBudget, RecursionError):
                return None
            if not rest or self._is_nothing(difference):
                return forms
            chosen = self._to_open(rest, cuts)
            if chosen is None:
                return None
            cuts = {n: h for n, h in cuts.items() if h != chosen}
        return None

    def _is_nothing(self, difference: Expr) -> bool:
        """Whether a difference is zero where short axes are written out."""
        self._refill()
        try:
            return is_nothing(self.builder.space, difference)
        except (OverBudget, RecursionError):
            return False

    def _differ(self, left: Node, right: Node) -> bool:
        """Whether floats say that no proof can be found."""
        if self.facts or left not in self.values or right not in self.values:
            return False  # the point that was simulated need not lie in the domain
        return differ(self.values[left], self.values[right])

    def _to_open(self, rest: Expr, cuts: Mapping[Node, int]) -> int | None:
        """The cut in the difference that brings in fewest new atoms; of several, the highest."""
        present = self.builder.heads_in([rest])
        heads = set(cuts.values())
        best: tuple[int, int, int] | None = None
        for head in present & heads:
            node = self.builder.opaque[head]
            below = self._below(node, cuts)
            score = (len(below - present), -node, head)
            best = score if best is None else min(best, score)
        return best[2] if best else None

    def _below(self, node: Node, cuts: Mapping[Node, int]) -> set[int]:
        """The atoms that a node is made of: the nearest cuts and inputs."""
        found: set[int] = set()
        stack = list(self.store.operands(node))
        seen: set[Node] = set()
        while stack:
            one = stack.pop()
            if one in seen:
                continue
            seen.add(one)
            if one in cuts:
                found.add(cuts[one])
            elif not self.store.operands(one):
                form = self.builder.cone(one, {})
                found |= self.builder.heads_in([form])
            else:
                stack.extend(self.store.operands(one))
        return found
