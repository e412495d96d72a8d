"""Does every name on a page of a derivation mean one thing, whatever the code calls its variables?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff import calculus
from symdiff.derivations.writing.equations import equations
from symdiff.errors import InputError, SymdiffError
from symdiff.ir import algebra as alg


def pi_twice(pi: Any, x: Any) -> Any:
    a = np.pi * pi + x
    return a * a


def e_twice(e: Any, x: Any) -> Any:
    return np.e * e + x


def length(x: Any, t: Any) -> Any:
    n = np.sqrt(np.sum(x**2, axis=1))
    return np.mean((n - t) ** 2)


def like_a_derivative(z: Any, w: Any) -> Any:
    dL_dz = z * w
    s = np.exp(dL_dz)
    L = s * z
    return L  # noqa: RET504


def like_another_derivative(c: Any) -> Any:
    b_dc = c * c
    a_db = c + 1
    b = np.sin(a_db)
    a = b_dc * b * a_db
    return a * a


@pytest.mark.parametrize(
    ("fn", "inputs", "name"),
    [
        (pi_twice, {"pi": 2.0, "x": 1.0}, "pi"),
        (e_twice, {"e": 2.0, "x": 1.0}, "e"),
        (length, {"x": "n d", "t": "n"}, "n"),
        (like_a_derivative, {"z": 0.5, "w": 1.0}, "dL_dz"),
        (like_another_derivative, {"c": 0.5}, "da_db_dc"),
    ],
)
def test_two_things_of_one_name_are_refused(fn: Any, inputs: Any, name: str) -> None:
    with pytest.raises(InputError, match=rf"name={name}\n.*otherwise"):
        sd.explain(fn, inputs)


def test_a_variable_may_be_called_like_a_number_that_does_not_occur() -> None:
    def plain(e: Any, pi: Any) -> Any:
        return e * pi

    assert sd.explain(plain, {"e": 2.0, "pi": 3.0}).checked.startswith("derivatives by e, pi: proved")


def test_names_that_look_alike_are_told_apart() -> None:
    def twins(x_1: Any, x1: Any) -> Any:
        a = x_1 * x1
        return a * x1

    told = [str(e) for e in equations(sd.explain(twins, {"x_1": 2.0, "x1": 1.0}))]
    assert r"a = x_{1} \, \text{x1}" in told


@pytest.mark.parametrize("rate", ["1+2", "", "x", "L"])
def test_a_learning_rate_needs_a_name_of_its_own(rate: str) -> None:
    with pytest.raises(InputError, match="learning rate"):
        sd.explain(lambda x: x**2, {"x": 1.0}, update=rate)


def shared(x: Any) -> Any:
    d = np.exp(x**2)
    q = x**2
    return d * q


def recursive(x: Any, n: int = 2) -> Any:
    if n == 0:
        return x
    h = np.tanh(x)
    return recursive(h + x, n - 1)


def merged(q: Any) -> Any:
    y = q * q
    z = q**3
    w = q * y
    return q * y * z * w


def nested(x: Any) -> Any:
    s = 0.0
    for k in range(2):
        for j in range(k + 1):
            s = s + x[k] * x[j] ** (k + 1)
    return s


@pytest.mark.parametrize(
    ("fn", "x"),
    [
        (shared, 0.5),
        (recursive, 0.5),
        (recursive, np.array([0.3, 0.4])),
        (merged, 0.5),
        (nested, np.array([0.5, 0.7])),
    ],
)
def test_values_that_are_named_after_they_were_used(fn: Any, x: Any) -> None:
    found = sd.explain(fn, (x,), wrt=0)
    assert found.is_checked
    assert found.verdict is not None
    assert found.verdict.status == "proved"


def test_shared_values_are_used_by_their_name() -> None:
    steps = sd.explain(shared, {"x": 0.5})
    assert steps.step("d").formula == "exp(q)"


def test_kinks_are_told() -> None:
    def larger(x: Any, y: Any) -> Any:
        return np.maximum(x, y)

    assert "kink where x = y" in sd.explain(larger, {"x": 1.0, "y": 1.0}).to_text(width=300)


def test_whole_numbers_by_which_is_differentiated() -> None:
    steps = sd.explain(
        lambda w, x: np.tanh(w @ x), {"w": np.array([1, 2]), "x": np.array([0.5, 1.0])}, wrt="w"
    )
    assert steps.checked.startswith("derivatives by w: proved")


def test_what_is_too_large_to_check_fits_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers have no smaller twin; a broken rule makes no page here either."""

    def scaled(x: Any, n: Any) -> Any:
        return np.sum((np.tanh(x) * n) ** 2)

    inputs = {"x": np.random.default_rng(0).normal(size=(600, 600)), "n": np.arange(600)}
    assert sd.explain(scaled, inputs).checked == "not checked as a whole; single steps not checked"
    right = calculus._times_partial

    def tripled(store: Any, *rest: Any) -> Any:
        found = right(store, *rest)
        return None if found is None else alg.scale(store, found, 3)

    monkeypatch.setattr(calculus, "_times_partial", tripled)
    with pytest.raises(SymdiffError, match="along a direction"):
        sd.explain(scaled, inputs)
