"""How do the losses of many samples become one number? By their mean, their sum, or not at all, as in torch.

The mean of no samples is 0/0: a ShapeError for the value and for the gradient (torch returns nan); their sum is 0
and its gradient is an empty array.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from symdiff.errors import InputError, ShapeError, explain
from symdiff.library import Array, Case, Entry


def reduced(losses: Array, reduction: str) -> Array:
    """The ``"mean"`` or the ``"sum"`` of the losses, or with ``"none"`` the losses themselves.

    >>> float(reduced(np.array([1.0, 3.0]), "mean"))
    2.0
    """
    if reduction == "none":
        return losses
    return np.mean(losses) if _averages(losses, reduction) else np.sum(losses)


def shared(slopes: Array, losses: Array, reduction: str) -> Array:
    """The gradient of the reduced loss from the slope of each of the ``losses`` by its own entries."""
    return slopes / np.size(losses) if _averages(losses, reduction) else slopes


def cases(**inputs: Any) -> tuple[Case, Case]:
    """The same sizes under the mean and under the sum."""
    return Case(inputs, {"reduction": "mean"}), Case(inputs, {"reduction": "sum"})


def per_sample(entry: Entry, axes: int = 0) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Claims also what flows back through ``reduction="none"``: each cotangent times its sample's slope.

    ``axes`` counts the last axes that a sample has and its loss has not.
    """

    def mark(gradient: Callable[..., Any]) -> Callable[..., Any]:
        def pullback(*args: Array, reduction: str = "none") -> Any:
            *inputs, y_bar = args
            weight = y_bar[(..., *[None] * axes)] if axes else y_bar
            slopes = gradient(*inputs, reduction="sum")
            return tuple(weight * s for s in slopes) if isinstance(slopes, tuple) else weight * slopes

        names = [*entry.cases[0].inputs, "y_bar"]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])
        pullback.__signature__ = signature  # type: ignore[attr-defined]
        pullback.__name__ = f"{gradient.__name__}_of_each_sample"
        entry.derivative(pullback, of="vjp", cases=(Case(entry.cases[0].inputs, {"reduction": "none"}),))
        return gradient

    return mark


def _averages(losses: Array, reduction: str) -> bool:
    if reduction not in ("mean", "sum"):
        facts: dict[str, object] = {"reduction": repr(reduction)}
        raise InputError(explain("a loss", facts, 'Use "mean", "sum" or "none".'))
    size = np.size(losses)
    if reduction == "mean" and isinstance(size, int) and size == 0:
        facts = {"shape": np.shape(losses), "reduction": repr(reduction)}
        raise ShapeError(explain("the mean loss of no samples", facts, 'Use reduction="sum": it is 0 here.'))
    return reduction == "mean"
