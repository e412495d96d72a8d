"""What does a counterexample look like? The inputs, and a table: a column for each entry, a row for each source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symdiff.verdicts import Entry, Witness, symbol_of


@dataclass(frozen=True)
class Row:
    """Whose numbers they are, the numbers, and where they come from."""

    who: str
    cells: tuple[Any, ...]
    note: str = ""


@dataclass(frozen=True)
class Example:
    """The smallest counterexample; ``wrong`` marks the columns in which yours is not the exact value."""

    label: str
    inputs: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    wrong: tuple[bool, ...]


def example(witness: Witness, of: str, fn: str, *, on_kink: bool = False) -> Example:
    """The table of a witness of the derivative ``of`` a function: every entry where they are few.

    ``on_kink`` there is no exact derivative, only a convention.
    """
    balls = tuple(map(_trimmed, witness.enclosures or ("", "")))
    entries = witness.entries or (Entry(witness.index, witness.claimed, witness.exact, None, True),)
    symbol = symbol_of(of, witness.argument)
    columns = tuple(f"{symbol}[{', '.join(map(str, e.index))}]" if e.index else symbol for e in entries)
    yours, exact = tuple(e.claimed for e in entries), tuple(e.exact for e in entries)
    rows = [
        Row("yours", yours, _note(balls[0], yours, witness.certified)),
        Row(
            "nearest" if on_kink and not witness.certified else "exact",
            exact,
            _note(balls[1], exact, witness.certified),
        ),
    ]
    if all(e.measured is not None for e in entries):
        rows.append(
            Row("finite diff.", tuple(f"{e.measured:.6g}" for e in entries), f"from {_called(fn)} alone")
        )
    shown = tuple(e.wrong for e in entries) if len(entries) > 1 else ()
    return Example("Smallest example", dict(witness.inputs), columns, tuple(rows), shown)


def _called(fn: str) -> str:
    return "f" if fn == "<lambda>" else fn


def _note(ball: str, cells: tuple[Any, ...], certified: bool) -> str:
    """The interval of a single number that does not show its own digits."""
    if not ball or len(cells) > 1 or isinstance(cells[0], (int, float, Fraction)) or str(cells[0]) == ball:
        return ""
    return f"{'certified' if certified else 'about'} {ball}"


def _trimmed(ball: str) -> str:
    """``0.250000000000`` as ``0.25``, and ``[0.8414709848078965 +/- 2e-20]`` as ``0.841470984808``."""
    found = re.fullmatch(r"\[(\S+) \+/- \S+\]", ball)
    ball = f"{float(found[1]):.12g}" if found else ball
    return re.sub(r"(\.\d*?)0+(?=$|e)", r"\1", ball).removesuffix(".")
