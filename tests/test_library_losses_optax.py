"""Do the losses agree with optax's, which return one value for each sample, in value and gradient within rounding?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from loss_bounds import DTYPES, assert_within, cast, gradient_by_hand, limits, moved
from loss_peers import EMBEDDED, LOGITS, NORMALS, RNG, D, N, between, normal, one_hot, signs

from symdiff.library import find

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

pytestmark = pytest.mark.peer

Function = Callable[..., Any]
OPTAX: dict[str, tuple[str, dict[str, Any], Function]] = {
    "mse": ("squared_error", NORMALS, lambda f, a, b: f(a, b)),
    "half_squared_error": ("l2_loss", NORMALS, lambda f, a, b: f(a, b)),
    "huber": ("huber_loss", {**NORMALS, "delta": 0.75}, lambda f, a, b, d: f(a, b, delta=d)),
    "log_cosh": ("log_cosh", NORMALS, lambda f, a, b: f(a, b)),
    "hinge": ("hinge_loss", {"s": normal(N), "y": signs(N)}, lambda f, s, y: f(s, y)),
    "bce_with_logits": ("sigmoid_binary_cross_entropy", LOGITS, lambda f, z, y: f(z, y)),
    "softmax_cross_entropy": ("softmax_cross_entropy", LOGITS, lambda f, z, y: f(z, y)),
    "cross_entropy_of_labels": (
        "softmax_cross_entropy_with_integer_labels",
        {"z": normal(N, D), "label": RNG.integers(0, D, N)},
        lambda f, z, k: f(z, k),
    ),
    "sigmoid_focal": (
        "sigmoid_focal_loss",
        {"z": normal(N, D), "y": one_hot(N, D), "alpha": 0.25, "gamma": 2.0},
        lambda f, z, y, a, g: f(z, y, alpha=a, gamma=g),
    ),
    "kl_divergence": (
        "kl_divergence",
        {"p": between(N, D), "q": between(N, D)},
        lambda f, p, q: f(jax.numpy.log(q), p),
    ),
    "triplet": (
        "triplet_margin_loss",
        {
            "anchor": normal(N, D),
            "positive": normal(N, D),
            "negative": normal(N, D),
            "margin": 2.0,
            "eps": 0.125,
        },
        lambda f, a, p, n, m, e: f(a, p, n, margin=m, eps=e),
    ),
    "cosine_embedding": (
        "cosine_distance",
        {**EMBEDDED, "y": np.ones(N), "margin": 0.0, "eps": 0.0},
        lambda f, a, b, y, m, e: f(a, b),
    ),
    "dice": (
        "dice_loss",
        {"p": between(N, D), "y": one_hot(N, D), "smooth": 0.5},
        lambda f, p, y, s: in_two_classes(f, p, y, s),
    ),
}


def in_two_classes(loss: Function, p: Any, y: Any, smooth: float) -> Any:
    """The mask and its complement as optax's two classes, of which only the first one weighs."""
    classes = [jax.numpy.stack([mask, 1 - mask], -1) for mask in (p, y)]
    weights = jax.numpy.array([2.0, 0.0], p.dtype)
    return loss(*classes, class_weights=weights, smooth=smooth / 2, apply_softmax=False)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPTAX)
def test_optax_agrees_in_value_and_gradient(name: str, dtype: str) -> None:
    theirs, inputs, call = OPTAX[name]
    entry, arrays = find(name), {k: cast(v, dtype) for k, v in inputs.items()}
    with jax.enable_x64(dtype == "float64"):
        by = [list(inputs).index(k) for k in moved(entry, inputs)]
        loss = partial(call, getattr(optax.losses, theirs))
        value = np.asarray(loss(*arrays.values()))
        slopes = jax.grad(lambda *args: loss(*args).sum(), by)(*arrays.values())
    assert value.dtype == np.dtype(dtype)
    assert_within("optax's value", value, limits(partial(entry.fn, reduction="none"), inputs, dtype))
    claim = partial(gradient_by_hand(entry, "sum"), reduction="sum")
    assert_within("optax's gradient", tuple(map(np.asarray, slopes)), limits(claim, inputs, dtype))
