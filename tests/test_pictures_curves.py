"""Has each activation and loss of the notes a plot in which there is something to see?"""

from __future__ import annotations

import numpy as np
import pytest

from symdiff.library import find, registry
from symdiff.library.curves import curve_of
from symdiff.library.entries import Entry
from symdiff.library.lines import LINES
from symdiff.library.slices import slice_of
from symdiff.pages import plots
from symdiff.pages.sheets import Curve, Kink

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "softmax", "gelu", "gelu_tanh", "identity")
LOSSES = (
    "mse", "half_squared_error", "mae", "huber", "smooth_l1", "binary_cross_entropy", "cross_entropy",
    "softmax_cross_entropy", "bce_with_logits", "focal", "sigmoid_focal", "dice", "iou", "box_iou",
    "generalized_box_iou", "kl_divergence", "triplet", "contrastive", "cosine_embedding", "perceptual",
    "total_variation", "smooth_total_variation",
)  # fmt: skip


@pytest.mark.parametrize("name", (*ACTIVATIONS, *LOSSES))
def test_there_is_something_to_see(name: str) -> None:
    curve = curve_of(find(name))
    value, slope, _ = map(np.asarray, curve.values)
    inner = np.isfinite(value)
    assert inner.mean() > 0.99
    assert np.ptp(value[inner]) > 0.3
    assert np.nanmax(np.abs(slope)) > 0.1


@pytest.mark.parametrize("name", (*ACTIVATIONS, *LOSSES))
def test_slopes_are_those_of_the_values(name: str) -> None:
    """By the mean value theorem each difference quotient lies between the slopes near it, away from kinks."""
    curve = curve_of(find(name))
    xs, value, slope = np.asarray(curve.xs), np.asarray(curve.values[0]), np.asarray(curve.values[1])
    quotients = np.diff(value) / np.diff(xs)
    low = np.minimum.reduce([slope[:-3], slope[1:-2], slope[2:-1], slope[3:]])
    high = np.maximum.reduce([slope[:-3], slope[1:-2], slope[2:-1], slope[3:]])
    middle, step = xs[1:-2], xs[1] - xs[0]
    near = np.zeros(len(middle), dtype=bool)
    for kink in curve.kinks:
        near |= np.abs(middle - kink.at) < 4 * step
    curved = np.abs(np.diff(slope, 2))[:-1] + np.abs(np.diff(slope, 2))[1:]  # what four places do not show
    fits = (quotients[1:-1] >= low - curved - 1e-9) & (quotients[1:-1] <= high + curved + 1e-9)
    assert np.all(fits | near | ~np.isfinite(quotients[1:-1]))


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_that_of_an_entry(name: str) -> None:
    cut = slice_of(find(name))
    assert cut.label == f"{name} {LINES[name].says}"
    assert cut.window == LINES[name].window


def test_every_loss_of_the_shelf_is_drawn() -> None:
    drawn = {entry.name for entry in registry("loss") if entry.fn.__module__.startswith("symdiff.")}
    assert drawn == set(LINES)


def test_an_entry_of_other_arguments_keeps_its_slice() -> None:
    other = Entry(lambda x: x**2, "loss", {"x": ""}, source="ours", name="mse", shelved=False)
    assert slice_of(other).label == "mse(x) by x"


@pytest.mark.parametrize(
    ("name", "kinks"),
    [
        ("mae", [(0.0, 1, -1.0, 1.0)]),
        ("huber", [(-1.0, 2, 0.0, 1.0), (1.0, 2, 1.0, 0.0)]),
        ("contrastive", [(1.0, 2, 1.0, 0.0)]),
        ("box_iou", [(-2.0, 1, 0.0, -0.25), (0.0, 1, -1.0, 1.0), (2.0, 1, 0.25, 0.0)]),
    ],
)
def test_kinks_of_losses(name: str, kinks: list[tuple[float, int, float, float]]) -> None:
    assert [(k.at, k.order, k.left, k.right) for k in curve_of(find(name)).kinks] == kinks


def test_a_kink_at_an_irrational_place_is_found() -> None:
    (kink,) = curve_of(find("triplet")).kinks
    distance = np.hypot(kink.at, 0.5) - np.hypot(kink.at - 3, 0.5) + 1
    assert abs(distance) < 1e-9
    assert (kink.order, kink.left) == (1, 0.0) and kink.right > 1


def test_the_point_of_a_kink_is_not_drawn_as_a_slope() -> None:
    """The slope there is a convention: half of 1, between two sides that agree."""
    kink = Kink(0.0, 2, 1.0, 1.0)
    curve = Curve("f", (-1.0, 0.0, 1.0), ((0.0,) * 3, (0.0,) * 3, (1.0, 0.5, 1.0)), (kink,), (), 0.01)
    _, ys = plots._broken(curve, curve.values[2])
    assert [y for y in ys if y == y] == [1.0, 1.0, 1.0, 1.0]


def test_values_are_shown_whole_and_steep_slopes_cut() -> None:
    low, high = plots._range(curve_of(find("softmax_cross_entropy")))
    assert low < 0 and high >= 8
    low, high = plots._range(curve_of(find("binary_cross_entropy")))
    assert high < 15 < max(curve_of(find("binary_cross_entropy")).values[2])
