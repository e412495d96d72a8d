"""What is the program for Python floats? One function of expressions, as a person would write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from symdiff.errors import NotCompilable, explain
from symdiff.evaluation import calls
from symdiff.evaluation.functions import scalar_function
from symdiff.evaluation.printers import literal
from symdiff.evaluation.programs import Work, work
from symdiff.evaluation.templates import ATOM, CONDITION, LOGIC, PRODUCT, SUM, Body, Text, scalar_text
from symdiff.ir.formulas import RECIPROCAL
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Contract, Map, Named
from symdiff.ir.sizes import text
from symdiff.ir.trees import LEAF, Tree

_LONG = 60


@dataclass(frozen=True, slots=True)
class Code:
    """An expression: its text, how strongly it binds, and its condition if it is 1 where that holds."""

    text: str
    strength: int = ATOM
    condition: str | None = None
    denominator: str | None = None

    def within(self, context: int) -> str:
        """The text, in parentheses if it binds less than its context asks."""
        return self.text if self.strength >= context else f"({self.text})"


class MathKernel:
    """A graph of numbers as a function of Python floats: calling it is calling the generated function."""

    __slots__ = ("_flat", "graph", "source")

    def __init__(self, graph: Graph, source: str, flat: Callable[..., Any]) -> None:
        self.graph = graph
        self.source = source
        self._flat = flat

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results, nested as the function returns them."""
        raise NotImplementedError

    def flat(self, values: Sequence[Any]) -> list[Any]:
        """The outputs in order, from the values of the inputs in order."""
        return list(self._flat(*values))


def math_kernel(graph: Graph) -> MathKernel:
    """The kernel of a graph of numbers."""
    source, namespace = Writer(graph).program()
    exec(compile(source, "<symdiff math kernel>", "exec"), namespace)
    function = namespace["kernel"]
    arguments = calls.arguments_of(graph)
    results = graph.results or (
        LEAF if len(graph.outputs) == 1 else Tree("tuple", (LEAF,) * len(graph.outputs))
    )

    def flat(*values: Any) -> list[Any]:
        return results.leaves(calls.call_with_leaves(function, arguments, values))

    # a method would cost as much again as a small program: the class is made for this one function
    made = type("MathKernel", (MathKernel,), {"__call__": staticmethod(function), "__slots__": ()})
    return cast(MathKernel, made(graph, source, flat))


