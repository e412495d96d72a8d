"""Which letter does an axis have in index notation? Labels get theirs when the whole formula is known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from symdiff.ir.sizes import Shape, Size, product, same

_LETTERS = "ijklmnpqrstuvw"
_SPARE = 4  # letters that no size has for itself


@dataclass(eq=False)
class Label:
    """The position along an axis; one that a reshape splits is made of parts, in row-major order."""

    size: Size
    parts: tuple[Label, ...] = ()

    def atoms(self) -> Iterator[Label]:
        """The labels that get letters."""
        for part in self.parts:
            yield from part.atoms()
        if not self.parts:
            yield self


@dataclass(frozen=True, eq=False)
class Joined:
    """The position along an axis that joins others: ``(jk)``."""

    parts: tuple[Place, ...]


@dataclass(frozen=True, eq=False)
class Moved:
    """``start + step * place``, or the sum of two positions."""

    place: Place
    start: Size = 0
    step: int = 1
    other: Place | None = None


@dataclass(frozen=True, eq=False)
class Looked:
    """A position that is an entry of an array."""

    write: Callable[[], str]
    labels: frozenset[Label]


Place: TypeAlias = Label | Joined | Moved | Looked


class Alphabet:
    """Letters that a derivation may use; axes of one size have one letter in all its formulas, where that can be."""

    def __init__(self, taken: Iterable[str] = (), sizes: Iterable[Size] = ()) -> None:
        names = set(taken)
        self.free = [c for c in _LETTERS if c not in names] + [f"i_{{{k}}}" for k in range(1, 99)]
        long = [size for size in dict.fromkeys(sizes) if size != 1]
        single = sum(len(c) == 1 for c in self.free)
        self.usual = dict(zip(long, self.free[: max(0, single - _SPARE)], strict=False))
        others = [c for c in self.free if c not in self.usual.values()]
        self.order = sorted([*others, *self.usual.values()], key=lambda c: len(c) > 1)

    def letter(self, size: Size, used: Collection[str]) -> str:
        """The letter of this size, or another one that is not used."""
        usual = self.usual.get(size)
        return usual if usual and usual not in used else next(c for c in self.order if c not in used)


class Letters:
    """The letters of one formula; a letter that is summed over is free again after its sum."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._given: dict[Label, str] = {}
        self._free: list[str] = []
        self._bound: list[str] = []

    def label(self, label: Label) -> str:
        """The letter of a label, or the letters of its parts."""
        if label.parts:
            return f"({''.join(map(self.label, label.parts))})"
        if label not in self._given:
            self._given[label] = self._alphabet.letter(label.size, set(self._given.values()))
            self._free.append(self._given[label])
        return self._given[label]

    @contextmanager
    def bound(self, labels: Iterable[Label], live: Iterable[Label]) -> Iterator[str]:
        """Letters for labels that are summed over, beside labels that are live; they hold while the sum is written."""
        count = len(self._bound)
        used = {self._given[k] for k in atoms(live) if k in self._given} | {*self._free, *self._bound}
        for label in (part for whole in labels for part in whole.atoms()):
            self._given[label] = letter = self._alphabet.letter(label.size, used)
            used.add(letter)
            self._bound.append(letter)
        yield "".join(self._bound[count:])
        del self._bound[count:]

    def place(self, place: Place) -> str:
        """A position as it stands in a subscript."""
        match place:
            case Label():
                return self.label(place)
            case Joined(parts):
                return f"({self.places(parts)})"
            case Looked(write):
                return write()
            case Moved():
                return self._moved(place)

    def places(self, places: Sequence[Place]) -> str:
        """Subscripts side by side, with commas where one of them is longer than a letter."""
        told = [self.place(place) for place in places]
        return ("" if all(len(text) == 1 for text in told) else ",").join(told)

    def _moved(self, moved: Moved) -> str:
        inner = self.place(moved.place)
        scaled = {1: inner, -1: f"-{inner}"}.get(moved.step, f"{moved.step}{inner}")
        terms = [scaled] + ([] if moved.other is None else [self.place(moved.other)])
        start = [] if moved.start == 0 else [str(moved.start).replace("*", "")]
        ordered = [*start, *terms] if moved.step < 0 else [*terms, *start]
        return "+".join(ordered).replace("+-", "-")


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
            case Moved():
                found |= labels_of([place.place] + ([] if place.other is None else [place.other]))
            case Looked():
                found |= place.labels
    return frozenset(found)


def reshaped(places: Sequence[Place], target: Shape, source: Shape) -> list[Place] | None:
    """The positions in an array of shape ``source`` of an entry of its reshape to ``target``; None where unclear."""
    found: list[Place] = []
    i = j = 0
    while i < len(target) or j < len(source):
        group = _group(target[i:], source[j:])
        if group is None:
            return None
        m, n = group
        inside = _inside(places[i : i + m], target[i : i + m], source[j : j + n])
        if inside is None:
            return None
        found += inside
        i, j = i + m, j + n
    return found


def _group(target: Shape, source: Shape) -> tuple[int, int] | None:
    """How many leading axes of both hold the same entries; one of the two is a single axis."""
    for m in range(len(target) + 1):
        for n in range(len(source) + 1):
            if m + n and min(m, n) <= 1 and same(product(target[:m]), product(source[:n])):
                return m, n
    return None


def _inside(places: Sequence[Place], target: Shape, source: Shape) -> list[Place] | None:
    if not places:
        return [Label(1) for _ in source]
    if not source:
        return []
    if len(source) == 1:
        several = [p for p, size in zip(places, target, strict=True) if size != 1]
        return [several[0] if len(several) == 1 else Joined(tuple(several))] if several else [Label(1)]
    long = [k for k, size in enumerate(source) if size != 1]
    (place,) = places
    if len(long) == 1:
        return [place if k in long else Label(1) for k in range(len(source))]
    parts = _split(place, source)
    return None if parts is None else list(parts)


def _split(place: Place, sizes: Shape) -> Sequence[Place] | None:
    """The positions that a joined one is made of."""
    if isinstance(place, Joined) and len(place.parts) == len(sizes):
        return place.parts
    if not isinstance(place, Label):
        return None
    if not place.parts:
        place.parts = tuple(Label(size) for size in sizes)
    known = tuple(part.size for part in place.parts)
    return place.parts if len(known) == len(sizes) and all(map(same, known, sizes)) else None
