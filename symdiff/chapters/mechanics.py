"""Of which kind is each row of tables 1.1 to 1.3, and under which convention do its shapes match?"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from symdiff.chapters.judged import claims_table, proved
from symdiff.chapters.marks import code, counted, formula, words
from symdiff.chapters.pieces import Cell, Steps, Table
from symdiff.chapters.sources import Examples
from symdiff.derivations.conventions import Fit, fits
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing.equations import equations

FILE = "ex_1_5_training_mechanics"
_BODY = re.compile(r"lambda [^:]*: (.*?)(?:,|\})?\s*$")
# What the notes print for a quantity: its data structure, its kind of product; and the steps that it stands for.
TABLE_1_1 = {
    "HI_1": ("matrix", "dot product", ("HI_1",)),
    "HO_1": ("vector", "element-wise", ("HO_1",)),
    "HI_2": ("vector", "dot product", ("HI_2",)),
    "HO_2": ("vector", "element-wise", ("HO_2",)),
    "HO_final": ("vector", "dot product", ("HO_final",)),
    "Y_hat": ("vector", "element-wise", ("Y_hat",)),
    "E": ("vector", "element-wise", ("E",)),
}
TABLE_1_2 = {
    "err_HO_final": ("vector", "element-wise", ("dL_dHO_final",)),
    "err_HO_2": ("vector", "dot product, then element-wise", ("dL_dHO_2", "dL_dHI_2")),
    "err_HO_1": ("vector", "dot product, then element-wise", ("dL_dHO_1", "dL_dHI_1")),
}
TABLE_1_3 = {
    "W1": ("matrix", "dot product", ("dL_dW1", "W1_new")),
    "W2": ("matrix", "dot product", ("dL_dW2", "W2_new")),
    "W3": ("matrix", "dot product", ("dL_dW3", "W3_new")),
}
_ALIKE = {"element-wise": {"elementwise function", "Hadamard product"}, "dot product": {"dot product"}}


def gather(examples: Examples) -> dict[str, Any]:
    """The content of the report on training mechanics."""
    example = examples[FILE]
    module = example.module
    derivation = derive(module.one_sample, module.VECTORS, module.PARAMETERS, update="lr")
    rows = {**module.PRINTED, "W1, section 1.7": module.SECTION_1_7["W1"]}
    found = fits({name.partition(",")[0]: row for name, row in module.PRINTED.items()}, module.LAYOUTS)
    seventh = fits(module.SECTION_1_7, module.LAYOUTS)
    bias = fits({"B1": lambda B1, lr, err_HO_1: B1 + lr * err_HO_1}, module.LAYOUTS)
    several = next(fit for fit in bias if fit.convention == "rows")
    return {
        "steps": Steps(derivation),
        "kinds": [_kinds(derivation, table) for table in (TABLE_1_1, TABLE_1_2, TABLE_1_3)],
        "conventions": _conventions(rows, [*found, *seventh]),
        "only": {label: _only(found, label) for label in module.LAYOUTS},
        "both": _both(found),
        "claims": claims_table(example.claims),
        "proved": proved(example.claims),
        "number": len(example.claims),
        "bias": several.problem,
        "summary": f"{counted(len(rows), 'row')} of the tables under two conventions; {proved(example.claims)} of "
        f"{counted(len(example.claims), 'claim')} proved",
    }


def _kinds(derivation: Derivation, told: Mapping[str, tuple[str, str, tuple[str, ...]]]) -> Table:
    """What the notes print beside what the graph says; what differs is in bold type."""
    lines = dict(zip((s.quantity for s in derivation.steps), equations(derivation), strict=True))
    rows: list[tuple[Cell, ...]] = []
    for name, (structure, product, quantities) in told.items():
        steps = [derivation.step(quantity) for quantity in quantities]
        found = list(dict.fromkeys(kind for step in steps for kind in step.products))
        is_alike = set(found) <= {kind for part in product.split(", then ") for kind in _ALIKE[part]}
        shown = ", ".join(found) or "sum of terms"
        right = steps[0].structure
        rows.append(
            (
                code(name),
                "\\\n".join(formula(lines[quantity], large=True) for quantity in quantities),
                structure,
                right if right == structure else f"**{right}**",
                product,
                shown if is_alike else f"**{shown}**",
            )
        )
    headings = ("", "derived", "structure, printed", "read off", "product, printed", "read off")
    return Table(headings, (0.12, 0.36, 0.11, 0.1, 0.13, 0.18), tuple(rows))


def _conventions(rows: Mapping[str, Callable[..., Any]], found: list[Fit]) -> Table:
    """Each row with the shape of its result under each convention, or the sizes that do not match."""
    cells: list[tuple[Cell, ...]] = []
    pairs = zip(found[::2], found[1::2], strict=True)
    for (name, row), (first, second) in zip(rows.items(), pairs, strict=True):
        cells.append((words(name), code(body(row)), _fit(first), _fit(second)))
    return Table(("row", "as printed", "columns", "rows"), (0.17, 0.35, 0.24, 0.24), tuple(cells))


def _fit(fit: Fit) -> str:
    return words(fit).partition(": ")[2] if fit.ok else f"*{words(fit.problem)}*"


def body(row: Callable[..., Any]) -> str:
    """What a lambda computes, as its file has it.

    >>> body(lambda x: x + 1)
    'x + 1)'
    """
    line = " ".join(inspect.getsource(row).split())
    found = _BODY.search(line)
    return found[1] if found else line


def _only(found: tuple[Fit, ...], label: str) -> list[str]:
    """The rows that fit under one convention only."""
    fitting = {c: {f.row for f in found if f.ok and f.convention == c} for c in {f.convention for f in found}}
    others = set().union(*(rows for c, rows in fitting.items() if c != label))
    return [row for row in dict.fromkeys(f.row for f in found) if row in fitting[label] - others]


def _both(found: tuple[Fit, ...]) -> list[str]:
    return [row for row in dict.fromkeys(f.row for f in found) if all(f.ok for f in found if f.row == row)]
