"""What do floats make of a traced claim at the caller's own inputs? NaN, overflow, lost digits."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.arguments import claim_call, spread
from symdiff.checking.comparing import values
from symdiff.checking.kinks import is_on_kink
from symdiff.checking.questions import Question, extra_tree, flat_claim, leaf_values
from symdiff.checking.sampling import Point, example_point
from symdiff.evaluation.arithmetics import working_precision
from symdiff.evaluation.exact import Objects
from symdiff.ir.sizes import concrete
from symdiff.verdicts import Mistake

_LOST = 1e-6
_MOST = 500
_BITS = 200  # a ball of 53 bits loses as many digits as a float


@dataclass(frozen=True)
class Trouble:
    """What happens, and a mistake if it refutes the claim."""

    reason: str
    mistake: Mistake | None = None


def float_troubles(question: Question) -> list[Trouble | None]:
    """NaN or infinity at the caller's inputs where a derivative is finite refutes; lost digits are reported."""
    pairs = spread(question.fn, question.examples)
    leaves = leaf_values(question)
    troubles: list[Trouble | None] = [None] * len(question.targets)
    if question.extra is not None:
        pairs.append((question.extra, _uneven(question)))
        leaves = [*leaves, *extra_tree(question).leaves(pairs[-1][1])]
    args, kwargs = copy.deepcopy(claim_call(question.claim, pairs))
    try:
        with np.errstate(all="ignore"):
            returned = flat_claim(question, question.claim(*args, **kwargs))
            got = [np.asarray(value, dtype=float) for value in returned]
    except Exception:  # the plain call is foreign code; the traced graph has been judged already
        return troubles
    small = {k: value for k, value in enumerate(got) if value.size <= _MOST}
    point = example_point(question.truth, dict(zip(question.truth.inputs, leaves, strict=True)))
    if is_on_kink(question.truth.store, question.kinks, point):
        return [
            _undefined_on_kink(question, small[k], point) if k in small else None for k in range(len(got))
        ]
    with working_precision(_BITS):
        truth = values(question.truth.store, [question.truth.outputs[k] for k in small], point)
    for k, balls in zip(small, truth or [], strict=False):
        troubles[k] = _trouble(small[k], balls) if balls.shape == small[k].shape else None
    return troubles


def _trouble(got: NDArray[Any], balls: Objects) -> Trouble | None:
    scale = max((abs(float(b.mid())) for b in balls.ravel() if b.is_finite()), default=0.0)
    for place in np.ndindex(got.shape):
        ball: Any = balls[place]
        if not ball.is_finite():
            continue
        exact = float(ball.mid())
        if not np.isfinite(exact):
            continue  # no float holds it, so no claim could
        if not np.isfinite(got[place]):
            at = f"entry {list(place)}" if place else "the value"
            detail = f"{at} is {got[place]} in floats at your inputs, where the derivative is {exact:.6g}"
            return Trouble(detail, Mistake("nan", detail))
        if abs(got[place] - exact) > _LOST * scale and abs(got[place] - exact) > _LOST * abs(exact):
            at = f"entry {list(place)}" if place else "the value"
            return Trouble(
                f"{at} is {got[place]:.6g} in floats at your inputs, exactly {exact:.6g}: digits are lost"
            )
    return None


def _undefined_on_kink(question: Question, got: NDArray[Any], point: Point) -> Trouble | None:
    """NaN is no derivative of a function that is finite there, whatever the convention."""
    finite = values(question.truth.store, question.forward.outputs, point)
    if finite is None or not all(ball.is_finite() for array in finite for ball in array.ravel()):
        return None
    if np.isfinite(got).all():
        return None
    detail = "the claim is not finite at your inputs, which lie on a kink of a finite function"
    return Trouble(detail, Mistake("nan", detail))


def _uneven(question: Question) -> Any:
    """A cotangent or direction with all entries different."""
    forward, truth = question.forward, question.truth
    arrays = []
    for node in truth.inputs[len(forward.inputs) :]:
        shape = concrete(truth.shape(node), "cotangent")
        size = int(np.prod(shape))
        arrays.append((np.arange(1, size + 1) / 4).reshape(shape) if shape else 0.25)
    return extra_tree(question).build(arrays)
