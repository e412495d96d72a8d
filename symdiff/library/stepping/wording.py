"""How is a difference from a rule told? Which choice, whose it is, and where it shows, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symdiff.library.stepping.candidates import Candidate

_PUBLISHERS = {"paper": "the paper", "notes": "the notes", "torch": "torch", "optax": "optax"}
_ORDINALS = {1: "first", 2: "second", 3: "third"}


@dataclass(frozen=True)
class Shown:
    """The smallest example found: parameters, gradients, the step that differs, and the two moves of it."""

    theta: Sequence[Fraction]
    gradients: Sequence[Sequence[Fraction]]
    index: int
    claimed: float
    exact: float
    moved: float
    due: float

    @property
    def step(self) -> int:
        """The step that differs, from 1."""
        return len(self.gradients)

    @property
    def factor(self) -> float:
        """How many times as far as it is due the step goes."""
        return self.moved / self.due if self.due else np.inf

    @property
    def is_visible(self) -> bool:
        """Whether a person would notice."""
        return not abs(self.factor - 1) < 0.01


def detail(found: Candidate | None, truth: Candidate, shown: Shown | None) -> str:
    """``epsilon inside the root, as in the notes; the paper: epsilon outside the root; at g = 1e-07 ...``."""
    parts = []
    if found is None:
        parts.append(f"no published variant of {truth.rule.name} and no mistake that is known")
    elif found.rule.name != truth.rule.name:
        whose = _listed(_holders(found, found.settings.keys()))
        parts.append(f"this is {found.rule.name}{f', as in {whose}' if whose else ''}, not {truth.rule.name}")
    else:
        parts += _choices(found, truth)
    if shown is not None:
        parts.append(effect(shown, truth.settings))
    return "; ".join(parts)


def _choices(found: Candidate, truth: Candidate) -> list[str]:
    words = " and ".join(found.differences(truth))
    changed = [n for n in truth.settings if found.settings[n] != truth.settings[n]]
    chosen = [n for n in changed if n in truth.rule.choices]
    if not changed or found.slips:
        return [words]
    theirs = _listed(_holders(found, changed))
    parts = [f"{words}, as in {theirs}" if theirs else words]
    if changed == ["learning_rate"] and found.settings["learning_rate"] != 1:
        parts.append("otherwise the rule")
    if chosen:
        ours = _listed(_holders(truth, chosen)) or truth.rule.name
        parts.append(f"{ours}: {' and '.join(truth.rule.choices[n][truth.settings[n]] for n in chosen)}")
    return parts


def _holders(candidate: Candidate, names: Any) -> list[str]:
    """The publications with these values of the named settings; the numbers of none but choices must agree."""
    rule = candidate.rule
    choices = [n for n in names if n in rule.choices] or list(names)
    return [
        _PUBLISHERS[name]
        for name in rule.variants
        if all(rule.of(name)[n] == candidate.settings[n] for n in choices)
    ]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def ordinal(k: int) -> str:
    """``first``, ``second``, ``third``, ``step 4``."""
    return f"{_ORDINALS[k]} step" if k in _ORDINALS else f"step {k}"


def effect(shown: Shown, settings: Mapping[str, Any]) -> str:
    """``at g = 1e-07 and eps = 1e-08 the first step differs by a factor 909``."""
    where = [f"theta = {_numbers([shown.theta])}"] if any(shown.theta) else []
    where.append(f"g = {_numbers(shown.gradients)}")
    eps = float(settings.get("eps", 0) or 0)
    slopes = [abs(float(x)) for g in shown.gradients for x in g if x]
    if eps and slopes and min(slopes) < 1e3 * eps:
        where.append(f"eps = {eps:g}")
    *first, last = where
    place = f"{', '.join(first)} and {last}" if first else last
    return f"at {place} the {ordinal(shown.step)} {_size(shown)}"


def _numbers(rows: Sequence[Sequence[Fraction]]) -> str:
    shown = [", ".join(f"{float(x):g}" for x in row) for row in rows]
    if len({len(row) for row in rows}) == 1 and len(rows[0]) == 1:
        return ", ".join(shown)
    return ", ".join(f"[{text}]" for text in shown)


def _size(shown: Shown) -> str:
    if not np.isfinite(shown.moved):
        return "has no finite value"
    if shown.due == 0:
        return f"is {shown.moved:.3g} where the rule does not move"
    if shown.moved == 0:
        return f"is 0 where the rule moves by {shown.due:.3g}"
    if shown.factor < 0:
        return f"goes the other way: {shown.moved:.3g} instead of {shown.due:.3g}"
    if not shown.is_visible:
        return f"differs by {abs(shown.factor - 1):.2g} of its length"
    return f"differs by a factor {max(shown.factor, 1 / shown.factor):.3g}"
