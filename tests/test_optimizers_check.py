"""Does ``check_optimizer`` prove right steps, refute wrong ones, and say which variant they are?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.library import registry
from symdiff.library.stepping.candidates import Candidate, singles
from symdiff.library.stepping.judging import difference
from symdiff.library.stepping.rules import RULES

Step = Callable[..., Any]


def opaque(step: Step) -> Step:
    """The same step as a black box: compiled code would take numbers only."""

    def called(theta: Any, grads: Any, state: Any) -> Any:
        return step(np.array(theta.tolist()), np.array(grads.tolist()), state)

    return called


# Right steps, each as somebody would write it -----------------------------------------------------------------


def sgd(w: Any, grad: Any) -> Any:
    return w - 0.01 * grad


def heavy_ball(theta: Any, g: Any, v: Any, lr: Any, momentum: Any) -> Any:
    v = momentum * v - lr * g
    return theta + v, v


def averaged(theta: Any, v: Any, g: Any) -> Any:
    v = 0.9 * v + 0.1 * g
    return theta - 0.01 * v, v


def lookahead(x: Any, dx: Any, v: Any) -> Any:
    old, v = v, 0.9 * v - 0.01 * dx
    return x - 0.9 * old + 1.9 * v, v


def adagrad(theta: Any, g: Any, cache: Any) -> Any:
    cache = cache + g * g
    return theta - 0.01 * g / (np.sqrt(cache) + 1e-8), cache


def rmsprop(theta: Any, g: Any, cache: Any, beta: Any) -> Any:
    cache = beta * cache + (1 - beta) * np.square(g)
    return theta - 1e-3 * g / np.sqrt(cache + 1e-8), cache


def centred(theta: Any, g: Any, mean: Any, square: Any, buffer: Any) -> Any:
    mean, square = 0.9 * mean + 0.1 * g, 0.9 * square + 0.1 * g**2
    buffer = 0.5 * buffer + g / np.sqrt(square - mean**2 + 1e-4)
    return theta - 1e-3 * buffer, mean, square, buffer


def adam(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    m = m + (1 - 0.9) * (g - m)
    v = 0.999 * v + 0.001 * g * g
    return theta - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def efficient_adam(
    theta: Any, g: Any, m: Any, v: Any, t: Any, lr: Any, beta1: Any, beta2: Any, epsilon: Any
) -> Any:
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return theta - rate * m / (np.sqrt(v) + epsilon * np.sqrt(1 - beta2**t)), m, v


def counting_adam(params: Any, grads: Any, m: Any, v: Any, t: Any) -> Any:
    t = t + 1
    params, m, v = adam(params, grads, m, v, t)
    return params, m, v, t


def late_counting_adam(params: Any, grads: Any, m: Any, v: Any, t: Any) -> Any:
    params, m, v = adam(params, grads, m, v, t)
    return {"params": params, "m": m, "v": v, "t": t + 1}


def stateful_adam(params: Any, grads: Any, state: Any) -> Any:
    t, m, v = state or (0, np.zeros_like(params), np.zeros_like(params))
    params, m, v = adam(params, grads, m, v, t + 1)
    return params, (t + 1, m, v)


def inside(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return theta - 0.001 * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t) + 1e-8), m, v


def adamw(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    stepped, m, v = adam(theta * (1 - 0.001 * 0.01), g, m, v, t)
    return stepped, m, v


def amsgrad(theta: Any, g: Any, m: Any, v: Any, top: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    top = np.maximum(v, top)
    return theta - 0.001 * m / np.sqrt(top), m, v, top


def adamax(theta: Any, g: Any, m: Any, u: Any, t: Any) -> Any:
    m, u = 0.9 * m + 0.1 * g, np.maximum(0.999 * u, np.abs(g))
    return theta - 0.002 / (1 - 0.9**t) * m / u, m, u


def nadam(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    ahead = 0.9 * m / (1 - 0.9 ** (t + 1)) + 0.1 * g / (1 - 0.9**t)
    return theta - 0.002 * ahead / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def lion(theta: Any, g: Any, m: Any) -> Any:
    return theta - 1e-4 * np.sign(0.9 * m + 0.1 * g), 0.99 * m + 0.01 * g


def lamb(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    r = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6) + 0.01 * theta
    return theta - 0.001 * np.linalg.norm(theta) / np.linalg.norm(r) * r, m, v


def lars(theta: Any, g: Any, v: Any) -> Any:
    length = np.sqrt(np.sum(theta * theta))
    rate = 0.001 * length / (np.sqrt(np.sum(g * g)) + 0.0005 * length)
    v = 0.9 * v + 0.1 * rate * (g + 0.0005 * theta)
    return theta - v, v


def stateful(step: Step) -> Step:
    """Any of the steps above as ``step(params, grads, state)``."""
    names = list(step.__code__.co_varnames[: step.__code__.co_argcount])
    held = [n for n in names if n not in ("theta", "g", "t", "w", "grad", "x", "dx")]
    places = {"theta": "theta", "g": "g", "w": "theta", "grad": "g", "x": "theta", "dx": "g"}

    def run(theta: Any, grads: Any, state: Any) -> Any:
        t, parts = state or (0, {n: np.zeros_like(theta) for n in held})
        known = {"theta": theta, "g": grads}
        given = {n: parts[n] if n in parts else t + 1 if n == "t" else known[places[n]] for n in names}
        result = step(**given)
        theta, *rest = result if isinstance(result, tuple) else (result,)
        return theta, (t + 1, dict(zip(held, rest, strict=True)))

    run.__name__ = step.__name__
    return run


RIGHT: list[tuple[str, Step, dict[str, Any]]] = [
    ("sgd", sgd, {}),
    ("momentum", averaged, {"variant": "notes"}),
    ("nesterov", lookahead, {}),
    ("adagrad", adagrad, {}),
    ("rmsprop", centred, {"centered": True, "momentum": 0.5, "eps": 1e-4}),
    ("adam", adam, {}),
    ("adam", adam, {"variant": "torch"}),
    ("adam", inside, {"variant": "notes"}),
    ("adamw", adamw, {"variant": "torch"}),
    ("amsgrad", amsgrad, {}),
    ("adamax", adamax, {}),
    ("lion", lion, {}),
    ("lamb", lamb, {}),
    ("lars", lars, {}),
]
ASKING: list[tuple[str, Step, dict[str, Any]]] = [
    ("momentum", heavy_ball, {}),
    ("momentum", heavy_ball, {"momentum": 0.5, "learning_rate": 0.1}),
    ("rmsprop", rmsprop, {"decay": 0.75}),
    ("adam", counting_adam, {}),
    ("adam", late_counting_adam, {}),
]
FIRST_STEPS: list[tuple[str, Step, dict[str, Any]]] = [
    ("adam", stateful_adam, {}),
    ("nadam", nadam, {"variant": "optax", "learning_rate": 0.002}),
    ("adam", efficient_adam, {"eps": 1e-3, "b1": 0.5}),
]


@pytest.mark.parametrize(("name", "step", "settings"), [*RIGHT, *ASKING])
def test_right_steps_are_proved(name: str, step: Step, settings: dict[str, Any]) -> None:
    verdict = sd.check_optimizer(name, step, **settings)
    assert verdict.status == "proved", str(verdict)
    assert verdict.scope == "every shape"


@pytest.mark.parametrize(("name", "step", "settings"), FIRST_STEPS)
def test_what_is_proved_for_the_first_steps_only_agrees(
    name: str, step: Step, settings: dict[str, Any]
) -> None:
    verdict = sd.check_optimizer(name, step, **settings)
    assert verdict.status == "agrees", str(verdict)
    assert verdict.reason == "proved for 3 steps; what the step does at later counts was only tested"
    assert any(road.startswith("tested") for road in verdict.evidence.roads)


@pytest.mark.parametrize(("name", "step", "settings"), RIGHT)
def test_right_black_boxes_agree(name: str, step: Step, settings: dict[str, Any]) -> None:
    verdict = sd.check_optimizer(name, opaque(stateful(step)), **settings)
    assert verdict.status == "agrees", str(verdict)
    assert verdict.blind is not None
    assert verdict.blind.caught * 2 >= verdict.blind.planted


@pytest.mark.parametrize(
    ("name", "variant"),
    [("adam", "notes"), ("adam", "optax"), ("lamb", "notes"), ("momentum", "torch"), ("rmsprop", "optax")],
)
def test_our_own_pairs_are_proved(name: str, variant: str) -> None:
    opt = getattr(sd.optimizers, name)(variant=variant)
    verdict = sd.check_optimizer(name, opt, variant=variant, steps=2)
    assert verdict.status == "proved", str(verdict)


def test_one_step_and_five() -> None:
    assert sd.check_optimizer("adam", adam, steps=1).status == "proved"
    verdict = sd.check_optimizer("momentum", averaged, steps=5, variant="notes")
    assert verdict.status == "proved"
    assert "5 steps" in verdict.question


# Wrong twins --------------------------------------------------------------------------------------------------


def moments(
    place: str = "outside",
    shift: int = 0,
    square: bool = True,
    stale: bool = False,
    b: tuple[float, float] = (0.9, 0.999),
) -> Step:
    """Adam with a classic mistake."""

    def step(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
        old, b1, b2 = m, *b
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (g**2 if square else np.abs(g))
        m_hat, v_hat = (old if stale else m) / (1 - b1 ** (t + shift)), v / (1 - b2 ** (t + shift))
        root = v_hat + 1e-8 if place == "no root" else np.sqrt(v_hat) + 1e-8
        if place == "uncorrected":
            root = (np.sqrt(v) + 1e-8) / np.sqrt(1 - b2**t)
        return theta - 0.001 * m_hat / root, m, v

    step.__name__ = "wrong_adam"
    return step


def uncorrected_adam(theta: Any, g: Any, m: Any, v: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return theta - 0.001 * m / (np.sqrt(v) + 1e-8), m, v


def uphill_adam(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    stepped, m, v = adam(theta, g, m, v, t)
    return 2 * theta - stepped, m, v


def adam_of_eps_6(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return theta - 0.001 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6), m, v


def adam_without_rate(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return theta - m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def coupled_adamw(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    return adam(theta, g + 0.01 * theta, m, v, t)


def adamw_of_the_paper(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    stepped, m, v = adam(theta, g, m, v, t)
    return stepped - 0.01 * theta, m, v


def late_adamw(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    stepped, m, v = adam(theta, g, m, v, t)
    return stepped * (1 - 0.001 * 0.01), m, v


def stale_momentum(theta: Any, g: Any, v: Any) -> Any:
    return theta - 0.01 * v, 0.9 * v + g


def uphill(theta: Any, g: Any) -> Any:
    return theta + 0.01 * g


def hasty(theta: Any, g: Any) -> Any:
    return theta - g


def adagrad_without_root(theta: Any, g: Any, cache: Any) -> Any:
    cache = cache + g * g
    return theta - 0.01 * g / (cache + 1e-8), cache


def adagrad_without_square(theta: Any, g: Any, cache: Any) -> Any:
    cache = cache + np.abs(g)
    return theta - 0.01 * g / (np.sqrt(cache) + 1e-8), cache


def rmsprop_outside(theta: Any, g: Any, cache: Any) -> Any:
    cache = 0.9 * cache + 0.1 * g**2
    return theta - 1e-3 * g / (np.sqrt(cache) + 1e-8), cache


def rmsprop_unaveraged(theta: Any, g: Any, cache: Any) -> Any:
    cache = 0.9 * cache + g**2
    return theta - 1e-3 * g / np.sqrt(cache + 1e-8), cache


def amsgrad_of_hats(theta: Any, g: Any, m: Any, v: Any, top: Any, t: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    top = np.maximum(v / (1 - 0.999**t), top)
    return theta - 0.001 * m / (1 - 0.9**t) / (np.sqrt(top) + 1e-8), m, v, top


def lamb_without_trust(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    r = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6) + 0.01 * theta
    return theta - 0.001 * r, m, v


def lamb_with_decay_outside(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    r = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6)
    return theta - 0.001 * (np.linalg.norm(theta) / np.linalg.norm(r) * r + 0.01 * theta), m, v


def lars_of_the_sum(theta: Any, g: Any, v: Any) -> Any:
    d = g + 0.0005 * theta
    v = 0.9 * v + 0.1 * 0.001 * np.linalg.norm(theta) / np.linalg.norm(d) * d
    return theta - v, v


def lion_of_the_momentum(theta: Any, g: Any, m: Any) -> Any:
    m = 0.99 * m + 0.01 * g
    return theta - 1e-4 * np.sign(m), m


def swapped_lion(theta: Any, g: Any, m: Any) -> Any:
    return theta - 1e-4 * np.sign(0.99 * m + 0.01 * g), 0.9 * m + 0.1 * g


def adamax_uncorrected(theta: Any, g: Any, m: Any, u: Any) -> Any:
    m, u = 0.9 * m + 0.1 * g, np.maximum(0.999 * u, np.abs(g))
    return theta - 0.002 * m / u, m, u


WRONG: list[tuple[str, Step, dict[str, Any], str]] = [
    ("sgd", uphill, {}, "up the gradient"),
    ("sgd", hasty, {}, "the learning rate is left out"),
    ("momentum", stale_momentum, {}, "from before this gradient (stale)"),
    (
        "momentum",
        averaged,
        {},
        "the velocity is an average: the gradient enters with the factor 1 - momentum, as in the notes",
    ),
    ("nesterov", averaged, {"variant": "optax"}, "this is momentum, as in the notes, not nesterov"),
    ("adagrad", adagrad_without_root, {}, "no square root"),
    ("adagrad", adagrad_without_square, {}, "gradients are not squared"),
    ("adagrad", adagrad, {"variant": "notes"}, "epsilon outside the root, as in the paper and torch"),
    ("rmsprop", rmsprop_outside, {}, "epsilon outside the root, as in torch"),
    ("rmsprop", rmsprop_unaveraged, {}, "without the factor 1 - decay"),
    ("adam", inside, {}, "epsilon inside the root, as in the notes"),
    ("adam", moments("uncorrected"), {}, "before bias correction"),
    ("adam", moments("no root"), {}, "no square root"),
    ("adam", moments(square=False), {}, "gradients are not squared"),
    ("adam", moments(stale=True), {}, "from before this gradient (stale)"),
    ("adam", moments(shift=1), {}, "t + 1 instead of t"),
    ("adam", moments(shift=-1), {}, "t - 1 instead of t"),
    ("adam", moments(b=(0.999, 0.9)), {}, "b1 and b2 are exchanged"),
    ("adam", uncorrected_adam, {}, "no bias correction"),
    ("adam", uphill_adam, {}, "up the gradient"),
    ("adam", adam_of_eps_6, {}, "eps is 1e-06 instead of 1e-08"),
    ("adam", adam_without_rate, {}, "the learning rate is left out"),
    ("adam", rmsprop_outside, {"b2": 0.9}, "this is rmsprop, as in torch"),
    ("adamw", coupled_adamw, {}, "inside the moments (coupled, L2)"),
    (
        "adamw",
        adamw_of_the_paper,
        {"variant": "torch"},
        "not multiplied by the learning rate, as in the paper",
    ),
    ("adamw", adam, {}, "weight_decay is 0 instead of 0.01"),
    ("adamw", late_adamw, {"variant": "torch"}, "after the step"),
    ("amsgrad", adam, {"variant": "torch"}, "this is adam"),
    ("amsgrad", amsgrad_of_hats, {"variant": "torch"}, "corrected second moments, as in optax"),
    ("adamax", adamax_uncorrected, {}, "no bias correction"),
    ("nadam", nadam, {}, "v_hat is that of Adam, as in torch and optax"),
    ("lamb", lamb_without_trust, {}, "without the trust ratio"),
    ("lamb", lamb_with_decay_outside, {}, "not under the trust ratio"),
    ("lars", lars_of_the_sum, {}, "|g + weight_decay * theta|, as in optax"),
    ("lion", lion_of_the_momentum, {}, "that of the momentum itself"),
    ("lion", swapped_lion, {}, "b1 and b2 are exchanged"),
]
NAMES = [f"{name}-{step.__name__}-{said[:12]}" for name, step, _, said in WRONG]


@pytest.mark.parametrize(("name", "step", "settings", "said"), WRONG, ids=NAMES)
def test_wrong_steps_are_named(name: str, step: Step, settings: dict[str, Any], said: str) -> None:
    verdict = sd.check_optimizer(name, step, **settings)
    assert verdict.status == "refuted", str(verdict)
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "optimizer"
    assert said in verdict.mistake.detail, verdict.mistake.detail
    assert verdict.mistake.repair
    assert verdict.witness is not None


@pytest.mark.parametrize(("name", "step", "settings", "said"), WRONG, ids=NAMES)
def test_wrong_black_boxes_are_named(name: str, step: Step, settings: dict[str, Any], said: str) -> None:
    verdict = sd.check_optimizer(name, opaque(stateful(step)), **settings)
    assert verdict.status == "refuted", str(verdict)
    assert verdict.mistake is not None
    assert said in verdict.mistake.detail, verdict.mistake.detail
    assert verdict.witness is not None
    assert not verdict.witness.certified


# Every number of steps -----------------------------------------------------------------------------------------


def tiring(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    stepped, m, v = adam(theta, g, m, v, t)
    return (theta if t > 1000 else stepped), m, v


def test_one_step_from_any_state_is_every_number_of_steps() -> None:
    roads = sd.check_optimizer("adam", adam).evidence.roads
    assert roads[0] == "proved: one step from any state at any count, so every number of steps"


def test_a_velocity_of_the_other_sign_is_no_mistake() -> None:
    """The state is nobody's concern: only the parameters are compared."""
    verdict = sd.check_optimizer("momentum", heavy_ball)
    assert verdict.status == "proved"
    assert "any state" in verdict.evidence.roads[0]


