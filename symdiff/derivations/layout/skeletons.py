"""When do two steps say the same of other quantities? Where only names and numbers differ in their skeletons."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from symdiff.derivations.steps import Derivation, Step
from symdiff.ir.graph import Node
from symdiff.ir.ops import Contract, Input, Map, Named


@dataclass(frozen=True)
class Skeleton:
    """What two steps have in common, and the names in which they may differ.

    ``numbered`` are the names, but the first value of a variable that gets others has a number: ``x`` is ``x_1``.
    """

    form: int
    names: tuple[str, ...]
    numbered: tuple[str, ...]


class Skeletons:
    """The skeletons of the steps of a derivation."""

    def __init__(self, derivation: Derivation) -> None:
        self.store, self.names = derivation.graph.store, derivation.names
        self.quantities = [step.quantity for step in derivation.steps]
        self.steps = {step.quantity: step for step in derivation.steps}
        self.forms: dict[Hashable, int] = {"name": 0}
        known = {name for step in derivation.steps for name in (step.quantity, step.below) if name}
        self.firsts = {
            name: f"{name}_1" for name in known if f"{name}_2" in known and f"{name}_1" not in known
        }

    def of(self, step: Step) -> Skeleton:
        """Op by op; sizes may differ, except that what has length 1 has it in both."""
        used = [name for product in step.factors for name in product]
        forms: list[Hashable] = []
        for node in self._roots(step):
            form, found = self._formula(node, step.quantity)
            forms.append(form)
            used += found
        used += [term.through for term in step.terms]
        told = (step.phase, step.rule, step.structure, step.products, len(step.sources))
        parts = tuple(len(product) for product in step.factors)
        mark = step.number if step.printed is not None else None  # shown one by one
        names = [part for name in (step.quantity, *used) for part in self._about(name)]
        if step.rule == "input":
            names += [step.formula, *(self.quantities[number - 1] for number in step.sources)]
        form = self._known((told, parts, tuple(forms), mark))
        numbered = tuple(self.firsts.get(name, name) for name in names)
        return Skeleton(form, tuple(names), numbered)

    def _about(self, name: str) -> Iterator[str]:
        """A quantity's name, and of which derivative it is."""
        step = self.steps.get(name)
        yield name
        if step is not None:
            yield from (step.above or "", step.below or "")

    def _known(self, form: Hashable) -> int:
        return self.forms.setdefault(form, len(self.forms))

    def _roots(self, step: Step) -> list[Node]:
        if step.rule in ("input", "seed") or step.factors:
            return []
        return [term.node for term in step.terms] or [step.node]

    def _formula(self, root: Node, quantity: str) -> tuple[Hashable, list[str]]:
        """The nodes of a formula in an order that only its structure decides, and the names that it uses."""
        if self.names.get(root, quantity) != quantity:
            return "name", [self.names[root]]
        start = self._inner(root, quantity)
        turned = self._turned(start)
        place: dict[Node, int] = {}
        form: list[Hashable] = []
        used: list[str] = []
        waiting = [(start, False)]
        while waiting:
            node, is_done = waiting.pop()
            if node in place:
                continue
            if node not in turned:
                used.append(self.names[node])
                form.append("name")
            elif is_done or not turned[node][1]:
                op, operands = turned[node]
                form.append((op, tuple(place[k] for k in operands)))
            else:
                waiting += [(node, True), *((k, False) for k in reversed(turned[node][1]))]
                continue
            place[node] = len(place)
        return tuple(form), used

    def _turned(self, start: Node) -> dict[Node, tuple[Hashable, tuple[Node, ...]]]:
        """The operations of a formula without their sizes, and their operands in an order that no number decides."""
        found: dict[Node, tuple[Hashable, tuple[Node, ...]]] = {}
        forms: dict[Node, int] = {}
        for node in self._region(start):
            operands = self.store.operands(node)
            order = sorted(range(len(operands)), key=lambda slot: forms.get(operands[slot], 0))
            op = self.store.op(node)
            match op:
                case Contract():
                    told: Hashable = _without_sizes(op, order)
                case Map(formula) if formula.symmetric:
                    told = formula
                case Input(name):
                    told, order = name, []
                case _:
                    told, order = op, list(range(len(operands)))
            forms[node] = self._known((told, tuple(forms.get(operands[slot], 0) for slot in order)))
            found[node] = told, tuple(operands[slot] for slot in order)
        return found

    def _region(self, start: Node) -> list[Node]:
        seen, waiting = {start}, [start]
        while waiting:
            new = {k for k in self.store.operands(waiting.pop()) if k not in self.names} - seen
            seen |= new
            waiting += new
        return sorted(seen)

    def _inner(self, root: Node, quantity: str) -> Node:
        """What a name was given to, unless that is another quantity."""
        if not isinstance(self.store.op(root), Named):
            return root
        (inner,) = self.store.operands(root)
        return inner if self.names.get(inner, quantity) == quantity else root


def _without_sizes(op: Contract, order: Sequence[int]) -> Hashable:
    """A contraction with its operands in another order; what has length 1 stays told apart."""
    inputs = [op.inputs[slot] for slot in order]
    new: dict[int, int] = {}
    for label in (k for labels in (*inputs, op.output, range(len(op.sizes))) for k in labels):
        new.setdefault(label, len(new))
    labels = tuple(tuple(new[k] for k in labels) for labels in (*inputs, op.output))
    return labels, tuple(op.sizes[k] == 1 for k in new), op.coefficient
