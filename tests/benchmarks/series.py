"""How is it timed? On one core, paired: all candidates in every round, rotated; ratios within a round."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

Call = Callable[[], object]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
WARM_UP = 2
CORE_SHARE = 0.97  # of a quiet round: CPU seconds by wall seconds

# On one core nothing runs beside: CPU seconds are the seconds of a quiet machine.
clock = time.process_time


@dataclass(frozen=True)
class Timing:
    """Median seconds of a call, and the median over rounds of its ratio to the base in the same round."""

    median: float
    ratio: float


@dataclass(frozen=True)
class Series:
    """The timings of one series, and how many rounds were quiet."""

    timings: dict[str, Timing]
    quiet: int
    rounds: int


@contextmanager
def one_core() -> Iterator[None]:
    """Pin the process to one core and every thread pool to one thread; put everything back afterwards."""
    from threadpoolctl import threadpool_limits  # of the [bench] extra: plain test runs do without it

    kept = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    pinned = hasattr(os, "sched_setaffinity")
    cores = os.sched_getaffinity(0) if pinned else set()
    if pinned:
        os.sched_setaffinity(0, {max(cores)})
    try:
        with threadpool_limits(1):
            yield
    finally:
        if pinned:
            os.sched_setaffinity(0, cores)
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def measure(calls: Mapping[str, Call], *, rounds: int = 31, block: float = 0.02) -> Series:
    """Time all calls round by round, each for ``block`` seconds or more in a round; the first is the base."""
    names = list(calls)
    counts = {name: _repetitions(call, block) for name, call in calls.items()}
    found: list[tuple[float, dict[str, float]]] = []
    gc.collect()
    gc.freeze()  # else collecting between rounds would walk through every library again
    gc.disable()
    try:
        for k in range(rounds):
            turn = k % len(names)
            found.append(_round(calls, counts, names[turn:] + names[:turn]))
            gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    found.sort(key=lambda round_: -round_[0])
    quiet = sum(share >= CORE_SHARE for share, _ in found)
    kept = [times for _, times in found[: max(quiet, (rounds + 1) // 2)]]
    timings = {
        name: Timing(median(t[name] for t in kept), median(t[name] / t[names[0]] for t in kept))
        for name in names
    }
    return Series(timings, quiet, rounds)


def _round(
    calls: Mapping[str, Call], counts: Mapping[str, int], order: list[str]
) -> tuple[float, dict[str, float]]:
    """The share of the core that the process had, and the seconds of each call."""
    times: dict[str, float] = {}
    wall, own = time.perf_counter(), clock()
    for name in order:
        times[name] = _block(calls[name], counts[name]) / counts[name]
    return (clock() - own) / (time.perf_counter() - wall), times


def _block(call: Call, count: int) -> float:
    start = clock()
    for _ in range(count):
        call()
    return clock() - start


def _repetitions(call: Call, block: float) -> int:
    """How often a call is repeated to fill a block, after the warm-up."""
    for _ in range(WARM_UP):
        call()
    count = 1
    while (seconds := _block(call, count)) < block:
        count = max(count + 1, int(1.3 * count * block / max(seconds, 1e-7)))
    return count
