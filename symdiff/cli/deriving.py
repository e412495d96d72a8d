"""``symdiff explain FILE`` derives the functions whose derivatives a file claims, step by step."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from symdiff.checking.arguments import chosen, parameters
from symdiff.checking.claims import Claim
from symdiff.cli.statuses import write
from symdiff.collecting import collect
from symdiff.derivations.deriving import derive
from symdiff.derivations.rendering.html import to_html
from symdiff.derivations.rendering.latex import to_latex
from symdiff.derivations.rendering.text import to_text
from symdiff.derivations.steps import Derivation
from symdiff.derivations.walking.walks import Of
from symdiff.errors import InputError, explain
from symdiff.exercises.subjects import Subject
from symdiff.pages.controls import visible

SEPARATOR = "::"
FIRST = ("gradient", "vjp")
_OTHERS: tuple[Of, ...] = ("jacobian", "hvp")
_TITLES = {"hvp": "second order, ", "jacobian": "Jacobian, "}


def is_file(name: str) -> bool:
    """Whether a name is that of a file, or of a function in one: ``file.py::loss``."""
    return name.partition(SEPARATOR)[0].endswith(".py")


def run(arguments: argparse.Namespace, errors: Console) -> int:
    """Derive and show; pages and LaTeX are written where a folder is given."""
    for derivation in derivations(arguments.name):
        title = f"{derivation.name}, {_TITLES.get(derivation.of, '')}by {', '.join(derivation.by)}"
        print(f"{visible(title)}\n{to_text(derivation, arguments.digits, Console().width)}\n")
        if arguments.report is not None:
            name = re.sub(r"[^A-Za-z0-9_.-]", "_", derivation.name)
            name += "" if derivation.of == "gradient" else f"_{derivation.of}"
            digits, indices = arguments.digits, arguments.indices
            texts = {
                f"{name}.html": to_html(derivation, digits, indices=indices),
                f"{name}.tex": to_latex(derivation, digits, indices=indices),
            }
            write(arguments.report, texts, "symdiff explain", errors)
    return 0


def derivations(name: str) -> Iterator[Derivation]:
    """The functions that have claims in a file, or the one that is named, at the inputs of their claims.

    Where a Jacobian is claimed, or a Hessian times a direction, these are derived too.
    """
    others: dict[Of, dict[str, Subject]] = {of: _claimed(name, (of,)) for of in _OTHERS}
    first = _claimed(name, FIRST) if any(others.values()) else subjects(name)
    for label in dict.fromkeys([*first, *(label for found in others.values() for label in found)]):
        if label in first:
            yield first[label].derivation
        for of, found in others.items():
            if label in found:
                yield derive(found[label].fn, found[label].inputs, found[label].wrt, of=of)


def subjects(name: str, call: str = "symdiff explain") -> dict[str, Subject]:
    """The functions whose gradients are claimed in a file, by their names, or the one that is named; not derived."""
    found, wanted = _claimed(name, FIRST), name.partition(SEPARATOR)[2]
    if wanted and not found:
        known = _claimed(name.partition(SEPARATOR)[0], FIRST)
        facts: dict[str, object] = {"function": wanted, "known": ", ".join(known) or "none"}
        raise InputError(explain(f"{call} {name}", facts, "Name a function whose gradient is claimed."))
    return found


def _claimed(name: str, kinds: Collection[str]) -> dict[str, Subject]:
    """The functions with claims of these kinds, or the one that is named if it has some."""
    file, _, wanted = name.partition(SEPARATOR)
    found: dict[str, tuple[Claim, list[str]]] = {}
    for item in collect([Path(file)]).claims:
        claim = item.found
        if isinstance(claim, Claim) and claim.of in kinds and (claim.of in FIRST or _targets(claim)):
            _, names = found.setdefault(getattr(claim.fn, "__name__", "function"), (claim, []))
            names += [n for n in _targets(claim) if n not in names]
    return {
        label: Subject(claim.fn, claim.inputs, tuple(names) or None, claim.options.get("domain") or {})
        for label, (claim, names) in found.items()
        if wanted in ("", label)
    }


def _targets(claim: Claim) -> list[str]:
    """The inputs by which a claim is a derivative; intermediates are steps anyway."""
    inputs: dict[str, Any] = parameters(claim.fn, claim.inputs)
    if isinstance(claim.wrt, str) and claim.wrt not in inputs:
        return []
    told = claim.wrt if isinstance(claim.wrt, (tuple, list)) else (claim.wrt,)
    return [name for w in told for name in chosen(w, list(inputs)) if w in inputs or isinstance(w, int)]
