"""What does symdiff say of one entry? Its card, and its sheet with every claim judged."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import sympy as sp

from symdiff.checking.domains import ends
from symdiff.errors import SymdiffError
from symdiff.evaluation.entries import output_entries
from symdiff.library.bounds import slope
from symdiff.library.curves import curve_of
from symdiff.library.entries import Derivative, Entry, Slip
from symdiff.library.landscapes import landscapes_of
from symdiff.library.precision import accuracy, has_accuracy
from symdiff.library.slices import slice_of
from symdiff.pages import numbers
from symdiff.pages.plain import plain
from symdiff.pages.sheets import Card, Curve, FormRow, Judged, Sheet, Twin
from symdiff.verdicts import Verdict, Witness

Watch = Callable[[str], None]
_ASKED = re.compile(r"\S+: \w+ of ")  # the question of a check, which names functions and says no more
_LONG = 60
_SETS = {
    "one_hot": "with a single 1 in each row",
    "simplex": "rows of probabilities",
    "integer": "whole numbers",
    "boolean": "0 or 1",
    "symmetric": "symmetric",
    "positive_definite": "positive definite",
}
LOGITS = "the first of two logits, the other 0"
FOLLOWS = "the first order, differentiated once more"


def card_of(entry: Entry) -> Card:
    """The words of an entry."""
    names = entry.names
    domain = ", ".join(f"{name} {_set_text(told)}" for name, told in entry.domain.items())
    return Card(
        entry.name, entry.kind, entry.notes, entry.source, names.torch, names.jax, names.keras, names.differs,
        first_sentence(entry.fn), _formula(entry), domain, entry.kinks,
    )  # fmt: skip


def _set_text(told: Any) -> str:
    if not isinstance(told, tuple):
        return _SETS.get(told, str(told))
    low, high = ends(told)
    if low is None or high is None:
        return f">= {low}" if high is None else f"<= {high}"
    return f"in [{low}, {high}]"


def sheet_of(entry: Entry, watch: Watch = lambda label: None) -> Sheet:
    """Everything about an entry; ``watch`` hears what is being judged."""
    derivatives = tuple(_derivatives(entry, watch))
    forms = tuple(_forms(entry, watch))
    facts = []
    for fact in entry.facts:
        watch(fact.statement)
        facts.append(_judged("", fact.statement, fact.judge()))
    twins = []
    for slip in entry.slips:
        watch(slip.claim.__name__)
        twins.append(_twin(slip, entry.judge(slip, slip.case)))
    watch("errors in ULP")
    rows = tuple(_accuracy(entry)) if has_accuracy(entry) else ()
    watch("curve")
    moving = LOGITS if rows and not slice_of(entry).elementwise else ""
    judged = (derivatives, forms, tuple(facts), tuple(twins))
    return Sheet(card_of(entry), _text(entry), *judged, rows, _curve(entry), moving, landscapes_of(entry))


def first_sentence(fn: Any) -> str:
    """The first paragraph of a docstring, on one line, without the marks of code."""
    text = inspect.getdoc(fn) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("``", "")


def _text(entry: Entry) -> tuple[str, ...]:
    """The other paragraphs of the docstring, without its examples."""
    paragraphs = (inspect.getdoc(entry.fn) or "").split("\n\n")[1:]
    words = [part for part in paragraphs if not part.lstrip().startswith(">>>")]
    return tuple(" ".join(part.split()).replace("``", "") for part in words)


def _formula(entry: Entry) -> str:
    """The formula of a smooth elementwise entry, as its graph has it; branches are for the docstring to say."""
    cut = slice_of(entry)
    if not cut.elementwise:
        return ""
    expression = sp.sympify(output_entries(slope(cut.fn, 0))[0].item(), strict=True)
    if expression.has(sp.Piecewise):
        return ""
    symbols = {symbol: sp.Symbol("x") for symbol in expression.free_symbols}
    return str(expression.xreplace(symbols))


def _derivatives(entry: Entry, watch: Watch) -> Iterator[Judged]:
    for claim in entry.derivatives:
        watch(claim.name)
        says = first_sentence(claim.claim) if claim.first is None else FOLLOWS
        verdicts = [(case.label, entry.judge(claim, case)) for case in claim.cases]
        yield from _by_case(_order(claim, entry), says, verdicts)


def _order(claim: Derivative, entry: Entry) -> str:
    """``first, from the output``; a claim in another shape than the entry's own says so."""
    order = "first" if claim.order == 1 else "second"
    shape = claim.of if claim.order == 1 and claim.of != entry.of else ""
    return ", ".join(part for part in (order, claim.label, shape) if part)


def _forms(entry: Entry, watch: Watch) -> Iterator[Judged]:
    for label, form in entry.forms.items():
        watch(f"{label} form")
        verdicts = [(case.label, entry.same(form, case)) for case in entry.cases]
        yield from _by_case(label, first_sentence(form), verdicts)


def _by_case(label: str, says: str, verdicts: list[tuple[str, Verdict]]) -> Iterator[Judged]:
    """One row for all cases if they end alike, else one for each."""
    if len({(verdict.status, verdict.scope) for _, verdict in verdicts}) == 1:
        named = "; ".join(name for name, _ in verdicts)
        where = (
            f" ({named if len(named) <= _LONG else f'{len(verdicts)} cases'})" if len(verdicts) > 1 else ""
        )
        yield _judged(label + where, says, verdicts[0][1])
        return
    for name, verdict in verdicts:
        yield _judged(f"{label} ({name})", says, verdict)


def _judged(label: str, says: str, verdict: Verdict) -> Judged:
    roads = "; ".join(_telling(verdict.evidence.roads))
    told = "" if label or _ASKED.match(verdict.question) else verdict.question
    detail = "; ".join(part for part in (told, verdict.reason or roads) if part)
    return Judged(label, says, verdict.status, verdict.scope, detail)


def _telling(roads: tuple[str, ...]) -> list[str]:
    """What was done for this statement; where that is what is done for every claim, the first of it."""
    usual = (
        "certified balls at",
        "central differences",
        "the same normal form",
        "the same graph",
        "exact zero test",
    )
    own = [plain(road) for road in roads if not road.startswith(usual)]
    return own or [plain(road) for road in roads[:1]]


def _twin(slip: Slip, verdict: Verdict) -> Twin:
    mistake = verdict.mistake
    return Twin(
        slip.claim.__name__,
        first_sentence(slip.claim) or slip.claim.__name__,
        slip.kind,
        verdict.status,
        mistake.kind if mistake else "",
        mistake.detail if mistake else verdict.reason,
        _example(verdict.witness) if verdict.witness else "",
    )


def _example(witness: Witness) -> str:
    inputs = ", ".join(f"{name} = {numbers.text(value)}" for name, value in witness.inputs.items())
    entry = f"[{', '.join(map(str, witness.index))}]" if witness.index else ""
    shown = (
        f"d{witness.argument}{entry}: {numbers.text(witness.claimed)}, exact {numbers.text(witness.exact)}"
    )
    return " ".join(f"{inputs}: {shown}".split())


def _accuracy(entry: Entry) -> Iterator[FormRow]:
    for dtype in ("float64", "float32"):
        for row in accuracy(entry, dtype):
            yield FormRow(row.order, row.form, dtype, row.ulp, row.at, row.fails)


def _curve(entry: Entry) -> Curve | None:
    """The curve, if the entry has a slice that can be differentiated twice; optimizers have paths instead."""
    if entry.kind == "optimizer":
        return None
    try:
        return curve_of(entry)
    except (SymdiffError, ValueError, TypeError, ZeroDivisionError):
        return None
