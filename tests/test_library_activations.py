"""Do activations keep their promises at the edges, and do bounds, maxima and measured errors tell the truth?"""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest

import symdiff as sd
from symdiff.errors import InputError
from symdiff.evaluation.arithmetics import working_precision
from symdiff.library import accuracy, find, registry
from symdiff.library.bounds import bounded, enclosure, slope
from symdiff.library.intervals import WHOLE, Interval, interval
from symdiff.library.maxima import greatest
from symdiff.library.precision import FormAccuracy, points
from symdiff.library.signs import all_of, positive, same
from symdiff.library.slices import slice_of

ELEMENTWISE = [entry for entry in registry("activation") if slice_of(entry).elementwise]
NAMED = pytest.mark.parametrize("entry", ELEMENTWISE, ids=lambda entry: entry.name)


# Edges ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows_at_the_edges(name: str) -> None:
    fn = find(name).fn
    equal = np.full((2, 4), 7.0)
    assert np.array_equal(fn(equal), np.full((2, 4), 0.25 if name == "softmax" else -np.log(4.0)))
    assert np.array_equal(fn(np.zeros((3, 1))), np.full((3, 1), 1.0 if name == "softmax" else 0.0))
    assert fn(np.zeros((0, 5))).shape == (0, 5)
    large = fn(np.array([1e4, 0.0, -1e4]))
    assert np.array_equal(large, [1.0, 0.0, 0.0] if name == "softmax" else [0.0, -1e4, -2e4])
    with pytest.raises(ValueError, match="zero-size"):
        fn(np.zeros((2, 0)))


@NAMED
def test_elementwise_functions_take_any_shape(entry) -> None:
    claim = entry.claims[0].claim
    for shape in ((), (0,), (2, 0, 3), (2, 3)):
        x = np.zeros(shape) + 0.5
        assert np.shape(entry.fn(x)) == shape
        assert np.shape(claim(x, x)) == shape


@NAMED
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtypes_are_kept(entry, dtype: str) -> None:
    x = np.asarray([-2.0, 0.0, 1.5], dtype)
    results = [entry.fn(x), *(form(x) for form in entry.forms.values())]
    results += [claim.claim(x, *[np.ones_like(x)] * claim.order) for claim in entry.claims]
    assert {result.dtype for result in results} == {np.dtype(dtype)}


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.5])
def test_leaky_relu_with_any_slope(alpha: float) -> None:
    verdict = sd.check(
        lambda x: np.sum(sd.activations.leaky_relu(x, alpha=alpha)),
        lambda x: np.where(x > 0, 1, alpha + 0 * x),
        {"x": "n"},
    )
    assert verdict.status == "proved"


def test_selu_keeps_mean_and_variance() -> None:
    """E[selu(z)] = 0 and E[selu(z)^2] = 1 of a standard normal z, enclosed by integration in balls."""
    scale, alpha = map(flint.arb, ("1.0507009873554804934193349852946", "1.6732632423543772848170429916717"))

    def density(z: flint.acb) -> flint.acb:
        return (-z * z / 2).exp() / (2 * flint.acb.pi()).sqrt()

    def left(power: int) -> flint.acb:
        return flint.acb.integral(lambda z, _: (scale * alpha * (z.exp() - 1)) ** power * density(z), -40, 0)

    def right(power: int) -> flint.acb:
        return flint.acb.integral(lambda z, _: (scale * z) ** power * density(z), 0, 40)

    with working_precision(100):
        mean, square = (left(power) + right(power) for power in (1, 2))
        assert abs(mean.real).upper() < 1e-15
        assert abs(square.real - 1).upper() < 1e-15


# Bounds -----------------------------------------------------------------------------------------------------


