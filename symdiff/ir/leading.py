"""How does an operation act on operands with leading axes of their own, such as the rows of a Jacobian?"""

from __future__ import annotations

from typing import assert_never

from symdiff.ir.algebra import full_span
from symdiff.ir.ops import (
    Concatenate,
    Contract,
    Fold,
    Gather,
    Labels,
    Move,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Span,
    Window,
)
from symdiff.ir.sizes import Shape, Size

_LEAD = 1 << 20  # labels of leading axes; those of a contraction are small


def shifted(op: Move, lead: Shape) -> Move:
    """The same move on operands with leading axes."""
    rank = len(lead)
    match op:
        case Reshape(shape):
            return Reshape(lead + shape)
        case Slice(spans):
            return Slice(full_spans(lead) + spans)
        case Pad(spans, shape):
            return Pad(full_spans(lead) + spans, lead + shape)
        case Concatenate(axis):
            return Concatenate(axis + rank)
        case Gather(axis):
            return Gather(axis + rank)
        case ScatterAdd(axis, size):
            return ScatterAdd(axis + rank, size)
        case Window(axis, length):
            return Window(axis + rank, length)
        case Fold(axis, size):
            return Fold(axis + rank, size)
        case _:
            assert_never(op)


def full_spans(shape: Shape) -> tuple[Span, ...]:
    """The whole of every axis."""
    return tuple(map(full_span, shape))


def lead_labels(lead: Shape) -> Labels:
    """Labels for the leading axes."""
    return tuple(range(_LEAD, _LEAD + len(lead)))


def with_lead(op: Contract, lead: Shape) -> tuple[Labels, dict[int, Size]]:
    """Labels for the leading axes, and the sizes of all labels."""
    labels = lead_labels(lead)
    return labels, dict(enumerate(op.sizes)) | dict(zip(labels, lead, strict=True))
