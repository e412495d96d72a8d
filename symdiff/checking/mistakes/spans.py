"""Steps that belong together: an activation of several operations, a whole softmax, taken as one function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symdiff.calculus import pull_back
from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.masks import chooses
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Map, Named
from symdiff.ir.sizes import same_shape

_MOST = 60
_LONGEST = 24


@dataclass(frozen=True)
class Between:
    """Everything that happens from one quantity to another of its shape."""

    origin: Node
    end: Node
    is_elementwise: bool
    has_kink: bool
    steps: int


def between(derivation: Derivation) -> list[Between]:
    """The quantities through which all that a later one depends on must pass, the nearest first."""
    store = derivation.store
    edges = derivation.edges()
    moving = {node for node, _ in edges} | {store.operands(node)[slot] for node, slot in edges}
    found: list[Between] = []
    for end in dict.fromkeys(node for node, _ in edges[: 4 * _MOST]):
        found += _origins(store, end, moving)
    return sorted(found, key=lambda b: b.steps)[: 2 * _MOST]


def _origins(store: Store, end: Node, moving: set[Node]) -> Iterator[Between]:
    frontier, elementwise, kink = {end}, True, False
    for steps in range(1, _LONGEST):
        node = max(frontier)
        operands = [k for k in store.operands(node) if k in moving]
        if not operands:
            return
        op = store.op(node)
        frontier = (frontier - {node}) | set(operands)
        elementwise = elementwise and _is_elementwise(store, node)
        kink = kink or (isinstance(op, Map) and chooses(op.formula))
        if len(frontier) == 1:
            (origin,) = frontier
            if same_shape(store.shape(origin), store.shape(end)):
                yield Between(origin, end, elementwise, kink, steps)


def _is_elementwise(store: Store, node: Node) -> bool:
    op = store.op(node)
    return isinstance(op, (Map, Named)) or (isinstance(op, Contract) and op.is_elementwise)


def skipped(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The derivative of several steps together is missing: that of an activation, of a softmax, or their mask."""
    store = derivation.store
    for part in between(derivation):
        found = _skipping(derivation, part)
        if found is None or found == screen.truth or not screen.agree(found, screen.claim):
            continue
        kind = "threshold" if part.has_kink and part.is_elementwise else "chain"
        what = "the mask of" if kind == "threshold" else "the inner derivative of"
        at = f"{formula_text(store, part.end, 60)} by {formula_text(store, part.origin, 40)}"
        yield Suspect(kind, f"{what} {at} is missing", screen.claim, found, place=part.end, bypass=True)


def _skipping(derivation: Derivation, part: Between) -> Node | None:
    try:
        return derivation.skipping(part.end, part.origin, lambda bar: bar)
    except OutOfTime:
        raise
    except (SymdiffError, ValueError, KeyError, IndexError):
        return None


def diagonal_only(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """Of a derivative that is a matrix only the diagonal is there."""
    store, question, of = derivation.store, derivation.question, derivation.question.of
    shape = store.shape(derivation.x)
    if not shape or derivation.sinks == () or not same_shape(store.shape(derivation.sinks[0]), shape):
        return
    if of == "gradient" or of == "value" or len(derivation.sinks) > 1:
        return
    whole = _jacobian(derivation)
    own = tuple(range(len(shape)))
    diagonal = alg.contract(store, [(whole, own + own)], own)
    added = question.truth.inputs[len(question.forward.inputs) :]
    words = "only the diagonal of the derivative is there"
    if of in ("jacobian", "hessian"):
        right = alg.contract(store, [(diagonal, own)], own + own)
        yield Suspect("missing_path", words, screen.claim, right)
    elif len(added) == 1:
        right = alg.multiply(store, diagonal, added[0])
        kind = "missing_reduction" if of == "vjp" else "missing_path"
        yield Suspect(kind, f"{words}: the sum over the other entries is missing", screen.claim, right)
        yield Suspect("upstream", f"{words}, and the cotangent is ignored", screen.claim, diagonal)


def _jacobian(derivation: Derivation) -> Node:
    store, sink = derivation.store, derivation.sinks[0]
    shape = store.shape(sink)
    (whole,) = pull_back(store, {sink: alg.identity(store, shape)}, [derivation.x], shape)
    return whole
