"""Is a graph really the function? Refusals that code catches, writes through views, other points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.errors import ImpureFunction, MutationError, TracingError

ZEROS = np.zeros(3)


def square(x: Any) -> Any:
    return np.sum(x**2)


def branching_function(x: Any) -> Any:
    try:
        is_large = float(np.max(x)) > 5
    except Exception:
        is_large = False
    return np.sum(x**2) if is_large else 3 * np.sum(x**2)


def bare_except(x: Any, k: int) -> Any:
    try:
        return sum(x**2 for _ in range(k))
    except:  # noqa: E722  (what users write)
        return 5 * x


def asking_for_flags(x: Any) -> Any:
    return 3 * np.sum(x**2) if hasattr(x, "flags") else np.sum(x**2)


def shape_fallback(a: Any, b: Any) -> Any:
    try:
        return np.sum(a @ b)
    except ValueError:
        return np.sum(a.T @ b)


@pytest.mark.parametrize("inputs", [(ZEROS,), ("n",), ("3",)])
@pytest.mark.parametrize("fn", [branching_function, asking_for_flags])
def test_a_caught_refusal_is_an_error(fn: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
    with pytest.raises(TracingError, match="catches the error"):
        sd.check(fn, lambda x: 6 * x, inputs)


@pytest.mark.parametrize("inputs", [(ZEROS,), ("n",)])
def test_a_claim_that_catches_refusals_is_only_called(inputs: tuple[Any, ...]) -> None:
    def claim(x: Any) -> Any:
        try:
            float(x[0])
        except TracingError:
            return 2 * x
        return 3 * x

    assert sd.check(square, claim, inputs).status == "refuted"


def test_a_request_for_plain_integers_is_heard_through_a_bare_except() -> None:
    assert sd.trace(bare_except, 1.5, 3).compile()(1.5, 3) == pytest.approx(6.75)


def test_an_error_that_numpy_raises_too_may_be_caught() -> None:
    a, b = np.arange(6.0).reshape(3, 2), np.ones((3, 2))
    assert sd.trace(shape_fallback, a, b).compile()(a, b) == np.sum(a.T @ b)


def test_a_refusal_inside_a_derivative_counts() -> None:
    def outer(x: Any) -> Any:
        try:
            return np.sum(sd.grad(branching_function)(x))
        except TracingError:
            return np.sum(x)

    with pytest.raises(TracingError):
        sd.trace(outer, ZEROS)


@pytest.mark.parametrize("inputs", [(ZEROS,), ("n",)])
def test_the_type_of_a_traced_array_is_an_array(inputs: tuple[Any, ...]) -> None:
    assert sd.check(square, lambda x: 2 * x if type(x) is np.ndarray else 3 * x, inputs).status == "proved"
    assert sd.check(square, lambda x: 3 * x if type(x) is np.ndarray else 2 * x, inputs).status == "refuted"


def test_the_type_of_a_traced_number_is_not_known() -> None:
    claim = lambda x: 3 * x if type(x) is float else 2 * x  # noqa: E731
    assert sd.check(lambda x: x**2, claim, (0.5,)).status != "proved"


def view_square(x: Any) -> Any:
    y = np.zeros(4)
    z = y[1:]
    z += x
    return np.sum(y**2)


def view_exp(x: Any) -> Any:
    y = np.zeros(4)
    z = y[1:]
    z += x
    return np.exp(y)


def view_sum(x: Any) -> Any:
    y = np.zeros(4)
    z = y[1:]
    z += x
    return sum(y)


def view_list(x: Any) -> Any:
    y = np.zeros(4)
    z = y[1:]
    z += x
    return np.sum(np.array([y, y]))


def view_index(x: Any) -> Any:
    y = np.zeros(4, dtype=int)
    z = y[1:]
    z += 1
    return x[y]


def view_float(x: Any) -> Any:
    y = np.zeros(4)
    z = y[1:]
    z += x
    return float(y[0]) + np.sum(x)


def old_name_of_a_view(x: Any) -> Any:
    y = np.zeros(4)
    z = y[1:]
    old = z
    z += x
    return np.sum(old**2)


def written_back_elsewhere(x: Any) -> Any:
    y = np.zeros(4)
    z = y[1:]
    z += x
    y[:3] = z
    return np.sum(y**2)


def written_back_turned(x: Any) -> Any:
    y = np.zeros(3)
    z = y[::-1][:]
    z += x
    y[...] = z
    return np.sum(y * np.arange(3))


def written_after_it_was_brought_back(x: Any) -> Any:
    y = np.zeros(4)
    z = y[1:]
    z += x
    y[1:] = z
    z[0] = 9.0
    return np.sum(y**2)


def part_of_a_split(x: Any) -> Any:
    y = np.zeros((2, 3))
    first, _ = np.split(y, 2)
    first += x
    return np.sum(y**2)


WRITES = [
    view_square, view_exp, view_sum, view_list, view_float, old_name_of_a_view, written_back_elsewhere,
    written_back_turned, written_after_it_was_brought_back, part_of_a_split, view_index,
]  # fmt: skip


@pytest.mark.parametrize("fn", WRITES)
def test_a_write_through_a_view_is_right_or_refused(fn: Callable[..., Any]) -> None:
    x = np.array([0.3, -0.7, 1.2])
    try:
        graph = sd.trace(fn, ZEROS)
    except MutationError:
        return
    np.testing.assert_allclose(graph.compile()(x), fn(x))


def test_a_row_is_updated_in_place() -> None:
    def rows(x: Any) -> Any:
        y = np.zeros((2, 3))
        y[0] += x
        y[0] *= x
        y[1, 1:] -= x[1:]
        return np.sum(y**2)

    x = np.array([0.3, -0.7, 1.2])
    assert sd.trace(rows, ZEROS).compile()(x) == pytest.approx(rows(x))


def filled_identity(x: Any) -> Any:
    matrix = np.eye(3)
    np.fill_diagonal(matrix, 2.0)
    return np.sum(matrix @ x)


def sorted_in_place(x: Any) -> Any:
    y = np.array([3.0, 1.0, 2.0])
    y.sort()
    return np.sum(y * x)


def put_into(x: Any) -> Any:
    y = np.eye(3)
    np.put(y, [1], [5.0])
    return np.sum(y @ x)


@pytest.mark.parametrize("fn", [filled_identity, sorted_in_place, put_into])
def test_functions_that_write_into_a_constant(fn: Callable[..., Any]) -> None:
    x = np.array([0.3, -0.7, 1.2])
    assert sd.trace(fn, ZEROS).compile()(x) == pytest.approx(fn(x))


POSITIONS = np.array([-1, 0, -3, 2])
READS = [
    lambda x, i: x[np.arange(4), i],
    lambda x, i: x[i, i],
    lambda x, i: x[i, 1],
    lambda x, i: x[np.arange(4)[:, None], np.stack([i, i], 1)],
    lambda x, i: np.take_along_axis(x, i[:, None], 1),
    lambda x, i: x[i],
    lambda x, i: x[:, i],
]


@pytest.mark.parametrize("read", READS)
def test_negative_positions_count_from_the_end(read: Callable[..., Any]) -> None:
    x = np.arange(12.0).reshape(4, 3) / 8
    for example in (POSITIONS, np.abs(POSITIONS)):
        np.testing.assert_array_equal(sd.trace(read, x, example).compile()(x, POSITIONS), read(x, POSITIONS))
    energy = lambda x, i: np.sum(read(x, i) ** 2)  # noqa: E731
    slope = sd.grad(energy)
    assert sd.check(energy, lambda x, i: slope(x, i), (x, POSITIONS)).status == "proved"
    assert sd.check(energy, lambda x, i: x, (x, POSITIONS)).status == "refuted"


def by_class(x: Any) -> Any:
    return 3 * x if x.__class__ is np.ndarray else 2 * x


@pytest.mark.parametrize("inputs", [(ZEROS,), ("n",), ("3",)])
def test_a_claim_is_compared_away_from_the_example(inputs: tuple[Any, ...]) -> None:
    assert sd.check(square, by_class, inputs).status == "refuted"


@pytest.mark.parametrize("inputs", [(ZEROS,), ("n",)])
def test_a_function_is_compared_away_from_the_example(inputs: tuple[Any, ...]) -> None:
    def fn(x: Any) -> Any:
        return 3 * np.sum(x**2) if x.__class__ is np.ndarray else np.sum(x**2)

    with pytest.raises(ImpureFunction, match="the graph and the function differ"):
        sd.check(fn, lambda x: 2 * x, inputs)


def test_points_where_the_function_has_no_value_are_left_out() -> None:
    right = lambda x: np.array([[0.5 / x[0, 0], 0.0], [0.0, 0.5 / np.sqrt(x[1, 1])]])  # noqa: E731
    assert sd.check(lambda x: np.log(x[0, 0]) / 2 + np.sqrt(x[1, 1]), right, (np.eye(2),)).status == "proved"


def test_single_precision_is_compared_as_such() -> None:
    x = np.array([0.3, -0.7, 1.2], dtype=np.float32)
    assert sd.check(lambda x: np.sum(x**3), lambda x: 3 * x**2, (x,)).status == "proved"
    assert sd.check(lambda x: np.sum(np.tanh(x)), lambda x: 1 - np.tanh(x) ** 2, (x,)).status == "proved"
