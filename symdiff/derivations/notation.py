"""How does a node look on paper? Matrix notation: ``W^T delta``, ``delta a^T``, Hadamard products, else indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp
from sympy.printing.precedence import PRECEDENCE

from symdiff.checking.formulas import formula_text
from symdiff.derivations.elementwise import binding, latex, operand
from symdiff.ir.graph import Node, Store
from symdiff.ir.literals import read
from symdiff.ir.ops import Contract, Labels, Literal, Map, Named
from symdiff.pages.latex import escape

ATOM, PRODUCT, SUM = PRECEDENCE["Atom"], PRECEDENCE["Mul"], PRECEDENCE["Add"]
_INDICES = "ijklmnpqrstuvw"
_LIMIT = 400


@dataclass(frozen=True)
class Written:
    """A piece of LaTeX and how tightly it binds."""

    text: str
    level: int = ATOM

    def within(self, level: int) -> str:
        """The text, in parentheses where it binds more loosely than its place demands."""
        return self.text if self.level >= level else rf"\left({self.text}\right)"


class Notation:
    """The LaTeX of nodes in terms of named ones."""

    def __init__(self, store: Store, names: Mapping[Node, str]) -> None:
        self.store, self.names = store, names

    def formula(self, node: Node) -> str:
        """The formula of a node; other nodes that have names stand by them."""
        parts: dict[Node, sp.Expr] = {}
        for n in self._order(node):
            is_named = n in self.names and n != node
            parts[n] = self._operand(n, Written(self.names[n])) if is_named else self._node(n, parts)
        return latex(parts[node])

    def _order(self, start: Node) -> list[Node]:
        seen, waiting = {start}, [start]
        while waiting:
            node = waiting.pop()
            if node == start or node not in self.names:
                new = set(self.store.operands(node)) - seen
                seen |= new
                waiting += new
        return sorted(seen)

    def _operand(self, node: Node, written: Written) -> sp.Expr:
        return operand(f"o{node:08}", written.text, written.level, is_array=self.store.shape(node) != ())

    def _node(self, node: Node, parts: Mapping[Node, sp.Expr]) -> sp.Expr:
        """Elementwise operations join to one formula; anything else is an operand of it."""
        op, operands = self.store.op(node), self.store.operands(node)
        xs = [parts[k] for k in operands]
        match op:
            case Named():
                return xs[0]
            case Literal(value):
                return read(value)
            case Map(formula):
                return formula.expression.xreplace(dict(zip(formula.arguments, xs, strict=True)))
            case Contract() if op.is_elementwise or not xs:
                return sp.sympify(op.coefficient, strict=True) * sp.Mul(*xs)
            case Contract():
                return self._contraction(node, op, xs)
            case _:
                text = escape(formula_text(self.store, node, _LIMIT))
                return self._operand(node, Written(rf"\texttt{{{text}}}"))

    def _contraction(self, node: Node, op: Contract, xs: Sequence[sp.Expr]) -> sp.Expr:
        """The coefficients of the operands and of the contraction stand in front of it."""
        pairs = [x.as_coeff_Mul() for x in xs]
        written = [Written(latex(rest), binding(rest)) for _, rest in pairs]
        unit = self._operand(node, contraction(replace(op, coefficient=Fraction(1)), written))
        return sp.sympify(op.coefficient, strict=True) * sp.Mul(*(number for number, _ in pairs)) * unit


def contraction(op: Contract, xs: Sequence[Written]) -> Written:
    """A product, summed over the labels that the output lacks; the coefficient stands elsewhere."""
    if not xs:
        return Written("1")
    kept = [_axes(op, labels) for labels in op.inputs]
    return _body(op, kept, xs)


def _axes(op: Contract, labels: Labels) -> Labels:
    return tuple(k for k in labels if op.sizes[k] != 1)


def _body(op: Contract, axes: Sequence[Labels], xs: Sequence[Written]) -> Written:
    output = _axes(op, op.output)
    summed = {k for labels in axes for k in labels} - set(output)
    if not summed and all(labels in ((), output) for labels in axes):
        return _elementwise(axes, xs)
    if len(xs) == 1 and len(set(axes[0])) == len(axes[0]):
        return _single(axes[0], output, xs[0])
    scalars = [x for x, labels in zip(xs, axes, strict=True) if not labels]
    arrays = [(x, labels) for x, labels in zip(xs, axes, strict=True) if labels]
    product = _matrices([x for x, _ in arrays], [labels for _, labels in arrays], output)
    if product is None:
        return _indexed(op, axes, output, xs)
    front = " ".join(x.within(PRODUCT) for x in scalars)
    return Written(f"{front} {product.within(PRODUCT)}", PRODUCT) if scalars else product


def _elementwise(axes: Sequence[Labels], xs: Sequence[Written]) -> Written:
    numbers = [x.within(PRODUCT) for x, labels in zip(xs, axes, strict=True) if not labels]
    arrays = [x.within(PRODUCT) for x, labels in zip(xs, axes, strict=True) if labels]
    if len(xs) == 1:
        return xs[0]
    body = r" \odot ".join(arrays)
    front = r" \, ".join(numbers)
    return Written(rf"{front} \, {body}" if front and body else front or body, PRODUCT)


def _single(labels: Labels, output: Labels, x: Written) -> Written:
    if set(labels) <= set(output):
        is_turned = len(labels) == 2 and tuple(k for k in output if k in labels) != labels
        return Written(rf"{x.within(ATOM)}^{{\top}}") if is_turned else x
    rest = tuple(k for k in labels if k in output)
    if len(labels) == 1:
        return Written(rf"\mathbf{{1}}^{{\top}} {x.within(ATOM)}", PRODUCT)
    if len(labels) == 2 and len(rest) == 1:
        if rest == labels[:1]:
            return Written(rf"{x.within(ATOM)} \mathbf{{1}}", PRODUCT)
        return Written(rf"{x.within(ATOM)}^{{\top}} \mathbf{{1}}", PRODUCT)
    names = ",".join(_INDICES[k] for k in labels)
    over = "".join(_INDICES[k] for k in labels if k not in output)
    return Written(rf"\sum_{{{over}}} {x.within(ATOM)}_{{{names}}}", PRODUCT)


def _matrices(xs: Sequence[Written], axes: Sequence[Labels], output: Labels) -> Written | None:
    """A product of two as matrices and columns, or None."""
    if len(xs) != 2 or any(len(set(labels)) != len(labels) or len(labels) > 2 for labels in axes):
        return None
    for first, second in ((0, 1), (1, 0)):
        found = _pair(xs[first], axes[first], xs[second], axes[second], output)
        if found is not None:
            return found
    return None


def _pair(x: Written, left: Labels, y: Written, right: Labels, output: Labels) -> Written | None:
    shared = [k for k in left if k in right]
    if not shared and len(left) == len(right) == 1 and output == left + right:
        return Written(rf"{x.within(PRODUCT)} {y.within(ATOM)}^{{\top}}", PRODUCT)
    if len(shared) != 1 or shared[0] in output:
        return None
    (s,) = shared
    rows, columns = tuple(k for k in left if k != s), tuple(k for k in right if k != s)
    if output != rows + columns:
        return None
    one = x.within(PRODUCT) if left[-1] == s and len(left) == 2 else rf"{x.within(ATOM)}^{{\top}}"
    two = y.within(PRODUCT) if right[0] == s else rf"{y.within(ATOM)}^{{\top}}"
    if len(left) == 1 and len(right) == 2:  # a row times a matrix is the transposed matrix times a column
        turned = y.within(PRODUCT) if right[-1] == s else rf"{y.within(ATOM)}^{{\top}}"
        return Written(f"{turned} {x.within(PRODUCT)}", PRODUCT)
    return Written(f"{one} {two}", PRODUCT)


def _indexed(op: Contract, axes: Sequence[Labels], output: Labels, xs: Sequence[Written]) -> Written:
    """``sum_k A_ik B_kj``: everything that has no place in matrix notation."""
    over = "".join(_INDICES[k] for k in sorted({k for labels in axes for k in labels} - set(output)))
    factors = [
        rf"{x.within(ATOM)}_{{{''.join(_INDICES[k] for k in labels)}}}" if labels else x.within(PRODUCT)
        for x, labels in zip(xs, axes, strict=True)
    ]
    total = " ".join(factors)
    return Written(rf"\sum_{{{over}}} {total}" if over else total, PRODUCT)
