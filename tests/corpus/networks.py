"""Whole networks by hand: perceptrons, autoencoders, gated units, recurrences, contrastive and regression heads."""

from __future__ import annotations

import numpy as np
from scipy.special import erf

from corpus import Pairs
from corpus.arrays import eighths

PAIRS = Pairs()
# fmt: off

X53, Y52 = eighths(1, 5, 3), eighths(2, 5, 2)
W1, B1, W2 = eighths(3, 3, 4) / 2, eighths(4, 4), eighths(5, 4, 2)
MLP = (W1, B1, W2, X53, Y52)
PARAMETERS = ("W1", "b1", "W2")


def mlp(W1, b1, W2, X, Y):
    return np.mean((np.tanh(X @ W1 + b1) @ W2 - Y) ** 2)


def backward(W1, b1, W2, X, Y, *, saved="h", slope="tanh", count=None, back=None):
    """The whole backward pass; each option is one way to get it wrong."""
    z = X @ W1 + b1
    h = np.tanh(z)
    out = h @ W2
    delta2 = 2 * (out - Y) / (count or out.size)
    kept = {"h": h, "z": z}[saved]
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "stale": 1 - z**2, "none": np.ones_like(h)}[slope]
    delta1 = delta2 @ (W2.T if back is None else back) * slopes
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": kept.T @ delta2}


def exchanged(W1, b1, W2, X, Y):
    grads = backward(W1, b1, W2, X, Y)
    return {"W1": grads["W2"], "b1": grads["b1"], "W2": grads["W1"]}


for name, kind, options in (
    ("MLP, pre-activation in the outer weights", "stale", {"saved": "z"}),
    ("MLP, slope of tanh from z", "stale", {"slope": "stale"}),
    ("MLP, slope of a sigmoid for tanh", "wrong_function", {"slope": "sigmoid"}),
    ("MLP, hidden slope forgotten", "chain", {"slope": "none"}),
    ("MLP, mean over samples only", "factor", {"count": 5}),
):
    PAIRS.add(
        name, kind, mlp, inputs=MLP, wrt=PARAMETERS,
        wrong=lambda W1, b1, W2, X, Y, options=options: backward(W1, b1, W2, X, Y, **options),
        right=lambda W1, b1, W2, X, Y: backward(W1, b1, W2, X, Y),
    )
SQUARE = (eighths(6, 3, 3) / 2, eighths(7, 3), eighths(8, 3, 3), X53, eighths(9, 5, 3))
PAIRS.add(
    "MLP, W2 where its transpose belongs", "transpose", mlp, inputs=SQUARE, wrt=PARAMETERS,
    wrong=lambda W1, b1, W2, X, Y: backward(W1, b1, W2, X, Y, back=W2),
    right=lambda W1, b1, W2, X, Y: backward(W1, b1, W2, X, Y),
)
PAIRS.add(
    "MLP, gradients of the two layers exchanged", "swapped", mlp, inputs=SQUARE, wrt=PARAMETERS,
    wrong=exchanged,
    right=lambda W1, b1, W2, X, Y: backward(W1, b1, W2, X, Y),
)


def relu_net(W1, W2, X):
    return np.sum(np.minimum(np.maximum(X @ W1, 0), 2) @ W2)


def relu_net_grad(W1, W2, X, gate):
    z = X @ W1
    up = np.broadcast_to(W2.sum(axis=1), z.shape)
    return X.T @ (up * gate(z, up))