def test_a_step_that_goes_wrong_late() -> None:
    verdict = sd.check_optimizer("adam", tiring)
    assert verdict.status == "refuted"
    assert verdict.mistake is not None
    assert (
        verdict.mistake.detail == "the first 200 steps are those of the rule; the step with t = 3000 is not"
    )
    assert verdict.witness is not None
    assert verdict.witness.argument == "theta"
    assert not verdict.witness.certified


# Mutants of every rule, each run as a step ---------------------------------------------------------------------

_TELLING = {"weight_decay": 0.1, "dampening": 0.5}
_SAME = {
    ("sgd", "decay_in"): "without momentum coupled decay is decoupled decay",
    ("adam", "decay_order"): "coupled decay has no order",
    ("amsgrad", "place"): "without epsilon it has no place",
    ("amsgrad", "largest"): "without correction both are the same",
    ("amsgrad", "shift"): "without correction the count does not matter",
    ("lamb", "averaging"): "the factor 1 / (1 - b1) of a direction is a smaller decay",
    ("adamw", "weight_decay"): "a decay that is not multiplied by the learning rate is a larger one that is",
}


def running(candidate: Candidate) -> Step:
    """A candidate as ``step(params, grads, state)``."""

    def step(params: Any, grads: Any, state: Any) -> Any:
        t, held = state or (0, candidate.rule.begin(params, candidate.settings))
        with np.errstate(all="ignore"):
            update, *held = candidate.rule.step(
                params, grads, *held, t + 1 + candidate.shift, **candidate.settings
            )
        return params + candidate.sign * update, (t + 1, held)

    return step


