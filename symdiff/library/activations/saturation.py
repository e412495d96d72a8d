"""Where do sigmoid, tanh, softsign and softmax saturate, what are their ranges, and whose slope is larger? Proved."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from symdiff.library import Array
from symdiff.library.activations.probabilities import LOG_SOFTMAX, SOFTMAX, log_softmax, softmax
from symdiff.library.activations.saturating import (
    SIGMOID,
    SOFTSIGN,
    TANH,
    sigmoid,
    sigmoid_backward,
    softsign_backward,
    tanh,
    tanh_backward,
)
from symdiff.library.bounds import bounded
from symdiff.library.signs import all_of, positive, same
from symdiff.verdicts import Verdict

X = {"x": "n"}


def sigmoid_slope(x: Array) -> Array:
    """s'(x)."""
    return sigmoid_backward(x, 1)


def tanh_slope(x: Array) -> Array:
    """tanh'(x)."""
    return tanh_backward(x, 1)


def falling(t: Array) -> Array:
    """softsign'(x) by t = |x|."""
    return 1 / (1 + t) ** 2


@SIGMOID.fact("its values lie in (0, 1)")
def sigmoid_range() -> Verdict:
    """0 < s and 0 < 1 - s."""
    low = positive(sigmoid, lambda x: 1 / (1 + np.exp(-x)))
    high = positive(lambda x: 1 - sigmoid(x), lambda x: 1 / (1 + np.exp(x)))
    return all_of("0 < sigmoid(x) < 1 for every x", low, high)


@SIGMOID.fact("it is centred at 1/2, not at 0: s(-x) = 1 - s(x)")
def sigmoid_centre() -> Verdict:
    """The values at x and -x have the mean 1/2."""
    return same(lambda x: sigmoid(-x), lambda x: 1 - sigmoid(x), X)


@SIGMOID.fact("its slope is at most 1/4, which it is at 0: 1/4 - s'(x) = (s(x) - 1/2)^2")
def sigmoid_steepest() -> Verdict:
    """What is missing to 1/4 is a square."""
    return same(lambda x: 0.25 - sigmoid_slope(x), lambda x: (sigmoid(x) - 0.5) ** 2, X)


@SIGMOID.fact("it saturates: s'(x) < 1e-4 where |x| >= 9.22, and not where |x| <= 9.21")
def sigmoid_saturates() -> Verdict:
    """Three intervals, two of them without an end."""
    tails = [bounded(sigmoid, over, order=1, below=1e-4) for over in ((9.22, None), (None, -9.22))]
    middle = bounded(sigmoid, (-9.21, 9.21), order=1, above=1e-4)
    return all_of("s'(x) < 1e-4 where |x| >= 9.22, > 1e-4 where |x| <= 9.21", *tails, middle)


@SIGMOID.fact("gradients vanish with depth: the slope of five sigmoids in a row is below 1 / 4^5")
def sigmoids_in_a_row() -> Verdict:
    """Each factor of the chain is at most 1/4."""

    def five(x: Array) -> Array:
        for _ in range(5):
            x = sigmoid(x)
        return x

    return bounded(five, order=1, below=Fraction(1, 4**5))


@TANH.fact("its values lie in (-1, 1): 1 - tanh(x)^2 = 1 / cosh(x)^2 > 0")
def tanh_range() -> Verdict:
    """The square of a value is below 1."""
    return positive(lambda x: 1 - np.tanh(x) ** 2, lambda x: 1 / np.cosh(x) ** 2)


@TANH.fact("it is centred at zero: tanh(-x) = -tanh(x)")
def tanh_centre() -> Verdict:
    """Odd."""
    return same(lambda x: tanh(-x), lambda x: -tanh(x), X)


@TANH.fact("its slope is at most 1, which it is at 0: 1 - tanh'(x) = tanh(x)^2")
def tanh_steepest() -> Verdict:
    """What is missing to 1 is a square."""
    return same(lambda x: 1 - tanh_slope(x), lambda x: np.tanh(x) ** 2, X)


