"""Mistakes that were really made, III: attention, residual streams, gated and recurrent units, curvature."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths
from corpus.attention import attention_backward, heads_backward, multi_head, softmax
from corpus.recurrent import rnn, sigmoid, states, through_time

PAIRS = Pairs()
# fmt: off

Q33, K33, V33 = eighths(1, 3, 3) / 2, eighths(2, 3, 3) / 2, eighths(3, 3, 3)
QKV = ("Q", "K", "V")


def attention(Q, K, V):
    return softmax(Q @ K.T / np.sqrt(Q.shape[1])) @ V


def keys_as_printed(Q, K, V, g):
    dQ, _, dV = attention_backward(Q, K, V, g)
    P = softmax(Q @ K.T / np.sqrt(3))
    dP = g @ V.T
    dS = P * (dP - np.sum(dP * P, axis=1, keepdims=True))
    return dQ, Q @ dS.T / np.sqrt(3), dV


PAIRS.add(
    "FlashAttention-2 as printed, dK = Q dS'", "symmetry", attention, inputs=(Q33, K33, V33), wrt=QKV, of="vjp",
    source="github.com/Dao-AILab/flash-attention/issues/373",
    wrong=keys_as_printed, right=attention_backward,
)


def scaled_by_model(Q, K, V, g):
    dQ, dK, dV = heads_backward(Q, K, V, g)
    heads = 2
    return dQ / np.sqrt(heads), dK / np.sqrt(heads), dV


PAIRS.add(
    "multi-head, scale of the model for that of a head", "factor", multi_head, wrt=QKV, of="vjp",
    inputs=(eighths(4, 3, 4) / 2, eighths(5, 3, 4) / 2, eighths(6, 3, 4)),
    source="github.com/lucidrains/vit-pytorch/issues/65",
    wrong=scaled_by_model, right=heads_backward,
)

LENGTHS = np.array([[1.0, 1.0, 0.0]])


def padded_weights(Q, K, mask):
    E = np.exp(Q @ K.T / np.sqrt(3)) * mask
    return E / np.sum(E, axis=1, keepdims=True)


def padded(Q, K, V):
    return padded_weights(Q, K, LENGTHS) @ V


def padded_backward(Q, K, V, g, mask=LENGTHS):
    P = padded_weights(Q, K, mask)
    dP = g @ V.T
    dS = P * (dP - np.sum(dP * P, axis=1, keepdims=True)) / np.sqrt(3)
    return dS @ K, dS.T @ Q, P.T @ g


PAIRS.add(
    "attention over padded keys, padding not masked backwards", "threshold", padded, inputs=(Q33, K33, V33),
    wrt=QKV, of="vjp", source="github.com/XPU-Forces/mojo_opset/pull/386",
    wrong=lambda Q, K, V, g: padded_backward(Q, K, V, g, np.ones((1, 3))),
    right=padded_backward,
)


def block(x, A, W):
    mid = x + np.tanh(x @ A)
    return mid + np.maximum(mid @ W, 0)


def block_backward(x, A, W, g, second_skip=1):
    t = np.tanh(x @ A)
    mid = x + t
    d_mid = second_skip * g + (g * (mid @ W > 0)) @ W.T
    return d_mid + (d_mid * (1 - t * t)) @ A.T


PAIRS.add(
    "two residuals, the second skip never added", "missing_path", block, of="vjp",
    inputs=(Q33, K33, V33), source="github.com/paiml/entrenar/issues/313",
    wrong=lambda x, A, W, g: block_backward(x, A, W, g, 0),
    right=block_backward,
)


def swiglu(e, g):
    return e / (1 + np.exp(-e)) * g


def swiglu_backward(e, g, dw):
    s = 1 / (1 + np.exp(-e))
    de = dw * g * s * (1 + e * (1 - s))
    dg = dw * e * s
    return de, dg


PAIRS.add(
    "SwiGLU kernel, buffers stored crosswise", "swapped", swiglu, inputs=(Q33, V33), wrt=("e", "g"), of="vjp",
    source="github.com/unslothai/unsloth/issues/3314",
    wrong=lambda e, g, dw: swiglu_backward(e, g, dw)[::-1],
    right=swiglu_backward,
)


def gru_mix(z, n, h):
    return (1 - z) * n + z * h


PAIRS.add(
    "GRU, update gate the other way round", "swapped", gru_mix, inputs=(eighths(7, 3), eighths(8, 3), eighths(9, 3)),
    wrt=("n", "h"), of="vjp", source="github.com/keras-team/keras/issues/14649",
    wrong=lambda z, n, h, g: (g * z, g * (1 - z)),
    right=lambda z, n, h, g: (g * (1 - z), g * z),
)

U33, W23, X42, h0 = eighths(10, 3, 3) / 4, eighths(11, 2, 3) / 2, eighths(12, 2, 2), eighths(13, 3) / 4


def one_state_late(U, W, X, h):
    hs = states(U, W, X, h)
    dU, dh = 0 * U, 0 * h
    for t in reversed(range(len(X))):
        dz = (2 * hs[t + 1] + dh) * (1 - hs[t + 1] ** 2)
        dU = dU + np.outer(hs[max(t, 1)], dz)
        dh = dz @ U.T
    return dU


PAIRS.add(
    "RNN, state of step 1 for step 0", "stale", rnn, inputs=(U33, W23, X42, h0),
    source="github.com/VikParuchuri/zero_to_gpt/issues/9",
    wrong=one_state_late,
    right=lambda U, W, X, h: through_time(U, W, X, h)[0],
)


def lstm(w, h, c):
    for _ in range(2):
        a = np.outer([1.0, -0.5, 0.75, 0.25], h) * w
        c = sigmoid(a[0]) * c + sigmoid(a[1]) * np.tanh(a[2])
        h = sigmoid(a[3]) * np.tanh(c)
    return np.sum(h**2)


def lstm_with_cell(w, h, c):
    for _ in range(2):
        a = np.outer([1.0, -0.5, 0.75, 0.25], h) * w
        c = sigmoid(a[0]) * c + sigmoid(a[1]) * np.tanh(a[2])
        h = sigmoid(a[3]) * np.tanh(c)
    return np.sum(h**2) + np.sum(c**3)


def unrolled(w, h, c):
    tape = []
    for _ in range(2):
        a = np.outer([1.0, -0.5, 0.75, 0.25], h) * w
        f, i, o, u = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[3]), np.tanh(a[2])
        new = f * c + i * u
        tape.append((h, c, f, i, o, u, new))
        h, c = o * np.tanh(new), new
    return tape, h, c


def lstm_back(w, h, c, *, carry_h=1, carry_c=1, last=0):
    tape, h, c = unrolled(w, h, c)
    dw, dh, dc = 0 * w, 2 * h, last * 3 * c**2
    for before, cell, f, i, o, u, new in reversed(tape):
        t = np.tanh(new)
        dc = dc + dh * o * (1 - t * t)
        da = np.stack([dc * cell * f * (1 - f), dc * u * i * (1 - i), dc * i * (1 - u * u), dh * t * o * (1 - o)])
        scale = np.array([1.0, -0.5, 0.75, 0.25])[:, None]
        dw = dw + da * scale * before
        dh, dc = carry_h * np.sum(da * scale * w, axis=0), carry_c * dc * f
    return dw


CELL = (eighths(14, 4, 3), eighths(15, 3) / 2, eighths(16, 3) / 2)
PAIRS.add(
    "LSTM through time, nothing handed back", "missing_path", lstm, inputs=CELL,
    source="github.com/CaptainE/RNN-LSTM-in-numpy/issues/1",
    wrong=lambda w, h, c: lstm_back(w, h, c, carry_h=0, carry_c=0),
    right=lambda w, h, c: lstm_back(w, h, c),
)
PAIRS.add(
    "LSTM through time, cell gradient set instead of added", "missing_path", lstm, inputs=CELL,
    source="github.com/apache/mxnet/issues/4057",
    wrong=lambda w, h, c: lstm_back(w, h, c, carry_c=0),
    right=lambda w, h, c: lstm_back(w, h, c),
)
PAIRS.add(
    "LSTM whose last cell is in the loss, left out", "missing_path", lstm_with_cell, inputs=CELL,
    source="github.com/deeplearning4j/deeplearning4j/issues/8838",
    wrong=lambda w, h, c: lstm_back(w, h, c),
    right=lambda w, h, c: lstm_back(w, h, c, last=1),
)

X43, LABELS = eighths(17, 4, 3), np.eye(2)[np.array([0, 1, 1, 0])]


def multinomial(W, X):
    Z = X @ W
    return np.sum(np.log(np.sum(np.exp(Z), axis=1)) - np.sum(LABELS * Z, axis=1)) + 0.5 * np.sum(W**2)


def multinomial_hvp(W, X, D, held=0.0):
    p = softmax(X @ W)
    r = X @ D
    r = r + np.sum((held - p) * r, axis=1, keepdims=True)
    return X.T @ (p * r) + D


PAIRS.add(
    "multinomial hvp, as a reader would mend it", "extra_term", multinomial, inputs=(eighths(18, 3, 2) / 2, X43),
    of="hvp", source="github.com/scikit-learn/scikit-learn/issues/14608",
    wrong=lambda W, X, D: multinomial_hvp(W, X, D, 1.0),
    right=multinomial_hvp,
)


def log_loss(z):
    return np.log(np.sum(np.exp(z))) - z[1]


def curvature(z):
    p = softmax(z)
    return np.diag(p) - np.outer(p, p)


PAIRS.add(
    "softmax objective of boosting, curvature doubled", "factor", log_loss, inputs=(eighths(19, 3),), of="hessian",
    source="github.com/dmlc/xgboost/issues/5769",
    wrong=lambda z: 2 * curvature(z),
    right=curvature,
)
PAIRS.add(
    "hvp of a quadratic, halved by a reader", "factor", lambda x, A: x @ A @ x, inputs=(h0, Q33), of="hvp",
    source="github.com/kohpangwei/influence-release/issues/21",
    wrong=lambda x, A, v: 0.5 * (A + A.T) @ v,
    right=lambda x, A, v: (A + A.T) @ v,
)
