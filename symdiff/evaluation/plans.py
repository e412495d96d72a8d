"""In which order, and by which BLAS call, is a contraction done? Decided from labels and sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Literal

Labels = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One product of two factors: which labels are shared and kept, summed, or belong to one factor."""

    batch: Labels
    summed: Labels
    left: Labels
    right: Labels

    @property
    def method(self) -> Literal["multiply", "vdot", "dot", "vecdot", "matmul"]:
        """The NumPy function that does it."""
        if not self.summed:
            return "multiply"
        if not self.batch:
            return "dot" if self.left or self.right else "vdot"
        return "matmul" if self.left or self.right else "vecdot"


def pair(left: Labels, right: Labels, kept: frozenset[int], order: Labels) -> Pair:
    """How two factors with these labels are multiplied when the labels ``kept`` are still needed.

    >>> pair((0, 1), (1, 2), frozenset({0, 2}), (0, 2))
    Pair(batch=(), summed=(1,), left=(0,), right=(2,))
    """
    shared = [k for k in left if k in right]
    place = {k: i for i, k in enumerate(order)}
    batch = sorted((k for k in shared if k in kept), key=lambda k: place.get(k, len(place)))
    return Pair(
        tuple(batch),
        tuple(k for k in shared if k not in kept),
        tuple(k for k in left if k not in shared),
        tuple(k for k in right if k not in shared),
    )


def next_pair(factors: Sequence[Labels], output: Labels, sizes: Mapping[int, int]) -> tuple[int, int]:
    """The two factors whose product costs least; of equals, the one that leaves the smallest result.

    >>> next_pair([(0, 1), (1, 2), (2,)], (0,), {0: 9, 1: 9, 2: 9})
    (1, 2)
    """

    def cost(chosen: tuple[int, int]) -> tuple[int, int]:
        union = set(factors[chosen[0]]) | set(factors[chosen[1]])
        others = [k for i, labels in enumerate(factors) if i not in chosen for k in labels]
        left = union & {*others, *output}
        return prod(sizes[k] for k in union), prod(sizes[k] for k in left)

    return min(combinations(range(len(factors)), 2), key=cost)


def prefers_swap(plan: Pair, output: Labels) -> bool:
    """Whether the factors should change places so that the result has its axes in the order of the output."""
    place = {k: i for i, k in enumerate(output)}
    left = [place[k] for k in plan.left if k in place]
    right = [place[k] for k in plan.right if k in place]
    return bool(left and right) and min(right) < min(left)
