"""Do sequences, attention and a small CNN agree with torch's modules, weights in torch's layout?

Value and gradients of all arguments, in float64 and float32, within the bound of a running error analysis
(test_library_layers_torch.py).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from test_library_layers_torch import DTYPES, Function, Peer, assert_within, bounded, cast, compare, tensor

from symdiff.library import find
from symdiff.library.attention.scaled_products import attention_backward, scaled_dot_product_attention
from symdiff.library.layers.affine import dense, dense_backward
from symdiff.library.layers.convolution import conv2d, conv2d_backward
from symdiff.library.layers.normalization import batch_norm, batch_norm_backward
from symdiff.library.layers.pooling import max_pool2d, max_pool2d_backward
from symdiff.library.layers.resizing import global_avg_pool2d, global_avg_pool2d_backward
from symdiff.library.layers.transposed_convolution import conv_transpose2d, conv_transpose2d_backward

torch = pytest.importorskip("torch")
F = torch.nn.functional
call = torch.func.functional_call

pytestmark = pytest.mark.peer

T, B, D, H = 4, 3, 5, 6
PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def weights(gates: int) -> dict[str, tuple[int, ...]]:
    wide = gates * H
    return {"W_ih": (wide, D), "W_hh": (wide, H), "b_ih": (wide,), "b_hh": (wide,)}


def module(kind: Any, like: Any) -> Any:
    return kind(D, H, dtype=like.dtype)


def cell(kind: Any) -> Function:
    """A cell of torch as a function of its inputs and weights."""

    def run(x: Any, h: Any, *rest: Any) -> Any:
        state, parameters = ((h, rest[0]), rest[1:]) if len(rest) == 5 else (h, rest)
        return call(module(kind, x), dict(zip(PARAMETERS, parameters, strict=True)), (x, state))

    return run


def sequence(kind: Any) -> Function:
    """A recurrent module of torch: all states, and for the LSTM its last cell state."""

    def run(x: Any, h: Any, *rest: Any) -> Any:
        state, parameters = ((h[None], rest[0][None]), rest[1:]) if len(rest) == 5 else (h[None], rest)
        names = [f"{name}_l0" for name in PARAMETERS]
        y, last = call(module(kind, x), dict(zip(names, parameters, strict=True)), (x, state))
        return (y, last[1][0]) if len(rest) == 5 else y

    return run


STEP, RUN, CELL = {"x": (B, D), "h": (B, H)}, {"x": (T, B, D), "h": (B, H)}, {"c": (B, H)}
RECURRENT = (
    Peer("rnn_cell", {**STEP, **weights(1)}, cell(torch.nn.RNNCell)),
    Peer("lstm_cell", {**STEP, **CELL, **weights(4)}, cell(torch.nn.LSTMCell)),
    Peer("gru_cell", {**STEP, **weights(3)}, cell(torch.nn.GRUCell)),
    Peer("rnn", {**RUN, **weights(1)}, sequence(torch.nn.RNN)),
    Peer("lstm", {**RUN, **CELL, **weights(4)}, sequence(torch.nn.LSTM)),
    Peer("gru", {**RUN, **weights(3)}, sequence(torch.nn.GRU)),
)


def multi_head(x: Any, W_in: Any, b_in: Any, W_out: Any, b_out: Any) -> Any:
    """``torch.nn.MultiheadAttention`` of three heads on one sequence."""
    layer = torch.nn.MultiheadAttention(x.shape[-1], 3, batch_first=True, dtype=x.dtype)
    names = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    given = dict(zip(names, (W_in, b_in, W_out, b_out), strict=True))
    return call(layer, given, (x, x, x), {"need_weights": False})[0]


def cross(x: Any, memory: Any, W_q: Any, W_k: Any, W_v: Any, W_out: Any) -> Any:
    """``torch.nn.MultiheadAttention`` with a memory of another width; its weights are h*k d."""
    d, heads, _ = W_q.shape
    wide = memory.shape[-1]
    layer = torch.nn.MultiheadAttention(
        d, heads, bias=False, kdim=wide, vdim=wide, batch_first=True, dtype=x.dtype
    )
    flat = [W.reshape(W.shape[0], -1).T for W in (W_q, W_k, W_v)]
    names = ("q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight")
    given = dict(zip(names, (*flat, W_out.reshape(-1, W_out.shape[-1]).T), strict=True))
    return call(layer, given, (x, memory, memory), {"need_weights": False})[0]


PRODUCTS = {"q": (2, 3, 5, 4), "k": (2, 3, 7, 4), "v": (2, 3, 7, 6)}
SQUARE = {"q": (2, 5, 4), "k": (2, 5, 4), "v": (2, 5, 3)}
PROJECTIONS = {"W_q": (6, 3, 2), "W_k": (5, 3, 2), "W_v": (5, 3, 2), "W_out": (3, 2, 6)}
ATTENTION = (
    Peer("scaled_dot_product_attention", PRODUCTS, F.scaled_dot_product_attention),
    Peer(
        "scaled_dot_product_attention",
        SQUARE,
        partial(F.scaled_dot_product_attention, is_causal=True),
        {"is_causal": True},
    ),
    Peer(
        "multi_head_attention",
        {"x": (2, 5, 6), "W_in": (18, 6), "b_in": (18,), "W_out": (6, 6), "b_out": (6,)},
        multi_head,
        {"num_heads": 3},
    ),
    Peer("cross_attention", {"x": (2, 4, 6), "memory": (2, 7, 5), **PROJECTIONS}, cross),
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("peer", (*RECURRENT, *ATTENTION), ids=lambda peer: peer.label)
def test_value_and_gradients(peer: Peer, dtype: str) -> None:
    compare(peer, dtype)


MASKS = {
    "booleans": np.array([[True, False, True], [False, True, False]]),
    "a row of none": np.array([[True, False, True], [False, False, False]]),
    "numbers": np.array([[0.5, -1.25, 0.0], [3.0, 0.125, -2.0]]),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", MASKS)
def test_attention_with_a_mask(kind: str, dtype: str) -> None:
    """Booleans show, numbers are added; a query that sees no key gets zeros, in torch too."""
    mask, rng = MASKS[kind], np.random.default_rng(0)
    q, k, v, up = (
        rng.standard_normal(s).astype(np.float32).astype(float) for s in ((2, 4), (3, 4), (3, 5), (2, 5))
    )
    value = bounded(lambda q, k, v: scaled_dot_product_attention(q, k, v, mask), [q, k, v], dtype)
    gradient = bounded(lambda q, k, v, up: attention_backward(q, k, v, up, mask), [q, k, v, up], dtype)
    tensors = [tensor(cast(arg, dtype)) for arg in (q, k, v)]
    y = F.scaled_dot_product_attention(*tensors, torch.tensor(cast(mask, dtype)))
    slopes = torch.autograd.grad(y, tensors, torch.tensor(cast(up, dtype)))
    assert_within("value", [y.detach().numpy()], value)
    assert_within("gradient", [s.numpy() for s in slopes], gradient)


def network(x: Any, W1: Any, b1: Any, gamma: Any, beta: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    """Convolution, batch norm, rectifier, pooling, transposed convolution, mean, dense: all that each computes."""
    a = conv2d(x, W1, b1, padding=1)
    n = batch_norm(a, gamma, beta)
    r = np.maximum(n, 0)
    s = max_pool2d(r)
    u = conv_transpose2d(s, W2, b2, stride=2)
    m = global_avg_pool2d(u)
    return a, n, r, s, u, m, dense(m, W3, b3)


def network_output(*args: Any) -> Any:
    return network(*args)[-1]


def network_backward(*args: Any) -> Any:
    """The hand-written backward pass of one layer after the other."""
    x, W1, b1, gamma, beta, W2, b2, W3, b3, y_bar = args
    a, n, r, s, u, m, _ = network(*args[:-1])
    dm, dW3, db3 = dense_backward(m, W3, b3, y_bar)
    ds, dW2, db2 = conv_transpose2d_backward(s, W2, b2, global_avg_pool2d_backward(u, dm), stride=2)
    dn = np.where(n > 0, max_pool2d_backward(r, ds), 0)
    da, dg, dbeta = batch_norm_backward(a, gamma, beta, dn)
    dx, dW1, db1 = conv2d_backward(x, W1, b1, da, padding=1)
    return dx, dW1, db1, dg, dbeta, dW2, db2, dW3, db3


def modules(dtype: Any) -> Any:
    """The same network of torch's modules."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.ConvTranspose2d(4, 3, 2, stride=2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(3, 5),
    ).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_cnn_of_modules(dtype: str) -> None:
    """Seven modules in a row: the entries' backward passes, one after the other, give torch's gradients."""
    torch.manual_seed(0)
    net = modules(torch.float32)
    x, y_bar = torch.randn(2, 3, 6, 6), torch.randn(2, 5)
    args = [t.detach().double().numpy() for t in (x, *net.parameters())]
    value = bounded(network_output, args, dtype)
    gradient = bounded(network_backward, [*args, y_bar.double().numpy()], dtype)
    net = net.to(getattr(torch, dtype))
    x = x.to(getattr(torch, dtype)).requires_grad_()
    y = net(x)
    slopes = torch.autograd.grad(y, [x, *net.parameters()], y_bar.to(y.dtype))
    assert_within("value", [y.detach().numpy()], value)
    assert_within("gradient", [slope.numpy() for slope in slopes], gradient)


def test_the_bound_is_tight_enough_to_see_a_mistake() -> None:
    """One part in 10^12 is seen in double precision, one in 10^4 in single."""
    entry, rng = find("lstm_cell"), np.random.default_rng(0)
    shapes = RECURRENT[1].shapes
    args = [rng.standard_normal(s).astype(np.float32).astype(float) for s in shapes.values()]
    for dtype, planted in (("float64", 1e-12), ("float32", 1e-4)):
        value = bounded(entry.fn, args, dtype)
        assert_within("right", list(entry.fn(*args)), value)
        with pytest.raises(AssertionError, match="is off by"):
            assert_within("wrong", [v * (1 + planted) for v in entry.fn(*args)], value)
