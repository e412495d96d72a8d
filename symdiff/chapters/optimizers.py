"""How do the notes, the papers, torch and optax write one optimizer? Each rule read off the graph of its step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from symdiff.chapters.drawings import paths_on
from symdiff.chapters.marks import anchor, counted, listed, words
from symdiff.chapters.pieces import Formulas, Judgements, Table
from symdiff.chapters.sources import Examples
from symdiff.derivations.writing.notation import Notation
from symdiff.derivations.writing.symbols import Symbol
from symdiff.doors.tracing import trace
from symdiff.ir.graph import Graph, Node
from symdiff.library.landscapes import GROUNDS
from symdiff.library.optimizers.layerwise import norm
from symdiff.library.optimizers.moments import denominator
from symdiff.library.sheets import sheet_of
from symdiff.library.shelves import find
from symdiff.library.stepping.differences import differences
from symdiff.library.stepping.rules import RULES, Rule

WHO = {"notes": "the notes", "paper": "the paper", "torch": "torch", "optax": "optax"}
SYMBOLS = {
    "theta": r"\theta_{t}", "g": "g_{t}", "t": "t", "learning_rate": r"\eta", "b1": r"\beta_{1}", "b2": r"\beta_{2}",
    "eps": r"\epsilon", "weight_decay": r"\lambda", "momentum": r"\beta", "decay": r"\beta",
}  # fmt: skip
_SHORT = 2  # equations, which are written out for every form
_RATE = ("learning_rate",)
_MOMENTS = (*_RATE, "b1", "b2", "eps")


@dataclass(frozen=True)
class OnPaper(Symbol):
    """A quantity that is written as the notes write it."""

    latex: str = ""

    def at(self, index: str, above: str = "") -> str:
        """One entry of it."""
        return rf"({self.latex})_{{{index}}}" if index else self.latex


@dataclass(frozen=True)
class Optimizer:
    """One optimizer of section 1.3: which hyperparameters and which part of the state its rule shows."""

    name: str
    title: str
    section: str
    shown: tuple[str, ...]
    state: tuple[str, ...] = ()


OPTIMIZERS = (
    Optimizer("sgd", "Gradient descent", "1.3.1", _RATE),
    Optimizer("momentum", "Momentum", "1.3.2", (*_RATE, "momentum"), ("v",)),
    Optimizer("adagrad", "Adagrad", "1.3.3", (*_RATE, "eps"), ("G",)),
    Optimizer("rmsprop", "RMSProp", "1.3.4", (*_RATE, "decay", "eps"), ("v",)),
    Optimizer("adam", "Adam", "1.3.5", _MOMENTS, ("m", "v")),
    Optimizer("adamw", "AdamW", "1.3.6", (*_MOMENTS, "weight_decay"), ("m", "v")),
    Optimizer("lamb", "LAMB", "1.3.7", (*_MOMENTS, "weight_decay"), ("m", "v")),
)


def gather(examples: Examples) -> dict[str, Any]:
    """The content of the report on optimizers."""
    shown = []
    for told in OPTIMIZERS:
        examples.watch(told.name)
        shown.append(_shown(told))
    forms = sum(len(item["forms"]) for item in shown)
    summary = f"{counted(len(shown), 'rule')} in {counted(forms, 'form')}, with the smallest examples of differences"
    names = tuple(told.name for told in OPTIMIZERS)
    return {
        "optimizers": shown,
        "overview": _overview(shown),
        "summary": summary,
        "paths": [paths_on(ground, names) for ground in GROUNDS],
    }


def _shown(told: Optimizer) -> dict[str, Any]:
    entry, rule = find(told.name), RULES[told.name]
    sheet = sheet_of(entry)
    groups: dict[tuple[str, ...], list[str]] = {}
    for variant in (who for who in WHO if who in rule.variants):
        groups.setdefault(rule_lines(rule, told, variant), []).append(WHO[variant])
    return {
        "told": told,
        "card": sheet.card,
        "common": Formulas(common) if (common := _common(list(groups))) else None,
        "forms": [
            (listed(who), Formulas(tuple(line for line in lines if line not in common)))
            for lines, who in groups.items()
        ],
        "differs": _differs(rule),
        "count": len(differences(told.name)),
        "judged": Judgements(sheet),
    }


def _common(forms: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The equations that all forms of a long rule have, if there are several."""
    shared = tuple(line for line in forms[0] if all(line in form for form in forms))
    return shared if len(forms) > 1 and len(forms[0]) > _SHORT else ()


def _differs(rule: Rule) -> Table | None:
    rows = tuple((words(WHO[who]), words(text)) for who, text in differences(rule.name).items())
    return Table(("", "differs from the paper"), (0.14, 0.86), rows) if rows else None


