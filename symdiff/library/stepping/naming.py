"""What do the parameters of somebody's step stand for? The symbols of the papers and their usual other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symdiff.errors import InputError, explain
from symdiff.library.stepping.rules import Rule

PARAMS = ("theta", "params", "param", "weights", "w", "W", "x", "p")
GRADS = ("g", "grad", "grads", "gradient", "gradients", "dtheta", "dw", "dW", "dx")
COUNT = ("t", "step", "count", "iteration", "k")
STATE = ("state", "opt_state", "optimizer_state")
HYPERPARAMETERS: Mapping[str, tuple[str, ...]] = {
    "learning_rate": ("learning_rate", "lr", "eta", "alpha", "step_size", "rate"),
    "b1": ("b1", "beta1", "beta_1", "rho1", "rho_1"),
    "b2": ("b2", "beta2", "beta_2", "rho2", "rho_2"),
    "eps": ("eps", "epsilon", "delta"),
    "weight_decay": ("weight_decay", "lam", "lambda_", "lmbda", "wd"),
    "momentum": ("momentum", "mu", "beta", "gamma"),
    "decay": ("decay", "rho", "beta", "gamma", "alpha"),
    "dampening": ("dampening", "tau"),
}


def first(names: Sequence[str], known: Sequence[str]) -> str | None:
    """The first of the known names that is there."""
    return next((name for name in known if name in names), None)


def unreadable(label: str, given: str) -> InputError:
    """The error for what has none of the four forms."""
    facts: dict[str, object] = {"step": label, "given": given}
    mend = (
        "Give step(theta, g, m, v, t) -> (theta, m, v) with the paper's names, step(params, grads, state) -> "
        "(params, state), an object with init and update, or params -> torch optimizer."
    )
    return InputError(explain("check_optimizer", facts, mend))


def roles_of(known: Mapping[str, Any], rule: Rule, label: str) -> dict[str, str]:
    """What each parameter stands for: ``theta``, ``g``, ``t``, a hyperparameter, ``b1, b2``, or ``""`` for a state."""
    params, grads, count = (first(list(known), names) for names in (PARAMS, GRADS, COUNT))
    if params is None or grads is None:
        raise unreadable(label, f"a function of {', '.join(known)}")
    roles = {params: "theta", grads: "g"}
    if count is not None:
        roles[count] = "t"
    for asked in rule.hyperparameters:
        own = first([n for n in known if n not in roles], HYPERPARAMETERS.get(asked, (asked,)))
        if own is not None:
            roles[own] = asked
    if "betas" in known and {"b1", "b2"} <= {*rule.hyperparameters}:
        roles["betas"] = "b1, b2"
    return {name: roles.get(name, "") for name in known}


def known_names(rule: Rule) -> str:
    """``learning_rate (lr, eta ...), b1 (beta1 ...)``: what the settings of a rule may be called."""
    told = []
    for asked in rule.hyperparameters:
        others = [n for n in HYPERPARAMETERS.get(asked, ()) if n != asked]
        told.append(f"{asked} ({', '.join(others)})" if others else asked)
    return ", ".join(told)
