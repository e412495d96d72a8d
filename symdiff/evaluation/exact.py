"""What is the value of a graph in an exact arithmetic? Node by node, on object arrays, one ``match``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, assert_never

import flint
import mpmath
import numpy as np
import sympy as sp
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from symdiff.errors import NotCompilable, explain
from symdiff.evaluation.arithmetics import BALLS, SYMPY, Arithmetic, compiled
from symdiff.evaluation.contracting_objects import contracted, zeros
from symdiff.evaluation.deadlines import require_time
from symdiff.evaluation.extremes import over, shares_of, symbolic_maximum
from symdiff.ir import literals
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import (
    ArgMax,
    Concatenate,
    Contract,
    Fold,
    Gather,
    Index,
    Input,
    Literal,
    Map,
    Maximum,
    Named,
    Op,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Span,
    Table,
    Window,
)
from symdiff.ir.sizes import concrete

Objects = NDArray[Any]
_MANY = 300


def evaluate(
    store: Store,
    outputs: Sequence[Node],
    values: Mapping[Node, Any],
    arithmetic: Arithmetic,
    watch: Callable[[Objects], None] | None = None,
) -> list[Objects]:
    """The values of some nodes from values of others (inputs, or any node that is to be held).

    ``watch`` sees the entries of each node, and may raise to end the work. Raises OutOfTime at the deadline.
    """
    known: dict[Node, Objects] = {node: as_objects(value) for node, value in values.items()}
    with np.errstate(all="ignore"):  # NumPy reads the processor's flags, which exact libraries leave set
        for node in _needed(store, outputs, known):
            require_time()
            operands = [known[k] for k in store.operands(node)]
            known[node] = as_objects(_apply(store.op(node), operands, arithmetic))
            if watch is not None:
                watch(known[node])
    return [known[node] for node in outputs]


def _needed(store: Store, outputs: Sequence[Node], known: Mapping[Node, Objects]) -> list[Node]:
    seen: set[Node] = set()
    stack = [node for node in outputs if node not in known]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(k for k in store.operands(node) if k not in known)
    return sorted(seen)


def as_objects(value: Any) -> Objects:
    """Any value as an object array, entries untouched."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value
    if isinstance(value, np.ndarray):
        return value.astype(object)
    if isinstance(value, (list, tuple)):
        return np.array(value, dtype=object)
    scalar = np.empty((), dtype=object)
    scalar[()] = value
    return scalar


def lift(values: NDArray[Any], arithmetic: Arithmetic) -> Objects:
    """Fractions, ints or floats of an array as exact numbers of an arithmetic."""
    number = arithmetic.number
    given = values.ravel().tolist()
    return objects_of([number(v if type(v) is Fraction else Fraction(v)) for v in given], values.shape)


def _each(function: Any, *arrays: Any) -> Objects:
    return as_objects(np.frompyfunc(function, len(arrays), 1)(*arrays))


def _apply(op: Op, xs: Sequence[Objects], arithmetic: Arithmetic) -> Objects:
    match op:
        case Input(name):
            facts: dict[str, object] = {"input": name}
            raise NotCompilable(explain("evaluate", facts, "Give a value for every input."))
        case Literal(value):
            return as_objects(arithmetic.literal(value))
        case Table():
            return _table(op, arithmetic)
        case Index():
            return _index(op, arithmetic)
        case Named():
            return xs[0]
        case Map():
            return _map(op, xs, arithmetic)
        case Contract():
            return contracted(op, xs, arithmetic)
        case Reshape(shape):
            return xs[0].reshape(concrete(shape, "reshape"))
        case Slice(spans):
            return xs[0][np.ix_(*map(_places, spans))] if spans else xs[0]
        case Pad(spans, shape):
            return _pad(xs[0], spans, concrete(shape, "pad"), arithmetic)
        case Concatenate(axis):
            return np.concatenate(xs, axis=axis)
        case Gather(axis):
            return np.take(xs[0], _positions(xs[1]), axis=axis)
        case ScatterAdd(axis, size):
            return _scatter_add(xs[0], _positions(xs[1]), axis, int(size), arithmetic)
        case Window(axis, length):
            return sliding_window_view(xs[0], length, axis=axis)
        case Fold(axis, size):
            return _fold(xs[0], axis, int(size), arithmetic)
        case Maximum(axes):
            return over(xs[0], axes, arithmetic.largest if arithmetic is not SYMPY else symbolic_maximum)
        case ArgMax(axes):
            return shares_of(xs[0], axes, arithmetic)
        case _:
            assert_never(op)


