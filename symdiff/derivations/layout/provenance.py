"""Where does a value come from? The numbers of the steps, by their phases, as tables of lecture notes say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from symdiff.derivations.steps import Derivation, Step

DOTS = r"\ldots"
_LEAST = 3
_MANY = 6  # numbers that are listed one by one


def sources(derivation: Derivation, step: Step) -> str:
    """``steps 1, 3`` within the forward pass, ``forward step 5, backward steps 9, 11`` after it."""
    steps = derivation.steps
    groups = groupby(sorted(step.sources), key=lambda number: steps[number - 1].phase)
    return told(step.phase, {phase: _progressions(list(group)) for phase, group in groups})


def all_sources(derivation: Derivation, phase: str, columns: Iterable[Sequence[int]]) -> str:
    """The same for steps that are one line, such as those of all layers: each source is listed for all of them."""
    groups = groupby(columns, key=lambda column: derivation.steps[column[0] - 1].phase)
    return told(phase, {name: list(group) for name, group in groups})


def told(phase: str, found: Mapping[str, Sequence[Sequence[int]]]) -> str:
    """The numbers by their phases; within the forward pass there is no other."""
    names = {name: "" if phase == "forward" else f"{name} " for name in found}
    return ", ".join(_told(names[name], columns) for name, columns in found.items())


def listed(numbers: Sequence[int], dots: str = "...") -> str:
    """``2, 3, 4`` or ``2, 3, ..., 12``; what does not change stands once.

    >>> listed([4, 7, 10, 13]), listed([3, 3, 3])
    ('4, 7, ..., 13', '3')
    """
    if len(set(numbers)) == 1:
        return str(numbers[0])
    told = list(map(str, numbers))
    return ", ".join(told if len(told) < 4 else [*told[:2], dots, told[-1]])


def _told(phase: str, columns: Iterable[Sequence[int]]) -> str:
    found = [listed(column) for column in columns]
    is_one = len(found) == 1 and found[0].isdigit()
    separator = ", " if all(text.isdigit() for text in found) else "; "
    return f"{phase}step{'' if is_one else 's'} {separator.join(found)}"


def _progressions(numbers: Sequence[int]) -> list[tuple[int, ...]]:
    """Each number by itself; where there are many, those at equal distances together.

    >>> _progressions([1, 2, 5, 6, 8, 9, 11, 12, 14])
    [(1,), (2, 5, 8, 11, 14), (6, 9, 12)]
    """
    if len(numbers) <= _MANY:
        return [(number,) for number in numbers]
    left = set(numbers)
    found: list[tuple[int, ...]] = []
    while left:
        starts = ((first, other - first) for first in left for other in left if other > first)
        runs = (_from(first, distance, left) for first, distance in starts)
        best = max(runs, key=lambda run: (len(run), run[0] - run[1]), default=())
        found += [best] if len(best) >= _LEAST else [(number,) for number in left]
        left = left - set(best) if len(best) >= _LEAST else set()
    return sorted(found)


def _from(first: int, distance: int, numbers: set[int]) -> tuple[int, ...]:
    run = [first]
    while run[-1] + distance in numbers:
        run.append(run[-1] + distance)
    return tuple(run)
