"""How is a step run that takes the symbols of the paper by name? Over a path, or once from any state."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from symdiff.doors.tracing import name as named_value
from symdiff.errors import InputError, SymdiffError, explain
from symdiff.library.stepping.naming import known_names
from symdiff.library.stepping.relating import Relation
from symdiff.library.stepping.rules import Rule

Path: TypeAlias = list[Any]


@dataclass(frozen=True)
class Named:
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
        return [theta for theta, _ in self._walk(counts_from, theta, gradients, exact)]

    def held(self, counts_from: int | None, theta: Any, gradients: Sequence[Any]) -> list[dict[str, Any]]:
        """The states before the first step and after each."""
        with np.errstate(all="ignore"):
            return [self._begin(theta), *(h for _, h in self._walk(counts_from, theta, gradients, False))]

    def _walk(
        self, counts_from: int | None, theta: Any, gradients: Sequence[Any], exact: bool
    ) -> Iterator[tuple[Any, dict[str, Any]]]:
        held, t = self._begin(theta), counts_from
        for k, g in enumerate(gradients, 1):
            now = k if t is None else t
            values = {**self._hyperparameters(exact), **held, **self._symbols(theta, g)}
            if self.count is not None:
                values[self.count] = named_value(float(now), f"count {k}") if exact and t is None else now
            theta, held, t = self._returned(called(self.step, self.label, values), counts_from)
            yield theta, held

    def once(
        self, relation: Relation, counts_from: int | None, theta: Any, g: Any, *rest: Any, exact: bool = False
    ) -> list[Any]:
        """The parameters and the state after one step from any state of the rule; the count comes last."""
        *state, t = rest
        ours = dict(zip(self.rule.fields, state, strict=True))
        held = {own: ours[f] if c == 1 else c * ours[f] for own, (f, c) in relation.items()}
        values = {**self._hyperparameters(exact), **held, **self._symbols(theta, g)}
        if self.count is not None:
            values[self.count] = t if counts_from is None else t - 1 + counts_from
        theta, held, after = self._returned(called(self.step, self.label, values), counts_from)
        back = {f: held[own] if c == 1 else held[own] / c for own, (f, c) in relation.items()}
        ended = t if counts_from is None else after - counts_from
        return [theta, *(back[f] for f in self.rule.fields if f in back), ended]

    def own_settings(self) -> set[str]:
        """The parameters with a number or a tuple by default that the step does not return."""
        plain = [n for n in self.states if isinstance(self.defaults[n], (int, float, tuple, str, type(None)))]
        if not plain:
            return set()
        result = self._tried(1)
        if isinstance(result, dict):
            return {n for n in plain if n not in result}
        returned = self._size(result) - 1
        states = len(self.states)
        if returned >= states:
            return set()
        likely = sorted(plain, key=lambda n: self.defaults[n] is None or self.defaults[n] in (0, 0.0))
        return {*likely[: states - returned]}

    def _tried(self, count: int) -> Any:
        values = {**self._hyperparameters(False), **self._begin(np.zeros(2))}
        values |= self._symbols(np.zeros(2), np.ones(2))
        if self.count is not None:
            values[self.count] = count
        with np.errstate(all="ignore"):
            return called(self.step, self.label, values)

    def first_count(self) -> int | None:
        """Where the count starts if the step returns it: at 0, unless that divides by zero."""
        if self.count is None:
            return None
        for start in (0, 1):
            try:
                result = self._tried(start)
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
        passed: dict[str, Any] = {}
        for name, role in self.roles.items():
            if role in ("theta", "g", "t", "", "own"):
                continue
            parts = role.split(", ")
            if {*parts} & {*self.given} or self.defaults[name] is inspect.Parameter.empty:
                values = [self.settings[n] for n in parts]
                if exact:
                    values = [named_value(v, f"{n} of the rule") for n, v in zip(parts, values, strict=True)]
                passed[name] = tuple(values) if len(parts) > 1 else values[0]
        return passed

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
            facts: dict[str, object] = {
                "returned": described(result),
                "needed": ", ".join(names),
                "read as states": ", ".join(self.states) or "none",
                "known names": known_names(self.rule),
            }
            mend = "Return the parameters and every state; name what is a setting as the rule does."
            raise InputError(explain(f"check_optimizer: {self.label}", facts, mend))
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


def described(result: Any) -> str:
    """How many values, or of which type."""
    return f"{len(result)} values" if isinstance(result, (tuple, list, dict)) else type(result).__name__


def called(step: Callable[..., Any], label: str, values: Mapping[str, Any]) -> Any:
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
