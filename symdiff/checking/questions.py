"""What exactly is asked? A function, a claim, and the graph of the true answer, at one set of shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from symdiff import calculus
from symdiff.checking import arguments, results
from symdiff.checking.arguments import Wrt, chosen, is_symbolic
from symdiff.checking.kinks.ties import kink_nodes
from symdiff.doors.arguments import Sized, is_number
from symdiff.doors.tracing import trace_call
from symdiff.errors import InputError, SymdiffError, TracingError, explain
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.merging import merge
from symdiff.ir.ops import Span
from symdiff.ir.pausing import without_collection
from symdiff.ir.sizes import concrete
from symdiff.ir.trees import LEAF, Tree, flatten

Of: TypeAlias = Literal["value", "gradient", "jacobian", "hessian", "vjp", "jvp", "hvp"]
OFS: tuple[Of, ...] = ("value", "gradient", "jacobian", "hessian", "vjp", "jvp", "hvp")


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
    places: Mapping[Node, str] = field(default_factory=dict)

    @property
    def extra(self) -> str | None:
        """The name of the one more argument that the claim takes."""
        return {"vjp": "cotangent", "jvp": "direction", "hvp": "direction"}.get(self.of)

    def without_claimed(self, reason: str) -> Question:
        """The same question with the claim as a black box."""
        return replace(self, claimed=None, reason=reason)

    def claim_line(self, target: int) -> str | None:
        """The line of the claim at which one of its results was made, if it was made by an operation."""
        return (self.places.get(self.claimed[target]) or None) if self.claimed is not None else None

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


@without_collection
def ask(
    fn: Callable[..., Any], claim: Callable[..., Any], examples: dict[str, Any], wrt: Wrt, of: Of
) -> Question:
    """Trace the function, derive the truth, trace the claim if it can be traced."""
    if of not in OFS:
        raise InputError(explain(f"check(of={of!r})", {"known": ", ".join(OFS)}, "Use one of these."))
    names = () if of == "value" else chosen(wrt or 0, [name for name, _ in arguments.spread(fn, examples)])
    forward = _traced(fn, examples, frozenset(names))
    leaves = [leaf for name in names for leaf in forward.leaf_names(name)]
    truth, targets = _truth(forward, leaves, of, _extra_name(claim, examples, of))
    many = isinstance(wrt, (tuple, list))
    question = Question(fn, claim, of, names, examples, forward, truth, targets, None, many=many)
    return _with_claim(question)


def _traced(fn: Callable[..., Any], examples: dict[str, Any], promote: frozenset[str]) -> Graph:
    """The graph of the function; what the function itself raises is told as such."""
    args, kwargs = arguments.split_call(fn, examples)
    shapes = is_symbolic(examples)
    try:
        return trace_call(fn, args, kwargs, promote=promote, shapes=shapes)
    except SymdiffError:
        raise
    except Exception as error:
        if not shapes:
            arguments.plain_call(fn, examples)
        facts: dict[str, object] = {"problem": f"{type(error).__name__}: {error}"}
        mend = "Write the function with NumPy operations on arrays, whose shapes fit."
        raise TracingError(explain(f"trace({arguments.name_of(fn)})", facts, mend)) from error


def _extra_name(claim: Callable[..., Any], examples: Mapping[str, Any], of: Of) -> str:
    """What the claim calls its one more argument."""
    names = list(arguments.signature_of(claim))
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
            return calculus.jvp(forward, leaves, extra), ("value",) if count == 1 else tuple(
                f"value[{k}]" for k in range(count)
            )
        case "hvp":
            return calculus.hvp(forward, leaves, extra), tuple(leaves)


def claim_examples(question: Question) -> list[tuple[str, Any]]:
    """What the claim is called with: the examples, and the cotangent or direction in its nesting."""
    pairs = arguments.spread(question.fn, question.examples)
    if question.extra is None:
        return pairs
    forward, truth = question.forward, question.truth
    added = truth.inputs[len(forward.inputs) :]
    zeros = [
        _like(concrete(truth.shape(n), question.extra)) if _is_concrete(truth, n) else Sized(truth.shape(n))
        for n in added
    ]
    return [*pairs, (question.extra, extra_tree(question).build(zeros))]


def extra_tree(question: Question) -> Tree:
    """How the cotangent (as the outputs) or the direction (as wrt) is nested."""
    forward = question.forward
    if question.of == "vjp":
        return forward.results or (
            LEAF if len(forward.outputs) == 1 else Tree("tuple", (LEAF,) * len(forward.outputs))
        )
    trees = [forward.argument_tree(name) for name in question.wrt]
    return trees[0] if len(trees) == 1 and not question.many else Tree("tuple", tuple(trees))


def _is_concrete(graph: Graph, node: Node) -> bool:
    return all(isinstance(size, int) for size in graph.shape(node))


def _like(shape: tuple[int, ...]) -> Any:
    return np.zeros(shape) if shape else 0.0


def trace_claim(question: Question) -> tuple[Graph, dict[Node, Node]]:
    """The claim's own graph, and the truth's input for each of its inputs."""
    pairs = claim_examples(question)
    args, kwargs = arguments.claim_call(question.claim, pairs)
    promoted = _promoted(question, pairs)
    graph = trace_call(
        question.claim, tuple(args), kwargs, promote=promoted, shapes=is_symbolic(question.examples)
    )
    return graph, _pairing(question, graph, pairs)


def _with_claim(question: Question) -> Question:
    """Trace the claim into the store of the truth; keep the reason if that cannot be done."""
    store = question.truth.store
    try:
        graph, inputs = trace_claim(question)
        nodes = merge(graph, store, inputs)
    except SymdiffError as error:
        return replace(question, reason=str(error).splitlines()[0])
    except Exception as error:  # the claim is foreign code: anything may come
        return replace(question, reason=f"{type(error).__name__} while tracing: {error}".splitlines()[0])
    outputs = [nodes[node] for node in graph.outputs]
    value = (
        graph.results.build(outputs) if graph.results else outputs[0] if len(outputs) == 1 else tuple(outputs)
    )
    where = graph.store.where
    places = {nodes[n]: where[n] for n in graph.nodes if n in where}
    return replace(question, claimed=tuple(wanted(question).items(value, _stacking(store))), places=places)


def _stacking(store: Store) -> results.Stacking:
    def stack(rows: Sequence[Node]) -> Node:
        return alg.concatenate(store, [alg.insert_axes(store, row, (0,)) for row in rows], 0)

    def entry(node: Node, k: int) -> Node:
        shape = store.shape(node)
        row = alg.slice_(store, node, [Span(k, 1, 1), *(Span(0, 1, n) for n in shape[1:])])
        return alg.reshape(store, row, shape[1:])

    return results.Stacking(store.shape, stack, entry)


def _promoted(question: Question, pairs: arguments.Pairs) -> frozenset[str]:
    """The claim's own names for the parameters that are differentiated."""
    known = arguments.signature_of(question.claim).values()
    starred = [p.name for p in known if p.kind is p.VAR_POSITIONAL]
    places = [p.name for p in known if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    own = iter([*places, *starred * len(pairs)])
    names = arguments.claim_names(question.claim, pairs)
    by_pair = [(name, keyword or next(own, None)) for (name, _), keyword in zip(pairs, names, strict=True)]
    wrt = question.wrt
    return frozenset(
        name for asked, name in by_pair if name and (asked in wrt or asked.partition("[")[0] in wrt)
    )


def _pairing(question: Question, claim: Graph, pairs: arguments.Pairs) -> dict[Node, Node]:
    """The claim's inputs and the truth's, in order, and by name where the claim takes them by name."""
    truth = question.truth
    if len(claim.inputs) != len(truth.inputs):
        facts: dict[str, object] = {
            "claim": ", ".join(claim.input_names),
            "function": ", ".join(truth.input_names),
        }
        raise InputError(explain("claim", facts, "Let the claim take the function's arguments."))
    names = arguments.claim_names(question.claim, pairs)
    sizes = [_size(value) for _, value in pairs]
    starts = [sum(sizes[:k]) for k in range(len(sizes))]
    if not any(names):
        return dict(zip(claim.inputs, truth.inputs, strict=True))
    if sum(sizes) != len(truth.inputs):
        raise InputError(
            explain(
                "claim",
                {"by name": ", ".join(n for n in names if n)},
                "Let the claim take integers by position.",
            )
        )
    order = list(arguments.signature_of(question.claim))
    called = sorted(range(len(pairs)), key=lambda k: order.index(names[k] or "") if names[k] else -1)
    places = [truth.inputs[starts[k] + i] for k in called for i in range(sizes[k])]
    return dict(zip(claim.inputs, places, strict=True))


def _size(value: Any) -> int:
    return len(flatten(value, "", lambda v: isinstance(v, str) or is_number(v))[0])


def wanted(question: Question) -> results.Wanted:
    """What the claim should return."""
    forward, truth = question.forward, question.truth
    if question.of in ("value", "jvp"):
        count = len(forward.outputs)
        tree = forward.results or (LEAF if count == 1 else Tree("tuple", (LEAF,) * count))
    else:
        trees = [forward.argument_tree(name) for name in question.wrt]
        tree = (
            trees[0] if len(trees) == 1 and not question.many else Tree("tuple", tuple(trees), question.wrt)
        )
        tree = results.product(tree, tree) if question.of == "hessian" else tree
    shapes = tuple(truth.shape(node) for node in truth.outputs)
    return results.Wanted(tree, question.targets, shapes, question.wrt, f"claim {question.title}")


def flat_claim(question: Question, value: Any) -> list[Any]:
    """The claim's result as one item for each target, whatever its nesting."""
    return wanted(question).items(value, results.VALUES)


def leaf_values(question: Question) -> list[Any]:
    """The examples of the function's inputs, in order."""
    tree = question.forward.arguments
    assert tree is not None
    children = zip(tree.keys, tree.children, strict=True)
    return [leaf for name, child in children for leaf in child.leaves(question.examples[name])]
