"""What is a row of the tracing table? A call as users write it, and the error it may meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from symdiff.errors import SymdiffError

#: What the parameters of the examples stand for: shape, and the interval of the numbers.
SAMPLES: dict[str, tuple[tuple[int, ...], float, float]] = {
    "x": ((3,), -2.0, 2.0),
    "y": ((3,), -2.0, 2.0),
    "p": ((3,), 0.1, 0.9),
    "s": ((), 0.5, 2.0),
    "M": ((3, 4), -2.0, 2.0),
    "N": ((4, 2), -2.0, 2.0),
    "S": ((3, 3), -2.0, 2.0),
    "T": ((2, 3, 4), -2.0, 2.0),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A call as users write it, and the error it meets if it cannot be traced."""

    name: str
    example: Callable[..., Any]
    error: type[SymdiffError] | None = None
    instead: str = ""

    @property
    def status(self) -> str:
        """``traces``, or the kind of the error."""
        return "traces" if self.error is None else self.error.__name__


def rows(*pairs: tuple[str, Callable[..., Any]]) -> list[Row]:
    """Rows that trace."""
    return [Row(name, example) for name, example in pairs]
