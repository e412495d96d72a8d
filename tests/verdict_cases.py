"""Verdicts of every kind, made up: what the tests of reports and pages show."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import sympy as sp

from symdiff.pages.rows import ClaimRow, Page, PrintedRow
from symdiff.verdicts import Blindness, Entry, Evidence, Mistake, Verdict, Witness

STRANGE = "</script><b>&amp; a%b, x_1 -- \\n{}[]$#~^\"'`|*,, σ'(z) ∂f Dvořák 中 x² {{ 7*7 }} <% x %>"


def array(*entries: object) -> np.ndarray:
    return np.array(entries, dtype=object)


HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
REFUTED = Verdict(
    "refuted",
    "softmax_backward: vjp of softmax by x",
    "x (2,), cotangent (2,)",
    Evidence(("exact zero test", "central differences at 120 digits")),
    witness=Witness(
        {"x": array(Fraction(0), Fraction(0)), "cotangent": array(Fraction(1), Fraction(0))},
        "x",
        (0,),
        HALF,
        QUARTER,
        True,
        ("0.500000000000", "0.250000000000"),
        (
            Entry((0,), HALF, QUARTER, 0.25, True),
            Entry((1,), Fraction(0), -QUARTER, -0.25, True),
        ),
    ),
    mistake=Mistake(
        "missing_path",
        "the claim minus the truth is exactly y*sum(y*g).",
        "y * (g - sum(g * y, axis=-1, keepdims=True))",
        "softmax_backward.py:16",
        ("chain",),
    ),
    reason="two disjoint balls",
    right=("shape (2,)", "the path through exp"),
    blind=Blindness(31, 31),
    snippet="x = np.array([0.0, 0.0])\nsoftmax_backward(x, cotangent)",
    invariants=("softmax does not change when a constant is added to x, so sum(dx) must be 0; yours is 0.5",),
    returned="y * g",
    source="    return y * g",
)
PROVED = Verdict(
    "proved",
    "gelu_prime: gradient of gelu by x",
    "every shape",
    Evidence(("the same normal form",), assumptions=("x > 0",)),
    readings=("0.7978845608028654 as sqrt(2/pi)",),
    kink="x = 0: any value in [0, 1] is admissible; the claim gives 0",
)
AGREES = Verdict(
    "agrees",
    "rosen_der: gradient of rosen by x",
    "x (3,)",
    Evidence(("tested by property",), 200, 14, 2.13),
    blind=Blindness(30, 31, ("the probe x = 0 could have seen no sign mistake",)),
)
UNDECIDED = Verdict(
    "undecided",
    "f_hessian: hessian of f by x",
    "x (3,)",
    Evidence((), 20, 50),
    "The zero test ran out of time after 5 s.\nGive check a longer timeout=.",
)
TWO = Verdict(
    "refuted",
    "layer: gradient of loss by W, b",
    "W (2, 2), b (2,)",
    parts={
        "W": Verdict(
            "refuted",
            "layer: gradient of loss by W, b",
            "W (2, 2), b (2,)",
            witness=Witness(
                {"W": np.array([[HALF, Fraction(-1)], [Fraction(0), Fraction(10)]], dtype=object)},
                "W",
                (0, 1),
                sp.sqrt(2) / 4,
                sp.Integer(0),
                False,
            ),
            mistake=Mistake("transpose", "the result is transposed."),
        ),
        "b": replace(PROVED, question="layer: gradient of loss by W, b"),
    },
)


NOT_FINITE = Verdict(
    "refuted",
    "sigmoid_prime: gradient of sigmoid by z",
    "all real numbers",
    reason="the value is nan in floats at your inputs",
    mistake=Mistake("nan", "the value is nan in floats at your inputs"),
    numerics="the value is nan in floats at your inputs",
)
MANY = replace(
    TWO, parts={**{f"b{k}": replace(PROVED, scope="W (2, 2)") for k in range(12)}, "W": TWO.parts["W"]}
)


def row(verdict: Verdict, line: int = 1, name: str = "claim", source: str | None = None) -> ClaimRow:
    return ClaimRow("a.py", line, name, verdict.question, source, verdict, seconds=0.25)


VALUES = (
    PrintedRow("a.py", "table 1, step 2", "y_hat", "0.786003", "0.786003482", True),
    PrintedRow("a.py", None, "dL_dz3", "-0.035896", "-0.035995322", False),
    PrintedRow(
        "b.py", "J2", "J", "[[0.0165, -0.04], [1e-4, 2]]", "[[0.0165347, -0.0283], [1.02e-4, 2]]", False
    ),
)
ROWS = (
    row(PROVED, 3),
    row(AGREES, 5),
    row(UNDECIDED, 7),
    row(REFUTED, 9, "softmax_backward"),
    row(TWO, 11, "layer"),
)
PAGE = Page("Claims of examples", ROWS, VALUES)


def strange(text: str = STRANGE) -> Page:
    """A page in which every text of the user is strange."""
    mistake = Mistake("unknown", text, text, text)
    entries = (Entry((0,), text, text, 0.5, True), Entry((1,), text, text, 0.5, False))
    witness = Witness({text: array(1, 2)}, text, (0,), text, text, False, (text, text), entries)
    part = Verdict("agrees", text, text, Evidence((text,), assumptions=(text,)), text, readings=(text,))
    wrong = Verdict(
        "refuted", text, text, reason=text, witness=witness, mistake=mistake, kink=text,
        blind=Blindness(0, 1, (text,)), numerics=text, parts={text: part}, right=(text,), snippet=text,
        invariants=(text,), returned=text, source=text,
    )  # fmt: skip
    rows = tuple(
        ClaimRow(text, 1, text, text, text, v, formula=text)
        for v in (wrong, part, replace(part, status="undecided"))
    )
    return Page(
        text, rows, tuple(PrintedRow(text, text, text, text, text, agrees) for agrees in (True, False))
    )
