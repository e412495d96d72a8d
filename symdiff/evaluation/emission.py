"""How does a program read as source? A function of the inputs and of scratch arrays made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symdiff.evaluation import moves
from symdiff.evaluation.buffers import Buffers, allocate, allocate_pieces
from symdiff.evaluation.calls import Names
from symdiff.evaluation.functions import array_function
from symdiff.evaluation.instructions import Code, Instruction, Program, Shape, Value, View
from symdiff.evaluation.schedule import Segment, schedule

_QUIETLY = "with errstate(divide='ignore', invalid='ignore', over='ignore'): "
_INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}

FUNCTIONS: dict[str, Any] = {
    "empty": np.empty,
    "errstate": np.errstate,
    "dot": np.dot,
    "matmul": np.matmul,
    "vecdot": np.vecdot,
    "add": np.add,
    "concatenate": np.concatenate,
    "broadcast_to": np.broadcast_to,
    "maximum_over": moves.maximum,
    "argmax_over": moves.argmax,
    "pad": moves.pad,
    "np_s": np.s_,
    "gather": moves.gather,
    "scatter_add": moves.scatter_add,
    "window": moves.window,
    "fold": moves.fold,
    "diagonal": moves.diagonal,
    "embed": moves.embed,
    "cumulate": moves.cumulate,
}


@dataclass(slots=True)
class Source:
    """The text of a program and the objects that it names; constants get their dtype when bound."""

    text: str
    functions: dict[str, Callable[..., Any]]
    constants: dict[str, Any]


def emit(program: Program, input_names: tuple[str, ...]) -> Source:
    """The source of a program."""
    return _Emitter(program, input_names).source()


@dataclass
class _Emitter:
    program: Program
    input_names: tuple[str, ...]
    lines: list[str] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    name: dict[int, str] = field(default_factory=dict)
    scratch: dict[str, str] = field(default_factory=dict)
    views: dict[tuple[int, str], str] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    buffers: Buffers = field(default_factory=Buffers)

    def source(self) -> Source:
        items = schedule(self.program)
        self.buffers = allocate(self.program, items)
        called = {i.form for i in self.program.instructions if i.elementwise}
        self.names.taken |= {
            "program",
            "scratch",
            "type_f",
            "type_i",
            "type_b",
            "inf",
            "nan",
            *FUNCTIONS,
            *called,
        }
        self.functions = {f: FUNCTIONS.get(f) or array_function(f) for f in called} | FUNCTIONS
        for register, name in zip(self.program.inputs, self.input_names, strict=True):
            self.name[register] = self.names.claim(name)
        parameters = ", ".join([*(self.name[r] for r in self.program.inputs), "scratch"])
        for item in items:
            if isinstance(item, Segment):
                self._segment(item)
            else:
                self._instruction(item)
        returned = ", ".join(self._text(v) for v in self.program.outputs)
        self.lines.append(f"return [{returned}]")
        unpacking = [f"{', '.join(self.scratch)}, = scratch"] if self.scratch else []
        body = "\n    ".join(unpacking + self.lines)
        return Source(
            f"{self._factory()}\n\ndef program({parameters}):\n    {body}\n", self.functions, self.constants
        )

    def _factory(self) -> str:
        lines = [f"m{k} = empty({size}, type_{code})" for k, (code, size) in enumerate(self.buffers.sizes)]
        lines += [f"{name} = {text}" for name, text in self.scratch.items()]
        lines.append(f"return ({', '.join(self.scratch)},)" if self.scratch else "return ()")
        return "def scratch():\n    " + "\n    ".join(lines) + "\n"

    # Names of arrays ---------------------------------------------------------------------------------------

    def _register(self, number: int) -> str:
        """The name of a register; on first sight it is made."""
        if number in self.name:
            return self.name[number]
        register = self.program.registers[number]
        name = self.name[number] = self.names.fresh()
        if register.origin == "constant":
            self.constants[name] = (register.value, register.code)
        elif register.shape and register.origin == "scratch":
            self.scratch[name] = self._memory(number)
        elif register.shape and register.origin == "fresh":
            self.lines.append(f"{name} = empty({register.shape}, type_{register.code})")
        return name

    def _memory(self, number: int) -> str:
        register = self.program.registers[number]
        buffer, start = self.buffers.place[self.program.root(number)], register.offset
        part = f"m{buffer}[{start or ''}:{start + register.size}]"
        return f"{part}.reshape({', '.join(map(str, register.shape))})"

    def _view(self, number: int, form: str) -> str:
        """The name of a view; views of scratch are made with it, others at first use."""
        base = self._register(number)
        if form == "{}":
            return base
        if (number, form) not in self.views:
            name = self.views[number, form] = self.names.fresh()
            if base in self.scratch and _shares_memory(form):
                self.scratch[name] = form.format(base)
            else:
                self.lines.append(f"{name} = {form.format(base)}")
        return self.views[number, form]

    def _text(self, value: Value) -> str:
        return self._view(value.register, value.form) if isinstance(value, View) else repr(value)

    # Statements --------------------------------------------------------------------------------------------

    def _instruction(self, instruction: Instruction) -> None:
        texts = [self._text(v) for v in instruction.operands]
        register = self.program.registers[instruction.out]
        if instruction.elementwise:
            self._elementwise(instruction, texts, register.shape, register.code)
            return
        form = instruction.form.replace("{o_dtype}", f"type_{register.code}")
        if not register.shape or register.origin == "assigned":
            form = form.replace(", out={o}", "").replace(", {o}", "")
            self.lines.append(f"{self._register(instruction.out)} = {form.format(*texts)}")
            return
        self.lines.append(form.format(*texts, o=self._view(instruction.out, instruction.out_form)))

    def _elementwise(self, instruction: Instruction, texts: list[str], shape: Shape, code: Code) -> None:
        name = self._register(instruction.out)
        typed = f", dtype=type_{code}" if instruction.typed else ""
        if shape:
            line = _statement(instruction, texts, name, code)
        elif instruction.form == "converted":
            line = f"{name} = type_{code}({texts[0]})"
        elif instruction.form in _INFIX and not instruction.typed:
            line = f"{name} = {texts[0]} {_INFIX[instruction.form]} {texts[1]}"
        else:
            line = f"{name} = {instruction.form}({', '.join(texts)}{typed})"
        self.lines.append(_QUIETLY + line if instruction.quiet else line)

    def _segment(self, segment: Segment) -> None:
        pieces = allocate_pieces(self.program, segment)
        full = (*segment.shape[: segment.axis], segment.rows, *segment.shape[segment.axis + 1 :])
        places = [self._piece(code, full, size) for code, size in pieces.sizes]
        local = {register: places[buffer] for register, buffer in pieces.place.items()}
        cut: dict[str, str] = {}
        body = [self._piecewise(instruction, segment, local, cut) for instruction in segment.instructions]
        index = ":, " * segment.axis
        loop = [f"for i in range(0, {segment.length}, {segment.rows}):", f"    j = i + {segment.rows}"]
        if segment.length % segment.rows and places:
            loop.append(f"    if j > {segment.length}:")
            loop += [f"        {c} = {c}[{index}:{segment.length} - i]" for c in places]
        loop += [f"    {part} = {text}" for text, part in cut.items()]
        self.lines += [*loop, *(f"    {line}" for line in body)]

    def _piece(self, code: Code, shape: Shape, size: int) -> str:
        name = self.names.fresh()
        self.scratch[name] = f"empty({shape}, type_{code})"
        return name

    def _piecewise(
        self, instruction: Instruction, segment: Segment, local: dict[int, str], cut: dict[str, str]
    ) -> str:
        def piece(view: View) -> str:
            if view.register in local:
                return local[view.register]
            name = self._view(view.register, view.form)
            axis = segment.axis - len(segment.shape) + len(view.shape)
            if axis < 0 or view.shape[axis] == 1:
                return name
            text = f"{name}[{':, ' * axis}i:j]"
            if text not in cut:
                cut[text] = self.names.fresh()
            return cut[text]

        texts = [piece(v) if isinstance(v, View) else repr(v) for v in instruction.operands]
        register = self.program.registers[instruction.out]
        line = _statement(instruction, texts, piece(View(instruction.out, register.shape)), register.code)
        return _QUIETLY + line if instruction.quiet else line


def _shares_memory(form: str) -> bool:
    """Whether a view of a contiguous array is sure to be no copy: only the first step may merge axes."""
    return "reshape" not in form.removeprefix("{}.reshape")


def _statement(instruction: Instruction, texts: list[str], out: str, code: Code) -> str:
    typed = f", dtype=type_{code}" if instruction.typed else ""
    return f"{instruction.form}({', '.join(texts)}, out={out}{typed})"
