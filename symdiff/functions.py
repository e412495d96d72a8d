"""Functions of functions: ordinary NumPy code in, its derivatives out, with the names that JAX and autograd use."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from symdiff import calculus
from symdiff.checking.arguments import Wrt, chosen, parameters
from symdiff.checking.questions import Of
from symdiff.doors.inlining import inline, recording_of
from symdiff.doors.tensors import Tensor
from symdiff.doors.tracing import trace_call
from symdiff.errors import InputError, explain
from symdiff.evaluation.entries import hessian_entries, jacobian_entries, output_entries
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph
from symdiff.ir.trees import LEAF, Tree
from symdiff.on_graphs import derive

Function = Callable[..., Any]


def grad(fn: Any, wrt: Any = 0) -> Any:
    """The function ``x -> d f / d x`` of a scalar function, with fn's signature.

    A Graph gives the graph of its gradient, a Tensor of a graph the tensor of its gradient; so do the others below.

    >>> import numpy as np
    >>> grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    if isinstance(fn, (Graph, Tensor)):
        return derive(fn, wrt, calculus.gradient)
    return _derived(fn, wrt, lambda g, leaves: calculus.gradient(g, leaves), "grad")


def value_and_grad(fn: Any, wrt: Any = 0) -> Any:
    """The function ``x -> (f(x), d f / d x)``; the value is computed once.

    >>> import numpy as np
    >>> value, slope = value_and_grad(np.tanh)(0.0)
    >>> float(value), float(slope)
    (0.0, 1.0)
    """
    if isinstance(fn, (Graph, Tensor)):
        return derive(fn, wrt, lambda g, leaves: calculus.gradient(g, leaves, with_value=True))
    return _derived(
        fn, wrt, lambda g, leaves: calculus.gradient(g, leaves, with_value=True), "value_and_grad", value=True
    )


