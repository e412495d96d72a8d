"""How does a node read as a line of NumPy? For repairs and reports; long formulas name their shared parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

import sympy as sp

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
    Labels,
    Literal,
    Map,
    Maximum,
    Named,
    Op,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Table,
    Window,
)
from symdiff.ir.sizes import text

_ATOM, _POWER, _PRODUCT, _MATMUL, _SUM = 5, 4, 3, 2, 1
_LETTERS = "ijklmnpqrstuvw"


@dataclass(frozen=True)
class Text:
    """A written expression and how tightly it binds; a product keeps its factors, so that products flatten."""

    text: str
    level: int = _ATOM
    scale: Fraction | sp.Expr = Fraction(1)
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()

    @property
    def is_product(self) -> bool:
        """Whether it has factors of its own."""
        return bool(self.above or self.below)


def formula_text(store: Store, node: Node, limit: int = 300) -> str:
    """The expression of a node; a formula over ``limit`` characters ends in dots."""
    order = store.ancestors([node])
    uses = Counter(k for n in order for k in store.operands(n))
    parts: dict[Node, Text] = {}
    shared: list[str] = []
    for n in order:
        op = store.op(n)
        operands = [parts[k] for k in store.operands(n)]
        parts[n] = _text(store, n, op, operands)
        if n != node and uses[n] > 1 and len(parts[n].text) > 24:
            name = f"t{len(shared) + 1}"
            shared.append(f"{name} = {parts[n].text}")
            parts[n] = Text(name)
    used = _used(parts[node].text, shared)
    whole = parts[node].text + ("" if not used else "  where " + ", ".join(used))
    return whole if len(whole) <= limit else whole[: limit - 3] + "..."


def _used(formula: str, shared: Sequence[str]) -> list[str]:
    """The definitions that the formula needs, in order."""
    kept: list[str] = []
    needed = formula
    for definition in reversed(shared):
        if definition.split(" = ")[0] in needed:
            kept.append(definition)
            needed += definition.split(" = ", 1)[1]
    return kept[::-1]


def _in(part: Text, level: int) -> str:
    return part.text if part.level >= level else f"({part.text})"


def _text(store: Store, node: Node, op: Op, xs: Sequence[Text]) -> Text:
    match op:
        case Input(name) | Named(name):
            return Text(name, _ATOM)
        case Literal(value):
            return Text(str(literals.read(value)), _ATOM)
        case Table():
            return Text((f"array{text(op.shape)}" if op.array.size > 6 else str(op.array.tolist())), _ATOM)
        case Index(relation, shape):
            return Text({"equal": "eye", "less_equal": "tri", "position": "arange"}[relation] + text(shape), _ATOM)
        case Map():
            return _map(op, xs)
        case Contract():
            return _contract(store, node, op, xs)
        case Reshape(shape):
            return Text(f"reshape({xs[0].text}, {text(shape)})", _ATOM)
        case Slice(spans):
            return Text(f"{_in(xs[0], _ATOM)}[{', '.join(_span(s.start, s.step, s.length) for s in spans)}]", _ATOM)
        case Pad(_, shape):
            return Text(f"pad({xs[0].text}, to={text(shape)})", _ATOM)
        case Concatenate(axis):
            return Text(f"concatenate([{', '.join(x.text for x in xs)}], axis={axis})", _ATOM)
        case Gather(axis):
            return Text(f"take({xs[0].text}, {xs[1].text}, axis={axis})", _ATOM)
        case ScatterAdd(axis):
            return Text(f"scatter_add({xs[0].text}, at={xs[1].text}, axis={axis})", _ATOM)
        case Window(axis, length):
            return Text(f"windows({xs[0].text}, {length}, axis={axis})", _ATOM)
        case Fold(axis):
            return Text(f"fold({xs[0].text}, axis={axis})", _ATOM)
        case Maximum(axes):
            return Text(f"max({xs[0].text}, axis={_axes(axes)})", _ATOM)
        case ArgMax(axes):
            return Text(f"is_max({xs[0].text}, axis={_axes(axes)})", _ATOM)
        case _:
            assert_never(op)


def _span(start: object, step: int, length: object) -> str:
    if start == 0 and step == 1:
        return f":{length}"
    return f"{start}:{sp.sympify(start, strict=True) + step * sp.sympify(length, strict=True)}" + ("" if step == 1 else f":{step}")


def _axes(axes: Sequence[int]) -> str:
    return str(axes[0]) if len(axes) == 1 else str(tuple(axes))


def _map(op: Map, xs: Sequence[Text]) -> Text:
    expression = op.formula.expression
    if isinstance(expression, sp.Piecewise):
        return Text(_choice(expression, xs), _ATOM)
    names = {a: sp.Symbol(_in(x, _ATOM)) for a, x in zip(op.formula.arguments, xs, strict=True)}
    written = str(expression.xreplace(names))
    bare = written if len(xs) != 1 or not written.startswith(("exp((", "log((", "tanh((")) else written.replace("((", "(").replace("))", ")")
    level = _SUM if expression.is_Add else _PRODUCT if expression.is_Mul else _POWER if expression.is_Pow else _ATOM
    if expression.is_Pow and expression.exp == -1:
        return _product_text(Fraction(1), (), (_in(xs[0], _ATOM),))
    if expression.is_Add and len(xs) == 2 and set(map(abs, expression.as_coefficients_dict().values())) == {1}:
        sign = "-" if expression.could_extract_minus_sign() or any(c < 0 for c in expression.as_coefficients_dict().values()) else "+"
        left, right = _in(xs[0], _SUM), _in(xs[1], _SUM if sign == "+" else _PRODUCT)
        if right.startswith("-"):
            return Text(f"{left} {'-' if sign == '+' else '+'} {right[1:]}", _SUM)
        return Text(f"{left} {sign} {right}", _SUM)
    return Text(bare, level)


def _choice(expression: sp.Piecewise, xs: Sequence[Text]) -> str:
    names = {sp.Symbol(f"a{k}", real=True): sp.Symbol(x.text) for k, x in enumerate(xs)}
    cases = [(value.xreplace(names), condition.xreplace(names)) for value, condition in expression.args]
    written = str(cases[-1][0])
    for value, condition in reversed(cases[:-1]):
        written = f"where({condition}, {value}, {written})"
    return written


def _contract(store: Store, node: Node, op: Contract, xs: Sequence[Text]) -> Text:
    if not xs:
        plain = len(set(op.output)) == len(op.output)
        return Text(_number(op.coefficient)) if plain else Text(f"eye{text(store.shape(node))}")
    body = _product(op, xs)
    return body if op.coefficient == 1 else _times([body], op.coefficient)


def _number(value: Fraction | sp.Expr) -> str:
    return str(value) if not isinstance(value, sp.Expr) or value.is_Atom else f"({value})"


def _product(op: Contract, xs: Sequence[Text]) -> Text:
    if op.is_view and len(xs) == 1:
        flipped = op.inputs[0] == op.output[::-1] and len(op.output) == 2
        return Text(f"{_in(xs[0], _ATOM)}.T") if flipped else xs[0]
    inputs = [tuple(k for k in labels if op.sizes[k] != 1) for labels in op.inputs]
    output = tuple(k for k in op.output if op.sizes[k] != 1)
    every = max(inputs, key=len)
    own = tuple(k for k in output if k in every)
    aligned = all(labels in (every, ()) for labels in inputs) and len(set(every)) == len(every)
    added = [k for k in output if k not in every]
    if not aligned or len(set(output)) != len(output) or list(own) != [k for k in every if k in own]:
        return _einsum(op, xs)
    if added and own and output[: len(added)] != tuple(added):
        return _einsum(op, xs)
    body = _times(xs) if len(xs) > 1 else xs[0]
    if len(own) == len(every):
        return body
    if len(every) == 1 and inputs == [every, every]:
        return Text(f"dot({xs[0].text}, {xs[1].text})", _ATOM)
    axes = [axis for axis, k in enumerate(every) if k not in own]
    return Text(f"sum({body.text}, axis={_axes(axes)})" if own else f"sum({body.text})")


def _times(xs: Sequence[Text], scale: Fraction | sp.Expr = Fraction(1)) -> Text:
    """A product of products: factors above, factors below, one number in front."""
    above: list[str] = []
    below: list[str] = []
    for x in xs:
        scale = scale * x.scale if isinstance(scale, Fraction) or not isinstance(x.scale, Fraction) else x.scale * scale
        above += x.above if x.is_product else [_in(x, _PRODUCT)]
        below += x.below
    return _product_text(scale, tuple(above), tuple(below))


def _product_text(scale: Fraction | sp.Expr, above: tuple[str, ...], below: tuple[str, ...]) -> Text:
    """``-2*a*b/c**2/3``."""
    minus = isinstance(scale, Fraction) and scale < 0
    size = -scale if minus else scale
    top = [*(_powers(above))]
    under = [*(_powers(below))]
    if isinstance(size, Fraction):
        top = [str(size.numerator), *top] if size.numerator != 1 or not top else top
        under = [*under, str(size.denominator)] if size.denominator != 1 else under
    else:
        top = [_number(size), *top]
    return Text("-" * minus + "/".join(["*".join(top), *under]), _PRODUCT, scale, above, below)


def _powers(factors: Sequence[str]) -> list[str]:
    """Equal factors as powers, in the order of their first appearance."""
    return [f if n == 1 else f"{f}**{n}" for f, n in Counter(factors).items()]


def _einsum(op: Contract, xs: Sequence[Text]) -> Text:
    inputs = [tuple(k for k in labels if op.sizes[k] != 1) for labels in op.inputs]
    output = tuple(k for k in op.output if op.sizes[k] != 1)
    if len(xs) == 2:
        for first, second in ((0, 1), (1, 0)):
            written = _matmul(inputs[first], inputs[second], output, xs[first], xs[second])
            if written is not None:
                return written
    letter = {k: _LETTERS[k % len(_LETTERS)] for k in range(len(op.sizes))}
    spec = ",".join("".join(letter[k] for k in labels) for labels in op.inputs)
    spec += "->" + "".join(letter[k] for k in op.output)
    return Text(f"einsum({spec!r}, {', '.join(x.text for x in xs)})", _ATOM)


def _matmul(left: Labels, right: Labels, output: Labels, x: Text, y: Text) -> Text | None:
    """``x @ y`` with the transposes that it needs, ``outer`` without a shared label, or None."""
    if len(left) == len(right) == 1 and output == left + right:
        return Text(f"outer({x.text}, {y.text})", _ATOM)
    shared = set(left) & set(right)
    if len(shared) != 1 or len(set(left)) != len(left) or len(set(right)) != len(right) or len(left + right) < 3:
        return None
    (s,) = shared
    rows, columns = tuple(k for k in left if k != s), tuple(k for k in right if k != s)
    if s in output or output != rows + columns or len(left) > 2 or len(right) > 2:
        return None
    one = _in(x, _ATOM) if left[-1] == s else f"{_in(x, _ATOM)}.T"
    two = _in(y, _ATOM) if right[0] == s else f"{_in(y, _ATOM)}.T"
    return Text(f"{one} @ {two}", _MATMUL)
