"""What did all probes say of one target?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symdiff.checking.black_boxes.batches import Probe
from symdiff.checking.black_boxes.counterexamples import Finding
from symdiff.checking.black_boxes.losses import NO_LOSS, Loss


@dataclass
class Record:
    """What the probes said of one target; ``lost`` is the part of the largest entry that rounding took."""

    points: int = 0
    ratio: float = 0.0
    ulps: float = 0.0
    shape: bool = False
    wrong: Finding | None = None
    doubtful: str = ""
    judged: Any = False
    noisy: int = 0
    lost: float = 0.0
    lost_at: Probe | None = None
    tied: float = 0.0
    on_tie: Finding | None = None
    loss: Loss = NO_LOSS

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be learnt."""
        return self.shape or self.wrong is not None or self.loss.is_total
