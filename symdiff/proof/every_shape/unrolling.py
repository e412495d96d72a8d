"""Is a sum over short axes zero? Axes whose lengths are numbers are written out, entry by entry, others stay letters.

Slices, pads and windows along such an axis are then zeros and ones, and what several of them select together is
seen: a convolution by its windows is a sum over its taps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.ir.sizes import Size
from symdiff.proof.every_shape.clearing import cleared
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.moved import entries, is_known, is_move, is_pick
from symdiff.proof.every_shape.reading import Reader
from symdiff.proof.every_shape.terms import (
    Atom,
    Entry,
    Expr,
    Head,
    Labels,
    Mono,
    OverBudget,
    Undefined,
    accumulate,
    as_number,
    constant,
    plus,
    single,
)

MOST_ENTRIES, _MOST_PLACES = 1024, 4096

Places = dict[int, int]


def is_nothing(space: Generators, expr: Expr) -> bool:
    """Whether a value is zero at every place, seen when its short axes are written out."""
    unroller = Unroller(space, moved_lengths(space, expr))
    if not unroller.lengths:
        return False
    sizes = {k: s for k, s in space.sizes_of([expr]).items() if isinstance(s, int) and s in unroller.lengths}
    if np.prod(list(sizes.values())) > MOST_ENTRIES:
        return False
    generic, space.generic = space.generic, False  # what is not zero at one place says nothing of another
    try:
        for places in product(*(range(s) for s in sizes.values())):
            if cleared(space, unroller.at(expr, dict(zip(sizes, places, strict=True)))):
                return False
    except Undefined:
        return False
    finally:
        space.generic = generic
    return True


def moved_lengths(space: Generators, expr: Expr) -> frozenset[int]:
    """The lengths of the axes along which something is moved."""
    heads = [space.heads[k] for k in _heads_in(space, [expr])]
    moves = [head for head in heads if is_known(head)]
    return frozenset(size for head in moves for size in head.dims if isinstance(size, int))


def _heads_in(space: Generators, parts: Iterable[Expr]) -> set[int]:
    seen: set[int] = set()
    stack = list(parts)
    while stack:
        for key in stack.pop():
            for (head, _), _ in key:
                if head not in seen:
                    seen.add(head)
                    stack += space.heads[head].parts
    return seen


class Unroller:
    """Values at places of the axes of some lengths; labels without a place stay."""

    def __init__(self, space: Generators, lengths: frozenset[int]) -> None:
        self.space, self.lengths = space, lengths
        self._tables: dict[int, NDArray[Any] | None] = {}
        self._known: dict[object, Expr] = {}

    def at(self, expr: Expr, places: Mapping[int, int]) -> Expr:
        """The value at some places."""
        total: Expr = {}
        for key, coefficient in expr.items():
            accumulate(total, self._product(key, places), coefficient)
        return total

    def _product(self, key: Mono, places: Mapping[int, int]) -> Expr:
        result = constant(1)
        for atom, exponent in key:
            value = self._atom(atom, places)
            result = self.space.times(result, self.space.power(value, exponent))
            if not result:
                break
        return result

    def _atom(self, atom: Atom, places: Mapping[int, int]) -> Expr:
        head, labels = atom
        own = tuple((0, places[k]) if k in places else (1, k) for k in labels)
        found = self._known.get((head, own))
        if found is None:
            self.space.spend()
            found = self._known[head, own] = self._value(self.space.heads[head], atom, places)
        return found

    def _value(self, head: Head, atom: Atom, places: Mapping[int, int]) -> Expr:
        match head.kind:
            case "delta":
                return self._delta(atom, [places.get(k) for k in atom[1]])
            case "input" | "array" | "mask":
                return self._leaf(head, atom, places)
            case "sum":
                return self._sum(head, atom, places)
            case "maximum" | "winner":
                return self._selection(head, atom, places)
            case _ if head.parts:
                return self.space.remade(head, [self._argument(part, atom[1], places) for part in head.parts])
            case _:
                return single(atom)

    def _delta(self, atom: Atom, places: Sequence[int | None]) -> Expr:
        if places == [None, None]:
            return single(atom)
        if None in places:
            raise Undefined("a delta of a place and a letter")
        return constant(int(places[0] == places[1]))

    def _argument(self, part: Expr, labels: Labels, places: Mapping[int, int]) -> Expr:
        """An argument of a function, whose labels are slots."""
        inside = {slot: places[k] for slot, k in enumerate(labels) if k in places}
        mapping = {slot: k for slot, k in enumerate(labels) if k not in places}
        fresh = {slot: self.space.fresh() for slot in inside}
        moved = self.space.relabelled(part, mapping | fresh)
        return self.at(moved, {fresh[slot]: place for slot, place in inside.items()})

    # Leaves ------------------------------------------------------------------------------------------------

    def _leaf(self, head: Head, atom: Atom, places: Mapping[int, int]) -> Expr:
        """An array at its places: a number where it is known, otherwise an array with fewer axes."""
        given = tuple((slot, places[k]) for slot, k in enumerate(atom[1]) if k in places)
        if not given:
            return single(atom)
        if len(given) == len(atom[1]):
            table = self._table(atom[0])
            if table is not None:
                return Reader(self.space, ()).number(table[tuple(place for _, place in given)])
        if isinstance(head.name, tuple) and head.name[0] == "window":
            return self._tap(head, head.name, atom, given)
        if head.symmetries or (is_move(head) and not is_pick(head)):
            raise Undefined("part of a symmetric array, or of a move")
        kept = self.space.kept(atom)
        if kept == len(atom[1]) - 1 and head.name in self.space.rows and given[-1][0] == kept:
            return self._of_row(head, atom, given)
        return self._entry(head, atom, given)

    def _tap(self, head: Head, name: tuple[Any, ...], atom: Atom, given: tuple[tuple[int, int], ...]) -> Expr:
        """One place within all windows: a span of the axis that they are cut from."""
        first, rows = name[-2:]
        if [slot for slot, _ in given] != list(range(first, rows)) or rows - first != 1:
            raise Undefined("part of a window")
        dims = (*head.dims[:first], *head.dims[rows:])
        number = self.space.intern("mask", ("span", given[0][1], 1, name[1], name[3], first), dims)
        return single((number, (*atom[1][:first], *atom[1][rows:])))

    def _of_row(self, head: Head, atom: Atom, given: tuple[tuple[int, int], ...]) -> Expr:
        """An entry of a row whose sum is 1; the last is what the others leave."""
        *before, (slot, place) = given
        if place != head.dims[slot] - 1:
            return self._entry(head, atom, given)
        rest = constant(1)
        for other in range(place):
            rest = plus(rest, self._entry(head, atom, (*before, (slot, other))), -1)
        return rest

    def _entry(self, head: Head, atom: Atom, given: tuple[tuple[int, int], ...]) -> Expr:
        slots = {slot for slot, _ in given}
        left = [slot for slot in range(len(atom[1])) if slot not in slots]
        number = self.space.intern(
            head.kind, Entry(atom[0], given), [head.dims[k] for k in left],
            positive=head.positive, clean=head.clean, degree=head.degree,
        )  # fmt: skip
        return single((number, tuple(atom[1][k] for k in left)))

    def _table(self, number: int) -> NDArray[Any] | None:
        """The entries of a constant array, or of a move along axes of known length."""
        if number not in self._tables:
            self._tables[number] = entries(self.space.heads[number], self._positions)
        return self._tables[number]

    def _positions(self, head: Head, shape: tuple[int, ...]) -> NDArray[Any] | None:
        """The positions that a pick takes, if they are numbers."""
        found = np.zeros(shape, dtype=int)
        for place in np.ndindex(shape):
            value = as_number(self.at(head.parts[0], dict(enumerate(place))))
            if value is None or value.denominator != 1:
                return None
            found[place] = int(value)
        return found

    # Sums --------------------------------------------------------------------------------------------------

    def _sum(self, head: Head, atom: Atom, places: Mapping[int, int]) -> Expr:
        assert isinstance(head.name, tuple)
        opened = {-1 - k: self.space.fresh() for k in range(len(head.name))}
        slots = {slot: k if k not in places else self.space.fresh() for slot, k in enumerate(atom[1])}
        inside = {slots[slot]: places[k] for slot, k in enumerate(atom[1]) if k in places}
        dummies = {opened[-1 - k]: size for k, size in enumerate(head.name)}
        moved = self.space.relabelled(head.parts[0], slots | opened)
        short = {k: int(n) for k, n in dummies.items() if isinstance(n, int) and n in self.lengths}
        rest = {k: n for k, n in dummies.items() if k not in short}
        total: Expr = {}
        for key, coefficient in moved.items():
            for chosen in self._choices(key, inside, short):
                accumulate(total, self.space.summed(self._product(key, chosen), rest), coefficient)
        return total

    def _choices(self, key: Mono, inside: Places, short: Mapping[int, int]) -> list[Places]:
        """The places of short labels at which no move in a product is zero."""
        found: list[Places] = [dict(inside)]
        for (head, labels), _ in key:
            table = self._table(head) if is_known(self.space.heads[head]) else None
            if table is None or not all(k in short or k in inside for k in labels):
                continue
            ones = np.argwhere(table).tolist()
            found = [joined for one in found for row in ones if (joined := _joined(one, labels, row))]
            self._require_few(found)
        for label, size in short.items():
            if found and label not in found[0]:
                found = [{**one, label: place} for one in found for place in range(size)]
                self._require_few(found)
        return found

    def _require_few(self, found: Sequence[Places]) -> None:
        self.space.spend(1 + len(found) // 16)
        if len(found) > _MOST_PLACES:
            raise OverBudget("too many entries")

    def _selection(self, head: Head, atom: Atom, places: Mapping[int, int]) -> Expr:
        """A maximum, or where it is reached: of entries that keep their axes, or of entries written out."""
        if not self._is_touched(head):
            return single(atom)
        kept = len(atom[1]) if head.kind == "maximum" else head.name
        assert isinstance(kept, int)
        sizes = head.name if isinstance(head.name, tuple) else head.dims[kept:]
        chosen = [places.get(k) for k in atom[1][kept:]]
        if None in chosen or not all(isinstance(size, int) and size <= _MOST_PLACES for size in sizes):
            raise Undefined("a maximum over an axis of a letter")
        fresh = {-1 - k: self.space.fresh() for k in range(len(sizes))}
        outer = {slot: k if k not in places else self.space.fresh() for slot, k in enumerate(atom[1][:kept])}
        inside = {outer[slot]: places[k] for slot, k in enumerate(atom[1][:kept]) if k in places}
        moved = self.space.relabelled(head.parts[0], outer | fresh)
        entries_ = {
            place: self.at(moved, inside | dict(zip(fresh.values(), place, strict=True)))
            for place in product(*map(range, map(int, sizes)))
        }
        greatest = self.space.greatest(list(entries_.values()))
        if head.kind == "maximum":
            return greatest
        hits = {p: self.space.is_zero(plus(entry, greatest, -1)) for p, entry in entries_.items()}
        total: Expr = {}
        for hit in hits.values():
            accumulate(total, hit)
        return self.space.times(hits[tuple(k for k in chosen if k is not None)], self.space.power(total, -1))

    def _is_touched(self, head: Head) -> bool:
        """Whether an axis that is written out occurs in a head, or inside."""
        inside = [head, *(self.space.heads[k] for k in _heads_in(self.space, head.parts))]
        sizes = {n for one in inside for n in (*one.dims, *_bound(one))}
        return not self.lengths.isdisjoint({n for n in sizes if isinstance(n, int)})


def _bound(head: Head) -> tuple[Size, ...]:
    """The sizes of the labels over which a sum or a maximum runs."""
    return head.name if head.kind in ("sum", "maximum") and isinstance(head.name, tuple) else ()


def _joined(one: Places, labels: Labels, row: Sequence[int]) -> Places | None:
    """The places with those of one row more, if they agree."""
    joined = dict(one)
    for label, place in zip(labels, row, strict=True):
        if joined.setdefault(label, place) != place:
            return None
    return joined
