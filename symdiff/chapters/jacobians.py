"""Which Jacobians has the network of chapter 3, what do the notes print of them, and why are they not formed?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import sympy as sp

from symdiff.chapters.judged import claims_table, proved
from symdiff.chapters.marks import counted, formula, words
from symdiff.chapters.pieces import Cell, Steps, Table, Values
from symdiff.chapters.sources import Example, Examples
from symdiff.chapters.worked import beside
from symdiff.derivations.deriving import derive
from symdiff.doors.tracing import trace
from symdiff.functions import jacobian
from symdiff.ir.sizes import product

SYMBOLIC, NUMBERS = "ex_3_4_jacobian_chain", "ex_3_5_explicit_jacobians"
_BYTES = 8
_WIDTHS = (100, 10_000, 1_000_000)


def gather(examples: Examples) -> dict[str, Any]:
    """The content of the report on Jacobians."""
    symbolic, numbers = examples[SYMBOLIC], examples[NUMBERS]
    plain = derive(numbers.module.loss, numbers.module.INPUTS, "x", of="jacobian")
    texts = beside(plain, numbers.shown())
    steps = derive(numbers.module.loss, numbers.module.INPUTS, "x", printed=texts, of="jacobian")
    chained = chain_of_printed(numbers)
    every = (*symbolic.claims, *numbers.claims)
    return {
        "summary": f"{proved(every)} of {counted(len(every), 'claim')} proved; {len(numbers.wrong)} of "
        f"{len(numbers.printed)} printed values differ",
        "claims": claims_table(symbolic.claims),
        "numbers_claims": claims_table(numbers.claims),
        "proved": proved((*symbolic.claims, *numbers.claims)),
        "number": len(symbolic.claims) + len(numbers.claims),
        "steps": Steps(steps),
        "printed": len(numbers.printed),
        "differ": len(numbers.wrong),
        "wrong": Values(numbers.wrong),
        "slope": _value(numbers, "dyhat_dz3"),
        "slope_printed": _text(numbers, "dyhat_dz3"),
        "chained": chained,
        "gradient": _text(numbers, "dL_dx"),
        "by_a1": _text(numbers, "dL_da1"),
        "sizes": _sizes(),
    }


def _row(example: Example, name: str) -> Any:
    return next(row for row in example.printed if row.quantity == name)


def _text(example: Example, name: str) -> str:
    return str(_row(example, name).printed)


def _value(example: Example, name: str) -> str:
    return f"{Decimal(_row(example, name).exact):.6f}"


def chain_of_printed(example: Example) -> str:
    """The printed derivative by the first activation, times the printed first Jacobian."""
    row = np.array([float(part) for part in _text(example, "dL_da1").strip("[]").split(",")])
    product = row @ example.module.INPUTS["W1"]
    return f"[{', '.join(f'{value:.6f}' for value in product)}]"


# Sizes ------------------------------------------------------------------------------------------------------


def layer(a: Any, W: Any, b: Any) -> Any:
    """One layer with tanh."""
    return np.tanh(W @ a + b)


def _sizes() -> Table:
    """Numbers in a Jacobian and in what the pullback needs, with symbolic widths and with equal large ones."""
    graph = trace(jacobian(layer, wrt="a"), a="d_in", W="d_out d_in", b="d_out")
    shape = graph.shape(graph.outputs[0])
    entries, vectors = sp.sympify(product(shape), strict=True), sp.Add(*shape)
    rows: list[tuple[Cell, ...]] = [
        (
            "any",
            formula(sp.latex(entries)),
            formula(sp.latex(_BYTES * entries)),
            formula(sp.latex(vectors)),
            formula(sp.latex(entries / vectors)),
        )
    ]
    for width in _WIDTHS:
        at = dict.fromkeys(entries.free_symbols, width)
        count, needed = int(entries.subs(at)), int(vectors.subs(at))
        rows.append(
            (
                f"{width:,}",
                f"{count:,}",
                words(_in_bytes(_BYTES * count)),
                f"{needed:,}",
                f"{count // needed:,}",
            )
        )
    headings = (
        "widths",
        "numbers in the Jacobian",
        "in double precision",
        "numbers in and out of the pullback",
        "ratio",
    )
    return Table(headings, (0.14, 0.24, 0.2, 0.26, 0.16), tuple(rows))


def _in_bytes(count: int) -> str:
    """``80 kB``, ``8 TB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count} {unit}"
        count //= 1000
    return f"{count} TB"
