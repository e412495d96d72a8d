"""What can a user get wrong? A function for each kind; ``bad_input.txt`` pins the answers.

``python tests/bad_input.py`` prints that file anew.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from symdiff.doors.registry import register
from symdiff.doors.tracing import name, trace, trace_call
from symdiff.errors import SymdiffError
from symdiff.ir.calling import bind
from symdiff.ir.graph import Graph

X = np.array([1.0, 2.0, 3.0])
M = np.arange(12.0).reshape(3, 4)
OUTSIDE = np.ones(3)
KEPT: list[Any] = []
CASES: dict[str, Callable[[], Any]] = {}


def on(*examples: Any, promote: frozenset[str] = frozenset(), **named: Any) -> Callable[[Any], Any]:
    """The function is traced on these arguments."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        CASES[function.__name__] = lambda: trace_call(function, examples, named, promote=promote)
        return function

    return declare


def on_shapes(*shapes: str) -> Callable[[Any], Any]:
    """The function is traced on these shapes."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        CASES[function.__name__] = lambda: trace(function, *shapes)
        return function

    return declare


def asked(function: Callable[[], Any]) -> Callable[[], Any]:
    """The function itself is what the user does."""
    CASES[function.__name__] = function
    return function


# Values -----------------------------------------------------------------------------------------------


@on(X)
def branch_on_a_value(x: Any) -> Any:
    if x[0] > 0:
        return x
    return -x


@on(X)
def smaller_of_two(x: Any) -> Any:
    return min(x[0], x[1])


@on(X)
def index_by_a_mask(x: Any) -> Any:
    return x[x > 0]


@on(X)
def float_of_an_array(x: Any) -> Any:
    return float(x[0])


@on(X)
def math_function(x: Any) -> Any:
    return math.atan2(x[0], 2.0)


@on(X)
def special_math_function(x: Any) -> Any:
    return math.erf(x[0])


@on(X)
def item_of_an_array(x: Any) -> Any:
    return x[0].item()


@on(X)
def range_of_an_array(x: Any) -> Any:
    return [1.0 for _ in range(x[0])]


@on(X)
def vectorized_function(x: Any) -> Any:
    return np.vectorize(lambda v: v * v)(x)


# Functions --------------------------------------------------------------------------------------------


@on(X)
def unknown_function(x: Any) -> Any:
    return np.i0(x)


@on(X)
def refused_function(x: Any) -> Any:
    return np.sort(x)


@on(X)
def floor_division(x: Any) -> Any:
    return x // 2


@on(X)
def unknown_option(x: Any) -> Any:
    return np.sum(x, where=[True, False, True])


@on(M)
def spectral_norm(a: Any) -> Any:
    return np.linalg.norm(a, 2)


@on(M)
def column_major(a: Any) -> Any:
    return a.reshape((4, 3), order="F")


@asked
def formula_that_is_none() -> None:
    register(math.sin, 3)  # type: ignore[arg-type]


@asked
def formula_with_free_symbols() -> None:
    register(math.sin, lambda a: a * sp.Symbol("k"))


# Writes -----------------------------------------------------------------------------------------------


@on(X)
def write_into_an_argument(x: Any) -> Any:
    x[0] = 1.0
    return x


@on(X)
def update_of_an_argument(x: Any) -> Any:
    x += 1.0
    return x


@on(X)
def output_into_an_argument(x: Any) -> Any:
    return np.add(x, 1, out=x)


@on(X)
def write_into_a_global(x: Any) -> Any:
    OUTSIDE[0] = x[0]
    return OUTSIDE


@on(X)
def write_through_a_view(x: Any) -> Any:
    out = np.zeros((2, 3))
    row = out[0]
    row[1] = x[0]
    return out


@on(X)
def update_through_a_view(x: Any) -> Any:
    out = np.zeros((2, 3))
    row = out[0]
    row += x
    return out


@on(X)
def write_under_a_view(x: Any) -> Any:
    out = np.zeros((2, 3))
    row = out[0]
    out[0] = x
    return out + row


@on(X, np.array([0, 1]))
def write_at_traced_positions(x: Any, i: Any) -> Any:
    out = np.zeros(3)
    out[i] = x[0]
    return out


@on(X)
def write_into_integers(x: Any) -> Any:
    out = np.zeros(3, dtype=int)
    out[0] = x[0]
    return out


@on(X)
def write_of_a_wrong_shape(x: Any) -> Any:
    out = np.zeros(2)
    out[:] = x
    return out


# Purity -----------------------------------------------------------------------------------------------


@on(X)
def random_numbers(x: Any) -> Any:
    return x * np.random.rand()


@on(X)
def hidden_random_numbers(x: Any) -> Any:
    return x * random.random()


@on(X)
def kept_arrays(x: Any) -> Any:
    KEPT.append(x)
    return KEPT[0] * 2


# Shapes -----------------------------------------------------------------------------------------------


@on(M, X)
def product_of_wrong_sizes(a: Any, b: Any) -> Any:
    return a @ b


@on(M, X)
def sum_of_wrong_sizes(a: Any, b: Any) -> Any:
    return a + b


@on(M)
def reshape_to_a_wrong_size(a: Any) -> Any:
    return a.reshape(5, -1)


@on(M, M.T)
def concatenate_wrong_sizes(a: Any, b: Any) -> Any:
    return np.concatenate([a, b])


@on(M)
def wrong_subscripts(a: Any) -> Any:
    return np.einsum("ijk->i", a)


@on(np.zeros(0))
def mean_of_nothing(x: Any) -> Any:
    return np.mean(x)


@on_shapes("n d")
def undeclared_division(x: Any) -> Any:
    return x.reshape(x.shape[0], 2, x.shape[1] // 2)


@on_shapes("n", "m")
def undecidable_comparison(x: Any, y: Any) -> Any:
    return x if x.shape[0] == y.shape[0] else y


@on_shapes("n", "m")
def undeclared_equality(x: Any, y: Any) -> Any:
    return x + y


@on_shapes("n")
def loop_over_a_symbolic_size(x: Any) -> Any:
    return sum(x[i] for i in range(x.shape[0]))


@on_shapes("n")
def half_a_size(x: Any) -> Any:
    return np.zeros(x.shape[0] / 2)


@on_shapes("n")
def write_into_a_symbolic_array(x: Any) -> Any:
    out = np.zeros(x.shape[0])
    out[::2] = x[1]
    return out


@on_shapes("n-1")
def unreadable_shape(x: Any) -> Any:
    return x


# Numbers and arguments --------------------------------------------------------------------------------


@on(np.array([1j]))
def complex_argument(x: Any) -> Any:
    return x


@on(X)
def complex_constant(x: Any) -> Any:
    return x * 1j


@on(X)
def text_in_arithmetic(x: Any) -> Any:
    return x + "a"


@on(X)
def cast_to_integers(x: Any) -> Any:
    return x.astype(int)


@on({"W": np.array([[1.0, np.nan]])})
def nan_in_an_argument(p: Any) -> Any:
    return p["W"]


@on(X)
def nan_in_a_constant(x: Any) -> Any:
    return x * np.array([1.0, np.nan, 2.0])


@on(X)
def missing_argument(x: Any, y: Any) -> Any:
    return x + y


@on(X)
def nothing_returned(x: Any) -> None:
    x * 2


@on(X)
def name_used_twice(x: Any) -> Any:
    return name(x * 2, "z") + name(x * 3, "z")


@on(X, 3, promote=frozenset({"n"}))
def derivative_by_a_count(x: Any, n: Any) -> Any:
    return x * sum(range(n))


@asked
def call_without_an_argument() -> None:
    graph = trace_call(lambda x, p: x * p["a"], (X, {"a": 1.0}), {})
    assert graph.arguments is not None
    bind(graph.arguments, [X], {}, "kernel")


@asked
def call_with_other_keys() -> None:
    graph = trace_call(lambda x, p: x * p["a"], (X, {"a": 1.0}), {})
    assert graph.arguments is not None
    bind(graph.arguments, [X, {"b": 1.0}], {}, "kernel")


@asked
def call_with_another_fixed_value() -> None:
    graph = trace_call(lambda x, twice: x * 2 if twice else x, (X, True), {})
    assert graph.arguments is not None
    bind(graph.arguments, [X, False], {}, "kernel")


@asked
def two_inputs_of_one_name() -> None:
    graph = Graph()
    graph.input("x", "n")
    graph.input("x", "m")


def answer(case: str) -> str:
    """The kind and the text of the error; line numbers are replaced by N."""
    KEPT.clear()
    try:
        CASES[case]()
    except SymdiffError as error:
        head, found, rest = str(error).partition("bad_input.py:")
        text = head.removesuffix("tests/") + found + "N" + rest.lstrip("0123456789") if found else head
        return f"{type(error).__name__}: {text}"
    return "no error"


if __name__ == "__main__":
    print("\n\n".join(f"# {case}\n{answer(case)}" for case in CASES))
