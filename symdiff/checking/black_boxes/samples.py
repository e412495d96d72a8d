"""What did a claim return at one probe, and what should it have returned?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.batches import Probe
from symdiff.checking.black_boxes.measuring import OUTSIDE

Array = NDArray[Any]


@dataclass(frozen=True)
class Sample:
    """What was claimed at a probe, the truth, and the tolerance there."""

    probe: Probe
    claimed: Sequence[Array]
    truth: Sequence[Array]
    tolerance: Sequence[Array]


def is_close(left: Array, right: Array, tolerance: Array) -> bool:
    """Whether no entry differs by more than rounding could explain."""
    known = np.isfinite(right) & np.isfinite(tolerance)
    with np.errstate(invalid="ignore"):
        return bool(np.all(~known | (np.abs(left - right) <= OUTSIDE * tolerance)))
