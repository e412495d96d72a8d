"""May a value that is not zero at a few small sizes be zero on a whole set at another place or size?

``i - 12`` is zero at place 12 only, ``(n - 7) x + (m - 5) y`` at the sizes 7 and 5 only: no small size shows it.
What neither names a place nor a size is an analytic function alike at all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import sympy as sp

from symdiff.ir.ops import Index
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.terms import Atom, Expr, Head, Mono, accumulate, mono, single


def may_vanish(space: Generators, factor: Expr) -> bool:
    """Whether some place or some size may make an irreducible value zero for all inputs."""
    groups = _by_coefficient(space, factor)
    sure = [key for key, coefficient in groups.items() if space.sign(coefficient)]
    if not any(_is_special(space, atom) for key in groups for atom, _ in key):
        return not sure
    return not any(_stands_alone(space, key, [other for other in groups if other != key]) for key in sure)


def _is_special(space: Generators, atom: Atom) -> bool:
    """Whether an atom knows its place, or depends on a size."""
    head = space.heads[atom[0]]
    return is_local(head) or any(is_local(own) or own.kind == "size" for own in _heads(space, head.parts))


def is_local(head: Head) -> bool:
    """Whether a head knows at which place it is: positions, comparisons of positions, moves."""
    return isinstance(head.name, Index) or (head.kind == "mask" and isinstance(head.name, tuple))


def _by_coefficient(space: Generators, factor: Expr) -> dict[Mono, Expr]:
    """The products of what is no size, each with its coefficient, a sum of products of sizes."""
    groups: dict[Mono, Expr] = {}
    for key, coefficient in factor.items():
        sizes = {a: e for a, e in key if space.heads[a[0]].kind == "size"}
        rest = mono({a: e for a, e in key if a not in sizes})
        accumulate(groups.setdefault(rest, {}), {mono(sizes): coefficient})
    return groups


def _heads(space: Generators, parts: Iterable[Expr]) -> list[Head]:
    """The heads that occur, at any depth."""
    seen: set[int] = set()
    stack = list(parts)
    while stack:
        for key in stack.pop():
            for (number, _), _ in key:
                if number not in seen:
                    seen.add(number)
                    stack += space.heads[number].parts
    return [space.heads[number] for number in seen]


def _inputs(space: Generators, parts: Iterable[Expr]) -> set[object]:
    """The names of the inputs that occur, at any depth."""
    return {head.name for head in _heads(space, parts) if head.kind == "input"}


def _stands_alone(space: Generators, key: Mono, others: list[Mono]) -> bool:
    """Whether a term is never zero as a function, and has an entry of an input that no other term has."""
    if not all(space.heads[a[0]].positive or _is_solid(space, a) for a, _ in key):
        return False
    if not others:
        return True
    strange = _inputs(space, [dict.fromkeys(others, Fraction(1))])
    for atom, _ in key:
        head = space.heads[atom[0]]
        own = _inputs(space, [single(atom)])
        if (head.kind == "input" or _is_sum_of_inputs(space, head)) and (
            own - strange or _is_elsewhere(space, head, others)
        ):
            return True
    return False


def _is_solid(space: Generators, atom: Atom) -> bool:
    """Whether an atom is, at every place, a function that is not zero."""
    head = space.heads[atom[0]]
    return head.kind == "input" or not _is_special(space, atom) or _is_sum_of_inputs(space, head)


def _is_sum_of_inputs(space: Generators, head: Head) -> bool:
    """A sum of products of inputs over places that are never none: no two terms cancel."""
    if head.kind != "sum" or len(head.parts[0]) != 1:
        return False
    ((key, _),) = head.parts[0].items()
    kinds = [space.heads[a[0]] for a, _ in key]
    masks = [(a, own) for (a, _), own in zip(key, kinds, strict=True) if is_local(own)]
    rest = [own for own in kinds if not is_local(own)]
    return (
        len(masks) <= 1
        and any(own.kind == "input" for own in rest)
        and all(own.kind in ("input", "size") or own.positive for own in rest)
        and all(_is_somewhere(own, atom) for atom, own in masks)
    )


def _is_somewhere(head: Head, atom: Atom) -> bool:
    """Whether for each free label of a mask there is a place at which it is 1. Bound labels are negative."""
    name = head.name
    if isinstance(name, Index):
        return name.relation == "less_equal" and name.offset <= 0 and name.shape[0] == name.shape[1]
    if isinstance(name, tuple) and name[0] == "span":
        return all(label < 0 for label in atom[1][name[5] :])
    return False


def _is_elsewhere(space: Generators, head: Head, others: list[Mono]) -> bool:
    """Whether a slice of an input differs, by a number of places, from every other slice of it."""
    mine = _slice(space, head)
    if mine is None:
        return False
    for other in others:
        for (number, _), _ in other:
            its = _slice(space, space.heads[number])
            if mine[0] not in _inputs(space, [single((number, ()))]):
                continue
            if its is None or its[0] != mine[0]:
                return False
            gap = sp.sympify(its[1], strict=True) - sp.sympify(mine[1], strict=True)
            if not gap.is_number or gap == 0:
                return False
    return True


def _slice(space: Generators, head: Head) -> tuple[object, object] | None:
    """The input and the start, if a sum is a slice of step 1 of an input."""
    if not _is_sum_of_inputs(space, head):
        return None
    ((key, _),) = head.parts[0].items()
    inputs = [space.heads[a[0]].name for a, e in key if space.heads[a[0]].kind == "input" and e == 1]
    spans = [space.heads[a[0]].name for a, _ in key if is_local(space.heads[a[0]])]
    if len(key) != 2 or len(inputs) != 1 or len(spans) != 1:
        return None
    (name,) = spans
    return (inputs[0], name[1]) if isinstance(name, tuple) and name[0] == "span" and name[2] == 1 else None
