"""Which peers are here? Each is loaded once, set to one thread and float64, and woken before any timing."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

OTHERS = ("casadi", "jax", "torch", "autograd", "numba")


@cache
def load(name: str) -> Any:
    """The library, ready to be timed; ImportError where it is not installed."""
    library = importlib.import_module(name)
    if name == "jax":
        library.config.update("jax_enable_x64", True)
        library.numpy.zeros(1).block_until_ready()
    if name == "torch":
        library.set_num_threads(1)
    if name == "autograd":
        importlib.import_module("autograd.numpy")
    return library


def versions() -> dict[str, str]:
    """The versions of what is timed; "not installed" where it is missing."""
    found = {}
    for name in ("numpy", "scipy", "sympy", *OTHERS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
