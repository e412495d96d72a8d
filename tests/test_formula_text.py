"""Does the text of a node mean the node? The derivatives' formulas are run as NumPy, and compared with their kernels."""

from __future__ import annotations

import re
from typing import Any

import mpmath
import numpy as np
import pytest
from faults import planted
from mutant_array_cases import ARRAY_SUBJECTS
from mutant_cases import SUBJECTS, Subject

import symdiff as sd
from symdiff.checking import formulas, product_texts
from symdiff.checking.arguments import parameters
from symdiff.checking.formulas import formula_text
from symdiff.checking.questions import ask
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph

# ruff: noqa: E501, SIM905  (tables)

EVERY = [*SUBJECTS, *ARRAY_SUBJECTS]
NOTICED = (AssertionError, ValueError, NameError, TypeError, IndexError)
SAME = mpmath.mpf(10) ** -40  # of 60 digits: a wrong text is wrong at once


def is_max(x: Any, axis: Any) -> Any:
    winners = x == np.max(x, axis=axis, keepdims=True)
    return winners / np.sum(winners, axis=axis, keepdims=True)


def scatter_add(x: Any, at: Any, axis: int, size: int) -> Any:
    result = np.zeros((*x.shape[:axis], size, *x.shape[axis + np.ndim(at) :]))
    np.add.at(result, (*(slice(None),) * axis, np.array(at)), x)
    return result


ARRAYS = (
    "arange broadcast_to concatenate diag dot einsum eye max ones outer pad reshape sum take transpose triu where zeros"
).split()
NUMBERS = "cos cosh erf erfc exp log sin sinh sqrt tanh".split()
NAMES: dict[str, Any] = {name: getattr(np, name) for name in ARRAYS}
NAMES |= {name: np.frompyfunc(getattr(mpmath, name), 1, 1) for name in NUMBERS}
NAMES |= {"pi": mpmath.pi, "mpf": mpmath.mpf, "is_max": is_max, "scatter_add": scatter_add}


def run(text: str, values: dict[str, Any]) -> Any:
    """The value of a text in the notation of the reports: NumPy, with shared parts behind ``where``."""
    exact = re.sub(r"(?<![\w.])(\d+)/", r"mpf(\1)/", text)
    formula, _, shared = exact.partition("  where ")
    known = {**NAMES, **values}
    for name, meaning in re.findall(r"(\w+) = (.*?)(?=, \w+ = |$)", shared):
        known[name] = eval(meaning, {"__builtins__": {}}, known)
    return eval(formula, {"__builtins__": {}}, known)


def numbers(value: Any) -> Any:
    exact = np.frompyfunc(lambda x: mpmath.mpf(float(x)), 1, 1)(value)
    return exact if np.ndim(value) else exact[()] if isinstance(exact, np.ndarray) else exact


def assert_means(graph: Graph, values: list[Any]) -> None:
    """Each output's text, run as NumPy at 60 digits, gives the output."""
    with mpmath.workdps(60):
        values = [numbers(value) for value in values]
        named = dict(zip(graph.input_names, values, strict=True))
        outputs = compile_kernel(graph, "mpmath").flat(values)
        for node, wanted in zip(graph.outputs, outputs, strict=True):
            text = formula_text(graph.store, node, 10**6)
            found = np.broadcast_to(run(text, named), np.shape(wanted))
            assert np.all(abs(found - wanted) < SAME), text


def derived(subject: Subject) -> tuple[Graph, list[Any]]:
    examples = parameters(subject.fn, subject.inputs)
    truth = ask(subject.fn, subject.right, examples, subject.wrt, subject.of).truth
    rng = np.random.default_rng(0)
    more = [rng.integers(-8, 9, tuple(map(int, truth.shape(n)))) / 4.0 for n in truth.inputs[len(examples) :]]
    return truth, [*examples.values(), *more]


@pytest.mark.parametrize("subject", EVERY, ids=lambda s: s.name)
def test_the_text_of_a_derivative_is_the_derivative(subject: Subject) -> None:
    assert_means(*derived(subject))


def test_texts_of_moves() -> None:
    def moves(x, y):
        return (
            x[::-1, ::2], np.pad(x, ((1, 0), (0, 2))), np.concatenate([x, y], axis=1), x.T.reshape(6), x[:, 1:3] * y[:, :2],
            np.sum(x, axis=1, keepdims=True) * y, x[:, None] * y[None], np.take(x, [2, 0, 2], axis=1), np.triu(x), x / 3,
        )  # fmt: skip

    values = [np.arange(6.0).reshape(2, 3), np.array([[1.0, -2, 0.5], [3.0, 0.25, -1.0]])]
    assert_means(sd.trace(moves, *values), values)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (lambda x, y: x - (y - x), "x - (y - x)"),
        (lambda x, y: (x + y) ** 2, "(x + y)**2"),
        (lambda x, y: -x * y / 3, "-x*y/3"),
        (lambda x, y: x / (x * y), "x/(x*y)"),
        (lambda x, y: x / np.exp(-y), "x/exp(-y)"),
        (lambda x, y: 1 / np.sqrt(x + y), "1/sqrt(x + y)"),
        (lambda x, y: np.where(x > y, x, 0), "where(x > y, x, 0)"),
        (lambda x, y: x @ y, "dot(x, y)"),
        (lambda x, y: np.outer(x, y), "outer(x, y)"),
        (lambda x, y: np.diag(x), "diag(x)"),
        (lambda x, y: np.sum(x), "sum(x)"),
        (lambda x, y: x[::-1], "x[2::-1]"),
    ],
)  # fmt: skip
def test_texts_read_as_people_write(formula: Any, text: str) -> None:
    graph = sd.trace(formula, "3", "3")
    assert formula_text(graph.store, graph.outputs[0]) == text


def test_shared_parts_have_names_and_long_texts_end_in_dots() -> None:
    def f(x: Any) -> Any:
        shared = np.exp(np.sin(x) * np.cos(x) * np.tanh(x))
        return shared + shared**2

    graph = sd.trace(f, "3")
    text = formula_text(graph.store, graph.outputs[0])
    assert text == "t1 + t1**2  where t1 = exp(sin(x)*cos(x)*tanh(x))"
    assert formula_text(graph.store, graph.outputs[0], 10) == "t1 + t1..."


@pytest.mark.parametrize(
    ("module", "right", "wrong", "name"),
    [
        (product_texts, "left[-1] == s else", "left[-1] != s else", "matrix product"),
        (product_texts, 'return Text(f"{within(x, ATOM)}.T")', "return x", "trace of a product"),
        (product_texts, "'None' if k else", "':' if k else", "softmax of rows"),
        (product_texts, "under = [*under, str(size.denominator)]", "under = [*under]", "mean squared error"),
        (formulas, 'else f"{left} - {right}", SUM', 'else f"{right} - {left}", SUM', "variance"),
        (formulas, "[size - (span.start + span.length)", "[size - (span.length)", "differences"),
        (formulas, "{condition}, {value}, {written}", "{condition}, {written}, {value}", "absolute values"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else None,
)  # fmt: skip
def test_a_wrong_text_is_noticed(module: Any, right: str, wrong: str, name: str) -> None:
    case = derived(next(s for s in EVERY if s.name == name))
    with planted(module, right, wrong), pytest.raises(NOTICED):
        assert_means(*case)
