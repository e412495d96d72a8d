"""What do floats make of a traced claim at the caller's own inputs? NaN, overflow, lost digits."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.arguments import claim_call, spread
from symdiff.checking.comparing import values
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, extra_tree, flat_claim, leaf_values
from symdiff.checking.sampling import Point, example_point
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import READ_BALLS, working_precision
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir.graph import Node
from symdiff.ir.sizes import concrete
from symdiff.verdicts import Mistake

LOST = {"float64": 1e-4, "float32": 5e-2}  # of an entry: more digits than anybody wants to lose
TINY = {"float64": 1e-290, "float32": 1e-35}  # below, floats lose digits by underflow
_MOST = 500
_BITS = 200  # a ball of 53 bits loses as many digits as a float
_PERTURBED = 3
EXCUSED = 64.0  # times what one rounding of the inputs does to the derivative itself


@dataclass(frozen=True)
class Trouble:
    """What happens, and a mistake if it refutes the claim."""

    reason: str
    mistake: Mistake | None = None


def float_troubles(question: Question, options: Options) -> list[Trouble | None]:
    """NaN or infinity at the caller's inputs where a derivative is finite refutes, and so do lost digits.

    Digits are lost by the claim if rounding the inputs once more would not lose them too: at a minimum, where a
    gradient is nothing but rounding, no formula is to blame.
    """
    pairs = spread(question.fn, question.examples)
    leaves = leaf_values(question)
    troubles: list[Trouble | None] = [None] * len(question.targets)
    if question.extra is not None:
        pairs.append((question.extra, _uneven(question)))
        leaves = [*leaves, *extra_tree(question).leaves(pairs[-1][1])]
    if options.dtype == "float32":
        pairs, leaves = [(name, _single(value)) for name, value in pairs], [_single(v) for v in leaves]
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
    truth = exact_values(question, [question.truth.outputs[k] for k in small], point)
    for k, balls in zip(small, truth or [], strict=False):
        if balls.shape == small[k].shape:
            excuse = partial(sensitivity, question, k, point, balls, options.dtype, options.seed)
            troubles[k] = trouble_of(small[k], balls, options.dtype, excuse)
    return troubles


def exact_values(question: Question, nodes: Sequence[Node], point: Point) -> list[Objects] | None:
    """The values in balls, with constants as they are read: intervals around rounded ones would hide lost digits."""
    store = question.truth.store
    with working_precision(_BITS):
        try:
            return evaluate(store, nodes, {k: lift(v, READ_BALLS) for k, v in point.items()}, READ_BALLS)
        except (Undetermined, ZeroDivisionError):
            return values(store, nodes, point)


def _single(value: Any) -> Any:
    """Reals in single precision, whatever their nesting."""
    if isinstance(value, dict):
        return {name: _single(v) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [_single(v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return np.asarray(value, dtype=np.float32)[()] if np.asarray(value).dtype.kind == "f" else value


def sensitivity(
    question: Question, k: int, point: Point, balls: Objects, dtype: str, seed: int = 0
) -> NDArray[Any]:
    """How far the derivative itself moves when its inputs are rounded once more."""
    step = Fraction(1, 2 ** (52 if dtype == "float64" else 23))
    rng = random.Random(seed)
    store, moved = question.truth.store, np.zeros(balls.shape)
    for _ in range(_PERTURBED):
        rounded = {n: _rounded(v, step, rng) if store.kind(n) == "real" else v for n, v in point.items()}
        there = exact_values(question, [question.truth.outputs[k]], rounded)
        if there is None:
            return np.full(balls.shape, np.inf)
        gaps = np.frompyfunc(_gap, 2, 1)(there[0], balls)
        moved = np.maximum(moved, np.asarray(gaps, dtype=float))
    return moved


def _rounded(array: Objects, step: Fraction, rng: random.Random) -> Objects:
    return np.asarray(
        np.frompyfunc(lambda v: v * (1 + rng.choice((-1, 1)) * step), 1, 1)(array), dtype=object
    )


def _gap(left: Any, right: Any) -> float:
    return abs(float((left - right).mid())) if left.is_finite() and right.is_finite() else np.inf


def trouble_of(
    got: NDArray[Any],
    balls: Objects,
    dtype: str,
    moved: Callable[[], NDArray[Any]],
    where: str = "at your inputs",
) -> Trouble | None:
    """The first entry that is not finite, or has lost its digits."""
    lost: Trouble | None = None
    for place in np.ndindex(got.shape):
        ball: Any = balls[place]
        exact = float(ball.mid()) if ball.is_finite() else np.inf
        if not np.isfinite(exact):
            continue  # no float holds it, so no claim could
        at = f"entry {list(place)}" if place else "the value"
        if not np.isfinite(got[place]):
            detail = f"{at} is {got[place]} in floats {where}, where the derivative is {exact:.6g}"
            return Trouble(detail, Mistake("nan", detail))
        gap = abs(got[place] - exact) - float(ball.rad())  # a rounded constant leaves the truth open
        if gap <= LOST[dtype] * abs(exact) or abs(exact) < TINY[dtype]:
            continue
        if lost is None and gap > EXCUSED * float(moved()[place]):
            detail = f"{at} is {got[place]:.6g} in floats {where}, exactly {exact:.6g}: digits are lost"
            lost = Trouble(detail, Mistake("cancellation", detail))
    return lost


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
