"""Is a number of entries never zero? How many of some moved entries are the greatest of them, written out."""

from __future__ import annotations

from itertools import product

import numpy as np

from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.maxima import GREATEST
from symdiff.proof.every_shape.terms import Atom, Expr, Undefined
from symdiff.proof.every_shape.unrolling import MOST_ENTRIES, Unroller, moved_lengths


def is_a_count(space: Generators, expr: Expr) -> bool:
    """Whether a value is, at every place, how many of some entries are the greatest of them."""
    unroller = Unroller(space, moved_lengths(space, expr))
    sizes = {k: s for k, s in space.sizes_of([expr]).items() if isinstance(s, int) and s in unroller.lengths}
    if not sizes or np.prod(list(sizes.values())) > MOST_ENTRIES:
        return False
    try:
        values = [
            unroller.at(expr, dict(zip(sizes, places, strict=True)))
            for places in product(*(range(s) for s in sizes.values()))
        ]
    except Undefined:
        return False
    return all(_counts_the_greatest(space, value) for value in values)


def _counts_the_greatest(space: Generators, value: Expr) -> bool:
    """``[a = max(a, b)] + [b = max(a, b)]``, and perhaps more such."""
    hit: dict[Atom, list[Expr]] = {}
    for key, coefficient in value.items():
        if len(key) != 1 or coefficient < 1 or space.heads[key[0][0][0]].kind != "zero":
            return False
        ((atom, _),) = key
        base = space.base(atom)
        for term, sign in base.items():
            if len(term) == 1 and space.heads[term[0][0][0]].name == GREATEST:
                entry = {k: -c / sign for k, c in base.items() if k != term}
                hit.setdefault(term[0][0], []).append(entry)
    return any(all(part in found for part in space.entries_of(top)) for top, found in hit.items())
