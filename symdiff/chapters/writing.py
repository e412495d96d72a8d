"""How does a report become a page and a LaTeX document? Its template gives Markdown with places for pieces."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from symdiff.chapters import prose
from symdiff.chapters.marks import told
from symdiff.chapters.pieces import Drawing, Formulas, Judgements, Piece, Steps, Table, Values
from symdiff.derivations.rendering.html import to_fragment
from symdiff.derivations.rendering.latex import to_latex as derivation_latex
from symdiff.pages import html, latex
from symdiff.pages.mathml import mathml

_STYLE = re.compile(r"<style>.*?</style>\n?", re.DOTALL)
_HEADING = re.compile(r"\A# (.*)\n")
_SECTION = re.compile(r"^(\\section\*)", re.MULTILINE)
_WIDTH = 0.97  # of the line, less what stands between the columns


@dataclass(frozen=True)
class Report:
    """A title, a text in Markdown, the pieces that the text calls by number, and a line for the index."""

    title: str
    text: str
    pieces: tuple[Piece, ...]
    summary: str = ""


@dataclass
class _Shown:
    """The pieces in the order in which a template shows them."""

    pieces: list[Piece] = field(default_factory=list)

    def __call__(self, piece: Piece) -> Markup:
        self.pieces.append(piece)
        return Markup(f"\n```{prose.PIECE}\n{len(self.pieces) - 1}\n```\n")


def report(template: str, content: Mapping[str, Any]) -> Report:
    """A template filled in; ``show(piece)`` places a piece, and its first line is the title."""
    shown = _Shown()
    text = _environment().get_template(template).render(**content, show=shown)
    found = _HEADING.match(text)
    if found is None:
        raise ValueError(f"{template} begins with no title")
    return Report(found[1], text[found.end() :], tuple(shown.pieces), str(content.get("summary", "")))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("symdiff.pages"),
        autoescape=False,  # what is put into Markdown is escaped for it
        finalize=told,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def page(shown: Report, links: tuple[tuple[str, str], ...] = ()) -> str:
    """The report as one page that needs nothing else; ``links`` are the neighbours, each an address and a name."""
    body = prose.to_html(shown.text, lambda number: _piece_html(shown.pieces[number]))
    steps = next((piece for piece in shown.pieces if isinstance(piece, Steps)), None)
    styles = _STYLE.findall(to_fragment(steps.derivation)) if steps is not None else []
    template = html.environment().get_template("chapter.html.j2")
    return template.render(
        title=prose.inline_html(shown.title),
        body=Markup(body),
        style=Markup(styles[0]) if styles else None,
        links=links,
    )


def document(shown: Report) -> str:
    """The report as a LaTeX document that compiles as it is."""
    body = prose.to_latex(shown.text, lambda number: _piece_latex(shown.pieces[number]))
    template = latex.environment().get_template("chapter.tex.j2")
    return template.render(title=prose.inline_latex(shown.title), body=Markup(body))


def _piece_html(piece: Piece) -> str:
    match piece:
        case Steps(derivation, digits):
            return _STYLE.sub("", to_fragment(derivation, digits))  # the page has it once
        case Formulas(lines):
            return _macro(html, "formulas", [mathml(rf"\displaystyle {line}") for line in lines])
        case Table():
            return _macro(html, "table", piece, prose.inline_html)
        case Values(rows):
            return _macro(html, "values", rows)
        case Drawing(svg, caption, kind):
            return _macro(html, "drawing", Markup(svg), caption, kind)
        case Judgements(sheet):
            return _macro(html, "judgements", sheet)


def _piece_latex(piece: Piece) -> str:
    match piece:
        case Steps(derivation, digits):
            return _SECTION.sub(r"\\subheading", derivation_latex(derivation, digits, fragment=True))
        case Formulas(lines):
            return _macro(latex, "formulas", [Markup(line) for line in lines])
        case Table():
            return _macro(latex, "table", piece, prose.inline_latex, _columns(piece))
        case Values(rows):
            return _macro(latex, "values", rows)
        case Drawing():
            return ""
        case Judgements(sheet):
            return _macro(latex, "judgements", sheet)


def _columns(table: Table) -> Markup:
    share = _WIDTH - 0.026 * (len(table.widths) - 1)
    total = sum(table.widths)
    return Markup("".join(rf"L{{{share * width / total:.3f}\textwidth}}" for width in table.widths))


def _macro(pages: Any, name: str, *arguments: Any) -> str:
    """A macro of ``pieces.html.j2`` or ``pieces.tex.j2``."""
    ending = "html" if pages is html else "tex"
    macro: Callable[..., str] = getattr(pages.environment().get_template(f"pieces.{ending}.j2").module, name)
    return str(macro(*arguments))
