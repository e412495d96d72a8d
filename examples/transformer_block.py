"""A pre-norm Transformer block and its whole backward pass by hand, proved for every shape.

The two sides compute the forward pass differently: the block shifts its softmax and centres its variance, the backward
pass does neither. Xiong et al. (2020), figure 1b; Hendrycks and Gimpel (2016) for GELU.
"""

import numpy as np
from scipy import special

import symdiff as sd

NAMES = (
    "x", "g1", "b1", "Wq", "bq", "Wk", "bk", "Wv", "bv", "Wo", "bo", "g2", "b2", "W1", "c1", "W2", "c2",
)  # fmt: skip
_WIDE = "D h*dh"
SHAPES = (
    "B n D", "D", "D", _WIDE, "h*dh", _WIDE, "h*dh", _WIDE, "h*dh", "h*dh D", "D", "D", "D", "D f", "f",
    "f D", "D", "h dh",
)  # fmt: skip


def gelu(z):
    return 0.5 * z * (1 + special.erf(z / np.sqrt(2)))


def gelu_slope(z):
    return 0.5 * (1 + special.erf(z / np.sqrt(2))) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def norm(x, g, b):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * g + b


def norm_backward(x, g, y_bar):
    mean = x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((x**2).mean(-1, keepdims=True) - mean**2 + 1e-5)
    x_hat, h = (x - mean) * r, y_bar * g
    dx = r * (h - h.mean(-1, keepdims=True) - x_hat * (h * x_hat).mean(-1, keepdims=True))
    return dx, (y_bar * x_hat).sum((0, 1)), y_bar.sum((0, 1))


def block(x, g1, b1, Wq, bq, Wk, bk, Wv, bv, Wo, bo, g2, b2, W1, c1, W2, c2, heads):
    """``heads`` only says into how many heads the width is split."""
    batch, n, _ = x.shape
    h, dh = heads.shape
    u = norm(x, g1, b1)
    q, k, v = (
        (u @ W + b).reshape(batch, n, h, dh).transpose(0, 2, 1, 3) for W, b in ((Wq, bq), (Wk, bk), (Wv, bv))
    )
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(dh)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = (e / e.sum(-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(batch, n, h * dh)
    y = x + mixed @ Wo + bo
    return y + gelu(norm(y, g2, b2) @ W1 + c1) @ W2 + c2


PARAMETERS = (*NAMES, "heads")


@sd.derivative_of(block, of="vjp", wrt=NAMES, inputs=dict(zip(PARAMETERS, SHAPES, strict=True)))
def block_backward(x, g1, b1, Wq, bq, Wk, bk, Wv, bv, Wo, bo, g2, b2, W1, c1, W2, c2, heads, y_bar):
    batch, n, _ = x.shape
    h, dh = heads.shape

    def split(t):
        return t.reshape(batch, n, h, dh).transpose(0, 2, 1, 3)

    def join(t):
        return t.transpose(0, 2, 1, 3).reshape(batch, n, h * dh)

    def turned(t):
        return t.transpose(0, 1, 3, 2)

    def outer(a, b):
        return np.einsum("bni,bnj->ij", a, b)

    u = norm(x, g1, b1)
    q, k, v = split(u @ Wq + bq), split(u @ Wk + bk), split(u @ Wv + bv)
    e = np.exp(q @ turned(k) / np.sqrt(dh))
    P = e / e.sum(-1, keepdims=True)
    out = P @ v
    y = x + join(out) @ Wo + bo
    w = norm(y, g2, b2)
    z = w @ W1 + c1
    dz = (y_bar @ W2.T) * gelu_slope(z)
    through, dg2, db2 = norm_backward(y, g2, dz @ W1.T)
    dy = y_bar + through
    d_out = split(dy @ Wo.T)
    dS = P * (d_out @ turned(v) - (d_out * out).sum(-1, keepdims=True)) / np.sqrt(dh)
    dq, dk, dv = join(dS @ k), join(turned(dS) @ q), join(turned(P) @ d_out)
    into, dg1, db1 = norm_backward(x, g1, dq @ Wq.T + dk @ Wk.T + dv @ Wv.T)
    return (
        dy + into, dg1, db1, outer(u, dq), dq.sum((0, 1)), outer(u, dk), dk.sum((0, 1)), outer(u, dv),
        dv.sum((0, 1)), outer(join(out), dy), dy.sum((0, 1)), dg2, db2, outer(w, dz), dz.sum((0, 1)),
        outer(gelu(z), y_bar), y_bar.sum((0, 1)),
    )  # fmt: skip
