"""Do the three roads meet? Every derivative of a graph by calculus, by ``sympy.diff``, and by differences.

Rational graphs are compared in Fractions with ``==``; others at 110 digits, where a central difference with
step 1e-25 is right to 45 digits and a second difference to 35.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from symdiff import calculus
from symdiff.evaluation import entries
from symdiff.evaluation.arithmetics import MPMATH, Arithmetic
from symdiff.evaluation.exact import Objects, as_objects, evaluate, lift
from symdiff.ir import algebra as alg
from symdiff.ir import literals
from symdiff.ir.formulas import SQUARE
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input, Map, table
from symdiff.ir.sizes import concrete

Values = Mapping[str, Objects]

DIGITS = 110
STEP = Fraction(1, 10**25)
CLOSE, FIRST, SECOND = 80, 42, 32  # digits to which two exact roads, first and second differences agree


def _fraction_power(base: Fraction, p: int, q: int) -> Fraction:
    assert q == 1, "only for rational graphs"
    return base**p


def _fraction_literal(value: float) -> Fraction:
    reading = literals.read(value)
    return Fraction(int(reading.p), int(reading.q))


FRACTIONS = Arithmetic(
    "fractions",
    lambda value: value,
    _fraction_literal,
    {"root_power": _fraction_power},
    lambda a, b: a > b,
    lambda a, b: a == b,
)


class RoadsDiffer(AssertionError):
    """Two roads gave different derivatives."""


# Points -----------------------------------------------------------------------------------------------------


def point_of(graph: Graph, seed: int = 0, low: int = -20, high: int = 20) -> dict[str, Objects]:
    """Distinct odd multiples of 1/19: no zeros, no ties, no kinks."""
    rng = random.Random(seed)
    real = [op for op in map(graph.store.op, graph.inputs) if isinstance(op, Input) and op.kind == "real"]
    pool = [Fraction(2 * n + 1, 19) for n in range(low, high)]
    rng.shuffle(pool)
    return {op.name: fill(concrete(op.shape, "point"), lambda: pool.pop()) for op in real}


def fill(shape: tuple[int, ...], draw: Callable[[], Any]) -> Objects:
    """An object array of drawn entries."""
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        result[place] = draw()
    return result


def short(rng: random.Random) -> Fraction:
    """A rational that can be read and retyped."""
    return Fraction(rng.choice([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]), rng.choice([1, 2, 3]))


def listing(graph: Graph) -> str:
    """The nodes of a graph, one a line, to be read in a failure."""
    lines = [f"{n} = {graph.store.op(n)}{graph.store.operands(n)} : {graph.shape(n)}" for n in graph.nodes]
    return "\n".join([*lines, f"outputs {graph.outputs}"])


# Comparison -------------------------------------------------------------------------------------------------


def same(left: Any, right: Any, digits: int | None, what: str) -> None:
    """Entries equal, exactly or to some digits."""
    left, right = as_objects(left), as_objects(right)
    if left.shape != right.shape:
        raise RoadsDiffer(f"{what}: shapes {left.shape} and {right.shape}")
    for place in np.ndindex(left.shape):
        a, b = left[place], right[place]
        if digits is None:
            agree = bool(a == b)
        else:
            a, b = mpmath.mpmathify(_plain(a)), mpmath.mpmathify(_plain(b))
            agree = bool(abs(a - b) <= mpmath.mpf(10) ** -digits * (1 + abs(a) + abs(b)))
        if not agree:
            raise RoadsDiffer(f"{what} at {place}: {a} and {b}")


def _plain(value: Any) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value


# The roads --------------------------------------------------------------------------------------------------


@dataclass
class Roads:
    """One graph at one point, seen from three sides."""

    graph: Graph
    point: Values
    exact: bool
    indices: Values = field(default_factory=dict)

    @property
    def digits(self) -> int | None:
        """To how many digits two exact roads must agree; None for ``==``."""
        return None if self.exact else CLOSE

    def values(self, graph: Graph, more: Values | None = None) -> list[Objects]:
        """Road 1: the outputs of a graph at the point."""
        graph.check_legality()
        return self._evaluate(
            graph, {graph.node(k): v for k, v in {**self.point, **(more or {})}.items()}, self.exact
        )

    def _evaluate(self, graph: Graph, real: Mapping[Node, Objects], exact: bool) -> list[Objects]:
        arithmetic = FRACTIONS if exact else MPMATH
        bound = {node: lift(value, arithmetic) for node, value in real.items()}
        bound |= {graph.node(name): value for name, value in self.indices.items()}
        return evaluate(graph.store, graph.outputs, bound, arithmetic)

    def symbolic(self, expressions: Objects) -> Objects:
        """Road 2: explicit entries with the numbers put in."""
        numbers = {}
        for name, value in self.point.items():
            for symbol, number in zip(entries.symbols(name, value.shape).ravel(), value.ravel(), strict=True):
                numbers[symbol] = sp.Rational(number.numerator, number.denominator)
        return as_objects(
            np.frompyfunc(lambda e: self._number(sp.sympify(e).xreplace(numbers)), 1, 1)(expressions)
        )

    def _number(self, expression: sp.Expr) -> Any:
        if expression.is_Rational:
            return Fraction(int(expression.p), int(expression.q))
        assert not self.exact, expression
        return sp.N(expression, DIGITS)._to_mpmath(mpmath.mp.prec)

    def moved(self, directions: Mapping[Node, Objects], step: Fraction, output: int = 0) -> Objects:
        """Road 3: the output beside the point."""
        real = {self.graph.node(name): value for name, value in self.point.items()}
        for node, direction in directions.items():
            start = real[node] if node in real else self._held(node)
            real[node] = as_objects(start + step * direction)
        return self._evaluate(self.graph, real, self.exact)[output]

    def _held(self, node: Node) -> Objects:
        (value,) = self._evaluate(self.graph.with_outputs([node]), self._real(), self.exact)
        return value

    def _real(self) -> dict[Node, Objects]:
        return {self.graph.node(name): value for name, value in self.point.items()}


def roads_meet(
    graph: Graph,
    wrt: Sequence[str] | None = None,
    point: Values | None = None,
    *,
    exact: bool = False,
    linear: bool = False,
    order: int = 2,
    indices: Values | None = None,
    value: Callable[..., Any] | None = None,
) -> None:
    """Raise RoadsDiffer unless the derivatives by ``wrt`` agree, and the value with a reference in NumPy.

    ``exact`` compares Fractions with ``==``; ``linear`` differences too.
    """
    with mpmath.workdps(DIGITS):
        roads = Roads(graph, point if point is not None else point_of(graph), exact, indices or {})
        names = list(wrt) if wrt is not None else [n for n in graph.input_names if n in roads.point]
        graph.check_legality()
        if value is not None:
            same(roads.values(graph)[0], value(*roads.point.values()), roads.digits, "value")
        first_order(roads, names, linear)
        if order == 2:
            second_order(roads, names)


def first_order(roads: Roads, wrt: Sequence[str], linear: bool) -> None:
    """Jacobians by both sweeps, vjp and jvp, against ``sympy.diff`` and differences."""
    graph, digits = roads.graph, roads.digits
    jacobians = []
    whole = roads.values(calculus.jacobian(graph, wrt))
    for name, ours in zip(wrt, whole, strict=True):
        truth = roads.symbolic(entries.jacobian_entries(graph, name, roads.indices))
        same(ours, truth, digits, f"jacobian by {name}")
        for sweep in (by_reverse, by_forward):
            same(roads.values(sweep(graph, name))[0], truth, digits, f"jacobian {sweep.__name__}, {name}")
        same(_differences(roads, name, linear), truth, None if linear else FIRST, f"differences by {name}")
        jacobians.append(truth)
    _products(roads, wrt, jacobians)


def by_reverse(graph: Graph, name: str) -> Graph:
    """The Jacobian by cotangents with leading axes."""
    store, (output,) = graph.store, graph.outputs
    rows = store.shape(output)
    return graph.with_outputs(
        calculus.pull_back(store, {output: alg.identity(store, rows)}, [graph.node(name)], rows)
    )


def by_forward(graph: Graph, name: str) -> Graph:
    """The Jacobian by tangents with leading axes."""
    store, (output,), node = graph.store, graph.outputs, graph.node(name)
    columns, rank = store.shape(node), len(store.shape(output))
    (dot,) = calculus.push_forward(store, {node: alg.identity(store, columns)}, [output], columns)
    lead = len(columns)
    return graph.with_outputs([alg.transpose(store, dot, [*range(lead, lead + rank), *range(lead)])])


def _differences(roads: Roads, name: str, linear: bool) -> Objects:
    node = roads.graph.node(name)
    shape = concrete(roads.graph.shape(node), name)
    columns = np.empty((*concrete(roads.graph.shape(roads.graph.outputs[0]), "output"), *shape), dtype=object)
    for place in np.ndindex(shape):
        unit = fill(shape, lambda: Fraction(0))
        unit[place] = Fraction(1)
        columns[(..., *place)] = _slope(roads, {node: unit}, linear)
    return columns


def _slope(roads: Roads, directions: Mapping[Node, Objects], linear: bool) -> Objects:
    if linear:
        return as_objects(roads.moved(directions, Fraction(1)) - roads.moved(directions, Fraction(0)))
    ahead, behind = roads.moved(directions, STEP), roads.moved(directions, -STEP)
    return as_objects((ahead - behind) / _same_number(2 * STEP, roads.exact))


def _same_number(value: Fraction, exact: bool) -> Any:
    return value if exact else _plain(value)


def _products(roads: Roads, wrt: Sequence[str], jacobians: Sequence[Objects]) -> None:
    """``J v`` and ``J^T u`` for random short rationals, and ``<u, J v> == <J^T u, v>``."""
    graph, digits, rng = roads.graph, roads.digits, random.Random(1)
    rows = concrete(graph.shape(graph.outputs[0]), "output")
    u = fill(rows, lambda: short(rng))
    shapes = [concrete(graph.shape(graph.node(name)), name) for name in wrt]
    vs = [fill(shape, lambda: short(rng)) for shape in shapes]
    back = roads.values(calculus.vjp(graph, wrt), {"cotangent": u})
    named = {("direction" if len(wrt) == 1 else f"direction[{x}]"): v for x, v in zip(wrt, vs, strict=True)}
    (ahead,) = roads.values(calculus.jvp(graph, wrt), named)
    pushed = _lifted(fill(rows, lambda: Fraction(0)), roads)
    for name, jacobian, v, pulled in zip(wrt, jacobians, vs, back, strict=True):
        rank = len(rows)
        expected = np.tensordot(
            _lifted(u, roads), _lifted(jacobian, roads), (list(range(rank)), list(range(rank)))
        )
        same(pulled, expected, digits, f"vjp by {name}")
        pushed = as_objects(pushed + np.tensordot(_lifted(jacobian, roads), _lifted(v, roads), v.ndim))
    same(ahead, pushed, digits, "jvp")
    left = _inner(_lifted(u, roads), ahead)
    right = sum(_inner(pulled, _lifted(v, roads)) for pulled, v in zip(back, vs, strict=True))
    same(left, right, digits, "<u, J v> and <J^T u, v>")


def _inner(left: Objects, right: Objects) -> Any:
    return sum(a * b for a, b in zip(left.ravel(), right.ravel(), strict=True))


def _lifted(array: Objects, roads: Roads) -> Objects:
    return array if roads.exact else as_objects(np.frompyfunc(_plain, 1, 1)(array))


# Second order -----------------------------------------------------------------------------------------------


def second_order(roads: Roads, wrt: Sequence[str]) -> None:
    """Gradient, Hessian and HVP of ``sum u y^2 (1 + y)``: not flat even where the graph is linear."""
    scalar = Roads(scalarised(roads.graph), roads.point, roads.exact, roads.indices)
    graph, digits = scalar.graph, scalar.digits
    gradients = scalar.values(calculus.gradient(graph, wrt))
    for name, value in zip(wrt, gradients, strict=True):
        same(
            value,
            scalar.symbolic(entries.jacobian_entries(graph, name, roads.indices)),
            digits,
            f"gradient by {name}",
        )
    blocks = scalar.values(calculus.hessian(graph, wrt))
    truths = list(map(scalar.symbolic, entries.hessian_entries(graph, wrt, roads.indices)))
    for k, (block, truth) in enumerate(zip(blocks, truths, strict=True)):
        same(block, truth, digits, f"hessian block {k}")
    _curvature(scalar, wrt, truths)


def scalarised(graph: Graph) -> Graph:
    """``sum u y^2 (1 + y)`` with fixed whole weights u."""
    store, (y,) = graph.store, graph.outputs
    shape = concrete(store.shape(y), "output")
    weights = store.add(table((np.arange(int(np.prod(shape))) % 5 + 1).reshape(shape)))
    square = store.add(Map(SQUARE), (y,))
    labels = tuple(range(len(shape)))
    whole = alg.contract(store, [(weights, labels), (square, labels)], ())
    cube = alg.contract(store, [(weights, labels), (square, labels), (y, labels)], ())
    return graph.with_outputs([alg.add(store, whole, cube)])


def _curvature(scalar: Roads, wrt: Sequence[str], blocks: Sequence[Objects]) -> None:
    graph, rng = scalar.graph, random.Random(2)
    shapes = [concrete(graph.shape(graph.node(name)), name) for name in wrt]
    vs = [fill(shape, lambda: short(rng)) for shape in shapes]
    named = {("direction" if len(wrt) == 1 else f"direction[{x}]"): v for x, v in zip(wrt, vs, strict=True)}
    products = scalar.values(calculus.hvp(graph, wrt), named)
    curvature = 0
    for k, (name, v) in enumerate(zip(wrt, vs, strict=True)):
        row = blocks[k * len(wrt) : (k + 1) * len(wrt)]
        expected = sum(
            np.tensordot(_lifted(block, scalar), _lifted(w, scalar), w.ndim)
            for block, w in zip(row, vs, strict=True)
        )
        same(products[k], expected, scalar.digits, f"hvp by {name}")
        curvature = curvature + _inner(_lifted(v, scalar), as_objects(expected))
    ahead, here, behind = (
        scalar.moved(dict(zip(map(graph.node, wrt), vs, strict=True)), s) for s in (STEP, Fraction(0), -STEP)
    )
    second = (ahead - 2 * here + behind) / _same_number(STEP**2, scalar.exact)
    same(second, curvature, SECOND, "second difference")
