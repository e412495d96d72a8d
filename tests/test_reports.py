"""Are verdicts told in the words agreed on?"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from rich.console import Console
from verdict_cases import (
    AGREES,
    HALF,
    MANY,
    NOT_FINITE,
    PAGE,
    PROVED,
    QUARTER,
    REFUTED,
    TWO,
    UNDECIDED,
    array,
    row,
)

from symdiff.pages import numbers, terminal
from symdiff.pages.rows import Page
from symdiff.verdicts import Entry, Evidence, Mistake, Verdict, Witness


def test_refuted() -> None:
    assert (
        terminal.report(REFUTED)
        == """\
WRONG GRADIENT   softmax_backward, argument x   (certain)

  You return      y * g
  It should be    y * (g - sum(g * y, axis=-1, keepdims=True))
  Mistake         missing path: the claim minus the truth is exactly y*sum(y*g).

  Smallest example
      x = [0, 0]   cotangent = [1, 0]

                    dx[0]   dx[1]
      yours           1/2       0
      exact           1/4    -1/4
      finite diff.   0.25   -0.25   from softmax alone
                    wrong   wrong

  Without any reference
      softmax does not change when a constant is added to x, so sum(dx) must be
      0; yours is 0.5

  Certain because the two values were enclosed in intervals that do not meet
  What is right   shape (2,); the path through exp
  Where           softmax_backward.py:16
                  16 |     return y * g
  Not checked     shapes other than x (2,), cotangent (2,)

  Reproduce
      x = np.array([0.0, 0.0])
      softmax_backward(x, cotangent)"""
    )


def added_by_verbose(verdict: Verdict) -> str:
    """What follows the short report."""
    short, long = terminal.report(verdict), terminal.report(verdict, verbose=True)
    assert long.startswith(short)
    return long.removeprefix(short).strip("\n")


def test_verbose_says_who_checked_it_and_how_well() -> None:
    assert (
        added_by_verbose(REFUTED)
        == """\
  Question        vjp of softmax by x
  Checked by      exact algebra; differences of the function (120 digits)
  Probe quality   31 of 31 planted mistakes were caught
  Also possible   chain"""
    )
    assert added_by_verbose(PROVED) == "  Not checked     rounding in floats away from your inputs"
    assert added_by_verbose(AGREES) == "  Checked by      tested by property"


def test_a_repair_lays_out_what_it_shares() -> None:
    repair = "t1*t2  where t1 = 1/sum(exp(x), axis=1), t2 = f(x, t1)"
    assert REFUTED.mistake is not None
    shown = terminal.report(replace(REFUTED, mistake=replace(REFUTED.mistake, repair=repair))).splitlines()
    assert shown[3:6] == [
        "  It should be    t1*t2",
        "                  where t1 = 1/sum(exp(x), axis=1)",
        "                        t2 = f(x, t1)",
    ]


def test_sentences_are_wrapped_and_code_is_not() -> None:
    long = replace(REFUTED, returned="y" * 150, reason="word " * 60)
    for width, most in ((20, 60), (80, 80), (300, 100)):
        lines = terminal.report(long, width=width).splitlines()
        prose = [line for line in lines if "word" in line]
        assert max(map(len, prose)) <= most < max(map(len, prose)) + 6
        assert f"  You return      {'y' * 150}" in lines


def test_a_wide_table_stands_upright() -> None:
    assert REFUTED.witness is not None
    entries = tuple(Entry((10, k), QUARTER, HALF if k else QUARTER, 0.5, k > 0) for k in range(3))
    wide = replace(REFUTED, witness=replace(REFUTED.witness, argument="enc.W", entries=entries))
    assert """
                        yours   exact   finite diff.
      d(enc.W)[10, 0]     1/4     1/4            0.5
      d(enc.W)[10, 1]     1/4     1/2            0.5   wrong
      d(enc.W)[10, 2]     1/4     1/2            0.5   wrong
      finite diff. from softmax alone
""" in terminal.report(wide)
    assert "d(enc.W)[10, 0]   d(enc.W)[10, 1]   d(enc.W)[10, 2]\n" in terminal.report(wide, width=100)


def test_an_exact_number_shows_its_digits() -> None:
    witness = Witness({"x": HALF}, "x", (), 1.0, sp.sin(1), True, ("1.0", "[0.8414709848078965 +/- 2e-20]"))
    lines = terminal.report(replace(REFUTED, witness=witness)).splitlines()
    assert "      yours            1.0" in lines
    assert "      exact         sin(1)   certified 0.841470984808" in lines


def test_no_word_of_the_trade() -> None:
    roads = ("certified balls at rational points", "exact zero test in 3 generators")
    told = terminal.report(
        replace(PROVED, evidence=Evidence((*roads, "the same normal form in index notation")))
    )
    assert not re.search(
        "ball|disjoint|zero test|generator|normal form|Road", told + terminal.report(REFUTED, True)
    )


def test_proved() -> None:
    assert (
        terminal.report(PROVED)
        == """\
PROVED   gelu_prime: gradient of gelu by x, for every shape
  Checked by      the same normal form
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

  Mistake         transpose: the result is transposed.

  Smallest example
      W = [[1/2, -1],
           [  0, 10]]

                     dW[0, 1]
      yours         sqrt(2)/4
      exact                 0

  What is right   b (proved)
  Not checked     shapes other than W (2, 2), b (2,); whether this is the only
                  mistake"""
    )


def test_of_many_parts_the_short_report_lists_the_wrong_ones() -> None:
    assert terminal.report(MANY).splitlines()[2:5] == ["  W   refuted     transpose", "  and 12 proved", ""]
    assert "  What is right   12 other arguments (proved)" in terminal.report(MANY)
    assert "  b11   proved      W (2, 2)" in terminal.report(MANY, verbose=True)


def test_floats_and_formulas_are_different_words() -> None:
    assert (
        terminal.report(NOT_FINITE)
        == """\
NOT FINITE   sigmoid_prime   (certain)

  Mistake         nan: the value is nan in floats at your inputs
  Not checked     whether this is the only mistake"""
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


def test_a_narrow_table_cuts_nothing() -> None:
    stream = io.StringIO()
    page = Page("", (row(UNDECIDED, name="a_name_that_is_longer_than_its_column_can_be", source="t. 1"),))
    terminal.table(Console(file=stream, width=60), page)
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    columns = ((0, 23), (24, 34), (35, 51), (51, 60))
    whole = ["".join(line[left:right].strip() + " " for line in lines[1:]) for left, right in columns]
    assert whole[0].replace(" ", "") == "a_name_that_is_longer_than_its_column_can_be"
    said = "The zero test ran out of time after 5 s. t. 1"
    assert [" ".join(text.split()) for text in whole[1:]] == ["undecided", said, "0.25 s"]


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
