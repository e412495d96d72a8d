"""How is somebody's step called? A function of the paper's symbols, of a state, a pair, or a torch optimizer."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from symdiff.doors.tracing import name as named_value
from symdiff.errors import InputError, SymdiffError, explain
from symdiff.library.stepping.naming import GRADS, PARAMS, STATE, first, roles_of, unreadable
from symdiff.library.stepping.optimizers import Optimizer
from symdiff.library.stepping.rules import Rule

Path: TypeAlias = list[Any]
_KINDS = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


@dataclass(frozen=True)
class Program:
    """Somebody's step: ``path(theta, gradients)`` gives the parameters after each step.

    With ``exact`` the count and the hyperparameters are quantities of a graph, so that ``b1**t`` is not rounded.
    ``once(theta, g, *state, t)`` is one step from any state, where the states have the names of the rule's.
    """

    path: Callable[..., Path]
    name: str
    form: str
    is_torch: bool = False
    notes: tuple[str, ...] = ()
    once: Callable[..., list[Any]] | None = None


def read(step: Any, rule: Rule, settings: Mapping[str, Any], given: Mapping[str, Any]) -> Program:
    """Which form a step has; InputError if it has none of the four."""
    label = getattr(step, "__name__", type(step).__name__)
    if isinstance(step, Optimizer):
        once = partial(_once, step) if step.rule.fields == rule.fields else None
        return Program(partial(_pair, step), f"sd.optimizers.{step.rule.name}", "init and update", once=once)
    if hasattr(step, "init") and hasattr(step, "update"):
        return Program(partial(_pair, step), label, "init and update")
    if not callable(step):
        raise unreadable(label, f"a {type(step).__name__}")
    known = _parameters(step, label)
    needed = [name for name, p in known.items() if p.default is p.empty]
    if len(needed) == 1 and needed[0] not in GRADS and not {*GRADS} & {*known}:
        return Program(partial(_torch, step, label), label, "a torch optimizer", is_torch=True)
    names = list(known)
    if len(needed) == 3 and (names[2] in STATE or not (first(names, PARAMS) and first(names, GRADS))):
        return Program(partial(_stateful, step, label), label, "a function of params, grads, state")
    roles = roles_of(known, rule, label)
    call = _Named(step, label, roles, rule, settings, given, {n: known[n].default for n in known})
    counts_from = call.first_count()
    notes = (f"t starts at {counts_from}, since the step returns it",) if counts_from is not None else ()
    begun = all(known[n].default is inspect.Parameter.empty for n in call.states)
    same = counts_from is None and begun and sorted(call.states) == sorted(rule.fields)
    single: Callable[..., list[Any]] | None = call.once if same else None
    form = f"a function of {', '.join(known)}"
    return Program(partial(call.path, counts_from), label, form, notes=notes, once=single)


def _parameters(step: Any, label: str) -> dict[str, inspect.Parameter]:
    try:
        found = inspect.signature(step).parameters
    except (TypeError, ValueError):
        raise unreadable(label, "no signature") from None
    return {name: p for name, p in found.items() if p.kind in _KINDS}


@dataclass(frozen=True)
class _Named:
    """A function that takes the symbols of the paper by name."""

    step: Callable[..., Any]
    label: str
    roles: Mapping[str, str]
    rule: Rule
    settings: Mapping[str, Any]
    given: Mapping[str, Any]
    defaults: Mapping[str, Any]

    @property
    def states(self) -> list[str]:
        return [name for name, role in self.roles.items() if not role]

    @property
    def count(self) -> str | None:
        return next((name for name, role in self.roles.items() if role == "t"), None)

    def path(
        self, counts_from: int | None, theta: Any, gradients: Sequence[Any], *, exact: bool = False
    ) -> Path:
        held, t, found = self._begin(theta), counts_from, []
        for k, g in enumerate(gradients, 1):
            now = k if t is None else t
            values = {**self._hyperparameters(exact), **held, **self._symbols(theta, g)}
            if self.count is not None:
                values[self.count] = named_value(float(now), f"count {k}") if exact and t is None else now
            theta, held, t = self._returned(_called(self.step, self.label, values), counts_from)
            found.append(theta)
        return found

    def once(self, theta: Any, g: Any, *rest: Any, exact: bool = False) -> list[Any]:
        """The parameters and the state after one step from any state; the count comes last."""
        *state, t = rest
        held = dict(zip(self.rule.fields, state, strict=True))
        values = {**self._hyperparameters(exact), **held, **self._symbols(theta, g)}
        if self.count is not None:
            values[self.count] = t
        theta, held, _ = self._returned(_called(self.step, self.label, values), None)
        return [theta, *(held[name] for name in self.rule.fields)]

    def first_count(self) -> int | None:
        """Where the count starts if the step returns it: at 0, unless that divides by zero."""
        if self.count is None:
            return None
        theta = np.zeros(2)
        for start in (0, 1):
            values = {
                **self._hyperparameters(False),
                **self._begin(theta),
                **self._symbols(theta, np.ones(2)),
            }
            try:
                with np.errstate(all="ignore"):
                    result = _called(self.step, self.label, {**values, self.count: start})
            except InputError:
                continue
            if self._size(result) != len(self.states) + 2:
                return None
            if np.all(np.isfinite(np.asarray(_items(result, [*self._names(True)])[0], dtype=float))):
                return start
        return None

    def _begin(self, theta: Any) -> dict[str, Any]:
        """Zeros, unless the rule or the step's own default says otherwise."""
        start = self.rule.start(self.settings)
        if len(start) == 1 and len(self.states) == 1:
            start = {self.states[0]: next(iter(start.values()))}
        begun = {name: np.zeros_like(theta) + start.get(name, 0) for name in self.states}
        own = {n: self.defaults[n] for n in self.states if self.defaults[n] is not inspect.Parameter.empty}
        return {**begun, **own}

    def _hyperparameters(self, exact: bool) -> dict[str, Any]:
        """The caller's, and the rule's for a parameter without a default."""
        asked = {name: role for name, role in self.roles.items() if role not in ("theta", "g", "t", "")}
        passed = {
            name: self.settings[role]
            for name, role in asked.items()
            if role in self.given or self.defaults[name] is inspect.Parameter.empty
        }
        return {n: named_value(v, f"{asked[n]} of the rule") if exact else v for n, v in passed.items()}

    def _symbols(self, theta: Any, g: Any) -> dict[str, Any]:
        return {
            name: theta if role == "theta" else g
            for name, role in self.roles.items()
            if role in ("theta", "g")
        }

    def _names(self, counted: bool) -> list[str]:
        params = next(name for name, role in self.roles.items() if role == "theta")
        rest = [n for n, role in self.roles.items() if not role or (counted and role == "t")]
        return [params, *rest]

    def _size(self, result: Any) -> int:
        return len(result) if isinstance(result, (tuple, list, dict)) else 1

    def _returned(self, result: Any, counts_from: int | None) -> tuple[Any, dict[str, Any], Any]:
        names = self._names(counts_from is not None)
        if self._size(result) != len(names):
            facts: dict[str, object] = {"returned": _described(result), "needed": ", ".join(names)}
            raise InputError(
                explain(f"check_optimizer: {self.label}", facts, "Return the parameters and every state.")
            )
        items = dict(zip(names, _items(result, names), strict=True))
        theta, t = items.pop(names[0]), items.pop(self.count or "", None)
        return theta, items, t if counts_from is not None else None


