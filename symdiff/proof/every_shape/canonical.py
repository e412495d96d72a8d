"""In which order do labels come? One that does not depend on their numbers, with the symmetries that remain.

Colour refinement as for graph isomorphism: labels are told apart by the atoms they occur in and by their
neighbours there; where ties remain, one label after another is singled out and the smallest outcome taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from symdiff.proof.every_shape.terms import Atom, Expr, Labels, Mono, OverBudget, Permutation

MOST_LEAVES = 720

Colours = dict[int, int]
Orbits = Callable[[int], Sequence[int]]
Smallest = Callable[[int, Labels], Atom]


@dataclass(frozen=True, slots=True)
class Canonical:
    """The labels in canonical order, the parts under new numbers, the permutations that change nothing."""

    free: Labels
    bound: Labels
    parts: tuple[Expr, ...]
    symmetries: tuple[Permutation, ...]


def canonical(
    parts: Sequence[Expr], kinds: dict[int, tuple[int, str]], orbits: Orbits, smallest: Smallest
) -> Canonical:
    """Number the labels: free ones (kind 0) ``0, 1, ...``, bound ones (kind 1) ``-1, -2, ...``.

    ``kinds`` gives for each label its kind and the name of its size; ``orbits`` the classes of slots of a
    head under its symmetries; ``smallest`` writes an atom with the smallest equivalent labels.
    """
    ranks = {value: rank for rank, value in enumerate(sorted(set(kinds.values())))}
    start = {label: ranks[kind] for label, kind in kinds.items()}
    best: tuple[Any, ...] | None = None
    ties: list[list[int]] = []
    for order in _orders(parts, start, orbits):
        form = _form(parts, _numbers(order, kinds), smallest)
        if best is None or form < best:
            best, ties = form, [order]
        elif form == best:
            ties.append(order)
    free = [tuple(k for k in order if kinds[k][0] == 0) for order in ties]
    place = {label: slot for slot, label in enumerate(free[0])}
    symmetries = sorted({tuple(place[k] for k in order) for order in free})
    bound = tuple(k for k in ties[0] if kinds[k][0] == 1)
    assert best is not None
    exprs = tuple(dict(form) for form in best)
    return Canonical(free[0], bound, exprs, tuple(symmetries) if len(symmetries) > 1 else ())


def _numbers(order: Sequence[int], kinds: dict[int, tuple[int, str]]) -> dict[int, int]:
    numbers: dict[int, int] = {}
    free = bound = 0
    for label in order:
        if kinds[label][0] == 0:
            numbers[label] = free
            free += 1
        else:
            bound -= 1
            numbers[label] = bound
    return numbers


def _form(parts: Sequence[Expr], numbers: dict[int, int], smallest: Smallest) -> tuple[Any, ...]:
    def renamed(key: Mono) -> Mono:
        return tuple(sorted((smallest(h, tuple(numbers[k] for k in ls)), e) for (h, ls), e in key))

    return tuple(tuple(sorted((renamed(key), c) for key, c in expr.items())) for expr in parts)


def _orders(parts: Sequence[Expr], start: Colours, orbits: Orbits) -> list[list[int]]:
    """Every order of the labels that refinement leaves open."""
    leaves: list[list[int]] = []
    stack = [start]
    while stack:
        colours = _refined(parts, stack.pop(), orbits)
        tied = _first_tie(colours)
        if not tied:
            leaves.append(sorted(colours, key=colours.__getitem__))
            if len(leaves) > MOST_LEAVES:
                raise OverBudget("too many symmetric labels")
        for label in tied:
            stack.append({k: 2 * c - (k == label) for k, c in colours.items()})
    return leaves


def _first_tie(colours: Colours) -> list[int]:
    classes: dict[int, list[int]] = {}
    for label, colour in colours.items():
        classes.setdefault(colour, []).append(label)
    tied = [colour for colour, members in classes.items() if len(members) > 1]
    return classes[min(tied)] if tied else []


def _refined(parts: Sequence[Expr], colours: Colours, orbits: Orbits) -> Colours:
    """Tell labels apart by where they occur, until nothing new is told."""
    classes = len(set(colours.values()))
    while classes < len(colours):
        seen: dict[int, list[Any]] = {label: [] for label in colours}
        for place, expr in enumerate(parts):
            for key, coefficient in expr.items():
                _look(seen, key, (place, coefficient), colours, orbits)
        told = {label: (colours[label], sorted(seen[label])) for label in colours}
        distinct: list[Any] = []
        for value in sorted(told.values()):
            if not distinct or distinct[-1] != value:
                distinct.append(value)
        if len(distinct) == classes:
            break
        classes = len(distinct)
        colours = {label: distinct.index(value) for label, value in told.items()}
    return colours


def _look(seen: dict[int, list[Any]], key: Mono, where: Any, colours: Colours, orbits: Orbits) -> None:
    views = []
    for (head, labels), exponent in key:
        classes = orbits(head)
        slots = sorted((classes[s], colours[k]) for s, k in enumerate(labels))
        views.append((head, exponent, slots))
    whole = (where, sorted(views))
    for view, ((head, labels), _) in zip(views, key, strict=True):
        classes = orbits(head)
        for slot, label in enumerate(labels):
            seen[label].append((whole, view, classes[slot]))
