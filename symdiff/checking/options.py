"""How is a question asked? Domain, kink convention, dtype, effort and seed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from symdiff.checking.domains import Domain, check_sets, normal
from symdiff.errors import DtypeError, InputError, explain
from symdiff.verdicts import Mistake

NO_TIME = Mistake("unknown", "the time was over before a cause was found")


# ReLU'(0) = 0, ties of a maximum share the derivative equally: torch and JAX agree on these. |x|'(0) is 0 in torch
# and 1 in JAX, and maximum(x, 0) has slope 1/2 in both: see checking.conventions.
CONVENTIONS = ("torch", "jax", "shared")


@dataclass(frozen=True)
class Options:
    """The keyword arguments of ``check``; ``timeout`` is in seconds, after which a verdict is undecided.

    ``given`` says that the example inputs are the caller's own: only there do lost digits refute.
    """

    domain: Domain = field(default_factory=dict)
    convention: str | None = None
    dtype: str = "float64"
    examples: int = 200
    seed: int = 0
    timeout: float | None = None
    given: bool = True
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        check_sets(self.domain)
        object.__setattr__(self, "domain", normal(self.domain))
        if self.dtype not in ("float64", "float32"):
            raise DtypeError(
                explain(f"check(dtype={self.dtype!r})", {"known": "float64, float32"}, "Use one of these.")
            )
        if self.convention is not None and self.convention not in CONVENTIONS:
            known: dict[str, object] = {"known": ", ".join(CONVENTIONS)}
            raise InputError(
                explain(f"check(convention={self.convention!r})", known, "Use one of these, or None.")
            )
        if self.examples < 1:
            raise InputError(
                explain(f"check(examples={self.examples})", {"least": 1}, "Ask for at least one example.")
            )

    @property
    def seconds_left(self) -> float:
        """The time that remains, at most a minute for any one step."""
        if self.timeout is None:
            return 60.0
        return max(0.0, self.timeout - (time.monotonic() - self.started))

    @property
    def grace(self) -> float:
        """The seconds for describing a mistake that is certain already."""
        return max(self.seconds_left, 0.5 if self.timeout is None else min(0.5, self.timeout / 4))

    @property
    def is_late(self) -> bool:
        """Whether the caller's time is over."""
        return self.timeout is not None and self.seconds_left <= 0
