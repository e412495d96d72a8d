"""Is the whole claim the derivative with another sign, factor or order of axes, or that of another argument?"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations

import numpy as np
import sympy as sp

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.ratios import exact, of_sizes, ratio, words
from symdiff.checking.mistakes.screening import Screen, close, size
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.questions import Question
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ARGUMENTS, formula
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Concatenate, Slice, table
from symdiff.ir.sizes import same_shape

_LONGEST = 10**7
_POWERS = {
    "{}": sp.Integer(1),
    "1/{}": sp.Integer(-1),
    "{}**2": sp.Integer(2),
    "1/{}**2": sp.Integer(-2),
    "sqrt({})": sp.Rational(1, 2),
    "1/sqrt({})": sp.Rational(-1, 2),
}


def multiples(question: Question, target: int, screen: Screen) -> Iterator[Suspect]:
    """Minus the derivative, a multiple of it, or nothing at all."""
    store, truth, claim = screen.store, screen.truth, screen.claim
    every = range(len(screen))
    if all(size(screen.value(k, claim)) == 0 for k in every):
        zero = alg.constant(store, 0, store.shape(truth))
        kind, detail = _why_zero(question, target, screen)
        yield Suspect(kind, detail, claim, zero, repair=formula_text(store, truth), strength=2)
        return
    yield from _scaled_by_a_setting(question, target, screen)
    c = ratio([(screen.value(k, claim), screen.value(k, truth)) for k in every])
    if c is None or abs(c) < 1e-9 or abs(c - 1) < 1e-12:
        return
    if abs(c + 1) < 1e-9:
        right = alg.scale(store, claim, -1)
        yield Suspect(
            "sign", "exactly minus the derivative", truth, right, repair="-yours", mended=True, strength=2
        )
        return
    known = exact(c)
    sizes = [int(s) for n in question.truth.inputs for s in store.shape(n) if isinstance(s, int)]
    detail = f"{words(c)} times the derivative{of_sizes(c, sizes)}"
    if known is not None and known[1]:
        repair, mended = f"{words(1 / c)} * yours", scaled(store, claim, 1 / c)
        yield Suspect("factor", detail, truth, mended, repair, mended=True, strength=2)
        return
    short = known[0] if known is not None else Fraction(c).limit_denominator(_LONGEST)
    if abs(float(short) - c) < 1e-12 * abs(c):
        mended = alg.scale(store, claim, 1 / short)
        yield Suspect("factor", detail, truth, mended, f"{1 / short} * yours", mended=True, strength=2)
    mended, derived = scaled(store, claim, 1 / c), formula_text(store, truth)  # log(2), say
    yield Suspect("factor", detail, truth, mended, derived, mended=True, strength=2, loose=True)


def ignoring(question: Question, target: int, screen: Screen) -> Iterator[Suspect]:
    """A claim that does not depend on the cotangent or the direction it is given."""
    if _ignores(question, screen):
        what = "cotangent" if question.of == "vjp" else "direction"
        detail = f"the {what} does not occur in the claim"
        yield Suspect("upstream", detail, screen.claim, screen.claim)


def _ignores(question: Question, screen: Screen) -> bool:
    store = screen.store
    added = set(question.truth.inputs[len(question.forward.inputs) :])
    if question.of not in ("vjp", "jvp", "hvp") or question.claimed is None:
        return False
    needed, used = (set(store.ancestors([node])) for node in (screen.truth, screen.claim))
    return not added.isdisjoint(needed) and added.isdisjoint(used)


def _scaled_by_a_setting(question: Question, target: int, screen: Screen) -> Iterator[Suspect]:
    """The derivative times a power of a number that is held: a temperature, a width."""
    store, truth, claim, forward = screen.store, screen.truth, screen.claim, question.forward
    moving = {forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)}
    held = [n for n in forward.inputs if n not in moving and store.shape(n) == () and store.kind(n) == "real"]
    for node in held:
        for name, power in _POWERS.items():
            scale = alg.apply(store, formula(ARGUMENTS[0] ** power, 1), [node])
            every = alg.broadcast_to(store, scale, store.shape(truth))
            mended = alg.multiply(store, claim, every)
            if screen.agree(truth, mended) and not _is_inner(question, target, screen, node):
                setting = formula_text(store, node)
                words = f"the derivative should be multiplied by {name.format(setting)}"
                repair = f"{name.format(setting)} * yours"
                yield Suspect("factor", words, truth, mended, repair, mended=True, strength=2)


def _is_inner(question: Question, target: int, screen: Screen, setting: Node) -> bool:
    """Whether what is missing is the derivative of the first step, that scales the argument by the setting."""
    derivation, store = Derivation(question, target), screen.store
    if question.of == "value":
        return False
    first = [
        edge
        for edge in derivation.edges()
        if store.operands(edge[0])[edge[1]] == derivation.x
        and setting in store.ancestors(store.operands(edge[0]))
        and same_shape(store.shape(edge[0]), store.shape(derivation.x))
    ]
    passed = derivation.altered(dict.fromkeys(first, lambda bar, rule: bar))
    return bool(first) and screen.agree(passed, screen.claim)


def _why_zero(question: Question, target: int, screen: Screen) -> tuple[str, str]:
    """What a derivative of zeros has overlooked."""
    if question.of in ("hessian", "hvp"):
        return "second_order", "zero: the first derivative is taken for a constant"
    if question.of == "vjp":
        derivation = Derivation(question, target)
        ones = {y: alg.constant(screen.store, 1, screen.store.shape(y)) for y in derivation.sinks}
        plain = derivation.altered(seeds=ones)
        if all(size(screen.value(k, plain)) <= 1e-9 * screen.scale(k) for k in range(len(screen))):
            return "upstream", "zero: right for a cotangent of ones only, which a plain sum sends"
    return "missing_path", "zero: every path is missing"


def scaled(store: Store, node: Node, c: float) -> Node:
    """``c * node``, where c is a short fraction, the root of one, or a decimal number."""
    known = exact(c)
    if known is None:
        return alg.scale(store, node, Fraction(c).limit_denominator(10**12))
    number, rooted = known
    if not rooted:
        return alg.scale(store, node, number)
    root = sp.sqrt(sp.Rational(abs(number.numerator), number.denominator))
    return alg.scale(store, node, root if number > 0 else -root)


def turned(question: Question, target: int, screen: Screen) -> Iterator[Suspect]:
    """The derivative with its axes in another order."""
    store, truth, claim = screen.store, screen.truth, screen.claim
    rank = len(store.shape(claim))
    if rank > 4:
        return
    for order in permutations(range(rank)):
        if order == tuple(range(rank)):
            continue
        flipped = alg.transpose(store, claim, order)
        if same_shape(store.shape(flipped), store.shape(truth)):
            detail = (
                "the transpose of the derivative"
                if rank == 2
                else f"the axes of the derivative in the order {order}"
            )
            repair = "yours.T" if rank == 2 else f"transpose(yours, {order})"
            if _is_a_row_repeated(screen):
                words = "what should be repeated along one axis is repeated along another"
                yield Suspect("wrong_axis", words, truth, flipped, repair=repair, mended=True, strength=2)
            yield Suspect("transpose", detail, truth, flipped, repair=repair, mended=True, strength=2)


def _is_a_row_repeated(screen: Screen) -> bool:
    """Whether the derivative is the same along one of its axes at every point, and not along all."""
    values = [screen.value(k, screen.truth) for k in range(len(screen))]
    axes = range(values[0].ndim)
    alike = [
        all(close(v, np.repeat(v.take([0], axis), v.shape[axis], axis), size(v)) for v in values)
        for axis in axes
    ]
    return any(alike) and not all(alike)


def of_another(question: Question, target: int, screen: Screen) -> Iterator[Suspect]:
    """The derivative by another argument."""
    store, truth, claim = screen.store, screen.truth, screen.claim
    for other, name in enumerate(question.targets):
        theirs = question.truth.outputs[other]
        if other != target and theirs != truth and same_shape(store.shape(theirs), store.shape(claim)):
            detail = f"this is the derivative by {name}"
            if _is_later(question, target, other):
                detail += f": its own derivative by {question.targets[target]} is missing"
                yield Suspect("chain", detail, claim, theirs, strength=2)
            else:
                mine = screen.value(0, question.claimed[other]) if question.claimed is not None else None
                is_exchange = mine is not None and close(mine, screen.value(0, truth), screen.scale(0))
                repair = "exchange the two results" if is_exchange else formula_text(store, truth)
                yield Suspect("swapped", detail, claim, theirs, repair=repair, strength=2)


def _is_later(question: Question, target: int, other: int) -> bool:
    """Whether one quantity that was asked for is computed from another."""
    forward, names = question.forward, question.targets
    if question.of not in ("gradient", "vjp"):
        return False
    return forward.node(names[target]) in forward.store.ancestors([forward.node(names[other])])


def entries_elsewhere(question: Question, target: int, screen: Screen) -> Iterator[Suspect]:
    """The entries of the derivative in other places, the same at every point."""
    store, truth, claim = screen.store, screen.truth, screen.claim
    shape = store.shape(truth)
    if not same_shape(shape, store.shape(claim)) or not len(screen) or not shape:
        return
    places: list[int] = []
    right = np.stack([screen.value(k, truth).ravel() for k in range(len(screen))])
    left = np.stack([screen.value(k, claim).ravel() for k in range(len(screen))])
    scale = max(size(right), size(left), 1e-300)
    for column in left.T:
        near = np.flatnonzero(np.all(np.abs(right - column[:, None]) <= 1e-9 * scale, axis=0))
        if len(near) != 1 or not near.size:
            return
        places.append(int(near[0]))
    if len(set(places)) < 2 or places == sorted(places):
        return
    flat = alg.reshape(store, truth, (len(places),))
    moved = alg.gather(store, flat, store.add(table(np.array(places))), 0)
    detail = "the entries of the derivative stand in other places"
    n = len(places)
    is_turned = n > 2 and all(places[k] == (k + n // 2) % n for k in range(n))
    is_plain = not is_turned or has_halves(question, n)
    kind = "swapped" if _is_exchange(places) and is_plain else "index"
    yield Suspect(kind, detail, claim, alg.reshape(store, moved, shape))


def has_halves(question: Question, size: int) -> bool:
    """Whether the function splits an axis of so many entries in the middle, or joins two halves."""
    store, halves = question.truth.store, set[object]()
    for node in question.forward.nodes:
        op = store.op(node)
        if isinstance(op, Slice):
            halves |= {span.length for span in op.spans}
        elif isinstance(op, Concatenate):
            halves |= {store.shape(n)[op.axis] for n in store.operands(node)}
    return size == 2 or (size % 2 == 0 and size // 2 in halves)


def _is_exchange(places: list[int]) -> bool:
    """Whether entries or blocks change places in pairs; all entries in reverse order are another matter."""
    n = len(places)
    pairs = sorted(places) == list(range(n)) and all(places[places[k]] == k for k in range(n))
    return pairs and (n == 2 or places != list(range(n))[::-1])


def partly(question: Question, target: int, screen: Screen) -> Iterator[Suspect]:
    """Right in some entries and wrong in others, the same ones at every point."""
    every = range(len(screen))
    gaps = [np.abs(screen.value(k, screen.claim) - screen.value(k, screen.truth)) for k in every]
    wrong = np.array([gap > screen.closeness * screen.scale(k) for k, gap in enumerate(gaps)])
    if not len(every) or wrong[0].ndim == 0 or wrong[0].size < 3 or np.any(wrong != wrong[0]):
        return
    here, count = wrong[0], int(wrong[0].sum())
    if 0 < count <= here.size / 2:
        is_empty = all(size(screen.value(k, screen.claim)[here]) == 0 for k in every)
        kind = "missing_path" if is_empty else "index"
        what = "nothing arrives there" if is_empty else "as if another entry were meant"
        first = tuple(int(i) for i in np.argwhere(here)[0])
        detail = f"wrong in {count} of {here.size} entries, the first {list(first)}: {what}"
        yield Suspect(kind, detail, screen.claim, screen.claim, strength=0)


def kept(question: Question, target: int, screen: Screen) -> Iterator[Suspect]:
    """The same numbers whatever the inputs are: computed once and kept."""
    values = [screen.value(k, screen.claim) for k in range(len(screen))]
    if question.claimed is not None or len(values) < 3 or np.ptp(values[0]) == 0:
        return
    if all(np.array_equal(v, values[0]) for v in values):
        detail = "the same values at all points: computed once and kept"
        yield Suspect("stale", detail, screen.claim, screen.claim, strength=0)


def the_function_itself(question: Question, target: int, screen: Screen) -> Iterator[Suspect]:
    """The value in the place of the derivative."""
    if question.of == "value":
        return
    for output in question.forward.outputs:
        if same_shape(screen.store.shape(output), screen.store.shape(screen.claim)):
            yield Suspect(
                "wrong_function",
                "this is the function itself, not its derivative",
                screen.claim,
                output,
                strength=1 if _ignores(question, screen) else 2,
            )
