"""Is the claim the derivative of almost this program? With sums along another axis, or with entries beside."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.editing import Editing
from symdiff.checking.mistakes.positions import moved
from symdiff.checking.mistakes.reductions import all_at_once, read
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.mistakes.variants import derived, exchanged
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.ops import Contract, Gather, Slice
from symdiff.ir.sizes import same_shape

_MOST = 60


def other_entries(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """Slices and positions of the function moved by one."""
    store = derivation.store
    for node in _own(derivation):
        if not isinstance(store.op(node), (Slice, Gather)):
            continue
        for other in moved(store, node):
            found = exchanged(derivation, node, other)
            if found is not None and found != screen.truth:
                detail = (
                    f"this is the derivative with {_text(derivation, other)} for {_text(derivation, node)}"
                )
                yield Suspect("index", detail, screen.claim, found, place=node)


def other_axes(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """Sums and maxima of the function along another axis: one of them, or all of them."""
    store, outputs = derivation.store, derivation.question.forward.outputs
    for node in _own(derivation):
        whole = read(store, node)
        for axis in range(len(store.shape(whole.whole))) if whole is not None else ():
            if whole is None or (axis,) == whole.axes:
                continue
            other = alg.reduce_sum(store, whole.whole, (axis,), whole.scale)
            if same_shape(store.shape(other), store.shape(node)):
                found = exchanged(derivation, node, other)
                if found is not None:
                    yield _along(derivation, screen, found, node)
    if len(outputs) != 1:
        return
    part = copy(screen)
    part.__dict__.pop("order", None)
    part.claim = outputs[0]
    editing = Editing(derivation.question, derivation.target, part)
    rank = max((len(store.shape(n)) for n in editing.nodes), default=0)
    for wrong, right in ((a, b) for a in range(rank) for b in range(rank) if a != b):
        together = all_at_once(editing, wrong, right)
        if together is not None and same_shape(store.shape(together), store.shape(outputs[0])):
            found = derived(derivation, (together,))
            if found is not None:
                yield _along(derivation, screen, found, outputs[0])


def _along(derivation: Derivation, screen: Screen, found: Node, node: Node) -> Suspect:
    detail = f"this is the derivative with the sums of {_text(derivation, node)} along another axis"
    return Suspect("wrong_axis", detail, screen.claim, found, place=node)


def _own(derivation: Derivation) -> list[Node]:
    """The quantities of the function."""
    store = derivation.store
    nodes = store.ancestors(derivation.question.forward.outputs)
    kept = [n for n in nodes if isinstance(store.op(n), (Contract, Slice, Gather))]
    return kept[-_MOST:]


def _text(derivation: Derivation, node: Node) -> str:
    return formula_text(derivation.store, node, 60)
