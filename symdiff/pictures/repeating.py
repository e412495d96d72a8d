"""What is drawn of an input that is used in many places? It stands beside each of them once more."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from symdiff.pictures.boxes import Box, Drawing

USES = 3  # arrows from one input


def repeated(drawing: Drawing, most: int = USES) -> Drawing:
    """The drawing with copies of inputs instead of many long arrows; a copy shows the name only."""
    uses = Counter(arrow.source for arrow in drawing.arrows)
    often = {box.key: box for box in drawing.boxes if box.kind == "input" and uses[box.key] > most}
    copies, arrows = [], []
    for k, arrow in enumerate(drawing.arrows):
        if arrow.source in often:
            name = often[arrow.source].name or often[arrow.source].lines[0]
            copies.append(Box(f"{arrow.source}\x00{k}", (name,), "copy"))
            arrow = replace(arrow, source=copies[-1].key)
        arrows.append(arrow)
    return replace(drawing, boxes=(*drawing.boxes, *copies), arrows=tuple(arrows))
