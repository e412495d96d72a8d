"""Which array instructions compute a graph? Maps become ufuncs, contractions BLAS calls, moves views or copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symdiff.evaluation import moves
from symdiff.evaluation.contracting import Contracting, Factor
from symdiff.evaluation.elementwise import Elementwise
from symdiff.evaluation.instructions import Code, Instruction, Program, Shape, Value, View
from symdiff.evaluation.programs import Work
from symdiff.evaluation.reference import ints, spans_of
from symdiff.evaluation.views import labelled, ordered
from symdiff.ir.formulas import RECIPROCAL, SQUARE
from symdiff.ir.graph import Node
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
    Move,
    Named,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Table,
    Window,
)

_CODES: Mapping[str, Code] = {"real": "f", "integer": "i", "boolean": "b"}


def lower(work: Work, shapes: Sequence[Shape] | None = None) -> Program:
    """The program of a graph; ``shapes`` of the inputs where a graph of numbers is called with arrays."""
    return _Lowering(work, shapes).program


class _Lowering:
    def __init__(self, work: Work, shapes: Sequence[Shape] | None) -> None:
        self.work = work
        self.store = work.graph.store
        self.program = Program()
        self.elementwise = Elementwise(self.program)
        self.contracting = Contracting(self.program, self.elementwise)
        self.values: dict[Node, Value] = {}
        self.maxima: dict[tuple[Node, tuple[int, ...]], View] = {}
        self.users = _users(work)
        self.live = frozenset(work.nodes)
        self.vector = shapes is not None
        for k, node in enumerate(work.graph.inputs):
            shape = shapes[k] if shapes is not None else ints(self.store.shape(node))
            register = self.program.register(shape, self._code(node), origin="input")
            self.program.inputs.append(register)
            self.values[node] = View(register, shape)
        for node in work.nodes:
            if node not in self.values and not self._is_put_off(node):
                value = self._value(node)
                shared = isinstance(value, View) and abs(value.scale) != 1 and len(self.users[node]) > 1
                self.values[node] = self.elementwise.plain(value) if shared else value
        whole = np.broadcast_shapes(*shapes) if shapes is not None else None
        taken: set[int] = set()
        for node in work.graph.outputs:
            shape = whole if whole is not None else ints(self.store.shape(node))
            self.program.outputs.append(self._result(self._of(node), shape, self._code(node), taken))

    def _code(self, node: Node) -> Code:
        return _CODES[self.store.kind(node)]

    def _of(self, node: Node) -> Value:
        """The value of a node; constants are made when something needs them."""
        found = self.values.get(node)
        if found is None:
            found = self._value(node) if node in self.live else self._constant(node)
            self.values[node] = found
        return found

    def _constant(self, node: Node) -> Value:
        array = self.work.constant(node)
        if array.size and (array == array.flat[0]).all():
            return float(array.flat[0])
        code = self._code(node)
        return View(self.program.register(array.shape, code, origin="constant", value=array), array.shape)

    # Which nodes are computed by the one node that uses them -----------------------------------------------------

    def _is_put_off(self, node: Node) -> bool:
        """A product, square or reciprocal that only one sum or product uses is done there."""
        users = self.users[node]
        if len(users) != 1 or users[0] < 0 or self.vector:
            return False
        user, op = self.store.op(users[0]), self.store.op(node)
        if not isinstance(user, Contract) or not self.store.shape(node):
            return False
        if _is_product(op):
            return len(user.inputs) == 1 and not user.is_view
        return (
            isinstance(op, Map) and op.formula is RECIPROCAL and user.is_elementwise and len(user.inputs) == 2
        )

    def _value(self, node: Node) -> Value:
        op, operands = self.store.op(node), self.store.operands(node)
        match op:
            case Map(formula):
                return self.elementwise.formula(formula, [self._of(k) for k in operands], self._code(node))
            case Contract():
                return self._contract(op, operands, self._code(node))
            case Named():
                return self._of(operands[0])
            case Maximum(axes):
                return self._maximum(operands[0], axes)
            case ArgMax(axes):
                return self._argmax(operands[0], axes)
            case Reshape() | Slice() | Pad() | Concatenate() | Gather() | ScatterAdd() | Window() | Fold():
                return self._move(op, operands, ints(self.store.shape(node)), self._code(node))
            case Input() | Literal() | Table() | Index():
                return self._constant(node)
            case _:
                assert_never(op)

    def _contract(self, op: Contract, operands: Sequence[Node], code: Code) -> Value:
        if self.vector or not op.sizes:
            value: Value = float(op.coefficient)
            for k in operands:
                value = self.elementwise.times(value, self._of(k), code)
            return value
        if len(operands) == 2:
            running = self._running_sum(op, operands, code)
            if running is not None:
                return running
            quotient = self._quotient(op, operands)
            if quotient is not None:
                return quotient
        if len(operands) == 1 and operands[0] not in self.values and operands[0] in self.live:
            return self._sum_of_product(op, operands[0], code)
        return self.contracting.contract(op, [self._of(k) for k in operands], code)

    def _sum_of_product(self, op: Contract, node: Node, code: Code) -> Value:
        """Sum a product without storing it."""
        sizes = {k: int(size) for k, size in enumerate(op.sizes)}
        inner, scale = self.store.op(node), float(op.coefficient)
        operands = self.store.operands(node)
        factors: list[Factor] = []
        places = [op.inputs[0]] * 2
        if isinstance(inner, Contract):
            scale *= float(inner.coefficient)
            place = dict(zip(inner.output, op.inputs[0], strict=True))
            places = [tuple(place[k] for k in labels) for labels in inner.inputs]
        else:
            operands = operands * 2
        for k, labels in zip(operands, places, strict=True):
            value = self._of(k)
            if isinstance(value, View):
                scale *= value.scale
                factors.append(labelled(replace(value, scale=1.0), labels, sizes))
            else:
                scale *= value
        return self.contracting.product(factors, op.output, sizes, scale, code)

    def _quotient(self, op: Contract, operands: Sequence[Node]) -> Value | None:
        """``x * (1 / y)`` of one shape as a division."""
        if not op.is_elementwise or op.inputs[0] != op.inputs[1]:
            return None
        waiting = [k for k in operands if k in self.live and k not in self.values]
        if len(waiting) != 1 or waiting[0] in self.work.graph.outputs:
            return None
        below = self._of(self.store.operands(waiting[0])[0])
        above = self._of(operands[0] if operands[1] == waiting[0] else operands[1])
        if isinstance(below, View) and isinstance(above, View) and above.size == below.size:
            return self.elementwise.times(self.elementwise.divide(above, below), float(op.coefficient), "f")
        return None

    def _running_sum(self, op: Contract, operands: Sequence[Node], code: Code) -> Value | None:
        """A contraction with ``i <= j`` as a cumulative sum."""
        for k, node in enumerate(operands):
            index = self.store.op(node)
            x, labels = operands[1 - k], op.inputs[1 - k]
            if not (isinstance(index, Index) and index.relation == "less_equal" and index.offset == 0):
                continue
            first, last = op.inputs[k]
            backwards = first in op.output
            summed, kept = (last, first) if backwards else (first, last)
            expected = tuple(kept if label == summed else label for label in labels)
            if kept in labels or summed in op.output or op.sizes[first] != op.sizes[last]:
                continue
            if labels.count(summed) != 1 or op.output != expected or len(set(expected)) < len(expected):
                continue
            view = self.elementwise.plain(self.elementwise.cast(self._full(x), code))
            form = f"cumulate({{0}}, {labels.index(summed)}, {backwards}, {{o}})"
            shape = ints(self.store.shape(x))
            return self.elementwise.times(self._call(form, (view,), shape, code), float(op.coefficient), code)
        return None

    def _maximum(self, node: Node, axes: tuple[int, ...]) -> View:
        if (node, axes) not in self.maxima:
            x = self._full(node)
            shape = tuple(size for axis, size in enumerate(x.shape) if axis not in axes)
            form = f"maximum_over({{0}}, {axes}, {{o}})"
            self.maxima[node, axes] = self._call(form, (x,), shape, self._code(node))
        return self.maxima[node, axes]

    def _argmax(self, node: Node, axes: tuple[int, ...]) -> View:
        x, best = self._full(node), self._maximum(node, axes)
        kept = tuple(axis for axis in range(len(x.shape)) if axis not in axes)
        best = ordered(best, kept, tuple(range(len(x.shape))))
        return self._call(f"argmax_over({{0}}, {{1}}, {axes}, {{o}})", (x, best), x.shape, "f")

    # Moves ---------------------------------------------------------------------------------------------------------

    def _move(self, op: Move, operands: Sequence[Node], shape: Shape, code: Code) -> Value:
        x = self._full(operands[0])
        match op:
            case Reshape():
                return x.then(f"{{}}.reshape({', '.join(map(str, shape))})", shape)
            case Slice(spans):
                return x.then(f"{{}}[{_index(spans_of(spans))}]", shape)
            case Window(axis, length):
                return x.then(f"window({{}}, {axis}, {length})", shape)
            case Pad(spans):
                return self._call(f"pad({{0}}, np_s[{_index(spans_of(spans))}], {{o}})", (x,), shape, code)
            case Concatenate(axis):
                parts = tuple(self._numbers(k, code) for k in operands)
                names = ", ".join(f"{{{k}}}" for k in range(len(parts)))
                return self._call(f"concatenate(({names},), {axis}, out={{o}})", parts, shape, code)
            case Gather(axis):
                return self._made(f"gather({{0}}, {{1}}, {axis})", (x, self._full(operands[1])), shape, code)
            case ScatterAdd(axis, size):
                parts = (self._numbers(operands[0], code), self._full(operands[1]))
                return self._made(f"scatter_add({{0}}, {{1}}, {axis}, {int(size)})", parts, shape, code)
            case Fold(axis, size):
                return self._made(
                    f"fold({{0}}, {axis}, {int(size)})", (self._numbers(operands[0], code),), shape, code
                )
            case _:
                assert_never(op)

    def _full(self, node: Node) -> View:
        """The value of a node with its whole shape."""
        value, shape = self.elementwise.plain(self._of(node)), ints(self.store.shape(node))
        if not isinstance(value, View):
            register = self.program.register((), self._code(node), origin="constant", value=np.asarray(value))
            value = View(register, ())
        return value if value.shape == shape else value.then(f"broadcast_to({{}}, {shape})", shape)

    def _numbers(self, node: Node, code: Code) -> View:
        value = self.elementwise.cast(self._full(node), code)
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

    # Results -------------------------------------------------------------------------------------------------------

    def _result(self, value: Value, shape: Shape, code: Code, taken: set[int]) -> Value:
        """An array of its own for an output: the register itself if it can be handed out, otherwise a copy."""
        value = self.elementwise.plain(value)
        if isinstance(value, View) and self.program.code(value) == code and value.shape == shape:
            register = self.program.registers[value.register]
            whole = (
                value.size == register.size
                and "broadcast_to" not in value.form
                and "window" not in value.form
            )
            if register.origin in ("scratch", "assigned", "fresh") and whole and value.register not in taken:
                register.origin = "fresh" if register.origin == "scratch" else register.origin
                taken.add(value.register)
                return value
        out = self.program.register(shape, code, origin="fresh")
        self.program.instructions.append(Instruction("converted", (value,), out, elementwise=True))
        taken.add(out)
        return View(out, shape)


def _is_product(op: Any) -> bool:
    if isinstance(op, Contract):
        return op.is_elementwise and len(op.inputs) == 2
    return isinstance(op, Map) and op.formula is SQUARE


def _index(spans: moves.Spans) -> str:
    return "".join(f"{_slice(*span)}, " for span in spans)[:-2] or "..."


def _slice(start: int, step: int, length: int) -> str:
    chosen = moves.slices(((start, step, length),))[0]
    first = "" if chosen.start == 0 and step > 0 else chosen.start
    last = "" if chosen.stop is None else chosen.stop
    return f"{first}:{last}" + (f":{step}" if step != 1 else "")


def _users(work: Work) -> dict[Node, list[Node]]:
    users: dict[Node, list[Node]] = {node: [] for node in work.nodes}
    for node in work.nodes:
        for k in work.operands(node):
            if k in users:
                users[k].append(node)
    for node in work.graph.outputs:
        users.setdefault(node, []).append(-1)
    return users
