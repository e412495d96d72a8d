"""Does an independent road confirm the derivative that the rules gave? Numbers that know no rule.

Central differences at 120 digits with a step of 1e-30 are right to about 60 places; they use the forward graph only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from symdiff.checking.questions import Question
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import MPMATH, working_precision
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir.graph import Node

_BITS = 420
_STEP = Fraction(1, 10**30)
_CLOSE = Fraction(1, 10**25)  # the step's square times any third derivative below 1e35

Values = dict[Node, Objects]
Phi = Callable[[int, int], Any]


def confirm(question: Question, point: Mapping[Node, Objects], seed: int = 0) -> bool | None:
    """Whether differences agree with the true derivative at a point; None on kinks and poles, which cannot tell."""
    with working_precision(_BITS):
        try:
            lifted = {k: lift(v, MPMATH) for k, v in point.items()}
            truth = evaluate(question.truth.store, question.truth.outputs, lifted, MPMATH)
            pairs = _pairs(question, lifted, truth, random.Random(seed))
        except (Undetermined, ZeroDivisionError, ValueError):
            return None
        if not all(mpmath.isfinite(number) for pair in pairs for number in pair):
            return None
        close = mpmath.mpf(_CLOSE.numerator) / _CLOSE.denominator
        return all(abs(derived - measured) <= close * (1 + abs(derived)) for derived, measured in pairs)


def _pairs(
    question: Question, at: Values, truth: Sequence[Objects], rng: random.Random
) -> list[tuple[Any, Any]]:
    """(derived, measured) numbers, one for each argument or output."""
    forward = question.forward
    nodes = [forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)]
    added = question.truth.inputs[len(forward.inputs) :]
    weights = [_random(forward.shape(y), rng) for y in forward.outputs]
    match question.of:
        case "value":
            return []
        case "gradient" | "vjp":
            weights = [at[n] for n in added] if question.of == "vjp" else [lift(np.array(1), MPMATH)]
            us = [_random(forward.shape(n), rng) for n in nodes]
            return [
                (_dot(t, u), _first(_phi(question, at, weights, {n: u})))
                for n, u, t in zip(nodes, us, truth, strict=True)
            ]
        case "jacobian":
            us = [_random(forward.shape(n), rng) for n in nodes]
            rank = len(forward.shape(forward.outputs[0]))
            rows = [np.tensordot(weights[0], t, axes=rank) if rank else weights[0] * t for t in truth]
            return [
                (_dot(r, u), _first(_phi(question, at, weights, {n: u})))
                for n, u, r in zip(nodes, us, rows, strict=True)
            ]
        case "jvp":
            moves = {n: at[d] for n, d in zip(nodes, added, strict=True)}
            derived = sum((_dot(w, t) for w, t in zip(weights, truth, strict=True)), mpmath.mpf(0))
            return [(derived, _first(_phi(question, at, weights, moves)))]
        case "hvp":
            moves = {n: at[d] for n, d in zip(nodes, added, strict=True)}
            vs = [_random(forward.shape(n), rng) for n in nodes]
            derived = sum((_dot(v, t) for v, t in zip(vs, truth, strict=True)), mpmath.mpf(0))
            return [(derived, _second(_phi(question, at, None, moves, dict(zip(nodes, vs, strict=True)))))]
        case "hessian":
            us, vs = ([_random(forward.shape(n), rng) for n in nodes] for _ in range(2))
            blocks = [(u, v) for u in us for v in vs]
            derived = sum(
                (_dot(np.multiply.outer(u, v), t) for (u, v), t in zip(blocks, truth, strict=True)),
                mpmath.mpf(0),
            )
            phi = _phi(
                question, at, None, dict(zip(nodes, us, strict=True)), dict(zip(nodes, vs, strict=True))
            )
            return [(derived, _second(phi))]


def _phi(
    question: Question, at: Values, weights: Sequence[Objects] | None, us: Values, vs: Values | None = None
) -> Phi:
    """``phi(s, t) = sum of weights * f(x + s h u + t h v)``; a named intermediate moves while the rest is held."""
    forward = question.forward
    held = [n for n in {**us, **(vs or {})} if n not in at]
    base = dict(zip(held, evaluate(forward.store, held, at, MPMATH), strict=True)) | at
    step = MPMATH.number(_STEP)

    def phi(s: int, t: int) -> Any:
        moved = dict(at)
        for node in {**us, **(vs or {})}:
            shift = s * us[node] if node in us else 0
            shift = shift + t * vs[node] if vs and node in vs else shift
            moved[node] = base[node] + step * shift
        outputs = evaluate(forward.store, forward.outputs, moved, MPMATH)
        parts = (
            [y[()] for y in outputs]
            if weights is None
            else [_dot(w, y) for w, y in zip(weights, outputs, strict=True)]
        )
        return sum(parts, mpmath.mpf(0))

    return phi


def _first(phi: Phi) -> Any:
    return (phi(1, 0) - phi(-1, 0)) / (2 * MPMATH.number(_STEP))


def _second(phi: Phi) -> Any:
    return (phi(1, 1) - phi(1, -1) - phi(-1, 1) + phi(-1, -1)) / (4 * MPMATH.number(_STEP) ** 2)


def _random(shape: Any, rng: random.Random) -> Objects:
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = MPMATH.number(Fraction(rng.randint(-16, 16), 8))
    return result


def _dot(left: Any, right: Any) -> Any:
    return sum((a * b for a, b in zip(np.ravel(left), np.ravel(right), strict=True)), mpmath.mpf(0))
