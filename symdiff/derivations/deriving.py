"""Which steps lead to a derivative? Forward through the named quantities, backward in reverse accumulation.

They are checked, judged and valued here before anybody sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from symdiff.checking.arguments import Wrt, chosen, parameters, split_call
from symdiff.checking.instances import strings
from symdiff.checking.printed import exact_point
from symdiff.derivations.judging.confirming import borrowed, confirm
from symdiff.derivations.judging.trying import tried
from symdiff.derivations.judging.verifying import is_checkable, verified
from symdiff.derivations.steps import Derivation
from symdiff.derivations.values import exact_values, with_printed
from symdiff.derivations.walking.clashes import require_new_name, require_own_names
from symdiff.derivations.walking.flattening import flattened
from symdiff.derivations.walking.naming import traced_with_names
from symdiff.derivations.walking.walks import Of, Walk
from symdiff.errors import InputError, ShapeError, TracingError, explain
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Node
from symdiff.ir.sizes import text as sizes_text
from symdiff.verdicts import Verdict

_FEW = 3  # different sizes of small arrays
_MANY = 300  # operations on nested arguments, from which on only the steps are checked


def derive(
    fn: Callable[..., Any],
    inputs: Any,
    wrt: Wrt | None = None,
    update: str | None = None,
    printed: Mapping[str, Any] | None = None,
    of: Of = "gradient",
    direction: Any = None,
) -> Derivation:
    """The steps of ``fn`` and of its derivative by ``wrt`` (all real inputs if not given) at ``inputs``.

    ``inputs`` is a tuple or dict of arrays or shape strings. The quantities are the variables of the code. With
    ``update``, the name of a learning rate, a step of gradient descent follows for each of ``wrt``. ``printed`` maps
    quantities to the values that a text prints, as strings: they stand beside the recomputed ones.

    With ``of="hvp"`` the scalar ``s``, the gradient times a ``direction`` u, follows, and a second backward pass, which
    ends with the Hessian times u. ``direction`` is an array, or a dict by name for several ``wrt``; or nobody's. With
    ``of="jacobian"`` the Jacobian of each quantity by those that it is made of is a step, and so are their products.

    Every step is checked at points, and the derivatives are judged (``.verdict``), before they are shown; SymdiffError
    if an independent road disagrees.

    >>> def loss(w, x, y):
    ...     z = w * x
    ...     return (z - y) ** 2 / 2
    >>> steps = derive(loss, {"w": 3.0, "x": 2.0, "y": 1.0}, wrt="w").phase("backward")
    >>> [(step.quantity, step.formula) for step in steps]
    [('dL_dz', 'z - y'), ('dz_dw', 'x'), ('dL_dw', 'dL_dz * dz_dw')]
    """
    named = parameters(fn, inputs)
    call = f"explain({getattr(fn, '__name__', 'function')})"
    if wrt is not None:
        named = _promoted(named, chosen(wrt, list(named)))
    graph, names = _traced(fn, named)
    require_own_names(call, graph, names)
    if len(graph.outputs) != 1:
        facts: dict[str, object] = {"outputs": len(graph.outputs)}
        raise InputError(explain(f"explain({fn.__name__})", facts, "Explain one output at a time."))
    targets = _targets(graph, named, wrt)
    if not targets:
        mend = "Give an input of real numbers."
        raise InputError(explain(f"explain({fn.__name__})", {"inputs": ", ".join(named) or "none"}, mend))
    _check_question(graph, of, update, direction)
    if update is not None:
        require_new_name(call, update, names.values())
    walk = _walked(graph, names, targets, of)
    if update is not None:
        walk.update(update)

    title, rows = getattr(fn, "__name__", "function"), walk.rows
    found = Derivation(title, rows.graph, tuple(targets), rows.saved(), rows.names, of=of)
    found = confirm(found, _whole_numbers(graph, named))
    if not found.is_checked:
        found = _checked_smaller(found, lambda inputs: _walked(*_traced(fn, inputs), targets, of), named)
    whole = is_checkable(graph, targets) and all(node in walk.slopes for node in walk.wrt)
    verdict = _verdict(fn, graph, named, targets, of) if whole else None
    if verdict is None and not found.is_checked and of == "gradient" and not list(strings(named)):
        _tried(title, graph, walk, named)
    steps = found.steps
    known = named | directions(graph, direction, walk.directions)
    if not list(strings(known)):
        steps = exact_values(graph.store, exact_point(rows.graph, known), steps)
    return replace(found, steps=with_printed(steps, printed or {}), verdict=verdict)


def _tried(name: str, graph: Graph, walk: Walk, named: Mapping[str, Any]) -> None:
    """What nothing else could check is compared with differences of the function, if its arguments are arrays."""
    tree = graph.arguments
    if tree is None or set(tree.keys) != set(named):
        return
    leaves = tree.leaves(tuple(named[key] for key in tree.keys))
    slopes = {k: walk.slopes[n] for k, n in zip(walk.targets, walk.wrt, strict=True) if n in walk.slopes}
    tried(name, walk.rows.graph, slopes, dict(zip(graph.input_names, leaves, strict=True)))


def _promoted(named: Mapping[str, Any], targets: Sequence[str]) -> dict[str, Any]:
    """Whole numbers by which is differentiated as reals."""
    return {
        name: np.asarray(value, float)
        if name in targets and getattr(value, "dtype", None) is not None and value.dtype.kind in "iu"
        else value
        for name, value in named.items()
    }


def _verdict(
    fn: Callable[..., Any], graph: Graph, named: Mapping[str, Any], targets: Sequence[str], of: Of
) -> Verdict | None:
    """The verdict on the derivatives; None where nested arguments are many, or only their trace has sizes."""
    if set(graph.input_names) == set(named):

        def again(examples: Mapping[str, Any]) -> tuple[Graph, list[Node]]:
            return _derivatives(_walked(*_traced(fn, examples), targets, of))

        return verified(fn, named, targets, again, of)
    flat = flattened(fn, graph)

    def nested(leaves: Mapping[str, Any]) -> tuple[Graph, list[Node]]:
        return _derivatives(_walked(*_traced(fn, flat.nested(leaves)), targets, of))

    if len(graph.nodes) > _MANY or set(flat.tree.keys) != set(named):
        return None
    try:
        found = verified(flat.fn, flat.inputs(named), [flat.names[name] for name in targets], nested, of)
    except (TracingError, ShapeError):
        return None
    return replace(found, scope=found.scope if found.scope == "every shape" else "these shapes")


def _derivatives(walk: Walk) -> tuple[Graph, list[Node]]:
    return walk.rows.graph, [_derivative(walk, node) for node in walk.wrt]


def _checked_smaller(
    found: Derivation, walked: Callable[[Mapping[str, Any]], Walk], named: Mapping[str, Any]
) -> Derivation:
    """Checked at smaller arrays where those that are given are too large; as it is where that cannot be."""
    lengths = sorted({n for value in named.values() for n in np.shape(value)})
    if any(
        not isinstance(value, (float, np.ndarray)) or np.asarray(value).dtype.kind != "f"
        for value in named.values()
    ):
        return found
    small = {n: min(n, 2 + rank % _FEW) for rank, n in enumerate(lengths)}
    try:
        rows = walked({k: " ".join(str(small[n]) for n in np.shape(v)) for k, v in named.items()}).rows
        twin = Derivation(found.name, rows.graph, found.by, rows.saved(), rows.names)
        return borrowed(found, confirm(twin, {}))
    except (TracingError, ShapeError):
        return found


def _targets(graph: Graph, named: Mapping[str, Any], wrt: Wrt | None) -> list[str]:
    """The inputs or quantities by which it is differentiated; all real inputs if nothing is said."""
    if wrt is None:
        return [name for name in graph.input_names if graph.store.kind(graph.node(name)) == "real"]
    return [leaf for w in chosen(wrt, [*named, *graph.names]) for leaf in graph.leaf_names(w)]


def _check_question(graph: Graph, of: Of, update: str | None, direction: Any) -> None:
    """Reject what cannot be asked."""
    if of not in get_args(Of):
        raise InputError(
            explain(f"explain(of={of!r})", {"known": ", ".join(get_args(Of))}, "Use one of these.")
        )
    if of != "hvp" and direction is not None:
        raise InputError(explain("explain(direction=...)", {"of": of}, "A direction belongs to of='hvp'."))
    if of != "gradient" and update is not None:
        mend = "Ask for the update of the gradient."
        raise InputError(explain(f"explain(of={of!r})", {"update": update}, mend))
    if of == "hvp" and graph.shape(graph.outputs[0]) != ():
        facts: dict[str, object] = {"output": sizes_text(graph.shape(graph.outputs[0]))}
        raise InputError(
            explain("explain(of='hvp')", facts, "Return one scalar: a Hessian is that of a number.")
        )


def directions(graph: Graph, given: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """The values of the directions by their names in the derivation; none where none are given."""
    if given is None or not names:
        return {}
    values = given if isinstance(given, Mapping) else {next(iter(names)): given}
    if set(values) != set(names):
        facts: dict[str, object] = {"given": ", ".join(map(str, values)), "needed": ", ".join(names)}
        mend = "Give a direction for each: direction={name: array}."
        raise InputError(explain("explain(direction=...)", facts, mend))
    for name in names:
        needed, shape = graph.shape(graph.node(name)), np.shape(values[name])
        if len(needed) != len(shape) or any(a != b for a, b in zip(needed, shape, strict=True)):
            facts = {"needed": sizes_text(needed), "given": sizes_text(shape)}
            mend = "Give numbers of that shape, and numbers for the inputs."
            raise InputError(explain(f"explain(direction=...), shape of {name}", facts, mend))
    return {names[name]: values[name] for name in names}


def _derivative(walk: Walk, node: Node) -> Node:
    """The last row by an input; zero where the output does not depend on it, as for some sizes."""
    found = (walk.curvatures or walk.slopes).get(node)
    return alg.constant(walk.store, 0, walk.store.shape(node)) if found is None else found


def _traced(fn: Callable[..., Any], inputs: Mapping[str, Any]) -> tuple[Graph, dict[Node, str]]:
    args, kwargs = split_call(fn, inputs)
    return traced_with_names(fn, *args, **kwargs)


def _walked(graph: Graph, names: Mapping[Node, str], targets: Sequence[str], of: Of) -> Walk:
    walk = Walk(graph, names, targets, of)
    walk.forward()
    walk.backward()
    if of == "hvp":
        walk.curve()
    return walk


def _whole_numbers(graph: Graph, named: Mapping[str, Any]) -> dict[Node, Any]:
    """The values of the inputs that are no reals."""
    assert graph.arguments is not None
    pairs = zip(graph.arguments.keys, graph.arguments.children, strict=True)
    leaves = [leaf for name, child in pairs if name in named for leaf in child.leaves(named[name])]
    return {
        n: leaf
        for n, leaf in zip(graph.inputs, leaves, strict=False)
        if graph.store.kind(n) != "real" and not isinstance(leaf, str)
    }
