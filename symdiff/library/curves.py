"""How does an entry look along its slice? Values with two derivatives, kinks, and where the slope is small."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph
from symdiff.library.bounds import enclosure, slope
from symdiff.library.entries import Entry
from symdiff.library.slices import slice_of
from symdiff.pages.sheets import Curve, Kink

WINDOW = (-8.0, 8.0)
COUNT = 641
BOUND = 0.01
MARGIN = 1e-3
_MOST = 400  # intervals that are looked at; a kink needs some 30
_WIDTH = Fraction(1, 2**40)
_STEP = 1e-6


def curve_of(entry: Entry) -> Curve:
    """The slice of an entry with its first two derivatives; values that are no floats are NaN."""
    cut = slice_of(entry)
    graphs = [slope(cut.fn, order) for order in range(3)]
    low, high = cut.window or WINDOW
    low = low if cut.low is None else cut.low + MARGIN
    high = high if cut.high is None else cut.high - MARGIN
    xs = np.linspace(low, high, COUNT)
    kernels = [compile_kernel(graph) for graph in graphs]
    values = tuple(tuple(_at(kernel, x) for x in xs) for kernel in kernels)
    kinks = tuple(_kinks(graphs, kernels, Fraction(low), Fraction(high)))
    flat = tuple(_flat(xs, values[1])) if entry.kind == "activation" else ()
    return Curve(cut.label, tuple(map(float, xs)), values, kinks, flat, BOUND)


def _at(kernel: Any, x: float) -> float:
    with np.errstate(all="ignore"):
        value = float(np.asarray(kernel.flat([float(x)])[0]))
    return value if np.isfinite(value) else float("nan")


def _flat(xs: Any, slopes: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    """Stretches in which the slope is below the bound."""
    small = np.abs(np.asarray(slopes)) < BOUND
    edges = np.flatnonzero(np.diff(np.concatenate([[0], small.astype(int), [0]])))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start > 1:
            yield float(xs[start]), float(xs[stop - 1])


def _kinks(graphs: list[Graph], kernels: list[Any], low: Fraction, high: Fraction) -> Iterator[Kink]:
    """Places where no interval is small enough to decide a branch, and a derivative has two sides."""
    places = sorted(place for graph in graphs for place in _undecided(graph, low, high))
    for place in _merged(places):
        simple = place.limit_denominator(1000)
        at = float(simple if abs(simple - place) <= 4 * _WIDTH else place)
        for order in (0, 1, 2):
            left, right = (_at(kernels[order], at + side * _STEP) for side in (-1, 1))
            if abs(left - right) > 1e-3 * max(1.0, abs(left), abs(right)):
                yield Kink(at, order, _rounded(left), _rounded(right))
                break


def _rounded(value: float) -> float:
    return float(f"{value:.5g}") + 0.0 if abs(value) > 1e-4 else 0.0


def _undecided(graph: Graph, low: Fraction, high: Fraction) -> list[Fraction]:
    """Short intervals in which a branch is open; none where intervals cannot decide one nearly anywhere."""
    found: list[Fraction] = []
    waiting = [(low, high)]
    for _ in range(_MOST):
        if not waiting:
            return found
        start, end = waiting.pop()
        if enclosure(graph, start, end) is None:
            middle = start + (end - start) * Fraction(157, 311)
            if end - start < _WIDTH:
                found.append((start + end) / 2)
            else:
                waiting += [(start, middle), (middle, end)]
    return []


def _merged(places: list[Fraction]) -> Iterator[Fraction]:
    last = None
    for place in places:
        if last is None or place - last > 4 * _WIDTH:
            yield place
        last = place