RELU = (eighths(3, 3, 4), W2, X53)
PAIRS.add(
    "ReLU6-like net, upper bound forgotten", "threshold", relu_net, inputs=RELU,
    wrong=lambda W1, W2, X: relu_net_grad(W1, W2, X, lambda z, up: z > 0),
    right=lambda W1, W2, X: relu_net_grad(W1, W2, X, lambda z, up: (z > 0) & (z < 2)),
)
PAIRS.add(
    "ReLU gate on the gradient instead of z", "threshold", relu_net, inputs=RELU,
    wrong=lambda W1, W2, X: relu_net_grad(W1, W2, X, lambda z, up: (up > 0) & (z < 2)),
    right=lambda W1, W2, X: relu_net_grad(W1, W2, X, lambda z, up: (z > 0) & (z < 2)),
)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def brier(w, X, y):
    return np.mean((sigmoid(X @ w) - y) ** 2)


def brier_grad(w, X, y):
    p = sigmoid(X @ w)
    return 2 / len(y) * X.T @ ((p - y) * p * (1 - p))


LOGITS = (eighths(10, 3), X53, np.array([1.0, 0.0, 0.0, 1.0, 1.0]))
PAIRS.add(
    "squared error of a sigmoid, p (1 - p) forgotten", "chain", brier, inputs=LOGITS,
    wrong=lambda w, X, y: 2 / len(y) * X.T @ (sigmoid(X @ w) - y),
    right=brier_grad,
)


def softmax_rows(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


LABELS = np.array([0, 2, 1, 1, 2])
CLASSES = (eighths(11, 3, 3), X53)


def cross_entropy(W, X):
    return -np.mean(np.log(softmax_rows(X @ W))[np.arange(5), LABELS])


def cross_entropy_grad(W, X, labels=LABELS):
    return X.T @ (softmax_rows(X @ W) - np.eye(3)[labels]) / len(X)


def with_z_loss(W, X):
    Z = X @ W
    lse = np.log(np.sum(np.exp(Z), axis=1, keepdims=True))
    return cross_entropy_grad(W, X) + 0.5 * X.T @ (lse * softmax_rows(Z)) / len(X)


PAIRS.add(
    "softmax regression, labels counted from 1", "index", cross_entropy, inputs=CLASSES,
    wrong=lambda W, X: cross_entropy_grad(W, X, LABELS - 1),
    right=cross_entropy_grad,
)
PAIRS.add(
    "softmax regression, z-loss of another run", "extra_term", cross_entropy, inputs=CLASSES,
    wrong=with_z_loss, right=cross_entropy_grad,
)


def ridge(w, b, X, y):
    return np.mean((X @ w + b - y) ** 2) + 0.25 * np.sum(w**2)


def ridge_grad(w, b, X, y):
    r = 2 * (X @ w + b - y) / len(y)
    return X.T @ r + 0.5 * w, np.sum(r)


def ridge_with_bias(w, b, X, y):
    dw, db = ridge_grad(w, b, X, y)
    return dw, db + 0.5 * b


PAIRS.add(
    "ridge regression, bias shrunk too", "extra_term", ridge, wrt=("w", "b"),
    inputs=(eighths(10, 3), 0.75, X53, eighths(12, 5)),
    wrong=ridge_with_bias, right=ridge_grad,
)


def autoencoder(W, X):
    return 0.5 * np.sum((np.tanh(X @ W) @ W.T - X) ** 2)


def encoder_part(W, X):
    h = np.tanh(X @ W)
    return X.T @ ((h @ W.T - X) @ W * (1 - h**2))


PAIRS.add(
    "tied autoencoder, decoder's use forgotten", "missing_path", autoencoder, inputs=(eighths(13, 3, 2) / 4, X53),
    wrong=encoder_part,
    right=lambda W, X: encoder_part(W, X) + (np.tanh(X @ W) @ W.T - X).T @ np.tanh(X @ W),
)


def siamese(W, a, b):
    return np.sum((np.tanh(W @ a) - np.tanh(W @ b)) ** 2)


def siamese_branch(W, a, b):
    ta, tb = np.tanh(W @ a), np.tanh(W @ b)
    return np.outer(2 * (ta - tb) * (1 - ta**2), a)


PAIRS.add(
    "siamese pair, one branch held", "missing_path", siamese,
    inputs=(eighths(14, 2, 3) / 2, eighths(15, 3), eighths(16, 3)),
    wrong=siamese_branch,
    right=lambda W, a, b: siamese_branch(W, a, b) + siamese_branch(W, b, a),
)


def triplet(a, p, n):
    return np.maximum(np.sum((a - p) ** 2) - np.sum((a - n) ** 2) + 1, 0)


PAIRS.add(
    "triplet loss, active without its margin", "threshold", triplet,
    inputs=(np.array([0.5, 1.0, -0.5]), np.array([1.0, 0.5, 0.0]), np.array([1.0, 0.25, 0.25])),
    wrong=lambda a, p, n: 2 * (n - p) * (np.sum((a - p) ** 2) > np.sum((a - n) ** 2)),
    right=lambda a, p, n: 2 * (n - p) * (np.sum((a - p) ** 2) - np.sum((a - n) ** 2) + 1 > 0),
)


def swiglu(a, b):
    return a * sigmoid(a) * b


def swiglu_backward(a, b, g):
    s = sigmoid(a)
    return g * b * (s + a * s * (1 - s)), g * a * s


PAIRS.add(
    "SwiGLU, one term of the product rule", "missing_path", swiglu, inputs=(W1, eighths(20, 3, 4)),
    wrt=("a", "b"), of="vjp",
    wrong=lambda a, b, g: (g * b * a * sigmoid(a) * (1 - sigmoid(a)), g * a * sigmoid(a)),
    right=swiglu_backward,
)


def gelu_layer(X, W):
    z = X @ W
    return 0.5 * z * (1 + erf(z / np.sqrt(2)))


def gelu_backward(X, W, g):
    z = X @ W
    slope = 0.5 * (1 + erf(z / np.sqrt(2))) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return g * slope @ W.T, X.T @ (g * slope)


def tanh_gelu_backward(X, W, g):
    z = X @ W
    t = np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))
    slope = 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)
    return g * slope @ W.T, X.T @ (g * slope)


