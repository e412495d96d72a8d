"""What is drawn of a graph that is too large? What repeats once at each end; else its beginning and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import networkx as nx

from symdiff.pictures.boxes import Arrow, Box, Drawing, Line
from symdiff.pictures.layering import ranks
from symdiff.pictures.typesetting import Text, plain

MOST = 44  # boxes that are drawn
FEW = 20  # boxes that are drawn even where they repeat


@dataclass(frozen=True)
class Band:
    """Boxes that may be left out together, as every path through them goes on, and what is said instead."""

    keys: AbstractSet[str]
    says: Text


def shortened(drawing: Drawing, bands: Sequence[Band] = (), most: int = MOST, few: int = FEW) -> Drawing:
    """The drawing itself if it is small, else without the bands, and without its middle if it is still too large."""
    if len(drawing.boxes) > few:
        for band in bands:
            drawing = _without(drawing, band)
    return drawing if len(drawing.boxes) <= most else _without(drawing, _middle(drawing, most))


def _without(drawing: Drawing, band: Band) -> Drawing:
    """A box stands for those of the band; arrows to them and from them are its own."""
    key = f"\x00instead of {min(band.keys)}"
    kept: list[Box] = []
    for box in drawing.boxes:
        if box.key not in band.keys:
            kept.append(box)
        elif not any(other.key == key for other in kept):
            count = Line(plain(f"… {len(band.keys)} more …"), 14, "soft")
            kept.append(Box(key, (count, Line(band.says, 12, "soft")), "gap"))
    place = {box.key: key if box.key in band.keys else box.key for box in drawing.boxes}
    return replace(drawing, boxes=tuple(kept), arrows=_joined(drawing.arrows, place, key))


def _middle(drawing: Drawing, most: int) -> Band:
    """A band of layers: as many from both ends are kept as there is room for."""
    graph = nx.DiGraph()
    graph.add_nodes_from(box.key for box in drawing.boxes)
    graph.add_edges_from((arrow.source, arrow.target) for arrow in drawing.arrows)
    rank = ranks(graph, dict.fromkeys(graph, 0.0), float("inf"))
    layers: list[list[str]] = [[] for _ in range(max(rank.values()) + 1)]
    for key in graph:
        layers[rank[key]].append(key)
    first, last, room = 0, len(layers), most - 1
    while last - first > 1:
        from_top = first <= len(layers) - last
        layer = layers[first if from_top else last - 1]
        if len(layer) > room:
            break
        room -= len(layer)
        first, last = (first + 1, last) if from_top else (first, last - 1)
    keys = {key for layer in layers[first:last] for key in layer}
    names = [_short(box) for box in drawing.boxes if box.key in keys]
    return Band(keys, plain(f"{names[0]} to {names[-1]}"))


def _short(box: Box) -> str:
    text = "".join(piece.text for piece in (box.name or box.lines[0]).text)
    return text if len(text) <= 20 else f"{text[:19]}…"


def _joined(arrows: tuple[Arrow, ...], place: Mapping[str, str], between: str) -> tuple[Arrow, ...]:
    found: dict[tuple[str, str], Arrow] = {}
    for arrow in arrows:
        source, target = place[arrow.source], place[arrow.target]
        if source != target:
            before = found.get((source, target))
            heavy = arrow.heavy or (before is not None and before.heavy)
            lines = () if between in (source, target) else arrow.lines
            found[source, target] = Arrow(source, target, lines, heavy)
    return tuple(found.values())
