"""How does a node read as a line of NumPy? For repairs and reports; long formulas name their shared parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import assert_never

import sympy as sp
from sympy.printing.precedence import PRECEDENCE

from symdiff.checking.product_texts import (
    ATOM,
    COMPARISON,
    MATMUL,
    POWER,
    PRODUCT,
    SUM,
    Text,
    axes_text,
    contract_text,
    full,
    is_atom,
    product_text,
    within,
)
from symdiff.ir import literals
from symdiff.ir.formulas import Formula
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
    Move,
    Named,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Span,
    Table,
    Window,
)
from symdiff.ir.sizes import Shape, Size, text

_PRECEDENCE = {
    ATOM: PRECEDENCE["Atom"],
    POWER: PRECEDENCE["Pow"],
    PRODUCT: PRECEDENCE["Mul"],
    MATMUL: PRECEDENCE["Mul"] - 1,
    SUM: PRECEDENCE["Add"],
    COMPARISON: PRECEDENCE["Relational"],
}
NO_NAMES: Mapping[Node, str] = MappingProxyType({})


class _Operand(sp.Symbol):  # type: ignore[misc]
    """A symbol that prints as a written operand; SymPy adds the parentheses that it needs."""

    __slots__ = ("precedence",)


def formula_text(
    store: Store,
    node: Node,
    limit: int = 300,
    names: Mapping[Node, str] = NO_NAMES,
    told: Mapping[Node, str] = NO_NAMES,
) -> str:
    """The expression of a node; a formula over ``limit`` characters ends in dots.

    It is written as NumPy, where an array may stand for one with more axes to which NumPy would broadcast it.
    Other nodes that have ``names`` stand by them; what those that are ``told`` stand for is said.
    """
    order = _down_to(store, node, names)
    uses = Counter(k for n in order if n == node or n not in names for k in store.operands(n))
    parts: dict[Node, Text] = {}
    shared: list[str] = []
    for n in order:
        if n != node and n in names:
            parts[n] = Text(names[n])
            continue
        parts[n] = _text(store, n, [parts[k] for k in store.operands(n)])
        if n != node and (n in told or (uses[n] > 1 and len(parts[n].text) > 24)):
            name = told.get(n, f"t{len(shared) + 1}")
            shared.append(f"{name} = {parts[n].text}")
            parts[n] = Text(name, missing=parts[n].missing)
    used = _used(parts[node].text, shared)
    whole = parts[node].text + ("" if not used else "  where " + ", ".join(used))
    return whole if len(whole) <= limit else whole[: limit - 3] + "..."


def _down_to(store: Store, node: Node, names: Mapping[Node, str]) -> list[Node]:
    """The nodes of which the expression is made, in order."""
    if not names:
        return store.ancestors([node])
    seen, waiting = {node}, [node]
    while waiting:
        n = waiting.pop()
        if n == node or n not in names:
            new = set(store.operands(n)) - seen
            seen |= new
            waiting += new
    return sorted(seen)


def _used(formula: str, shared: Sequence[str]) -> list[str]:
    """The definitions that the formula needs, in order."""
    kept: list[str] = []
    needed = formula
    for definition in reversed(shared):
        name, meaning = definition.split(" = ", 1)
        if re.search(rf"\b{name}\b", needed):
            kept.append(definition)
            needed += meaning
    return kept[::-1]


def _text(store: Store, node: Node, xs: Sequence[Text]) -> Text:
    op = store.op(node)
    match op:
        case Input(name) | Named(name):
            return Text(name)
        case Literal(value):
            written = str(literals.read(value))
            return Text(written, ATOM if is_atom(written) else PRODUCT)
        case Table():
            return Text(f"array{text(op.shape)}" if op.array.size > 6 else str(op.array.tolist()))
        case Index():
            return _index(op)
        case Map():
            return _map(op, store.shape(node), xs)
        case Contract():
            return contract_text(op, store.shape(node), xs)
        case Maximum(axes):
            return Text(f"max({_full(store, node, xs)[0].text}, axis={axes_text(axes)})")
        case ArgMax(axes):
            return Text(f"is_max({_full(store, node, xs)[0].text}, axis={axes_text(axes)})")
        case _:
            return Text(_moved(op, store.shape(store.operands(node)[0]), _full(store, node, xs)))


def _full(store: Store, node: Node, xs: Sequence[Text]) -> list[Text]:
    return [full(x, store.shape(k)) for x, k in zip(xs, store.operands(node), strict=True)]


def _moved(op: Move, shape: Shape, parts: Sequence[Text]) -> str:
    """Entries in other places; ``shape`` is that of the first operand."""
    xs = [part.text for part in parts]
    x = xs[0]
    match op:
        case Reshape():
            return f"reshape({x}, {text(op.shape)})"
        case Slice(spans):
            return f"{within(parts[0], ATOM)}[{', '.join(map(_span, spans, shape))}]"
        case Pad(spans) if all(span.step == 1 for span in spans):
            ends = [size - (span.start + span.length) for span, size in zip(spans, op.shape, strict=True)]
            widths = [(span.start, end) for span, end in zip(spans, ends, strict=True)]
            return f"pad({x}, {widths[0] if len(widths) == 1 else tuple(widths)})"
        case Pad(spans):
            return f"zeros({text(op.shape)}).put[{', '.join(map(_span, spans, op.shape))}]({x})"
        case Concatenate(axis):
            return f"concatenate([{', '.join(xs)}], axis={axis})"
        case Gather(axis):
            return f"take({x}, {xs[1]}, axis={axis})"
        case ScatterAdd(axis, size):
            return f"scatter_add({x}, at={xs[1]}, axis={axis}, size={size})"
        case Window(axis, length):
            return f"windows({x}, {length}, axis={axis})"
        case Fold(axis, size):
            return f"fold({x}, axis={axis}, size={size})"
        case _:
            assert_never(op)


def _index(op: Index) -> Text:
    offset = f", k={op.offset}" if op.offset else ""
    match op.relation:
        case "equal":
            return Text(f"eye{text(op.shape)[:-1]}{offset})")
        case "less_equal":
            return Text(f"triu(ones({text(op.shape)}){offset})")
        case "position":
            first = f"{op.offset}, " if op.offset else ""
            return Text(f"arange({first}{op.shape[0] + op.offset})")


def _span(span: Span, size: Size) -> str:
    if (span.start, span.step, span.length) == (0, 1, size):
        return ":"
    stop = sp.sympify(span.start, strict=True) + span.step * sp.sympify(span.length, strict=True)
    first = "" if span.start == 0 and span.step == 1 else str(span.start)
    last = "" if stop == size or stop.is_negative else str(stop)
    return f"{first}:{last}" + ("" if span.step == 1 else f":{span.step}")


def _map(op: Map, shape: Shape, xs: Sequence[Text]) -> Text:
    missing = min((x.missing for x in xs), default=len(shape))
    return replace(_applied(op.formula, xs), missing=missing)


def _applied(formula: Formula, xs: Sequence[Text]) -> Text:
    expression, arguments = formula.expression, formula.arguments
    if expression == 1 / arguments[0]:
        return product_text(Fraction(1), (), (within(xs[0], ATOM),))
    if len(xs) == 2 and expression == arguments[0] + arguments[1]:
        left, right = within(xs[0], SUM), within(xs[1], SUM)
        is_minus = right.startswith("-") and xs[1].level > SUM
        return Text(f"{left} - {right[1:]}" if is_minus else f"{left} + {right}", SUM)
    if len(xs) == 2 and expression == arguments[0] - arguments[1]:
        left, right = within(xs[0], SUM), within(xs[1], MATMUL)
        return Text(f"{left} + {right[1:]}" if right.startswith("-") else f"{left} - {right}", SUM)
    operands = {a: _operand(x) for a, x in zip(arguments, xs, strict=True)}
    if isinstance(expression, sp.Piecewise):
        return _choice(formula, operands)
    below = 1 / expression
    if expression.is_Pow and not below.is_Integer and expression.exp.is_negative:
        return product_text(Fraction(1), (), (within(_written(below, operands), POWER),))
    return _written(expression, operands)


def _written(expression: sp.Expr, operands: Mapping[sp.Symbol, sp.Symbol]) -> Text:
    is_power = expression.is_Pow and expression.exp != sp.Rational(1, 2)
    levels = ((expression.is_Add, SUM), (expression.is_Mul, PRODUCT), (is_power, POWER))
    level = next((level for fits, level in levels if fits), ATOM)
    return Text(str(expression.xreplace(operands)), level)


def _operand(x: Text) -> sp.Symbol:
    symbol = _Operand(x.text, real=True)
    symbol.precedence = _PRECEDENCE[x.level]
    return symbol


def _choice(formula: Formula, operands: Mapping[sp.Symbol, sp.Symbol]) -> Text:
    """``where(condition, value, otherwise)``; a comparison by itself stands for its 0 and 1."""
    cases = [(str(v.xreplace(operands)), _condition(c, operands)) for v, c in formula.expression.args]
    if formula.boolean and [value for value, _ in cases] == ["1", "0"]:
        return Text(cases[0][1], COMPARISON)
    written = cases[-1][0]
    for value, condition in reversed(cases[:-1]):
        written = f"where({condition}, {value}, {written})"
    return Text(written)


def _condition(condition: sp.Basic, operands: Mapping[sp.Symbol, sp.Symbol]) -> str:
    if isinstance(condition, sp.Ne) and condition.rhs == 0 and condition.lhs in operands:
        chosen = operands[condition.lhs]
        if chosen.precedence == _PRECEDENCE[COMPARISON]:
            return str(chosen)
    if isinstance(condition, (sp.Eq, sp.Ne)):
        sign = "==" if isinstance(condition, sp.Eq) else "!="
        return f"{condition.lhs.xreplace(operands)} {sign} {condition.rhs.xreplace(operands)}"
    return str(condition.xreplace(operands))
