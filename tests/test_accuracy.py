"""Does the derived bound hold, always, and is it of use? Against balls at the exact float inputs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import symdiff as sd
from symdiff import calculus
from symdiff.checking.black_boxes.accuracy import Analysis, bound
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import BALLS, working_precision
from symdiff.evaluation.exact import evaluate, lift
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import from_function
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Input, table
from symdiff.ir.sizes import concrete
from symdiff.testing.strategies import graphs

DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]


def exact_values(graph: Graph, values: dict[Node, Any]) -> list[np.ndarray] | None:
    """The outputs at the exact float inputs, as balls."""
    with working_precision(160):
        try:
            lifted = {k: lift(np.asarray(v, dtype=float), BALLS) for k, v in values.items()}
            return evaluate(graph.store, graph.outputs, lifted, BALLS)
        except (Undetermined, ZeroDivisionError):
            return None


def gaps(computed: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """``|computed - exact|`` rounded up, NaN where the exact value is not finite."""
    result = np.full(np.shape(computed), np.nan)
    for place in np.ndindex(result.shape):
        ball = exact[place]
        if ball.is_finite():
            number = Fraction(float(computed[place]))
            result[place] = float(abs(ball - type(ball)(number.numerator) / number.denominator).upper())
    return result


def check_bound(graph: Graph, values: dict[Node, Any], dtype: np.dtype[Any]) -> list[np.ndarray]:
    """Kernel and values are within the bound; the ratios of bound and magnitude, in units of roundoff."""
    exact = exact_values(graph, values)
    if exact is None:
        return []
    with np.errstate(all="ignore"):  # what is not finite for it is left out below
        computed = compile_kernel(graph).flat([values[k] for k in graph.inputs])
    near, bounds = bound(graph.store, graph.outputs, values, dtype)
    unit = np.finfo(dtype).eps / 2
    widths = []
    for number, value, limit, true in zip(computed, near, bounds, exact, strict=True):
        finite = np.isfinite(np.asarray(number, dtype=float)) & np.isfinite(np.asarray(value))
        off, own = (gaps(np.where(finite, v, 0), true) for v in (number, value))
        finite &= np.isfinite(off)
        assert np.all(~finite | (off <= limit)), (off, limit)
        assert np.all(~finite | (own <= limit))
        scale = np.max(np.abs(value), initial=0.0)
        if scale > 0 and finite.all():
            widths.append(np.max(limit) / (unit * scale))
    return widths


def floats(draw: st.DrawFn, graph: Graph, dtype: np.dtype[Any], scale: float) -> dict[Node, Any]:
    """Random inputs that are no short numbers, so that rounding shows."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    shapes = {node: concrete(graph.shape(node), "x") for node in graph.inputs}
    return {node: np.asarray(rng.normal(size=shape) * scale).astype(dtype) for node, shape in shapes.items()}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@given(data=st.data())
