"""Do the architectures agree with the same networks made of torch's modules and functions?

Value and gradients of all weights, in float64 and float32, within the bound of a running error analysis
(test_library_layers_torch.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_library_layers_torch import DTYPES, Peer, assert_within, bounded, cast, compare, listed, tensor

from symdiff.library import find

torch = pytest.importorskip("torch")
F = torch.nn.functional

pytestmark = pytest.mark.peer


def one_hot(n: int, k: int) -> Any:
    return np.eye(k)[np.arange(n) * 7 % k]


def spots(*shape: int) -> Any:
    return (np.arange(np.prod(shape)).reshape(shape) % 3 == 0).astype(float)


def mlp(W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, x: Any, y: Any) -> Any:
    h = torch.tanh(F.linear(F.relu(F.linear(x, W1, b1)), W2, b2))
    return F.mse_loss(torch.sigmoid(F.linear(h, W3, b3)), y, reduction="sum") / 2


def vae(W: Any, M: Any, S: Any, V: Any, X: Any, noise: Any) -> Any:
    H = torch.tanh(X @ W)
    mu, s = H @ M, H @ S
    normal = torch.distributions.Normal(mu, torch.exp(s / 2))
    standard = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(s))
    divergence = torch.distributions.kl_divergence(normal, standard).sum()
    error = F.mse_loss((mu + torch.exp(s / 2) * noise) @ V, X, reduction="sum") / 2
    return (error + divergence) / len(X)


def distillation(W: Any, X: Any, Y: Any, teacher: Any) -> Any:
    Z = X @ W
    soft = F.kl_div(F.log_softmax(Z / 2, -1), F.softmax(teacher / 2, -1), reduction="batchmean")
    return F.cross_entropy(Z, Y) / 2 + 4 * soft / 2


def forecasting(W: Any, U: Any, v: Any, X: Any, y: Any) -> Any:
    cell = torch.nn.RNN(X.shape[1], len(U), bias=False, dtype=X.dtype)
    weights = {"weight_ih_l0": W, "weight_hh_l0": U}
    _, h = torch.func.functional_call(cell, weights, (X,))
    return (v @ h[0] - y) ** 2 / 2


def cnn(W: Any, b: Any, V: Any, c: Any, X: Any, Y: Any) -> Any:
    A = F.avg_pool2d(F.relu(F.conv2d(X, W, b, padding=1)), 2)
    return F.cross_entropy(F.linear(A.flatten(1), V, c), Y)


def unet(W1: Any, W2: Any, W3: Any, X: Any, Y: Any) -> Any:
    H = F.relu(F.conv2d(X, W1, padding=1))
    up = F.interpolate(torch.tanh(F.conv2d(F.avg_pool2d(H, 2), W2)), scale_factor=2)
    kernel = torch.cat([W3[0], W3[1]], dim=1)[:, :, None, None]
    return F.binary_cross_entropy_with_logits(F.conv2d(torch.cat([H, up], dim=1), kernel), Y)


def super_resolution(W: Any, V: Any, X: Any, Y: Any) -> Any:
    return F.mse_loss(F.pixel_shuffle(F.conv2d(torch.tanh(F.conv2d(X, W, padding=1)), V), 2), Y)


def mask_head(W: Any, V: Any, X: Any, Y: Any, chosen: Any) -> Any:
    logits = F.conv2d(torch.tanh(F.conv_transpose2d(X, W, stride=2)), V[:, :, None, None])
    own = logits[torch.arange(len(X)), chosen.argmax(1)]
    return F.binary_cross_entropy_with_logits(own, Y)


LOSSES = (
    Peer(
        "logistic_regression",
        {"w": (3,), "b": (), "X": (5, 3), "y": (5,)},
        lambda w, b, X, y: F.binary_cross_entropy_with_logits(X @ w + b, y),
        fixed={"y": spots(5)},
    ),
    Peer(
        "multiclass_regression",
        {"W": (3, 4), "b": (4,), "X": (5, 3), "Y": (5, 4)},
        lambda W, b, X, Y: F.cross_entropy(X @ W + b, Y),
        fixed={"Y": one_hot(5, 4)},
    ),
    Peer(
        "multilabel_regression",
        {"W": (3, 4), "b": (4,), "X": (5, 3), "Y": (5, 4)},
        lambda W, b, X, Y: F.binary_cross_entropy_with_logits(X @ W + b, Y),
        fixed={"Y": spots(5, 4)},
    ),
    Peer(
        "mlp",
        {"W1": (4, 3), "b1": (4,), "W2": (5, 4), "b2": (5,), "W3": (2, 5), "b3": (2,), "x": (3,), "y": (2,)},
        mlp,
    ),
    Peer(
        "autoencoder",
        {"W": (4, 2), "b": (2,), "V": (2, 4), "c": (4,), "X": (5, 4)},
        lambda W, b, V, c, X: F.mse_loss(torch.tanh(X @ W + b) @ V + c, X),
    ),
    Peer("vae", {"W": (4, 3), "M": (3, 2), "S": (3, 2), "V": (2, 4), "X": (5, 4), "noise": (5, 2)}, vae),
    Peer(
        "distillation",
        {"W": (3, 4), "X": (5, 3), "Y": (5, 4), "teacher": (5, 4)},
        distillation,
        fixed={"Y": one_hot(5, 4)},
    ),
    Peer(
        "box_regression",
        {"W": (3, 4), "X": (5, 3), "target": (5, 4)},
        lambda W, X, target: F.smooth_l1_loss(X @ W, target, reduction="sum"),
    ),
    Peer("forecasting", {"W": (4, 2), "U": (4, 4), "v": (4,), "X": (3, 2), "y": ()}, forecasting),
    Peer(
        "cnn",
        {"W": (2, 3, 3, 3), "b": (2,), "V": (4, 8), "c": (4,), "X": (5, 3, 4, 4), "Y": (5, 4)},
        cnn,
        fixed={"Y": one_hot(5, 4)},
    ),
    Peer(
        "unet",
        {"W1": (3, 2, 3, 3), "W2": (3, 3, 1, 1), "W3": (2, 2, 3), "X": (2, 2, 4, 4), "Y": (2, 2, 4, 4)},
        unet,
        fixed={"Y": spots(2, 2, 4, 4)},
    ),
    Peer(
        "super_resolution",
        {"W": (3, 2, 3, 3), "V": (8, 3, 1, 1), "X": (2, 2, 3, 3), "Y": (2, 2, 6, 6)},
        super_resolution,
    ),
    Peer(
        "mask_head",
        {"W": (2, 3, 2, 2), "V": (4, 3), "X": (5, 2, 2, 2), "Y": (5, 4, 4), "chosen": (5, 4)},
        mask_head,
        fixed={"Y": spots(5, 4, 4), "chosen": one_hot(5, 4)},
    ),
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("peer", LOSSES, ids=lambda peer: peer.name)
def test_value_and_gradient_of_a_loss(peer: Peer, dtype: str) -> None:
    entry, inputs = find(peer.name), peer.inputs()
    back, args = entry.claims[0].claim, list(inputs.values())
    value, gradient = bounded(entry.fn, args, dtype), bounded(back, args, dtype)
    own = [cast(arg, dtype) for arg in args]
    assert_within(f"{peer.name} value here", listed(entry.fn(*own)), value)
    assert_within(f"{peer.name} gradient here", listed(back(*own)), gradient)

    tensors = {name: tensor(cast(np.asarray(arg), dtype)) for name, arg in inputs.items()}
    wrt = entry.wrt if isinstance(entry.wrt, tuple) else (next(iter(inputs)),)
    theirs = peer.theirs(*tensors.values())
    slopes = torch.autograd.grad(theirs, [tensors[str(name)] for name in wrt])
    assert_within(f"{peer.name} value", [theirs.detach().numpy()], value)
    assert_within(f"{peer.name} gradient", [s.numpy() for s in slopes], gradient)


def encoder_layer(x: Any, Wq: Any, Wk: Any, Wv: Any, Wo: Any, g1: Any, b1: Any, *rest: Any) -> Any:
    """``torch.nn.TransformerEncoderLayer`` with GELU, without biases in the projections."""
    W1, c1, W2, c2, g2, b2, heads = rest
    width, (h, _) = x.shape[-1], heads.shape
    layer = torch.nn.TransformerEncoderLayer(
        width, h, W1.shape[1], dropout=0.0, activation="gelu", batch_first=True, dtype=x.dtype
    )
    zeros = torch.zeros(width, dtype=x.dtype)
    given = {
        "self_attn.in_proj_weight": torch.cat([Wq.T, Wk.T, Wv.T]),
        "self_attn.in_proj_bias": torch.cat([zeros] * 3),
        "self_attn.out_proj.weight": Wo.T,
        "self_attn.out_proj.bias": zeros,
        "norm1.weight": g1,
        "norm1.bias": b1,
        "norm2.weight": g2,
        "norm2.bias": b2,
        "linear1.weight": W1.T,
        "linear1.bias": c1,
        "linear2.weight": W2.T,
        "linear2.bias": c2,
    }
    return torch.func.functional_call(layer, given, (x,))


ENCODER = Peer(
    "transformer_encoder_layer",
    {
        "x": (2, 3, 4), "Wq": (4, 4), "Wk": (4, 4), "Wv": (4, 4), "Wo": (4, 4), "g1": (4,), "b1": (4,),
        "W1": (4, 5), "c1": (5,), "W2": (5, 4), "c2": (4,), "g2": (4,), "b2": (4,), "heads": (2, 2),
    },
    encoder_layer,
)  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_transformer_encoder_layer(dtype: str) -> None:
    compare(ENCODER, dtype)