def mutants() -> list[Any]:
    """Every third thing that may be otherwise with the rules of the papers."""
    registry("optimizer")
    found = []
    for name, rule in RULES.items():
        told = {n: v for n, v in _TELLING.items() if n in rule.settings}
        truth = Candidate(rule, rule.of("paper", **told))
        for k, mutant in enumerate(singles(truth)):
            changed = [n for n in truth.settings if mutant.settings[n] != truth.settings[n]] or ["shift"]
            if (name, changed[0]) not in _SAME and k % 3 == 0:
                found.append(
                    pytest.param(truth, mutant, told, id=f"{name}: {mutant.differences(truth)[0][:40]}")
                )
    return found


@pytest.mark.parametrize(("truth", "mutant", "told"), mutants())
def test_mutants_are_named(truth: Candidate, mutant: Candidate, told: dict[str, Any]) -> None:
    text = difference(truth, running(mutant), "paper", told)
    assert text is not None
    assert " and ".join(mutant.differences(truth)) in text


def test_many_steps() -> None:
    verdict = sd.check_optimizer("adam", sd.optimizers.adam(), steps=50)
    assert verdict.status == "proved"


def test_a_forgotten_clip_of_the_trust_ratio() -> None:
    assert sd.check_optimizer("lamb", sd.optimizers.lamb(upper=10.0), upper=10.0).status == "proved"
    verdict = sd.check_optimizer("lamb", sd.optimizers.lamb(), upper=1.0)
    assert verdict.mistake is not None
    assert verdict.mistake.detail.startswith("upper is inf instead of 1")


