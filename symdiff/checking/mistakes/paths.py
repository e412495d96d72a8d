"""Mistakes on one step of the derivation: a path left out, weighed wrongly, or an inner derivative missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations

from symdiff.calculus import Alteration, Edge, Rule
from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.masks import chooses
from symdiff.checking.mistakes.operands import is_near
from symdiff.checking.mistakes.ratios import is_simple, ratio, words
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.repairs import repair_text
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import partial as derivative
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Map, Maximum, Named
from symdiff.ir.sizes import Shape, same_shape

_MOST = 160
_PAIRS = 40


def _nothing(bar: Node, rule: Rule) -> None:
    """Nothing flows through the edge."""


def shares(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The share of one path is missing; or, if none is, one has the wrong sign or a wrong factor."""
    store, claim = derivation.store, screen.claim
    quiet = _quiet(derivation, screen)
    weighed: list[tuple[float, Edge, Node]] = []
    for edges in _together(store, [e for e in derivation.edges() if e not in quiet])[:_MOST]:
        without = derivation.altered({**quiet, **dict.fromkeys(edges, _nothing)})
        c = None if without == screen.truth else _weight(screen, without)
        if c is None or abs(c - 1) < 1e-9:
            continue
        if abs(c) < 1e-9:
            detail = f"what flows from {_short(store, edges[0])} is left out"
            share = derivation.share(edges[0]) if len(edges) == 1 else None
            yield _missing(derivation, screen, without, detail, edges[0][0], share)
            return
        if not alg.is_zero(store, without):
            weighed.append((c, edges[0], without))
    for c, edge, without in weighed:
        what = "the wrong sign" if abs(c + 1) < 1e-9 else f"the factor {words(c)} too much"
        detail = f"the term that flows from {_short(store, edge)} has {what}"
        scaled = _scaled(store, alg.subtract(store, screen.truth, without), c)
        if scaled is not None:
            kind = "sign" if abs(c + 1) < 1e-9 else "factor"
            right = alg.add(store, without, scaled)
            yield Suspect(kind, detail, claim, right, place=edge[0], strength=int(is_simple(c)))


def _together(store: Store, edges: list[Edge]) -> list[list[Edge]]:
    """Edges from one quantity into one operation count as one path: both factors of a square; else also alone."""
    found: dict[tuple[Node, Node], list[Edge]] = {}
    for node, slot in edges:
        found.setdefault((node, store.operands(node)[slot]), []).append((node, slot))
    groups = list(found.values())
    for group in list(groups):
        op = store.op(group[0][0])
        if len(group) > 1 and isinstance(op, Contract) and len({op.inputs[slot] for _, slot in group}) > 1:
            groups += [[edge] for edge in group]
    return groups


def _scaled(store: Store, node: Node, c: float) -> Node | None:
    short = Fraction(c).limit_denominator(720)
    return alg.scale(store, node, short) if abs(float(short) - c) < 1e-9 * abs(c) else None


def _weight(screen: Screen, without: Node) -> float | None:
    """The c with ``claim = without + c * (truth - without)`` at all points."""
    pairs = []
    for k in range(len(screen)):
        base = screen.value(k, without)
        left, right = screen.value(k, screen.claim) - base, screen.value(k, screen.truth) - base
        pairs.append((left, right))
    return ratio(pairs)


def _missing(
    derivation: Derivation, screen: Screen, without: Node, detail: str, place: Node, share: Node | None = None
) -> Suspect:
    """The claim is the derivative without a path; what is missing is its repair, if that is shorter."""
    store = derivation.store
    repair = None
    if share is not None and screen.agree(alg.add(store, without, share), screen.truth):
        missing = repair_text(derivation.question, share)
        if len(missing) < len(formula_text(store, screen.truth)):
            repair = f"yours - {missing[1:]}" if _is_negative(missing) else f"yours + {missing}"
    return Suspect("missing_path", detail, screen.claim, without, repair, place)


def _is_negative(text: str) -> bool:
    """Whether a text is minus one product, which can be subtracted as it stands."""
    return text.startswith("-") and " + " not in text and " - " not in text


def _quiet(derivation: Derivation, screen: Screen) -> dict[Edge, Alteration]:
    """The edges into maxima, if nothing flows through them: a softmax may be shifted by anything."""
    store = derivation.store
    quiet: dict[Edge, Alteration] = {
        (node, 0): _nothing for node in derivation.nodes if isinstance(store.op(node), Maximum)
    }
    return quiet if quiet and screen.agree(derivation.altered(quiet), screen.truth) else {}


