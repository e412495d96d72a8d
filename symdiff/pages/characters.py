"""Which characters does LaTeX not take as they are? Tables of what to write instead."""

from __future__ import annotations

import unicodedata

ASCII = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
}

_SYMBOLS = {
    "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "√": r"\surd",
    "∞": r"\infty",
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "∝": r"\propto", "±": r"\pm",
    "−": "-", "·": r"\cdot", "∗": r"*", "∘": r"\circ", "⊙": r"\odot", "⊗": r"\otimes", "⊕": r"\oplus",
    "→": r"\to", "←": r"\leftarrow", "⇒": r"\Rightarrow", "↦": r"\mapsto", "↔": r"\leftrightarrow",
    "∈": r"\in", "∉": r"\notin", "⊂": r"\subset", "∪": r"\cup", "∩": r"\cap", "∅": r"\emptyset",
    "∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee",
    "⟨": r"\langle", "⟩": r"\rangle",
    "‖": r"\|", "…": r"\ldots", "′": "{}'", "″": "{}''", "ᵀ": r"{}^{\mathsf{T}}", "⊤": r"\top", "ℓ": r"\ell",
    "ℝ": r"\mathbf{R}", "¹": "{}^1", "²": "{}^2", "³": "{}^3", "½": r"\tfrac12",
    "¼": r"\tfrac14", "°": r"{}^\circ",
    "–": r"\text{--}", "—": r"\text{---}", "‘": r"\text{`}", "’": r"\text{'}",
    "“": r"\text{``}", "”": r"\text{''}",
    "✓": r"\surd", "ϵ": r"\epsilon", "ϕ": r"\phi", "ϑ": r"\vartheta", "ϱ": r"\varrho",
}  # fmt: skip
_AS_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))
_OWN_NAME = {"ε": r"\varepsilon", "φ": r"\varphi", "ς": r"\varsigma", "ω": r"\omega", "Ω": r"\Omega"}


def _greek() -> dict[str, str]:
    """Greek letters by their names: ``σ`` is ``\\sigma``."""
    found = {}
    for char in map(chr, [*range(0x391, 0x3AA), *range(0x3B1, 0x3CA)]):
        name = unicodedata.name(char, "").rpartition(" ")[2].lower().replace("lamda", "lambda")
        if name:
            found[char] = f"\\{name.title() if char < 'α' else name}"
    return found | {k: rf"\mathrm{{{v}}}" for k, v in _AS_LATIN.items() if k in found} | _OWN_NAME


MATHEMATICS = _SYMBOLS | {digit: f"{{}}_{n}" for n, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")} | _greek()
ACCENTS = {
    "\N{COMBINING GRAVE ACCENT}": r"\`",
    "\N{COMBINING ACUTE ACCENT}": r"\'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": r"\^",
    "\N{COMBINING TILDE}": r"\~",
    "\N{COMBINING MACRON}": r"\=",
    "\N{COMBINING BREVE}": r"\u",
    "\N{COMBINING DOT ABOVE}": r"\.",
    "\N{COMBINING DIAERESIS}": r"\"",
    "\N{COMBINING DOUBLE ACUTE ACCENT}": r"\H",
    "\N{COMBINING CARON}": r"\v",
    "\N{COMBINING CEDILLA}": r"\c",
    "\N{COMBINING OGONEK}": r"\k",
}
