"""Would a wrong rule be noticed? One deliberate fault for each rule: the roads must not meet."""

# ruff: noqa: E501  (a table: one fault a line)

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import pytest
from cases import BY_NAME, CASES
from faults import planted
from roads import RoadsDiffer, roads_meet

from symdiff import calculus
from symdiff.errors import SymdiffError
from symdiff.evaluation import contracting_objects, exact, extremes
from symdiff.ir import algebra, contractions, formulas, leading, scatter, shapes

CAUGHT = (RoadsDiffer, SymdiffError, IndexError, KeyError, ValueError, TypeError)


@dataclass(frozen=True)
class Fault:
    """A piece of source, what is put in its place, and the case that must notice."""

    module: ModuleType
    what: str
    right: str
    wrong: str
    case: str


def pull(what: str, right: str, wrong: str, case: str) -> Fault:
    """A fault on the page of rules."""
    return Fault(calculus, what, right, wrong, case)


BACKWARDS = [
    pull(
        "map: wrong partial",
        "local = partial(op.formula, slot)",
        "local = partial(op.formula, 0)",
        "divide_by_map",
    ),
    pull(
        "map: constant ignored", "alg.scale(store, other, constant)", "alg.scale(store, other, 1)", "subtract"
    ),
    pull(
        "map: constant's sign",
        "alg.scale(store, other, constant)",
        "alg.scale(store, other, -constant)",
        "add",
    ),
    pull(
        "map: operands swapped",
        "[node if k == -1 else operands[k]",
        "[node if k == -1 else operands[-1 - k]",
        "three_operands",
    ),
    pull(
        "map: operand for output",
        "[node if k == -1 else operands[k]",
        "[operands[0] if k == -1 else operands[k]",
        "tanh",
    ),
    pull(
        "map: squared factor",
        "return alg.multiply(store, other, factor)",
        "return alg.multiply(store, alg.multiply(store, other, factor), factor)",
        "square",
    ),
    pull(
        "map: lead labels dropped",
        "[(other, labels + every), (factor, every)], labels + every)\n\n\n# The two",
        "[(other, labels + every), (factor, every)], every)\n\n\n# The two",
        "square",
    ),
    pull(
        "contract: coefficient dropped",
        "labels + op.inputs[slot], op.coefficient, new)",
        "labels + op.inputs[slot], alg.ONE, new)",
        "mean",
    ),
    pull(
        "contract: lead behind",
        "factors = [(bar, labels + op.output)]",
        "factors = [(bar, op.output + labels)]",
        "matrix_product",
    ),
    pull(
        "contract: another operand left out",
        "for k, x in enumerate(operands) if k != slot]\n            return alg.contract(store, factors, labels + op.inputs",
        "for k, x in enumerate(operands) if k != 0]\n            return alg.contract(store, factors, labels + op.inputs",
        "three",
    ),
    pull(
        "contract: another slot's labels",
        "labels + op.inputs[slot], op.coefficient, new)",
        "labels + op.inputs[-1 - slot], op.coefficient, new)",
        "outer",
    ),
    Fault(
        leading,
        "contract: sizes of new labels lost",
        "dict(enumerate(op.sizes)) | dict(zip(labels, lead, strict=True))",
        "dict(zip(labels, lead, strict=True))",
        "broadcast",
    ),
    pull(
        "jacobian: inputs mixed up",
        "found = dict(zip(wide, bars, strict=True))",
        "found = dict(zip(wide, bars[::-1], strict=True))",
        "divide",
    ),
    pull(
        "named: sign",
        "case Named():\n            return bar",
        "case Named():\n            return alg.scale(store, bar, -1)",
        "named",
    ),
    pull(
        "reshape: lead lost",
        "return alg.reshape(store, bar, lead + shape)",
        "return alg.reshape(store, bar, shape)",
        "reshape",
    ),
    pull(
        "slice: flipped",
        "return alg.pad(store, bar, full_spans(lead) + spans, lead + shape)",
        "return alg.pad(store, bar, full_spans(lead) + tuple(Span(s.start + s.step * (s.length - 1), -s.step, s.length) for s in spans), lead + shape)",
        "slice",
    ),
    pull(
        "slice: step lost",
        "return alg.pad(store, bar, full_spans(lead) + spans, lead + shape)",
        "return alg.pad(store, bar, full_spans(lead) + tuple(Span(s.start, 1 if s.step > 0 else -1, s.length) for s in spans), lead + shape)",
        "slice",
    ),
    pull(
        "slice: start lost",
        "return alg.pad(store, bar, full_spans(lead) + spans, lead + shape)",
        "return alg.pad(store, bar, full_spans(lead) + tuple(Span(0 if s.step > 0 else s.start, s.step, s.length) for s in spans), lead + shape)",
        "slice",
    ),
    pull(
        "pad: spans reversed",
        "case Pad(spans):\n            return alg.slice_(store, bar, full_spans(lead) + spans)",
        "case Pad(spans):\n            return alg.slice_(store, bar, full_spans(lead) + spans[::-1])",
        "pad",
    ),
    pull(
        "pad: off by one",
        "case Pad(spans):\n            return alg.slice_(store, bar, full_spans(lead) + spans)",
        "case Pad(spans):\n            return alg.slice_(store, bar, full_spans(lead) + tuple(Span(s.start - 1, s.step, s.length) for s in spans))",
        "pad_backwards",
    ),
    pull(
        "concatenate: start", "for x in operands[:slot]), 0)", "for x in operands[:slot]), 1)", "concatenate"
    ),
    pull(
        "concatenate: own part counted",
        "for x in operands[:slot]), 0)",
        "for x in operands[1:slot]), 0)",
        "concatenate",
    ),
    pull("concatenate: axis without lead", "own[len(lead) + axis] = Span", "own[axis] = Span", "concatenate"),
    pull(
        "gather: axis without lead",
        "alg.scatter_add(store, bar, operands[1], axis + len(lead), shape[axis])",
        "alg.scatter_add(store, bar, operands[1], axis, shape[axis])",
        "gather",
    ),
    pull(
        "gather: no cotangent",
        "alg.scatter_add(store, bar, operands[1], axis + len(lead), shape[axis])",
        "None if slot == 0 else alg.scatter_add(store, bar, operands[1], axis + len(lead), shape[axis])",
        "gather",
    ),
    pull(
        "scatter: axis without lead",
        "return alg.gather(store, bar, operands[1], axis + len(lead))",
        "return alg.gather(store, bar, operands[1], axis)",
        "scatter_add_last",
    ),
    pull(
        "window: axis without lead",
        "return store.add(Fold(axis + len(lead), shape[axis]), (bar,))",
        "return store.add(Fold(axis, shape[axis]), (bar,))",
        "window",
    ),
    pull(
        "window: off by one",
        "Fold(axis + len(lead), shape[axis])",
        "Fold(axis + len(lead), shape[axis] + 1)",
        "window_last",
    ),
    pull(
        "fold: length off",
        "axis + len(lead), int(shape[-1]))",
        "axis + len(lead), int(shape[-1]) - 1)",
        "fold",
    ),
    pull(
        "fold: axis without lead",
        "return alg.window(store, bar, axis + len(lead), int(shape[-1]))",
        "return alg.window(store, bar, axis, int(shape[-1]))",
        "fold_second",
    ),
    pull(
        "maximum: everybody wins",
        "return alg.contract(store, [(bar, labels + kept), (winner, every)], labels + every)",
        "return alg.contract(store, [(bar, labels + kept)], labels + every, sizes=dict(enumerate(shape)))",
        "maximum",
    ),
    pull(
        "maximum: cotangent forgotten",
        "return alg.contract(store, [(bar, labels + kept), (winner, every)], labels + every)",
        "return alg.contract(store, [(winner, every)], labels + every, sizes=dict(zip(labels, lead)))",
        "maximum",
    ),
    pull(
        "maximum: other axes",
        "kept = tuple(k for k in every if k not in axes)\n            winner = alg.argmax(store, operands[0], axes)\n            return alg.contract(store, [(bar,",
        "kept = tuple(k for k in every if k not in axes)\n            winner = alg.argmax(store, operands[0], every)\n            return alg.contract(store, [(bar,",
        "maximum",
    ),
]

