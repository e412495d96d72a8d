"""Which array of the rule's state does each state of a step hold, and how many times as large?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, TypeAlias

import numpy as np

from symdiff.library.stepping.rules import Rule

Relation: TypeAlias = dict[str, tuple[str, float]]
_SIZES = (1.0, 4.0, 0.25, 0.5, 2.0, 0.125)


def trial_path() -> tuple[Any, list[Any]]:
    """Parameters, and gradients that grow and fall, so that maxima are told from averages."""
    random = Random(1)
    rows = [[size * random.choice((-1, 1)) * random.randint(8, 64) / 32 for _ in range(3)] for size in _SIZES]
    return np.array([1.0, -0.5, 2.0]), [np.array(row) for row in rows]


def related(rule: Rule, settings: Mapping[str, Any], held: Sequence[Mapping[str, Any]]) -> Relation | None:
    """The field and the factor for each state, as floats show them; None if some state is none of the rule's.

    ``held`` are the states before the first step of ``trial_path`` and after each. That the relation holds at
    every step is for the proof to say; that it holds at first is asked exactly.
    """
    theta, gradients = trial_path()
    rows = [rule.begin(theta, settings)]
    with np.errstate(all="ignore"):
        for t, g in enumerate(gradients, 1):
            update, *state = rule.step(theta, g, *rows[-1], t, **settings)
            theta = theta + update
            rows.append(state)
    fields = {name: np.array([row[k] for row in rows]) for k, name in enumerate(rule.fields)}
    found: Relation = {}
    for own in held[0]:
        try:
            values = np.array([np.broadcast_to(h[own], theta.shape) for h in held], dtype=float)
        except (TypeError, ValueError):
            return None
        for name in sorted(fields, key=lambda n: n != own):
            factor = _factor(values, fields[name])
            if factor is not None and name not in {field for field, _ in found.values()}:
                found[own] = (name, factor)
                break
        else:
            return None
    return found


def _factor(values: Any, field: Any) -> float | None:
    """The one number by which a field must be multiplied."""
    if not (np.all(np.isfinite(values)) and np.all(np.isfinite(field)) and np.any(field[1:])):
        return None
    place = np.unravel_index(np.argmax(np.abs(field)), field.shape)
    factor = float(f"{values[place] / field[place]:.10g}")
    near = np.allclose(values, factor * field, rtol=1e-6, atol=1e-12 * abs(values[place]))
    return factor if factor and near and np.array_equal(values[0], factor * field[0]) else None
