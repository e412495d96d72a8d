"""How does user code meet traced arrays where NumPy does not dispatch? Functions are rebuilt around proxies.

The code objects stay; globals and closures are copied, with NumPy, SciPy and the user's functions replaced.
Nothing global is patched, and no module is run again.
"""

from __future__ import annotations

import functools
import sys
from contextlib import suppress
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from symdiff.doors.functions.creation import CREATORS
from symdiff.doors.proxies import ARRAY_TYPE, RANDOM, TYPE, Door, RandomDoor
from symdiff.doors.registry import REGISTERED
from symdiff.doors.tensors import Tensor

_FOREIGN = frozenset(
    [
        "autograd",
        "flint",
        "hypothesis",
        "jax",
        "jaxlib",
        "matplotlib",
        "mpmath",
        "networkx",
        "pandas",
        "pytest",
        "rich",
        "sympy",
        "torch",
        "_pytest",
    ]
)
_NUMERIC = ("numpy", "scipy")


def _root(module: str | None) -> str:
    return (module or "").partition(".")[0]


def _is_users(module: str | None) -> bool:
    """Whether code of this module is rebuilt: the user's, and our library, which is written like a user's."""
    if module is None or module == "__main__" or module.startswith("symdiff.library"):
        return True
    root = _root(module)
    return (
        root not in _FOREIGN
        and root not in _NUMERIC
        and root != "symdiff"
        and root not in sys.stdlib_module_names
    )


class ModuleProxy:
    """A module whose functions and arrays are replaced as they are looked up."""

    def __init__(self, module: ModuleType, rebuilder: Rebuilder) -> None:
        self.__dict__["_module"] = module
        self.__dict__["_rebuilder"] = rebuilder

    def __getattr__(self, name: str) -> Any:
        value = self._rebuilder.convert(getattr(self._module, name))
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __repr__(self) -> str:
        return repr(self._module)


