"""Do the layers compute what their definitions say, in integers with ==, and what at the edges?

Empty batches, kernels that do not fit, ties, rows without a key, a table row that is looked up twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.library import Entry, find, registry

Function = Callable[..., Any]
LAYERS = [entry for entry in registry() if entry.kind in ("layer", "attention")]


def drawn(*shape: int, seed: int = 0) -> Any:
    """Whole numbers from -4 to 4."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(float)


def pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


# Definitions -----------------------------------------------------------------------------------------------


def correlation(
    x: Any, W: Any, b: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """The sum of the definition, entry by entry."""
    (sh, sw), (ph, pw), (dh, dw) = pair(stride), pair(padding), pair(dilation)
    wide = np.zeros((*x.shape[:2], x.shape[2] + 2 * ph, x.shape[3] + 2 * pw))
    wide[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]] = x
    o, i, kh, kw = W.shape
    height = (wide.shape[2] - dh * (kh - 1) - 1) // sh + 1
    width = (wide.shape[3] - dw * (kw - 1) - 1) // sw + 1
    y = np.zeros((x.shape[0], o, height, width))
    for n, c, r, s in np.ndindex(y.shape):
        first = c // (o // groups) * i
        for k, u, v in itertools.product(range(i), range(kh), range(kw)):
            y[n, c, r, s] += W[c, k, u, v] * wide[n, first + k, r * sh + u * dh, s * sw + v * dw]
        y[n, c, r, s] += b[c]
    return y


CONVOLUTIONS: tuple[tuple[Mapping[str, Any], tuple[int, ...], tuple[int, ...]], ...] = (
    ({}, (2, 3, 5, 4), (4, 3, 3, 2)),
    ({"stride": 2, "padding": 1}, (2, 3, 5, 4), (4, 3, 3, 3)),
    ({"stride": (1, 3), "padding": (2, 0), "dilation": (2, 1)}, (2, 2, 5, 7), (3, 2, 3, 2)),
    ({"groups": 2, "padding": 1}, (2, 4, 4, 4), (6, 2, 3, 3)),
    ({"groups": 3, "stride": 2}, (1, 3, 4, 5), (3, 1, 1, 2)),
)


@pytest.mark.parametrize(("settings", "image", "kernel"), CONVOLUTIONS, ids=str)
def test_convolution_is_its_definition(
    settings: Mapping[str, Any], image: tuple[int, ...], kernel: tuple[int, ...]
) -> None:
    x, W, b = drawn(*image), drawn(*kernel, seed=1), drawn(kernel[0], seed=2)
    assert np.array_equal(sd.layers.conv2d(x, W, b, **settings), correlation(x, W, b, **settings))


