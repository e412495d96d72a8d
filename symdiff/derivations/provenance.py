"""Where does a value come from? The numbers of the steps, by their phases, as tables of lecture notes say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from symdiff.derivations.steps import Derivation, Step


def sources(derivation: Derivation, steps: Sequence[Step]) -> str:
    """``steps 1, 3`` within the forward pass, ``forward step 5, backward steps 9, 11`` after it.

    For steps that are one line, such as those of all layers, each source is listed for all of them.
    """
    columns = zip(*(sorted(step.sources) for step in steps), strict=True)
    groups = groupby(columns, key=lambda column: derivation.steps[column[0] - 1].phase)
    if not steps or steps[0].phase == "forward":
        return ", ".join(_told("", group) for _, group in groups)
    return ", ".join(_told(f"{phase} ", group) for phase, group in groups)


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
