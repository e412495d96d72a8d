"""How does the page of one entry look in a browser? One file that needs nothing else."""

from __future__ import annotations

from markupsafe import Markup

from symdiff.pages.entry_words import counts, error_rows, flat_text, kink_text, names_of
from symdiff.pages.html import environment
from symdiff.pages.plots import MISSING, svg
from symdiff.pages.sheets import Sheet
from symdiff.pictures import paths


def render(sheet: Sheet) -> str:
    """The whole page; the same sheet gives the same text."""
    card = sheet.card
    drawn = svg(sheet.curve) if sheet.curve is not None else None
    template = environment().get_template("entry.html.j2")
    return template.render(
        sheet=sheet,
        summary=counts(sheet),
        drawing=Markup(drawn) if drawn is not None else None,  # ours, with every label escaped by matplotlib
        landscapes=tuple(Markup(paths.svg(landscape) or "") for landscape in sheet.landscapes),  # escaped too
        missing=MISSING,
        words=(
            ("Formula", card.formula),
            ("Domain", card.domain),
            ("Kinks", card.kinks),
            ("Source", card.source),
        ),
        names=names_of(card),
        errors=tuple(error_rows(sheet)),
        kink_text=kink_text,
        flat_text=flat_text,
    )
