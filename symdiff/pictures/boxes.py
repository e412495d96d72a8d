"""What is a drawing of a graph made of? Boxes with lines of text, arrows between them with labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from symdiff.pictures.typesetting import Text, width

Tone: TypeAlias = Literal["ink", "soft", "back"]
Kind: TypeAlias = Literal["input", "quantity", "output", "copy", "gap"]
GAP = 3.0  # between lines
PAD_X, PAD_Y = 6.0, 7.0


@dataclass(frozen=True)
class Line:
    """A line of text: its size in pixels, and whether it tells of values, of other things, or of what flows back."""

    text: Text
    size: float = 13.0
    tone: Tone = "ink"

    @property
    def width(self) -> float:
        """How wide it is at most."""
        return width(self.text, self.size)


def height(lines: tuple[Line, ...]) -> float:
    """The height of lines under each other."""
    return sum(line.size for line in lines) + GAP * max(0, len(lines) - 1)


@dataclass(frozen=True)
class Box:
    """A quantity: ``key`` tells it from others, ``name`` is what a copy of it shows."""

    key: str
    lines: tuple[Line, ...]
    kind: Kind = "quantity"
    name: Line | None = None

    @property
    def width(self) -> float:
        """Of the frame."""
        return max(line.width for line in self.lines) + 2 * PAD_X

    @property
    def height(self) -> float:
        """Of the frame."""
        return height(self.lines) + 2 * PAD_Y


@dataclass(frozen=True)
class Arrow:
    """What a quantity is used for; ``heavy`` where a derivative flows back along it."""

    source: str
    target: str
    lines: tuple[Line, ...] = ()
    heavy: bool = False


@dataclass(frozen=True)
class Drawing:
    """A graph to be drawn; ``words`` are for those who cannot see it, ``legend`` explains the colours."""

    title: str
    words: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    legend: tuple[Line, ...] = ()
