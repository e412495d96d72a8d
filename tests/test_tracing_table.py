"""Does every row of the tracing table do what it says? NumPy's value, or the error."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from tracing_rows import SAMPLES, Row
from tracing_table import TABLE, markdown

from symdiff.doors.tracing import trace_call
from symdiff.evaluation.kernels import compile as compile_kernel

ROWS = [row for rows in TABLE.values() for row in rows]


def sample(name: str, rng: np.random.Generator) -> Any:
    """A random argument for a parameter of an example."""
    if name == "i":
        return np.array([2, 0])
    shape, low, high = SAMPLES[name]
    value = rng.uniform(low, high, shape)
    return value if shape else float(value)


def arguments(row: Row, seed: int) -> list[Any]:
    """Random arguments for the parameters of a row's example."""
    rng = np.random.default_rng(seed)
    return [sample(name, rng) for name in inspect.signature(row.example).parameters]


@pytest.mark.parametrize("row", [row for row in ROWS if row.error is None], ids=lambda row: row.name)
def test_traces_to_the_value_of_numpy(row: Row) -> None:
    graph = trace_call(row.example, tuple(arguments(row, 0)), {})
    graph.check_legality()
    kernel = compile_kernel(graph)
    for seed in range(3):
        values = arguments(row, seed)
        expected = np.asarray(row.example(*values))
        found = np.asarray(kernel(*values))
        assert found.shape == expected.shape
        # 64 roundings of the largest number that can occur in an example
        bound = 64 * np.finfo(float).eps * np.maximum(1.0, np.abs(expected).max()) * 32
        assert np.all(np.abs(found - expected) <= bound)


@pytest.mark.parametrize("row", [row for row in ROWS if row.error is not None], ids=lambda row: row.name)
def test_refuses_with_its_error(row: Row) -> None:
    assert row.error is not None
    with pytest.raises(row.error) as caught:
        trace_call(row.example, tuple(arguments(row, 0)), {})
    assert type(caught.value) is row.error
    assert "tracing_refused.py:" in str(caught.value)


def test_names_are_unique() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)


def test_markdown_has_a_line_for_each_row() -> None:
    assert len(markdown().splitlines()) == len(ROWS) + 2
