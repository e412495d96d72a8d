"""Where does an entry stand? Positions along axes: labels, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from symdiff.ir.sizes import Shape, Size, normal


@dataclass(eq=False)
class Label:
    """The position along an axis; one that a reshape splits is made of parts, in row-major order."""

    size: Size
    parts: tuple[Label, ...] = ()
    is_whole: bool = False

    def atoms(self) -> Iterator[Label]:
        """The labels that get letters."""
        for part in self.parts:
            yield from part.atoms()
        if not self.parts:
            yield self


@dataclass(frozen=True)
class Joined:
    """The position along an axis that joins others: ``(jk)``, in row-major order."""

    parts: tuple[Place, ...]
    sizes: Shape


@dataclass(frozen=True)
class Moved:
    """``start`` plus multiples of positions; without any it is a fixed position."""

    start: Size = 0
    terms: tuple[tuple[Size, Place], ...] = ()


@dataclass(frozen=True)
class Part:
    """``floor(place / below) mod size``: what a joined position was made of."""

    place: Place
    below: Size
    size: Size | None


@dataclass(frozen=True, eq=False)
class Looked:
    """A position that is an entry of an array."""

    write: Callable[[], str]
    labels: frozenset[Label]
    is_atom: bool = True


Place: TypeAlias = Label | Joined | Moved | Part | Looked
FIRST = Moved()  # the only position along an axis of length 1


def new(size: Size) -> Place:
    """A new position along an axis."""
    return FIRST if size == 1 else Label(size)


def bounded(place: Place, low: Size, high: Size, size: Size) -> tuple[Place, Size | None, Size | None] | None:
    """What must be said of a position on an axis of this size that is between limits; None is no limit.

    None as a whole where it never is.
    """
    start, terms = (place.start, place.terms) if isinstance(place, Moved) else (0, ((1, place),))
    if not terms:
        first, last = normal(low - start), normal(high - start)
        is_in, is_out = not _is_above(first, 0) and _is_above(last, 0), not _is_above(last, 0)
        return (
            None
            if is_out or not _is_above(1, first)
            else (place, None if is_in else low, None if is_in else high)
        )
    factor, label = terms[0]
    if len(terms) == 1 and isinstance(label, Label) and factor in (1, -1):
        ends = [normal((end - start) * factor) for end in (low, high)]
        first, last = ends if factor == 1 else (normal(ends[1] + 1), normal(ends[0] + 1))
        if not _is_above(last, 0) or not _is_above(label.size, first):
            return None
        least, most = first if _is_above(first, 0) else 0, last if _is_above(label.size, last) else label.size
        if normal(most - least) == 1:
            return (label, least, most) if label.size != 1 else (label, None, None)
        return label, first if _is_above(first, 0) else None, last if _is_above(label.size, last) else None
    is_plain = not isinstance(place, Moved)
    return (
        place,
        None if is_plain and low == 0 else low,
        None if is_plain and normal(high - size) == 0 else high,
    )


def _is_above(one: Size, other: Size) -> bool:
    """Whether a size may be more than another one."""
    gap = normal(one - other)
    return not (isinstance(gap, int) and gap <= 0)


def moved(start: Size, *terms: tuple[Size, Place]) -> Place:
    """``start`` plus multiples of positions, as short as can be."""
    total: dict[Place, Size] = {}
    for factor, place in terms:
        inner = place.terms if isinstance(place, Moved) else ((1, place),)
        start = normal(start + factor * place.start) if isinstance(place, Moved) else start
        for count, part in inner:
            total[part] = normal(total.get(part, 0) + factor * count)
    kept = tuple((factor, place) for place, factor in total.items() if factor != 0)
    return kept[0][1] if start == 0 and len(kept) == 1 and kept[0][0] == 1 else Moved(start, kept)


def atoms(labels: Iterable[Label]) -> frozenset[Label]:
    """Labels by their parts."""
    return frozenset(part for label in labels for part in label.atoms())


def labels_of(places: Iterable[Place]) -> frozenset[Label]:
    """The labels that occur in some positions."""
    found: set[Label] = set()
    for place in places:
        match place:
            case Label():
                found.add(place)
            case Joined(parts):
                found |= labels_of(parts)
            case Moved(_, terms):
                found |= labels_of(part for _, part in terms)
            case Part(inner):
                found |= labels_of([inner])
            case Looked():
                found |= place.labels
    return frozenset(found)
