"""Which rows does reverse accumulation write? From one quantity back to others, last quantity first.

Between scalars every local derivative is a row of its own; between arrays a row is a pullback.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from symdiff.derivations.steps import Phase, Rule, Term, times
from symdiff.derivations.walking.regions import Regions
from symdiff.derivations.walking.rows import Rows
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.ops import Named
from symdiff.ir.scatter import sum_of_terms

Label = Callable[[Node], str]


class Sweep:
    """The rows of one backward pass from ``output`` to ``wrt``; ``label`` names the derivative by a quantity.

    With ``locals_apart`` the local derivatives, Jacobians between arrays, stand in rows of their own. With ``marks``,
    the mark of each marked value, every derivative becomes a quantity of its own, made of quantities: a second pass
    may go through it.
    """

    def __init__(
        self,
        rows: Rows,
        region: Regions,
        output: Node,
        wrt: Sequence[Node],
        label: Label,
        phase: Phase = "backward",
        locals_apart: bool = False,
        marks: Mapping[Node, Node] | None = None,
    ) -> None:
        self.rows, self.store, self.region = rows, rows.store, region
        self.output, self.label, self.phase = output, label, phase
        self.locals_apart, self.marks = locals_apart, marks
        self.moving = region.moving(wrt, output)
        self.bar: dict[Node, Node] = {}

    @property
    def above(self) -> str:
        """The name of what is differentiated."""
        return self.rows.names[self.output]

    def run(self) -> None:
        """Write the rows."""
        self._seed()
        for child in sorted(self.moving, reverse=True):
            for node in self.region.parents[child]:
                if node in self.moving:
                    self._step(child, node)

    def _step(self, child: Node, node: Node) -> None:
        """What passes from a quantity to one that it is made of; the whole where the last path has come in."""
        if self.locals_apart:
            self._local(child, node)
        if self._children(node)[-1] == child:
            (self._product if self.locals_apart else self._cotangent)(node)

    def _seed(self) -> None:
        shape = self.store.shape(self.output)
        if shape == () or self.locals_apart:
            self.bar[self.output] = alg.constant(self.store, 1)
            return
        name = f"{self.above}_bar"
        self.bar[self.output] = seed = self.rows.new_input(name, shape)
        self.rows.add(seed, name, "", self.phase, "seed")

    def _children(self, node: Node) -> list[Node]:
        order = reversed(self.region.quantities)
        return [v for v in order if node in self.region.parents[v] and v in self.moving]

    def _about(self, node: Node) -> tuple[str, str]:
        return self.above, self.rows.names[node]

    # Between arrays -------------------------------------------------------------------------------------------

    def _cotangent(self, node: Node) -> None:
        """A pullback; over several paths each has its term."""
        shares = [
            (v, self._through_marks(self.region.share(v, node, self.bar[v]))) for v in self._children(node)
        ]
        bar = sum_of_terms(self.store, [share for _, share in shares], (), self.store.shape(node))
        terms = tuple(Term(self.rows.names[v], self.rows.text(share), share) for v, share in shares)
        several = len(terms) > 1
        formula = " + ".join(term.formula for term in terms)
        rule: Rule = "accumulation over paths" if several else "chain rule"
        name = self.label(node)
        self.rows.add(bar, name, formula, self.phase, rule, self._about(node), terms if several else ())
        self.bar[node] = self.rows.named(bar, name, always=self.marks is not None)

    def _through_marks(self, node: Node) -> Node:
        """The same value, made of marked quantities where rules took what was marked: ``1 - a**2``."""
        if not self.marks:
            return node
        stop, order, waiting = {*self.rows.names, *self.marks}, [node], [node]
        while waiting:
            n = waiting.pop()
            new = [k for k in self.store.operands(n) if n not in stop and k not in order]
            order += new
            waiting += new
        changed = {n: self.marks.get(n, n) for n in order if n in stop}
        for n in sorted(set(order) - set(changed)):
            operands = [changed[k] for k in self.store.operands(n)]
            changed[n] = self.store.add(self.store.op(n), operands) if operands else n
        return changed[node]

    # Between numbers, or by Jacobians ----------------------------------------------------------------------------

    def _local(self, child: Node, node: Node) -> None:
        """The local derivative is a row of its own."""
        local = self.region.jacobian(child, node)
        name, about = self._local_name(child, node), (self.rows.names[child], self.rows.names[node])
        self.rows.add(local, name, self.rows.text(local), self.phase, "local derivative", about)

    def _local_name(self, child: Node, node: Node) -> str:
        """``dz_dw``; where the loss also depends on ``w`` by other paths its own share is called direct."""
        is_share = child == self.output and len(self._children(node)) > 1
        return f"d{self.rows.names[child]}_d{self.rows.names[node]}{'_direct' if is_share else ''}"

    def _product(self, node: Node) -> None:
        terms, products = [], []
        children = self._children(node)
        for v in children:
            local = self._local_name(v, node)
            factors = [local] if v == self.output else [self.label(v), local]
            products.append(tuple(factors))
            text = times(factors, len(self.store.shape(v)), len(self.store.shape(node)))
            terms.append(Term(self.rows.names[v], text, self._through(v, node)))
        lead = self.store.shape(self.output)
        bar = sum_of_terms(self.store, [term.node for term in terms], lead, self.store.shape(node))
        self.bar[node] = self.rows.named(bar, self.label(node)) if self.store.shape(bar) else bar
        if children != [self.output]:
            rule: Rule = "accumulation over paths" if len(terms) > 1 else "chain rule"
            formula = " + ".join(term.formula for term in terms)
            held = tuple(terms) if len(terms) > 1 else ()
            used = tuple(chain.from_iterable(products))
            about, name = self._about(node), self.label(node)
            kinds = tuple(dict.fromkeys(self._kind(v, node) for v in children if v != self.output))
            self.rows.product(
                bar, name, formula, self.phase, rule, used, about, held, kinds, factors=tuple(products)
            )

    def _kind(self, child: Node, node: Node) -> str:
        """The kind of a product of derivatives."""
        rows, inner, columns = (len(self.store.shape(n)) for n in (self.output, child, node))
        if inner == 0:
            return "scaling" if rows + columns else "product of numbers"
        if inner > 1 or rows > 1 or columns > 1:
            return "contraction"
        return ("dot product", "matrix-vector product", "matrix product")[rows + columns]

    def _through(self, child: Node, node: Node) -> Node:
        """The derivative of a quantity, times its Jacobian by one that it is made of."""
        if child == self.output:
            return self.region.jacobian(child, node)
        if self.store.shape(self.output) == ():
            return self.region.share(child, node, self.bar[child])
        ranks = [len(self.store.shape(n)) for n in (self.output, child, node)]
        rows, inner, columns = (tuple(range(sum(ranks[:k]), sum(ranks[: k + 1]))) for k in range(3))
        factors = [(self.bar[child], rows + inner), (self.region.jacobian(child, node), inner + columns)]
        return alg.contract(self.store, factors, rows + columns)


def marks_of(region: Regions) -> dict[Node, Node]:
    """The mark of each value that was marked as a quantity."""
    store = region.store
    return {region.inside(n): n for n in region.quantities if isinstance(store.op(n), Named)}