FORWARDS = [
    pull(
        "contract: coefficient dropped",
        "labels + op.output, op.coefficient, new)",
        "labels + op.output, alg.ONE, new)",
        "mean",
    ),
    pull(
        "contract: tangent in another slot",
        "factors[slot] = (dot, labels + op.inputs[slot])",
        "factors[0] = (dot, labels + op.inputs[0])",
        "inner",
    ),
    pull(
        "named: twice",
        "case Named():\n            return dot",
        "case Named():\n            return alg.scale(store, dot, 2)",
        "named",
    ),
    pull(
        "concatenate: wrong place",
        "[*zeros[:slot], dot, *zeros[slot + 1 :]]",
        "[*zeros[slot + 1 :], dot, *zeros[:slot]]",
        "concatenate",
    ),
    pull(
        "concatenate: axis without lead",
        "*zeros[slot + 1 :]], axis + len(lead))",
        "*zeros[slot + 1 :]], axis)",
        "concatenate",
    ),
    pull(
        "maximum: everybody wins",
        "[(dot, labels + every), (winner, every)], labels + kept)",
        "[(dot, labels + every)], labels + kept)",
        "maximum",
    ),
    pull(
        "gather and scatter: no lead",
        "return store.add(shifted(op, lead), (dot, operands[1]))",
        "return store.add(op, (dot, operands[1]))",
        "gather",
    ),
    pull(
        "gather and scatter: no tangent",
        "(dot, operands[1])) if slot == 0",
        "(dot, operands[1])) if slot == 1",
        "scatter_add",
    ),
    pull(
        "moves: no lead",
        "return store.add(shifted(op, lead), (dot,))",
        "return store.add(op, (dot,))",
        "slice",
    ),
    Fault(leading, "shifted reshape", "return Reshape(lead + shape)", "return Reshape(shape)", "reshape"),
    Fault(
        leading,
        "shifted slice",
        "return Slice(full_spans(lead) + spans)",
        "return Slice(full_spans(lead) + spans[::-1])",
        "slice",
    ),
    Fault(
        leading,
        "shifted pad",
        "return Pad(full_spans(lead) + spans, lead + shape)",
        "return Pad(spans + full_spans(lead), shape + lead)",
        "pad",
    ),
    Fault(leading, "shifted gather", "return Gather(axis + rank)", "return Gather(axis)", "gather"),
    Fault(
        leading,
        "shifted scatter",
        "return ScatterAdd(axis + rank, size)",
        "return ScatterAdd(axis, size)",
        "scatter_add",
    ),
    Fault(
        leading,
        "shifted window",
        "return Window(axis + rank, length)",
        "return Window(axis, length)",
        "window",
    ),
    Fault(
        leading, "shifted fold", "return Fold(axis + rank, size)", "return Fold(axis, size)", "fold_second"
    ),
    Fault(
        leading,
        "full spans",
        "tuple(map(full_span, shape))",
        "tuple(Span(n - 1, -1, n) for n in shape)",
        "slice",
    ),
]

