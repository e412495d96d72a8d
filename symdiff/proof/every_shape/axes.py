"""Of which primitive axes is an axis made? A size that a reshape splits is split everywhere, row-major."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Reshape
from symdiff.ir.sizes import Shape, Size, normal, same

_MOST_ROUNDS = 20


class Axes:
    """The factorisation of each size that some reshape splits or merges."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.parts: dict[Size, Shape] = {}

    def of(self, shape: Shape) -> Shape:
        """The primitive axes of a shape, without those of length 1."""
        found: list[Size] = []
        for size in shape:
            split = self.parts.get(normal(size))
            if split is not None:
                found += self.of(split)
            elif size != 1:
                found.append(normal(size))
        return tuple(found)

    def learn(self, nodes: Sequence[Node]) -> None:
        """Read the factorisations off the reshapes; where two contradict, the later one is not used."""
        pairs = [
            (self.store.shape(self.store.operands(node)[0]), op.shape)
            for node in nodes
            if isinstance(op := self.store.op(node), Reshape)
        ]
        for _ in range(_MOST_ROUNDS):
            if not any(self._align(self.of(left), self.of(right)) for left, right in pairs):
                break

    def _align(self, left: Shape, right: Shape) -> bool:
        """Split the first pair of axes that differ, if one divides the other."""
        for one, other in zip(left, right, strict=False):
            if same(one, other):
                continue
            for large, small in ((one, other), (other, one)):
                rest = _quotient(large, small)
                if rest is not None and large not in self.parts and not self._inside(large, (small, rest)):
                    self.parts[large] = (small, rest)
                    return True
            return False
        return False

    def _inside(self, size: Size, parts: Shape) -> bool:
        return size in self.of(parts)


def _quotient(large: Size, small: Size) -> Size | None:
    """``large / small`` if it is a size other than 1, a product of symbols and numbers."""
    if isinstance(large, int) and isinstance(small, int):
        return large // small if large % small == 0 and large != small else None
    ratio = sp.cancel(sp.sympify(large, strict=True) / sp.sympify(small, strict=True))
    numerator, denominator = sp.fraction(ratio)
    return normal(ratio) if denominator == 1 and ratio != 1 and numerator.is_Add is False else None
