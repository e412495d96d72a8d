"""Under which convention do the rows of a text have matching shapes? W x with columns, x W with rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from symdiff.doors.tracing import trace
from symdiff.errors import InputError, ShapeError
from symdiff.ir.sizes import Shape, text


@dataclass(frozen=True)
class Fit:
    """A row under one convention: the shape of what it computes, or why its shapes do not match."""

    row: str
    convention: str
    shape: Shape | None
    problem: str

    @property
    def ok(self) -> bool:
        """Whether the shapes match."""
        return self.shape is not None

    def __str__(self) -> str:
        """``err_HO2, columns: shapes do not match``."""
        told = text(self.shape) if self.shape is not None else self.problem
        return f"{self.row}, {self.convention}: {told}"


def fits(
    rows: Mapping[str, Callable[..., Any]], conventions: Mapping[str, Mapping[str, str]]
) -> tuple[Fit, ...]:
    """Each row, a function of arrays, under each convention, which gives the shapes of the arrays by name.

    A row that assigns to a parameter, such as ``W1``, also fits only if the result has its shape.

    >>> columns, rows = {"W": "m n", "x": "n 1"}, {"W": "n m", "x": "1 n"}
    >>> [fit.ok for fit in fits({"z": lambda W, x: W @ x}, {"columns": columns, "rows": rows})]
    [True, False]
    """
    return tuple(
        _fit(name, row, label, shapes) for name, row in rows.items() for label, shapes in conventions.items()
    )


def _fit(name: str, row: Callable[..., Any], label: str, shapes: Mapping[str, str]) -> Fit:
    code = row.__code__
    try:
        graph = trace(row, **{k: shapes[k] for k in code.co_varnames[: code.co_argcount]})
    except (ShapeError, InputError) as error:
        told = [line.strip() for line in str(error).splitlines()]
        facts = [line for line in told[1:-1] if not line.startswith(("line=", "sizes="))]
        return Fit(name, label, None, f"shapes do not match: {', '.join(facts)}")
    shape = graph.shape(graph.outputs[0])
    wanted = shapes.get(name)
    if wanted is not None and " ".join(map(str, shape)) != wanted:
        return Fit(
            name, label, None, f"{text(shape)} is not the shape of {name}, ({', '.join(wanted.split())})"
        )
    return Fit(name, label, shape, "")
