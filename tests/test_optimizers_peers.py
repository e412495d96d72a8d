"""Do torch.optim and optax take the steps that symdiff says they take? 20 steps on random trees, float64.

The bound is derived: numbers that carry their rounding run the same rule, each operation counted as the four
roundings into which another program may split it, in both programs (``stepping.bounds``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.library import find
from symdiff.library.stepping.bounds import bounded
from symdiff.library.stepping.rules import RULES

pytestmark = pytest.mark.peer

UNIT = 2.0**-53
STEPS = 20
SHAPES = {"W": (3, 4), "b": (4,), "s": ()}

torch = pytest.importorskip("torch")
optax = pytest.importorskip("optax")
jax = pytest.importorskip("jax")

Tree = dict[str, Any]

TORCH: dict[str, tuple[str, dict[str, Any], Callable[..., Any]]] = {
    "sgd": ("sgd", {}, torch.optim.SGD),
    "sgd with decay": (
        "sgd",
        {"weight_decay": 0.1},
        lambda p, lr, weight_decay: torch.optim.SGD(p, lr, weight_decay=weight_decay),
    ),
    "momentum": ("momentum", {"momentum": 0.8}, torch.optim.SGD),
    "momentum, dampened": (
        "momentum",
        {"dampening": 0.3, "weight_decay": 0.1},
        lambda p, **k: torch.optim.SGD(p, momentum=0.9, **k),
    ),
    "nesterov": ("nesterov", {"momentum": 0.9}, lambda p, **k: torch.optim.SGD(p, nesterov=True, **k)),
    "adagrad": ("adagrad", {"weight_decay": 0.1, "lr_decay": 0.01}, torch.optim.Adagrad),
    "adagrad, begun": (
        "adagrad",
        {"initial_accumulator": 0.5},
        lambda p, lr, initial_accumulator: torch.optim.Adagrad(
            p, lr, initial_accumulator_value=initial_accumulator
        ),
    ),
    "rmsprop": ("rmsprop", {}, torch.optim.RMSprop),
    "rmsprop, centred, with momentum": (
        "rmsprop",
        {"centered": True, "momentum": 0.9, "weight_decay": 0.1},
        torch.optim.RMSprop,
    ),
    "adam": ("adam", {}, torch.optim.Adam),
    "adam, coupled decay": ("adam", {"weight_decay": 0.1, "eps": 1e-3}, torch.optim.Adam),
    "amsgrad": ("amsgrad", {}, lambda p, **k: torch.optim.Adam(p, amsgrad=True, **k)),
    "adamw": ("adamw", {"weight_decay": 0.1}, torch.optim.AdamW),
    "nadam": ("nadam", {}, torch.optim.NAdam),
    "adamax": ("adamax", {"weight_decay": 0.1}, torch.optim.Adamax),
}
OPTAX: dict[str, tuple[str, dict[str, Any], Callable[..., Any]]] = {
    "sgd": ("sgd", {}, optax.sgd),
    "momentum": ("momentum", {"momentum": 0.8}, optax.sgd),
    "nesterov": ("nesterov", {"momentum": 0.9}, lambda lr, **k: optax.sgd(lr, nesterov=True, **k)),
    "adagrad": ("adagrad", {}, optax.adagrad),
    "rmsprop": ("rmsprop", {}, optax.rmsprop),
    "rmsprop, centred, with momentum": ("rmsprop", {"centered": True, "momentum": 0.9}, optax.rmsprop),
    "rmsprop, corrected": (
        "rmsprop",
        {"correction": True, "decay": 0.8},
        lambda lr, correction, decay: optax.rmsprop(lr, decay, bias_correction=correction),
    ),
    "adam": ("adam", {"eps": 1e-3}, optax.adam),
    "amsgrad": ("amsgrad", {}, optax.amsgrad),
    "adamw": ("adamw", {"weight_decay": 0.1}, optax.adamw),
    "nadam": ("nadam", {}, optax.nadam),
    "adamax": ("adamax", {}, optax.adamax),
    "lion": ("lion", {"weight_decay": 0.1}, optax.lion),
    "lamb": ("lamb", {"weight_decay": 0.1}, optax.lamb),
    "lars": ("lars", {"weight_decay": 0.1}, optax.lars),
    "lars, nesterov": ("lars", {"weight_decay": 0.1, "nesterov": True}, optax.lars),
}


def tree(random: np.random.Generator) -> Tree:
    return {name: np.asarray(random.normal(size=shape)) for name, shape in SHAPES.items()}


def gradients(seed: int) -> list[Tree]:
    """Ordinary ones, small ones of the size of epsilon, and one that is zero."""
    random = np.random.default_rng(seed)
    sizes = [1.0, 1e-3, 1e-8, 100.0, 0.0] * (STEPS // 5)
    return [{name: size * g for name, g in tree(random).items()} for size in sizes]


def ours(name: str, variant: str, settings: Tree, start: Tree, slopes: list[Tree]) -> list[Tree]:
    opt = getattr(sd.optimizers, name)(0.01, variant=variant, **settings)
    params, state, path = start, opt.init(start), []
    for g in slopes:
        updates, state = opt.update(g, state, params)
        params = {key: params[key] + updates[key] for key in params}
        path.append(params)
    assert state.t == STEPS
    return path


def allowed(name: str, variant: str, settings: Tree, start: Tree, slopes: list[Tree]) -> list[Tree]:
    """The derived bound of every entry after every step."""
    rule = RULES[name]
    told = rule.of(variant, learning_rate=0.01, **settings)
    numbers = {
        n: bounded(v, UNIT, False) if n in rule.hyperparameters and np.isfinite(v) else v
        for n, v in told.items()
    }
    paths = {
        key: rule.run(
            bounded(start[key], UNIT, False), [bounded(g[key], UNIT, False) for g in slopes], numbers
        )
        for key in start
    }
    return [{key: path[k].error for key, path in paths.items()} for k in range(len(slopes))]


@contextmanager
def double() -> Iterator[None]:
    """torch keeps NAdam's product of momenta in the default dtype, whatever the parameters have."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def torch_path(make: Callable[..., Any], settings: Tree, start: Tree, slopes: list[Tree]) -> list[Tree]:
    held = {key: torch.nn.Parameter(torch.tensor(value)) for key, value in start.items()}
    optimizer = make(list(held.values()), lr=0.01, **settings)
    path = []
    for g in slopes:
        for key, parameter in held.items():
            parameter.grad = torch.tensor(g[key])
        optimizer.step()
        path.append({key: parameter.detach().numpy().copy() for key, parameter in held.items()})
    return path


