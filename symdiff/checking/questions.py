"""What exactly is asked? A function, a claim, and the graph of the true answer, at one set of shapes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import sympy as sp

from symdiff import calculus
from symdiff.checking.kinks import kink_nodes
from symdiff.doors.tracing import trace_call
from symdiff.errors import InputError, SymdiffError, explain
from symdiff.ir.graph import Graph, Node
from symdiff.ir.merging import merge
from symdiff.ir.ops import Input
from symdiff.ir.pausing import without_collection
from symdiff.ir.sizes import concrete
from symdiff.ir.trees import LEAF, Tree, flatten

Of: TypeAlias = Literal["value", "gradient", "jacobian", "hessian", "vjp", "jvp", "hvp"]
OFS: tuple[Of, ...] = ("value", "gradient", "jacobian", "hessian", "vjp", "jvp", "hvp")
Wrt: TypeAlias = str | int | Sequence[str | int]


@dataclass(frozen=True)
class Question:
    """Is ``claim`` the derivative ``of`` of ``fn`` by ``wrt``, at the shapes of ``examples``?

    ``truth`` has one output for each of ``targets``; ``claimed`` holds the claim's nodes in the same store, or is
    None with the ``reason`` why the claim could only be called.
    """

    fn: Callable[..., Any]
    claim: Callable[..., Any]
    of: Of
    wrt: tuple[str, ...]
    examples: dict[str, Any]
    forward: Graph
    truth: Graph
    targets: tuple[str, ...]
    claimed: tuple[Node, ...] | None
    reason: str = ""
    many: bool = False

    @property
    def extra(self) -> str | None:
        """The name of the one more argument that the claim takes."""
        return {"vjp": "cotangent", "jvp": "direction", "hvp": "direction"}.get(self.of)

    def without_claimed(self, reason: str) -> Question:
        """The same question with the claim as a black box."""
        return replace(self, claimed=None, reason=reason)

    @cached_property
    def kinks(self) -> list[Node]:
        """The nodes of the function at which its derivative may jump; a claim has no excuse of its own."""
        forward, store = self.forward, self.truth.store
        nodes = [forward.node(leaf) for name in self.wrt for leaf in forward.leaf_names(name)]
        moving = nodes if self.of != "value" else []
        return kink_nodes(store, forward.outputs, moving)

    @property
    def asked_wrt(self) -> Wrt:
        """``wrt`` as it was asked: one name, or several."""
        return self.wrt if self.many or not self.wrt else self.wrt[0]

    @property
    def title(self) -> str:
        """The question in a few words."""
        name = getattr(self.claim, "__name__", type(self.claim).__name__)
        by = "" if self.of == "value" else f" by {', '.join(self.wrt)}"
        return f"{name}: {self.of} of {getattr(self.fn, '__name__', 'fn')}{by}"


def is_symbolic(value: Any) -> bool:
    """Whether an example holds a shape string."""
    if isinstance(value, str):
        return True
    if isinstance(value, Mapping):
        return any(map(is_symbolic, value.values()))
    return isinstance(value, (list, tuple)) and any(map(is_symbolic, value))


def parameters(fn: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    """The example of each parameter of ``fn`` by name, in order."""
    if isinstance(inputs, Mapping):
        known = dict(inputs)
        try:
            names = [n for n in inspect.signature(fn).parameters if n in known]
        except (TypeError, ValueError):
            names = list(known)
        unknown = [n for n in known if n not in names]
        if unknown:
            accepted = ", ".join(inspect.signature(fn).parameters)
            facts: dict[str, object] = {"unknown": ", ".join(unknown), "parameters": accepted}
            raise InputError(explain(f"inputs of {fn.__name__}", facts, "Name the parameters of the function."))
        return {name: known[name] for name in names}
    values = inputs if isinstance(inputs, tuple) else (inputs,)
    try:
        bound = inspect.signature(fn).bind(*values)
    except TypeError as error:
        raise InputError(explain(f"inputs of {fn}", {"given": len(values), "problem": error}, "Give one example for each parameter.")) from None
    return dict(bound.arguments)


def split_call(fn: Callable[..., Any], examples: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Named examples as the arguments of a call: by position where that can be."""
    try:
        known = inspect.signature(fn).parameters
    except (TypeError, ValueError):
        return tuple(examples.values()), {}
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name, value in examples.items():
        skipped = len(args) < list(known).index(name) if name in known else False
        if name in known and (known[name].kind is inspect.Parameter.KEYWORD_ONLY or skipped):
            kwargs[name] = value
        elif isinstance(value, tuple) and name in known and known[name].kind is inspect.Parameter.VAR_POSITIONAL:
            args.extend(value)
        else:
            args.append(value)
    return tuple(args), kwargs


