"""How does a page look in print? A LaTeX document that compiles as it is; one function escapes every text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from symdiff.pages import numbers
from symdiff.pages.characters import ACCENTS, ASCII, MATHEMATICS
from symdiff.pages.rows import Page
from symdiff.pages.sections import details, gist, headline, question, sections
from symdiff.verdicts import Verdict

_NUMBER = re.compile(r"(-?)(\d+(?:\.\d*)?)(?:[eE]([-+]?\d+))?")
_LIGATURES = re.compile(r"(-(?=-)|,(?=,))")
_WIDEST = 8
_BREAKS = re.compile(r"(\\_|(?<!\\)(?:[/:=(]|\.(?!\d)))(?=\S)")


def render(page: Page) -> str:
    """The whole document; the same page gives the same text."""
    return environment().get_template("page.tex.j2").render(page=page)


def to_latex(verdict: Verdict) -> str:
    """One verdict as a fragment; it needs ``amsmath`` and ``textcomp``, and T1 fonts."""
    return environment().get_template("fragment.tex.j2").render(verdict=verdict)


def escape(text: object) -> str:
    """Any text as LaTeX that shows it literally; what no Latin font has is shown by its number."""
    found = "".join(map(_character, unicodedata.normalize("NFC", str(text))))
    apart = _LIGATURES.sub(r"\1{}", found)
    return (
        f"{{{apart[0]}}}{apart[1:]}" if apart[:1] in ("[", "*") else apart
    )  # an argument, if \\\\ came before


def code(text: object) -> Markup:
    """Program text: typewriter, with places where a line may break."""
    lines = [breakable(line) for line in str(text).split("\n")]
    spaced = [re.sub(r"^ +| {2,}", lambda spaces: "~" * len(spaces[0]), line) for line in lines]
    return Markup(r"\texttt{" + r"\newline ".join(spaced) + "}")


def breakable(text: object) -> Markup:
    """Any text, such as an address, with places where a line may break."""
    return Markup(_BREAKS.sub(r"\1\\allowbreak{}", escape(text)))


def number(value: Any) -> Markup:
    """A number or small array as mathematics."""
    return Markup(f"${_value(value)}$")


def printed(text: str) -> Markup:
    """Numbers as somebody printed them, one matrix row a line, with true minus signs."""
    rows = text.replace("], [", "],\n[").split("\n")
    return Markup(r"\newline ".join(map(_with_numbers, rows)))


def listed(values: Mapping[str, Any]) -> Markup:
    """``x = (0, 1/2)`` for each argument."""
    named = [rf"\mbox{{{code(name)} $= {_value(value)}$}}" for name, value in values.items()]
    return Markup(r"\quad ".join(named))


def _character(char: str) -> str:
    if char in ASCII:
        return ASCII[char]
    if char in MATHEMATICS:
        return rf"\ensuremath{{{MATHEMATICS[char]}}}"
    if " " <= char <= "~" or "À" <= char <= "ÿ":
        return char
    base, accents = (decomposed := unicodedata.normalize("NFD", char))[0], decomposed[1:]
    if accents and base.isascii() and all(accent in ACCENTS for accent in accents):
        for accent in accents:
            base = rf"{ACCENTS[accent]}{{{base}}}"
        return base
    return rf"\mbox{{\footnotesize U+{ord(char):04X}}}" if not char.isspace() else " "


def _with_numbers(text: str) -> str:
    result, end = [], 0
    for found in _NUMBER.finditer(text):
        sign, digits, exponent = found.groups()
        power = rf"\cdot 10^{{{int(exponent)}}}" if exponent else ""
        result += [escape(text[end : found.start()]), f"${sign}{digits}{power}$"]
        end = found.end()
    return "".join([*result, escape(text[end:])])


def _value(value: Any) -> str:
    if not isinstance(value, np.ndarray) or not value.ndim:
        return _entry(value)
    if value.ndim == 1 and value.size <= _WIDEST:
        return rf"({', '.join(map(_entry, value))})"
    if value.ndim == 2 and max(value.shape) <= _WIDEST:
        rows = r" \\ ".join(" & ".join(map(_entry, row)) for row in value)
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"
    return r"\parbox[t]{0.8\linewidth}{" + code(numbers.text(value)) + "}"


def _entry(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value[()]
    if isinstance(value, Fraction):
        value = sp.Rational(value.numerator, value.denominator)
    if isinstance(value, sp.Basic):
        return str(sp.latex(value, fold_short_frac=False))
    text = numbers.text(value)
    return _with_numbers(text).replace("$", "") if _NUMBER.fullmatch(text) else rf"\text{{{escape(text)}}}"


@cache
def environment() -> Environment:
    """Templates whose blocks are ``<% %>`` and ``<< >>``; everything is escaped that is no Markup."""
    environment = Environment(
        loader=PackageLoader("symdiff.pages"),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        finalize=lambda value: value if isinstance(value, Markup) else Markup(escape(value)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,  # macros give Markup then, which needs no escape; finalize escapes the rest
    )
    environment.filters |= {
        "kind": lambda section: type(section).__name__.lower(),
        "code": code,
        "breakable": breakable,
        "number": number,
        "text": numbers.text,
        "printed": printed,
        "listed": listed,
        "headline": headline,
        "sections": sections,
        "details": details,
        "gist": gist,
        "question": question,
    }
    return environment
