"""One step of a recurrent network: the tanh cell, the LSTM and the GRU, with torch's weight layout.

The rows of the weights are the gates under each other: i, f, g, o for the LSTM; r, z, n for the GRU.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.library import Array, Entry, Names

WEIGHTS = ("W_ih", "W_hh", "b_ih", "b_hh")


def _sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _parts(z: Array, count: int) -> Array:
    """The gates beside each other: b count h."""
    return z.reshape(z.shape[0], count, z.shape[1] // count)


def _joined(*gates: Array) -> Array:
    """Gates of b h as the columns of b count*h."""
    stacked = np.stack(gates, axis=1)
    return stacked.reshape(stacked.shape[0], len(gates) * stacked.shape[2])


def _to_weights(x: Array, h: Array, dz_x: Array, dz_h: Array) -> tuple[Array, ...]:
    """The gradients of W_ih, W_hh, b_ih, b_hh from those of the two products."""
    return dz_x.T @ x, dz_h.T @ h, dz_x.sum(0), dz_h.sum(0)


def rnn_cell(x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array) -> Array:
    """A step of the simple recurrent network, ``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)``.

    ``x`` : b d; ``h`` : b h; ``W_ih`` : h d; ``W_hh`` : h h; ``b_ih``, ``b_hh`` : h. Smooth.

    >>> one, zero = np.ones((1, 1)), np.zeros(1)
    >>> rnn_cell(np.zeros((1, 1)), np.zeros((1, 1)), one, one, zero, zero).tolist()
    [[0.0]]
    """
    return np.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)


RNN_CELL = Entry(
    rnn_cell,
    "layer",
    {"x": "b d", "h": "b h", "W_ih": "h d", "W_hh": "h h", "b_ih": "h", "b_hh": "h"},
    source="Elman (1990)",
    names=Names(
        "torch.nn.RNNCell",
        "flax.linen.SimpleCell",
        "keras.layers.SimpleRNNCell",
        "flax and keras have one bias and the transposed weights.",
    ),
    wrt=("x", "h", *WEIGHTS),
)


@RNN_CELL.derivative
def rnn_cell_backward(
    x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, h_bar: Array
) -> Any:
    """dz = h_bar (1 - h'^2), and from it the gradients of two dense layers."""
    dz = h_bar * (1 - rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh) ** 2)
    return dz @ W_ih, dz @ W_hh, *_to_weights(x, h, dz, dz)


@RNN_CELL.mistake("stale", wrt="h")
def rnn_cell_with_the_old_state(
    x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, h_bar: Array
) -> Any:
    """The slope of tanh from the state before the step."""
    return (h_bar * (1 - h**2)) @ W_hh


@RNN_CELL.mistake("transpose", wrt="h")
def rnn_cell_with_the_weights_transposed(
    x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, h_bar: Array
) -> Any:
    """W_hh where its transpose belongs."""
    return (h_bar * (1 - rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh) ** 2)) @ W_hh.T


def lstm_gates(x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array) -> Any:
    """The gates i, f, g, o, and the new cell state."""
    z = _parts(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh, 4)
    i, f, o = _sigmoid(z[:, 0]), _sigmoid(z[:, 1]), _sigmoid(z[:, 3])
    g = np.tanh(z[:, 2])
    return i, f, g, o, f * c + i * g


def lstm_cell(
    x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array
) -> tuple[Array, Array]:
    """A step of the long short-term memory: ``c' = f c + i g`` and ``h' = o tanh(c')``.

    The gates i, f, o are sigmoids and g is a tanh of ``W_ih x + b_ih + W_hh h + b_hh``. ``x`` : b d; ``h``, ``c`` :
    b h; ``W_ih`` : 4*h d; ``W_hh`` : 4*h h; ``b_ih``, ``b_hh`` : 4*h. Smooth. Returns ``(h', c')``.

    >>> x, W, b = np.zeros((1, 1)), np.zeros((4, 1)), np.zeros(4)
    >>> lstm_cell(x, x, np.ones((1, 1)), W, W, b, b)[1].tolist()
    [[0.5]]
    """
    *_, o, new = lstm_gates(x, h, c, W_ih, W_hh, b_ih, b_hh)
    return o * np.tanh(new), new


