"""How is a question put into words? Names, shapes, numbers of a witness, a snippet to run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeGuard

import numpy as np
import sympy as sp

from symdiff.checking.effort import work
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.checking.sources import definition
from symdiff.errors import OutOfTime, Undetermined
from symdiff.evaluation.arithmetics import SYMPY
from symdiff.evaluation.deadlines import time_limit
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir import literals
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Input, Literal, Map, Op, Table
from symdiff.ir.sizes import text
from symdiff.ir.trees import Tree

_EXACT_WORK = 20_000
_EXACT_SECONDS = 1.0
_LONGEST_BITS = 512
_LONGEST_FORMULA = 200
_HIGHEST_POWER = 64
_SHOWN = 64  # entries of an array that are written out


def scope(graph: Graph, fixed: Mapping[str, str] = MappingProxyType({})) -> str:
    """The shapes of the inputs, and what was fixed: ``x (3,), W (2, 3), y = [2]``."""
    named = [(op.name, op.shape) for op in map(graph.store.op, graph.inputs) if isinstance(op, Input)]
    arrays = [f"{name} {text(shape)}" for name, shape in named if shape and name not in fixed]
    arrays += [f"{name} = {value}" for name, value in fixed.items()]
    return ", ".join(arrays) if arrays else "all real numbers"


def readings(store: Store, nodes: Iterable[Node]) -> tuple[str, ...]:
    """How float literals were read, where the reading is not the float itself."""
    ops = [store.op(node) for node in store.ancestors(nodes)]
    found: set[Any] = {op.value for op in ops if isinstance(op, Literal)}
    single = (op.array.flat[0] for op in ops if isinstance(op, Table) and op.array.size == 1)
    found |= {value for value in single if value.dtype.kind == "f"}
    known = [value for value in sorted(found) if literals.is_recognised(value)]
    return tuple(f"{value} as {literals.read(value)}" for value in known)


def inputs_of(graph: Graph, point: Point) -> dict[str, Any]:
    """A point by names, with exact entries."""
    result: dict[str, Any] = {}
    for node in graph.inputs:
        op = graph.store.op(node)
        if isinstance(op, Input) and node in point:
            value = point[node] if point[node].size <= _EXACT_WORK else point[node].astype(float)
            result[op.name] = value if value.ndim else value[()]
    return result


def exact_entry(store: Store, node: Node, point: Point, index: tuple[int, ...]) -> Any:
    """The exact value of one entry when it is short and cheap, otherwise None."""
    entries = exact_entries(store, node, point)
    return None if entries is None else exact_number(entries[index])


def exact_entries(store: Store, node: Node, point: Point) -> Objects | None:
    """The exact values of all entries in SymPy's numbers; None if that is not cheap."""
    if work(store, [node]) > _EXACT_WORK or _has_high_power(store, node):
        return None
    try:
        with time_limit(_EXACT_SECONDS):
            lifted = {k: lift(v, SYMPY) for k, v in point.items()}
            (value,) = evaluate(store, [node], lifted, SYMPY, watch=_require_short)
    except (Undetermined, OutOfTime, _TooLong, ZeroDivisionError, TypeError, ValueError):
        return None
    return value


def exact_number(value: Any) -> Any:
    """A number of SymPy's as a fraction, or as itself if it is short; otherwise None."""
    entry = sp.sympify(value, strict=True)
    if entry.is_Rational:
        return Fraction(int(entry.p), int(entry.q))
    return entry if entry.count_ops() <= 12 and not entry.has(sp.nan, sp.zoo) else None


class _TooLong(Exception):
    """A number or a formula grew too long to be shown."""


def _require_short(entries: Objects) -> None:
    for entry in entries.flat:
        if isinstance(entry, sp.Rational):
            if int(entry.p).bit_length() + int(entry.q).bit_length() > _LONGEST_BITS:
                raise _TooLong
        elif isinstance(entry, sp.Basic):
            parts = islice(sp.preorder_traversal(entry), _LONGEST_FORMULA + 1)
            if sum(1 for _ in parts) > _LONGEST_FORMULA:
                raise _TooLong


def _has_high_power(store: Store, node: Node) -> bool:
    maps = (op for op in map(store.op, store.ancestors([node])) if isinstance(op, Map))
    powers = (power for op in maps for power in op.formula.expression.atoms(sp.Pow))
    return any(p.exp.is_Rational and abs(p.exp) > _HIGHEST_POWER for p in powers)


def snippet(question: Question, inputs: dict[str, Any], argument: str) -> str:
    """Python that shows the two values; functions that no import reaches must be at hand."""
    fn, claim = called(question.fn, "fn"), called(question.claim, "claim")
    lines = _assignments(question, inputs)
    own = [line.split(" = ", 1)[0] for line in lines]
    lines += ["# yours, exact:", f"{claim}({', '.join(own)}), {_operator(question, own, fn, argument)}"]
    needed = {"np.": "import numpy as np", "sd.": "import symdiff as sd"}
    lines = [*_definitions({fn: question.fn, claim: question.claim}), *lines]
    imports = [line for prefix, line in needed.items() if re.search(rf"\b{prefix}", "\n".join(lines))]
    return "\n".join([*imports, *lines])