def _items(result: Any, names: Sequence[str]) -> list[Any]:
    if isinstance(result, dict):
        missing = [name for name in names if name not in result]
        if missing:
            facts: dict[str, object] = {
                "returned": ", ".join(map(str, result)),
                "missing": ", ".join(missing),
            }
            raise InputError(
                explain("check_optimizer", facts, "Return the parameters and every state by name.")
            )
        return [result[name] for name in names]
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _described(result: Any) -> str:
    return f"{len(result)} values" if isinstance(result, (tuple, list, dict)) else type(result).__name__


def _called(step: Callable[..., Any], label: str, values: Mapping[str, Any]) -> Any:
    """The step's result; what it raises is told."""
    first = [p.name for p in inspect.signature(step).parameters.values() if p.kind is p.POSITIONAL_ONLY]
    by_name = {name: value for name, value in values.items() if name not in first}
    try:
        return step(*(values[name] for name in first), **by_name)
    except SymdiffError:
        raise
    except Exception as error:
        facts: dict[str, object] = {"raised": f"{type(error).__name__}: {error}"}
        mend = "Let the step take arrays of any shape, and gradients that are zero."
        raise InputError(explain(f"check_optimizer: {label}", facts, mend)) from error


def _stateful(step: Any, label: str, theta: Any, gradients: Sequence[Any], *, exact: bool = False) -> Path:
    state, found = None, []
    names = list(_parameters(step, label))[:3]
    for g in gradients:
        values = dict(zip(names, (theta, g, state), strict=True))
        result = _called(step, label, values)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            facts: dict[str, object] = {"returned": _described(result), "needed": "params, state"}
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
        updates, state = _called(update, label, {"updates": g, "state": state, "params": theta})
        theta = theta + updates
        found.append(theta)
    return found


def _once(pair: Optimizer, theta: Any, g: Any, *rest: Any, exact: bool = False) -> list[Any]:
    """One step of a pair of ours from any state; the count comes last."""
    *state, t = rest
    params, after = pair.step(g, pair.rule.state(*(t - 1, *state)), theta)
    return [params, *after[1:]]


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
    optimizer = _called(make, label, {next(iter(_parameters(make, label))): [parameter]})
    if not (hasattr(optimizer, "step") and hasattr(optimizer, "param_groups")):
        raise unreadable(label, f"a function of one argument that returns a {type(optimizer).__name__}")
    found = []
    for g in gradients:
        parameter.grad = torch.tensor(np.asarray(g, dtype=float))
        optimizer.step()
        found.append(parameter.detach().numpy().copy())
    return found
