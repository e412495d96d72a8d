"""Which functions may a formula on a sheet call? Those of lecture notes, under their usual names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

OPTIONS = ("axis", "keepdims")


@dataclass(frozen=True)
class Function:
    """What to call, with how many arguments at least and at most; ``over_axes`` allows ``axis``, ``keepdims``."""

    apply: Callable[..., Any]
    arguments: tuple[int, int] = (1, 1)
    over_axes: bool = False


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _relu(x: Any) -> Any:
    return np.maximum(x, 0)


def _softmax(x: Any, **options: Any) -> Any:
    parts = np.exp(x)
    return parts / np.sum(parts, axis=options.get("axis", -1), keepdims=True)


def _extreme(one: Callable[..., Any], two: Callable[..., Any]) -> Callable[..., Any]:
    """``max(x)`` is the largest entry, ``max(x, y)`` the larger of two."""
    return lambda x, *others, **options: two(x, *others) if others else one(x, **options)


_PLAIN: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "ln": np.log, "sqrt": np.sqrt, "tanh": np.tanh, "sinh": np.sinh,
    "cosh": np.cosh, "sin": np.sin, "cos": np.cos, "tan": np.tan, "arctan": np.arctan, "abs": np.abs,
    "sign": np.sign, "square": np.square, "sigma": _sigmoid, "sigmoid": _sigmoid, "σ": _sigmoid, "relu": _relu,
    "ReLU": _relu,
}  # fmt: skip
_TWO = (2, 2)

FUNCTIONS: dict[str, Function] = {
    **{name: Function(function) for name, function in _PLAIN.items()},
    "softmax": Function(_softmax, over_axes=True),
    "sum": Function(np.sum, over_axes=True),
    "mean": Function(np.mean, over_axes=True),
    "max": Function(_extreme(np.max, np.maximum), (1, 2), over_axes=True),
    "min": Function(_extreme(np.min, np.minimum), (1, 2), over_axes=True),
    "maximum": Function(np.maximum, _TWO),
    "minimum": Function(np.minimum, _TWO),
    "dot": Function(np.dot, _TWO),
    "outer": Function(np.outer, _TWO),
    "where": Function(np.where, (3, 3)),
}
