"""Backward passes with symbolic sizes, each with a slip or two that an author may make: one keyword changes one thing.

The keywords of a maker say what is right; a wrong version of a claim is the same claim with one of them changed.
"""

# ruff: noqa: E501  (tables)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

Function = Callable[..., Any]
exp, log, sqrt = np.exp, np.log, np.sqrt
EPS = 1e-5


@dataclass(frozen=True)
class Listed:
    """A function, the maker of its claim, and the changed keywords that make it wrong."""

    name: str
    fn: Function
    shapes: tuple[str, ...]
    make: Callable[..., Function]
    slips: tuple[dict[str, Any], ...]
    of: Any = "vjp"
    wrt: Any = 0
    domain: dict[str, Any] = field(default_factory=dict)


def t(x: Any) -> Any:
    """The transpose of the last two axes."""
    return np.swapaxes(x, -1, -2)


def same(x: Any) -> Any:
    """Forgotten: a transpose, for one."""
    return x


def sigmoid(z: Any) -> Any:
    return 1 / (1 + exp(-z))


def softmax(x: Any) -> Any:
    e = exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def mean(x: Any) -> Any:
    return x.mean(-1, keepdims=True)


def total(x: Any) -> Any:
    return x.sum(-1, keepdims=True)


# The notes: 2.9, 3.2, 3.4, 2.11 ------------------------------------------------------------------------------


def network(W1, b1, W2, b2, W3, b3, x, y):  # type: ignore[no-untyped-def]
    """Section 2.9: ReLU, tanh, sigmoid, half the squared error."""
    a2 = np.tanh(W2 @ np.maximum(W1 @ x + b1, 0) + b2)
    return 0.5 * ((sigmoid(W3 @ a2 + b3) - y) ** 2).sum()


def network_backward(sign=1, power=2, mask=0, half=1, saved="a", turn=t):  # type: ignore[no-untyped-def]
    """Deltas, Hadamard products, outer products."""

    def claim(W1, b1, W2, b2, W3, b3, x, y):  # type: ignore[no-untyped-def]
        z1 = W1 @ x + b1
        a1 = np.maximum(z1, 0)
        a2 = np.tanh(W2 @ a1 + b2)
        out = sigmoid(W3 @ a2 + b3)
        d3 = half * (out - sign * y) * out * (1 - out)
        d2 = (turn(W3) @ d3) * (1 - a2**power)
        d1 = (turn(W2) @ d2) * np.where(z1 > mask, 1.0, 0.0)
        first = a1 if saved == "a" else z1
        return np.outer(d1, x), d1, np.outer(d2, first), d2, np.outer(d3, a2), d3, turn(W1) @ d1

    return claim


NET = ("d1 d0", "d1", "d2 d1", "d2", "d3 d2", "d3", "d0", "d3")
SQUARE_NET = ("n n", "n", "n n", "n", "n n", "n", "n", "n")
NET_SLIPS = ({"sign": -1}, {"power": 1}, {"mask": 1}, {"half": 2}, {"saved": "z"})


def activation(W1, b1, W2, b2, x):  # type: ignore[no-untyped-def]
    """Section 3.4: two layers, whose Jacobians are multiplied."""
    return np.tanh(W2 @ np.maximum(W1 @ x + b1, 0) + b2)


def jacobian_chain(inner=True, power=2, turn=same):  # type: ignore[no-untyped-def]
    """J2 J1, each a diagonal times the weights."""

    def claim(W1, b1, W2, b2, x):  # type: ignore[no-untyped-def]
        z1 = W1 @ x + b1
        a2 = np.tanh(W2 @ np.maximum(z1, 0) + b2)
        J1 = np.diag(np.where(z1 > 0, 1.0, 0.0) if inner else np.ones_like(z1)) @ W1
        return np.diag(1 - a2**power) @ turn(W2) @ J1

    return claim


