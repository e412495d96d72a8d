"""How is a rule run on a model? As a pure pair ``init``, ``update`` on trees of arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symdiff.errors import InputError, explain
from symdiff.ir.trees import Tree, flatten
from symdiff.library.stepping.rules import Rule, require_numbers


@dataclass(frozen=True)
class Optimizer:
    """An optimizer as a pure pair on dicts, lists and tuples of arrays.

    ``init(params)`` gives the state before the first step; ``update(grads, state, params)`` gives the updates,
    which are *added* to the parameters, and the next state; ``step(grads, state, params)`` gives the next
    parameters and the next state. Nothing is written into. The fields of the state are the symbols of the paper,
    ``t`` counts the steps done.

    >>> from symdiff.library.optimizers import adam
    >>> params, grads = {"w": np.array([1.0, 2.0])}, {"w": np.array([0.5, -3.0])}
    >>> opt = adam(learning_rate=0.1, eps=0.0)
    >>> params, state = opt.step(grads, opt.init(params), params)
    >>> params["w"], state.t
    (array([0.9, 2.1]), 1)
    """

    rule: Rule
    settings: Mapping[str, Any]

    def init(self, params: Any) -> Any:
        """The state before the first step."""
        leaves, tree = _leaves(params)
        begun = [self.rule.begin(leaf, self.settings) for leaf in leaves]
        return self.rule.state(*self._state(tree, 0, begun))

    def update(self, grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        """The updates, to be added to the parameters, and the next state."""
        if params is None and self.rule.needs_params(self.settings):
            facts: dict[str, object] = {"params": None, "why": "the rule uses the parameters"}
            raise InputError(explain(f"{self.rule.name}.update", facts, "Give update(grads, state, params)."))
        slopes, tree = _leaves(grads)
        thetas = [0 * g for g in slopes] if params is None else _like(tree, params, "params", self.rule.name)
        held = [
            _like(tree, part, name, self.rule.name)
            for name, part in zip(self.rule.fields, state[1:], strict=True)
        ]
        t = state[0] + 1
        updates, rows = [], []
        for k, (theta, g) in enumerate(zip(thetas, slopes, strict=True)):
            _require_shape(self.rule.name, theta, g)
            update, *row = self.rule.step(theta, g, *(part[k] for part in held), t, **self.settings)
            updates.append(update)
            rows.append(row)
        return tree.build(updates), self.rule.state(*self._state(tree, t, rows))

    def step(self, grads: Any, state: Any, params: Any) -> tuple[Any, Any]:
        """The next parameters and the next state."""
        updates, state = self.update(grads, state, params)
        leaves, tree = _leaves(params)
        return tree.build([x + u for x, u in zip(leaves, tree.leaves(updates), strict=True)]), state

    def _state(self, tree: Tree, t: Any, rows: list[list[Any]]) -> list[Any]:
        return [t, *(tree.build([row[k] for row in rows]) for k in range(len(self.rule.fields)))]


def factory(rule: Rule, doc: str) -> Callable[..., Optimizer]:
    """The function of the shelf: ``adam(learning_rate=1e-3, ..., variant="paper")``."""

    def make(*args: Any, variant: str = "paper", **settings: Any) -> Optimizer:
        named = dict(zip(rule.hyperparameters, args, strict=False))
        told = rule.of(variant, **named, **settings)
        require_numbers(rule, told)
        return Optimizer(rule, told)

    keyword = inspect.Parameter.KEYWORD_ONLY
    first, *rest = (inspect.Parameter(n, keyword, default=v) for n, v in rule.settings.items())
    first = first.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
    told = inspect.Parameter("variant", keyword, default="paper")
    make.__signature__ = inspect.Signature([first, *rest, told])  # type: ignore[attr-defined]
    make.__name__, make.__qualname__, make.__doc__ = rule.name, rule.name, doc
    return make


def _leaves(tree: Any) -> tuple[list[Any], Tree]:
    """Whatever is no dict, list or tuple is a leaf; numbers become arrays, traced arrays stay."""
    named, shape = flatten(tree, "", lambda value: not isinstance(value, (dict, list, tuple)))
    for place, leaf in named:
        if leaf is None or isinstance(leaf, (str, bytes)) or callable(leaf):
            facts: dict[str, object] = {"at": place or "the tree itself", "given": repr(leaf)}
            raise InputError(
                explain("optimizer", facts, "Give numbers or arrays, in dicts, lists or tuples.")
            )
    return [np.asarray(v) if isinstance(v, (int, float)) else v for _, v in named], shape


def _like(tree: Tree, value: Any, name: str, rule: str) -> list[Any]:
    try:
        return tree.leaves(value)
    except (KeyError, TypeError, IndexError, InputError) as error:
        facts: dict[str, object] = {name: f"{type(error).__name__}: {error}".splitlines()[0]}
        raise InputError(explain(f"{rule}.update", facts, "Nest it like the gradients.")) from None


def _require_shape(rule: str, theta: Any, g: Any) -> None:
    if np.shape(theta) != np.shape(g):
        facts: dict[str, object] = {"params": np.shape(theta), "grads": np.shape(g)}
        raise InputError(explain(f"{rule}.update", facts, "Give a gradient for each entry."))
