"""What does a verdict say, and in which order? A headline and sections, as data for every printer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from symdiff.verdicts import Blindness, Evidence, Status, Verdict, Witness

_TITLE = re.compile(r"(?P<name>[^:]+): (?P<of>\w+) of (?P<fn>.+?)(?: by (?P<by>.+))?")
_WRONG = {
    "value": "WRONG VALUE",
    "gradient": "WRONG GRADIENT",
    "vjp": "WRONG GRADIENT",
    "jacobian": "WRONG JACOBIAN",
    "hessian": "WRONG HESSIAN",
    "hvp": "WRONG HESSIAN-VECTOR PRODUCT",
    "jvp": "WRONG JACOBIAN-VECTOR PRODUCT",
}


@dataclass(frozen=True)
class Headline:
    """The verdict in one line: ``WRONG GRADIENT   softmax_backward, argument x   (certain)``."""

    words: str
    subject: str
    note: str


@dataclass(frozen=True)
class Prose:
    """A label and sentences."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """A label and program text; ``aside`` puts it beside the label instead of below."""

    label: str
    text: str
    aside: bool = False


@dataclass(frozen=True)
class Example:
    """The smallest counterexample: the inputs, and the two values of one entry."""

    label: str
    inputs: dict[str, Any]
    entry: str
    values: tuple[tuple[str, Any, str], ...]
    certified: bool


@dataclass(frozen=True)
class Parts:
    """One line for each argument."""

    label: str
    rows: tuple[tuple[str, Status, str], ...]


Section: TypeAlias = Prose | Code | Example | Parts


def headline(verdict: Verdict) -> Headline:
    """What is said first."""
    match verdict.status:
        case "proved":
            return Headline("PROVED", f"{verdict.question}{_scope(verdict)}", "")
        case "agrees":
            return Headline("AGREES", f"{verdict.question}{_scope(verdict)}", "tested, not proved")
        case "undecided":
            return Headline("UNDECIDED", verdict.question, "")
        case "refuted":
            return _refuted_headline(verdict)


def sections(verdict: Verdict, verbose: bool = False) -> tuple[Section, ...]:
    """What follows, most useful first; ``verbose`` adds what only some readers want."""
    match verdict.status:
        case "proved" | "agrees":
            found = _right(verdict, verbose)
        case "undecided":
            found = _undecided(verdict)
        case "refuted":
            found = _refuted(_telling(verdict), verbose)
    parts: list[Section] = [_parts(verdict)] if verdict.parts else []
    return tuple(s for s in [*parts, *found] if not isinstance(s, Prose) or s.lines)


def gist(verdict: Verdict) -> str:
    """One line: what a table of claims has room for."""
    match verdict.status:
        case "proved":
            return verdict.scope
        case "agrees":
            return "; ".join(_evidence(verdict.evidence)) or verdict.scope
        case "undecided":
            return next(iter(verdict.reason.splitlines()), "")
        case "refuted":
            mistake = _telling(verdict).mistake
            return spoken(mistake.kind) if mistake else "wrong"


def spoken(kind: str) -> str:
    """A kind of mistake in words: ``missing path``; ``unknown`` is the mistake without a name."""
    return "not one of the known kinds" if kind == "unknown" else kind.replace("_", " ")


def question(verdict: Verdict) -> str:
    """The question without the claim's name: ``vjp of softmax by x``."""
    found = _TITLE.fullmatch(verdict.question)
    return verdict.question.split(": ", 1)[1] if found else verdict.question


def _refuted_headline(verdict: Verdict) -> Headline:
    telling = _telling(verdict)
    found = _TITLE.fullmatch(verdict.question)
    words = _WRONG.get(found["of"], "WRONG") if found else "WRONG"
    subject = found["name"] if found else verdict.question
    if telling.witness and found and found["by"]:
        subject += f", argument {telling.witness.argument}"
    sure = telling.witness is None or telling.witness.certified
    return Headline(words, subject, "certain" if sure else "measured, not certified")


def _telling(verdict: Verdict) -> Verdict:
    """The verdict itself, or its first refuted part when only that one knows why."""
    if verdict.witness or verdict.mistake:
        return verdict
    return next((part for part in verdict.parts.values() if part.status == "refuted"), verdict)


