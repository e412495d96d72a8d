"""How does a formula look as a line of text? Pieces in roman or italics, raised or lowered, and their widths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias
from unicodedata import normalize

from symdiff.derivations.writing.symbols import GREEK
from symdiff.pages.characters import MATHEMATICS
from symdiff.pages.controls import visible

_SMALL = 0.74  # of a subscript
_WIDTHS = {  # in DejaVu Serif, among the widest of what a page may have
    **dict.fromkeys("ijl.,:;'|/!ℓ ", 0.33), **dict.fromkeys("ftrIJ()[]{}-·\\", 0.42),
    **dict.fromkeys("\u2009\u2005", 0.25), **dict.fromkeys("sczvxykae∂", 0.58),
    **dict.fromkeys("+=<>−×≤≥≠→", 0.84), **dict.fromkeys("mwMWHKNOQRUVDG@%&—…∑⊙𝕀", 0.9),
}  # fmt: skip
_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)
_COMMANDS = {latex: char for char, latex in MATHEMATICS.items() if latex.startswith("\\")} | {
    rf"\{name}": unicodedata.lookup(
        f"GREEK {'CAPITAL' if name[0].isupper() else 'SMALL'} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}"
    )
    for name in GREEK
} | {
    r"\top": "T", r"\,": " ", r"\:": " ", r"\;": " ", r"\quad": "  ", "~": " ",
    r"\lVert": "‖\u2060", r"\rVert": "\u2060‖", r"\ldots": "…", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\bmod": " mod ",
}  # fmt: skip
_ABOVE = {r"\hat": "\u0302", r"\bar": "\u0304", r"\tilde": "\u0303", r"\dot": "\u0307"}
_STYLES = {r"\mathit": "italic", r"\mathbf": "bold"} | dict.fromkeys(
    (r"\text", r"\texttt", r"\mathrm", r"\operatorname", r"\mathbb", r"\mathsf"), ""
)
_BINARY = frozenset("+−=<>≤≥≠⊙×·∈")
_SILENT = frozenset([r"\displaystyle", r"\left", r"\right", r"\limits", r"\Big", r"\big"])


@dataclass(frozen=True)
class Piece:
    """A run of characters: in italics, bold or upright; ``level`` 1 is raised, -1 lowered."""

    text: str
    style: str = ""
    level: int = 0


Text: TypeAlias = tuple[Piece, ...]


def plain(text: str) -> Text:
    """Text as it is."""
    return (Piece(visible(text)),)


def typeset(latex: str, literal: Mapping[str, str] | None = None) -> Text:
    r"""LaTeX that ``notation`` wrote as text on one line; ``literal`` maps LaTeX to what is shown for it as it is.

    >>> [piece.text for piece in typeset(r"W_{2}^{\top} \frac{\partial L}{\partial z}")]
    ['W', '2', 'T', '\u2009∂', 'L', '/∂', 'z']
    """
    known = list((literal or {}).items())
    for k, (shown, _) in sorted(enumerate(known), key=lambda item: -len(item[1][0])):
        latex = latex.replace(shown, f"\x00{chr(0xE000 + k)}")
    reader = _Reader([m[0] for m in _TOKEN.finditer(latex)], [visible(name) for _, name in known])
    return tuple(replace(p, text=p.text.replace("\u2060", "")) for p in merged(reader.group()))


def joined(*parts: Text) -> Text:
    """Texts one after the other."""
    return merged([piece for part in parts for piece in part])


def merged(pieces: Sequence[Piece]) -> Text:
    """Neighbours of one style become one piece; spaces next to spaces and brackets go."""
    found: list[Piece] = []
    for piece in pieces:
        before = found[-1].text if found else " "
        text = (
            piece.text.lstrip()
            if piece.level == 0 and before[-1:] in " \u2005\u2009([∂−\u2060"
            else piece.text
        )
        if found and text[:1] in (")", "]", ",", ";", "\u2060") and found[-1].level == 0:
            found[-1] = replace(found[-1], text=found[-1].text.rstrip())
        if found and (found[-1].style, found[-1].level) == (piece.style, piece.level):
            found[-1] = replace(found[-1], text=found[-1].text + text)
        elif text:
            found.append(replace(piece, text=text))
    return tuple(piece for piece in found if piece.text)


def width(text: Text, size: float) -> float:
    """How wide a text is at most, in the wider fonts that a page may have."""
    return sum(_em(char) * (_SMALL if piece.level else 1) * size for piece in text for char in piece.text)


def _em(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return _WIDTHS.get(char, 0.74 if char.isupper() else 0.65)


def wrapped(text: Text, size: float, most: float, lines: int = 99) -> tuple[Text, ...]:
    """A text in lines that are at most so wide, broken before operators and between factors.

    It is broken within parentheses, and anywhere, only where it must; what ``lines`` do not hold is left out.
    """
    found: list[Text] = []
    line: Text = ()
    for part in _narrow(text, size, most):
        if line and width(joined(line, part), size) > most:
            found.append(line)
            line = merged([Piece(" "), *part])
        else:
            line = joined(line, part)
    found.append(line)
    return (
        tuple(found) if len(found) <= lines else (*found[: lines - 1], joined(found[lines - 1], plain(" …")))
    )


def _narrow(text: Text, size: float, most: float) -> Iterator[Text]:
    """Parts that a line can hold."""
    for part in _parts(text):
        for smaller in [part] if width(part, size) <= most else _parts(part, within=True):
            if width(smaller, size) <= most:
                yield smaller
            else:
                yield from ((replace(piece, text=char),) for piece in smaller for char in piece.text)


def _parts(text: Text, *, within: bool = False) -> Iterator[Text]:
    """Pieces of a text between the places where a line may break, also ``within`` parentheses."""
    part: list[Piece] = []
    depth = 0
    for piece in text:
        cuts = (
            re.split(r"(?=[\u2005\u2009 ][^\u2005\u2009 ])", piece.text) if piece.level == 0 else [piece.text]
        )
        for k, cut in enumerate(cuts):
            after_operator = bool(part) and part[-1].text.rstrip()[-1:] in _BINARY
            may_break = (depth == 0 or within) and (k > 0 or cut[:1] in ("\u2005", "\u2009", " "))
            if part and may_break and not after_operator:
                yield tuple(part)
                part = []
            part.append(replace(piece, text=cut))
            depth += sum(cut.count(mark) for mark in "([") - sum(cut.count(mark) for mark in ")]")
    yield tuple(part)


class _Reader:
    """Reads tokens of LaTeX; what it does not know is shown as it stands."""

    def __init__(self, tokens: Sequence[str], names: Sequence[str]) -> None:
        self.tokens, self.names, self.place = tokens, names, 0

    def group(self, end: str = "", style: str | None = None) -> list[Piece]:
        """Everything up to a token that ends it; ``style`` is that of text, None that of mathematics."""
        found: list[Piece] = []
        while self.place < len(self.tokens):
            token = self.next()
            if token == end:
                break
            found += self.item(token, style, found)
        return found

    def next(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1]

    def argument(self, style: str | None = None) -> list[Piece]:
        """The next group, or the next token."""
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        if self.place == len(self.tokens):
            return []
        token = self.next()
        return self.group("}", style) if token == "{" else self.item(token, style, [])

    def item(self, token: str, style: str | None, before: Sequence[Piece]) -> list[Piece]:
        """What a token and its arguments show."""
        if token == "\x00":
            return [Piece(self.names[ord(self.next()) - 0xE000])]
        if token == "{":
            return self.group("}", style)
        if token in ("_", "^") and style is None:
            level = -1 if token == "_" else 1
            return [replace(piece, text=piece.text.strip(), level=level) for piece in self.argument()]
        if token == r"\frac":
            return _fraction(self.argument(), self.argument())
        if token == r"\sqrt":
            return [Piece("√("), *self.argument(), Piece(")")]
        if token in _ABOVE:
            return [replace(p, text=normalize("NFC", p.text + _ABOVE[token])) for p in self.argument()]
        if token in _STYLES:
            return [replace(piece, style=_STYLES[token]) for piece in self.argument(_STYLES[token])]
        if token in (r"\begin", r"\end"):
            self.argument("")
            return []
        if token in _SILENT:
            return self._delimiter(token) if token in (r"\left", r"\right") else []
        return [self._symbol(token, style, before)]

    def _delimiter(self, side: str) -> list[Piece]:
        token = self.next() if self.place < len(self.tokens) else "."
        while side == r"\left" and self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        return [] if token == "." else [Piece(_COMMANDS.get(token, token.removeprefix("\\")))]

    def _symbol(self, token: str, style: str | None, before: Sequence[Piece]) -> Piece:
        if token == "\\\\" or token == "&":
            return Piece("; " if token != "&" else " ")
        if style is not None:
            return Piece(_COMMANDS.get(token, token.removeprefix("\\")), style)
        if token.isspace():
            return Piece("\u2009")
        char = "−" if token == "-" else _COMMANDS.get(token, token)
        if char in _BINARY:
            last = "".join(piece.text for piece in before[-3:]).rstrip()
            is_sign = char == "−" and (not last or last[-1] in _BINARY or last[-1] in "([,")
            return Piece(char if is_sign else f"\u2005{char}\u2005")
        if len(char) > 1 and char.startswith("\\"):
            return Piece(f"\u2009{char.removeprefix(chr(92))}")
        return Piece(char, "italic" if char.isalpha() and char not in "T∂ℓ" and not char.isdigit() else "")


def _fraction(above: list[Piece], below: list[Piece]) -> list[Piece]:
    """``a/b`` on one line, in parentheses where they are needed."""
    return [*_bound(above, "+−"), Piece("/"), *_bound(below, "+−·⊙\u2009")]


def _bound(part: list[Piece], loose: str) -> list[Piece]:
    """In parentheses if one of these characters stands outside of parentheses."""
    text = "".join(piece.text for piece in part if piece.level == 0).strip()
    depth, is_loose = 0, False
    for place, char in enumerate(text):
        depth += (char in "([") - (char in ")]")
        depth = 1 - depth if char == "‖" else depth
        is_loose |= depth == 0 and char in loose and place > 0
    is_derivative = text.startswith("∂") and "+" not in text
    return [Piece("("), *part, Piece(")")] if is_loose and not is_derivative else part
