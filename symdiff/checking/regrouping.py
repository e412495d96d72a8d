"""How does a node look in quantities that have names? ``exp(x)/sum(exp(x))`` is the named ``y`` wherever it hides.

A sum of products in index notation: a factor of a named product is replaced by the product over its other factors,
``exp(x) = y*sum(exp(x))``, and what cancels is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations, count, product
from typing import TypeAlias

import sympy as sp

from symdiff.ir import algebra as alg
from symdiff.ir import contractions
from symdiff.ir.formulas import RECIPROCAL
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Coefficient, Contract, Labels, Map
from symdiff.ir.sizes import Size

_MOST_TERMS, _MOST_NODES = 6, 400

Factor: TypeAlias = tuple[Node, Labels]


@dataclass(frozen=True)
class Term:
    """A number times factors to whole powers, summed over its bound labels."""

    scale: Coefficient
    powers: tuple[tuple[Factor, int], ...]
    bound: frozenset[int] = frozenset()

    @property
    def length(self) -> int:
        """How many factors are to be written."""
        return sum(abs(power) for _, power in self.powers)


def regrouped(
    store: Store, node: Node, named: Iterable[Node], vanishes: Callable[[Node], bool]
) -> Node | None:
    """A node that means the same by named ones and is shorter for it; None if there is none. It is to be proved.

    Terms are left out that add to nothing, as does all that flows through the maximum in a softmax.
    """
    if len(store.ancestors([node])) > _MOST_NODES:
        return None
    named = list(named)
    work = _Regrouping(store, named)
    labels = work.fresh(store.shape(node))
    plain = work.opened(node, labels)
    best = _collected(plain)
    names: list[Node] = []
    for name in named:
        changed = work.written(node, labels, [*names, name])
        if changed is not None and _length(changed) < _length(best):
            best, names = changed, [*names, name]
    if _length(best) >= _length(plain):
        return None
    for few in (2, 1):
        for some in combinations(best, few):
            if len(best) > few and vanishes(work.built(some, labels)):
                best = [term for term in best if term not in some]
                break
    return work.built(best, labels)


def _length(terms: Sequence[Term]) -> int:
    return sum(term.length for term in terms)


def _term(scale: Coefficient, factors: Iterable[tuple[Factor, int]], bound: Iterable[int] = ()) -> Term:
    powers: Counter[Factor] = Counter()
    for factor, power in factors:
        powers[factor] += power
    return Term(scale, tuple((f, p) for f, p in powers.items() if p), frozenset(bound))


def _products(parts: Sequence[list[Term]]) -> list[Term] | None:
    """The product of sums, multiplied out if it is short."""
    if math.prod(map(len, parts)) > _MOST_TERMS:
        return None
    return [reduce(_times, terms, _term(contractions.ONE, [])) for terms in product(*parts)]


def _times(left: Term, right: Term) -> Term:
    scale = contractions.times(left.scale, right.scale)
    return _term(scale, [*left.powers, *right.powers], left.bound | right.bound)


def _power(base: list[Term], exponent: int) -> list[Term] | None:
    if len(base) != 1 or base[0].bound or base[0].scale != 1:
        return None
    return [_term(contractions.ONE, [(factor, p * exponent) for factor, p in base[0].powers])]


class _Regrouping:
    """Labels and their sizes; an axis of length 1 has label -1 in every factor."""

    def __init__(self, store: Store, named: Iterable[Node]) -> None:
        self.store, self.named = store, frozenset(named)
        self.sizes: dict[int, Size] = {}
        self.next = count()
        self.whole: frozenset[Node] = self.named

    def fresh(self, shape: Iterable[Size]) -> Labels:
        """New labels for these sizes."""
        new = {next(self.next): size for size in shape}
        self.sizes |= new
        return tuple(new)

    # Reading -------------------------------------------------------------------------------------------------

    def expanded(self, node: Node, labels: Labels) -> list[Term]:
        """A node as a sum of products; one that is neither, or is to stay whole, is one factor."""
        if node not in self.whole:
            return self.opened(node, labels)
        return [_term(contractions.ONE, [(self._factor(node, labels), 1)])]

    def opened(self, node: Node, labels: Labels) -> list[Term]:
        """A node by what it is made of, named or not."""
        terms = self._parts(node, labels)
        return [_term(contractions.ONE, [(self._factor(node, labels), 1)])] if terms is None else terms

    def _parts(self, node: Node, labels: Labels) -> list[Term] | None:
        op = self.store.op(node)
        if isinstance(op, Contract) and len(set(op.output)) == len(op.output):
            return self._contracted(node, op, labels)
        if not isinstance(op, Map):
            return None
        operands = [self.expanded(k, labels) for k in self.store.operands(node)]
        return self._applied(op.formula.expression, dict(zip(op.formula.arguments, operands, strict=True)))

    def _factor(self, node: Node, labels: Labels) -> Factor:
        return node, tuple(-1 if self.sizes[k] == 1 else k for k in labels)

    def _contracted(self, node: Node, op: Contract, labels: Labels) -> list[Term] | None:
        place = dict(zip(op.output, labels, strict=True))
        summed = [k for k in op.summed if op.sizes[k] != 1]
        if any(all(k not in inputs for inputs in op.inputs) for k in summed):
            return None
        rest = [k for k in range(len(op.sizes)) if k not in place]
        place |= dict(zip(rest, self.fresh(op.sizes[k] for k in rest), strict=True))
        operands = [
            self.expanded(k, tuple(place[label] for label in inputs))
            for k, inputs in zip(self.store.operands(node), op.inputs, strict=True)
        ]
        own = _term(op.coefficient, [], (place[k] for k in summed))
        terms = _products(operands)
        return None if terms is None else [_times(own, term) for term in terms]

    def _applied(self, expression: sp.Expr, operands: Mapping[sp.Symbol, list[Term]]) -> list[Term] | None:
        if expression in operands:
            return operands[expression]
        if expression.is_Rational:
            return [_term(contractions.coefficient(expression), [])]
        if expression.is_Add or expression.is_Mul:
            parts = [self._applied(part, operands) for part in expression.args]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return [t for part in known for t in part] if expression.is_Add else _products(known)
        if expression.is_Pow and expression.exp.is_Integer:
            base = self._applied(expression.base, operands)
            return None if base is None else _power(base, int(expression.exp))
        return None

    # Replacing -----------------------------------------------------------------------------------------------

    def written(self, node: Node, labels: Labels, names: Sequence[Node]) -> list[Term] | None:
        """The terms of a node with these named products in the place of their factors."""
        self.whole = self.named.union(*(self.store.operands(name) for name in names))
        terms = self.opened(node, labels)
        for name in names:
            changed = self._substituted(terms, name)
            if changed is None:
                return None
            terms = changed
        return _collected(terms)

    def _substituted(self, terms: Sequence[Term], name: Node) -> list[Term] | None:
        """A named product over its other factors stands for its first factor that has all its axes."""
        labels = self.fresh(self.store.shape(name))
        meaning = self.opened(name, labels)
        whole = self._factor(name, labels)
        if len(meaning) != 1 or meaning[0].bound or len(meaning[0].powers) < 2 or meaning[0].scale != 1:
            return None
        for pivot, power in meaning[0].powers:
            if power == 1 and set(pivot[1]) | {-1} == set(whole[1]) | {-1}:
                rest = [(factor, -p) for factor, p in meaning[0].powers if factor != pivot]
                changed = [_replaced(term, pivot, [(whole, 1), *rest]) for term in terms]
                left = {factor[0] for term in changed for factor, p in term.powers if p < 0}
                return changed if left.isdisjoint(factor[0] for factor, _ in rest) else None
        return None

    # Writing -------------------------------------------------------------------------------------------------

    def built(self, terms: Sequence[Term], labels: Labels) -> Node:
        """Terms as a node again, with what all have in common in front."""
        common = _common(terms) if len(terms) > 1 else {}
        inner = [_term(t.scale, [*t.powers, *((f, -p) for f, p in common.items())], t.bound) for t in terms]
        parts = [self._product(term, labels) for term in inner]
        result = parts[0]
        for part in parts[1:]:
            result = alg.add(self.store, result, part)
        return (
            self._contract([*self._factors(common.items()), (result, labels)], labels) if common else result
        )

    def _product(self, term: Term, labels: Labels) -> Node:
        """One term; what is summed together is a factor of its own."""
        factors = self._factors(term.powers)
        for group in _summed_together(factors, term.bound):
            free = tuple(k for k in labels if any(k in own for _, own in group))
            factors = [f for f in factors if f not in group] + [(self._contract(group, free), free)]
        return self._contract(factors, labels, term.scale)

    def _factors(self, powers: Iterable[tuple[Factor, int]]) -> list[Factor]:
        found = []
        for (node, labels), power in powers:
            base = node if power > 0 else alg.apply(self.store, RECIPROCAL, [node])
            found += [(base, labels)] * abs(power)
        return found

    def _contract(
        self, factors: Sequence[Factor], output: Labels, scale: Coefficient = contractions.ONE
    ) -> Node:
        single = [(n, tuple(self.fresh((1,))[0] if k == -1 else k for k in labels)) for n, labels in factors]
        return alg.contract(self.store, single, output, scale, {k: self.sizes[k] for k in output})


def _replaced(term: Term, pivot: Factor, by: Sequence[tuple[Factor, int]]) -> Term:
    factors: list[tuple[Factor, int]] = []
    for (node, labels), power in term.powers:
        if node == pivot[0] and power > 0:
            place = dict(zip(pivot[1], labels, strict=True))
            factors += [((n, tuple(place.get(k, k) for k in own)), p * power) for (n, own), p in by]
        else:
            factors.append(((node, labels), power))
    return _term(term.scale, factors, term.bound)


def _collected(terms: Sequence[Term]) -> list[Term]:
    """Terms that differ in their numbers only, as one."""
    alike: dict[object, Term] = {}
    for term in terms:
        key = _without_names(term)
        old = alike.get(key)
        alike[key] = (
            term if old is None else replace(old, scale=contractions.coefficient(old.scale + term.scale))
        )
    return [term for term in alike.values() if term.scale != 0] or list(terms)


def _without_names(term: Term) -> object:
    """A term with its summed labels numbered as they come; equal for some equal terms, never for others."""
    order: dict[int, int] = {}

    def shown(factor: Factor, place: Mapping[int, int]) -> Labels:
        return tuple(-2 - place.get(k, -1) if k in term.bound else k for k in factor[1])

    for factor, _ in sorted(term.powers, key=lambda pair: (pair[0][0], shown(pair[0], {}), pair[1])):
        for k in factor[1]:
            if k in term.bound:
                order.setdefault(k, len(order) + 1)
    return frozenset((factor[0], shown(factor, order), power) for factor, power in term.powers)


def _common(terms: Sequence[Term]) -> dict[Factor, int]:
    """The factors that every term has, none of them summed over."""
    bound = frozenset(k for term in terms for k in term.bound)
    powers = [dict(term.powers) for term in terms]
    shared = {f: min(known.get(f, 0) for known in powers) for f in powers[0] if bound.isdisjoint(f[1])}
    return {f: p for f, p in shared.items() if p > 0}


def _summed_together(factors: Sequence[Factor], bound: frozenset[int]) -> list[list[Factor]]:
    """The factors that share summed labels, group by group."""
    groups: list[tuple[frozenset[int], list[Factor]]] = []
    for factor in factors:
        labels = bound & frozenset(factor[1])
        if labels:
            joined = [group for group in groups if group[0] & labels]
            groups = [group for group in groups if group not in joined]
            every = labels.union(*(own for own, _ in joined))
            groups.append((every, [*(f for _, fs in joined for f in fs), factor]))
    return [group for _, group in groups]
