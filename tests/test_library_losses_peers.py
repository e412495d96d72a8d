"""Do the losses agree with torch's and optax's, in value and gradient, for each reduction, within rounding?

The graph of a loss, and of its gradient by hand, is followed by a running error analysis (accuracy.bound: Higham's
gamma_n for any order of the sums). Inputs are numbers that float32 holds. In each dtype the peer, and the loss itself,
may differ from the loss in double precision by what rounding can do in that dtype, plus that of double precision.
Where torch has no loss of the name, the paper's formula is written in torch's operations and differentiated by torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.checking.black_boxes.accuracy import bound
from symdiff.library import Entry, find

torch = pytest.importorskip("torch")
F = torch.nn.functional

pytestmark = pytest.mark.peer

Function = Callable[..., Any]
DTYPES = ("float64", "float32")
REDUCTIONS = ("mean", "sum", "none")
TWICE = 2  # a peer's formula is another than the entry's: it may round as often again
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
QUESTIONS = [
    pytest.param(peer, reduction, id=f"{k}-{peer.name}-{reduction}")
    for k, peer in enumerate(PEERS)
    for reduction in peer.reductions
]


def cast(value: Any, dtype: str) -> Any:
    array = np.asarray(value)
    if not array.ndim:
        return value
    return array.astype(dtype) if array.dtype.kind == "f" else array


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def limits(fn: Function, inputs: Mapping[str, Any], dtype: str) -> list[tuple[Any, Any]]:
    """Each output in double precision, and how far an evaluation in ``dtype`` may be from it."""
    graph = sd.trace(fn, **inputs)
    values = {
        node: np.asarray(inputs[name]) for name, node in zip(graph.input_names, graph.inputs, strict=True)
    }
    exact, single = bound(graph.store, graph.outputs, values, dtype)
    double = bound(graph.store, graph.outputs, values, "float64")[1]
    return [(value, TWICE * a + b) for value, a, b in zip(exact, single, double, strict=True)]


def assert_within(label: str, found: Any, wanted: list[tuple[Any, Any]]) -> None:
    for k, (value, (exact, limit)) in enumerate(zip(listed(found), wanted, strict=True)):
        assert np.shape(value) == np.shape(exact), f"{label}[{k}]"
        assert np.all(np.isfinite(limit)), f"{label}[{k}]: no bound"
        off = np.abs(np.asarray(value, dtype=float) - exact)
        assert np.all(off <= limit), (
            f"{label}[{k}] is off by {off.max():.3g}, at most {np.max(limit):.3g} expected"
        )


def moved(entry: Entry, inputs: Mapping[str, Any]) -> list[str]:
    wrt = entry.wrt if isinstance(entry.wrt, (tuple, list)) else [entry.wrt]
    return [list(inputs)[w] if isinstance(w, int) else w for w in wrt]


def gradient_by_hand(entry: Entry, reduction: str) -> Function:
    of = "vjp" if reduction == "none" else "gradient"
    return next(c.claim for c in entry.claims if c.order == 1 and c.of == of and c.wrt == entry.wrt)


def in_torch(peer: Peer, inputs: Mapping[str, Any], reduction: str, weights: Any) -> tuple[Any, list[Any]]:
    names = moved(find(peer.name), inputs)
    tensors = [torch.tensor(v, requires_grad=k in names) if np.ndim(v) else v for k, v in inputs.items()]
    value = peer.theirs(*tensors, reduction=reduction, **peer.settings)
    leaves = [t for k, t in zip(inputs, tensors, strict=True) if k in names]
    slopes = torch.autograd.grad(value, leaves, None if weights is None else torch.tensor(weights))
    return value.detach().numpy(), [s.numpy() for s in slopes]


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss")  # which kl_div documents too
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("peer", "reduction"), QUESTIONS)
def test_torch_agrees_in_value_and_gradient(peer: Peer, reduction: str, dtype: str) -> None:
    entry, arrays = find(peer.name), {k: cast(v, dtype) for k, v in peer.inputs.items()}
    fn = partial(entry.fn, reduction=reduction, **peer.settings)
    claim = gradient_by_hand(entry, reduction)
    if reduction != "none":
        claim = partial(claim, reduction=reduction, **peer.settings)
    y_bar = between(*np.shape(fn(**peer.inputs))) if reduction == "none" else None
    wide = peer.inputs if y_bar is None else {**peer.inputs, "y_bar": y_bar}
    narrow = {k: cast(v, dtype) for k, v in wide.items()}
    value, slopes = in_torch(peer, arrays, reduction, narrow.get("y_bar"))

    assert value.dtype == np.dtype(dtype)
    values, gradients = limits(fn, peer.inputs, dtype), limits(claim, wide, dtype)
    assert_within("torch's value", value, values)
    assert_within("the value", fn(**arrays), values)
    assert_within("torch's gradient", tuple(slopes), gradients)
    assert_within("the gradient by hand", claim(*narrow.values()), gradients)
    if y_bar is None:
        numbers = {k: v for k, v in arrays.items() if not np.ndim(v)}
        by_symdiff = sd.grad(partial(fn, **numbers), wrt=tuple(moved(entry, wide)))
        assert_within("sd.grad", by_symdiff(**{k: v for k, v in arrays.items() if np.ndim(v)}), gradients)


def test_the_bounds_would_see_a_small_mistake() -> None:
    """A relative error of 1e-12 of the loss, or of the largest entry of its gradient, is beyond the bounds."""
    for peer in PEERS:
        entry = find(peer.name)
        claim = partial(gradient_by_hand(entry, "sum"), reduction="sum", **peer.settings)
        value = partial(entry.fn, reduction="sum", **peer.settings)
        for exact, limit in limits(value, peer.inputs, "float64") + limits(claim, peer.inputs, "float64"):
            assert np.max(limit) < 1e-12 * np.max(np.abs(exact)), peer.name


def test_every_loss_is_compared() -> None:
    compared = {peer.name for peer in PEERS} | set(OPTAX)
    assert {entry.name for entry in sd.library.registry("loss")} <= compared


# optax: one value for each sample or entry --------------------------------------------------------------------

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


jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPTAX)
def test_optax_agrees_in_value_and_gradient(name: str, dtype: str) -> None:
    theirs, inputs, call = OPTAX[name]
    entry, arrays = find(name), {k: cast(v, dtype) for k, v in inputs.items()}
    held = {k: v for k, v in inputs.items() if not np.ndim(v)}
    with jax.enable_x64(dtype == "float64"):
        by = [list(inputs).index(k) for k in moved(entry, inputs)]
        loss = partial(call, getattr(optax.losses, theirs))
        value = np.asarray(loss(*arrays.values()))
        slopes = jax.grad(lambda *args: loss(*args).sum(), by)(*arrays.values())
    assert value.dtype == np.dtype(dtype)
    assert_within("optax's value", value, limits(partial(entry.fn, reduction="none"), inputs, dtype))
    claim = partial(gradient_by_hand(entry, "sum"), reduction="sum")
    assert held or set(inputs) <= set(arrays)
    assert_within("optax's gradient", tuple(map(np.asarray, slopes)), limits(claim, inputs, dtype))


# Conventions that differ, as the entries say ------------------------------------------------------------------


def test_torch_bounds_the_logarithms_of_probabilities() -> None:
    """A certain and wrong prediction costs 100 in torch; a perfect one has the slope 0 there, and -1 here."""
    wrong = torch.tensor([0.0], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64)
    assert float(F.binary_cross_entropy(*wrong)) == 100
    perfect = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    F.binary_cross_entropy(perfect, wrong[1]).backward()
    assert perfect.grad is not None
    assert float(perfect.grad) == 0
    entry, one = find("binary_cross_entropy"), np.ones(1)
    assert gradient_by_hand(entry, "mean")(one, one) == -1
    with np.errstate(divide="ignore"):
        assert entry.fn(np.zeros(1), one) == np.inf


def test_torch_returns_nan_for_the_mean_of_no_samples() -> None:
    none = torch.zeros((0, 3))
    assert np.isnan(float(F.mse_loss(none, none)))
    assert float(F.mse_loss(none, none, reduction="sum")) == 0


def test_torch_adds_eps_to_each_difference_of_a_triplet() -> None:
    peer = next(peer for peer in PEERS if peer.name == "triplet")
    a, p, n, _, _ = peer.inputs.values()
    theirs = float(F.triplet_margin_loss(*map(torch.tensor, (a, p, n)), margin=2.0))
    shifted = find("triplet").fn(a + 1e-6, p, n, 2.0, 0.0)
    assert abs(theirs - shifted) < 1e-12 < abs(theirs - find("triplet").fn(a, p, n, 2.0, 0.0))


def test_torch_takes_the_absolute_error_for_beta_zero() -> None:
    y_hat, y = NORMALS.values()
    theirs = F.smooth_l1_loss(torch.tensor(y_hat), torch.tensor(y), beta=0.0, reduction="none").numpy()
    assert np.array_equal(theirs, find("mae").fn(y_hat, y, reduction="none"))


def test_a_weighted_mean_is_another_one_for_soft_and_integer_labels() -> None:
    """In torch as here it divides by n for soft labels, and by the sum of the weights for integer ones."""
    z, label, weight = LOGITS["z"], np.arange(N) % D, np.arange(1.0, D + 1)
    soft = find("softmax_cross_entropy").fn(z, np.eye(D)[label], weight)
    whole = find("cross_entropy_of_labels").fn(z, label, weight)
    assert whole == pytest.approx(soft * N / weight[label].sum(), rel=1e-14)
    z, label, weight = map(torch.tensor, (z, label, weight))
    assert soft == pytest.approx(float(F.cross_entropy(z, F.one_hot(label, D).double(), weight)), rel=1e-14)
    assert whole == pytest.approx(float(F.cross_entropy(z, label, weight)), rel=1e-14)


def test_an_ignored_class_has_the_weight_zero() -> None:
    z, label = LOGITS["z"], np.arange(N) % D
    ignoring = F.cross_entropy(torch.tensor(z), torch.tensor(label), ignore_index=2)
    weight = np.where(np.arange(D) == 2, 0.0, 1.0)
    assert find("cross_entropy_of_labels").fn(z, label, weight) == pytest.approx(float(ignoring), rel=1e-14)


def test_torch_takes_the_other_slope_where_the_bracket_is_zero() -> None:
    scores = [torch.ones(1, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    F.margin_ranking_loss(*scores, torch.ones(1)).backward()
    zero = gradient_by_hand(find("margin_ranking"), "mean")(*(np.ones(1),) * 3)
    assert [float(s.grad) for s in scores] == [-1, 1]  # type: ignore[arg-type]
    assert [float(s[0]) for s in zero] == [0, 0]
