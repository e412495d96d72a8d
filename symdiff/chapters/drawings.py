"""Which pictures has a report? Plots of curves, graphs of derivations, paths on landscapes."""

from __future__ import annotations

import re
from html import escape

from symdiff.chapters.pieces import Drawing
from symdiff.derivations.steps import Derivation
from symdiff.library.landscapes import Ground, walked
from symdiff.pages.entry_words import flat_text, kink_text
from symdiff.pages.plots import svg
from symdiff.pages.sheets import Sheet
from symdiff.pictures.paths import described
from symdiff.pictures.paths import svg as svg_of_paths
from symdiff.pictures.quantities import to_svg

_NAMED = re.compile(r'(\bid="|url\(#|href="#)')
_LABEL = re.compile(r'aria-labelledby="[^"]*"')


def drawing_of(sheet: Sheet) -> Drawing | None:
    """The plot of an entry, with its kinks in words; None for an entry that has no curve."""
    curve = sheet.curve
    if curve is None:
        return None
    drawn = svg(curve) or ""
    told = f'aria-label="{escape(curve.label)}"'
    own = _NAMED.sub(rf"\g<1>{sheet.card.name}-", _LABEL.sub(lambda _: told, drawn))
    words = [curve.label, *map(kink_text, curve.kinks), flat_text(curve)]
    return Drawing(own, "; ".join(part for part in words if part))


def graph_of(derivation: Derivation, caption: str) -> Drawing:
    """The computation graph of a derivation, with values and derivatives on it."""
    return Drawing(to_svg(derivation), caption, "graph")


def paths_on(ground: Ground, names: tuple[str, ...]) -> Drawing:
    """The paths of some optimizers on a landscape, and in words where they lead."""
    landscape = walked(names, ground)
    return Drawing(svg_of_paths(landscape) or "", described(landscape))
