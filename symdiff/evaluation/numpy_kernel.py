"""How is an array program run? Bound to a dtype, with scratch from a pool, made anew for new shapes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symdiff.errors import DtypeError, ShapeError, explain
from symdiff.evaluation import calls
from symdiff.evaluation.emission import Source, emit
from symdiff.evaluation.lowering import lower
from symdiff.evaluation.programs import work
from symdiff.evaluation.reference import dtype_of
from symdiff.evaluation.stacking import stack
from symdiff.ir.calling import bind
from symdiff.ir.concrete import at_sizes, size_symbols, solve_sizes
from symdiff.ir.graph import Graph
from symdiff.ir.sizes import text

Run = Callable[[Sequence[Any]], list[Any]]
Shapes = tuple[tuple[int, ...], ...]
_KEPT = 64  # shapes and dtypes of one function
_DOUBLE = np.dtype(np.float64)


class NumPyKernel:
    """A graph as a function of NumPy arrays."""

    __slots__ = ("_arrays", "graph")

    def __init__(self, graph: Graph, arrays: ArrayFunction | None = None) -> None:
        self.graph = graph
        self._arrays = arrays or ArrayFunction(graph)

    @property
    def source(self) -> str:
        """The generated program; for symbolic sizes, the one of the last call."""
        return self._arrays.source

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results, nested as the function returns them."""
        graph = self.graph
        values = bind(calls.arguments_of(graph), args, kwargs, "kernel")
        outputs = self._arrays(values)
        if graph.results is not None:
            return graph.results.build(outputs)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def flat(self, values: Sequence[Any]) -> list[Any]:
        """The outputs in order, from the values of the inputs in order."""
        return self._arrays(values)


class ArrayFunction:
    """A graph as a function from the list of inputs to the list of outputs; may serve several kernels."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._kinds = tuple(graph.store.kind(x) for x in graph.inputs)
        self._scalar = all(graph.shape(node) == () for node in graph.nodes)
        self._symbolic = bool(size_symbols(graph))
        self._sources: dict[Shapes, Source] = {}
        self._runs: dict[tuple[Any, ...], Run] = {}
        self.source = ""
        if not self._symbolic:
            shapes = tuple(tuple(int(size) for size in graph.shape(x)) for x in graph.inputs)
            self.source = self._source(shapes, _DOUBLE).text

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """The outputs in order, from the values of the inputs in order."""
        key = tuple([(v.shape, v.dtype) if type(v) is np.ndarray else _signature(v) for v in values])
        run = self._runs.get(key)
        if run is None:
            run = self._specialised(values)
            if len(self._runs) >= _KEPT:
                self._runs, self._sources = {}, {}
            self._runs[key] = run
        return run(values)

    def _specialised(self, values: Sequence[Any]) -> Run:
        shapes = tuple(np.shape(v) for v in values)
        real = self._real(values)
        self._require_whole_indices(values)
        source = self._source(shapes, real)
        return _bound(source, [dtype_of(kind, real) for kind in self._kinds], shapes, real)

    def _require_whole_indices(self, values: Sequence[Any]) -> None:
        for name, value, kind in zip(self.graph.input_names, values, self._kinds, strict=True):
            if kind == "integer" and np.asarray(value).dtype.kind not in "biu":
                facts: dict[str, object] = {name: np.asarray(value).dtype}
                raise DtypeError(explain("kernel call", facts, "This input holds indices: give integers."))

    def _real(self, values: Sequence[Any]) -> np.dtype[Any]:
        reals = [v for v, kind in zip(values, self._kinds, strict=True) if kind == "real"]
        found = np.result_type(*reals) if reals else _DOUBLE
        if found.kind not in "fiub":
            facts: dict[str, object] = {"dtype": found}
            raise DtypeError(
                explain("kernel call", facts, "Give real numbers: float64, float32 or integers.")
            )
        return found if found.kind == "f" else _DOUBLE

    def _source(self, shapes: Shapes, real: np.dtype[Any]) -> Source:
        if shapes not in self._sources:
            graph = self.graph
            declared = [graph.shape(x) for x in graph.inputs]
            if self._symbolic:
                graph = at_sizes(graph, solve_sizes(graph.input_names, declared, shapes))
            vector = shapes if self._scalar and any(shapes) else None
            if vector is None:
                _require_shapes(graph, shapes)
            program = lower(work(graph, _DOUBLE), vector)
            stack(program)
            self._sources[shapes] = emit(program, graph.input_names)
            self.source = self._sources[shapes].text
        return self._sources[shapes]


def _signature(value: Any) -> tuple[Any, ...]:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.shape, value.dtype
    return (
        (np.shape(value), type(value))
        if isinstance(value, (int, float))
        else (np.shape(value), np.asarray(value).dtype)
    )


def _require_shapes(graph: Graph, shapes: Shapes) -> None:
    for node, name, given in zip(graph.inputs, graph.input_names, shapes, strict=True):
        if given != graph.shape(node):
            facts: dict[str, object] = {name: text(graph.shape(node)), "given": text(given)}
            raise ShapeError(
                explain("kernel call", facts, "Give arrays of the shapes that were traced, or trace again.")
            )


def _bound(source: Source, dtypes: Sequence[np.dtype[Any]], shapes: Shapes, real: np.dtype[Any]) -> Run:
    """The program as a function of the input values, for one dtype."""
    types = {"f": real, "i": np.dtype(np.intp), "b": np.dtype(np.bool_)}
    namespace: dict[str, Any] = {f"type_{code}": dtype.type for code, dtype in types.items()}
    namespace |= {"inf": float("inf"), "nan": float("nan")} | source.functions
    for name, (value, code) in source.constants.items():
        namespace[name] = np.asarray(value, types[code])[()]
    exec(compile(source.text, "<symdiff array kernel>", "exec"), namespace)
    program, make = namespace["program"], namespace["scratch"]
    pool: deque[Any] = deque()
    arrays = tuple(bool(shape) for shape in shapes)
    readers = [_reader(dtype, is_array) for dtype, is_array in zip(dtypes, arrays, strict=True)]

    def run(values: Sequence[Any]) -> list[Any]:
        try:
            scratch = pool.pop()
        except IndexError:
            scratch = make()
        outputs: list[Any] = program(*[read(v) for read, v in zip(readers, values, strict=True)], scratch)
        pool.append(scratch)
        return outputs

    return run


def _reader(dtype: np.dtype[Any], is_array: bool) -> Callable[[Any], Any]:
    if not is_array:
        return dtype.type
    return lambda value: (
        value if type(value) is np.ndarray and value.dtype is dtype else np.asarray(value, dtype)
    )
