"""Where did optimizers walk? The heights of a function of two numbers, and the points of each path on it."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Walk:
    """The path of one optimizer: where it was before the first step and after each, and the function there."""

    name: str
    settings: str
    points: tuple[Point, ...]
    heights: tuple[float, ...]


@dataclass(frozen=True)
class Landscape:
    """A function of two numbers on a grid (``heights[row][column]`` at ``ys[row]``, ``xs[column]``) and walks on it."""

    name: str
    formula: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    heights: tuple[tuple[float, ...], ...]
    lowest: Point
    walks: tuple[Walk, ...]