_GATED = {"x": "b d", "h": "b h"}
LSTM_CELL = Entry(
    lstm_cell,
    "layer",
    {**_GATED, "c": "b h", "W_ih": "4*h d", "W_hh": "4*h h", "b_ih": "4*h", "b_hh": "4*h"},
    source="Hochreiter and Schmidhuber (1997); the forget gate of Gers, Schmidhuber and Cummins (2000)",
    names=Names(
        "torch.nn.LSTMCell",
        "flax.linen.LSTMCell",
        "keras.layers.LSTMCell",
        "The gates stand in torch's order i, f, g, o, which is keras's i, f, c, o; keras has one bias and the"
        " transposed weights, and starts the forget bias at 1; flax has a kernel for each gate.",
    ),
    wrt=("x", "h", "c", *WEIGHTS),
)


def lstm_gates_back(
    x: Array, h: Array, c: Array, weights: Any, h_bar: Array, c_bar: Array
) -> tuple[Array, Array]:
    """The gradients of what goes into the gates, and of the new cell state."""
    i, f, g, o, new = lstm_gates(x, h, c, *weights)
    t = np.tanh(new)
    d_new = c_bar + h_bar * o * (1 - t**2)
    di, df = d_new * g * i * (1 - i), d_new * c * f * (1 - f)
    return _joined(di, df, d_new * i * (1 - g**2), h_bar * t * o * (1 - o)), d_new


def lstm_step_back(
    x: Array, h: Array, c: Array, weights: Any, h_bar: Array, c_bar: Array
) -> tuple[Array, ...]:
    """The gradients of one step, by x, h, c and the weights, from those of h' and c'."""
    dz, d_new = lstm_gates_back(x, h, c, weights, h_bar, c_bar)
    f = lstm_gates(x, h, c, *weights)[1]
    return dz @ weights[0], dz @ weights[1], d_new * f, *_to_weights(x, h, dz, dz)


@LSTM_CELL.derivative
def lstm_cell_backward(
    x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, bars: Any
) -> Any:
    """The cell state gets c_bar and what comes through h'; the gates' slopes are i(1-i), f(1-f), 1-g^2, o(1-o)."""
    return lstm_step_back(x, h, c, (W_ih, W_hh, b_ih, b_hh), *bars)


@LSTM_CELL.mistake("missing_path", wrt="c")
def lstm_cell_without_the_output_path(
    x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, bars: Any
) -> Any:
    """Only the cotangent of the cell state, not what comes through the hidden state."""
    return bars[1] * lstm_gates(x, h, c, W_ih, W_hh, b_ih, b_hh)[1]


@LSTM_CELL.mistake("missing_path", wrt="b_hh")
def lstm_cell_without_the_forget_gate(
    x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, bars: Any
) -> Any:
    """No gradient through the forget gate, as if f were a constant."""
    dz, _ = lstm_gates_back(x, h, c, (W_ih, W_hh, b_ih, b_hh), *bars)
    return (dz * np.repeat(np.array([1, 0, 1, 1]), h.shape[1])).sum(0)


@LSTM_CELL.mistake("stale", wrt="c")
def lstm_cell_with_the_old_cell_state(
    x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, bars: Any
) -> Any:
    """tanh of the cell state before the step, where that after it belongs."""
    _, f, _, o, _ = lstm_gates(x, h, c, W_ih, W_hh, b_ih, b_hh)
    return (bars[1] + bars[0] * o * (1 - np.tanh(c) ** 2)) * f


