"""Are Jacobians derived layer by layer, as in lecture notes 3.4 and 3.5, with their numbers?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ex_3_5_explicit_jacobians as explicit
import numpy as np
import pytest
from displayed import judged, valued
from test_derivation_steps import altered, refused

import symdiff as sd
from symdiff import calculus
from symdiff.cli import main
from symdiff.derivations import deriving
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation
from symdiff.derivations.walking.regions import Regions
from symdiff.derivations.writing.equations import equations
from symdiff.derivations.writing.symbols import Symbol
from symdiff.errors import InputError, SymdiffError
from symdiff.ir import algebra as alg

EXAMPLES = Path(__file__).parent.parent / "examples"


def network(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, y: Any) -> Any:
    a1 = np.maximum(W1 @ x + b1, 0)
    a2 = np.tanh(W2 @ a1 + b2)
    z3 = W3 @ a2 + b3
    y_hat = 1 / (1 + np.exp(-z3))
    L = (y_hat - y) ** 2 / 2
    return L  # noqa: RET504


def two_paths(x: Any, W1: Any, W2: Any) -> Any:
    z1 = W1 @ x
    a1 = np.tanh(z1)
    z2 = W2 @ a1
    y = np.tanh(z2) + z1.sum()
    return y  # noqa: RET504


# Section 3.5, as printed; the last two are misprints of the notes.
PRINTED = {
    "da1_dx": [["1", "2"], ["-0.5", "1.5"]],
    "da2_da1": [["0.016535", "-0.028345"], ["0.000543", "0.000148"]],
    "dL_dy_hat": "-0.313552",
    "dy_hat_dz3": "0.215237",
    "dL_dx": ["-0.002876", "0.000963"],
    "dL_da1": ["-0.001435", "0.002267"],
    "dL_da2": ["-0.094506", "0.053988"],
}


@pytest.fixture(scope="module")
def layers() -> Derivation:
    return sd.explain(network, explicit.INPUTS, "x", of="jacobian", printed=PRINTED)


@pytest.fixture(scope="module")
def every_size() -> Derivation:
    return derive(two_paths, {"x": "d0", "W1": "d1 d0", "W2": "d2 d1"}, "x", of="jacobian")


def test_jacobians_and_products_alternate(layers: Derivation) -> None:
    told = [(step.quantity, step.rule, step.structure) for step in layers.phase("backward")]
    assert told == [
        ("dL_dy_hat", "local derivative", "scalar"),
        ("dy_hat_dz3", "local derivative", "scalar"),
        ("dL_dz3", "chain rule", "scalar"),
        ("dz3_da2", "local derivative", "vector"),
        ("dL_da2", "chain rule", "vector"),
        ("da2_da1", "local derivative", "matrix"),
        ("dL_da1", "chain rule", "vector"),
        ("da1_dx", "local derivative", "matrix"),
        ("dL_dx", "chain rule", "vector"),
    ]
    assert layers.step("dL_da1").formula == "dL_da2 @ da2_da1"
    assert layers.step("dL_da1").products == ("matrix-vector product",)
    assert layers.step("dL_da2").products == ("scaling",)


def test_numbers_of_the_notes_and_their_misprints(layers: Derivation) -> None:
    agree = {step.quantity: step.printed.agrees for step in layers.steps if step.printed}
    assert agree == {
        "da1_dx": True, "da2_da1": True, "dL_dy_hat": True, "dy_hat_dz3": True, "dL_dx": True,
        "dL_da1": False, "dL_da2": False,
    }  # fmt: skip
    assert "every step checked at 2 points" in layers.checked


def test_rows_for_every_size(every_size: Derivation) -> None:
    told = {step.quantity: step.formula for step in every_size.phase("backward")}
    assert told["da1_dz1"] == "diag(1 - a1**2)"
    assert told["dz2_da1"] == "W2"
    assert told["dy_da1"] == "dy_dz2 @ dz2_da1"
    assert told["dy_dz1"] == "dy_dz1_direct + dy_da1 @ da1_dz1"
    assert told["dy_dx"] == "dy_dz1 @ dz1_dx"
    assert every_size.checked == "derivatives by x: proved, for every shape; every step checked at 2 points"


def test_values_are_those_of_jacobian() -> None:
    rng = np.random.default_rng(1)
    inputs = {"x": rng.normal(size=3), "W1": rng.normal(size=(2, 3)), "W2": rng.normal(size=(4, 2))}
    derivation = derive(two_paths, inputs, ("x", "W1"), of="jacobian")
    exact = sd.jacobian(two_paths, wrt=("x", "W1"))(**inputs)
    for name, right in zip(("x", "W1"), exact, strict=True):
        balls = derivation.step(f"dy_d{name}").value
        found = np.vectorize(lambda ball: float(ball.mid()))(balls)
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("which", ["layers", "every_size"])
def test_every_row_is_checked(which: str, request: pytest.FixtureRequest) -> None:
    derivation: Derivation = request.getfixturevalue(which)
    store = derivation.graph.store
    for step in derivation.phase("backward"):
        refused(altered(derivation, step.quantity, node=alg.scale(store, step.node, 2)), step.quantity)
    refused(altered(derivation, step.quantity, factors=(step.factors[0][::-1],)), step.quantity)


def test_a_wrong_jacobian_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Regions.jacobian

    def turned(self: Regions, child: Any, node: Any) -> Any:
        found = right(self, child, node)
        shape = self.store.shape(found)
        return alg.transpose(self.store, found, (1, 0)) if len(shape) == 2 and shape[0] == shape[1] else found

    monkeypatch.setattr(Regions, "jacobian", turned)
    monkeypatch.setattr(deriving, "is_checkable", lambda *_: False)
    with pytest.raises(SymdiffError, match="quantity=da2_da1"):
        derive(network, explicit.INPUTS, "x", of="jacobian")


def test_a_broken_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = calculus._times_partial

    def doubled(store: Any, *rest: Any) -> Any:
        found = right(store, *rest)
        return None if found is None else alg.scale(store, found, 2)

    monkeypatch.setattr(calculus, "_times_partial", doubled)
    monkeypatch.setattr(deriving, "is_checkable", lambda *_: False)
    with pytest.raises(SymdiffError, match="nothing is shown"):
        derive(two_paths, {"x": "d0", "W1": "d1 d0", "W2": "d2 d1"}, "x", of="jacobian")


def test_a_jacobian_has_no_update() -> None:
    with pytest.raises(InputError, match="update of the gradient"):
        derive(two_paths, {"x": "d0", "W1": "d1 d0", "W2": "d2 d1"}, "x", of="jacobian", update="eta")


def test_the_command_derives_claimed_jacobians(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those by inputs; a claim by an intermediate is no question of its own."""
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["explain", str(EXAMPLES / "ex_3_4_jacobian_chain.py"), "--report", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "activation_1, Jacobian, by x" in told
    assert "prediction, Jacobian, by x" in told
    assert "activation_2, Jacobian" not in told
    assert {path.name for path in tmp_path.iterdir()} >= {"loss.html", "prediction_jacobian.html"}


def test_pages_show_the_products(layers: Derivation) -> None:
    assert r"\frac{\partial L}{\partial a_{2}} \, \frac{\partial a_{2}}{\partial a_{1}}" in layers.to_latex()
    lines = layers.to_text(width=400).splitlines()
    assert any("dL/da1" in line and "dL_da2 @ da2_da1" in line for line in lines)


def steepness(x: Any) -> Any:
    c = np.cumsum(x, axis=1)
    d = np.diff(c, axis=0)
    return sd.name(np.linalg.norm(d, axis=0), "n")


def misread(derivation: Derivation) -> list[str]:
    """The Jacobians of single steps that are wrong as they are displayed."""
    values, known = valued(derivation, {}, np.random.default_rng(0), positive=False)
    told = zip(derivation.steps, equations(derivation), strict=True)
    return [
        step.quantity
        for step, equation in told
        if step.above and not step.factors and judged(equation, known, values[step.quantity])
    ]


def test_first_indices_of_a_jacobian_are_those_above() -> None:
    found = derive(steepness, {"x": "3 3"}, of="jacobian")
    told = {step.quantity: e for step, e in zip(found.steps, equations(found), strict=True)}
    assert str(told["dn_dd"]) == (
        r"\frac{\partial n_{i}}{\partial d_{jk}} = \delta_{ik} \, \frac{d_{ji}}{n_{i}}"
    )
    assert told["dd_dc"].left == r"\frac{\partial d_{ji}}{\partial c_{kl}}"
    assert told["dc_dx"].left == r"\frac{\partial c_{ik}}{\partial x_{lm}}"
    assert misread(found) == []


def test_indices_of_a_jacobian_at_the_wrong_quantity_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    found = derive(steepness, {"x": "3 3"}, of="jacobian")
    at = Symbol.at
    monkeypatch.setattr(
        Symbol, "at", lambda self, index, above="": at(self, index[::-1] if self.above else index, above)
    )
    assert misread(found) == ["dn_dd", "dd_dc", "dc_dx"]
