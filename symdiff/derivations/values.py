"""Which values do the steps have at the inputs? Exact balls, as narrow as is asked; none where a size is symbolic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from symdiff.checking.printed import compared
from symdiff.derivations.rounding import certain, decimal, nearest_tie
from symdiff.derivations.steps import Step
from symdiff.errors import InputError, NotCompilable, Undetermined, explain
from symdiff.evaluation.arithmetics import READ_BALLS, working_precision
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.evaluation.rationals import RATIONALS
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input

_BITS = 200
_DOUBLINGS = 4
_PER_DIGIT = 4  # bits, and some to spare


@dataclass(frozen=True, eq=False)
class Value:
    """An array of balls that narrow on demand: behind each stands an exact number."""

    balls: Objects
    node: Node
    point: Point = field(repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.balls.shape

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.balls.size

    def __getitem__(self, place: Any) -> Any:
        """A ball, or some of them."""
        return self.balls[place]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Objects:
        """The balls as a NumPy array."""
        return self.balls

    def text(self, place: tuple[int, ...], digits: int) -> str:
        """One entry to some significant digits; see ``rounded``."""
        ball = self.balls[place]
        for ball in self._narrower(place, digits):
            if ball.is_finite():
                found = certain(ball, digits)
                if found is not None:
                    return found
                exact = self.point.rational(self.node)
                if exact is not None:
                    return decimal(exact[place], digits)
        return nearest_tie(ball, digits) if ball.is_finite() else "undefined"

    def _narrower(self, place: tuple[int, ...], digits: int) -> Iterator[Any]:
        bits = max(_BITS, _PER_DIGIT * digits + _BITS // 2)
        if bits == _BITS:
            yield self.balls[place]
        for doubling in range(_DOUBLINGS):
            found = self.point.balls(self.node, bits << doubling)
            if found is not None:
                yield found[place]


class Point:
    """Rational values of the inputs, and what follows from them at any precision."""

    def __init__(self, store: Store, inputs: Mapping[Node, Objects]) -> None:
        self.store, self.inputs = store, dict(inputs)
        self.rational = lru_cache(maxsize=None)(self._rational)
        self.balls = lru_cache(maxsize=512)(self._balls)

    def hold(self, nodes: Sequence[Node]) -> None:
        """Fix those that are rational, so that a comparison of them is decided where balls would overlap."""
        self.inputs |= {node: found for node in nodes if (found := self.rational(node)) is not None}

    def _rational(self, node: Node) -> Objects | None:
        """The exact values of a node; None where they are not rational, or nobody knows whether they are."""
        try:
            return evaluate(self.store, [node], self.inputs, RATIONALS)[0]
        except (NotCompilable, ZeroDivisionError):
            return None

    def _balls(self, node: Node, bits: int) -> Objects | None:
        found = self.all_balls([node], bits)
        return None if found is None else found[0]

    def all_balls(self, nodes: Sequence[Node], bits: int) -> list[Objects] | None:
        """Balls of some nodes; None on a kink, or where a comparison is too close."""
        with working_precision(bits):
            try:
                lifted = {k: lift(v, READ_BALLS) for k, v in self.inputs.items()}
                return evaluate(self.store, nodes, lifted, READ_BALLS)
            except (Undetermined, ZeroDivisionError):
                return None


def exact_values(store: Store, inputs: Mapping[Node, Objects], steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps with their values at a point of fractions, as far as they follow from it."""
    point = Point(store, inputs)
    inside = [s for s in steps if all(n in point.inputs for n in _inputs_of(store, s.node))]
    nodes = [step.node for step in inside]
    found = point.all_balls(nodes, _BITS)
    if found is None:
        point.hold(nodes)
        found = point.all_balls(nodes, _BITS)
    if found is None:
        return tuple(steps)
    held = {s.number: Value(balls, s.node, point) for s, balls in zip(inside, found, strict=True)}
    return tuple(replace(step, value=held.get(step.number)) for step in steps)


def rounded(value: Value | None, digits: int) -> str:
    """A value to some significant digits, rounded from the exact number; arrays in brackets.

    Halfway cases go to the even digit. A ball in which two roundings meet is narrowed until one is left; a tie that
    is a rational number is found by the arithmetic of fractions. What still touches a tie or zero at 16 times the
    bits that the digits need is taken for it.
    """
    if digits < 1:
        raise InputError(explain(f"digits={digits}", {"least": 1}, "Ask for one digit or more."))
    return "" if value is None else _nested(value, (), digits)


def _nested(value: Value, place: tuple[int, ...], digits: int) -> str:
    if len(place) == len(value.shape):
        return value.text(place, digits)
    rows = range(value.shape[len(place)])
    return "[" + ", ".join(_nested(value, (*place, k), digits) for k in rows) + "]"


def with_printed(steps: Sequence[Step], printed: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps, with what a text prints beside their values; InputError for a quantity without one."""
    known = {step.quantity: step for step in steps}
    for name in printed:
        if name not in known:
            facts: dict[str, object] = {"quantity": name, "known": ", ".join(known)}
            raise InputError(explain(f"printed={{{name!r}: ...}}", facts, "Use the name of a quantity."))
        if known[name].value is None:
            facts = {"quantity": name, "value": "none"}
            raise InputError(explain(f"printed={{{name!r}: ...}}", facts, "Give numbers for all inputs."))
    told = {n: compared(n, text, known[n].value.balls) for n, text in printed.items()}
    return tuple(replace(step, printed=told.get(step.quantity)) for step in steps)


def _inputs_of(store: Store, node: Node) -> list[Node]:
    return [n for n in store.ancestors([node]) if isinstance(store.op(n), Input)]