def scalar_network(W1, b1, W2, b2, w3, b3, x, y):  # type: ignore[no-untyped-def]
    """Section 3.4: a row of weights last, so that the prediction is a number."""
    return 0.5 * (sigmoid(w3 @ activation(W1, b1, W2, b2, x) + b3) - y) ** 2


def transposed_jacobians(outer=True, sign=1, slope=True):  # type: ignore[no-untyped-def]
    """Section 3.2: the gradient is J1' J2' J3' (y_hat - y)."""

    def claim(W1, b1, W2, b2, w3, b3, x, y):  # type: ignore[no-untyped-def]
        z1 = W1 @ x + b1
        a2 = np.tanh(W2 @ np.maximum(z1, 0) + b2)
        out = sigmoid(w3 @ a2 + b3)
        J1 = np.diag(np.where(z1 > 0, 1.0, 0.0)) @ W1
        J2 = np.diag(1 - a2**2) @ W2
        J3 = (out * (1 - out) if slope else 1) * w3
        return J1.T @ (J2.T @ (J3 * ((out - sign * y) if outer else 1)))

    return claim


def quadratic(A, b, x):  # type: ignore[no-untyped-def]
    return 0.5 * x @ A @ x - b @ x


def logistic(w, X, y):  # type: ignore[no-untyped-def]
    z = X @ w
    return np.logaddexp(0, z).sum() - y @ z


def weighted_gram(power=1, scale=1, ridge=0):  # type: ignore[no-untyped-def]
    """X' diag(p (1 - p)) X."""

    def claim(w, X, y):  # type: ignore[no-untyped-def]
        p = sigmoid(X @ w)
        return scale * X.T @ ((p**power * (1 - p))[:, None] * X) + ridge * np.eye(w.shape[0])

    return claim


def weighted_gram_product(power=1, scale=1, centred=False):  # type: ignore[no-untyped-def]
    def claim(w, X, y, v):  # type: ignore[no-untyped-def]
        p, u = sigmoid(X @ w), X @ v
        return scale * X.T @ (p**power * (1 - p) * (u - u.mean() if centred else u))

    return claim


# Softmax and its kin -------------------------------------------------------------------------------------------


def cross_entropy(z: Any, y: Any) -> Any:
    return -(y * log(softmax(z))).sum() / z.shape[0]


def cross_entropy_backward(weight=True, shift=0, sign=-1, stable=True):  # type: ignore[no-untyped-def]
    """(p sum(y) - y) / n for any labels."""

    def claim(z, y):  # type: ignore[no-untyped-def]
        p = softmax(z) if stable else exp(z) / exp(z).sum()
        return (p * (total(y) if weight else 1) + sign * y) / (z.shape[0] - shift)

    return claim


def log_sum_exp_hessian(sign=-1, diagonal=1, ridge=0):  # type: ignore[no-untyped-def]
    def claim(z):  # type: ignore[no-untyped-def]
        p = softmax(z)
        return diagonal * np.diag(p) + sign * np.outer(p, p) + ridge * np.eye(z.shape[0])

    return claim


def log_sum_exp_product(sign=-1, centre=1, power=1):  # type: ignore[no-untyped-def]
    def claim(z, v):  # type: ignore[no-untyped-def]
        p = softmax(z)
        return p**power * (v + sign * centre * (p @ v))

    return claim


def softmax_backward(sign=-1, inner=True, reduced=total):  # type: ignore[no-untyped-def]
    def claim(x, g):  # type: ignore[no-untyped-def]
        p = softmax(x)
        return p * (g + sign * reduced(g * p if inner else g))

    return claim


def log_softmax_backward(sign=-1, factor=True, reduced=total):  # type: ignore[no-untyped-def]
    def claim(x, g):  # type: ignore[no-untyped-def]
        return g + sign * (softmax(x) if factor else 1 / x.shape[-1]) * reduced(g)

    return claim


# Norms ----------------------------------------------------------------------------------------------------------


def layer_norm(x: Any, g: Any, b: Any) -> Any:
    return (x - mean(x)) / sqrt(x.var(-1, keepdims=True) + EPS) * g + b


