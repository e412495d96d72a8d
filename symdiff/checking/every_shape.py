"""Is a claim right for every shape? A normal form with symbolic sizes proves it; instances can refute it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from symdiff.checking.arguments import Wrt
from symdiff.checking.belonging import settled, with_leaves
from symdiff.checking.black_boxes.judging import judge_black_box
from symdiff.checking.faithful import claim_is_faithful, require_faithful
from symdiff.checking.kink_words import left_out
from symdiff.checking.options import Options
from symdiff.checking.probes import Probing
from symdiff.checking.questions import Of, Question, ask
from symdiff.checking.sampling import points
from symdiff.checking.ties import never, unseen_tie
from symdiff.checking.traced import judge_traced
from symdiff.checking.witnesses import by_node
from symdiff.errors import InputError, ShapeError, SymdiffError, explain
from symdiff.ir.sizes import parse_shape, same_shape, substitute, symbols_of
from symdiff.proof.every_shape.proving import Proof, prove
from symdiff.verdicts import Verdict

EVERY = "every shape"
_SECONDS = 20.0


def judge_every_shape(
    fn: Callable[..., Any],
    claim: Callable[..., Any],
    examples: dict[str, Any],
    wrt: Wrt,
    of: Of,
    options: Options,
) -> dict[str, Verdict]:
    """Refuted at the first instance that is wrong; proved if a proof for symbolic sizes and the instances agree."""
    general = ask(fn, claim, examples, wrt, of)
    wrong = _is_wrong(fn, claim, examples, wrt, of, options)
    proofs = [Proof(False)] * len(general.targets) if wrong else _proofs(general, options)
    settled = all(proof.proved for proof in proofs)
    judged: list[dict[str, Verdict]] = []
    instance = general
    for sizes in _instances(examples, small=settled):
        try:
            question = _inside(ask(fn, claim, _filled_all(examples, sizes), wrt, of), options)
        except ShapeError:
            continue  # these sizes do not fit the function
        require_faithful(question)
        unfaithful = question.reason if question.claimed is None else claim_is_faithful(question)
        if unfaithful:
            return _only_called(question.without_claimed(unfaithful), options)
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
        sizes = next(_instances(examples, small=True))
        question = _inside(ask(fn, claim, _filled_all(examples, sizes), wrt, of), options)
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


def _inside(question: Question, options: Options) -> Question:
    """The same question with examples drawn from the domain."""
    if not options.domain:
        return question
    forward = question.forward
    point = next(points(forward, by_node(question), options.domain, options.seed))
    drawn = with_leaves(question, [_floats(point[node]) for node in forward.inputs])
    return settled(drawn, options.domain)


def _floats(values: Any) -> Any:
    array = values.astype(float)
    return array if array.ndim else float(array)


def _only_called(question: Question, options: Options) -> dict[str, Verdict]:
    """A claim that cannot be read is tested at one instance, which is what its verdict says."""
    verdict = judge_black_box(question, options)
    return verdict.parts or {question.targets[0]: verdict}


def _lifted(general: Question, target: int, verdicts: list[Verdict], proof: Proof) -> Verdict:
    """What the instances and the proof for symbolic sizes say together."""
    first = next((v for v in verdicts if not v.ok), verdicts[0])
    if not first.ok:
        return first
    shapes = "; ".join(dict.fromkeys(v.scope for v in verdicts))
    if general.claimed is None:
        return replace(first, status="agrees", scope=shapes, reason=f"not for every shape: {general.reason}")
    if proof.proved:
        return _proved(general, target, first, proof)
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
    evidence = replace(first.evidence, roads=(road, *rest), assumptions=others)
    kink = first.kink or left_out([k.removeprefix("away from ") for k in kinks])
    return replace(first, status="proved", scope=EVERY, evidence=evidence, kink=kink, reason="")


def _instances(examples: Mapping[str, Any], *, small: bool) -> Iterator[dict[sp.Symbol, int]]:
    """Sizes all different both ways, all alike, and all 1: none of which is special in the same way.

    Beside a proof ``small`` ones will do: they confirm the derivative, the proof has every size.
    """
    names = sorted({s for text in _strings(examples) for s in symbols_of(parse_shape(text))}, key=str)
    count = len(names)
    large = range(7, 7 + count) if count < 4 else range(2, 2 + count)
    seen: list[dict[sp.Symbol, int]] = []
    different = (range(2, 2 + count), range(2 + count, 2, -1), [3] * count, [1] * count, large)
    for sizes in ([2] * count, [1] * count) if small else different:
        proposal = dict(zip(names, sizes, strict=True))
        if proposal not in seen:
            seen.append(proposal)
            yield proposal


def _filled_all(examples: Mapping[str, Any], sizes: Mapping[sp.Symbol, int]) -> dict[str, Any]:
    return {name: _filled(value, sizes) for name, value in examples.items()}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(item)


def _filled(value: Any, sizes: Mapping[sp.Symbol, int]) -> Any:
    if isinstance(value, str):
        shape = tuple(int(substitute(size, sizes)) for size in parse_shape(value))
        return np.arange(1, 1 + int(np.prod(shape))).reshape(shape) / 8.0 if shape else 0.5
    if isinstance(value, Mapping):
        return {k: _filled(v, sizes) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(v, sizes) for v in value)
    return value
