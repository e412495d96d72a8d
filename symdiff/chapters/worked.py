"""Which steps have the worked examples of sections 2.7, 2.8 and 2.10, and what do the notes print beside them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import log
from typing import Any

from symdiff.chapters.drawings import graph_of
from symdiff.chapters.judged import proved
from symdiff.chapters.marks import counted
from symdiff.chapters.pieces import Steps
from symdiff.chapters.sources import Example, Examples
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation

FILES = {
    "neuron": ("ex_2_7_single_neuron", "loss", ("w", "b")),
    "two": ("ex_2_7_two_layers", "loss", ("w1", "b1", "w2", "b2")),
    "three": ("ex_2_8_three_layers", "loss", ("w1", "b1", "w2", "b2", "w3", "b3")),
    "paths": ("ex_2_10_accumulation", "f", ("x",)),
}


PICTURE = "Values above, derivatives of the output below; what flows back stands on the edges."


def gather(examples: Examples) -> dict[str, Any]:
    """The content of the report on the worked examples."""
    content: dict[str, Any] = {}
    for key, (stem, name, by) in FILES.items():
        example = examples[stem]
        derivation = derived(example, name, by)
        content[key] = Steps(derivation)
        content[f"{key}_picture"] = graph_of(derivation, PICTURE)
        content[f"{key}_differ"] = len(example.wrong)
        content[f"{key}_printed"] = len(example.printed)
        content[f"{key}_proved"] = proved(example.claims)
        content[f"{key}_claims"] = len(example.claims)
    every = [examples[stem] for stem, _, _ in FILES.values()]
    printed, differ = sum(len(e.printed) for e in every), sum(len(e.wrong) for e in every)
    summary = f"{differ} of {counted(printed, 'printed number')} differ"
    return (
        content
        | {"printed": printed, "differ": differ, "summary": summary}
        | _cut_off(printed_by_name(examples[FILES["neuron"][0]]))
        | _recovered(examples[FILES["two"][0]])
    )


def _cut_off(texts: Mapping[str, Decimal]) -> dict[str, Any]:
    """What the loss of table 2.1 is, computed from the output as it is printed."""
    error = 1 - texts["y_hat"]
    return {"cut_error": error, "cut_loss": f"{error**2 / 2:.3g}"}


def _recovered(example: Example) -> dict[str, Any]:
    """The bias of table 2.2 from its printed numbers, and the factors of its step 17."""
    texts = printed_by_name(example)
    output = example.module.INPUTS["y"] + float(texts["dL_dyhat"])
    logit = log(output / (1 - output))
    factors = texts["dL_da1"], texts["da1_dz1"]
    slope = next(row for row in example.printed if row.quantity == "dyhat_dz2")
    return {
        "two_output": f"{output:.6f}",
        "two_logit": f"{logit:.5f}",
        "two_bias": f"{logit - example.module.INPUTS['w2'] * float(texts['dz2_dw2']):.5f}",
        "two_b2": f"{example.module.INPUTS['b2']:g}",
        "two_slope": f"{Decimal(slope.exact):.6f}",
        "two_factor_1": factors[0],
        "two_factor_2": factors[1],
        "two_product": f"{factors[0] * factors[1]:.3e}",
    }


def printed_by_name(example: Example) -> dict[str, Decimal]:
    """The printed numbers of an example, none of them an array."""
    return {row.quantity: Decimal(row.printed) for row in example.printed}


def derived(example: Example, name: str, by: Sequence[str]) -> Derivation:
    """The derivation of a function of an example, with what the notes print beside its steps."""
    fn, inputs = getattr(example.module, name), example.module.INPUTS
    plain = derive(fn, inputs, tuple(by))
    texts = beside(plain, example.shown())
    return derive(fn, inputs, tuple(by), printed=texts) if texts else plain


def beside(derivation: Derivation, texts: Mapping[str, Any]) -> dict[str, Any]:
    """The printed values by the quantities of the steps: ``dL_dyhat`` belongs to the step ``dloss_dy_hat``."""
    found = {}
    output = next((s.above for s in derivation.steps if s.above is not None), None)
    known = {_plain(name): text for name, text in texts.items()}
    for step in derivation.steps:
        name = step.quantity
        if step.above is not None and step.below is not None:
            name = f"d{'L' if step.above == output else step.above}_d{step.below}"
        for told in (step.quantity, name):
            if _plain(told) in known:
                found[step.quantity] = known[_plain(told)]
    return found


def _plain(name: str) -> str:
    return name.replace("_", "")