def layer_norm_backward(centre=1, along=1, gain=True, degrees=0):  # type: ignore[no-untyped-def]
    def claim(x, g, b, y_bar):  # type: ignore[no-untyped-def]
        r = 1 / sqrt(((x - mean(x)) ** 2).sum(-1, keepdims=True) / (x.shape[-1] - degrees) + EPS)
        x_hat, h = (x - mean(x)) * r, y_bar * g if gain else y_bar
        dx = r * (h - centre * mean(h) - along * x_hat * mean(h * x_hat))
        return dx, (y_bar * x_hat).sum(0), y_bar.sum(0)

    return claim


def layer_norm_forward(centre=1, along=1, gain=True):  # type: ignore[no-untyped-def]
    def claim(x, g, b, v):  # type: ignore[no-untyped-def]
        r = 1 / sqrt(x.var(-1, keepdims=True) + EPS)
        x_hat = (x - mean(x)) * r
        return r * (v - centre * mean(v) - along * x_hat * mean(v * x_hat)) * (g if gain else 1)

    return claim


def batch_norm(x: Any, g: Any, b: Any) -> Any:
    return (x - x.mean(0)) / sqrt(x.var(0) + EPS) * g + b


def batch_norm_backward(centre=1, along=1, axis=0, degrees=0):  # type: ignore[no-untyped-def]
    def claim(x, g, b, y_bar):  # type: ignore[no-untyped-def]
        n = x.shape[0] - degrees
        r = 1 / sqrt(((x - x.mean(0)) ** 2).sum(0) / n + EPS)
        x_hat = (x - x.mean(0)) * r
        inner = (y_bar * x_hat).sum(0)
        dx = g * r * (y_bar - centre * y_bar.mean(axis, keepdims=True) - along * x_hat * inner / x.shape[0])
        return dx, inner, y_bar.sum(0)

    return claim


def rms_norm(x: Any, g: Any) -> Any:
    return x / sqrt(mean(x**2) + EPS) * g


def rms_norm_backward(along=1, gain=True, reduced=mean):  # type: ignore[no-untyped-def]
    def claim(x, g, y_bar):  # type: ignore[no-untyped-def]
        r = 1 / sqrt(mean(x**2) + EPS)
        x_hat, h = x * r, y_bar * g if gain else y_bar
        return r * (h - along * x_hat * reduced(h * x_hat)), (y_bar * x_hat).sum(0)

    return claim


# Layers -----------------------------------------------------------------------------------------------------------


def linear(x: Any, W: Any, b: Any) -> Any:
    return x @ W + b


def linear_backward(turn=t, sign=1, bias=0):  # type: ignore[no-untyped-def]
    def claim(x, W, b, y_bar):  # type: ignore[no-untyped-def]
        return y_bar @ turn(W), sign * turn(x) @ y_bar, y_bar.sum(0) + bias * y_bar[0]

    return claim


def gelu_layer(x: Any, W: Any, b: Any) -> Any:
    z = x @ W + b
    return 0.5 * z * (1 + special.erf(z / sqrt(2)))


def gelu_layer_backward(inner=1, half=0.5, turn=t, spread=2):  # type: ignore[no-untyped-def]
    def claim(x, W, b, y_bar):  # type: ignore[no-untyped-def]
        z = x @ W + b
        density = exp(-(z**2) / spread) / sqrt(2 * np.pi)
        dz = y_bar * (0.5 + half * special.erf(z / sqrt(2)) + inner * z * density)
        return dz @ turn(W), x.T @ dz, dz.sum(0)

    return claim


def residual(x: Any, W1: Any, W2: Any) -> Any:
    """A residual layer with ReLU."""
    return x + np.maximum(x @ W1, 0) @ W2


