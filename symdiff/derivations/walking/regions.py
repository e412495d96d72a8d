"""What lies between two named quantities? The nodes of one step, and the derivative across it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from fractions import Fraction

import sympy as sp

from symdiff import calculus
from symdiff.derivations.walking.cutting import Cut
from symdiff.derivations.walking.simplifying import by_quantities
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ADD, ARGUMENTS, SUBTRACT, formula, partial
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.literals import read
from symdiff.ir.ops import Coefficient, Contract, Input, Literal, Map, Named

_MOST = 12


class Regions:
    """The named quantities of a graph, and the parts of the graph between them."""

    def __init__(self, graph: Graph, names: Mapping[Node, str]) -> None:
        self.store = graph.store
        self.found: dict[Hashable, tuple[Store, Node]] = {}
        self.named = set(names)
        self.quantities = [node for node in graph.nodes if node in self.named]
        self.parents = {node: self._parents(node) for node in self.quantities}

    def inside(self, node: Node) -> Node:
        """What a name was given to."""
        return self.store.operands(node)[0] if isinstance(self.store.op(node), Named) else node

    def nodes(self, node: Node) -> list[Node]:
        """The nodes between a quantity and the named ones below, both included."""
        seen, waiting = {node}, [node]
        while waiting:
            n = waiting.pop()
            if n == node or n not in self.named:
                new = set(self.store.operands(n)) - seen
                seen |= new
                waiting += new
        return sorted(seen)

    def moving(self, wrt: Iterable[Node], output: Node) -> set[Node]:
        """The quantities on a path from some of them to the output."""
        reached, needed = set(wrt), {output}
        for node in self.quantities:
            if not reached.isdisjoint(self.parents[node]):
                reached.add(node)
        for node in reversed(self.quantities):
            if node in needed:
                needed.update(self.parents[node])
        return reached & needed

    def share(self, child: Node, node: Node, bar: Node) -> Node:
        """What reaches ``node`` from the cotangent of ``child`` directly, not through other quantities."""
        if self.store.shape(child) == self.store.shape(node):
            local = self._fused(child, node)
            if local is not None:
                return alg.multiply(self.store, bar, local)
        (found,) = calculus.pull_back(self.store, {child: bar}, [node], blocked=self._blocked(child))
        return self._by_quantities(child, self._collected(found), bar)

    def _by_quantities(self, child: Node, node: Node, bar: Node) -> Node:
        """A share in terms of the quantity that it goes through, where that is shorter: only this part is looked at."""
        cut = Cut(self.store, {*self.parents[child], bar} - {child})
        copied = cut.taken(node)
        other = self._rewritten(cut, copied, cut.taken(child))
        return node if other == copied else cut.returned(other)

    def _rewritten(self, cut: Cut, copied: Node, child: Node) -> Node:
        """What was found and proved for one layer holds for those that are like it."""
        key = cut.form(), copied, child
        if key in self.found:
            return cut.repeated(*self.found[key])
        other = by_quantities(cut.copy, copied, [child])
        self.found[key] = cut.copy, other
        return other

    def _collected(self, node: Node) -> Node:
        """Like terms of a sum as one: ``2*w`` for ``w + w``."""
        leaves = list(self._leaves(node, Fraction(1)))
        found: dict[Node, Coefficient] = {}
        for leaf, number in leaves:
            found[leaf] = found.get(leaf, Fraction(0)) + number
        if len(found) == len(leaves):
            return node
        terms = [alg.scale(self.store, leaf, number) for leaf, number in found.items() if number != 0]
        return alg.total(self.store, terms, self.store.shape(node))

    def _leaves(self, node: Node, number: Coefficient) -> Iterator[tuple[Node, Coefficient]]:
        """The terms of a sum with their factors, down to quantities."""
        op, operands = self.store.op(node), self.store.operands(node)
        if node not in self.named and isinstance(op, Map) and op.formula in (ADD, SUBTRACT):
            yield from self._leaves(operands[0], number)
            yield from self._leaves(operands[1], number if op.formula is ADD else -number)
        elif isinstance(op, Contract) and len(operands) == 1 and op.is_elementwise and node not in self.named:
            yield operands[0], alg.times(number, op.coefficient)
        else:
            yield node, number

    def local(self, child: Node, node: Node) -> Node:
        """The partial derivative of a scalar quantity by one that it is made of."""
        return self.share(child, node, alg.constant(self.store, 1))

    def jacobian(self, child: Node, node: Node) -> Node:
        """All partial derivatives of a quantity by the entries of one that it is made of: its axes, then theirs."""
        lead, shape = self.store.shape(child), self.store.shape(node)
        if lead == ():
            return self.local(child, node)
        fused = self._fused(child, node) if lead == shape else None
        if fused is not None:
            labels = tuple(range(len(shape)))
            return alg.contract(self.store, [(fused, labels)], labels + labels)
        seed = {child: alg.identity(self.store, lead)}
        (found,) = calculus.pull_back(self.store, seed, [node], lead, self._blocked(child))
        return found

    def _blocked(self, child: Node) -> frozenset[calculus.Edge]:
        """The edges below the quantities of which one is made."""
        others = self.parents[child]
        return frozenset((n, slot) for n in others for slot in range(len(self.store.operands(n))))

    def _parents(self, node: Node) -> list[Node]:
        """The named quantities of which a quantity is made: inputs first."""
        found = (
            [n for n in self.nodes(node) if n != node and n in self.named]
            if self.store.operands(node)
            else []
        )
        return sorted(found, key=lambda n: (not isinstance(self.store.op(n), Input), n))

    def _fused(self, child: Node, node: Node) -> Node | None:
        """The derivative of an elementwise step of one operand, as one formula: that of the sigmoid by its output."""
        if self.parents[child] != [node]:
            return None
        expression = self._expression(child, node)
        if expression is None or not expression.has(ARGUMENTS[0]):
            return None
        local = partial(formula(expression, 1), 0)
        if local.formula is None:
            return alg.constant(self.store, local.constant, self.store.shape(node))
        return alg.apply(self.store, local.formula, [child if k == -1 else node for k in local.slots])

    def _expression(self, child: Node, node: Node) -> sp.Expr | None:
        inside = [n for n in self.nodes(child) if n != node]
        if len(inside) > _MOST:
            return None
        parts: dict[Node, sp.Expr] = {node: ARGUMENTS[0]}
        for n in inside:
            operands = [parts[k] for k in self.store.operands(n)]
            match self.store.op(n):
                case Map(applied):
                    parts[n] = applied.expression.subs(
                        dict(zip(applied.arguments, operands, strict=True)), simultaneous=True
                    )
                case Contract() as op if op.is_elementwise or not operands:
                    parts[n] = sp.sympify(op.coefficient, strict=True) * sp.Mul(*operands)
                case Literal(value):
                    parts[n] = read(value)
                case Named():
                    parts[n] = operands[0]
                case _:
                    return None
        return parts[child]
