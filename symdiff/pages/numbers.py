"""How is a number or a small array written? Fractions as 1/2, columns aligned, names in front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flint
import numpy as np

_WIDTH = 88
_DIGITS = 12
_SHOWN = 100  # entries of an array that are written one by one


def text(value: Any) -> str:
    """A number or an array as a person would write it.

    >>> from fractions import Fraction
    >>> text(np.array([0, Fraction(1, 2), Fraction(-1)], dtype=object))
    '[0, 1/2, -1]'
    """
    if isinstance(value, np.ndarray) and value.ndim:
        return _array(value, 0)
    return _number(value)


def listed(values: Mapping[str, Any]) -> str:
    """One ``name = value`` for each argument; short ones share a line."""
    blocks = [_named(name, value) for name, value in values.items()]
    short = "   ".join(blocks)
    return short if "\n" not in short and len(short) <= 60 else "\n".join(blocks)


def rows(value: np.ndarray[Any, Any]) -> list[list[Any]]:
    """The entries of a vector (one row) or a matrix."""
    return [list(row) for row in np.atleast_2d(value)]


def _named(name: str, value: Any) -> str:
    if isinstance(value, np.ndarray) and value.ndim:
        return f"{name} = {_array(value, len(name) + 3)}"
    return f"{name} = {_number(value)}"


def _array(value: np.ndarray[Any, Any], indent: int) -> str:
    if value.size > _SHOWN:  # NumPy leaves out the middle
        write: Any = {"all": _number}
        shown = np.array2string(value, separator=", ", prefix=" " * indent, threshold=_SHOWN, formatter=write)
        return f"{shown}, shape {value.shape}"
    entries = np.empty(value.shape, dtype=object)
    for place in np.ndindex(value.shape):
        entries[place] = _number(value[place])
    if value.ndim > 1:
        for column in range(value.shape[-1]):
            width = max((len(entry) for entry in entries[..., column].flat), default=0)
            for place in np.ndindex(value.shape[:-1]):
                entries[(*place, column)] = entries[(*place, column)].rjust(width)
    return np.array2string(
        entries,
        separator=", ",
        prefix=" " * indent,
        max_line_width=_WIDTH,
        threshold=_SHOWN,
        formatter={"object": str},
    )


def _number(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value[()]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, flint.arb):
        return str(value.str(_DIGITS, radius=False))
    return repr(value) if isinstance(value, float) else str(value)
