"""Do the steps of a derivation come out as on paper: quantities, formulas, sources, kinds, exact values?"""

from __future__ import annotations

from typing import Any

import ex_1_5_training_mechanics as mechanics
import numpy as np
import pytest

import symdiff as sd
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation
from symdiff.derivations.values import rounded
from symdiff.errors import InputError

INPUTS = {"x": 2.0, "w1": 1.5, "b1": -1.0, "w2": 0.5, "b2": 0.1, "w3": 2.0, "b3": -0.3, "y": 1.0}


def three_layers(x, w1, b1, w2, b2, w3, b3, y):  # type: ignore[no-untyped-def]
    z1 = w1 * x + b1
    a1 = np.maximum(z1, 0)
    z2 = w2 * a1 + b2
    a2 = np.tanh(z2)
    z3 = w3 * a2 + b3
    y_hat = 1 / (1 + np.exp(-z3))
    L = (y - y_hat) ** 2 / 2
    return L  # noqa: RET504


@pytest.fixture(scope="module")
def scalars() -> Derivation:
    return derive(three_layers, INPUTS, ("w1", "b1", "w2", "b2", "w3", "b3"))


# Quantity, value and sources (as quantities) of tables 2.5 to 2.7 of the lecture notes, in their order.
TABLES = [
    ("dL_dy_hat", "-0.213997", {"y_hat", "y"}),
    ("dy_hat_dz3", "0.168202", {"y_hat"}),
    ("dL_dz3", "-0.035995", {"dL_dy_hat", "dy_hat_dz3"}),
    ("dz3_dw3", "0.800499", {"a2"}),
    ("dL_dw3", "-0.028814", {"dL_dz3", "dz3_dw3"}),
    ("dz3_db3", "1", set()),
    ("dL_db3", "-0.035995", {"dL_dz3", "dz3_db3"}),
    ("dz3_da2", "2", {"w3"}),
    ("dL_da2", "-0.071990", {"dL_dz3", "dz3_da2"}),
    ("da2_dz2", "0.359201", {"a2"}),
    ("dL_dz2", "-0.025859", {"dL_da2", "da2_dz2"}),
    ("dz2_dw2", "2.0", {"a1"}),
    ("dL_dw2", "-0.051718", {"dL_dz2", "dz2_dw2"}),
    ("dz2_db2", "1", set()),
    ("dL_db2", "-0.025859", {"dL_dz2", "dz2_db2"}),
    ("dz2_da1", "0.5", {"w2"}),
    ("dL_da1", "-0.012929", {"dL_dz2", "dz2_da1"}),
    ("da1_dz1", "1", {"z1"}),
    ("dL_dz1", "-0.012929", {"dL_da1", "da1_dz1"}),
    ("dz1_dw1", "2", {"x"}),
    ("dL_dw1", "-0.025859", {"dL_dz1", "dz1_dw1"}),
    ("dz1_db1", "1", set()),
    ("dL_db1", "-0.012929", {"dL_dz1", "dz1_db1"}),
]


def test_backward_rows_stand_in_the_order_of_the_notes(scalars: Derivation) -> None:
    assert [step.quantity for step in scalars.phase("backward")] == [quantity for quantity, _, _ in TABLES]


@pytest.mark.parametrize(("quantity", "printed", "sources"), TABLES)
def test_backward_row(scalars: Derivation, quantity: str, printed: str, sources: set[str]) -> None:
    step = scalars.step(quantity)
    assert abs(float(step.value[()].mid()) - float(printed)) <= 0.5e-6
    assert {scalars.steps[number - 1].quantity for number in step.sources} == sources
    assert step.structure == "scalar"


