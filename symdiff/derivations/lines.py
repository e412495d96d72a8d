"""What stands on a page of a derivation? Sections of lines, the same for every renderer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from symdiff.checking.printed import PrintedValue
from symdiff.derivations.equations import Equation, equations
from symdiff.derivations.folding import Fold, folds
from symdiff.derivations.formulas import formula
from symdiff.derivations.steps import Derivation, Step
from symdiff.derivations.symbols import symbol
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


def shown(
    derivation: Derivation, digits: int, most: int = MOST, *, folded: bool = True
) -> tuple[Section, ...]:
    """The sections of a derivation; values of more than ``most`` entries are left out.

    Steps that repeat are one block with an index, unless ``folded`` is false.
    """
    found = {fold.first: fold for fold in (folds(derivation) if folded else ())}
    inside = {number for fold in found.values() for number in range(fold.first, fold.last + 1)}
    single = [step for step in derivation.steps if step.number not in inside]
    told = dict(zip((step.number for step in single), equations(derivation, single), strict=True))
    sections = []
    for phase in dict.fromkeys(step.phase for step in derivation.steps):
        blocks: list[Block] = []
        for is_apart, steps in groupby(derivation.phase(phase), lambda step: step.number in told):
            if is_apart:
                lines = [_line(derivation, step, told[step.number], digits, most) for step in steps]
                blocks.append(Block(tuple(lines)))
            else:
                firsts = [step.number for step in steps if step.number in found]
                blocks += [_folded(derivation, found[number], digits) for number in firsts]
        sections.append(Section(title(phase), tuple(blocks)))
    return tuple(sections)


def title(phase: str) -> str:
    """The heading over a phase."""
    return TITLES.get(phase, phase.capitalize())


def quantity(step: Step) -> str:
    """``dL/dz1`` for a derivative, the name for anything else."""
    if step.above is None or not step.quantity.startswith("d"):
        return step.quantity
    return f"d{step.above}/d{step.below}"


def sources(derivation: Derivation, numbers: Sequence[int], phase: str) -> str:
    """``steps 1, 3`` within the forward pass, ``forward step 5, backward steps 9, 11`` after it."""
    steps = derivation.steps
    ordered = sorted(numbers)
    if phase == "forward":
        return _numbers("", list(map(str, ordered)))
    groups = groupby(ordered, key=lambda number: steps[number - 1].phase)
    return ", ".join(_numbers(f"{name} ", list(map(str, group))) for name, group in groups)


def _numbers(phase: str, numbers: Sequence[str], *, several: bool = False) -> str:
    if not numbers:
        return ""
    is_one = len(numbers) == 1 and not several
    return f"{phase}step{'' if is_one else 's'} {(', ', '; ')[several].join(numbers)}"


def _line(derivation: Derivation, step: Step, equation: Equation, digits: int, most: int) -> Line:
    is_short = step.value is not None and step.value.size <= most
    return Line(
        number=str(step.number),
        equation=equation,
        quantity=quantity(step),
        formula=step.formula,
        value=rounded(step.value, digits) if is_short else "",
        sources=sources(derivation, step.sources, step.phase),
        structure=step.structure,
        products=", ".join(step.products),
        saved=step.saved,
        printed=step.printed,
        remarks=tuple(getattr(step, "remarks", ())),
    )


# Folds ------------------------------------------------------------------------------------------------------


def _folded(derivation: Derivation, fold: Fold, digits: int) -> Block:
    """The lines of one member, with the index in their names and the numbers and values of all members."""
    renamed = fold.renamed(derivation)
    start = fold.lines[0].number
    steps = renamed.steps[start - 1 : start - 1 + len(fold.lines)]
    told = equations(renamed, steps)
    alike = zip(*fold.members(derivation), strict=True)
    lines = [
        Line(
            number=_listed([one.number for one in all_of_it]),
            equation=equation,
            quantity=quantity(step),
            formula=formula(renamed, step),
            value=_values(all_of_it, digits),
            sources=_all_sources(derivation, all_of_it),
            structure=step.structure,
            products=", ".join(step.products),
            saved=step.saved,
        )
        for step, equation, all_of_it in zip(steps, told, alike, strict=True)
    ]
    values = _listed(fold.values)
    return Block(tuple(lines), (f"{symbol(fold.letter)} = {values}", f"for {fold.letter} = {values}"))


def _listed(numbers: Sequence[int]) -> str:
    """``2, 3, 4`` or ``2, 3, ..., 12``; what does not change stands once."""
    if len(set(numbers)) == 1:
        return str(numbers[0])
    told = list(map(str, numbers))
    return ", ".join(told if len(told) < 4 else [*told[:2], "...", told[-1]])


def _all_sources(derivation: Derivation, steps: Sequence[Step]) -> str:
    first = steps[0]
    columns = sorted(zip(*(step.sources for step in steps), strict=True))
    groups = groupby(columns, key=lambda column: derivation.steps[column[0] - 1].phase)
    shown_as = {phase: [_listed(column) for column in group] for phase, group in groups}
    is_forward = first.phase == "forward"
    return ", ".join(
        _numbers("" if is_forward else f"{phase} ", told, several=True) for phase, told in shown_as.items()
    )


def _values(steps: Sequence[Step], digits: int) -> str:
    """Numbers of all members, where they are single ones."""
    if any(step.value is None or step.value.size > 1 for step in steps):
        return ""
    return ", ".join(rounded(step.value, digits) for step in steps)
