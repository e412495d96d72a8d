"""Wrong derivatives with their right twins, by the kind of the mistake: what the referee is measured on.

Each module holds pairs of one field. ``kind`` is the most specific kind that fits, by the precedence of the API;
``source`` cites the thread or the paper where the mistake was really made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from symdiff.checking.arguments import Wrt
from symdiff.checking.questions import Of

Claim = Callable[..., Any]
MODULES = (
    "activations",
    "rectifiers",
    "classifying",
    "binary",
    "losses",
    "distances",
    "elementwise",
    "special_points",
    "not_finite",
    "floats",
    "dtypes",
    "entries",
    "threads_a",
    "black_boxes",
    "every_shape",
    "asked",
    "matrices",
    "layers",
    "norms",
    "attention",
    "second_order",
    "networks",
    "recurrent",
    "caches",
    "threads_b",
    "threads_c",
    "threads_d",
    "slips",
    "substitutes",
)


@dataclass(frozen=True)
class Pair:
    """A function, a wrong derivative of it with the kind of its mistake, and the right one.

    ``special`` says in which way the wrong one hides: "point", "shape", "dtype" or "second order".
    """

    name: str
    kind: str
    fn: Claim
    wrong: Claim
    right: Claim
    inputs: Any
    wrt: Wrt = 0
    of: Of = "gradient"
    domain: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    special: str = ""
    source: str = ""


@dataclass
class Pairs:
    """The pairs of one module."""

    found: list[Pair] = field(default_factory=list)

    def add(
        self, name: str, kind: str, fn: Claim, *, wrong: Claim, right: Claim, inputs: Any, **more: Any
    ) -> None:
        """One pair more."""
        self.found.append(Pair(name, kind, fn, wrong, right, inputs, **more))


def everything() -> list[Pair]:
    """All pairs of all modules."""
    return [pair for name in MODULES for pair in import_module(f"corpus.{name}").PAIRS.found]
