"""How does each quantity of a derivation follow from earlier ones, and from the inputs? Nodes of one graph.

Every quantity is an input of this graph, so that a formula can be judged as it stands; expanded, it is made of the
inputs of the function alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from operator import add, mul
from typing import cast

import numpy as np

from symdiff.derivations.steps import Derivation, Step
from symdiff.doors.builder import input_
from symdiff.doors.inlining import inline
from symdiff.doors.recording import Recording
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import BOOL, FLOAT, INT
from symdiff.errors import InputError, SymdiffError
from symdiff.exercises.interpreting import interpret
from symdiff.exercises.trees import Formula
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.merging import rebuild
from symdiff.ir.ops import Input, Named

_DTYPES = {"real": FLOAT, "integer": INT, "boolean": BOOL}
GIVEN = ("input", "seed")


class Unfitting(InputError):
    """A formula that can be read, but whose value has the wrong shape."""


class Quantities:
    """The quantities of a derivation as tensors of one graph, by their names."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.graph = Graph()
        self.store = self.graph.store
        self.steps: dict[str, Step] = {step.quantity: step for step in derivation.steps}
        self.plain: dict[str, Tensor] = {}
        for name, kind in self._inputs():
            self.plain[name] = input_(self.graph, name, kind.shape, kind.kind)
        self.recording = cast(Recording, next(iter(self.plain.values())).recording)
        self.rules = {step.quantity: self._rule(step) for step in derivation.steps}

    def _inputs(self) -> Iterator[tuple[str, Input]]:
        store = self.derivation.graph.store
        for name, node in zip(self.derivation.graph.input_names, self.derivation.graph.inputs, strict=True):
            yield name, cast(Input, store.op(node))
        for step in self.derivation.steps:
            if step.quantity not in self.derivation.graph.input_names:
                signature = store.signature(step.node)
                yield step.quantity, Input(step.quantity, signature.shape, signature.kind)

    def known(self, step: Step) -> list[str]:
        """The names that a formula of a step may use: quantities of earlier steps, and what is given."""
        earlier = {s.quantity for s in self.derivation.steps[: step.number - 1]}
        given = {s.quantity for s in self.derivation.steps if s.rule in GIVEN}
        names = set(self.derivation.graph.input_names) | earlier | given
        return [name for name in self.plain if name in names and name != step.quantity]

    def is_given(self, name: str) -> bool:
        """Whether a quantity is an input of the function, a cotangent, or a learning rate."""
        return name not in self.steps or self.steps[name].rule in GIVEN

    # Rules ------------------------------------------------------------------------------------------------------

    def _rule(self, step: Step) -> Tensor:
        """The formula of a step over the quantities as inputs; a given quantity is its own."""
        if step.rule in GIVEN:
            return self.plain[step.quantity]
        if step.factors:
            products = [reduce(mul, (self.plain[name] for name in factors)) for factors in step.factors]
            total: Tensor = reduce(add, products)
            return total
        if step.rule == "gradient descent":
            old, slope = (self.plain[self.derivation.steps[k - 1].quantity] for k in step.sources)
            rate = self.plain[self.derivation.graph.input_names[-1]]
            stepped: Tensor = old - rate * slope
            return stepped
        node = self._copied(step)
        return Tensor(self.recording, node, _DTYPES[self.store.kind(node)])

    def _copied(self, step: Step) -> Node:
        """The nodes of a step, down to the quantities that have names."""
        store, names = self.derivation.graph.store, self.derivation.names
        start = step.node
        if isinstance(store.op(start), Named) and names.get(start, step.quantity) == step.quantity:
            (start,) = store.operands(start)
        place: dict[Node, Node] = {}
        for node in _region(store, start, names, step.quantity):
            name = names.get(node, step.quantity)
            if name != step.quantity or isinstance(store.op(node), Input):
                place[node] = self.plain[name].own
            else:
                place[node] = rebuild(self.store, store.op(node), [place[k] for k in store.operands(node)])
        return place[start]

    # Expansions -------------------------------------------------------------------------------------------------

    @cached_property
    def expanded(self) -> dict[str, Tensor]:
        """Each quantity in terms of the inputs."""
        return self.expand({})

    def expand(self, own: Mapping[str, Formula]) -> dict[str, Tensor]:
        """Each quantity in terms of the inputs, where some follow from other formulas than they should."""
        found = {name: tensor for name, tensor in self.plain.items() if self.is_given(name)}
        for step in self.derivation.steps:
            if step.quantity in own:
                value = interpret(own[step.quantity], found, self.recording)
                found[step.quantity] = fitted(value, self.plain[step.quantity])
            elif step.quantity not in found:
                found[step.quantity] = self.follow(step, found)
        return found

    def follow(self, step: Step, values: Mapping[str, Tensor]) -> Tensor:
        """The rule of a step on other tensors than the quantities."""
        rule = self.rules[step.quantity]
        used = [node for node in self.store.ancestors([rule.own]) if isinstance(self.store.op(node), Input)]
        names = {tensor.own: name for name, tensor in self.plain.items()}
        graph = Graph(self.store, tuple(used), (rule.own,))
        (found,) = inline(graph, self.recording, [values[names[node]] for node in used])
        return found


def fitted(value: Tensor, like: Tensor) -> Tensor:
    """A value as numbers and, where NumPy would broadcast it, in the shape of another; Unreadable otherwise."""
    numbers = np.where(value, 1, 0) if value.dtype == BOOL else value
    if numbers.shape == like.shape:
        return cast(Tensor, numbers)
    try:
        return cast(Tensor, np.broadcast_to(numbers, like.shape))
    except SymdiffError:
        raise Unfitting(f"it has shape {numbers.shape}, and {like.shape} is wanted") from None


def _region(store: Store, start: Node, names: Mapping[Node, str], own: str) -> list[Node]:
    seen, waiting = {start}, [start]
    while waiting:
        node = waiting.pop()
        if names.get(node, own) == own:
            new = set(store.operands(node)) - seen
            seen |= new
            waiting += new
    return sorted(seen)
