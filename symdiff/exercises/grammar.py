"""What does the text of a formula mean? Read by precedence into a tree; nothing is evaluated.

From loose to tight: comparisons; ``+ -``; ``* / @`` and factors side by side; the minus sign; powers; the rest.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction

from symdiff.exercises.functions import FUNCTIONS, OPTIONS
from symdiff.exercises.tokens import Token, tokens
from symdiff.exercises.trees import Binary, Call, Entry, Formula, Indicator, Name, Negative, Number, Turned
from symdiff.exercises.unreadable import Unreadable

CONSTANTS = frozenset({"pi", "π", "e"})
_COMPARISONS = ("<=", ">=", "==", "!=", "<", ">")
_PLACES, _MOST_PLACES = re.compile(r"\[([0-9]{1,4}(?:,[0-9]{1,4})*)\]"), 12
_DEEPEST, _LONGEST_NUMBER, _LARGEST_EXPONENT = 40, 60, 300


def parse(text: str, known: Collection[str], others: Collection[str] = ()) -> Formula:
    """The tree of a formula in terms of known quantities; Unreadable if it has none, or names one of ``others``.

    >>> parse("2 z + 1", {"z"})
    Binary(operator='+', left=Binary(operator=' ', left=Number(value=Fraction(2, 1)), right=Name(name='z')), \
right=Number(value=Fraction(1, 1)))
    """
    reader = _Reader(tokens(text, {*known, *others}), known)
    formula = reader.comparison()
    if reader.next.kind != "end":
        raise Unreadable(f"{reader.next.text!r} is not expected here")
    return formula


def number(text: str) -> Fraction:
    """A decimal number as the exact fraction that it is."""
    exponent = text.lower().partition("e")[2]
    if len(text) > _LONGEST_NUMBER or (exponent and abs(int(exponent)) > _LARGEST_EXPONENT):
        raise Unreadable(f"the number {text[:20]}... is too long or too large")
    return Fraction(text)


class _Reader:
    """The words that are left."""

    def __init__(self, words: list[Token], known: Collection[str]) -> None:
        self.words, self.known = words, known
        self.place = self.depth = 0

    @property
    def next(self) -> Token:
        return self.words[self.place]

    def take(self, *signs: str) -> str | None:
        """The next sign, if it is one of these."""
        if self.next.kind == "sign" and self.next.text in signs:
            self.place += 1
            return self.words[self.place - 1].text
        return None

    def require(self, sign: str) -> None:
        if self.take(sign) is None:
            found = repr(self.next.text) if self.next.text else "the end"
            raise Unreadable(f"{sign!r} is missing before {found}")

    def comparison(self) -> Formula:
        left = self.sum()
        sign = self.take(*_COMPARISONS)
        return left if sign is None else Binary(sign, left, self.sum())

    def sum(self) -> Formula:
        left = self.product()
        while sign := self.take("+", "-"):
            left = Binary(sign, left, self.product())
        return left

    def product(self) -> Formula:
        left = self.signed()
        while True:
            if sign := self.take("*", "/", "@", "×"):
                left = Binary(" " if sign == "×" else sign, left, self.signed())
            elif self.next.kind in ("name", "number") or self.next.text in ("(", "["):
                left = Binary(" ", left, self.power())
            else:
                return left

    def signed(self) -> Formula:
        """A power, or minus one; towers of signs and exponents come back here, so they are counted here."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unreadable(f"it is nested more than {_DEEPEST} deep")
        sign = self.take("-", "+")
        operand = self.power() if sign is None else self.signed()
        self.depth -= 1
        return Negative(operand) if sign == "-" else operand

    def power(self) -> Formula:
        left = self.postfix()
        if self.take("^", "**") is None:
            return left
        if self.next.text == "T" and "T" not in self.known:
            self.place += 1
            return Turned(left)
        return Binary("**", left, self.signed())

    def postfix(self) -> Formula:
        formula = self.atom()
        while True:
            if self.take(".T", "'"):
                formula = Turned(formula)
            elif places := self.places():
                formula = Entry(formula, places)
            else:
                return formula

    def places(self) -> tuple[int, ...]:
        """``[0]`` or ``[0, 1]`` behind an array; empty for other brackets, which hold a condition."""
        rest = "".join(word.text for word in self.words[self.place : self.place + _MOST_PLACES])
        found = _PLACES.match(rest)
        if found is None:
            return ()
        places = tuple(int(text) for text in found[1].split(","))
        self.place += 2 * len(places) + 1
        return places

    def atom(self) -> Formula:
        word = self.next
        if self.take("("):
            inner = self.comparison()
            self.require(")")
            return inner
        if self.take("["):
            condition = self.comparison()
            self.require("]")
            return Indicator(condition)
        if word.kind in ("end", "sign"):
            where = f"before {word.text!r}" if word.text else "at the end"
            raise Unreadable(f"a number or a quantity is missing {where}")
        self.place += 1
        return Number(number(word.text)) if word.kind == "number" else self.named(word.text)

    def named(self, name: str) -> Formula:
        if name in self.known:
            return Name(name)
        if name in FUNCTIONS and self.take("("):
            return self.call(name)
        if name in CONSTANTS:
            return Name(name)
        if name == "sqrt" and (self.next.kind in ("name", "number")):  # the root sign needs no parentheses
            return Call(name, (self.postfix(),))
        raise Unreadable(self.unknown(name))

    def unknown(self, name: str) -> str:
        if name in FUNCTIONS:
            return f"{name} needs its argument in parentheses"
        if self.next.text == "(":
            return f"{name[:40]} is no function that a sheet knows"
        return f"{name[:40]} is no quantity of an earlier step"

    def call(self, function: str) -> Formula:
        arguments: list[Formula] = []
        options: list[tuple[str, int]] = []
        while not self.take(")"):
            if arguments or options:
                self.require(",")
            option = self.option()
            if option is None:
                arguments.append(self.comparison())
            else:
                options.append(option)
        least, most = FUNCTIONS[function].arguments
        if not least <= len(arguments) <= most:
            told = str(least) if least == most else f"{least} or {most}"
            raise Unreadable(f"{function} takes {told}, not {len(arguments)}, in its parentheses")
        return Call(function, tuple(arguments), tuple(options))

    def option(self) -> tuple[str, int] | None:
        """``axis=-1``, ``keepdims=True``."""
        if self.next.text not in OPTIONS or self.words[self.place + 1].text != "=":
            return None
        name = self.next.text
        self.place += 2
        sign = -1 if self.take("-") else 1
        value = {"True": "1", "False": "0"}.get(self.next.text, self.next.text)
        if not (value.isascii() and value.isdigit() and len(value) < 3):
            raise Unreadable(f"{name} must be a small whole number")
        self.place += 1
        return name, sign * int(value)
