"""What are losses at their edges? Empty batches, one class, log 0, large logits, empty masks, equal embeddings.

Each row states a value and a gradient; the function, ``sd.grad`` of it and the gradient written by hand agree on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.errors import ShapeError
from symdiff.library import Entry, find, registry

INF, NAN = np.inf, np.nan
LOSSES = registry("loss")
Row = tuple[str, dict[str, Any], Any, Any]


def hand_written(entry: Entry) -> Callable[..., Any]:
    """The first gradient that is written by hand for the entry's own arguments."""
    return next(c.claim for c in entry.claims if c.order == 1 and c.of == "gradient" and c.wrt == entry.wrt)


def as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def same(found: Any, stated: Any) -> None:
    for got, wanted in zip(as_tuple(found), as_tuple(stated), strict=True):
        np.testing.assert_allclose(got, np.broadcast_to(wanted, np.shape(got)), rtol=1e-14, atol=0)


def judge(name: str, inputs: dict[str, Any], value: Any, gradient: Any, **settings: Any) -> None:
    """The value, its gradient by symdiff, and its gradient by hand."""
    entry = find(name)
    arguments = {k: np.array(v) if isinstance(v, list) else v for k, v in inputs.items()}
    same(entry.fn(**arguments, **settings), value)

    arrays = {k: v for k, v in arguments.items() if isinstance(v, np.ndarray)}
    numbers = {k: v for k, v in arguments.items() if k not in arrays}
    slopes = sd.grad(partial(entry.fn, **numbers, **settings), wrt=entry.wrt)(**arrays)
    same(slopes, as_tuple(gradient))
    same(hand_written(entry)(**arguments, **settings), gradient)


EMPTY = {"n": 0, "k": 3, "d": 3, "b": 0, "h": 3, "w": 3}


def empty_inputs(entry: Entry) -> dict[str, Any]:
    """Arrays of no samples at the shapes of the entry's first case; one half for hyperparameters."""
    shapes = {k: s.split() for k, s in entry.cases[0].inputs.items()}
    sizes = {
        k: tuple(EMPTY.get(size) if size in EMPTY else int(size) for size in s) for k, s in shapes.items()
    }
    dtype = {"label": int}
    return {k: np.zeros(s, dtype.get(k, float)) if s else 0.5 for k, s in sizes.items()}


@pytest.mark.parametrize("entry", LOSSES, ids=lambda entry: entry.name)
def test_the_sum_over_no_samples_is_zero(entry: Entry) -> None:
    settings = {k: v for k, v in entry.cases[0].settings.items() if k == "features"}
    inputs = empty_inputs(entry)
    judge(entry.name, inputs, 0.0, (0.0,) * len(as_tuple(entry.wrt)), reduction="sum", **settings)


@pytest.mark.parametrize("entry", LOSSES, ids=lambda entry: entry.name)
def test_the_mean_over_no_samples_is_an_error(entry: Entry) -> None:
    settings = {k: v for k, v in entry.cases[0].settings.items() if k == "features"}
    inputs = empty_inputs(entry)
    wrt = entry.wrt if isinstance(entry.wrt, tuple) else (entry.wrt,)
    for judged in (entry.fn, hand_written(entry), sd.grad(entry.fn, wrt=wrt)):
        with pytest.raises(ShapeError, match=r"the mean loss of no samples|a mean of no entries"):
            judged(**inputs, reduction="mean", **settings)


