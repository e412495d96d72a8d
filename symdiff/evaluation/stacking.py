"""Which matrix products can be one? Two with a common factor, or a sum of two, when operands lie end to end.

A product of twice the rows, or over twice the summed axis, runs faster than two, and needs no addition.
"""

from __future__ import annotations

from collections.abc import Iterable

from symdiff.evaluation.instructions import Instruction, Program, Value, View
from symdiff.evaluation.schedule import reads

_DOT = "dot({0}, {1}, {o})"
_ROWS = 1024  # larger products are at full speed alone
_WORK = 100_000  # multiplications below which nothing is gained
_TRIES = 64


def stack(program: Program) -> None:
    """Merge products of a program in place."""
    stacking = _Stacking(program)
    if len(stacking.dots) > 1:
        stacking.merge_sums()
        stacking.merge_common_factors()
        stacking.reorder()


class _Stacking:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.maker = {i.out: i for i in program.instructions}
        self.readers: dict[int, int] = {}
        for instruction in program.instructions:
            for register in reads(instruction):
                self.readers[register] = self.readers.get(register, 0) + 1
        for value in program.outputs:
            if isinstance(value, View):
                self.readers[value.register] = self.readers.get(value.register, 0) + 1
        self.dots = [
            i for i in program.instructions if i.form == _DOT and i.out_form == "{}" and self._is_large(i)
        ]
        self.gone: set[int] = set()
        self.members: dict[int, tuple[int, int]] = {}

    def _is_large(self, dot: Instruction) -> bool:
        left, right = dot.operands
        if (
            not isinstance(left, View)
            or not isinstance(right, View)
            or len(left.shape) + len(right.shape) < 4
        ):
            return False
        rows, summed = left.shape
        return rows <= _ROWS and rows * summed * right.shape[1] >= _WORK

    # a.T @ b + c.T @ d as one product ----------------------------------------------------------------------

    def merge_sums(self) -> None:
        """Products that only a sum uses."""
        large = {id(d) for d in self.dots}
        for total in self.program.instructions:
            if not total.elementwise or total.form != "add" or total.typed:
                continue
            dots = [self._only_used_here(v) for v in total.operands]
            first, second = dots
            if first is None or second is None or first is second or not {id(first), id(second)} <= large:
                continue
            if not (self._turned(first.operands[0]) and self._turned(second.operands[0])):
                continue
            (left, other_left), (right, other_right) = (
                (_bare(a), _bare(b)) for a, b in zip(first.operands, second.operands, strict=True)
            )
            if self._comes_second(left) or self._comes_second(right):
                left, other_left, right, other_right = other_left, left, other_right, right
            if self._can_join(left, other_left) and self._can_join(right, other_right):
                parents = self._join(left, other_left), self._join(right, other_right)
                self._replace(total, first, second, parents)

    def _replace(
        self, total: Instruction, first: Instruction, second: Instruction, parents: tuple[int, int]
    ) -> None:
        left, right = (self._whole(p) for p in parents)
        total.form, total.elementwise = _DOT, False
        total.operands = (left.then("{}.T", left.shape[::-1]), right)
        self.gone |= {id(first), id(second)}
        self.dots = [d for d in self.dots if d is not first and d is not second]

    def _only_used_here(self, value: Value) -> Instruction | None:
        if isinstance(value, View) and value.form == "{}" and self.readers.get(value.register) == 1:
            return self.maker.get(value.register)
        return None

    # a @ w and b @ w as one product ------------------------------------------------------------------------

    def merge_common_factors(self) -> None:
        """Products with the same right factor whose left factors do not depend on each other."""
        waiting: dict[Value, Instruction] = {}
        tries = 0
        for dot in self.dots:
            left, right = dot.operands
            if not isinstance(left, View) or left.form != "{}":
                continue
            other = waiting.pop(right, None)
            if other is None or not self._can_merge(other, dot) or (tries := tries + 1) > _TRIES:
                waiting[right] = dot
                continue
            if self._depends(dot, other):
                waiting[right] = dot
                continue
            self._merge(other, dot)

    def _can_merge(self, first: Instruction, second: Instruction) -> bool:
        left, other = _bare(first.operands[0]), _bare(second.operands[0])
        outs = self.program.registers[first.out], self.program.registers[second.out]
        free = all(r.parent is None and r.origin == "scratch" and r.shape == outs[0].shape for r in outs)
        return free and (self._can_join(left, other) or self._can_join(other, left))

    def _merge(self, first: Instruction, second: Instruction) -> None:
        if self._comes_second(_bare(first.operands[0])):
            first, second = second, first
        parent = self._join(_bare(first.operands[0]), _bare(second.operands[0]))
        out = self._parent(first.out, second.out)
        first.operands = (self._whole(parent), first.operands[1])
        first.out = out
        for register in (out, *self._members(out)):
            self.maker[register] = first
        self.gone.add(id(second))

    def _depends(self, later: Instruction, earlier: Instruction) -> bool:
        """Whether an operand of ``later`` needs the result of ``earlier``."""
        seen: set[int] = set()
        stack = [later]
        while stack:
            for register in reads(stack.pop()):
                for member in (register, *self._members(register)):
                    maker = self.maker.get(member)
                    if maker is earlier:
                        return True
                    if maker is not None and id(maker) not in seen:
                        seen.add(id(maker))
                        stack.append(maker)
        return False

    # Registers end to end ----------------------------------------------------------------------------------

    def _turned(self, value: Value) -> bool:
        return isinstance(value, View) and value.form == "{}.T"

    def _can_join(self, first: View, second: View) -> bool:
        """Whether the registers lie end to end in this order, or may be laid so."""
        one, two = (self.program.registers[v.register] for v in (first, second))
        if first.register == second.register or first.form != "{}" or second.form != "{}":
            return False
        if one.shape != two.shape or len(one.shape) != 2 or {one.origin, two.origin} != {"scratch"}:
            return False
        return one.parent == two.parent and (one.parent is None or one.offset < two.offset)

    def _comes_second(self, view: View) -> bool:
        return self.program.registers[view.register].offset > 0

    def _join(self, first: View, second: View) -> int:
        parent = self.program.registers[first.register].parent
        return parent if parent is not None else self._parent(first.register, second.register)

    def _parent(self, first: int, second: int) -> int:
        one, two = self.program.registers[first], self.program.registers[second]
        parent = self.program.register((2 * one.shape[0], one.shape[1]), one.code)
        one.parent, two.parent, two.offset = parent, parent, one.size
        self.members[parent] = (first, second)
        return parent

    def _whole(self, register: int) -> View:
        return View(register, self.program.registers[register].shape)

    def _members(self, register: int) -> Iterable[int]:
        return self.members.get(register, ())

    # Order -------------------------------------------------------------------------------------------------

    def reorder(self) -> None:
        """Every instruction after those that make its operands, otherwise in the old order."""
        done: set[int] = set()
        order: list[Instruction] = []
        for instruction in self.program.instructions:
            stack = [] if id(instruction) in self.gone else [instruction]
            while stack:
                needed = [i for i in self._makers(stack[-1]) if id(i) not in done]
                if needed:
                    stack.append(needed[0])
                    continue
                made = stack.pop()
                if id(made) not in done:
                    done.add(id(made))
                    order.append(made)
        self.program.instructions[:] = order

    def _makers(self, instruction: Instruction) -> list[Instruction]:
        registers = [m for r in reads(instruction) for m in (r, *self._members(r))]
        return [self.maker[r] for r in registers if r in self.maker and self.maker[r] is not instruction]


def _bare(value: Value) -> View:
    assert isinstance(value, View)
    if value.form == "{}.T":
        return View(value.register, value.shape[::-1])
    return value
