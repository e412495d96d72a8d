"""Where do optimizers differ? Gradients of the size of epsilon, first steps, zeros, long runs, scales, signs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LONG = 200


@dataclass(frozen=True)
class Regime:
    """Parameters and a gradient for each step, and what is special in them."""

    words: str
    theta: Floats
    gradients: tuple[Floats, ...]


def regimes(steps: int, settings: Mapping[str, Any], seed: int = 0) -> list[Regime]:
    """All regimes for one setting of the hyperparameters; epsilon's size counts."""
    random = Random(seed)
    eps = float(settings.get("eps", 0.0)) or 1e-8
    count = max(steps, 3)

    def draw(n: int = 4, size: float = 1.0) -> Floats:
        return np.array([size * random.choice((-1, 1)) * random.randint(1, 64) / 32 for _ in range(n)])

    theta = draw()
    plain = tuple(draw() for _ in range(count + 2))
    mixed = np.array([1e-6, 1e-2, 1.0, 1e3])
    return [
        Regime("ordinary gradients", theta, plain),
        Regime(
            "gradients of the size of epsilon", theta / 1024, tuple(draw(size=8 * eps) for _ in range(count))
        ),
        Regime(
            "gradients of the size of its root",
            theta / 1024,
            tuple(draw(size=eps**0.5) for _ in range(count)),
        ),
        Regime("zero gradients first", theta, (np.zeros(4), *plain[:count])),
        Regime("zero gradients after others", theta, (*plain[:2], *[np.zeros(4)] * count)),
        Regime("a zero among the gradients", theta, tuple(g * np.array([1, 0, 1, 1]) for g in plain)),
        Regime("constant gradients", theta, (plain[0],) * count),
        Regime("gradients that change sign", theta, tuple((-1.0) ** k * plain[0] for k in range(count + 2))),
        Regime("a large gradient, then small ones", theta, (100 * plain[0], *plain[1 : count + 1])),
        Regime("mixed scales", theta, tuple(g * mixed for g in plain[:count])),
        Regime("zero parameters", np.zeros(4), plain[:count]),
        Regime("large parameters", 1e3 * theta, plain[:count]),
        Regime("small parameters", 1e-3 * theta, plain[:count]),
        Regime("one entry", theta[:1], tuple(g[:1] for g in plain)),
        Regime("a matrix", theta.reshape(2, 2), tuple(g.reshape(2, 2) for g in plain[:count])),
        Regime(f"{LONG} steps", theta, tuple(draw() for _ in range(LONG))),
    ]


def long_regime(steps: int) -> Regime:
    """Ordinary gradients for many steps."""
    random = Random(2)
    rows = [[random.choice((-1, 1)) * random.randint(1, 64) / 32 for _ in range(2)] for _ in range(steps)]
    return Regime(f"{steps} steps", np.array([1.0, -0.5]), tuple(np.array(row) for row in rows))


def simple_points(
    steps: int, settings: Mapping[str, Any], entries: int
) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Parameters and gradients that a person can check, the simplest first: exact fractions, ``entries`` of them."""
    eps = Fraction(str(settings.get("eps", 0) or 0))
    small = [10 * eps] if eps else []
    slopes = [(Fraction(1),) * steps, *[(s,) * steps for s in small]]
    slopes += [tuple(Fraction((-1) ** k) for k in range(steps))]
    slopes += [(Fraction(1), *[Fraction(0)] * (steps - 1)), (Fraction(0), *[Fraction(1)] * (steps - 1))]
    slopes += [
        (Fraction(100), *[Fraction(1)] * (steps - 1)),
        (Fraction(1, 2),) * steps,
        (Fraction(2),) * steps,
    ]
    slopes += [(Fraction(1), *[Fraction(100)] * (steps - 1))]
    slopes += [tuple(Fraction(1, (-2) ** k) for k in range(steps)), (Fraction(0),) * steps]
    for length in range(1, steps + 1):
        for row in dict.fromkeys(row[:length] for row in slopes):
            for theta in (Fraction(0), Fraction(1)):
                if entries == 1:
                    yield [theta], tuple([g] for g in row)
                else:
                    yield [theta, 2 * theta], tuple([g, 2 * g] for g in row)
                    yield [theta, 2 * theta], tuple([g, Fraction(0)] for g in row)
