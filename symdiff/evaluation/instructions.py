"""What does an array program consist of? Registers, views of them, and instructions that fill them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Shape: TypeAlias = tuple[int, ...]
Code: TypeAlias = Literal["f", "i", "b"]


@dataclass(slots=True)
class Register:
    """A place for an array; ``origin`` says who makes it.

    ``scratch`` comes from the pool, ``fresh`` is made in each call (results), ``assigned`` comes from a call.
    One with a ``parent`` is a part of it, from ``offset`` on.
    """

    shape: Shape
    code: Code
    origin: Literal["input", "constant", "scratch", "fresh", "assigned"] = "scratch"
    value: NDArray[Any] | None = None
    parent: int | None = None
    offset: int = 0

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class View:
    """``scale`` times a view of a register; ``form`` is source with ``{}`` for the register.

    Its shape may lack leading axes and have 1 where the value is repeated, as NumPy's broadcasting allows.
    """

    register: int
    shape: Shape
    form: str = "{}"
    scale: float = 1.0

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)

    def then(self, form: str, shape: Shape) -> View:
        """A view of this view."""
        return replace(self, form=form.replace("{}", self.form), shape=shape)


Value: TypeAlias = View | float


@dataclass(slots=True)
class Instruction:
    """Fill register ``out``.

    An elementwise one calls ``form`` as a function at every position; a quiet one may be undefined where its
    result is not used. Otherwise ``form`` is source with ``{0}, {1}`` for the operands, and ``{o}`` for the
    register where the function writes into it.
    """

    form: str
    operands: tuple[Value, ...]
    out: int
    elementwise: bool = False
    typed: bool = False
    quiet: bool = False
    out_form: str = "{}"


@dataclass(slots=True)
class Program:
    """Registers, the instructions in order, and the values to return."""

    registers: list[Register] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)

    def register(self, shape: Shape, code: Code, **options: Any) -> int:
        """A new register."""
        self.registers.append(Register(shape, code, **options))
        return len(self.registers) - 1

    def root(self, number: int) -> int:
        """The register whose memory this one uses."""
        parent = self.registers[number].parent
        return number if parent is None else parent

    def code(self, value: Value) -> Code:
        """The kind of numbers of a value; literals are reals."""
        return self.registers[value.register].code if isinstance(value, View) else "f"


def broadcast(values: tuple[Value, ...]) -> Shape:
    """The shape that NumPy gives to an elementwise function of these values."""
    shapes = {v.shape for v in values if isinstance(v, View)}
    return shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)
