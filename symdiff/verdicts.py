"""What can be answered? proved, agrees, refuted or undecided, each with its evidence, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Status: TypeAlias = Literal["proved", "agrees", "refuted", "undecided"]
Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Entry:
    """One entry of a small derivative: the claim's value, the exact one, and one from differences of the function."""

    index: tuple[int, ...]
    claimed: Any
    exact: Any
    measured: float | None
    wrong: bool


@dataclass(frozen=True)
class Witness:
    """The smallest input found at which the claim is wrong.

    ``inputs`` maps names to small arrays of exact numbers; ``claimed`` and ``exact`` are the two values of entry
    ``index`` of ``argument``; ``certified`` says that they were enclosed in intervals that do not meet, which are
    the ``enclosures``. ``entries`` holds the whole derivative by the argument when it is small.
    """

    inputs: dict[str, Any]
    argument: str
    index: tuple[int, ...]
    claimed: Any
    exact: Any
    certified: bool
    enclosures: tuple[str, str] | None = None
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Mistake:
    """What went wrong, in one word of the list of kinds, one sentence, and a repair that was itself checked."""

    kind: str
    detail: str
    repair: str | None = None
    where: str | None = None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """The roads that were taken, in words and numbers."""

    roads: tuple[str, ...] = ()
    points: int = 0
    digits: int | None = None
    ulps: float | None = None
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Blindness:
    """Mistakes planted in the reference: how many this set of probes caught, and which probes could see none."""

    caught: int
    planted: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The answer to one question; ``ok`` is True for proved and agrees.

    It has no truth value: undecided must read as neither. Of a refuted claim ``returned`` is what its source
    returns, ``source`` the line at ``where`` (or at the mistake's), ``right`` what was found right about it, and
    ``invariants`` are properties of every right answer that it violates.
    """

    status: Status
    question: str
    scope: str
    evidence: Evidence = field(default_factory=Evidence)
    reason: str = ""
    witness: Witness | None = None
    mistake: Mistake | None = None
    kink: str | None = None
    blind: Blindness | None = None
    numerics: str | None = None
    readings: tuple[str, ...] = ()
    parts: dict[str, Verdict] = field(default_factory=dict)
    right: tuple[str, ...] = ()
    where: str | None = None
    snippet: str | None = None
    invariants: tuple[str, ...] = ()
    returned: str | None = None
    source: str | None = None

    @property
    def ok(self) -> bool:
        """True for proved and agrees."""
        return self.status in ("proved", "agrees")

    def __bool__(self) -> bool:
        raise TypeError(
            "bool(verdict)\n  status="
            + self.status
            + "\n  Use verdict.ok: undecided is neither true nor false."
        )


_RANK: dict[Status, int] = {"refuted": 0, "undecided": 1, "agrees": 2, "proved": 3}


def weakest(parts: dict[str, Verdict]) -> Verdict:
    """The part that decides the whole: refuted before undecided before agrees before proved."""
    return min(parts.values(), key=lambda verdict: _RANK[verdict.status])


_SYMBOLS = {"jacobian": "J", "hessian": "H", "hvp": "Hv", "jvp": "Jv"}


def symbol_of(of: str, argument: str) -> str:
    """What a derivative by an argument is called in tables.

    >>> symbol_of("gradient", "x"), symbol_of("vjp", "p.W"), symbol_of("hessian", "x"), symbol_of("value", "value")
    ('dx', 'd(p.W)', 'H', 'value')
    """
    if of in ("gradient", "vjp"):
        return f"d{argument}" if argument.isidentifier() else f"d({argument})"
    return _SYMBOLS.get(of, argument)


def to_plain(value: Any) -> Any:
    """Arrays as nested lists, numbers as numbers or text: for JSON and for printing."""
    if isinstance(value, np.ndarray):
        return [to_plain(v) for v in value] if value.ndim else to_plain(value.item())
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    if isinstance(value, np.generic):
        return value.item()
    return str(value)
