"""Are two formulas equal for all inputs? Balls at rational points can refute; an exact test can prove."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import numpy as np

from symdiff.checking.comparing import PRECISIONS, values
from symdiff.checking.printed import exact_point
from symdiff.evaluation.arithmetics import working_precision
from symdiff.exercises.quantities import Quantities
from symdiff.exercises.thresholds import Place, gaps, places
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input
from symdiff.ir.sizes import product
from symdiff.proof.at_shape.zero_test import equal_at_shape

Equality: TypeAlias = Literal["proved", "agrees", "differs", "undefined", "unknown"]
ENOUGH, MANY = 9, 90  # points beside a proof, and without one: each side of a kink must be met
_MOST_POINTS, _MOST_ENTRIES, _SECONDS = 36, 20_000, 4.0
_FINE = 4096  # bits: a difference of 1e-300 is one
_CLEAR = 1e-12  # balls as wide as exp(1e200) meet everything
_BITS = 64
_SMALL = 1e-3  # what a formula without a jump changes by, close by, at most


@dataclass(frozen=True)
class Equal:
    """Whether two nodes are equal; ``assumptions`` where a proof leaves points out."""

    answer: Equality
    assumptions: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Proved, or equal at all points that were tried."""
        return self.answer in ("proved", "agrees")


@dataclass(frozen=True)
class Judge:
    """Compares nodes over the quantities of one derivation; ``domain`` narrows its inputs.

    ``values`` are those of the quantities at the given inputs, as far as they are known.
    """

    quantities: Quantities
    inputs: Mapping[str, Any]
    domain: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def equal(self, truth: Node, claimed: Node, *, prove: bool = True) -> Equal:
        """Whether ``claimed`` equals ``truth`` for all values of the inputs in both."""
        store = self.quantities.store
        if truth == claimed:
            return Equal("proved")
        if any(product(store.shape(node)) > _MOST_ENTRIES for node in store.ancestors([claimed])):
            return Equal("unknown")
        found = self._tried(truth, claimed, ENOUGH, range(_MOST_POINTS))
        if found != "agrees" or not prove:
            return Equal(found)
        proof = equal_at_shape(store, [truth], [claimed], facts=self.domain, seconds=_SECONDS)
        if proof.equal and not proof.assumptions:
            return Equal("proved")
        turned = self._turned(truth, claimed)
        if turned == "differs":
            return Equal("differs")
        if proof.equal and turned == "agrees":
            return Equal("proved", proof.assumptions)
        return Equal(self._tried(truth, claimed, MANY, range(_MOST_POINTS, 3 * MANY)))

    def equal_as_given(self, truth: Node, claimed: Node) -> bool:
        """Whether two nodes are equal at the given inputs."""
        used = self._used([truth, claimed])
        point = {node: self._given(name) for node, name in used.items()}
        store = self.quantities.store
        is_near = _outcome(store, truth, claimed, point) == "agrees"
        return is_near and not _differs_finely(store, truth, claimed, point)

    # Points -----------------------------------------------------------------------------------------------------

    def _tried(self, truth: Node, claimed: Node, enough: int, points: range) -> Equality:
        """What some points say: until enough of them agree, or one differs."""
        equal = 0
        for point in self._points(self._used([truth, claimed]), points):
            found = _outcome(self.quantities.store, truth, claimed, point)
            if found in ("differs", "undefined"):
                return found
            equal += found == "agrees"
            if equal >= enough:
                return "agrees"
        return "unknown"

    def _turned(self, truth: Node, claimed: Node) -> Equality:
        """Whether two nodes differ by little, at a zero, or where a comparison of ``claimed`` alone turns.

        ``unknown`` where such a comparison was not met with both sides equal.
        """
        store, used = self.quantities.store, self._used([truth, claimed])
        base = {node: self._short(name) for node, name in used.items()}
        if _differs_finely(store, truth, claimed, base):
            return "differs"
        movable = [node for node, name in used.items() if self._is_movable(name)]
        found = gaps(store, truth, claimed)
        open_ = {gap[:2] for gap in found}
        for place in places(store, found, base, movable):
            if not self._is_inside(used[place.node], place.number):
                continue
            said = _outcome(store, truth, claimed, place.point)
            is_held = said == "agrees" or _is_at_jump(store, truth, claimed, place)
            if said == "differs" and not is_held:
                return "differs"
            if is_held and place.turn is not None:
                open_.discard(place.turn[:2])
        return "unknown" if open_ else "agrees"

    def _short(self, name: str) -> Any:
        """The given value in few bits: balls hold it exactly, and tell on which side of a comparison it is."""
        given = self._given(name)
        if not self._is_movable(name):
            return given
        result = np.empty(given.shape, dtype=object)
        for place in np.ndindex(given.shape):
            short = Fraction(round(Fraction(given[place]) * 2**8), 2**8)
            result[place] = short if self._is_inside(name, short) else given[place]
        return result

    def _is_movable(self, name: str) -> bool:
        is_set = isinstance(self.domain.get(name), str)
        return not is_set and self.quantities.plain[name].dtype.kind == "f"

    def _is_inside(self, name: str, number: Fraction) -> bool:
        low, high = self.domain.get(name, (None, None))
        return not ((low is not None and number < low) or (high is not None and number > high))

    def _used(self, nodes: Sequence[Node]) -> dict[Node, str]:
        store = self.quantities.store
        found = ((n, store.op(n)) for n in store.ancestors(nodes))
        return {n: op.name for n, op in found if isinstance(op, Input)}

    def _points(self, used: Mapping[Node, str], numbers: range) -> Iterator[dict[Node, Any]]:
        """Points near the given values, where functions have values, and in other places."""
        rng = random.Random(numbers.start)
        for k in numbers:
            yield {node: self._drawn(name, k, rng) for node, name in used.items()}

    def _drawn(self, name: str, k: int, rng: random.Random) -> Any:
        given = self._given(name)
        if not self._is_movable(name):
            return given
        result = np.empty(given.shape, dtype=object)
        for place in np.ndindex(given.shape):
            drawn = _near(given[place], k, rng)
            result[place] = drawn if self._is_inside(name, drawn) else given[place]
        return result

    def _given(self, name: str) -> Any:
        """The given value of an input, that of a quantity to some digits, or a number that stands for it."""
        tensor = self.quantities.plain[name]
        if name in self.inputs:
            return self.inputs[name]
        if name in self.values:
            return _fractions(self.values[name])
        rng = random.Random(f"{name} {tensor.shape}")
        result = np.empty(tensor.shape, dtype=object)
        for place in np.ndindex(result.shape):
            result[place] = Fraction(rng.randint(-96, 96), 64)
        return result