def residual_backward(skip=1, masked=True, turn=t):  # type: ignore[no-untyped-def]
    def claim(x, W1, W2, y_bar):  # type: ignore[no-untyped-def]
        z = x @ W1
        dz = (y_bar @ turn(W2)) * (np.where(z > 0, 1.0, 0.0) if masked else 1)
        return skip * y_bar + dz @ turn(W1), x.T @ dz, np.maximum(z, 0).T @ y_bar

    return claim


def dropout(x: Any, keep: Any, W: Any) -> Any:
    """Inverted dropout of one half, with its mask as an argument."""
    return (x * keep / 0.5) @ W


def dropout_backward(scale=0.5, masked=True, turn=t):  # type: ignore[no-untyped-def]
    def claim(x, keep, W, y_bar):  # type: ignore[no-untyped-def]
        return (y_bar @ turn(W)) * (keep if masked else 1) / scale

    return claim


# Attention --------------------------------------------------------------------------------------------------------


def scores(Q: Any, K: Any) -> Any:
    return Q @ t(K) / sqrt(Q.shape[-1])


def attention(Q: Any, K: Any, V: Any) -> Any:
    return softmax(scores(Q, K)) @ V


def causal_attention(Q: Any, K: Any, V: Any) -> Any:
    seen = np.tri(Q.shape[0], dtype=bool)
    return softmax(np.where(seen, scores(Q, K), -np.inf)) @ V


def padded_attention(Q: Any, K: Any, V: Any, mask: Any) -> Any:
    """Attention with weights for the keys, 0 for padding."""
    e = exp(scores(Q, K)) * mask
    return e / total(e) @ V


def biased_attention(Q: Any, K: Any, V: Any, bias: Any) -> Any:
    return softmax(scores(Q, K) + bias) @ V


def attention_backward(weights, masked=False):  # type: ignore[no-untyped-def]
    """dQ, dK, dV from P, as FlashAttention has them."""

    def make(delta=1, root=0.5, sign=1, turn=t, seen=True):  # type: ignore[no-untyped-def]
        def claim(Q, K, V, *rest):  # type: ignore[no-untyped-def]
            *given, O_bar = rest
            P = weights(Q, K, *given) if seen else softmax(scores(Q, K))
            D = total(O_bar * (P @ V))
            dS = P * (O_bar @ V.T - delta * D) * Q.shape[-1] ** -root
            return dS @ K, sign * turn(dS) @ Q, turn(P) @ O_bar

        return claim

    return make


def causal_weights(Q: Any, K: Any) -> Any:
    e = exp(scores(Q, K)) * np.tri(Q.shape[0])
    return e / total(e)


def padded_weights(Q: Any, K: Any, mask: Any) -> Any:
    e = exp(scores(Q, K)) * mask
    return e / total(e)


def multi_head(x: Any, Wq: Any, Wk: Any, Wv: Any, Wo: Any, heads: Any) -> Any:
    n, (h, dh) = x.shape[0], heads.shape
    q, k, v = ((x @ W).reshape(n, h, dh).transpose(1, 0, 2) for W in (Wq, Wk, Wv))
    return (softmax(q @ t(k) / sqrt(dh)) @ v).transpose(1, 0, 2).reshape(n, h * dh) @ Wo


def multi_head_backward(delta=1, query=1, value=1, root=0.5, output=t):  # type: ignore[no-untyped-def]
    def claim(x, Wq, Wk, Wv, Wo, heads, y_bar):  # type: ignore[no-untyped-def]
        n, (h, dh) = x.shape[0], heads.shape
        split = lambda a: a.reshape(n, h, dh).transpose(1, 0, 2)  # noqa: E731
        join = lambda a: a.transpose(1, 0, 2).reshape(n, h * dh)  # noqa: E731
        q, k, v = split(x @ Wq), split(x @ Wk), split(x @ Wv)
        P = softmax(q @ t(k) / sqrt(dh))
        out, d_out = P @ v, split(y_bar @ output(Wo))
        dS = P * (d_out @ t(v) - delta * total(d_out * out)) * dh**-root
        dq, dk, dv = join(dS @ k), join(t(dS) @ q), join(t(P) @ d_out)
        dx = query * dq @ Wq.T + dk @ Wk.T + value * dv @ Wv.T
        return dx, x.T @ dq, x.T @ dk, x.T @ dv, join(out).T @ y_bar

    return claim


