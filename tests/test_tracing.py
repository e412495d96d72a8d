"""Does ordinary NumPy code become the graph it says? Structure, writes, rebuilding, speed."""

from __future__ import annotations

import functools
import time
import types
from collections import namedtuple
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.linalg as la
import pytest
import scipy.special as special
import sympy as sp
from numpy import exp as e
from numpy import zeros as make_zeros
from scipy.special import softmax

import symdiff as sd
from symdiff.doors.registry import register
from symdiff.doors.tracing import name, trace, trace_call
from symdiff.errors import MutationError, TracingError
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.calling import bind
from symdiff.ir.graph import Graph
from symdiff.ir.ops import Contract, Input, Literal, Map, Slice
from symdiff.ir.sizes import symbol

X = np.array([0.25, -0.75, 1.25])
S = np.array([[0.5, -1.0, 2.0], [0.25, 1.5, -0.5], [1.0, 0.75, -0.25]])
SCALE = np.array([1.0, 2.0, 3.0])
PARAMETERS = {"W": S, "b": X}
ACTIVATIONS = {"relu": lambda z: np.maximum(z, 0), "soft": softmax}
Net = namedtuple("Net", "W b")


def agrees(function: Any, *args: Any, **kwargs: Any) -> Graph:
    """The graph of a call, whose value is that of the call itself."""
    graph = trace_call(function, args, kwargs)
    graph.check_legality()
    found, expected = compile_kernel(graph)(*args, **kwargs), function(*args, **kwargs)
    assert_same(found, expected)
    return graph


