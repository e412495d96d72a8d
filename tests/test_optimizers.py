"""Are the optimizers of the library right? Steps on trees, textbook forms, facts, variants, bad input."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

import symdiff as sd
from symdiff.errors import InputError
from symdiff.library import Entry, Slip, registry
from symdiff.library.optimizers.adaptive import adam_backward, adam_step
from symdiff.library.optimizers.descent import momentum_step
from symdiff.library.stepping.differences import differences
from symdiff.library.stepping.rules import RULES
from symdiff.verdicts import Verdict

ENTRIES = registry("optimizer")
QUESTIONS = [
    pytest.param(judge, id=f"{entry.name}: {label[:60]}")
    for entry in ENTRIES
    for label, judge in entry.questions()
]
SLIPS = [
    pytest.param(entry, slip, id=f"{entry.name}: {slip.claim.__name__}")
    for entry in ENTRIES
    for slip in entry.slips
]


def test_the_shelf_holds_the_notes_and_their_kin() -> None:
    names = [
        "adagrad",
        "adam",
        "adamax",
        "adamw",
        "amsgrad",
        "lamb",
        "lars",
        "lion",
        "momentum",
        "nadam",
        "nesterov",
        "rmsprop",
        "sgd",
    ]
    assert [entry.name for entry in ENTRIES] == names
    assert sorted(RULES) == names
    assert {entry.name for entry in ENTRIES if entry.notes} == {
        name for name, rule in RULES.items() if "notes" in rule.variants
    }


@pytest.mark.parametrize("judge", QUESTIONS)
def test_proved(judge: Callable[[], Verdict]) -> None:
    """Both orders of the step's derivative, the rule of the pair against the textbook step, and the facts."""
    verdict = judge()
    assert verdict.status == "proved", str(verdict)


@pytest.mark.parametrize(("entry", "slip"), SLIPS)
def test_wrong_twin_is_refuted_by_its_name(entry: Entry, slip: Slip) -> None:
    verdict = entry.judge(slip, slip.case)
    assert verdict.status == "refuted", str(verdict)
    assert verdict.mistake is not None
    assert verdict.mistake.kind == slip.kind, str(verdict)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_entry_is_whole(entry: Entry) -> None:
    assert {claim.order for claim in entry.derivatives} == {1, 2}
    assert entry.slips
    assert entry.source
    assert entry.fn.__doc__
    assert "optimizer" in entry.forms
    assert getattr(sd.optimizers, entry.name).__name__ == entry.name


def test_a_false_statement_is_refuted() -> None:
    """The closed form of momentum with t in the place of t - 1."""

    def path(g: Any, momentum: Any) -> Any:
        theta, v = momentum_step(0 * g, g, 0 * g, 1.0, momentum)
        return momentum_step(theta, g, v, 1.0, momentum)[0]

    def stated(g: Any, momentum: Any) -> Any:
        return -g * (2 - momentum * (1 - momentum) / (1 - momentum)) / (1 - momentum)

    verdict = sd.check(path, stated, {"g": "n", "momentum": ""}, of="value", domain={"momentum": (0, 0.5)})
    assert verdict.status == "refuted"


# On trees -----------------------------------------------------------------------------------------------------


class Layer(NamedTuple):
    W: Any
    b: Any


def model() -> dict[str, Any]:
    return {"layers": [Layer(np.ones((2, 3)), np.full(3, 0.25)), (np.array(2.0),)], "scale": np.full(4, 0.5)}


@pytest.mark.parametrize("name", list(RULES))
def test_steps_on_trees(name: str) -> None:
    """The nesting is kept, nothing is written into, leaves are moved one by one, step is update and add."""
    opt = getattr(sd.optimizers, name)(0.1)
    params, grads = model(), model()
    state = opt.init(params)
    updates, after = opt.update(grads, state, params)
    moved, same = opt.step(grads, state, params)
    assert isinstance(moved["layers"][0], Layer)
    assert moved["layers"][0].W.shape == (2, 3)
    np.testing.assert_array_equal(moved["scale"], params["scale"] + updates["scale"])
    np.testing.assert_array_equal(params["scale"], np.full(4, 0.5))
    assert state.t == 0
    assert after.t == same.t == 1
    assert type(state).__name__[0].isupper()
    (alone, _) = opt.update(grads["scale"], opt.init(params["scale"]), params["scale"])
    np.testing.assert_array_equal(alone, updates["scale"])


def test_the_fields_of_the_state_are_the_symbols_of_the_papers() -> None:
    x = np.zeros(2)
    assert sd.optimizers.adam().init(x)._fields == ("t", "m", "v")
    assert sd.optimizers.momentum().init(x)._fields == ("t", "v")
    assert sd.optimizers.adagrad().init(x)._fields == ("t", "G")
    assert sd.optimizers.amsgrad().init(x)._fields == ("t", "m", "v", "v_max")
    assert sd.optimizers.adagrad(initial_accumulator=0.1).init(x).G.tolist() == [0.1, 0.1]


