"""Are convolutions and poolings proved for every batch and every number of channels? Wrong twins are refuted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special

import symdiff as sd
from symdiff.verdicts import Verdict

SHAPES = {"x": "b c 7", "w": "o c 3"}
CASES = [(1, 0, 1), (2, 0, 1), (2, 1, 1), (1, 1, 2), (2, 2, 2), (3, 0, 1)]


def proved(verdict: Verdict) -> bool:
    return (verdict.status, verdict.scope) == ("proved", "every shape")


def judged(f: Any, claim: Any, shapes: Any = SHAPES, wrt: Any = ("x", "w"), **options: Any) -> Verdict:
    return sd.check(f, claim, shapes, of="vjp", wrt=wrt, **options)


def padded(x: Any, p: int) -> Any:
    return np.pad(x, [(0, 0), (0, 0), *[(p, p)] * (x.ndim - 2)])


def windows(x: Any, k: int, s: int, d: int) -> Any:
    return sliding_window_view(x, d * (k - 1) + 1, axis=-1)[:, :, ::s, ::d]


class Convolution:
    """A convolution in one dimension by windows, and its gradients in several ways."""

    def __init__(self, s: int, p: int, d: int) -> None:
        self.s, self.p, self.d = s, p, d

    def by_windows(self, x: Any, w: Any) -> Any:
        return np.einsum("bclk,ock->bol", windows(padded(x, self.p), w.shape[-1], self.s, self.d), w)

    def part(self, t: int, n: int) -> slice:
        return slice(t * self.d, t * self.d + self.s * (n - 1) + 1, self.s)

    def by_taps(self, x: Any, w: Any) -> Any:
        xp = padded(x, self.p)
        n = (xp.shape[-1] - self.d * (w.shape[-1] - 1) - 1) // self.s + 1
        return sum(
            np.einsum("bcl,oc->bol", xp[:, :, self.part(t, n)], w[:, :, t]) for t in range(w.shape[-1])
        )

    def backward(self, x: Any, w: Any, g: Any) -> Any:
        xp, n = padded(x, self.p), g.shape[-1]
        dx, dw = np.zeros_like(xp), np.zeros_like(w)
        for t in range(w.shape[-1]):
            dx[:, :, self.part(t, n)] += np.einsum("bol,oc->bcl", g, w[:, :, t])
            dw[:, :, t] = np.einsum("bol,bcl->oc", g, xp[:, :, self.part(t, n)])
        return dx[:, :, self.p : self.p + x.shape[-1]], dw

    def overwriting(self, x: Any, w: Any, g: Any) -> Any:
        xp, n = padded(x, self.p), g.shape[-1]
        dx = np.zeros_like(xp)
        for t in range(w.shape[-1]):
            dx[:, :, self.part(t, n)] = np.einsum("bol,oc->bcl", g, w[:, :, t])
        return dx[:, :, self.p : self.p + x.shape[-1]], self.backward(x, w, g)[1]

    def backwards(self, x: Any, w: Any, g: Any) -> Any:
        dx, dw = self.backward(x, w, g)
        return dx, dw[:, :, ::-1]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("way", ["by_windows", "by_taps"])
def test_the_gradient_of_a_convolution_by_its_taps(way: str, case: tuple[int, int, int]) -> None:
    own = Convolution(*case)
    assert proved(judged(getattr(own, way), own.backward))


@pytest.mark.parametrize("case", CASES[:4])
def test_wrong_gradients_of_a_convolution(case: tuple[int, int, int]) -> None:
    own = Convolution(*case)
    for wrong in (own.overwriting, own.backwards):
        assert judged(own.by_windows, wrong).status == "refuted"


def correlated(x: Any, w: Any, g: Any) -> Any:
    wide = sliding_window_view(np.pad(g, ((0, 0), (0, 0), (2, 2))), 3, axis=-1)
    dw = np.einsum("bol,bclk->ock", g, sliding_window_view(x, 3, axis=-1))
    return np.einsum("bolk,ock->bcl", wide, w[:, :, ::-1]), dw


def not_flipped(x: Any, w: Any, g: Any) -> Any:
    return correlated(x, w[:, :, ::-1], g)


def test_the_gradient_of_a_convolution_by_the_flipped_kernel() -> None:
    own = Convolution(1, 0, 1)
    assert proved(judged(own.by_windows, correlated))
    assert judged(own.by_windows, not_flipped).status == "refuted"


def by_groups(x: Any, w: Any) -> Any:
    X = x.reshape(x.shape[0], 2, w.shape[1], x.shape[-1])
    W = w.reshape(2, w.shape[0] // 2, *w.shape[1:])
    y = np.einsum("bgclk,gock->bgol", sliding_window_view(X, 3, axis=-1), W)
    return y.reshape(x.shape[0], w.shape[0], -1)


def by_groups_back(x: Any, w: Any, g: Any) -> Any:
    n = g.shape[-1]
    X = x.reshape(x.shape[0], 2, w.shape[1], x.shape[-1])
    W = w.reshape(2, w.shape[0] // 2, *w.shape[1:])
    G = g.reshape(x.shape[0], 2, w.shape[0] // 2, n)
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    for t in range(3):
        dX[..., t : t + n] += np.einsum("bgol,goc->bgcl", G, W[..., t])
        dW[..., t] = np.einsum("bgol,bgcl->goc", G, X[..., t : t + n])
    return dX.reshape(x.shape), dW.reshape(w.shape)


def test_groups() -> None:
    shapes = {"x": "b 2*c 5", "w": "2*o c 3"}
    assert proved(judged(by_groups, by_groups_back, shapes))


def plane(x: Any, w: Any, s: int = 2, p: int = 1) -> Any:
    X = sliding_window_view(padded(x, p), w.shape[2:], axis=(2, 3))[:, :, ::s, ::s]
    return np.einsum("bcijkl,ockl->boij", X, w)


def plane_back(x: Any, w: Any, g: Any, s: int = 2, p: int = 1) -> Any:
    xp, (h, v) = padded(x, p), g.shape[2:]
    dx = np.zeros_like(xp)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            dx[:, :, i : i + s * h : s, j : j + s * v : s] += np.einsum("boij,oc->bcij", g, w[:, :, i, j])
    X = sliding_window_view(xp, w.shape[2:], axis=(2, 3))[:, :, ::s, ::s]
    return dx[:, :, p:-p, p:-p], np.einsum("boij,bcijkl->ockl", g, X)


def plane_turned(x: Any, w: Any, g: Any) -> Any:
    dx, dw = plane_back(x, w, g)
    return dx.swapaxes(2, 3), dw


def test_two_dimensions() -> None:
    shapes = {"x": "b c 5 5", "w": "o c 3 3"}
    assert proved(judged(plane, plane_back, shapes))
    assert judged(plane, plane_turned, shapes).status == "refuted"


def average(x: Any) -> Any:
    return sliding_window_view(x, (2, 2), axis=(-2, -1))[..., ::2, ::2, :, :].mean(axis=(-2, -1))


def average_back(x: Any, g: Any) -> Any:
    return np.repeat(np.repeat(g, 2, axis=-2), 2, axis=-1) / 4


def average_not_divided(x: Any, g: Any) -> Any:
    return 4 * average_back(x, g)


def test_average_pooling() -> None:
    assert proved(judged(average, average_back, {"x": "b c 4 6"}, "x"))
    assert judged(average, average_not_divided, {"x": "b c 4 6"}, "x").status == "refuted"


def taps(x: Any, w: Any) -> Any:
    return np.einsum("bcijkl,ockl->boij", sliding_window_view(x, w.shape[2:], axis=(2, 3)), w)


def taps_back(x: Any, w: Any, g: Any) -> Any:
    k = w.shape[2] - 1
    wide = sliding_window_view(np.pad(g, ((0, 0), (0, 0), (k, k), (k, k))), w.shape[2:], axis=(2, 3))
    dw = np.einsum("boij,bcijkl->ockl", g, sliding_window_view(x, w.shape[2:], axis=(2, 3)))
    return np.einsum("boijkl,ockl->bcij", wide, w[:, :, ::-1, ::-1]), dw


def network(x: Any, w: Any, u: Any, V: Any, y: Any) -> Any:
    h = np.maximum(taps(x, w), 0)
    a = np.maximum(taps(h, u), 0)
    z = a.reshape(a.shape[0], -1) @ V
    return (special.logsumexp(z, axis=-1) - (y * z).sum(-1)).sum()


def network_back(x: Any, w: Any, u: Any, V: Any, y: Any) -> Any:
    s = taps(x, w)
    h = np.maximum(s, 0)
    t = taps(h, u)
    a = np.maximum(t, 0)
    flat = a.reshape(a.shape[0], -1)
    dz = special.softmax(flat @ V, axis=-1) - y
    dt = (dz @ V.T).reshape(a.shape) * (t > 0)
    dh, du = taps_back(h, u, dt)
    dx, dw = taps_back(x, w, dh * (s > 0))
    return dx, dw, du, flat.T @ dz


def network_without_a_mask(x: Any, w: Any, u: Any, V: Any, y: Any) -> Any:
    h = np.maximum(taps(x, w), 0)
    t = taps(h, u)
    flat = np.maximum(t, 0).reshape(t.shape[0], -1)
    dt = ((special.softmax(flat @ V, axis=-1) - y) @ V.T).reshape(t.shape) * (t > 0)
    dx, dw = taps_back(x, w, taps_back(h, u, dt)[0])
    return dx, dw


def test_a_network_of_two_convolutions() -> None:
    shapes = {"x": "b c 3 4", "w": "e c 2 2", "u": "f e 2 2", "V": "f*2 k", "y": "b k"}
    assert proved(sd.check(network, network_back, shapes, wrt=("x", "w", "u", "V")))
    assert sd.check(network, network_without_a_mask, shapes, wrt=("x", "w")).status == "refuted"


@pytest.mark.parametrize("way", ["by_windows", "by_taps"])
def test_an_axis_of_any_length(way: str) -> None:
    own, shapes = Convolution(1, 0, 1), {"x": "b c n", "w": "o c 3"}
    assert proved(judged(getattr(own, way), own.backward, shapes))
    assert judged(getattr(own, way), own.backwards, shapes).status == "refuted"