@TANH.fact("it saturates: tanh'(x) < 1e-4 where |x| >= 5.3, and not where |x| <= 5.29")
def tanh_saturates() -> Verdict:
    """Three intervals, two of them without an end."""
    tails = [bounded(tanh_slope, over, below=1e-4) for over in ((5.3, None), (None, -5.3))]
    return all_of(
        "tanh'(x) < 1e-4 where |x| >= 5.3, > 1e-4 where |x| <= 5.29",
        *tails,
        bounded(tanh_slope, (-5.29, 5.29), above=1e-4),
    )


def lead(x: Array) -> Array:
    """2 cosh(x / 2) - cosh(x) with cosh(x) = 2 cosh(x / 2)^2 - 1: it has the sign of tanh' - s'."""
    return 1 - 2 * np.cosh(x / 2) * (np.cosh(x / 2) - 1)


@TANH.fact("its slope is larger than the sigmoid's where |x| <= 1.662, and smaller where |x| >= 1.663")
def tanh_is_stronger_in_the_middle() -> Verdict:
    """The sign of the difference is the sign of a polynomial in cosh(x / 2)."""
    half = same(
        lambda x: tanh_slope(x) - sigmoid_slope(x),
        lambda x: lead(x) * (2 * np.cosh(x / 2) + np.cosh(x)) / (4 * np.cosh(x / 2) ** 2 * np.cosh(x) ** 2),
        X,
    )
    tails = [bounded(lead, over, below=0) for over in ((1.663, None), (None, -1.663))]
    question = "tanh'(x) > s'(x) where |x| <= 1.662, < where |x| >= 1.663"
    return all_of(question, half, bounded(lead, (-1.662, 1.662), above=0), *tails)


@TANH.fact("it is a stretched sigmoid: tanh(x) = 2 s(2 x) - 1")
def tanh_is_a_sigmoid() -> Verdict:
    """One function, two scales."""
    return same(tanh, lambda x: 2 * sigmoid(2 * x) - 1, X)


@SOFTSIGN.fact("it saturates slowly: s'(x) < 1e-4 where |x| >= 99.01, and not where |x| <= 98.99")
def softsign_saturates() -> Verdict:
    """(1 + |x|)^-2 against 1e-4, on both sides."""
    even = same(lambda x: softsign_backward(x, 1), lambda x: falling(np.abs(x)), X)
    tail = bounded(falling, (99.01, None), below=1e-4)
    middle = bounded(falling, (0, 98.99), above=1e-4)
    return all_of("softsign'(x) < 1e-4 where |x| >= 99.01, > 1e-4 where |x| <= 98.99", even, tail, middle)


@SOFTMAX.fact("every row sums to one")
def softmax_sums() -> Verdict:
    """For every batch and every number of classes."""
    return same(lambda x: np.sum(softmax(x), axis=-1), lambda x: np.ones_like(x[:, 0]), {"x": "n k"})


@SOFTMAX.fact("a number added to a row changes nothing")
def softmax_shift() -> Verdict:
    """Logits have no origin."""
    return same(lambda x, c: softmax(x + c[:, None]), lambda x, c: softmax(x), {"x": "n k", "c": "n"})


@SOFTMAX.fact("of two classes it is the sigmoid of the difference of the logits")
def softmax_of_two() -> Verdict:
    """So two logits 9.22 apart are saturated: every entry of the Jacobian is below 1e-4."""
    pair = same(lambda a, b: softmax(np.stack([a, b]))[0], lambda a, b: sigmoid(a - b), {"a": "", "b": ""})
    return all_of("softmax(a, b)[0] = s(a - b); below 1e-4 where a - b >= 9.22", pair, sigmoid_saturates())


@SOFTMAX.fact("the derivatives of a row sum to zero: a gradient moves no common part of the logits")
def softmax_gradient_sums() -> Verdict:
    """The pullback is orthogonal to (1, ..., 1)."""

    def pulled(x: Array, g: Array) -> Array:
        p = softmax(x)
        return np.sum(p * (g - np.sum(g * p, axis=-1, keepdims=True)), axis=-1)

    return same(pulled, lambda x, g: np.zeros_like(x[:, 0]), {"x": "n k", "g": "n k"})


@LOG_SOFTMAX.fact("the exponentials of a row sum to one")
def log_softmax_sums() -> Verdict:
    """It is the logarithm of probabilities."""
    return same(
        lambda x: np.sum(np.exp(log_softmax(x)), axis=-1), lambda x: np.ones_like(x[:, 0]), {"x": "n k"}
    )
