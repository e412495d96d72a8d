"""The main door: run ordinary NumPy code on traced arrays and keep the graph.

The function runs twice, into one store: a pure function makes no other outputs the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

from symdiff.doors import builder, functions  # noqa: F401  (attach methods to Graph, fill the table of rules)
from symdiff.doors.arguments import (
    Arguments,
    bind_call,
    example_leaf,
    is_number,
    read_arguments,
    shape_or_example_leaf,
)
from symdiff.doors.dims import Dim
from symdiff.doors.lifting import dtype_of, lift
from symdiff.doors.places import complain
from symdiff.doors.rebuilding import Rebuilder
from symdiff.doors.recording import NeedsStatic, Recording, current
from symdiff.doors.refused import noted, watched
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import Traced
from symdiff.errors import ImpureFunction, InputError, ShapeError, SymdiffError, TracingError, explain
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Named
from symdiff.ir.pausing import without_collection
from symdiff.ir.trees import Tree, flatten

Function = Callable[..., Any]


def trace(fn: Function, /, *examples: Any, **named: Any) -> Graph:
    """The graph of a function of NumPy arrays.

    An example is an array, a number, a shape string such as ``"n d"``, or a tuple, list or dict of these.

    >>> import numpy as np
    >>> trace(lambda W, x: np.tanh(W @ x), "m n", "n").input_names
    ('W', 'x')
    """
    return _trace(fn, examples, named, frozenset(), shapes=True)


def trace_call(
    fn: Function,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    promote: frozenset[str] = frozenset(),
    shapes: bool = False,
) -> Graph:
    """The graph of a call; integers of the parameters in ``promote`` are real, for a derivative by them.

    With ``shapes`` strings are shapes, otherwise they are plain values of the call.
    """
    return _trace(fn, args, kwargs, promote, shapes=shapes)


def name(value: Any, text: str) -> Any:
    """Name an intermediate of a traced function; outside tracing the value comes back unchanged.

    >>> name(2.0, "z")
    2.0
    """
    recording = value.recording if isinstance(value, Traced) and value.recording else current.get()
    if recording is None:
        return value
    node = recording.store.add(Named(text), (lift(recording, value),))
    if recording.names.get(text, node) != node or text in recording.taken:
        complain(
            InputError,
            f"sd.name(value, {text!r})",
            {"name": text, "why": "it is used already"},
            "Use another name.",
        )
    recording.names[text] = node
    return Tensor(recording, node, dtype_of(value))


@without_collection
def _trace(
    fn: Function, args: tuple[Any, ...], kwargs: dict[str, Any], promote: frozenset[str], *, shapes: bool
) -> Graph:
    call = f"trace({getattr(fn, '__name__', type(fn).__name__)})"
    bound = bind_call(fn, args, kwargs, promote, call)

    def promoted(leaf: str) -> bool:
        return any(leaf == p or leaf.startswith((f"{p}.", f"{p}[")) for p in promote)

    read = (shape_or_example_leaf if shapes else example_leaf)(call, promoted)
    fixed: frozenset[str] = frozenset()
    rebuilt = Rebuilder().convert(fn)
    while True:
        arguments = read_arguments(bound, fixed, read, _is_leaf(shapes))
        try:
            return _Trace(rebuilt, arguments, call).graph()
        except NeedsStatic as signal:
            fixed |= _fixed(signal, arguments, promoted, call)
        except SymdiffError as refusal:
            noted(refusal)  # code that is being traced itself may catch it
            raise


def _is_leaf(shapes: bool) -> Callable[[Any], bool]:
    return (lambda value: isinstance(value, str) or is_number(value)) if shapes else is_number


def _fixed(
    signal: NeedsStatic, arguments: Arguments, promoted: Callable[[str], bool], call: str
) -> frozenset[str]:
    names = frozenset(arguments.leaves[k].op.name for k in signal.inputs)
    for leaf in sorted(names):
        if promoted(leaf):
            mend = "Ask for the derivative by another argument, or give it as a float."
            raise TracingError(
                explain(call, {"wrt": leaf, "why": "the code uses it as a whole number"}, mend)
            )
    return names


class _Trace:
    """Two runs of one function into one store."""

    def __init__(self, fn: Function, arguments: Arguments, call: str) -> None:
        self.fn, self.arguments, self.call = fn, arguments, call
        self.store = Store()
        self.inputs = tuple(self.store.add(leaf.op) for leaf in arguments.leaves)
        pairs = zip(self.inputs, arguments.leaves, strict=True)
        self.integers = frozenset(node for node, leaf in pairs if leaf.is_int)

    def graph(self) -> Graph:
        """The graph, if both runs agree."""
        outputs, results, recording = self._run()
        nodes = len(self.store)
        again, nesting, _ = self._run()
        if outputs != again or results != nesting:
            self._refuse_impure(nodes)
        used = set(self.store.ancestors(outputs))
        names = {text: node for text, node in recording.names.items() if node in used}
        bare = results is None or results.form == "leaf"
        return Graph(self.store, self.inputs, outputs, self.arguments.tree, None if bare else results, names)

    def _run(self) -> tuple[tuple[Node, ...], Tree | None, Recording]:
        recording = Recording(
            self.store, self.integers, frozenset(leaf.op.name for leaf in self.arguments.leaves)
        )
        bound = self.arguments.rebuilt(self._tensors(recording))
        token, watch = current.set(recording), watched.set(recording.refused)
        try:
            value = self.fn(*bound.args, **bound.kwargs)
            leaves, results = flatten(value, "result", _is_result)
            nodes = tuple(lift(recording, leaf) for _, leaf in leaves)
        finally:
            current.reset(token)
            watched.reset(watch)
        self._require_unrefused(recording)
        if not nodes:
            facts: dict[str, object] = {"returned": repr(value)}
            raise InputError(explain(self.call, facts, "Return an array, a number, or a nesting of them."))
        return nodes, results, recording

    def _require_unrefused(self, recording: Recording) -> None:
        """The code caught a refusal and went on, which plain NumPy would not have done."""
        is_concrete = all(isinstance(n, int) for leaf in self.arguments.leaves for n in leaf.op.shape)
        for refusal in recording.refused:
            if isinstance(refusal, NeedsStatic):
                raise refusal
            if isinstance(refusal, ShapeError) and is_concrete:
                continue  # NumPy refuses it as well
            facts: dict[str, object] = {"refused": str(refusal).split("\n")[0]}
            where = [line for line in str(refusal).split("\n") if line.startswith("  line=")]
            if where:
                facts["line"] = where[0].removeprefix("  line=")
            facts["why"] = "the code catches the error, and goes another way than on plain arrays"
            mend = "Write it without try, and without looking at values."
            raise TracingError(explain(self.call, facts, mend)) from refusal

    def _refuse_impure(self, nodes: int) -> NoReturn:
        """Name the first line that made another node in the second run."""
        facts: dict[str, object] = {"line": self.store.where.get(nodes, "the result")}
        facts["why"] = "two runs on the same inputs gave different graphs"
        mend = "Pass random numbers and state as arguments, and return what changes."
        raise ImpureFunction(explain(self.call, facts, mend))

    def _tensors(self, recording: Recording) -> Iterator[Tensor]:
        for node, leaf in zip(self.inputs, self.arguments.leaves, strict=True):
            tensor = Tensor(recording, node, leaf.dtype)
            tensor.origin = "inside" if leaf.is_scalar else "input"
            yield tensor


def _is_result(value: Any) -> bool:
    return isinstance(value, (Traced, Dim, bool, int, float, Fraction, np.ndarray, np.generic, complex))
