"""Is the Hessian times a direction derived in the four steps of lecture notes 2.11, with every figure right?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_derivation_steps import altered, refused

import symdiff as sd
from symdiff import calculus
from symdiff.cli import main
from symdiff.derivations import deriving
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation
from symdiff.derivations.values import rounded
from symdiff.errors import InputError, SymdiffError
from symdiff.ir import algebra as alg

EXAMPLES = Path(__file__).parent.parent / "examples"
PHASES = ["forward", "backward", "projection", "second backward"]


def quadratic(w1: Any, w2: Any) -> Any:
    f = w1**2 + 3 * w1 * w2 + 2 * w2**2
    return f  # noqa: RET504


def linear_net(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, y: Any) -> Any:
    a1 = w1 * x + b1
    a2 = w2 * a1 + b2
    y_hat = w3 * a2 + b3
    L = (y_hat - y) ** 2 / 2
    return L  # noqa: RET504


PARAMETERS = ("w1", "b1", "w2", "b2", "w3", "b3")
INPUTS = {"w1": 1.5, "b1": -1.0, "w2": 0.5, "b2": 0.1, "w3": 2.0, "b3": -0.3, "x": 2.0, "y": 1.0}
U = {"w1": 1.0, "b1": -1.0, "w2": 2.0, "b2": 0.5, "w3": -0.5, "b3": 1.0}


def logistic(w: Any, X: Any, y: Any) -> Any:
    z = X @ w
    p = 1 / (1 + np.exp(-z))
    L = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    return L  # noqa: RET504


def perceptron(W1: Any, W2: Any, x: Any, y: Any) -> Any:
    z = W1 @ x
    h = np.tanh(z)
    e = W2 @ h - y
    L = np.sum(e**2) / 2
    return L  # noqa: RET504


@pytest.fixture(scope="module")
def network() -> Derivation:
    return sd.explain(linear_net, INPUTS, PARAMETERS, of="hvp", direction=U)


@pytest.fixture(scope="module")
def regression() -> Derivation:
    return sd.explain(logistic, {"w": "d", "X": "n d", "y": "n"}, "w", of="hvp")


def values(derivation: Derivation, names: list[str]) -> dict[str, str]:
    return {name: rounded(derivation.step(name).value, 6) for name in names}


def test_the_quadratic_of_the_notes() -> None:
    """Section 2.11.1: u = (1, -1) gives (-1, -1), and the slope along u is -(w1 + w2)."""
    direction = {"w1": 1.0, "w2": -1.0}
    derivation = derive(quadratic, {"w1": 1.0, "w2": 2.0}, of="hvp", direction=direction)
    assert values(derivation, ["df_dw1", "df_dw2", "s", "Hu_w1", "Hu_w2"]) == {
        "df_dw1": "8", "df_dw2": "11", "s": "-3", "Hu_w1": "-1", "Hu_w2": "-1",
    }  # fmt: skip
    assert derivation.step("df_dw1").formula == "3*w2 + 2*w1"
    assert derivation.step("s").formula == "df_dw1*u_w1 + df_dw2*u_w2"
    assert derivation.checked.startswith("derivatives by w1, w2: proved, for all real numbers")


def test_the_quadratic_of_one_vector() -> None:
    def f(w: Any) -> Any:
        return w[0] ** 2 + 3 * w[0] * w[1] + 2 * w[1] ** 2

    derivation = derive(f, {"w": np.array([1.0, 2.0])}, of="hvp", direction=np.array([1.0, -1.0]))
    assert rounded(derivation.step("Hu").value, 6) == "[-1, -1]"
    assert rounded(derivation.step("s").value, 6) == "-3"


def test_the_four_steps_of_the_network(network: Derivation) -> None:
    """Section 2.11.2: forward, backward, projection, second backward."""
    assert list(dict.fromkeys(step.phase for step in network.steps)) == PHASES
    assert network.checked == (
        "derivatives by w1, b1, w2, b2, w3, b3: proved, for all real numbers; every step checked at 2 points"
    )
    last = [step.quantity for step in network.steps if step.quantity.startswith("Hu")]
    assert sorted(last) == sorted(f"Hu_{name}" for name in PARAMETERS)
    for name in PARAMETERS:
        step = network.step(f"Hu_{name}")
        assert (step.phase, step.above, step.below) == ("second backward", "s", name)


def test_the_gradient_and_its_slope_are_those_that_the_notes_multiply_out(network: Derivation) -> None:
    a1 = 1.5 * 2 - 1
    a2 = 0.5 * a1 + 0.1
    residual = 2 * a2 - 0.3 - 1
    v = dict(zip(PARAMETERS, (2 * 0.5 * 2, 2 * 0.5, 2 * a1, 2, a2, 1), strict=True))
    for name, slope in v.items():
        exact = float(network.step(f"dL_d{name}").value[()].mid())
        assert exact == pytest.approx(residual * slope, rel=1e-14)
    s = residual * sum(v[name] * U[name] for name in PARAMETERS)
    assert float(network.step("s").value[()].mid()) == pytest.approx(s, rel=1e-14)


def test_the_product_is_that_of_hvp(network: Derivation) -> None:
    exact = sd.hvp(linear_net, wrt=PARAMETERS)(*INPUTS.values(), tuple(U.values()))
    for name, right in zip(PARAMETERS, exact, strict=True):
        assert float(network.step(f"Hu_{name}").value[()].mid()) == pytest.approx(float(right), rel=1e-14)


def test_the_second_pass_goes_through_both_passes(network: Derivation) -> None:
    told = {step.quantity: step.formula for step in network.phase("second backward")}
    assert told["ds_d(dL_dw3)"] == "u_w3"
    assert told["ds_d(dL_da1)"] == "u_b1 + x*u_w1"
    assert told["ds_d(dL_dy_hat)"] == "w3*ds_d(dL_da2) + u_b3 + a2*u_w3"
    assert told["Hu_w3"] == "dL_dy_hat*ds_d(dL_da2) + a2*ds_dy_hat"
    step = network.step("ds_d(dL_da1)")
    assert (step.above, step.below, step.rule) == ("s", "dL_da1", "accumulation over paths")
    assert {network.steps[k - 1].quantity for k in network.step("Hu_w3").sources} == {
        "dL_dy_hat", "ds_d(dL_da2)", "a2", "ds_dy_hat",
    }  # fmt: skip


def test_the_first_pass_keeps_what_the_second_needs(network: Derivation) -> None:
    kept = [step.quantity for step in network.phase("backward") if step.saved]
    assert kept == ["dL_dy_hat", "dL_da2"]


def test_logistic_regression_of_any_size(regression: Derivation) -> None:
    told = {step.quantity: step.formula for step in regression.steps}
    assert told["s"] == "dot(dL_dw, u)"
    assert told["ds_d(dL_dz)"] == "X @ u"
    assert told["Hu"] == "X.T @ ds_dz"
    assert regression.step("Hu").products == ("matrix-vector product",)
    assert regression.checked == "derivatives by w: proved, for every shape; every step checked at 2 points"
    assert all(step.value is None for step in regression.steps)


def test_two_matrices_of_any_size() -> None:
    shapes = {"W1": "m n", "W2": "k m", "x": "n", "y": "k"}
    derivation = derive(perceptron, shapes, ("W1", "W2"), of="hvp")
    assert derivation.step("dL_dz").formula == "dL_dh*(1 - h**2)"
    assert derivation.step("ds_d(dL_dz)").formula == "x @ u_W1.T"
    assert derivation.step("Hu_W1").formula == "outer(ds_dz, x)"
    assert "proved, for every shape; every step checked at 2 points" in derivation.checked


def test_values_at_matrices_are_those_of_hvp() -> None:
    rng = np.random.default_rng(3)
    inputs = {"W1": rng.normal(size=(3, 2)), "W2": rng.normal(size=(2, 3)), "x": rng.normal(size=2)}
    inputs["y"] = rng.normal(size=2)
    u = (rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))
    derivation = derive(perceptron, inputs, ("W1", "W2"), of="hvp", direction={"W1": u[0], "W2": u[1]})
    exact = sd.hvp(perceptron, wrt=("W1", "W2"))(*inputs.values(), u)
    for name, right in zip(("W1", "W2"), exact, strict=True):
        balls = derivation.step(f"Hu_{name}").value
        found = np.vectorize(lambda ball: float(ball.mid()))(balls)
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-13)


def test_a_parameter_without_curvature_has_a_row_of_zero() -> None:
    def f(w: Any, b: Any) -> Any:
        L = w**3 + 2 * b
        return L  # noqa: RET504

    derivation = derive(f, {"w": 2.0, "b": 1.0}, of="hvp", direction={"w": 1.0, "b": 1.0})
    assert values(derivation, ["s", "Hu_w", "Hu_b"]) == {"s": "14", "Hu_w": "12", "Hu_b": "0"}
    assert derivation.step("Hu_b").formula == "0"


def test_pages_have_the_four_phases(network: Derivation, regression: Derivation) -> None:
    for derivation in (network, regression):
        for page in (derivation.to_text(), derivation.to_html(), derivation.to_latex()):
            places = [page.index(word) for word in ("Forward", "Backward", "Projection", "Second backward")]
            assert places == sorted(places)


def test_printed_values_stand_beside_the_product() -> None:
    told = derive(
        quadratic, {"w1": 1.0, "w2": 2.0}, of="hvp", direction={"w1": 1.0, "w2": -1.0},
        printed={"Hu_w1": "-1", "Hu_w2": "1"},
    )  # fmt: skip
    assert [told.step(name).printed.agrees for name in ("Hu_w1", "Hu_w2")] == [True, False]


def test_the_command_derives_claimed_products_to_second_order(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    name = f"{EXAMPLES / 'ex_2_11_2_linear_hvp.py'}::loss"
    assert main(["explain", name, "--report", str(tmp_path)]) == 0
    first, second = capsys.readouterr().out.split("loss, second order, by theta")
    assert "loss, by theta" in first
    assert "dL/dtheta" in first
    assert "Second backward" not in first
    assert [word in second for word in ("Projection", "Second backward", "Hu", "proved")] == [True] * 4
    assert {path.name for path in tmp_path.iterdir()} >= {"loss.html", "loss_hvp.html", "loss_hvp.tex"}


# What cannot be asked, and what is wrong -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"direction": {"w1": 1.0, "w2": 1.0}}, "belongs to of='hvp'"),
        ({"of": "hvp", "direction": {"w1": 1.0}}, "needed=w1, w2"),
        ({"of": "hvp", "direction": {"w1": 1.0, "w2": np.ones(2)}}, "shape of w2"),
        ({"of": "hvp", "update": "eta"}, "update of the gradient"),
        ({"of": "hessian"}, "known=gradient, hvp, jacobian"),
    ],
)
def test_questions_that_make_no_sense(options: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        derive(quadratic, {"w1": 1.0, "w2": 2.0}, **options)


def test_a_vector_has_no_hessian_here() -> None:
    with pytest.raises(InputError, match="Return one scalar"):
        derive(lambda x: x * 2, {"x": "n"}, of="hvp")


def test_every_row_of_the_second_pass_is_checked(network: Derivation) -> None:
    store = network.graph.store
    for step in network.steps:
        if step.phase in ("projection", "second backward") and step.rule != "input":
            refused(altered(network, step.quantity, node=alg.scale(store, step.node, 2)), step.quantity)
            one = alg.constant(store, 1, step.shape)
            refused(altered(network, step.quantity, node=alg.add(store, step.node, one)), step.quantity)


def test_a_path_of_the_second_pass_cannot_be_left_out(network: Derivation) -> None:
    terms = network.step("Hu_w3").terms
    refused(altered(network, "Hu_w3", terms=terms[:1]), "Hu_w3")
    refused(altered(network, "s", terms=network.step("s").terms[:-1]), "s")


def test_a_rule_that_is_wrong_in_the_second_pass_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first backward pass is right; the second one negates what comes through the slopes of functions."""
    right = calculus._times_partial
    begun = []

    def rule(store: Any, op: Any, *rest: Any) -> Any:
        found = right(store, op, *rest)
        return alg.scale(store, found, -1) if begun and found is not None else found

    curve = deriving.Walk.curve

    def curving(self: Any) -> None:
        begun.append(True)
        curve(self)

    monkeypatch.setattr(calculus, "_times_partial", rule)
    monkeypatch.setattr(deriving.Walk, "curve", curving)
    monkeypatch.setattr(deriving, "is_checkable", lambda *_: False)
    with pytest.raises(SymdiffError, match="nothing is shown"):
        derive(logistic, {"w": "d", "X": "n d", "y": "n"}, "w", of="hvp")
