"""How does a name of the code look in a formula? ``y_hat``, ``W1``, ``delta_3``, ``dL_dz2`` as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symdiff.pages.latex import escape

_LETTERS = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi
chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"""
GREEK = frozenset(_LETTERS.split())
ACCENTS = {"hat": "hat", "bar": "bar", "tilde": "tilde", "dot": "dot"}
_BASE = re.compile(r"([A-Za-z]+?)(\d*)")
_PAIR = re.compile(r"[A-Z][a-z]|[bcd][fhkoqv]")  # Wq, bq, dh
_NUMBERED = re.compile(r"([A-Za-z])(\d+)")  # w1, in u_w1
_INDEX = re.compile(r"\(?(\d*-?\d*[a-z]([+-]\d+)?)\)?")  # of a layer: l, (l-1), (2l+1)
_PLACE = re.compile(r"[\[.]([\w+-]+)\]?")  # params[3].W


@dataclass(frozen=True)
class Symbol:
    """A quantity on paper: by its variable's name, or as the derivative of ``above`` by ``below``.

    One that would look like another quantity is shown literally. ``rank`` is how many of the axes are those of
    ``above``; the others are those of ``below``.
    """

    code: str
    above: str | None = None
    below: Symbol | None = None
    remark: str = ""
    is_literal: bool = False
    rank: int = 0

    @property
    def plain(self) -> str:
        """The whole quantity."""
        return self.at("")

    def at(self, index: str, above: str = "") -> str:
        """One entry of it; ``above`` is the index of what the derivative is of."""
        if self.above is None or self.below is None:
            text = rf"\text{{{escape(self.code)}}}"
            return _indexed(text, index) if self.is_literal else symbol(self.code, index)
        below = self.below.at(index)
        if self.below.below is not None:
            below = rf"\left({self.below.inline(index)}\right)"
        whole = rf"\frac{{\partial {symbol(self.above, above)}}}{{\partial {below}}}"
        return rf"\left.{whole}\right|_{{\text{{{self.remark}}}}}" if self.remark else whole

    @property
    def is_derivative(self) -> bool:
        """Whether it stands first in a product: a derivative, or a cotangent."""
        return self.above is not None or self.plain.startswith(r"\bar")

    def inline(self, index: str) -> str:
        """A derivative on one line."""
        if self.above is None or self.below is None:
            return self.at(index)
        return rf"\partial {symbol(self.above)} / \partial {self.below.inline(index)}"


def symbol(name: str, index: str = "") -> str:
    r"""The LaTeX of a variable's name; what is no such name is shown literally.

    ``index`` stands below it; what has a subscript already is set in parentheses.

    >>> symbol("W1"), symbol("y_hat"), symbol("delta_3"), symbol("W1_new")
    ('W_{1}', '\\hat{y}', '\\delta_{3}', 'W_{1}^{\\text{new}}')
    >>> symbol("W", "ij"), symbol("W1", "ij")
    ('W_{ij}', '(W_{1})_{ij}')
    >>> symbol("Wq"), symbol("dh"), symbol("lr")
    ('W_{q}', 'd_{h}', '\\mathit{lr}')
    >>> symbol("a%b")
    '\\text{a\\%b}'
    """
    first, *rest = _PLACE.sub(r"_\1", name).split("_")
    found = _BASE.fullmatch(first)
    if found is None or not name.isascii() or not all(p.isalnum() or _INDEX.fullmatch(p) for p in rest):
        return _indexed(rf"\text{{{escape(name)}}}", index)
    letters, digits = found.groups()
    base, above, below = _letters(letters), [], [digits] if digits else []
    if letters == "Hu":  # the Hessian times a direction
        base = "(H u)"
    elif _PAIR.fullmatch(letters):
        base, below = letters[0], [letters[1], *below]
    for part in rest:
        if part in ACCENTS:
            accent = "overline" if part == "bar" and base.startswith(r"\mathit") else ACCENTS[part]
            base = rf"\{accent}{{{base}}}"
        elif part == "new":
            above.append(r"\text{new}")
        else:
            below.append(part if part.isdigit() else _subscript(part))
    lower = f"_{{{','.join(below)}}}" if below else ""
    whole = base + lower + (f"^{{{','.join(above)}}}" if above else "")
    return _indexed(whole, index, is_bare=not (lower or above))


def _indexed(text: str, index: str, *, is_bare: bool = True) -> str:
    if not index:
        return text
    return rf"{text}_{{{index}}}" if is_bare else rf"({text})_{{{index}}}"


def _letters(text: str) -> str:
    if text in GREEK:
        return f"\\{text}"
    return text if len(text) == 1 else rf"\mathit{{{text}}}"


def _subscript(text: str) -> str:
    if found := _INDEX.fullmatch(text):
        return index(found[1])
    if numbered := _NUMBERED.fullmatch(text):
        return f"{numbered[1]}_{{{numbered[2]}}}"
    return f"\\{text}" if text in GREEK else text if len(text) == 1 else rf"\text{{{escape(text)}}}"


def index(text: str) -> str:
    """An index of layers: no letter of index notation.

    >>> index("l-1")
    '\\\\ell -1'
    """
    return text.replace("l", r"\ell ")
