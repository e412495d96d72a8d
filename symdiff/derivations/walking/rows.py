"""How is a derivation written down? Rows with numbers; each knows from which rows its values come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from symdiff.checking.formulas import formula_text
from symdiff.derivations.kinds import products, structure
from symdiff.derivations.steps import Phase, Rule, Step, Term
from symdiff.errors import InputError, explain
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input, Named
from symdiff.ir.sizes import Shape

_LONG = 2000
_LATER: Mapping[Phase, tuple[Phase, ...]] = {
    "forward": ("backward", "second backward"),
    "backward": ("second backward",),
}


class Rows:
    """The steps so far; ``names`` grows with the quantities that later formulas may use."""

    def __init__(self, graph: Graph, names: dict[Node, str]) -> None:
        self.graph, self.store, self.names = graph, graph.store, names
        self.steps: list[Step] = []
        self.numbers: dict[str, int] = {}

    def has(self, node: Node) -> bool:
        """Whether a quantity has a row."""
        return self.names.get(node) in self.numbers

    def new_input(self, name: str, shape: Shape = ()) -> Node:
        """A further input: a cotangent, a learning rate."""
        node = self.store.add(Input(name, shape))
        self.graph = self.graph.with_inputs([(name, node)])
        self.names[node] = name
        return node

    def named(self, node: Node, name: str, *, always: bool = False) -> Node:
        """The value of a row, marked so that later formulas are written in terms of it; constants if ``always``."""
        if not always and not self.store.operands(node):
            return node
        marked = self.store.add(Named(name), (node,))
        self.names[marked] = name
        return marked

    def text(self, node: Node) -> str:
        """The name of a node, or its formula in terms of named ones."""
        return self.names[node] if node in self.names else self.formula(node)

    def formula(self, node: Node) -> str:
        """Its formula in terms of named ones."""
        return formula_text(self.store, node, _LONG, self.names)

    def add(
        self,
        node: Node,
        quantity: str,
        formula: str,
        phase: Phase,
        rule: Rule,
        about: tuple[str | None, str | None] = (None, None),
        terms: tuple[Term, ...] = (),
        inner: Node | None = None,
    ) -> None:
        """A row whose kind of product and sources are read off the graph."""
        if inner is None and self.names.get(node, quantity) != quantity:
            self.product(node, quantity, formula, phase, rule, (self.names[node],), about, terms, ())
            return
        start = node if inner is None else inner
        region = self._region(start)
        inside = [n for n in region if n not in self.names or (n == start and inner is not None)]
        used = tuple(self.names[n] for n in region if n in self.names and n not in inside)
        self.product(node, quantity, formula, phase, rule, used, about, terms, products(self.store, inside))

    def product(
        self,
        node: Node,
        quantity: str,
        formula: str,
        phase: Phase,
        rule: Rule,
        used: Sequence[str],
        about: tuple[str | None, str | None] = (None, None),
        terms: tuple[Term, ...] = (),
        kinds: tuple[str, ...] = ("product of numbers",),
        factors: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        """A row that is made of the quantities ``used``."""
        if quantity in self.numbers:
            mend = "Call a variable otherwise: another quantity, or a derivative, has this name."
            raise InputError(explain("explain", {"name": quantity}, mend))
        number, shape = len(self.steps) + 1, self.store.shape(node)
        sources = tuple(dict.fromkeys(self.numbers[name] for name in used if name in self.numbers))
        self.numbers[quantity] = number
        kind = structure(shape)
        self.steps.append(
            Step(
                number,
                phase,
                quantity,
                formula,
                rule,
                node,
                shape,
                kind,
                kinds,
                sources,
                *about,
                terms,
                factors,
            )
        )

    def saved(self) -> tuple[Step, ...]:
        """The rows; values that a later pass needs are marked."""
        steps = self.steps
        needed = {
            phase: {number for s in steps if s.phase in later for number in s.sources}
            for phase, later in _LATER.items()
        }
        return tuple(replace(s, saved=s.number in needed.get(s.phase, ())) for s in steps)

    def _region(self, node: Node) -> list[Node]:
        seen, waiting = {node}, [node] if self.store.operands(node) else []
        while waiting:
            n = waiting.pop()
            if n == node or n not in self.names:
                new = set(self.store.operands(n)) - seen
                seen |= new
                waiting += new
        return sorted(seen)
