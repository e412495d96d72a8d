"""How does a drawing become SVG? One text without scripts that needs nothing else and reads on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from html import escape
from itertools import pairwise

from symdiff.pages.controls import visible
from symdiff.pictures.boxes import GAP, PAD_Y, Arrow, Box, Drawing, Line, height
from symdiff.pictures.colours import SCOPE, style
from symdiff.pictures.layering import Layout, arranged
from symdiff.pictures.typesetting import Piece

WIDEST = 454.0  # pixels across: text of 12 to 15 is read on a phone without zoom
MARGIN, _GAP, _LABELLED = 12.0, 30.0, 46.0
_FONT = 'Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, "DejaVu Serif", serif'
_RULES = """.{scope} text {{ font-family: {font}; fill: var(--of-ink); text-anchor: middle; white-space: pre; }}
.{scope} .soft {{ fill: var(--of-soft); }}
.{scope} .back {{ fill: var(--of-back); }}
.{scope} .box {{ fill: var(--of-inset); stroke: var(--of-line); stroke-width: 1.2; }}
.{scope} .input {{ fill: var(--of-paper); }}
.{scope} .output {{ stroke: var(--of-ink); }}
.{scope} .gap, .{scope} .copy {{ fill: none; stroke-dasharray: 4 3; }}
.{scope} .edge {{ fill: none; stroke: var(--of-soft); stroke-width: 1.2; opacity: .75; }}
.{scope} .heavy {{ stroke: var(--of-back); opacity: 1; }}
.{scope} .tip {{ fill: var(--of-soft); }}
.{scope} .tip.heavy {{ fill: var(--of-back); stroke: none; }}
.{scope} .rule {{ fill: none; stroke: var(--of-line); }}
.{scope} .paper {{ fill: var(--of-paper); }}"""
_COLOURS = ("back", "ink", "inset", "line", "paper", "soft")
_CHOICES = (0.5, 0.36, 0.64, 0.25, 0.75, 0.15, 0.85)  # where on an edge its label may stand

Place = tuple[float, float]


@dataclass(frozen=True)
class Rectangle:
    """Centre and size."""

    x: float
    y: float
    width: float
    height: float

    def shared(self, other: Rectangle) -> float:
        """The area of what they have in common."""
        across = min(self.x + self.width / 2, other.x + other.width / 2) - max(
            self.x - self.width / 2, other.x - other.width / 2
        )
        down = min(self.y + self.height / 2, other.y + other.height / 2) - max(
            self.y - self.height / 2, other.y - other.height / 2
        )
        return max(across, 0.0) * max(down, 0.0)


def render(drawing: Drawing, most: float = WIDEST) -> str:
    """The drawing from top to bottom; the same drawing gives the same text."""
    boxes = {box.key: box for box in drawing.boxes}
    edges = {(arrow.source, arrow.target): _label_size(arrow)[0] for arrow in drawing.arrows}
    layout = arranged({key: box.width for key, box in boxes.items()}, edges, most - 2 * MARGIN)
    places, bottom = _places(layout, boxes, drawing)
    curves = {edge: _curve(layout, places, edges, edge) for edge in edges}
    right = max(rectangle.x + rectangle.width / 2 for rectangle in places.values())
    wide = max([right, *(line.width for line in drawing.legend)]) + 2 * MARGIN
    parts = [
        *(part for arrow in drawing.arrows for part in _edge(arrow, curves[arrow.source, arrow.target])),
        *(part for key, box in boxes.items() for part in _box(box, places[key])),
        *_labels(drawing.arrows, curves, [places[key] for key in boxes]),
    ]
    legend = _lines(drawing.legend, right / 2, bottom + 14)
    high = bottom + (height(drawing.legend) + 14 if drawing.legend else 0) + 2 * MARGIN
    shift = (wide - right) / 2
    return document(drawing.title, drawing.words, wide, high, shift, "\n".join([*parts, *legend]))


def document(title: str, words: str, wide: float, high: float, shift: float, body: str) -> str:
    """A whole SVG: its size, its colours, its words for those who cannot see it, its content."""
    title, words, body = visible(title), visible(words), visible(body)
    key = blake2b(f"{title}{body}".encode(), digest_size=4).hexdigest()
    rules = _RULES.format(scope=SCOPE, font=_FONT)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(wide)} {number(high)}" width="{number(wide)}" '
        f'height="{number(high)}" class="{SCOPE}" role="img" aria-labelledby="title-{key} words-{key}" '
        f'style="max-width: 100%; height: auto">\n'
        f'<title id="title-{key}">{escape(title)}</title>\n'
        f'<desc id="words-{key}">{escape(words)}</desc>\n'
        f"<style>{style(_COLOURS)}\n{rules}</style>\n"
        f'<rect class="paper" width="{number(wide)}" height="{number(high)}"/>\n'
        f'<g transform="translate({number(shift)} {number(MARGIN)})">\n{body}\n</g>\n</svg>\n'
    )


def number(value: float) -> str:
    """Coordinates to a tenth.

    >>> number(2.0), number(-0.04)
    ('2', '0')
    """
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


# Places -----------------------------------------------------------------------------------------------------


def _places(layout: Layout, boxes: Mapping[str, Box], drawing: Drawing) -> tuple[dict[str, Rectangle], float]:
    """Layer under layer, each as high as its highest box; the rectangles, and where the last one ends."""
    lines = max((len(arrow.lines) for arrow in drawing.arrows), default=0)
    gap = _GAP if lines == 0 else _LABELLED + 13.0 * (lines - 1)
    found, top = {}, 0.0
    for layer in layout.layers:
        high = max(boxes[key].height if key in boxes else 0.0 for key in layer)
        for key in layer:
            size = (boxes[key].width, boxes[key].height) if key in boxes else (0.0, high)
            found[key] = Rectangle(layout.across[key], top + high / 2, *size)
        top += high + gap
    return found, top - gap


def _curve(
    layout: Layout,
    places: Mapping[str, Rectangle],
    labels: Mapping[tuple[str, str], float],
    edge: tuple[str, str],
) -> list[Place]:
    """The points of an edge: it leaves a box below and enters one above, beside the other edges there."""
    route = layout.routes[edge]
    source, target = edge
    leaving = [r for e, r in layout.routes.items() if e[0] == source]
    coming = [r for e, r in layout.routes.items() if e[1] == target]
    start, end = places[source], places[target]
    room = max(labels[r[0], r[-1]] for r in leaving) + 4
    points = [(start.x + _port(route, leaving, 1, places, start, room), start.y + start.height / 2)]
    for key in route[1:-1]:
        passing = places[key]
        points += [(passing.x, passing.y - passing.height / 2), (passing.x, passing.y + passing.height / 2)]
    points.append((end.x + _port(route, coming, -2, places, end, 0), end.y - end.height / 2 - 2))
    return points


def _port(
    route: Sequence[str],
    routes: Sequence[Sequence[str]],
    at: int,
    places: Mapping[str, Rectangle],
    box: Rectangle,
    room: float,
) -> float:
    order = sorted(routes, key=lambda r: (places[r[at]].x, r))
    step = min(max(26.0, room), 0.8 * box.width / max(1, len(order)))
    return (order.index(route) - (len(order) - 1) / 2) * step


# Parts ------------------------------------------------------------------------------------------------------


def _edge(arrow: Arrow, points: Sequence[Place]) -> Iterator[str]:
    heavy = " heavy" if arrow.heavy else ""
    path = f"M{number(points[0][0])} {number(points[0][1])}"
    for (x0, y0), (x1, y1) in pairwise(points):
        bend = (y1 - y0) * 0.5
        path += (
            f"C{number(x0)} {number(y0 + bend)} {number(x1)} {number(y1 - bend)} {number(x1)} {number(y1)}"
        )
    x, y = points[-1]
    yield f'<path class="edge{heavy}" d="{path}"/>'
    yield f'<path class="tip{heavy}" d="M{number(x)} {number(y + 2)}l-3.5 -7h7z"/>'


def _box(box: Box, place: Rectangle) -> Iterator[str]:
    x, y = place.x - place.width / 2, place.y - place.height / 2
    yield (
        f'<rect class="box {box.kind}" x="{number(x)}" y="{number(y)}" width="{number(place.width)}" '
        f'height="{number(place.height)}" rx="6"/>'
    )
    yield from _lines(box.lines, place.x, y + PAD_Y)


def _lines(lines: Sequence[Line], x: float, top: float) -> Iterator[str]:
    for line in lines:
        yield row(line, x, top)
        top += line.size + GAP


def row(line: Line, x: float, top: float, anchor: str = "") -> str:
    """A line of text below ``top``: around ``x``, or from there (``"start"``), or up to there (``"end"``)."""
    tone = "" if line.tone == "ink" else f' class="{line.tone}"'
    place = f' style="text-anchor: {anchor}"' if anchor else ""
    size, y = number(line.size), number(top + 0.82 * line.size)
    return f'<text{tone}{place} x="{number(x)}" y="{y}" font-size="{size}">{_spans(line)}</text>'


def _spans(line: Line) -> str:
    """Pieces of a line; after one that is raised or lowered the next comes back to the line."""
    text, level = "", 0
    for piece in line.text:
        moves = (level - piece.level) * 0.28 * line.size
        level = piece.level
        text += _span(piece, moves, line.size)
    return text


def _span(piece: Piece, moves: float, size: float) -> str:
    told = f' dy="{number(moves)}"' if moves else ""
    told += f' font-size="{number(0.74 * size)}"' if piece.level else ""
    told += {"italic": ' font-style="italic"', "bold": ' font-weight="bold"'}.get(piece.style, "")
    return f"<tspan{told}>{escape(piece.text)}</tspan>" if told else escape(piece.text)


def _labels(
    arrows: Sequence[Arrow], curves: Mapping[tuple[str, str], list[Place]], taken: list[Rectangle]
) -> Iterator[str]:
    """Labels on their edges, at the first place where they cover nothing else, or least."""
    dots = {edge: list(_dots(points)) for edge, points in curves.items()}
    for arrow in arrows:
        if not arrow.lines:
            continue
        size = _label_size(arrow)
        points = curves[arrow.source, arrow.target]
        pieces = [*range(1, len(points) - 1, 2), *range(0, len(points) - 1, 2)]  # beside a box, then between
        tried = [Rectangle(*_at(points[k], points[k + 1], t), *size) for k in pieces for t in _CHOICES]
        others = [
            dot for edge, found in dots.items() if edge != (arrow.source, arrow.target) for dot in found
        ]
        covered = [sum(one.shared(other) for other in (*taken, *others)) for one in tried]
        place = tried[covered.index(min(covered))]
        taken = [*taken, place]
        yield (
            f'<rect class="paper" x="{number(place.x - size[0] / 2)}" y="{number(place.y - size[1] / 2)}" '
            f'width="{number(size[0])}" height="{number(size[1])}"/>'
        )
        yield from _lines(arrow.lines, place.x, place.y - size[1] / 2 + 1.5)


def _dots(points: Sequence[Place]) -> Iterator[Rectangle]:
    """Places along an edge that labels of other edges should leave free."""
    for start, end in pairwise(points):
        yield from (Rectangle(*_at(start, end, k / 12), 6.0, 6.0) for k in range(13))


def _label_size(arrow: Arrow) -> tuple[float, float]:
    return max((line.width for line in arrow.lines), default=0.0) + 4, height(arrow.lines) + 3


def _at(start: Place, end: Place, t: float) -> Place:
    """A point of one piece of an edge."""
    (x0, y0), (x1, y1) = start, end
    bend = (y1 - y0) * 0.5
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    xs, ys = (x0, x0, x1, x1), (y0, y0 + bend, y1 - bend, y1)
    return sum(w * x for w, x in zip(weights, xs, strict=True)), sum(
        w * y for w, y in zip(weights, ys, strict=True)
    )
