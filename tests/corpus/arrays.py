"""Example arrays of the corpus: small, exact in binary, without zeros, ties or symmetry."""

from __future__ import annotations

import numpy as np


def eighths(seed, *shape):
    """Odd multiples of 1/8 between -3 and 3, no two of them of one size while the supply lasts."""
    rng = np.random.default_rng(seed)
    count = int(np.prod(shape))
    sizes = np.concatenate([rng.permutation(12) for _ in range(1 + count // 12)])[:count]
    return (rng.choice([-1, 1], count) * (2 * sizes + 1) / 8).reshape(shape)


def positive(seed, *shape):
    """The same, all positive."""
    return np.abs(eighths(seed, *shape))
