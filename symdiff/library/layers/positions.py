"""Where a token stands: the sinusoidal encoding that is added, and the rotary one that turns pairs of features."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Entry, Names
from symdiff.verdicts import Verdict

BASE = 10000.0


def _angles(n: Array, pairs: Array) -> Array:
    """``p / 10000^(i / pairs)`` for position p and pair i: n pairs."""
    return np.arange(n)[:, None] * BASE ** (-np.arange(pairs) / pairs)


def positional_encoding(x: Array) -> Array:
    """The sinusoidal encoding: ``y[p, 2i] = x[p, 2i] + sin(a)``, ``y[p, 2i+1] = x[p, 2i+1] + cos(a)``.

    The angle is ``a = p / 10000^(2i/d)``. ``x`` : b n d, with d even. Linear up to a constant.

    >>> positional_encoding(np.zeros((1, 1, 4))).ravel().tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    _, n, d = x.shape
    angles = _angles(n, d // 2)
    return x + np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(n, d)


POSITIONAL_ENCODING = Entry(
    positional_encoding,
    "layer",
    {"x": "b n 2*d"},
    source="Vaswani, Shazeer, Parmar et al. (2017), section 3.5",
    names=Names(
        keras="keras_hub.layers.SinePositionEncoding",
        differs="torch and flax have no such layer; the tutorials of torch add the same numbers.",
    ),
)


@POSITIONAL_ENCODING.derivative
def positional_encoding_backward(x: Array, y_bar: Array) -> Array:
    """The encoding does not depend on x: the cotangent goes through unchanged."""
    return y_bar


@POSITIONAL_ENCODING.mistake("factor")
def positional_encoding_scaled(x: Array, y_bar: Array) -> Array:
    """sqrt(d), by which a transformer multiplies its embedding before this layer, not in it."""
    return np.sqrt(x.shape[-1]) * y_bar


def _turned(x: Array, sign: int) -> Array:
    """Each pair (x[2i], x[2i+1]) turned by its angle, or back."""
    *front, n, d = x.shape
    pairs = x.reshape(*front, n, d // 2, 2)
    angles = _angles(n, d // 2)
    cos, sin = np.cos(angles), sign * np.sin(angles)
    first, second = pairs[..., 0], pairs[..., 1]
    return np.stack([first * cos - second * sin, first * sin + second * cos], axis=-1).reshape(x.shape)


def rotary_embedding(x: Array) -> Array:
    """The rotary encoding: the pair ``(x[p, 2i], x[p, 2i+1])`` is turned by the angle ``p / 10000^(2i/d)``.

    ``x`` : b n d, with d even. Linear, and an isometry.

    >>> rotary_embedding(np.array([[[3.0, 4.0]]])).tolist()
    [[[3.0, 4.0]]]
    """
    return _turned(x, 1)


ROTARY_EMBEDDING = Entry(
    rotary_embedding,
    "layer",
    {"x": "b n 2*d"},
    source="Su, Lu, Pan, Murtadha, Wen and Liu (2021), equation 34",
    names=Names(
        torch="torchtune.modules.RotaryPositionalEmbeddings",
        keras="keras_hub.layers.RotaryEmbedding",
        differs="keras_hub turns feature i together with feature i + d/2, torchtune neighbours, as here.",
    ),
)


@ROTARY_EMBEDDING.derivative
def rotary_embedding_backward(x: Array, y_bar: Array) -> Array:
    """The transpose of a rotation turns back."""
    return _turned(y_bar, -1)


@ROTARY_EMBEDDING.mistake("chain")
def rotary_embedding_passed_through(x: Array, y_bar: Array) -> Array:
    """The cotangent unchanged, as for an encoding that is added."""
    return y_bar


@ROTARY_EMBEDDING.fact("It keeps every length: the sum of squares is that of the input")
def rotary_embedding_keeps_lengths() -> Verdict:
    """cos^2 + sin^2 = 1."""

    def length(x: Array) -> Any:
        return (rotary_embedding(x) ** 2).sum(-1)

    return check(length, lambda x: (x**2).sum(-1), {"x": "b n 2*d"}, of="value")
