"""At which sizes is a claim for every shape tried? Some that are special in no way, and beyond its own numbers."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any, TypeAlias

import numpy as np
import sympy as sp

from symdiff.checking.questions import Question
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Index, Input, Map, Pad, Slice
from symdiff.ir.sizes import Size, parse_shape, symbols_of

Sizes: TypeAlias = dict[sp.Symbol, int]

_LEAST, _LARGEST = 4, 40
_MOST = 3  # of the smallest, and of the largest
_CALLED = (3, 5, 8, 13)
_CONSTANTS = ("LOAD_CONST", "LOAD_SMALL_INT")


def usual(examples: Mapping[str, Any], *, small: bool) -> Iterator[Sizes]:
    """Sizes all different both ways, all alike, and all 1: none of which is special in the same way.

    Beside a proof ``small`` ones will do: they confirm the derivative, the proof has every size.
    """
    names = _names(examples)
    count = len(names)
    large = range(7, 7 + count) if count < 4 else range(2, 2 + count)
    seen: list[Sizes] = []
    different = (range(2, 2 + count), range(2 + count, 2, -1), [3] * count, [1] * count, large)
    least = _least(examples)
    for sizes in ([2] * count, [1] * count) if small else different:
        proposal = {name: max(size, least) for name, size in zip(names, sizes, strict=True)}
        if proposal not in seen:
            seen.append(proposal)
            yield proposal


def _least(value: Any) -> int:
    """The size from which on given whole numbers are positions."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        return max(map(_least, value), default=1)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.size:
        return 1 + int(value.max()) if value.max() < _LEAST**2 else 1
    return 1


def larger(examples: Mapping[str, Any]) -> Iterator[Sizes]:
    """Sizes for a claim that can only be called: nothing shows from which one on it may be wrong."""
    names = _names(examples)
    if len(names) > 2:
        yield from (_one_long(names, name, _CALLED[1]) for name in names)
        return
    for size in _CALLED if names else ():
        yield {name: size + k for k, name in enumerate(names)}


def beyond(question: Question) -> Iterator[Sizes]:
    """Sizes at and above the whole numbers that stand in a claim, at which ``x[:10]`` or ``n < 5`` show."""
    names = _names(question.examples)
    store, claimed = question.truth.store, question.claimed or ()
    drawn = {number + 1 for node in store.ancestors(claimed) for number in _numbers(store, node)}
    code = getattr(inspect.unwrap(question.claim), "__code__", None)
    given = {number + k for number in written(code) for k in (0, 1)}
    sizes = sorted(n for n in drawn | given if _LEAST <= n <= _LARGEST + 1)
    for size in dict.fromkeys((*sizes[:_MOST], *sizes[-_MOST:])):
        yield from (_one_long(names, name, size) for name in names)


def _one_long(names: list[sp.Symbol], name: sp.Symbol, size: int) -> Sizes:
    """One size, all others 2."""
    return dict.fromkeys(names, 2) | {name: size}


def _names(examples: Any) -> list[sp.Symbol]:
    """The size symbols of all shape strings."""
    return sorted({s for text in strings(examples) for s in symbols_of(parse_shape(text))}, key=str)


def strings(value: Any) -> Iterator[str]:
    """The shape strings in nested examples."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from strings(item)


def _numbers(store: Store, node: Node) -> Iterator[int]:
    """The whole numbers that one operation of a graph knows."""
    op = store.op(node)
    if not isinstance(op, Input):
        yield from _whole(store.shape(node))
    if isinstance(op, (Slice, Pad)):
        for span in op.spans:
            yield from _whole((span.start, span.length))
    elif isinstance(op, Index):
        yield abs(op.offset)
    elif isinstance(op, Contract) and not op.inputs:
        yield from _whole((sp.sympify(op.coefficient, strict=True),))
    elif isinstance(op, Map):
        yield from _whole(op.formula.expression.atoms(sp.core.relational.Relational))


def _whole(sizes: Iterable[Size]) -> Iterator[int]:
    """The whole numbers in some sizes or expressions."""
    for size in sizes:
        if isinstance(size, int):
            yield abs(size)
        else:
            yield from (abs(int(n)) for n in size.atoms(sp.Integer))


def written(code: CodeType | None) -> set[int]:
    """The whole numbers in the code of a function, and in those that are written inside it."""
    found: set[int] = set()
    for step in dis.get_instructions(code) if code is not None else ():
        if step.opname in _CONSTANTS:
            found |= set(_constants(step.argval))
    return found


def _constants(value: Any) -> Iterator[int]:
    if isinstance(value, CodeType):
        yield from written(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield abs(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from _constants(item)
    elif isinstance(value, slice):
        yield from _constants((value.start, value.stop))
