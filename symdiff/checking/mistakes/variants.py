"""Is the claim the right derivative of another function? The function with one part exchanged, derived again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symdiff.calculus import pull_back
from symdiff.checking.formulas import formula_text
from symdiff.checking.kinks.ties import kink_gaps
from symdiff.checking.mistakes import forms
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.forms import as_formula
from symdiff.checking.mistakes.functions import FUNCTIONS, SCALES
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.spans import Between, between
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import SQUARE, Formula, partial
from symdiff.ir.graph import Node, Store
from symdiff.ir.merging import rebuild
from symdiff.ir.ops import Contract, Input, Map
from symdiff.ir.sizes import same_shape

_MOST = 40


def other_functions(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """One elementwise step is another function: throughout, or in its derivative only."""
    store, claim = derivation.store, screen.claim
    for node in _steps(derivation)[:_MOST]:
        operand = store.operands(node)[0]
        own = _formula(store, node)
        for name, scalar in FUNCTIONS.items():
            f = as_formula(scalar)
            if f is own:
                continue
            kind = (
                "convention"
                if name == "identity" and own is not None and _is_scale(own)
                else "wrong_function"
            )
            for found in (
                exchanged(derivation, node, alg.apply(store, f, [operand])),
                *_only_local(derivation, node, f),
            ):
                if found is not None and found != screen.truth and screen.agree(found, claim):
                    detail = f"this is the derivative of {name}, not of {formula_text(store, node, 60)}"
                    yield Suspect(kind, detail, claim, found, place=node)


def _is_scale(f: Formula) -> bool:
    """Whether a step only changes the scale on which a quantity is given: its logarithm, its square."""
    return f in {as_formula(scalar) for scalar in SCALES.values()}


def other_scales(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """A quantity given on another scale: its logarithm, its exponential, its square or root."""
    store, claim, forward = derivation.store, screen.claim, derivation.question.forward
    moving = {node for node, _ in derivation.edges()}
    nodes = [n for n in forward.nodes if store.kind(n) == "real" and (n in moving or n in forward.inputs)]
    for node in nodes[-_MOST:]:
        for name, scalar in SCALES.items():
            found = exchanged(derivation, node, alg.apply(store, as_formula(scalar), [node]))
            if found is not None and found != screen.truth and screen.agree(found, claim):
                detail = f"right if {name} of {formula_text(store, node, 60)} stood in the function"
                yield Suspect("convention", detail, claim, found, place=node)


def other_parameters(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The derivative by the exponential, the logarithm or the square of the argument."""
    store, x = derivation.store, derivation.x
    known = set(derivation.nodes)
    if derivation.question.of != "gradient":
        return
    for name, scalar in SCALES.items():
        local = partial(as_formula(scalar), 0)
        if local.formula is None:
            continue
        own = alg.apply(store, as_formula(scalar), [x])
        if own in known:
            continue  # the derivative by a later quantity: its own is missing
        slope = alg.apply(store, local.formula, [own if k == -1 else x for k in local.slots])
        found = alg.divide(store, screen.truth, slope)
        names = f"{name} of {formula_text(store, x, 40)}"
        detail = f"this is the derivative by {names}, whose own derivative is missing"
        yield Suspect("chain", detail, screen.claim, found, place=x)


def _steps(derivation: Derivation) -> list[Node]:
    store = derivation.store
    moving = dict.fromkeys(node for node, _ in derivation.edges())
    return [n for n in moving if _formula(store, n) is not None]


def _formula(store: Store, node: Node) -> Formula | None:
    """What an elementwise step of one quantity computes; a product of a quantity with itself is its square."""
    op, operands = store.op(node), store.operands(node)
    if isinstance(op, Map) and len(operands) == 1:
        return op.formula
    is_square = (
        isinstance(op, Contract) and op.is_elementwise and len(operands) == 2 == 1 + len(set(operands))
    )
    return SQUARE if is_square and isinstance(op, Contract) and op.coefficient == 1 else None


def exchanged(derivation: Derivation, old: Node, new: Node) -> Node | None:
    """The derivative of the function with another node in the place of one."""
    return derived(derivation, _rebuilt(derivation, {old: new}))


def _rebuilt(derivation: Derivation, exchanged: Mapping[Node, Node]) -> tuple[Node, ...]:
    """The outputs of the function with other nodes in the place of some."""
    store, outputs = derivation.store, derivation.question.forward.outputs
    place, fresh, first = dict(exchanged), set(exchanged.values()), min(exchanged)
    for node in store.ancestors(outputs):
        if node > first and node not in place and node not in fresh:
            operands = store.operands(node)
            if any(k in place for k in operands):
                place[node] = rebuild(store, store.op(node), [place.get(k, k) for k in operands])
    return tuple(place.get(y, y) for y in outputs)


def derived(derivation: Derivation, outputs: tuple[Node, ...]) -> Node | None:
    """The derivation again, from other outputs; None if it cannot be made."""
    try:
        return Derivation(derivation.question, derivation.target, outputs).altered()
    except OutOfTime:
        raise
    except (SymdiffError, ValueError, TypeError, IndexError):
        return None


def _only_local(derivation: Derivation, node: Node, f: Formula) -> Iterator[Node | None]:
    """The derivative with that of another function on one step; also written by the output that it does not have."""
    store = derivation.store
    local = partial(f, 0)
    operand = store.operands(node)[0]
    if local.formula is None:
        yield _weighed(
            derivation, node, alg.constant(store, alg.coefficient(local.constant), store.shape(node))
        )
        return
    for own in (alg.apply(store, f, [operand]), node) if -1 in local.slots else (node,):
        chosen = [own if k == -1 else operand for k in local.slots]
        yield _weighed(derivation, node, alg.apply(store, local.formula, chosen))


