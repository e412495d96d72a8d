"""Do the losses agree with torch's, in value and gradient, for each reduction, within rounding?

Where torch has no loss of the name, the paper's formula is written in torch's operations and differentiated by torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest
from loss_bounds import DTYPES, assert_within, cast, gradient_by_hand, limits, moved
from loss_peers import LOGITS, NORMALS, PEERS, D, F, N, Peer, between, torch

import symdiff as sd
from symdiff.library import find, registry

pytestmark = pytest.mark.peer

QUESTIONS = [
    pytest.param(peer, reduction, id=f"{k}-{peer.name}-{reduction}")
    for k, peer in enumerate(PEERS)
    for reduction in peer.reductions
]


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
    """With torch here, log_cosh with optax (test_library_losses_optax.py)."""
    compared = {peer.name for peer in PEERS} | {"log_cosh"}
    assert {entry.name for entry in registry("loss")} == compared


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
