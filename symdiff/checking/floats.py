"""What do floats make of a traced claim at the caller's own inputs? NaN, overflow, lost digits."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from symdiff.checking.comparing import values
from symdiff.checking.kinks import is_on_kink
from symdiff.checking.questions import Question, flat_claim, leaf_values
from symdiff.checking.sampling import example_point
from symdiff.verdicts import Mistake

_LOST = 1e-6


@dataclass(frozen=True)
class Trouble:
    """What happens, and a mistake if it refutes the claim."""

    reason: str
    mistake: Mistake | None = None


def float_trouble(question: Question, target: int) -> Trouble | None:
    """NaN or infinity at the caller's inputs where the derivative is finite refutes; lost digits are reported."""
    call = list(question.examples.values())
    leaves = leaf_values(question)
    if question.extra is not None:
        return None
    try:
        with np.errstate(all="ignore"):
            got = np.asarray(flat_claim(question, question.claim(*copy.deepcopy(call)))[target], dtype=float)
    except Exception:  # the plain call is foreign code; the traced graph has been judged already
        return None
    point = example_point(question.truth, dict(zip(question.truth.inputs, leaves, strict=True)))
    if is_on_kink(question.truth.store, question.kinks, point):
        return None
    truth = values(question.truth.store, [question.truth.outputs[target]], point) if got.size <= 500 else None
    if truth is None or truth[0].shape != got.shape:
        return None
    scale = max((abs(float(b.mid())) for b in truth[0].ravel() if b.is_finite()), default=0.0)
    for place in np.ndindex(got.shape):
        ball: Any = truth[0][place]
        if not ball.is_finite():
            continue
        exact = float(ball.mid())
        if not np.isfinite(got[place]):
            at = f"entry {list(place)}" if place else "the value"
            detail = f"{at} is {got[place]} in floats at your inputs, where the derivative is {exact:.6g}"
            return Trouble(detail, Mistake("nan", detail))
        if abs(got[place] - exact) > _LOST * scale and abs(got[place] - exact) > _LOST * abs(exact):
            at = f"entry {list(place)}" if place else "the value"
            return Trouble(f"{at} is {got[place]:.6g} in floats at your inputs, exactly {exact:.6g}: digits are lost")
    return None
