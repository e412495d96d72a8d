"""Mistakes that were really made, I: regression, perceptrons, losses. The mathematics of each thread, anew."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths

PAIRS = Pairs()
# fmt: off

A33, w3, b3, X53, y5, X33 = (
    eighths(1, 3, 3), eighths(2, 3), eighths(3, 3), eighths(4, 5, 3), eighths(5, 5), eighths(6, 3, 3),
)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


PAIRS.add(
    "convex quadratic, A not said to be symmetric", "symmetry", lambda w, A, b: 0.5 * w @ A @ w - b @ w,
    inputs=(w3, A33, b3), source="github.com/distillpub/post--momentum/issues/76",
    wrong=lambda w, A, b: A @ w - b,
    right=lambda w, A, b: 0.5 * (A + A.T) @ w - b,
)
PAIRS.add(
    "A x by x, written as A'", "transpose", lambda x, A: A @ x, inputs=(w3, eighths(7, 2, 3)), of="jacobian",
    source="github.com/d2l-ai/d2l-en/issues/2532",
    wrong=lambda x, A: A.T,
    right=lambda x, A: A,
)

BOWL, SLOPE = np.array([[2.0, 1.0], [1.0, 20.0]]), np.array([5.0, 3.0])
PAIRS.add(
    "book example of a quadratic, 2 lost", "factor", lambda x: x @ BOWL @ x - SLOPE @ x,
    inputs=(np.array([-3.0, -1.0]),), source="github.com/mml-book/mml-book.github.io/issues/226",
    wrong=lambda x: BOWL @ x - SLOPE,
    right=lambda x: 2 * BOWL @ x - SLOPE,
)


def logistic(w, X, y):
    z = X @ w
    return np.sum(np.log(1 + np.exp(z)) - y * z)


PAIRS.add(
    "logistic regression, X where X' belongs", "transpose", logistic, inputs=(w3, X33, np.array([1.0, 0.0, 1.0])),
    source="github.com/apachecn/ailearning/issues/443",
    wrong=lambda w, X, y: X @ (sigmoid(X @ w) - y),
    right=lambda w, X, y: X.T @ (sigmoid(X @ w) - y),
)


def logistic_ridge(w, X, y):
    return logistic(w, X, y) / len(y) + 0.25 * (w @ w) / len(y)


PAIRS.add(
    "regularised logistic regression, x_j lost", "chain", logistic_ridge,
    inputs=(w3, X53, np.array([1.0, 0.0, 1.0, 1.0, 0.0])),
    source="github.com/fengdu78/Coursera-ML-AndrewNg-Notes/issues/82",
    wrong=lambda w, X, y: np.mean(sigmoid(X @ w) - y) + 0.5 / len(y) * w,
    right=lambda w, X, y: X.T @ (sigmoid(X @ w) - y) / len(y) + 0.5 / len(y) * w,
)


def decayed_linear(W, X, T):
    return 0.5 * np.sum((X @ W - T) ** 2) / len(X) + 0.05 * np.sum(W * W)


LINEAR = (eighths(8, 3, 2), X53, eighths(9, 5, 2))
PAIRS.add(
    "weight decay subtracted from the gradient", "sign", decayed_linear, inputs=LINEAR,
    source="github.com/andersbll/nnet/issues/4",
    wrong=lambda W, X, T: X.T @ (X @ W - T) / len(X) - 0.1 * W,
    right=lambda W, X, T: X.T @ (X @ W - T) / len(X) + 0.1 * W,
)


def tanh_by_exponentials(x):
    e = np.exp(2 * x)
    return (e - 1) / (e + 1)


PAIRS.add(
    "tanh itself for its slope", "wrong_function", lambda W, X: np.tanh(X @ W), inputs=LINEAR[:2], of="vjp",
    source="github.com/andersbll/nnet/issues/4",
    wrong=lambda W, X, g: X.T @ (g * tanh_by_exponentials(X @ W)),
    right=lambda W, X, g: X.T @ (g * (1 - tanh_by_exponentials(X @ W) ** 2)),
)

CLASS = np.array([0, 1, 1, 0, 1])
OTHERS = 1 - np.eye(2)[CLASS]


def svm(W, X):
    scores = X @ W
    margins = np.maximum(scores - scores[np.arange(5), CLASS][:, None] + 1, 0) * OTHERS
    return np.sum(margins) / len(X) + 0.25 * np.sum(W * W)


def svm_grad(W, X, decay):
    scores = X @ W
    active = (scores - scores[np.arange(5), CLASS][:, None] + 1 > 0) * OTHERS
    counts = active - np.eye(2)[CLASS] * active.sum(axis=1, keepdims=True)
    return X.T @ counts / len(X) + decay * W


PAIRS.add(
    "SVM, 2 of the penalty lost", "factor", svm, inputs=LINEAR[:2],
    source="github.com/jingtinghuang/CS231n-Spring-2017/issues/3",
    wrong=lambda W, X: svm_grad(W, X, 0.25),
    right=lambda W, X: svm_grad(W, X, 0.5),
)


def penalised_net(W, b, X):
    return np.sum(np.tanh(X @ W + b)) / len(X) + 0.5 * (np.sum(W**2) + np.sum(b**2))


def penalised_grads(W, b, X, decay=1.0):
    dz = (1 - np.tanh(X @ W + b) ** 2) / len(X)
    return {"W": X.T @ dz + W, "b": dz.sum(axis=0) + decay * b}


PAIRS.add(
    "penalty on the bias, not in its gradient", "missing_path", penalised_net, wrt=("W", "b"),
    inputs=(eighths(8, 3, 2) / 2, eighths(10, 2), X53), source="github.com/Burton2000/CS231n-2017/issues/9",
    wrong=lambda W, b, X: penalised_grads(W, b, X, 0.0),
    right=penalised_grads,
)
PAIRS.add(
    "mean squared error, half of its slope", "factor", lambda out, t: np.mean((t - out) ** 2),
    inputs=(y5, eighths(11, 5)), source="github.com/davisking/dlib/issues/1169",
    wrong=lambda out, t: -(t - out) / len(t),
    right=lambda out, t: -2.0 * (t - out) / len(t),
)


def neuron(w, b, X, y):
    return np.mean((sigmoid(X @ w + b) - y) ** 2)


def neuron_grads(w, b, X, y, over):
    p = sigmoid(X @ w + b)
    delta = (p - y) * p * (1 - p) * over / len(y)
    return X.T @ delta, np.sum(delta)


PAIRS.add(
    "single neuron, 1/n for 2/n", "factor", neuron, inputs=(w3, 0.5, X53, y5), wrt=("w", "b"),
    source="github.com/Open-Deep-ML/DML-OpenProblem/issues/54",
    wrong=lambda w, b, X, y: neuron_grads(w, b, X, y, 1),
    right=lambda w, b, X, y: neuron_grads(w, b, X, y, 2),
)


def soft_margin(w, b, X, s):
    return 0.5 * w @ w + 2 * np.sum(np.maximum(1 - s * (X @ w + b), 0))


def soft_margin_grads(w, b, X, s, over=1):
    g = -2 * s * (s * (X @ w + b) < 1)
    return w + X.T @ g, np.sum(g) / over


PAIRS.add(
    "soft margin, bias averaged", "factor", soft_margin, wrt=("w", "b"),
    inputs=(w3, 0.25, X53, np.array([1.0, -1.0, 1.0, 1.0, -1.0])),
    source="github.com/purushottamkar/ml19-20a/issues/5",
    wrong=lambda w, b, X, s: soft_margin_grads(w, b, X, s, len(s)),
    right=soft_margin_grads,
)


def narrow(w1, w2, x, y):
    return (y - w1 * w2 * x) ** 2


PAIRS.add(
    "narrow linear net, minus lost", "sign", narrow, inputs=(0.5, -1.5, 2.0, 0.75), wrt=("w1", "w2"),
    source="github.com/NeuromatchAcademy/course-content-dl/issues/176",
    wrong=lambda w1, w2, x, y: (2 * w2 * x * (y - w1 * w2 * x), 2 * w1 * x * (y - w1 * w2 * x)),
    right=lambda w1, w2, x, y: (-2 * w2 * x * (y - w1 * w2 * x), -2 * w1 * x * (y - w1 * w2 * x)),
)


def layer(W, b, X):
    return np.tanh(X @ W + b)


LAYER = (eighths(8, 3, 2) / 2, eighths(12, 2), X53)
PAIRS.add(
    "bias gradient averaged over the batch", "factor", layer, inputs=LAYER, wrt="b", of="vjp",
    source="github.com/kvfrans/notes/issues/5",
    wrong=lambda W, b, X, g: np.mean(g * (1 - layer(W, b, X) ** 2), axis=0),
    right=lambda W, b, X, g: np.sum(g * (1 - layer(W, b, X) ** 2), axis=0),
)


def class_scores(W, b, X):
    Z = X @ W + b
    return np.sum(np.log(np.sum(np.exp(Z), axis=1)) - Z[np.arange(5), CLASS])


def class_errors(W, b, X):
    E = np.exp(X @ W + b)
    return E / E.sum(axis=1, keepdims=True) - np.eye(2)[CLASS]


PAIRS.add(
    "softmax regression, bias errors summed over classes too", "wrong_axis", class_scores, inputs=LAYER, wrt="b",
    source="github.com/rasbt/stat453-deep-learning-ss21/issues/5",
    wrong=lambda W, b, X: np.sum(class_errors(W, b, X)) * np.ones(2),
    right=lambda W, b, X: np.sum(class_errors(W, b, X), axis=0),
)


def sigmoid_net(V, W, x, t):
    return 0.5 * np.sum((sigmoid(sigmoid(x @ W) @ V) - t) ** 2)


def sigmoid_net_grads(V, W, x, t, rate=0.0, prime=lambda h: h * (1 - h)):
    h = sigmoid(x @ W)
    o = sigmoid(h @ V)
    delta = (o - t) * o * (1 - o)
    dV = np.outer(h, delta)
    hidden = (V - rate * dV) @ delta * prime(h)
    return {"V": dV, "W": np.outer(x, hidden)}


DEEP = (eighths(13, 3, 2), A33 / 2, w3, eighths(14, 2))
for name, kind, thread, options in (
    ("hidden errors by weights already updated", "stale", "joelgrus/data-science-from-scratch/issues/31",
     {"rate": 0.5}),
    ("local gradient without its prime", "chain", "filipecalasans/mlp/issues/1",
     {"prime": lambda h: np.ones_like(h)}),
    ("activations overwritten in place", "stale", "deeplearning4j/deeplearning4j/pull/364",
     {"prime": lambda h: sigmoid(h) * (1 - sigmoid(h))}),
):
    PAIRS.add(
        name, kind, sigmoid_net, inputs=DEEP, wrt=("V", "W"), source=f"github.com/{thread}",
        wrong=lambda V, W, x, t, options=options: sigmoid_net_grads(V, W, x, t, **options),
        right=lambda V, W, x, t: sigmoid_net_grads(V, W, x, t),
    )
PAIRS.add(
    "sigmoid's slope from its argument", "stale", lambda x, w: sigmoid(w * x), inputs=(w3, b3), of="vjp",
    source="github.com/BoltzmannEntropy/interviews.ai/issues/4",
    wrong=lambda x, w, g: g * w * (w * x) * (1 - w * x),
    right=lambda x, w, g: g * w * sigmoid(w * x) * (1 - sigmoid(w * x)),
)


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_backward(z, g):
    s = softmax(z)
    return s * (g - np.sum(g * s, axis=-1, keepdims=True))


for name, kind, thread, wrong in (
    ("softmax backward, twice", "factor", "markroxor/fromscratchtoml/issues/65",
     lambda z, g: 2 * softmax_backward(z, g)),
    ("softmax backward, no dot product", "missing_path", "HomericIntelligence/Odyssey/issues/2134",
     lambda z, g: softmax(z) * g),
    ("softmax backward, diagonal only", "missing_reduction", "deeplearning4j/libnd4j/issues/440",
     lambda z, g: g * softmax(z) * (1 - softmax(z))),
):
    PAIRS.add(
        name, kind, softmax, inputs=(X33,), of="vjp", wrong=wrong, right=softmax_backward,
        source=f"github.com/{thread}",
    )
PAIRS.add(
    "total score of a lattice, cotangent ignored", "upstream", lambda a: np.log(np.sum(np.exp(a))), inputs=(y5,),
    of="vjp", source="github.com/k2-fsa/k2/issues/341",
    wrong=lambda a, g: np.exp(a - np.log(np.sum(np.exp(a)))),
    right=lambda a, g: g * softmax(a),
)
PAIRS.add(
    "sigmoid forwards, tangent lost", "upstream", sigmoid, inputs=(y5,), of="jvp",
    source="github.com/DiffSharp/DiffSharp/issues/16",
    wrong=lambda z, t: sigmoid(z) * (1 - sigmoid(z)) * np.ones_like(t),
    right=lambda z, t: sigmoid(z) * (1 - sigmoid(z)) * t,
)
