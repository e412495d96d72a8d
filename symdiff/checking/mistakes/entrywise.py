"""Was the same mistake made in each entry? A claim that is put together from entries, diagnosed one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy

from symdiff.checking.mistakes.editing import Editing
from symdiff.checking.mistakes.kinds import rank
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Concatenate, Span

_MOST = 16
Maker = Callable[[Editing], Iterator[Suspect]]


def in_each_entry(editing: Editing, makers: Sequence[Maker]) -> Iterator[Suspect]:
    """The kinds of mistakes that mend every wrong entry, one by one."""
    store, screen = editing.store, editing.screen
    parts = _parts(store, editing.claim)
    if not 1 < len(parts) <= _MOST:
        return
    mended = [_cut(store, screen.truth, spans) for spans, _ in parts]
    wrong = [k for k, (_, own) in enumerate(parts) if not screen.agree(own, mended[k])]
    found: list[dict[str, Suspect]] = []
    for k in wrong:
        found.append(_explained(editing, parts[k][1], mended[k], makers))
        if not found[-1]:
            return
    kinds = set.intersection(*(set(f) for f in found)) if found else set()
    for kind in sorted(kinds, key=rank):
        suspects = [f[kind] for f in found]
        detail = f"in {len(found)} of {len(parts)} entries: {suspects[0].detail}"
        strength = min(s.strength for s in suspects)
        yield Suspect(
            kind, detail, screen.truth, screen.truth, place=suspects[0].place, strength=strength, reverse=True
        )


def _explained(editing: Editing, own: Node, right: Node, makers: Sequence[Maker]) -> dict[str, Suspect]:
    """The first suspect of each kind that mends one entry."""
    screen = copy(editing.screen)
    screen.__dict__.pop("order", None)
    screen.claim, screen.truth = own, right
    part = Editing(editing.question, editing.target, screen)
    found: dict[str, Suspect] = {}
    for make in makers:
        for suspect in make(part):
            held = found.get(suspect.kind)
            if held is None or held.strength < suspect.strength:
                found[suspect.kind] = suspect
    return found


def _parts(store: Store, node: Node) -> list[tuple[list[Span], Node]]:
    """The entries from which an array is put together, and where each one stands."""
    op = store.op(node)
    if not isinstance(op, Concatenate):
        return []
    found, start = [], 0
    for part in store.operands(node):
        shape = store.shape(part)
        spans = [Span(0, 1, n) for n in shape]
        spans[op.axis] = Span(start, 1, shape[op.axis])
        start += int(shape[op.axis])
        found.append((spans, part))
    return found


def _cut(store: Store, node: Node, spans: list[Span]) -> Node:
    return alg.slice_(store, node, spans)
