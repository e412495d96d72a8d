"""How is a kink put into words? Where it is, what is right there, and whose convention the claim follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp

from symdiff.checking.formulas import formula_text
from symdiff.checking.kinks.notes import Note, notes
from symdiff.checking.kinks.shifts import is_shift
from symdiff.checking.questions import Question
from symdiff.ir.formulas import Formula, from_function
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import ArgMax, Map, Maximum

_SHOWN = 4
_LONGEST = 60
_NOTHING = 1e-20  # what rounding leaves of a zero


def kink_text(question: Question) -> str | None:
    """Where the function is not differentiable, what is right there, and what the claim says; None if it is smooth.

    One line for each place: a kink with what is right there, a jump, an infinite slope, the edge of a domain.
    """
    store = question.truth.store
    seen = notes(question)
    done = {node for n in seen if n.kind == "smooth" and n.generic for node in n.tied}
    told: dict[str, None] = {}
    for note in sorted(seen, key=lambda n: (n.standing != "apart", len(n.tied), not n.generic)):
        open_ = [node for node in note.tied if node not in done]
        if note.kind == "smooth" or (note.tied and not open_):
            continue
        told.setdefault(_line(store, open_, note))
        done.update(open_)
    left = [node for node in question.kinks if node not in done and not is_shift(question, node)]
    rest = dict.fromkeys(place for node in left for place in _places(store, node))
    if rest:
        told.setdefault(f"perhaps a kink where {_several(list(rest))}: {_MEAN} is right there")
    return "\n".join(told) or None


def left_out(places: list[str]) -> str | None:
    """The places that a proof leaves out, where the function has no kink; None if there are none."""
    ties = list(dict.fromkeys(place.removeprefix("no tie: ").replace("!=", "=") for place in places))
    return f"the proof leaves out, and probes look at: {_several(ties)}" if ties else None


_MEAN = "any mean of the limits of the derivative"


def _several(places: list[str]) -> str:
    return ", ".join(places[:_SHOWN] + (["..."] if len(places) > _SHOWN else []))


def _line(store: Store, tied: list[Node], note: Note) -> str:
    """One special point in words."""
    places = list(dict.fromkeys(place for node in tied for place in _places(store, node)))
    if note.silent is not None:
        node, value = note.silent
        places = places or [f"{_name(store, node)} = {_plain(value)}"]
    where = f"where {_several(places)}" if places else "where its formula has no value"
    match note.kind:
        case "jump":
            return f"jump {where}: there is no derivative, and nothing is judged there"
        case "infinite slope":
            return f"infinite slope {where}: no finite value is right there, and none is judged"
        case "edge of the domain":
            return f"edge of the domain {where}: limits from inside are judged there, where there are any"
        case "removable":
            return f"removable singularity {where}: the limit is right there{_claimed(note)}"
        case "kink":
            return f"kink {where}: {_accepted(store, tied, note)}{_standing(store, note)}"
        case _:
            return f"perhaps a kink {where}: the limits there are not known, and nothing is judged"


def _accepted(store: Store, tied: list[Node], note: Note) -> str:
    if tied and all(isinstance(store.op(node), (Maximum, ArgMax)) for node in tied):
        return "any shares of the largest that sum to 1 are right"
    if note.silent is not None:
        return f"{_MEAN} from all sides is right"
    return f"any value between the limits {_plain(note.low)} and {_plain(note.high)} is right"


def _standing(store: Store, note: Note) -> str:
    if np.isnan(note.given):
        return "; the claim has no value there, which is excused"
    if note.standing == "doubtful":
        return f"{_claimed(note)}, which the rules allow and the limits do not: undecided there"
    if note.standing == "apart":
        return f"{_claimed(note)}: every argument's part is right alone, but they are no derivative together"
    if note.convention is not None:
        return f"; the claim takes {note.convention}"
    if note.silent is not None and note.given == 0 and _is_root(store, note.silent[0]):
        return "; the claim gives 0, as torch.linalg.norm (JAX gives NaN)"
    return _claimed(note)


def _claimed(note: Note) -> str:
    return "" if np.isnan(note.given) else f"; the claim gives {_plain(note.given)}"


def _is_root(store: Store, node: Node) -> bool:
    op = store.op(node)
    return isinstance(op, Map) and op.formula.expression == sp.sqrt(op.formula.arguments[0])


def _plain(value: float) -> str:
    return f"{value if abs(value) > _NOTHING else 0.0:.6g}"


def _places(store: Store, node: Node) -> list[str]:
    """The ties of one comparison in words: ``x = 0``."""
    op = store.op(node)
    operands = store.operands(node)
    names = [_name(store, k) for k in operands]
    if not isinstance(op, Map):
        return [f"the maximum of {names[0]} is tied"]
    symbols = dict(zip(op.formula.arguments, (sp.Symbol(name) for name in names), strict=True))
    masks = {a for a, k in zip(op.formula.arguments, operands, strict=True) if store.kind(k) == "boolean"}
    relations = op.formula.expression.atoms(sp.core.relational.Relational)
    ordered = sorted((r for r in relations if r.free_symbols - masks), key=sp.default_sort_key)
    return list(dict.fromkeys(f"{r.lhs.xreplace(symbols)} = {r.rhs.xreplace(symbols)}" for r in ordered))


def _name(store: Store, node: Node) -> str:
    """A node in words, with max, min and |.| for the branches they are."""
    op = store.op(node)
    if isinstance(op, Map):
        inner = [formula_text(store, k, _LONGEST) for k in store.operands(node)]
        if op.formula is _ABSOLUTE:
            return f"|{inner[0]}|"
        extreme = _extreme(op.formula, inner)
        if extreme is not None:
            return extreme
    return formula_text(store, node, _LONGEST)


def _extreme(formula: Formula, names: Sequence[str]) -> str | None:
    """The larger or the smaller of two, in words."""
    expression: Any = formula.expression
    if not isinstance(expression, sp.Piecewise) or len(expression.args) not in (2, 3):
        return None
    (one, condition), (other, _) = expression.args[:2]
    named = dict(zip(formula.arguments, names, strict=True))
    if (
        one not in named
        or not (other in named or other.is_number)
        or condition not in (one > other, one < other)
    ):
        return None
    return f"{'max' if condition == (one > other) else 'min'}({named[one]}, {named.get(other, other)})"


_ABSOLUTE = from_function(lambda a: abs(a), 1)
