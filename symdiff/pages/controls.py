"""How does a name look that holds characters which steer a terminal or turn the text around? By their numbers."""

from __future__ import annotations

import unicodedata

from markupsafe import Markup

_HIDDEN = frozenset(["Cc", "Cf", "Cn", "Cs", "Zl", "Zp"])


def visible(text: str) -> str:
    r"""The text with numbers for characters that control, join, turn around or are none; lines and tabs stay.

    >>> visible("a\x1b[31m\n\u202eb")
    'aU+001B[31m\nU+202Eb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_character, text))


def finished(value: object) -> str:
    """What a template shows of a value: the same, and markup stays markup."""
    text = visible(str(value))
    return Markup(text) if isinstance(value, Markup) else text


def _character(char: str) -> str:
    is_hidden = char not in "\n\t" and unicodedata.category(char) in _HIDDEN
    return f"U+{ord(char):04X}" if is_hidden else char
