"""Was an operation refused while user code runs, and the refusal caught by that code?

Plain NumPy would have gone on where a traced array refuses, so such a run says nothing about the function.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TypeVar

_Refusal = TypeVar("_Refusal", bound=BaseException)

watched: ContextVar[list[BaseException] | None] = ContextVar("watched", default=None)


def noted(refusal: _Refusal) -> _Refusal:
    """Remember a refusal of the run that is going on."""
    refusals = watched.get()
    if refusals is not None:
        refusals.append(refusal)
    return refusal
