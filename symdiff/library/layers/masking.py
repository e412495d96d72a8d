"""Dropout, with the mask given, so that the layer is a function."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Entry, Names
from symdiff.verdicts import Verdict


def dropout(x: Array, mask: Array, p: Array = 0.5) -> Array:
    """Dropout with a given mask, ``y = x mask / (1 - p)``.

    ``x`` : any shape; ``mask`` : the same, 1 where an entry is kept; ``p`` : the probability of dropping one,
    in [0, 1). Linear in ``x``.

    >>> dropout(np.array([1.0, 2.0]), np.array([True, False]), 0.5).tolist()
    [2.0, 0.0]
    """
    return np.where(mask, x / (1 - p), 0)


DROPOUT = Entry(
    dropout,
    "layer",
    {"x": "n d", "mask": "n d", "p": ""},
    source="Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), section 10 (scaled in training)",
    names=Names(
        "torch.nn.functional.dropout",
        "flax.linen.Dropout",
        "keras.layers.Dropout",
        "All draw the mask themselves; torch takes p = 1 too and gives zeros.",
    ),
    wrt="x",
    domain={"mask": "boolean"},
)


@DROPOUT.derivative
def dropout_backward(x: Array, mask: Array, p: Array, y_bar: Array) -> Array:
    """The same mask and the same factor on the cotangent."""
    return np.where(mask, y_bar / (1 - p), 0)


@DROPOUT.mistake("factor")
def dropout_without_the_scale(x: Array, mask: Array, p: Array, y_bar: Array) -> Array:
    """The mask without 1/(1 - p)."""
    return np.where(mask, y_bar, 0)


@DROPOUT.mistake("threshold")
def dropout_without_the_mask(x: Array, mask: Array, p: Array, y_bar: Array) -> Array:
    """The dropped entries get their cotangent too."""
    return y_bar / (1 - p)


@DROPOUT.fact("The expectation over the mask is the input")
def dropout_keeps_the_mean() -> Verdict:
    """Each entry is kept with probability 1 - p, and lost with probability p."""

    def expected(x: Array, p: Array) -> Array:
        return (1 - p) * dropout(x, np.ones(x.shape) > 0, p) + p * dropout(x, np.zeros(x.shape) > 0, p)

    return check(expected, lambda x, p: x, {"x": "n d", "p": ""}, of="value")


@DROPOUT.fact("The variance over the mask is x^2 p / (1 - p)")
def dropout_adds_variance() -> Verdict:
    """The noise that dropout multiplies in."""

    def variance(x: Array, p: Array) -> Array:
        kept, lost = dropout(x, np.ones(x.shape) > 0, p), dropout(x, np.zeros(x.shape) > 0, p)
        return (1 - p) * (kept - x) ** 2 + p * (lost - x) ** 2

    return check(variance, lambda x, p: x**2 * p / (1 - p), {"x": "n d", "p": ""}, of="value")
