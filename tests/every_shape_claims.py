"""Functions with symbolic sizes and their derivatives by hand, as a library author would write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

Arrays = Any


@dataclass(frozen=True)
class Claim:
    """``backward`` takes the arguments of ``forward``, then its cotangent; gradients take no cotangent."""

    name: str
    forward: Callable[..., Any]
    shapes: tuple[str, ...]
    wrt: tuple[str, ...]
    backward: Callable[..., Any]
    gradient: bool = False


def relu(z: Arrays) -> Arrays:
    return np.maximum(z, 0)


def sigmoid(z: Arrays) -> Arrays:
    return 1 / (1 + np.exp(-z))


def softmax(x: Arrays) -> Arrays:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def network(activation: Callable[[Arrays], Arrays]) -> Callable[..., Any]:
    """Lecture notes 2.9: three layers and half the squared error."""

    def loss(W1, b1, W2, b2, W3, b3, x, y):  # type: ignore[no-untyped-def]
        a1 = activation(W1 @ x + b1)
        a2 = activation(W2 @ a1 + b2)
        return 0.5 * ((W3 @ a2 + b3 - y) ** 2).sum()

    return loss


def network_deltas(
    activation: Callable[[Arrays], Arrays], slope: Callable[[Arrays], Arrays]
) -> Callable[..., Any]:
    """Deltas and outer products, as the notes derive them."""

    def backward(W1, b1, W2, b2, W3, b3, x, y):  # type: ignore[no-untyped-def]
        z1 = W1 @ x + b1
        a1 = activation(z1)
        z2 = W2 @ a1 + b2
        a2 = activation(z2)
        delta3 = W3 @ a2 + b3 - y
        delta2 = (W3.T @ delta3) * slope(z2)
        delta1 = (W2.T @ delta2) * slope(z1)
        outer = np.outer
        return outer(delta1, x), delta1, outer(delta2, a1), delta2, outer(delta3, a2), delta3, W1.T @ delta1

    return backward


def layer_norm(x: Arrays, g: Arrays, b: Arrays) -> Arrays:
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * g + b


def layer_norm_backward(x: Arrays, g: Arrays, b: Arrays, y_bar: Arrays) -> Any:
    mean = x.mean(-1, keepdims=True)
    r = ((x**2).mean(-1, keepdims=True) - mean**2 + 1e-5) ** -0.5
    x_hat, d = (x - mean) * r, x.shape[-1]
    h = y_bar * g
    dx = r / d * (d * h - h.sum(-1, keepdims=True) - x_hat * (h * x_hat).sum(-1, keepdims=True))
    return dx, (y_bar * x_hat).sum(0), y_bar.sum(0)


def batch_norm(x: Arrays, g: Arrays, b: Arrays) -> Arrays:
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5) * g + b


def batch_norm_backward(x: Arrays, g: Arrays, b: Arrays, y_bar: Arrays) -> Any:
    n, r = x.shape[0], 1 / np.sqrt(x.var(0) + 1e-5)
    x_hat = (x - x.mean(0)) * r
    dx = g * r / n * (n * y_bar - y_bar.sum(0) - x_hat * (y_bar * x_hat).sum(0))
    return dx, (y_bar * x_hat).sum(0), y_bar.sum(0)


def rms_norm(x: Arrays, g: Arrays) -> Arrays:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * g


def rms_norm_backward(x: Arrays, g: Arrays, y_bar: Arrays) -> Any:
    r = 1 / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
    x_hat, h = x * r, y_bar * g
    return r * (h - x_hat * (h * x_hat).mean(-1, keepdims=True)), (y_bar * x_hat).sum(0)


def linear_gelu(x: Arrays, W: Arrays, b: Arrays) -> Arrays:
    z = x @ W + b
    return 0.5 * z * (1 + special.erf(z / np.sqrt(2)))


def linear_gelu_backward(x: Arrays, W: Arrays, b: Arrays, y_bar: Arrays) -> Any:
    z = x @ W + b
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    dz = y_bar * (0.5 * (1 + special.erf(z / np.sqrt(2))) + z * density)
    return dz @ W.T, x.T @ dz, dz.sum(0)


def attention(Q: Arrays, K: Arrays, V: Arrays) -> Arrays:
    return softmax(Q @ K.T / np.sqrt(Q.shape[-1])) @ V


def attention_backward(Q: Arrays, K: Arrays, V: Arrays, O_bar: Arrays) -> Any:
    scale = 1 / np.sqrt(Q.shape[-1])
    e = np.exp(Q @ K.T * scale)
    P = e / e.sum(-1, keepdims=True)
    D = (O_bar * (P @ V)).sum(-1, keepdims=True)
    dS = P * (O_bar @ V.T - D)
    return dS @ K * scale, dS.T @ Q * scale, P.T @ O_bar


def multi_head(x: Arrays, Wq: Arrays, Wk: Arrays, Wv: Arrays, Wo: Arrays, bq: Arrays) -> Arrays:
    n, (h, dh) = x.shape[0], bq.shape
    q, k, v = ((x @ W).reshape(n, h, dh).transpose(1, 0, 2) for W in (Wq, Wk, Wv))
    P = softmax((q + bq[:, None, :]) @ k.transpose(0, 2, 1) / np.sqrt(dh))
    return (P @ v).transpose(1, 0, 2).reshape(n, h * dh) @ Wo


def multi_head_backward(x, Wq, Wk, Wv, Wo, bq, y_bar):  # type: ignore[no-untyped-def]
    n, (h, dh) = x.shape[0], bq.shape
    split = lambda t: t.reshape(n, h, dh).transpose(1, 0, 2)  # noqa: E731
    join = lambda t: t.transpose(1, 0, 2).reshape(n, h * dh)  # noqa: E731
    q, k, v = split(x @ Wq) + bq[:, None, :], split(x @ Wk), split(x @ Wv)
    P = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(dh))
    out, dO = P @ v, split(y_bar @ Wo.T)
    dS = P * (dO @ v.transpose(0, 2, 1) - (dO * out).sum(-1, keepdims=True)) / np.sqrt(dh)
    dq, dk, dv = dS @ k, dS.transpose(0, 2, 1) @ q, P.transpose(0, 2, 1) @ dO
    dx = join(dq) @ Wq.T + join(dk) @ Wk.T + join(dv) @ Wv.T
    return dx, x.T @ join(dq), x.T @ join(dk), x.T @ join(dv), join(out).T @ y_bar, dq.sum(1)


def cross_entropy(z: Arrays, y: Arrays) -> Arrays:
    return -(y * np.log(softmax(z))).sum()


def cross_entropy_of_logits(z: Arrays, y: Arrays) -> Arrays:
    return -(y * (z - special.logsumexp(z))).sum()


def cross_entropy_backward(z: Arrays, y: Arrays) -> Any:
    p = np.exp(z) / np.exp(z).sum()
    return (p * y.sum() - y,)


def binary_cross_entropy(w: Arrays, X: Arrays, y: Arrays) -> Arrays:
    z = X @ w
    return (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean()


def cosine(x: Arrays, y: Arrays) -> Arrays:
    return (x @ y) / (np.linalg.norm(x) * np.linalg.norm(y))


def cosine_backward(x: Arrays, y: Arrays) -> Any:
    a, b = np.sqrt(x @ x), np.sqrt(y @ y)
    return y / (a * b) - (x @ y) * x / (a**3 * b), x / (a * b) - (x @ y) * y / (b**3 * a)


_NET = ("h1 d", "h1", "h2 h1", "h2", "k h2", "k", "d", "k")
_NET_WRT = ("W1", "b1", "W2", "b2", "W3", "b3", "x")


def _network(name: str, activation: Callable[[Arrays], Arrays], slope: Callable[[Arrays], Arrays]) -> Claim:
    return Claim(name, network(activation), _NET, _NET_WRT, network_deltas(activation, slope), gradient=True)


CLAIMS = (
    _network("network relu", relu, lambda z: np.where(z > 0, 1.0, 0.0)),
    _network("network tanh", np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    _network("network sigmoid", sigmoid, lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    Claim("cross entropy", cross_entropy, ("n", "n"), ("z",), cross_entropy_backward, gradient=True),
    Claim("cross entropy, logits", cross_entropy_of_logits, ("n", "n"), ("z",), cross_entropy_backward, True),
    Claim("log-sum-exp", special.logsumexp, ("n",), ("a",), lambda a: (np.exp(a) / np.exp(a).sum(),), True),
    Claim(
        "log-sum-exp shifted", lambda z: np.log(np.exp(z - z.max()).sum()) + z.max(), ("n",), ("z",),
        lambda z: (softmax(z),), True,
    ),
    Claim("layer norm", layer_norm, ("n d", "d", "d"), ("x", "g", "b"), layer_norm_backward),
    Claim("batch norm", batch_norm, ("n d", "d", "d"), ("x", "g", "b"), batch_norm_backward),
    Claim("RMS norm", rms_norm, ("n d", "d"), ("x", "g"), rms_norm_backward),
    Claim("linear + GELU", linear_gelu, ("n d", "d h", "h"), ("x", "W", "b"), linear_gelu_backward),
    Claim("attention", attention, ("n d", "m d", "m e"), ("Q", "K", "V"), attention_backward),
    Claim(
        "multi-head attention", multi_head, ("n D", "D h*dh", "D h*dh", "D h*dh", "h*dh e", "h dh"),
        ("x", "Wq", "Wk", "Wv", "Wo", "bq"), multi_head_backward,
    ),
    Claim(
        "binary cross entropy", binary_cross_entropy, ("d", "n d", "n"), ("w",),
        lambda w, X, y: (X.T @ (sigmoid(X @ w) - y) / X.shape[0],), True,
    ),
    Claim("cosine", cosine, ("n", "n"), ("x", "y"), cosine_backward, True),
)  # fmt: skip
