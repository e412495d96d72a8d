"""Of which words is a formula on a sheet made? Numbers, names and signs; typographic signs are read as plain ones."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from symdiff.exercises.unreadable import Unreadable

Kind: TypeAlias = Literal["number", "name", "sign", "end"]
LONGEST, MOST = 2000, 400

_SIGNS = {
    "−": "-", "–": "-", "÷": "/", "⁄": "/", "·": "×", "⋅": "×", "∙": "×", "⊙": "*", "∘": "*", "≥": ">=",
    "≤": "<=", "≠": "!=", "ᵀ": ".T", "⊤": "T", "∂": "d", "√": "sqrt ", "′": "'", "’": "'", "\u00a0": " ",
}  # fmt: skip
_RAISED = {**dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)), "⁻": "-", "⁺": "+"}
_EXPONENT = re.compile(f"[{''.join(_RAISED)}]+")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|\.T\b|[-+*/^@×()\[\],<>=']))"
)


@dataclass(frozen=True)
class Token:
    """One word, and whether there is a blank in front of it."""

    kind: Kind
    text: str


END = Token("end", "")


def plain(text: str) -> str:
    """The text with typographic signs and raised numbers written in plain ones.

    >>> plain("½ − y²")
    '½ - y^(2)'
    """
    raised = _EXPONENT.sub(lambda found: f"^({''.join(_RAISED[sign] for sign in found[0])})", text)
    return "".join(_SIGNS.get(sign, sign) for sign in raised)


def tokens(text: str, known: Container[str]) -> list[Token]:
    """The words of a formula; ``dL/dz`` is one word where ``dL_dz`` is known and ``dL`` is not.

    Raises Unreadable for a sign that has no place in formulas, and for more words than a formula needs.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"it has {len(text)} characters; write at most {LONGEST}")
    found = list(_joined(list(_words(plain(text))), known))
    if len(found) > MOST:
        raise Unreadable(f"it has {len(found)} words; write at most {MOST}")
    return [*found, END]


def _words(text: str) -> Iterator[Token]:
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            rest = text[place:].strip()
            raise Unreadable(f"{rest[0]!r} has no place in a formula")
        kind: Kind = "number" if found["number"] else "name" if found["name"] else "sign"
        yield Token(kind, found[kind])
        place = found.end()


def _joined(words: list[Token], known: Container[str]) -> Iterator[Token]:
    k = 0
    while k < len(words):
        over = [word.text for word in words[k : k + 3]]
        joined = f"{over[0]}_{over[2]}" if len(over) == 3 and over[1] == "/" else ""
        if words[k].kind == "name" and over[0] not in known and joined in known:
            yield Token("name", joined)
            k += 3
        else:
            yield words[k]
            k += 1
