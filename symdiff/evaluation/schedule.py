"""Which elementwise instructions run together, piece by piece, so that temporaries stay in cache?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, prod
from typing import TypeAlias

from symdiff.evaluation.instructions import Instruction, Program, Register, Shape, View

LARGE = 65_536  # entries; smaller arrays fit the cache as they are
PIECE = 16_384  # entries of one piece
_WORTH = 3  # instructions


@dataclass(slots=True)
class Segment:
    """Elementwise instructions of one large shape, done piece by piece along ``axis``."""

    shape: Shape
    axis: int
    rows: int
    instructions: list[Instruction] = field(default_factory=list)
    local: set[int] = field(default_factory=set)

    @property
    def length(self) -> int:
        """The length of the axis that is cut."""
        return self.shape[self.axis]


Item: TypeAlias = Instruction | Segment


def schedule(program: Program) -> list[Item]:
    """The instructions in order, runs of large elementwise ones gathered into segments."""
    items: list[Item] = []
    segment: Segment | None = None
    defined: set[int] = set()
    for instruction in program.instructions:
        shape = program.registers[instruction.out].shape
        if instruction.elementwise and segment is not None and segment.shape == shape:
            segment.instructions.append(instruction)
            defined.add(program.root(instruction.out))
            continue
        piece = _segment(shape) if instruction.elementwise else None
        if segment is not None and (
            piece is not None or not defined.isdisjoint(map(program.root, reads(instruction)))
        ):
            items.append(segment)
            segment = None
        if piece is None:
            items.append(instruction)
            continue
        segment, defined = piece, {program.root(instruction.out)}
        segment.instructions.append(instruction)
    if segment is not None:
        items.append(segment)
    return _with_locals(program, [part for item in items for part in _unwrapped(item)])


def _segment(shape: Shape) -> Segment | None:
    if prod(shape) < LARGE:
        return None
    axis = next(i for i, length in enumerate(shape) if length > 1)
    row = prod(shape[axis + 1 :])
    pieces = ceil(shape[axis] / max(1, PIECE // row))
    return Segment(shape, axis, ceil(shape[axis] / pieces)) if row <= 4 * PIECE and pieces > 1 else None


def _unwrapped(item: Item) -> list[Item]:
    """A segment of few instructions is not worth a loop."""
    short = isinstance(item, Segment) and len(item.instructions) < _WORTH
    return list(instructions_of(item)) if short else [item]


def _with_locals(program: Program, items: list[Item]) -> list[Item]:
    """Mark the registers that live in one segment only: a piece of them is enough."""
    seen: dict[int, set[int]] = {}
    viewed: set[int] = set()
    for place, item in enumerate(items):
        for instruction in instructions_of(item):
            seen.setdefault(instruction.out, set()).add(place)
            for view in views(instruction):
                seen.setdefault(view.register, set()).add(place)
                if view.form != "{}":
                    viewed.add(view.register)
    for item in items:
        if isinstance(item, Segment):
            item.local = {
                i.out
                for i in item.instructions
                if len(seen[i.out]) == 1 and i.out not in viewed and _is_free(program.registers[i.out])
            }
    return items


def _is_free(register: Register) -> bool:
    return register.origin == "scratch" and register.parent is None


def instructions_of(item: Item) -> list[Instruction]:
    """The instructions of an item."""
    return item.instructions if isinstance(item, Segment) else [item]


def views(instruction: Instruction) -> Iterator[View]:
    """The operands that are views of registers."""
    return (v for v in instruction.operands if isinstance(v, View))


def reads(instruction: Instruction) -> set[int]:
    """The registers that an instruction reads."""
    return {v.register for v in views(instruction)}