class Writer:
    """Writes the statements; a short value that is used once stays inside the expression that uses it."""

    def __init__(self, graph: Graph) -> None:
        _require_numbers(graph)
        self.work: Work = work(graph, np.dtype(float))
        self.graph = graph
        self.namespace: dict[str, Any] = {"inf": float("inf"), "nan": float("nan")}
        self.names = calls.Names(["kernel", "inf", "nan", "if", "else"])
        self.lines: list[str] = []
        self.shadowed: frozenset[str] = frozenset()
        self.code: dict[Node, Code] = {}
        self.uses = self._count_uses()

    def program(self) -> tuple[str, dict[str, Any]]:
        """The source and the namespace that it runs in."""
        arguments = calls.arguments_of(self.graph)
        self.names.taken.add("misfit")
        self.namespace["misfit"] = partial(calls.misfit, arguments)
        parameters, statements, leaves = calls.unpack(arguments, self.names)
        self.shadowed = frozenset(self.names.taken)
        self.names.taken |= {f for node in self.work.nodes for f in self._functions(node)}
        self.lines += statements
        self.code |= {node: Code(name) for node, name in zip(self.graph.inputs, leaves, strict=True)}
        for node in self.work.nodes:
            if node not in self.code:
                self._write(node)
        outputs = [self._code(node).within(LOGIC) for node in self.graph.outputs]
        result = calls.rebuild(self.graph.results, outputs, self.namespace, self.names)
        body = "\n    ".join([*self.lines, f"return {result}"])
        return f"def kernel({', '.join(parameters)}):\n    {body}\n", self.namespace

    def _functions(self, node: Node) -> tuple[str, ...]:
        op = self.work.op(node)
        if not isinstance(op, Map):
            return ()
        body = scalar_text(op.formula)
        return tuple(f for t in (*body.temporaries, body.result) for f in t.functions)

    def _count_uses(self) -> dict[Node, int]:
        uses: dict[Node, int] = dict.fromkeys(self.work.nodes, 0)
        for node in self.graph.outputs:
            uses[node] = uses.get(node, 0) + 1
        for node in reversed(self.work.nodes):
            op, operands = self.work.op(node), self.work.operands(node)
            weights = [1] * len(operands)
            if isinstance(op, Map):
                body = scalar_text(op.formula)
                weights = [_occurrences(body, slot) for slot in range(len(operands))]
                if body.result.conditional is not None:
                    weights = [w * max(1, uses[node]) for w in weights]
            for operand, weight in zip(operands, weights, strict=True):
                if operand in uses:
                    uses[operand] += weight
        return uses

    def _code(self, node: Node) -> Code:
        if node not in self.code:
            self.code[node] = _number(self.work.constant(node).item())
        return self.code[node]

    def _write(self, node: Node) -> None:
        op = self.work.op(node)
        operands = [self._code(k) for k in self.work.operands(node)]
        match op:
            case Map(formula):
                code = self._map(scalar_text(formula), operands)
                if formula is RECIPROCAL:
                    code = Code(code.text, code.strength, None, operands[0].within(ATOM))
            case Contract():
                code = self._product(op, operands)
            case Named(name):
                self.code[node] = self._assign(operands[0], self.names.claim(name))
                return
            case _:
                raise _not_a_number(type(op).__name__)
        keep = code.condition is not None or (self.uses[node] <= 1 and len(code.text) <= _LONG)
        self.code[node] = code if keep else self._assign(code, self.names.fresh())

    def _assign(self, code: Code, name: str) -> Code:
        self.lines.append(f"{name} = {code.text}")
        return Code(name)

    def _map(self, body: Body, operands: list[Code]) -> Code:
        slots = list(operands)
        for temporary in body.temporaries:
            slots.append(self._assign(self._fill(temporary, slots), self.names.fresh()))
        return self._fill(body.result, slots)

    def _fill(self, template: Text, slots: list[Code]) -> Code:
        texts = [s.within(need) for s, need in zip(slots, (*template.needs, *[0] * len(slots)), strict=False)]
        form, test = template.form, template.conditional
        for name in template.functions:
            if name in self.shadowed:  # a parameter has the name of a function
                form = re.sub(rf"\b{name}\(", f"{name}__(", form)
                test = test and re.sub(rf"\b{name}\(", f"{name}__(", test)
                self.namespace[f"{name}__"] = scalar_function(name)
            self.namespace.setdefault(name, scalar_function(name))
        return Code(form.format(*texts), template.strength, test and test.format(*texts))

    def _product(self, op: Contract, operands: list[Code]) -> Code:
        conditions = [x.condition for x in operands if x.condition is not None]
        factors = [x for x in operands if x.condition is None]
        scale = float(op.coefficient)
        below = [x.denominator for x in factors if x.denominator is not None]
        above = [x for x in factors if x.denominator is None]
        texts = [x.within(PRODUCT) for x in above[:1]] + [x.within(PRODUCT + 1) for x in above[1:]]
        if abs(scale) != 1 or not texts:
            texts.insert(0, literal(abs(scale)))
            texts[1:2] = [x.within(PRODUCT + 1) for x in above[:1]]
        product = "*".join(texts) + "".join(f"/{x}" for x in below)
        code = (
            Code(f"-{product}", SUM)
            if scale < 0
            else Code(product, PRODUCT if len(texts) + len(below) > 1 else ATOM)
        )
        if len(texts) == 1 and not below and scale == 1 and above:
            code = above[0]
        if not conditions:
            return code
        test = " and ".join(conditions)
        return Code(
            f"{code.within(LOGIC)} if {test} else 0.0", CONDITION, test if code.text == "1.0" else None
        )


def _occurrences(body: Body, slot: int) -> int:
    return sum(t.uses[slot] for t in (*body.temporaries, body.result))


def _number(value: float | int | bool) -> Code:
    if isinstance(value, bool):
        return Code(str(value))
    shown = literal(value) if isinstance(value, float) else str(value)
    return Code(shown, SUM if shown.startswith("-") else ATOM)


def _require_numbers(graph: Graph) -> None:
    for node in graph.nodes:
        if graph.shape(node) != ():
            raise _not_a_number(f"{type(graph.store.op(node)).__name__} of shape {text(graph.shape(node))}")


def _not_a_number(what: str) -> NotCompilable:
    mend = "Pass numbers in lists instead of arrays, or compile with 'numpy'."
    return NotCompilable(explain("compile('math')", {"operation": what}, mend))
