"""How is somebody's step called? A function of the paper's symbols, of a state, a pair, or a torch optimizer."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from symdiff.errors import InputError, explain
from symdiff.library.stepping.named import Named, Path, called, described
from symdiff.library.stepping.naming import GRADS, PARAMS, STATE, first, roles_of, unreadable
from symdiff.library.stepping.optimizers import Optimizer
from symdiff.library.stepping.relating import related, trial_path
from symdiff.library.stepping.rules import Rule

_KINDS = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


@dataclass(frozen=True)
class Program:
    """Somebody's step: ``path(theta, gradients)`` gives the parameters after each step.

    With ``exact`` the count and the hyperparameters are quantities of a graph, so that ``b1**t`` is not rounded.
    ``once(theta, g, *state, t)`` is one step from any state of the rule: the parameters, the fields of the state that
    the step ``keeps``, and the count. With ``no_state`` nothing goes from one step to the next but the parameters.
    """

    path: Callable[..., Path]
    name: str
    form: str
    is_torch: bool = False
    notes: tuple[str, ...] = ()
    once: Callable[..., list[Any]] | None = None
    keeps: tuple[str, ...] = ()
    no_state: bool = False


def read(step: Any, rule: Rule, settings: Mapping[str, Any], given: Mapping[str, Any]) -> Program:
    """Which form a step has; InputError if it has none of the four."""
    label = getattr(step, "__name__", type(step).__name__)
    if inspect.isclass(step) and not hasattr(step, "add_param_group"):
        facts: dict[str, object] = {"given": f"the class {label}"}
        raise InputError(explain("check_optimizer", facts, f"Give an instance: {label}(...)."))
    if isinstance(step, Optimizer):
        once = partial(_once, step) if step.rule.fields == rule.fields else None
        form = "init and update"
        return Program(
            partial(_pair, step), f"sd.optimizers.{step.rule.name}", form, once=once, keeps=rule.fields
        )
    if hasattr(step, "init") and hasattr(step, "update"):
        return Program(partial(_pair, step), label, "init and update", no_state=_is_idle(step))
    if not callable(step):
        raise unreadable(label, f"a {type(step).__name__}")
    known = _parameters(step, label)
    needed = [name for name, p in known.items() if p.default is p.empty]
    if len(needed) == 1 and needed[0] not in GRADS and not {*GRADS} & {*known}:
        return Program(partial(_torch, step, label), label, "a torch optimizer", is_torch=True)
    names = list(known)
    if len(needed) == 3 and (names[2] in STATE or not (first(names, PARAMS) and first(names, GRADS))):
        return Program(partial(_stateful, step, label), label, "a function of params, grads, state")
    return _read_named(step, label, known, rule, settings, given)


def _is_idle(pair: Any) -> bool:
    """Whether there is no value in the state of a pair, before and after a step."""
    try:
        before = pair.init(np.ones(2))
        _, after = pair.update(np.ones(2), before, np.ones(2))
    except Exception:  # foreign code: what it raises is told where it is run
        return False
    return _is_empty(before) and _is_empty(after)


def _is_empty(state: Any) -> bool:
    if isinstance(state, (tuple, list)):
        return all(_is_empty(part) for part in state)
    return state is None or (isinstance(state, dict) and not state)


def _read_named(
    step: Any,
    label: str,
    known: Mapping[str, inspect.Parameter],
    rule: Rule,
    settings: Mapping[str, Any],
    given: Mapping[str, Any],
) -> Program:
    defaults = {n: known[n].default for n in known}
    roles = roles_of(known, rule, label)
    call = Named(step, label, roles, rule, settings, given, defaults)
    call = replace(call, roles={n: "own" if n in call.own_settings() else r for n, r in roles.items()})
    counts_from = call.first_count()
    notes = (f"t starts at {counts_from}, since the step returns it",) if counts_from is not None else ()
    theta, gradients = trial_path()
    relation = related(rule, settings, call.held(counts_from, theta, gradients))
    once = None if relation is None else partial(call.once, relation, counts_from)
    keeps = tuple(f for f in rule.fields if relation and f in {field for field, _ in relation.values()})
    form = f"a function of {', '.join(known)}"
    return Program(partial(call.path, counts_from), label, form, notes=notes, once=once, keeps=keeps)


def _parameters(step: Any, label: str) -> dict[str, inspect.Parameter]:
    try:
        found = inspect.signature(step).parameters
    except (TypeError, ValueError):
        raise unreadable(label, "no signature") from None
    return {name: p for name, p in found.items() if p.kind in _KINDS}


def _stateful(step: Any, label: str, theta: Any, gradients: Sequence[Any], *, exact: bool = False) -> Path:
    state, found = None, []
    names = list(_parameters(step, label))[:3]
    for g in gradients:
        values = dict(zip(names, (theta, g, state), strict=True))
        result = called(step, label, values)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            facts: dict[str, object] = {"returned": described(result), "needed": "params, state"}
            raise InputError(
                explain(f"check_optimizer: {label}", facts, "Return the parameters and the state.")
            )
        theta, state = result
        found.append(theta)
    return found


def _pair(pair: Any, theta: Any, gradients: Sequence[Any], *, exact: bool = False) -> Path:
    """``updates`` are added to the parameters, as optax does."""

    def update(updates: Any, state: Any, params: Any) -> Any:
        return pair.update(updates, state, params)

    label, state, found = type(pair).__name__, pair.init(theta), []
    for g in gradients:
        updates, state = called(update, label, {"updates": g, "state": state, "params": theta})
        theta = theta + updates
        found.append(theta)
    return found


def _once(pair: Optimizer, theta: Any, g: Any, *rest: Any, exact: bool = False) -> list[Any]:
    """One step of a pair of ours from any state; the count comes last."""
    *state, t = rest
    params, after = pair.step(g, pair.rule.state(*(t - 1, *state)), theta)
    return [params, *after[1:], after[0]]


def _torch(make: Any, label: str, theta: Any, gradients: Sequence[Any], *, exact: bool = False) -> Path:
    """A step of torch can only be made where torch was imported; what it counts in is float64, as the parameters."""
    torch = sys.modules.get("torch")
    if torch is None:
        raise unreadable(label, "a function of one argument, without torch imported")
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return _torch_path(torch, make, label, theta, gradients)
    finally:
        torch.set_default_dtype(usual)


def _torch_path(torch: Any, make: Any, label: str, theta: Any, gradients: Sequence[Any]) -> Path:
    parameter = torch.nn.Parameter(torch.tensor(np.asarray(theta, dtype=float)))
    optimizer = called(make, label, {next(iter(_parameters(make, label))): [parameter]})
    if not (hasattr(optimizer, "step") and hasattr(optimizer, "param_groups")):
        raise unreadable(label, f"a function of one argument that returns a {type(optimizer).__name__}")
    found = []
    for g in gradients:
        parameter.grad = torch.tensor(np.asarray(g, dtype=float))
        optimizer.step()
        found.append(parameter.detach().numpy().copy())
    return found
