"""How does a name of the code look in a formula? ``y_hat``, ``W1``, ``delta_3``, ``dL_dz2`` as people write them."""

from __future__ import annotations

import re

from symdiff.pages.latex import escape

_LETTERS = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi
chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"""
GREEK = frozenset(_LETTERS.split())
ACCENTS = {"hat": "hat", "bar": "bar", "tilde": "tilde", "dot": "dot"}
_BASE = re.compile(r"([A-Za-z]+?)(\d*)")
_INDEX = re.compile(r"\(?(\d*-?\d*[a-z]([+-]\d+)?)\)?")  # of a layer: l, (l-1), (2l+1)
_PLACE = re.compile(r"[\[.]([\w+-]+)\]?")  # params[3].W


def symbol(name: str) -> str:
    r"""The LaTeX of a variable's name; what is no such name is shown literally.

    >>> symbol("W1"), symbol("y_hat"), symbol("delta_3"), symbol("W1_new")
    ('W_{1}', '\\hat{y}', '\\delta_{3}', 'W_{1}^{\\text{new}}')
    >>> symbol("a%b")
    '\\text{a\\%b}'
    """
    first, *rest = _PLACE.sub(r"_\1", name).split("_")
    found = _BASE.fullmatch(first)
    if found is None or not name.isascii() or not all(p.isalnum() or _INDEX.fullmatch(p) for p in rest):
        return rf"\text{{{escape(name)}}}"
    letters, digits = found.groups()
    base, above = _letters(letters), []
    below = [digits] if digits else []
    for part in rest:
        if part in ACCENTS:
            base = rf"\{ACCENTS[part]}{{{base}}}"
        elif part == "new":
            above.append(r"\text{new}")
        else:
            below.append(part if part.isdigit() else _subscript(part))
    lower = f"_{{{','.join(below)}}}" if below else ""
    return base + lower + (f"^{{{','.join(above)}}}" if above else "")


def derivative(above: str, below: str) -> str:
    r"""The LaTeX of a derivative.

    >>> derivative("L", "z2")
    '\\frac{\\partial L}{\\partial z_{2}}'
    """
    return rf"\frac{{\partial {symbol(above)}}}{{\partial {symbol(below)}}}"


def _letters(text: str) -> str:
    if text in GREEK:
        return f"\\{text}"
    return text if len(text) == 1 else rf"\mathit{{{text}}}"


def _subscript(text: str) -> str:
    if index := _INDEX.fullmatch(text):
        return index[1].replace("l", r"\ell ")
    return f"\\{text}" if text in GREEK else text if len(text) == 1 else rf"\text{{{escape(text)}}}"
