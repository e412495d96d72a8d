"""Which array instructions compute a graph? Ufuncs for maps, BLAS calls for contractions, views for moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

import numpy as np

from symdiff.evaluation.contracting import Contracting, Factor
from symdiff.evaluation.elementwise import Elementwise
from symdiff.evaluation.instructions import Code, Instruction, Program, Register, Shape, Value, View
from symdiff.evaluation.moving import Moving
from symdiff.evaluation.programs import Work
from symdiff.evaluation.reference import ints
from symdiff.evaluation.views import labelled
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
        self.moving = Moving(self.program, self.elementwise)
        self.values: dict[Node, Value] = {}
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

    # Which nodes are computed by the one node that uses them -----------------------------------------------

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
                return self.moving.maximum(self._full(operands[0]), axes)
            case ArgMax(axes):
                return self.moving.argmax(self._full(operands[0]), axes)
            case Reshape() | Slice() | Pad() | Concatenate() | Gather() | ScatterAdd() | Window() | Fold():
                return self._move(op, node, operands)
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
            value = self.moving.running_sum(self._full(x), labels.index(summed), backwards, code)
            return self.elementwise.times(value, float(op.coefficient), code)
        return None

    def _move(self, op: Move, node: Node, operands: Sequence[Node]) -> View:
        parts = [self._full(k) for k in operands]
        return self.moving.move(op, parts, ints(self.store.shape(node)), self._code(node))

    def _full(self, node: Node) -> View:
        """The value of a node with its whole shape."""
        value, shape = self.elementwise.plain(self._of(node)), ints(self.store.shape(node))
        if not isinstance(value, View):
            register = self.program.register((), self._code(node), origin="constant", value=np.asarray(value))
            value = View(register, ())
        return value if value.shape == shape else value.then(f"broadcast_to({{}}, {shape})", shape)

    # Results -----------------------------------------------------------------------------------------------

    def _result(self, value: Value, shape: Shape, code: Code, taken: set[int]) -> Value:
        """An array of its own for an output: the register if it can be handed out, otherwise a copy."""
        value = self.elementwise.plain(value)
        if isinstance(value, View) and self.program.code(value) == code and value.shape == shape:
            register = self.program.registers[value.register]
            own = register.origin not in ("input", "constant") and value.register not in taken
            if own and _is_all_of(value, register):
                register.origin = "fresh" if register.origin == "scratch" else register.origin
                taken.add(value.register)
                return value
        out = self.program.register(shape, code, origin="fresh")
        self.program.instructions.append(Instruction("converted", (value,), out, elementwise=True))
        taken.add(out)
        return View(out, shape)


def _is_all_of(view: View, register: Register) -> bool:
    """Whether a view shows every entry of its register once, and so may stand for it."""
    repeats = "broadcast_to" in view.form or "window" in view.form
    return view.form == "{}" or bool(view.shape and view.size == register.size and not repeats)


def _is_product(op: Any) -> bool:
    if isinstance(op, Contract):
        return op.is_elementwise and len(op.inputs) == 2
    return isinstance(op, Map) and op.formula is SQUARE


def _users(work: Work) -> dict[Node, list[Node]]:
    users: dict[Node, list[Node]] = {node: [] for node in work.nodes}
    for node in work.nodes:
        for k in work.operands(node):
            if k in users:
                users[k].append(node)
    for node in work.graph.outputs:
        users.setdefault(node, []).append(-1)
    return users
