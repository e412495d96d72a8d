"""What is suspected? Two nodes that would be equal if one certain mistake had been made."""

from __future__ import annotations

from dataclasses import dataclass

from symdiff.ir.graph import Node


@dataclass(frozen=True)
class Suspect:
    """A kind of mistake in words, and two nodes that agree if it was made.

    Either ``left`` is the claim and ``right`` what this mistake makes of the derivative, or ``left`` is the
    derivative and ``right`` the claim as it would be without the mistake. ``place`` is the node where it happened.
    """

    kind: str
    detail: str
    left: Node
    right: Node
    repair: str | None = None
    place: Node | None = None
    mended: bool = False  # ``right`` is the mended claim
    loose: bool = False  # the factor is no short number: compared in floats only
    strength: int = (
        1  # 2 explains the claim as a whole, 0 is a guess that needs no mistake people are known for
    )
    bypass: bool = False  # said only where nothing plainer fits: a step skipped where no path is missing
    reverse: bool = False  # without a look at how the claim is written: an assumption may say more
