"""Recurrences by hand: RNN, LSTM and GRU through time; and claims that only some sizes give away."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths

PAIRS = Pairs()
# fmt: off

U33, X32, W23, h3 = eighths(1, 3, 3) / 4, eighths(2, 3, 2), eighths(3, 2, 3) / 2, eighths(4, 3) / 4


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def states(U, W, X, h):
    hs = [h]
    for x in X:
        hs.append(np.tanh(x @ W + hs[-1] @ U))
    return hs


def rnn(U, W, X, h):
    return np.sum(np.stack(states(U, W, X, h)[1:]) ** 2)


def through_time(U, W, X, h, *, carried=1.0, slope=None, back=None):
    hs = states(U, W, X, h)
    dU, dW, dh = 0 * U, 0 * W, 0 * h
    for t in reversed(range(len(X))):
        total = 2 * hs[t + 1] + carried * dh
        dz = total * (1 - hs[t + 1] ** 2 if slope is None else slope(hs, t))
        dU, dW = dU + np.outer(hs[t], dz), dW + np.outer(X[t], dz)
        dh = dz @ (U.T if back is None else back)
    return dU, dW, dh


RNN = (U33, W23, X32, h3)
for name, kind, wrong in (
    ("RNN, steps taken apart", "missing_path", lambda U, W, X, h: through_time(U, W, X, h, carried=0.0)),
    ("RNN, slopes of the step before", "stale",
     lambda U, W, X, h: through_time(U, W, X, h, slope=lambda hs, t: 1 - hs[t] ** 2)),
    ("RNN, slopes of a sigmoid", "wrong_function",
     lambda U, W, X, h: through_time(U, W, X, h, slope=lambda hs, t: hs[t + 1] * (1 - hs[t + 1]))),
    ("RNN, carried by U instead of U'", "transpose", lambda U, W, X, h: through_time(U, W, X, h, back=U)),
):
    PAIRS.add(name, kind, rnn, inputs=RNN, wrt=("U", "W", "h"), wrong=wrong, right=through_time)


def lstm_cell(zi, zf, zg, zo, c):
    new = sigmoid(zf) * c + sigmoid(zi) * np.tanh(zg)
    return sigmoid(zo) * np.tanh(new)


def lstm_backward(zi, zf, zg, zo, c, dh):
    i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
    t = np.tanh(f * c + i * g)
    dc = dh * o * (1 - t**2)
    return dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * t * o * (1 - o), dc * f


def gates_exchanged(zi, zf, zg, zo, c, dh):
    di, df, dg, do, dc = lstm_backward(zi, zf, zg, zo, c, dh)
    return df, di, dg, do, dc


def candidate_as_gate(zi, zf, zg, zo, c, dh):
    di, df, dg, do, dc = lstm_backward(zi, zf, zg, zo, c, dh)
    g = np.tanh(zg)
    return di, df, dg / (1 - g**2) * g * (1 - g), do, dc


def old_cell_in_output(zi, zf, zg, zo, c, dh):
    di, df, dg, _, dc = lstm_backward(zi, zf, zg, zo, c, dh)
    o = sigmoid(zo)
    return di, df, dg, dh * np.tanh(c) * o * (1 - o), dc


def cell_slope_forgotten(zi, zf, zg, zo, c, dh):
    i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
    dc = dh * o
    do = dh * np.tanh(f * c + i * g) * o * (1 - o)
    return dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), do, dc * f


GATES = tuple(eighths(10 + k, 3) / 2 for k in range(5))
for name, kind, wrong in (
    ("LSTM, input and forget gate exchanged", "swapped", gates_exchanged),
    ("LSTM, candidate with the slope of a gate", "wrong_function", candidate_as_gate),
    ("LSTM, old cell in the output gate", "stale", old_cell_in_output),
    ("LSTM, slope of the cell's tanh forgotten", "chain", cell_slope_forgotten),
):
    PAIRS.add(
        name, kind, lstm_cell, inputs=GATES, wrt=("zi", "zf", "zg", "zo", "c"), of="vjp", wrong=wrong,
        right=lstm_backward,
    )


def gru(h, x, R, U):
    r = sigmoid(R @ h)
    return np.tanh(x + U @ (r * h))


def gru_backward(h, x, R, U, g):
    r = sigmoid(R @ h)
    drh = U.T @ (g * (1 - gru(h, x, R, U) ** 2))
    return drh * r + R.T @ (drh * h * r * (1 - r))


def reset_held(h, x, R, U, g):
    n = gru(h, x, R, U)
    return sigmoid(R @ h) * (U.T @ (g * (1 - n * n)))


PAIRS.add(
    "GRU candidate, reset gate held", "missing_path", gru, of="vjp", inputs=(h3, eighths(20, 3), U33, 2 * U33.T),
    wrong=reset_held, right=gru_backward,
)


def mean_square(x):
    return np.mean(x**2)


PAIRS.add(
    "mean of squares, size written as 4", "factor", mean_square, inputs=("n",), special="shape",
    source="github.com/udacity/deep-learning-v2-pytorch/pull/158",
    wrong=lambda x: x / 2,
    right=lambda x: 2 * x / len(x),
)


def normalise(x):
    centred = x - np.mean(x, axis=-1, keepdims=True)
    rstd = 1 / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 0.5)
    return centred * rstd, rstd


def normalise_backward(x, g, n):
    x_hat, rstd = normalise(x)
    total = np.sum(g, axis=-1, keepdims=True)
    along = np.sum(g * x_hat, axis=-1, keepdims=True)
    return rstd * (g - total / n - x_hat * along / n)


PAIRS.add(
    "layer norm, rows counted for columns", "factor", lambda x: normalise(x)[0], inputs=("m n",), of="vjp",
    special="shape",
    wrong=lambda x, g: normalise_backward(x, g, x.shape[0]),
    right=lambda x, g: normalise_backward(x, g, x.shape[1]),
)


def scores(Q, K):
    return Q @ K.T / np.sqrt(Q.shape[1])


PAIRS.add(
    "attention scores, scaled by the number of keys", "factor", scores, inputs=("n d", "m d"), of="vjp",
    special="shape",
    wrong=lambda Q, K, g: g @ K / np.sqrt(K.shape[0]),
    right=lambda Q, K, g: g @ K / np.sqrt(K.shape[1]),
)
PAIRS.add(
    "averaged columns, divided by their length", "factor", lambda X: np.sum(np.mean(X, axis=1) ** 2),
    inputs=("m n",), special="shape",
    wrong=lambda X: 2 * np.mean(X, axis=1, keepdims=True) * np.ones_like(X) / X.shape[0],
    right=lambda X: 2 * np.mean(X, axis=1, keepdims=True) * np.ones_like(X) / X.shape[1],
)
