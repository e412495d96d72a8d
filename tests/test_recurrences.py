"""Is backpropagation through time, written by hand, proved for every batch and width? Truncated, it is refuted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.verdicts import Verdict


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def proved(verdict: Verdict) -> bool:
    return (verdict.status, verdict.scope) == ("proved", "every shape")


def rnn(x: Any, h: Any, W: Any, U: Any) -> Any:
    for t in range(x.shape[0]):
        h = np.tanh(x[t] @ W + h @ U)
    return h


def rnn_back(x: Any, h: Any, W: Any, U: Any, g: Any) -> Any:
    hs = np.zeros((x.shape[0] + 1, *h.shape))
    hs[0] = h
    for t in range(x.shape[0]):
        hs[t + 1] = np.tanh(x[t] @ W + hs[t] @ U)
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    for t in reversed(range(x.shape[0])):
        da = g * (1 - hs[t + 1] ** 2)
        dW += x[t].T @ da
        dU += hs[t].T @ da
        dx[t] = da @ W.T
        g = da @ U.T
    return dx, g, dW, dU


def rnn_truncated(x: Any, h: Any, W: Any, U: Any, g: Any) -> Any:
    dx, dh, dW, _ = rnn_back(x, h, W, U, g)
    return dx, dh, dW, h.T @ (g * (1 - rnn(x, h, W, U) ** 2))


RNN = {"x": "{} n d", "h": "n m", "W": "d m", "U": "m m"}


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_recurrent_network(steps: int) -> None:
    shapes = RNN | {"x": RNN["x"].format(steps)}
    assert proved(sd.check(rnn, rnn_back, shapes, of="vjp", wrt=("x", "h", "W", "U")))
    wrong = sd.check(rnn, rnn_truncated, shapes, of="vjp", wrt=("x", "h", "W", "U"))
    assert wrong.status == ("proved" if steps == 1 else "refuted")


def gates(a: Any) -> tuple[Any, ...]:
    m = a.shape[-1] // 4
    return sigmoid(a[:, :m]), sigmoid(a[:, m : 2 * m]), np.tanh(a[:, 2 * m : 3 * m]), sigmoid(a[:, 3 * m :])


def lstm(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any) -> Any:
    hs = []
    for t in range(x.shape[0]):
        i, f, u, o = gates(x[t] @ W + h @ U + b)
        c = f * c + i * u
        h = o * np.tanh(c)
        hs.append(h)
    return np.stack(hs)


def lstm_back(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, g: Any) -> Any:
    saved = []
    for t in range(x.shape[0]):
        i, f, u, o = gates(x[t] @ W + h @ U + b)
        saved.append((i, f, u, o, h, c))
        c = f * c + i * u
        h = o * np.tanh(c)
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dh, dc = np.zeros_like(h), np.zeros_like(c)
    for t in reversed(range(x.shape[0])):
        i, f, u, o, before, cell = saved[t]
        s = np.tanh(f * cell + i * u)
        dh = dh + g[t]
        dc = dc + dh * o * (1 - s**2)
        gate = [dc * u * i * (1 - i), dc * cell * f * (1 - f), dc * i * (1 - u**2), dh * s * o * (1 - o)]
        da = np.concatenate(gate, axis=1)
        dx[t] = da @ W.T
        dW += x[t].T @ da
        dU += before.T @ da
        db += da.sum(axis=0)
        dh, dc = da @ U.T, dc * f
    return dx, dh, dc, dW, dU, db


def test_long_short_term_memory() -> None:
    shapes = {"x": "3 n d", "h": "n m", "c": "n m", "W": "d 4*m", "U": "m 4*m", "b": "4*m"}
    assert proved(sd.check(lstm, lstm_back, shapes, of="vjp", wrt=("x", "h", "c", "W", "U", "b")))


def gru(x: Any, h: Any, W: Any, U: Any) -> Any:
    m = h.shape[-1]
    for t in range(x.shape[0]):
        a, u = x[t] @ W, h @ U
        r, z = sigmoid(a[:, :m] + u[:, :m]), sigmoid(a[:, m : 2 * m] + u[:, m : 2 * m])
        h = (1 - z) * np.tanh(a[:, 2 * m :] + r * u[:, 2 * m :]) + z * h
    return h


def gru_back(x: Any, h: Any, W: Any, U: Any, g: Any, with_reset: bool = True) -> Any:
    m, saved = h.shape[-1], []
    for t in range(x.shape[0]):
        a, u = x[t] @ W, h @ U
        r, z = sigmoid(a[:, :m] + u[:, :m]), sigmoid(a[:, m : 2 * m] + u[:, m : 2 * m])
        n = np.tanh(a[:, 2 * m :] + r * u[:, 2 * m :])
        saved.append((r, z, n, h, u[:, 2 * m :]))
        h = (1 - z) * n + z * h
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    for t in reversed(range(x.shape[0])):
        r, z, n, h, u = saved[t]
        dn = g * (1 - z) * (1 - n**2)
        dz = g * (h - n) * z * (1 - z)
        dr = dn * u * r * (1 - r) if with_reset else 0 * dn
        da, du = np.concatenate([dr, dz, dn], axis=1), np.concatenate([dr, dz, dn * r], axis=1)
        dx[t] = da @ W.T
        dW += x[t].T @ da
        dU += h.T @ du
        g = g * z + du @ U.T
    return dx, g, dW, dU


def gru_without_reset(x: Any, h: Any, W: Any, U: Any, g: Any) -> Any:
    return gru_back(x, h, W, U, g, False)


def test_a_gated_recurrent_unit() -> None:
    shapes = {"x": "2 n d", "h": "n m", "W": "d 3*m", "U": "m 3*m"}
    wrt = ("x", "h", "W", "U")
    assert proved(sd.check(gru, gru_back, shapes, of="vjp", wrt=wrt))
    assert sd.check(gru, gru_without_reset, shapes, of="vjp", wrt=wrt, timeout=5).status == "refuted"