def logistic(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize(
    ("fn", "over", "bounds", "order"),
    [
        (logistic, (None, None), {"below": 1.001, "above": -0.001}, 0),
        (logistic, (None, None), {"below": 0.2501}, 1),
        (logistic, (9.22, None), {"below": 1e-4}, 1),
        (np.tanh, (None, -5.3), {"below": 1e-4, "above": -1e-9}, 1),
        (np.tanh, (-1, 1), {"below": 0.7616, "above": -0.7616}, 0),
        (lambda x: x * np.exp(-x), (0, None), {"below": 0.368, "above": -0.001}, 0),
    ],
)
def test_right_bounds_are_proved(fn, over, bounds, order: int) -> None:
    assert bounded(fn, over, order=order, **bounds).status == "proved"


@pytest.mark.parametrize(
    ("fn", "over", "bounds", "order"),
    [
        (logistic, (None, None), {"below": 0.2499}, 1),
        (logistic, (9.21, None), {"below": 1e-4}, 1),
        (logistic, (None, None), {"above": 1e-6}, 0),
        (np.tanh, (-1, 1), {"below": 0.7615}, 0),
        (np.tanh, (5.29, None), {"below": 1e-4}, 1),
        (lambda x: x * np.exp(-x), (0, None), {"below": 0.3678}, 0),
        (find("gelu").fn, (None, None), {"above": -0.16997}, 0),
        (find("gelu").fn, (None, None), {"below": 1.0}, 1),
        (lambda x: x**2, (None, None), {"below": 1e300}, 0),
    ],
)
def test_wrong_bounds_are_refuted_at_a_point(fn, over, bounds, order: int) -> None:
    verdict = bounded(fn, over, order=order, **bounds)
    assert verdict.status == "refuted"
    assert verdict.witness is not None and verdict.witness.certified
    x = float(verdict.witness.inputs["x"])
    graph = slope(fn, order)
    with np.errstate(over="ignore"):
        value = float(np.asarray(graph.compile().flat([x])[0]))
    assert not (bounds.get("above", -np.inf) < value < bounds.get("below", np.inf))


def test_a_bound_that_is_touched_is_not_proved() -> None:
    """sigmoid' reaches 1/4: the strict bound is refuted at 0, or left open, but never proved."""
    assert bounded(logistic, (-1, 1), order=1, below=0.25).status == "refuted"
    assert bounded(np.tanh, (None, None), below=1).status == "undecided"


def step(x):
    return np.where(x > 0.25, 1.0, 0.0)


def test_a_jump_is_not_smoothed_away() -> None:
    """The derivative of a step is 0 everywhere: the mean value theorem does not hold across it."""
    assert bounded(step, (-1, 0.5), below=0.5).status == "refuted"
    assert bounded(lambda x: step(x) * x, (-1, Fraction(3, 10)), below=0.25).status == "refuted"
    assert greatest(lambda x: step(x) - x**2, (-1, 1), 0.25).verdict.status == "undecided"
    with pytest.raises(InputError, match="curves down"):
        greatest(lambda x: step(x) - (x - 0.25) ** 2, (-1, 1), 0.25)


def test_outside_the_real_domain_nothing_is_proved() -> None:
    assert bounded(np.log, (-1, 2), below=1).status != "proved"
    assert bounded(np.sqrt, (-1, 2), below=2).status != "proved"
    assert bounded(np.sqrt, (0, 2), below=1.5).status == "proved"
    assert bounded(lambda x: 1 / x, (-1, 1), below=100).status != "proved"


def test_scope_of_a_tail() -> None:
    verdict = bounded(find("silu").fn, (None, 0), below=0.001, above=-0.28)
    assert verdict.status == "proved"
    assert verdict.scope == "every x with |x| <= 2^1024, which are all floats"


def test_maxima_are_enclosed() -> None:
    peak = greatest(lambda x: x * np.exp(-x), (0, None), 0.9)
    assert peak.verdict.status == "proved"
    with working_precision(100):
        assert (flint.arb(-1).exp()).overlaps(peak.value.low.union(peak.value.high))
        assert peak.place.low <= 1 <= peak.place.high
        assert peak.value.high - peak.value.low < 1e-25


def test_a_lower_peak_is_not_taken_for_the_highest() -> None:
    def two_peaks(x):
        return np.exp(-((x + 3) ** 2)) + 2 * np.exp(-((x - 3) ** 2))

    assert greatest(two_peaks, (-10, 10), 3.0).verdict.status == "proved"
    assert greatest(two_peaks, (-10, 10), -3.0).verdict.status == "undecided"
    with pytest.raises(InputError, match="curves down"):
        greatest(two_peaks, (-10, 10), 0.0)


def test_the_two_forms_of_gelu() -> None:
    (fact,) = find("gelu_tanh").facts
    verdict = fact.judge()
    assert verdict.status == "proved"
    assert "-0.00047323552068728487..." in verdict.question
    assert "x = 2.69894138637727030" in verdict.question
    exact, tanh_form = find("gelu").fn, find("gelu_tanh").fn
    x = np.linspace(-6, 6, 24001)
    gap = exact(x) - tanh_form(x)
    assert abs(gap.min() + 4.732355206872849e-4) < 1e-10
    assert abs(gap.max() - 2.336706321176573e-4) < 1e-10


@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "gelu", "gelu_tanh", "silu", "mish", "softplus", "softsign"]
)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_enclosures_contain_the_values(name: str, order: int) -> None:
    graph = slope(find(name).fn, order)
    kernel = graph.compile()
    for low, high in ((-7, -6), (Fraction(-1, 3), Fraction(1, 7)), (1, 4), (20, 21)):
        held = enclosure(graph, Fraction(low), Fraction(high))
        if held is None:
            assert (name, low) == ("softsign", Fraction(-1, 3))
            continue
        for x in np.linspace(float(low), float(high), 9):
            value = float(np.asarray(kernel.flat([float(x)])[0]))
            room = 1e-12 * max(1.0, abs(value))
            assert float(held.low) - room <= value <= float(held.high) + room


def test_intervals_at_their_ends() -> None:
    tail = interval(Fraction(2), None)
    assert (tail * interval(Fraction(0), Fraction(0))).high == 0
    assert (tail + WHOLE).low == -flint.arb("inf")
    assert abs(interval(Fraction(-3), Fraction(2))).high == 3
    assert int(interval(Fraction(4), Fraction(4))) == 4
    assert isinstance(-tail, Interval) and (-tail).high == -2


