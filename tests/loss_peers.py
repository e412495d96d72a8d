"""What else computes the losses? Torch's functions and papers' formulas in torch, at numbers that float32 holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
F = torch.nn.functional

Function = Callable[..., Any]
REDUCTIONS = ("mean", "sum", "none")
RNG = np.random.default_rng(4)


def normal(*shape: int) -> Any:
    return (2 * RNG.standard_normal(shape)).astype(np.float32).astype(float)


def between(*shape: int) -> Any:
    """Probabilities that float32 holds, away from 0 and 1."""
    return RNG.integers(1, 64, shape) / 64


def one_hot(n: int, k: int) -> Any:
    return np.eye(k)[RNG.integers(0, k, n)]


def signs(n: int) -> Any:
    return 2.0 * RNG.integers(0, 2, n) - 1


def boxes(n: int) -> Any:
    corner = RNG.integers(0, 64, (n, 2)) / 16
    return np.concatenate([corner, corner + RNG.integers(16, 64, (n, 2)) / 16], axis=-1)


N, D = 7, 5
NORMALS = {"y_hat": normal(N, D), "y": normal(N, D)}
LOGITS = {"z": normal(N, D), "y": between(N, D)}
EMBEDDED = {"x1": normal(N, D), "x2": normal(N, D)}
WEIGHTS = between(D, 3)


@dataclass(frozen=True)
class Peer:
    """A loss at some arguments and settings, and a function of the same arguments and the reduction."""

    name: str
    inputs: Mapping[str, Any]
    theirs: Function
    settings: Mapping[str, Any] = field(default_factory=dict)
    reductions: tuple[str, ...] = REDUCTIONS


def reduced(formula: Function) -> Function:
    """A formula of each sample, as torch reduces it."""

    def loss(*args: Any, reduction: str, **settings: Any) -> Any:
        value = formula(*args, **settings)
        return value if reduction == "none" else getattr(torch, reduction)(value)

    return loss


def named(reduction: str) -> str:
    return "batchmean" if reduction == "mean" else reduction


def row_divergence(p: Any, q: Any, *, reduction: str) -> Any:
    if reduction == "none":
        return F.kl_div(q.log(), p, reduction="none").sum(-1)
    return F.kl_div(q.log(), p, reduction=named(reduction))


def sigmoid_focal(z: Any, y: Any, alpha: float, gamma: float) -> Any:
    """As torchvision.ops.sigmoid_focal_loss: the cross-entropy times (1 - p_t)^gamma."""
    p = torch.sigmoid(z)
    p_t = p * y + (1 - p) * (1 - y)
    cross_entropy = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    return (alpha * y + (1 - alpha) * (1 - y)) * cross_entropy * (1 - p_t) ** gamma


def dice(p: Any, y: Any, smooth: float, axis: Any = -1) -> Any:
    return 1 - (2 * (p * y).sum(axis) + smooth) / (p.sum(axis) + y.sum(axis) + smooth)


def jaccard(p: Any, y: Any, smooth: float, axis: Any = -1) -> Any:
    return 1 - ((p * y).sum(axis) + smooth) / ((p + y - p * y).sum(axis) + smooth)


def box_areas(a: Any, b: Any) -> tuple[Any, Any, Any]:
    side = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0)
    hull = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    overlap = side.prod(-1)
    union = (a[:, 2:] - a[:, :2]).prod(-1) + (b[:, 2:] - b[:, :2]).prod(-1) - overlap
    return overlap, union, hull.prod(-1)


def box_iou(a: Any, b: Any) -> Any:
    overlap, union, _ = box_areas(a, b)
    return 1 - overlap / union


def generalized_box_iou(a: Any, b: Any) -> Any:
    overlap, union, hull = box_areas(a, b)
    return 1 - (overlap / union - (hull - union) / hull)


def contrastive(x1: Any, x2: Any, y: Any, margin: float, eps: float) -> Any:
    d = F.pairwise_distance(x1, x2, eps=0)
    return (y * d**2 + (1 - y) * torch.relu(margin - d) ** 2) / 2


def total_variation(x: Any) -> Any:
    return x.diff(dim=-2).abs().sum((-2, -1)) + x.diff(dim=-1).abs().sum((-2, -1))


def smooth_total_variation(x: Any, eps: float) -> Any:
    down, right = x.diff(dim=-2)[..., :-1], x.diff(dim=-1)[..., :-1, :]
    return (down**2 + right**2 + eps).sqrt().sum((-2, -1))


def squared_hinge(s: Any, y: Any) -> Any:
    """The multi-class margin loss with p = 2 of the scores s and 0, which torch divides by the two classes."""
    scores = torch.stack([s, torch.zeros_like(s)], -1)
    return 2 * F.multi_margin_loss(scores, (y < 0).long(), p=2, reduction="none")


def linear_features(x: Any) -> Any:
    return np.tanh(x @ WEIGHTS)


def torch_features(x: Any, **_: Any) -> Any:
    return torch.tanh(x @ torch.as_tensor(WEIGHTS, dtype=x.dtype))


def perceptual(x: Any, target: Any, *, reduction: str, features: Function) -> Any:
    return F.mse_loss(torch_features(x), torch_features(target), reduction=reduction)


def scaled(loss: Function, factor: float) -> Function:
    return lambda *args, **settings: factor * loss(*args, **settings)


PEERS = [
    Peer("mse", NORMALS, F.mse_loss),
    Peer("half_squared_error", NORMALS, scaled(F.mse_loss, 0.5)),
    Peer("mae", NORMALS, F.l1_loss),
    Peer("huber", {**NORMALS, "delta": 0.75}, lambda a, b, d, **r: F.huber_loss(a, b, delta=d, **r)),
    Peer("smooth_l1", {**NORMALS, "beta": 0.75}, lambda a, b, d, **r: F.smooth_l1_loss(a, b, beta=d, **r)),
    Peer(
        "smooth_l1",
        {"y_hat": boxes(N), "y": boxes(N), "beta": 0.125},
        lambda a, b, d, **r: F.smooth_l1_loss(a, b, beta=d, **r),
    ),
    Peer(
        "quantile",
        {**NORMALS, "q": 0.25},
        reduced(lambda a, y, q: torch.maximum(q * (y - a), (q - 1) * (y - a))),
    ),
    Peer(
        "binary_cross_entropy",
        {"p": between(N, D), "y": between(N, D), "weight": between(N, D)},
        F.binary_cross_entropy,
    ),
    Peer(
        "binary_cross_entropy",
        {"p": between(N), "y": one_hot(N, 2)[:, 0], "weight": np.ones(N)},
        F.binary_cross_entropy,
    ),
    Peer(
        "bce_with_logits",
        {**LOGITS, "weight": between(N, D), "pos_weight": between(D) + 1},
        lambda z, y, w, c, **r: F.binary_cross_entropy_with_logits(z, y, w, pos_weight=c, **r),
    ),
    Peer(
        "cross_entropy",
        {"p": between(N, D), "y": one_hot(N, D)},
        lambda p, y, **r: F.nll_loss(p.log(), y.argmax(-1), **r),
    ),
    Peer(
        "softmax_cross_entropy",
        {**LOGITS, "weight": between(D), "label_smoothing": 0.125},
        lambda z, y, w, e, **r: F.cross_entropy(z, y, w, label_smoothing=e, **r),
    ),
    Peer(
        "cross_entropy_of_labels",
        {"z": normal(N, D), "label": RNG.integers(0, D, N), "weight": np.ones(D)},
        F.cross_entropy,
    ),
    Peer(
        "cross_entropy_of_labels",
        {"z": normal(N, D), "label": RNG.integers(0, D, N), "weight": between(D)},
        F.cross_entropy,
    ),
    Peer(
        "focal",
        {"p_t": between(N), "alpha": 0.25, "gamma": 2.0},
        reduced(lambda p, a, g: -a * (1 - p) ** g * p.log()),
    ),
    Peer(
        "sigmoid_focal",
        {"z": normal(N, D), "y": one_hot(N, D), "alpha": 0.25, "gamma": 2.0},
        reduced(sigmoid_focal),
    ),
    Peer("dice", {"p": between(N, D), "y": one_hot(N, D), "smooth": 0.5}, reduced(dice)),
    Peer("iou", {"p": between(N, D), "y": one_hot(N, D), "smooth": 0.5}, reduced(jaccard)),
    Peer("box_iou", {"box": boxes(N), "target": boxes(N) + 1 / 32}, reduced(box_iou)),
    Peer("generalized_box_iou", {"box": boxes(N), "target": boxes(N) + 1 / 32}, reduced(generalized_box_iou)),
    Peer("kl_divergence", {"p": between(N, D), "q": between(N, D)}, row_divergence),
    Peer(
        "kl_div", {"log_q": normal(N, D), "p": between(N, D)}, F.kl_div, reductions=(*REDUCTIONS, "batchmean")
    ),
    Peer(
        "kl_div",
        {"log_q": normal(N, D), "p": normal(N, D)},
        F.kl_div,
        {"log_target": True},
        ("mean", "batchmean"),
    ),
    Peer(
        "triplet",
        {
            "anchor": normal(N, D),
            "positive": normal(N, D),
            "negative": normal(N, D),
            "margin": 2.0,
            "eps": 0.0,
        },
        lambda a, p, n, m, e, **r: F.triplet_margin_loss(a, p, n, margin=m, eps=e, **r),
    ),
    Peer(
        "contrastive", {**EMBEDDED, "y": one_hot(N, 2)[:, 0], "margin": 6.0, "eps": 0.0}, reduced(contrastive)
    ),
    Peer(
        "cosine_embedding",
        {**EMBEDDED, "y": signs(N), "margin": 0.125, "eps": 1e-12},
        lambda a, b, y, m, e, **r: F.cosine_embedding_loss(a, b, y, margin=m, **r),
    ),
    Peer(
        "margin_ranking",
        {"x1": normal(N), "x2": normal(N), "y": signs(N), "margin": 0.5},
        lambda a, b, y, m, **r: F.margin_ranking_loss(a, b, y, margin=m, **r),
    ),
    Peer(
        "hinge",
        {"s": normal(N), "y": signs(N)},
        lambda s, y, **r: F.hinge_embedding_loss(s * y, -torch.ones_like(s), margin=1.0, **r),
    ),
    Peer("squared_hinge", {"s": normal(N), "y": signs(N)}, reduced(squared_hinge)),
    Peer(
        "gaussian_nll",
        {"mu": normal(N, D), "y": normal(N, D), "var": between(N, D)},
        lambda m, y, v, full, **r: F.gaussian_nll_loss(m, y, v, full=full, eps=0, **r),
        {"full": True},
    ),
    Peer(
        "gaussian_nll",
        {"mu": normal(N, D), "y": normal(N, D), "var": between(N, D)},
        lambda m, y, v, **r: F.gaussian_nll_loss(m, y, v, eps=0, **r),
    ),
    Peer("poisson_nll", {"z": normal(N, D), "y": between(N, D) * 16}, F.poisson_nll_loss),
    Peer("total_variation", {"x": normal(2, 4, 5)}, reduced(total_variation)),
    Peer("smooth_total_variation", {"x": normal(2, 4, 5), "eps": 0.125}, reduced(smooth_total_variation)),
    Peer(
        "perceptual",
        {"x": normal(N, D), "target": normal(N, D)},
        perceptual,
        {"features": linear_features},
        ("mean", "sum"),
    ),
]
