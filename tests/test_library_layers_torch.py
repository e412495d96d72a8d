"""Do the layers agree with torch's, in value and in every gradient, within the bound of a running error analysis?

The graph of a layer, and of its hand-written backward pass, is followed by Higham's gamma_n (accuracy.bound), for any
order of the sums. Inputs are numbers that float32 holds. In each dtype torch, and the layer itself, may differ from
the layer in double precision by what rounding can do in that dtype, plus what it can do in double precision.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.checking.black_boxes.accuracy import bound
from symdiff.library import find

torch = pytest.importorskip("torch")
F = torch.nn.functional

pytestmark = pytest.mark.peer

Function = Callable[..., Any]
DTYPES = ("float64", "float32")
TWICE = 2  # torch's formula is another than the entry's: it may round as often again


@dataclass(frozen=True)
class Peer:
    """A layer at some shapes and settings, and torch's function of the same arguments."""

    name: str
    shapes: Mapping[str, tuple[int, ...]]
    theirs: Function
    settings: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        told = ", ".join(f"{k}={v}" for k, v in self.settings.items())
        return f"{self.name}({told})"

    def inputs(self) -> dict[str, Any]:
        """Normal numbers that float32 holds, or the arrays that are given."""
        rng = np.random.default_rng(zlib.crc32(self.label.encode()))
        return {
            name: self.fixed[name]
            if name in self.fixed
            else rng.standard_normal(shape).astype(np.float32).astype(float)
            for name, shape in self.shapes.items()
        }


def bounded(fn: Function, args: list[Any], dtype: str) -> list[tuple[Any, Any]]:
    """Each output in double precision, and how far an evaluation in ``dtype`` may be from it."""
    graph = sd.trace(fn, *args)
    leaves = [leaf for arg in args for leaf in (arg if isinstance(arg, tuple) else (arg,))]
    values = dict(zip(graph.inputs, map(np.asarray, leaves), strict=True))
    exact, limits = bound(graph.store, graph.outputs, values, dtype)
    doubles = bound(graph.store, graph.outputs, values, "float64")[1]
    return [(value, TWICE * a + b) for value, a, b in zip(exact, limits, doubles, strict=True)]


def assert_within(label: str, got: list[Any], wanted: list[tuple[Any, Any]]) -> None:
    assert len(got) == len(wanted), label
    for k, (value, (exact, limit)) in enumerate(zip(got, wanted, strict=True)):
        assert np.shape(value) == np.shape(exact), f"{label}[{k}]: {np.shape(value)} {np.shape(exact)}"
        assert np.all(np.isfinite(limit)), f"{label}[{k}]: no bound"
        off = np.abs(np.asarray(value, dtype=float) - exact)
        worst = np.max(off - limit, initial=0.0)
        assert worst <= 0, (
            f"{label}[{k}] is off by {off.max():.3g}, the bound there is {limit.flat[off.argmax()]:.3g}"
        )


def listed(value: Any) -> list[Any]:
    return [part for v in value for part in listed(v)] if isinstance(value, (tuple, list)) else [value]


def cast(value: Any, dtype: str) -> Any:
    if isinstance(value, tuple):
        return tuple(cast(part, dtype) for part in value)
    array = np.asarray(value)
    return array.astype(dtype) if array.dtype.kind == "f" else value


def tensor(value: Any) -> Any:
    array = torch.tensor(value)
    return array.requires_grad_() if array.is_floating_point() else array


def compare(peer: Peer, dtype: str) -> None:
    """Torch's value and gradients, and the entry's own in this dtype, against the entry in double precision."""
    entry = find(peer.name)
    fn, back = partial(entry.fn, **peer.settings), partial(entry.claims[0].claim, **peer.settings)
    inputs = peer.inputs()
    args = list(inputs.values())
    value = bounded(fn, args, dtype)
    rng = np.random.default_rng(1)
    bars = tuple(rng.standard_normal(v.shape).astype(np.float32).astype(float) for v, _ in value)
    bar = bars if len(bars) > 1 else bars[0]
    gradient = bounded(back, [*args, bar], dtype)

    own = [cast(arg, dtype) for arg in args]
    assert_within(f"{peer.label} value here", listed(fn(*own)), value)
    assert_within(f"{peer.label} gradient here", listed(back(*own, cast(bar, dtype))), gradient)

    tensors = {name: tensor(cast(arg, dtype)) for name, arg in inputs.items()}
    theirs = listed(peer.theirs(*tensors.values()))
    wrt = entry.wrt if isinstance(entry.wrt, tuple) else (entry.wrt,)
    names = [name if isinstance(name, str) else list(inputs)[name] for name in wrt]
    ups = [torch.tensor(cast(b, dtype)) for b in bars]
    slopes = torch.autograd.grad(theirs, [tensors[name] for name in names], ups)
    assert_within(f"{peer.label} value", [v.detach().numpy() for v in theirs], value)
    assert_within(f"{peer.label} gradient", [v.numpy() for v in slopes], gradient)


