"""How does an array program carry out the moves? Views where NumPy has them, otherwise one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from symdiff.evaluation import moves
from symdiff.evaluation.elementwise import Elementwise
from symdiff.evaluation.instructions import Code, Instruction, Program, Shape, Value, View
from symdiff.evaluation.reference import spans_of
from symdiff.evaluation.views import ordered
from symdiff.ir.ops import (
    Concatenate,
    Fold,
    Gather,
    Move,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Window,
)


class Moving:
    """Adds the instructions of moves and selections to a program; operands have their whole shape."""

    def __init__(self, program: Program, elementwise: Elementwise) -> None:
        self.program = program
        self.elementwise = elementwise
        self._maxima: dict[tuple[View, tuple[int, ...]], View] = {}

    def move(self, op: Move, operands: Sequence[View], shape: Shape, code: Code) -> View:
        """The value of a move."""
        x = operands[0]
        match op:
            case Reshape():
                return x.then(f"{{}}.reshape({', '.join(map(str, shape)) or '()'})", shape)
            case Slice(spans):
                return x.then(f"{{}}[{_index(spans_of(spans))}]", shape)
            case Window(axis, length):
                return x.then(f"window({{}}, {axis}, {length})", shape)
            case Pad(spans):
                return self._call(f"pad({{0}}, np_s[{_index(spans_of(spans))}], {{o}})", (x,), shape, code)
            case Concatenate(axis):
                parts = tuple(self._numbers(part, code) for part in operands)
                names = ", ".join(f"{{{k}}}" for k in range(len(parts)))
                return self._call(f"concatenate(({names},), {axis}, out={{o}})", parts, shape, code)
            case Gather(axis):
                return self._made(f"gather({{0}}, {{1}}, {axis})", tuple(operands), shape, code)
            case ScatterAdd(axis, size):
                parts = (self._numbers(x, code), operands[1])
                return self._made(f"scatter_add({{0}}, {{1}}, {axis}, {int(size)})", parts, shape, code)
            case Fold(axis, size):
                parts = (self._numbers(x, code),)
                return self._made(f"fold({{0}}, {axis}, {int(size)})", parts, shape, code)
            case _:
                assert_never(op)

    def maximum(self, x: View, axes: tuple[int, ...]) -> View:
        """The maximum over some axes; the places where it is reached use it again."""
        if (x, axes) not in self._maxima:
            shape = tuple(size for axis, size in enumerate(x.shape) if axis not in axes)
            form = f"maximum_over({{0}}, {axes}, {{o}})"
            self._maxima[x, axes] = self._call(form, (x,), shape, self.program.code(x))
        return self._maxima[x, axes]

    def argmax(self, x: View, axes: tuple[int, ...]) -> View:
        """Where the maximum over some axes is reached."""
        every = tuple(range(len(x.shape)))
        best = ordered(self.maximum(x, axes), tuple(axis for axis in every if axis not in axes), every)
        return self._call(f"argmax_over({{0}}, {{1}}, {axes}, {{o}})", (x, best), x.shape, "f")

    def running_sum(self, x: View, axis: int, backwards: bool, code: Code) -> View:
        """The sums of the first entries along an axis, or of the last ones."""
        return self._call(
            f"cumulate({{0}}, {axis}, {backwards}, {{o}})", (self._numbers(x, code),), x.shape, code
        )

    def _numbers(self, view: View, code: Code) -> View:
        value = self.elementwise.cast(view, code)
        assert isinstance(value, View)
        return value

    def _call(self, form: str, operands: tuple[Value, ...], shape: Shape, code: Code) -> View:
        out = self.program.register(shape, code)
        self.program.instructions.append(Instruction(form, operands, out))
        return View(out, shape)

    def _made(self, form: str, operands: tuple[Value, ...], shape: Shape, code: Code) -> View:
        out = self.program.register(shape, code, origin="assigned")
        self.program.instructions.append(Instruction(form, operands, out))
        return View(out, shape)


def _index(spans: moves.Spans) -> str:
    return "".join(f"{_slice(*span)}, " for span in spans)[:-2] or "..."


def _slice(start: int, step: int, length: int) -> str:
    chosen = moves.slices(((start, step, length),))[0]
    first = "" if chosen.start == 0 and step > 0 else chosen.start
    last = "" if chosen.stop is None else chosen.stop
    return f"{first}:{last}" + (f":{step}" if step != 1 else "")
