"""When do two steps say the same of other quantities? Where only names and numbers differ in their skeletons."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from symdiff.derivations.steps import Derivation, Step
from symdiff.ir.graph import Node
from symdiff.ir.ops import Contract, Input, Named


@dataclass(frozen=True)
class Skeleton:
    """What two steps have in common, and the names and the numbers of steps in which they may differ."""

    form: int
    names: tuple[str, ...]
    numbers: tuple[int, ...]


class Skeletons:
    """The skeletons of the steps of a derivation."""

    def __init__(self, derivation: Derivation) -> None:
        self.store, self.names = derivation.graph.store, derivation.names
        self.steps = {step.quantity: step for step in derivation.steps}
        self.forms: dict[Hashable, int] = {}

    def of(self, step: Step) -> Skeleton:
        """Op by op; sizes may differ, except that what has length 1 has it in both."""
        used = [name for product in step.factors for name in product]
        forms: list[Hashable] = []
        for node in self._roots(step):
            form, found = self._formula(node, step.quantity)
            forms.append(form)
            used += found
        used += [term.through for term in step.terms]
        told = (step.phase, step.rule, step.structure, step.products, step.saved, len(step.sources))
        parts = tuple(len(product) for product in step.factors)
        mark = step.number if getattr(step, "printed", None) is not None else None  # shown one by one
        names = [part for name in (step.quantity, *used) for part in self._about(name)]
        form = self.forms.setdefault((told, parts, tuple(forms), mark), len(self.forms))
        return Skeleton(form, tuple(names), (step.number, *step.sources))

    def _about(self, name: str) -> Iterator[str]:
        """A quantity's name, and of which derivative it is."""
        step = self.steps.get(name)
        yield name
        if step is not None:
            yield from (step.above or "", step.below or "")

    def _roots(self, step: Step) -> list[Node]:
        if step.rule in ("input", "seed") or step.factors:
            return []
        return [term.node for term in step.terms] or [step.node]

    def _formula(self, root: Node, quantity: str) -> tuple[Hashable, list[str]]:
        """The nodes of a formula in an order that only its structure decides, and the names that it uses."""
        if self.names.get(root, quantity) != quantity:
            return "name", [self.names[root]]
        place: dict[Node, int] = {}
        form: list[Hashable] = []
        used: list[str] = []
        inner = self._inner(root, quantity)
        waiting = [(inner, False)]
        while waiting:
            node, is_done = waiting.pop()
            if node in place:
                continue
            if node in self.names and node not in (root, inner):
                used.append(self.names[node])
                form.append("name")
            elif is_done or not self.store.operands(node):
                form.append((self._op(node), tuple(place[k] for k in self.store.operands(node))))
            else:
                waiting += [(node, True), *((k, False) for k in reversed(self.store.operands(node)))]
                continue
            place[node] = len(place)
        return tuple(form), used

    def _inner(self, root: Node, quantity: str) -> Node:
        """What a name was given to, unless that is another quantity."""
        if not isinstance(self.store.op(root), Named):
            return root
        (inner,) = self.store.operands(root)
        return inner if self.names.get(inner, quantity) == quantity else root

    def _op(self, node: Node) -> Hashable:
        """An operation without its sizes."""
        match self.store.op(node):
            case Contract() as op:
                return op.inputs, op.output, tuple(size == 1 for size in op.sizes), op.coefficient
            case Input(name):
                return name
            case op:
                return op