def test_the_bound_holds_on_random_graphs(dtype: np.dtype[Any], data: st.DataObject) -> None:
    graph = data.draw(graphs(family=data.draw(st.sampled_from(["smooth", "kinked"]))))
    scale = data.draw(st.sampled_from([1.0, 1.0, 1e-3, 5.0]))
    check_bound(graph, floats(data.draw, graph, dtype, scale), dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@given(data=st.data())
def test_the_bound_holds_on_random_gradients(dtype: np.dtype[Any], data: st.DataObject) -> None:
    graph = data.draw(graphs(family="smooth", scalar=True))
    gradient = calculus.gradient(graph, graph.input_names)
    check_bound(gradient, floats(data.draw, gradient, dtype, 1.0), dtype)


def small(build: Any, *shapes: Sequence[int]) -> Graph:
    store = Store()
    inputs = tuple(store.add(Input(f"x{k}", tuple(shape))) for k, shape in enumerate(shapes))
    return Graph(store, inputs, (build(store, *inputs),))


FUNCTIONS = {
    "exp": sp.exp,
    "log": lambda a: sp.log(1 + a**2),
    "sigmoid": lambda a: 1 / (1 + sp.exp(-a)),
    "softplus": lambda a: sp.log(1 + sp.exp(a)),
    "gelu": lambda a: a * (1 + sp.erf(a / sp.sqrt(2))) / 2,
    "loggamma": lambda a: sp.loggamma(1 + a**2),
    "digamma": lambda a: sp.digamma(2 + a**2),
    "atan": sp.atan,
    "power": lambda a: (1 + a**2) ** sp.Rational(1, 3),
    "sqrt": lambda a: 1 / sp.sqrt(1 + a**2),
    "swish": lambda a: a / (1 + sp.exp(-a)),
    "third": lambda a: a / 3 + sp.Rational(1, 10),
    "cos": sp.cos,
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_is_within_its_bound_and_the_bound_is_narrow(name: str, dtype: np.dtype[Any]) -> None:
    formula = from_function(FUNCTIONS[name], 1)
    graph = small(lambda store, x: alg.apply(store, formula, [x]), (200,))
    (x,) = graph.inputs
    widths = check_bound(graph, {x: np.linspace(-4, 4, 200).astype(dtype) + dtype.type(0.01)}, dtype)
    assert widths and max(widths) < 1000


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_long_sum_is_bounded_for_any_order(dtype: np.dtype[Any]) -> None:
    graph = small(lambda store, x: alg.reduce_sum(store, x, [0]), (300,))
    (x,) = graph.inputs
    rng = np.random.default_rng(0)
    numbers = (rng.normal(size=300) * 10.0 ** rng.integers(-3, 4, 300)).astype(dtype)
    check_bound(graph, {x: numbers}, dtype)
    exact = sum(map(Fraction, numbers.astype(float).tolist()))
    (_,), (limit,) = bound(graph.store, graph.outputs, {x: numbers}, dtype)
    for order in (
        np.argsort(numbers),
        np.argsort(-numbers),
        np.argsort(np.abs(numbers)),
        rng.permutation(300),
    ):
        total = dtype.type(0)
        for number in numbers[order]:
            total = dtype.type(total + number)
        assert abs(Fraction(float(total)) - exact) <= limit


def test_moves_of_inputs_are_exact() -> None:
    graph = small(lambda store, x: alg.reshape(store, alg.transpose(store, x, (1, 0)), (6,)), (2, 3))
    (x,) = graph.inputs
    _, (limit,) = bound(graph.store, graph.outputs, {x: np.full((2, 3), 0.1)}, np.float32)
    assert not limit.any()


def test_a_cancellation_widens_the_bound() -> None:
    cancel = from_function(lambda a: (1 + a) - sp.exp(a), 1)
    graph = small(lambda store, x: alg.apply(store, cancel, [x]), ())
    (x,) = graph.inputs
    (value,), (limit,) = bound(graph.store, graph.outputs, {x: 1e-6}, np.float64)
    assert limit > 1e-5 * abs(value)


def test_overflow_and_poles_have_no_bound() -> None:
    inverse = from_function(lambda a: 1 / (a**2 - 2), 1)
    graph = small(
        lambda store, x: alg.apply(store, inverse, [alg.apply(store, from_function(sp.sqrt, 1), [x])]), ()
    )
    (x,) = graph.inputs
    assert bound(graph.store, graph.outputs, {x: 2.0}, np.float64)[1][0] == np.inf
    grows = small(lambda store, x: alg.apply(store, from_function(sp.exp, 1), [x]), ())
    assert bound(grows.store, grows.outputs, {grows.inputs[0]: 100.0}, np.float32)[1][0] == np.inf
    assert np.isfinite(bound(grows.store, grows.outputs, {grows.inputs[0]: 100.0}, np.float64)[1][0])


def test_a_tie_leaves_the_branch_in_doubt_and_a_mask_does_not() -> None:
    step = from_function(lambda a: sp.Piecewise((1, a > 0), (0, True)), 1)
    graph = small(lambda store, x: alg.apply(store, step, [x]), (3,))
    _, (limit,) = bound(graph.store, graph.outputs, {graph.inputs[0]: np.array([-1.0, 0.0, 1.0])}, np.float64)
    assert limit.tolist() == pytest.approx([0, 1, 0], abs=0.01)
    mask = small(lambda store: alg.apply(store, step, [store.add(table(np.array([0.0, 1.0])))]))
    assert not bound(mask.store, mask.outputs, {}, np.float64)[1][0].any()
    top = small(lambda store, x: alg.argmax(store, x, [0]), (3,))
    _, (limit,) = bound(top.store, top.outputs, {top.inputs[0]: np.array([2.0, 1.0, 2.0])}, np.float64)
    assert limit.tolist() == pytest.approx([1, 0, 1], abs=0.01)


@pytest.mark.parametrize(
    "spec", ["ij,jk->ik", "kj,ij->ki", "bij,bjk->kbi", "ij,i->ij", "i,j->ji", "ij,ij->", "ij,kj->"]
)
def test_contractions_at_many_points_are_those_at_each(spec: str) -> None:
    """Products of matrices, outer products and sums, with operands that are the same at all points."""
    rng = np.random.default_rng(0)
    sizes = dict(zip("ijkb", (4, 3, 5, 2), strict=True))
    arrays = [rng.normal(size=[sizes[k] for k in part]) for part in spec.split("->")[0].split(",")]
    graph = sd.trace(lambda a, b: np.exp(np.einsum(spec, np.tanh(a), b)), *arrays)
    many = [np.stack([arrays[0], arrays[0] / 3, -arrays[0]]), arrays[1][None]]
    analysis = Analysis(graph.store, graph.outputs, np.float32)
    (values,), (limits,) = analysis.over(dict(zip(graph.inputs, many, strict=True)), 3)
    for k in range(3):
        alone = dict(zip(graph.inputs, (many[0][k], arrays[1]), strict=True))
        (value,), (limit,) = bound(graph.store, graph.outputs, alone, np.float32)
        np.testing.assert_allclose(
            values[k], np.exp(np.einsum(spec, np.tanh(many[0][k]), arrays[1])), rtol=1e-13
        )
        np.testing.assert_allclose(values[k], value, rtol=1e-13)
        np.testing.assert_allclose(limits[k], limit, rtol=1e-6)
