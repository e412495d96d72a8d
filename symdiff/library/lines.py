"""Along which line is a loss drawn? One sample moves, what it is compared with stays; with words for what is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

Window: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """``start + t * direction`` in place of the arguments of ``start``; the others stay as in ``held``."""

    says: str
    start: Mapping[str, Any]
    direction: Any
    held: Mapping[str, Any] = field(default_factory=dict)
    window: Window = (-4.0, 4.0)

    def of(self, fn: Callable[..., Any]) -> Callable[[Any], Any]:
        """The function along the line."""
        ((name, start),) = self.start.items()
        base, step = np.asarray(start, dtype=float), np.asarray(self.direction, dtype=float)

        def along(t: Any) -> Any:
            return fn(**{name: base + step * t, **{k: np.asarray(v) for k, v in self.held.items()}})

        return along


def _residual(says: str, **settings: float) -> Line:
    return Line(f"by the residual y_hat - y{says}", {"y_hat": [[0.0]]}, [[1.0]], {"y": [[0.0]], **settings})


def _logit(says: str, **settings: Any) -> Line:
    return Line(
        f"by the logit z, y = 1{says}", {"z": [[0.0]]}, [[1.0]], {"y": [[1.0]], **settings}, (-8.0, 8.0)
    )


def _probabilities(name: str, says: str, **held: Any) -> Line:
    return Line(f"by {name} = (t, 1 - t), {says}", {name: [[0.0, 1.0]]}, [[1.0, -1.0]], held, _PART)


def _mask(smooth: float) -> Line:
    says = "of 4 pixels, 2 of them in the mask: p = t in it, 1/4 outside"
    held = {"y": [[1.0, 1.0, 0.0, 0.0]], "smooth": smooth}
    return Line(says, {"p": [[0.0, 0.0, 0.25, 0.25]]}, [[1.0, 1.0, 0.0, 0.0]], held, (0.0, 1.0))


def _box(window: Window) -> Line:
    says = "of two squares of side 2, by the shift t of one along x"
    return Line(
        says,
        {"box": [[0.0, 0.0, 2.0, 2.0]]},
        [[1.0, 0.0, 1.0, 0.0]],
        {"target": [[0.0, 0.0, 2.0, 2.0]]},
        window,
    )


_IMAGE = [[[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0]]]
_MIDDLE = [[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]]
_PART = (0.02, 0.98)
_PAIR: Mapping[str, Any] = {"margin": 1.0, "eps": 0.0}
LINES: Mapping[str, Line] = {
    "mse": _residual(""),
    "half_squared_error": _residual(""),
    "mae": _residual(""),
    "huber": _residual(", delta = 1", delta=1.0),
    "smooth_l1": _residual(", beta = 1", beta=1.0),
    "log_cosh": _residual(""),
    "quantile": _residual(", q = 0.9", q=0.9),
    "binary_cross_entropy": Line(
        "by p, y = 1", {"p": [[0.0]]}, [[1.0]], {"y": [[1.0]], "weight": [[1.0]]}, (0.02, 1.0)
    ),
    "cross_entropy": _probabilities("p", "y = (1, 0)", y=[[1.0, 0.0]]),
    "kl_divergence": _probabilities("q", "p = (0.25, 0.75)", p=[[0.25, 0.75]]),
    "kl_div": Line(
        "by log q of the first of two, p = (0.25, 0.75)", {"log_q": [[0.0, -1.0]]}, [[1.0, 0.0]],
        {"p": [[0.25, 0.75]]}, (-4.0, 0.0),
    ),
    "softmax_cross_entropy": Line(
        "by z = (t, 0), y = (1, 0)", {"z": [[0.0, 0.0]]}, [[1.0, 0.0]],
        {"y": [[1.0, 0.0]], "weight": [1.0, 1.0], "label_smoothing": 0.0}, (-8.0, 8.0),
    ),
    "cross_entropy_of_labels": Line(
        "by z = (t, 0), label 0", {"z": [[0.0, 0.0]]}, [[1.0, 0.0]],
        {"label": [0], "weight": [1.0, 1.0]}, (-8.0, 8.0),
    ),
    "bce_with_logits": _logit("", weight=[[1.0]], pos_weight=[1.0]),
    "sigmoid_focal": _logit(", alpha = 1/4, gamma = 2", alpha=0.25, gamma=2.0),
    "focal": Line("by p_t, alpha = 1/4, gamma = 2", {"p_t": [0.0]}, [1.0], {"alpha": 0.25, "gamma": 2.0}, (0.02, 1.0)),
    "dice": _mask(0.0),
    "iou": _mask(0.0),
    "box_iou": _box((-3.0, 3.0)),
    "generalized_box_iou": _box((-5.0, 5.0)),
    "triplet": Line(
        "by the anchor (t, 0), positive (0, 1/2), negative (3, 1/2), margin 1", {"anchor": [[0.0, 0.0]]}, [[1.0, 0.0]],
        {"positive": [[0.0, 0.5]], "negative": [[3.0, 0.5]], **_PAIR}, (-3.0, 6.0),
    ),
    "contrastive": Line(
        "by the distance of a dissimilar pair, margin 1", {"x1": [[0.0]]}, [[1.0]],
        {"x2": [[0.0]], "y": [0.0], **_PAIR}, (0.01, 2.0),
    ),
    "cosine_embedding": Line(
        "by x1 = (t, 1), x2 = (1, 0), y = 1", {"x1": [[0.0, 1.0]]}, [[1.0, 0.0]],
        {"x2": [[1.0, 0.0]], "y": [1.0], "margin": 0.0, "eps": 0.0},
    ),
    "perceptual": Line(
        "of two pixels by the first, in the features of edges", {"x": [[0.0, 0.0]]}, [[1.0, 0.0]],
        {"target": [[0.0, 0.0]]},
    ),
    "total_variation": Line(
        "of 3 x 3 pixels by the middle one, others 0 and 1", {"x": _IMAGE}, _MIDDLE, {}, (-1.0, 2.0)
    ),
    "smooth_total_variation": Line(
        "of 3 x 3 pixels by the middle one, others 0 and 1, eps = 0.01",
        {"x": _IMAGE}, _MIDDLE, {"eps": 0.01}, (-1.0, 2.0),
    ),
    "hinge": Line("by the score s, y = 1", {"s": [0.0]}, [1.0], {"y": [1.0]}),
    "squared_hinge": Line("by the score s, y = 1", {"s": [0.0]}, [1.0], {"y": [1.0]}),
    "margin_ranking": Line(
        "by the difference x1 - x2, y = 1, margin 1", {"x1": [0.0]}, [1.0], {"x2": [0.0], "y": [1.0], "margin": 1.0}
    ),
    "poisson_nll": Line("by the log of the rate, y = 2", {"z": [[0.0]]}, [[1.0]], {"y": [[2.0]]}, (-3.0, 3.0)),
    "gaussian_nll": Line(
        "by mu - y, variance 1/2", {"mu": [[0.0]]}, [[1.0]], {"y": [[0.0]], "var": [[0.5]]}
    ),
}  # fmt: skip
