"""How does a node look in matrix notation? ``W^T delta``, ``delta a^T``, Hadamard products; not all has a place there.

Arrays of more than two axes are matrices along their last two, for each position of the axes before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.printing.precedence import PRECEDENCE

from symdiff.derivations.writing.choices import LOOSE, named
from symdiff.derivations.writing.elementwise import binding, latex
from symdiff.derivations.writing.operands import Operand, is_array, operand
from symdiff.derivations.writing.recognizing import softmax
from symdiff.derivations.writing.symbols import Symbol
from symdiff.ir.formulas import ADD, SUBTRACT
from symdiff.ir.graph import Node, Store
from symdiff.ir.literals import read
from symdiff.ir.ops import Contract, Input, Labels, Literal, Map, Maximum, Named

ATOM, PRODUCT = PRECEDENCE["Atom"], PRECEDENCE["Mul"]
BATCH = r"\sum_{\text{batch}}"


class NoMatrixNotation(Exception):
    """A formula that has no place in matrix notation."""


@dataclass(frozen=True)
class Written:
    """A piece of LaTeX and how tightly it binds."""

    text: str
    level: int = ATOM

    @property
    def turned(self) -> str:
        """The transpose; a fraction is in parentheses."""
        text = rf"\left({self.text}\right)" if self.text.startswith(r"\frac") else self.within(ATOM)
        return rf"{text}^{{\top}}"

    def within(self, level: int) -> str:
        """The text, in parentheses where it binds more loosely than its place demands."""
        return self.text if self.level >= level else rf"\left({self.text}\right)"


class Matrices:
    """Writes nodes as whole arrays; NoMatrixNotation where that cannot be."""

    def __init__(self, store: Store, names: Mapping[Node, Symbol]) -> None:
        self.store, self.names = store, names
        self._known: dict[Node, sp.Expr] = {}

    def sum_of(self, nodes: Sequence[Node]) -> list[sp.Expr]:
        """The terms of a sum; nodes with names stand by them, a single one does not."""
        for node in nodes:
            self._require_matrix(node)
        is_one = len(nodes) == 1 and not isinstance(self.store.op(nodes[0]), Input)
        found = [self._node(node) if is_one else self.expr(node) for node in nodes]
        found = [term for term in found if term != 0] or [sp.S.Zero]
        if any(map(is_array, found)) or found == [0]:
            return found
        return [term * self._ones(nodes[0]) for term in found]

    def _ones(self, node: Node) -> sp.Expr:
        """What a number is multiplied with where an array should be."""
        long = [size for size in self.store.shape(node) if size != 1]
        if len(long) > 2:
            raise NoMatrixNotation
        told = [Written(r"\mathbf{1}"), Written(r"\mathbf{1} \mathbf{1}^{\top}", PRODUCT)]
        return self._operand(node, told[len(long) - 1]) if long else sp.S.One

    def expr(self, node: Node) -> sp.Expr:
        """A node by its name or by its formula."""
        if node not in self._known:
            self._known[node] = self._named(node) if node in self.names else self._node(node)
        return self._known[node]

    def _named(self, node: Node) -> Operand:
        self._require_matrix(node)
        symbol = self.names[node]
        return self._operand(node, Written(symbol.plain), is_cotangent=symbol.is_derivative)

    def _require_matrix(self, node: Node) -> None:
        """A column is a vector, a single number is a number; other axes of length 1 have no place here."""
        shape = self.store.shape(node)
        is_column = len(shape) == 2 and shape[1] == 1
        if 1 in shape and not is_column and any(size != 1 for size in shape):
            raise NoMatrixNotation

    def _operand(self, node: Node, written: Written, *, is_cotangent: bool = False) -> Operand:
        has_axes = any(size != 1 for size in self.store.shape(node))
        return operand(
            f"o{node:08}",
            lambda: written.text,
            written.level,
            is_array=has_axes,
            is_cotangent=is_cotangent,
        )

    def _node(self, node: Node) -> sp.Expr:
        """Elementwise operations join to one formula; anything else is an operand of it."""
        op, below = self.store.op(node), self.store.operands(node)
        match op:
            case Named():
                return self.expr(below[0])
            case Literal(value):
                return read(value)
            case Map(formula):
                xs = [self._term(k, is_added=formula in (ADD, SUBTRACT)) for k in below]
                return named(formula.expression).xreplace(dict(zip(formula.arguments, xs, strict=True)))
            case Contract() if _is_product(op):
                return self._softmax(node) or sp.Mul(
                    sp.sympify(op.coefficient, strict=True), *map(self.expr, below)
                )
            case Contract():
                return self._softmax(node) or self._contraction(node, op)
            case Maximum() if len(self.store.shape(below[0])) == 1:
                inner = self.expr(below[0])
                if not is_array(inner):
                    return inner
                text = rf"\max {self._written(inner).within(ATOM)}"
                return self._operand(node, Written(text, PRODUCT))
        raise NoMatrixNotation

    def _term(self, node: Node, *, is_added: bool) -> sp.Expr:
        """An operand of a map: a row vector may stand for itself under itself, a number for equal entries."""
        op = self.store.op(node)
        if node in self.names or not isinstance(op, Contract) or len(op.inputs) != 1 or not op.is_view:
            return self.expr(node)
        output, labels = _axes(op, op.output), _axes(op, op.inputs[0])
        if set(labels) == set(output):
            return self.expr(node)
        (below,) = self.store.operands(node)
        inner = self.expr(below)
        number, inner = inner.as_coeff_Mul()
        scale = number * sp.sympify(op.coefficient, strict=True)
        if inner.is_number or (not labels and not (is_added and len(output) == 1)):
            return scale * inner
        if not labels:
            return scale * self._operand(
                node, Written(rf"{self._written(inner).within(PRODUCT)} \mathbf{{1}}", PRODUCT)
            )
        if len(output) >= 2 and labels == output[-1:]:
            text = rf"\mathbf{{1}} {self._written(inner).turned}"
            return scale * self._operand(node, Written(text, PRODUCT))
        if len(output) >= 2 and labels == output[:-1]:
            text = rf"{self._written(inner).within(PRODUCT)} \mathbf{{1}}^{{\top}}"
            return scale * self._operand(node, Written(text, PRODUCT))
        raise NoMatrixNotation

    def _written(self, expression: sp.Expr) -> Written:
        return Written(latex(expression), binding(expression))

    def _softmax(self, node: Node) -> sp.Expr | None:
        """Along the last axis, which is that of the columns."""
        found = softmax(self.store, node, lambda k: k not in self.names)
        if found is None:
            return None
        argument, axis = found
        if axis != len(self.store.shape(node)) - 1:
            raise NoMatrixNotation
        text = rf"\operatorname{{softmax}}\left({latex(self.expr(argument))}\right)"
        return self._operand(node, Written(text))

    def _contraction(self, node: Node, op: Contract) -> sp.Expr:
        """The coefficients of the operands and of the contraction stand in front of it."""
        below, inputs = self.store.operands(node), list(op.inputs)
        if len(below) == 1 and op.summed:
            below, inputs = self._product(below[0], op.inputs[0])
        pairs = [self.expr(k).as_coeff_Mul() for k in below]
        if any(_axes(op, labels) and not is_array(x) for (_, x), labels in zip(pairs, inputs, strict=True)):
            raise NoMatrixNotation
        xs = [self._written(rest) for _, rest in pairs]
        axes = [_axes(op, labels) for labels in inputs]
        unit = self._operand(node, _body(axes, _axes(op, op.output), xs, self._is_square(op, below, axes)))
        return sp.sympify(op.coefficient, strict=True) * sp.Mul(*(number for number, _ in pairs)) * unit

    def _is_square(self, op: Contract, below: Sequence[Node], axes: Sequence[Labels]) -> bool:
        is_twice = len(below) == 2 and below[0] == below[1] and axes[0] == axes[1]
        return is_twice and bool(axes[0]) and not _axes(op, op.output)

    def _product(self, node: Node, labels: Labels) -> tuple[tuple[Node, ...], list[Labels]]:
        """What is summed: a Hadamard product of two, or a square, counts as its two factors."""
        op, below = self.store.op(node), self.store.operands(node)
        if node in self.names:
            return (node,), [labels]
        is_plain = isinstance(op, Contract) and op.is_elementwise and op.coefficient == 1
        if is_plain and len(below) == 2 and all(self.store.shape(k) for k in below):
            return below, [labels, labels]
        if isinstance(op, Map) and op.formula.expression == op.formula.arguments[0] ** 2:
            return (below[0], below[0]), [labels, labels]
        return (node,), [labels]


def _is_product(op: Contract) -> bool:
    """Whether it is a product of arrays of one shape and of numbers."""
    output = _axes(op, op.output)
    is_plain = len(set(op.output)) == len(op.output) and all(op.sizes[k] == 1 for k in op.summed)
    return is_plain and all(_axes(op, labels) in ((), output) for labels in op.inputs)


def _axes(op: Contract, labels: Labels) -> Labels:
    return tuple(k for k in labels if op.sizes[k] != 1)


def _body(axes: Sequence[Labels], output: Labels, xs: Sequence[Written], is_square: bool) -> Written:
    """A product, summed over the labels that the output lacks; the coefficient stands elsewhere."""
    if len(set(output)) < len(output):
        return _diagonal(axes, output, xs)
    if is_square:
        norm = rf"\lVert {xs[0].text} \rVert"
        return Written(rf"{norm}^{{2}}" if len(axes[0]) == 1 else rf"{norm}_{{F}}^{{2}}")
    summed = {k for labels in axes for k in labels} - set(output)
    batch = output[:-2]
    lost = tuple(k for k in axes[0][:-2] if k not in output) if len(axes[0]) > 2 else ()
    if lost and batch:
        raise NoMatrixNotation
    scalars = [x for x, labels in zip(xs, axes, strict=True) if not labels]
    arrays = [(x, labels) for x, labels in zip(xs, axes, strict=True) if labels]
    aside = [x for x, labels in arrays if labels == output and len(arrays) > 1] if summed else []
    rest = [(x, labels) for x, labels in arrays if not (summed and labels == output and len(arrays) > 1)]
    product = _rest([(x, _without(labels, batch + lost)) for x, labels in rest], _without(output, batch))
    if lost:
        product = Written(f"{BATCH} {product.within(PRODUCT)}", PRODUCT)
    if aside:
        told = r" \odot ".join(x.within(PRODUCT + 1) for x in aside)
        product = Written(rf"{told} \odot {product.within(PRODUCT + 1)}", LOOSE)
    front = r" \, ".join(x.within(PRODUCT) for x in scalars)
    return Written(rf"{front} \, {product.within(LOOSE)}", min(product.level, PRODUCT)) if front else product


def _without(labels: Labels, leading: Labels) -> Labels:
    """Labels without those of the batch, which come first and in their order, or not at all."""
    present = [k for k in labels if k in leading]
    if present and (tuple(present) != leading or labels[: len(leading)] != leading):
        raise NoMatrixNotation
    return tuple(k for k in labels if k not in leading)


def _diagonal(axes: Sequence[Labels], output: Labels, xs: Sequence[Written]) -> Written:
    if len(xs) == 1 and len(output) == 2 and axes[0] == output[:1]:
        return Written(rf"\operatorname{{diag}}\left({xs[0].text}\right)")
    if not xs and len(output) == 2:
        return Written("I")
    raise NoMatrixNotation


def _rest(arrays: Sequence[tuple[Written, Labels]], output: Labels) -> Written:
    if not arrays:
        return Written("1")
    if len(arrays) == 1:
        return _single(*arrays[0], output)
    if len(arrays) == 2:
        for (x, left), (y, right) in (arrays, arrays[::-1]):
            found = _pair(x, left, y, right, output)
            if found is not None:
                return found
    if all(labels == output for _, labels in arrays):
        return Written(r" \odot ".join(x.within(PRODUCT + 1) for x, _ in arrays), LOOSE)
    raise NoMatrixNotation


def _single(x: Written, labels: Labels, output: Labels) -> Written:
    if len(set(labels)) < len(labels):
        if len(labels) == 2 and not output:
            return Written(rf"\operatorname{{tr}} {x.within(ATOM)}", PRODUCT)
        raise NoMatrixNotation
    if labels == output:
        return x
    if len(labels) == 2 and output == labels[::-1]:
        return Written(x.turned)
    if len(labels) == 2 and len(output) == 1 and output[0] in labels:
        turned = "" if labels[0] == output[0] else r"^{\top}"
        return Written(rf"{x.within(ATOM)}{turned} \mathbf{{1}}", PRODUCT)
    if len(labels) == 1 and not output and x.level == ATOM:
        return Written(rf"\mathbf{{1}}^{{\top}} {x.text}", PRODUCT)
    raise NoMatrixNotation


def _pair(x: Written, left: Labels, y: Written, right: Labels, output: Labels) -> Written | None:
    """A product of two as matrices and columns, or None."""
    if any(len(set(labels)) != len(labels) or not 0 < len(labels) <= 2 for labels in (left, right)):
        return None
    shared = [k for k in left if k in right]
    if not shared and len(left) == len(right) == 1 and output == left + right:
        return _beside(x.within(PRODUCT), y.turned)
    if len(shared) != 1 or shared[0] in output:
        return None
    (s,) = shared
    rows, columns = tuple(k for k in left if k != s), tuple(k for k in right if k != s)
    if output != rows + columns:
        return None
    one = x.within(PRODUCT) if left[-1] == s and len(left) == 2 else x.turned
    two = y.within(PRODUCT) if right[0] == s else y.turned
    if len(left) == 1 and len(right) == 2:  # a row times a matrix is the transposed matrix times a column
        turned = y.within(PRODUCT) if right[-1] == s else y.turned
        return _beside(turned, x.within(PRODUCT))
    return _beside(one, two)


def _beside(left: str, right: str) -> Written:
    """A product; names of several letters stand apart."""
    is_word = any(mark in text for mark in (r"\mathit", r"\text{") for text in (left, right))
    between = r" \, " if is_word else " "
    return Written(f"{left}{between}{right}", PRODUCT)
