"""What is the true value of a function of one number at many floats? Balls, sharp beside the distance of floats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symdiff.errors import NotCompilable, Undetermined
from symdiff.evaluation.arithmetics import READ_BALLS, compiled, working_precision
from symdiff.evaluation.entries import output_entries
from symdiff.ir.graph import Graph
from symdiff.library.bounds import enclosure

PRECISIONS = (150, 500, 3500)
NEAR_KINK = Fraction(1, 2**1080)


@dataclass(frozen=True)
class Truths:
    """For each point the true value as a ball, None where it is not known to a small part of an ULP."""

    balls: tuple[Any, ...]
    ulps: tuple[Any, ...]
    dtype: str


def truths(graphs: Sequence[Graph], grid: NDArray[Any], dtype: str, skip_kinks: bool) -> Truths:
    """The values of a function of one number, from graphs of equal value: where one has none, the next is asked."""
    exact = [Fraction(float(x)) for x in grid]
    balls: list[Any] = [None] * len(exact)
    for graph in graphs:
        _fill(balls, graph, exact, dtype)
    for k, ball in enumerate(balls):
        if ball is None:
            found = enclosure(graphs[0], exact[k], exact[k])
            if found is not None:
                with working_precision(PRECISIONS[0]):
                    balls[k] = _sharp(found.low.union(found.high), dtype)
    if skip_kinks:
        for k in _kinks(graphs[0], exact, 0, len(exact)):
            balls[k] = None
    return Truths(tuple(balls), tuple(None if b is None else ulp(b, dtype) for b in balls), dtype)


def _fill(balls: list[Any], graph: Graph, exact: list[Fraction], dtype: str) -> None:
    try:
        formula = _formula(graph)
    except NotCompilable:  # the maximum of a row
        return
    for bits in PRECISIONS:
        missing = [k for k, ball in enumerate(balls) if ball is None]
        with working_precision(bits):
            for k in missing:
                balls[k] = _sharp(_value(formula, exact[k]), dtype)


def _kinks(graph: Graph, xs: Sequence[Fraction], start: int, stop: int) -> Iterator[int]:
    """The places of points on a kink, by halves: most halves have none."""
    if enclosure(graph, xs[start] - NEAR_KINK, xs[stop - 1] + NEAR_KINK) is not None:
        return
    if stop - start == 1:
        yield start
        return
    middle = (start + stop) // 2
    yield from _kinks(graph, xs, start, middle)
    yield from _kinks(graph, xs, middle, stop)


def _formula(graph: Graph) -> Callable[[Any], Any]:
    """The graph as one formula in balls: thousands of points are asked."""
    expression = sp.sympify(output_entries(graph)[0].item(), strict=True)
    symbol = sp.Symbol("x") if not expression.free_symbols else next(iter(expression.free_symbols))
    return compiled((symbol,), expression, READ_BALLS)


def _value(formula: Callable[[Any], Any], x: Fraction) -> Any:
    try:
        return formula(READ_BALLS.number(x))
    except (Undetermined, ZeroDivisionError):
        return None


def _sharp(ball: Any, dtype: str) -> Any:
    """The ball if it is small beside the distance of floats."""
    if ball is None or not ball.is_finite():
        return None
    return ball if bool(2**20 * ball.rad() <= ulp(ball, dtype)) else None


def ulp(ball: Any, dtype: str) -> Any:
    """The distance of the floats around the middle of a ball."""
    info = np.finfo(dtype)
    least = int(np.log2(float(info.smallest_subnormal)))
    middle = ball.mid()
    if middle.is_zero():
        return flint.arb(2) ** least
    mantissa, exponent = middle.man_exp()
    top = int(exponent) + int(abs(mantissa)).bit_length() - 1
    return flint.arb(2) ** max(top - info.nmant, least)