@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2}], ids=str)
def test_convolution_of_one_axis(settings: Mapping[str, Any]) -> None:
    """As one of two axes, of which the other has length 1."""
    groups = settings.get("groups", 1)
    x, W, b = drawn(2, 4, 9), drawn(4, 4 // groups, 3, seed=1), drawn(4, seed=2)
    as_image = {k: v if k == "groups" else (int(k != "padding"), v) for k, v in settings.items()}
    wide = correlation(x[:, :, None], W[:, :, None], b, **as_image)
    assert np.array_equal(sd.layers.conv1d(x, W, b, **settings), wide[:, :, 0])


@pytest.mark.parametrize(
    "settings", [{}, {"stride": 2, "padding": 1, "output_padding": 1}, {"dilation": 2}], ids=str
)
def test_transposed_convolution_is_the_transpose(settings: Mapping[str, Any]) -> None:
    """Its matrix, column by column, is that of the convolution turned."""
    W, b = drawn(3, 2, 3, seed=1), np.zeros(2)
    y = sd.layers.conv_transpose1d(np.zeros((1, 3, 4)), W, b, **settings)
    forward = {k: v for k, v in settings.items() if k != "output_padding"}
    units = np.eye(y.size).reshape(y.size, *y.shape[1:])
    matrix = sd.layers.conv1d(units, W, np.zeros(3), **forward).reshape(y.size, -1)
    x = drawn(1, 3, 4, seed=2)
    assert np.array_equal(sd.layers.conv_transpose1d(x, W, b, **settings).ravel(), matrix @ x.ravel())


@pytest.mark.parametrize(("kernel_size", "stride"), [(2, None), (3, 1), ((2, 3), (1, 2))])
def test_pooling_is_its_definition(kernel_size: Any, stride: Any) -> None:
    x = drawn(2, 3, 6, 7)
    (kh, kw), (sh, sw) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    rows, columns = range(0, 6 - kh + 1, sh), range(0, 7 - kw + 1, sw)
    windows = np.array([[x[:, :, r : r + kh, c : c + kw] for c in columns] for r in rows])
    largest, total = (np.moveaxis(f(windows, axis=(4, 5)), (0, 1), (2, 3)) for f in (np.max, np.sum))
    settings = {"kernel_size": kernel_size, "stride": stride}
    assert np.array_equal(sd.layers.max_pool2d(x, **settings), largest)
    assert np.array_equal(sd.layers.avg_pool2d(x, **settings), total / (kh * kw))


def test_recurrent_layers_repeat_their_cells() -> None:
    x, h = drawn(3, 2, 4), drawn(2, 5, seed=1)
    for name, gates in (("rnn", 1), ("gru", 3)):
        W = [drawn(gates * 5, k, seed=k) for k in (4, 5)] + [drawn(gates * 5, seed=k) for k in (6, 7)]
        states, state = [], h
        for x_t in x:
            state = find(f"{name}_cell").fn(x_t, state, *W)
            states.append(state)
        assert np.array_equal(find(name).fn(x, h, *W), np.stack(states))


def angles(n: int, d: int) -> Any:
    """Position by position, pair by pair; in Python's own floats."""
    return np.array([[p / 10000.0 ** (2 * i / d) for i in range(d // 2)] for p in range(n)])


def test_positional_encoding_is_its_definition() -> None:
    """An angle below n has an error of a few n ulps of 1, and so have its sine and cosine."""
    n, d = 6, 8
    y = sd.layers.positional_encoding(np.zeros((1, n, d)))[0]
    bound = 8 * n * np.finfo(float).eps
    assert np.max(np.abs(y[:, 0::2] - np.sin(angles(n, d)))) <= bound
    assert np.max(np.abs(y[:, 1::2] - np.cos(angles(n, d)))) <= bound


def test_rotary_embedding_is_a_complex_product() -> None:
    """Each pair times exp(i a); the error is a few n ulps of the pair's length."""
    n, d, x = 6, 8, np.random.default_rng(0).standard_normal((2, 6, 8))
    z = x[..., 0::2] + 1j * x[..., 1::2]
    turned = z * np.exp(1j * angles(n, d))
    y = sd.layers.rotary_embedding(x)
    bound = 8 * n * np.finfo(float).eps * np.abs(z)
    assert np.all(np.abs(y[..., 0::2] + 1j * y[..., 1::2] - turned) <= bound)


# Edges -----------------------------------------------------------------------------------------------------


def _empty(entry: Entry) -> dict[str, Any]:
    """Inputs of the first case whose batch (b, or n where there is no b) is empty, all other axes short."""
    shapes = {name: text.split() for name, text in entry.cases[0].inputs.items()}
    batch = "b" if any("b" in shape for shape in shapes.values()) else "n"
    inputs: dict[str, Any] = {}
    for name, shape in shapes.items():
        dtype = int if entry.domain.get(name) == "integer" else float
        inputs[name] = np.ones([0 if size == batch else _length(size) for size in shape], dtype)
    return inputs


def _length(size: str) -> int:
    return int(np.prod([int(part) if part.isdigit() else 3 for part in size.split("*")]))


BATCHED = [entry for entry in LAYERS if entry.name != "batch_norm"]


@pytest.mark.parametrize("entry", BATCHED, ids=lambda entry: entry.name)
def test_empty_batch(entry: Entry) -> None:
    """The result is empty, and so is its gradient; parameters get gradients of zeros."""
    inputs, settings = _empty(entry), dict(entry.cases[0].settings)
    y = entry.fn(*inputs.values(), **settings)
    outputs = y if isinstance(y, tuple) else (y,)
    assert all(np.size(part) == 0 for part in outputs)
    slopes = entry.claims[0].claim(*inputs.values(), y, **settings)
    names = entry.wrt if isinstance(entry.wrt, tuple) else (entry.wrt,)
    for name, slope in zip(names, slopes if isinstance(slopes, tuple) else (slopes,), strict=True):
        wanted = inputs[name] if isinstance(name, str) else next(iter(inputs.values()))
        assert slope.shape == wanted.shape
        assert not np.any(slope)


def test_batch_norm_of_an_empty_batch() -> None:
    """There is no mean, which NumPy says; the result is empty, and the parameters get zeros."""
    entry, x = find("batch_norm"), np.zeros((0, 3))
    with pytest.warns(RuntimeWarning):
        assert entry.fn(x, np.ones(3), np.ones(3)).shape == (0, 3)
    with pytest.warns(RuntimeWarning):
        dx, dgamma, dbeta = entry.claims[0].claim(x, np.ones(3), np.ones(3), x)
    assert dx.shape == (0, 3)
    assert not np.any(dgamma)
    assert not np.any(dbeta)


def test_batch_norm_of_one_example() -> None:
    """The variance is 0: the output is beta, and nothing reaches x."""
    entry, x = find("batch_norm"), np.array([[3.0, -2.0]])
    beta = np.array([0.5, 0.25])
    assert np.array_equal(entry.fn(x, np.ones(2), beta), beta[None])
    dx, dgamma, _ = entry.claims[0].claim(x, np.ones(2), beta, np.ones((1, 2)))
    assert not np.any(dx)
    assert not np.any(dgamma)


def test_kernel_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"the kernel \(4,\) is longer than the padded image \(3,\)"):
        sd.layers.conv1d(np.ones((1, 1, 3)), np.ones((1, 1, 4)), np.ones(1))
    with pytest.raises(ValueError, match="longer than the padded image"):
        sd.layers.max_pool2d(np.ones((1, 1, 1, 4)))


def test_a_query_without_a_key_gets_zeros() -> None:
    q, k, v = drawn(2, 3), drawn(4, 3, seed=1), drawn(4, 5, seed=2)
    mask = np.array([[False] * 4, [True, False, False, False]])
    y = sd.attention.scaled_dot_product_attention(q, k, v, mask)
    assert np.array_equal(y, np.stack([np.zeros(5), v[0]]))


def test_attention_of_large_scores() -> None:
    """Logits of 1e4, also where the largest is hidden."""
    q, k = np.array([[1e4]]), np.array([[1.0], [0.5], [-1.0]])
    v = np.array([[1.0], [2.0], [3.0]])
    attend = sd.attention.scaled_dot_product_attention
    assert attend(q, k, v).item() == 1
    assert attend(q, k, v, np.array([[False, True, True]])).item() == 2
    assert attend(q, k, v, np.array([[False, False, True]])).item() == 3


# Wrong twins that have no name yet ----------------------------------------------------------------------------


def embedding_assigned(indices: Any, weight: Any, y_bar: Any) -> Any:
    """Assigns where it should add."""
    dW = np.zeros_like(weight)
    dW[indices] = y_bar
    return dW


def test_embedding_that_assigns_is_refuted() -> None:
    """The smallest example has an index twice."""
    shapes = {"indices": "n", "weight": "v d"}
    domain = {"indices": "integer"}
    verdict = sd.check(sd.layers.embedding, embedding_assigned, shapes, wrt="weight", of="vjp", domain=domain)
    assert verdict.status == "refuted"
    assert verdict.witness is not None
    indices = np.asarray(verdict.witness.inputs["indices"])
    assert len(np.unique(indices)) < indices.size


def kernel_not_flipped(x: Any, W: Any, b: Any, y_bar: Any) -> Any:
    """The padded cotangent correlated with the kernel as it is, instead of with the kernel turned by 180 degrees."""
    kernel = W.transpose(1, 0, 2, 3)
    return sd.layers.conv2d(y_bar, kernel, np.zeros(kernel.shape[0]), padding=W.shape[2] - 1)


def to_every_entry(x: Any, y_bar: Any) -> Any:
    """Every entry of a window gets its cotangent, the largest or not."""
    return np.repeat(y_bar, 2, axis=2)


WRONG: tuple[tuple[Function, Function, Mapping[str, str]], ...] = (
    (sd.layers.conv2d, kernel_not_flipped, {"x": "b i 4 4", "W": "o i 3 3", "b": "o"}),
    (sd.layers.max_pool1d, to_every_entry, {"x": "b c 6"}),
)


@pytest.mark.parametrize(("fn", "claim", "shapes"), WRONG, ids=lambda value: getattr(value, "__name__", ""))
def test_wrong_twin_is_refuted(fn: Function, claim: Function, shapes: Mapping[str, str]) -> None:
    verdict = sd.check(fn, claim, dict(shapes), wrt="x", of="vjp")
    assert verdict.status == "refuted"
    assert verdict.witness is not None
    assert verdict.witness.certified