def _weighed(derivation: Derivation, node: Node, factor: Node) -> Node | None:
    """The derivative with another local derivative of one step."""
    store = derivation.store

    def change(bar: Node, rule: object) -> Node:
        every = tuple(range(len(store.shape(bar))))
        own = every[len(every) - len(store.shape(factor)) :]
        return alg.contract(store, [(bar, every), (factor, own)], every)

    try:
        return derivation.altered({(node, 0): change})
    except OutOfTime:
        raise
    except (SymdiffError, ValueError, TypeError, IndexError):
        return None


def other_forms(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """A function that is known in several forms, taken in another form."""
    squares: dict[Node, Node] = {}
    for form in forms.other_forms(screen, derivation.question.forward.nodes):
        if form.is_square:
            squares[form.node] = form.other
        found = exchanged(derivation, form.node, form.other)
        if found is not None:
            yield Suspect("convention", f"right for {form.words}", screen.claim, found, place=form.node)
    if len(squares) > 1:
        outputs = _rebuilt(derivation, squares)
        found = derived(derivation, outputs)
        if found is not None:
            yield Suspect("convention", "right without the squares", screen.claim, found)


def of_activations(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """An activation of several operations taken for another function; throughout, or in its derivative only."""
    store = derivation.store
    for part in between(derivation):
        if not part.is_elementwise or part.steps < 2:
            continue
        for name, scalar in FUNCTIONS.items():
            f = as_formula(scalar)
            new = alg.apply(store, f, [part.origin])
            for found in (exchanged(derivation, part.end, new), _locally(derivation, part, f)):
                if found is not None and found != screen.truth and screen.agree(found, screen.claim):
                    detail = f"this is the derivative of {name}, not of {formula_text(store, part.end, 60)}"
                    yield Suspect("wrong_function", detail, screen.claim, found, place=part.end)


def _locally(derivation: Derivation, part: Between, f: Formula) -> Node | None:
    """The derivative with that of another function over several steps."""
    store = derivation.store
    new = alg.apply(store, f, [part.origin])
    one = {new: alg.constant(store, 1, store.shape(new))}
    if new == part.origin:
        return None
    (factor,) = pull_back(store, one, [part.origin])
    return _carried(derivation, part, factor)


def _carried(derivation: Derivation, part: Between, factor: Node) -> Node | None:
    """The derivative in which several steps together have another local derivative."""
    store = derivation.store

    def carry(bar: Node) -> Node:
        every = tuple(range(len(store.shape(bar))))
        own = every[len(every) - len(store.shape(factor)) :]
        return alg.contract(store, [(bar, every), (factor, own)], every)

    try:
        return derivation.skipping(part.end, part.origin, carry)
    except OutOfTime:
        raise
    except (SymdiffError, ValueError, TypeError, KeyError, IndexError):
        return None


def at_the_argument(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The derivative of an activation, written by its output, taken at its argument: ``z (1 - z)`` for a sigmoid."""
    store = derivation.store
    for part in between(derivation):
        for name, scalar in FUNCTIONS.items() if part.is_elementwise else ():
            local = partial(as_formula(scalar), 0)
            if -1 not in local.slots or local.formula is None:
                continue
            if not forms.is_form(screen, part.end, part.origin, scalar):
                continue
            factor = alg.apply(store, local.formula, [part.origin for _ in local.slots])
            found = _carried(derivation, part, factor)
            if found is not None and found != screen.truth:
                names = formula_text(store, part.origin, 40), formula_text(store, part.end, 60)
                detail = f"{names[0]} stands where {names[1]} should, in the derivative of {name}"
                yield Suspect("stale", detail, screen.claim, found, place=part.end)


def one_branch(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The function with one branch taken everywhere."""
    store = derivation.store
    for node in dict.fromkeys(node for node, _ in derivation.edges()):
        op, operands = store.op(node), store.operands(node)
        if not isinstance(op, Map) or not kink_gaps(op.formula):
            continue
        for operand in dict.fromkeys(n for n in operands if store.kind(n) == "real"):
            if len(operands) > 2 and same_shape(store.shape(operand), store.shape(node)):
                found = exchanged(derivation, node, operand)
                if found is not None and found != screen.truth and screen.agree(found, screen.claim):
                    names = formula_text(store, operand, 60), formula_text(store, node, 60)
                    detail = f"only {names[0]} is differentiated: the branches of {names[1]} are forgotten"
                    yield Suspect("threshold", detail, screen.claim, found, place=node)


def exchanged_arguments(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The function with two of its arguments exchanged."""
    question, store = derivation.question, derivation.store
    inputs = question.forward.inputs
    for at, a in enumerate(inputs):
        for b in inputs[at + 1 :]:
            if store.kind(a) == store.kind(b) and same_shape(store.shape(a), store.shape(b)):
                place = {a: b, b: a}
                for node in store.ancestors(question.forward.outputs):
                    if node not in place and any(k in place for k in store.operands(node)):
                        operands = [place.get(k, k) for k in store.operands(node)]
                        place[node] = rebuild(store, store.op(node), operands)
                found = derived(derivation, tuple(place.get(y, y) for y in question.forward.outputs))
                if found is not None and found != screen.truth:
                    detail = f"this is the derivative with {_name(store, a)} and {_name(store, b)} exchanged"
                    yield Suspect("swapped", detail, screen.claim, found, bypass=True)


def _name(store: Store, node: Node) -> str:
    op = store.op(node)
    return op.name if isinstance(op, Input) else str(node)