def image(*shape: int, W: tuple[int, ...], b: int) -> dict[str, tuple[int, ...]]:
    return {"x": shape, "W": W, "b": (b,)}


def settled(name: str, shapes: Mapping[str, tuple[int, ...]], theirs: Function, **settings: Any) -> Peer:
    """A peer that takes the same settings under the same names."""
    return Peer(name, shapes, partial(theirs, **settings), settings)


ONE, TWO = image(3, 4, 11, W=(5, 4, 3), b=5), image(2, 3, 8, 7, W=(4, 3, 3, 3), b=4)
UP1, UP2 = image(3, 4, 5, W=(4, 5, 3), b=5), image(2, 3, 4, 5, W=(3, 4, 3, 3), b=4)
CHANNELS = {"gamma": (6,), "beta": (6,)}

AFFINE = (
    Peer("dense", {"x": (7, 5), "W": (3, 5), "b": (3,)}, F.linear),
    Peer(
        "residual",
        {"x": (7, 4), "W1": (6, 4), "b1": (6,), "W2": (4, 6), "b2": (4,)},
        lambda x, W1, b1, W2, b2: x + F.linear(F.relu(F.linear(x, W1, b1)), W2, b2),
    ),
)
CONVOLUTIONS = (
    settled("conv1d", ONE, F.conv1d),
    settled("conv1d", ONE, F.conv1d, stride=2, padding=1, dilation=2),
    settled("conv1d", image(3, 4, 9, W=(6, 2, 4), b=6), F.conv1d, groups=2, padding=2),
    settled("conv2d", TWO, F.conv2d),
    settled("conv2d", TWO, F.conv2d, padding=1),
    settled("conv2d", TWO, F.conv2d, stride=2, padding=1),
    settled("conv2d", TWO, F.conv2d, stride=(1, 2), padding=(0, 1), dilation=(2, 1)),
    settled("conv2d", image(2, 4, 6, 6, W=(4, 1, 3, 3), b=4), F.conv2d, groups=4, padding=1),
    settled("conv_transpose1d", UP1, F.conv_transpose1d, stride=2, padding=1, output_padding=1),
    settled("conv_transpose1d", UP1, F.conv_transpose1d, dilation=2),
    settled("conv_transpose2d", UP2, F.conv_transpose2d, stride=2),
    settled("conv_transpose2d", UP2, F.conv_transpose2d, stride=2, padding=1, output_padding=1),
    settled("conv_transpose2d", image(2, 4, 3, 3, W=(4, 3, 2, 2), b=6), F.conv_transpose2d, groups=2),
)
POOLS = (
    settled("max_pool1d", {"x": (2, 3, 9)}, F.max_pool1d, kernel_size=2),
    settled("max_pool1d", {"x": (2, 3, 9)}, F.max_pool1d, kernel_size=3, stride=2),
    settled("max_pool2d", {"x": (2, 3, 6, 8)}, F.max_pool2d, kernel_size=2),
    settled("max_pool2d", {"x": (2, 3, 7, 7)}, F.max_pool2d, kernel_size=3, stride=2),
    settled("avg_pool1d", {"x": (2, 3, 9)}, F.avg_pool1d, kernel_size=3, stride=2, padding=1),
    settled("avg_pool2d", {"x": (2, 3, 6, 8)}, F.avg_pool2d, kernel_size=2),
    settled("avg_pool2d", {"x": (2, 3, 7, 7)}, F.avg_pool2d, kernel_size=3, stride=2, padding=1),
    Peer("global_avg_pool2d", {"x": (2, 3, 5, 4)}, lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]),
    settled(
        "upsample_nearest2d", {"x": (2, 3, 4, 5)}, partial(F.interpolate, mode="nearest"), scale_factor=3
    ),
)
SPREAD = np.float32(np.linspace(0.2, 3, 6)).astype(float)
NORMS = (
    Peer(
        "batch_norm",
        {"x": (8, 6), **CHANNELS},
        lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=1e-5),
    ),
    Peer(
        "batch_norm",
        {"x": (3, 6, 4, 5), **CHANNELS},
        lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=1e-3),
        {"eps": 1e-3},
    ),
    Peer("layer_norm", {"x": (4, 3, 6), **CHANNELS}, lambda x, g, b: F.layer_norm(x, (6,), g, b)),
    Peer(
        "rms_norm", {"x": (4, 3, 6), "gamma": (6,)}, lambda x, g: F.rms_norm(x, (6,), g, 1e-6), {"eps": 1e-6}
    ),
    Peer(
        "group_norm",
        {"x": (3, 6, 4, 5), **CHANNELS},
        lambda x, g, b: F.group_norm(x, 3, g, b),
        {"num_groups": 3},
    ),
    Peer("instance_norm", {"x": (3, 6, 4, 5)}, F.instance_norm),
)
PEERS = (*AFFINE, *CONVOLUTIONS, *POOLS, *NORMS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.label)
def test_value_and_gradients(peer: Peer, dtype: str) -> None:
    compare(peer, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_batch_norm_of_inference(dtype: str) -> None:
    """Torch gives no gradient by the running statistics: they are arguments of the formula here."""
    shapes = {"x": (3, 6, 4, 5), "mean": (6,), "var": (6,), **CHANNELS}
    peer = Peer("batch_norm_inference", shapes, F.batch_norm, fixed={"var": SPREAD})
    args = list(peer.inputs().values())
    entry = find(peer.name)
    value = bounded(entry.fn, args, dtype)
    y_bar = np.ones(value[0][0].shape)
    gradient = bounded(entry.claims[0].claim, [*args, y_bar], dtype)
    x, mean, var, gamma, beta = (tensor(cast(arg, dtype)) for arg in args)
    y = F.batch_norm(x, mean.detach(), var.detach(), gamma, beta, training=False)
    slopes = torch.autograd.grad(y, [x, gamma, beta], torch.ones_like(y))
    assert_within("value", [y.detach().numpy()], value)
    assert_within("gradient", [v.numpy() for v in slopes], [gradient[0], gradient[3], gradient[4]])


def test_batch_norm_keeps_another_variance() -> None:
    """Stated in the entry: torch normalises by the biased variance, and remembers the unbiased one."""
    x = np.random.default_rng(0).standard_normal((5, 2))
    mean, var = torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    F.batch_norm(torch.tensor(x), mean, var, training=True, momentum=1.0)
    assert "unbiased" in find("batch_norm").names.differs
    np.testing.assert_array_max_ulp(var.numpy(), x.var(0, ddof=1), maxulp=8)


def test_rms_norm_has_another_default() -> None:
    """Stated in the entry: torch's eps is the spacing of the dtype."""
    x = np.array([[1e-8, 2e-8]])
    ours = find("rms_norm").fn
    theirs = F.rms_norm(torch.tensor(x), (2,)).numpy()
    assert "spacing" in find("rms_norm").names.differs
    np.testing.assert_allclose(theirs, ours(x, np.ones(2), eps=np.finfo(float).eps), rtol=1e-15)
    assert np.all(np.abs(theirs / ours(x, np.ones(2))) > 10)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dropout_with_torchs_mask(dtype: str) -> None:
    """The mask that torch drew, with p = 1/4."""
    torch.manual_seed(0)
    x = torch.randn(6, 5, dtype=getattr(torch, dtype), requires_grad=True)
    y = F.dropout(x, 0.25)
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
    entry, mask = find("dropout"), y.detach().numpy() != 0
    assert 0 < mask.sum() < mask.size
    ours = x.detach().numpy()
    np.testing.assert_array_max_ulp(y.detach().numpy(), entry.fn(ours, mask, 0.25), 1, dtype)
    np.testing.assert_array_max_ulp(
        slope.numpy(), entry.claims[0].claim(ours, mask, 0.25, np.ones_like(ours)), 1
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_embedding(dtype: str) -> None:
    """Rows that occur several times, and one that does not; sums of three terms at most."""
    rng = np.random.default_rng(0)
    weight, indices = rng.standard_normal((6, 3)).astype(dtype), np.array([[0, 5, 2], [2, 2, 1]])
    y_bar = rng.standard_normal((2, 3, 3)).astype(dtype)
    table = tensor(weight)
    y = F.embedding(torch.tensor(indices), table)
    (slope,) = torch.autograd.grad(y, table, torch.tensor(y_bar))
    entry = find("embedding")
    backward = entry.claims[0].claim
    assert np.array_equal(y.detach().numpy(), entry.fn(indices, weight))
    limit = 2 * np.finfo(dtype).eps * backward(indices, weight, np.abs(y_bar))
    assert np.all(np.abs(slope.numpy() - backward(indices, weight, y_bar)) <= limit)


@pytest.mark.parametrize("name", ["max_pool1d", "max_pool2d"])
def test_ties_of_max_pooling_go_to_the_first(name: str) -> None:
    """At ties the choice is torch's: the first in reading order."""
    shape = (2, 2, 4) if name == "max_pool1d" else (2, 2, 4, 4)
    x = np.random.default_rng(0).integers(0, 2, shape).astype(float)
    entry, t = find(name), tensor(x)
    y = getattr(F, name)(t, 2)
    (slope,) = torch.autograd.grad(y.sum(), t)
    assert np.array_equal(slope.numpy(), entry.claims[0].claim(x, np.ones(tuple(y.shape))))
