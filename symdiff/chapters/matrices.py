"""What must be kept for the backward pass of section 2.9, and which products appear where? Read off the graph."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symdiff.chapters.judged import claims_table, proved
from symdiff.chapters.marks import counted, formula, words
from symdiff.chapters.pieces import Cell, Steps, Table
from symdiff.chapters.sources import Examples
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation, Step
from symdiff.derivations.writing.equations import equations
from symdiff.ir.sizes import product

FILE = "ex_2_9_matrix_form"
SHAPES = {
    "x": "d0", "W1": "d1 d0", "b1": "d1", "W2": "d2 d1", "b2": "d2", "W3": "d3 d2", "b3": "d3", "y": "d3",
}  # fmt: skip
PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")
# Table 2.8: what the notes say is stored, and the formula in which they say it is used.
STORED = {
    "x": r"\delta_1 x^\top",
    "z1": r"\mathbb{I}[z_1 > 0]",
    "a1": r"\delta_2 a_1^\top",
    "z2": r"1 - a_2^{\odot 2}",
    "a2": r"\delta_3 a_2^\top",
    "z3": r"\hat{y} \odot (1 - \hat{y})",
    "y_hat": r"\hat{y} - y",
}


def gather(examples: Examples) -> dict[str, Any]:
    """The content of the report on the matrix form."""
    example = examples[FILE]
    derivation = derive(example.module.loss, SHAPES, PARAMETERS)
    by_all = derive(example.module.loss, SHAPES, (*PARAMETERS, "x"))
    saved = [step for step in derivation.phase("forward") if step.saved]
    computed = [step for step in saved if step.rule == "definition"]
    idle = [name for name in STORED if not derivation.step(name).saved]
    return {
        "steps": Steps(derivation),
        "stored": _stored(derivation),
        "idle": [formula(_left(derivation, name)) for name in idle],
        "idle_number": len(idle),
        "stored_number": len(STORED),
        "total": sum((sp.sympify(product(s.shape), strict=True) for s in computed), sp.Integer(0)),
        "inputs_too": [s.quantity for s in saved if s.rule == "input"],
        "for_x": [
            s.quantity for s in by_all.phase("forward") if s.saved and not derivation.step(s.quantity).saved
        ],
        "products": _products(derivation),
        "claims": claims_table(example.claims),
        "proved": proved(example.claims),
        "number": len(example.claims),
        "checked": derivation.checked,
        "summary": f"{len(idle)} of {len(STORED)} values that table 2.8 stores are not needed; "
        f"{proved(example.claims)} of {counted(len(example.claims), 'claim')} proved",
    }


def _left(derivation: Derivation, name: str) -> str:
    return equations(derivation)[derivation.step(name).number - 1].left


def _users(derivation: Derivation, step: Step) -> list[Step]:
    return [s for s in derivation.phase("backward") if step.number in s.sources]


def _stored(derivation: Derivation) -> Table:
    """Forward quantities: what table 2.8 says of them, and which backward steps need them."""
    told = equations(derivation)
    rows: list[tuple[Cell, ...]] = []
    for step in derivation.phase("forward"):
        users = _users(derivation, step)
        if not users and step.quantity not in STORED:
            continue
        printed = STORED.get(step.quantity)
        needed = "\\\n".join(f"step {s.number}: {formula(told[s.number - 1], large=True)}" for s in users)
        rows.append(
            (
                formula(told[step.number - 1].left),
                formula(r" \times ".join(map(sp.latex, step.shape)) or "1"),
                formula(printed) if printed else "not listed",
                needed or "**not needed**",
            )
        )
    headings = ("quantity", "size", "used in, table 2.8", "needed by, read off")
    return Table(headings, (0.1, 0.1, 0.22, 0.58), tuple(rows))


def _products(derivation: Derivation) -> Table:
    """Every kind of product, and in which steps it appears."""
    told = equations(derivation)
    kinds = list(dict.fromkeys(kind for step in derivation.steps for kind in step.products))
    rows: list[tuple[Cell, ...]] = []
    for kind in kinds:
        places = []
        for phase in ("forward", "backward"):
            steps = [s for s in derivation.steps if s.phase == phase and kind in s.products]
            places.append(", ".join(formula(told[s.number - 1].left, large=True) for s in steps))
        rows.append((words(kind), *places))
    return Table(("product", "forward, in", "backward, in"), (0.26, 0.32, 0.42), tuple(rows))