def _table(op: Table, arithmetic: Arithmetic) -> Objects:
    return _read_table(op, arithmetic, flint.ctx.prec, mpmath.mp.prec)


@lru_cache(maxsize=256)
def _read_table(op: Table, arithmetic: Arithmetic, *precisions: int) -> Objects:
    """The entries at the working precisions, which are part of the key."""
    array = op.array
    entries: list[Any] = list(array.flat)
    if array.dtype.kind in "biu":
        read = [arithmetic.number(Fraction(int(v))) for v in entries]
    elif array.size > _MANY and arithmetic is not BALLS:  # data, not constants: no roots are looked for
        exact = [literals.decimal(v) or Fraction(float(v)) for v in entries]
        read = list(map(arithmetic.number, exact))
    else:
        read = [arithmetic.literal(v) for v in entries]
    result = objects_of(read, array.shape)
    result.flags.writeable = False
    return result


def objects_of(values: Sequence[Any], shape: tuple[int, ...]) -> Objects:
    """Values in row-major order as an object array."""
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result.reshape(shape)


def _index(op: Index, arithmetic: Arithmetic) -> Objects:
    shape = concrete(op.shape, "index")
    if op.relation == "position":
        whole = np.arange(shape[0]) + op.offset
    else:
        rows, columns = np.arange(shape[0])[:, None] + op.offset, np.arange(shape[1])[None, :]
        whole = (rows == columns if op.relation == "equal" else rows <= columns).astype(int)
    return _each(lambda v: arithmetic.number(Fraction(int(v))), whole)


def _map(op: Map, xs: Sequence[Objects], arithmetic: Arithmetic) -> Objects:
    formula = op.formula
    if arithmetic is not SYMPY:
        return _each(compiled(formula.arguments, formula.expression, arithmetic), *xs)
    arguments = formula.arguments

    def substitute(*values: Any) -> Any:
        lifted = [v if isinstance(v, sp.Basic) else sp.sympify(v, strict=True) for v in values]
        return formula.expression.xreplace(dict(zip(arguments, lifted, strict=True)))

    return _each(substitute, *xs)


def _places(span: Span) -> NDArray[np.int64]:
    return int(span.start) + span.step * np.arange(int(span.length))


def _pad(x: Objects, spans: Sequence[Span], shape: tuple[int, ...], arithmetic: Arithmetic) -> Objects:
    result = zeros(shape, arithmetic)
    result[np.ix_(*map(_places, spans))] = x
    return result


def _positions(index: Objects) -> NDArray[np.int64]:
    try:
        return np.array([_whole(v) for v in index.ravel()], dtype=np.int64).reshape(index.shape)
    except (TypeError, ValueError) as error:
        facts: dict[str, object] = {"index": index.ravel()[:3].tolist()}
        mend = "Indices must be numbers: give their values."
        raise NotCompilable(explain("gather", facts, mend)) from error


def _whole(value: Any) -> int:
    return int(value.unique_fmpz() if isinstance(value, flint.arb) else value)


def _scatter_add(
    x: Objects, index: NDArray[np.int64], axis: int, size: int, arithmetic: Arithmetic
) -> Objects:
    shape = (*x.shape[:axis], size, *x.shape[axis + index.ndim :])
    result = zeros(shape, arithmetic)
    for place in np.ndindex(index.shape):
        target: tuple[Any, ...] = (slice(None),) * axis + (int(index[place]),)
        result[target] = result[target] + x[(slice(None),) * axis + place]
    return result


def _fold(x: Objects, axis: int, size: int, arithmetic: Arithmetic) -> Objects:
    result = zeros((*x.shape[:axis], size, *x.shape[axis + 1 : -1]), arithmetic)
    for k in range(x.shape[-1]):
        target = (slice(None),) * axis + (slice(k, k + x.shape[axis]),)
        result[target] = result[target] + x[..., k]
    return result
