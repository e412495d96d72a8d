"""Does every check end in time and in memory, and stay readable, however large the question?"""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.checking.wording import exact_entry
from symdiff.doors.tracing import trace
from symdiff.errors import OutOfTime
from symdiff.evaluation.arithmetics import BALLS
from symdiff.evaluation.deadlines import in_time, require_time, time_limit
from symdiff.evaluation.exact import evaluate, lift
from symdiff.ir.ops import Contract
from symdiff.proof.at_shape.zero_test import equal_at_shape

RNG = np.random.default_rng(0)
LARGE = RNG.normal(size=(1000, 1000))
SLACK = 1.5


def squared(x: Any) -> Any:
    return np.sum(x**2)


def timed(run: Callable[[], Any]) -> tuple[Any, float]:
    start = time.monotonic()
    return run(), time.monotonic() - start


def iterated(x: Any) -> Any:
    for _ in range(40):
        x = x * x + x * 0.5 - x / 3
    return x


def at(value: Fraction) -> Any:
    result = np.empty((), dtype=object)
    result[()] = value
    return result


# Exact entries ----------------------------------------------------------------------------------------------


def test_a_rational_of_huge_degree_is_given_up_at_once() -> None:
    graph = trace(iterated, 0.3)
    point = {graph.inputs[0]: at(Fraction(3, 10))}
    value, seconds = timed(lambda: exact_entry(graph.store, graph.outputs[0], point, ()))
    assert value is None
    assert seconds < 1


@pytest.mark.parametrize(
    ("fn", "expected"),
    [(lambda x: x**2 + 1, Fraction(5, 4)), (lambda x: x**1000, None), (lambda x: (x**50) ** 50, None)],
)
def test_short_entries_are_exact(fn: Callable[[Any], Any], expected: Fraction | None) -> None:
    graph = trace(fn, 0.5)
    assert exact_entry(graph.store, graph.outputs[0], {graph.inputs[0]: at(Fraction(1, 2))}, ()) == expected


# Deadlines --------------------------------------------------------------------------------------------------


def test_a_deadline_ends_exact_work_and_the_outer_one_holds() -> None:
    with time_limit(0), pytest.raises(OutOfTime, match="Give a larger timeout"):
        require_time()
    with time_limit(0), time_limit(60), pytest.raises(OutOfTime):
        require_time()
    with time_limit(0):
        assert in_time(60, lambda: 1) == 1
        assert in_time(0, require_time) is None
    require_time()


def test_balls_look_at_the_clock() -> None:
    graph = trace(squared, np.ones(3))
    point = {graph.inputs[0]: lift(np.array([Fraction(1)] * 3), BALLS)}
    with time_limit(0), pytest.raises(OutOfTime):
        evaluate(graph.store, graph.outputs, point, BALLS)


def test_the_zero_test_looks_at_the_clock_inside_one_contraction() -> None:
    def product(a: Any, b: Any) -> Any:
        return a @ b

    graph = trace(product, np.ones((64, 64)), np.ones((64, 64)))
    twice = graph.store.add(Contract((((0, 1)),), (0, 1), (64, 64), Fraction(2)), (graph.outputs[0],))
    test, seconds = timed(lambda: equal_at_shape(graph.store, graph.outputs, [twice], seconds=0.3))
    assert test.equal is None
    assert seconds < 1


@pytest.mark.parametrize("timeout", [1.0, 3.0])
def test_a_timeout_is_kept(timeout: float) -> None:
    def claim(x: Any) -> Any:
        return x * 0 + 1

    verdict, seconds = timed(lambda: sd.check(iterated, claim, (0.3,), timeout=timeout))
    assert verdict.status in ("refuted", "undecided")
    assert seconds < SLACK * timeout + 0.5


# Large arrays -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opaque", [False, True])
def test_a_million_entries_are_a_matter_of_seconds(opaque: bool) -> None:
    def claim(x: Any) -> Any:
        return 2 * x * float(x[0, 0] > -1e9) if opaque else 2 * x

    verdict, seconds = timed(lambda: sd.check(squared, claim, (LARGE,)))
    assert verdict.status == ("agrees" if opaque else "proved")
    assert seconds < 15


@pytest.mark.parametrize("opaque", [False, True])
def test_a_large_witness_is_abbreviated(opaque: bool) -> None:
    places = np.arange(LARGE.size).reshape(LARGE.shape)

    def claim(x: Any) -> Any:
        return 2 * x + (places == 77) * 1e-6 * (float(x[0, 0] > -1e9) if opaque else 1)

    verdict, seconds = timed(lambda: sd.check(squared, claim, (LARGE,)))
    assert verdict.status == "refuted"
    assert seconds < 15
    assert len(str(verdict)) < 5000
    assert verdict.snippet is None or len(verdict.snippet) < 1000
