"""Which generators are the entries of the inputs, and what do domain facts say of them?"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq

from symdiff.ir.ops import Input
from symdiff.proof.at_shape.arrays import Entries
from symdiff.proof.at_shape.fields import Generator, Poly, Undecided
from symdiff.proof.at_shape.generators import Algebra
from symdiff.proof.at_shape.recipes import Entry
from symdiff.proof.at_shape.signs import Script
from symdiff.proof.at_shape.witnesses import Draw, draw_real

_SIMPLE = ("symmetric", "positive_definite", "integer", "boolean")


class Coordinates:
    """Makes the generators of inputs, and remembers how to draw random values for them."""

    def __init__(self, algebra: Algebra, facts: Mapping[str, Any], masks: Script | None = None) -> None:
        self.algebra = algebra
        self.masks = masks  # what decides the entries of booleans, if anything does
        self.facts = facts
        self.draws: list[Draw] = []

    def entries(self, op: Input) -> Entries:
        """The entries of an input under the facts of its name."""
        shape = tuple(int(size) for size in op.shape)
        fact = self.facts.get(op.name)
        if isinstance(fact, np.ndarray) or (isinstance(fact, tuple) and fact[:1] == ("value",)):
            return self._given(fact if isinstance(fact, np.ndarray) else np.asarray(fact[1]))
        if fact is None and op.kind != "real":
            fact = op.kind
        if isinstance(fact, tuple):
            return self._interval(op.name, shape, *fact)
        if fact in ("one_hot", "simplex"):
            return self._rows(op.name, shape, one_hot=fact == "one_hot")
        if fact is not None and fact not in _SIMPLE:
            raise Undecided(f"the domain {fact!r} of {op.name} is not known")
        return self._free(op.name, shape, str(fact))

    def _given(self, array: Any) -> Entries:
        result = np.empty(array.shape, dtype=object)
        for place, value in np.ndenumerate(array):
            result[place] = self.algebra.ring.constant(Fraction(value.item()))
        return result

    def _new(self, name: str, place: tuple[int, ...], **known: bool) -> Generator:
        return self.algebra.ring.generator(Entry(name, place), **known)

    def _free(self, name: str, shape: tuple[int, ...], fact: str) -> Entries:
        result = np.empty(shape, dtype=object)
        mirrored = fact in ("symmetric", "positive_definite")
        for place in np.ndindex(shape):
            twin = (*place[:-2], *place[:-3:-1])
            if mirrored and twin < place:
                result[place] = result[twin]
            elif fact == "boolean":
                result[place] = self._boolean(name, place)
            else:
                generator = self._new(name, place, clean=fact != "integer")
                self.draws.append(
                    _draw_integer(generator.index) if fact == "integer" else _draw(generator.index)
                )
                result[place] = generator.poly
        return result

    def _boolean(self, name: str, place: tuple[int, ...]) -> Poly:
        if self.masks is not None:
            return self.algebra.ring.constant(self.masks.choose(2))
        generator = self._new(name, place, choice=True, nonnegative=True)
        self.algebra.ring.relate(generator.poly * generator.poly - generator.poly)
        self.draws.append(lambda rng, attempt: {generator.index: fmpq(rng.randint(0, 1))})
        return generator.poly

    def _interval(self, name: str, shape: tuple[int, ...], low: Any, high: Any) -> Entries:
        result = np.empty(shape, dtype=object)
        bounds = [None if b is None else Fraction(b) for b in (low, high)]
        for place in np.ndindex(shape):
            positive = bounds[0] is not None and bounds[0] >= 0
            generator = self._new(name, place, clean=True, positive=positive, nonnegative=positive)
            for bound, above in zip(bounds, (True, False), strict=True):
                if bound is not None:
                    self.algebra.positivity.assume_bound(generator.poly, bound, above=above)
            self.draws.append(_draw_between(generator.index, *bounds))
            result[place] = generator.poly
        return result

    def _rows(self, name: str, shape: tuple[int, ...], *, one_hot: bool) -> Entries:
        """Rows that sum to one: the last entry is what is left."""
        ring = self.algebra.ring
        result = np.empty(shape, dtype=object)
        for row in np.ndindex(shape[:-1]):
            made = [
                self._new(
                    name, (*row, k), choice=one_hot, nonnegative=True, clean=not one_hot, positive=not one_hot
                )
                for k in range(shape[-1] - 1)
            ]
            last = ring.one
            for k, generator in enumerate(made):
                result[(*row, k)] = generator.poly
                last = last - generator.poly
                for other in made[: k + 1] if one_hot else []:
                    own = other is generator
                    ring.relate(generator.poly * other.poly - (generator.poly if own else 0))
            result[(*row, shape[-1] - 1)] = last
            self.draws.append(_draw_row([g.index for g in made], shape[-1], one_hot=one_hot))
        return result


def _draw(index: int) -> Draw:
    return lambda rng, attempt: {index: draw_real(rng, attempt)}


def _draw_integer(index: int) -> Draw:
    return lambda rng, attempt: {index: fmpq(rng.randint(-9, 9))}


def _draw_between(index: int, low: Fraction | None, high: Fraction | None) -> Draw:
    def draw(rng: random.Random, attempt: int) -> dict[int, fmpq]:
        step = fmpq(rng.randint(1, 63), 64)
        if low is not None and high is not None:
            return {index: _rational(low) + (_rational(high) - _rational(low)) * step}
        if low is not None:
            return {index: _rational(low) + abs(draw_real(rng, attempt))}
        return {
            index: _rational(high) - abs(draw_real(rng, attempt))
            if high is not None
            else draw_real(rng, attempt)
        }

    return draw


def _draw_row(indices: list[int], length: int, *, one_hot: bool) -> Draw:
    def draw(rng: random.Random, attempt: int) -> dict[int, fmpq]:
        if one_hot:
            winner = rng.randrange(length)
            return {index: fmpq(int(k == winner)) for k, index in enumerate(indices)}
        weights = [rng.randint(1, 50) for _ in range(length)]
        return {index: fmpq(w, sum(weights)) for index, w in zip(indices, weights, strict=False)}

    return draw


def _rational(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def count_entries(inputs: Iterator[Input]) -> int:
    """The number of coordinates of some inputs."""
    return sum(int(np.prod([int(size) for size in op.shape], dtype=int)) for op in inputs)
