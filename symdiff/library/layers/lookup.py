"""Embedding: rows of a table by integer index, and the scatter-add that is its gradient."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.verdicts import Verdict


def embedding(indices: Array, weight: Array) -> Array:
    """Rows of a table, ``y[...] = weight[indices[...]]``.

    ``indices`` : integers of any shape, each in [0, v); ``weight`` : v d; the result : the shape of ``indices``,
    then d. Linear in ``weight``.

    >>> embedding(np.array([2, 0]), np.array([[1.0], [2.0], [3.0]])).tolist()
    [[3.0], [1.0]]
    """
    return weight[indices]


EMBEDDING = Entry(
    embedding,
    "layer",
    (Case({"indices": "n", "weight": "v d"}), Case({"indices": "b t", "weight": "v d"})),
    source="Bengio, Ducharme, Vincent and Jauvin (2003), section 2",
    names=Names(
        "torch.nn.functional.embedding",
        "flax.linen.Embed",
        "keras.layers.Embedding",
        "keras and flax have the table as a parameter of the layer.",
    ),
    wrt="weight",
    domain={"indices": "integer"},
)


@EMBEDDING.derivative
def embedding_backward(indices: Array, weight: Array, y_bar: Array) -> Array:
    """A scatter-add: each row of the table gets the sum of the cotangents of its occurrences."""
    dW = np.zeros_like(weight)
    np.add.at(dW, indices, y_bar)
    return dW


@EMBEDDING.fact("A lookup is the product of one-hot rows with the table")
def embedding_is_a_product() -> Verdict:
    """onehot(i) W, where onehot(i)[v] = 1 if v = i."""

    def looked_up(weight: Array, indices: Array) -> Array:
        return embedding(indices, weight)

    def product(weight: Array, indices: Array) -> Array:
        one_hot = np.where(indices[:, None] == np.arange(weight.shape[0]), 1.0, 0.0)
        return one_hot @ weight

    shapes = {"weight": "v d", "indices": "n"}
    return check(looked_up, product, shapes, of="value", domain={"indices": "integer"})


@EMBEDDING.mistake("factor")
def embedding_averaged(indices: Array, weight: Array, y_bar: Array) -> Array:
    """The mean over the batch, which belongs to the loss."""
    return embedding_backward(indices, weight, y_bar) / indices.shape[0]