def clipping(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
    return adam(theta, np.clip(g, -1, 1), m, v, t)


def test_what_is_no_known_mistake_is_shown_all_the_same() -> None:
    verdict = sd.check_optimizer("adam", clipping)
    assert verdict.status == "refuted"
    assert verdict.mistake is not None
    assert "no published variant of adam and no mistake that is known" in verdict.mistake.detail
    assert "the second step differs by a factor" in verdict.mistake.detail


def own_epsilon(theta: Any, g: Any, m: Any, v: Any, t: Any, lr: Any = 1e-3, eps: Any = 1e-6) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return theta - lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + eps), m, v


def test_a_default_of_the_step_holds_unless_the_caller_gives_the_value() -> None:
    verdict = sd.check_optimizer("adam", own_epsilon)
    assert verdict.mistake is not None
    assert verdict.mistake.detail.startswith("eps is 1e-06 instead of 1e-08")
    assert sd.check_optimizer("adam", own_epsilon, eps=1e-6).status == "proved"


# Steps that count, settings of the step's own, other learning rates ---------------------------------------------


def uncorrected_late(
    theta: Any, g: Any, m: Any, v: Any, t: Any, lr: Any = 1e-3, b1: Any = 0.9, b2: Any = 0.999
) -> Any:
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    if t <= 300:
        return theta - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-8), m, v
    return theta - lr * m / (np.sqrt(v) + 1e-8), m, v


