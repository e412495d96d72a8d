"""What would the derivative be, had one step of its derivation gone wrong? The sweeps with altered rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from symdiff.calculus import UNALTERED, Alteration, Edge, Rule, pull_back, push_forward
from symdiff.checking.questions import Question
from symdiff.evaluation.deadlines import require_time
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store


def _nothing(bar: Node, rule: Rule) -> None:
    """Nothing flows through the edge."""


class Derivation:
    """The derivative of a question by one target, derived again with some rules altered.

    First derivatives are one sweep. Of a second derivative the second sweep is altered, over the gradient's graph;
    the first one is taken as right.
    """

    def __init__(self, question: Question, target: int, outputs: tuple[Node, ...] | None = None) -> None:
        self.question, self.target = question, target
        self.store: Store = question.truth.store
        self.outputs = outputs if outputs is not None else question.forward.outputs

    @cached_property
    def _leaves(self) -> list[Node]:
        forward = self.question.forward
        return [forward.node(leaf) for name in self.question.wrt for leaf in forward.leaf_names(name)]

    @cached_property
    def x(self) -> Node:
        """The node by which is differentiated last."""
        if self.question.of == "hessian":
            return self._leaves[self.target % len(self._leaves)]
        return self._leaves[self.target] if self.question.of not in ("jvp", "value") else self._leaves[0]

    @cached_property
    def is_backward(self) -> bool:
        """Whether the altered sweep carries cotangents."""
        return self.question.of in ("gradient", "vjp", "jacobian", "hessian")

    @cached_property
    def sinks(self) -> tuple[Node, ...]:
        """What the altered sweep differentiates: the outputs, or the gradient for a second derivative."""
        of = self.question.of
        if of not in ("hessian", "hvp"):
            return self.outputs
        first = pull_back(self.store, {self.outputs[0]: alg.constant(self.store, 1)}, self._leaves)
        at = self.target // len(self._leaves) if of == "hessian" else self.target
        return (first[at],)

    @cached_property
    def seeds(self) -> dict[Node, Node]:
        """The cotangents of the sinks, or the tangents of the leaves."""
        question, truth = self.question, self.question.truth
        added = truth.inputs[len(question.forward.inputs) :]
        match question.of:
            case "gradient":
                return {self.sinks[0]: alg.constant(self.store, 1)}
            case "vjp":
                seeds: dict[Node, Node] = {}
                for y, bar in zip(self.sinks, added, strict=True):
                    seeds[y] = alg.add(self.store, seeds[y], bar) if y in seeds else bar
                return seeds
            case "jacobian" | "hessian":
                return {self.sinks[0]: alg.identity(self.store, self.store.shape(self.sinks[0]))}
            case "jvp" | "hvp":
                return dict(zip(self._leaves, added, strict=True))
            case "value":
                return {}

    @property
    def nodes(self) -> list[Node]:
        """The nodes that the altered sweep may meet, in topological order."""
        return self.store.ancestors(self.sinks)

    def edges(self) -> list[Edge]:
        """The edges on which something flows between the leaves and the sinks, the last first."""
        store = self.store
        moving = {self.x} if self.is_backward else set(self._leaves)
        found: list[Edge] = []
        for node in self.nodes:
            if store.kind(node) != "real":
                continue
            slots = [slot for slot, operand in enumerate(store.operands(node)) if operand in moving]
            if slots:
                moving.add(node)
                found += [(node, slot) for slot in slots]
        return found[::-1]

    def altered(
        self, altered: Mapping[Edge, Alteration] = UNALTERED, seeds: Mapping[Node, Node] | None = None
    ) -> Node:
        """The derivative with other rules on some edges, or from other cotangents."""
        require_time()
        own = self.seeds if seeds is None else seeds
        if self.question.of == "value":
            return self.outputs[self.target]
        if self.is_backward:
            rank = len(self.store.shape(self.sinks[0])) if self._has_lead else 0
            lead = self.store.shape(self.sinks[0])[:rank]
            (found,) = pull_back(self.store, own, [self.x], lead, altered=altered)
            return found
        at = self.target if self.question.of == "jvp" else 0
        return push_forward(self.store, own, self.sinks, altered=altered)[at]

    def share(self, edge: Edge) -> Node | None:
        """What flows through one edge to the target, as short as it can be said; None where cotangents have rows."""
        if not self.is_backward or self.lead:
            return None
        node, slot = edge
        operands = self.store.operands(node)
        others = frozenset((node, k) for k in range(len(operands)) if k != slot)
        (bar,) = pull_back(self.store, self.seeds, [node])
        (term,) = pull_back(self.store, {node: bar}, [operands[slot]], blocked=others)
        (found,) = pull_back(self.store, {operands[slot]: term}, [self.x])
        return found

    def skipping(self, node: Node, origin: Node, carry: Callable[[Node], Node]) -> Node:
        """The derivative in which what reaches ``node`` goes to ``origin`` as ``carry`` says, past what is between."""
        into: dict[Edge, Alteration] = {(node, k): _nothing for k in range(len(self.store.operands(node)))}
        without = self.altered(into)
        if self.is_backward:
            lead = self.store.shape(self.sinks[0])[: self.lead]
            (bar,) = pull_back(self.store, self.seeds, [node], lead)
            carried = carry(bar)
            if origin == self.x:
                return alg.add(self.store, without, carried)
            (rest,) = pull_back(self.store, {origin: carried}, [self.x], lead)
            return alg.add(self.store, without, rest)
        (dot,) = push_forward(self.store, self.seeds, [origin])
        at = self.target if self.question.of == "jvp" else 0
        return alg.add(self.store, without, push_forward(self.store, {node: carry(dot)}, self.sinks)[at])

    @property
    def _has_lead(self) -> bool:
        return self.question.of in ("jacobian", "hessian")

    @property
    def lead(self) -> int:
        """The number of leading axes that cotangents have."""
        return len(self.store.shape(self.sinks[0])) if self._has_lead else 0
