"""What is the rule of an optimizer? A one-step map, its state, and the choices in which its publications differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from symdiff.errors import InputError, explain

VARIANTS = ("paper", "notes", "torch", "optax")


@dataclass(frozen=True)
class Variant:
    """A publication of a rule: what it sets otherwise than the paper, and where it stands."""

    settings: Mapping[str, Any]
    source: str


@dataclass(frozen=True)
class Rule:
    """The family of all published forms of one optimizer.

    ``step(theta, g, *state, t, **settings)`` returns the update, which is added to the parameters, and the new
    state. ``settings`` holds every hyperparameter and every choice with the paper's value; ``choices`` tells in
    words what the values of a choice mean, those of the classic mistakes too; ``state`` is a NamedTuple class
    whose first field is ``t``; ``start`` gives what is not zero in the beginning, ``nonnegative`` names squares.
    """

    name: str
    step: Callable[..., tuple[Any, ...]] = field(repr=False)
    state: type[tuple[Any, ...]] = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    choices: Mapping[str, Mapping[Any, str]] = field(repr=False)
    variants: Mapping[str, Variant] = field(repr=False)
    start: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(repr=False, default=lambda settings: {})
    needs_params: Callable[[Mapping[str, Any]], bool] = field(
        repr=False, default=lambda settings: bool(settings["weight_decay"])
    )
    counts: bool = field(repr=False, default=False)
    nonnegative: tuple[str, ...] = field(repr=False, default=())

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the arrays of the state."""
        names: tuple[str, ...] = self.state._fields  # type: ignore[attr-defined]
        return names[1:]

    @property
    def hyperparameters(self) -> tuple[str, ...]:
        """The settings that are numbers."""
        return tuple(name for name in self.settings if name not in self.choices)

    def of(self, variant: str = "paper", **settings: Any) -> dict[str, Any]:
        """Every setting of a variant, with the caller's in their places; InputError for what is not known."""
        call = f"{self.name}(variant={variant!r})"
        if variant not in self.variants:
            facts: dict[str, object] = {"known": ", ".join(self.variants)}
            raise InputError(explain(call, facts, "Name a variant that is published."))
        unknown = [name for name in settings if name not in self.settings]
        if unknown:
            facts = {"unknown": ", ".join(unknown), "settings": ", ".join(self.settings)}
            raise InputError(explain(call, facts, "Use one of these settings."))
        for name, known in self.choices.items():
            if name in settings and settings[name] not in known:
                facts = {name: repr(settings[name]), "known": ", ".join(map(repr, known))}
                raise InputError(explain(call, facts, "Use one of these."))
        return {**self.settings, **self.variants[variant].settings, **settings}

    def begin(self, theta: Any, settings: Mapping[str, Any]) -> list[Any]:
        """The arrays of the state before the first step."""
        start = self.start(settings)
        return [0 * theta + start.get(name, 0) for name in self.fields]

    def run(
        self,
        theta: Any,
        gradients: Any,
        settings: Mapping[str, Any],
        *,
        shift: int = 0,
        sign: int = 1,
        counted: Callable[[int], Any] = int,
    ) -> list[Any]:
        """The parameters after each step; ``shift`` miscounts the steps, ``sign`` -1 turns them round."""
        state, path = self.begin(theta, settings), []
        for t, g in enumerate(gradients, 1):
            update, *state = self.step(theta, g, *state, counted(t) + shift, **settings)
            theta = theta + sign * update
            path.append(theta)
        return path


_BELOW_ONE = ("b1", "b2")
_UP_TO_ONE = ("momentum", "decay", "dampening")


def require_numbers(rule: Rule, settings: Mapping[str, Any]) -> None:
    """InputError for a hyperparameter that is no number, or none that the rule can have; traced numbers pass."""
    for name in rule.hyperparameters:
        value, needed = settings[name], "a number of at least 0"
        wrong = value is None or isinstance(value, (str, bytes, tuple, list, dict)) or callable(value)
        if isinstance(value, (int, float)):
            wrong = not value >= 0
            if name in _BELOW_ONE:
                wrong, needed = wrong or value >= 1, "a number from 0 to below 1"
            elif name in _UP_TO_ONE:
                wrong, needed = wrong or value > 1, "a number from 0 to 1"
        if wrong:
            facts: dict[str, object] = {name: repr(value), "needed": needed}
            raise InputError(explain(rule.name, facts, f"Give another {name}."))


RULES: dict[str, Rule] = {}


def publish(rule: Rule) -> Rule:
    """Make a rule known to ``check_optimizer``."""
    RULES[rule.name] = rule
    return rule
