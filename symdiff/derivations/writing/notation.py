"""How does a formula look on paper? In matrix notation where it has a place there, else in index notation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import sympy as sp

from symdiff.derivations.writing.elementwise import beside, latex, terms
from symdiff.derivations.writing.indexed import Indexed
from symdiff.derivations.writing.letters import Alphabet, Letters
from symdiff.derivations.writing.matrices import Matrices, NoMatrixNotation
from symdiff.derivations.writing.places import Place
from symdiff.derivations.writing.symbols import Symbol
from symdiff.ir.graph import Node, Store
from symdiff.ir.sizes import symbols_of

_UNDER = re.compile(r"_\{([a-z,]+)\}")  # letters that stand below names
Style: TypeAlias = Literal["matrix", "index"]


@dataclass(frozen=True)
class Equation:
    """Left and right side of a step in LaTeX; the right side of an input is empty. ``terms`` make up the right side."""

    left: str
    right: str
    terms: tuple[str, ...] = ()

    def __str__(self) -> str:
        """``z = W x + b``."""
        return f"{self.left} = {self.right}" if self.right else self.left


class Notation:
    """The LaTeX of nodes in terms of named ones."""

    def __init__(self, store: Store, names: Mapping[Node, Symbol], style: Style = "matrix") -> None:
        self.store, self.names, self.style = store, names, style
        shapes = [store.shape(node) for node in sorted(names)]
        taken = {str(size) for shape in shapes for size in symbols_of(shape)}
        taken |= {symbol.code for symbol in names.values()}
        taken |= {c for symbol in names.values() for under in _UNDER.findall(symbol.plain) for c in under}
        self.alphabet = Alphabet(taken, (size for shape in shapes for size in shape))

    def equation(self, left: Symbol, nodes: Sequence[Node]) -> Equation:
        """``left = sum of nodes``, which all have its shape; nodes with names stand by them, a single one does not."""
        with beside(symbol.plain for symbol in (*self.names.values(), left)):
            found = self._in_matrices(left, nodes) if self.style == "matrix" else None
            if found is not None:
                return found
            found, letters, places = self._indexed(left, nodes, whole=False)
            return found if letters.tells(places) else self._indexed(left, nodes, whole=True)[0]

    def _in_matrices(self, left: Symbol, nodes: Sequence[Node]) -> Equation | None:
        try:
            return _equation(left.plain, Matrices(self.store, self.names).sum_of(nodes))
        except NoMatrixNotation:
            return None

    def _indexed(
        self, left: Symbol, nodes: Sequence[Node], *, whole: bool
    ) -> tuple[Equation, Letters, tuple[Place, ...]]:
        letters = Letters(self.alphabet, left.code)
        indexed = Indexed(self.store, self.names, letters)
        places = indexed.labels(self.store.shape(nodes[0]), whole=whole)
        found = [indexed.root(n, places) if len(nodes) == 1 else indexed.expr(n, places) for n in nodes]
        told = indexed.at(left, nodes[0], places)  # the first letters are its own
        return _equation(told, found), letters, places


def _equation(left: str, found: Sequence[sp.Expr]) -> Equation:
    found = [term for term in found if term != 0] or [sp.S.Zero]
    if len(found) == 1:
        alone = terms(found[0])
        return Equation(left, "".join(alone), alone)
    first, *rest = map(latex, found)
    told = (first, *(f" - {t[1:].lstrip()}" if t.startswith("-") else f" + {t}" for t in rest))
    return Equation(left, "".join(told), told)
