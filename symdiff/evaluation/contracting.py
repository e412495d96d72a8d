"""Which instructions do a contraction? BLAS calls on strided views, in the order that ``plans`` chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from symdiff.evaluation.elementwise import Elementwise
from symdiff.evaluation.instructions import Code, Instruction, Program, Shape, Value, View
from symdiff.evaluation.plans import Labels, Pair, next_pair, pair, prefers_swap
from symdiff.evaluation.views import grouped, labelled, ordered
from symdiff.ir.ops import Contract

Factor = tuple[View, Labels]

_GEMV = 2048  # entries from which a product with ones beats add.reduce
_LONG_ROW = 1024  # longer rows are summed pairwise, which keeps more digits


class Contracting:
    """Adds the instructions of contractions to a program."""

    def __init__(self, program: Program, elementwise: Elementwise) -> None:
        self.program = program
        self.elementwise = elementwise
        self._known_ones: dict[int, View] = {}

    def contract(self, op: Contract, operands: Sequence[Value], code: Code) -> Value:
        """The value of a contraction of these operands."""
        sizes = {k: int(size) for k, size in enumerate(op.sizes)}
        factors: list[Factor] = []
        scale = float(op.coefficient)
        for value, labels in zip(operands, op.inputs, strict=True):
            if isinstance(value, View):
                scale *= value.scale
                factors.append(labelled(replace(value, scale=1.0), labels, sizes))
            else:
                scale *= value
        return self.product(factors, op.output, sizes, scale, code)

    def product(
        self, factors: list[Factor], output: Labels, sizes: dict[int, int], scale: float, code: Code
    ) -> Value:
        """``scale`` times the sum of the product of labelled views."""
        distinct = tuple(dict.fromkeys(output))
        present = {k for _, labels in factors for k in labels}
        scale *= prod(size for k, size in sizes.items() if k not in present and k not in distinct)
        if not factors and len(distinct) == len(output):
            return scale
        if any(size == 0 for size in sizes.values()):
            return 0.0
        if not factors:
            one = self.program.register((), code, origin="constant", value=np.ones(()))
            factors = [(View(one, ()), ())]
        if scale != 1:
            factors, scale = self._scaled_early(factors, output, sizes, scale)
        view, labels = self._multiply_all(factors, tuple(k for k in distinct if k in present), sizes, code)
        view = ordered(view, labels, distinct)
        if len(distinct) < len(output):
            view = self._embed(view, distinct, output, sizes, code)
        return replace(view, scale=view.scale * scale)

    def _scaled_early(
        self, factors: list[Factor], output: Labels, sizes: dict[int, int], scale: float
    ) -> tuple[list[Factor], float]:
        """Put the number into the smallest factor where that is smaller than the result."""
        smallest = min(range(len(factors)), key=lambda k: factors[k][0].size)
        view, labels = factors[smallest]
        if len(factors) < 2 or view.size >= prod(sizes[k] for k in output):
            return factors, scale
        scaled = self.elementwise.plain(replace(view, scale=scale))
        assert isinstance(scaled, View)
        return [*factors[:smallest], (scaled, labels), *factors[smallest + 1 :]], 1.0

    def _multiply_all(
        self, factors: list[Factor], output: Labels, sizes: dict[int, int], code: Code
    ) -> Factor:
        if all(k in output for _, labels in factors for k in labels):
            return self._elementwise(factors, output, code)
        factors = self._reduced(factors, output, code)
        while len(factors) > 1:
            i, j = next_pair([labels for _, labels in factors], output, sizes)
            chosen = [factors[i], factors[j]]
            rest = [factor for k, factor in enumerate(factors) if k not in (i, j)]
            kept = frozenset(output).union(*(labels for _, labels in rest))
            factors = self._reduced(
                [*rest, self._pair(chosen[0], chosen[1], kept, output, code)], output, code
            )
        return factors[0]

    def _elementwise(self, factors: list[Factor], order: Labels, code: Code) -> Factor:
        views = sorted((ordered(view, labels, order) for view, labels in factors), key=lambda v: v.size)
        value: Value = views[0]
        for view in views[1:]:
            value = self.elementwise.times(value, view, code)
        assert isinstance(value, View)
        return labelled(value, order, {})

    def _reduced(self, factors: list[Factor], output: Labels, code: Code) -> list[Factor]:
        """Sum out the labels that only one factor has."""
        result: list[Factor] = []
        for k, (view, labels) in enumerate(factors):
            others = {x for i, (_, other) in enumerate(factors) if i != k for x in other}
            alone = [x for x in labels if x not in others and x not in output]
            result.append(self._sum(view, labels, alone, code) if alone else (view, labels))
        return result

    def _sum(self, view: View, labels: Labels, dropped: Sequence[int], code: Code) -> Factor:
        kept = tuple(k for k in labels if k not in dropped)
        shape = tuple(view.shape[labels.index(k)] for k in kept)
        if (
            code == "f"
            and self.program.code(view) == "f"
            and view.form == "{}"
            and self._suits_ones(view, labels, kept)
        ):
            matrix = grouped(
                view, labels, (tuple(dropped), kept) if labels[0] in dropped else (kept, tuple(dropped))
            )
            ones = self._ones(prod(view.shape[labels.index(k)] for k in dropped))
            order = ("{1}", "{0}") if labels[0] in dropped else ("{0}", "{1}")
            return self._blas(
                f"dot({order[0]}, {order[1]}, {{o}})", (matrix, ones), shape, (prod(shape),), code
            ), kept
        axes = tuple(labels.index(k) for k in dropped)
        if not kept:
            return self._call("add.reduce({0}, None, dtype={o_dtype})", (view,), (), code), ()
        axis = axes[0] if len(axes) == 1 else axes
        return self._call(f"add.reduce({{0}}, {axis}, out={{o}})", (view,), shape, code), kept

    def _suits_ones(self, view: View, labels: Labels, kept: Labels) -> bool:
        if not kept or view.size < _GEMV:
            return False
        return (labels[: len(kept)] == kept and view.size // prod(view.shape[: len(kept)]) <= _LONG_ROW) or (
            labels[-len(kept) :] == kept
        )

    def _ones(self, count: int) -> View:
        if count not in self._known_ones:
            register = self.program.register((count,), "f", origin="constant", value=np.ones(count))
            self._known_ones[count] = View(register, (count,))
        return self._known_ones[count]

    def _pair(
        self, first: Factor, second: Factor, kept: frozenset[int], output: Labels, code: Code
    ) -> Factor:
        plan = pair(first[1], second[1], kept, output)
        if prefers_swap(plan, output):
            first, second = second, first
            plan = pair(first[1], second[1], kept, output)
        if plan.method == "multiply":
            order = tuple(k for k in output if k in plan.left + plan.right + plan.batch)
            order += tuple(k for k in plan.batch + plan.left + plan.right if k not in order)
            return self._elementwise([first, second], order, code)
        (left, a), (right, b) = ((self._numbers(view, code), labels) for view, labels in (first, second))
        summed = plan.summed if left.size >= right.size else tuple(k for k in b if k in plan.summed)
        lengths = {
            k: n for view, own in ((left, a), (right, b)) for k, n in zip(own, view.shape, strict=True)
        }
        rows = grouped(left, a, [*((k,) for k in plan.batch), plan.left, summed])
        columns = grouped(right, b, [*((k,) for k in plan.batch), summed, plan.right])
        labels = (*plan.batch, *plan.left, *plan.right)
        shape = tuple(lengths[k] for k in labels)
        if plan.method == "vdot":
            return self._call("dot({0}, {1})", (rows, columns), (), code), ()
        flat = tuple(prod(lengths[k] for k in group) for group in (plan.left, plan.right) if group)
        if plan.method == "dot":
            return self._blas("dot({0}, {1}, {o})", (rows, columns), shape, flat, code), labels
        if plan.method == "vecdot":
            columns = grouped(right, b, [*((k,) for k in plan.batch), summed])
            return self._call("vecdot({0}, {1}, out={o})", (rows, columns), shape, code), labels
        return self._matmul(plan, rows, columns, shape, flat, code), labels

    def _matmul(self, plan: Pair, rows: View, columns: View, shape: Shape, flat: Shape, code: Code) -> View:
        batch = shape[: len(plan.batch)]
        if not plan.left:
            rows = rows.then("{}[..., None, :]", (*batch, 1, rows.shape[-1]))
        if not plan.right:
            columns = columns.then("{}[..., None]", (*columns.shape, 1))
        full = (*batch, *(flat if plan.left else (1, *flat)), *(() if plan.right else (1,)))
        return self._blas("matmul({0}, {1}, {o})", (rows, columns), shape, full, code)

    def _numbers(self, view: View, code: Code) -> View:
        value = self.elementwise.cast(view, code)
        assert isinstance(value, View)
        return value

    def _blas(self, form: str, operands: tuple[View, ...], shape: Shape, full: Shape, code: Code) -> View:
        view = self._call(form, operands, shape, code)
        if full != shape:
            self.program.instructions[
                -1
            ].out_form = f"{{}}.reshape{full if len(full) > 1 else f'({full[0]})'}"
        return view

    def _call(self, form: str, operands: tuple[Value, ...], shape: Shape, code: Code) -> View:
        out = self.program.register(shape, code)
        self.program.instructions.append(Instruction(form, operands, out))
        return View(out, shape)

    def _embed(self, view: View, labels: Labels, output: Labels, sizes: dict[int, int], code: Code) -> View:
        groups = tuple(tuple(i for i, k in enumerate(output) if k == label) for label in labels)
        shape = tuple(sizes[k] for k in output)
        plain = self.elementwise.plain(view)
        return self._call(f"embed({{0}}, {groups}, {{o}})", (plain,), shape, code)
