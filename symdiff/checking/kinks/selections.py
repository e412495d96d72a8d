"""Which derivatives do the rules allow at a tie? Every tied branch may be taken either way, each on its own.

What comes out contains Clarke's subdifferential and may be larger: the conservative field of Bolte and Pauwels
(2020), in which ``relu(x) - relu(-x)`` has every slope from 0 to 2 at 0. What lies outside of it is wrong.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any, Literal, TypeAlias

import flint
import numpy as np
import sympy as sp

from symdiff.checking.kinks.exact_balls import arithmetic_at, union
from symdiff.checking.kinks.hulls import CLOSE, Numbers, nearest
from symdiff.checking.kinks.limits import joined
from symdiff.checking.kinks.ties import gaps
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.errors import SymdiffError, Undetermined
from symdiff.evaluation.arithmetics import BALLS, Arithmetic, compiled, working_precision
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import Formula
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import ArgMax, Map

_BITS = 200
_MOST_CHOICES = 80
_MOST_CASES = 128
_MOST_GAPS = 3


Entry: TypeAlias = tuple[Node, tuple[int, ...]]


@dataclass(frozen=True)
class Choice:
    """Entries of nodes that one tie leaves open, and the values that they may take together."""

    entries: tuple[Entry, ...]
    options: tuple[tuple[Any, ...], ...]


class Unknown(Exception):
    """A branch has no value at the tie: only limits can tell."""


@dataclass(frozen=True)
class Selections:
    """The derivative at a point, of some targets end to end, as a function of the choices at its ties."""

    question: Question
    targets: tuple[int, ...]
    known: Mapping[Node, Objects]
    choices: tuple[Choice, ...]
    arithmetic: Arithmetic

    def derivative(self, chosen: Sequence[int]) -> Numbers:
        """The derivative for one option of each choice; raises Unknown where that has no value."""
        found = joined(self._balls(c.options[k] for c, k in zip(self.choices, chosen, strict=True)))
        if not np.isfinite(found).all():
            raise Unknown
        return found

    def box_holds(self, value: Numbers) -> bool:
        """Whether a value lies in the interval that holds each entry for any choices."""
        try:
            box = self._balls([union(o) for o in zip(*c.options, strict=True)] for c in self.choices)
        except Undetermined:  # a mask that is neither true nor false has no interval
            return True
        slack = flint.arb(0, CLOSE)
        return all(
            not ball.is_finite() or (ball + slack * (1 + abs(float(given)))).contains(float(given))
            for ball, given in zip((b for part in box for b in part.flat), value.flat, strict=True)
        )

    def with_ties_left_out(self) -> Selections:
        """The same where also nobody may win: what a tie leaves open is 0, as of masks ``a > b`` and ``b > a``."""
        zero = self.arithmetic.number(Fraction(0))
        more = []
        for choice in self.choices:
            columns = list(zip(*choice.options, strict=True))
            nobody = tuple(c[0] if all(_same(c[0], x) for x in c) else zero for c in columns)
            more.append(Choice(choice.entries, (*choice.options, nobody)))
        return replace(self, choices=tuple(more))

    def _balls(self, chosen: Iterable[Sequence[Any]]) -> list[Objects]:
        """The derivative with the open entries held at these values."""
        held: dict[Node, Objects] = {}
        for choice, option in zip(self.choices, chosen, strict=True):
            for (node, place), value in zip(choice.entries, option, strict=True):
                held.setdefault(node, self.known[node].copy())[place] = value
        truth = self.question.truth
        inputs = {node: self.known[node] for node in truth.inputs if node in self.known}
        with working_precision(_BITS):
            outputs = [truth.outputs[k] for k in self.targets]
            return evaluate(truth.store, outputs, {**inputs, **held}, self.arithmetic)

    def weighted(self, value: Numbers) -> bool | None:
        """Whether some choices, or weights of them, give this value; None where there are too many to tell."""
        counts = [len(choice.options) for choice in self.choices]
        if not counts:
            return bool(np.all(np.abs(self.derivative(()) - value) <= CLOSE * (1 + np.abs(value))))
        groups = self._affine(counts) if sum(counts) <= _MOST_CHOICES else None
        if groups is not None:
            return nearest(groups, value)[1] <= CLOSE
        if np.prod([float(n) for n in counts]) <= _MOST_CASES:
            cases = [self.derivative(case) for case in product(*map(range, counts))]
            return nearest([cases], value)[1] <= CLOSE
        return None

    def _affine(self, counts: Sequence[int]) -> list[list[Numbers]] | None:
        """What each choice adds, if they add up: one group for each choice, the base shared among them."""
        first = [0] * len(counts)
        base = self.derivative(first)
        groups = []
        for k, count in enumerate(counts):
            singles = [base] + [self.derivative([*first[:k], j, *first[k + 1 :]]) for j in range(1, count)]
            groups.append([single - base for single in singles])
        rng = random.Random(0)
        for _ in range(2 if len(counts) > 1 else 0):
            case = [rng.randrange(count) for count in counts]
            expected = base + sum((groups[k][j] for k, j in enumerate(case)), np.zeros(base.shape))
            if not np.allclose(expected, self.derivative(case), rtol=1e-9, atol=1e-12):
                return None
        groups[0] = [part + base for part in groups[0]]
        return groups


def selections(question: Question, targets: tuple[int, ...], point: Point) -> Selections | None:
    """The choices at the ties of a point; None where a branch has no value or a comparison is too close to call."""
    truth = question.truth
    store, outputs = truth.store, [truth.outputs[k] for k in targets]
    nodes = [n for n in store.ancestors(outputs) if n not in truth.inputs]
    moving = _moving(question, nodes)
    with working_precision(_BITS):
        try:
            arithmetic = arithmetic_at(store, nodes, point) or BALLS
            lifted = {k: lift(v, arithmetic) for k, v in point.items()}
            known = dict(zip(nodes, evaluate(store, nodes, lifted, arithmetic), strict=True)) | lifted
            choices = _joined(
                [c for n in nodes if n in moving for c in _choices(store, n, known, arithmetic)]
            )
        except (Undetermined, ZeroDivisionError, Unknown, SymdiffError):
            return None
    return Selections(question, targets, known, tuple(choices), arithmetic)


def _moving(question: Question, nodes: Sequence[Node]) -> set[Node]:
    """The nodes that change with what the derivative is taken by."""
    forward, store = question.forward, question.truth.store
    found = {forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)}
    for node in nodes:
        if not found.isdisjoint(store.operands(node)):
            found.add(node)
    return found


@dataclass(frozen=True)
class _Open:
    """What one entry of one node leaves open; ``tie`` names the comparison, where other nodes may share it."""

    entry: Entry
    tie: Any
    options: tuple[Any, ...]
    now: Any


def _joined(found: Sequence[_Open | Choice]) -> tuple[Choice, ...]:
    """Nodes that compare the same two quantities choose together: of two that are tied only one is the larger."""
    shared: dict[Any, list[_Open]] = {}
    for item in found:
        if isinstance(item, _Open):
            shared.setdefault(item.tie, []).append(item)
    choices = [item for item in found if isinstance(item, Choice)]
    for items in shared.values():
        options: list[tuple[Any, ...]] = []
        for option in zip(*(item.options for item in items), strict=True):
            if not any(all(map(_same, option, other)) for other in options):
                options.append(option)
        if len(options) > 1 or not all(_same(a, item.now) for a, item in zip(options[0], items, strict=True)):
            choices.append(Choice(tuple(item.entry for item in items), tuple(options)))
    return tuple(choices)


def _same(left: Any, right: Any) -> bool:
    return bool((left - right).contains(0))


def _choices(
    store: Store, node: Node, known: Mapping[Node, Objects], arithmetic: Arithmetic
) -> Iterator[_Open | Choice]:
    op = store.op(node)
    if isinstance(op, ArgMax):
        yield from _winners(node, op, known[store.operands(node)[0]], arithmetic)
    elif isinstance(op, Map) and gaps(op.formula):
        open_ = _open_gaps(store, node, op.formula)
        operands = [np.broadcast_to(known[k], known[node].shape) for k in store.operands(node)]
        for place in np.ndindex(known[node].shape) if open_ else ():
            here = [x[place] for x in operands]
            tied = _tied(op.formula, open_, here, arithmetic)
            if tied:
                options = _branches(op.formula, tied, here, arithmetic)
                tie: Any = node
                if len(tied) == 1:
                    tie, flipped = _tie(store, node, tied[0])
                    options = options[::-1] if flipped else options
                yield _Open((node, place), (tie, place), options, known[node][place])


def _open_gaps(store: Store, node: Node, formula: Formula) -> tuple[sp.Expr, ...]:
    """The gaps of numbers, each once; a choice by a mask is made elsewhere."""
    kinds = [store.kind(k) for k in store.operands(node)]
    moving = {a for a, kind in zip(formula.arguments, kinds, strict=True) if kind != "boolean"}
    found: list[sp.Expr] = []
    for gap in gaps(formula):
        if gap.free_symbols & moving and not any(gap in (g, -g) for g in found):
            found.append(gap)
    return tuple(found)


def _tied(
    formula: Formula, open_: Sequence[sp.Expr], operands: Sequence[Any], arithmetic: Arithmetic
) -> tuple[sp.Expr, ...]:
    tied = []
    for gap in open_:
        ball = compiled(formula.arguments, gap, arithmetic)(*operands)
        if ball.is_zero():
            tied.append(gap)
        elif ball.contains(0) or not ball.is_finite():
            raise Unknown
    if len(tied) > _MOST_GAPS:
        raise Unknown
    return tuple(tied)


def _tie(store: Store, node: Node, gap: sp.Expr) -> tuple[sp.Expr, bool]:
    """What is compared, by the nodes and numbers of the graph, and whether it is meant the other way round."""
    op = store.op(node)
    assert isinstance(op, Map)
    meant: dict[sp.Symbol, sp.Expr] = {}
    for argument, operand in zip(op.formula.arguments, store.operands(node), strict=True):
        number = alg.constant_value(store, operand)
        meant[argument] = (
            sp.Symbol(f"n{operand}", real=True)
            if number is None
            else sp.Rational(number.numerator, number.denominator)
        )
    named = gap.xreplace(meant)
    flipped = bool(named.could_extract_minus_sign())
    return (-named if flipped else named), flipped


def _branches(
    formula: Formula, tied: tuple[sp.Expr, ...], operands: Sequence[Any], arithmetic: Arithmetic
) -> tuple[Any, ...]:
    """The value of each branch next to the tie."""
    values = []
    for signs in product((1, -1), repeat=len(tied)):
        values.append(compiled(formula.arguments, _resolved(formula, tied, signs), arithmetic)(*operands))
        if not values[-1].is_finite():
            raise Unknown
    return tuple(values)


@cache
def _resolved(formula: Formula, tied: tuple[sp.Expr, ...], signs: tuple[int, ...]) -> sp.Expr:
    """The formula where each of these gaps has a sign."""

    def decide(relation: Any) -> Any:
        gap = relation.lhs - relation.rhs
        for known, sign in zip(tied, signs, strict=True):
            for same in (1, -1):
                if gap == same * known:
                    return relation.func(sp.Integer(sign * same), sp.Integer(0))
        return relation

    return formula.expression.replace(lambda e: isinstance(e, sp.core.relational.Relational), decide)


def _winners(node: Node, op: ArgMax, operand: Objects, arithmetic: Arithmetic) -> Iterator[Choice]:
    """One choice for each row with a tie: any one of the largest may win."""
    kept = [axis for axis in range(operand.ndim) if axis not in op.axes]
    for row in np.ndindex(*(operand.shape[axis] for axis in kept)):
        columns = np.ndindex(*(operand.shape[axis] for axis in op.axes))
        places = [_place(row, column, kept, op.axes, operand.ndim) for column in columns]
        best = places[0]
        for place in places:
            best = place if operand[place] > operand[best] else best
        rest = [p for p in places if not operand[p] < operand[best]]
        if any(not (operand[p] - operand[best]).is_zero() for p in rest if p != best):
            raise Unknown
        if len(rest) > 1:
            one, zero = arithmetic.number(Fraction(1)), arithmetic.number(Fraction(0))
            options = tuple(tuple(one if p == q else zero for p in rest) for q in rest)
            yield Choice(tuple((node, p) for p in rest), options)


def _place(
    row: tuple[int, ...], column: tuple[int, ...], kept: Sequence[int], axes: Sequence[int], rank: int
) -> tuple[int, ...]:
    by_axis = dict(zip(kept, row, strict=True)) | dict(zip(axes, column, strict=True))
    return tuple(by_axis[axis] for axis in range(rank))


def allows(chosen: Selections, value: Numbers) -> Literal["yes", "no", "perhaps"] | None:
    """Whether the rules allow a value at a tie; None where some branch has no value there."""
    try:
        answer = chosen.weighted(value) if chosen.box_holds(value) else False
    except Unknown:
        return None
    return "perhaps" if answer is None else "yes" if answer else "no"
