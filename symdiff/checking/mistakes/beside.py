"""Were entries taken from the place beside their own? Slices and positions moved by one on the way back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from symdiff.calculus import Alteration, Rule, pull_back
from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.positions import moved
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Gather, Pad, ScatterAdd, Slice

_MOST = 160


def shifted(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """Entries are taken from, or sent to, the place beside their own."""
    store = derivation.store
    for node, slot in derivation.edges()[:_MOST]:
        name = formula_text(store, node, 60)
        for change in _shifts(store, node, slot):
            try:
                found = derivation.altered({(node, slot): change})
            except OutOfTime:
                raise
            except (SymdiffError, ValueError, KeyError, IndexError):
                continue  # shapes that do not fit: nobody can have made this mistake
            if found != screen.truth:
                yield Suspect(
                    "index", f"off by one on the way through {name}", screen.claim, found, place=node
                )


def _shifts(store: Store, node: Node, slot: int) -> Iterator[Alteration]:
    """The rule of one step with an entry beside the right one."""
    op, operands = store.op(node), store.operands(node)
    if isinstance(op, (Slice, Pad, Gather, ScatterAdd)):
        for other in moved(store, node):
            yield partial(_through, store, other)
    if isinstance(op, Contract):
        for k, operand in enumerate(operands):
            if k != slot:
                for new in moved(store, operand):
                    beside = store.add(op, (*operands[:k], new, *operands[k + 1 :]))
                    yield partial(_through_slot, store, beside, slot)


def _through(store: Store, other: Node, bar: Node, rule: Rule) -> Node:
    """The cotangent through another operation on the same operand."""
    return _through_slot(store, other, 0, bar, rule)


def _through_slot(store: Store, other: Node, slot: int, bar: Node, rule: Rule) -> Node:
    operands = store.operands(other)
    lead = len(store.shape(bar)) - len(store.shape(other))
    blocked = frozenset((other, k) for k in range(len(operands)) if k != slot)
    (found,) = pull_back(store, {other: bar}, [operands[slot]], store.shape(bar)[:lead], blocked)
    return found
