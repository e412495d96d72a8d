"""Attention: softmax, scale, masks and heads, with the slips of hand-written backward passes."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths

PAIRS = Pairs()
# fmt: off

Q32, K42, V43 = eighths(1, 3, 2), eighths(2, 4, 2), eighths(3, 4, 3)
CROSS = (Q32 / 2, K42 / 2, V43)
SAME = (eighths(4, 3, 3) / 2, eighths(5, 3, 3) / 2, eighths(6, 3, 3))
QKV = ("Q", "K", "V")


def softmax(S, axis=-1):
    E = np.exp(S - np.max(S, axis=axis, keepdims=True))
    return E / np.sum(E, axis=axis, keepdims=True)


def attention(Q, K, V):
    return softmax(Q @ K.T / np.sqrt(Q.shape[-1])) @ V


def attention_backward(Q, K, V, g):
    c = 1 / np.sqrt(Q.shape[-1])
    P = softmax(c * Q @ K.T)
    dP = g @ V.T
    dS = P * (dP - np.sum(dP * P, axis=-1, keepdims=True))
    return c * dS @ K, c * dS.T @ Q, P.T @ g


def unscaled(Q, K, V, g):
    P = softmax(Q @ K.T / np.sqrt(Q.shape[-1]))
    dP = g @ V.T
    dS = P * (dP - np.sum(g * (P @ V), axis=-1, keepdims=True))
    return dS @ K, dS.T @ Q, P.T @ g


def keys_unscaled(Q, K, V, g):
    dQ, dK, dV = attention_backward(Q, K, V, g)
    return dQ, np.sqrt(K.shape[-1]) * dK, dV


def rows_unnormalised(Q, K, V, g):
    c = 1 / np.sqrt(Q.shape[-1])
    P = softmax(Q @ K.T * c)
    dS = P * (g @ V.T)
    return dS @ K * c, dS.T @ Q * c, P.T @ g


def columns_normalised(Q, K, V, g):
    c = Q.shape[-1] ** -0.5
    P = softmax(Q @ K.T * c)
    dP = g @ V.T
    dS = P * (dP - np.sum(dP * P, axis=0, keepdims=True))
    return dS @ K * c, dS.T @ Q * c, P.T @ g


def keys_untransposed(Q, K, V, g):
    c = Q.shape[-1] ** -0.5
    P = softmax(Q @ K.T * c)
    dP = g @ V.T
    dS = P * (dP - np.sum(dP * P, axis=1, keepdims=True))
    return dS @ K * c, dS @ Q * c, P.T @ g


def values_untransposed(Q, K, V, g):
    dQ, dK, _ = attention_backward(Q, K, V, g)
    P = softmax(Q @ K.T / np.sqrt(Q.shape[-1]))
    return dQ, dK, P @ g


def queries_for_keys(Q, K, V, g):
    dQ, dK, dV = attention_backward(Q, K, V, g)
    return dK, dQ, dV


def softmax_over_queries(Q, K, V, g):
    c = Q.shape[-1] ** -0.5
    P = softmax(Q @ K.T * c, axis=0)
    dP = g @ V.T
    dS = P * (dP - np.sum(dP * P, axis=0, keepdims=True))
    return c * dS @ K, c * dS.T @ Q, P.T @ g


def delta_of_values(Q, K, V, g):
    c = Q.shape[-1] ** -0.5
    P = softmax(Q @ K.T * c)
    delta = np.sum(g * V, axis=-1, keepdims=True)
    dS = P * (g @ V.T - delta)
    return c * dS @ K, c * dS.T @ Q, P.T @ g


for name, kind, wrong, inputs in (
    ("attention without 1/sqrt(d)", "factor", unscaled, CROSS),
    ("attention, keys without 1/sqrt(d)", "factor", keys_unscaled, CROSS),
    ("attention, sum of the softmax forgotten", "missing_path", rows_unnormalised, CROSS),
    ("attention, row term over columns", "wrong_axis", columns_normalised, CROSS),
    ("attention, dS not transposed", "transpose", keys_untransposed, SAME),
    ("attention, P not transposed", "transpose", values_untransposed, SAME),
    ("attention, dQ and dK exchanged", "swapped", queries_for_keys, SAME),
    ("attention, softmax over queries", "wrong_axis", softmax_over_queries, CROSS),
    ("attention, V for O in delta", "stale", delta_of_values, SAME),
):
    PAIRS.add(
        name, kind, attention, inputs=inputs, wrt=QKV, of="vjp", wrong=wrong, right=attention_backward
    )

LOWER = np.tril(np.ones((3, 3)))


def causal_weights(Q, K, allowed):
    S = Q @ K.T / np.sqrt(Q.shape[-1])
    E = np.exp(S) * allowed
    return E / np.sum(E, axis=-1, keepdims=True)


def causal(Q, K, V):
    return causal_weights(Q, K, LOWER) @ V


def causal_backward(Q, K, V, g, allowed=LOWER):
    P = causal_weights(Q, K, allowed)
    dP = g @ V.T
    dS = P * (dP - np.sum(dP * P, axis=-1, keepdims=True)) / np.sqrt(Q.shape[-1])
    return dS @ K, dS.T @ Q, P.T @ g


PAIRS.add(
    "causal attention, mask forgotten backwards", "threshold", causal, inputs=SAME, wrt=QKV, of="vjp",
    wrong=attention_backward, right=causal_backward,
)
PAIRS.add(
    "causal attention, mask one diagonal too far", "threshold", causal, inputs=SAME, wrt=QKV, of="vjp",
    wrong=lambda Q, K, V, g: causal_backward(Q, K, V, g, np.tril(np.ones((3, 3)), 1)),
    right=causal_backward,
)


def split(X, heads=2):
    n, width = X.shape
    return X.reshape(n, heads, width // heads).transpose(1, 0, 2)


def merge(H):
    heads, n, d = H.shape
    return H.transpose(1, 0, 2).reshape(n, heads * d)


def multi_head(Q, K, V):
    q, k, v = split(Q), split(K), split(V)
    return merge(softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])) @ v)


def heads_backward(Q, K, V, g, joined=merge):
    q, k, v, o = split(Q), split(K), split(V), split(g)
    c = 1 / np.sqrt(q.shape[-1])
    p = softmax(c * q @ k.transpose(0, 2, 1))
    dp = o @ v.transpose(0, 2, 1)
    ds = c * p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
    return joined(ds @ k), joined(ds.transpose(0, 2, 1) @ q), joined(p.transpose(0, 2, 1) @ o)


HEADS = (eighths(7, 3, 4) / 2, eighths(8, 3, 4) / 2, eighths(9, 3, 4))
PAIRS.add(
    "multi-head, heads joined by a bare reshape", "transpose", multi_head, inputs=HEADS, wrt=QKV, of="vjp",
    wrong=lambda Q, K, V, g: heads_backward(Q, K, V, g, lambda H: H.reshape(3, 4)),
    right=heads_backward,
)


def shared_key(Q, k, V):
    return softmax(Q @ k.T / np.sqrt(2)) @ V


def shared_key_backward(Q, k, V, g):
    p = softmax(Q @ k.T / np.sqrt(2))
    dp = g @ V.T
    ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
    return np.einsum("hqk,hqd->kd", ds, Q) / np.sqrt(2)


def key_of_each_head(Q, k, V, g):
    p = softmax(Q @ k.T / np.sqrt(2))
    dp = g @ V.T
    ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
    return np.swapaxes(ds, 1, 2) @ Q / np.sqrt(2)


PAIRS.add(
    "multi-query attention, heads not summed", "missing_reduction", shared_key, wrt="k", of="vjp",
    inputs=(eighths(10, 2, 3, 2) / 2, K42 / 2, V43), wrong=key_of_each_head, right=shared_key_backward,
)


def self_attention(X):
    return attention(X, X, X)


def two_roles(X, g):
    dQ, _, dV = attention_backward(X, X, X, g)
    return dQ + dV


PAIRS.add(
    "self-attention, X as key forgotten", "missing_path", self_attention, inputs=(Q32,), of="vjp",
    wrong=two_roles,
    right=lambda X, g: sum(attention_backward(X, X, X, g)),
)


def tempered(z, tau):
    return softmax(z / tau)


def temperature_slope(z, tau, g, sign=-1):
    p = softmax(z / tau)
    dz = p * (g - np.sum(g * p))
    return sign * np.sum(dz * z) / tau**2


PAIRS.add(
    "softmax by its temperature", "sign", tempered, inputs=(eighths(11, 4), 2.0), wrt="tau", of="vjp",
    wrong=lambda z, tau, g: temperature_slope(z, tau, g, 1),
    right=temperature_slope,
)
PAIRS.add(
    "softmax by its logits, temperature forgotten", "chain", tempered, inputs=(eighths(11, 4), 2.0), of="vjp",
    wrong=lambda z, tau, g: tempered(z, tau) * (g - np.sum(g * tempered(z, tau))),
    right=lambda z, tau, g: tempered(z, tau) * (g - np.sum(g * tempered(z, tau))) / tau,
)


def rotate(x, angles):
    a, b = x[:, 0], x[:, 1]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.stack([a * cos - b * sin, a * sin + b * cos], axis=1)


PAIRS.add(
    "rotary embedding, rotated forwards again", "sign", rotate, inputs=(Q32, eighths(12, 3)), of="vjp",
    wrong=lambda x, angles, g: rotate(g, angles),
    right=lambda x, angles, g: rotate(g, -angles),
)


def pooled(H, w):
    return softmax(H @ w) @ H


def pooled_backward(H, w, g):
    a = softmax(H @ w)
    da = H @ g
    return np.outer(a, g) + np.outer(a * (da - a @ da), w)


PAIRS.add(
    "attention pooling, the weights held", "missing_path", pooled, inputs=(K42, eighths(13, 2) / 2), of="vjp",
    wrong=lambda H, w, g: np.outer(softmax(H @ w), g),
    right=pooled_backward,
)


def teacher(z, t):
    return -np.sum(t * np.log(softmax(z)))


PAIRS.add(
    "distillation, teacher taken to sum to 1", "assumption", teacher, inputs=(eighths(14, 4), eighths(15, 4)),
    wrong=lambda z, t: softmax(z) - t,
    right=lambda z, t: softmax(z) * np.sum(t) - t,
)
