"""Do torch and JAX compute the same activations and gradients, to the bound that rounding allows?

The bound is a running error analysis (Higham 2002, chapter 3) of the forms of the entry in the dtype: ours may be off
by that of the form that is run, the peer by the largest of all forms, since it may compute by any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.checking.black_boxes.accuracy import Analysis
from symdiff.ir.graph import Graph
from symdiff.library import Entry, find, registry
from symdiff.library.second_order import with_settings

pytestmark = pytest.mark.peer

SETTINGS = {"leaky_relu": {"alpha": 0.2}, "elu": {"alpha": 1.5}, "celu": {"alpha": 0.5}}
TORCH: dict[str, dict[str, Any]] = {
    "leaky_relu": {"negative_slope": 0.2},
    "elu": {"alpha": 1.5},
    "celu": {"alpha": 0.5},
    "softmax": {"dim": -1},
    "log_softmax": {"dim": -1},
    "gelu_tanh": {"approximate": "tanh"},
}
JAX: dict[str, dict[str, Any]] = {
    "leaky_relu": {"negative_slope": 0.2},
    "elu": {"alpha": 1.5},
    "celu": {"alpha": 0.5},
    "gelu": {"approximate": False},
}
ROWS = ("softmax", "log_softmax")
KINKS = (-3.0, -1.0, 0.0, 1.0, 3.0, 6.0)
NAMES = [entry.name for entry in registry("activation") if entry.name != "prelu"]
DTYPES = ("float64", "float32")


def points(name: str, dtype: str) -> Any:
    """Sixteenths from -12 to 12, so that both precisions hold them, without kinks; for rows six classes each."""
    steps = np.arange(-192, 192) / 16 + 1 / 64
    x = np.concatenate([steps, steps[:60:7] / 256])
    x = x[~np.isin(x, KINKS)].astype(dtype)
    return x[: len(x) // 6 * 6].reshape(-1, 6) if name in ROWS else x


def cotangent(x: Any) -> Any:
    return np.resize(np.asarray([1.0, -0.5, 0.75, 2.0, -1.25], x.dtype), x.shape)


def functions(entry: Entry) -> Iterator[Callable[..., Any]]:
    settings = SETTINGS.get(entry.name, {})
    for form in (entry.fn, *entry.forms.values()):
        yield with_settings(form, settings)


def allowed(graph: Graph, values: list[Any], dtype: str) -> Any:
    """How far an evaluation of a graph may be from the truth."""
    _, (errors,) = Analysis(graph.store, graph.outputs, dtype).at(
        dict(zip(graph.inputs, values, strict=True))
    )
    return errors


def value_bound(entry: Entry, x: Any) -> Any:
    errors = [allowed(sd.trace(fn, x), [x], x.dtype.name) for fn in functions(entry)]
    return errors[0] + np.max(errors, axis=0)


def gradient_bound(entry: Entry, x: Any, g: Any) -> Any:
    """Of our hand-written form, and the largest of the derived forms and of all hand-written ones."""
    settings = SETTINGS.get(entry.name, {})
    claims = [with_settings(claim.claim, settings) for claim in entry.claims if claim.order == 1]
    errors = [allowed(sd.trace(claim, x, g), [x, g], x.dtype.name) for claim in claims]
    for fn in functions(entry):
        graph = sd.trace(lambda t, s, fn=fn: np.sum(s * fn(t)), x, g)
        derived = sd.grad(graph, "t")
        errors.append(allowed(derived, [x, g], x.dtype.name))
    return errors[0] + np.max(errors, axis=0)


def ours(entry: Entry, x: Any, g: Any) -> tuple[Any, Any]:
    settings = SETTINGS.get(entry.name, {})
    first = next(claim.claim for claim in entry.claims if claim.order == 1)
    return entry.fn(x, **settings), first(x, g, **settings)


def of_torch(entry: Entry, x: Any, g: Any) -> tuple[Any, Any]:
    import torch

    path = entry.names.torch.split(".")[1:]
    function: Any = torch
    for part in path:
        function = getattr(function, part)
    function = function() if isinstance(function, type) else function
    t = torch.tensor(x, requires_grad=True)
    y = function(t, **TORCH.get(entry.name, {}))
    y.backward(torch.tensor(g))
    assert t.grad is not None
    return y.detach().numpy(), t.grad.numpy()


def of_jax(entry: Entry, x: Any, g: Any) -> tuple[Any, Any]:
    import jax

    function = getattr(jax.nn, entry.names.jax.rpartition(".")[2])
    with jax.enable_x64(True):
        value, pullback = jax.vjp(lambda t: function(t, **JAX.get(entry.name, {})), jax.numpy.asarray(x))
        (gradient,) = pullback(jax.numpy.asarray(g))
    return np.asarray(value), np.asarray(gradient)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("peer", [of_torch, of_jax])
def test_values_and_gradients(peer: Callable[..., Any], name: str, dtype: str) -> None:
    entry, x = find(name), points(name, dtype)
    g = cotangent(x)
    value, gradient = ours(entry, x, g)
    their_value, their_gradient = peer(entry, x, g)
    assert their_value.dtype == value.dtype == gradient.dtype == np.dtype(dtype)
    if (name, dtype, peer) == ("hard_sigmoid", "float64", of_torch):
        gradient = gradient * np.float64(np.float32(1 / 6)) * 6  # torch's own 1/6, see the entry
    assert np.all(np.abs(value - their_value) <= value_bound(entry, x))
    assert np.all(np.abs(gradient - their_gradient) <= gradient_bound(entry, x, g))


@pytest.mark.parametrize("peer", [of_torch, of_jax])
def test_bound_is_small(peer: Callable[..., Any]) -> None:
    """The comparison would see a mistake in the sixth digit: a tanh form is not taken for the exact one."""
    exact, tanh_form = find("gelu"), find("gelu_tanh")
    x = points("gelu", "float64")
    their_value, _ = peer(exact, x, cotangent(x))
    assert not np.all(np.abs(tanh_form.fn(x) - their_value) <= value_bound(tanh_form, x))
    assert np.max(value_bound(exact, x)) < 1e-13


@pytest.mark.parametrize("dtype", DTYPES)
def test_prelu(dtype: str) -> None:
    import torch

    entry = find("prelu")
    x, a = points("relu", dtype)[:60].reshape(20, 3), np.asarray([0.25, -0.5, 1.5], dtype)
    g = cotangent(x)
    t, s = torch.tensor(x, requires_grad=True), torch.tensor(a, requires_grad=True)
    y = torch.nn.functional.prelu(t, s)
    y.backward(torch.tensor(g))
    assert np.array_equal(entry.fn(x, a), y.detach().numpy())
    x_bar, a_bar = entry.claims[0].claim(x, a, g)
    assert t.grad is not None and s.grad is not None
    assert np.array_equal(x_bar, t.grad.numpy())
    terms = np.sum(np.abs(np.where(x > 0, 0, g * x)), axis=0)
    rounding = (
        2 * len(x) * np.finfo(dtype).eps / 2
    )  # of each of two sums of n products, times the sum of sizes
    assert np.all(np.abs(a_bar - s.grad.numpy()) <= rounding * terms * 1.01)


# Conventions ------------------------------------------------------------------------------------------------

AT_KINKS = [
    ("relu", 0.0, 0.0, 0.0, 0.0),
    ("relu6", 0.0, 0.0, 0.0, 0.0),
    ("relu6", 6.0, 0.0, 0.0, 0.0),
    ("leaky_relu", 0.0, 0.2, 0.2, 1.0),
]


@pytest.mark.parametrize(("name", "kink", "own", "in_torch", "in_jax"), AT_KINKS)
def test_derivative_at_the_kink(name: str, kink: float, own: float, in_torch: float, in_jax: float) -> None:
    entry = find(name)
    x = np.asarray([kink])
    g = np.ones(1)
    found = [ours(entry, x, g)[1][0], of_torch(entry, x, g)[1][0], of_jax(entry, x, g)[1][0]]
    assert found == [own, in_torch, in_jax]


def test_jax_gelu_is_the_tanh_form_by_default() -> None:
    import jax

    x = points("gelu", "float64")
    with jax.enable_x64(True):
        default = np.asarray(jax.nn.gelu(jax.numpy.asarray(x)))
    assert np.all(np.abs(default - find("gelu_tanh").fn(x)) <= value_bound(find("gelu_tanh"), x))


def test_torch_softplus_returns_x_above_20() -> None:
    import torch

    x = np.asarray([20.0, np.nextafter(20.0, 21.0)])
    gap = find("softplus").fn(x) - torch.nn.functional.softplus(torch.tensor(x)).numpy()
    assert abs(gap[0]) < 1e-14
    assert 2.0e-9 < gap[1] < 2.1e-9


def test_default_slopes() -> None:
    import jax
    import torch

    x = np.asarray([-1.0])
    assert find("leaky_relu").fn(x)[0] == -0.01
    assert torch.nn.functional.leaky_relu(torch.tensor(x)).item() == -0.01
    with jax.enable_x64(True):
        assert float(jax.nn.leaky_relu(jax.numpy.asarray(-1.0))) == -0.01
