"""Which functions have names of their own? The sigmoid, the rectifier, the normal distribution and their like."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sympy as sp

from symdiff.derivations.writing.choices import Greater

_Z = sp.Wild("z")
SIGMA, RELU, GELU, SOFTPLUS, SILU, PHI, NORMAL = (
    sp.Function(name, real=True) for name in ("sigma", "ReLU", "GELU", "softplus", "SiLU", "Phi", "varphi")
)
NAMES = {
    SIGMA: r"\sigma",
    RELU: r"\operatorname{ReLU}",
    GELU: r"\operatorname{GELU}",
    SOFTPLUS: r"\operatorname{softplus}",
    SILU: r"\operatorname{SiLU}",
    PHI: r"\Phi",
    NORMAL: r"\varphi",
}
SPELLED = {r"\sigma": "sigmoid", r"\Phi": "cdf", r"\varphi": "pdf"}  # where a quantity has the letter
DEFINITIONS = {
    r"\sigma": r"\sigma(z) = \frac{1}{1 + e^{-z}}",
    r"\operatorname{ReLU}": r"\operatorname{ReLU}(z) = \max(0, z)",
    r"\operatorname{GELU}": r"\operatorname{GELU}(z) = z \, \Phi(z)",
    r"\operatorname{softplus}": r"\operatorname{softplus}(z) = \log(1 + e^{z})",
    r"\operatorname{SiLU}": r"\operatorname{SiLU}(z) = z \, \sigma(z)",
    r"\Phi": r"\Phi(z) = \frac{1}{2}\left(1 + \operatorname{erf}\frac{z}{\sqrt{2}}\right)",
    r"\varphi": r"\varphi(z) = \frac{1}{\sqrt{2\pi}} e^{-z^{2}/2}",
    r"\operatorname{sigmoid}": r"\operatorname{sigmoid}(z) = \frac{1}{1 + e^{-z}}",
    r"\operatorname{cdf}": r"\operatorname{cdf}(z) = \frac{1}{2}\left(1 + \operatorname{erf}\frac{z}{\sqrt{2}}\right)",
    r"\operatorname{pdf}": r"\operatorname{pdf}(z) = \frac{1}{\sqrt{2\pi}} e^{-z^{2}/2}",
    r"\operatorname{hardmax}": (
        r"\operatorname{hardmax}_{j}(z_{j}) = "
        r"\frac{\mathbb{I}[z_{j} = \max_{k} z_{k}]}{\sum_{k} \mathbb{I}[z_{k} = \max_{l} z_{l}]}"
    ),
    r"\operatorname{softmax}": r"\operatorname{softmax}_{j}(z_{j}) = \frac{e^{z_{j}}}{\sum_{k} e^{z_{k}}}",
}
# In this order: what stands further down also matches parts of what stands above.
_ROWS = (
    (1 / (1 + sp.exp(_Z)), lambda z: SIGMA(-z)),
    (sp.exp(_Z) / (1 + sp.exp(_Z)), lambda z: SIGMA(z)),
    ((sp.exp(_Z) - sp.exp(-_Z)) / (sp.exp(_Z) + sp.exp(-_Z)), lambda z: sp.tanh(z)),
    (sp.log(1 + sp.exp(_Z)), lambda z: SOFTPLUS(z)),
)


def meanings(text: str, taken: Collection[str]) -> tuple[str, ...]:
    """What the named functions in some LaTeX stand for; letters that are ``taken`` are quantities there.

    >>> meanings(r"\\operatorname{SiLU}(z) + \\sigma", [r"\\sigma"])[0]
    '\\\\operatorname{SiLU}(z) = z \\\\, \\\\operatorname{sigmoid}(z)'
    """
    told = {name: _spelled(meaning, taken) for name, meaning in DEFINITIONS.items() if name not in taken}
    found = [name for name in told if _is_applied(name, text)]
    needed = " ".join([text, *(told[name].partition("=")[2] for name in found)])
    return tuple(meaning for name, meaning in told.items() if _is_applied(name, needed))


def _spelled(meaning: str, taken: Collection[str]) -> str:
    for letter, name in SPELLED.items():
        if letter in taken:
            meaning = meaning.replace(f"{letter}(", rf"\operatorname{{{name}}}(")
    return meaning


def _is_applied(name: str, text: str) -> bool:
    """Whether a function is called; its letter may be that of a quantity."""
    return any(name + opened in text for opened in (r"\left(", "(", "^{", "_{"))


def by_name(expression: sp.Expr) -> sp.Expr:
    """The same formula in terms of known functions."""
    found = expression
    if found.has(sp.exp):
        for product in found.atoms(sp.Mul):
            found = found.xreplace({product: _logistic(product)})
        for pattern, named in _ROWS:
            found = found.replace(pattern, named)
    if found.has(sp.erfc):
        found = found.replace(sp.erfc, _tail)
    if found.has(sp.erf, PHI):
        found = found.replace(1 + sp.erf(_Z), lambda z: 2 * PHI(sp.sqrt(2) * z)).replace(sp.exp(_Z), _normal)
    if found.has(Greater):
        found = found.replace(Greater, _rectified)
    for product in sorted(found.atoms(sp.Mul), key=sp.count_ops):
        found = found.xreplace({product: _gated(product)})
    return found


def _logistic(product: sp.Mul) -> sp.Expr:
    """``exp(z) / (1 + exp(z))^2`` among other factors."""
    for factor in product.args:
        below = (1 + factor) ** -2
        if isinstance(factor, sp.exp) and below in product.args:
            z = -factor.args[0] if factor.args[0].could_extract_minus_sign() else factor.args[0]
            rest = [f for f in product.args if f not in (factor, below)]
            return sp.Mul(*rest, SIGMA(z), 1 - SIGMA(z))
    return product


def _tail(z: sp.Expr) -> sp.Expr:
    return 2 - 2 * PHI(sp.sqrt(2) * z) if z.has(sp.sqrt(2)) else sp.erfc(z)


def _normal(z: sp.Expr) -> sp.Expr:
    """``exp(-x^2/2)`` as a density."""
    base = sp.sqrt(-2 * z).replace(sp.Abs, lambda a: a)
    if not base.free_symbols or not base.is_polynomial(*base.free_symbols):
        return sp.exp(z)
    return sp.sqrt(2 * sp.pi) * NORMAL(base)


def _rectified(one: sp.Expr, other: sp.Expr) -> sp.Expr:
    if 0 not in (one, other):
        return Greater(one, other)
    return RELU(other if one == 0 else one)


def _gated(product: sp.Mul) -> sp.Expr:
    """``z Phi(z)`` and ``z sigma(z)``."""
    for gate, name in ((PHI, GELU), (SIGMA, SILU)):
        for factor in _applied(product, gate):
            (z,) = factor.args
            if z in product.args:
                return sp.Mul(*(f for f in product.args if f not in (factor, z)), name(z))
    return product


def _applied(product: sp.Mul, gate: sp.FunctionClass) -> Iterator[sp.Expr]:
    yield from (factor for factor in product.args if factor.func == gate)
