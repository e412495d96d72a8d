"""Are formulas written as people write them: matrices, indices, functions by their names?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

import symdiff as sd
from symdiff.derivations.writing.equations import definitions, equations


def softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def cross_entropy(z: Any, y: Any) -> Any:
    p = softmax(z)
    return -np.sum(y * np.log(p))


def attention(Q: Any, K: Any, V: Any) -> Any:
    S = Q @ K.T / np.sqrt(Q.shape[1])
    P = softmax(S)
    return P @ V


def layer_norm(x: Any, g: Any, b: Any) -> Any:
    m = np.mean(x, axis=-1, keepdims=True)
    c = x - m
    s = np.sqrt(np.mean(c**2, axis=-1, keepdims=True) + 1e-5)
    return g * c / s + b


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + special.erf(x / np.sqrt(2)))


def swish(x: Any) -> Any:
    return x / (1 + np.exp(-x))


def heads(x: Any, W: Any, of: Any) -> Any:
    h, d = of.shape
    return (x @ W).reshape(x.shape[0], h, d).transpose(1, 0, 2)


def convolution(x: Any, w: Any) -> Any:
    return np.sum(np.lib.stride_tricks.sliding_window_view(x, 3) * w, axis=-1)


def embedding(E: Any, ids: Any) -> Any:
    return E[ids]


def weights(X: Any, delta: Any) -> Any:
    return np.einsum("bni,bnj->ij", X, delta)


EQUATIONS = [
    (cross_entropy, {"z": "b c", "y": "b c"}, "p", r"p = \operatorname{softmax}\left(z\right)"),
    (cross_entropy, {"z": "b c", "y": "b c"}, "L", r"L = -\sum_{ij} y_{ij} \log{\left(p_{ij} \right)}"),
    (
        cross_entropy, {"z": "b c", "y": "b c"}, "dL_dz",
        r"\frac{\partial L}{\partial z_{ij}} = p_{ij} \, \left(\frac{\partial L}{\partial p_{ij}} - "
        r"\sum_{k} \frac{\partial L}{\partial p_{ik}} \, p_{ik}\right)",
    ),
    (cross_entropy, {"z": "c", "y": "c"}, "L", r"L = -y^{\top} \log{\left(p \right)}"),
    (attention, {"Q": "n d", "K": "m d", "V": "m e"}, "S", r"S = \frac{Q K^{\top}}{\sqrt{d}}"),
    (attention, {"Q": "n d", "K": "m d", "V": "m e"}, "K_bar", r"\bar{K} = \frac{\bar{S}^{\top} Q}{\sqrt{d}}"),
    (layer_norm, {"x": "n d", "g": "d", "b": "d"}, "y", r"y_{ij} = \frac{g_{j} c_{ij}}{s_{i}} + b_{j}"),
    (layer_norm, {"x": "n d", "g": "d", "b": "d"}, "c", r"c = x - m \mathbf{1}^{\top}"),
    (gelu, {"x": "n"}, "y", r"y = \operatorname{GELU}\left(x\right)"),
    (
        gelu, {"x": "n"}, "x_bar",
        r"\bar{x} = \bar{y} \odot \left(\Phi\left(x\right) + x \odot \varphi\left(x\right)\right)",
    ),
    (swish, {"x": "n"}, "y", r"y = \operatorname{SiLU}\left(x\right)"),
    (heads, {"x": "n D", "W": "D h*d", "of": "h d"}, "y", r"y_{lim} = \sum_{j} x_{ij} W_{j,(lm)}"),
    (convolution, {"x": "n", "w": "3"}, "y", r"y_{k} = \sum_{j} x_{k+j} w_{j}"),
    (weights, {"X": "b n i", "delta": "b n j"}, "y", r"y = \sum_{\text{batch}} X^{\top} \delta"),
]  # fmt: skip


@pytest.mark.parametrize(("fn", "inputs", "quantity", "shown"), EQUATIONS)
def test_equation(fn: Any, inputs: dict[str, Any], quantity: str, shown: str) -> None:
    derivation = sd.explain(fn, inputs)
    told = {s.quantity: str(e) for s, e in zip(derivation.steps, equations(derivation), strict=True)}
    assert told[quantity] == shown


def test_entries_at_positions_that_are_data() -> None:
    derivation = sd.explain(embedding, {"E": np.ones((4, 2)), "ids": np.array([1, 3, 1])})
    told = [str(e) for e in equations(derivation)]
    assert r"y_{kj} = E_{\mathit{ids}_{k},j}" in told
    assert r"\bar{E}_{ij} = \sum_{k} \bar{y}_{kj} \, \delta_{\mathit{ids}_{k},i}" in told


def test_index_notation_beside_matrix_notation() -> None:
    derivation = sd.explain(attention, {"Q": "n d", "K": "m d", "V": "m e"})
    told = [str(e) for e in equations(derivation, style="index")]
    assert r"\bar{V}_{kl} = \sum_{i} \bar{y}_{il} P_{ik}" in told
    assert all("top" not in text for text in told)


def test_functions_that_are_named_are_defined() -> None:
    meanings = definitions(sd.explain(gelu, {"x": "n"}))
    assert [text.partition("(")[0] for text in meanings] == [r"\operatorname{GELU}", r"\Phi", r"\varphi"]


def test_long_formulas_take_the_names_of_inner_functions() -> None:
    def inner(x: Any) -> Any:
        centred = x - np.mean(x)
        return np.sin(centred) * np.exp(centred) / np.sqrt(np.mean(centred**2) + 1)

    def outer(x: Any) -> Any:
        return np.sum(np.tanh(inner(x) * 3) * x)

    quantities = [step.quantity for step in sd.explain(outer, {"x": "n"}).phase("forward")]
    assert quantities == ["x", "centred", "inner", "L"]


def test_graphs_in_latex() -> None:
    assert sd.trace(lambda W, x: W @ x, "m n", "n").to_latex() == "W x"  # type: ignore[attr-defined]

    def several(W: Any, x: Any) -> Any:
        z = sd.name(W @ x, "z")
        return np.tanh(z), np.sum(z**2)

    assert sd.trace(several, "m n", "n").to_latex() == (  # type: ignore[attr-defined]
        r"\begin{aligned} z &= W x \\ & \tanh{\left(z \right)} \\ & \lVert z \rVert^{2} \end{aligned}"
    )


def test_a_quantity_called_sigma_leaves_no_function_its_letter() -> None:
    def gated(z: Any, sigma: Any) -> Any:
        return np.sum(z / (1 + np.exp(-z)) * sigma)

    told = definitions(sd.explain(gated, {"z": "n", "sigma": "n"}))
    assert told == (
        r"\operatorname{SiLU}(z) = z \, \operatorname{sigmoid}(z)",
        r"\operatorname{sigmoid}(z) = \frac{1}{1 + e^{-z}}",
    )
    plain = definitions(sd.explain(lambda z: np.sum(z / (1 + np.exp(-z))), {"z": "n"}))
    assert plain == (r"\sigma(z) = \frac{1}{1 + e^{-z}}", r"\operatorname{SiLU}(z) = z \, \sigma(z)")
