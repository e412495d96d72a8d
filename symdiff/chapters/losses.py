"""What is known of the activations and losses of chapter 1? Formulas from the graph, verdicts, plots, conventions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from symdiff.chapters import textbook
from symdiff.chapters.drawings import drawing_of
from symdiff.chapters.marks import anchor, code, counted, words
from symdiff.chapters.pieces import Badge, Formulas, Judgements, Table
from symdiff.chapters.sources import Examples
from symdiff.checking.checks import check
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing.equations import definitions, equations
from symdiff.errors import SymdiffError
from symdiff.library.second_order import with_settings
from symdiff.library.sheets import sheet_of
from symdiff.library.shelves import find
from symdiff.pages.sheets import Sheet

# With these settings the library's function is that of the notes; others take more than the formula shows.
FIXED: dict[str, dict[str, Any]] = {"triplet": {"eps": 0}, "contrastive": {"eps": 0}}
NOT_ALIKE = ("cosine_embedding", "perceptual", "total_variation")
_NUMBER = 0.5  # stands for any number: verdicts hold for all of them


@dataclass(frozen=True)
class Told:
    """An activation or loss of the notes: its entry, its heading, its section, and the shapes of its formula."""

    name: str
    title: str
    section: str
    shapes: dict[str, Any] = field(default_factory=dict)
    remark: str = ""

    @property
    def anchor(self) -> str:
        """The name of its section on a page."""
        return anchor(self.title)


ACTIVATIONS = (
    Told("sigmoid", "Sigmoid", "1.1.1"),
    Told("tanh", "Tanh", "1.1.2"),
    Told("relu", "ReLU", "1.1.3"),
    Told("leaky_relu", "Leaky ReLU", "1.1.4"),
    Told("softmax", "Softmax", "1.1.5", {"x": "k"}),
    Told("gelu", "GELU", "1.1.6"),
    Told("gelu_tanh", "GELU, tanh form", "1.1.6"),
    Told("identity", "Identity", "2.11.2"),
)
_VECTORS = {"y_hat": "n", "y": "n"}
_MASKS = {"p": "n", "y": "n"}
LOSSES = (
    Told("mse", "Mean squared error", "1.2.1", _VECTORS),
    Told("mae", "Mean absolute error", "1.2.2", _VECTORS),
    Told("huber", "Huber", "1.2.3"),
    Told("smooth_l1", "Smooth L1, boxes", "1.4"),
    Told("binary_cross_entropy", "Binary cross-entropy", "1.2.4"),
    Told("cross_entropy", "Multiclass cross-entropy", "1.2.4", {"p": "k", "y": "k"}),
    Told("bce_with_logits", "Cross-entropy with logits", "1.4"),
    Told("focal", "Focal", "1.2.5"),
    Told("dice", "Dice", "1.2.6", _MASKS),
    Told("iou", "IoU, Jaccard", "1.2.6", _MASKS),
    Told("kl_divergence", "KL divergence", "1.2.7", {"p": "k", "q": "k"}),
    Told("triplet", "Triplet", "1.4", {"anchor": "d", "positive": "d", "negative": "d", "margin": ""}),
    Told("contrastive", "Contrastive", "1.4", {"x1": "d", "x2": "d", "y": "", "margin": ""}),
    Told("cosine_embedding", "Cosine embedding", "1.4", {"x1": "d", "x2": "d"}),
    Told("perceptual", "Perceptual", "1.4", {"x": "d", "target": "d", "W": "m d"}),
    Told("total_variation", "Total variation", "1.4", {"x": "n"}),
)


def gather(examples: Examples) -> dict[str, Any]:
    """The content of the report on activations and losses."""
    groups = {"activations": ACTIVATIONS, "losses": LOSSES}
    content: dict[str, Any] = {}
    sheets: list[Sheet] = []
    for group, entries in groups.items():
        shown = []
        for told in entries:
            examples.watch(told.name)
            sheet = sheet_of(find(told.name))
            sheets.append(sheet)
            shown.append(_shown(told, sheet))
        content[group] = shown
        content[f"{group}_table"] = _overview(shown)
    judged = [row for s in sheets for row in (*s.derivatives, *s.forms, *s.facts)]
    twins = [twin for s in sheets for twin in s.twins]
    proved, caught = sum(row.status == "proved" for row in judged), sum(twin.caught for twin in twins)
    return content | {
        "entries": len(sheets),
        "statements": len(judged),
        "proved": proved,
        "twins": len(twins),
        "caught": caught,
        "summary": f"{len(sheets)} functions; {proved} of {counted(len(judged), 'statement')} proved, "
        f"{caught} of {counted(len(twins), 'wrong twin')} refuted by name",
    }


def _shown(told: Told, sheet: Sheet) -> dict[str, Any]:
    card = sheet.card
    derivation = _derivation(told)
    words_of = (
        ("Domain", card.domain),
        ("Kinks", card.kinks),
        ("Where implementations differ", card.differs),
        ("Names", ", ".join(code(name) for name in (card.torch, card.jax, card.keras) if name)),
        ("Source", card.source),
    )
    return {
        "told": told,
        "card": card,
        "says": card.says,
        "forward": _lines(derivation, "forward"),
        "backward": _lines(derivation, "backward"),
        "meanings": [*definitions(derivation)] if derivation else [],
        "checked": derivation.checked if derivation else "",
        "same": _same(told),
        "drawing": drawing_of(sheet),
        "facts": [(label, text if label == "Names" else words(text)) for label, text in words_of if text],
        "judged": Judgements(sheet),
    }


def _derivation(told: Told) -> Derivation | None:
    """The derivation of the formula of the notes by what the library differentiates by; none if it cannot be had."""
    fn: Callable[..., Any] | None = getattr(textbook, told.name, None)
    if fn is None:
        return None
    names = fn.__code__.co_varnames[: fn.__code__.co_argcount]
    try:
        return derive(fn, told.shapes or dict.fromkeys(names, _NUMBER), find(told.name).wrt)
    except SymdiffError:
        return None


def _same(told: Told) -> str:
    """The verdict on the formula of the notes and the library's function, as functions of the same inputs."""
    fn: Callable[..., Any] | None = getattr(textbook, told.name, None)
    if fn is None or told.name in NOT_ALIKE:
        return ""
    entry = find(told.name)
    ours = with_settings(entry.fn, FIXED.get(told.name, {}))
    names = fn.__code__.co_varnames[: fn.__code__.co_argcount]
    inputs = told.shapes or dict.fromkeys(names, _NUMBER)
    domain = {name: told for name, told in entry.domain.items() if name in inputs}
    verdict = check(ours, fn, inputs, of="value", domain=domain)
    return f"{verdict.status}, for {verdict.scope}"


def _lines(derivation: Derivation | None, phase: str) -> Formulas | None:
    if derivation is None:
        return None
    told = zip(derivation.steps, equations(derivation), strict=True)
    lines = tuple(str(line) for step, line in told if step.phase == phase and line.right)
    return Formulas(lines) if lines else None


def _overview(shown: list[dict[str, Any]]) -> Table:
    rows = []
    for item in shown:
        told, sheet = item["told"], item["judged"].sheet
        judged = (*sheet.derivatives, *sheet.forms, *sheet.facts)
        good = sum(row.status == "proved" for row in judged)
        caught = sum(twin.caught for twin in sheet.twins)
        rows.append(
            (
                f"[{words(told.title)}](#{told.anchor})",
                told.section,
                Badge("proved" if good == len(judged) else "undecided"),
                f"{good} of {len(judged)}",
                f"{caught} of {len(sheet.twins)}",
                words(sheet.card.kinks or "none"),
            )
        )
    headings = ("", "section", "verdict", "statements proved", "wrong twins refuted", "kinks")
    return Table(headings, (0.25, 0.1, 0.13, 0.13, 0.13, 0.26), tuple(rows))
