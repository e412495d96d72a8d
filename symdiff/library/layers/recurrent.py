"""Recurrent layers unrolled over a sequence, and backpropagation through time.

``x`` is t b d with t > 0, as torch has it; the weights and the order of the gates are those of the cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.library import Array, Case, Entry, Names
from symdiff.library.layers.recurrent_cells import (
    WEIGHTS,
    gru_cell,
    gru_step_back,
    lstm_cell,
    lstm_step_back,
    rnn_cell,
)


def _cases(count: int, steps: tuple[int, ...], *, cell: bool = False) -> tuple[Case, ...]:
    """The cases of a layer with ``count`` gates, unrolled over some numbers of steps."""
    wide = "h" if count == 1 else f"{count}*h"
    weights = {"W_ih": f"{wide} d", "W_hh": f"{wide} h", "b_ih": wide, "b_hh": wide}
    start = {"h": "b h", **({"c": "b h"} if cell else {})}
    return tuple(Case({"x": f"{t} b d", **start, **weights}) for t in steps)


def _added(total: Any, more: Any) -> tuple[Array, ...]:
    return tuple(a + b for a, b in zip(total, more, strict=True))


def rnn(x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array) -> Array:
    """The simple recurrent network over a sequence, ``h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)``.

    ``x`` : t b d; ``h`` : b h, the state before the first step; returns all states, t b h. Smooth.

    >>> one, zero = np.ones((1, 1)), np.zeros(1)
    >>> rnn(np.zeros((2, 1, 1)), np.zeros((1, 1)), one, one, zero, zero).shape
    (2, 1, 1)
    """
    states = []
    for x_t in x:
        h = rnn_cell(x_t, h, W_ih, W_hh, b_ih, b_hh)
        states.append(h)
    return np.stack(states)


RNN = Entry(
    rnn,
    "layer",
    _cases(1, (1, 2, 3)),
    source="Elman (1990); Werbos (1990), backpropagation through time",
    notes="2.5",
    names=Names(
        "torch.nn.RNN",
        "flax.linen.RNN(SimpleCell)",
        "keras.layers.SimpleRNN",
        "torch also returns the last state, and takes batches first if asked; keras has b t d and one bias.",
    ),
    wrt=("x", "h", *WEIGHTS),
)


@RNN.derivative
def rnn_backward(x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, y_bar: Array) -> Any:
    """Backwards through time: each state gets its own cotangent and that of the step after it."""
    y = rnn(x, h, W_ih, W_hh, b_ih, b_hh)
    before = [h, *y[:-1]]
    dx, dh, total = [], np.zeros_like(h), tuple(np.zeros_like(w) for w in (W_ih, W_hh, b_ih, b_hh))
    for t in reversed(range(x.shape[0])):
        dz = (y_bar[t] + dh) * (1 - y[t] ** 2)
        dx.append(dz @ W_ih)
        dh = dz @ W_hh
        total = _added(total, (dz.T @ x[t], dz.T @ before[t], dz.sum(0), dz.sum(0)))
    return np.stack(dx[::-1]), dh, *total


RNN.derivative(rnn_backward, label="over more steps", cases=_cases(1, (5, 8)))


@RNN.mistake("missing_path", wrt="h", case=RNN.cases[1])
def rnn_truncated(
    x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, y_bar: Array
) -> Any:
    """Truncated to one step: the first state gets nothing from the later ones."""
    return (y_bar[0] * (1 - rnn_cell(x[0], h, W_ih, W_hh, b_ih, b_hh) ** 2)) @ W_hh


def lstm(
    x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array
) -> tuple[Array, Array]:
    """The long short-term memory over a sequence, ``lstm_cell`` at every step.

    ``x`` : t b d; ``h``, ``c`` : b h, the states before the first step; the gates i, f, g, o are the rows of the
    weights. Returns all hidden states, t b h, and the last cell state. Smooth.

    >>> x, W, b = np.zeros((2, 1, 1)), np.zeros((4, 1)), np.zeros(4)
    >>> lstm(x, x[0], np.ones((1, 1)), W, W, b, b)[1].tolist()
    [[0.25]]
    """
    states = []
    for x_t in x:
        h, c = lstm_cell(x_t, h, c, W_ih, W_hh, b_ih, b_hh)
        states.append(h)
    return np.stack(states), c


LSTM = Entry(
    lstm,
    "layer",
    _cases(4, (1, 2), cell=True),
    source="Hochreiter and Schmidhuber (1997); Graves and Schmidhuber (2005), full gradient through time",
    notes="2.5",
    names=Names(
        "torch.nn.LSTM",
        "flax.linen.RNN(LSTMCell)",
        "keras.layers.LSTM",
        "torch also returns the last hidden state; the gates stand in its order i, f, g, o; keras has b t d, one"
        " bias, and starts the forget bias at 1.",
    ),
    wrt=("x", "h", "c", *WEIGHTS),
)


@LSTM.derivative
def lstm_backward(
    x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, bars: Any
) -> Any:
    """Backwards through time: the cotangents of both states are handed from step to step."""
    weights = (W_ih, W_hh, b_ih, b_hh)
    before = []
    for x_t in x:
        before.append((h, c))
        h, c = lstm_cell(x_t, h, c, *weights)
    y_bar, dc = bars
    dx, dh, total = [], np.zeros_like(h), tuple(np.zeros_like(w) for w in weights)
    for t in reversed(range(x.shape[0])):
        dx_t, dh, dc, *dw = lstm_step_back(x[t], *before[t], weights, y_bar[t] + dh, dc)
        dx.append(dx_t)
        total = _added(total, dw)
    return np.stack(dx[::-1]), dh, dc, *total


LSTM.derivative(lstm_backward, label="over more steps", cases=_cases(4, (3, 5), cell=True))


@LSTM.mistake("missing_path", wrt="c", case=LSTM.cases[0])
def lstm_last_cell_state_forgotten(
    x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, bars: Any
) -> Any:
    """Only the cotangent of the hidden states: that of the last cell state is lost."""
    weights = (W_ih, W_hh, b_ih, b_hh)
    return lstm_step_back(x[0], h, c, weights, bars[0][0], np.zeros_like(c))[2]


@LSTM.mistake("missing_path", wrt="c", case=LSTM.cases[1])
def lstm_hidden_state_cut(
    x: Array, h: Array, c: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, bars: Any
) -> Any:
    """Only the cell state's cotangent is handed back, not the hidden state's."""
    weights = (W_ih, W_hh, b_ih, b_hh)
    dc = lstm_step_back(x[1], *lstm_cell(x[0], h, c, *weights), weights, bars[0][1], bars[1])[2]
    return lstm_step_back(x[0], h, c, weights, bars[0][0], dc)[2]


def gru(x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array) -> Array:
    """The gated recurrent unit over a sequence, ``gru_cell`` at every step.

    ``x`` : t b d; ``h`` : b h, the state before the first step; the gates r, z, n are the rows of the weights.
    Returns all states, t b h. Smooth.

    >>> x, W, b = np.zeros((2, 1, 1)), np.zeros((3, 1)), np.zeros(3)
    >>> gru(x, np.ones((1, 1)), W, W, b, b).ravel().tolist()
    [0.5, 0.25]
    """
    states = []
    for x_t in x:
        h = gru_cell(x_t, h, W_ih, W_hh, b_ih, b_hh)
        states.append(h)
    return np.stack(states)


GRU = Entry(
    gru,
    "layer",
    _cases(3, (1, 2)),
    source="Cho, van Merrienboer, Gulcehre et al. (2014), with the reset after the product",
    names=Names(
        "torch.nn.GRU",
        "flax.linen.RNN(GRUCell)",
        "keras.layers.GRU(reset_after=True)",
        "torch also returns the last state; the gates stand in its order r, z, n; keras has z, r, n and b t d.",
    ),
    wrt=("x", "h", *WEIGHTS),
)


@GRU.derivative
def gru_backward(x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, y_bar: Array) -> Any:
    """Backwards through time: each state gets its own cotangent and that of the step after it."""
    weights = (W_ih, W_hh, b_ih, b_hh)
    before = [h, *gru(x, h, *weights)[:-1]]
    dx, dh, total = [], np.zeros_like(h), tuple(np.zeros_like(w) for w in weights)
    for t in reversed(range(x.shape[0])):
        dx_t, dh, *dw = gru_step_back(x[t], before[t], weights, y_bar[t] + dh)
        dx.append(dx_t)
        total = _added(total, dw)
    return np.stack(dx[::-1]), dh, *total


GRU.derivative(gru_backward, label="over more steps", cases=_cases(3, (3, 5)))


@GRU.mistake("missing_path", wrt="h", case=GRU.cases[1])
def gru_truncated(
    x: Array, h: Array, W_ih: Array, W_hh: Array, b_ih: Array, b_hh: Array, y_bar: Array
) -> Any:
    """Truncated to one step: the first state gets nothing from the later ones."""
    return gru_step_back(x[0], h, (W_ih, W_hh, b_ih, b_hh), y_bar[0])[1]
