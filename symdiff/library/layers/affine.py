"""Affine layers: dense, and the residual block that adds its input again."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.library import Array, Entry, Names


def dense(x: Array, W: Array, b: Array) -> Array:
    """The dense layer, ``y = x W' + b``.

    ``x`` : any number of axes, the last is i; ``W`` : o i; ``b`` : o; linear in each argument.

    >>> dense(np.array([1.0, 2.0]), np.array([[1.0, 1.0], [0.0, 3.0]]), np.array([0.0, 1.0])).tolist()
    [3.0, 7.0]
    """
    return x @ W.T + b


DENSE = Entry(
    dense,
    "layer",
    {"x": "n i", "W": "o i", "b": "o"},
    source="Rosenblatt (1958); Rumelhart, Hinton and Williams (1986), equation 1",
    notes="2.9",
    names=Names(
        "torch.nn.functional.linear",
        "flax.linen.Dense",
        "keras.layers.Dense",
        "flax and keras keep W as i o, the transpose of torch's, and compute x W + b.",
    ),
    wrt=("x", "W", "b"),
)


@DENSE.derivative
def dense_backward(x: Array, W: Array, b: Array, y_bar: Array) -> Any:
    """dx = y_bar W; dW = y_bar' x; db is the sum of y_bar over the batch."""
    return y_bar @ W, y_bar.T @ x, y_bar.sum(0)


@DENSE.mistake("missing_reduction", wrt="b")
def dense_bias_not_summed(x: Array, W: Array, b: Array, y_bar: Array) -> Any:
    """The bias gets the cotangent of every example, with no sum over the batch."""
    return y_bar


@DENSE.mistake("transpose", wrt="W")
def dense_weight_transposed(x: Array, W: Array, b: Array, y_bar: Array) -> Any:
    """x' y_bar: the gradient for weights kept as i o."""
    return x.T @ y_bar


@DENSE.mistake("factor", wrt="W")
def dense_weight_averaged(x: Array, W: Array, b: Array, y_bar: Array) -> Any:
    """Divides by the batch size, which the loss has done already."""
    return y_bar.T @ x / x.shape[0]


def residual(x: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Array:
    """A residual block of two dense layers, ``y = x + W2 relu(W1 x + b1) + b2`` for each row.

    ``x`` : n d; ``W1`` : h d; ``b1`` : h; ``W2`` : d h; ``b2`` : d; not differentiable where a hidden unit is 0.

    >>> one = np.ones((1, 1))
    >>> residual(np.array([[2.0]]), one, np.zeros(1), one, np.zeros(1)).tolist()
    [[4.0]]
    """
    return x + dense(np.maximum(dense(x, W1, b1), 0), W2, b2)


RESIDUAL = Entry(
    residual,
    "layer",
    {"x": "n d", "W1": "h d", "b1": "h", "W2": "d h", "b2": "d"},
    source="He, Zhang, Ren and Sun (2016), equation 1",
    names=Names(
        differs="torch, flax and keras have it only as part of their models (torchvision BasicBlock)."
    ),
    wrt=("x", "W1", "b1", "W2", "b2"),
    kinks="where W1 x + b1 is 0; the slope 0 is taken there, as torch takes it",
)


@RESIDUAL.derivative
def residual_backward(x: Array, W1: Array, b1: Array, W2: Array, b2: Array, y_bar: Array) -> Any:
    """The cotangent goes past the block unchanged, and through it."""
    z = dense(x, W1, b1)
    dz = np.where(z > 0, y_bar @ W2, 0)
    return y_bar + dz @ W1, dz.T @ x, dz.sum(0), y_bar.T @ np.maximum(z, 0), y_bar.sum(0)


@RESIDUAL.mistake("missing_path", wrt="x")
def residual_without_the_skip(x: Array, W1: Array, b1: Array, W2: Array, b2: Array, y_bar: Array) -> Any:
    """Only the path through the block."""
    return np.where(dense(x, W1, b1) > 0, y_bar @ W2, 0) @ W1


@RESIDUAL.mistake("threshold", wrt="W2")
def residual_with_the_preactivation(
    x: Array, W1: Array, b1: Array, W2: Array, b2: Array, y_bar: Array
) -> Any:
    """The weight gradient from what went into the rectifier: the mask is not applied."""
    return y_bar.T @ dense(x, W1, b1)
