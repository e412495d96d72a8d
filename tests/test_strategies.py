"""What do the public strategies draw? Legal graphs, shapes that agree, inputs inside a domain."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import symdiff as sd
from symdiff.ir.graph import Graph
from symdiff.testing import contractions, graphs, inputs_for, points_for, rationals, shapes_for


@given(st.data(), st.sampled_from(["rational", "smooth", "kinked"]))
def test_graphs_are_legal_and_concrete(data: st.DataObject, family: Any) -> None:
    graph: Graph = data.draw(graphs(family=family))
    graph.check_legality()
    assert len(graph.outputs) == 1
    assert all(isinstance(size, int) for node in graph.nodes for size in graph.shape(node))
    point = data.draw(points_for(graph))
    flat = [abs(v) for array in point.values() for v in array.ravel()]
    assert len(set(flat)) == len(flat) and 0 not in flat


@given(graphs(scalar=True))
def test_scalar_graphs_are_scalar(graph: Graph) -> None:
    assert graph.shape(graph.outputs[0]) == ()


@given(contractions())
def test_contractions_have_sizes_for_their_labels(spec: Any) -> None:
    assert all(0 <= k < len(spec.sizes) for labels in (*spec.inputs, spec.output) for k in labels)


@given(rationals(positive=True, zero=False))
def test_rationals_are_short(value: Fraction) -> None:
    assert 0 < value <= 7 and value.denominator <= 4


@given(shapes_for("n h*dh", "dh 3", "n", least=2, most=5))
def test_one_name_is_one_size(shapes: tuple[tuple[int, ...], ...]) -> None:
    (n, wide), (narrow, three), (again,) = shapes
    assert n == again and three == 3 and wide % narrow == 0 and 2 <= n <= 5


def cross_entropy(p: dict[str, Any], index: Any) -> Any:
    return -np.log(p["q"] / p["q"].sum())[index].sum() + np.sqrt(1 - p["t"])


@given(inputs_for(cross_entropy, {"q": np.ones(3), "t": 0.5}, np.array([0, 2])))
def test_inputs_are_nested_and_inside_the_domain(inputs: tuple[Any, ...]) -> None:
    p, index = inputs
    assert p["q"].shape == (3,) and index.dtype == int and set(index) <= {0, 1, 2} and p["t"] <= 1
    with np.errstate(divide="ignore", invalid="ignore"):  # entries that the index leaves out may be outside
        assert np.isfinite(cross_entropy(p, index))
    assert np.all(p["q"] * 8 % 1 == 0)


@given(inputs_for(lambda W, x: np.tanh(W @ x), "m n", "n"))
def test_sizes_are_drawn(inputs: tuple[Any, ...]) -> None:
    W, x = inputs
    assert W.shape[1] == x.shape[0]


@given(inputs_for(lambda x, *, scale: scale * x, x="n", scale=2.0))
def test_named_examples_give_names(inputs: dict[str, Any]) -> None:
    assert set(inputs) == {"x", "scale"} and inputs["x"].ndim == 1


@given(inputs_for(lambda x: np.sum(x**2) / 2, "n"))
def test_a_gradient_is_tested_in_two_lines(inputs: tuple[Any, ...]) -> None:
    (x,) = inputs
    np.testing.assert_array_equal(sd.grad(lambda x: np.sum(x**2) / 2)(x), x)