SWEEPS = [
    pull(
        "paths not summed",
        "bars.setdefault(operand, []).append(term)",
        "bars[operand] = [term]",
        "self_product",
    ),
    pull(
        "cotangent found too early",
        "bar = sum_of_terms(store, terms, lead, store.shape(node))",
        "bar = terms[0]",
        "self_product",
    ),
    pull(
        "tangents not summed",
        "dots[node] = alg.total(store, terms, lead + store.shape(node))",
        "dots[node] = terms[-1]",
        "self_product",
    ),
    pull(
        "only the last operand",
        "for slot, operand in enumerate(operands):\n            if operand in between",
        "for slot, operand in list(enumerate(operands))[-1:]:\n            if operand in between",
        "outer",
    ),
    pull(
        "cotangents in another order",
        "for x in wrt]\n\n\ndef push_forward",
        "for x in list(wrt)[::-1]]\n\n\ndef push_forward",
        "inner",
    ),
    pull(
        "gradient: seed of 2",
        "{output: alg.constant(store, 1)}",
        "{output: alg.constant(store, 2)}",
        "square",
    ),
    pull(
        "vjp: seed forgotten",
        "bars = pull_back(store, seeds, [graph.node(x) for x in wrt])\n    return graph.with_outputs(bars).with",
        "bars = pull_back(store, {y: alg.constant(store, 1, store.shape(y)) for y in seeds}, [graph.node(x) for x in wrt])\n    return graph.with_outputs(bars).with",
        "square",
    ),
    pull(
        "jvp: one tangent for all",
        "dots = {node: dot for node, (_, dot)",
        "dots = {node: added[0][1] for node, (_, dot)",
        "inner",
    ),
    pull(
        "hvp: gradient only",
        "return jvp(gradient(graph, wrt), wrt, name)",
        "return jvp(gradient(graph, wrt), wrt[:1], name)",
        "inner",
    ),
    pull(
        "jacobian: axes swapped",
        "range(len(columns), len(columns) + len(rows))) + tuple(range(len(columns)))",
        "range(len(columns) + len(rows)))",
        "broadcast",
    ),
    pull(
        "hessian: rows transposed", "for row in first.outputs:", "for row in first.outputs[::-1]:", "divide"
    ),
]