def test_forward_rows(scalars: Derivation) -> None:
    told = [(s.quantity, s.formula, rounded(s.value, 7)) for s in scalars.phase("forward") if s.formula]
    assert told == [
        ("z1", "b1 + x*w1", "2"),
        ("a1", "where(z1 > 0, z1, 0)", "2"),
        ("z2", "b2 + w2*a1", "1.1"),
        ("a2", "tanh(z2)", "0.800499"),
        ("z3", "b3 + w3*a2", "1.300998"),
        ("y_hat", "1/(exp(-z3) + 1)", "0.7860029"),
        ("L", "(y - y_hat)**2/2", "0.02289738"),
    ]


def test_every_gradient_is_that_of_grad(scalars: Derivation) -> None:
    exact = sd.grad(three_layers, wrt=tuple(INPUTS))(**INPUTS)
    for name, gradient in zip(INPUTS, exact, strict=True):
        if name in scalars.by:
            value = scalars.step(f"dL_d{name}").value[()]
            assert float(value.mid()) == pytest.approx(float(gradient), rel=1e-14)


def test_local_derivatives_are_written_by_the_output(scalars: Derivation) -> None:
    assert scalars.step("dy_hat_dz3").formula == "y_hat*(1 - y_hat)"
    assert scalars.step("da2_dz2").formula == "1 - a2**2"


def test_paths_are_added() -> None:
    def f(x: Any) -> Any:
        v3 = x**2
        v5, v6 = 2 * v3, v3 + 1
        return v5 * v6

    steps = derive(f, {"x": 3.0})
    total = steps.step("dL_dv3")
    assert total.rule == "accumulation over paths"
    assert sorted((term.through, term.formula) for term in total.terms) == [
        ("v5", "dL_dv5 * dv5_dv3"),
        ("v6", "dL_dv6 * dv6_dv3"),
    ]
    assert rounded(total.value, 6) == "38"
    assert rounded(steps.step("dL_dx").value, 6) == "228"


@pytest.fixture(scope="module")
def matrices() -> Derivation:
    return derive(mechanics.one_sample, mechanics.VECTORS, mechanics.PARAMETERS, update="lr")


@pytest.mark.parametrize(
    ("quantity", "formula", "structure", "products"),
    [
        ("HI_1", "B1 + W1 @ X", "vector", ("matrix-vector product",)),
        ("L", "dot(E, E)/2", "scalar", ("dot product",)),
        ("dL_dHO_2", "W3.T @ dL_dHO_final", "vector", ("matrix-vector product",)),
        (
            "dL_dHO_final",
            "dL_dY_hat*Y_hat*(1 - Y_hat)",
            "vector",
            ("elementwise function", "Hadamard product"),
        ),
        ("dL_dW2", "outer(dL_dHI_2, HO_1)", "matrix", ("outer product",)),
        ("dL_dB2", "dL_dHI_2", "vector", ()),
        ("W1_new", "W1 - lr * dL_dW1", "matrix", ("scaling",)),
    ],
)
def test_rows_of_tables_1_1_to_1_3(
    matrices: Derivation, quantity: str, formula: str, structure: str, products: tuple[str, ...]
) -> None:
    step = matrices.step(quantity)
    assert step.formula == formula
    assert (step.structure, step.products) == (structure, products)


def test_saved_are_the_values_that_the_backward_pass_needs(matrices: Derivation) -> None:
    assert [s.quantity for s in matrices.phase("forward") if s.saved] == [
        "X", "HO_1", "W2", "HO_2", "W3", "Y_hat", "E",
    ]  # fmt: skip


def test_graph_of_the_steps_computes_the_gradient(matrices: Derivation) -> None:
    """The rows are nodes of one graph: its outputs at numbers are those of ``sd.grad``."""
    rng = np.random.default_rng(0)
    sizes = {"d0": 3, "d1": 4, "d2": 2, "d3": 5}
    inputs = {k: rng.normal(size=[sizes[s] for s in shape.split()]) for k, shape in mechanics.VECTORS.items()}
    concrete = derive(mechanics.one_sample, inputs, mechanics.PARAMETERS)
    exact = sd.grad(mechanics.one_sample, wrt=mechanics.PARAMETERS)(**inputs)
    for name, gradient in zip(mechanics.PARAMETERS, exact, strict=True):
        balls = concrete.step(f"dL_d{name}").value
        found = np.vectorize(lambda ball: float(ball.mid()))(balls)
        np.testing.assert_allclose(found, gradient, rtol=1e-12)


