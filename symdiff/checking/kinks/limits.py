"""What does a derivative tend to at a point? Its values a hair's breadth away, in one direction after another."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, partial
from itertools import islice
from typing import Any, Literal, TypeAlias

import numpy as np

from symdiff.checking.kinks.exact_balls import arithmetic_at
from symdiff.checking.kinks.hulls import CLOSE, Numbers
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import BALLS, Arithmetic, working_precision
from symdiff.evaluation.exact import Objects, as_objects, evaluate, lift
from symdiff.ir.graph import Node

Outcome: TypeAlias = Literal["finite", "infinite slope", "jump", "outside", "no telling"]
Direction: TypeAlias = Mapping[Node, Objects]
Row: TypeAlias = tuple[Numbers, tuple[Numbers, ...]]

_STEPS = (Fraction(1, 2**100), Fraction(1, 2**140))  # two, so that what grows without bound is seen
_BITS, _NEAR_BITS = 900, 400
_FLAT = 1e-9  # what a continuous function or its derivative moves within a step is far smaller
_SHARP = 1e-12  # constants of the author's are known to a few units in the last place
_RANDOM = 6
_MOST_AXES = 40
_SIZES = [Fraction(k, 97) for k in range(-97, 98) if k]
_UP = [1 + Fraction(k, 997) for k in range(1, 98)]
_DOWN = [-size for size in _UP]


@dataclass(frozen=True)
class Limit:
    """What the derivative tends to in one direction, and the function, if it tends to anything."""

    outcome: Outcome
    derivative: Numbers
    value: tuple[Numbers, ...] = ()


@dataclass
class Surroundings:
    """A point of a question, and the limits there that were looked at: of some targets, end to end in one row."""

    question: Question
    targets: tuple[int, ...]
    point: Point
    limits: list[Limit] = field(default_factory=list)

    @cached_property
    def nodes(self) -> list[Node]:
        """What is moved: the arguments by which the derivative is taken."""
        forward = self.question.forward
        return [forward.node(leaf) for name in self.question.wrt for leaf in forward.leaf_names(name)]

    @cached_property
    def arithmetic(self) -> Arithmetic:
        """Balls; where they leave a comparison open, balls that know their fractions."""
        with working_precision(_NEAR_BITS):
            return arithmetic_at(self.question.truth.store, self.wanted, self.point) or BALLS

    @cached_property
    def base(self) -> dict[Node, Objects]:
        """The point in balls, named intermediates that are moved included."""
        lifted = {k: lift(v, self.arithmetic) for k, v in self.point.items()}
        held = [node for node in self.nodes if node not in lifted]
        found = evaluated(self.question, held, lifted, self.arithmetic) if held else []
        return lifted | dict(zip(held, found, strict=True)) if found is not None else {}

    @cached_property
    def wanted(self) -> list[Node]:
        """The nodes that are evaluated: the derivatives and the values of the function."""
        return [*(self.question.truth.outputs[k] for k in self.targets), *self.question.forward.outputs]

    @cached_property
    def here(self) -> Row | None:
        """The derivative and the values of the function at the point, NaN where a formula has no value."""
        with working_precision(_NEAR_BITS):
            found = evaluated(self.question, self.wanted, self.base, self.arithmetic)
        return None if found is None else self._row(found)

    def _row(self, found: Sequence[Objects]) -> Row:
        count = len(self.targets)
        return joined(found[:count]), tuple(map(numbers, found[count:]))

    @property
    def is_singular(self) -> bool:
        """Whether the formula of the derivative has no value at the point itself."""
        return self.here is None or not np.isfinite(self.here[0]).all()

    @cached_property
    def moving(self) -> list[Node]:
        """What is moved: what the derivative is taken by, or all that is real where its formula has no value then.

        So it is with ``a**b*log(a)``, the derivative of ``a**b`` by b, all along ``a = 0``. Where the function is
        continuous, the limit from all around is its derivative there.
        """
        store = self.question.truth.store
        if not self.is_singular or any(map(self._has_value_toward, islice(_slanted(self, self.nodes), 2))):
            return self.nodes
        return [n for n in self.base if n in self.nodes or store.kind(n) == "real"]

    def _has_value_toward(self, direction: Direction) -> bool:
        with working_precision(_BITS):
            found = self._evaluated(direction, _STEPS[-1])
        return found is None or bool(np.isfinite(self._row(found)[0]).all())

    def _evaluated(self, direction: Direction, step: Fraction) -> list[Objects] | None:
        """What is wanted, a step further in a direction."""
        own = self.arithmetic
        moved = {
            node: as_objects(value + own.number(step) * lift(direction[node], own))
            if node in direction
            else value
            for node, value in self.base.items()
        }
        return evaluated(self.question, self.wanted, moved, own)

    @property
    def finite(self) -> list[Numbers]:
        """The limits that exist."""
        return [limit.derivative for limit in self.limits if limit.outcome == "finite"]

    @property
    def is_continuous(self) -> bool:
        """Whether the function has one limit from all sides; that it has no other value, ``look`` sees."""
        values = [
            np.concatenate([np.ravel(v) for v in x.value]) for x in self.limits if x.outcome == "finite"
        ]
        return spread(values) <= CLOSE

    def look(self, direction: Direction) -> Limit:
        """Walk in one direction, and keep what is found."""
        with working_precision(_BITS if self.is_singular else _NEAR_BITS):
            limit = self._limit(direction)
        self.limits.append(limit)
        return limit

    def _limit(self, direction: Direction) -> Limit:
        rows = []
        for step in _STEPS if self.is_singular else _STEPS[1:]:
            found = self._evaluated(direction, step)
            if found is None:
                return Limit("no telling", np.empty(0))
            rows.append(self._row(found))
        return _judged(rows, () if self.here is None else self.here[1])


def evaluated(
    question: Question, wanted: Sequence[Node], held: Mapping[Node, Objects], arithmetic: Arithmetic
) -> list[Objects] | None:
    """Balls of some nodes from balls of others; None where a comparison is too close to call."""
    try:
        return evaluate(question.truth.store, wanted, held, arithmetic)
    except (Undetermined, ZeroDivisionError):
        return None


def _judged(rows: Sequence[Row], here: Sequence[Numbers]) -> Limit:
    derivative, value = rows[-1]
    if not all(np.isfinite(v).all() for v in value):
        return Limit("outside", derivative)
    known = zip(here, value, strict=True) if here else ()
    if any(np.isfinite(a).all() and not _near(a, b) for a, b in known):
        return Limit("jump", derivative)
    if not np.isfinite(derivative).all():
        return Limit("no telling", derivative)
    first = rows[0][0]
    if not _near(first, derivative):
        grows = np.max(np.abs(derivative)) > 1.2 * np.max(np.abs(first))
        settles = all(map(_near, rows[0][1], value))
        return Limit("infinite slope" if grows else "no telling", derivative, value if settles else ())
    return Limit("finite", derivative, value)


def _near(left: Numbers, right: Numbers) -> bool:
    return bool(np.all(np.abs(left - right) <= _FLAT * (1 + np.abs(left) + np.abs(right))))


def joined(arrays: Sequence[Objects]) -> Numbers:
    """The numbers of some arrays, end to end."""
    return np.concatenate([np.ravel(numbers(array)) for array in arrays])


def numbers(balls: Objects) -> Numbers:
    """The middles of sharp balls; NaN for what has no value or is too wide to tell."""
    return np.array([_number(ball) for ball in balls.flat]).reshape(balls.shape)


def _number(ball: Any) -> float:
    if not ball.is_finite():
        return np.nan
    middle = float(ball.mid())
    return middle if float(ball.rad()) <= _SHARP * (1 + abs(middle)) else np.nan


def spread(limits: Sequence[Numbers]) -> float:
    """How far some limits are apart, beside their size."""
    every = np.stack(limits)
    return float(np.max(np.ptp(every, axis=0) / (1 + np.max(np.abs(every), axis=0)), initial=0))


# Directions ---------------------------------------------------------------------------------------------------


def slanted(place: Surroundings) -> Iterator[Direction]:
    """All entries down, all up, each a little differently, and some at random: where most conventions show."""
    return _slanted(place, place.moving)


def _slanted(place: Surroundings, nodes: Sequence[Node]) -> Iterator[Direction]:
    rng = random.Random(0)
    for sizes in (_DOWN, _UP, *[_SIZES] * _RANDOM):
        yield {n: _filled(n, place, partial(rng.choice, sizes)) for n in nodes}


def along_axes(place: Surroundings) -> Iterator[Direction]:
    """Both ways along every entry, a little along the others, so that no tie remains."""
    for node in place.nodes:
        shape = place.base[node].shape
        for index in islice(np.ndindex(shape), _MOST_AXES):
            for sign in (1, -1):
                yield from widened(place, {node: _unit(shape, index, sign)})


def widened(place: Surroundings, direction: Direction) -> Iterator[Direction]:
    """A direction; where a formula has no value, the other arguments move too, a little up and a little down."""
    others = [n for n in place.moving if n not in direction] if place.is_singular else []
    for sign in (1, -1) if others else (1,):
        around = {n: _sloping(place.base[n].shape, Fraction(sign, 1000 + 7 * n)) for n in others}
        yield {**around, **direction}


def toward(nodes: Sequence[Node], place: Surroundings, row: Numbers) -> Direction:
    """A row of floats as a direction of some nodes."""
    shapes = [place.base[node].shape for node in nodes]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    exact = np.array([Fraction(float(v)) for v in row / (np.max(np.abs(row), initial=0) or 1)], dtype=object)
    parts = np.split(exact, ends[:-1])
    return {node: part.reshape(shape) for node, part, shape in zip(nodes, parts, shapes, strict=True)}


def _filled(node: Node, place: Surroundings, draw: Callable[[], Fraction]) -> Objects:
    result = np.empty(place.base[node].shape, dtype=object)
    for index in np.ndindex(result.shape):
        result[index] = draw()
    return result


def _unit(shape: tuple[int, ...], place: tuple[int, ...], sign: int) -> Objects:
    direction = _sloping(shape, Fraction(-sign, 1000))
    direction[place] = Fraction(sign)
    return direction


def _sloping(shape: tuple[int, ...], slope: Fraction) -> Objects:
    """A little everywhere, nowhere the same."""
    direction = np.empty(shape, dtype=object)
    for k, index in enumerate(np.ndindex(shape)):
        direction[index] = slope * (k + 1)
    return direction
