"""What does rebuilt code call instead of a NumPy function? A ``Door``, which sees traced arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.doors import refusals
from symdiff.doors.dispatching import dispatch, traced_values, wrap
from symdiff.doors.places import located
from symdiff.doors.refused import noted
from symdiff.doors.tensors import Tensor
from symdiff.errors import ImpureFunction

RANDOM = np.random.mtrand._rand


class Door:
    """A NumPy or SciPy function: rules for traced arrays, the function itself for numbers."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", "function")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()) if kwargs else args:
            if isinstance(value, Tensor):
                return dispatch(self.function, args, kwargs)
            if isinstance(value, (list, tuple)) and any(True for _ in traced_values(value)):
                return dispatch(self.function, args, kwargs)
        return wrap(self.function(*args, **kwargs), Tensor)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)

    def __repr__(self) -> str:
        return repr(self.function)


class RandomDoor:
    """A function that draws random numbers: refused, unless it makes a generator from a fixed seed."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.function is np.random.default_rng and (args or kwargs):
            return self.function(*args, **kwargs)
        name = getattr(self.function, "__name__", "random")
        why: dict[str, object] = {
            "why": "each call gives other numbers, so there is no one function to differentiate"
        }
        mend = "Draw the numbers outside and pass them as an argument."
        raise noted(ImpureFunction(located(f"np.random.{name}", why, mend)))


class _ArrayType(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, (Tensor, np.ndarray))

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return Tensor.constant(np.zeros(np.ndarray(*args, **kwargs).shape))

    def __getattr__(cls, name: str) -> Any:
        return getattr(np.ndarray, name)


class ARRAY_TYPE(metaclass=_ArrayType):  # noqa: N801
    """Stands for ``np.ndarray``: traced arrays are instances of it."""


ARRAY_TYPE.__name__ = ARRAY_TYPE.__qualname__ = "ndarray"


class _TypeOf(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, type)

    def __subclasscheck__(cls, kind: Any) -> bool:
        return issubclass(kind, type)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) != 1 or not isinstance(args[0], Tensor):
            return type(*args, **kwargs)
        if args[0].ndim or args[0].origin == "input":
            return ARRAY_TYPE
        return refusals.scalar_type(args[0])


class TYPE(metaclass=_TypeOf):
    """Stands for ``type``: a traced array is an ``np.ndarray``."""
