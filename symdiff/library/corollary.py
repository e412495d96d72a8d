"""What follows when a hand-written first derivative is proved? So is its own derivative: equal functions have one.

Used where the second order of a large function is beyond the direct proof; it is still compared in floats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symdiff.checking.arguments import Wrt, chosen
from symdiff.functions import hvp
from symdiff.ir.sizes import parse_shape, substitute, symbols_of
from symdiff.verdicts import Evidence, Verdict

Function = Callable[..., Any]

POINTS = 3
_SMALL = (2, 3, 2, 4, 3, 2, 5)


def following(
    first: Verdict, fn: Function, second: Function, inputs: Mapping[str, Any], wrt: Wrt
) -> Verdict | None:
    """The verdict on the derivative of a proved gradient, if floats at random points agree; None otherwise."""
    if first.status != "proved" or not all(_agrees(fn, second, inputs, wrt, seed) for seed in range(POINTS)):
        return None
    roads = (
        "follows from the proof of the first order: equal functions have equal derivatives",
        f"compared with the Hessian in floats at {POINTS} random points",
    )
    return replace(
        first, question=f"{second.__name__}: hvp of {fn.__name__}", evidence=Evidence(roads, points=POINTS)
    )


def _agrees(fn: Function, second: Function, inputs: Mapping[str, Any], wrt: Wrt, seed: int) -> bool:
    rng = np.random.default_rng(seed)
    sizes: dict[Any, int] = {}
    drawn = {name: _drawn(value, sizes, rng) for name, value in inputs.items()}
    moving = chosen(wrt, list(drawn))
    directions = [rng.normal(size=np.shape(drawn[name])) for name in moving]
    direction = tuple(directions) if isinstance(wrt, (tuple, list)) else directions[0]
    exact, claimed = hvp(fn, wrt)(*drawn.values(), direction), second(*drawn.values(), direction)
    pairs = zip(_leaves(exact), _leaves(claimed), strict=True)
    return all(
        np.allclose(a, b, rtol=1e-8, atol=1e-8 * float(np.max(np.abs(a), initial=0.0))) for a, b in pairs
    )


def _leaves(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def _drawn(value: Any, sizes: dict[Any, int], rng: np.random.Generator) -> Any:
    """Normal numbers of a small shape; examples that are arrays stay."""
    if not isinstance(value, str):
        return value
    shape = parse_shape(value)
    for symbol in sorted(symbols_of(shape), key=str):
        sizes.setdefault(symbol, _SMALL[len(sizes) % len(_SMALL)])
    return rng.normal(size=[int(substitute(size, sizes)) for size in shape])
