"""Do writes at computed positions, and ``np.add.at``, do what NumPy does? Those that may repeat are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_tracing import agrees

import symdiff as sd
from symdiff.doors.tracing import trace, trace_call
from symdiff.errors import MutationError, TracingError, UnknownFunction
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.concrete import at_sizes
from symdiff.ir.sizes import symbol

X = np.array([[0.5, -1.0, 2.0, 0.25], [0.25, 1.5, -0.5, 3.0], [1.0, 0.75, -0.25, -2.0]])
G = np.array([[1.0, -2.0], [0.5, 0.25], [3.0, 1.5]])
I = np.array([2, 0, 2])  # noqa: E741
D = np.array([1, 2, 0])


def embedded(E: Any, i: Any) -> Any:
    out = np.zeros_like(E)
    np.add.at(out, i, E[: len(i)] * 2)
    return out


def taken_away(E: Any, i: Any) -> Any:
    out = E * 1
    np.subtract.at(out, (slice(None), i), 0.5)
    return out


def at_pairs(E: Any, i: Any) -> Any:
    out = np.ones((3, 4))
    np.add.at(out, (i, [0, 0, 1]), E[0, :3])
    return out


def apart(E: Any, i: Any) -> Any:
    out = np.zeros((3, 2, 4))
    np.add.at(out, (i, slice(None), i), E[:, :2])
    return out


def less_one(E: Any, i: Any) -> Any:
    out = np.tanh(E)
    out[np.arange(len(i)), i] -= 1
    return out


def over_infinity(E: Any, i: Any) -> Any:
    out = np.full((3, 4), -np.inf)
    out[np.arange(3), i] = E[:, 0]
    return np.exp(out)


def by_columns(E: Any, i: Any) -> Any:
    out = E + 1
    out[np.arange(3)[:, None], np.arange(2)] = E[:, 2:] * i[:, None]
    return out


def scaled(E: Any, i: Any) -> Any:
    out = E + 1
    out[np.arange(3), i] *= 3
    return out[i]


@pytest.mark.parametrize("index", [I, D, -1 - I])
@pytest.mark.parametrize(
    "function", [embedded, taken_away, at_pairs, apart, less_one, over_infinity, by_columns, scaled]
)
def test_writes_at_traced_positions(function: Any, index: Any) -> None:
    agrees(function, X, index)


def test_sums_at_positions_of_constants_stay_constants() -> None:
    def counts(x: Any) -> Any:
        n = np.zeros(3)
        np.add.at(n, [0, 2, 2], 1)
        return x * n

    assert len(agrees(counts, X[:, 0]).nodes) == 3


def overwritten(E: Any, i: Any) -> Any:
    out = np.zeros(4)
    out[i] = E[:, 0]
    return out


def counted_once(E: Any, i: Any) -> Any:
    out = E * 1
    out[i] += 1
    return out


def pairs_that_may_repeat(E: Any, i: Any) -> Any:
    out = E * 1
    out[i, i] -= 1
    return out


@pytest.mark.parametrize("function", [overwritten, counted_once, pairs_that_may_repeat])
def test_writes_at_positions_that_may_repeat_are_refused(function: Any) -> None:
    with pytest.raises(TracingError, match=r"may repeat(.|\n)*np\.add\.at"):
        trace_call(function, (X, I), {})


def test_sums_into_what_others_see_are_refused() -> None:
    def into_an_argument(E: Any, i: Any) -> Any:
        np.add.at(E, i, 1)
        return E

    with pytest.raises(MutationError, match="a write into an argument"):
        trace_call(into_an_argument, (X, I), {})
    with pytest.raises(UnknownFunction, match=r"np\.multiply\.at"):
        trace_call(lambda E, i: np.multiply.at(E * 1, i, 2), (X, I), {})


# Symbolic sizes ----------------------------------------------------------------------------------------


def same_at(function: Any, shape: str, sizes: dict[str, int], *arrays: Any) -> None:
    """The graph for symbolic sizes, at numbers, is the function there."""
    graph = trace(function, shape)
    graph.check_legality()
    found = compile_kernel(at_sizes(graph, {symbol(k): n for k, n in sizes.items()}))(*arrays)
    assert np.allclose(found, function(*arrays), rtol=1e-14, atol=1e-14)


def ends(x: Any) -> Any:
    out = np.zeros_like(x)
    out[0] = x[1]
    out[-1] += x[0]
    out[:, 1:] -= x[:, :-1]
    return out


def chosen_columns(x: Any) -> Any:
    out = x * 1
    out[:, [0, 2]] = 7
    out[:, 3] *= x[:, 0]
    return out


def steps(x: Any) -> Any:
    out = np.zeros((4, x.shape[0]))
    last = x[:, 0]
    for t in range(4):
        last = np.tanh(last + x[:, t])
        out[t] = last
    return out


@pytest.mark.parametrize("function", [ends, chosen_columns, steps])
def test_parts_of_an_array_of_symbolic_size(function: Any) -> None:
    same_at(function, "n 4", {"n": 3}, X)


def test_rows_of_symbolic_number() -> None:
    def diagonal(x: Any) -> Any:
        out = x @ x.T
        out[np.arange(len(x)), np.arange(len(x))] = 1
        return out

    same_at(diagonal, "n d", {"n": 3, "d": 4}, X)


def held(x: Any) -> Any:
    out = np.zeros((4, x.shape[0]))
    out[0] = x[:, 0]
    last = out[0]
    for t in range(1, 4):
        out[t] = last * x[:, t]
        last = out[t]
    return out


def beside(x: Any) -> Any:
    out = x * 1
    left = out[:, :2]
    out[:, 2:] = left * 2
    return out


@pytest.mark.parametrize("function", [held, beside])
def test_views_that_do_not_show_what_is_written(function: Any) -> None:
    same_at(function, "n 4", {"n": 3}, X)


def seen(x: Any) -> Any:
    out = x * 1
    left = out[:, :2]
    out[:, 1:] = 1
    return left


def seen_by_letters(x: Any) -> Any:
    out = x * 1
    row = out[0]
    out[-1] = 1
    return row


@pytest.mark.parametrize("function", [seen, seen_by_letters])
def test_a_view_that_shows_what_is_written_is_refused(function: Any) -> None:
    with pytest.raises(MutationError, match="live view"):
        trace(function, "n 4")


def without_itself(x: Any) -> Any:
    out = x @ x.T
    np.fill_diagonal(out, -1)
    return out


def diagonal_of_values(x: Any) -> Any:
    out = x.T @ x
    np.fill_diagonal(out, x[0])
    return out


def copied(x: Any) -> Any:
    out = np.zeros_like(x)
    np.copyto(out, x * 2)
    np.copyto(out, 0, where=x < 0)
    return out


def in_halves(x: Any) -> Any:
    left, right = np.split(x, 2, axis=1)
    return left * right


@pytest.mark.parametrize("function", [without_itself, diagonal_of_values, copied, in_halves])
def test_functions_that_write_or_split(function: Any) -> None:
    agrees(function, X)
    same_at(function, "n 2*d", {"n": 3, "d": 2}, X)


def test_a_cotangent_of_a_shape_that_no_string_says() -> None:
    def joined(x: Any, w: Any) -> Any:
        return np.concatenate([x, x @ w], axis=-1)

    def joined_back(x: Any, w: Any, g: Any) -> Any:
        d = x.shape[-1]
        return g[:, :d] + g[:, d:] @ w.T, x.T @ g[:, d:]

    def joined_wrongly(x: Any, w: Any, g: Any) -> Any:
        d = x.shape[-1]
        return g[:, d:] @ w.T, x.T @ g[:, d:]

    shapes = {"x": "n d", "w": "d m"}
    assert sd.check(joined, joined_back, shapes, of="vjp", wrt=("x", "w")).scope == "every shape"
    assert sd.check(joined, joined_wrongly, shapes, of="vjp", wrt=("x", "w")).status == "refuted"