def assert_same(found: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        assert set(found) == set(expected)
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert np.shape(found) == np.shape(expected)
        # a few hundred operations on numbers below 10
        assert np.all(np.abs(np.subtract(found, expected)) <= 1e4 * np.finfo(float).eps)


# Rebuilt functions ------------------------------------------------------------------------------------


def helper(z: Any) -> Any:
    return make_zeros(3) + softmax(z) * SCALE


def outer(z: Any) -> Any:
    def inner(w: Any) -> Any:
        out = np.zeros_like(w)
        out[0] = w[1]
        return out + helper(w)

    return inner(z)


def tower(z: Any, n: int) -> Any:
    return z if n == 0 else np.tanh(tower(z, n - 1))


class Layer:
    gain = np.array([2.0, 2.0, 2.0])

    def __init__(self, W: Any) -> None:
        self.W = W

    def act(self, z: Any) -> Any:
        return softmax(z)

    def __call__(self, z: Any) -> Any:
        out = np.zeros(3)
        out[:] = self.W @ z
        return self.act(out) * self.gain


class Shifted(Layer):
    def act(self, z: Any) -> Any:
        return super().act(z) + self.shift

    @property
    def shift(self) -> float:
        return 1.0

    @staticmethod
    def first_two(z: Any) -> Any:
        return np.array([z[0], z[1]])


LAYER, SHIFTED = Layer(S), Shifted(S)
LIBRARY = types.ModuleType("library")
SOURCE = "import numpy as np\ndef half(x):\n    out = np.zeros(3)\n    out[1:] = x[1:] / 2\n    return out\n"
exec(SOURCE, LIBRARY.__dict__)


@functools.lru_cache
def cached_weights(n: int) -> Any:
    return np.ones(n) * 2


@pytest.mark.parametrize(
    "function",
    [
        outer,
        LAYER,
        SHIFTED,
        SHIFTED.act,
        np.tanh,
        functools.partial(lambda a, b: a * b + softmax(b), 2.0),
        lambda z: SHIFTED(z) * SHIFTED.shift + SHIFTED.first_two(z).sum(),
        lambda z: Layer(z[:, None] * z)(z),
        lambda z: LIBRARY.half(z),
        lambda z: ACTIVATIONS["relu"](PARAMETERS["W"] @ z + PARAMETERS["b"]),
        lambda z: e(z) / la.norm(z),
        lambda z: cached_weights(3) * z,
        lambda z: z * 2 if isinstance(z, np.ndarray) else z,
        lambda z: np.max([z[0], z[1], 2.0]) + np.sum([z, z]),
        lambda z: functools.reduce(lambda a, b: a + b, [z[k] * z[k - 1] for k in range(3)]),
    ],
)
def test_functions_around_the_traced_one_are_rebuilt(function: Any) -> None:
    agrees(function, X)


def test_nothing_global_is_patched() -> None:
    before = dict(vars(np)), dict(outer.__globals__)
    agrees(outer, X)
    assert (dict(vars(np)), dict(outer.__globals__)) == before


# Arguments --------------------------------------------------------------------------------------------


def test_arguments_may_be_nested() -> None:
    graph = agrees(
        lambda p, *zs, k=1.0, **q: p["net"].W @ zs[0] * k + q["m"][0] + p["net"].b,
        {"net": Net(S, X)},
        X,
        X,
        k=3.0,
        m=[X],
    )
    assert graph.input_names == ("p.net[0]", "p.net[1]", "zs[0]", "zs[1]", "k", "q.m[0]")


def test_results_may_be_nested() -> None:
    graph = agrees(lambda z: {"a": z, "b": [1.0, np.ones(2), (z[0],)]}, X)
    assert graph.results is not None and graph.results.size == 4


def test_python_ints_are_real_unless_used_as_ints() -> None:
    assert agrees(lambda z, n: z * n + n**2, X, 3).input_names == ("z", "n")
    assert agrees(lambda z, n: z * n if n > 2 else z, X, 3).input_names == ("z",)
    assert agrees(tower, X, 3).input_names == ("z",)
    assert agrees(lambda z, axis: z.sum(axis=axis), S, 1).input_names == ("z",)


def test_integer_arrays_are_indices_unless_promoted() -> None:
    kinds = [
        trace_call(lambda i: i * 2, (np.arange(3),), {}, promote=names) for names in (frozenset(), {"i"})
    ]
    assert [graph.store.kind(graph.inputs[0]) for graph in kinds] == ["integer", "real"]


def test_a_default_becomes_an_input_when_it_is_differentiated() -> None:
    def scaled(z: Any, k: float = 2.0) -> Any:
        return z * k

    assert trace_call(scaled, (X,), {}).input_names == ("z",)
    assert trace_call(scaled, (X,), {}, promote=frozenset({"k"})).input_names == ("z", "k")


def test_bind_takes_arguments_by_position_and_name() -> None:
    graph = trace_call(lambda x, *rest, p: x + rest[0] + p["a"], (1.0, 2.0), {"p": {"a": 3.0}})
    assert graph.arguments is not None
    assert bind(graph.arguments, (1, 2), {"p": {"a": 3}}, "f") == [1, 2, 3]


# Structure --------------------------------------------------------------------------------------------


def test_numbers_are_exact_or_literals() -> None:
    ops = [trace(lambda x, k=k: x * k, "n") for k in (2, 0.375, np.float64(0.5))]
    assert [g.store.op(g.outputs[0]).coefficient for g in ops] == [2, Fraction(3, 8), Fraction(1, 2)]  # type: ignore[union-attr]
    graph = trace(lambda x: 0.1 * x, "n")
    assert any(graph.store.op(k) == Literal(0.1) for k in graph)


def test_products_are_one_contraction() -> None:
    graph = trace(lambda W, x: (3 * W) @ x, "m n", "n")
    (output,) = graph.outputs
    assert graph.store.op(output) == Contract(((0, 1), (1,)), (0,), (symbol("m"), symbol("n")), Fraction(3))


def test_nodes_know_the_line_that_made_them() -> None:
    graph = trace(helper, "3")
    lines = {
        graph.store.where[k].rpartition("/")[2] for k in graph if not isinstance(graph.store.op(k), Input)
    }
    assert lines == {f"test_tracing.py:{helper.__code__.co_firstlineno + 1}"}


def test_a_registered_function_is_one_map() -> None:
    def softplus(z: Any) -> Any:
        return np.log(1 + np.exp(z))

    register(softplus, lambda a: sp.log(1 + sp.exp(a)))
    graph = agrees(lambda z: softplus(z) + softplus(1.0), X)
    assert sum(isinstance(graph.store.op(k), Map) for k in graph) == 2


def test_names_mark_what_flows_through_them() -> None:
    graph = trace(lambda x: np.sum(name(x * 2, "z")), "n")
    assert list(graph.names) == ["z"]
    assert name(3.0, "z") == 3.0


# Writes -----------------------------------------------------------------------------------------------


def running(x: Any) -> Any:
    out = np.zeros(len(x))
    out[0] = x[0]
    for k in range(1, len(x)):
        out[k] = out[k - 1] * 0.5 + x[k]
    return out


def rows(x: Any) -> Any:
    out = np.zeros((3, 3))
    previous = out[0]
    for k in range(1, 3):
        out[k] = np.tanh(previous + x[k])
        previous = out[k]
    return out


def updates(x: Any) -> Any:
    out = np.arange(6.0).reshape(2, 3)
    out[0, 1] = x[0]
    out[1] *= x
    out[:, 0] += x[1]
    out += 1
    out[0] -= x
    np.add(out, 1, out=out)
    return out


@pytest.mark.parametrize("function", [running, rows, updates])
def test_writes_are_functional_updates(function: Any) -> None:
    agrees(function, X)


def test_writes_into_a_loop_are_linear() -> None:
    sizes = [len(trace_call(running, (np.ones(n),), {}).nodes) for n in (50, 100, 200)]
    assert sizes[2] - sizes[1] == 2 * (sizes[1] - sizes[0])


def test_a_read_takes_what_was_written_there() -> None:
    def last(x: Any) -> Any:
        out = np.zeros(3)
        out[1] = x[2] * 2
        return out[1]

    graph = trace_call(last, (X,), {})
    assert [type(graph.store.op(k)) for k in graph] == [Input, Slice, Contract]


def test_a_copy_of_a_view_may_be_written() -> None:
    def copied(x: Any) -> Any:
        y = x[1:].copy()
        y[0] = 2 * x[0]
        y += 1
        return y

    agrees(copied, X)


def test_an_array_passed_in_is_not_touched() -> None:
    x = X.copy()
    with pytest.raises(MutationError):
        trace_call(lambda z: np.multiply(z, 2, out=z), (x,), {})
    assert np.array_equal(x, X)


# Symbolic shapes --------------------------------------------------------------------------------------


def attention(Q: Any, K: Any, V: Any, heads: int = 2) -> Any:
    n, d = Q.shape
    q, k, v = (t.reshape(n, heads, d // heads).transpose(1, 0, 2) for t in (Q, K, V))
    scores = q @ k.swapaxes(1, 2) / np.sqrt(d // heads)
    mixed = softmax(np.where(np.tri(n) > 0, scores, -np.inf), axis=-1) @ v
    return mixed.swapaxes(0, 1).reshape(n, d)


def test_attention_has_every_shape() -> None:
    graph = trace(attention, "n 2*d", "n 2*d", "n 2*d")
    assert graph.shape(graph.outputs[0]) == (symbol("n"), 2 * symbol("d"))


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: np.mean((x - x.mean(axis=0)) ** 2), ()),
        (lambda x: np.zeros((x.shape[0], 3)) + np.ones_like(x)[:, :1], ("n", 3)),
        (lambda x: np.arange(x.shape[0]) + np.full(x.shape[0], 0.1), ("n",)),
        (lambda x: np.eye(x.shape[1]) @ x.T, ("d", "n")),
        (lambda x: np.var(x, axis=1) + x[:, -1] + x[::-1].sum(1), ("n",)),
        (lambda x: np.concatenate([x[:1], x[1:]]), ("n", "d")),
        (lambda x: np.cumsum(x, axis=0) / x.shape[-1], ("n", "d")),
        (lambda x: special.logsumexp(x, axis=1), ("n",)),
        (lambda x: np.linspace(0, 1, x.shape[0]), ("n",)),
    ],
)
def test_symbolic_sizes_go_through(function: Any, shape: tuple[Any, ...]) -> None:
    graph = trace(function, "n d")
    expected = tuple(symbol(size) if isinstance(size, str) else size for size in shape)
    assert graph.shape(graph.outputs[0]) == expected


def test_the_builder_is_the_second_door() -> None:
    g: Any = Graph()
    x, W = g.input("x", "n d"), g.param("W", "m d")
    g.output(np.tanh(x @ W.T))
    assert g.shape(g.outputs[0]) == (symbol("n"), symbol("m"))
    assert g.arguments.keys == ("x", "W")


# Speed ------------------------------------------------------------------------------------------------


def chain(x: Any, w: Any, b: Any) -> Any:
    for k in range(len(w)):
        x = np.tanh(w[k] * x + b[k])
    return x


def test_a_long_chain_traces_in_time() -> None:
    w, b = [0.5 + k / 4096 for k in range(1000)], [k / 8192 for k in range(1000)]
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        graph = trace_call(chain, (0.5, w, b), {})
        best = min(best, time.process_time() - start)
    assert len(graph.nodes) == 5001
    assert best < 0.25


def test_a_value_without_a_graph_is_refused_by_type() -> None:
    with pytest.raises(TracingError):
        trace_call(lambda x: complex(x[0]), (X,), {})


def test_derivatives_may_be_taken_inside_a_traced_function() -> None:
    def cubes(x: Any) -> Any:
        return np.sum(x**3)

    assert_same(sd.grad(sd.grad(lambda t: t**4))(2.0), 48.0)
    assert_same(sd.jacobian(sd.grad(cubes))(X), np.diag(6 * X))
    assert_same(sd.grad(lambda x: sd.hvp(cubes)(x, x) @ x)(X), 18 * X**2)
    assert_same(sd.grad(lambda x: np.sum(sd.vjp(np.sin, x)[1](x)[0]))(X), np.cos(X) - X * np.sin(X))
