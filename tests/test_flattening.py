"""Are derivations of functions with nested arguments judged as a whole too?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symdiff.derivations import deriving
from symdiff.derivations.deriving import derive
from symdiff.errors import InputError, SymdiffError
from symdiff.ir import algebra as alg


def network(params: Any, x: Any, y: Any) -> Any:
    h = x
    for layer in params["layers"]:
        h = np.tanh(layer["W"] @ h + layer["b"])
    return np.sum((params["scale"] * h - y) ** 2) / 2


SHAPES = {
    "params": {"layers": [{"W": "m n", "b": "m"}, {"W": "k m", "b": "k"}], "scale": ""},
    "x": "n",
    "y": "k",
}


def test_nested_arguments_for_every_shape() -> None:
    found = derive(network, SHAPES, wrt="params")
    assert found.verdict is not None
    assert (found.verdict.status, found.verdict.scope) == ("proved", "every shape")
    assert found.checked.startswith("derivatives by params.layers[0].W, ")


def test_nested_arrays() -> None:
    rng = np.random.default_rng(0)
    layers = [{"W": rng.normal(size=(3, 2)), "b": rng.normal(size=3)}]
    found = derive(network, {"params": {"layers": layers, "scale": 2.0}, "x": np.ones(2), "y": np.ones(3)})
    assert found.verdict is not None
    assert (found.verdict.status, found.verdict.scope) == ("proved", "these shapes")


def test_a_wrong_derivative_by_a_leaf_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the check of steps: the verdict on the whole sees it too."""
    right = deriving._derivatives

    def doubled(walk: Any) -> Any:
        graph, (first, *rest) = right(walk)
        return graph, [alg.add(graph.store, first, first), *rest]

    monkeypatch.setattr(deriving, "_derivatives", doubled)
    with pytest.raises(SymdiffError, match="A rule is broken"):
        derive(network, SHAPES, wrt="params")


def differences(x: Any) -> Any:
    return np.sum(np.abs(x[1:] - x[:-1]))


def wave(w: Any, x: Any) -> Any:
    return np.sin(w * x)


@pytest.mark.parametrize(
    ("fn", "inputs"), [(differences, {"x": "n"}), (wave, {"w": "", "x": ""}), (lambda x: x, {"x": 1.0})]
)
def test_sizes_at_which_nothing_depends_on_the_input_and_shapes_of_numbers(fn: Any, inputs: Any) -> None:
    found = derive(fn, inputs)
    assert found.verdict is not None
    assert found.verdict.status == "proved"


def test_without_inputs_there_is_nothing_to_derive() -> None:
    with pytest.raises(InputError, match="inputs=none"):
        derive(lambda: 3.0, {})