def quick_gelu_backward(X, W, g):
    z = X @ W
    s = sigmoid(1.702 * z)
    slope = s + 1.702 * z * s * (1 - s)
    return g * slope @ W.T, X.T @ (g * slope)


for name, wrong in (
    ("linear + GELU, by the tanh form", tanh_gelu_backward),
    ("linear + GELU, by the sigmoid form", quick_gelu_backward),
):
    PAIRS.add(
        name, "convention", gelu_layer, inputs=(X53 / 2, W1), wrt=("X", "W"), of="vjp", wrong=wrong,
        right=gelu_backward,
    )


def softplus_layer(X, W):
    return np.log(1 + np.exp(X @ W))


PAIRS.add(
    "linear + softplus, slope of a ReLU", "wrong_function", softplus_layer, inputs=(X53, W1), wrt="W", of="vjp",
    wrong=lambda X, W, g: X.T @ (g * (X @ W > 0)),
    right=lambda X, W, g: X.T @ (g * sigmoid(X @ W)),
)


def squared_error(out, target):
    return 0.5 * np.sum((out - target) ** 2)


PAIRS.add(
    "loss in a larger graph, cotangent ignored", "upstream", squared_error, inputs=(Y52, eighths(21, 5, 2)),
    of="vjp",
    wrong=lambda out, target, g: out - target,
    right=lambda out, target, g: g * (out - target),
)


def experts(x, G, A):
    return sigmoid(G @ x) @ (A @ x)


PAIRS.add(
    "mixture of experts, gate held", "missing_path", experts,
    inputs=(eighths(22, 3), eighths(23, 2, 3) / 2, eighths(24, 2, 3)),
    wrong=lambda x, G, A: A.T @ sigmoid(G @ x),
    right=lambda x, G, A: A.T @ sigmoid(G @ x)
    + G.T @ ((A @ x) * sigmoid(G @ x) * (1 - sigmoid(G @ x))),
)