@pytest.mark.parametrize("fn", [np.sin, np.cos, np.arctan, np.arcsinh, np.tan], ids=lambda fn: fn.__name__)
def test_other_functions_are_enclosed(fn) -> None:
    graph = slope(fn, 0)
    held = enclosure(graph, Fraction(1, 5), Fraction(2, 5))
    assert held is not None
    values = fn(np.linspace(0.2, 0.4, 21))
    assert float(held.low) <= values.min() + 1e-15 and values.max() - 1e-15 <= float(held.high)
    whole = enclosure(graph, None, None)
    assert whole is not None and whole.low <= held.low and held.high <= whole.high


def test_signs() -> None:
    assert positive(lambda x: np.exp(x), lambda x: np.exp(x)).status == "proved"
    assert positive(lambda x: x**2, lambda x: x**2).status == "undecided"
    assert positive(lambda x: x**2, lambda x: x**2, strict=False).status == "proved"
    assert positive(lambda x: np.exp(x), lambda x: np.exp(-x)).status == "refuted"


def test_one_wrong_part_decides() -> None:
    right = same(lambda x: x + x, lambda x: 2 * x, {"x": "n"})
    wrong = same(lambda x: x + x, lambda x: 3 * x, {"x": "n"})
    assert all_of("both", right, wrong).status == "refuted"
    assert all_of("both", right, right).status == "proved"


# Errors in ULP ----------------------------------------------------------------------------------------------


def row_of(rows: tuple[FormAccuracy, ...], form: str, order: int) -> FormAccuracy:
    return next(row for row in rows if (row.form, row.order) == (form, order))


def test_errors_of_the_sigmoid() -> None:
    rows = accuracy("sigmoid")
    textbook = row_of(rows, "textbook", 1)
    assert [stretch.trouble for stretch in textbook.stretches] == ["nan", "no digit right"]
    assert textbook.stretches[0].low == -np.finfo(float).max
    assert -709.79 < textbook.stretches[0].high < -709.78
    with np.errstate(all="ignore"):
        form = next(claim.claim for claim in find("sigmoid").claims if claim.label == "textbook")
        assert np.isnan(form(np.float64(-800.0), 1.0))
        assert np.isnan(form(np.float64(textbook.stretches[0].high), 1.0))
        assert np.isfinite(form(np.nextafter(textbook.stretches[0].high, 0), 1.0))
    stable = row_of(rows, "sigmoid_backward", 1)
    assert stable.ulp < 4 and stable.fails == ()
    output = row_of(rows, "from the output", 1)
    assert output.ulp > 1e15 and 36 < output.stretches[0].low < 38
    assert row_of(rows, "both signs", 0).subnormal_ulp < 1 < row_of(rows, "sigmoid", 0).subnormal_ulp


def test_errors_of_rows() -> None:
    """The first of two logits moves: only the textbook form fails at large logits."""
    rows = accuracy("softmax")
    assert row_of(rows, "softmax", 0).stretches == ()
    (stretch,) = row_of(rows, "textbook", 0).stretches
    assert stretch.trouble == "nan" and 709.78 < stretch.low < 709.79
    assert row_of(rows, "softmax", 0).ulp == row_of(accuracy("softmax"), "softmax", 0).ulp < 2


def test_errors_in_single_precision() -> None:
    rows = accuracy("tanh", "float32")
    assert row_of(rows, "tanh", 0).ulp < 2
    assert row_of(rows, "tanh_backward", 1).ulp < 4
    textbook = row_of(rows, "textbook", 0)
    assert {stretch.trouble for stretch in textbook.stretches} == {"nan", "no digit right"}
    assert set(textbook.at_infinity) == {"nan at -inf", "nan at inf"}


def test_exact_forms_have_no_error() -> None:
    assert {row.ulp for row in accuracy("relu")} == {0.0}


@pytest.mark.parametrize("entry", ["elu", "gelu", "softplus"])
def test_the_form_that_is_run_has_no_gap(entry: str) -> None:
    first = [row for row in accuracy(entry, "float32") if row.form in (entry, f"{entry}_backward")]
    assert [row.stretches for row in first] == [(), ()]


def test_points_of_every_binade() -> None:
    grid = points("float64")
    exponents = set(np.frexp(grid[grid > 0])[1])
    assert exponents == set(range(-1073, 1025))
    assert np.array_equal(grid, -grid[::-1])
    assert {0.0, float(np.finfo(float).max), 5e-324} <= set(grid)
    assert np.all(np.diff(np.delete(grid, len(grid) // 2)) > 0)


def test_accuracy_asks_for_a_function_of_one_number() -> None:
    with pytest.raises(InputError, match="one argument"):
        accuracy("prelu")
    with pytest.raises(InputError, match="float16"):
        accuracy("tanh", "float16")