VALUES = [
    Fault(
        contracting_objects,
        "coefficient ignored",
        "if op.coefficient != 1 or not factors:",
        "if not factors:",
        "mean",
    ),
    Fault(
        contracting_objects,
        "missing labels counted once",
        "result = result.take(0, axis=axis) * arithmetic.number(Fraction(length))",
        "result = result.take(0, axis=axis)",
        "summed_beside_raw",
    ),
    Fault(
        contracting_objects,
        "embedding overwritten",
        "result[tuple(places[plan.space.index(k)] for k in output)] = x",
        "result[...] = x[..., None]",
        "embedding",
    ),
    Fault(
        exact,
        "scatter overwrites",
        "result[target] = result[target] + x[(slice(None),) * axis + place]",
        "result[target] = x[(slice(None),) * axis + place]",
        "scatter_add_last",
    ),
    Fault(
        exact,
        "fold overwrites",
        "result[target] = result[target] + x[..., k]",
        "result[target] = x[..., k]",
        "fold",
    ),
    Fault(
        exact,
        "step ignored",
        "int(span.start) + span.step * np.arange",
        "int(span.start) + np.arange",
        "slice_backwards",
    ),
    Fault(extremes, "ties not shared", "Fraction(1, sum(winners))", "Fraction(1)", "maximum_of_a_copy"),
    Fault(
        extremes,
        "equal expressions not shared",
        "sp.Rational(1, row.count(u))",
        "sp.Integer(1)",
        "argmax_of_a_copy",
    ),
    Fault(
        extremes,
        "smallest wins",
        "best = arithmetic.largest(row)",
        "best = -arithmetic.largest([-v for v in row])",
        "maximum",
    ),
    Fault(
        extremes,
        "winners out of order",
        ".transpose(np.argsort(order))",
        ".transpose(order)",
        "maximum_rotated",
    ),
]

