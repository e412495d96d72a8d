"""How is a fault planted? By running a module's functions from a source with one piece changed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any


@contextmanager
def planted(module: ModuleType, right: str, wrong: str) -> Iterator[None]:
    """Inside the block every function of ``module`` behaves as if ``right`` were ``wrong`` in its source.

    Only code objects are exchanged, so that whoever imported a function meets the fault too.
    """
    source = inspect.getsource(module)
    assert source.count(right) == 1, (
        f"{module.__name__} no longer says once: {right!r}; write this fault anew"
    )
    namespace: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(source.replace(right, wrong), f"<fault in {module.__name__}>", "exec"), namespace)
    changed = [
        (f, g)
        for f, g in _pairs(vars(module), namespace, module.__name__)
        if not _alike(f.__code__, g.__code__)
    ]
    assert changed, f"{right!r} is outside every function"
    before = [(f, f.__code__) for f, _ in changed]
    try:
        for f, g in changed:
            f.__code__ = g.__code__
        _forget(module)
        yield
    finally:
        for f, code in before:
            f.__code__ = code
        _forget(module)


def _pairs(ours: Any, theirs: Any, home: str) -> Iterator[tuple[FunctionType, FunctionType]]:
    for name, value in list(ours.items()):
        other = theirs.get(name)
        plain, wrong = getattr(value, "__wrapped__", value), getattr(other, "__wrapped__", other)
        if isinstance(plain, FunctionType) and isinstance(wrong, FunctionType) and plain.__module__ == home:
            yield plain, wrong
        elif isinstance(value, type) and isinstance(other, type) and value.__module__ == home:
            yield from _pairs(vars(value), vars(other), home)


def _alike(one: CodeType, other: CodeType) -> bool:
    if (
        one.co_code != other.co_code
        or one.co_names != other.co_names
        or len(one.co_consts) != len(other.co_consts)
    ):
        return False
    pairs = zip(one.co_consts, other.co_consts, strict=True)
    return all(
        _alike(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else a == b for a, b in pairs
    )


def _forget(module: ModuleType) -> None:
    for value in vars(module).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
