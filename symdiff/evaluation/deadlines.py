"""Until when may exact work go on? A deadline of the current thread or task, looked at node by node."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from symdiff.errors import OutOfTime, explain

T = TypeVar("T")
_DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Exact work inside the block ends with OutOfTime after this many seconds; an outer limit still holds.

    >>> with time_limit(60):
    ...     require_time()
    """
    outer = _DEADLINE.get()
    own = None if seconds is None else time.monotonic() + seconds
    ends = [end for end in (outer, own) if end is not None]
    token = _DEADLINE.set(min(ends, default=None))
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def require_time() -> None:
    """Raise OutOfTime if the deadline has passed."""
    end = _DEADLINE.get()
    if end is not None and time.monotonic() > end:
        raise OutOfTime(explain("exact evaluation", {"time": "over"}, "Give a larger timeout."))


def in_time(seconds: float, function: Callable[[], T]) -> T | None:
    """What a function returns within some seconds, whatever was the deadline before; None if it takes longer.

    >>> in_time(60, lambda: 1)
    1
    """
    token = _DEADLINE.set(time.monotonic() + seconds)
    try:
        return function()
    except OutOfTime:
        return None
    finally:
        _DEADLINE.reset(token)
