"""How is a proof or a certificate said in plain words? Terms of the trade, and what stands for them in a report."""

from __future__ import annotations

_WORDS = {
    "two disjoint balls": "the two values were enclosed in intervals that do not meet",
    "a ball that excludes the claim by more than rounding": "an interval around the exact value excludes yours by "
    "more than rounding explains",
    "certified balls at rational points": "interval arithmetic at rational points",
    "certified balls at a rational point": "interval arithmetic at a rational point",
    "central differences at 120 digits": "differences of the function (120 digits)",
    "the same normal form in index notation": "a proof in index notation",
    "the same graph as the derived one": "the same formula as the derived one",
    "the same graph for symbolic sizes": "the same formula, with sizes as letters",
    "for symbolic sizes": "with sizes as letters",
    "exact zero test in": "exact algebra in",
    "exact zero test": "exact algebra",
    " generators": " independent quantities",
}


def plain(text: str) -> str:
    """The text without terms of the trade.

    >>> plain("exact zero test in 3 generators; certified balls at rational points")
    'exact algebra in 3 independent quantities; interval arithmetic at rational points'
    """
    for term, words in _WORDS.items():
        text = text.replace(term, words)
    return text
