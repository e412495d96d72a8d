"""What is an entry of the library? A function, its textbook derivatives, classic mistakes, facts, and its names.

An entry is made where its function is written; nothing enters without a derivative that can be judged.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias, TypedDict, Unpack, get_args, overload

from symdiff.checking.arguments import Wrt
from symdiff.checking.checks import check
from symdiff.checking.domains import Domain
from symdiff.checking.mistakes.kinds import KINDS
from symdiff.checking.questions import Of
from symdiff.doors.tracing import trace
from symdiff.errors import InputError, explain
from symdiff.evaluation.kernels import Kernel
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph
from symdiff.library.cases import Case, Names
from symdiff.library.corollary import following
from symdiff.library.second_order import curvature_of, weighted, with_indices, with_settings
from symdiff.verdicts import Verdict

Array: TypeAlias = Any  # an array, or a traced one
Function: TypeAlias = Callable[..., Any]
Kind: TypeAlias = Literal["activation", "loss", "layer", "attention", "architecture", "optimizer"]

_DIRECT = 20.0  # seconds for the direct proof of a second order that follows from the first

REGISTERED: dict[str, Entry] = {}


class Options(TypedDict, total=False):
    """What may be said of a derivative beside the function that computes it."""

    of: Of | None
    wrt: Wrt | None
    cases: Mapping[str, Any] | tuple[Case, ...] | None
    domain: Domain | None
    label: str


@dataclass(frozen=True)
class Derivative:
    """A textbook derivative of an entry; ``order`` 2 is a Hessian-vector product.

    ``first`` is the first derivative of which a second one is the machine-made derivative.
    """

    claim: Function
    of: Of
    wrt: Wrt
    order: int
    cases: tuple[Case, ...]
    domain: Domain
    first: Derivative | None = None
    label: str = ""

    @property
    def name(self) -> str:
        return str(self.claim.__name__)


@dataclass(frozen=True)
class Slip:
    """A wrong twin of a derivative, which must be refuted, and the kind of its mistake."""

    claim: Function
    of: Of
    wrt: Wrt
    order: int
    case: Case
    domain: Domain
    kind: str


@dataclass(frozen=True)
class Fact:
    """A statement about an entry and its proof."""

    statement: str
    judge: Callable[[], Verdict]


class Entry:
    """A function of the library and everything that is claimed of it.

    ``cases`` are the sizes at which its derivatives are judged: a mapping of names to shape strings, or several
    ``Case``s with keyword settings. The decorators ``derivative``, ``second``, ``mistake``, ``form`` and ``fact``
    take what belongs to it and return it unchanged. ``offers`` is what the shelf gives under the name, if not the
    function itself: the optimizer, where the function is its step.

    >>> square = Entry(lambda x: x**2, "activation", {"x": "n"}, source="Euclid", shelved=False)
    >>> @square.derivative
    ... def square_backward(x, y_bar):
    ...     return 2 * x * y_bar
    >>> [verdict.status for _, verdict in square.verdicts()]
    ['proved', 'proved']
    """

    def __init__(
        self,
        fn: Function,
        kind: Kind,
        cases: Mapping[str, Any] | tuple[Case, ...],
        *,
        source: str,
        notes: str = "",
        names: Names | None = None,
        wrt: Wrt = 0,
        of: Of | None = None,
        domain: Domain | None = None,
        kinks: str = "",
        name: str = "",
        shelved: bool = True,
        offers: Function | None = None,
    ) -> None:
        _require("kind", kind, get_args(Kind))
        self.fn, self.kind, self.source, self.notes = fn, kind, source, notes
        self.offers = offers or fn
        self.name = name or str(fn.__name__)
        told = cases if isinstance(cases, tuple) else (Case(cases),)
        self.cases = tuple(Case(with_indices(case.inputs, domain or {}), case.settings) for case in told)
        self.names = names or Names()
        self.wrt, self.domain, self.kinks = wrt, domain or {}, kinks
        self.of: Of = of or ("gradient" if kind == "loss" else "vjp")
        self.claims: list[Derivative] = []
        self.slips: list[Slip] = []
        self.facts: list[Fact] = []
        self.forms: dict[str, Function] = {}
        if shelved:
            _register(self)

    @overload
    def derivative(self, claim: Function, **options: Unpack[Options]) -> Function: ...

    @overload
    def derivative(
        self, claim: None = None, **options: Unpack[Options]
    ) -> Callable[[Function], Function]: ...

    def derivative(
        self,
        claim: Function | None = None,
        *,
        of: Of | None = None,
        wrt: Wrt | None = None,
        cases: Mapping[str, Any] | tuple[Case, ...] | None = None,
        domain: Domain | None = None,
        label: str = "",
    ) -> Any:
        """A textbook first derivative: it takes the function's arguments, then the cotangent if ``of="vjp"``.

        Several forms of one derivative are told apart by their ``label``, such as ``"from the output"``.
        """
        if claim is None:
            return partial(self.derivative, of=of, wrt=wrt, cases=cases, domain=domain, label=label)
        told = self.cases if cases is None else cases if isinstance(cases, tuple) else (Case(cases),)
        target = self.wrt if wrt is None else wrt
        within = self.domain if domain is None else domain
        self.claims.append(Derivative(claim, of or self.of, target, 1, told, within, label=label))
        return claim

    @overload
    def second(self, claim: Function) -> Function: ...

    @overload
    def second(self, claim: None = None, *, wrt: Wrt | None = None) -> Callable[[Function], Function]: ...

    def second(self, claim: Function | None = None, *, wrt: Wrt | None = None) -> Any:
        """A textbook second derivative: arguments (with the cotangent ``y_bar`` for outputs), then a direction."""
        if claim is None:
            return partial(self.second, wrt=wrt)
        target = self.wrt if wrt is None else wrt
        self.claims.append(Derivative(claim, "hvp", target, 2, self.cases, self.domain))
        return claim

    def mistake(
        self,
        kind: str,
        *,
        of: Of | None = None,
        wrt: Wrt | None = None,
        order: int = 1,
        case: Case | None = None,
        domain: Domain | None = None,
    ) -> Callable[[Function], Function]:
        """A classic mistake: a wrong twin of the derivative, and the kind under which it must be refuted."""

        _require("mistake", kind, KINDS)

        def mark(claim: Function) -> Function:
            target = self.wrt if wrt is None else wrt
            asked: Of = "hvp" if order == 2 else of or self.of
            within = self.domain if domain is None else domain
            self.slips.append(Slip(claim, asked, target, order, case or self.cases[0], within, kind))
            return claim

        return mark

    def form(self, label: str) -> Callable[[Function], Function]:
        """Another form of the function, with its value proved equal: ``"stable"``, ``"textbook"``."""

        def mark(fn: Function) -> Function:
            self.forms[label] = fn
            return fn

        return mark

    def fact(self, statement: str) -> Callable[[Callable[[], Verdict]], Callable[[], Verdict]]:
        """A statement of the texts, and the function that judges it."""

        def mark(judge: Callable[[], Verdict]) -> Callable[[], Verdict]:
            self.facts.append(Fact(statement, judge))
            return judge

        return mark

    @property
    def derivatives(self) -> tuple[Derivative, ...]:
        """All claims; where no second order is written, each first one is differentiated once more."""
        if any(claim.order == 2 for claim in self.claims):
            return tuple(self.claims)
        first = [claim for claim in self.claims if claim.of == self.of and not claim.label]
        return (*self.claims, *(_derived(claim, self.of) for claim in first))

    def questions(self) -> Iterator[tuple[str, Callable[[], Verdict]]]:
        """What is asked of the entry, each as a label and a function that answers."""
        if not self.claims:
            facts: dict[str, object] = {"derivatives": 0}
            raise InputError(explain(f"entry {self.name}", facts, "Add one with @ENTRY.derivative."))
        for claim in self.derivatives:
            for case in claim.cases:
                label = f"{claim.name}{f' ({case.label})' if len(claim.cases) > 1 else ''}"
                yield label, partial(self.judge, claim, case)
        for label, form in self.forms.items():
            for case in self.cases:
                yield f"{label} form", partial(self.same, form, case)
        for fact in self.facts:
            yield fact.statement, fact.judge

    def verdicts(self) -> Iterator[tuple[str, Verdict]]:
        """Each question with its verdict."""
        for label, judge in self.questions():
            yield label, judge()

    def judge(self, claim: Derivative | Slip, case: Case, **options: Any) -> Verdict:
        """The verdict on one claim at one case."""
        fn, told = with_settings(self.fn, case.settings), with_settings(claim.claim, case.settings)
        inputs, of = dict(case.inputs), claim.of
        if claim.order == 2 and self.of == "vjp":
            fn, inputs = weighted(fn, inputs)
        domain = _within(claim.domain, inputs)
        first = claim.first if isinstance(claim, Derivative) else None
        if first is None:
            return check(fn, told, inputs, wrt=claim.wrt, of=of, domain=domain, **options)
        verdict = check(
            fn, told, inputs, wrt=claim.wrt, of=of, domain=domain, **{"timeout": _DIRECT, **options}
        )
        if verdict.status not in ("agrees", "undecided"):
            return verdict
        found = following(self.judge(first, case), fn, told, inputs, claim.wrt, domain)
        return verdict if found is None else found

    def graph(self, case: Case | None = None) -> Graph:
        """The computation graph at a case, the first one if none is given."""
        chosen = case or self.cases[0]
        return trace(with_settings(self.fn, chosen.settings), **chosen.inputs)

    def kernel(self, case: Case | None = None) -> Kernel:
        """The compiled NumPy kernel of the function."""
        return compile_kernel(self.graph(case))

    def same(self, form: Function, case: Case) -> Verdict:
        """The verdict on another form of the function at one case."""
        fn, told = with_settings(self.fn, case.settings), with_settings(form, case.settings)
        return check(fn, told, dict(case.inputs), of="value", domain=_within(self.domain, case.inputs))


def _derived(claim: Derivative, of: Of) -> Derivative:
    arguments = [
        name for name, p in inspect.signature(claim.claim).parameters.items() if p.kind != p.KEYWORD_ONLY
    ]
    second = curvature_of(claim.claim, arguments, claim.wrt)
    return Derivative(second, "hvp", claim.wrt, 2, claim.cases, claim.domain, first=claim)


def _within(domain: Domain, inputs: Mapping[str, Any]) -> Domain:
    """What a domain says of the inputs that there are."""
    return {name: told for name, told in domain.items() if name in inputs}


def _require(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        facts: dict[str, object] = {what: repr(given), "known": ", ".join(known)}
        raise InputError(explain("Entry", facts, "Use one of these."))


def _register(entry: Entry) -> None:
    held = REGISTERED.get(entry.name)
    if held is not None and held.fn.__module__ != entry.fn.__module__:
        facts: dict[str, object] = {"name": entry.name, "held by": held.fn.__module__}
        raise InputError(explain("Entry", facts, "Give another name=."))
    REGISTERED[entry.name] = entry
