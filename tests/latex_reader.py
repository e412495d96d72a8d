"""What does a displayed formula mean? A reader of its LaTeX that shares no code with the writers.

It follows the usual conventions: a fraction line and a function's parentheses bind tightest, then powers, then
products, then sums; a sum sign reaches as far as the product that it begins. Between whole arrays a product without
a sign is a matrix product, a vector is a column, and anything else is meant entry by entry. Indices count from 0, and
a range that is not written is the length of the axis on which the letter stands. What can be read in two ways is
``Ambiguous``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import special

_TOKEN = re.compile(
    r"\\(?:text|operatorname|mathit|mathbb|mathbf|texttt)\{[^{}]*\}|\\(?:left|right)\s*(?:\\[A-Za-z]+|.)"
    r"|\\[A-Za-z]+|\\.|\d+\.\d+|\d+|\S"
)
_SKIPPED = {r"\,", r"\:", r"\;", r"\!", r"\ ", "&"}
_SLOT = "\x00"


class Unreadable(Exception):
    """No formula of the language, or one whose parts do not fit together."""


class Ambiguous(Unreadable):
    """A formula that can be read in two ways."""


# Values: letters of indices come first among the axes, then those of whole arrays -----------------------------


@dataclass(frozen=True)
class Value:
    """``core``: 0 for a number, 1 for a vector, 2 for a matrix; ``free`` axes take any length (those of ones)."""

    letters: tuple[str, ...]
    array: Any
    core: int = 0
    is_row: bool = False
    free: frozenset[int] = frozenset()
    is_identity: bool = False
    is_jacobian: bool = False

    @property
    def inner(self) -> tuple[int, ...]:
        return tuple(self.array.shape[len(self.letters) :])


def number(value: Any) -> Value:
    return Value((), np.asarray(value))


def _aligned(values: Sequence[Value]) -> tuple[tuple[str, ...], list[Any]]:
    letters = tuple(dict.fromkeys(letter for value in values for letter in value.letters))
    rank = max(len(value.inner) for value in values)
    arrays = []
    for value in values:
        order = sorted(range(len(value.letters)), key=lambda k: letters.index(value.letters[k]))
        inner = [*range(len(value.letters), value.array.ndim)]
        array = value.array.transpose(*order, *inner)
        sizes = {letter: value.array.shape[k] for k, letter in enumerate(value.letters)}
        lead = [sizes.get(letter, 1) for letter in letters]
        arrays.append(array.reshape((*lead, *[1] * (rank - len(inner)), *value.inner)))
    return letters, arrays


def _sized(value: Value, size: int) -> Value:
    """An identity matrix gets its size."""
    return Value((), float(value.array) * np.eye(size), 2) if value.is_identity else value


def elementwise(function: Callable[..., Any], *values: Value) -> Value:
    """A function of the entries; arrays must have one shape, numbers go with any."""
    whole = [v for v in values if v.inner and not v.is_identity]
    if any(v.is_identity for v in values):
        if not whole:
            raise Unreadable("an identity matrix of no size")
        values = tuple(_sized(v, whole[0].inner[-1]) for v in values)
        whole = [v for v in values if v.inner]
    for one, other in pairwise(whole):
        shared = min(len(one.inner), len(other.inner))
        is_batched = len(one.inner) == len(other.inner) or shared == one.core == other.core == 2
        fits = is_batched and all(
            one.inner[k] == other.inner[k] or k in one.free or k in other.free for k in range(-shared, 0)
        )
        if not fits or one.core != other.core or one.is_row != other.is_row:
            raise Unreadable(f"shapes {one.inner} and {other.inner} in an entrywise operation")
    letters, arrays = _aligned(values)
    with np.errstate(all="ignore"):
        found = np.asarray(function(*arrays))
    if not whole:
        return Value(letters, found)
    free = frozenset.intersection(*(v.free for v in whole))
    return Value(letters, found, whole[0].core, whole[0].is_row, free)


def times(a: Value, b: Value) -> Value:
    """A product without a sign."""
    if not a.inner or not b.inner:
        if a.is_identity or b.is_identity:
            if a.is_identity and b.is_identity:
                raise Unreadable("a product of identity matrices")
            if not (a.inner or b.inner):
                scalar, unit = (b, a) if a.is_identity else (a, b)
                return Value((), scalar.array * unit.array, is_identity=True)
            return b if a.is_identity else a
        return elementwise(np.multiply, a, b)
    if a.letters or b.letters:
        raise Unreadable("whole arrays among entries")
    if a.is_jacobian and b.is_jacobian:  # the last axis of the one is the first of the other
        found = np.tensordot(a.array, b.array, 1)
        return Value((), found, min(found.ndim, 2), is_jacobian=True)
    left, right = a.array, b.array
    if a.core == 1:
        left = left[..., None, :] if a.is_row else left[..., :, None]
    if b.core == 1:
        right = right[..., None, :] if b.is_row else right[..., :, None]
    a_free = {-1 if a.is_row else -2} if a.core == 1 and a.free else set(a.free)
    b_free = {-1 if b.is_row else -2} if b.core == 1 and b.free else set(b.free)
    inner, outer = left.shape[-1], right.shape[-2]
    if -1 in a_free and -2 in b_free:
        raise Ambiguous("a product of ones and ones: of which length?")
    if inner != outer and not (-1 in a_free or -2 in b_free):
        raise Unreadable(f"matrix product of {a.inner}{'^T' * a.is_row} and {b.inner}{'^T' * b.is_row}")
    if left.ndim > 2 and right.ndim > 2 and left.shape[:-2] != right.shape[:-2]:
        raise Unreadable("batches of different shapes")
    found = (
        left * 1.0 if inner == outer else np.broadcast_to(left, (*left.shape[:-1], max(inner, outer)))
    ) @ (
        right
        if inner == outer
        else np.broadcast_to(right, (*right.shape[:-2], max(inner, outer), right.shape[-1]))
    )
    free = frozenset({k for k in a_free if k == -2} | {k for k in b_free if k == -1})
    rows, columns = not (a.core == 1 and a.is_row), not (b.core == 1 and not b.is_row)
    if rows and columns:
        return Value((), found, 2, False, free)
    if rows:
        return Value((), found[..., 0], 1, False, frozenset({-1}) if -2 in free else frozenset())
    if columns:
        return Value((), found[..., 0, :], 1, True, frozenset({-1}) if -1 in free else frozenset())
    return Value((), found[..., 0, 0])


def transposed(a: Value) -> Value:
    if a.core == 0:
        raise Unreadable("a transposed number")
    if a.core == 1:
        return Value(a.letters, a.array, 1, not a.is_row, a.free)
    return Value(a.letters, np.swapaxes(a.array, -1, -2), 2, False, frozenset(-3 - k for k in a.free))


# Quantities -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quantity:
    """What stands in a formula by its name: as a whole (``plain``), or an entry of it (``slotted``)."""

    key: str
    plain: tuple[str, ...]
    slotted: tuple[str, ...]
    array: Any
    is_jacobian: bool = False

    @property
    def entries(self) -> Any:
        """Without axes of length 1, which have no index."""
        return np.squeeze(self.array)

    def whole(self) -> Value:
        """A column of one is a vector, one number is a number."""
        array = np.asarray(self.array)
        if self.is_jacobian and array.ndim:
            return Value((), array, min(array.ndim, 2), is_jacobian=True)
        if array.size == 1:
            return number(array.reshape(()))
        if array.ndim == 1:
            return Value((), array, 1)
        if array.shape[-1] == 1:
            return Value((), array[..., 0], 1)
        return Value((), array, 2)


def quantity(key: str, write: Callable[[str], str], array: Any, *, is_jacobian: bool = False) -> Quantity:
    """``write`` gives the LaTeX of the whole for no index, and of an entry for an index."""
    return Quantity(key, tokens(write("")), tokens(write(_SLOT)), np.asarray(array), is_jacobian)


def tokens(text: str) -> tuple[str, ...]:
    found = [
        re.sub(r"\s+", "", t) if t.startswith((r"\left", r"\right")) else t for t in _TOKEN.findall(text)
    ]
    return tuple(token for token in found if token not in _SKIPPED)


# Syntax -----------------------------------------------------------------------------------------------------

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    r"\sigma": special.expit,
    r"\Phi": special.ndtr,
    r"\varphi": lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi),
    r"\log": np.log,
    r"\exp": np.exp,
    r"\tanh": np.tanh,
    r"\sinh": np.sinh,
    r"\cosh": np.cosh,
    r"\sin": np.sin,
    r"\cos": np.cos,
    r"\tan": np.tan,
    r"\arctan": np.arctan,
    r"\operatorname{atan}": np.arctan,
    r"\operatorname{asinh}": np.arcsinh,
    r"\operatorname{acosh}": np.arccosh,
    r"\operatorname{atanh}": np.arctanh,
    r"\operatorname{asin}": np.arcsin,
    r"\operatorname{acos}": np.arccos,
    r"\operatorname{erf}": special.erf,
    r"\operatorname{erfc}": special.erfc,
    r"\operatorname{sign}": np.sign,
    r"\operatorname{sigmoid}": special.expit,
    r"\operatorname{cdf}": special.ndtr,
    r"\operatorname{pdf}": lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi),
    r"\operatorname{ReLU}": lambda z: np.maximum(z, 0),
    r"\operatorname{GELU}": lambda z: z * special.ndtr(z),
    r"\operatorname{softplus}": lambda z: np.logaddexp(0, z),
    r"\operatorname{SiLU}": lambda z: z * special.expit(z),
    r"\Gamma": special.gamma,
    r"\log\Gamma": special.gammaln,
    r"\operatorname{polygamma}": special.digamma,
}
_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    ">": np.greater,
    "=": np.equal,
    r"\le": np.less_equal,
    r"\leq": np.less_equal,
    r"\ge": np.greater_equal,
    r"\geq": np.greater_equal,
    r"\neq": np.not_equal,
    r"\ne": np.not_equal,
}
_ENDS = {
    "+",
    "-",
    "}",
    ")",
    "]",
    ",",
    r"\rVert",
    r"\rfloor",
    r"\\",
    r"\wedge",
    r"\vee",
    r"\bmod",
    r"\end",
    r"\odot",
}
Tree = tuple[Any, ...]


class Parser:
    """From tokens to a tree."""

    def __init__(self, text: str | Sequence[str], known: Sequence[Quantity]) -> None:
        self.tokens = tokens(text) if isinstance(text, str) else tuple(text)
        self.known, self.at = known, 0

    def whole(self) -> Tree:
        found = self.sum()
        if self.at < len(self.tokens):
            raise Unreadable(f"{self.rest()!r} is left over")
        return found

    def rest(self) -> str:
        return " ".join(self.tokens[self.at : self.at + 8])

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def take(self, *wanted: str) -> bool:
        if self.tokens[self.at : self.at + len(wanted)] != wanted:
            return False
        self.at += len(wanted)
        return True

    def need(self, *wanted: str) -> None:
        if not self.take(*wanted):
            raise Unreadable(f"{' '.join(wanted)!r} is missing at {self.rest()!r}")

    # Sums and products ----------------------------------------------------------------------------------------

    def sum(self) -> Tree:
        terms = [(-1 if self.take("-") else 1, self.product())]
        while self.peek() in ("+", "-"):
            sign = -1 if self.take("-") else 1
            if sign == 1:
                self.need("+")
            terms.append((sign, self.product()))
        found: Tree = terms[0][1] if len(terms) == 1 and terms[0][0] == 1 else ("add", tuple(terms))
        if self.take(r"\bmod"):
            if found[0] == "add":
                raise Ambiguous("a remainder of a sum, or of its last term?")
            return ("mod", found, self.product())
        return found

    def product(self) -> Tree:
        groups: list[list[Tree]] = [[]]
        while True:
            before = self.peek(-1) if groups[-1] else ""
            if _is_number(before) and (_is_number(self.peek()) or self._is_numeric_fraction()):
                raise Ambiguous(f"a number beside a number at {before} {self.rest()!r}")
            groups[-1].append(self.factor())
            if self.take(r"\odot"):
                groups.append([])
            elif self._at_end():
                break
        if len(groups) == 1 and len(groups[0]) == 1:
            return groups[0][0]
        return ("product", tuple(map(tuple, groups)))

    def _at_end(self) -> bool:
        token = self.peek()
        return (
            not token
            or token in _ENDS
            or token in _RELATIONS
            or token.startswith(r"\right")
            or token == r"\text{if }"
            or token == r"\text{otherwise}"
        )

    def _is_numeric_fraction(self) -> bool:
        ahead = self.tokens[self.at : self.at + 4]
        return ahead[:2] == (r"\frac", "{") and _is_number(ahead[2]) and ahead[3] == "}"

    def factor(self) -> Tree:
        found, is_raised = self.primary()
        while self.take("^"):
            if is_raised:
                raise Unreadable(f"a second superscript at {self.rest()!r}")
            is_raised = True
            self.need("{")
            if self.take(r"\top"):
                found = ("transposed", found)
            elif self.take(r"\odot"):
                found = ("power", found, self.sum(), True)
            else:
                found = ("power", found, self.sum(), False)
            self.need("}")
        if self.peek() == "_":
            raise Unreadable(f"a subscript of no quantity at {self.rest()!r}")
        return found

    # Atoms ----------------------------------------------------------------------------------------------------

    def primary(self) -> tuple[Tree, bool]:
        """A tree, and whether it ends in a superscript already."""
        found = self._quantity()
        if found is not None:
            return found
        start = self.at
        token = self.peek()
        self.at += 1
        if _is_number(token):
            return ("number", float(token) if "." in token else int(token)), False
        if token == "e" and self.take("^", "{"):
            inner = self.sum()
            self.need("}")
            return ("call", r"\exp", inner), True
        reader = getattr(self, f"_{_NAMES.get(token, '')}", None) if token in _NAMES else None
        if reader is not None:
            return reader()
        if token in _FUNCTIONS:
            return self._call(token)
        if re.fullmatch("[a-z]", token):
            if self.take("_", "{"):
                digits = self.peek()
                self.at += 1
                self.need("}")
                if not digits.isdigit():
                    raise Unreadable(f"unknown quantity {token}_{digits}")
                return ("letter", f"{token}_{digits}"), False
            return ("letter", token), False
        self.at = start
        raise Unreadable(f"unknown {self.rest()!r}")

    def _quantity(self) -> tuple[Tree, bool] | None:
        found: list[tuple[int, str, Tree, bool]] = []
        reason = ""
        for q in self.known:
            if self.tokens[self.at : self.at + len(q.plain)] == q.plain:
                found.append((len(q.plain), q.key, ("whole", q), "^" in q.plain))
            for template in (q.slotted, (r"\left(", *q.plain, r"\right)", "_", "{", _SLOT, "}")):
                slot = self._slot(template) if q.entries.ndim else None
                if slot is None:
                    continue
                end, inside = slot
                try:
                    tree: Tree = ("entry", q, self._indices(inside, q))
                except Ambiguous:
                    raise
                except Unreadable as error:
                    reason = str(error)
                    continue
                found.append((end - self.at, q.key, tree, "^" in q.slotted[-4:]))
        if not found and reason:
            raise Unreadable(reason)
        if not found:
            return None
        longest = max(size for size, *_ in found)
        best = [entry for entry in found if entry[0] == longest]
        best = [entry for entry in best if not entry[1].startswith("size ")] or best
        best = [
            entry for entry in best if entry[2][0] == "whole"
        ] or best  # x_{2} is no entry where it has a name
        if len({key for _, key, *_ in best}) > 1:
            raise Ambiguous(f"{self.rest()!r} is {' or '.join(key for _, key, *_ in best)}")
        _, _, tree, is_raised = best[0]
        self.at += longest
        return tree, is_raised

    def _slot(self, template: Sequence[str]) -> tuple[int, list[tuple[str, ...]]] | None:
        """Where an entry ends, and its indices: a Jacobian has those of both quantities."""
        end, found, rest = self.at, [], tuple(template)
        while _SLOT in rest:
            place = rest.index(_SLOT)
            if self.tokens[end : end + place] != rest[:place]:
                return None
            start = end = end + place
            depth = 0
            while end < len(self.tokens) and (depth or self.tokens[end] != "}"):
                depth += {"{": 1, "}": -1}.get(self.tokens[end], 0)
                end += 1
            found.append(self.tokens[start:end])
            rest = rest[place + 1 :]
        if self.tokens[end : end + len(rest)] != rest or not rest:
            return None
        return end + len(rest), found

    def _indices(self, insides: Sequence[Sequence[str]], q: Quantity) -> tuple[Tree, ...]:
        rank = q.entries.ndim
        inside: list[str] = []
        for part in insides:
            is_letters = len(insides) > 1 and all(re.fullmatch("[a-z]", token) for token in part)
            told = [t for token in part for t in (token, ",")][:-1] if is_letters else part
            inside += [",", *told] if inside else told
        parts: list[list[str]] = [[]]
        depth = 0
        for token in inside:
            depth += {"{": 1, "(": 1, r"\left(": 1, "}": -1, ")": -1, r"\right)": -1}.get(token, 0)
            if token == "," and not depth:
                parts.append([])
            else:
                parts[-1].append(token)
        if len(parts) == 1 and rank > 1:
            if len(inside) != rank or not all(re.fullmatch("[a-z]", token) for token in inside):
                raise Unreadable(f"{q.key} has {rank} axes, not the indices {' '.join(inside)}")
            parts = [[token] for token in inside]
        if len(parts) != rank:
            raise Unreadable(f"{q.key} has {rank} axes, not {len(parts)}")
        return tuple(Parser(part, self.known).index() for part in parts)

    def index(self) -> Tree:
        return self._joined_index() or self.whole()

    def _joined_index(self) -> Tree | None:
        if self.peek() != "(" or self.tokens[-1] != ")":
            return None
        inner = [t for t in self.tokens[1:-1] if t != ","]
        text = "".join(inner)
        letters = re.findall(r"[a-z](?:_\{\d+\})?", text)
        return (
            ("joined", tuple(x.replace("{", "").replace("}", "") for x in letters))
            if "".join(letters) == text
            else None
        )

    # Marked constructions -------------------------------------------------------------------------------------

    def _braced(self) -> Tree:
        self.need("{")
        found = self.sum()
        self.need("}")
        return found

    def _frac(self) -> tuple[Tree, bool]:
        return ("fraction", self._braced(), self._braced()), False

    def _sqrt(self) -> tuple[Tree, bool]:
        degree: Tree = ("number", 2)
        if self.take("["):
            degree = self.sum()
            self.need("]")
        return ("power", self._braced(), ("fraction", ("number", 1), degree), True), False

    def _pi(self) -> tuple[Tree, bool]:
        return ("number", np.pi), False

    def _ones(self) -> tuple[Tree, bool]:
        return ("ones",), False

    def _identity(self) -> tuple[Tree, bool]:
        return ("identity",), False

    def _group(self) -> tuple[Tree, bool]:
        found = self.sum()
        if self.peek() == ",":
            parts = [found]
            while self.take(","):
                parts.append(self.sum())
            self.need(r"\right)")
            return self._table(("row", tuple(parts)))
        self.need(r"\right)")
        return (("group", found) if found[0] in ("product", "add") else found), False

    def _table(self, row: Tree) -> tuple[Tree, bool]:
        """A constant array, with an index unless it is part of another one."""
        if not self.take("_", "{"):
            return row, False
        q = Quantity("a table", (), (), Evaluation({})(row).array)
        start, depth = self.at, 0
        while self.peek() != "}" or depth:
            depth += {"{": 1, "}": -1}.get(self.peek(), 0)
            self.at += 1
        inside = self.tokens[start : self.at]
        self.need("}")
        return ("entry", q, self._indices([inside], q)), False

    def _absolute(self) -> tuple[Tree, bool]:
        found = self.sum()
        self.need(r"\right|")
        return ("apply", np.abs, found), False

    def _floor(self) -> tuple[Tree, bool]:
        found = self.sum()
        self.need(r"\rfloor")
        return ("apply", np.floor, found), False

    def _norm(self) -> tuple[Tree, bool]:
        found = self.sum()
        self.need(r"\rVert")
        is_matrix = self.take("_", "{", "F", "}")
        self.need("^", "{", "2", "}")
        return ("norm", found, is_matrix), True

    def _indicator(self) -> tuple[Tree, bool]:
        self.need(r"\left[")
        found = self.condition()
        self.need(r"\right]")
        return ("indicator", found), False

    def _kronecker(self) -> tuple[Tree, bool]:
        self.need("_", "{")
        start = self.at
        while self.peek() != "}" or self.tokens[start : self.at].count("{") > self.tokens[
            start : self.at
        ].count("}"):
            self.at += 1
        inside = self.tokens[start : self.at]
        self.need("}")
        q = Quantity("delta", (), (), np.zeros((2, 2)))
        one, other = self._indices([inside], q)
        return ("indicator", ("compare", (one, other), ("=",))), False

    def _cases(self) -> tuple[Tree, bool]:
        self.need("{", "c", "a", "s", "e", "s", "}")
        rows: list[tuple[Tree, Tree | None]] = []
        while not self.take(r"\end", "{", "c", "a", "s", "e", "s", "}"):
            value = self.sum()
            if self.take(r"\text{otherwise}"):
                rows.append((value, None))
            else:
                if not (self.take(r"\text{for}") or self.take(r"\text{if }")):
                    raise Unreadable(f"no condition at {self.rest()!r}")
                rows.append((value, self.condition()))
            self.take(r"\\")
        return ("cases", tuple(rows)), False

    def _call(self, name: str) -> tuple[Tree, bool]:
        power: Tree | None = None
        if self.take("^"):
            power = self._braced()
            if power[0] == "add":
                raise Ambiguous(f"{name} to a negative power")
        is_braced = self.take("{")
        self.need(r"\left(")
        inner = self.sum()
        self.need(r"\right)")
        if is_braced:
            self.need("}")
        found: Tree = ("call", name, inner)
        return (found, False) if power is None else (("power", found, power, True), True)

    def _reduction(self) -> tuple[Tree, bool]:
        name = self.peek(-1)
        if self.take("_", "{", r"\text{batch}", "}"):
            return ("batch", self.product()), False
        if name == r"\max" and self.peek() != "_":
            if self.take(r"\left("):
                return self._extreme_of(np.maximum), False
            return ("largest", self.factor()), False
        self.need("_", "{")
        letters, limits = self._bound()
        if self.take("^"):
            last = self._braced()
            if limits is None:
                raise Unreadable("an upper limit without a lower one")
            limits = (limits[0], last)
        return (name, letters, limits, self.product()), False

    def _least(self) -> tuple[Tree, bool]:
        self.need(r"\left(")
        return self._extreme_of(np.minimum), False

    def _extreme_of(self, function: Callable[..., Any]) -> Tree:
        parts = [self.sum()]
        while self.take(","):
            parts.append(self.sum())
        self.need(r"\right)")
        if len(parts) == 1:
            return ("largest", parts[0])
        return ("apply", lambda *xs: _folded(function, xs), *parts)

    def _bound(self) -> tuple[tuple[str, ...], tuple[Tree, Tree | None] | None]:
        letters = []
        while not self.take("}"):
            if self.take("="):
                low = self.sum()
                self.need("}")
                return tuple(letters), (low, None)
            if self.take(","):
                continue
            letter = self.peek()
            self.at += 1
            if not re.fullmatch("[a-z]", letter):
                raise Unreadable(f"no letter of an index: {letter}")
            if self.take("_", "{"):
                letter += f"_{self.peek()}"
                self.at += 1
                self.need("}")
            letters.append(letter)
        return tuple(letters), None

    def _softmax(self) -> tuple[Tree, bool]:
        name = self.peek(-1)
        letters: tuple[str, ...] = ()
        if self.take("_", "{"):
            if self.take("("):
                inside = [self.peek(k) for k in range(len(self.tokens)) if self.peek(k)]
                end = inside.index(")")
                letters = tuple(t for t in inside[:end] if t != ",")
                self.at += end + 1
                self.need("}")
            else:
                letters, _ = self._bound()
        self.need(r"\left(")
        inner = self.sum()
        self.need(r"\right)")
        return ("softmax" if name.endswith("softmax}") else "hardmax", letters, inner), False

    def _diag(self) -> tuple[Tree, bool]:
        self.need(r"\left(")
        inner = self.sum()
        self.need(r"\right)")
        return ("diag", inner), False

    def _trace(self) -> tuple[Tree, bool]:
        return ("trace", self.factor()), False

    # Conditions -----------------------------------------------------------------------------------------------

    def condition(self) -> Tree:
        parts = [self._all()]
        while self.take(r"\vee"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else ("any", tuple(parts))

    def _all(self) -> Tree:
        parts = [self._comparison()]
        while self.take(r"\wedge") or self.take(","):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else ("all", tuple(parts))

    def _comparison(self) -> Tree:
        start = self.at
        try:
            sides, signs = [self.sum()], []
            while self.peek() in _RELATIONS:
                signs.append(self.peek())
                self.at += 1
                sides.append(self.sum())
            if signs:
                return ("compare", tuple(sides), tuple(signs))
        except Unreadable:
            pass
        self.at = start
        self.need(r"\left(")
        found = self.condition()
        self.need(r"\right)")
        return found


_NAMES = {
    r"\frac": "frac",
    r"\sqrt": "sqrt",
    r"\pi": "pi",
    r"\mathbf{1}": "ones",
    "I": "identity",
    r"\left(": "group",
    r"\left|": "absolute",
    r"\lfloor": "floor",
    r"\lVert": "norm",
    r"\mathbb{I}": "indicator",
    r"\delta": "kronecker",
    r"\begin": "cases",
    r"\sum": "reduction",
    r"\max": "reduction",
    r"\min": "least",
    r"\operatorname{softmax}": "softmax",
    r"\operatorname{hardmax}": "softmax",
    r"\operatorname{diag}": "diag",
    r"\operatorname{tr}": "trace",
}


def _folded(function: Callable[..., Any], xs: Sequence[Any]) -> Any:
    found = xs[0]
    for x in xs[1:]:
        found = function(found, x)
    return found


def _is_number(token: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", token) is not None


def _hardmax(array: Any, axis: Any) -> Any:
    """1 at the maximum, shared equally between ties."""
    won = array == array.max(axis=axis, keepdims=True)
    return won / won.sum(axis=axis, keepdims=True)


# Meaning ----------------------------------------------------------------------------------------------------


def inside(tree: Any) -> Iterator[Tree]:
    """A tree and all that is in it."""
    if isinstance(tree, tuple):
        if tree and isinstance(tree[0], str):
            yield tree
        for part in tree:
            yield from inside(part)


@dataclass
class Evaluation:
    """The values of trees, where letters have their ranges."""

    sizes: Mapping[str, int]
    offsets: Mapping[str, int] = field(default_factory=dict)

    def __call__(self, tree: Tree) -> Value:
        return getattr(self, f"_{tree[0].lstrip(chr(92))}")(*tree[1:])  # type: ignore[no-any-return]

    def _number(self, value: float) -> Value:
        return number(value)

    def _row(self, parts: tuple[Tree, ...]) -> Value:
        return number(np.array([self(part).array for part in parts]))

    def _whole(self, q: Quantity) -> Value:
        return q.whole()

    def _letter(self, letter: str) -> Value:
        if letter not in self.sizes:
            raise Unreadable(f"nothing says what {letter} is")
        start = self.offsets.get(letter, 0)
        return Value((letter,), np.arange(start, start + self.sizes[letter]))

    def _joined(self, letters: tuple[str, ...]) -> Value:
        found = self._letter(letters[0])
        for letter in letters[1:]:
            size = number(self.sizes.get(letter, 0))
            found = elementwise(np.add, elementwise(np.multiply, found, size), self._letter(letter))
        return found

    def _entry(self, q: Quantity, places: tuple[Tree, ...]) -> Value:
        array = q.entries
        if not places:
            return number(array)
        letters, found = _aligned([self(place) for place in places])
        if any(np.any(np.asarray(f) != np.round(f)) for f in found if not np.isnan(f).any()):
            found = [np.where(f == np.round(f), f, -1) for f in found]
        positions = np.broadcast_arrays(*found)
        is_inside = np.all([(p >= 0) & (p < n) for p, n in zip(positions, array.shape, strict=True)], axis=0)
        safe = [np.where(is_inside, p, 0).astype(int) for p in positions]
        return Value(letters, np.where(is_inside, array[tuple(safe)], np.nan))

    def _add(self, terms: tuple[tuple[int, Tree], ...]) -> Value:
        values = [self(tree) for _, tree in terms]
        signs = [sign for sign, _ in terms]
        if len(values) == 1 and values[0].is_identity:
            return Value((), -values[0].array, is_identity=True)
        return elementwise(lambda *xs: sum(s * x for s, x in zip(signs, xs, strict=True)), *values)

    def _group(self, tree: Tree) -> Value:
        return self(tree)

    def _product(self, groups: tuple[tuple[Tree, ...], ...]) -> Value:
        found: Value | None = None
        for group in groups:
            part = self(group[0])
            arrays = int(bool(part.inner))
            for tree in group[1:]:
                value = self(tree)
                arrays += bool(value.inner)
                part = times(part, value)
            if arrays > 1 and len(groups) > 1:
                raise Ambiguous("a matrix product beside a Hadamard product, without parentheses")
            found = part if found is None else elementwise(np.multiply, found, part)
        assert found is not None
        for tree in (tree for group in groups for tree in group if tree[0] == "indicator"):
            found = elementwise(lambda x, mask: np.where(mask != 0, x, 0), found, self(tree))
        return found

    def _fraction(self, above: Tree, below: Tree) -> Value:
        return elementwise(np.true_divide, self(above), self(below))

    def _power(self, tree: Tree, exponent: Tree, is_entrywise: bool) -> Value:
        value, power = self(tree), self(exponent)
        if value.core and not is_entrywise:
            raise Ambiguous("a power of an array: of its entries, or a product with itself?")
        return elementwise(lambda x, n: np.power(np.asarray(x, dtype=float), n), value, power)

    def _transposed(self, tree: Tree) -> Value:
        return transposed(self(tree))

    def _ones(self) -> Value:
        return Value((), np.ones(1), 1, False, frozenset({-1}))

    def _identity(self) -> Value:
        return Value((), np.asarray(1.0), is_identity=True)

    def _call(self, name: str, tree: Tree) -> Value:
        return elementwise(_FUNCTIONS[name], self(tree))

    def _apply(self, function: Callable[..., Any], *trees: Tree) -> Value:
        return elementwise(function, *map(self, trees))

    def _mod(self, one: Tree, other: Tree) -> Value:
        return elementwise(np.mod, self(one), self(other))

    def _norm(self, tree: Tree, is_matrix: bool) -> Value:
        value = self(tree)
        if len(value.inner) != (2 if is_matrix else 1):
            raise Unreadable(f"the norm of an array of shape {value.inner}")
        return number(np.sum(value.array**2))

    def _indicator(self, condition: Tree) -> Value:
        return elementwise(lambda x: x.astype(float), self(condition))

    def _compare(self, sides: tuple[Tree, ...], signs: tuple[str, ...]) -> Value:
        values = [self(side) for side in sides]
        pairs = zip(signs, values, values[1:], strict=False)
        return self._every([elementwise(_RELATIONS[sign], a, b) for sign, a, b in pairs])

    def _every(self, values: Sequence[Value]) -> Value:
        return elementwise(lambda *xs: _folded(np.logical_and, xs), *values)

    def _all(self, parts: tuple[Tree, ...]) -> Value:
        return self._every([self(part) for part in parts])

    def _any(self, parts: tuple[Tree, ...]) -> Value:
        return elementwise(lambda *xs: _folded(np.logical_or, xs), *[self(part) for part in parts])

    def _cases(self, rows: tuple[tuple[Tree, Tree | None], ...]) -> Value:
        *chosen, (last, otherwise) = rows
        found = self(last)
        if otherwise is not None:
            found = elementwise(lambda c, x: np.where(c, x, np.nan), self(otherwise), found)
        for value, condition in reversed(chosen):
            assert condition is not None
            found = elementwise(np.where, self(condition), self(value), found)
        return found

    # Letters that are bound -----------------------------------------------------------------------------------

    def _sum(self, letters: tuple[str, ...], limits: Any, body: Tree) -> Value:
        return self._reduced(np.sum, letters, limits, body)

    def _max(self, letters: tuple[str, ...], limits: Any, body: Tree) -> Value:
        return self._reduced(np.max, letters, limits, body)

    def _reduced(self, function: Any, letters: tuple[str, ...], limits: Any, body: Tree) -> Value:
        for letter in letters:
            if letter in self.sizes:
                raise Ambiguous(f"the letter {letter} has two meanings")
        offsets = dict(self.offsets)
        if limits is None:
            sizes = ranges(letters, body, self.sizes)
        else:
            low, high = (int(self(limit).array) for limit in limits)
            sizes = dict.fromkeys(letters, high - low + 1)
            offsets |= dict.fromkeys(letters, low)
        value = Evaluation({**self.sizes, **sizes}, offsets)(body)
        missing = [letter for letter in letters if letter not in value.letters]
        if missing:
            raise Unreadable(f"nothing in the sum depends on {', '.join(missing)}")
        axes = tuple(value.letters.index(letter) for letter in letters)
        rest = tuple(letter for letter in value.letters if letter not in letters)
        return Value(rest, function(value.array, axis=axes), value.core, value.is_row, value.free)

    def _hardmax(self, letters: tuple[str, ...], tree: Tree) -> Value:
        return self._softmax(letters, tree, _hardmax)

    def _softmax(self, letters: tuple[str, ...], tree: Tree, function: Any = special.softmax) -> Value:
        value = self(tree)
        if not letters:
            if not value.core:
                raise Unreadable("the softmax of a number")
            return Value(value.letters, function(value.array, axis=-1), value.core)
        if any(letter not in value.letters for letter in letters):
            raise Unreadable("a softmax over no index of its argument")
        axes = tuple(value.letters.index(letter) for letter in letters)
        return Value(value.letters, function(value.array, axis=axes))

    # Whole arrays ---------------------------------------------------------------------------------------------

    def _batch(self, body: Tree) -> Value:
        value = self(body)
        batch = len(value.inner) - value.core
        if not batch:
            raise Unreadable("a sum over a batch where there is none")
        array = value.array.sum(axis=tuple(range(len(value.letters), len(value.letters) + batch)))
        return Value(value.letters, array, value.core, value.is_row, value.free)

    def _largest(self, tree: Tree) -> Value:
        value = self(tree)
        if len(value.inner) != 1:
            raise Unreadable("the maximum of what is no vector")
        return number(value.array.max())

    def _diag(self, tree: Tree) -> Value:
        value = self(tree)
        if value.core != 1 or len(value.inner) != 1:
            raise Unreadable("a diagonal of what is no vector")
        return Value((), np.diag(value.array), 2)

    def _trace(self, tree: Tree) -> Value:
        value = self(tree)
        if len(value.inner) != 2:
            raise Unreadable("the trace of what is no matrix")
        return number(np.trace(value.array))


def ranges(letters: Sequence[str], trees: Any, known: Mapping[str, int]) -> dict[str, int]:
    """How far letters go: as far as the axes on which they stand."""
    found: dict[str, int] = {}
    entries = [tree for tree in inside(trees) if tree[0] == "entry"]
    pairs = [pair for _, q, places in entries for pair in zip(places, q.entries.shape, strict=True)]
    for letter in letters:
        sizes = {size for place, size in pairs if place == ("letter", letter)}
        if len(sizes) > 1:
            raise Ambiguous(f"the range of {letter}: one of {sorted(sizes)}")
        if sizes:
            found[letter] = sizes.pop()
    for _ in letters:
        for place, size in pairs:
            if place[0] == "joined":
                unknown = [letter for letter in place[1] if letter not in found and letter not in known]
                if len(unknown) == 1:
                    others = [found.get(x, known.get(x, 1)) for x in place[1] if x != unknown[0]]
                    found[unknown[0]] = size // int(np.prod(others))
    missing = [letter for letter in letters if letter not in found]
    if missing:
        raise Ambiguous(f"the range of {', '.join(missing)}")
    return {letter: found[letter] for letter in letters}


def read(left: str, right: str, known: Sequence[Quantity]) -> tuple[Any, Any]:
    """Both sides of an equation as arrays of one shape; Unreadable or Ambiguous where the text does not say them."""
    target, formula = Parser(left, known).whole(), Parser(right, known).whole()
    if target[0] == "whole":
        value = target[1].whole()
        found = Evaluation({})(formula)
        if formula == ("number", 0):
            found = Value((), np.zeros(value.inner), value.core)
        if found.is_identity:
            found = _sized(found, value.inner[-1])
        if found.letters or found.core != value.core or found.is_row:
            raise Unreadable(f"{'a row' if found.is_row else found.inner} in the place of {value.inner}")
        if found.free:
            found = Value((), np.broadcast_to(found.array, value.inner), value.core)
        return value.array, found.array
    if target[0] != "entry":
        raise Unreadable(f"{left} is no quantity")
    _, q, places = target
    plain = {
        place[1]: size for place, size in zip(places, q.entries.shape, strict=True) if place[0] == "letter"
    }
    if len(plain) < sum(place[0] == "letter" for place in places):
        raise Ambiguous(f"a letter twice on the left: {left}")
    elsewhere: dict[str, int] = {}
    for letter in {name for tree in inside(formula) if tree[0] == "letter" for name in tree[1:]}:
        with contextlib.suppress(Ambiguous):
            elsewhere |= ranges([letter], formula, {})
    joined = [letter for place in places if place[0] == "joined" for letter in place[1]]
    sizes = {
        **plain,
        **ranges([x for x in joined if x not in plain], (formula, target), {**elsewhere, **plain}),
    }
    if any(place[0] not in ("letter", "joined") for place in places):
        raise Unreadable(f"{left} has places that are no letters")
    order = tuple(x for place in places for x in ((place[1],) if place[0] == "letter" else place[1]))
    return _in_order(Evaluation(sizes)(target), order, sizes), _in_order(
        Evaluation(sizes)(formula), order, sizes
    )


def _in_order(value: Value, order: Sequence[str], sizes: Mapping[str, int]) -> Any:
    if value.inner or value.is_identity:
        raise Unreadable(f"a whole array of shape {value.inner} where an entry should be")
    shape = Value(tuple(order), np.zeros([sizes[x] for x in order]))
    letters, (array, _) = _aligned([value, shape])
    if set(letters) != set(order):
        raise Unreadable(f"letters {set(letters) - set(order)} on the right only")
    array = array.transpose([letters.index(x) for x in order])
    return np.broadcast_to(array, shape.array.shape)
