"""Scaled dot-product attention, with a mask of what may be seen, and the causal kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.verdicts import Verdict


def turned(x: Array) -> Array:
    """The last two axes exchanged."""
    return np.swapaxes(x, -1, -2)


def attention_weights(q: Array, k: Array, mask: Array | None = None, is_causal: bool = False) -> Array:
    """``softmax(q k' / sqrt(d))`` over the keys: those that a boolean mask shows, or with a mask of numbers added."""
    scores = q @ turned(k) / np.sqrt(q.shape[-1])
    if is_causal:
        return _softmax_where(np.tri(q.shape[-2], k.shape[-2]) > 0, scores)
    if mask is not None and mask.dtype == bool:
        shown = mask | ~mask.any(-1, keepdims=True)
        return np.where(mask, _softmax_where(shown, scores), 0)
    scores = scores if mask is None else scores + mask
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _softmax_where(shown: Array, scores: Array) -> Array:
    """The softmax of what is shown in each row, of which there is something."""
    seen = np.where(shown, scores, scores.min(-1, keepdims=True))
    e = np.where(shown, np.exp(seen - seen.max(-1, keepdims=True)), 0)
    return e / e.sum(-1, keepdims=True)


def scaled_dot_product_attention(
    q: Array, k: Array, v: Array, mask: Array | None = None, *, is_causal: bool = False
) -> Array:
    """Attention, ``y = softmax(q k' / sqrt(d)) v``.

    ``q`` : ... n d; ``k`` : ... m d; ``v`` : ... m e, with m > 0; ``mask`` : n m, booleans, True where a query may
    see a key (a query that sees none gets 0), or numbers that are added to the scores. With ``is_causal`` query i
    sees the keys up to i. Smooth.

    >>> q, k, v = np.zeros((1, 1)), np.zeros((2, 1)), np.array([[1.0], [3.0]])
    >>> scaled_dot_product_attention(q, k, v).tolist()
    [[2.0]]
    >>> scaled_dot_product_attention(q, k, v, np.array([[False, True]])).tolist()
    [[3.0]]
    """
    return attention_weights(q, k, mask, is_causal) @ v


_PLAIN = {"q": "n d", "k": "m d", "v": "m e"}
SCALED_DOT_PRODUCT_ATTENTION = Entry(
    scaled_dot_product_attention,
    "attention",
    (
        Case(_PLAIN),
        Case({"q": "b h n d", "k": "b h m d", "v": "b h m e"}),
        Case({"q": "n d", "k": "n d", "v": "n e"}, {"is_causal": True}),
    ),
    source="Vaswani, Shazeer, Parmar et al. (2017), equation 1",
    notes="4.4",
    names=Names(
        "torch.nn.functional.scaled_dot_product_attention",
        "jax.nn.dot_product_attention",
        "keras.ops.dot_product_attention",
        "torch also adds a float mask to the scores; jax and keras have b n h d and call a boolean mask mask=.",
    ),
    wrt=("q", "k", "v"),
)


def scores_backward(P: Array, v: Array, y_bar: Array) -> Array:
    """The gradient by what goes into the softmax: P (dP - the sum of dP P over the keys), with dP = y_bar v'."""
    dP = y_bar @ turned(v)
    return P * (dP - (dP * P).sum(-1, keepdims=True))


def attention_backward(
    q: Array, k: Array, v: Array, y_bar: Array, mask: Array | None = None, is_causal: bool = False
) -> Any:
    """By q, k and v: the scores' gradient with the keys, with the queries, and the weights with the cotangent."""
    P = attention_weights(q, k, mask, is_causal)
    dS = scores_backward(P, v, y_bar) / np.sqrt(q.shape[-1])
    return dS @ k, turned(dS) @ q, turned(P) @ y_bar


@SCALED_DOT_PRODUCT_ATTENTION.derivative
def scaled_dot_product_attention_backward(
    q: Array, k: Array, v: Array, y_bar: Array, *, is_causal: bool = False
) -> Any:
    """By q, k and v; the rule of the softmax takes the row's own mean away."""
    return attention_backward(q, k, v, y_bar, None, is_causal)


@SCALED_DOT_PRODUCT_ATTENTION.derivative(label="from the output")
def attention_backward_from_the_output(
    q: Array, k: Array, v: Array, y_bar: Array, *, is_causal: bool = False
) -> Any:
    """The row term from the output, sum(y_bar y), as FlashAttention has it: a sum over e instead of over m."""
    P = attention_weights(q, k, None, is_causal)
    row = (y_bar * (P @ v)).sum(-1, keepdims=True)
    dS = P * (y_bar @ turned(v) - row) / np.sqrt(q.shape[-1])
    return dS @ k, turned(dS) @ q, turned(P) @ y_bar


@SCALED_DOT_PRODUCT_ATTENTION.mistake("missing_path", wrt="q")
def attention_without_the_row_term(q: Array, k: Array, v: Array, y_bar: Array) -> Any:
    """The diagonal of the softmax's Jacobian only, P dP."""
    return attention_weights(q, k) * (y_bar @ turned(v)) @ k / np.sqrt(q.shape[-1])


@SCALED_DOT_PRODUCT_ATTENTION.mistake("factor", wrt="q")
def attention_without_the_scale(q: Array, k: Array, v: Array, y_bar: Array) -> Any:
    """No 1/sqrt(d) on the way back."""
    return attention_backward(q, k, v, y_bar)[0] * np.sqrt(q.shape[-1])


@SCALED_DOT_PRODUCT_ATTENTION.mistake("transpose", wrt="v", case=Case({"q": "n d", "k": "n d", "v": "n e"}))
def attention_values_not_transposed(q: Array, k: Array, v: Array, y_bar: Array) -> Any:
    """P y_bar where P' y_bar belongs."""
    return attention_weights(q, k) @ y_bar


@SCALED_DOT_PRODUCT_ATTENTION.fact("Every row of the weights sums to one")
def attention_rows_sum_to_one() -> Verdict:
    """The output for values that are all one is one."""
    return check(
        lambda q, k: attention_weights(q, k).sum(-1),
        lambda q, k: np.ones(q.shape[0]),
        {"q": "n d", "k": "m d"},
        of="value",
    )


@SCALED_DOT_PRODUCT_ATTENTION.fact(
    "The gradient by the scores sums to 0 over the keys, whatever the cotangent"
)
def attention_scores_gradient_is_centred() -> Verdict:
    """What a softmax does not see, it sends nothing to."""
    return check(
        lambda q, k, v, y_bar: scores_backward(attention_weights(q, k), v, y_bar).sum(-1),
        lambda q, k, v, y_bar: np.zeros(q.shape[0]),
        {**_PLAIN, "y_bar": "n e"},
        of="value",
    )


@SCALED_DOT_PRODUCT_ATTENTION.fact("A shift of all keys by one vector changes nothing")
def attention_does_not_see_a_shift() -> Verdict:
    """It adds one number to every score of a query."""
    return check(
        lambda q, k, v, s: scaled_dot_product_attention(q, k + s, v),
        lambda q, k, v, s: scaled_dot_product_attention(q, k, v),
        {**_PLAIN, "s": "d"},
        of="value",
    )


@SCALED_DOT_PRODUCT_ATTENTION.fact("The gradient by a mask of numbers is the gradient by the scores")
def attention_with_an_added_mask() -> Verdict:
    """For every mask that is added; q, k and v get their gradients as without one."""

    def backward(q: Array, k: Array, v: Array, mask: Array, y_bar: Array) -> Any:
        by_mask = scores_backward(attention_weights(q, k, mask), v, y_bar)
        return *attention_backward(q, k, v, y_bar, mask), by_mask

    shapes = {**_PLAIN, "mask": "n m"}
    return check(scaled_dot_product_attention, backward, shapes, wrt=("q", "k", "v", "mask"), of="vjp")


@SCALED_DOT_PRODUCT_ATTENTION.fact(
    "The gradient is right under a mask of booleans, also for a query that sees no key"
)
def attention_with_a_boolean_mask() -> Verdict:
    """Three queries, of which the second sees nothing."""
    mask = np.array([[True, False, True], [False, False, False], [False, True, False]])
    return check(
        lambda q, k, v: scaled_dot_product_attention(q, k, v, mask),
        lambda q, k, v, y_bar: attention_backward(q, k, v, y_bar, mask),
        {"q": "3 d", "k": "3 d", "v": "3 e"},
        wrt=("q", "k", "v"),
        of="vjp",
    )
