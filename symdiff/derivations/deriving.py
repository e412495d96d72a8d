"""Which steps lead to a derivative? Forward through the named quantities, backward in reverse accumulation.

Between scalars every local derivative is a step of its own, as on paper; between arrays a step is a pullback.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from typing import Any

from symdiff.checking.arguments import Wrt, chosen, parameters
from symdiff.checking.instances import strings
from symdiff.checking.printed import exact_point
from symdiff.derivations.confirming import confirm
from symdiff.derivations.naming import traced_with_names
from symdiff.derivations.regions import Regions
from symdiff.derivations.rows import Rows
from symdiff.derivations.steps import Derivation, Rule, Term
from symdiff.derivations.values import exact_values, with_printed
from symdiff.derivations.verifying import is_checkable, verified
from symdiff.errors import InputError, explain
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input
from symdiff.ir.scatter import sum_of_terms


def derive(
    fn: Callable[..., Any],
    inputs: Any,
    wrt: Wrt | None = None,
    update: str | None = None,
    printed: Mapping[str, Any] | None = None,
) -> Derivation:
    """The steps of ``fn`` and of its derivative by ``wrt`` (all real inputs if not given) at ``inputs``.

    ``inputs`` is a tuple or dict of arrays or shape strings. The quantities are the variables of the code. With
    ``update``, the name of a learning rate, a step of gradient descent follows for each of ``wrt``. ``printed`` maps
    quantities to the values that a text prints, as strings: they stand beside the recomputed ones.

    The derivatives are judged before they are shown (``.verdict``); SymdiffError if an independent road disagrees.

    >>> def loss(w, x, y):
    ...     z = w * x
    ...     return (z - y) ** 2 / 2
    >>> steps = derive(loss, {"w": 3.0, "x": 2.0, "y": 1.0}, wrt="w").phase("backward")
    >>> [(step.quantity, step.formula) for step in steps]
    [('dL_dz', 'z - y'), ('dz_dw', 'x'), ('dL_dw', 'dL_dz * dz_dw')]
    """
    named = parameters(fn, inputs)
    graph, names = traced_with_names(fn, **named)
    if len(graph.outputs) != 1:
        facts: dict[str, object] = {"outputs": len(graph.outputs)}
        raise InputError(explain(f"explain({fn.__name__})", facts, "Explain one output at a time."))
    real = [name for name in graph.input_names if graph.store.kind(graph.node(name)) == "real"]
    targets = (
        real
        if wrt is None
        else [leaf for w in chosen(wrt, [*named, *graph.names]) for leaf in graph.leaf_names(w)]
    )
    walk = _walked(graph, names, targets)
    if update is not None:
        walk.update(update)

    def again(examples: Mapping[str, Any]) -> tuple[Graph, list[Node]]:
        other = _walked(*traced_with_names(fn, **examples), targets)
        return other.rows.graph, [other.bar[node] for node in other.wrt]

    found = Derivation(
        getattr(fn, "__name__", "function"),
        walk.rows.graph,
        tuple(targets),
        walk.rows.saved(),
        walk.rows.names,
    )
    found = confirm(found, _whole_numbers(graph, named))
    whole = is_checkable(graph, targets) and all(node in walk.bar for node in walk.wrt)
    verdict = verified(fn, named, targets, again) if whole else None
    steps = found.steps
    if not any(strings(named)):
        steps = exact_values(graph.store, exact_point(graph, named), steps)
    steps = with_printed(steps, printed or {})
    return replace(found, steps=steps, verdict=verdict)


def _whole_numbers(graph: Graph, named: Mapping[str, Any]) -> dict[Node, Any]:
    """The values of the inputs that are no reals."""
    assert graph.arguments is not None
    pairs = zip(graph.arguments.keys, graph.arguments.children, strict=True)
    leaves = [leaf for name, child in pairs if name in named for leaf in child.leaves(named[name])]
    return {
        n: leaf
        for n, leaf in zip(graph.inputs, leaves, strict=False)
        if graph.store.kind(n) != "real" and not isinstance(leaf, str)
    }


def _walked(graph: Graph, names: Mapping[Node, str], targets: Sequence[str]) -> _Walk:
    walk = _Walk(graph, names, targets)
    walk.forward()
    walk.backward()
    return walk


class _Walk:
    """The rows as they are written."""

    def __init__(self, graph: Graph, names: Mapping[Node, str], targets: Sequence[str]) -> None:
        self.store, self.targets, self.output = graph.store, list(targets), graph.outputs[0]
        self.region = Regions(graph, names)
        self.names = dict(names)
        self.wrt = [graph.node(name) for name in targets]
        self.rows = Rows(graph, self.names)
        self.cut = self.region.quantities
        self.is_scalar = all(graph.shape(node) == () for node in self.cut)
        self.moving = self.region.moving(self.wrt, self.output)
        self.bar: dict[Node, Node] = {}

    @property
    def loss(self) -> str:
        """The name of what is differentiated."""
        return self.names[self.output]

    def forward(self) -> None:
        """The inputs in order, each where it is first needed, then the quantities that are made of them."""
        for node in self.cut:
            if isinstance(self.store.op(node), Input):
                continue
            for parent in self.region.parents[node]:
                if not self.rows.has(parent):
                    self.rows.add(parent, self.names[parent], "", "forward", "input")
            inner = self.region.inside(node)
            text = self.rows.formula(inner) if inner == node else self.rows.text(inner)
            self.rows.add(node, self.names[node], text, "forward", "definition", inner=inner)
            self.names.setdefault(inner, self.names[node])  # derivatives are written by it: 1 - h**2

    def backward(self) -> None:
        """Cotangents, last quantity first; between scalars the local derivatives stand between them."""
        self._seed()
        for child in sorted(self.moving, reverse=True):
            for node in self.region.parents[child]:
                if node in self.moving:
                    self._step(child, node)

    def _step(self, child: Node, node: Node) -> None:
        """What passes from a quantity to one that it is made of; the whole where the last path has come in."""
        if self.is_scalar:
            self._local(child, node)
        if self._children(node)[-1] == child:
            (self._product if self.is_scalar else self._cotangent)(node)

    def update(self, rate: str) -> None:
        """One step of gradient descent: ``W - rate * dL_dW``."""
        eta = self.rows.new_input(rate)
        for node in self.wrt:
            bar, labels = self.bar[node], tuple(range(len(self.store.shape(node))))
            new = alg.add(
                self.store, node, alg.contract(self.store, [(eta, ()), (bar, labels)], labels, Fraction(-1))
            )
            formula = f"{self.names[node]} - {rate} * {self._bar_name(node)}"
            used = (self.names[node], self._bar_name(node))
            label = f"{self.names[node]}_new"
            self.rows.product(new, label, formula, "update", "gradient descent", used, kinds=("scaling",))

    # Backward steps ---------------------------------------------------------------------------------------------

    def _seed(self) -> None:
        shape = self.store.shape(self.output)
        if shape == ():
            self.bar[self.output] = alg.constant(self.store, 1)
            return
        name = f"{self.loss}_bar"
        self.bar[self.output] = seed = self.rows.new_input(name, shape)
        self.rows.add(seed, name, "", "backward", "seed")

    def _bar_name(self, node: Node) -> str:
        return (
            f"d{self.loss}_d{self.names[node]}"
            if self.store.shape(self.output) == ()
            else f"{self.names[node]}_bar"
        )

    def _children(self, node: Node) -> list[Node]:
        return [v for v in reversed(self.cut) if node in self.region.parents[v] and v in self.moving]

    def _cotangent(self, node: Node) -> None:
        """A pullback between arrays; over several paths each has its term."""
        shares = [(v, self.region.share(v, node, self.bar[v])) for v in self._children(node)]
        bar = sum_of_terms(self.store, [share for _, share in shares], (), self.store.shape(node))
        terms = tuple(Term(self.names[v], self.rows.text(share), share) for v, share in shares)
        several = len(terms) > 1
        formula = " + ".join(term.formula for term in terms)
        rule: Rule = "accumulation over paths" if several else "chain rule"
        name = self._bar_name(node)
        self.rows.add(
            bar, name, formula, "backward", rule, (self.loss, self.names[node]), terms if several else ()
        )
        self.bar[node] = self.rows.named(bar, name)

    def _local(self, child: Node, node: Node) -> None:
        """Scalars: the local derivative is a row of its own."""
        local = self.region.local(child, node)
        name, about = self._local_name(child, node), (self.names[child], self.names[node])
        self.rows.add(local, name, self.rows.text(local), "backward", "local derivative", about)

    def _local_name(self, child: Node, node: Node) -> str:
        """``dz_dw``; where the loss also depends on ``w`` by other paths its own share is called direct."""
        is_share = child == self.output and len(self._children(node)) > 1
        return f"d{self.names[child]}_d{self.names[node]}{'_direct' if is_share else ''}"

    def _product(self, node: Node) -> None:
        terms, products = [], []
        children = self._children(node)
        for v in children:
            local = self._local_name(v, node)
            factors = [local] if v == self.output else [self._bar_name(v), local]
            products.append(tuple(factors))
            terms.append(Term(self.names[v], " * ".join(factors), self.region.share(v, node, self.bar[v])))
        bar = sum_of_terms(self.store, [term.node for term in terms], (), ())
        self.bar[node] = bar
        if children != [self.output]:
            rule: Rule = "accumulation over paths" if len(terms) > 1 else "chain rule"
            formula = " + ".join(term.formula for term in terms)
            about = (self.loss, self.names[node])
            held = tuple(terms) if len(terms) > 1 else ()
            name, used = self._bar_name(node), tuple(chain.from_iterable(products))
            rows = self.rows
            rows.product(bar, name, formula, "backward", rule, used, about, held, factors=tuple(products))
