"""Is this derivative right? The one question of the program, asked about any callable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symdiff.checking.arguments import Wrt, is_symbolic, parameters
from symdiff.checking.belonging import settled
from symdiff.checking.black_boxes.judging import judge_black_box
from symdiff.checking.domains import Domain, check_domain
from symdiff.checking.every_shape import judge_every_shape
from symdiff.checking.faithful import claim_is_faithful, require_faithful
from symdiff.checking.large import is_large, judge_large
from symdiff.checking.options import Options
from symdiff.checking.questions import Of, Question, ask, leaf_values
from symdiff.checking.traced import judge_traced
from symdiff.checking.wording import scope
from symdiff.errors import OutOfTime, UndecidedDerivative, WrongDerivative
from symdiff.evaluation.deadlines import time_limit
from symdiff.ir.trees import flatten
from symdiff.verdicts import Verdict, weakest

_OVER = "the time of {:g} s is over"


def check(
    fn: Callable[..., Any],
    claim: Callable[..., Any],
    inputs: Any,
    *,
    wrt: Wrt = 0,
    of: Of = "gradient",
    domain: Domain | None = None,
    convention: str | None = None,
    dtype: str = "float64",
    examples: int = 200,
    seed: int = 0,
    timeout: float | None = None,
) -> Verdict:
    """Judge a hand-derived derivative: ``claim(*inputs)`` against the derivative ``of`` of ``fn`` by ``wrt``.

    ``inputs`` is a tuple or dict of example arrays, which give shapes and one probe, or of shape strings such as
    ``"n d"``, which ask the question for every shape. ``fn`` must be traceable; ``claim`` may be any callable: if it
    can be traced it is proved or refuted as mathematics, otherwise it is tested as a black box. For ``"vjp"`` the
    claim takes one more argument, the cotangent; for ``"jvp"`` and ``"hvp"`` the direction.

    ``domain`` narrows the question: ``{"y": "one_hot", "s": (0, None)}``. Finite ends belong to an interval; a claim
    without a value there is judged inside. Examples may lie beside a set by the rounding of their floats. On a kink
    any value between the limits of the derivative is accepted; ``convention="torch"`` or ``"jax"`` asks for theirs
    (ReLU'(0) = 0, ties shared).

    Raises TracingError if ``fn`` cannot be read, InputError if the inputs do not fit.

    >>> import numpy as np
    >>> check(lambda x: np.sum(x**2), lambda x: 2 * x, np.array([1.0, 2.0])).status
    'proved'
    >>> check(lambda x: np.sum(x**2), lambda x: x, np.array([1.0, 2.0])).mistake.kind
    'factor'
    """
    options = Options(domain or {}, convention, dtype, examples, seed, timeout)
    named = parameters(fn, inputs)
    if is_symbolic(named):
        leaves = [leaf for name, value in named.items() for leaf in flatten(value, name, _is_leaf)[0]]
        check_domain(options.domain, dict(leaves))
        try:
            with time_limit(None if timeout is None else options.seconds_left):
                return _joined(judge_every_shape(fn, claim, named, wrt, of, options))
        except OutOfTime:
            names = (getattr(claim, "__name__", "claim"), of, getattr(fn, "__name__", "function"))
            title = "{}: {} of {}".format(*names)
            return Verdict("undecided", question=title, scope="nothing", reason=_OVER.format(timeout))
    question = ask(fn, claim, named, wrt, of)
    check_domain(options.domain, dict(zip(question.forward.input_names, leaf_values(question), strict=True)))
    question = settled(question, options.domain)
    require_faithful(question)
    try:
        with time_limit(None if timeout is None else options.seconds_left):
            return _judge(question, options)
    except OutOfTime:
        reason = _OVER.format(timeout)
        return Verdict("undecided", question=question.title, scope=scope(question.truth), reason=reason)


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, (tuple, list, dict))


def _judge(question: Question, options: Options) -> Verdict:
    if question.claimed is None:
        return judge_black_box(question, options)
    unfaithful = claim_is_faithful(question)
    if unfaithful:
        return judge_black_box(question.without_claimed(unfaithful), options)
    judge = judge_large if is_large(question) else judge_traced
    return _joined(judge(question, options))


def _joined(parts: dict[str, Verdict]) -> Verdict:
    """One verdict for all targets: that of the weakest part."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    telling = _telling(parts)
    worst = weakest(parts) if telling is None else telling
    fields = {name: getattr(worst, name) for name in worst.__dataclass_fields__}
    return Verdict(**{**fields, "parts": parts})


def _telling(parts: dict[str, Verdict]) -> Verdict | None:
    """Of several refuted parts one whose mistake fits them all, if the first one's does not."""
    wrong = [v for v in parts.values() if v.status == "refuted" and v.mistake is not None]
    fits = [{v.mistake.kind, *v.mistake.alternatives} for v in wrong if v.mistake is not None]
    common = set.intersection(*fits) if len(fits) > 1 else set()
    return next((v for v in wrong if v.mistake is not None and v.mistake.kind in common), None)


def assert_right(fn: Callable[..., Any], claim: Callable[..., Any], inputs: Any, **options: Any) -> Verdict:
    """Raise WrongDerivative with the report if ``claim`` is refuted, UndecidedDerivative if nothing can be said.

    >>> import numpy as np
    >>> assert_right(np.tanh, lambda x: 1 - np.tanh(x) ** 2, 0.5).status
    'proved'
    """
    verdict = check(fn, claim, inputs, **options)
    if verdict.status == "refuted":
        raise WrongDerivative(str(verdict))
    if verdict.status == "undecided":
        raise UndecidedDerivative(str(verdict))
    return verdict