def _definitions(functions: Mapping[str, Any]) -> list[str]:
    """The lines that import functions from their modules, or repeat those that no import reaches."""
    names: dict[str, list[str]] = {}
    written = []
    for name, function in functions.items():
        module = _module(function)
        if module and getattr(function, "__qualname__", name) == name == called(function, ""):
            names.setdefault(module, []).append(name)
            continue
        found = definition(function, name)
        if found is not None and (module or not found.needs):
            names.setdefault(module, []).extend(found.needs)
            written.append(found.text)
    lines = [f"from {module} import {', '.join(dict.fromkeys(own))}" for module, own in names.items() if own]
    return [*lines, *written]


def _module(function: Any) -> str:
    """The module of a function as a reader would import it: a file that was only read goes by its own name."""
    name = "numpy" if isinstance(function, np.ufunc) else getattr(function, "__module__", None) or ""
    file = getattr(getattr(function, "__code__", None), "co_filename", "")
    stem = os.path.splitext(os.path.basename(file))[0]
    is_own = not file or stem in ("__init__", name.rpartition(".")[2])
    shown = name if is_own else stem
    return shown if name != "__main__" and all(part.isidentifier() for part in shown.split(".")) else ""


def _assignments(question: Question, inputs: dict[str, Any]) -> list[str]:
    """One line for each argument, nested as the function takes it."""
    whole = {op.name for op in map(question.truth.store.op, question.truth.inputs) if _is_whole(op)}
    leaves = iter([_source(value, name, whole=name in whole) for name, value in inputs.items()])
    arguments = question.truth.arguments
    if arguments is None or arguments.size != len(inputs):
        return [f"{_identifier(name)} = {value}" for name, value in zip(inputs, leaves, strict=True)]
    named = zip(arguments.keys, arguments.children, strict=True)
    return [f"{_identifier(name)} = {_written(tree, leaves)}" for name, tree in named]


def ball_text(ball: Any) -> str:
    """Six certain digits of a ball.

    >>> import flint
    >>> ball_text(flint.arb(1) / 3), ball_text(flint.arb(1) / 2), ball_text(flint.arb(-3))
    ('0.333333', '0.5', '-3')
    """
    if ball.contains(0):
        return "0"
    return _trimmed(str(ball.str(6, radius=False)))


def _trimmed(digits: str) -> str:
    """``0.2500`` as ``0.25``."""
    return re.sub(r"(\.\d*?)0+(?=$|e)", r"\1", digits).removesuffix(".")


def _is_whole(op: Op) -> TypeGuard[Input]:
    return isinstance(op, Input) and op.kind == "integer"


def _written(tree: Tree, leaves: Iterator[str]) -> str:
    """A nesting in Python."""
    parts = [_written(child, leaves) for child in tree.children]
    match tree.form:
        case "leaf":
            return next(leaves)
        case "static":
            return repr(tree.value)
        case "dict":
            return "{" + ", ".join(f"{k!r}: {p}" for k, p in zip(tree.keys, parts, strict=True)) + "}"
        case "list":
            return f"[{', '.join(parts)}]"
        case _:
            return f"({', '.join(parts)},)"


def called(function: Any, otherwise: str) -> str:
    """The name of a function if it can be written in Python, otherwise a stand-in."""
    name = getattr(function, "__name__", otherwise)
    return name if name.isidentifier() else otherwise


def _operator(question: Question, own: Sequence[str], fn: str, argument: str) -> str:
    """The call that gives the true value at the inputs."""
    names: Any = argument if argument in question.wrt else question.asked_wrt
    every = ", ".join(own)
    match question.of:
        case "value":
            return f"{fn}({every})"
        case "gradient" | "jacobian" | "hessian" | "hvp":
            operator = "grad" if question.of == "gradient" else question.of
            return f"sd.{operator}({fn}, wrt={names!r})({every})"
        case "vjp":
            place = list(question.examples).index(argument) if argument in question.examples else 0
            return f"sd.vjp({fn}, {', '.join(own[:-1])})[1]({own[-1]})[{place}]"
        case "jvp":
            zeros = [own[-1] if name in question.wrt else f"0*{name}" for name in own[:-1]]
            return f"sd.jvp({fn}, ({', '.join(own[:-1])},), ({', '.join(zeros)},))[1]"


def _identifier(name: str) -> str:
    return name.replace(".", "_").replace("[", "_").replace("]", "")


def _source(value: Any, name: str, *, whole: bool) -> str:
    if isinstance(value, np.ndarray):
        if value.size > _SHOWN:
            kind = "int" if whole else "float"
            return f"verdict.witness.inputs[{name!r}].astype({kind})  # shape {value.shape}"
        return f"np.array({_nested(value, whole)})"
    return _nested(value, whole) if isinstance(value, Fraction) else repr(value)


def _nested(value: Any, whole: bool) -> str:
    if isinstance(value, np.ndarray) and value.ndim:
        return "[" + ", ".join(_nested(v, whole) for v in value) + "]"
    entry = value[()] if isinstance(value, np.ndarray) else value
    return str(int(entry) if whole else float(entry)) if isinstance(entry, Fraction) else str(entry)


def shapes(store: Store, nodes: Sequence[Node]) -> str:
    """Shapes of some nodes."""
    return ", ".join(text(store.shape(node)) for node in nodes)
