"""How does the plot of a curve stand among others on one page? With names of its own for what it refers to."""

from __future__ import annotations

import re
from html import escape

from symdiff.chapters.pieces import Drawing
from symdiff.pages.entry_words import flat_text, kink_text
from symdiff.pages.plots import svg
from symdiff.pages.sheets import Sheet

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
    return Drawing(own, "", "; ".join(part for part in words if part))
