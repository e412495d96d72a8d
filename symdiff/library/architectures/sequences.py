"""Models of sequences and of large batches: forecasting by a recurrent network, a Transformer encoder layer."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.library import Array, Case, Entry, Names


def forecasting(W: Array, U: Array, v: Array, X: Array, y: Array) -> Array:
    """Half the squared error of ``v . h_T``, with ``h_t = tanh(W x_t + U h_(t-1))`` and ``h_0 = 0``.

    ``W`` : k d, ``U`` : k k, ``v`` : k, ``X`` : T d, a time series of fixed length, ``y`` : the value to forecast.

    >>> float(forecasting(np.zeros((2, 1)), np.zeros((2, 2)), np.ones(2), np.ones((3, 1)), 1.0))
    0.5
    """
    h = np.zeros(U.shape[0])
    for x in X:
        h = np.tanh(W @ x + U @ h)
    return 0.5 * (v @ h - y) ** 2


FORECASTING = Entry(
    forecasting,
    "architecture",
    tuple(Case({"W": "k d", "U": "k k", "v": "k", "X": f"{T} d", "y": ""}) for T in (1, 2, 4)),
    of="gradient",
    wrt=("W", "U", "v"),
    source="Werbos (1990), section II",
    notes="1.3.4",
)


@FORECASTING.derivative
def forecasting_gradient(W: Array, U: Array, v: Array, X: Array, y: Array) -> Array:
    """Backpropagation through time: the shared weights add up the steps."""
    states = [np.zeros(U.shape[0])]
    for x in X:
        states.append(np.tanh(W @ x + U @ states[-1]))
    error = v @ states[-1] - y
    dW, dU, dh = np.zeros_like(W), np.zeros_like(U), error * v
    for t in range(X.shape[0], 0, -1):
        delta = dh * (1 - states[t] ** 2)
        dW = dW + np.outer(delta, X[t - 1])
        dU = dU + np.outer(delta, states[t - 1])
        dh = U.T @ delta
    return dW, dU, error * states[-1]


@FORECASTING.mistake("missing_path", case=FORECASTING.cases[1])
def forecasting_gradient_of_the_last_step(W: Array, U: Array, v: Array, X: Array, y: Array) -> Array:
    """Truncated after one step: earlier uses of the weights are left out."""
    states = [np.zeros(U.shape[0])]
    for x in X:
        states.append(np.tanh(W @ x + U @ states[-1]))
    error = v @ states[-1] - y
    delta = error * v * (1 - states[-1] ** 2)
    return np.outer(delta, X[-1]), np.outer(delta, states[-2]), error * states[-1]


@FORECASTING.mistake("transpose", case=FORECASTING.cases[1])
def forecasting_gradient_with_the_untransposed_recurrence(
    W: Array, U: Array, v: Array, X: Array, y: Array
) -> Array:
    """U for U' on the way back."""
    states = [np.zeros(U.shape[0])]
    for x in X:
        states.append(np.tanh(W @ x + U @ states[-1]))
    error = v @ states[-1] - y
    dW, dU, dh = np.zeros_like(W), np.zeros_like(U), error * v
    for t in range(X.shape[0], 0, -1):
        delta = dh * (1 - states[t] ** 2)
        dW = dW + np.outer(delta, X[t - 1])
        dU = dU + np.outer(delta, states[t - 1])
        dh = U @ delta
    return dW, dU, error * states[-1]


def large_batch(w: Array, X: Array, y: Array) -> Array:
    """Mean half squared error of a linear model over k micro-batches of m samples.

    ``w`` : d, ``X`` : k m d, ``y`` : k m.

    >>> float(large_batch(np.zeros(1), np.ones((2, 3, 1)), np.ones((2, 3))))
    0.5
    """
    return np.mean((X @ w - y) ** 2) / 2


LARGE_BATCH = Entry(
    large_batch,
    "architecture",
    {"w": "d", "X": "k m d", "y": "k m"},
    of="gradient",
    source="Goyal et al. (2017), section 3",
    notes="1.3.7",
)


@LARGE_BATCH.derivative
def accumulated_gradient(w: Array, X: Array, y: Array) -> Array:
    """The gradients of the micro-batches, each a mean, are averaged."""
    each = np.einsum("kmd,km->kd", X, X @ w - y) / X.shape[1]
    return each.sum(0) / X.shape[0]


@LARGE_BATCH.mistake("factor")
def accumulated_gradient_without_the_average(w: Array, X: Array, y: Array) -> Array:
    """Adding the gradients of k micro-batches makes the step k times too long."""
    return np.einsum("kmd,km->kd", X, X @ w - y).sum(0) / X.shape[1]


# Transformer encoder --------------------------------------------------------------------------------------------

EPS = 1e-5


def _gelu(z: Array) -> Array:
    return 0.5 * z * (1 + special.erf(z / np.sqrt(2)))


def _gelu_slope(z: Array) -> Array:
    return 0.5 * (1 + special.erf(z / np.sqrt(2))) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def _norm(x: Array, g: Array, b: Array) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPS) * g + b


def _norm_backward(x: Array, g: Array, y_bar: Array) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((centred**2).mean(-1, keepdims=True) + EPS)
    x_hat, h = centred * r, y_bar * g
    dx = r * (h - h.mean(-1, keepdims=True) - x_hat * (h * x_hat).mean(-1, keepdims=True))
    return dx, (y_bar * x_hat).sum((0, 1)), y_bar.sum((0, 1))


