"""Are wrong statements about losses refuted? What they are convex, bounded or symmetric in; reductions; features.

The right statements are facts of the entries (test_library.py); here the false ones are asked by the same means.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import special

import symdiff as sd
from symdiff.library import Entry, find, registry
from symdiff.library.losses.quadratic_forms import curvature_is

Function = Callable[..., Any]
Z = {"z": "n k", "y": "n k"}


def second(name: str) -> Function:
    """The Hessian-vector product that is written by hand."""
    return next(c.claim for c in find(name).claims if c.order == 2)


SOFTMAX, SIGMOID = second("softmax_cross_entropy"), second("bce_with_logits")


def softmax_curvature(z: Any, y: Any, v: Any) -> Any:
    return SOFTMAX(z, y, 1.0, 0.0, v)


def sigmoid_curvature(z: Any, y: Any, v: Any) -> Any:
    return SIGMOID(z, y, 1.0, 1.0, v)


def second_moment(z: Any, y: Any, v: Any) -> Any:
    """E_p(v^2) where the variance of v should stand."""
    p = special.softmax(z, axis=-1)
    return np.sum(np.sum(y, axis=-1, keepdims=True) * p * v**2) / z.shape[0]


def test_curvature_of_the_softmax_is_a_variance_and_not_a_second_moment() -> None:
    verdict = curvature_is(second_moment, softmax_curvature, {**Z, "v": "n k"})
    assert verdict.status == "refuted"


def test_curvature_of_the_sigmoid_is_not_its_largest_value() -> None:
    """A bound of the curvature, s (1 - s) <= 1/4, is not the curvature."""

    def quarter(z: Any, y: Any, v: Any) -> Any:
        return np.mean(v**2) / 4

    assert curvature_is(quarter, sigmoid_curvature, {**Z, "v": "n k"}).status == "refuted"


def test_no_form_of_squares_without_a_sign_is_the_curvature_of_the_focal_loss() -> None:
    """The focal loss is not convex in its logit: its second derivative is negative at z = -3, y = 1."""
    z, y = np.array([-3.0]), np.array([1.0])
    assert (
        second("sigmoid_focal")(z, y, 0.25, 2.0, np.ones(1))
        < 0
        < second("sigmoid_focal")(-z, y, 0.25, 2.0, np.ones(1))
    )


def test_dice_is_not_convex() -> None:
    """Along p with y given its second derivative is negative: a growing area flattens the loss."""
    p, y = np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]])
    grown = np.array([[1.0, 0.0]])
    assert np.sum(grown * second("dice")(p, y, 0.0, grown)) < 0


SYMMETRIC = ["mse", "mae", "half_squared_error", "log_cosh", "dice", "iou", "box_iou", "generalized_box_iou"]
NOT_SYMMETRIC = ["kl_divergence", "binary_cross_entropy", "cross_entropy", "quantile"]


def exchanged(entry: Entry) -> sd.Verdict:
    """Whether the first two arguments of a loss may be exchanged."""
    inputs = {name: shape for name, shape in entry.cases[0].inputs.items() if name != "weight"}
    loss = entry.fn

    def swapped(*args: Any) -> Any:
        return loss(args[1], args[0], *args[2:])

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in inputs])
    swapped.__signature__ = signature  # type: ignore[attr-defined]
    domain = {k: v for k, v in entry.domain.items() if k in inputs}
    return sd.check(loss, swapped, inputs, of="value", domain=domain)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_symmetric(name: str) -> None:
    assert exchanged(find(name)).status == "proved"


@pytest.mark.parametrize("name", NOT_SYMMETRIC)
def test_not_symmetric(name: str) -> None:
    verdict = exchanged(find(name))
    assert verdict.status == "refuted"
    assert verdict.witness is not None


def test_the_bregman_form_needs_rows_that_sum_to_one() -> None:
    kl = find("kl_divergence").fn

    def bregman(p: Any, q: Any) -> Any:
        return np.mean(np.sum(special.rel_entr(p, q) - p + q, axis=-1))

    inputs, inside = {"p": "n k", "q": "n k"}, {"p": (0, 1), "q": (0, 1)}
    assert sd.check(kl, bregman, inputs, of="value", domain=inside).status == "refuted"


def test_dice_is_not_its_own_bound_of_one() -> None:
    """1 - dice is not 2 I / S with the smoothing forgotten."""

    def unsmoothed(p: Any, y: Any, smooth: Any) -> Any:
        return np.mean(1 - 2 * np.sum(p * y, axis=-1) / (np.sum(p, axis=-1) + np.sum(y, axis=-1)))

    entry = find("dice")
    verdict = sd.check(entry.fn, unsmoothed, entry.cases[0].inputs, of="value", domain=entry.domain)
    assert verdict.status == "refuted"


def test_residual_needs_labels_that_sum_to_one() -> None:
    def residual(z: Any, y: Any) -> Any:
        return (special.softmax(z, axis=-1) - y) / z.shape[0]

    verdict = sd.check(find("softmax_cross_entropy").fn, residual, Z)
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "assumption"


# Reductions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", registry("loss"), ids=lambda entry: entry.name)
def test_the_reductions_belong_together(entry: Entry) -> None:
    """The sum of the losses of the samples is ``"sum"``, and their mean is ``"mean"``."""
    rng = np.random.default_rng(0)
    settings = {k: v for k, v in entry.cases[0].settings.items() if k == "features"}
    sizes = {"n": 3, "k": 4, "d": 5, "b": 2, "h": 3, "w": 4, "4": 4}
    inputs: dict[str, Any] = {}
    for name, shape in entry.cases[0].inputs.items():
        drawn = rng.integers(1, 8, [sizes[size] for size in shape.split()]) / 8
        inputs[name] = (
            np.full(3, 1) if name == "label" else np.sort(drawn) if name in ("box", "target") else drawn
        )
    losses = entry.fn(**inputs, reduction="none", **settings)
    assert np.ndim(losses) >= 1
    total, mean = (entry.fn(**inputs, reduction=r, **settings) for r in ("sum", "mean"))
    assert total == pytest.approx(np.sum(losses), rel=1e-14)
    weights = inputs["weight"][inputs["label"]] if "label" in inputs else np.ones_like(losses)
    assert mean == pytest.approx(np.sum(losses) / np.sum(weights), rel=1e-14)


def test_weights_and_smoothing_have_their_usual_defaults() -> None:
    z, y = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0]])
    plain = sd.losses.softmax_cross_entropy(z, y)
    assert plain == sd.losses.softmax_cross_entropy(z, y, np.ones(2), 0.0)
    smoothed = sd.losses.softmax_cross_entropy(z, y, label_smoothing=0.5)
    assert smoothed == pytest.approx(sd.losses.softmax_cross_entropy(z, np.array([[0.25, 0.75]])), rel=1e-15)


# Features -----------------------------------------------------------------------------------------------------


def test_perceptual_takes_any_traced_network() -> None:
    """A network of two layers with weights of its own: the gradient by hand is proved at these sizes."""
    W = np.array([[1.0, -1.0, 0.5], [0.5, 2.0, -1.0]])
    V = np.array([[1.0], [-2.0], [0.5]])

    def network(x: Any) -> Any:
        return np.tanh(x @ W) @ V

    def by_hand(x: Any, target: Any) -> Any:
        hidden = np.tanh(x @ W)
        residual = 2 * (network(x) - network(target)) / x.shape[0]
        return ((residual @ V.T) * (1 - hidden**2)) @ W.T

    loss = partial(sd.losses.perceptual, features=network)
    loss.__name__ = "perceptual"  # type: ignore[attr-defined]
    assert sd.check(loss, by_hand, {"x": "n 2", "target": "n 2"}).status == "proved"
    forgotten = lambda x, target: (2 * (network(x) - network(target)) / x.shape[0]) @ V.T @ W.T  # noqa: E731
    assert sd.check(loss, forgotten, {"x": "n 2", "target": "n 2"}).status == "refuted"


# Labels -------------------------------------------------------------------------------------------------------


def test_labels_stay_labels_on_both_sides_of_a_branch() -> None:
    """Two forms that agree for labels 0 and 1 only, with a branch on the logit: no witness has another label."""

    def by_margin(z: Any, y: Any) -> Any:
        return -np.sum(special.log_expit((2 * y - 1) * z))

    def by_largest_exponent(z: Any, y: Any) -> Any:
        return np.sum(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))

    verdict = sd.check(
        by_margin, by_largest_exponent, {"z": "n", "y": "n"}, of="value", domain={"y": "boolean"}
    )
    assert verdict.ok, str(verdict)
    free = sd.check(by_margin, by_largest_exponent, {"z": "n", "y": "n"}, of="value")
    assert free.status == "refuted"
