"""Attention in several heads: self-attention in torch's layout, cross-attention in keras's."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.library import Array, Case, Entry, Names
from symdiff.library.attention.scaled_products import attention_backward, scaled_dot_product_attention


def _split(x: Array, num_heads: int) -> Array:
    """b n h*d as b h n d."""
    batch, n, wide = x.shape
    return x.reshape(batch, n, num_heads, wide // num_heads).transpose(0, 2, 1, 3)


def _join(x: Array) -> Array:
    """b h n d as b n h*d."""
    batch, heads, n, d = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, n, heads * d)


def _projected(x: Array, W_in: Array, b_in: Array, num_heads: int) -> tuple[Array, Array, Array]:
    """Queries, keys and values of each head, b h n d."""
    z, d = x @ W_in.T + b_in, x.shape[-1]
    return tuple(_split(z[..., start : start + d], num_heads) for start in (0, d, 2 * d))


def multi_head_attention(
    x: Array,
    W_in: Array,
    b_in: Array,
    W_out: Array,
    b_out: Array,
    *,
    num_heads: int = 1,
) -> Array:
    """Multi-head self-attention, ``y = concat(head_1, ..., head_h) W_out' + b_out``.

    Each head is the attention of its own d/h columns of q, k and v, the three parts of ``x W_in' + b_in``.
    ``x`` : b n d; ``W_in`` : 3*d d, the rows of q, k, v under each other; ``b_in`` : 3*d; ``W_out`` : d d; ``b_out`` :
    d; d divisible by ``num_heads``. Smooth.

    >>> x, eye = np.array([[[1.0], [3.0]]]), np.array([[0.0], [0.0], [1.0]])
    >>> multi_head_attention(x, eye, np.zeros(3), np.ones((1, 1)), np.zeros(1)).ravel().tolist()
    [2.0, 2.0]
    """
    q, k, v = _projected(x, W_in, b_in, num_heads)
    return _join(scaled_dot_product_attention(q, k, v)) @ W_out.T + b_out


def _case(heads: int) -> Case:
    wide = f"{heads}*d" if heads > 1 else "d"
    shapes = {"x": f"b n {wide}", "W_in": f"{3 * heads}*d {wide}", "b_in": f"{3 * heads}*d"}
    return Case({**shapes, "W_out": f"{wide} {wide}", "b_out": wide}, {"num_heads": heads})


MULTI_HEAD_ATTENTION = Entry(
    multi_head_attention,
    "attention",
    (_case(2),),
    source="Vaswani, Shazeer, Parmar et al. (2017), section 3.2.2",
    notes="4.4",
    names=Names(
        "torch.nn.MultiheadAttention",
        "flax.linen.MultiHeadDotProductAttention",
        "keras.layers.MultiHeadAttention",
        "torch takes queries, keys and values apart, sequence first unless batch_first; flax and keras have a"
        " kernel d h k for each of q, k and v.",
    ),
    wrt=("x", "W_in", "b_in", "W_out", "b_out"),
)


@MULTI_HEAD_ATTENTION.derivative
def multi_head_attention_backward(
    x: Array,
    W_in: Array,
    b_in: Array,
    W_out: Array,
    b_out: Array,
    y_bar: Array,
    *,
    num_heads: int = 1,
) -> Any:
    """Out of the last product, back through every head, and into the three parts of the first."""
    q, k, v = _projected(x, W_in, b_in, num_heads)
    mixed = _join(scaled_dot_product_attention(q, k, v))
    parts = attention_backward(q, k, v, _split(y_bar @ W_out, num_heads))
    dz = np.concatenate([_join(part) for part in parts], axis=-1)
    dW_out = np.einsum("bni,bnj->ij", y_bar, mixed)
    return dz @ W_in, np.einsum("bni,bnj->ij", dz, x), dz.sum((0, 1)), dW_out, y_bar.sum((0, 1))


MULTI_HEAD_ATTENTION.derivative(
    multi_head_attention_backward, label="other numbers of heads", cases=(_case(1), _case(3))
)


@MULTI_HEAD_ATTENTION.mistake("factor", wrt="b_in", case=_case(3))
def multi_head_attention_scaled_by_the_width(
    x: Array, W_in: Array, b_in: Array, W_out: Array, b_out: Array, y_bar: Array, *, num_heads: int = 1
) -> Any:
    """1/sqrt(d) with the whole width on the way back, instead of the width of a head."""
    q, k, v = _projected(x, W_in, b_in, num_heads)
    dq, dk, dv = attention_backward(q, k, v, _split(y_bar @ W_out, num_heads))
    scale = 1 / np.sqrt(num_heads)
    return np.concatenate([_join(dq) * scale, _join(dk) * scale, _join(dv)], axis=-1).sum((0, 1))


@MULTI_HEAD_ATTENTION.mistake("missing_reduction", wrt="b_out")
def multi_head_attention_bias_of_each_token(
    x: Array, W_in: Array, b_in: Array, W_out: Array, b_out: Array, y_bar: Array, *, num_heads: int = 1
) -> Any:
    """The sum over the batch alone, not over the tokens."""
    return y_bar.sum(0)


def cross_attention(x: Array, memory: Array, W_q: Array, W_k: Array, W_v: Array, W_out: Array) -> Array:
    """Multi-head attention of one sequence to another: queries from ``x``, keys and values from ``memory``.

    ``x`` : b n d; ``memory`` : b m e; ``W_q`` : d h k; ``W_k`` : e h k; ``W_v`` : e h v; ``W_out`` : h v o; no biases.
    Smooth.

    >>> x, memory, one = np.zeros((1, 1, 1)), np.array([[[1.0], [3.0]]]), np.ones((1, 1, 1))
    >>> cross_attention(x, memory, one, one, one, one).tolist()
    [[[2.0]]]
    """
    return np.einsum("bhnv,hvo->bno", _mixed(x, memory, W_q, W_k, W_v), W_out)


def _heads(x: Array, W: Array) -> Array:
    return np.einsum("bnd,dhk->bhnk", x, W)


def _mixed(x: Array, memory: Array, W_q: Array, W_k: Array, W_v: Array) -> Array:
    return scaled_dot_product_attention(_heads(x, W_q), _heads(memory, W_k), _heads(memory, W_v))


CROSS_ATTENTION = Entry(
    cross_attention,
    "attention",
    {"x": "b n d", "memory": "b m e", "W_q": "d h k", "W_k": "e h k", "W_v": "e h v", "W_out": "h v o"},
    source="Vaswani, Shazeer, Parmar et al. (2017), section 3.2.3; Bahdanau, Cho and Bengio (2015)",
    names=Names(
        "torch.nn.MultiheadAttention(kdim=, vdim=)",
        "flax.linen.MultiHeadDotProductAttention",
        "keras.layers.MultiHeadAttention(use_bias=False)",
        "torch has the weights as h*k d, the heads under each other.",
    ),
    wrt=("x", "memory", "W_q", "W_k", "W_v", "W_out"),
)


@CROSS_ATTENTION.derivative
def cross_attention_backward(
    x: Array, memory: Array, W_q: Array, W_k: Array, W_v: Array, W_out: Array, y_bar: Array
) -> Any:
    """The memory gets two gradients, from the keys and from the values."""
    q, k, v = _heads(x, W_q), _heads(memory, W_k), _heads(memory, W_v)
    up = np.einsum("bno,hvo->bhnv", y_bar, W_out)
    dq, dk, dv = attention_backward(q, k, v, up)
    d_memory = np.einsum("bhmk,ehk->bme", dk, W_k) + np.einsum("bhmv,ehv->bme", dv, W_v)
    weights = (np.einsum("bnd,bhnk->dhk", source, d) for source, d in ((x, dq), (memory, dk), (memory, dv)))
    dW_out = np.einsum("bhnv,bno->hvo", scaled_dot_product_attention(q, k, v), y_bar)
    return np.einsum("bhnk,dhk->bnd", dq, W_q), d_memory, *weights, dW_out


@CROSS_ATTENTION.mistake("missing_path", wrt="memory")
def cross_attention_memory_by_the_values_only(
    x: Array, memory: Array, W_q: Array, W_k: Array, W_v: Array, W_out: Array, y_bar: Array
) -> Any:
    """Only the path by the values; the keys come from the memory too."""
    q, k, v = _heads(x, W_q), _heads(memory, W_k), _heads(memory, W_v)
    dv = attention_backward(q, k, v, np.einsum("bno,hvo->bhnv", y_bar, W_out))[2]
    return np.einsum("bhmv,ehv->bme", dv, W_v)