FINITE: list[Row] = [
    # one class: certain, whatever the logit
    ("softmax_cross_entropy", {"z": [[3.0]], "y": [[1.0]]}, 0, 0),
    ("softmax_cross_entropy", {"z": [[3.0]], "y": [[1.0]], "label_smoothing": 0.1}, 0, 0),
    ("cross_entropy_of_labels", {"z": [[-1e4]], "label": [0]}, 0, 0),
    ("cross_entropy", {"p": [[1.0]], "y": [[1.0]]}, 0, -1),
    ("kl_divergence", {"p": [[1.0]], "q": [[1.0]]}, 0, -1),
    # perfect predictions: 0 log 0 is 0, and the slope is that of the term that is there
    ("binary_cross_entropy", {"p": [1.0, 0.0], "y": [1.0, 0.0]}, 0, [-1 / 2, 1 / 2]),
    ("cross_entropy", {"p": [[1.0, 0.0]], "y": [[1.0, 0.0]]}, 0, [[-1, 0]]),
    ("kl_divergence", {"p": [[1.0, 0.0]], "q": [[1.0, 0.0]]}, 0, [[-1, 0]]),
    ("kl_div", {"log_q": [[0.0, -1e4]], "p": [[1.0, 0.0]]}, 0, [[-1 / 2, 0]]),
    ("focal", {"p_t": [1.0]}, 0, 0),
    ("focal", {"p_t": [1.0], "gamma": 1.0}, 0, 0),
    ("mse", {"y_hat": [1.0], "y": [1.0]}, 0, 0),
    ("half_squared_error", {"y_hat": [1.0], "y": [1.0]}, 0, 0),
    ("mae", {"y_hat": [1.0], "y": [1.0]}, 0, 0),
    ("huber", {"y_hat": [1.0], "y": [1.0]}, 0, 0),
    ("smooth_l1", {"y_hat": [1.0], "y": [1.0]}, 0, 0),
    ("quantile", {"y_hat": [1.0], "y": [1.0]}, 0, 0),
    ("dice", {"p": [[1.0, 0.0]], "y": [[1.0, 0.0]]}, 0, [[-1 / 2, 1 / 2]]),
    ("iou", {"p": [[1.0, 0.0]], "y": [[1.0, 0.0]]}, 0, [[-1, 1]]),
    ("hinge", {"s": [1.0], "y": [1.0]}, 0, 0),
    ("squared_hinge", {"s": [1.0], "y": [1.0]}, 0, 0),
    ("gaussian_nll", {"mu": [1.0], "y": [1.0], "var": [1.0]}, 0, (0, 1 / 2)),
    # all logits equal
    ("softmax_cross_entropy", {"z": [[7.0, 7.0]], "y": [[1.0, 0.0]]}, np.log(2), [[-1 / 2, 1 / 2]]),
    ("cross_entropy_of_labels", {"z": [[1e4, 1e4]], "label": [1]}, np.log(2), [[1 / 2, -1 / 2]]),
    ("bce_with_logits", {"z": [0.0], "y": [1.0]}, np.log(2), -1 / 2),
    # logits of 1e4 and -1e4, right and wrong
    ("softmax_cross_entropy", {"z": [[1e4, -1e4]], "y": [[1.0, 0.0]]}, 0, 0),
    ("softmax_cross_entropy", {"z": [[1e4, -1e4]], "y": [[0.0, 1.0]]}, 2e4, [[1, -1]]),
    ("cross_entropy_of_labels", {"z": [[1e4, -1e4]], "label": [1]}, 2e4, [[1, -1]]),
    ("bce_with_logits", {"z": [1e4, -1e4], "y": [1.0, 0.0]}, 0, 0),
    ("bce_with_logits", {"z": [1e4, -1e4], "y": [0.0, 1.0]}, 1e4, [1 / 2, -1 / 2]),
    ("sigmoid_focal", {"z": [1e4, -1e4], "y": [1.0, 0.0]}, 0, 0),
    ("sigmoid_focal", {"z": [-1e4], "y": [1.0]}, 0.25 * 1e4, -0.25),
    ("sigmoid_focal", {"z": [1e4], "y": [0.0], "gamma": 0.0}, 0.75 * 1e4, 0.75),
    ("sigmoid_focal", {"z": [1e4], "y": [0.0], "gamma": 0.5}, 0.75 * 1e4, 0.75),
    ("log_cosh", {"y_hat": [1e4, -1e4], "y": [0.0, 0.0]}, 1e4 - np.log(2), [1 / 2, -1 / 2]),
    ("poisson_nll", {"z": [-1e4], "y": [2.0]}, 2e4, -2),
    # masks of zeros
    ("dice", {"p": [[0.0, 0.0]], "y": [[0.0, 0.0]], "smooth": 1.0}, 0, 1),
    ("dice", {"p": [[0.0, 0.0]], "y": [[0.0, 0.0]], "smooth": 1e-3}, 0, 1e3),
    ("iou", {"p": [[0.0, 0.0]], "y": [[0.0, 0.0]], "smooth": 1.0}, 0, 1),
    ("dice", {"p": [[0.0, 0.0]], "y": [[1.0, 0.0]]}, 1, [[-2, 0]]),
    ("iou", {"p": [[0.5, 0.0]], "y": [[0.0, 0.0]]}, 1, 0),
    # boxes that are equal, and boxes that do not meet
    ("box_iou", {"box": [[0.0, 0.0, 1.0, 1.0]], "target": [[0.0, 0.0, 1.0, 1.0]]}, 0, 0),
    ("box_iou", {"box": [[0.0, 0.0, 1.0, 1.0]], "target": [[2.0, 2.0, 3.0, 3.0]]}, 1, 0),
    ("generalized_box_iou", {"box": [[0.0, 0.0, 1.0, 1.0]], "target": [[0.0, 0.0, 1.0, 1.0]]}, 0, 0),
    (
        "generalized_box_iou",
        {"box": [[0.0, 0.0, 1.0, 1.0]], "target": [[2.0, 2.0, 3.0, 3.0]]},
        16 / 9,
        [[1 / 27, 1 / 27, -1 / 9, -1 / 9]],
    ),
    # identical embeddings
    ("triplet", {"anchor": [[1.0, 2.0]], "positive": [[1.0, 2.0]], "negative": [[1.0, 2.0]]}, 1, (0, 0, 0)),
    ("contrastive", {"x1": [[1.0]], "x2": [[1.0]], "y": [1.0]}, 1e-12 / 2, (0, 0)),
    ("contrastive", {"x1": [[1.0]], "x2": [[1.0]], "y": [0.0]}, (1 - 1e-6) ** 2 / 2, (0, 0)),
    ("margin_ranking", {"x1": [1.0], "x2": [1.0], "y": [1.0]}, 0, (0, 0)),
    # zero vectors
    ("cosine_embedding", {"x1": [[0.0, 0.0]], "x2": [[0.0, 0.0]], "y": [1.0]}, 1, (0, 0)),
    ("cosine_embedding", {"x1": [[0.0, 0.0]], "x2": [[0.0, 0.0]], "y": [-1.0]}, 0, (0, 0)),
    (
        "cosine_embedding",
        {"x1": [[0.0, 0.0]], "x2": [[3.0, 4.0]], "y": [1.0], "eps": 1e-4},
        1,
        (-np.array([[3.0, 4.0]]) / np.sqrt(1e-4 * (25 + 1e-4)), 0),
    ),
    # flat images, and images of one pixel
    ("total_variation", {"x": [[[2.0, 2.0], [2.0, 2.0]]]}, 0, 0),
    ("total_variation", {"x": [[[2.0]]]}, 0, 0),
    ("smooth_total_variation", {"x": [[[2.0, 2.0], [2.0, 2.0]]]}, 1e-3, 0),
    ("smooth_total_variation", {"x": [[[2.0]]]}, 0, 0),
]


