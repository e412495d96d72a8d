"""The same mistake at every step of something repeated: a recurrence, a stack of layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial as partial_

from symdiff.calculus import Alteration, Edge, Rule, pull_back
from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.forms import as_formula
from symdiff.checking.mistakes.functions import FUNCTIONS
from symdiff.checking.mistakes.masks import chooses
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import Formula, partial
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Input, Labels, Map

_LONGEST = 24


def steps(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """One local derivative is wrong in the same way wherever it stands."""
    store = derivation.store
    for formula, edges in _alike(derivation).items():
        name = formula_text(store, edges[0][0], 60)
        kinked = chooses(formula)
        chain = "threshold" if kinked else "chain"
        yield from _tried(
            derivation, screen, chain, f"the derivative of every {name} is missing", edges, _passed
        )
        local = partial(formula, edges[0][1])
        if local.formula is None:
            continue
        stale = "threshold" if kinked else "stale"
        for words, exchange in (("before", _other_side), ("at the step before", _step_before)):
            detail = f"the derivative of every {name} is taken {words}"
            factors = {e: _local(store, local.formula, exchange(store, local.slots, edges, e)) for e in edges}
            yield from _weighed(derivation, screen, stale, detail, factors)
        for other, scalar in FUNCTIONS.items():
            f = as_formula(scalar)
            if f is not formula and f.arity == len(store.operands(edges[0][0])) == 1:
                detail = f"every {name} is given the derivative of {other}"
                for own in (True, False):
                    factors = {e: _of(store, f, e, own) for e in edges}
                    yield from _weighed(derivation, screen, "wrong_function", detail, factors)


def carried(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """Nothing is carried from step to step: the same product blocked wherever it stands."""
    store = derivation.store
    groups: dict[tuple[Labels, Labels, tuple[Node, ...]], list[Edge]] = {}
    for node, slot in derivation.edges():
        op, operands = store.op(node), store.operands(node)
        if isinstance(op, Contract) and len(operands) > 1:
            rest = tuple(n for k, n in enumerate(operands) if k != slot)
            groups.setdefault((op.inputs[slot], op.output, rest), []).append((node, slot))
    alike: dict[tuple[object, int], list[Edge]] = {}
    for edges in groups.values():
        alike.setdefault((store.op(edges[0][0]), edges[0][1]), []).extend(edges)
    for edges in alike.values():
        if 1 < len(edges) <= _LONGEST:
            detail = (
                f"nothing is carried back through products such as {formula_text(store, edges[0][0], 60)}"
            )
            yield from _tried(derivation, screen, "missing_path", detail, edges, _nothing)
    for (_, _, rest), edges in groups.items():
        if len(edges) > 1:
            name = ", ".join(formula_text(store, n, 40) for n in rest)
            detail = f"nothing is carried back through the products with {name}"
            yield from _tried(derivation, screen, "missing_path", detail, edges, _nothing)


def saved(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """In all products with one weight the state of the next step, or of the step before, was saved."""
    store = derivation.store
    groups: dict[tuple[Node, int], list[Edge]] = {}
    for node, slot in derivation.edges():
        if isinstance(store.op(node), Contract) and len(store.operands(node)) == 2:
            groups.setdefault((store.operands(node)[slot], slot), []).append((node, slot))
    for edges in groups.values():
        states = [store.operands(node)[1 - slot] for node, slot in sorted(edges)]
        if len(edges) < 2 or len({store.shape(n) for n in states}) > 1:
            continue
        last = [n for n in derivation.nodes if store.op(n) == store.op(states[-1]) and n > states[-1]]
        for words, moved in (("next", [*states[1:], *last[:1]]), ("previous", [states[0], *states[:-1]])):
            if len(moved) == len(states):
                pairs = zip(sorted(edges), moved, strict=True)
                changes = {e: partial_(_instead, store, e, n) for e, n in pairs}
                detail = f"the state of the {words} step is used with {formula_text(store, _weight(store, edges), 40)}"
                yield from _altered(derivation, screen, "stale", detail, changes)


def _weight(store: Store, edges: Sequence[Edge]) -> Node:
    node, slot = edges[0]
    return store.operands(node)[slot]


def _instead(store: Store, edge: Edge, state: Node, bar: Node, rule: Rule) -> Node:
    """The rule of a product with another state in it."""
    node, slot = edge
    operands = list(store.operands(node))
    operands[1 - slot] = state
    other = store.add(store.op(node), operands)
    lead = len(store.shape(bar)) - len(store.shape(node))
    (found,) = pull_back(
        store, {other: bar}, [operands[slot]], store.shape(bar)[:lead], frozenset({(other, 1 - slot)})
    )
    return found


def _alike(derivation: Derivation) -> dict[Formula, list[Edge]]:
    """The elementwise steps that occur more than once, the last first."""
    store = derivation.store
    found: dict[Formula, list[Edge]] = {}
    for node, slot in derivation.edges():
        op = store.op(node)
        if isinstance(op, Map) and slot == 0:
            found.setdefault(op.formula, []).append((node, slot))
    return {f: edges for f, edges in found.items() if 1 < len(edges) <= _LONGEST}


def _passed(bar: Node, rule: Rule) -> Node:
    return bar


def _nothing(bar: Node, rule: Rule) -> None:
    """Nothing flows through the edge."""


def _tried(
    derivation: Derivation, screen: Screen, kind: str, detail: str, edges: Sequence[Edge], change: Alteration
) -> Iterator[Suspect]:
    yield from _altered(derivation, screen, kind, detail, dict.fromkeys(edges, change))


def _altered(
    derivation: Derivation, screen: Screen, kind: str, detail: str, altered: Mapping[Edge, Alteration]
) -> Iterator[Suspect]:
    try:
        found = derivation.altered(altered)
    except OutOfTime:
        raise
    except (SymdiffError, ValueError, KeyError, IndexError):
        return
    if found != screen.truth:
        place = next(iter(altered))[0]
        yield Suspect(kind, detail, screen.claim, found, place=place)


def _weighed(
    derivation: Derivation, screen: Screen, kind: str, detail: str, factors: Mapping[Edge, Node | None]
) -> Iterator[Suspect]:
    """The derivative with other local derivatives."""
    changes = {e: _times(derivation.store, f) for e, f in factors.items() if f is not None}
    if changes:
        yield from _altered(derivation, screen, kind, detail, changes)


def _times(store: Store, factor: Node) -> Alteration:
    def change(bar: Node, rule: Rule) -> Node:
        every = tuple(range(len(store.shape(bar))))
        own = every[len(every) - len(store.shape(factor)) :]
        return alg.contract(store, [(bar, every), (factor, own)], every)

    return change


def _local(store: Store, formula: Formula, operands: Sequence[Node] | None) -> Node | None:
    return None if operands is None else alg.apply(store, formula, operands)


def _other_side(store: Store, slots: Sequence[int], edges: Sequence[Edge], edge: Edge) -> list[Node]:
    """The operand for the output of a step, and the output for the operand."""
    node = edge[0]
    return [store.operands(node)[0] if k == -1 else node for k in slots]


def _step_before(store: Store, slots: Sequence[int], edges: Sequence[Edge], edge: Edge) -> list[Node] | None:
    """What stood there one step earlier; None at the first step."""
    earlier = [e[0] for e in edges if e[0] < edge[0] and store.shape(e[0]) == store.shape(edge[0])]
    if not earlier:
        starts = [n for n in store.ancestors([edge[0]]) if isinstance(store.op(n), Input)]
        earlier = [n for n in starts if store.shape(n) == store.shape(edge[0])]
    if not earlier:
        return None
    node = max(earlier)
    return [node if k == -1 or not store.operands(node) else store.operands(node)[k] for k in slots]


def _of(store: Store, f: Formula, edge: Edge, own: bool) -> Node | None:
    """The local derivative of another function; written by its own output, or by the one that is there."""
    node = edge[0]
    operand = store.operands(node)[0]
    local = partial(f, 0)
    if local.formula is None:
        return alg.constant(store, alg.coefficient(local.constant), store.shape(node))
    output = alg.apply(store, f, [operand]) if own else node
    return alg.apply(store, local.formula, [output if k == -1 else operand for k in local.slots])