def once_faster(at: int) -> Step:
    def step(theta: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
        stepped, m, v = adam(theta, g, m, v, t)
        return (theta + 1.5 * (stepped - theta) if t == at else stepped), m, v

    return step


def late_dict(params: Any, grads: Any, state: Any) -> Any:
    held = state or {"t": 0, "m": 0 * params, "v": 0 * params}
    t = held["t"] + 1
    stepped, m, v = adam(params, grads, held["m"], held["v"], t)
    return (stepped if t <= 210 else params), {"t": t, "m": m, "v": v}


@pytest.mark.parametrize("step", [uncorrected_late, once_faster(1000), late_dict])
def test_what_goes_wrong_after_the_first_steps_is_seen(step: Step) -> None:
    verdict = sd.check_optimizer("adam", step)
    assert verdict.status == "refuted", str(verdict)
    assert verdict.mistake is not None
    assert "the first 200 steps are those of the rule" in verdict.mistake.detail


def test_a_count_that_nobody_tried_is_not_proved() -> None:
    verdict = sd.check_optimizer("adam", once_faster(777))
    assert verdict.status == "agrees", str(verdict)
    assert "what the step does at later counts was only tested" in verdict.reason


def with_betas(
    theta: Any, g: Any, m: Any, v: Any, t: Any, *, lr: Any, betas: Any = (0.9, 0.999), eps: Any = 1e-8
) -> Any:
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    return theta - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps), m, v


