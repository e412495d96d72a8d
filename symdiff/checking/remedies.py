"""Which form of a claim keeps its digits? Known stable forms, recognised by value and tried where the claim fails."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import special

from symdiff.checking.effort import work, written
from symdiff.checking.questions import Question
from symdiff.errors import SymdiffError
from symdiff.evaluation.arithmetics import SYMPY
from symdiff.evaluation.exact import Objects, evaluate
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.evaluation.stable import EXPIT, EXPM1, LOG1P, SINC, SOFTPLUS, defined
from symdiff.ir.formulas import SQUARE, SUBTRACT
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Contract, Input, Map, Maximum, Reshape

_Z = sp.Symbol("z", real=True)
_CLOSE = 1e-6
_BETTER = 1e-2  # of the claim's own error
_MOST_OPERATIONS, _MOST_WORK = 60, 400  # of the entry's formula, and of the whole claim
_MOST_WRITTEN = 100_000  # of the entry before it becomes shorter: layers share much that a formula repeats
_PLACES = (sp.Rational(3, 7), sp.Rational(-5, 4), sp.Rational(9, 8))

FORMS: tuple[sp.Expr, ...] = (
    EXPIT(_Z), EXPIT(-_Z), EXPIT(_Z) * EXPIT(-_Z), 4 * EXPIT(2 * _Z) * EXPIT(-2 * _Z), sp.tanh(_Z), sp.tanh(_Z / 2),
    SOFTPLUS(_Z), SOFTPLUS(-_Z), EXPM1(_Z), EXPM1(-_Z), LOG1P(_Z), LOG1P(-_Z), EXPM1(_Z) / _Z, LOG1P(_Z) / _Z,
    2 * sp.sin(_Z / 2) ** 2, SINC(_Z / sp.pi), sp.asinh(_Z), sp.atanh(_Z), sp.erfc(_Z), sp.sinh(_Z),
    _Z * EXPIT(_Z), EXPIT(_Z) * (1 + _Z * EXPIT(-_Z)), _Z * sp.tanh(SOFTPLUS(_Z)),
)  # fmt: skip
_FLOATS: dict[str, Any] = {
    "expit": special.expit, "softplus": lambda u: np.logaddexp(0, u), "sinc": np.sinc, "erfc": special.erfc,
}  # fmt: skip
_OVERFLOW = "exp(x - x.max()) in place of exp(x), where it is divided by its sum, stays finite"
_WAYS = {"gradient": "grad"}
_VARIANCE = "((x - x.mean())**2).mean() in place of (x**2).mean() - x.mean()**2 keeps the digits"


def remedy(
    question: Question,
    target: int,
    index: tuple[int, ...],
    leaves: Sequence[NDArray[Any]],
    got: float,
    exact: float,
) -> str | None:
    """A form that is right where the claim fails, or None if none is known; each was tried there."""
    point = [leaf.astype(float) if leaf.dtype.kind == "f" else leaf for leaf in leaves]
    stable = _recognised(question, target, index, point, exact)
    if stable is not None:
        return f"{stable} is right there"
    assert question.claimed is not None
    below = Graph(question.truth.store, question.truth.inputs, (question.claimed[target],))
    if not math.isfinite(got) and _sums_exponentials(below):
        return _OVERFLOW
    if not _is_better(_own(question, target, index, leaves), got, exact):
        return None
    if _subtracts_squares(below):
        return _VARIANCE
    way = "trace(fn).compile()" if question.of == "value" else f"{_WAYS.get(question.of, question.of)}(fn)"
    return f"sd.{way} is right there"


def _is_close(value: float, exact: float) -> bool:
    return math.isclose(value, exact, rel_tol=_CLOSE, abs_tol=1e-300)


def _is_better(value: float, got: float, exact: float) -> bool:
    """Whether a value is far closer than what the claim gives."""
    return abs(value - exact) <= _BETTER * abs(got - exact) if math.isfinite(got) else _is_close(value, exact)


def _own(question: Question, target: int, index: tuple[int, ...], point: Sequence[Any]) -> float:
    """What the derived graph gives, compiled with stable forms."""
    try:
        with np.errstate(all="ignore"):
            kernel = compile_kernel(question.truth.with_outputs([question.truth.outputs[target]]))
            return float(np.asarray(kernel.flat(list(point))[0])[index])
    except (SymdiffError, ArithmeticError, ValueError):
        return math.nan


# Formulas of one argument -------------------------------------------------------------------------------------


def _recognised(
    question: Question, target: int, index: tuple[int, ...], point: Sequence[Any], exact: float
) -> str | None:
    """The text of a stable form of one entry, if it is a known function of one entry, times others."""
    symbols, places = _symbols(question, point)
    entry = _entry(question, target, index, symbols)
    if entry is None or entry.count_ops() > _MOST_OPERATIONS:
        return None
    varying = [s for s in entry.free_symbols if s not in sp.Mul.make_args(entry)]
    factor, rest = entry.as_independent(*varying, as_Add=False)
    if len(rest.free_symbols) != 1:
        return None
    (z,) = rest.free_symbols
    form = _form(rest.xreplace({z: _Z}))
    if form is None:
        return None
    stable = factor * form.xreplace({_Z: z})
    values = {s: float(np.asarray(point[k])[place]) for s, (k, place) in places.items()}
    if not _is_close(_value(stable, values), exact):
        return None
    named = {s: sp.Symbol(_name(question, k)) for s, (k, _) in places.items()}
    return str(stable.xreplace(named)).replace("softplus(", "logaddexp(0, ")


def _name(question: Question, k: int) -> str:
    op = question.truth.store.op(question.truth.inputs[k])
    return op.name if isinstance(op, Input) else f"x{k}"


def _symbols(
    question: Question, point: Sequence[Any]
) -> tuple[dict[Node, Objects], dict[sp.Symbol, tuple[int, tuple[int, ...]]]]:
    """A symbol for each entry of each input, and where it stands."""
    arrays: dict[Node, Objects] = {}
    places: dict[sp.Symbol, tuple[int, tuple[int, ...]]] = {}
    for k, (node, value) in enumerate(zip(question.truth.inputs, point, strict=True)):
        array = np.empty(np.shape(value), dtype=object)
        for place in np.ndindex(array.shape):
            array[place] = sp.Symbol(f"{_name(question, k)}{list(place)}", real=True)
            places[array[place]] = (k, place)
        arrays[node] = array
    return arrays, places


def _entry(
    question: Question, target: int, index: tuple[int, ...], symbols: Mapping[Node, Objects]
) -> sp.Expr | None:
    assert question.claimed is not None
    store, claim = question.truth.store, question.claimed[target]
    if work(store, [claim]) > _MOST_WORK or written(store, claim) > _MOST_WRITTEN:
        return None
    try:
        (array,) = evaluate(store, [claim], symbols, SYMPY)
    except (SymdiffError, TypeError, ValueError, ZeroDivisionError):
        return None
    entry = array[index]
    return entry if isinstance(entry, sp.Expr) and entry.free_symbols else None


def _form(rest: sp.Expr) -> sp.Expr | None:
    """The stable form with the values of an expression in z, up to sign."""
    first = _numbers(rest, _PLACES[0])
    for form in FORMS if first is not None else ():
        if not _agree(abs(first), _magnitude(form)):
            continue
        signs = {_sign(rest, form, place) for place in _PLACES}
        if len(signs) == 1 and 0 not in signs:
            return form * signs.pop()
    return None


def _sign(rest: sp.Expr, form: sp.Expr, place: sp.Rational) -> int:
    """1 or -1 if two expressions agree at a place up to sign, otherwise 0; places outside the domain agree."""
    one, other = _numbers(rest, place), _numbers(defined(form), place)
    if one is None or other is None:
        return 1 if one is None and other is None else 0
    return 1 if _agree(one, other) else -1 if _agree(one, -other) else 0


def _numbers(expression: sp.Expr, place: sp.Rational) -> Any:
    value = expression.xreplace({_Z: place}).evalf(40)
    return mpmath.mpf(value) if value.is_Float else None


@cache
def _magnitude(form: sp.Expr) -> Any:
    value = _numbers(defined(form), _PLACES[0])
    return None if value is None else abs(value)


def _agree(one: Any, other: Any) -> bool:
    return other is not None and bool(abs(one - other) <= mpmath.mpf(10) ** -30 * (abs(one) + abs(other)))


def _value(expression: sp.Expr, values: Mapping[sp.Symbol, float]) -> float:
    """An expression with stable functions in floats."""
    used = [s for s in values if s in expression.free_symbols]
    function = sp.lambdify(used, expression, [_FLOATS, "numpy"], dummify=True)
    try:
        with np.errstate(all="ignore"):
            return float(function(*(values[s] for s in used)))
    except (ArithmeticError, ValueError):
        return math.nan


# Programs ------------------------------------------------------------------------------------------------------


def _sums_exponentials(graph: Graph) -> bool:
    """Whether exponentials are summed as they are, without the maximum taken out."""
    if any(isinstance(graph.store.op(node), Maximum) for node in graph.nodes):
        return False
    return any(_is_map(graph, node, sp.exp) for node in _summed(graph))


def _subtracts_squares(graph: Graph) -> bool:
    """Whether the square of a mean is subtracted from a mean of squares."""
    store = graph.store
    means = {n for n in graph.nodes if isinstance(op := store.op(n), Contract) and not op.is_view}
    of_squares = {n for n in means if any(_is_square(graph, k) for k in store.operands(n))}
    for node in graph.nodes:
        op = store.op(node)
        if isinstance(op, Map) and op.formula is SUBTRACT:
            left, right = (_seen_through(graph, k) for k in store.operands(node))
            if left in of_squares and _is_square(graph, right):
                return True
    return False


def _is_square(graph: Graph, node: Node) -> bool:
    """Whether a node is ``x**2`` or ``x * x``."""
    op, operands = graph.store.op(node), graph.store.operands(node)
    if isinstance(op, Contract):
        twice = len(operands) == 2 and operands[0] == operands[1] and op.inputs[0] == op.inputs[1]
        return twice and set(op.inputs[0]) <= set(op.output)
    return isinstance(op, Map) and op.formula is SQUARE


def _seen_through(graph: Graph, node: Node) -> Node:
    """What a transpose, a broadcast or a reshape shows."""
    store = graph.store
    while isinstance(op := store.op(node), Reshape) or (
        isinstance(op, Contract) and op.is_view and op.inputs
    ):
        (node,) = store.operands(node)
    return node


def _summed(graph: Graph) -> set[Node]:
    """What contractions sum over."""
    store = graph.store
    return {
        operand
        for node in graph.nodes
        if isinstance(op := store.op(node), Contract) and not op.is_view
        for operand in store.operands(node)
    }


def _is_map(graph: Graph, node: Node, function: type[sp.Basic]) -> bool:
    op = graph.store.op(node)
    return isinstance(op, Map) and isinstance(op.formula.expression, function)
