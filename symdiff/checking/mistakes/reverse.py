"""One change of the derivative that turns it into the claim: for claims written in another way, or not to be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from functools import cached_property

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.editing import NO_EDGES, NO_NODES, Edges, Editing, Nodes
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.questions import Question
from symdiff.ir.graph import Node

# What mends the claim if it is done there, and is the mistake if it is done to the derivative.
_TURNED = {"extra_term": "missing_path", "missing_reduction": "wrong_axis", "wrong_axis": "missing_reduction"}


class Reverse(Editing):
    """The derivative, and what becomes of it when some operands or nodes are exchanged: the claim?"""

    def __init__(self, question: Question, target: int, screen: Screen) -> None:
        turned = copy(screen)
        turned.__dict__.pop("order", None)
        turned.truth, turned.claim = screen.claim, screen.truth
        super().__init__(question, target, turned)

    @cached_property
    def pool(self) -> list[Node]:
        """What might have been taken instead: the inputs and the quantities of the function."""
        return sorted({*self.question.truth.inputs, *self.forward})

    def mended(
        self,
        kind: str,
        detail: Callable[[], str],
        edges: Edges = NO_EDGES,
        nodes: Nodes = NO_NODES,
        *,
        place: Node | None = None,
        strength: int = 1,
    ) -> Iterator[Suspect]:
        """A suspect, if the numbers say that the edited derivative is the claim."""
        if kind == "transpose" and self._is_one_of_two(edges):
            kind = "symmetry"
        for suspect in super().mended(kind, lambda: "", edges, nodes, place=place, strength=strength):
            words = self._words(edges, nodes)
            yield Suspect(
                _TURNED.get(kind, kind),
                words,
                self.screen.truth,
                suspect.right,
                place=suspect.place,
                strength=strength,
                reverse=True,
            )

    def _is_one_of_two(self, edges: Edges) -> bool:
        """Whether one of several uses of a quantity is transposed: right if it is symmetric."""
        changed = {self.operand(edge) for edge in edges}
        return bool(edges) and all(self.uses[node] > len(edges) for node in changed)

    def _words(self, edges: Edges, nodes: Nodes) -> str:
        pairs = [(self.operand(edge), new) for edge, new in edges.items()] + list(nodes.items())
        old, new = (formula_text(self.store, n, 60) for n in pairs[0])
        return f"this is the derivative with {new} where {old} should stand"