def of_the_book(
    W: Any, dW: Any, s: Any, r: Any, t: Any, rate: Any, rho1: Any = 0.9, rho2: Any = 0.999, delta: Any = 1e-8
) -> Any:
    return with_betas(W, dW, s, r, t, lr=rate, betas=(rho1, rho2), eps=delta)


def with_gamma(theta: Any, g: Any, v: Any, lr: Any = 0.01, gamma: Any = 0.9) -> Any:
    v = gamma * v + lr * g
    return theta - v, v


def with_alpha(theta: Any, g: Any, v: Any, lr: Any = 0.01, alpha: Any = 0.99, eps: Any = 1e-8) -> Any:
    v = alpha * v + (1 - alpha) * g * g
    return theta - lr * g / (np.sqrt(v) + eps), v


def with_its_own(theta: Any, g: Any, zeta: Any = 3.0) -> Any:
    return theta - 0.01 * g * zeta / 3.0


@pytest.mark.parametrize(
    ("name", "step", "settings"),
    [
        ("adam", with_betas, {}),
        ("adam", with_betas, {"b1": 0.5}),
        ("adam", of_the_book, {}),
        ("momentum", with_gamma, {}),
        ("rmsprop", with_alpha, {"variant": "torch"}),
        ("sgd", with_its_own, {}),
    ],
)
def test_settings_by_other_names(name: str, step: Step, settings: dict[str, Any]) -> None:
    verdict = sd.check_optimizer(name, step, **settings)
    assert verdict.status == "proved", str(verdict)


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(sd.InputError, match=r"read as states=zeta\n  known names=learning_rate \(lr"):
        sd.check_optimizer("sgd", lambda theta, g, zeta: theta - 0.01 * g)


