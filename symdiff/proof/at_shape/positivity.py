"""Which polynomials are positive, analytic, never zero? What can be read off coefficients and domain facts.

"Clean" means: a real-analytic function on a connected domain. A clean function that is not zero somewhere is
not zero almost everywhere, and its sign changes only where it is zero.
"""

from __future__ import annotations

from fractions import Fraction

from symdiff.proof.at_shape.fields import Bucket, Poly, Ring
from symdiff.proof.at_shape.recipes import Entry

UNKNOWN, NONNEGATIVE, POSITIVE = 0, 1, 2
_MOST_COORDINATES = 24


class Positivity:
    """Definiteness, cleanliness and bounds of the polynomials of one ring.

    ``trusted``: affine functions under logarithms and roots; these count as clean if the truth needs the
    affine functions to be positive, since half-spaces are connected. The caller checks that it does.
    """

    def __init__(self, ring: Ring, *, trust_affine: bool) -> None:
        self.ring = ring
        self.trust_affine = trust_affine
        self.trusted: list[Poly] = []
        self.bounds = Bucket()  # p without its constant -> list of (constant, whether p > 0 or p < 0)
        self._definite = Bucket()

    def is_clean(self, poly: Poly) -> bool:
        """Whether the polynomial is an analytic function on the whole domain."""
        return all(g.clean for g in self.ring.used(poly))

    def is_constant(self, poly: Poly) -> bool:
        """Whether it is a number."""
        return all(g.constant for g in self.ring.used(poly))

    def definite(self, poly: Poly) -> int:
        """POSITIVE or NONNEGATIVE where it shows: even powers, positive generators, squares, bounds."""
        if poly.is_constant():
            return POSITIVE if not poly.is_zero() and poly.leading_coefficient() > 0 else UNKNOWN
        found: int | None = self._definite.get(poly)
        if found is None:
            found = self._by_coefficients(poly) or self._as_quadratic(poly)[0]
            if self.by_bounds(poly) == 1:
                found = POSITIVE
            self._definite.put(poly, found)
        return found

    def fixed_sign(self, poly: Poly) -> int:
        """1 or -1 where the sign is the same on the whole domain, otherwise 0."""
        return 1 if self.definite(poly) == POSITIVE else self.by_bounds(poly)

    def _by_coefficients(self, poly: Poly) -> int:
        level = NONNEGATIVE
        generators = self.ring.generators
        for monomial, coefficient in poly.to_dict().items():
            if coefficient < 0:
                return UNKNOWN
            used = [(generators[k], e) for k, e in enumerate(monomial) if e]
            if any(e % 2 and not (g.positive or g.nonnegative) for g, e in used):
                return UNKNOWN
            if all(g.positive for g, _ in used):
                level = POSITIVE
        return level

    # Quadratic forms ------------------------------------------------------------------------------

    def _as_quadratic(self, poly: Poly) -> tuple[int, int]:
        """Definiteness and rank of a quadratic polynomial, by completing squares."""
        if poly.total_degree() != 2:
            return UNKNOWN, 0
        used = [g.index for g in self.ring.used(poly)]
        if len(used) > _MOST_COORDINATES:
            return UNKNOWN, 0
        return _complete_squares(self._matrix(poly, used))

    def _matrix(self, poly: Poly, used: list[int]) -> list[list[Fraction]]:
        place = {k: n for n, k in enumerate(used)}
        size = len(used) + 1
        matrix = [[Fraction(0)] * size for _ in range(size)]
        for monomial, c in poly.to_dict().items():
            rows = [place[k] for k, e in enumerate(monomial) for _ in range(e)]
            i, j = [*rows, size - 1, size - 1][:2]
            half = Fraction(int(c.p), int(c.q)) / 2
            matrix[i][j] += half
            matrix[j][i] += half
        return matrix

    def is_thin(self, poly: Poly) -> bool:
        """Whether a nonnegative function of coordinates is zero only on a set that cuts nothing apart."""
        generators = self.ring.used(poly)
        if not all(isinstance(g.recipe, Entry) and g.clean for g in generators):
            return False
        if self._by_coefficients(poly):
            return bool(poly.term_content().is_constant())
        definite, rank = self._as_quadratic(poly)
        return definite == NONNEGATIVE and rank >= 2

    # Analytic roots and logarithms ----------------------------------------------------------------

    def has_clean_root(self, poly: Poly) -> bool:
        """Whether roots and logarithms of ``|poly|`` are analytic on a connected domain."""
        if not self.is_clean(poly):
            return False
        if self.fixed_sign(poly) or poly.is_constant() or self.is_thin(poly):
            return True
        affine = poly.total_degree() == 1 and all(isinstance(g.recipe, Entry) for g in self.ring.used(poly))
        if affine and self.trust_affine:
            self.trusted.append(poly)
            return True
        return False

    # Bounds from the domain -----------------------------------------------------------------------

    def assume_bound(self, x: Poly, bound: Fraction, *, above: bool) -> None:
        """A domain fact: ``x > bound`` or ``x < bound``."""
        family: list[tuple[Fraction, bool]] | None = self.bounds.get(x)
        if family is None:
            family = []
            self.bounds.put(x, family)
        family.append((-bound, above))

    def by_bounds(self, poly: Poly) -> int:
        """The sign that the domain facts give to an affine function of one coordinate."""
        if not self.bounds.table:
            return 0
        rest, constant = split_constant(poly)
        if rest.is_zero():
            return 0
        lead = rest.leading_coefficient()
        scale = Fraction(int(lead.p), int(lead.q))
        for other, above in self.bounds.get(rest / lead) or []:
            if (above and constant / scale >= other) or (not above and constant / scale <= other):
                return 1 if above == (scale > 0) else -1
        return 0


def split_constant(poly: Poly) -> tuple[Poly, Fraction]:
    """A polynomial without its constant term, and that term."""
    last = len(poly) - 1
    if any(poly.monomial(last)):
        return poly, Fraction(0)
    constant = poly.coefficient(last)
    return poly - constant, Fraction(int(constant.p), int(constant.q))


def _complete_squares(matrix: list[list[Fraction]]) -> tuple[int, int]:
    """Definiteness of ``sum_ij m_ij x_i x_j`` with ``x_last = 1``, and the number of squares in x."""
    size, rank = len(matrix), 0
    for k in range(size - 1):
        pivot = matrix[k][k]
        if pivot < 0 or (pivot == 0 and any(matrix[k][k:])):
            return UNKNOWN, 0
        if pivot == 0:
            continue
        rank += 1
        for i in range(k + 1, size):
            factor = matrix[i][k] / pivot
            for j in range(k, size):
                matrix[i][j] -= factor * matrix[k][j]
    rest = matrix[-1][-1]
    if rest < 0:
        return UNKNOWN, 0
    return (POSITIVE if rest > 0 else NONNEGATIVE), rank
