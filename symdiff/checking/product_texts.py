"""How does a contraction read as NumPy? ``*``, ``@``, ``outer``, ``dot``, ``sum``, ``diag`` or ``einsum``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp

from symdiff.ir import contractions
from symdiff.ir.ops import Contract, Labels
from symdiff.ir.sizes import Shape, text

ATOM, POWER, PRODUCT, MATMUL, SUM, COMPARISON = 5, 4, 3, 2, 1, 0
_LETTERS = "ijklmnpqrstuvw"
_OPERATORS = frozenset(" +-*/@<>=!&|")


@dataclass(frozen=True)
class Text:
    """A written expression and how tightly it binds; a product keeps its factors, so that products flatten.

    ``missing`` is how many of its node's leading axes it lacks: NumPy would broadcast it.
    """

    text: str
    level: int = ATOM
    scale: Fraction | sp.Expr = Fraction(1)
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    missing: int = 0

    @property
    def is_product(self) -> bool:
        """Whether it has factors of its own."""
        return bool(self.above or self.below)


def within(part: Text, level: int) -> str:
    """The text, in parentheses where it binds more loosely than its place demands."""
    return part.text if part.level >= level else f"({part.text})"


def full(part: Text, shape: Shape) -> Text:
    """The text with all axes of its node."""
    if not part.missing:
        return part
    if all(size == 1 for size in shape[: part.missing]):
        return Text("[" * part.missing + part.text + "]" * part.missing)
    return Text(f"broadcast_to({part.text}, {text(shape)})")


def contract_text(op: Contract, shape: Shape, xs: Sequence[Text]) -> Text:
    """A product of operands, summed over the labels that the output lacks."""
    if not xs:
        if len(set(op.output)) == len(op.output):
            written = number(op.coefficient)
            return Text(written, ATOM if is_atom(written) else PRODUCT, op.coefficient, missing=len(shape))
        unit = Text(f"eye{text(shape)}")
        return unit if op.coefficient == 1 else times([unit], op.coefficient)
    present = [_present(op, x, labels) for x, labels in zip(xs, op.inputs, strict=True)]
    held = {k for _, labels in present for k in labels}
    core = tuple(dict.fromkeys(k for k in op.output if k in held))
    body = _body(op, core, present)
    has_diagonal = len(set(op.output)) < len(op.output)
    placed = body if has_diagonal else _placed(op, core, body)
    if op.coefficient != 1:
        placed = replace(times([placed], op.coefficient), missing=placed.missing)
    return _placed(op, core, placed) if has_diagonal else placed


def number(value: Fraction | sp.Expr) -> str:
    """An exact number."""
    return str(value) if not isinstance(value, sp.Expr) or is_atom(str(value)) else f"({value})"


def _present(op: Contract, x: Text, labels: Labels) -> tuple[Text, Labels]:
    """An operand without the leading axes of length 1 that its text lacks."""
    if all(op.sizes[k] == 1 for k in labels[: x.missing]):
        return replace(x, missing=0), labels[x.missing :]
    return x, labels


def _placed(op: Contract, core: Labels, body: Text) -> Text:
    """An array with axes ``core`` where the output wants more: new axes, or a diagonal."""
    output = op.output
    if len(set(output)) < len(output):
        body = full(body, tuple(op.sizes[k] for k in core))
        if len(core) == 1 and output == core * 2:
            return Text(f"diag({body.text})")
        if not core and len(output) == 2:
            return times([body, Text(f"eye{text(tuple(op.sizes[k] for k in output))}")])
        return Text(f"einsum({_spec(op, [core], output)!r}, {body.text})")
    first = next((axis for axis, k in enumerate(output) if k in core), len(output))
    new = [k not in core for k in output[first:]]
    if not any(new):
        return replace(body, missing=first + body.missing)
    body = full(body, tuple(op.sizes[k] for k in core))
    return Text(f"{within(body, ATOM)}[{', '.join('None' if k else ':' for k in new)}]", missing=first)


def _body(op: Contract, core: Labels, present: Sequence[tuple[Text, Labels]]) -> Text:
    """The contraction with the axes ``core``, each once."""
    every = max((labels for _, labels in present), key=lambda labels: (len(labels), labels == core))
    if every == core and len(set(core)) == len(core):
        present = [_spread(op, x, labels, core) for x, labels in present]
    alike = all(_is_aligned(op, labels, every, core) for _, labels in present)
    aligned = alike and len(set(every)) == len(every)
    if aligned and core == every:
        body = times([x for x, _ in present]) if len(present) > 1 else present[0][0]
        return replace(body, missing=min(len(every) - len(labels) + x.missing for x, labels in present))
    xs = [full(x, tuple(op.sizes[k] for k in labels)) for x, labels in present]
    inputs = [labels for _, labels in present]
    dropped = [op.sizes[k] for k in every if k not in core]
    if len(xs) == 1 and len(set(every)) == len(every) and all(size == 1 for size in dropped):
        return _moved(xs[0], every, core)
    written = _two(inputs, core, xs)
    if written is not None:
        return written
    if aligned and core == tuple(k for k in every if k in core):
        return _summed(inputs, every, core, xs)
    return Text(f"einsum({_spec(op, inputs, core)!r}, {', '.join(x.text for x in xs)})")


def _spread(op: Contract, x: Text, labels: Labels, core: Labels) -> tuple[Text, Labels]:
    """An operand with new axes, ``x[:, None]``, where it has only some axes of the output, in their order."""
    if labels == core[len(core) - len(labels) :] or labels != tuple(k for k in core if k in labels):
        return x, labels
    new = core[core.index(labels[0]) :]
    index = ", ".join(":" if k in labels else "None" for k in new)
    return Text(f"{within(full(x, tuple(op.sizes[k] for k in labels)), ATOM)}[{index}]"), new


def _is_aligned(op: Contract, labels: Labels, every: Labels, core: Labels) -> bool:
    """Whether NumPy broadcasts an operand to ``every`` as the contraction wants it."""
    pairs = list(zip(labels[::-1], every[::-1], strict=False))
    return all(k == e or (op.sizes[k] == 1 and k not in core and k not in every) for k, e in pairs)


def _moved(x: Text, every: Labels, core: Labels) -> Text:
    """One operand with its axes in another order and axes of length 1 left out."""
    kept = tuple(k for k in every if k in core)
    if kept != every:
        added = f"[{', '.join(':' if k in core else 'None' for k in every)}]"
        if x.text.endswith(added):
            return _moved(Text(x.text.removesuffix(added)), kept, core)
        last = max(axis for axis, k in enumerate(every) if k not in core)
        x = Text(f"{within(x, ATOM)}[{', '.join(':' if k in core else '0' for k in every[: last + 1])}]")
    if kept == core:
        return x
    if kept == core[::-1] and len(core) == 2:
        return Text(f"{within(x, ATOM)}.T")
    return Text(f"transpose({x.text}, {tuple(kept.index(k) for k in core)})")


def _summed(inputs: Sequence[Labels], every: Labels, core: Labels, xs: Sequence[Text]) -> Text:
    if len(every) == 1 and list(inputs) == [every, every]:
        return Text(f"dot({xs[0].text}, {xs[1].text})")
    body = times(xs) if len(xs) > 1 else xs[0]
    axes = [axis for axis, k in enumerate(every) if k not in core]
    return Text(f"sum({body.text}, axis={axes_text(axes)})" if core else f"sum({body.text})")


def axes_text(axes: Sequence[int]) -> str:
    """``axis=1``, or a tuple of several."""
    return str(axes[0]) if len(axes) == 1 else str(tuple(axes))


def times(xs: Sequence[Text], scale: Fraction | sp.Expr = Fraction(1)) -> Text:
    """A product of products: factors above, factors below, one number in front."""
    above: list[str] = []
    below: list[str] = []
    for x in xs:
        scale = contractions.times(scale, x.scale)
        above += x.above if x.is_product or x.text == number(x.scale) else [within(x, PRODUCT)]
        below += x.below
    return product_text(scale, tuple(above), tuple(below))


def product_text(scale: Fraction | sp.Expr, above: tuple[str, ...], below: tuple[str, ...]) -> Text:
    """``-2*a*b/c**2/3``."""
    minus = isinstance(scale, Fraction) and scale < 0
    size = -scale if minus else scale
    top, under = _powers(above), _powers(below)
    if isinstance(size, Fraction):
        top = [str(size.numerator), *top] if size.numerator != 1 or not top else top
        under = [*under, str(size.denominator)] if size.denominator != 1 else under
    else:
        top = [number(size), *top]
    return Text("-" * minus + "/".join(["*".join(top), *under]), PRODUCT, scale, above, below)


def _powers(factors: Sequence[str]) -> list[str]:
    """Equal factors as powers, in the order of their first appearance."""
    counts = Counter(factors).items()
    return [f if n == 1 else f"{f}**{n}" if is_atom(f) else f"({f})**{n}" for f, n in counts]


def is_atom(written: str) -> bool:
    """Whether no operator stands outside brackets."""
    depth = 0
    for character in written:
        depth += (character in "([") - (character in ")]")
        if depth == 0 and character in _OPERATORS:
            return False
    return True


def _two(inputs: Sequence[Labels], core: Labels, xs: Sequence[Text]) -> Text | None:
    if len(xs) == 2:
        for first, second in ((0, 1), (1, 0)):
            written = _matmul(inputs[first], inputs[second], core, xs[first], xs[second])
            if written is not None:
                return written
    return None


def _spec(op: Contract, inputs: Sequence[Labels], output: Labels) -> str:
    letter = {k: _LETTERS[k % len(_LETTERS)] for k in range(len(op.sizes))}
    *left, right = ("".join(letter[k] for k in labels) for labels in (*inputs, output))
    return ",".join(left) + "->" + right


def _matmul(left: Labels, right: Labels, output: Labels, x: Text, y: Text) -> Text | None:
    """``x @ y`` with the transposes that it needs, ``outer`` without a shared label, or None."""
    if len(left) == len(right) == 1 and output == left + right:
        return Text(f"outer({x.text}, {y.text})")
    shared = set(left) & set(right)
    twice = len(set(left)) != len(left) or len(set(right)) != len(right)
    if len(shared) != 1 or twice or len(left + right) < 3:
        return None
    (s,) = shared
    rows, columns = tuple(k for k in left if k != s), tuple(k for k in right if k != s)
    if s in output or output != rows + columns or len(left) > 2 or len(right) > 2:
        return None
    one = within(x, ATOM) if left[-1] == s else f"{within(x, ATOM)}.T"
    two = within(y, ATOM) if right[0] == s else f"{within(y, ATOM)}.T"
    return Text(f"{one} @ {two}", MATMUL)
