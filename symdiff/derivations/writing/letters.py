"""Which letter does an axis have in index notation? Labels get theirs when the whole formula is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

import sympy as sp

from symdiff.derivations.writing.places import Joined, Label, Looked, Moved, Part, Place, atoms
from symdiff.derivations.writing.symbols import symbol
from symdiff.ir.sizes import Size, normal, product, same

_LETTERS = "ijklmnpqrstuvw"
_SPARE = 4  # letters that no size has for itself


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

    def __init__(self, alphabet: Alphabet, left: str = "") -> None:
        """``left`` is what the formula is equal to: no letter for an index either."""
        self._alphabet = alphabet
        self._given: dict[Label, str] = {}
        self._free: list[str] = [left]
        self._bound: list[str] = []
        self._seen: dict[Label, list[Size]] = {}

    def label(self, label: Label) -> str:
        """The letter of a label, or the letters of its parts."""
        if label.parts:
            return self._joined(label.atoms())
        if label not in self._given:
            self._given[label] = self._alphabet.letter(label.size, {*self._given.values(), *self._free})
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

    def tells(self, places: Iterable[Place]) -> bool:
        """Whether subscripts told the ranges of all parts of positions."""
        split = [place for place in places if isinstance(place, Label) and place.parts]
        seen = [(part, self._seen.get(part, [])) for place in split for part in place.atoms()]
        return all(sizes and all(same(size, part.size) for size in sizes) for part, sizes in seen)

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
                text = self.number(inner)
                text = text if below == 1 else rf"\lfloor \frac{{{text}}}{{{size_text(below)}}} \rfloor"
                loose = below == 1 and not text.isalnum()
                text = rf"\left({text}\right)" if loose and size is not None else text
                return text if size is None else rf"{text} \bmod {size_text(size)}"
            case Moved():
                return self._moved(place)

    def number(self, place: Place) -> str:
        """A position as a number: what is made of parts is a sum of multiples of them."""
        return self._moved(Moved(0, ((1, place),)))

    def places(self, places: Sequence[Place]) -> str:
        """Subscripts side by side, with commas where one of them is longer than a letter."""
        told = [self.place(place) for place in places]
        return ("" if all(len(text) == 1 and text.isalpha() for text in told) else ",").join(told)

    def _joined(self, labels: Iterable[Label]) -> str:
        told = [self.label(label) for label in labels]
        return f"({('' if all(len(text) == 1 for text in told) else ',').join(told)})"

    def _moved(self, moved: Moved) -> str:
        told = []
        for factor, place in (flat for term in moved.terms for flat in _flat(*term)):
            inner = self.place(place)
            alone = factor == 1 and moved.start == 0 and len(moved.terms) == 1
            is_mod = isinstance(place, Part) and place.size is not None and not alone
            is_loose = is_mod or (isinstance(place, Looked) and not place.is_atom)
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


def _flat(factor: Size, place: Place) -> Iterator[tuple[Size, Place]]:
    parts = place.parts if isinstance(place, (Joined, Label)) else ()
    sizes = (
        place.sizes if isinstance(place, Joined) else [part.size for part in parts if isinstance(part, Label)]
    )
    for k, part in enumerate(parts):
        yield from _flat(normal(factor * product(sizes[k + 1 :])), part)
    if not parts:
        yield factor, place


def _atoms_of(place: Place) -> Iterator[Label]:
    if isinstance(place, Label):
        yield from place.atoms()
    elif isinstance(place, Joined):
        for part in place.parts:
            yield from _atoms_of(part)
