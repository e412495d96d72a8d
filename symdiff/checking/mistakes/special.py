"""Is a claim right at ordinary points and wrong at special ones? On a tie, at a kink, or beyond a bound."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np

from symdiff.checking.formulas import formula_text
from symdiff.checking.kinks.standing import wrong_on_kink
from symdiff.checking.kinks.thresholds import signs, thresholds
from symdiff.checking.mistakes.probing import is_smooth
from symdiff.checking.options import Options
from symdiff.checking.witnesses import Found, wrong_at
from symdiff.verdicts import Mistake

_BESIDE = 8


def special(found: Found, options: Options) -> Mistake:
    """Right at ordinary points: wrong on a tie, or between two bounds."""
    question = found.question
    assert question.claimed is not None
    store = question.truth.store
    every = thresholds(store, (*question.forward.outputs, question.claimed[found.target]))
    tied = [t for t in every if 0 in np.ravel(signs(store, t, found.point))]
    derived = formula_text(store, question.truth.outputs[found.target])
    if not _is_wrong_beside(found, options):
        where = f"where {formula_text(store, tied[0].node, 60)} is tied" if tied else "at a special point"
        if (
            found.comparison.outcome == "differ on a kink"
            and wrong_on_kink(question, (found.target,), found.point) == {}
        ):
            told = f"each argument's part is right alone, but they are no derivative together {where}"
            return Mistake("edge", told, repair=derived)
        return Mistake("edge", f"right at ordinary points, wrong {where}", repair=derived)
    return Mistake("threshold", "right at ordinary points, wrong beyond a bound", repair=derived)


def _is_wrong_beside(found: Found, options: Options) -> bool:
    """Whether the claim is wrong also a little off the special point, on some side."""
    question, store = found.question, found.question.truth.store
    rng = random.Random(options.seed)
    for _ in range(_BESIDE):
        point = {
            n: np.asarray(
                np.frompyfunc(
                    lambda v: v + Fraction(rng.choice((-1, 1)) * rng.randint(1, 9_973), 2**23), 1, 1
                )(v),
                dtype=object,
            )
            if store.kind(n) == "real"
            else v
            for n, v in found.point.items()
        }
        answer = wrong_at(question, point, found.target) if is_smooth(question, point) else None
        if answer is not None and answer.outcome == "differ":
            return True
    return False