@pytest.mark.parametrize(("name", "inputs", "value", "gradient"), FINITE)
def test_finite_where_the_mathematics_is(
    name: str, inputs: dict[str, Any], value: Any, gradient: Any
) -> None:
    judge(name, inputs, value, gradient)


def test_the_perceptual_loss_of_equal_images_is_zero() -> None:
    judge("perceptual", {"x": [1.0, 2.0], "target": [1.0, 2.0]}, 0, 0, features=np.tanh)


UNBOUNDED: list[Row] = [
    # certain and wrong
    ("binary_cross_entropy", {"p": [0.0, 1.0], "y": [1.0, 0.0]}, INF, [-INF, INF]),
    ("cross_entropy", {"p": [[1.0, 0.0]], "y": [[0.0, 1.0]]}, INF, [[0, -INF]]),
    ("kl_divergence", {"p": [[0.5, 0.5]], "q": [[1.0, 0.0]]}, INF, [[-0.5, -INF]]),
    ("focal", {"p_t": [0.0]}, INF, -INF),
    # 0/0 without the setting that decides it
    ("dice", {"p": [[0.0, 0.0]], "y": [[0.0, 0.0]]}, NAN, NAN),
    ("iou", {"p": [[0.0, 0.0]], "y": [[0.0, 0.0]]}, NAN, NAN),
    ("box_iou", {"box": [[0.0] * 4], "target": [[0.0] * 4]}, NAN, NAN),
    ("triplet", {"anchor": [[1.0]], "positive": [[1.0]], "negative": [[1.0]], "eps": 0.0}, 1, (NAN,) * 3),
    ("contrastive", {"x1": [[1.0]], "x2": [[1.0]], "y": [0.0], "eps": 0.0}, 1 / 2, (NAN, NAN)),
    ("cosine_embedding", {"x1": [[0.0]], "x2": [[0.0]], "y": [1.0], "eps": 0.0}, NAN, (NAN, NAN)),
    ("gaussian_nll", {"mu": [1.0], "y": [1.0], "var": [0.0]}, NAN, (NAN, NAN)),
    ("smooth_total_variation", {"x": [[[2.0, 2.0], [2.0, 2.0]]], "eps": 0.0}, 0, NAN),
    ("poisson_nll", {"z": [1e4], "y": [1.0]}, INF, INF),
]


@pytest.mark.parametrize(("name", "inputs", "value", "gradient"), UNBOUNDED)
def test_infinite_or_undefined_and_said_so(
    name: str, inputs: dict[str, Any], value: Any, gradient: Any
) -> None:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if name in ("smooth_total_variation", "triplet"):
            entry = find(name)
            arrays = {k: np.array(v) for k, v in inputs.items()}
            same(entry.fn(**arrays), value)
            assert np.isnan(as_tuple(hand_written(entry)(**arrays))[0]).any()
            assert np.isnan(as_tuple(sd.grad(entry.fn, wrt=entry.wrt)(**arrays))[0]).any()
        else:
            judge(name, inputs, value, gradient)


def test_large_errors_do_not_overflow_in_float32() -> None:
    """Logits of 1e4 in single precision: exp(1e4) is infinite there too."""
    z, y = np.float32([[1e4, -1e4]]), np.float32([[0, 1]])
    for name in ("softmax_cross_entropy", "bce_with_logits", "sigmoid_focal"):
        entry = find(name)
        value, slopes = entry.fn(z, y), hand_written(entry)(z, y)
        assert value.dtype == np.float32
        assert np.isfinite(value)
        assert np.isfinite(slopes).all()


def test_an_unknown_reduction_is_named() -> None:
    with pytest.raises(sd.InputError, match=r"reduction='average'"):
        sd.losses.mse(np.ones(2), np.ones(2), reduction="average")
