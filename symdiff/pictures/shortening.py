"""What is drawn of a graph that is too large? Its beginning and its end; a box says how much lies between."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx

from symdiff.pictures.boxes import Arrow, Box, Drawing, Line
from symdiff.pictures.layering import ranks
from symdiff.pictures.typesetting import plain

MOST = 44  # boxes that are drawn
BETWEEN = "\x00between"


def shortened(drawing: Drawing, most: int = MOST) -> Drawing:
    """The drawing itself, or without the layers in its middle; no path is cut, it goes through the box between."""
    if len(drawing.boxes) <= most:
        return drawing
    middle = _middle(drawing, most)
    shown = Line(plain(f"… {len(middle)} more …"), 14, "soft")
    names = [box.key for box in drawing.boxes if box.key in middle]
    told = Line(plain(f"{_short(names[0])} to {_short(names[-1])}"), 12, "soft")
    kept = tuple(box for box in drawing.boxes if box.key not in middle)
    between = Box(BETWEEN, (shown, told), "gap")
    return replace(drawing, boxes=(*kept, between), arrows=_joined(drawing.arrows, middle))


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"


def _middle(drawing: Drawing, most: int) -> set[str]:
    """A band of layers: as many from both ends are kept as there is room for, but one."""
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
    return {key for layer in layers[first:last] for key in layer}


def _joined(arrows: tuple[Arrow, ...], middle: set[str]) -> tuple[Arrow, ...]:
    found: dict[tuple[str, str], Arrow] = {}
    for arrow in arrows:
        ends = tuple(BETWEEN if key in middle else key for key in (arrow.source, arrow.target))
        if ends[0] != ends[1]:
            is_whole = BETWEEN not in ends
            before = found.get((ends[0], ends[1]))
            heavy = arrow.heavy or (before is not None and before.heavy)
            lines = arrow.lines if is_whole else ()
            found[ends[0], ends[1]] = Arrow(ends[0], ends[1], lines, heavy)
    return tuple(found.values())
