"""Which registers share memory? A buffer is free again after the last reader of its register."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from symdiff.evaluation.instructions import Code, Instruction, Program, View
from symdiff.evaluation.schedule import Item, Segment, instructions_of, reads


@dataclass(slots=True)
class Buffers:
    """Buffers of a kind and a number of entries, and which register lies in which."""

    sizes: list[tuple[Code, int]] = field(default_factory=list)
    place: dict[int, int] = field(default_factory=dict)
    _free: list[int] = field(default_factory=list)

    def take(self, register: int, code: Code, size: int) -> None:
        """Put a register into a free buffer of its kind: the tightest, or the largest made larger."""
        fitting = [b for b in self._free if self.sizes[b][0] == code]
        if fitting:
            enough = [b for b in fitting if self.sizes[b][1] >= size]
            chosen = (
                min(enough, key=lambda b: self.sizes[b][1])
                if enough
                else max(fitting, key=lambda b: self.sizes[b][1])
            )
            self._free.remove(chosen)
            self.sizes[chosen] = (code, max(size, self.sizes[chosen][1]))
        else:
            chosen = len(self.sizes)
            self.sizes.append((code, size))
        self.place[register] = chosen

    def give_back(self, registers: Iterable[int]) -> None:
        """The buffers of these registers are free again."""
        for register in registers:
            if register in self.place:
                self._free.append(self.place[register])


def allocate(program: Program, items: Sequence[Item]) -> Buffers:
    """Buffers for the scratch registers that are whole arrays."""
    local = {r for item in items if isinstance(item, Segment) for r in item.local}
    steps = [(instructions_of(item), isinstance(item, Segment)) for item in items]
    ends = _last_uses(program, [i for i, _ in steps])
    buffers = Buffers()

    def is_new(root: int) -> bool:
        register = program.registers[root]
        is_array = register.origin == "scratch" and bool(register.shape)
        return is_array and root not in local and root not in buffers.place

    for place, (instructions, is_segment) in enumerate(steps):
        dying = list({program.root(r): 0 for i in instructions for r in (i.out, *reads(i))})
        dying = [r for r in dying if ends[r] == place]
        if not is_segment and instructions[0].elementwise:
            early = [r for r in dying if _may_overwrite(program, instructions[0], r)]
            buffers.give_back(early)
            dying = [r for r in dying if r not in early]
        for instruction in instructions:
            root = program.root(instruction.out)
            if is_new(root):
                buffers.take(root, program.registers[root].code, program.registers[root].size)
        buffers.give_back(dying)
    return buffers


def allocate_pieces(program: Program, segment: Segment) -> Buffers:
    """Buffers of one piece for the registers that live in one segment only."""
    size = prod((segment.rows, *segment.shape[segment.axis + 1 :]))
    ends = _last_uses(program, [[i] for i in segment.instructions])
    buffers = Buffers()
    for place, instruction in enumerate(segment.instructions):
        dying = [r for r in {instruction.out, *reads(instruction)} if r in segment.local and ends[r] == place]
        early = [r for r in dying if _may_overwrite(program, instruction, r)]
        buffers.give_back(early)
        if instruction.out in segment.local:
            buffers.take(instruction.out, program.registers[instruction.out].code, size)
        buffers.give_back(r for r in dying if r not in early)
    return buffers


def _last_uses(program: Program, steps: Sequence[Sequence[Instruction]]) -> dict[int, int]:
    ends: dict[int, int] = {}
    for place, instructions in enumerate(steps):
        for instruction in instructions:
            for register in (instruction.out, *reads(instruction)):
                ends[program.root(register)] = place
    return ends


def _may_overwrite(program: Program, instruction: Instruction, register: int) -> bool:
    """Whether the result may be written over an operand: each entry is read before it is written."""
    if register == instruction.out or program.registers[instruction.out].parent is not None:
        return False
    shape = program.registers[instruction.out].shape
    found = False
    for place, value in enumerate(instruction.operands):
        if isinstance(value, View) and value.register == register:
            found = True
            late = instruction.form == "where" and place < 2
            if late or value.form != "{}" or value.shape != shape:
                return False
    return found
