"""What was seen at the special points of a question? Notes for the report, kept with the question."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeAlias

import numpy as np

from symdiff.checking.kinks.conventions import Convention, followed
from symdiff.checking.kinks.hulls import CLOSE, Numbers
from symdiff.checking.kinks.limits import Surroundings, evaluated, numbers, slanted, spread
from symdiff.checking.kinks.selections import selections
from symdiff.checking.kinks.ties import tied_nodes
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.ir.graph import Node

Standing: TypeAlias = Literal["inside", "apart", "wrong", "doubtful", "no derivative"]
Kind: TypeAlias = Literal[
    "smooth", "removable", "kink", "jump", "infinite slope", "edge of the domain", "unknown"
]

_MOST = 6


@dataclass(frozen=True)
class Note:
    """One special point: which nodes were tied, what the derivative does there, and how the claim stands to it."""

    tied: tuple[Node, ...]
    generic: bool
    kind: Kind
    standing: Standing
    low: float = 0.0
    high: float = 0.0
    given: float = np.nan
    convention: Convention | None = None
    silent: tuple[Node, float] | None = None


def notes(question: Question) -> list[Note]:
    """The notes of a question so far; like a cached property they live with it."""
    found: list[Note] = question.__dict__.setdefault("kink notes", [])
    return found


def note(place: Surroundings, given: Numbers, standing: Standing) -> None:
    """Keep what a special point shows, for the first of each kind."""
    known = notes(place.question)
    if len(known) >= _MOST:
        return
    tied = tuple(tied_nodes(place.question.truth.store, place.question.kinks, place.point))
    generic = _is_generic(place)
    if any(n.tied == tied and n.generic >= generic and n.standing == standing for n in known if tied):
        return
    if len(place.limits) < 2:
        for direction in list(islice(slanted(place), 2))[len(place.limits) :]:
            place.look(direction)
    kind = _kind(place)
    if kind == "nothing":
        return
    low, high, own = _widest(place, given) if kind == "kink" else (0.0, 0.0, np.nan)
    chosen = None
    if kind == "kink" and standing == "inside" and not place.is_singular:
        chosen = selections(place.question, place.targets, place.point)
    convention = followed(chosen, given) if chosen is not None else None
    silent = _silent(place) if place.is_singular else None
    if tied or silent is None or all(n.silent is None or n.silent[0] != silent[0] for n in known):
        known.append(Note(tied, generic, kind, standing, low, high, own, convention, silent))


def note_smooth(question: Question, point: Point, tied: tuple[Node, ...]) -> None:
    """Keep that the claim equals the derivative on all sides of a tie."""
    known = notes(question)
    place = Surroundings(question, tuple(range(len(question.targets))), point)
    generic = _is_generic(place)
    if len(known) < _MOST and not any(n.tied == tied and n.generic >= generic for n in known):
        for direction in islice(slanted(place), 2):
            place.look(direction)
        kind = _kind(place)
        known.append(Note(tied, generic, "smooth" if kind == "nothing" else kind, "inside"))


def _is_generic(place: Surroundings) -> bool:
    """Whether the point is special for one tie only, so that what is smooth there is smooth at this tie."""
    entries = [v for node in place.nodes if node in place.point for v in place.point[node].flat]
    return len(entries) == 1 or len(set(entries)) > 1


def _kind(place: Surroundings) -> Kind | Literal["nothing"]:
    outcomes = {limit.outcome for limit in place.limits}
    has_value = place.here is None or all(np.isfinite(v).all() for v in place.here[1])
    if not has_value and not place.finite and "infinite slope" not in outcomes:
        return "nothing"
    if "jump" in outcomes:
        return "jump"
    if "infinite slope" in outcomes:
        settles = all(x.value for x in place.limits if x.outcome == "infinite slope")
        return "infinite slope" if settles else "edge of the domain"
    if "no telling" in outcomes:
        return "unknown"
    if not place.finite or "outside" in outcomes:
        return "edge of the domain"
    if spread(place.finite) > CLOSE:
        return "kink" if has_value else "edge of the domain"
    if not place.is_singular:
        return "smooth"
    return "removable" if place.is_continuous else "jump"


def _silent(place: Surroundings) -> tuple[Node, float] | None:
    """The quantity at which the derivative's formula has no value, and what it is there."""
    truth = place.question.truth
    store = truth.store
    nodes = store.ancestors([truth.outputs[k] for k in place.targets])
    found = evaluated(place.question, nodes, place.base, place.arithmetic)
    known = dict(zip(nodes, map(numbers, found), strict=True)) if found is not None else {}
    for node in nodes if known else ():
        if np.isfinite(known[node]).all():
            continue
        operands = store.operands(node)
        alike = [k for k in operands if known[k].shape == known[node].shape]
        if alike and all(np.isfinite(known[k]).all() for k in operands):
            index = tuple(int(k) for k in np.argwhere(~np.isfinite(known[node]))[0])
            values = [(k, float(known[k][index])) for k in alike]
            return min(values, key=lambda pair: abs(pair[1]))
    return None


def _widest(place: Surroundings, given: Numbers) -> tuple[float, float, float]:
    """The limits and the claim's value in the entry where the limits are furthest apart."""
    every = np.stack(place.finite)
    k = int(np.argmax(np.ptp(every, axis=0)))
    return float(every[:, k].min()), float(every[:, k].max()), float(given[k])
