"""Whose convention does a claim follow at a tie? What torch and JAX return there, and the slope the claim takes.

The values were read off torch 2.13 and JAX 0.10: they differ even between functions of one library.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy as sp

from symdiff.checking.kinks.hulls import CLOSE, Numbers
from symdiff.checking.kinks.selections import Choice, Selections, Unknown
from symdiff.ir.ops import ArgMax, Map

Slopes = tuple[float, float]

# (slope on one side, slope on the other): {slope at the tie: who takes it}
SLOPES: dict[Slopes, dict[float, str]] = {
    (0.0, 1.0): {
        0.0: "torch.relu and jax.nn.relu",
        0.5: "torch.maximum and jnp.maximum",
        1.0: "torch.clamp",
    },
    (-1.0, 1.0): {0.0: "torch.abs", 1.0: "jnp.abs"},
}
_UPPER = {0.0: "torch.nn.functional.relu6", 0.5: "torch.minimum and jnp.minimum", 1.0: "torch.clamp"}
SHARED = "jnp.max, torch.amax and torch.max of all entries"
FIRST = "torch.max along an axis"
HALVES = "torch.maximum and jnp.maximum"


@dataclass(frozen=True)
class Convention:
    """The slope between two others that a claim takes wherever a branch is tied, and who else takes it."""

    text: str
    who: str = ""

    def __str__(self) -> str:
        return f"{self.text}, as {self.who}" if self.who else self.text


def followed(chosen: Selections, given: Numbers) -> Convention | None:
    """The one convention by which the rules give a value; None if there is no telling, or several are mixed."""
    try:
        if chosen.choices and all(
            isinstance(chosen.question.truth.store.op(c.entries[0][0]), ArgMax) for c in chosen.choices
        ):
            return _shares(chosen, given)
        return _slope(chosen, given)
    except Unknown:
        return None


def _slope(chosen: Selections, given: Numbers) -> Convention | None:
    """The slope that lies between those of the two sides as the value lies between the two derivatives."""
    store = chosen.question.truth.store
    sides = {_sides(choice) for choice in chosen.choices}
    if (
        len(sides) != 1
        or None in sides
        or any(store.kind(c.entries[0][0]) == "boolean" for c in chosen.choices)
    ):
        return None
    (pair,) = sides
    assert pair is not None
    lower = [0 if _first(c, 0) < _first(c, 1) else 1 for c in chosen.choices]
    low, high = chosen.derivative(lower), chosen.derivative([1 - k for k in lower])
    moved = high - low
    if not np.any(moved):
        return None
    part = float(np.dot(given - low, moved) / np.dot(moved, moved))
    if np.max(np.abs(low + part * moved - given)) > CLOSE * (1 + np.max(np.abs(given))):
        return None
    slope = pair[0] + part * (pair[1] - pair[0])
    return Convention(f"{slope + 0.0:.6g}", _who(chosen, pair, slope))


def _who(chosen: Selections, pair: Slopes, slope: float) -> str:
    """Who takes this slope, too."""
    store = chosen.question.truth.store
    node = chosen.choices[0].entries[0][0]
    op = store.op(node)
    table = SLOPES.get(pair, {})
    if len(store.operands(node)) > 1:  # two quantities are compared
        table = {0.5: HALVES} if pair == (0.0, 1.0) else {}
    elif pair == (0.0, 1.0) and isinstance(op, Map) and op.formula.expression.atoms(sp.StrictLessThan):
        table = _UPPER
    return next((who for value, who in table.items() if abs(value - slope) < CLOSE), "")


def _first(choice: Choice, k: int) -> float:
    return float(choice.options[k][0].mid())


def _sides(choice: Choice) -> Slopes | None:
    """The two slopes of a choice between two; None for anything else."""
    if len(choice.options) != 2:
        return None
    first, second = (sorted({float(v.mid()) for v in option}) for option in choice.options)
    if len(first) == 1 == len(second):
        return min(first[0], second[0]), max(first[0], second[0])
    return (0.0, 1.0) if first == second == [0.0, 1.0] else None


def _shares(chosen: Selections, given: Numbers) -> Convention | None:
    """Equal shares, or all to the first of the largest."""
    first = [0] * len(chosen.choices)
    if np.max(np.abs(chosen.derivative(first) - given)) <= CLOSE:
        return Convention("all to the first of the largest", FIRST)
    last = [len(choice.options) - 1 for choice in chosen.choices]
    if np.max(np.abs(chosen.derivative(last) - given)) <= CLOSE:
        return Convention("all to the last of the largest")
    if len(chosen.choices) != 1 or len(chosen.choices[0].options) > 20:
        return None
    mean = np.mean([chosen.derivative([k]) for k in range(len(chosen.choices[0].options))], axis=0)
    return Convention("equal shares", SHARED) if np.max(np.abs(mean - given)) <= CLOSE else None
