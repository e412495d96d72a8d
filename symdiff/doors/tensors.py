"""What does user code compute with? A ``Tensor``: a node that speaks NumPy's operators and protocols.

Operators go through NumPy, and come back through ``__array_ufunc__`` and ``__array_function__``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from symdiff.doors.dispatching import dispatch
from symdiff.doors.indexing import read, update, write
from symdiff.doors.traced import Traced
from symdiff.doors.ufunc_methods import call_method


def _forward(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return dispatch(function, (self, *args), kwargs)

    method.__name__ = getattr(function, "__name__", "method")
    method.__doc__ = f"As ``numpy.{method.__name__}``."
    return method


def _axes(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, *axes: Any, **kwargs: Any) -> Any:
        given = axes[0] if len(axes) == 1 else axes
        return dispatch(function, (self, given) if axes else (self,), kwargs)

    method.__name__ = getattr(function, "__name__", "method")
    method.__doc__ = f"As ``numpy.{method.__name__}``, the sizes also one by one."
    return method


class Tensor(Traced, NDArrayOperatorsMixin):
    """A traced array: NumPy's operators, functions and methods on it make nodes.

    >>> from symdiff.ir.graph import Graph
    >>> x = Graph().input("x", "n d")
    >>> np.tanh(x @ x.T).shape
    (n, n)
    """

    __slots__ = ()
    __hash__ = Traced.__hash__

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "__call__":
            return dispatch(ufunc, inputs, options)
        return call_method(ufunc, method, inputs, options)

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        return dispatch(function, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        return read(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        write(self, key, value)

    def __iadd__(self, other: Any) -> Any:
        return update(self, np.add, other)

    def __isub__(self, other: Any) -> Any:
        return update(self, np.subtract, other)

    def __imul__(self, other: Any) -> Any:
        return update(self, np.multiply, other)

    def __itruediv__(self, other: Any) -> Any:
        return update(self, np.divide, other)

    def __ipow__(self, other: Any) -> Any:
        return update(self, np.power, other)

    def __imatmul__(self, other: Any) -> Any:
        return update(self, np.matmul, other)

    @property
    def T(self) -> Any:
        """The axes in reverse order."""
        return dispatch(np.transpose, (self,), {})

    @property
    def mT(self) -> Any:
        """The last two axes exchanged."""
        return dispatch(np.swapaxes, (self, -1, -2), {})

    @property
    def real(self) -> Any:
        """The array itself: it is real."""
        return dispatch(np.real, (self,), {})

    @property
    def imag(self) -> Any:
        """Zeros."""
        return dispatch(np.imag, (self,), {})

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """As ``numpy.ndarray.astype``; to integers only from integers and booleans."""
        return dispatch(np.astype, (self, dtype), {})

    def __copy__(self) -> Any:
        return dispatch(np.copy, (self,), {})

    def __deepcopy__(self, memo: Any) -> Any:
        return dispatch(np.copy, (self,), {})

    def __round__(self, digits: int | None = None) -> Any:
        return dispatch(np.round, (self,), {})

    def fill(self, value: Any) -> None:
        """Write one number into every entry."""
        write(self, Ellipsis, value)

    def sort(self, *args: Any, **kwargs: Any) -> None:
        """Put the entries in order, in place."""
        write(self, Ellipsis, dispatch(np.sort, (self, *args), kwargs))

    def flatten(self, order: str = "C") -> Any:
        """A copy with one axis."""
        return dispatch(np.copy, (dispatch(np.ravel, (self, order), {}),), {})

    reshape = _axes(np.reshape)
    transpose = _axes(np.transpose)
    sum = _forward(np.sum)
    mean = _forward(np.mean)
    prod = _forward(np.prod)
    max = _forward(np.max)
    min = _forward(np.min)
    var = _forward(np.var)
    std = _forward(np.std)
    cumsum = _forward(np.cumsum)
    cumprod = _forward(np.cumprod)
    dot = _forward(np.dot)
    ravel = _forward(np.ravel)
    swapaxes = _forward(np.swapaxes)
    squeeze = _forward(np.squeeze)
    repeat = _forward(np.repeat)
    take = _forward(np.take)
    clip = _forward(np.clip)
    copy = _forward(np.copy)
    conj = _forward(np.conj)
    conjugate = _forward(np.conj)
    trace = _forward(np.trace)
    diagonal = _forward(np.diagonal)
    all = _forward(np.all)
    any = _forward(np.any)
    argmax = _forward(np.argmax)
    argmin = _forward(np.argmin)
    argsort = _forward(np.argsort)
    round = _forward(np.round)
    nonzero = _forward(np.nonzero)
