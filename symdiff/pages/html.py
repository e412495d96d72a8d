"""How does a page look in a browser? One file that needs nothing else, light, dark and on paper."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from itertools import takewhile
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from symdiff.pages import numbers
from symdiff.pages.controls import finished
from symdiff.pages.rows import Page, PrintedRow
from symdiff.pages.sections import details, gist, headline, question, sections
from symdiff.verdicts import Verdict

MARKS = {"proved": "✓", "agrees": "≈", "refuted": "✗", "undecided": "?"}
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


def render(page: Page) -> str:
    """The whole page; the same page gives the same text."""
    return environment().get_template("page.html.j2").render(page=page)


def to_html(verdict: Verdict) -> str:
    """One verdict as a fragment that brings its style along, for notebooks."""
    return environment().get_template("fragment.html.j2").render(verdict=verdict)


def compared(row: PrintedRow) -> Markup:
    """The recomputed value, one matrix row a line, marked from the first digit printed wrong."""
    text = by_rows(row.recomputed)
    printed, found = _NUMBER.findall(row.printed), list(_NUMBER.finditer(text))
    if row.agrees or len(printed) != len(found):
        return escape(text)
    result, end = Markup(""), 0
    for old, new in zip(printed, found, strict=True):
        right = len(new[0]) if _rounds_to(new[0], old) else _alike(old, new[0])
        wrong = Markup("<mark>{}</mark>").format(new[0][right:]) if new[0][right:] else ""
        result += escape(text[end : new.start()] + new[0][:right]) + wrong
        end = new.end()
    return result + escape(text[end:])


def by_rows(text: str) -> str:
    """A nested list with one row on each line."""
    return text.replace("], [", "],\n [")


def _alike(left: str, right: str) -> int:
    """How many characters two numbers begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def _rounds_to(value: str, printed: str) -> bool:
    """Whether a number rounds to one with fewer digits: within half a unit of the last digit printed."""
    shown = Decimal(printed)
    unit = Decimal(1).scaleb(int(shown.as_tuple().exponent))
    return abs(Decimal(value) - shown) <= unit * Decimal("0.501")


@cache
def environment() -> Environment:
    """The templates of all pages, with escaping; controls in names are shown by their numbers."""
    environment = Environment(
        loader=PackageLoader("symdiff.pages"),
        autoescape=True,
        finalize=finished,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = {
        "kind": lambda section: type(section).__name__.lower(),
        "number": numbers.text,
        "listed": numbers.listed,
        "headline": headline,
        "sections": sections,
        "details": details,
        "gist": gist,
        "question": question,
        "compared": compared,
        "rows": by_rows,
    }
    environment.filters |= filters
    environment.globals["MARKS"] = MARKS
    return environment
