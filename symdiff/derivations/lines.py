"""What stands on a page of a derivation? Sections of lines, the same for every renderer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from symdiff.checking.printed import PrintedValue
from symdiff.derivations.equations import Equation, equations
from symdiff.derivations.steps import Derivation, Step
from symdiff.derivations.values import rounded

TITLES = {
    "forward": "Forward",
    "backward": "Backward",
    "projection": "Projection on the direction",
    "second backward": "Second backward",
    "update": "Update",
}
MOST = 12  # entries of a value that are shown


@dataclass(frozen=True)
class Line:
    """One row: its number, what it says in LaTeX and as plain text, its value, and where and of what kind it is."""

    number: str
    equation: Equation
    quantity: str
    formula: str
    value: str = ""
    sources: str = ""
    structure: str = ""
    products: str = ""
    saved: bool = False
    printed: PrintedValue | None = None
    remarks: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Structure, products, and whether it is saved, in one text."""
        text = "; ".join(part for part in (self.structure, self.products) if part)
        return f"{text} (saved)" if self.saved else text

    @property
    def is_printed_wrong(self) -> bool:
        """Whether a text prints another value."""
        return self.printed is not None and not self.printed.agrees


@dataclass(frozen=True)
class Block:
    """Lines that hold once, or for every value of an index: ``over`` says which, in LaTeX and as plain text."""

    lines: tuple[Line, ...]
    over: tuple[str, str] | None = None


@dataclass(frozen=True)
class Section:
    """The lines of one phase."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, without their blocks."""
        return tuple(line for block in self.blocks for line in block.lines)

    def has(self, column: str) -> bool:
        """Whether any line has something in a column, named as the attribute of ``Line``."""
        return any(getattr(line, column) for line in self.lines)


def shown(derivation: Derivation, digits: int, most: int = MOST) -> tuple[Section, ...]:
    """The sections of a derivation; values of more than ``most`` entries are left out."""
    told = zip(derivation.steps, equations(derivation), strict=True)
    lines = [(step.phase, _line(derivation, step, equation, digits, most)) for step, equation in told]
    order = list(dict.fromkeys(phase for phase, _ in lines))
    return tuple(
        Section(title(phase), (Block(tuple(line for p, line in lines if p == phase)),)) for phase in order
    )


def title(phase: str) -> str:
    """The heading over a phase."""
    return TITLES.get(phase, phase.capitalize())


def quantity(step: Step) -> str:
    """``dL/dz1`` for a derivative, the name for anything else."""
    if step.above is None or not step.quantity.startswith("d"):
        return step.quantity
    return f"d{step.above}/d{step.below}"


def sources(derivation: Derivation, step: Step) -> str:
    """``steps 1, 3`` within the forward pass, ``forward step 5, backward steps 9, 11`` after it."""
    found = sorted(step.sources)
    if step.phase == "forward":
        return _numbers("", found)
    steps = derivation.steps
    groups = groupby(found, key=lambda number: steps[number - 1].phase)
    return ", ".join(_numbers(f"{phase} ", list(group)) for phase, group in groups)


def _numbers(phase: str, numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return f"{phase}step{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _line(derivation: Derivation, step: Step, equation: Equation, digits: int, most: int) -> Line:
    is_short = step.value is not None and step.value.size <= most
    return Line(
        number=str(step.number),
        equation=equation,
        quantity=quantity(step),
        formula=step.formula,
        value=rounded(step.value, digits) if is_short else "",
        sources=sources(derivation, step),
        structure=step.structure,
        products=", ".join(step.products),
        saved=step.saved,
        printed=getattr(step, "printed", None),
        remarks=tuple(getattr(step, "remarks", ())),
    )
