"""Kinks, ties, gaps and edges: every convention is right, what no subgradient allows is wrong, places are named."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kink_cases import RIGHT, WRONG
from kink_functions import ZERO, X, absolute, norm, rectified, shares, step

import symdiff as sd


@pytest.mark.parametrize("name", RIGHT)
def test_right_claims_are_accepted(name: str) -> None:
    fn, claim, inputs, options = RIGHT[name]
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # 0/0 at the caller's own point is what some are about
        verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "proved", str(verdict)


@pytest.mark.parametrize("name", WRONG)
def test_claims_wrong_at_special_points_are_refuted(name: str) -> None:
    fn, claim, inputs, options = WRONG[name]
    verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "refuted", str(verdict)
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "edge", str(verdict)
    assert verdict.witness is not None


# What is said ---------------------------------------------------------------------------------------------------

MEAN = "any mean of the limits of the derivative"
WORDS: list[tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], str | None]] = [
    (rectified, step(0), (X,),
     "kink where x = 0: any value between the limits 0 and 1 is right; "
     "the claim takes 0, as torch.relu and jax.nn.relu"),
    (rectified, step(0.5), (X,),
     "kink where x = 0: any value between the limits 0 and 1 is right; "
     "the claim takes 0.5, as torch.maximum and jnp.maximum"),
    (absolute, step(1, -1.0), (X,),
     "kink where x = 0: any value between the limits -1 and 1 is right; the claim takes 1, as jnp.abs"),
    (absolute, np.sign, (X,),
     "kink where x = 0: any value between the limits -1 and 1 is right; the claim takes 0, as torch.abs"),
    (lambda x: np.sum(np.minimum(x, 6)), lambda x: (x < 6) * 1.0, (X,),
     "kink where x = 6: any value between the limits 0 and 1 is right; "
     "the claim takes 0, as torch.nn.functional.relu6"),
    (lambda x: np.sum(np.maximum(x - 0.1, 0)), lambda x: (x > 0.1) * 1.0, (X,),
     "kink where x - 1/10 = 0: any value between the limits 0 and 1 is right; "
     "the claim takes 0, as torch.relu and jax.nn.relu"),
    (lambda x: np.sum(np.clip(x, 0.1, 0.9)), lambda x: ((x > 0.1) & (x < 0.9)) * 1.0, (0.5,),
     "kink where max(x, 1/10) = 9/10: any value between the limits 0 and 1 is right; the claim takes 0\n"
     "kink where x = 1/10: any value between the limits 0 and 1 is right; the claim gives 0"),
    (lambda x: np.max(x), shares, (X,),
     "kink where the maximum of x is tied: any shares of the largest that sum to 1 are right; "
     "the claim takes equal shares, as jnp.max, torch.amax and torch.max of all entries"),
    (norm, lambda x: np.where(norm(x) == 0, 0, x / norm(x)), (X,),
     f"kink where sqrt(sum(x**2)) = 0: {MEAN} from all sides is right; "
     "the claim gives 0, as torch.linalg.norm (JAX gives NaN)"),
    (norm, lambda x: x / norm(x), (X,),
     f"kink where sqrt(sum(x**2)) = 0: {MEAN} from all sides is right; the claim has no value there, which is excused"),
    (lambda x: np.sum(np.maximum(x, 0) - 0.1 * np.maximum(-x, 0)), lambda x: (x > 0) + 0.1 * (x < 0), (X,),
     "kink where x = 0, -x = 0: any value between the limits 0.1 and 1 is right; "
     "the claim gives 0, which the rules allow and the limits do not: undecided there"),
    (lambda x: np.sum(np.sign(x)), lambda x: 0 * x, (X,),
     "jump where x = 0: there is no derivative, and nothing is judged there"),
    (lambda x: np.sum(x * np.log(x)), lambda x: np.log(x) + 1, (np.abs(X),),
     "infinite slope where x = 0: no finite value is right there, and none is judged"),
    (lambda x: np.sum(np.sqrt(np.abs(x))), lambda x: 0.5 * np.sign(x) / np.sqrt(np.abs(x)), (X,),
     "infinite slope where x = 0: no finite value is right there, and none is judged"),
    (lambda x: np.sum(np.log(x)), lambda x: 1 / x, (np.abs(X),),
     "edge of the domain where x = 0: limits from inside are judged there, where there are any"),
    (lambda x: np.sin(x) / x, lambda x: np.cos(x) / x - np.sin(x) / x**2, (0.5,),
     "removable singularity where x = 0: the limit is right there"),
    (lambda x: np.sum(x * np.abs(x)), lambda x: 2 * np.abs(x), (X,), None),
    (lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))), lambda x: np.exp(x) / np.sum(np.exp(x)), (X,), None),
    (np.tanh, lambda x: 1 - np.tanh(x) ** 2, (0.5,), None),
]  # fmt: skip


@pytest.mark.parametrize(("fn", "claim", "inputs", "words"), WORDS)
def test_the_place_and_the_convention_are_named(
    fn: Callable[..., Any], claim: Callable[..., Any], inputs: tuple[Any, ...], words: str | None
) -> None:
    verdict = sd.check(fn, claim, inputs)
    assert (verdict.status, verdict.kink) == ("proved", words)


def test_a_convention_is_that_of_the_library() -> None:
    for library, slope, status in (("torch", 0, "proved"), ("torch", 1, "refuted"), ("jax", 1, "proved")):
        assert sd.check(absolute, step(slope, -1.0), (ZERO,), convention=library).status == status


def test_a_refutation_shows_the_nearest_derivative() -> None:
    verdict = sd.check(np.max, lambda a: (a == np.max(a)) * 1.0, (np.zeros(2),))
    assert verdict.witness is not None
    assert (float(verdict.witness.claimed), float(verdict.witness.exact)) == (1.0, 0.5)
    words = "any shares of the largest that sum to 1 are right; the claim gives 1"
    assert verdict.kink == f"kink where the maximum of a is tied: {words}"


def test_parts_that_do_not_fit_together_are_refuted() -> None:
    def larger(x: Any, y: Any) -> Any:
        return np.maximum(x, y)

    verdict = sd.check(larger, lambda x, y: (x >= y, y >= x), (1.0, 1.0), wrt=("x", "y"))
    words = "the claim gives 1: every argument's part is right alone, but they are no derivative together"
    assert verdict.status == "refuted"
    assert verdict.kink == f"kink where x = y: any value between the limits 0 and 1 is right; {words}"
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "edge"
    assert verdict.mistake.detail.startswith("each argument's part is right alone")
    for right in (lambda x, y: (x >= y, y > x), lambda x, y: (x > y, y >= x)):
        assert sd.check(larger, right, (1.0, 1.0), wrt=("x", "y")).status == "proved"


def test_a_difference_of_two_arguments_has_opposite_slopes_at_its_kink() -> None:
    def distance(x: Any, y: Any) -> Any:
        return np.sum(np.abs(x - y))

    def slopes(x: Any, y: Any) -> Any:
        return np.where(x >= y, 1.0, -1.0), np.where(x >= y, -1.0, 1.0)

    def both(x: Any, y: Any) -> Any:
        return np.where(x >= y, 1.0, -1.0), np.where(y >= x, 1.0, -1.0)

    for inputs in ((1.0, 1.0), ("n", "n")):
        assert sd.check(distance, slopes, inputs, wrt=("x", "y")).status == "proved"
        assert sd.check(distance, both, inputs, wrt=("x", "y")).status == "refuted"


def test_no_value_where_the_derivative_is_finite() -> None:
    """Excused at points that nobody asked about; not at the caller's own, and not inside the caller's domain."""

    def slope(x: Any) -> Any:
        return (np.pi * x * np.cos(np.pi * x) - np.sin(np.pi * x)) / (np.pi * x**2)

    def plain(x: Any) -> Any:
        return np.cos(x) / x - np.sin(x) / x**2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for fn, claim in ((np.sinc, slope), (lambda x: np.sin(x) / x, plain)):
            assert sd.check(fn, claim, 0.5).status == "proved"
            for inputs, domain in ((0.0, {}), (0.5, {"x": (-1, 1)})):
                verdict = sd.check(fn, claim, inputs, domain=domain)
                assert verdict.status == "refuted"
                assert verdict.mistake is not None
                assert verdict.mistake.kind == "nan"


def guarded_power(value: float) -> Callable[..., Any]:
    return lambda a, b: np.where(a == 0, value, a**b * np.log(np.where(a == 0, 1.0, a)))


POWER = (np.array([0.0, 1.0]), np.array([2.0, 1.5]))
SINGULAR: list[tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], dict[str, Any], str | None]] = [
    (lambda a, b: np.sum(a**b), lambda a, b: a**b * np.log(a), POWER, {"wrt": "b"}, "nan"),
    (lambda a, b: a**b, lambda a, b: a**b * np.log(a), (np.array(0.0), 2.0), {"wrt": "b"}, "nan"),
    (lambda a, b: a**b, lambda a, b, g: g * a**b * np.log(a), POWER, {"wrt": "b", "of": "vjp"}, "nan"),
    (lambda a, b: a**b, lambda a, b, v: v * a**b * np.log(a), POWER, {"wrt": "b", "of": "jvp"}, "nan"),
    (lambda a, b: np.sum(np.exp(b * np.log(a))), lambda a, b: a**b * np.log(a), POWER, {"wrt": "b"}, "nan"),
    (lambda a, b: np.sum(a**b), lambda a, b: (b * a ** (b - 1), a**b * np.log(a)), POWER, {"wrt": ("a", "b")}, "nan"),
    (lambda a, b: np.sum(a**b), guarded_power(5.0), POWER, {"wrt": "b"}, "edge"),
    (lambda a, b: np.sum(a**b), guarded_power(5.0), (POWER[0] + 0.5, POWER[1]), {"wrt": "b"}, "edge"),
    (lambda a, b: np.sum(a**b), guarded_power(0.0), POWER, {"wrt": "b"}, None),
    (lambda a, b: a**b, lambda a, b, g: g * guarded_power(0.0)(a, b), POWER, {"wrt": "b", "of": "vjp"}, None),
    (lambda a, b: a**b, lambda a, b: a**b * np.log(a), (np.array(0.0), 0.0), {"wrt": "b"}, None),
    (lambda x: np.sum(np.where(x > 0, x**2 * np.log(np.where(x > 0, x, 1)), 0)), lambda x: 2 * x * np.log(x) + x,
     (np.array([0.0, 1.0]),), {}, "nan"),
    (lambda x: np.sum(x * np.log(x)), lambda x: np.log(x) + 1, (np.array([0.0, 1.0]),), {}, None),
    (lambda x: np.sum(np.sqrt(x) ** 2), lambda x: np.sqrt(x) / np.sqrt(x), (np.array([0.0, 1.0]),), {}, "nan"),
    (lambda x: np.sqrt(x) ** 2, lambda x, v: np.sqrt(x) / np.sqrt(x) * v, (ZERO,), {"of": "jvp"}, "nan"),
    (lambda x, y: np.sum(np.sqrt(x * y)), lambda x, y: x / (2 * np.sqrt(x * y)), POWER, {"wrt": "y"}, "nan"),
    (lambda w, x: np.sum(w * np.sin(x) / x), lambda w, x: np.sin(x) / x, POWER[::-1], {"wrt": "w"}, "nan"),
    (lambda x: np.sum(x / np.abs(x)), lambda x: (np.abs(x) - x * np.sign(x)) / x**2, (np.array([0.0, 1.0]),), {}, None),
    (lambda x: np.sum(x - np.log(1 + x)), lambda x: 1 / (1 + 1 / x), (np.array([0.0, 1.0]),), {}, None),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("fn", "claim", "inputs", "options", "kind"), SINGULAR)
def test_no_value_at_the_given_point(
    fn: Callable[..., Any],
    claim: Callable[..., Any],
    inputs: tuple[Any, ...],
    options: dict[str, Any],
    kind: str | None,
) -> None:
    """Wrong where the derivative is finite, also where its formula has no value all along an argument's zero."""
    verdict = sd.check(fn, claim, inputs, **options)
    assert (verdict.status, verdict.mistake and verdict.mistake.kind) == (
        ("proved", None) if kind is None else ("refuted", kind)
    )


def test_a_gap_between_two_heights_is_no_removable_one() -> None:
    verdict = sd.check(lambda x: x / np.abs(x), lambda x: 0 * x, 0.5)
    assert verdict.kink == "jump where x = 0: there is no derivative, and nothing is judged there"


def test_a_value_at_a_decimal_is_compared() -> None:
    def cosine(x: Any) -> Any:
        return np.cos(x)

    wrong = sd.check(cosine, lambda x: np.where(x == 0.37, 5.0, np.cos(x)), (X,), of="value")
    right = sd.check(cosine, lambda x: np.where(x == 0.37, np.cos(0.37), np.cos(x)), (X,), of="value")
    assert (wrong.status, right.status) == ("refuted", "proved")
    assert wrong.mistake is not None
    assert wrong.mistake.kind == "edge"
