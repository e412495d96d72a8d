"""What is a derivation? Numbered steps, each with its formula, its sources, its kind, and its exact value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from symdiff.checking.printed import PrintedValue
from symdiff.ir.graph import Graph, Node
from symdiff.ir.sizes import Shape
from symdiff.verdicts import Verdict

Phase: TypeAlias = Literal["forward", "backward", "update", "projection", "second backward"]
Rule: TypeAlias = Literal[
    "input",
    "definition",
    "seed",
    "local derivative",
    "chain rule",
    "accumulation over paths",
    "gradient descent",
    "projection",
]

GIVEN = "given"  # how inputs are checked

_MANY = 20  # names, from which on most are only counted


@dataclass(frozen=True)
class Term:
    """What reaches a quantity along one path: through ``through``, and its formula."""

    through: str
    formula: str
    node: Node


@dataclass(frozen=True)
class Step:
    """One row of a derivation.

    ``formula`` is in terms of earlier quantities, which ``sources`` lists by the numbers of their steps; ``above``
    and ``below`` say of which derivative it is (``dL/dz1``); ``terms`` are the paths of a sum over paths; ``factors``
    is the formula where it is a sum of products of earlier quantities. ``saved`` says that a later backward step
    needs this forward value. ``value`` holds exact balls at the given inputs; ``printed`` is what a text prints beside
    it. ``checked`` says how the step was confirmed, and at how many points; empty if it was not.
    """

    number: int
    phase: Phase
    quantity: str
    formula: str
    rule: Rule
    node: Node
    shape: Shape
    structure: str
    products: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    above: str | None = None
    below: str | None = None
    terms: tuple[Term, ...] = ()
    factors: tuple[tuple[str, ...], ...] = ()
    saved: bool = False
    value: Any = None
    printed: PrintedValue | None = None
    checked: str = ""


def times(factors: Sequence[str], summed: int, rest: int) -> str:
    """A product as text, which sums over so many axes, and leaves so many of the last factor.

    >>> times(["dL_dz", "dz_da"], 0, 0), times(["dL_dz", "dz_da"], 1, 1), times(["dL_dZ", "dZ_dW"], 2, 2)
    ('dL_dz * dz_da', 'dL_dz @ dz_da', 'tensordot(dL_dZ, dZ_dW, 2)')
    """
    if len(factors) < 2 or summed == 0:
        return " * ".join(factors)
    if summed == 1 and rest < 2:
        return " @ ".join(factors)
    return f"tensordot({', '.join(factors)}, {summed})"


@dataclass(frozen=True)
class Derivation:
    """A function's values and derivatives, step by step; ``by`` names what it is differentiated by.

    ``names`` are the quantities that stand by their names in later formulas; ``verdict`` is that on the derivatives.
    """

    name: str
    graph: Graph = field(repr=False)
    by: tuple[str, ...]
    steps: tuple[Step, ...]
    names: Mapping[Node, str] = field(repr=False)
    verdict: Verdict | None = None
    of: str = "gradient"

    @property
    def checked(self) -> str:
        """Whether the derivatives were proved, for which inputs, and whether every step was checked."""
        return "; ".join([self._whole, self._steps, *self._kinks])

    @property
    def _kinks(self) -> list[str]:
        if self.verdict is None:
            return []
        found = [v.kink for v in (self.verdict, *self.verdict.parts.values()) if v.kink]
        lines = dict.fromkeys(line for kink in found for line in kink.splitlines())
        return [line.replace("the claim", "the derivation") for line in lines]

    @property
    def _whole(self) -> str:
        if self.verdict is None:
            return "not checked as a whole"
        told = {"agrees": "tested, not proved"}.get(self.verdict.status, self.verdict.status)
        by = self.by if len(self.by) <= _MANY else (*self.by[:2], f"{len(self.by) - 2} others")
        return f"derivatives by {', '.join(by)}: {told}, for {self.verdict.scope}"

    @property
    def is_checked(self) -> bool:
        """Whether every single step was checked; all of them are, or none."""
        return all(step.checked for step in self.steps)

    @property
    def _steps(self) -> str:
        if not self.is_checked:
            return "single steps not checked"
        found = [step.checked.partition(", ")[2] for step in self.steps if step.checked != GIVEN]
        return f"every step checked {found[0]}" if found else "nothing to check"

    def step(self, quantity: str) -> Step:
        """The step that computes a quantity; KeyError if there is none."""
        for step in self.steps:
            if step.quantity == quantity:
                return step
        raise KeyError(quantity)

    def product(self, factors: Sequence[str]) -> str:
        """A product of quantities as text: ``dL_dz * dz_dw``, ``dL_dz @ dz_da`` where entries of ``z`` are summed."""
        last = self.step(factors[-1])
        shape = () if last.above is None else self.step(last.above).shape
        return times(factors, len(shape), len(last.shape) - len(shape))

    def phase(self, phase: Phase) -> tuple[Step, ...]:
        """The forward, backward or update steps."""
        return tuple(step for step in self.steps if step.phase == phase)
