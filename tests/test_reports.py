"""Are verdicts told in the words agreed on?"""

from __future__ import annotations

import io
import re
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from rich.console import Console
from verdict_cases import AGREES, HALF, PAGE, PROVED, REFUTED, TWO, UNDECIDED, array, row

from symdiff.pages import numbers, terminal
from symdiff.pages.rows import Page
from symdiff.verdicts import Mistake, Verdict


def test_refuted() -> None:
    assert (
        terminal.report(REFUTED)
        == """\
WRONG GRADIENT   softmax_backward, argument x   (certain)

  Question        vjp of softmax by x
  Mistake         missing path: the claim minus the truth is exactly y*sum(y*g).
  It should be    y * (g - sum(g * y, axis=-1, keepdims=True))

  Smallest example
      x = [0, 0]   cotangent = [1, 0]

      entry [0] of x
      claimed 1/2   certified 0.5
      exact   1/4   certified 0.25

  What is right   shape (2,); the path through exp
  Where           softmax_backward.py:16: return y * g
  Roads           exact zero test; central differences at 120 digits
  Also possible   chain
  Not checked     shapes other than x (2,), cotangent (2,)

  Reproduce
      x = np.array([0.0, 0.0])
      softmax_backward(x, cotangent)"""
    )


def test_verbose_says_more() -> None:
    more = set(terminal.report(REFUTED, verbose=True).splitlines()) - set(
        terminal.report(REFUTED).splitlines()
    )
    assert more == {"  Probe quality   31 of 31 planted mistakes were caught"}


def test_proved() -> None:
    assert (
        terminal.report(PROVED)
        == """\
PROVED   gelu_prime: gradient of gelu by x, for every shape
  Roads           the same normal form
  Assuming        x > 0
  Readings        0.7978845608028654 as sqrt(2/pi)
  Kink            x = 0: any value in [0, 1] is admissible; the claim gives 0"""
    )
    bare = Verdict("proved", "d: gradient of f by x", "all real numbers")
    assert terminal.report(bare) == "PROVED   d: gradient of f by x, for all real numbers"


def test_agrees() -> None:
    assert (
        terminal.report(AGREES)
        == """\
AGREES   rosen_der: gradient of rosen by x, for x (3,)   (tested, not proved)
  Evidence        200 points, at least 14 digits, largest error 2.13 ULP
  Probe quality   30 of 31 planted mistakes were caught
                  the probe x = 0 could have seen no sign mistake
  Roads           tested by property
  Not checked     shapes other than x (3,)"""
    )


def test_undecided() -> None:
    assert (
        terminal.report(UNDECIDED)
        == """\
UNDECIDED   f_hessian: hessian of f by x
  Reason          The zero test ran out of time after 5 s.
  To decide       Give check a longer timeout=.
  So far          20 points, at least 50 digits"""
    )


def test_parts() -> None:
    assert (
        terminal.report(TWO)
        == """\
WRONG GRADIENT   layer, argument W   (measured, not certified)

  W   refuted     transpose
  b   proved      every shape

  Question        gradient of loss by W, b
  Mistake         transpose: the result is transposed.

  Smallest example
      W = [[1/2, -1],
           [  0, 10]]

      entry [0, 1] of W
      claimed sqrt(2)/4
      exact   0

  Not checked     shapes other than W (2, 2), b (2,); whether this is the only mistake"""
    )


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ("value", "WRONG VALUE"),
        ("jacobian", "WRONG JACOBIAN"),
        ("hessian", "WRONG HESSIAN"),
        ("hvp", "WRONG HESSIAN-VECTOR PRODUCT"),
        ("jvp", "WRONG JACOBIAN-VECTOR PRODUCT"),
        ("trajectory", "WRONG"),
    ],
)
def test_the_headline_names_what_is_wrong(of: str, words: str) -> None:
    wrong = Verdict("refuted", f"mine: {of} of f by x", "", mistake=Mistake("shape", "(2,) for (3,)."))
    assert terminal.report(wrong).splitlines()[0] == f"{words}   mine   (certain)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(-3, 4), "-3/4"),
        (0.1, "0.1"),
        (np.float64(1e-20), "1e-20"),
        (float("nan"), "nan"),
        (sp.exp(1) / 2, "E/2"),
        (np.array(Fraction(1, 2), dtype=object), "1/2"),
        (np.zeros((0,)), "[]"),
        (array(1, HALF), "[1, 1/2]"),
        (np.array([[[1, 2], [3, -4]]], dtype=object), "[[[1,  2],\n  [3, -4]]]"),
    ],
)
def test_numbers(value: object, text: str) -> None:
    assert numbers.text(value) == text


def test_summary() -> None:
    assert PAGE.summary == "5 claims: 1 proved, 1 agrees, 2 refuted, 1 undecided"
    assert PAGE.printed_summary == "3 printed values: 1 agrees, 2 differ"
    assert Page("", (row(PROVED),)).summary == "1 claim: 1 proved, 0 agree, 0 refuted, 0 undecided"
    assert Page("", (row(PROVED),)).printed_summary == ""


def test_table() -> None:
    stream = io.StringIO()
    page = Page("", (row(PROVED, name="[bold]x"), row(UNDECIDED, source="t. 1")))
    terminal.table(Console(file=stream, width=110), page)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert lines[0] == "a.py"
    assert re.fullmatch(r"  \[bold\]x  proved     every shape +0\.25 s", lines[1])
    assert re.fullmatch(
        r"  claim    undecided  The zero test ran out of time after 5 s\. +t\. 1 +0\.25 s", lines[2]
    )


def test_table_of_printed_values() -> None:
    stream = io.StringIO()
    terminal.printed_table(Console(file=stream, width=40), PAGE)
    assert (
        stream.getvalue()
        == """\
Printed values that differ
  a.py: dL_dz3
    printed     -0.035896
    recomputed  -0.035995322
  b.py, J2: J
    printed     [[0.0165, -0.04], [1e-4, 2]]
    recomputed  [[0.0165347, -0.0283], [1.02e-4, 2]]
"""
    )


def test_refutations_stand_under_their_lines() -> None:
    assert terminal.refutations(PAGE).startswith("a.py:9\nWRONG GRADIENT   softmax_backward")
    assert "\n\na.py:11\nWRONG GRADIENT   layer" in terminal.refutations(PAGE)