def _refuted(verdict: Verdict, verbose: bool) -> list[Section]:
    mistake, found = verdict.mistake, _TITLE.fullmatch(verdict.question)
    result: list[Section] = [Prose("Question", (question(verdict),))] if found else []
    if mistake:
        detail = f"{spoken(mistake.kind)}: {mistake.detail}" if mistake.detail else spoken(mistake.kind)
        result.append(Prose("Mistake", (detail,)))
        if mistake.repair:
            result.append(Code("It should be", mistake.repair, aside=True))
    if verdict.witness:
        result.append(_example(verdict.witness))
    if verdict.reason:
        result.append(Prose("Reason", tuple(verdict.reason.splitlines())))
    place = (mistake and mistake.where) or verdict.where
    result.append(Prose("What is right", _joined(verdict.right)))
    result += [Code("Where", place, aside=True)] if place else []
    result += _common(verdict, verbose)
    if mistake and mistake.alternatives:
        result.append(Prose("Also possible", (", ".join(map(spoken, mistake.alternatives)),)))
    result.append(Prose("Not checked", _not_checked(verdict)))
    if verdict.snippet:
        result.append(Code("Reproduce", verdict.snippet))
    return result


def _right(verdict: Verdict, verbose: bool) -> list[Section]:
    tested: list[Section] = []
    if verdict.status == "agrees":
        tested = [Prose("Evidence", _evidence(verdict.evidence)), *_blind(verdict.blind)]
    result = [*tested, *_common(verdict, verbose)]
    if verbose or tested:
        result += [Prose("Why not proved" if tested else "Reason", tuple(verdict.reason.splitlines()))]
        result += [Prose("Not checked", _not_checked(verdict))]
    if verbose:
        result += [Prose("What is right", _joined(verdict.right))]
        result += [Code("Where", verdict.where, aside=True)] if verdict.where else []
    return result


def _undecided(verdict: Verdict) -> list[Section]:
    first, *others = verdict.reason.splitlines() or [""]
    result: list[Section] = [Prose("Reason", (first,) if first else ()), Prose("To decide", tuple(others))]
    result += [Prose("So far", _evidence(verdict.evidence)), *_blind(verdict.blind)]
    return [*result, *_common(verdict, False)]


def _common(verdict: Verdict, verbose: bool) -> list[Section]:
    """What any verdict may carry."""
    result: list[Section] = [
        Prose("Roads", _joined(verdict.evidence.roads)),
        Prose("Assuming", _joined(verdict.evidence.assumptions)),
        Prose("Readings", _joined(verdict.readings)),
        Prose("Kink", tuple((verdict.kink or "").splitlines())),
        Prose("In floats", tuple((verdict.numerics or "").splitlines())),
    ]
    if verbose and verdict.status != "agrees":
        result += [Prose("Evidence", _evidence(verdict.evidence)), *_blind(verdict.blind)]
    return result


def _example(witness: Witness) -> Example:
    balls = tuple(map(_trimmed, witness.enclosures or ("", "")))
    values = (("claimed", witness.claimed, balls[0]), ("exact", witness.exact, balls[1]))
    entry = f"entry [{', '.join(map(str, witness.index))}] of {witness.argument}" if witness.index else ""
    return Example("Smallest example", dict(witness.inputs), entry, values, witness.certified)


def _trimmed(ball: str) -> str:
    """``0.250000000000`` as ``0.25``."""
    return re.sub(r"(\.\d*?)0+(?=$|e)", r"\1", ball).rstrip(".")


def _parts(verdict: Verdict) -> Parts:
    rows = tuple((name, part.status, gist(part)) for name, part in verdict.parts.items())
    return Parts("By argument", rows)


def _evidence(evidence: Evidence) -> tuple[str, ...]:
    facts = [f"{evidence.points} {'point' if evidence.points == 1 else 'points'}"] if evidence.points else []
    facts += [f"at least {evidence.digits} digits"] if evidence.digits is not None else []
    facts += [f"largest error {evidence.ulps:.3g} ULP"] if evidence.ulps is not None else []
    return (", ".join(facts),) if facts else ()


def _blind(blind: Blindness | None) -> list[Section]:
    if blind is None:
        return []
    caught = f"{blind.caught} of {blind.planted} planted mistakes were caught"
    return [Prose("Probe quality", (caught, *blind.warnings))]


def _not_checked(verdict: Verdict) -> tuple[str, ...]:
    """What the verdict leaves open, so that nobody reads more into it."""
    missing = []
    if verdict.scope and verdict.scope not in ("every shape", "all real numbers"):
        missing.append(f"shapes other than {verdict.scope}")
    if verdict.status == "refuted" and not (verdict.mistake and verdict.mistake.repair):
        missing.append("whether this is the only mistake")
    return ("; ".join(missing),) if missing else ()


def _scope(verdict: Verdict) -> str:
    return f", for {verdict.scope}" if verdict.scope else ""


def _joined(facts: tuple[str, ...]) -> tuple[str, ...]:
    return ("; ".join(facts),) if facts else ()