def optax_path(make: Callable[..., Any], settings: Tree, start: Tree, slopes: list[Tree]) -> list[Tree]:
    with jax.enable_x64(True):
        optimizer = make(0.01, **settings)
        params = {key: jax.numpy.asarray(value) for key, value in start.items()}
        state, path = optimizer.init(params), []
        for g in slopes:
            slope = {key: jax.numpy.asarray(value) for key, value in g.items()}
            updates, state = optimizer.update(slope, state, params)
            params = optax.apply_updates(params, updates)
            path.append({key: np.asarray(value) for key, value in params.items()})
    return path


def require_within(own: list[Tree], theirs: list[Tree], bound: list[Tree]) -> None:
    for k, (a, b, most) in enumerate(zip(own, theirs, bound, strict=True), 1):
        for key in a:
            assert b[key].dtype == np.float64
            apart = np.abs(a[key] - b[key])
            assert np.all(apart <= most[key]), (k, key, np.max(apart / most[key]))


@pytest.mark.parametrize("case", TORCH)
def test_torch(case: str) -> None:
    name, settings, make = TORCH[case]
    start, slopes = tree(np.random.default_rng(1)), gradients(2)
    with double():
        theirs = torch_path(make, settings, start, slopes)
    require_within(
        ours(name, "torch", settings, start, slopes), theirs, allowed(name, "torch", settings, start, slopes)
    )


@pytest.mark.parametrize("case", OPTAX)
def test_optax(case: str) -> None:
    name, settings, make = OPTAX[case]
    start, slopes = tree(np.random.default_rng(1)), gradients(2)
    theirs = optax_path(make, settings, start, slopes)
    require_within(
        ours(name, "optax", settings, start, slopes), theirs, allowed(name, "optax", settings, start, slopes)
    )


def test_the_float32_in_nadam_of_torch() -> None:
    """With the usual default dtype the product of the momenta is rounded to float32: that is what differs."""
    name, settings, make = TORCH["nadam"]
    start, slopes = tree(np.random.default_rng(1)), gradients(2)
    own, theirs = ours(name, "torch", settings, start, slopes), torch_path(make, settings, start, slopes)
    bound = allowed(name, "torch", settings, start, slopes)
    apart = [np.max(np.abs(a[key] - b[key])) for a, b in zip(own, theirs, strict=True) for key in a]
    assert np.any(np.abs(own[0]["W"] - theirs[0]["W"]) > bound[0]["W"])
    assert max(apart) < 1e-6
    assert "float32" in find("nadam").names.differs


