"""Where do optimizers walk on a landscape? Real steps with exact gradients, from one start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symdiff import calculus
from symdiff.doors.tracing import trace
from symdiff.errors import InputError, explain
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.library.entries import Entry
from symdiff.library.shelves import find
from symdiff.pictures.landscapes import Landscape, Point, Walk

SEVEN = ("sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw", "lamb")
_GRID = 101


@dataclass(frozen=True)
class Ground:
    """A function of an array of two numbers, what is shown of it, and a learning rate for each optimizer."""

    name: str
    fn: Callable[[Any], Any] = field(repr=False)
    formula: str
    start: Point
    lowest: Point
    window: tuple[Point, Point]
    steps: int
    rates: Mapping[str, float] = field(repr=False)


def valley(theta: Any) -> Any:
    """A quadratic whose curvature is 25 times as large in one direction as in the other.

    >>> float(valley(np.array([1.0, 2.0])))
    12.5
    """
    x, y = theta
    return ((x - 1) ** 2 + 25 * (y - 1) ** 2) / 2


def rosenbrock(theta: Any) -> Any:
    """A curved valley (Rosenbrock, 1960).

    >>> float(rosenbrock(np.array([1.0, 2.0])))
    100.0
    """
    x, y = theta
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


VALLEY = Ground(
    "An ill-conditioned quadratic",
    valley,
    "((x - 1)² + 25 (y - 1)²) / 2",
    (-2.0, 2.0),
    (1.0, 1.0),
    ((-2.4, 2.0), (-0.4, 2.4)),
    60,
    {
        "sgd": 0.07, "momentum": 0.01, "nesterov": 0.01, "adagrad": 0.7, "rmsprop": 0.1, "adam": 0.15,
        "adamw": 0.15, "amsgrad": 0.15, "adamax": 0.15, "nadam": 0.15, "lamb": 0.05, "lars": 10.0, "lion": 0.1,
    },
)  # fmt: skip
ROSENBROCK = Ground(
    "Rosenbrock's valley",
    rosenbrock,
    "(1 - x)² + 100 (y - x²)²",
    (-1.2, 1.0),
    (1.0, 1.0),
    ((-1.8, 1.6), (-0.6, 2.0)),
    300,
    {
        "sgd": 0.002, "momentum": 0.001, "nesterov": 0.001, "adagrad": 0.5, "rmsprop": 0.02, "adam": 0.1,
        "adamw": 0.1, "amsgrad": 0.1, "adamax": 0.1, "nadam": 0.1, "lamb": 0.05, "lars": 10.0, "lion": 0.02,
    },
)  # fmt: skip
GROUNDS = (VALLEY, ROSENBROCK)


def walked(names: Sequence[str] = SEVEN, ground: Ground = VALLEY, variant: str = "paper") -> Landscape:
    """The paths of some optimizers on one ground, each with its own learning rate.

    >>> walk, = walked(["sgd"]).walks
    >>> walk.points[1], len(walk.points)
    ((-1.79, 0.25), 61)
    """
    xs, ys = (np.linspace(low, high, _GRID) for low, high in ground.window)
    heights = tuple(tuple(float(ground.fn(np.array([x, y]))) for x in xs) for y in ys)
    walks = tuple(walk(name, ground, variant) for name in names)
    shown = (tuple(map(float, xs)), tuple(map(float, ys)), heights)
    return Landscape(ground.name, ground.formula, *shown, ground.lowest, walks)


def walk(name: str, ground: Ground, variant: str = "paper", **settings: Any) -> Walk:
    """The path of one optimizer; it ends early where a number is no longer finite.

    Raises InputError for a name that is no optimizer's.
    """
    offered = find(name)
    if offered.kind != "optimizer":
        facts: dict[str, object] = {"name": name, "kind": offered.kind}
        raise InputError(explain("walk", facts, f"Name an optimizer: {', '.join(SEVEN)}."))
    told = {"learning_rate": ground.rates.get(name, 0.01), **settings}
    optimizer = offered.offers(variant=variant, **told)
    graph = trace(ground.fn, np.array(ground.start))
    kernel = compile_kernel(calculus.gradient(graph, list(graph.input_names), with_value=True))
    theta: Any = np.array(ground.start)
    state = optimizer.init(theta)
    points, heights = [], []
    with np.errstate(all="ignore"):
        for _ in range(ground.steps + 1):
            height, slope = (np.asarray(part, dtype=float) for part in kernel.flat([theta]))
            if not (np.isfinite(height) and np.all(np.isfinite(slope))):
                break
            points.append((round(float(theta[0]), 9), round(float(theta[1]), 9)))
            heights.append(float(height))
            theta, state = optimizer.step(slope, state, theta)
    shown = ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in told.items())
    return Walk(name, shown, tuple(points), tuple(heights))


def landscapes_of(entry: Entry) -> tuple[Landscape, ...]:
    """What the page of an optimizer shows: its paths beside those of gradient descent; none for other entries."""
    if entry.kind != "optimizer" or not all(entry.name in ground.rates for ground in GROUNDS):
        return ()
    names = tuple(dict.fromkeys(("sgd", entry.name)))
    return tuple(walked(names, ground) for ground in GROUNDS)