def chosen(wrt: Wrt, names: Sequence[str]) -> tuple[str, ...]:
    """``wrt`` as names: positions become the names of parameters."""
    many = wrt if isinstance(wrt, (tuple, list)) else (wrt,)
    result = []
    for item in many:
        if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
            if not -len(names) <= item < len(names):
                raise InputError(explain(f"wrt={item}", {"parameters": ", ".join(names)}, "Use a name or a smaller position."))
            result.append(names[int(item)])
        elif isinstance(item, str):
            result.append(item)
        else:
            raise InputError(explain(f"wrt={item!r}", {"parameters": ", ".join(names)}, "Use a name, a position or a tuple of them."))
    if not result:
        raise InputError(explain("wrt=()", {"parameters": ", ".join(names)}, "Name at least one argument."))
    return tuple(result)


@without_collection
def ask(fn: Callable[..., Any], claim: Callable[..., Any], examples: dict[str, Any], wrt: Wrt, of: Of) -> Question:
    """Trace the function, derive the truth, trace the claim if it can be traced."""
    if of not in OFS:
        raise InputError(explain(f"check(of={of!r})", {"known": ", ".join(OFS)}, "Use one of these."))
    names = () if of == "value" else chosen(wrt or 0, list(examples))
    args, kwargs = split_call(fn, examples)
    forward = trace_call(fn, args, kwargs, promote=frozenset(names), shapes=is_symbolic(examples))
    leaves = [leaf for name in names for leaf in forward.leaf_names(name)]
    truth, targets = _truth(forward, leaves, of, _extra_name(claim, examples, of))
    many = isinstance(wrt, (tuple, list))
    question = Question(fn, claim, of, names, examples, forward, truth, targets, None, many=many)
    return _with_claim(question)


def _extra_name(claim: Callable[..., Any], examples: Mapping[str, Any], of: Of) -> str:
    """What the claim calls its one more argument."""
    try:
        names = list(inspect.signature(claim).parameters)
    except (TypeError, ValueError):
        names = []
    if len(names) == len(examples) + 1 and names[-1] not in examples:
        return names[-1]
    return "cotangent" if of == "vjp" else "direction"


def _truth(forward: Graph, leaves: Sequence[str], of: Of, extra: str) -> tuple[Graph, tuple[str, ...]]:
    match of:
        case "value":
            count = len(forward.outputs)
            return forward, ("value",) if count == 1 else tuple(f"value[{k}]" for k in range(count))
        case "gradient":
            return calculus.gradient(forward, leaves), tuple(leaves)
        case "jacobian":
            return calculus.jacobian(forward, leaves), tuple(leaves)
        case "hessian":
            pairs = tuple(f"{x}, {z}" for x in leaves for z in leaves)
            return calculus.hessian(forward, leaves), pairs if len(leaves) > 1 else tuple(leaves)
        case "vjp":
            return calculus.vjp(forward, leaves, extra), tuple(leaves)
        case "jvp":
            count = len(forward.outputs)
            return calculus.jvp(forward, leaves, extra), ("value",) if count == 1 else tuple(f"value[{k}]" for k in range(count))
        case "hvp":
            return calculus.hvp(forward, leaves, extra), tuple(leaves)


def claim_examples(question: Question) -> list[Any]:
    """What the claim is called with: the examples, and the cotangent or direction in its nesting."""
    values = list(question.examples.values())
    if question.extra is None:
        return values
    forward, truth = question.forward, question.truth
    added = truth.inputs[len(forward.inputs) :]
    zeros = [_like(concrete(truth.shape(n), question.extra)) if _is_concrete(truth, n) else _text(truth, n) for n in added]
    return [*values, extra_tree(question).build(zeros)]