def test_each_row_of_the_notes_fits_one_convention() -> None:
    told = {(fit.row, fit.convention): fit.ok for fit in sd.fits(mechanics.PRINTED, mechanics.LAYOUTS)}
    only_columns = {row for row, layout in told if told[row, "columns"] and not told[row, "rows"]}
    only_rows = {row for row, layout in told if told[row, "rows"] and not told[row, "columns"]}
    assert only_columns == {"HI_1", "HI_2", "HO_final"}
    assert only_rows == {"err_HO_2", "err_HO_1", "W1", "W2", "W3"}
    (columns, rows) = sd.fits(mechanics.SECTION_1_7, mechanics.LAYOUTS)
    assert columns.ok
    assert not rows.ok


def test_rebound_variables_are_numbered() -> None:
    def unrolled(h: Any, w: Any) -> Any:
        for _ in range(3):
            h = np.tanh(w * h)
        return h

    steps = derive(unrolled, {"h": 0.5, "w": 2.0}, wrt="w")
    names = [step.quantity for step in steps.phase("forward")]
    assert names == ["h", "w", "h_2", "h_3", "h_4"]
    assert steps.step("dh_4_dw").formula == "dh_4_dw_direct + dh_4_dh_3 * dh_3_dw + dh_4_dh_2 * dh_2_dw"


def test_a_vector_output_is_pulled_back() -> None:
    def layer(W: Any, x: Any) -> Any:
        z = W @ x
        return np.tanh(z)

    steps = derive(layer, {"W": "m n", "x": "n"}, wrt="W")
    assert [step.quantity for step in steps.phase("backward")] == ["y_bar", "z_bar", "W_bar"]
    assert steps.step("W_bar").formula == "outer(z_bar, x)"


def test_text_has_a_table_for_each_phase(matrices: Derivation) -> None:
    text = matrices.to_text()
    assert [line for line in text.splitlines() if line in ("Forward", "Backward", "Update")] == [
        "Forward", "Backward", "Update",
    ]  # fmt: skip
    assert "matrix-vector product" in text


def test_several_outputs_are_refused() -> None:
    with pytest.raises(InputError, match="one output at a time"):
        derive(lambda x: (x, 2 * x), {"x": 1.0})


PRINTED = {"z3": "1.300998", "L": "0.022897", "dL_dz3": "-0.035896", "dz3_dw3": "0.800499"}


def test_what_a_text_prints_stands_beside_the_value() -> None:
    steps = sd.explain(three_layers, INPUTS, ("w3", "b3"), printed=PRINTED)
    told = {s.quantity: (s.printed.agrees, s.printed.recomputed) for s in steps.steps if s.printed}
    assert told == {
        "z3": (True, "1.300998044"),
        "L": (True, "0.022897379"),
        "dL_dz3": (False, "-0.035994812"),
        "dz3_dw3": (True, "0.800499022"),
    }


def test_a_printed_value_needs_a_quantity_that_has_one() -> None:
    with pytest.raises(InputError, match=r"printed=\{'dL_dq': \.\.\.\}\s+quantity=dL_dq\s+known=x, w1"):
        derive(three_layers, INPUTS, "w3", printed={"dL_dq": "1"})
    with pytest.raises(InputError, match="numbers for all inputs"):
        derive(lambda x: x * 2, {"x": "n"}, printed={"y": "1"})
    with pytest.raises(InputError, match="array of the value's shape"):
        derive(three_layers, INPUTS, "w3", printed={"L": ["0.02", "0.03"]})
    with pytest.raises(InputError, match="decimal number"):
        derive(three_layers, INPUTS, "w3", printed={"L": "a lot"})
