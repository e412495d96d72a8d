"""What is timed? A task: one setting, candidates that must give the same numbers; the first is the base."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import peers
from .series import Call, clock


@dataclass(frozen=True)
class Candidate:
    """A way to the numbers: ``prepare(setting, *libraries)`` derives, compiles; what it returns is timed."""

    name: str
    prepare: Callable[..., Call]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """The same numbers, by every candidate."""

    key: str
    title: str
    setting: Callable[[], Any]
    candidates: tuple[Candidate, ...]
    dtype: str = "float64"

    def candidate(self, name: str) -> Candidate:
        """The candidate of that name."""
        return next(c for c in self.candidates if c.name == name)


@dataclass(frozen=True)
class Ready:
    """A candidate that can be called, and how long the first result took (library loaded, nothing else)."""

    call: Call
    first: float


def ready(candidate: Candidate, setting: Any) -> Ready:
    """Prepare a candidate and call it once; ImportError where a library is not installed."""
    libraries = [peers.load(name) for name in candidate.needs]
    start = clock()
    call = candidate.prepare(setting, *libraries)
    call()
    return Ready(call, clock() - start)


def assert_same(task: Task, name: str, found: Any, expected: Any) -> None:
    """Half of the digits of the dtype, relative to the largest entry of each array of the base."""
    half = float(np.sqrt(np.finfo(task.dtype).eps))
    blocks = [np.ravel(a) for a in leaves(expected)]
    entries = np.concatenate([np.ravel(a) for a in leaves(found)])
    assert len(entries) == sum(map(len, blocks)), (task.key, name, len(entries))
    start = 0
    for k, block in enumerate(blocks):
        error = np.max(np.abs(entries[start : start + len(block)] - block))
        assert error <= half * np.max(np.abs(block)), (task.key, name, k, error)
        start += len(block)


def leaves(value: Any) -> list[np.ndarray]:
    """The arrays of a result, whatever the library returns."""
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [np.asarray(value.detach() if hasattr(value, "detach") else value, dtype=float)]
