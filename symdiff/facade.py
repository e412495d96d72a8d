"""Which conveniences reach upwards? Methods of lower floors that print, compile or draw, attached here."""

from __future__ import annotations

from html import escape
from typing import Any

from symdiff.checking.formulas import formula_text
from symdiff.derivations.rendering.html import to_fragment
from symdiff.derivations.rendering.html import to_html as derivation_html
from symdiff.derivations.rendering.latex import to_display
from symdiff.derivations.rendering.latex import to_latex as derivation_latex
from symdiff.derivations.rendering.markdown import to_markdown
from symdiff.derivations.rendering.saving import save
from symdiff.derivations.rendering.text import to_text
from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing.graphs import to_latex as graph_latex
from symdiff.evaluation.entries import output_entries
from symdiff.evaluation.kernels import Kernel
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph
from symdiff.ir.sizes import text
from symdiff.pages.controls import visible
from symdiff.pages.html import to_html
from symdiff.pages.latex import to_latex
from symdiff.pages.terminal import report
from symdiff.pictures.operations import to_svg as graph_svg
from symdiff.pictures.quantities import to_svg as derivation_svg
from symdiff.verdicts import Verdict


def _compile(self: Graph, arithmetic: str = "numpy") -> Kernel:
    """A kernel: ``"numpy"``, ``"math"`` for scalars, or exact: ``"sympy"``, ``"balls"``, ``"mpmath"``."""
    return compile_kernel(self, arithmetic)


def _to_sympy(self: Graph) -> Any:
    """The outputs as SymPy expressions of the inputs' entries; numbers at a concrete shape only."""
    entries = output_entries(self)
    shown = [array if array.ndim else array[()] for array in entries]
    if self.results is not None:
        return self.results.build(shown)
    return shown[0] if len(shown) == 1 else tuple(shown)


def _repr_latex(self: Graph) -> str:
    return f"$\\displaystyle {graph_latex(self)}$"


def _shown(text: str) -> str:
    return escape(visible(text))


def _repr_html(self: Graph) -> str:
    """Inputs, size and outputs of a graph for notebooks."""
    inputs = ", ".join(
        f"{name} {text(self.shape(node))}" for name, node in zip(self.input_names, self.inputs, strict=True)
    )
    outputs = "".join(
        f"<li><code>{_shown(formula_text(self.store, node, 600))}</code> {_shown(text(self.shape(node)))}</li>"
        for node in self.outputs
    )
    return f"<div><b>Graph</b> of {_shown(inputs)}: {len(self.nodes)} nodes<ol>{outputs}</ol>{graph_svg(self)}</div>"


def _derivation_fragment(self: Derivation) -> str:
    """The steps and the graph for notebooks."""
    return to_fragment(self, drawn=True)


def attach() -> None:
    """Give graphs and verdicts their conveniences."""
    for name, method in {
        "compile": _compile,
        "to_sympy": _to_sympy,
        "to_latex": graph_latex,
        "to_svg": graph_svg,
        "_repr_svg_": graph_svg,
        "_repr_html_": _repr_html,
        "_repr_latex_": _repr_latex,
    }.items():
        setattr(Graph, name, method)
    for name, function in {"__str__": report, "_repr_html_": to_html, "to_latex": to_latex}.items():
        setattr(Verdict, name, function)
    for label, renderer in {
        "to_text": to_text,
        "__str__": to_text,
        "to_latex": derivation_latex,
        "to_html": derivation_html,
        "to_markdown": to_markdown,
        "to_svg": derivation_svg,
        "save": save,
        "_repr_html_": _derivation_fragment,
        "_repr_latex_": to_display,
        "_repr_markdown_": to_markdown,
    }.items():
        setattr(Derivation, label, renderer)