def _split(t: Array, heads: Array) -> Array:
    batch, n, _ = t.shape
    return t.reshape(batch, n, *heads.shape).transpose(0, 2, 1, 3)


def _join(t: Array) -> Array:
    batch, h, n, dh = t.shape
    return t.transpose(0, 2, 1, 3).reshape(batch, n, h * dh)


def transformer_encoder_layer(
    x: Array, Wq: Array, Wk: Array, Wv: Array, Wo: Array, g1: Array, b1: Array,
    W1: Array, c1: Array, W2: Array, c2: Array, g2: Array, b2: Array, heads: Array,
) -> Array:  # fmt: skip
    """The encoder layer of BERT: attention, then GELU between two dense layers, each added and normalised after.

    ``x`` : B n D, ``Wq``, ``Wk``, ``Wv`` : D h*dh, ``Wo`` : h*dh D, ``W1`` : D f, ``W2`` : f D; ``heads`` is an array
    of shape h dh which only says into how many heads the width is split.

    >>> zeros = [np.zeros(s) for s in ((1, 2, 4), (4, 4), (4, 4), (4, 4), (4, 4), 4, 4, (4, 3), 3, (3, 4), 4, 4, 4)]
    >>> transformer_encoder_layer(*zeros, np.zeros((2, 2))).shape
    (1, 2, 4)
    """
    q, k, v = (_split(x @ W, heads) for W in (Wq, Wk, Wv))
    P = special.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(heads.shape[1]), axis=-1)
    u = _norm(x + _join(P @ v) @ Wo, g1, b1)
    return _norm(u + _gelu(u @ W1 + c1) @ W2 + c2, g2, b2)


# fmt: off
TRANSFORMER = Entry(
    transformer_encoder_layer,
    "architecture",
    {
        "x": "B n D", "Wq": "D h*dh", "Wk": "D h*dh", "Wv": "D h*dh", "Wo": "h*dh D", "g1": "D", "b1": "D",
        "W1": "D f", "c1": "f", "W2": "f D", "c2": "D", "g2": "D", "b2": "D", "heads": "h dh",
    },
    wrt=("x", "Wq", "Wk", "Wv", "Wo", "g1", "b1", "W1", "c1", "W2", "c2", "g2", "b2"),
    source="Vaswani et al. (2017), section 3.1; Devlin et al. (2019)",
    notes="1.3.6, 4.4",
    names=Names(
        torch="torch.nn.TransformerEncoderLayer",
        differs="torch stacks the three projections, has biases in them, and ReLU unless activation='gelu'.",
    ),
)
# fmt: on


@TRANSFORMER.derivative
def transformer_encoder_layer_backward(
    x: Array, Wq: Array, Wk: Array, Wv: Array, Wo: Array, g1: Array, b1: Array,
    W1: Array, c1: Array, W2: Array, c2: Array, g2: Array, b2: Array, heads: Array, y_bar: Array,
) -> Array:  # fmt: skip
    """Both sums have two paths: around the block and through it."""
    scale = 1 / np.sqrt(heads.shape[1])
    q, k, v = (_split(x @ W, heads) for W in (Wq, Wk, Wv))
    P = special.softmax(q @ k.transpose(0, 1, 3, 2) * scale, axis=-1)
    out = P @ v
    mixed = _join(out)
    s = x + mixed @ Wo
    u = _norm(s, g1, b1)
    z = u @ W1 + c1
    dt, dg2, db2 = _norm_backward(u + _gelu(z) @ W2 + c2, g2, y_bar)
    dz = dt @ W2.T * _gelu_slope(z)
    ds, dg1, db1 = _norm_backward(s, g1, dt + dz @ W1.T)
    d_out = _split(ds @ Wo.T, heads)
    dS = P * (d_out @ v.transpose(0, 1, 3, 2) - (d_out * out).sum(-1, keepdims=True)) * scale
    dq, dk, dv = _join(dS @ k), _join(dS.transpose(0, 1, 3, 2) @ q), _join(P.transpose(0, 1, 3, 2) @ d_out)
    dx = ds + dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
    return (
        dx, _outer(x, dq), _outer(x, dk), _outer(x, dv), _outer(mixed, ds), dg1, db1, _outer(u, dz),
        dz.sum((0, 1)), _outer(_gelu(z), dt), dt.sum((0, 1)), dg2, db2,
    )  # fmt: skip


def _outer(a: Array, b: Array) -> Array:
    return np.einsum("bni,bnj->ij", a, b)


@TRANSFORMER.mistake("missing_reduction", wrt="c2")
def transformer_encoder_layer_bias_of_each_sequence(
    x: Array, Wq: Array, Wk: Array, Wv: Array, Wo: Array, g1: Array, b1: Array,
    W1: Array, c1: Array, W2: Array, c2: Array, g2: Array, b2: Array, heads: Array, y_bar: Array,
) -> Array:  # fmt: skip
    """The bias of the last dense layer is summed over the tokens, not over the sequences."""
    q, k, v = (_split(x @ W, heads) for W in (Wq, Wk, Wv))
    P = special.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(heads.shape[1]), axis=-1)
    u = _norm(x + _join(P @ v) @ Wo, g1, b1)
    return _norm_backward(u + _gelu(u @ W1 + c1) @ W2 + c2, g2, y_bar)[0].sum(1)
