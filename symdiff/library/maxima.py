"""Where is a smooth function of one number largest, and how large is it there? Enclosed to many digits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symdiff.errors import InputError, explain
from symdiff.evaluation.arithmetics import working_precision
from symdiff.ir.graph import Graph
from symdiff.library.bounds import (
    BITS,
    NARROWEST,
    Cover,
    End,
    Function,
    Piece,
    as_ball,
    enclosure,
    exact_end,
    interval_text,
    slope,
)
from symdiff.library.intervals import Interval
from symdiff.verdicts import Evidence, Status, Verdict


@dataclass(frozen=True)
class Peak:
    """The place and the value of a maximum, each in an interval, and the verdict of the search."""

    place: Interval
    value: Interval
    verdict: Verdict


def greatest(fn: Function, over: tuple[End, End], near: float) -> Peak:
    """The largest value of a smooth function between two ends, enclosed, with the place ``near`` which it is.

    Elsewhere the function is proved smaller; around the place its second derivative is negative, so that the slope
    at the middle bounds what is missing.

    >>> import numpy as np
    >>> peak = greatest(lambda x: x * np.exp(-x), (0, 10), 1.0)
    >>> peak.verdict.status, round(float(peak.value.low), 12)
    ('proved', 0.367879441171)
    """
    graphs = [slope(fn, order) for order in range(3)]
    centre = _newton(graphs, Fraction(near))
    with working_precision(BITS):
        value, first = (_at(graph, centre) for graph in graphs[:2])
    radius = Fraction(1, 16)
    while not _is_concave(graphs, centre, radius):
        radius /= 2
        if radius < NARROWEST:
            raise InputError(
                explain("greatest", {"near": near}, "Give a place at which the function curves down.")
            )
    bent = enclosure(graphs[2], centre - radius, centre + radius)
    assert bent is not None
    question = f"the maximum of {getattr(fn, '__name__', 'f')} for {interval_text(over)}"
    with working_precision(BITS):
        missing = (abs(first).high ** 2 / (2 * -bent.high)).upper()
        away = (abs(first).high / -bent.high).upper()
        place = Interval((as_ball(centre) - away).lower(), (as_ball(centre) + away).upper())
        peak = Interval(value.low, (value.high + missing).upper())
    verdict = _elsewhere(graphs, over, centre, radius, peak, question)
    return Peak(place, peak, verdict)


def _elsewhere(
    graphs: list[Graph],
    over: tuple[End, End],
    centre: Fraction,
    radius: Fraction,
    peak: Interval,
    question: str,
) -> Verdict:
    """Whether the function stays below the peak outside its neighbourhood."""
    cover = Cover(graphs[0], graphs[1], exactly(peak.low), None, question)
    low, high = exact_end(over[0]), exact_end(over[1])
    pieces = ((low, centre - radius), (centre + radius, high))
    verdicts = [cover.judge(piece) for piece in pieces if _is_proper(piece)]
    worst = next((v for v in verdicts if v.status != "proved"), verdicts[-1])
    status: Status = "proved" if worst.status == "proved" else "undecided"
    concave = "a negative second derivative around the place, and the slope at its middle"
    return replace(worst, status=status, witness=None, evidence=Evidence((*worst.evidence.roads, concave)))


def _is_proper(piece: Piece) -> bool:
    low, high = piece
    return low is None or high is None or low < high


def _newton(graphs: list[Graph], x: Fraction) -> Fraction:
    """A point at which the derivative nearly vanishes; nothing rests on how near it is."""
    with working_precision(BITS):
        for _ in range(12):
            first, second = _at(graphs[1], x), _at(graphs[2], x)
            step = first.low / second.low
            moved = as_ball(x) - step
            x = exactly(moved.mid())
    return x


def _at(graph: Graph, x: Fraction) -> Interval:
    value = enclosure(graph, x, x)
    if value is None:
        raise InputError(explain("greatest", {"x": float(x)}, "Ask where the function is smooth."))
    return value


def _is_concave(graphs: list[Graph], centre: Fraction, radius: Fraction) -> bool:
    """Whether no branch changes around a point, and the second derivative is negative there."""
    held = [enclosure(graph, centre - radius, centre + radius) for graph in graphs]
    return None not in held and held[2] is not None and bool(held[2].high < 0)


def exactly(end: Any) -> Fraction:
    """An exact ball as a fraction."""
    mantissa, exponent = end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
