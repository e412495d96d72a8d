"""Which shape and kind does an operation have? Re-derived after every transformation."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import assert_never

import numpy as np

from symdiff.errors import ShapeError, explain
from symdiff.ir.formulas import Formula
from symdiff.ir.ops import (
    ArgMax,
    Concatenate,
    Contract,
    Fold,
    Gather,
    Index,
    Input,
    Kind,
    Literal,
    Map,
    Maximum,
    Named,
    Op,
    Pad,
    Reshape,
    ScatterAdd,
    Signature,
    Slice,
    Table,
    Window,
)
from symdiff.ir.sizes import Shape, Size, normal, product, same, same_shape, text

SCALAR = Signature(())


def infer(op: Op, operands: tuple[Signature, ...]) -> Signature:
    """The signature of ``op`` applied to operands of these signatures, or a ShapeError."""
    match op:
        case Map():
            return _map(op, operands)
        case Contract():
            return _contract(op, operands)
        case Input():
            return Signature(op.shape, op.kind)
        case Literal():
            return SCALAR
        case Table():
            return Signature(op.shape, _kind_of(np.dtype(op.dtype)))
        case Index():
            return Signature(op.shape, "integer" if op.relation == "position" else "boolean")
        case Named():
            return operands[0]
        case Reshape():
            _require(same(product(op.shape), product(operands[0].shape)), op, operands)
            return Signature(op.shape, operands[0].kind)
        case Slice():
            _require(len(op.spans) == len(operands[0].shape), op, operands)
            return Signature(tuple(span.length for span in op.spans), operands[0].kind)
        case Pad():
            _require(same_shape(tuple(span.length for span in op.spans), operands[0].shape), op, operands)
            return Signature(op.shape, operands[0].kind)
        case Concatenate():
            return _concatenate(op, operands)
        case Gather(axis):
            shape, index = operands[0].shape, operands[1]
            _require(index.kind == "integer", op, operands)
            return Signature(shape[:axis] + index.shape + shape[axis + 1 :], operands[0].kind)
        case ScatterAdd(axis, size):
            shape, index = operands[0].shape, operands[1]
            end = axis + len(index.shape)
            _require(index.kind == "integer" and same_shape(shape[axis:end], index.shape), op, operands)
            return Signature((*shape[:axis], size, *shape[end:]), operands[0].kind)
        case Window(axis, length):
            shape = operands[0].shape
            size = normal(shape[axis] - length + 1)
            return Signature((*shape[:axis], size, *shape[axis + 1 :], length), operands[0].kind)
        case Fold(axis, size):
            shape = operands[0].shape
            _require(same(shape[axis] + shape[-1] - 1, size), op, operands)
            return Signature((*shape[:axis], size, *shape[axis + 1 : -1]), operands[0].kind)
        case Maximum(axes):
            shape = operands[0].shape
            kept = tuple(size for axis, size in enumerate(shape) if axis not in axes)
            return Signature(kept, operands[0].kind)
        case ArgMax():
            return Signature(operands[0].shape)
        case _:
            assert_never(op)


def _map(op: Map, operands: tuple[Signature, ...]) -> Signature:
    _require(len(operands) == op.formula.arity, op, operands)
    first = operands[0].shape
    for other in operands[1:]:
        if other.shape is not first and not same_shape(other.shape, first):
            _require(False, op, operands)
    if op.formula.boolean:
        return Signature(first, "boolean")
    for operand in operands:
        if operand.kind == "real":
            return operands[0] if operands[0].kind == "real" else Signature(first)
    return Signature(first, "integer" if _preserves_integers(op.formula) else "real")


def _contract(op: Contract, operands: tuple[Signature, ...]) -> Signature:
    _require(len(operands) == len(op.inputs), op, operands)
    for labels, operand in zip(op.inputs, operands, strict=True):
        sizes = tuple(op.sizes[k] for k in labels)
        _require(same_shape(sizes, operand.shape), op, operands)
    return Signature(tuple(op.sizes[k] for k in op.output), _contract_kind(op, operands))


def _contract_kind(op: Contract, operands: tuple[Signature, ...]) -> Kind:
    if not operands:
        return "real"
    for operand in operands:
        if operand.kind == "real":
            return "real"
    whole = isinstance(op.coefficient, Fraction) and op.coefficient.denominator == 1
    if not whole:
        return "real"
    summing = any(op.sizes[k] != 1 for k in op.summed)
    logical = op.coefficient == 1 and all(o.kind == "boolean" for o in operands)
    return "boolean" if logical and not summing else "integer"


def _concatenate(op: Concatenate, operands: tuple[Signature, ...]) -> Signature:
    axis = op.axis
    first = operands[0].shape
    rest = first[:axis] + first[axis + 1 :]
    for operand in operands:
        shape = operand.shape
        _require(
            len(shape) == len(first) and same_shape(shape[:axis] + shape[axis + 1 :], rest), op, operands
        )
    total = normal(sum((o.shape[axis] for o in operands[1:]), first[axis]))
    kinds = {o.kind for o in operands}
    return Signature((*first[:axis], total, *first[axis + 1 :]), kinds.pop() if len(kinds) == 1 else "real")


@cache
def _preserves_integers(f: Formula) -> bool:
    polynomial = f.expression.as_poly(*f.arguments)
    return polynomial is not None and all(c.is_Integer for c in polynomial.coeffs())


def _kind_of(dtype: np.dtype[np.generic]) -> Kind:
    if dtype.kind == "b":
        return "boolean"
    return "integer" if dtype.kind in "iu" else "real"


def _require(condition: bool, op: Op, operands: tuple[Signature, ...]) -> None:
    if not condition:
        facts: dict[str, object] = {f"operand{k}": text(o.shape) for k, o in enumerate(operands)}
        raise ShapeError(explain(str(op), facts, "The sizes must agree; declare equal sizes by one name."))


def broadcast(*shapes: Shape) -> Shape:
    """NumPy's broadcasting, also for symbolic sizes.

    >>> broadcast((3, 1), (4,))
    (3, 4)
    """
    rank = max(map(len, shapes), default=0)
    result: list[object] = []
    for axis in range(-rank, 0):
        sizes = [s[axis] for s in shapes if len(s) >= -axis]
        wide = [s for s in sizes if s != 1]
        if any(not same(s, wide[0]) for s in wide[1:]):
            facts: dict[str, object] = {f"shape{k}": text(s) for k, s in enumerate(shapes)}
            mend = (
                f"Axis {axis} has the sizes {_listed(wide)}: give equal sizes one name, or reshape one array."
            )
            raise ShapeError(explain("broadcast", facts, mend))
        result.append(wide[0] if wide else 1)
    return tuple(result)


def _listed(sizes: list[Size]) -> str:
    return " and ".join(dict.fromkeys(map(str, sizes)))


def fits(shape: Shape, into: Shape) -> bool:
    """Whether an array of this shape can be broadcast to another one.

    >>> fits((1, 4), (3, 4)), fits((3,), (4,))
    (True, False)
    """
    if len(shape) > len(into):
        return False
    pairs = zip(shape[::-1], into[::-1], strict=False)
    return all(size == 1 or same(size, wanted) for size, wanted in pairs)
