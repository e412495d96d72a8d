"""Does an independent road confirm the derivative that the rules gave? Numbers that know no rule.

Central differences at 120 digits with a step of 1e-30 are right to about 60 places; they use the forward graph only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import flint
import mpmath
import numpy as np

from symdiff.checking.questions import Question
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import MPMATH, READ_BALLS, Arithmetic, working_precision
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir.graph import Node

_BITS = 420
_STEP = Fraction(1, 10**30)
_CLOSE = Fraction(1, 10**25)  # the step's square times any third derivative below 1e35

Values: TypeAlias = dict[Node, Objects]
Phi: TypeAlias = Callable[[int, int], Any]


def confirm(question: Question, point: Mapping[Node, Objects], seed: int = 0) -> bool | None:
    """Whether differences agree with the true derivative at a point; None on kinks and poles, which cannot tell.

    In balls, which are quick; where they cannot tell, in mpmath.
    """
    with working_precision(_BITS):
        for arithmetic in (READ_BALLS, MPMATH):
            try:
                answer = _Differences(question, point, arithmetic, random.Random(seed)).agree()
            except (Undetermined, ZeroDivisionError, ValueError):
                continue
            if answer is not None:
                return answer
    return None


@dataclass
class _Differences:
    """Derivatives along random directions, once from the rules and once measured."""

    question: Question
    point: Mapping[Node, Objects]
    arithmetic: Arithmetic
    rng: random.Random

    def __post_init__(self) -> None:
        question, forward = self.question, self.question.forward
        self.at: Values = {k: lift(v, self.arithmetic) for k, v in self.point.items()}
        self.nodes = [forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)]
        self.added = question.truth.inputs[len(forward.inputs) :]
        self.step = self.arithmetic.number(_STEP)

    def agree(self) -> bool | None:
        """Whether each pair of numbers is the same up to the error of differences; None if one is not finite."""
        truth = evaluate(self.question.truth.store, self.question.truth.outputs, self.at, self.arithmetic)
        close = self.arithmetic.number(_CLOSE)
        answers: list[bool] = []
        for derived, measured in self._pairs(truth):
            if not _is_finite(derived) or not _is_finite(measured):
                return None
            gap, most = abs(derived - measured), close * (1 + abs(derived))
            if not gap < most and not gap > most:  # two balls that overlap
                return None
            answers.append(bool(gap < most))
        return all(answers)

    def _pairs(self, truth: Sequence[Objects]) -> Iterator[tuple[Any, Any]]:
        """(derived, measured) numbers along directions that together move every argument."""
        nodes, at, added = self.nodes, self.at, self.added
        weights = [self._random(y) for y in self.question.forward.outputs]
        us = dict(zip(nodes, map(self._random, nodes), strict=True))
        match self.question.of:
            case "value":
                return
            case "gradient" | "vjp":
                one = lift(np.array(1), self.arithmetic)
                cotangents = [at[n] for n in added] if self.question.of == "vjp" else [one]
                yield from self._each(us, truth, cotangents)
            case "jacobian":
                rank = weights[0].ndim
                rows = [np.tensordot(weights[0], t, axes=rank) if rank else weights[0] * t for t in truth]
                yield from self._each(us, rows, weights)
            case "jvp":
                moves = {n: at[d] for n, d in zip(nodes, added, strict=True)}
                yield self._total(weights, truth), self._first(self._phi(weights, moves))
            case "hvp":
                moves = {n: at[d] for n, d in zip(nodes, added, strict=True)}
                yield self._total(us.values(), truth), self._second(self._phi(None, moves, us))
            case "hessian":
                vs = dict(zip(nodes, map(self._random, nodes), strict=True))
                blocks = [np.multiply.outer(u, v) for u in us.values() for v in vs.values()]
                yield self._total(blocks, truth), self._second(self._phi(None, us, vs))

    def _each(
        self, us: Values, rows: Sequence[Objects], weights: Sequence[Objects]
    ) -> Iterator[tuple[Any, Any]]:
        """All inputs move together; a named intermediate alone, because it would hide what lies before it."""
        by_node = dict(zip(us, rows, strict=True))
        inputs = [n for n in us if n in self.at]
        for group in (inputs, *([n] for n in us if n not in self.at)):
            moves = {n: us[n] for n in group}
            if moves:
                derived = self._total(moves.values(), [by_node[n] for n in group])
                yield derived, self._first(self._phi(weights, moves))

    def _phi(self, weights: Sequence[Objects] | None, us: Values, vs: Values | None = None) -> Phi:
        """``phi(s, t) = sum of weights * f(x + s h u + t h v)``; a named intermediate moves while the rest is held."""
        forward, at, vs = self.question.forward, self.at, vs or {}
        moving = dict.fromkeys((*us, *vs))
        held = [n for n in moving if n not in at]
        base = dict(zip(held, evaluate(forward.store, held, at, self.arithmetic), strict=True)) | at

        def phi(s: int, t: int) -> Any:
            moved = dict(at)
            for node in moving:
                shift = s * us[node] if node in us else 0
                shift = shift + t * vs[node] if node in vs else shift
                moved[node] = base[node] + shift * self.step
            outputs = evaluate(forward.store, forward.outputs, moved, self.arithmetic)
            return self._total([1] * len(outputs) if weights is None else weights, outputs)

        return phi

    def _first(self, phi: Phi) -> Any:
        return (phi(1, 0) - phi(-1, 0)) / (2 * self.step)

    def _second(self, phi: Phi) -> Any:
        return (phi(1, 1) - phi(1, -1) - phi(-1, 1) + phi(-1, -1)) / (4 * self.step**2)

    def _random(self, node: Node) -> Objects:
        result = np.empty(self.question.forward.shape(node), dtype=object)
        for place in np.ndindex(result.shape):
            result[place] = self.arithmetic.number(Fraction(self.rng.randint(-16, 16), 8))
        return result

    def _total(self, left: Any, right: Sequence[Objects]) -> Any:
        """The sum of the products of all entries."""
        products = (
            a * b
            for x, y in zip(left, right, strict=True)
            for a, b in zip(np.ravel(x), np.ravel(y), strict=True)
        )
        return sum(products, self.arithmetic.number(Fraction(0)))


def _is_finite(number: Any) -> bool:
    return bool(number.is_finite() if isinstance(number, flint.arb) else mpmath.isfinite(number))