CONSTRUCTORS = [
    Fault(
        contractions,
        "a view's coefficient is lost",
        "self.scale = times(self.scale, op.coefficient)",
        "pass",
        "scaled_view",
    ),
    Fault(
        contractions,
        "a view's labels are kept",
        "tuple(outer[k] for k in inputs)",
        "tuple(sorted(outer[k] for k in inputs))",
        "transposed_twice",
    ),
    Fault(contractions, "a diagonal is not merged", "self.same_as[one] = other", "pass", "embedding"),
    Fault(
        contractions,
        "unused labels are not counted",
        "self.scale = times(self.scale, coefficient(product(self.sizes[k] for k in unused)))",
        "pass",
        "sum_of_broadcast",
    ),
    Fault(algebra, "x + x is x", "return scale(store, left, 2)", "return left", "doubled"),
    Fault(algebra, "0 - x is x", "return scale(store, right, -1)", "return right", "negated"),
    Fault(
        algebra,
        "a + (-b) is b - a",
        "return subtract(store, one, opposite)",
        "return subtract(store, opposite, one)",
        "plus_negative",
    ),
    Fault(
        algebra,
        "a masked diagonal is a negative",
        "len(op.inputs) == 1 and op.is_elementwise",
        "len(op.inputs) == 1 and op.inputs[0] == op.output",
        "minus_diagonal",
    ),
    Fault(
        algebra,
        "a quotient by a number is a product",
        "scale(store, left, 1 / value)",
        "scale(store, left, value)",
        "divided_by_number",
    ),
    Fault(
        contractions,
        "a stretched axis is transposed",
        "labels.append(len(shape) + axis if stretched else lead + axis)",
        "labels.append(len(shape) + axis if stretched else axis)",
        "broadcast_rows",
    ),
    Fault(scatter, "runs in another order", "if places[0] < end or not", "if False and not", "many_slices"),
    Fault(
        scatter, "no zeros at the end", "if end < size or not parts:", "if not parts:", "entries_one_by_one"
    ),
    Fault(
        scatter,
        "one place for all",
        "np.concatenate([places for places, _ in pieces])",
        "np.concatenate([pieces[0][0] for _ in pieces])",
        "many_slices",
    ),
    Fault(scatter, "others forgotten", "[*others, _lay_out(", "[_lay_out(", "three_runs"),
    Fault(
        formulas,
        "derivative of another slot",
        "sp.diff(f.expression, ARGUMENTS[slot])",
        "sp.diff(f.expression, ARGUMENTS[0])",
        "two_transcendentals",
    ),
    Fault(
        formulas,
        "by the output, wrong power",
        "f.exp * OUTPUT ** (1 - 1 / f.exp)",
        "f.exp * OUTPUT ** (1 / f.exp - 1)",
        "square_root",
    ),
    Fault(
        formulas,
        "exp(a) solved for -y",
        "sp.Poly(numerator - OUTPUT * denominator",
        "sp.Poly(numerator + OUTPUT * denominator",
        "sigmoid",
    ),
    Fault(
        formulas,
        "minus dropped",
        "return (-product / sums[0]) * (-sums[0])",
        "return (product / sums[0]) * (-sums[0])",
        "sigmoid",
    ),
    Fault(
        formulas,
        "branches merged that differ",
        "len({e for e, _ in derivative.args}) == 1",
        "len({e for e, _ in derivative.args}) > 1",
        "relu",
    ),
]

SHAPES = [
    Fault(
        shapes,
        "concatenation",
        "normal(sum((o.shape[axis] for o in operands[1:]), first[axis]))",
        "first[axis]",
        "concatenate",
    ),
    Fault(shapes, "window", "normal(shape[axis] - length + 1)", "normal(shape[axis] - length)", "window"),
    Fault(
        shapes,
        "gather",
        "shape[:axis] + index.shape + shape[axis + 1 :]",
        "index.shape + shape[:axis] + shape[axis + 1 :]",
        "gather",
    ),
    Fault(
        shapes,
        "scatter",
        "(*shape[:axis], size, *shape[end:])",
        "shape[:axis] + shape[end:] + (size,)",
        "scatter_add_first",
    ),
    Fault(shapes, "maximum", "if axis not in axes)", "if axis in axes)", "maximum"),
    Fault(
        shapes,
        "contraction",
        "Signature(tuple(op.sizes[k] for k in op.output)",
        "Signature(tuple(op.sizes[k] for k in op.output[::-1])",
        "matrix_product",
    ),
]

FAULTS = [*BACKWARDS, *FORWARDS, *SWEEPS, *VALUES, *CONSTRUCTORS, *SHAPES]


@pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda fault: f"{fault.module.__name__.split('.')[-1]}-{fault.what}"
)
def test_no_fault_survives(fault: Fault) -> None:
    case = BY_NAME[fault.case]
    with planted(fault.module, fault.right, fault.wrong), pytest.raises(CAUGHT):
        roads_meet(case.graph(), **case.options())


def test_the_code_is_put_back() -> None:
    fault = BACKWARDS[0]
    with planted(fault.module, fault.right, fault.wrong):
        pass
    case = BY_NAME[fault.case]
    roads_meet(case.graph(), **case.options())


def test_every_rule_has_a_fault() -> None:
    """Each ``case`` of the two rules of differentiation that gives a derivative is named by a fault."""
    said = " ".join(fault.what for fault in FAULTS)
    families = [
        "map",
        "contract",
        "named",
        "reshape",
        "slice",
        "pad",
        "concatenate",
        "gather",
        "scatter",
        "window",
        "fold",
        "maximum",
    ]
    assert [family for family in families if family not in said] == []
    assert len({(f.module.__name__, f.right, f.wrong) for f in FAULTS}) == len(FAULTS)
    assert {f.case for f in FAULTS} <= {case.name for case in CASES}
