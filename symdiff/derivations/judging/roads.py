"""What must a step come to at a point, and what does it come to? Right values from a tape, shown ones by formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import flint
import numpy as np

from symdiff.derivations.judging.frames import Frame
from symdiff.derivations.steps import Step, Term
from symdiff.errors import LegalityError, explain
from symdiff.evaluation.arithmetics import READ_BALLS, Arithmetic
from symdiff.evaluation.exact import Objects, as_objects, evaluate, lift
from symdiff.evaluation.tapes import Tape, values_of
from symdiff.ir.graph import Node
from symdiff.ir.ops import Named

Arrays = Mapping[str, Objects]
Claim = tuple[Objects, Objects]


class Roads:
    """One point: the quantities of the function on a tape, and the right values of the steps so far."""

    def __init__(self, frame: Frame, point: Mapping[Node, Objects], arithmetic: Arithmetic) -> None:
        self.frame, self.store, self.arithmetic = frame, frame.store, arithmetic
        self.names, self.nodes = frame.names, frame.nodes
        self.loss = frame.names[frame.graph.outputs[0]]
        self.given = {n: lift(value, READ_BALLS) for n, value in point.items()}
        rows = {step.quantity for step in frame.steps}
        self.is_second = any(step.phase == "projection" for step in frame.steps)
        self.right = {of: self.given[n] for n in frame.graph.inputs if (of := self.names[n]) not in rows}
        self.tape, self.taped = Tape(), dict[str, Objects]()
        self._run()
        self.slopes = {self.loss: self._slopes_of(self.loss)}
        self._shares: dict[str, Callable[[str], Objects]] = {}

    def expected(self, step: Step) -> Objects:
        """The right value of a step."""
        if step.rule in ("input", "seed"):
            return self.given[self.nodes[step.quantity]]
        if step.phase == "forward":
            return values_of(self.taped[step.quantity])
        if step.rule == "local derivative":
            assert step.above is not None and step.below is not None
            return self._local(step.above, step.below)
        if step.rule == "gradient descent":
            return self._descended(step)
        if step.rule == "projection":
            return self._projected()
        return self._total(str(step.above), str(step.below))

    def claims(self, step: Step, right: Objects) -> Iterator[Claim]:
        """What a step shows, beside what is right: the whole, its node, and the share of each path."""
        if step.rule in ("input", "seed"):
            return
        yield self.shown(step, self.right, READ_BALLS), right
        if step.factors or step.terms:
            yield self._formula(step.node, step.quantity, self.right, READ_BALLS), right
        for k, term in enumerate(step.terms):
            share = self._path(step, term)
            yield self._formula(term.node, None, self.right, READ_BALLS), share
            if step.factors:
                yield self._product(step.factors[k], self.right), share

    def _path(self, step: Step, term: Term) -> Objects:
        """What one term of a sum must come to."""
        if step.rule == "projection":
            return self._along(term.through)
        return self._share(str(step.above), term.through, str(step.below))

    def learn(self, step: Step, right: Objects) -> None:
        """Later formulas may use the quantity; a second backward pass goes through it."""
        if self.is_second and step.phase in ("backward", "projection"):
            is_given = step.rule == "input"
            found = right if is_given else self.shown(step, self.taped, self.arithmetic)
            self.taped[step.quantity] = self.tape.variables(found) if is_given else self.tape.copies(found)
        self.right[step.quantity] = right
        if step.rule == "projection":
            self.slopes[step.quantity] = self._slopes_of(step.quantity)

    def shown(self, step: Step, known: Arrays, arithmetic: Arithmetic) -> Objects:
        """The value of the right side, as it is displayed: products of quantities, a sum over paths, or a formula."""
        if step.factors:
            return _total([self._product(names, known) for names in step.factors])
        if step.terms:
            return _total([self._formula(term.node, None, known, arithmetic) for term in step.terms])
        return self._formula(step.node, step.quantity, known, arithmetic)

    # The function ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """The quantities of the function, each a copy of its own on the tape."""
        known: dict[Node, Objects] = {}
        for n in self.frame.graph.inputs:
            is_real = self.store.kind(n) == "real"
            known[n] = self.tape.variables(self.given[n]) if is_real else self.given[n]
            self.taped[self.names[n]] = known[n]
        for name, node in self.frame.quantities():
            if node not in known:
                (found,) = evaluate(self.store, [self._inside(node)], known, self.arithmetic)
                known[node] = self.tape.copies(found) if self._is_real(name) else found
            self.taped[name] = known[node]

    def _slopes_of(self, name: str) -> Callable[[Objects], Objects]:
        """How derivatives of a quantity are read: of a number, of one with a cotangent, or all rows of a Jacobian."""
        output, seed = self.taped[name], self.nodes.get(f"{name}_bar")
        if output.shape == ():
            return self.tape.adjoints(output, _ones(output))
        return _jacobian(self.tape, output) if seed is None else self.tape.adjoints(output, self.given[seed])

    def _total(self, above: str, below: str) -> Objects:
        """The derivative of one quantity by another through everything between."""
        return self.slopes[above](self.taped[below])

    def _share(self, above: str, through: str, below: str) -> Objects:
        """What of it goes directly from ``through`` to ``below``."""
        key, whole = f"{above}/{through}", self._total(above, through)
        if whole.shape != self.right[through].shape:
            return _contracted(whole, self._local(through, below), self.right[through].ndim)
        if key not in self._shares:
            tape, output, below_it = self._across(through)
            read = tape.adjoints(output, whole)
            self._shares[key] = lambda of: read(below_it[of])
        return self._shares[key](below)

    def _local(self, above: str, below: str) -> Objects:
        """The derivative of one quantity by one that it is directly made of, the others held."""
        tape, output, below_it = self._across(above)
        return _jacobian(tape, output)(below_it[below])

    def _across(self, name: str) -> tuple[Tape, Objects, Arrays]:
        """One quantity, and those that it is directly made of, on a tape of its own."""
        node, tape = self.nodes[name], Tape()
        start = self._inside(node)
        below = {n: self.names[n] for n in self._below(start, name)}
        variables = {of: tape.variables(self.right[of]) for of in below.values() if self._is_real(of)}
        held = {n: variables.get(of, self.right[of]) for n, of in below.items()}
        (output,) = evaluate(self.store, [start], held, self.arithmetic)
        return tape, output, variables

    def _is_real(self, name: str) -> bool:
        return self.store.kind(self.nodes[name]) == "real"

    # Formulas -------------------------------------------------------------------------------------------------

    def _formula(self, node: Node, own: str | None, known: Arrays, arithmetic: Arithmetic) -> Objects:
        """A node from the quantities by whose names it is written."""
        start = self._inside(node)
        for alias in (node, start):
            if self.names.get(alias, own) != own:
                return _early(known, [self.names[alias]], own)[0]
        below = [n for n in self._below(start, own) if n != node]
        bound = zip(below, _early(known, [self.names[n] for n in below], own), strict=True)
        return evaluate(self.store, [start], dict(bound), arithmetic)[0]

    def _product(self, names: Sequence[str], known: Arrays) -> Objects:
        """A product of quantities; the last is a local derivative, whose first axes are those of what it is of."""
        *first, last = names
        of = next(
            (str(s.above) for s in self.frame.steps if s.quantity == last and s.above is not None), None
        )
        rank = 0 if of is None else self.right[of].ndim
        return reduce(lambda a, b: _contracted(a, b, rank), [known[name] for name in (*first, last)])

    def _inside(self, node: Node) -> Node:
        return self.store.operands(node)[0] if isinstance(self.store.op(node), Named) else node

    def _below(self, start: Node, own: str | None) -> list[Node]:
        """The nearest nodes below with names; the node itself where it is a quantity of another name."""
        found, seen, waiting = list[Node](), {start}, [start]
        while waiting:
            n = waiting.pop()
            if n in self.names and (n != start or self.names[n] != own):
                found.append(n)
                continue
            new = set(self.store.operands(n)) - seen
            seen |= new
            waiting += new
        return found

    # Steps after the derivatives ------------------------------------------------------------------------------

    def _descended(self, step: Step) -> Objects:
        """``W - rate dL/dW``; which are W and its slope is read off the steps that it comes from."""
        old, slope = (self.frame.steps[k - 1] for k in step.sources)
        if (slope.above, slope.below) != (self.loss, old.quantity):
            facts: dict[str, object] = {"quantity": step.quantity, "slope": slope.quantity}
            raise LegalityError(
                explain("gradient descent", facts, "It is the slope of another: report this.")
            )
        rate = self.given[self.frame.graph.inputs[-1]][()]
        return as_objects(self.right[old.quantity] - rate * self.right[slope.quantity])

    def _along(self, slope: str) -> Objects:
        """``dL/dw u_w`` of one derivative, with the direction that is about the same quantity."""
        step = next(s for s in self.frame.steps if s.quantity == slope and s.above == self.loss)
        u = next(s for s in self.frame.steps if s.rule == "input" and s.below == step.below)
        return as_objects(as_objects(self.right[slope] * self.right[u.quantity]).sum())

    def _projected(self) -> Objects:
        """``sum over the parameters of dL/dw u_w``."""
        directions = {s.below for s in self.frame.steps if s.phase == "projection"}
        slopes = [s for s in self.frame.steps if s.phase == "backward" and s.below in directions]
        return _total([self._along(s.quantity) for s in slopes] or [flint.arb(0)])


def _early(known: Arrays, names: Sequence[str], own: str | None) -> list[Objects]:
    """The values of quantities, which must be earlier ones."""
    late = [name for name in names if name not in known]
    if late:
        facts: dict[str, object] = {"quantity": own, "uses": ", ".join(late)}
        raise LegalityError(explain("derivation", facts, "A step uses a later quantity: report this."))
    return [known[name] for name in names]


def _ones(like: Objects) -> Objects:
    result = np.empty(like.shape, dtype=object)
    result[...] = flint.arb(1)
    return result


def _jacobian(tape: Tape, output: Objects) -> Callable[[Objects], Objects]:
    """How all derivatives of an array are read: one row for each of its entries."""
    rows = []
    for place in np.ndindex(output.shape):
        unit = as_objects(np.multiply(_ones(output), flint.arb(0)))
        unit[place] = flint.arb(1)
        rows.append(tape.adjoints(output, unit))

    def read(array: Objects) -> Objects:
        found = np.empty((len(rows), array.size), dtype=object)
        for k, row in enumerate(rows):
            found[k] = row(array).ravel()
        return found.reshape(output.shape + array.shape)

    return read


def _contracted(left: Objects, right: Objects, rank: int) -> Objects:
    """The last axes of one summed with the first of the other."""
    if rank == 0 or left.shape[-rank:] != right.shape[:rank]:
        return as_objects(np.multiply.outer(left, right))
    return as_objects(np.tensordot(left, right, axes=rank))


def _total(arrays: Sequence[Any]) -> Objects:
    return reduce(lambda a, b: as_objects(np.add(a, b)), map(as_objects, arrays))
