"""Which rule may a step be instead? Every published variant, every choice otherwise, and the classic mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from symdiff.library.stepping.rules import RULES, Rule

_USUAL: Mapping[str, tuple[float, ...]] = {
    "eps": (1e-6, 1e-7, 1e-8, 1e-10, 0.0),
    "b1": (0.9, 0.95),
    "b2": (0.999, 0.99, 0.98, 0.95),
    "momentum": (0.9, 0.99, 0.0),
    "decay": (0.9, 0.99),
    "weight_decay": (0.0, 1e-2, 1e-4),
    "initial_accumulator": (0.0, 0.1),
    "lower": (0.0,),
    "upper": (float("inf"),),
}


@dataclass(frozen=True)
class Candidate:
    """A rule with settings, and what is wrong with it besides."""

    rule: Rule
    settings: Mapping[str, Any]
    slips: tuple[str, ...] = ()
    shift: int = 0
    sign: int = 1

    def path(
        self,
        theta: Any,
        gradients: Any,
        settings: Mapping[str, Any] | None = None,
        counted: Callable[[int], Any] = int,
    ) -> list[Any]:
        """The parameters after each step."""
        told = self.settings if settings is None else settings
        return self.rule.run(theta, gradients, told, shift=self.shift, sign=self.sign, counted=counted)

    def differences(self, truth: Candidate) -> tuple[str, ...]:
        """In words, what it does otherwise than another of its rule."""
        changed = [n for n in self.settings if n not in self.slips and self.settings[n] != truth.settings[n]]
        swapped = _swapped(self, truth)
        words = ["b1 and b2 are exchanged"] if swapped else []
        for name in changed:
            if name in self.rule.choices:
                words.append(self.rule.choices[name][self.settings[name]])
            elif name == "learning_rate" and self.settings[name] == 1:
                words.append("the learning rate is left out")
            elif not (swapped and name in ("b1", "b2")):
                words.append(f"{name} is {self.settings[name]:g} instead of {truth.settings[name]:g}")
        return (*self.slips, *words)


def _swapped(one: Candidate, other: Candidate) -> bool:
    a, b = one.settings, other.settings
    return {"b1", "b2"} <= {*a} & {*b} and a["b1"] != a["b2"] and (a["b1"], a["b2"]) == (b["b2"], b["b1"])


def alternatives(
    truth: Candidate, given: Mapping[str, Any], rescaled: Callable[[Candidate], Candidate | None]
) -> Iterator[Candidate]:
    """What a step may be instead, the likeliest first; ``given`` are the caller's hyperparameters.

    ``rescaled`` gives a candidate the learning rate of the step.
    """
    rule = truth.rule
    numbers = {n: v for n, v in given.items() if n not in rule.choices}
    published = [Candidate(rule, rule.of(name, **numbers)) for name in rule.variants]
    ours = {n: truth.settings[n] for n in rule.hyperparameters}
    published += [Candidate(rule, rule.of(name, **ours)) for name in rule.variants]
    yield from published
    single = list(singles(truth))
    yield from single
    yield from (c for c in [rescaled(truth)] if c is not None)
    yield from _others(truth, given)
    yield from (c for c in map(rescaled, (*published, *single)) if c is not None)
    for other in published:
        yield from singles(other)
    for one, two in combinations(single, 2):
        both = joined(truth, one, two)
        if both is not None:
            yield both


def singles(truth: Candidate) -> Iterator[Candidate]:
    """One thing otherwise: a choice, a number, a classic mistake."""
    rule, settings = truth.rule, truth.settings
    for name, known in rule.choices.items():
        for value in known:
            if value != settings[name]:
                yield replace(truth, settings={**settings, name: value})
    if {"b1", "b2"} <= {*settings}:
        yield replace(truth, settings={**settings, "b1": settings["b2"], "b2": settings["b1"]})
    yield replace(truth, sign=-1, slips=("the step goes up the gradient instead of down",))
    yield replace(truth, settings={**settings, "learning_rate": 1.0})
    if rule.counts:
        yield replace(truth, shift=-1, slips=("the count lags: bias correction with t - 1 instead of t",))
        yield replace(
            truth, shift=1, slips=("the count runs ahead: bias correction with t + 1 instead of t",)
        )
    for name, values in _USUAL.items():
        for number in values:
            if name in settings and settings[name] != number:
                yield replace(truth, settings={**settings, name: number})


def joined(truth: Candidate, one: Candidate, two: Candidate) -> Candidate | None:
    """Both differences at once, if they do not concern the same thing."""
    changed = [{n: v for n, v in c.settings.items() if v != truth.settings[n]} for c in (one, two)]
    if {*changed[0]} & {*changed[1]} or (one.slips and two.slips):
        return None
    settings = {**truth.settings, **changed[0], **changed[1]}
    return Candidate(truth.rule, settings, one.slips + two.slips, one.shift + two.shift, one.sign * two.sign)


def _others(truth: Candidate, given: Mapping[str, Any]) -> Iterator[Candidate]:
    """The published variants of the other rules, with the hyperparameters that they share."""
    for rule in RULES.values():
        if rule.name == truth.rule.name:
            continue
        shared = {n: truth.settings[n] for n in rule.hyperparameters if n in truth.settings}
        shared = {n: v for n, v in shared.items() if n not in rule.choices}
        if "b1" in truth.settings and "momentum" in rule.hyperparameters and rule.name != "rmsprop":
            shared.setdefault("momentum", truth.settings["b1"])
        if "b2" in truth.settings and "decay" in rule.hyperparameters:
            shared.setdefault("decay", truth.settings["b2"])
        for name in rule.variants:
            yield Candidate(rule, rule.of(name, **shared))
            yield Candidate(rule, rule.of(name))
