"""Where does an entry of a reshaped array come from? Joined positions, their parts, or division and remainder."""

from __future__ import annotations

from collections.abc import Sequence

from symdiff.derivations.writing.places import FIRST, Joined, Label, Part, Place, moved
from symdiff.ir.sizes import Shape, Size, product, same


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
    is_told = [same(_extent(place), size) for place, size in zip(places, sizes, strict=True)]
    if all(isinstance(place, (Label, Joined)) for place in places) and all(is_told[1:]):
        return Joined(tuple(places), tuple(sizes))
    return moved(0, *((product(sizes[k + 1 :]), place) for k, place in enumerate(places)))


def _extent(place: Place) -> Size:
    """How many positions there are, as letters tell it; 0 where they do not."""
    return (
        place.size if isinstance(place, Label) else product(place.sizes) if isinstance(place, Joined) else 0
    )


def _split(place: Place, sizes: Sequence[Size]) -> Sequence[Place]:
    """The positions that a joined one is made of."""
    if isinstance(place, Joined) and _fit(place.sizes, sizes):
        return place.parts
    if isinstance(place, Label) and same(place.size, product(sizes)):
        if not place.parts and not place.is_whole:
            place.parts = tuple(Label(size) for size in sizes)
        if _fit([part.size for part in place.parts], sizes):
            return place.parts
    below = [product(sizes[k + 1 :]) for k in range(len(sizes))]
    return [Part(place, below[k], size if k else None) for k, size in enumerate(sizes)]


def _fit(one: Sequence[Size], other: Sequence[Size]) -> bool:
    return len(one) == len(other) and all(map(same, one, other))
