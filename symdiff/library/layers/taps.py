"""How does a kernel lie on an image? Each place of the kernel, with the entries of the image that it meets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from symdiff.library import Array

Setting: TypeAlias = int | tuple[int, ...]


@dataclass(frozen=True)
class Taps:
    """A kernel of some lengths, moved by ``stride`` with holes of ``dilation`` over an image with a ``padding``."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    @classmethod
    def of(cls, kernel: Sequence[int], stride: Setting, padding: Setting, dilation: Setting) -> Taps:
        """Settings for every axis, from one number for all or one for each."""
        rank = len(kernel)
        pairs = [(n,) * rank if isinstance(n, int) else tuple(n) for n in (stride, padding, dilation)]
        return cls(tuple(kernel), *pairs)

    def lengths(self, image: Sequence[int]) -> tuple[int, ...]:
        """How many places the kernel has on each axis of an image."""
        axes = zip(image, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        found = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes)
        if min(found) < 1:
            raise ValueError(f"the kernel {self.kernel} is longer than the padded image {tuple(image)}")
        return found

    def image(self, lengths: Sequence[int], output_padding: Sequence[int]) -> tuple[int, ...]:
        """The image on which the kernel has so many places, with ``output_padding`` entries that it misses."""
        axes = zip(
            lengths, self.kernel, self.stride, self.padding, self.dilation, output_padding, strict=True
        )
        return tuple((n - 1) * s - 2 * p + d * (k - 1) + extra + 1 for n, k, s, p, d, extra in axes)

    def padded(self, x: Array) -> Array:
        """Zeros around the last axes."""
        around = [(0, 0)] * (x.ndim - len(self.padding)) + [(p, p) for p in self.padding]
        return np.pad(x, around)

    def cropped(self, x: Array) -> Array:
        """The image without its padding."""
        return x[(..., *(slice(p, n - p) for p, n in zip(self.padding, x.shape[2:], strict=True)))]

    def places(self, lengths: Sequence[int]) -> list[tuple[Any, Any]]:
        """``(..., tap)`` in the kernel and ``(..., slices)`` in the padded image, for each tap."""
        found = []
        for tap in itertools.product(*map(range, self.kernel)):
            axes = zip(tap, lengths, self.stride, self.dilation, strict=True)
            cut = (slice(t * d, t * d + (n - 1) * s + 1, s) for t, n, s, d in axes)
            found.append(((..., *tap), (..., *cut)))
        return found
