"""What can be said in a graph? Leaves, and four families: Map, Contract, Move, Select.

Operations are frozen values without pointers; the graph holds the wiring, and each reader has its own rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal as Choice
from typing import TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symdiff.ir.formulas import Formula
from symdiff.ir.sizes import Shape, Size

Kind: TypeAlias = Choice["real", "integer", "boolean"]
Coefficient: TypeAlias = Fraction | sp.Expr
Labels: TypeAlias = tuple[int, ...]


# Leaves -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Input:
    """A named argument of the function; integer inputs are indices and have no cotangent."""

    name: str
    shape: Shape
    kind: Kind = "real"
    parameter: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    """A float of the author's code that is no short binary fraction; read by ``literals``."""

    value: float


@dataclass(frozen=True, slots=True)
class Table:
    """A constant array of the author's code."""

    data: bytes
    dtype: str
    shape: tuple[int, ...]

    @property
    def array(self) -> NDArray[np.generic]:
        """The numbers, read only."""
        return np.frombuffer(self.data, dtype=self.dtype).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Index:
    """A comparison of positions: ``i + offset == j``, ``i + offset <= j``, or the position ``i + offset`` itself."""

    relation: Choice["equal", "less_equal", "position"]
    shape: Shape
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Named:
    """The identity, marked by a name: the derivative by it is what flows through it."""

    name: str


# Families ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Map:
    """One scalar formula at every position of operands of one shape."""

    formula: Formula


@dataclass(frozen=True, slots=True)
class Contract:
    """``coefficient * sum over labels not in output of the product of the operands``.

    Closed notation: a label only in the output is a broadcast, a label twice in the output embeds a diagonal.
    ``sizes[k]`` is the size of label ``k``; without operands it is a constant, an identity or a block of ones.
    """

    inputs: tuple[Labels, ...]
    output: Labels
    sizes: Shape
    coefficient: Coefficient = Fraction(1)

    @property
    def summed(self) -> Labels:
        """The labels that are summed over."""
        return tuple(k for k in range(len(self.sizes)) if k not in self.output)

    @property
    def is_view(self) -> bool:
        """Whether it moves entries without adding any: at most one operand, nothing longer than 1 summed."""
        return len(self.inputs) < 2 and all(self.sizes[k] == 1 for k in self.summed)

    @property
    def is_elementwise(self) -> bool:
        """Whether it is a plain product of operands of one shape."""
        return all(labels == self.output for labels in self.inputs) and len(set(self.output)) == len(
            self.output
        )


@dataclass(frozen=True, slots=True)
class Reshape:
    """The same entries in row-major order under another shape."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Span:
    """Along one axis: positions ``start + step * i`` for ``i`` below ``length``."""

    start: Size
    step: int
    length: Size


@dataclass(frozen=True, slots=True)
class Slice:
    """Take a span of every axis; a negative step flips."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Pad:
    """Put a span of every axis into zeros of a larger shape: the transpose of Slice."""

    spans: tuple[Span, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Concatenate:
    """Lay operands end to end along one axis."""

    axis: int


@dataclass(frozen=True, slots=True)
class Gather:
    """Entries of operand 0 along an axis at the positions in operand 1, which may have any shape."""

    axis: int


@dataclass(frozen=True, slots=True)
class ScatterAdd:
    """Add operand 0 into zeros of ``size`` along an axis, at the positions in operand 1: the transpose of Gather."""

    axis: int
    size: Size


@dataclass(frozen=True, slots=True)
class Window:
    """All windows of a length along an axis; the place within the window becomes the last axis."""

    axis: int
    length: int


@dataclass(frozen=True, slots=True)
class Fold:
    """Add windows back into the axis they were cut from: the transpose of Window."""

    axis: int
    size: Size


@dataclass(frozen=True, slots=True)
class Maximum:
    """The maximum over some axes, which are dropped."""

    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ArgMax:
    """Where the maximum over some axes is reached: 1 there, 0 elsewhere, shared equally between ties."""

    axes: tuple[int, ...]


Leaf: TypeAlias = Input | Literal | Table | Index
Move: TypeAlias = Reshape | Slice | Pad | Concatenate | Gather | ScatterAdd | Window | Fold
Select: TypeAlias = Maximum | ArgMax
Op: TypeAlias = Leaf | Named | Map | Contract | Move | Select


def table(array: NDArray[np.generic]) -> Table:
    """A constant array as an operation."""
    return Table(array.tobytes(), array.dtype.str, array.shape)  # tobytes is row-major for every layout


@dataclass(frozen=True, slots=True)
class Signature:
    """What the graph knows of a node beside its operation."""

    shape: Shape
    kind: Kind = field(default="real")
