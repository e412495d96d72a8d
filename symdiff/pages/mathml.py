"""How does a formula in LaTeX look in a browser? As MathML, in which the names of a user stand as they are."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from latex2mathml.converter import convert
from markupsafe import Markup, escape

from symdiff.pages.characters import ACCENTS, ASCII, MATHEMATICS
from symdiff.pages.controls import visible

_TEXT = re.compile(r"\\(text|texttt)\{((?:\\.|[^\\{}]|\{(?:\\.|[^\\{}]|\{[^{}]*\})*\})*)\}")
_WRITTEN = {written: char for char, written in ASCII.items()} | {
    rf"\ensuremath{{{written}}}": char for char, written in MATHEMATICS.items()
}
_COMBINING = {written: accent for accent, written in ACCENTS.items()}
_PIECES = re.compile(
    "|".join(
        [
            *map(re.escape, sorted(_WRITTEN, key=len, reverse=True)),
            r"\\mbox\{\\footnotesize U\+(?P<code>[0-9A-F]+)\}",
            rf"(?P<accent>{'|'.join(map(re.escape, _COMBINING))})\{{(?P<letter>\w)\}}",
            r"\{(?P<guarded>[\[*])\}",
            r"\{\}",
        ]
    )
)
_PRIVATE = 0xE000  # characters that stand for texts while a formula is converted


@cache
def mathml(latex: str) -> Markup:
    r"""A formula as MathML; what is within ``\text{...}`` was written by ``latex.escape`` and is shown literally.

    >>> r"\_" in mathml(r"\text{a\_ß}"), "a_ß" in mathml(r"\text{a\_ß}")
    (False, True)
    """
    texts: list[str] = []

    def held(found: re.Match[str]) -> str:
        texts.append(literal(found[2]))
        return rf"\{found[1]}{{{chr(_PRIVATE + len(texts) - 1)}}}"

    shown = convert(_TEXT.sub(held, latex))
    for k, text in enumerate(texts):
        shown = shown.replace(chr(_PRIVATE + k), str(escape(text)))
    return Markup(shown)


def literal(written: str) -> str:
    r"""The text that ``latex.escape`` wrote so.

    >>> literal(r"a\_\textless{}\mbox{\footnotesize U+4E2D}\v{r}")
    'a_<中ř'
    """
    return _PIECES.sub(_character, written)


def _character(found: re.Match[str]) -> str:
    if found["code"]:
        return visible(chr(int(found["code"], 16)))
    if found["accent"]:
        return unicodedata.normalize("NFC", found["letter"] + _COMBINING[found["accent"]])
    return found["guarded"] or _WRITTEN.get(found[0], "")
