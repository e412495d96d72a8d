"""How do a function and a claim answer when an argument is moved? In ball arithmetic, at points of every size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any

import flint
import numpy as np

from symdiff.checking.comparing import values
from symdiff.checking.domains import Domain
from symdiff.checking.kinks.ties import gaps
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point, is_inside, points
from symdiff.checking.witnesses import by_node
from symdiff.checking.wording import called
from symdiff.evaluation.exact import Objects
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.ops import Input, Map
from symdiff.verdicts import symbol_of

TURNS, _ENOUGH = 7, 5  # one turn for each regime of sampling; a function may be undefined at some
_NARROW = 1e-15


@dataclass(frozen=True)
class Invariant:
    """What every right answer has: in a sentence, in a few words, and what the claim gives where it breaks it."""

    sentence: str
    words: str
    broken: str = ""

    @property
    def told(self) -> str:
        """The sentence and what is wrong with it."""
        return f"{self.sentence}; {self.broken}"


@dataclass(frozen=True)
class Moving:
    """A question and a target at a point; ``drawn`` are the points at which the function itself is moved."""

    question: Question
    target: int
    point: Point
    domain: Domain

    @property
    def fn(self) -> str:
        """What the function is called."""
        return called(self.question.fn, "f")

    @property
    def name(self) -> str:
        """The argument by which the target is the derivative."""
        return self.question.targets[self.target].rpartition(", ")[2]

    @property
    def symbol(self) -> str:
        """What the derivative is called: ``dx``."""
        return symbol_of(self.question.of, self.name)

    @cached_property
    def node(self) -> Node | None:
        """The argument's node, if it may be moved freely."""
        forward = self.question.forward
        if self.question.of in ("value", "jvp") or self.name not in forward.input_names:
            return None
        is_set = isinstance(self.domain.get(self.name), str)
        return None if is_set or _has_a_bound(self.question) else forward.node(self.name)

    @cached_property
    def drawn(self) -> list[tuple[Point, list[Objects]]]:
        """Points of every size and the function's values there."""
        stream = points(self.question.forward, by_node(self.question), self.domain, 5)
        found = [(p, self.outputs(p)) for p in islice(stream, TURNS)]
        return [(p, y) for p, y in found if y is not None]

    def outputs(self, point: Point) -> list[Objects] | None:
        """The function's values, if they are finite."""
        forward = self.question.forward
        found = values(forward.store, forward.outputs, point)
        finite = found is not None and all(v.is_finite() for y in found for v in y.ravel())
        return found if finite else None

    def holds(self, moved: Callable[[Objects, int], Objects], expected: Callable[[Any, int], Any]) -> bool:
        """Whether the function is ``expected(value here, turn)`` wherever x can be moved, and at enough places."""
        assert self.node is not None
        count = 0
        for turn, (point, here) in enumerate(self.drawn):
            there_point = {**point, self.node: moved(point[self.node], turn)}
            if not is_inside(self.question.forward, there_point, self.domain, point):
                continue
            there = self.outputs(there_point)
            if there is None:
                continue
            found = [(a, expected(b, turn)) for y, x in zip(there, here, strict=True) for a, b in pairs(y, x)]
            if not all(a.overlaps(b) for a, b in found):
                return False
            count += all(_is_narrow(a, b) for a, b in found)
        return count >= _ENOUGH

    def claim(self, point: Point) -> Objects | None:
        """The claim's values, if they are finite."""
        return self._target(self.question.claimed or (), point)

    def truth(self, point: Point) -> Objects | None:
        """The true values, if they are finite."""
        return self._target(self.question.truth.outputs, point)

    def _target(self, nodes: Sequence[Node], point: Point) -> Objects | None:
        found = values(self.question.truth.store, [nodes[self.target]], point)
        return found[0] if found is not None and all(v.is_finite() for v in found[0].ravel()) else None

    @property
    def extras(self) -> list[Node]:
        """The cotangent or direction."""
        return list(self.question.truth.inputs[len(self.question.forward.inputs) :])

    @property
    def extra_names(self) -> list[str]:
        """What the cotangent or direction is called."""
        return list(self.question.truth.input_names[len(self.question.forward.inputs) :])


def pairs(left: Objects, right: Objects) -> Iterator[tuple[Any, Any]]:
    """The entries of two arrays of one shape, side by side."""
    return zip(left.ravel(), right.ravel(), strict=True)


def unfit(left: Objects, right: Objects, fits: Callable[[Any, Any], Any]) -> tuple[int, ...] | None:
    """The first place at which two arrays do not fit."""
    return next((place for place in np.ndindex(left.shape) if not fits(left[place], right[place])), None)


def entry(name: str, place: tuple[int, ...]) -> str:
    """``dx[0]``; of a number the bare name."""
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def ball(value: Fraction) -> Any:
    """An exact number as a ball."""
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def _is_narrow(*balls: Any) -> bool:
    """Whether balls are narrow enough that values which overlap are equal."""
    size = max(1e-9, *(float(abs(b).upper()) for b in balls))
    return all(float(b.rad()) <= _NARROW * size for b in balls)


def _has_a_bound(question: Question) -> bool:
    """Whether a branch compares with a number: then a symmetry seen at some points may end at others."""
    store = question.forward.store
    operands = [k for node in question.kinks for k in store.operands(node)]
    leaves = [node for node in store.ancestors(operands) if not store.operands(node)]
    numbers = [node for node in leaves if not isinstance(store.op(node), Input)]
    formulas = [op.formula for op in map(store.op, question.kinks) if isinstance(op, Map)]
    offsets = [gap.as_coeff_Add()[0] for formula in formulas for gap in gaps(formula)]
    return any(alg.constant_value(store, n) not in (0, 1, -1) for n in numbers) or any(offsets)
