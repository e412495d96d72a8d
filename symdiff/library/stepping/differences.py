"""How do the publications of one rule differ? Each against another, told with the smallest example that shows it."""

from __future__ import annotations

from symdiff.library.shelves import registry
from symdiff.library.stepping.candidates import Candidate
from symdiff.library.stepping.judging import difference
from symdiff.library.stepping.optimizers import Optimizer
from symdiff.library.stepping.rules import RULES, Rule

_TELLING = {"dampening": 0.5, "weight_decay": 0.1}


def differences(name: str, against: str = "paper") -> dict[str, str]:
    """For each variant of an optimizer that steps otherwise than ``against``: which choice, and where it shows.

    Both are run with the hyperparameters of ``against``, and with some dampening or decay where only that shows
    it; what a variant has by default otherwise stands last.

    >>> differences("momentum")["torch"]
    'with dampening = 0.5: the first velocity is the gradient itself, not dampened, as in torch; the paper, the \
notes and optax: the first velocity is dampened like the others; at g = 1 the first step differs by a factor 2; by \
default learning_rate = 0.001'
    """
    registry("optimizer")
    rule = RULES[name]
    ours = rule.of(against)
    told: dict[str, str] = {}
    for variant in rule.variants:
        theirs = rule.of(variant)
        parts = []
        if any(theirs[n] != ours[n] for n in rule.choices):
            parts += _shown(rule, variant, against)
        usual = [f"{n} = {theirs[n]:g}" for n in rule.hyperparameters if theirs[n] != ours[n]]
        parts += [f"by default {', '.join(usual)}"] if usual else []
        if parts:
            told[variant] = "; ".join(parts)
    return told


def _shown(rule: Rule, variant: str, against: str) -> list[str]:
    """The difference, with the first of the telling settings that shows it."""
    ours = rule.of(against)
    numbers = {n: ours[n] for n in rule.hyperparameters}
    for more in ({}, *({n: v} for n, v in _TELLING.items() if n in numbers)):
        told = {**numbers, **more}
        step = Optimizer(rule, rule.of(variant, **told))
        found = difference(Candidate(rule, rule.of(against, **told)), step, against, told)
        if found is not None:
            asked = "".join(f"with {n} = {v:g}: " for n, v in more.items())
            return [asked + found]
    return []
