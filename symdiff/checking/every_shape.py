"""Is a claim right for every shape? A normal form with symbolic sizes proves it; instances can refute it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import numpy as np
import sympy as sp

from symdiff.checking.arguments import Wrt
from symdiff.checking.belonging import drawn_inside
from symdiff.checking.black_boxes.judging import judge_black_box
from symdiff.checking.effort import EXACT, work
from symdiff.checking.faithful import claim_is_faithful, require_faithful
from symdiff.checking.indices import positions, with_positions
from symdiff.checking.instances import Sizes, beyond, larger, usual
from symdiff.checking.kinks.thin_branches import never, unseen_tie
from symdiff.checking.kinks.words import left_out
from symdiff.checking.options import Options
from symdiff.checking.probes import Probing
from symdiff.checking.questions import Of, Question, ask
from symdiff.checking.traced import judge_traced
from symdiff.doors.arguments import Indices
from symdiff.errors import InputError, ShapeError, SymdiffError, explain
from symdiff.ir.concrete import size_symbols
from symdiff.ir.sizes import parse_shape, same_shape, substitute
from symdiff.proof.every_shape.proving import Proof, prove
from symdiff.verdicts import Verdict

EVERY = "every shape"
_SECONDS, _FURTHER = 20.0, 4.0
_INSTANCES, _CALLS = 16, 12


def judge_every_shape(
    fn: Callable[..., Any],
    claim: Callable[..., Any],
    examples: dict[str, Any],
    wrt: Wrt,
    of: Of,
    options: Options,
) -> dict[str, Verdict]:
    """Refuted at the first instance that is wrong; proved if a proof for symbolic sizes and the instances agree."""
    options = replace(options, given=False)
    examples = with_positions(fn, examples, wrt, of, options.domain)
    general = ask(fn, claim, examples, wrt, of)
    wrong = _is_wrong(fn, claim, examples, wrt, of, options)
    proofs = [Proof(False)] * len(general.targets) if wrong else _proofs(general, options)
    settled = all(proof.proved for proof in proofs)
    judged: list[dict[str, Verdict]] = []
    instance = general
    more = (sizes for sizes in usual(examples, small=False) if not judged)  # where small ones do not fit
    for sizes in chain(usual(examples, small=settled), more if settled else ()):
        try:
            question = drawn_inside(
                ask(fn, claim, _filled_all(examples, sizes), wrt, of), options.domain, options.seed
            )
        except ShapeError:
            continue  # these sizes do not fit the function
        require_faithful(question)
        unfaithful = question.reason if question.claimed is None else claim_is_faithful(question)
        if unfaithful:
            return _only_called(question.without_claimed(unfaithful), general, options)
        judged.append(judge_traced(question, options, probes_only=settled))
        instance = instance if instance is not general else question
        if any(verdict.status == "refuted" for verdict in judged[-1].values()):
            return judged[-1]
    if not judged:
        facts: dict[str, object] = {
            "inputs": ", ".join(f"{name}={value!r}" for name, value in examples.items())
        }
        raise InputError(
            explain("check at every shape", facts, "Give shapes that fit the function for some sizes.")
        )
    further = {} if settled else _wrong_further(general, options)
    if further:
        return further
    proofs = [_everywhere(instance, k, proof, options) for k, proof in enumerate(proofs)]
    return {
        name: _lifted(general, k, [parts[name] for parts in judged], proofs[k])
        for k, name in enumerate(general.targets)
    }


def _is_wrong(
    fn: Callable[..., Any],
    claim: Callable[..., Any],
    examples: dict[str, Any],
    wrt: Wrt,
    of: Of,
    options: Options,
) -> bool:
    """Whether a few probes at the smallest instance refute: then no proof need be searched."""
    try:
        sizes = next(usual(examples, small=True))
        question = drawn_inside(
            ask(fn, claim, _filled_all(examples, sizes), wrt, of), options.domain, options.seed
        )
    except SymdiffError:
        return False
    store, truths = question.truth.store, question.truth.outputs
    if question.claimed is None:
        return False
    same = [same_shape(store.shape(c), store.shape(t)) for c, t in zip(question.claimed, truths, strict=True)]
    probing = Probing(question, options, [k for k, good in enumerate(same) if good])
    probing.easily()
    return not all(same) or any(record.wrong is not None for record in probing.records)


def _everywhere(instance: Question, target: int, proof: Proof, options: Options) -> Proof:
    """The proof, unless the claim has a branch for one exact value that probes of an instance do not meet."""
    if not any(a.startswith("away from") for a in proof.assumptions):
        return proof
    if instance.claimed is None:
        return proof
    probing = Probing(instance, options, [target])
    probing.easily()
    tie = unseen_tie(instance, target, probing.met)
    return proof if tie is None else Proof(False, reason=never(instance, tie))


def _only_called(question: Question, general: Question, options: Options) -> dict[str, Verdict]:
    """A claim that cannot be read is tested at one instance, as its verdict says, and briefly at larger ones."""
    verdict = judge_black_box(question, options)
    if verdict.status != "refuted":
        few = replace(options, examples=min(options.examples, _CALLS))
        for larger_one in _further(general, chain(larger(general.examples), beyond(general)), options):
            found = judge_black_box(larger_one.without_claimed(question.reason), few)
            if found.status == "refuted":
                verdict = found
                break
    return verdict.parts or {question.targets[0]: verdict}


def _wrong_further(general: Question, options: Options) -> dict[str, Verdict]:
    """What a few probes refute beyond the numbers that stand in a claim; nothing if they do not."""
    unread = larger(general.examples) if general.claimed is None else ()
    for question in _further(general, chain(beyond(general), unread), options):
        if question.claimed is None or work(question.truth.store, question.claimed) > EXACT:
            continue
        found = judge_traced(question, options, probes_only=True)
        if any(verdict.status == "refuted" for verdict in found.values()):
            return found
    return {}


def _further(general: Question, sizes: Iterable[Sizes], options: Options) -> Iterator[Question]:
    """The question at more sizes, as long as there is time; those that do not fit are left out."""
    end = time.monotonic() + min(_FURTHER, options.seconds_left / 4)
    for chosen in islice(sizes, _INSTANCES):
        if time.monotonic() > end:
            return
        filled = _filled_all(general.examples, chosen)
        try:
            question = ask(general.fn, general.claim, filled, general.asked_wrt, general.of)
        except Exception:  # foreign code may refuse other shapes in any way it likes
            continue
        if work(question.truth.store, question.truth.outputs) <= EXACT:
            yield drawn_inside(question, options.domain, options.seed)


def _lifted(general: Question, target: int, verdicts: list[Verdict], proof: Proof) -> Verdict:
    """What the instances and the proof for symbolic sizes say together."""
    first = next((v for v in verdicts if not v.ok), verdicts[0])
    if not first.ok:
        return first
    shapes = "; ".join(dict.fromkeys(v.scope for v in verdicts))
    if general.claimed is None:
        return replace(first, status="agrees", scope=shapes, reason=f"not for every shape: {general.reason}")
    is_one = not size_symbols(general.forward)
    if proof.proved:
        return replace(_proved(general, target, first, proof), scope=first.scope if is_one else EVERY)
    if is_one:
        return first
    words = "proved" if all(v.status == "proved" for v in verdicts) else "tested"
    return replace(
        first,
        status="agrees",
        scope=shapes,
        reason=f"{words} at these shapes, not for every shape: {proof.reason}",
    )


def _proofs(general: Question, options: Options) -> list[Proof]:
    """The proofs for symbolic sizes, all in one go, which shares their work."""
    if general.claimed is None:
        return [Proof(False, reason=general.reason)] * len(general.targets)
    seconds = min(_SECONDS, options.seconds_left)
    store, truths = general.truth.store, general.truth.outputs
    return prove(store, truths, general.claimed, seconds=seconds, facts=options.domain)


def _proved(general: Question, target: int, first: Verdict, proof: Proof) -> Verdict:
    assert general.claimed is not None
    same = general.truth.outputs[target] == general.claimed[target]
    road = (
        "the same graph for symbolic sizes"
        if same
        else "the same normal form in index notation, for symbolic sizes"
    )
    rest = tuple(r for r in first.evidence.roads if not r.startswith(("exact zero test", "the same graph")))
    kinks = tuple(a for a in proof.assumptions if a.startswith("away from"))
    readings = tuple(a for a in proof.assumptions if " read as " in a)
    others = tuple(a for a in proof.assumptions if a not in (*kinks, *readings))
    nodes = (general.truth.outputs[target], general.claimed[target])
    taken = positions(general.truth.store, nodes)
    evidence = replace(first.evidence, roads=(road, *rest), assumptions=(*taken, *others))
    kink = first.kink or left_out([k.removeprefix("away from ") for k in kinks])
    return replace(first, status="proved", evidence=evidence, kink=kink, reason="")


def _filled_all(examples: Mapping[str, Any], sizes: Mapping[sp.Symbol, int]) -> dict[str, Any]:
    return {name: _filled(value, sizes) for name, value in examples.items()}


def _filled(value: Any, sizes: Mapping[sp.Symbol, int]) -> Any:
    if isinstance(value, str):
        shape = tuple(int(substitute(size, sizes)) for size in parse_shape(value))
        if isinstance(value, Indices):
            return np.zeros(shape, dtype=np.int64)
        return np.arange(1, 1 + int(np.prod(shape))).reshape(shape) / 8.0 if shape else 0.5
    if isinstance(value, Mapping):
        return {k: _filled(v, sizes) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(v, sizes) for v in value)
    return value