def extra_tree(question: Question) -> Tree:
    """How the cotangent (as the outputs) or the direction (as wrt) is nested."""
    forward = question.forward
    if question.of == "vjp":
        return forward.results or (LEAF if len(forward.outputs) == 1 else Tree("tuple", (LEAF,) * len(forward.outputs)))
    trees = [forward.argument_tree(name) for name in question.wrt]
    return trees[0] if len(trees) == 1 and not question.many else Tree("tuple", tuple(trees))


def _is_concrete(graph: Graph, node: Node) -> bool:
    return all(isinstance(size, int) for size in graph.shape(node))


def _text(graph: Graph, node: Node) -> str:
    return " ".join(str(size) if isinstance(size, int) else "*".join(map(str, sp.Mul.make_args(size))) for size in graph.shape(node))


def _like(shape: tuple[int, ...]) -> Any:
    return np.zeros(shape) if shape else 0.0


def _with_claim(question: Question) -> Question:
    """Trace the claim into the store of the truth; keep the reason if that cannot be done."""
    try:
        shapes = is_symbolic(question.examples)
        graph = trace_call(
            question.claim, tuple(claim_examples(question)), {}, promote=_promoted(question), shapes=shapes
        )
        nodes = merge(graph, question.truth.store, _pairing(graph, question.truth))
    except SymdiffError as error:
        return replace(question, reason=str(error).splitlines()[0])
    except Exception as error:  # the claim is foreign code: anything may come
        return replace(question, reason=f"{type(error).__name__} while tracing: {error}".splitlines()[0])
    outputs = flat_claim(question, graph.results.build(list(graph.outputs)) if graph.results else graph.outputs)
    return replace(question, claimed=tuple(nodes[node] for node in outputs))


def _promoted(question: Question) -> frozenset[str]:
    """The claim's own names for the parameters that are differentiated."""
    try:
        names = list(inspect.signature(question.claim).parameters)
    except (TypeError, ValueError):
        return frozenset()
    return frozenset(name for name, own in zip(names, question.examples, strict=False) if own in question.wrt)


def _pairing(claim: Graph, truth: Graph) -> dict[Node, Node]:
    """The claim's inputs and the truth's, in order: the claim may name its parameters otherwise."""
    if len(claim.inputs) != len(truth.inputs):
        facts: dict[str, object] = {"claim": ", ".join(claim.input_names), "function": ", ".join(truth.input_names)}
        raise InputError(explain("claim", facts, "Let the claim take the function's arguments."))
    return dict(zip(claim.inputs, truth.inputs, strict=True))


def flat_claim(question: Question, value: Any) -> list[Any]:
    """The claim's result as one item for each target, whatever its nesting."""
    if isinstance(value, Mapping) and question.wrt and set(value) == set(question.wrt):
        value = tuple(value[name] for name in question.wrt)
    wanted = len(question.targets)
    if wanted == 1 and not isinstance(value, (tuple, list, dict)):
        return [value]
    leaves = [leaf for _, leaf in flatten(value, "", lambda v: not isinstance(v, (tuple, list, dict)))[0]]
    if len(leaves) == wanted:
        return leaves
    if wanted == 1:
        return [value]
    facts: dict[str, object] = {"returned": len(leaves), "expected": ", ".join(question.targets)}
    raise InputError(explain(f"claim {question.title}", facts, "Return one array for each, in this order, or a dict by name."))


def leaf_values(question: Question) -> list[Any]:
    """The examples of the function's inputs, in order."""
    tree = question.forward.arguments
    assert tree is not None
    children = zip(tree.keys, tree.children, strict=True)
    return [leaf for name, child in children for leaf in child.leaves(question.examples[name])]


def input_kinds(graph: Graph) -> dict[str, Input]:
    """The inputs of a graph by name."""
    return {op.name: op for op in map(graph.store.op, graph.inputs) if isinstance(op, Input)}