def constants(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """Quantities that were taken for constants: one, or two sums; or only one of several uses was counted."""
    store = derivation.store
    into: dict[Node, list[Edge]] = {}
    uses: dict[Node, list[Edge]] = {}
    for edge in derivation.edges()[: 2 * _MOST]:
        into.setdefault(edge[0], []).append(edge)
        uses.setdefault(store.operands(edge[0])[edge[1]], []).append(edge)
    for node in list(into)[:_MOST]:
        if len(into[node]) > 1:
            yield from _stopped(derivation, screen, [node], into)
    sums = [n for n in into if isinstance(op := store.op(n), Contract) and op.summed]
    for pair in list(combinations(sums, 2))[:_PAIRS]:
        yield from _stopped(derivation, screen, list(pair), into)
    for node, edges in list(uses.items())[:_MOST]:
        if len(edges) > 2 or (len(edges) == 2 and node in derivation.seeds):
            yield from _only_one(derivation, screen, node, edges)


def _stopped(
    derivation: Derivation, screen: Screen, nodes: list[Node], into: Mapping[Node, list[Edge]]
) -> Iterator[Suspect]:
    store = derivation.store
    without = derivation.altered({edge: _nothing for node in nodes for edge in into[node]})
    if without != screen.truth and screen.agree(without, screen.claim):
        names = " and ".join(formula_text(store, node, 60) for node in nodes)
        yield _missing(derivation, screen, without, f"{names} is taken for a constant", nodes[0])


def _only_one(derivation: Derivation, screen: Screen, node: Node, edges: list[Edge]) -> Iterator[Suspect]:
    store = derivation.store
    for kept in edges:
        without = derivation.altered({edge: _nothing for edge in edges if edge != kept})
        if without != screen.truth and screen.agree(without, screen.claim):
            name = formula_text(store, node, 60)
            detail = f"of the {len(edges)} uses of {name} only one is counted"
            yield _missing(derivation, screen, without, detail, node)


def inner(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The derivative of one step is missing, or was applied twice; of a branch: its mask."""
    store, claim = derivation.store, screen.claim
    for edge in derivation.edges()[:_MOST]:
        node, slot = edge
        operand = store.operands(node)[slot]
        if isinstance(store.op(node), Named) or store.shape(node) != store.shape(operand):
            continue
        kind, what = _kind_of_step(store, edge)
        for change, words_ in ((_passed, "is missing"), (_twice, "is applied twice")):
            found = _altered(derivation, {edge: change})
            if found is not None and found != screen.truth and screen.agree(found, claim):
                at = f"{formula_text(store, node, 60)} by {formula_text(store, operand, 40)}"
                strength = 1 if isinstance(store.op(node), Map) else 0
                yield Suspect(
                    kind, f"{what} {at} {words_}", claim, found, place=node, strength=strength, bypass=True
                )


def _kind_of_step(store: Store, edge: Edge) -> tuple[str, str]:
    op = store.op(edge[0])
    if isinstance(op, Map) and chooses(op.formula):
        return "threshold", "the mask of"
    return "chain", "the inner derivative of"


def _passed(bar: Node, rule: Rule) -> Node:
    """The cotangent as it came."""
    return bar


def _twice(bar: Node, rule: Rule) -> Node | None:
    """The rule applied to its own result."""
    once = rule(bar)
    return None if once is None else rule(once)


def _altered(derivation: Derivation, altered: Mapping[Edge, Alteration]) -> Node | None:
    try:
        return derivation.altered(altered)
    except OutOfTime:
        raise
    except (SymdiffError, ValueError, KeyError, IndexError):
        return None  # shapes that do not fit: nobody can have made this mistake


def upstream(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The derivative starts from ones in the middle: what comes from above is ignored."""
    if derivation.lead or not derivation.is_backward:
        return
    store, claim = derivation.store, screen.claim
    if derivation.question.of == "vjp":
        ones = {y: alg.constant(store, 1, store.shape(y)) for y in derivation.sinks}
        detail = "the cotangent is ignored: this is the pullback of ones"
        yield Suspect("upstream", detail, claim, derivation.altered(seeds=ones))
    later = [node for node, _ in derivation.edges() if node not in derivation.sinks]
    for node in list(dict.fromkeys(later))[:_MOST]:
        if alg.constant_value(store, _by(derivation, node).altered()) == 1:
            continue
        one = {node: alg.constant(store, 1, store.shape(node))}
        found = derivation.altered(seeds=one)
        if not alg.is_zero(store, found) and screen.agree(found, claim):
            name = formula_text(store, node, 60)
            detail = f"the cotangent of {name} is ignored: this starts from ones there"
            kind = "chain" if is_elementwise(store, derivation.x, node) else "upstream"
            yield Suspect(kind, detail, claim, found, place=node, bypass=True)


def is_elementwise(store: Store, x: Node, node: Node) -> bool:
    """Whether all steps from one quantity to another are elementwise."""
    moving = {x}
    for n in store.ancestors([node]):
        if moving.isdisjoint(store.operands(n)):
            continue
        moving.add(n)
        op = store.op(n)
        if not (isinstance(op, (Map, Named)) or (isinstance(op, Contract) and op.is_elementwise)):
            return False
    return node in moving and same_shape(store.shape(x), store.shape(node))


def early(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The claim stops too early: it is the derivative by a later quantity of the same shape."""
    if derivation.lead or not derivation.is_backward:
        return
    store, x = derivation.store, derivation.x
    later = [node for node, _ in derivation.edges() if store.shape(node) == store.shape(x)]
    later.sort(key=lambda n: not isinstance(store.op(n), Named))  # names of the author read best
    for node in list(dict.fromkeys(later))[:_MOST]:
        bar = _by(derivation, node).altered()
        if not screen.agree(bar, screen.claim):
            continue
        by = formula_text(store, x, 40)
        detail = f"this is the derivative by {formula_text(store, node, 60)}: its own derivative by {by} is missing"
        yield Suspect("chain", detail, screen.claim, bar, place=node, strength=0, bypass=True)


def by_later(derivation: Derivation, shape: Shape) -> Iterator[tuple[Node, Node]]:
    """The later quantities of a shape, and the derivative by each."""
    if derivation.lead or not derivation.is_backward:
        return
    for node in list(dict.fromkeys(node for node, _ in derivation.edges()))[:_MOST]:
        if same_shape(derivation.store.shape(node), shape):
            yield node, _by(derivation, node).altered()


def _by(derivation: Derivation, node: Node) -> Derivation:
    other = Derivation(derivation.question, derivation.target, derivation.outputs)
    other.__dict__["x"] = node
    return other


def stale(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The derivative of one step is taken at another quantity: before the activation instead of after it."""
    store, claim = derivation.store, screen.claim
    pool = [n for n in derivation.nodes if store.kind(n) == "real"]
    for node, slot in derivation.edges()[:_MOST]:
        op = store.op(node)
        if not isinstance(op, Map):
            continue
        local = derivative(op.formula, slot)
        if local.formula is None:
            continue
        operands = store.operands(node)
        own = [node if k == -1 else operands[k] for k in local.slots]
        for at, right in enumerate(own):
            for other in (n for n in pool if n not in (right, *own) and store.shape(n) == store.shape(node)):
                if store.kind(right) != "real":
                    continue
                factor = alg.apply(store, local.formula, [*own[:at], other, *own[at + 1 :]])
                found = _altered(derivation, {(node, slot): _times(store, factor)})
                if found is not None and found != screen.truth and screen.agree(found, claim):
                    kind = "threshold" if chooses(op.formula) else "stale"
                    detail = f"{formula_text(store, other, 60)} stands where {formula_text(store, right, 60)} should"
                    strength = 1 if kind == "threshold" else int(is_near(store, right, other))
                    yield Suspect(kind, detail, claim, found, place=node, strength=strength)


def _times(store: Store, factor: Node) -> Alteration:
    def change(bar: Node, rule: Rule) -> Node:
        lead = len(store.shape(bar)) - len(store.shape(factor))
        every = tuple(range(len(store.shape(bar))))
        return alg.contract(store, [(bar, every), (factor, every[lead:])], every)

    return change


def _short(store: Store, edge: Edge) -> str:
    node, slot = edge
    operand = store.operands(node)[slot]
    return f"{formula_text(store, operand, 60)} into {formula_text(store, node, 60)}"