def test_empty_trees_and_empty_arrays() -> None:
    opt = sd.optimizers.adam()
    assert opt.step({}, opt.init({}), {})[0] == {}
    params, _ = opt.step(np.zeros(0), opt.init(np.zeros(0)), np.zeros(0))
    assert params.shape == (0,)


def test_float32_stays_float32() -> None:
    x = np.ones(3, dtype=np.float32)
    for name in RULES:
        params, _ = getattr(sd.optimizers, name)(0.1).step(x, getattr(sd.optimizers, name)(0.1).init(x), x)
        assert params.dtype == np.float32, name


def test_it_minimises() -> None:
    """Every optimizer lowers a convex loss."""
    target = np.array([1.0, -2.0, 0.5])
    for name in RULES:
        opt = getattr(sd.optimizers, name)(10.0 if name == "lars" else 0.01)
        x = np.array([3.0, 3.0, 3.0])
        state = opt.init(x)
        for _ in range(200):
            x, state = opt.step(2 * (x - target), state, x)
        assert np.sum((x - target) ** 2) < 0.9 * np.sum((3 - target) ** 2), name


def test_defined_at_zero() -> None:
    """Zero gradients: nothing moves; where the paper has 0/0 it is NaN, where optax takes the ratio 1 it is not."""
    zero = np.zeros(2)
    for name in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "nadam", "lion"):
        opt = getattr(sd.optimizers, name)(0.1)
        assert opt.update(zero, opt.init(zero), zero)[0].tolist() == [0.0, 0.0], name
    with np.errstate(all="ignore"):
        for name in ("amsgrad", "adamax", "lars", "lamb"):
            opt = getattr(sd.optimizers, name)(0.1)
            assert np.all(np.isnan(opt.update(zero, opt.init(zero), zero)[0])), name
        for name in ("amsgrad", "adamax", "lars", "lamb"):
            opt = getattr(sd.optimizers, name)(0.1, variant="optax")
            assert opt.update(zero, opt.init(zero), zero)[0].tolist() == [0.0, 0.0], name


def test_settings_by_name() -> None:
    opt = sd.optimizers.adam(0.1, b1=0.5, variant="notes")
    assert opt.settings["place"] == "inside"
    assert opt.settings["b1"] == 0.5
    clipped = sd.optimizers.lamb(1.0, upper=2.0, weight_decay=0.0)
    big = np.array([30.0, 40.0])
    update, _ = clipped.update(np.ones(2), clipped.init(big), big)
    assert abs(np.linalg.norm(update) - 2.0) < 1e-12
    for bad in ({"variant": "keras"}, {"place": "nowhere"}, {"beta": 0.9}):
        with pytest.raises(InputError):
            sd.optimizers.adam(**bad)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda opt, state, x: opt.update({"a": x}, state, x), "Nest it like the gradients"),
        (lambda opt, state, x: opt.update(np.zeros(3), state, x), "Give a gradient for each entry"),
        (lambda opt, state, x: opt.update([x, x], state, [x]), "Nest it like the gradients"),
    ],
)
def test_what_does_not_fit_is_told(call: Callable[..., Any], said: str) -> None:
    opt, x = sd.optimizers.adam(), np.zeros(2)
    with pytest.raises(InputError, match=said):
        call(opt, opt.init(x), x)


def test_decay_needs_the_parameters() -> None:
    opt, x = sd.optimizers.adamw(), np.zeros(2)
    with pytest.raises(InputError, match="the rule uses the parameters"):
        opt.update(x, opt.init(x))
    assert sd.optimizers.adam().update(np.ones(2), sd.optimizers.adam().init(x))[0].shape == (2,)


# As graphs ----------------------------------------------------------------------------------------------------


