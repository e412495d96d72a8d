"""Each task by each candidate, on one core; normally skipped. No time is asserted, only the same numbers."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from .catalogue import TASKS
from .series import one_core
from .start_up import seconds_to_import
from .tasks import Call, Task, assert_same, ready

CASES = [
    pytest.param(task, candidate.name, id=f"{task.key}-{candidate.name}")
    for task in TASKS.values()
    for candidate in task.candidates
]


@cache
def _setting(task: Task) -> Any:
    return task.setting()


def _prepared(task: Task, name: str) -> Call:
    candidate = task.candidate(name)
    for library in candidate.needs:
        pytest.importorskip(library)
    return ready(candidate, _setting(task)).call


@pytest.mark.filterwarnings("default")  # what a peer warns of is the peer's affair
@pytest.mark.parametrize(("task", "name"), CASES)
def test_speed(benchmark: Any, task: Task, name: str) -> None:
    """The candidate gives the numbers of the base, and is timed."""
    benchmark.group = task.title
    with one_core():
        call = _prepared(task, name)
        assert_same(task, name, call(), _prepared(task, task.candidates[0].name)())
        benchmark(call)


def test_import(benchmark: Any) -> None:
    """``import symdiff`` in a fresh process."""
    benchmark.group = "import symdiff"
    benchmark.pedantic(seconds_to_import, args=("symdiff",), rounds=5)