_NORM = ("n d", "d", "d")
_LINEAR = ("n d", "d h", "h")
_SQUARE = ("n n", "n n", "n")
_QKV = ("n d", "m d", "m e")
_ATTENTION_SLIPS = ({"delta": 0}, {"delta": -1}, {"root": 1}, {"root": 0}, {"sign": -1})
LISTED = (
    Listed("2.9 network", network, NET, network_backward, NET_SLIPS, "gradient", tuple(range(7))),
    Listed("2.9 square network", network, SQUARE_NET, network_backward, ({"turn": same},), "gradient", tuple(range(7))),
    Listed("3.4 Jacobians", activation, ("d1 d0", "d1", "d2 d1", "d2", "d0"), jacobian_chain,
           ({"inner": False}, {"power": 1}, {"power": 3}), "jacobian", 4),
    Listed("3.4 square Jacobians", activation, ("n n", "n", "n n", "n", "n"), jacobian_chain, ({"turn": t},), "jacobian", 4),
    Listed("3.2 transposed Jacobians", scalar_network, ("d1 d0", "d1", "d2 d1", "d2", "d2", "", "d0", ""),
           transposed_jacobians, ({"outer": False}, {"sign": -1}, {"slope": False}), "gradient", "x"),
    Listed("2.11 quadratic", quadratic, ("n n", "n", "n"),
           lambda half=0.5, sign=1, power=1: lambda A, b, x, v: half * (A @ v + sign * v @ A) * power,
           ({"half": 1}, {"sign": -1}, {"sign": 0}, {"power": 2}), "hvp", "x"),
    Listed("quadratic, Hessian", quadratic, ("n n", "n", "n"),
           lambda half=0.5, turn=t: lambda A, b, x: half * (A + turn(A)), ({"half": 1}, {"half": -0.5}, {"turn": same}),
           "hessian", "x"),
    Listed("logistic regression, Hessian", logistic, ("d", "n d", "n"), weighted_gram,
           ({"power": 2}, {"scale": -1}, {"ridge": 1}), "hessian"),
    Listed("logistic regression, product", logistic, ("d", "n d", "n"), weighted_gram_product,
           ({"power": 2}, {"scale": 0.5}, {"centred": True}), "hvp"),
    Listed("softmax + cross-entropy", cross_entropy, ("n k", "n k"), cross_entropy_backward,
           ({"weight": False}, {"sign": 1}, {"stable": False}, {"shift": -1}), "gradient"),
    Listed("softmax + cross-entropy, one-hot", cross_entropy, ("n k", "n k"), lambda **slip: cross_entropy_backward(
           **{"weight": False, **slip}), ({"sign": 1}, {"stable": False}, {"shift": -1}), "gradient", 0, {"y": "one_hot"}),
    Listed("log-sum-exp", lambda z: special.logsumexp(z), ("n",), lambda scale=1, power=1, norm=1: lambda z: scale
           * exp(power * z) / (exp(z) ** norm).sum(), ({"scale": -1}, {"power": 2}, {"norm": 2}), "gradient"),
    Listed("log-sum-exp, Hessian", lambda z: special.logsumexp(z), ("n",), log_sum_exp_hessian,
           ({"sign": 1}, {"diagonal": 2}, {"ridge": 1}), "hessian"),
    Listed("log-sum-exp, product", lambda z: special.logsumexp(z), ("n",), log_sum_exp_product,
           ({"sign": 1}, {"centre": 0}, {"power": 2}), "hvp"),
    Listed("softmax", softmax, ("n k",), softmax_backward, ({"sign": 1}, {"sign": 0}, {"inner": False}, {"reduced": mean})),
    Listed("softmax, forward", softmax, ("n k",), softmax_backward, ({"sign": 1}, {"sign": 0}, {"reduced": mean}), "jvp"),
    Listed("log-softmax", lambda x: x - special.logsumexp(x, axis=-1, keepdims=True), ("n k",), log_softmax_backward,
           ({"sign": 1}, {"factor": False}, {"reduced": mean})),
    Listed("layer norm", layer_norm, _NORM, layer_norm_backward,
           ({"centre": 0}, {"along": 0}, {"along": -1}, {"gain": False}, {"degrees": 1}), "vjp", (0, 1, 2)),
    Listed("layer norm, forward", layer_norm, _NORM, layer_norm_forward, ({"centre": 0}, {"along": 2}, {"gain": False}), "jvp"),
    Listed("batch norm", batch_norm, _NORM, batch_norm_backward,
           ({"centre": 0}, {"along": 0}, {"along": -1}, {"axis": 1}, {"degrees": 1}), "vjp", (0, 1, 2)),
    Listed("RMS norm", rms_norm, ("n d", "d"), rms_norm_backward,
           ({"along": 0}, {"along": -1}, {"gain": False}, {"reduced": total}), "vjp", (0, 1)),
    Listed("linear", linear, _LINEAR, linear_backward, ({"sign": -1}, {"sign": 2}, {"bias": 1}), "vjp", (0, 1, 2)),
    Listed("linear, square", linear, _SQUARE, linear_backward, ({"turn": same}, {"sign": -1}, {"bias": -1}), "vjp", (0, 1, 2)),
    Listed("linear + GELU", gelu_layer, _LINEAR, gelu_layer_backward,
           ({"inner": 0}, {"inner": -1}, {"half": 1}, {"spread": 1}), "vjp", (0, 1, 2)),
    Listed("linear + GELU, square", gelu_layer, _SQUARE, gelu_layer_backward, ({"turn": same},), "vjp", (0, 1, 2)),
    Listed("residual", residual, ("n n", "n n", "n n"), residual_backward,
           ({"skip": 0}, {"skip": -1}, {"masked": False}, {"turn": same}), "vjp", (0, 1, 2)),
    Listed("dropout", dropout, ("n n", "n n", "n n"), dropout_backward, ({"scale": 1}, {"masked": False}, {"turn": same})),
    Listed("attention", attention, _QKV, attention_backward(lambda Q, K: softmax(scores(Q, K))), _ATTENTION_SLIPS,
           "vjp", (0, 1, 2)),
    Listed("attention, square", attention, ("n n", "n n", "n n"), attention_backward(lambda Q, K: softmax(scores(Q, K))),
           ({"turn": same},), "vjp", (0, 1, 2)),
    Listed("causal attention", causal_attention, ("n d", "n d", "n e"), attention_backward(causal_weights),
           ({"seen": False}, *_ATTENTION_SLIPS[:3]), "vjp", (0, 1, 2)),
    Listed("padded attention", padded_attention, (*_QKV, "m"), attention_backward(padded_weights),
           ({"seen": False}, *_ATTENTION_SLIPS[:3]), "vjp", (0, 1, 2), {"mask": (0, None)}),
    Listed("attention with a bias", biased_attention, (*_QKV, "n m"),
           attention_backward(lambda Q, K, bias: softmax(scores(Q, K) + bias)), ({"seen": False}, *_ATTENTION_SLIPS[:3]),
           "vjp", (0, 1, 2)),
    Listed("multi-head attention", multi_head, ("n D", "D h*dh", "D h*dh", "D h*dh", "h*dh e", "h dh"),
           multi_head_backward, ({"delta": 0}, {"query": -1}, {"value": 0}, {"root": 1}), "vjp", tuple(range(5))),
    Listed("multi-head attention, square", multi_head, ("n h*dh", *["h*dh h*dh"] * 4, "h dh"), multi_head_backward,
           ({"output": same},), "vjp", tuple(range(5))),
)  # fmt: skip
