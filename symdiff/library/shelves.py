"""Where do the entries stand? On one shelf for each kind; a file that is put there is found, with nothing to add."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

from symdiff.errors import InputError, explain
from symdiff.library.entries import REGISTERED, Entry, Kind

SHELVES: dict[Kind, str] = {
    "activation": "symdiff.library.activations",
    "loss": "symdiff.library.losses",
    "layer": "symdiff.library.layers",
    "attention": "symdiff.library.attention",
    "architecture": "symdiff.library.architectures",
    "optimizer": "symdiff.library.optimizers",
}


def registry(kind: Kind | None = None) -> tuple[Entry, ...]:
    """Every entry, or those of one kind, in the order of the shelves; also those registered from outside.

    >>> [entry.name for entry in registry("loss") if entry.name == "mse"]
    ['mse']
    """
    for place in SHELVES.values():
        _load(place)
    order = list(SHELVES)
    found = sorted(REGISTERED.values(), key=lambda entry: (order.index(entry.kind), entry.name))
    return tuple(entry for entry in found if kind in (None, entry.kind))


def find(name: str) -> Entry:
    """The entry of a name; raises InputError with the names that are near if there is none."""
    entries = {entry.name: entry for entry in registry()}
    if name not in entries:
        near = [other for other in entries if other[:3] == name[:3] or name in other]
        facts: dict[str, object] = {"name": name, "near": ", ".join(near) or "none"}
        raise InputError(explain("symdiff explain", facts, "`symdiff list` shows all names."))
    return entries[name]


def shelf(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a shelf: the functions of its entries by name."""
    kind = next(kind for kind, place in SHELVES.items() if place == package)

    def get(name: str) -> Any:
        if not name.startswith("_"):
            _load(package)
            entry = REGISTERED.get(name)
            if entry is not None and entry.kind == kind:
                return entry.offers
        raise AttributeError(
            f"{package.removeprefix('symdiff.library.')} has no {name!r}; see `symdiff list`"
        )

    def names() -> list[str]:
        return [entry.name for entry in registry(kind)]

    return get, names


@cache
def _load(package: str) -> None:
    module = importlib.import_module(package)
    for found in pkgutil.iter_modules(module.__path__):
        importlib.import_module(f"{package}.{found.name}")
