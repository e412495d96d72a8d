"""A sum is missing, is too many, or runs along another axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import combinations
from math import prod

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.editing import Editing
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.merging import rebuild
from symdiff.ir.ops import ArgMax, Coefficient, Contract, Labels, Map, Maximum, Op
from symdiff.ir.sizes import Shape, Size, same_shape

Axes = tuple[int, ...]


@dataclass(frozen=True)
class Sum:
    """A sum over some axes of a product of arrays that are laid out alike."""

    whole: Node
    axes: Axes
    scale: Coefficient


def read(store: Store, node: Node) -> Sum | None:
    """A node as a sum over axes of one array, if it is that."""
    op = store.op(node)
    if not isinstance(op, Contract) or not op.summed or not op.inputs:
        return None
    every = max(op.inputs, key=len)
    aligned = all(tuple(k for k in every if k in labels) == labels for labels in op.inputs)
    if not aligned or len(set(every)) < len(every) or tuple(k for k in every if k in op.output) != op.output:
        return None
    factors = list(zip(store.operands(node), op.inputs, strict=True))
    whole = alg.contract(store, factors, every, 1, {k: op.sizes[k] for k in every})
    return Sum(whole, tuple(k for k, label in enumerate(every) if label not in op.output), op.coefficient)


def missing(editing: Editing) -> Iterator[Suspect]:
    """A quantity should be summed or averaged over an axis, and repeated along it."""
    store = editing.store
    for site in editing.real_sites:
        node, shape = site.node, store.shape(site.node)
        for axes in _subsets(len(shape)):
            count = prod(int(shape[a]) for a in axes)
            if count == 1:
                continue
            total = alg.reduce_sum(store, node, axes)
            if editing.is_fixed(total):
                continue  # a softmax sums to one: to sum it is to drop it
            summed = _repeated(store, total, shape, axes)
            for what, new in (("summed", summed), ("averaged", alg.scale(store, summed, Fraction(1, count)))):

                def detail(node: Node = node, axes: Axes = axes, what: str = what) -> str:
                    return f"{formula_text(store, node, 60)} is not {what} over axis {_text(axes)}"

                yield from editing.mended("missing_reduction", detail, *site.put(new))


def _subsets(rank: int) -> list[Axes]:
    return [axes for count in range(1, rank + 1) for axes in combinations(range(rank), count)][:8]


def _text(axes: Axes) -> str:
    return str(axes[0]) if len(axes) == 1 else str(axes)


def _repeated(store: Store, node: Node, shape: Shape, axes: Axes) -> Node:
    """A sum over some axes, repeated along them."""
    kept = tuple(k for k in range(len(shape)) if k not in axes)
    return alg.contract(store, [(node, kept)], tuple(range(len(shape))), sizes={a: shape[a] for a in axes})


def superfluous(editing: Editing) -> Iterator[Suspect]:
    """A sum that is repeated along its own axes, where the quantity itself should stand."""
    store = editing.store
    for node, slot, found in _sums_below(editing):
        op = store.op(node)
        assert isinstance(op, Contract)
        factors = [(n, op.inputs[k]) for k, n in enumerate(store.operands(node)) if k != slot]
        sizes = {k: s for k, s in enumerate(op.sizes) if k in op.output}
        try:
            new = alg.contract(store, [*factors, (found.whole, op.output)], op.output, op.coefficient, sizes)
        except OutOfTime:
            raise
        except SymdiffError:
            continue

        def detail(x: Node = found.whole) -> str:
            return f"{formula_text(store, x, 60)} is summed where it should not be"

        yield from editing.mended("wrong_axis", detail, nodes={node: new})


def _sums_below(editing: Editing) -> Iterator[tuple[Node, int, Sum]]:
    """The sums that a product repeats along their axes."""
    store = editing.store
    for node in editing.nodes:
        op = store.op(node)
        if not isinstance(op, Contract) or len(set(op.output)) < len(op.output):
            continue
        for slot, operand in enumerate(store.operands(node)):
            found = read(store, operand)
            if found is not None and same_shape(store.shape(found.whole), store.shape(node)):
                yield node, slot, found


def other_axis(editing: Editing) -> Iterator[Suspect]:
    """A sum along other axes: one of them, or all reductions at once."""
    store, screen = editing.store, editing.screen
    for node, slot, found in _sums_below(editing):
        for axes in _subsets(len(store.shape(found.whole))):
            if axes != found.axes:
                yield from _along(editing, node, slot, found, axes)
    for node in editing.nodes:
        whole = read(store, node)
        for axes in _subsets(len(store.shape(whole.whole))) if whole is not None else ():
            if whole is not None and axes != whole.axes:
                new = alg.reduce_sum(store, whole.whole, axes, whole.scale)
                if same_shape(store.shape(new), store.shape(node)):
                    detail = partial(_instead, store, whole, axes)
                    yield from editing.mended("wrong_axis", detail, nodes={node: new})
    yield from _broadcasts(editing)
    yield from _whole_sums(editing)
    rank = max((len(store.shape(n)) for n in editing.nodes), default=0)
    for wrong, right in ((a, b) for a in range(rank) for b in range(rank) if a != b):
        together = all_at_once(editing, wrong, right)
        if together is not None and same_shape(store.shape(together), store.shape(screen.truth)):
            words = f"sums and maxima run along axis {wrong} where they should along axis {right}"
            yield Suspect("wrong_axis", words, screen.truth, together, mended=True, strength=2)


def _broadcasts(editing: Editing) -> Iterator[Suspect]:
    """A row of factors that is repeated along another axis."""
    store = editing.store
    for node in editing.nodes:
        op, operands = store.op(node), store.operands(node)
        if not isinstance(op, Contract) or len(set(op.output)) < len(op.output):
            continue
        for slot, labels in enumerate(op.inputs):
            for other in (k for k in op.output if len(labels) == 1 and k not in labels):
                if op.sizes[other] != op.sizes[labels[0]] or labels[0] not in op.output:
                    continue
                factors = [(n, op.inputs[k] if k != slot else (other,)) for k, n in enumerate(operands)]
                new = alg.contract(store, factors, op.output, op.coefficient, dict(enumerate(op.sizes)))

                def detail(x: Node = operands[slot]) -> str:
                    return f"{formula_text(store, x, 60)} is repeated along the other axis"

                yield from editing.mended("wrong_axis", detail, nodes={node: new})


def _whole_sums(editing: Editing) -> Iterator[Suspect]:
    """A sum over too many axes, repeated to the shape of the right one."""
    store = editing.store
    for node in editing.nodes:
        op, operands = store.op(node), store.operands(node)
        if not isinstance(op, Contract) or len(operands) != 1 or op.summed:
            continue
        found = read(store, operands[0])
        for axes in _subsets(len(store.shape(found.whole))) if found is not None else ():
            if found is None or axes == found.axes:
                continue
            new = alg.reduce_sum(store, found.whole, axes, found.scale)
            if same_shape(store.shape(new), store.shape(node)):
                detail = partial(_instead, store, found, axes)
                yield from editing.mended("wrong_axis", detail, nodes={node: new})


def _instead(store: Store, found: Sum, axes: Axes) -> str:
    name = formula_text(store, found.whole, 60)
    return f"{name} is summed over axis {_text(found.axes)} instead of {_text(axes)}"


def _along(editing: Editing, node: Node, slot: int, found: Sum, axes: Axes) -> Iterator[Suspect]:
    """The product with its sum along other axes; of a mean also with the other count."""
    store, op = editing.store, editing.store.op(node)
    assert isinstance(op, Contract)
    kept = tuple(label for k, label in enumerate(op.output) if k not in axes)
    factors = [(n, op.inputs[k]) for k, n in enumerate(store.operands(node)) if k != slot]
    sizes = {k: s for k, s in enumerate(op.sizes) if k in op.output}
    shape = store.shape(found.whole)
    before, after = (prod(int(shape[a]) for a in each) for each in (found.axes, axes))
    for scale in dict.fromkeys((Fraction(1), Fraction(before, after))):
        summed = alg.scale(store, alg.reduce_sum(store, found.whole, axes, found.scale), scale)
        new = alg.contract(store, [*factors, (summed, kept)], op.output, op.coefficient, sizes)
        yield from editing.mended("wrong_axis", partial(_instead, store, found, axes), nodes={node: new})


def all_at_once(editing: Editing, wrong: int, right: int) -> Node | None:
    """The claim with every reduction over one axis turned to another, and what repeats the results alike."""
    store = editing.store
    new: dict[Node, Node] = {}
    flip = {wrong: right, right: wrong}
    try:
        for node in editing.screen.order:
            op, operands = store.op(node), store.operands(node)
            changed = _turned(store, node, flip, wrong, new)
            if changed is not None:
                new[node] = changed
            elif any(n in new for n in operands):
                new[node] = _refitted(store, op, operands, new, flip)
    except OutOfTime:
        raise
    except (SymdiffError, ValueError, IndexError, KeyError):
        return None  # shapes that do not fit: nobody can have made this mistake
    return new.get(editing.claim)


def _turned(store: Store, node: Node, flip: dict[int, int], wrong: int, new: dict[Node, Node]) -> Node | None:
    """A reduction over the wrong axis along the right one; None for everything else."""
    op = store.op(node)
    if isinstance(op, (Maximum, ArgMax)) and wrong in op.axes:
        (x,) = store.operands(node)
        axes = tuple(sorted(flip.get(a, a) for a in op.axes))
        return (alg.maximum if isinstance(op, Maximum) else alg.argmax)(store, new.get(x, x), axes)
    found = read(store, node)
    if found is None or wrong not in found.axes or not isinstance(op, Contract):
        return None
    whole = found.whole
    if any(n in new for n in store.operands(node)):
        every = max(op.inputs, key=len)
        factors = [(new.get(n, n), labels) for n, labels in zip(store.operands(node), op.inputs, strict=True)]
        whole = alg.contract(store, factors, every, 1, {k: op.sizes[k] for k in every})
    axes = tuple(sorted(flip.get(a, a) for a in found.axes))
    shape = store.shape(whole)
    counts = [prod(int(shape[a]) for a in each) for each in (found.axes, axes)]
    if 0 in counts:
        return None
    is_mean = found.scale == Fraction(1, counts[0]) and counts[0] != counts[1]
    return alg.reduce_sum(store, whole, axes, Fraction(1, counts[1]) if is_mean else found.scale)


def _refitted(
    store: Store, op: Op, operands: tuple[Node, ...], new: dict[Node, Node], flip: dict[int, int]
) -> Node:
    """An operation on operands some of which lost another axis than before."""
    moved = [new.get(n, n) for n in operands]
    if not isinstance(op, Contract):
        shape = next((store.shape(new[n]) for n in operands if n in new), ())
        return rebuild(store, op, [_spread(store, m, shape) for m in moved] if isinstance(op, Map) else moved)
    factors = [
        (m, _relabelled(store, op, n, m, k, flip))
        for k, (n, m) in enumerate(zip(operands, moved, strict=True))
    ]
    held = {label: size for m, labels in factors for label, size in zip(labels, store.shape(m), strict=True)}
    sizes = {k: held.get(k, _repeats(op, at, flip)) for at, k in enumerate(op.output)}
    fresh = {k: 1 for _, labels in factors for k in labels if k not in sizes and k >= len(op.sizes)}
    rest = {k: op.sizes[k] for _, labels in factors for k in labels if k not in sizes and k < len(op.sizes)}
    return alg.contract(store, factors, op.output, op.coefficient, {**sizes, **fresh, **rest})


def _spread(store: Store, node: Node, shape: Shape) -> Node:
    """A repeated number at another shape; anything else as it is."""
    op = store.op(node)
    if same_shape(store.shape(node), shape) or not isinstance(op, Contract):
        return node
    if any(store.shape(n) for n in store.operands(node)):
        return node
    factors = [(n, ()) for n in store.operands(node)]
    labels = tuple(range(len(shape)))
    return alg.contract(store, factors, labels, op.coefficient, dict(enumerate(shape)))


def _repeats(op: Contract, at: int, flip: dict[int, int]) -> Size:
    """How often a result is repeated along an output axis that no operand has: as often as the flipped one was."""
    here = op.sizes[op.output[at]]
    other = flip.get(at, at)
    is_new_axis = all(
        size == 1 or label in {k for labels in op.inputs for k in labels}
        for label, size in enumerate(op.sizes)
    )
    return 1 if is_new_axis or other >= len(op.output) else here


def _relabelled(store: Store, op: Contract, old: Node, new: Node, slot: int, flip: dict[int, int]) -> Labels:
    """The labels of an operand that lost another axis than before; axes of length 1 are aligned as NumPy does."""
    labels, rank = op.inputs[slot], len(op.output)
    if old == new or len(set(op.output)) < rank:
        return labels
    if len(labels) < rank:
        return tuple(op.output[flip.get(p, p)] for p in sorted(map(op.output.index, labels)))
    if store.shape(old) == store.shape(new):
        return labels
    aligned = op.output[rank - len(labels) :] if len(labels) <= rank else labels
    shape = store.shape(new)
    return tuple(
        len(op.sizes) + p if shape[p] == 1 != op.sizes[label] else label for p, label in enumerate(aligned)
    )