def _outcome(store: Store, truth: Node, claimed: Node, point: Mapping[Node, Any]) -> Equality:
    """What one point says, in balls alone: other arithmetics may write out numbers that fill the memory."""
    answer: Equality = "unknown"
    for bits in PRECISIONS:
        with working_precision(bits):
            found = values(store, [truth, claimed], point)
        if found is None or not all(ball.is_finite() for ball in found[0].flat):
            continue
        if not all(ball.is_finite() for ball in found[1].flat):
            answer = "undefined"
            continue
        pairs = list(zip(found[0].flat, found[1].flat, strict=True))
        if not all(true.overlaps(own) for true, own in pairs):
            return "differs"
        answer = "unknown"
        if all(own.rad() <= _CLEAR * (1 + abs(true.mid())) for true, own in pairs):
            return "agrees"
    return answer


def _differs_finely(store: Store, truth: Node, claimed: Node, point: Mapping[Node, Any]) -> bool:
    """Whether two nodes differ at a point, however little."""
    with working_precision(_FINE):
        found = values(store, [truth, claimed], point)
    if found is None:
        return False
    pairs = zip(found[0].flat, found[1].flat, strict=True)
    return any(t.is_finite() and own.is_finite() and not t.overlaps(own) for t, own in pairs)


def _is_at_jump(store: Store, truth: Node, claimed: Node, place: Place) -> bool:
    """Whether the right formula jumps at a place, and the other has a value between there: books differ there."""
    with working_precision(PRECISIONS[0]):
        found = values(store, [truth, claimed], place.point)
        beside = [values(store, [truth], side.point) for side in place.beside]
    if found is None or any(side is None for side in beside):
        return False
    low, high = (side[0].flat for side in beside if side is not None)
    return all(
        true.overlaps(own) or (abs(a - b) > _SMALL and abs(own - a) + abs(own - b) < abs(a - b) + _SMALL)
        for true, own, a, b in zip(found[0].flat, found[1].flat, low, high, strict=True)
    )


def _near(given: Fraction, k: int, rng: random.Random) -> Fraction:
    """A number beside a given one, one between 0 and 1, or one of either sign: on both sides of kinks."""
    if k % 3 == 1:
        return Fraction(rng.randint(-(2**12), 2**12), 2**10)
    if k % 3 == 2:
        return Fraction(rng.randint(1, 2**12), 2**12)
    return given * (1 + Fraction(rng.randint(-32, 32), 256)) + Fraction(rng.randint(-64, 64), 512)


def _fractions(values: Any) -> Any:
    result = np.empty(values.shape, dtype=object)
    for place in np.ndindex(values.shape):
        ball = values[place]
        middle = ball.mid() if ball.is_finite() else 0
        result[place] = Fraction(round(float(middle) * 2**_BITS)) / 2**_BITS
    return result


def given_inputs(quantities: Quantities, named: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as exact numbers, by the names of the derivation."""
    graph = quantities.derivation.graph
    point = exact_point(graph, named)
    return {
        name: point[node] for name, node in zip(graph.input_names, graph.inputs, strict=True) if node in point
    }
