"""Is max pooling proved for every batch and channel? Ties share their part; who forgets that is refuted there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import symdiff as sd
from symdiff.verdicts import Verdict


def judged(f: Any, claim: Any, shape: str) -> Verdict:
    return sd.check(f, claim, {"x": shape}, of="vjp")


def proved(verdict: Verdict) -> bool:
    return (verdict.status, verdict.scope) == ("proved", "every shape")


def greatest(x: Any) -> Any:
    return x.max(axis=-1)


def shared(x: Any, g: Any) -> Any:
    hit = x == x.max(axis=-1, keepdims=True)
    return g[..., None] * hit / hit.sum(axis=-1, keepdims=True)


def each(x: Any, g: Any) -> Any:
    return g[..., None] * (x == x.max(axis=-1, keepdims=True))


def test_a_maximum_over_an_axis() -> None:
    assert proved(judged(greatest, shared, "b n"))
    assert judged(greatest, each, "b n").status == "refuted"


def blocks(x: Any) -> Any:
    return x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2).max(axis=(3, 5))


def blocks_back(x: Any, g: Any) -> Any:
    X = x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2)
    hit = np.equal(X, X.max(axis=(3, 5), keepdims=True))
    share = hit / hit.sum(axis=(3, 5), keepdims=True)
    return (share * g[:, :, :, None, :, None]).reshape(x.shape)


def windows(x: Any) -> Any:
    return sliding_window_view(x, (2, 2), axis=(2, 3))[:, :, ::2, ::2].max(axis=(-2, -1))


def windows_back(x: Any, g: Any) -> Any:
    X = sliding_window_view(x, (2, 2), axis=(2, 3))[:, :, ::2, ::2]
    hit = np.equal(X, X.max(axis=(-2, -1), keepdims=True))
    share = hit / hit.sum(axis=(-2, -1), keepdims=True)
    out = np.zeros_like(x)
    for i in range(2):
        for j in range(2):
            out[:, :, i::2, j::2] += g * share[..., i, j]
    return out


def repeated(y: Any) -> Any:
    return np.repeat(np.repeat(y, 2, axis=2), 2, axis=3)


def repeated_back(x: Any, g: Any) -> Any:
    hit = (x == repeated(windows(x))) * 1.0
    count = hit.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2).sum(axis=(3, 5))
    return hit * repeated(g / count)


@pytest.mark.parametrize(
    ("f", "claim"),
    [(blocks, blocks_back), (windows, windows_back), (windows, repeated_back), (blocks, windows_back)],
)
def test_blocks_that_do_not_overlap(f: Any, claim: Any) -> None:
    assert proved(judged(f, claim, "b c 2 4"))


def halved(x: Any, g: Any) -> Any:
    return windows_back(x, g) / 2


def moved(x: Any, g: Any) -> Any:
    return windows_back(x[:, :, ::-1], g)


@pytest.mark.parametrize("claim", [halved, moved])
def test_wrong_blocks_are_refuted(claim: Any) -> None:
    assert judged(windows, claim, "b c 2 4").status == "refuted"


def overlapping(x: Any) -> Any:
    return sliding_window_view(x, 3, axis=-1)[..., ::2, :].max(axis=-1)


def parts(x: Any, n: int) -> list[Any]:
    return [x[..., k : k + 2 * n - 1 : 2] for k in range(3)]


def overlapping_back(x: Any, g: Any) -> Any:
    y = overlapping(x)
    hits = [1.0 * (part == y) for part in parts(x, y.shape[-1])]
    out = np.zeros_like(x)
    for k, hit in enumerate(hits):
        out[..., k : k + 2 * y.shape[-1] - 1 : 2] += g * hit / sum(hits)
    return out


def overwriting(x: Any, g: Any) -> Any:
    y = overlapping(x)
    hits = [1.0 * (part == y) for part in parts(x, y.shape[-1])]
    out = np.zeros_like(x)
    for k, hit in enumerate(hits):
        out[..., k : k + 2 * y.shape[-1] - 1 : 2] = g * hit / sum(hits)
    return out


def one_forgotten(x: Any, g: Any) -> Any:
    y = overlapping(x)
    hits = [1.0 * (part == y) for part in parts(x, y.shape[-1])]
    out = np.zeros_like(x)
    for k, hit in enumerate(hits):
        out[..., k : k + 2 * y.shape[-1] - 1 : 2] += g * hit / sum(hits[:2])
    return out


def test_windows_that_overlap() -> None:
    assert proved(judged(overlapping, overlapping_back, "b 5"))
    assert judged(overlapping, overwriting, "b 5").status == "refuted"
    assert not judged(overlapping, one_forgotten, "b 5").ok


def network(x: Any, w: Any) -> Any:
    h = np.einsum("bclk,ock->bol", sliding_window_view(x, 2, axis=-1), w)
    return np.maximum(h, 0).reshape(x.shape[0], -1, 2, 2).max(axis=-1).sum(axis=-1)


def network_back(x: Any, w: Any, g: Any) -> Any:
    X = sliding_window_view(x, 2, axis=-1)
    h = np.einsum("bclk,ock->bol", X, w)
    a = np.maximum(h, 0).reshape(x.shape[0], -1, 2, 2)
    hit = a == a.max(axis=-1, keepdims=True)
    da = g[..., None, None] * hit / hit.sum(axis=-1, keepdims=True)
    dh = da.reshape(h.shape) * (h > 0)
    dx = np.zeros_like(x)
    for k in range(2):
        dx[:, :, k : k + 4] += np.einsum("bol,oc->bcl", dh, w[:, :, k])
    return dx, np.einsum("bol,bclk->ock", dh, X)


def test_pooling_after_a_convolution() -> None:
    assert proved(sd.check(network, network_back, {"x": "b c 5", "w": "o c 2"}, of="vjp", wrt=("x", "w")))
