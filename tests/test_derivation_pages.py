"""Are derivations shown as people write them, in LaTeX, HTML, Markdown and PDF, whatever the names are?"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import ex_1_5_training_mechanics as mechanics
import numpy as np
import pytest
from test_derivations import INPUTS, three_layers

from symdiff import calculus
from symdiff.checking.printed import PrintedValue
from symdiff.derivations.deriving import derive
from symdiff.derivations.layout.sections import shown
from symdiff.derivations.rendering.html import to_fragment, to_html
from symdiff.derivations.rendering.latex import to_latex
from symdiff.derivations.rendering.markdown import to_markdown
from symdiff.derivations.rendering.saving import save
from symdiff.derivations.rendering.text import to_text
from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing.equations import definitions, equations
from symdiff.derivations.writing.symbols import symbol
from symdiff.errors import InputError, SymdiffError
from symdiff.ir import algebra as alg

needs_tex = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="needs a TeX engine, which .ci/run installs"
)


@pytest.fixture(scope="module")
def scalars() -> Derivation:
    return derive(three_layers, INPUTS, ("w1", "b1", "w2", "b2", "w3", "b3"))


@pytest.fixture(scope="module")
def matrices() -> Derivation:
    return derive(mechanics.one_sample, mechanics.VECTORS, mechanics.PARAMETERS, update="lr")


SCALAR = {
    "z1": "z_{1} = x w_{1} + b_{1}",
    "a1": r"a_{1} = \operatorname{ReLU}\left(z_{1}\right)",
    "y_hat": r"\hat{y} = \sigma\left(z_{3}\right)",
    "L": r"L = \frac{\left(y - \hat{y}\right)^{2}}{2}",
    "dy_hat_dz3": r"\frac{\partial \hat{y}}{\partial z_{3}} = \hat{y} \left(1 - \hat{y}\right)",
    "dL_dz3": r"\frac{\partial L}{\partial z_{3}} = "
    r"\frac{\partial L}{\partial \hat{y}} \, \frac{\partial \hat{y}}{\partial z_{3}}",
    "da1_dz1": r"\frac{\partial a_{1}}{\partial z_{1}} = \mathbb{I}\left[z_{1} > 0\right]",
}
MATRIX = {
    "HI_1": r"\mathit{HI}_{1} = W_{1} X + B_{1}",
    "L": r"L = \frac{\lVert E \rVert^{2}}{2}",
    "dL_dHO_2": r"\frac{\partial L}{\partial \mathit{HO}_{2}} = "
    r"W_{3}^{\top} \, \frac{\partial L}{\partial \mathit{HO}_{\text{final}}}",
    "dL_dW1": r"\frac{\partial L}{\partial W_{1}} = \frac{\partial L}{\partial \mathit{HI}_{1}} \, X^{\top}",
    "dL_dHI_2": r"\frac{\partial L}{\partial \mathit{HI}_{2}} = \frac{\partial L}{\partial \mathit{HO}_{2}} "
    r"\odot \mathit{HO}_{2} \odot \left(1 - \mathit{HO}_{2}\right)",
    "W1_new": r"W_{1}^{\text{new}} = W_{1} - \mathit{lr} \, \frac{\partial L}{\partial W_{1}}",
}


def told(derivation: Derivation) -> dict[str, str]:
    return {s.quantity: str(e) for s, e in zip(derivation.steps, equations(derivation), strict=True)}


@pytest.mark.parametrize("quantity", SCALAR)
def test_scalar_equation(scalars: Derivation, quantity: str) -> None:
    assert told(scalars)[quantity] == SCALAR[quantity]


@pytest.mark.parametrize("quantity", MATRIX)
def test_matrix_equation(matrices: Derivation, quantity: str) -> None:
    assert told(matrices)[quantity] == MATRIX[quantity]


def test_named_functions_are_defined(scalars: Derivation) -> None:
    assert definitions(scalars) == (
        r"\sigma(z) = \frac{1}{1 + e^{-z}}",
        r"\operatorname{ReLU}(z) = \max(0, z)",
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("W1", "W_{1}"),
        ("y_hat", r"\hat{y}"),
        ("delta_3", r"\delta_{3}"),
        ("loss", r"\mathit{loss}"),
        ("x_max", r"x_{\text{max}}"),
        ("a%b", r"\text{a\%b}"),
        (r"\input{/etc/passwd}", r"\text{\textbackslash{}input\{/etc/passwd\}}"),
        ("_x", r"\text{\_x}"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert symbol(name) == shown


def test_other_products_are_written_with_indices() -> None:
    def f(A: Any, B: Any) -> Any:
        return np.einsum("abj,bjc->cab", A, B)

    assert told(derive(f, {"A": "a b j", "B": "b j c"}))["y"] == r"y_{mik} = \sum_{l} A_{ikl} B_{klm}"


def odd(θ: Any, x: Any) -> Any:
    größe = θ * x
    x_1 = np.sin(größe)
    return x_1 * θ


def pages_of(source: str, folder: Path) -> int:
    """How many pages a document has; nothing may be wrong with it or stick out by more than 5 pt."""
    (folder / "document.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    for _ in range(2):
        run = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, errors="replace"
        )
    assert run.returncode == 0, run.stdout[-2000:]
    wide = [float(w) for w in re.findall(r"Overfull \\hbox \(([\d.]+)pt", run.stdout)]
    assert all(points <= 5 for points in wide), wide
    assert "undefined" not in run.stdout
    return int(re.findall(r"\((\d+) pages?,", run.stdout)[-1])


@needs_tex
def test_documents_compile_without_overfull_boxes(
    scalars: Derivation, matrices: Derivation, tmp_path: Path
) -> None:
    for derivation in (scalars, matrices, derive(odd, {"θ": 0.5, "x": 2.0})):
        assert pages_of(to_latex(derivation), tmp_path) <= 3


@needs_tex
def test_a_fragment_compiles_in_a_document_of_its_user(matrices: Derivation, tmp_path: Path) -> None:
    """The first line says which packages it needs; a narrow page, and a name that the user has too."""
    fragment = to_latex(matrices, fragment=True)
    first = fragment.splitlines()[0]
    assert first.startswith("% needs \\usepackage{")
    (tmp_path / "derivation.tex").write_text(fragment, encoding="utf-8")
    document = rf"""\documentclass[twocolumn]{{report}}
    {first.removeprefix("% needs ")}
    \newcommand{{\formula}}[1]{{\emph{{#1}}}}
    \begin{{document}}\chapter{{One}}\onecolumn
    \input{{derivation}} \formula{{end}}
    \input{{derivation}}
    \end{{document}}"""
    assert pages_of(document, tmp_path) <= 8


@needs_tex
def test_saved_as_pdf(scalars: Derivation, tmp_path: Path) -> None:
    assert save(scalars, tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_without_tex_the_error_says_how_to_install_it(
    scalars: Derivation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="apt install texlive-latex-extra"):
        save(scalars, tmp_path / "x.pdf")


@pytest.mark.parametrize("ending", [".tex", ".html", ".md", ".txt"])
def test_saved_as_text(scalars: Derivation, tmp_path: Path, ending: str) -> None:
    assert "0.786003" in save(scalars, tmp_path / f"x{ending}").read_text(encoding="utf-8")


def with_printed(derivation: Derivation, quantity: str, text: str, *, agrees: bool) -> Derivation:
    """A derivation beside one value of which stands what a text prints."""
    told = PrintedValue(quantity, text, "0.168202", agrees, "0.16820230")
    steps = [replace(s, printed=told) if s.quantity == quantity else s for s in derivation.steps]
    return replace(derivation, steps=tuple(steps))


def test_printed_values_stand_beside_the_right_ones(scalars: Derivation) -> None:
    right = with_printed(scalars, "dy_hat_dz3", "0.1682", agrees=True)
    wrong = with_printed(scalars, "dy_hat_dz3", "0.2682", agrees=False)
    for show, mark in (
        (to_text, "0.2682 DIFFERS"),
        (to_markdown, "**0.2682** differs"),
        (to_html, "<mark>0.2682</mark> differs"),
        (to_latex, r"\textbf{0.2682} differs"),
    ):
        assert mark in " ".join(show(wrong).split())
        assert "0.1682 " in show(right) or "0.1682<" in show(right)
        assert "DIFFERS" not in show(right)
        assert "rinted" in show(right)
        assert "rinted" not in show(scalars).replace("@media print", "").split("<body", 1)[-1]


def test_values_come_from_steps_of_a_phase(scalars: Derivation) -> None:
    rows = {line.quantity: line.sources for section in shown(scalars, 6) for line in section.lines}
    numbers = {step.quantity: step.number for step in scalars.steps}
    assert rows["z1"] == f"steps {numbers['x']}, {numbers['w1']}, {numbers['b1']}"
    assert rows["dL/dz3"] == f"backward steps {numbers['dL_dy_hat']}, {numbers['dy_hat_dz3']}"
    assert rows["dL/dy_hat"] == f"forward steps {numbers['y_hat']}, {numbers['y']}"
    assert rows["dz3/db3"] == ""


@needs_tex
def test_notebooks_get_displayed_formulas(matrices: Derivation, tmp_path: Path) -> None:
    told = matrices._repr_latex_()  # type: ignore[attr-defined]
    assert told.startswith(r"$$\begin{aligned} ")
    assert r"\frac{\partial L}{\partial W_{1}} &= " in told
    document = (
        rf"\documentclass{{article}}\usepackage{{amsmath,amssymb}}\begin{{document}}{told}\end{{document}}"
    )
    assert pages_of(document, tmp_path) <= 4


def test_unknown_endings_are_refused(scalars: Derivation, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"known=\.tex"):
        save(scalars, tmp_path / "x.docx")


def test_page_has_mathml_and_no_script(scalars: Derivation) -> None:
    page = to_html(scalars)
    assert page.count("<math") >= len(scalars.steps)
    assert "<script" not in page
    assert page == to_html(scalars)
    assert "<html" not in to_fragment(scalars)


def test_names_do_no_harm() -> None:
    def f(x: Any) -> Any:
        return x**2

    f.__name__ = "</script><b>"
    page = to_html(derive(f, {"x": 1.0}))
    assert "</script><b>" not in page
    assert "&lt;/script&gt;" in page


def test_markdown_is_a_table(scalars: Derivation) -> None:
    rows = [line for line in to_markdown(scalars).splitlines() if line.startswith("| 1")]
    assert rows[0] == "| 1 | $x$ | 2 |  | scalar (saved) |"


def test_the_derivatives_are_judged_before_they_are_shown(scalars: Derivation, matrices: Derivation) -> None:
    assert scalars.verdict is not None
    assert scalars.verdict.status == "proved"
    assert "proved, for every shape; every step checked at 2 points" in matrices.checked
    for page in (to_latex(matrices), to_html(matrices), to_markdown(matrices), matrices.to_text()):
        assert "proved, for every shape" in page


@pytest.mark.parametrize("shapes", [{"w": 0.5, "x": 2.0}, {"w": "n", "x": "n"}])
def test_a_broken_rule_cannot_produce_a_page(shapes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    right = calculus._times_partial

    def doubled(store: Any, *rest: Any) -> Any:
        found = right(store, *rest)
        return None if found is None else alg.scale(store, found, 2)

    def f(w: Any, x: Any) -> Any:
        z = w * x
        return np.sum(np.sin(z))

    monkeypatch.setattr(calculus, "_times_partial", doubled)
    with pytest.raises(SymdiffError, match="report this function"):
        derive(f, shapes)


def test_index_notation_beside_matrix_notation(matrices: Derivation) -> None:
    sum_of_products = r"(\mathit{HI}_{1})_{i} = (B_{1})_{i} + \sum_{j} (W_{1})_{ij} X_{j}"
    for page in (to_latex(matrices, indices=True), to_markdown(matrices, indices=True)):
        assert sum_of_products in page
    assert to_html(matrices, indices=True).count('<div class="beside">') > 10
    for page in (to_latex(matrices), to_markdown(matrices)):
        assert sum_of_products not in page
