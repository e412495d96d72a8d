"""How does Markdown become a page, and how LaTeX? Both from the same tokens; a fence called ``piece`` is filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from symdiff.chapters.marks import anchor
from symdiff.pages import latex
from symdiff.pages.mathml import mathml

PIECE = "piece"
Filled = Callable[[int], str]

_TEX_BLOCKS = {
    "paragraph_open": "",
    "paragraph_close": "\n\n",
    "bullet_list_open": "\\begin{itemize}\n",
    "bullet_list_close": "\\end{itemize}\n",
    "ordered_list_open": "\\begin{enumerate}\n",
    "ordered_list_close": "\\end{enumerate}\n",
    "list_item_open": "\\item ",
    "list_item_close": "",
    "heading_close": "}\n",
    "em_open": "\\emph{",
    "em_close": "}",
    "strong_open": "\\textbf{",
    "strong_close": "}",
    "softbreak": "\n",
    "hardbreak": "\\newline\n",
    "link_open": "",
    "link_close": "",
    "hr": "\\medskip\n",
}
_LARGE, _STRUT = "\\displaystyle", r"\rule[-2.2ex]{0pt}{5.8ex}"  # room for fractions in tables
_TEX_HEADINGS = {"h1": "\\title{", "h2": "\\heading{", "h3": "\\subheading{", "h4": "\\paragraph{"}
_HTML_TABLES = {"table_open": '<div class="wide"><table>', "table_close": "</table></div>"}


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def to_html(text: str, filled: Filled) -> str:
    """A text as HTML; ``filled`` gives the piece of a number. Headings can be linked to."""
    tokens = _parser().parse(text)
    for heading, title in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", anchor(title.content))
    return "".join(_html(tokens, filled))


def inline_html(text: str) -> Markup:
    """A line of prose as HTML."""
    return Markup("".join(_html(_parser().parseInline(text), str)))


def to_latex(text: str, filled: Filled) -> str:
    """A text as LaTeX; ``filled`` gives the piece of a number."""
    return "".join(_latex(_parser().parse(text), filled))


def inline_latex(text: str) -> Markup:
    """A line of prose as LaTeX."""
    return Markup("".join(_latex(_parser().parseInline(text), str)))


def _html(tokens: Sequence[Token], filled: Filled) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _html(with_formulas(token.children or []), filled)
        elif token.type == "formula":
            yield mathml(token.content)
        elif token.type == "fence" and token.info == PIECE:
            yield filled(int(token.content))
        elif token.type in _HTML_TABLES:
            yield _HTML_TABLES[token.type]
        elif token.type in ("text", "code_inline", "fence", "code_block"):
            yield _literal_html(token)
        else:
            yield _parser().renderer.render([token], _parser().options, {})


def _literal_html(token: Token) -> str:
    text = str(escape(token.content))
    if token.type == "text":
        return text
    return f"<code>{text}</code>" if token.type == "code_inline" else f"<pre>{text}</pre>\n"


def _latex(tokens: Sequence[Token], filled: Filled) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _latex(with_formulas(token.children or []), filled)
        elif token.type == "formula":
            yield f"{_STRUT if token.content.startswith(_LARGE) else ''}${token.content}$"
        elif token.type == "fence" and token.info == PIECE:
            yield filled(int(token.content))
        elif token.type == "heading_open":
            yield _TEX_HEADINGS[token.tag]
        elif token.type == "text":
            yield latex.escape(token.content)
        elif token.type in ("code_inline", "fence", "code_block"):
            yield latex.code(token.content)
        else:
            yield _TEX_BLOCKS[token.type]


def with_formulas(tokens: Sequence[Token]) -> list[Token]:
    """Code between dollar signs is a formula; the signs go.

    >>> [token.type for token in with_formulas(_parser().parseInline("at $`x`$ and `y`")[0].children)]
    ['text', 'formula', 'text', 'code_inline']
    """
    found = [token.copy() for token in tokens]
    for before, middle, after in zip(found, found[1:], found[2:], strict=False):
        held = before.type == after.type == "text" and before.content.endswith("$")
        if middle.type == "code_inline" and held and after.content.startswith("$"):
            middle.type, before.content, after.content = "formula", before.content[:-1], after.content[1:]
    return found
