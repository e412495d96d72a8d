"""Which letter does an axis have in index notation? Labels get theirs when the whole formula is known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from symdiff.derivations.symbols import symbol
from symdiff.ir.sizes import Shape, Size, normal, product, same

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
        self._seen: dict[Label, list[Size]] = {}

    def label(self, label: Label) -> str:
        """The letter of a label, or the letters of its parts."""
        if label.parts:
            return self._joined(label.atoms())
        if label not in self._given:
            self._given[label] = self._alphabet.letter(label.size, set(self._given.values()))
            self._free.append(self._given[label])
        return self._given[label]

    @contextmanager
    def bound(self, labels: Iterable[Label], live: Iterable[Label]) -> Iterator[None]:
        """Letters for labels that are summed over, beside labels that are live; they hold while the sum is written."""
        count = len(self._bound)
        used = {self._given[k] for k in atoms(live) if k in self._given} | {*self._free, *self._bound}
        for label in (part for whole in labels for part in whole.atoms()):
            self._given[label] = letter = self._alphabet.letter(label.size, used)
            used.add(letter)
            self._bound.append(letter)
        yield
        del self._bound[count:]

    def note(self, place: Place, size: Size) -> None:
        """That a letter stands alone on an axis of this length: this tells its range."""
        if isinstance(place, Label) and not place.parts:
            self._seen.setdefault(place, []).append(size)

    def over(self, sign: str, labels: Iterable[Label]) -> str:
        """A sign of a sum over labels, with the range of those whose subscripts do not tell it."""
        told, short = "", []
        for label in (part for whole in labels for part in whole.atoms()):
            seen = self._seen.get(label, [])
            if seen and all(same(size, label.size) for size in seen):
                short.append(self._given[label])
            else:
                told += rf"{sign}_{{{self._given[label]}=0}}^{{{size_text(normal(label.size - 1))}}} "
        comma = "," if any(len(letter) > 1 for letter in short) else ""
        return told + (rf"{sign}_{{{comma.join(short)}}} " if short else "")

    def place(self, place: Place) -> str:
        """A position as it stands in a subscript."""
        match place:
            case Label():
                return self.label(place)
            case Joined(parts):
                return self._joined(atom for part in parts for atom in _atoms_of(part))
            case Looked(write):
                return write()
            case Part(inner, below, size):
                text = self.place(inner)
                text = text if below == 1 else rf"\lfloor \frac{{{text}}}{{{size_text(below)}}} \rfloor"
                loose = below == 1 and isinstance(inner, Moved)
                text = rf"\left({text}\right)" if loose and size is not None else text
                return text if size is None else rf"{text} \bmod {size_text(size)}"
            case Moved():
                return self._moved(place)

    def places(self, places: Sequence[Place]) -> str:
        """Subscripts side by side, with commas where one of them is longer than a letter."""
        told = [self.place(place) for place in places]
        return ("" if all(len(text) == 1 and text.isalpha() for text in told) else ",").join(told)

    def _joined(self, labels: Iterable[Label]) -> str:
        told = [self.label(label) for label in labels]
        return f"({('' if all(len(text) == 1 for text in told) else ',').join(told)})"

    def _moved(self, moved: Moved) -> str:
        told = []
        for factor, place in moved.terms:
            inner = self.place(place)
            is_loose = isinstance(place, Part) or (isinstance(place, Looked) and not place.is_atom)
            inner = rf"\left({inner}\right)" if is_loose else inner
            if factor in (1, -1):
                told.append(inner if factor == 1 else f"-{inner}")
            else:
                is_sum = not isinstance(factor, int) and factor.is_Add
                count = rf"\left({size_text(factor)}\right)" if is_sum else size_text(factor)
                told.append(f"{count}{'' if isinstance(factor, int) else ' '}{inner}")
        start = [size_text(moved.start)] if moved.start != 0 or not told else []
        has_minus = any(text.startswith("-") for text in told)
        return "+".join([*start, *told] if has_minus else [*told, *start]).replace("+-", "-")


def size_text(size: Size) -> str:
    """A length in LaTeX."""
    if isinstance(size, int):
        return str(size)
    names = {name: symbol(str(name)) for name in size.free_symbols}
    return str(sp.latex(size, symbol_names=names))


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


def _atoms_of(place: Place) -> Iterator[Label]:
    if isinstance(place, Label):
        yield from place.atoms()
    elif isinstance(place, Joined):
        for part in place.parts:
            yield from _atoms_of(part)


def reshaped(places: Sequence[Place], target: Shape, source: Shape) -> list[Place]:
    """The positions in an array of shape ``source`` of an entry of its reshape to ``target``."""
    found: list[Place] = []
    i = j = 0
    while i < len(target) or j < len(source):
        m, n = _group(target[i:], source[j:])
        found += _inside(places[i : i + m], target[i : i + m], source[j : j + n])
        i, j = i + m, j + n
    return found


def _group(target: Shape, source: Shape) -> tuple[int, int]:
    """How many leading axes of both hold the same entries: one of the two a single axis, if that can be."""
    pairs = [(m, n) for m in range(len(target) + 1) for n in range(len(source) + 1) if m + n]
    equal = [(m, n) for m, n in pairs if same(product(target[:m]), product(source[:n]))]
    return next((pair for pair in equal if min(pair) <= 1), equal[0] if equal else pairs[-1])


def _inside(places: Sequence[Place], target: Shape, source: Shape) -> list[Place]:
    long = [k for k, size in enumerate(source) if size != 1]
    several = [(p, size) for p, size in zip(places, target, strict=True) if size != 1]
    if not long or not several:
        return [FIRST for _ in source]
    whole = _whole([p for p, _ in several], [size for _, size in several])
    parts = [whole] if len(long) == 1 else _split(whole, [source[k] for k in long])
    found = dict(zip(long, parts, strict=True))
    return [found.get(k, FIRST) for k in range(len(source))]


def _whole(places: Sequence[Place], sizes: Sequence[Size]) -> Place:
    """The position that joins several."""
    if len(places) == 1:
        return places[0]
    if all(isinstance(place, (Label, Joined)) for place in places):
        return Joined(tuple(places), tuple(sizes))
    return moved(0, *((product(sizes[k + 1 :]), place) for k, place in enumerate(places)))


def _split(place: Place, sizes: Sequence[Size]) -> Sequence[Place]:
    """The positions that a joined one is made of."""
    if isinstance(place, Joined) and _fit(place.sizes, sizes):
        return place.parts
    if isinstance(place, Label):
        if not place.parts:
            place.parts = tuple(Label(size) for size in sizes)
        if _fit([part.size for part in place.parts], sizes):
            return place.parts
    below = [product(sizes[k + 1 :]) for k in range(len(sizes))]
    return [Part(place, below[k], size if k else None) for k, size in enumerate(sizes)]


def _fit(one: Sequence[Size], other: Sequence[Size]) -> bool:
    return len(one) == len(other) and all(map(same, one, other))