def jacobian(fn: Any, wrt: Any = 0) -> Any:
    """The function ``x -> d f / d x`` of shape ``f.shape + x.shape``.

    >>> import numpy as np
    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if isinstance(fn, (Graph, Tensor)):
        return derive(fn, wrt, calculus.jacobian)
    return _derived(fn, wrt, lambda g, leaves: calculus.jacobian(g, leaves), "jacobian")


def hessian(fn: Any, wrt: Any = 0) -> Any:
    """The function ``x -> d^2 f / d x d x`` of shape ``x.shape + x.shape``; nested blocks for several x.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] * x[1])(np.array([3.0, 4.0]))
    array([[0., 1.],
           [1., 0.]])
    """
    if isinstance(fn, (Graph, Tensor)):
        return derive(fn, wrt, calculus.hessian)
    return _derived(fn, wrt, lambda g, leaves: calculus.hessian(g, leaves), "hessian", square=True)


def hvp(fn: Any, wrt: Any = 0) -> Any:
    """The function ``(*inputs, direction) -> H @ direction``, forward over reverse; no Hessian is formed.

    >>> import numpy as np
    >>> hvp(lambda x: x[0] * x[1])(np.array([3.0, 4.0]), np.array([1.0, 0.0]))
    array([0., 1.])
    """
    if isinstance(fn, (Graph, Tensor)):
        return derive(fn, wrt, calculus.hvp)

    def product(*args: Any, **kwargs: Any) -> Any:
        if "direction" in kwargs:
            args, kwargs = (*args, kwargs.pop("direction")), kwargs
        *inputs, direction = args
        graph, names, many = _traced(fn, wrt, tuple(inputs), kwargs, "hvp")
        leaves = [leaf for name in names for leaf in graph.leaf_names(name)]
        derived = calculus.hvp(graph, leaves)
        tree = _results(graph, names, many)
        return _run(replace(derived, results=tree), graph, fn, inputs, kwargs, tree.leaves(direction))

    return product


def vjp(fn: Function, *primals: Any) -> tuple[Any, Function]:
    """``(f(primals), pullback)``; ``pullback(cotangent)`` is a tuple with one entry for each primal.

    >>> import numpy as np
    >>> value, pullback = vjp(np.exp, 0.0)
    >>> float(pullback(2.0)[0])
    2.0
    """
    graph, names, _ = _traced(fn, tuple(range(len(primals))), primals, {}, "vjp")
    leaves = [leaf for name in names for leaf in graph.leaf_names(name)]
    derived = replace(calculus.vjp(graph, leaves), results=_results(graph, names, True))
    outputs = graph.results or LEAF

    def pullback(cotangent: Any) -> Any:
        return _run(derived, graph, fn, primals, {}, outputs.leaves(cotangent))

    return _run(graph, graph, fn, primals, {}, []), pullback


def jvp(fn: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """``(f(primals), d f . tangents)``; a tangent ``None`` holds its primal, which may then be of integers.

    >>> import numpy as np
    >>> value, tangent = jvp(np.exp, (0.0,), (3.0,))
    >>> float(tangent)
    3.0
    """
    moving = tuple(k for k, tangent in enumerate(tangents) if tangent is not None)
    graph, names, _ = _traced(fn, moving, tuple(primals), {}, "jvp")
    leaves = [leaf for name in names for leaf in graph.leaf_names(name)]
    derived = calculus.jvp(graph, leaves)
    moves = _results(graph, names, True).leaves(tuple(tangents[k] for k in moving))
    return _run(graph, graph, fn, primals, {}, []), _run(derived, graph, fn, primals, {}, moves)


def exact(fn: Function, *examples: Any, wrt: Wrt = 0, of: Of = "gradient") -> Any:
    """The exact derivative, entry by entry, as an array of SymPy expressions; ``sympy.diff`` of explicit entries.

    ``of`` is ``"value"``, ``"gradient"``, ``"jacobian"`` or ``"hessian"``; the entries are named ``x``, ``x[0]``,
    ``W[0,1]``.

    >>> import numpy as np
    >>> exact(lambda x: np.sum(np.sin(x)), np.zeros(2))
    array([cos(x[0]), cos(x[1])], dtype=object)
    """
    graph, names, many = _traced(fn, wrt, examples, {}, "exact")
    leaves = [leaf for name in names for leaf in graph.leaf_names(name)]
    if of == "value":
        results = output_entries(graph)
        return results[0] if len(results) == 1 else results
    if of in ("gradient", "jacobian"):
        found = [jacobian_entries(graph, leaf) for leaf in leaves]
    elif of == "hessian":
        found = hessian_entries(graph, leaves)
    else:
        raise InputError(
            explain(f"exact(of={of!r})", {"known": "value, gradient, jacobian, hessian"}, "Use one of these.")
        )
    found = [entry if entry.ndim else entry[()] for entry in found]
    return found[0] if len(found) == 1 and not many else tuple(found)


def _derived(
    fn: Function,
    wrt: Wrt,
    derive: Callable[[Graph, list[str]], Graph],
    call: str,
    *,
    value: bool = False,
    square: bool = False,
) -> Function:
    @functools.wraps(fn)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        graph, names, many = _traced(fn, wrt, args, kwargs, call)
        leaves = [leaf for name in names for leaf in graph.leaf_names(name)]
        tree = _results(graph, names, many)
        if square:
            tree = _blocks(graph, names, many)
        if value:
            tree = Tree("tuple", (LEAF, tree))
        return _run(replace(derive(graph, leaves), results=tree), graph, fn, args, kwargs, [])

    derivative.__name__ = f"{call}_of_{getattr(fn, '__name__', 'fn')}"
    return derivative


def _traced(
    fn: Function, wrt: Wrt, args: tuple[Any, ...], kwargs: dict[str, Any], call: str
) -> tuple[Graph, tuple[str, ...], bool]:
    bound = _bound(fn, args, kwargs, call)
    names = chosen(wrt, list(bound))
    return trace_call(fn, args, kwargs, promote=frozenset(names)), names, isinstance(wrt, (tuple, list))


def _bound(fn: Function, args: tuple[Any, ...], kwargs: dict[str, Any], call: str) -> dict[str, Any]:
    try:
        return dict(inspect.signature(fn).bind(*args, **kwargs).arguments)
    except ValueError:
        return parameters(fn, args)
    except TypeError as error:
        raise InputError(
            explain(
                f"{call}({getattr(fn, '__name__', fn)})", {"problem": error}, "Give the function's arguments."
            )
        ) from None


def _results(graph: Graph, names: Sequence[str], many: bool) -> Tree:
    trees = [graph.argument_tree(name) for name in names]
    return trees[0] if len(trees) == 1 and not many else Tree("tuple", tuple(trees))


def _blocks(graph: Graph, names: Sequence[str], many: bool) -> Tree:
    """One block for one argument; otherwise a tuple of rows, each a tuple of blocks."""
    count = sum(graph.argument_tree(name).size for name in names)
    if count == 1 and not many:
        return LEAF
    return Tree("tuple", (Tree("tuple", (LEAF,) * count),) * count)


def _run(
    derived: Graph, graph: Graph, fn: Function, args: Sequence[Any], kwargs: dict[str, Any], more: list[Any]
) -> Any:
    """Evaluate a derived graph at the function's arguments and some further leaves."""
    bound = _bound(fn, tuple(args), kwargs, "call")
    assert graph.arguments is not None
    keys = graph.arguments.keys
    leaves = [leaf for k, name in enumerate(keys) for leaf in graph.arguments.children[k].leaves(bound[name])]
    values = [*leaves, *more]
    recording = recording_of(values)
    outputs: list[Any] = (
        inline(derived, recording, values) if recording else compile_kernel(derived).flat(values)
    )
    if derived.results is not None:
        return derived.results.build(outputs)
    return outputs[0] if len(outputs) == 1 else tuple(outputs)
