"""Which rows has a whole derivation? Forward and backward, then a step of descent or a second backward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal, TypeAlias

from symdiff.derivations.steps import Term
from symdiff.derivations.walking.regions import Regions
from symdiff.derivations.walking.rows import Rows
from symdiff.derivations.walking.sweeps import Sweep, marks_of
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input, Named

Of: TypeAlias = Literal["gradient", "hvp", "jacobian"]


class Walk:
    """The rows as they are written.

    For a second pass derivatives are quantities, and no local ones stand apart; of a Jacobian all of them do.
    """

    def __init__(
        self, graph: Graph, names: Mapping[Node, str], targets: Sequence[str], of: Of = "gradient"
    ) -> None:
        self.store, self.targets, self.output = graph.store, list(targets), graph.outputs[0]
        self.region = Regions(graph, names)
        self.names = dict(names)
        self.wrt = [graph.node(name) for name in targets]
        self.rows = Rows(graph, self.names)
        self.of = of
        is_scalar = all(graph.shape(node) == () for node in self.region.quantities)
        is_apart = of == "jacobian" or (of == "gradient" and is_scalar)
        marks = marks_of(self.region) if of == "hvp" else None
        self.sweep = Sweep(
            self.rows, self.region, self.output, self.wrt, self.slope, locals_apart=is_apart, marks=marks
        )
        self.curvatures: dict[Node, Node] = {}
        self.directions: dict[str, str] = {}

    @property
    def slopes(self) -> Mapping[Node, Node]:
        """The derivatives by quantities, as far as the function depends on them."""
        return self.sweep.bar

    def forward(self) -> None:
        """The inputs in order, each where it is first needed, then the quantities that are made of them."""
        for node in self.region.quantities:
            if isinstance(self.store.op(node), Input):
                continue
            for parent in self.region.parents[node]:
                if not self.rows.has(parent):
                    self.rows.add(parent, self.names[parent], "", "forward", "input")
            inner = self.region.inside(node)
            text = self.rows.formula(inner) if inner == node else self.rows.text(inner)
            self.rows.add(node, self.names[node], text, "forward", "definition", inner=inner)
            self.names.setdefault(inner, self.names[node])  # derivatives are written by it: 1 - h**2

    def backward(self) -> None:
        """Cotangents, last quantity first; between scalars the local derivatives stand between them."""
        self.sweep.run()

    def slope(self, node: Node) -> str:
        """What the derivative by a quantity is called."""
        is_whole = self.store.shape(self.output) == () or self.of == "jacobian"
        return f"d{self.names[self.output]}_d{self.names[node]}" if is_whole else f"{self.names[node]}_bar"

    def update(self, rate: str) -> None:
        """One step of gradient descent: ``W - rate * dL_dW``."""
        eta = self.rows.new_input(rate)
        for node in self.wrt:
            bar, labels = self.slopes[node], tuple(range(len(self.store.shape(node))))
            step = alg.contract(self.store, [(eta, ()), (bar, labels)], labels, Fraction(-1))
            formula = f"{self.names[node]} - {rate} * {self.slope(node)}"
            used = (self.names[node], self.slope(node))
            label = f"{self.names[node]}_new"
            new = alg.add(self.store, node, step)
            self.rows.product(new, label, formula, "update", "gradient descent", used, kinds=("scaling",))

    # The second pass --------------------------------------------------------------------------------------------

    def curve(self) -> None:
        """The scalar ``s = sum of dL_dw u_w``, and its derivatives, the last of which are ``H u``."""
        scalar = self._projected()
        own = {n: name for n, name in self.names.items() if name in self.rows.numbers}
        outer = {name: n for n, name in sorted(own.items())}  # of a marked value and its mark, the mark
        graph = self.rows.graph.with_outputs([scalar])
        region = Regions(graph, {n: name for name, n in outer.items()})
        sweep = Sweep(self.rows, region, scalar, self.wrt, self._curvature, "second backward")
        sweep.run()
        for node in self.wrt:
            self.curvatures[node] = sweep.bar.get(node, alg.constant(self.store, 0, self.store.shape(node)))
            if node not in sweep.bar:
                about = (self.names[scalar], self.names[node])
                zero = self.curvatures[node]
                self.rows.add(zero, self._curvature(node), "0", "second backward", "chain rule", about)

    def _projected(self) -> Node:
        terms = []
        for target, node in zip(self.targets, self.wrt, strict=True):
            shape, labels = self.store.shape(node), tuple(range(len(self.store.shape(node))))
            name = self._free("u" if len(self.wrt) == 1 else f"u_{self.names[node]}")
            self.directions[target] = name
            u = self.rows.new_input(name, shape)
            self.rows.add(u, name, "", "projection", "input", (None, self.names[node]))
            if node in self.slopes:
                product = alg.contract(self.store, [(self.slopes[node], labels), (u, labels)], ())
                terms.append(Term(self.slope(node), self.rows.text(product), product))
        inner = alg.total(self.store, [term.node for term in terms], ())
        name, formula = self._free("s"), " + ".join(term.formula for term in terms) or "0"
        held = tuple(terms) if len(terms) > 1 else ()
        self.rows.add(inner, name, formula, "projection", "projection", terms=held)
        scalar = self.store.add(Named(name), (inner,))
        self.names[scalar] = name
        return scalar

    def _curvature(self, node: Node) -> str:
        """``Hu_w`` for the last rows, ``ds_da`` for quantities, ``ds_d(dL_da)`` for derivatives."""
        name = self.names[node]
        if node in self.wrt:
            return "Hu" if len(self.wrt) == 1 else f"Hu_{name}"
        first = node in self.slopes.values()
        return f"ds_d({name})" if first else f"ds_d{name}"

    def _free(self, name: str) -> str:
        while name in self.rows.numbers:
            name += "_"
        return name
