"""How are the parts of an entry's page said? Numbers, kinks, errors and twins in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symdiff.pages.sheets import Card, Curve, FormRow, Kink, Sheet

ORDERS = ("function", "first", "second")
_JUMPS = ("the value jumps", "the slope jumps", "the second derivative jumps")


@dataclass(frozen=True)
class ErrorRow:
    """The errors of one form side by side: in double and in single precision."""

    order: str
    form: str
    double: str
    single: str
    fails: tuple[str, ...]


def ulps(row: FormRow) -> str:
    """An error as people read it: ``1.9 at -2.1e-07``; beyond a million only the size.

    >>> ulps(FormRow(0, "f", "float64", 1.94, -2.14e-07, ())), ulps(FormRow(0, "f", "float64", 0.0, 0.0, ()))
    ('1.9 at -2.1e-07', '0')
    """
    if row.ulp == 0:
        return "0"
    size = f"{row.ulp:.2g}" if row.ulp < 100 else f"{row.ulp:.0f}" if row.ulp < 1e6 else f"{row.ulp:.0e}"
    return f"{size} at {row.at:.3g}" if abs(row.at) >= 1e-3 else f"{size} at {row.at:.1e}"


def error_rows(sheet: Sheet) -> Iterator[ErrorRow]:
    """One row for each form; the failures are those in double precision."""
    doubles = [row for row in sheet.accuracy if row.dtype == "float64"]
    singles = [row for row in sheet.accuracy if row.dtype == "float32"]
    for double, single in zip(doubles, singles, strict=True):
        yield ErrorRow(ORDERS[double.order], double.form, ulps(double), ulps(single), double.fails)


def kink_text(kink: Kink) -> str:
    """``at 0: the slope jumps from 0 to 1``."""
    return f"at {kink.at:g}: {_JUMPS[kink.order]} from {kink.left:g} to {kink.right:g}"


def flat_text(curve: Curve) -> str:
    """Where the slope is small, in the window that is drawn."""
    if not curve.flat:
        return ""
    pieces = ", ".join(f"[{low:.3g}, {high:.3g}]" for low, high in curve.flat)
    return f"shaded: |slope| < {curve.bound:g}, on {pieces}"


def names_of(card: Card) -> tuple[tuple[str, str], ...]:
    """The libraries that know the entry, and how they call it."""
    pairs = (("PyTorch", card.torch), ("JAX", card.jax), ("Keras", card.keras))
    return tuple((library, name) for library, name in pairs if name)


def counts(sheet: Sheet) -> str:
    """``4 derivatives, 2 forms, 4 facts: all proved; 2 of 2 wrong twins refuted by name``."""
    groups = (("derivative", sheet.derivatives), ("form", sheet.forms), ("fact", sheet.facts))
    parts = [f"{len(rows)} {word}{'' if len(rows) == 1 else 's'}" for word, rows in groups if rows]
    judged = [row.status for _, rows in groups for row in rows]
    good = "all proved" if set(judged) == {"proved"} else f"{judged.count('proved')} of {len(judged)} proved"
    caught = sum(twin.caught for twin in sheet.twins)
    twins = "twin" if len(sheet.twins) == 1 else "twins"
    return f"{', '.join(parts)}: {good}; {caught} of {len(sheet.twins)} wrong {twins} refuted by name"