def _overview(shown: list[dict[str, Any]]) -> Table:
    rows = []
    for item in shown:
        told, rule = item["told"], RULES[item["told"].name]
        forms = len(item["forms"])
        rows.append(
            (
                f"[{words(told.title)}](#{anchor(told.title)})",
                told.section,
                str(forms),
                words(", ".join(rule.fields[: len(told.state)]) or "none"),
                words(item["card"].source),
            )
        )
    headings = ("optimizer", "section", "forms of the rule", "state", "source")
    return Table(headings, (0.18, 0.1, 0.14, 0.12, 0.46), tuple(rows))


# The rule as formulas ---------------------------------------------------------------------------------------


def rule_lines(rule: Rule, told: Optimizer, variant: str) -> tuple[str, ...]:
    """The equations of one step as a variant has them: the new state, corrected moments, the new parameters."""
    settings = rule.of(variant)
    shown = tuple(
        name for name in told.shown if name != "weight_decay" or settings[name] or variant == "optax"
    )
    graph, parts = _traced(rule, told, shown, settings)
    names: dict[Node, Symbol] = {
        graph.node(name): OnPaper(name, latex=latex) for name, latex in _inputs(told, shown).items()
    }
    lines = []
    for left, node in parts:
        if not _is_used(graph, node, parts):
            continue
        symbol = OnPaper(left, latex=left)
        equation = Notation(graph.store, names).equation(symbol, (node,))
        names[node] = symbol
        if not left.startswith(r"\lVert"):
            lines.append(str(equation))
    return tuple(lines)


def _is_used(graph: Graph, node: Node, parts: list[tuple[str, Node]]) -> bool:
    """Whether the new parameters are made of a node."""
    return node in graph.store.ancestors([parts[-1][1]])


def _inputs(told: Optimizer, shown: tuple[str, ...]) -> dict[str, str]:
    before = {name: f"{name}_{{t-1}}" for name in told.state}
    settings = [name for name in shown if name != "eps"]  # first, since what comes first is written first
    held = {name: SYMBOLS[name] for name in (*settings, "theta", "g", "t")} | before
    return held | {name: SYMBOLS[name] for name in shown if name not in held}


def _traced(
    rule: Rule, told: Optimizer, shown: tuple[str, ...], settings: Mapping[str, Any]
) -> tuple[Graph, list[tuple[str, Node]]]:
    """The graph of a step, and its parts in the order in which they are written down."""
    names = [*_inputs(told, shown)]

    def step(*values: Any) -> Any:
        given = dict(zip(names, values, strict=True))
        fixed = {"weight_decay": 0.0} if "weight_decay" in settings else {}
        used = {**settings, **fixed, **{name: given[name] for name in shown}}
        theta, g, t = given["theta"], given["g"], given["t"]
        held = [given.get(name, 0 * theta) for name in rule.fields]
        move, *after = rule.step(theta, g, *held, t, **used)
        new = dict(zip(rule.fields, after, strict=True))
        state = tuple(new[name] for name in told.state)
        return (*state, *_corrected(rule, new, theta, t, used), theta + move)

    array = "n" if rule.name == "lamb" else ""  # the others treat each entry alike: the rule of one is shown
    shapes = {name: array if name in ("theta", "g", *told.state) else "" for name in names}
    graph = trace(_with_names(step, names), **shapes)
    lefts = [f"{name}_{{t}}" for name in told.state] + list(_CORRECTED.get(rule.name, ()))
    return graph, list(zip([*lefts, r"\theta_{t+1}"], graph.outputs, strict=True))


_HATS = (r"\hat{m}_{t}", r"\hat{v}_{t}")
_CORRECTED = {
    "adam": _HATS,
    "adamw": _HATS,
    "lamb": (*_HATS, "r_{t}", r"\lVert \theta_{t} \rVert", r"\lVert r_{t} \rVert"),
}


def _corrected(
    rule: Rule, new: Mapping[str, Any], theta: Any, t: Any, used: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Quantities within a step that have names on paper; each is the same node of the graph as in the rule."""
    if rule.name not in _CORRECTED:
        return ()
    first, second = 1 - used["b1"] ** t, 1 - used["b2"] ** t
    hats = (new["m"] / first, new["v"] / second)
    if rule.name != "lamb":
        return hats
    r = hats[0] / denominator(new["v"], used["eps"], second, used["place"])
    r = r + used["weight_decay"] * theta
    return (*hats, r, norm(theta), norm(r))


def _with_names(fn: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    fn.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
    return fn
