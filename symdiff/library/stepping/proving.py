"""Is a step the rule, as mathematics? Both unrolled over some steps, for vectors of every length."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.checking.comparing import Comparison, compare
from symdiff.checking.formulas import formula_text
from symdiff.checking.questions import Question, ask
from symdiff.doors.tracing import name as named_value
from symdiff.doors.tracing import trace
from symdiff.errors import SymdiffError
from symdiff.library.stepping.candidates import Candidate
from symdiff.library.stepping.forms import Program
from symdiff.verdicts import Verdict

Map = Callable[..., Any]


def unrolled(path: Callable[[Any, Sequence[Any]], Sequence[Any]], steps: int, label: str) -> Map:
    """``theta, g1, ..., gT -> theta_1, ..., theta_T``."""

    def run(*args: Any) -> Any:
        theta, *gradients = args
        found = tuple(path(theta, gradients))
        return found if steps > 1 else found[0]

    return _signed(run, ["theta", *(f"g{k}" for k in range(1, steps + 1))], label)


def rule_map(candidate: Candidate, steps: int, label: str) -> Map:
    """The rule, unrolled; the count is a quantity of the graph, so that ``b1**t`` is exact."""

    def counted(t: int) -> Any:
        return named_value(float(t), f"count {t}") if candidate.rule.counts else t

    return unrolled(lambda theta, gradients: candidate.path(theta, gradients, None, counted), steps, label)


def step_map(program: Program, steps: int) -> Map | None:
    """Somebody's step, unrolled, if it can be traced: with exact counts, or as it is."""
    if program.is_torch:
        return None
    examples = {"theta": np.zeros(2)} | {f"g{k}": np.ones(2) for k in range(1, steps + 1)}
    for exact in (True, False):
        run = unrolled(partial(program.path, exact=exact), steps, program.name)
        try:
            trace(run, **examples)
        except SymdiffError:
            continue
        except Exception:  # the step is foreign code: anything may come
            continue
        return run
    return None


def prove(truth: Candidate, claim: Map, steps: int, label: str, **options: Any) -> Verdict:
    """The verdict of ``check`` on the unrolled maps, for every shape."""
    shapes = {"theta": "n"} | {f"g{k}": "n" for k in range(1, steps + 1)}
    return check(rule_map(truth, steps, label), claim, shapes, of="value", **options)


def every_step(truth: Candidate, program: Program, **options: Any) -> bool:
    """Whether one step from any state, at any count, is proved: then so is every number of steps."""
    rule, once = truth.rule, program.once
    if once is None:
        return False
    names = ["theta", "g", *rule.fields, "t"]
    own = _signed(lambda *args: tuple(once(*args, exact=True)), names, program.name)
    ours = _signed(lambda *args: _stepped(truth, program.keeps, *args), names, rule.name)
    shapes = dict.fromkeys(names, "n") | {"t": ""}
    domain: Any = {"t": (1, None), **dict.fromkeys(rule.nonnegative, (0, None))}
    try:
        return check(ours, own, shapes, of="value", domain=domain, **options).status == "proved"
    except SymdiffError:
        return False


def _stepped(truth: Candidate, keeps: Sequence[str], theta: Any, g: Any, *rest: Any) -> tuple[Any, ...]:
    update, *state = truth.rule.step(theta, g, *rest, **truth.settings)
    after = dict(zip(truth.rule.fields, state, strict=True))
    return (theta + update, *(after[name] for name in keeps), rest[-1])


def _signed(run: Map, names: Sequence[str], label: str) -> Map:
    def call(*args: Any) -> Any:
        return run(*args)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    call.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
    call.__name__ = label
    return call


def certified(
    truth: Candidate, claim: Map, theta: Any, gradients: Sequence[Any], step: int
) -> Comparison | None:
    """The two values after a step, in balls, at a rational point; None where they cannot be told apart."""
    steps = len(gradients)
    point = {"theta": theta} | {f"g{k}": g for k, g in enumerate(gradients, 1)}
    examples = {name: np.array([float(x) for x in value]) for name, value in point.items()}
    question: Question = ask(rule_map(truth, steps, truth.rule.name), claim, examples, 0, "value")
    if question.claimed is None:
        return None
    values = {
        node: np.array(point[name], dtype=object)
        for node, name in zip(question.truth.inputs, question.truth.input_names, strict=True)
    }
    found = compare(question.truth.store, question.truth.outputs, question.claimed, values)[step - 1]
    return found if found.outcome == "differ" else None


def formula(candidate: Candidate) -> str:
    """One step of a rule as a formula of the parameters, the gradient, the state before it, and the settings."""
    rule, told = candidate.rule, candidate.settings
    numbers = [n for n in rule.hyperparameters if told[n] not in (0, np.inf) and n not in ("lower", "upper")]

    def run(theta: Any, g: Any, state: dict[str, Any], t: Any, settings: dict[str, Any]) -> Any:
        return theta + rule.step(theta, g, *state.values(), t, **{**told, **settings})[0]

    shapes: dict[str, Any] = {"theta": "n", "g": "n", "state": dict.fromkeys(rule.fields, "n")}
    graph = trace(run, **shapes, t="", settings=dict.fromkeys(numbers, ""))
    text = formula_text(graph.store, graph.outputs[0], 2000)
    return text.replace("state.", "").replace("settings.", "")
