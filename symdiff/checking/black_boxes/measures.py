"""How far is a claim from the truth at some probes, in units of the bound; and one entry from its ball."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Measure:
    """One target at some probes: the largest difference of each probe in units of the bound, and where it is.

    ``judged`` marks the entries whose bound is narrow enough to mean something; ``undefined`` the entries at which
    the claim is no number though it should be one.
    """

    ratio: Array
    ulps: Array
    place: Array
    judged: NDArray[np.bool_]
    undefined: NDArray[np.bool_]

    def index(self, row: int) -> tuple[int, ...]:
        """The entry with the largest difference at one probe, or the first that is no number."""
        bad = self.undefined[row]
        flat = np.argmax(bad) if bad.any() else self.place[row]
        return tuple(int(k) for k in np.unravel_index(int(flat), bad.shape))


@dataclass(frozen=True)
class Certified:
    """The ball of one entry, the claim's float, and their distance."""

    exact: Any
    claimed: float
    gap: float


def ball(like: Any, number: Fraction) -> Any:
    """An exact number as a ball."""
    return type(like)(number.numerator) / number.denominator


def distance(exact: Any, given: Any) -> float:
    """How far a float is from a ball, rounded up."""
    number = Fraction(*given.as_integer_ratio())
    return float(abs(exact - ball(exact, number)).upper())