def test_another_learning_rate() -> None:
    verdict = sd.check_optimizer("sgd", lambda theta, g: theta - 0.3 * g)
    assert verdict.mistake is not None
    assert verdict.mistake.detail.startswith("learning_rate is 0.3 instead of 0.01; otherwise the rule")


def test_a_choice_that_does_not_show_is_not_named() -> None:
    """Without dampening the first velocity is the same."""
    step = sd.optimizers.momentum(variant="torch", learning_rate=0.01)
    verdict = sd.check_optimizer("momentum", step, variant="torch")
    assert verdict.mistake is not None
    assert verdict.mistake.detail.startswith("learning_rate is 0.01 instead of 0.001")
    assert "dampened" not in verdict.mistake.detail


def test_what_is_no_optimizer_is_said() -> None:
    class Pair:
        def init(self, params: Any) -> Any: ...

        def update(self, grads: Any, state: Any, params: Any) -> Any: ...

    with pytest.raises(sd.InputError, match="Give an instance"):
        sd.check_optimizer("adam", Pair)
    with pytest.raises(sd.InputError, match="at=b"):
        sd.optimizers.adam().init({"b": None})
    for settings in ({"b1": "x"}, {"b1": 1.5}, {"learning_rate": -1}):
        with pytest.raises(sd.InputError, match="needed=a number"):
            sd.optimizers.adam(**settings)