def gru_gates(x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array) -> Any:
    """The gates r, z, n, and the part of n that comes from the state, before it is reset."""
    from_x, from_h = _parts(x @ W_ih.T + b_ih, 3), _parts(h @ W_hh.T + b_hh, 3)
    r, z = _sigmoid(from_x[:, 0] + from_h[:, 0]), _sigmoid(from_x[:, 1] + from_h[:, 1])
    return r, z, np.tanh(from_x[:, 2] + r * from_h[:, 2]), from_h[:, 2]


def gru_cell(x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array) -> Array:
    """A step of the gated recurrent unit, ``h' = (1 - z) n + z h`` with ``n = tanh(W_n x + b_n + r (U_n h + c_n))``.

    r and z are sigmoids. ``x`` : b d; ``h`` : b h; ``W_ih`` : 3*h d; ``W_hh`` : 3*h h; ``b_ih``, ``b_hh`` : 3*h.
    Smooth.

    >>> x, W, b = np.zeros((1, 1)), np.zeros((3, 1)), np.zeros(3)
    >>> gru_cell(x, np.ones((1, 1)), W, W, b, b).tolist()
    [[0.5]]
    """
    _, z, n, _ = gru_gates(x, h, W_ih, W_hh, b_ih, b_hh)
    return (1 - z) * n + z * h


GRU_CELL = Entry(
    gru_cell,
    "layer",
    {**_GATED, "W_ih": "3*h d", "W_hh": "3*h h", "b_ih": "3*h", "b_hh": "3*h"},
    source="Cho, van Merrienboer, Gulcehre et al. (2014), equations 5-8, with the reset after the product",
    names=Names(
        "torch.nn.GRUCell",
        "flax.linen.GRUCell",
        "keras.layers.GRUCell(reset_after=True)",
        "Cho et al. reset h before the product, n = tanh(W x + U (r h)), and exchange z and 1 - z; torch resets"
        " after it, with a bias of its own. The gates stand in torch's order r, z, n; keras has z, r, n.",
    ),
    wrt=("x", "h", *WEIGHTS),
)


def gru_gates_back(x: Array, h: Array, weights: Any, h_bar: Array) -> tuple[Array, Array]:
    """The gradients of the two products: W_ih x + b_ih and W_hh h + b_hh."""
    r, z, n, u = gru_gates(x, h, *weights)
    dn = h_bar * (1 - z) * (1 - n**2)
    dr, dz = dn * u * r * (1 - r), h_bar * (h - n) * z * (1 - z)
    return _joined(dr, dz, dn), _joined(dr, dz, dn * r)


def gru_step_back(x: Array, h: Array, weights: Any, h_bar: Array) -> tuple[Array, ...]:
    """The gradients of one step, by x, h and the weights."""
    by_x, by_h = gru_gates_back(x, h, weights, h_bar)
    z = gru_gates(x, h, *weights)[1]
    return by_x @ weights[0], by_h @ weights[1] + h_bar * z, *_to_weights(x, h, by_x, by_h)


@GRU_CELL.derivative
def gru_cell_backward(
    x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, h_bar: Array
) -> Any:
    """The state gets z h_bar directly, and the rest through the three gates."""
    return gru_step_back(x, h, (W_ih, W_hh, b_ih, b_hh), h_bar)


@GRU_CELL.mistake("missing_path", wrt="h")
def gru_cell_without_the_direct_path(
    x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, h_bar: Array
) -> Any:
    """Only the paths through the gates; z h_bar is missing."""
    return gru_gates_back(x, h, (W_ih, W_hh, b_ih, b_hh), h_bar)[1] @ W_hh


@GRU_CELL.mistake("sign", wrt="x")
def gru_cell_with_the_gate_reversed(
    x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, h_bar: Array
) -> Any:
    """n - h where h - n belongs, in the gradient of the update gate."""
    r, z, n, u = gru_gates(x, h, W_ih, W_hh, b_ih, b_hh)
    dn = h_bar * (1 - z) * (1 - n**2)
    return _joined(dn * u * r * (1 - r), h_bar * (n - h) * z * (1 - z), dn) @ W_ih