def test_a_pair_is_traced() -> None:
    """The same update is a graph, for every shape, with t as a number of the graph."""
    opt = sd.optimizers.adam(0.1)

    def step(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
        params, state = opt.step({"w": g}, type(opt.init(0.0))(t - 1, {"w": m}, {"w": v}), {"w": theta})
        return params["w"], state.m["w"], state.v["w"]

    def stated(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
        return adam_step(theta, g, m, v, t, 0.1, 0.9, 0.999, 1e-8)

    shapes = {"theta": "n d", "g": "n d", "m": "n d", "v": "n d", "t": ""}
    verdict = sd.check(step, stated, shapes, of="value", domain={"v": (0, None), "t": (1, None)})
    assert verdict.status == "proved", str(verdict)


def test_the_jacobian_of_a_step() -> None:
    """How the parameters after a step move with the gradient: a diagonal, the same as the vjp by hand."""

    def stepped(g: Any, theta: Any, m: Any, v: Any) -> Any:
        return adam_step(theta, g, m, v, 3, 0.1, 0.9, 0.999, 1e-8)[0]

    g, theta = np.array([0.5, -2.0]), np.array([1.0, 2.0])
    m, v = np.array([0.1, 0.3]), np.array([0.4, 0.9])
    matrix = sd.jacobian(stepped)(g, theta, m, v)
    rows = [
        adam_backward(theta, g, m, v, 3, 0.1, 0.9, 0.999, 1e-8, (row, 0 * g, 0 * g))[1] for row in np.eye(2)
    ]
    assert matrix.shape == (2, 2)
    assert matrix[0, 1] == matrix[1, 0] == 0
    np.testing.assert_array_almost_equal_nulp(matrix, np.array(rows), nulp=16)


# Variants -----------------------------------------------------------------------------------------------------


def test_epsilon_inside_and_outside_differ_by_909() -> None:
    told = differences("adam")
    assert list(told) == ["notes"]
    assert "epsilon inside the root, as in the notes; the paper, torch and optax" in told["notes"]
    assert told["notes"].endswith("at g = 1e-07 and eps = 1e-08 the first step differs by a factor 909")
    exact = Fraction(1, 10**7) + Fraction(1, 10**8)
    inside = (1e-14 + 1e-8) ** 0.5
    assert round(inside / float(exact)) == 909


@pytest.mark.parametrize(
    ("name", "against", "variant", "said"),
    [
        (
            "adamw",
            "paper",
            "torch",
            "learning_rate * weight_decay * theta is subtracted, as in the notes, torch and optax",
        ),
        ("momentum", "paper", "notes", "the first step differs"),
        ("momentum", "optax", "torch", "with dampening = 0.5: the first velocity is the gradient itself"),
        ("lamb", "paper", "optax", "the trust ratio is 1 where a norm is zero"),
        ("lars", "paper", "optax", "|g + weight_decay * theta|"),
        ("rmsprop", "notes", "torch", "by default learning_rate = 0.01, decay = 0.99"),
        ("adagrad", "torch", "optax", "initial_accumulator = 0.1"),
    ],
)
def test_variants_are_told_apart(name: str, against: str, variant: str, said: str) -> None:
    assert said in differences(name, against)[variant]


# Questions that cannot be asked -------------------------------------------------------------------------------


def good(theta: Any, g: Any) -> Any:
    return theta - 0.01 * g


def raising(theta: Any, g: Any) -> Any:
    raise KeyError("lost")


def writing(theta: Any, g: Any) -> Any:
    theta -= 0.01 * g
    return theta


def growing(theta: Any, g: Any) -> Any:
    return np.concatenate([theta, g], axis=-1)


def forgetting(theta: Any, g: Any, v: Any) -> Any:
    return theta - 0.01 * (0.9 * v + g)


def nameless(alpha: Any, omega: Any, psi: Any, chi: Any) -> Any:
    return alpha


class Counting:
    """A step that keeps its state in itself."""

    def __init__(self) -> None:
        self.v: Any = 0

    def __call__(self, theta: Any, g: Any) -> Any:
        self.v = 0.9 * self.v + np.mean(g)
        return theta - 0.01 * self.v


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sd.check_optimizer("adamm", good), "Use one of these names"),
        (lambda: sd.check_optimizer("sgd", good, steps=0), "Ask for at least one step"),
        (lambda: sd.check_optimizer("sgd", good, steps=True), "Ask for at least one step"),
        (lambda: sd.check_optimizer("sgd", good, variant="keras"), "Name a variant that is published"),
        (lambda: sd.check_optimizer("sgd", good, b1=0.9), "unknown=b1"),
        (lambda: sd.check_optimizer("sgd", raising), "raised=KeyError: 'lost'"),
        (lambda: sd.check_optimizer("sgd", writing), "the step writes into the parameters"),
        (lambda: sd.check_optimizer("sgd", growing), "in the shape of the parameters"),
        (lambda: sd.check_optimizer("momentum", forgetting), "Return the parameters and every state"),
        (lambda: sd.check_optimizer("sgd", nameless), "Give step\\(theta, g, m, v, t\\)"),
        (lambda: sd.check_optimizer("sgd", 3), "given=a int"),
        (lambda: sd.check_optimizer("sgd", Counting()), "two runs from the same start go different ways"),
        (lambda: sd.check_optimizer("momentum", lambda params, grads, state: params), "needed=params, state"),
    ],
)
def test_bad_input(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(InputError, match=said), warnings.catch_warnings():
        warnings.simplefilter("error")
        call()


def test_what_could_not_be_seen_is_told() -> None:
    """Without decay nobody can see how it would be applied."""
    verdict = sd.check_optimizer("adam", sd.optimizers.adam())
    assert verdict.blind is not None
    assert any("decoupled" in warning for warning in verdict.blind.warnings)
    seen = sd.check_optimizer("adam", sd.optimizers.adam(weight_decay=0.1), weight_decay=0.1)
    assert seen.blind is not None
    assert not any("decoupled" in warning for warning in seen.blind.warnings)


def test_the_report() -> None:
    verdict = sd.check_optimizer("adam", sd.optimizers.adam(variant="notes"), steps=1)
    text = str(verdict)
    assert text.startswith("RULE DIFFERS   sd.optimizers.adam   (certain)")
    assert "theta - learning_rate*(m*b1 + g*(1 - b1))/(1 - b1**t)" in text
    assert "theta = [0]   g1 = [1/10000000]" in text
    assert "proved to be the rule that is named" in text
    assert verdict.witness is not None
    assert verdict.witness.certified
    assert verdict._repr_html_()