FORMS = [
    ("adam", "torch", {}, lambda p: torch.optim.Adam(p, lr=1e-3)),
    ("adam", "paper", {}, lambda p: torch.optim.Adam(p, lr=1e-3)),
    ("adamw", "torch", {}, lambda p: torch.optim.AdamW(p, lr=1e-3)),
    ("nadam", "torch", {}, lambda p: torch.optim.NAdam(p)),
    ("adamax", "torch", {}, lambda p: torch.optim.Adamax(p)),
    ("amsgrad", "torch", {}, lambda p: torch.optim.Adam(p, amsgrad=True)),
    ("rmsprop", "torch", {}, lambda p: torch.optim.RMSprop(p)),
    ("adagrad", "torch", {}, lambda p: torch.optim.Adagrad(p)),
    ("sgd", "torch", {}, lambda p: torch.optim.SGD(p)),
    ("momentum", "torch", {}, lambda p: torch.optim.SGD(p, momentum=0.9)),
    ("momentum", "paper", {"learning_rate": 0.1}, lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
    ("nesterov", "torch", {}, lambda p: torch.optim.SGD(p, momentum=0.9, nesterov=True)),
    ("adam", "optax", {}, optax.adam(1e-3)),
    ("adamw", "optax", {}, optax.adamw(1e-3)),
    ("amsgrad", "optax", {}, optax.amsgrad(1e-3)),
    ("nadam", "optax", {"learning_rate": 1e-3}, optax.nadam(1e-3)),
    ("adamax", "optax", {"learning_rate": 1e-3}, optax.adamax(1e-3)),
    ("lion", "optax", {"learning_rate": 1e-3}, optax.lion(1e-3)),
    ("lamb", "optax", {}, optax.lamb(1e-3)),
    ("lars", "optax", {}, optax.lars(0.1)),
    ("rmsprop", "optax", {}, optax.rmsprop(1e-3)),
    ("adagrad", "optax", {}, optax.adagrad(0.01)),
    ("sgd", "optax", {}, optax.sgd(0.01)),
    ("momentum", "optax", {}, optax.sgd(0.01, momentum=0.9)),
    ("nesterov", "optax", {}, optax.sgd(0.01, momentum=0.9, nesterov=True)),
]


@pytest.mark.parametrize(("name", "variant", "settings", "step"), FORMS)
def test_black_boxes_agree(name: str, variant: str, settings: Tree, step: Any) -> None:
    """optax.sgd only multiplies, so that it can be traced."""
    with jax.enable_x64(True):
        verdict = sd.check_optimizer(name, step, variant=variant, **settings)
    assert verdict.status == ("proved" if name == "sgd" and variant == "optax" else "agrees"), str(verdict)
    assert verdict.blind is not None
    assert 2 * verdict.blind.caught >= verdict.blind.planted


def test_black_boxes_in_float32() -> None:
    verdict = sd.check_optimizer("adam", optax.adam(1e-3), variant="optax")
    assert verdict.status == "agrees", str(verdict)
    assert "float32" in verdict.evidence.roads[0]


DIFFER = [
    ("adam", "notes", {}, lambda p: torch.optim.Adam(p), "epsilon outside the root", "909"),
    (
        "adamw",
        "paper",
        {},
        lambda p: torch.optim.AdamW(p),
        "learning_rate * weight_decay * theta is subtracted",
        "torch",
    ),
    ("adamw", "torch", {}, lambda p: torch.optim.Adam(p, weight_decay=0.01), "inside the moments", ""),
    ("adam", "torch", {"weight_decay": 0.01}, lambda p: torch.optim.AdamW(p), "decoupled", ""),
    (
        "momentum",
        "notes",
        {"learning_rate": 0.001},
        lambda p: torch.optim.SGD(p, momentum=0.9),
        "adds the gradient",
        "10",
    ),
    (
        "momentum",
        "paper",
        {"learning_rate": 0.001, "dampening": 0.5},
        lambda p: torch.optim.SGD(p, momentum=0.9, dampening=0.5),
        "not dampened",
        "torch",
    ),
    (
        "nesterov",
        "paper",
        {"learning_rate": 0.001},
        lambda p: torch.optim.SGD(p, momentum=0.9),
        "along the velocity",
        "",
    ),
    (
        "rmsprop",
        "notes",
        {"learning_rate": 0.01, "decay": 0.99},
        lambda p: torch.optim.RMSprop(p),
        "epsilon outside the root",
        "torch",
    ),
    (
        "adagrad",
        "notes",
        {"eps": 1e-10},
        lambda p: torch.optim.Adagrad(p),
        "epsilon outside the root",
        "torch",
    ),
    ("adagrad", "paper", {}, optax.adagrad(0.01), "initial_accumulator is 0.1 instead of 0", "optax"),
    ("amsgrad", "torch", {}, optax.amsgrad(1e-3), "largest of the corrected second moments", "optax"),
    ("nadam", "paper", {}, optax.nadam(0.002), "v_hat is that of Adam", "optax"),
    ("nadam", "optax", {}, lambda p: torch.optim.NAdam(p), "the momentum rises with t", "torch"),
    (
        "lamb",
        "paper",
        {"weight_decay": 0.0},
        optax.lamb(1e-3),
        "the trust ratio is 1 where a norm is zero",
        "optax",
    ),
    (
        "lars",
        "paper",
        {"weight_decay": 0.1},
        optax.lars(0.1, weight_decay=0.1),
        "|g + weight_decay * theta|",
        "optax",
    ),
    ("adam", "paper", {}, lambda p: torch.optim.RMSprop(p), "this is rmsprop", "torch"),
]


@pytest.mark.parametrize(("name", "variant", "settings", "step", "said", "also"), DIFFER)
def test_black_boxes_that_differ(
    name: str, variant: str, settings: Tree, step: Any, said: str, also: str
) -> None:
    with jax.enable_x64(True):
        verdict = sd.check_optimizer(name, step, variant=variant, **settings)
    assert verdict.status == "refuted", str(verdict)
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "optimizer"
    assert said in verdict.mistake.detail, verdict.mistake.detail
    assert also in verdict.mistake.detail, verdict.mistake.detail
    assert verdict.witness is not None