class Rebuilder:
    """Replaces values by what stands for them while tracing; each value once."""

    def __init__(self) -> None:
        self.done: dict[int, Any] = {}
        self.kept: list[Any] = []

    def convert(self, value: Any) -> Any:
        """What stands for a value that user code refers to."""
        if value is None or isinstance(value, (bool, int, float, str, bytes, CodeType)):
            return value
        found = self.done.get(id(value))
        if found is None:
            self.kept.append(value)
            self.done[id(value)] = value  # what refers to itself meets itself
            found = self.done[id(value)] = self._convert(value)
        return found

    def _convert(self, value: Any) -> Any:
        if isinstance(value, ModuleType):
            return self._module(value)
        if isinstance(value, np.ndarray):
            return Tensor.constant(value, origin="outside") if value.dtype.kind in "biuf" else value
        if callable(value):
            return self._callable(value)
        if type(value) in (list, tuple, dict):
            return self._container(value)
        return self._instance(value)

    def _module(self, module: ModuleType) -> Any:
        if _root(module.__name__) in _NUMERIC or _is_users(module.__name__):
            return ModuleProxy(module, self)
        return module

    def _callable(self, value: Any) -> Any:
        replaced = _replacement(value)
        if replaced is not None:
            return replaced
        if isinstance(value, FunctionType):
            return self.function(value) if _is_users(value.__module__) else value
        if isinstance(value, MethodType):
            return MethodType(self.convert(value.__func__), self.convert(value.__self__))
        if isinstance(value, functools.partial):
            named = {key: self.convert(item) for key, item in value.keywords.items()}
            return functools.partial(self.convert(value.func), *map(self.convert, value.args), **named)
        if isinstance(value, functools._lru_cache_wrapper):
            return self.convert(value.__wrapped__)
        if isinstance(value, type):
            return self._class(value)
        marked = getattr(value, "traced_as", None)  # a marked claim is the function it marks
        return self.convert(marked) if marked is not None else self._instance(value)

    def function(self, function: FunctionType) -> FunctionType:
        """The same code with other globals and another closure."""
        scope: dict[str, Any] = {"__builtins__": function.__globals__.get("__builtins__", __builtins__)}
        cells = tuple(map(self._cell, function.__closure__)) if function.__closure__ else None
        rebuilt = FunctionType(function.__code__, scope, function.__name__, function.__defaults__, cells)
        self.done[id(function)] = rebuilt
        for name in ("__name__", *_names(function.__code__)):
            if name in function.__globals__:
                scope[name] = self.convert(function.__globals__[name])
        for name in _BUILTINS.keys() & _names(function.__code__):
            scope.setdefault(name, _BUILTINS[name])
        if function.__defaults__:
            rebuilt.__defaults__ = tuple(map(self.convert, function.__defaults__))
        if function.__kwdefaults__:
            rebuilt.__kwdefaults__ = {k: self.convert(v) for k, v in function.__kwdefaults__.items()}
        rebuilt.__dict__.update(function.__dict__)
        rebuilt.__qualname__ = function.__qualname__
        return rebuilt

    def _cell(self, cell: CellType) -> CellType:
        found = self.done.get(id(cell))
        if found is None:
            self.kept.append(cell)
            found = self.done[id(cell)] = CellType()
            with suppress(ValueError):  # still empty
                found.cell_contents = self.convert(cell.cell_contents)
        return found

    def _container(self, value: Any) -> Any:
        if isinstance(value, dict):
            items = {key: self.convert(item) for key, item in value.items()}
            changed = any(items[key] is not value[key] for key in value)
            return items if changed else value
        converted = [self.convert(item) for item in value]
        changed = any(new is not old for new, old in zip(converted, value, strict=True))
        return type(value)(converted) if changed else value

    def _class(self, cls: type) -> type:
        """A class of the user with rebuilt methods; as it is where that cannot be done."""
        if not _is_users(cls.__module__) or type(cls) is not type or "__slots__" in cls.__dict__:
            return cls
        if issubclass(cls, (BaseException, tuple)):
            return cls
        body = {key: item for key, item in cls.__dict__.items() if key not in ("__dict__", "__weakref__")}
        rebuilt = type(cls.__name__, tuple(map(self.convert, cls.__bases__)), {})
        self.done[id(cls)] = rebuilt
        for key, item in body.items():
            setattr(rebuilt, key, self._member(item))
        return rebuilt

    def _member(self, item: Any) -> Any:
        if isinstance(item, (staticmethod, classmethod)):
            return type(item)(self.convert(item.__func__))
        if isinstance(item, property):
            return property(*(part and self.convert(part) for part in (item.fget, item.fset, item.fdel)))
        return self.convert(item)

    def _instance(self, value: Any) -> Any:
        """An object of a user's class, with rebuilt methods and the same state."""
        cls = type(value)
        rebuilt = self.convert(cls) if _is_users(cls.__module__) else cls
        if rebuilt is cls or not hasattr(value, "__dict__"):
            return value
        copy = object.__new__(rebuilt)
        self.done[id(value)] = copy
        copy.__dict__.update({key: self.convert(item) for key, item in value.__dict__.items()})
        return copy


def _length(value: Any) -> Any:
    """``len``, also of an array whose first size is a symbol: the builtin insists on a number."""
    return value.shape[0] if isinstance(value, Tensor) and value.ndim else len(value)


_BUILTINS = {"len": _length, "type": TYPE}


def _replacement(value: Any) -> Any:
    """What stands for a NumPy or SciPy callable, or a registered one; None for others."""
    try:
        if value in REGISTERED:
            return Door(value)
        if value in CREATORS:
            return CREATORS[value]
    except TypeError:
        return None  # not hashable
    if value is np.ndarray:
        return ARRAY_TYPE
    if getattr(value, "__self__", None) is RANDOM or value is np.random.default_rng:
        return RandomDoor(value)
    if isinstance(value, np.ufunc):
        return Door(value)
    is_function = isinstance(value, (FunctionType, BuiltinFunctionType)) or hasattr(value, "__wrapped__")
    return Door(value) if is_function and _root(getattr(value, "__module__", None)) in _NUMERIC else None


@functools.lru_cache(maxsize=4096)
def _names(code: CodeType) -> frozenset[str]:
    """The names that a function, or a function inside it, looks up."""
    names: set[str] = set()
    stack = [code]
    while stack:
        inner = stack.pop()
        names.update(inner.co_names)
        stack.extend(c for c in inner.co_consts if isinstance(c, CodeType))
    return frozenset(names)
