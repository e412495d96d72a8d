"""Losses of images: total variation, anisotropic and smoothed isotropic, and perceptual, of a feature network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symdiff.checking.checks import check
from symdiff.functions import vjp
from symdiff.library import Array, Case, Entry, Names
from symdiff.library.losses.quadratic_forms import curvature_is
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict


def total_variation(x: Array, *, reduction: str = "mean") -> Array:
    """The anisotropic total variation of an image, ``sum |x[i+1, j] - x[i, j]| + |x[i, j+1] - x[i, j]|``.

    ``x`` : b h w, with any number of axes before the last two; the mean is over the images, not over the pixels; never
    negative; convex; not differentiable where two neighbours agree: 0 is taken there for their difference's slope.

    >>> float(total_variation(np.array([[0.0, 1.0], [0.0, 3.0]])))
    6.0
    """
    down, right = _differences(x)
    return reduced(np.sum(np.abs(down), axis=(-2, -1)) + np.sum(np.abs(right), axis=(-2, -1)), reduction)


def _differences(x: Array) -> tuple[Array, Array]:
    """Every pixel's difference from the one above it, and from the one on its left."""
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def _spread(down: Array, right: Array, x: Array) -> Array:
    """Back from the differences to the pixels of x: each counts for the later one and against the earlier one."""
    row, column = np.zeros_like(x[..., :1, :]), np.zeros_like(x[..., :, :1])
    below = np.concatenate([row, down], axis=-2) - np.concatenate([down, row], axis=-2)
    return below + np.concatenate([column, right], axis=-1) - np.concatenate([right, column], axis=-1)


TOTAL_VARIATION = Entry(
    total_variation,
    "loss",
    cases(x="b h w"),
    source="Rudin, Osher and Fatemi (1992), equation 2.3; anisotropic form: Esedoglu and Osher (2004)",
    notes="1.2",
    names=Names(
        keras="tf.image.total_variation",
        differs="TensorFlow returns one value for each image, summed over its channels; torch has no name for it.",
    ),
    kinks="equal neighbours: 0, from [-1, 1]",
)


@per_sample(TOTAL_VARIATION, axes=2)
@TOTAL_VARIATION.derivative
def total_variation_gradient(x: Array, *, reduction: str = "mean") -> Array:
    """The sign of each difference, for the later pixel and against the earlier one."""
    down, right = _differences(x)
    return shared(_spread(np.sign(down), np.sign(right), x), x[..., 0, 0], reduction)


@TOTAL_VARIATION.second
def total_variation_curvature(x: Array, v: Array, *, reduction: str = "mean") -> Array:
    """0 wherever the gradient exists."""
    return np.zeros_like(v)


@TOTAL_VARIATION.fact("does not change when the same number is added to all pixels")
def total_variation_is_invariant() -> Verdict:
    """The value of a brighter image."""
    return check(
        lambda x, c: total_variation(x),
        lambda x, c: total_variation(x + c),
        {"x": "b h w", "c": ""},
        of="value",
    )


@TOTAL_VARIATION.mistake("wrong_function")
def total_variation_of_the_squares(x: Array, *, reduction: str = "mean") -> Array:
    """The differences without their sign: the gradient of half their squares, which blurs edges."""
    return shared(_spread(*_differences(x), x), x[..., 0, 0], reduction)


@TOTAL_VARIATION.mistake("factor")
def total_variation_without_the_batch(x: Array, *, reduction: str = "mean") -> Array:
    """The factor 1/b of the mean over the images missing."""
    return total_variation_gradient(x, reduction="sum")


def smooth_total_variation(x: Array, eps: Array = 1e-6, *, reduction: str = "mean") -> Array:
    """The isotropic total variation, ``sum sqrt(dx^2 + dy^2 + eps)``, with differences to the next row and column.

    ``x`` : b h w; the pixels of the last row and column are neighbours only; ``eps`` > 0; smooth and convex; a flat
    image costs sqrt(eps) for each pixel, with gradient 0; for eps = 0 its gradient is 0/0.

    >>> float(smooth_total_variation(np.array([[0.0, 4.0], [3.0, 0.0]]), 0.0))
    5.0
    """
    down, right = _forward(x)
    return reduced(np.sum(np.sqrt(down**2 + right**2 + eps), axis=(-2, -1)), reduction)


def _forward(x: Array) -> tuple[Array, Array]:
    """The differences from each pixel to the one below it, and to the one on its right."""
    corner = x[..., :-1, :-1]
    return x[..., 1:, :-1] - corner, x[..., :-1, 1:] - corner


def _backward(down: Array, right: Array, x: Array) -> Array:
    """Back from the differences to the pixels of x, which have one row and one column more."""
    column, row = np.zeros_like(x[..., 1:, :1]), np.zeros_like(x[..., :1, 1:])
    return _spread(np.concatenate([down, column], axis=-1), np.concatenate([right, row], axis=-2), x)


SMOOTH_TOTAL_VARIATION = Entry(
    smooth_total_variation,
    "loss",
    cases(x="b h w", eps=""),
    source="Vogel and Oman (1996), Iterative methods for total variation denoising, equation 1.4",
    notes="1.2",
    names=Names(differs="torch, optax and keras have no name for it."),
    domain={"eps": (0, None)},
)


@per_sample(SMOOTH_TOTAL_VARIATION, axes=2)
@SMOOTH_TOTAL_VARIATION.derivative
def smooth_total_variation_gradient(x: Array, eps: Array = 1e-6, *, reduction: str = "mean") -> Array:
    """Minus the divergence of the unit gradient: both differences over the root, brought back to their pixels."""
    down, right = _forward(x)
    size = np.sqrt(down**2 + right**2 + eps)
    return shared(_backward(down / size, right / size, x), x[..., 0, 0], reduction)


@SMOOTH_TOTAL_VARIATION.second
def smooth_total_variation_curvature(x: Array, eps: Array, v: Array, *, reduction: str = "mean") -> Array:
    """The turning of the unit gradient, (dv - g g'dv) / size, brought back to the pixels."""
    (down, right), (dv, rv) = _forward(x), _forward(v)
    size = np.sqrt(down**2 + right**2 + eps)
    along = (down * dv + right * rv) / size**3
    slope = _backward(dv / size - down * along, rv / size - right * along, x)
    return shared(slope, x[..., 0, 0], reduction)


@SMOOTH_TOTAL_VARIATION.fact("convex: v'Hv is a sum of squares over the cubes of the roots")
def smooth_total_variation_is_convex() -> Verdict:
    """With the differences (d, r) of x and (a, b) of v: ((d b - r a)^2 + eps (a^2 + b^2)) / size^3."""

    def squares(x: Array, eps: Array, v: Array) -> Array:
        (down, right), (dv, rv) = _forward(x), _forward(v)
        size = np.sqrt(down**2 + right**2 + eps)
        turned = (down * rv - right * dv) ** 2 + eps * (dv**2 + rv**2)
        return np.sum(turned / size**3) / x.shape[0]

    inputs = {"x": "b h w", "eps": "", "v": "b h w"}
    return curvature_is(squares, smooth_total_variation_curvature, inputs, SMOOTH_TOTAL_VARIATION.domain)


@SMOOTH_TOTAL_VARIATION.mistake("convention")
def smooth_total_variation_without_the_root(x: Array, eps: Array, *, reduction: str = "mean") -> Array:
    """Minus the Laplacian: the derivative of the root missing."""
    return shared(_backward(*_forward(x), x), x[..., 0, 0], reduction)


@SMOOTH_TOTAL_VARIATION.mistake("sign")
def divergence_of_the_unit_gradient(x: Array, eps: Array, *, reduction: str = "mean") -> Array:
    """The divergence, which is minus the gradient: the direction of the flow that smooths."""
    return -smooth_total_variation_gradient(x, eps, reduction=reduction)


def perceptual(
    x: Array, target: Array, *, features: Callable[[Array], Array], reduction: str = "mean"
) -> Array:
    """The squared distance of two images in the features of a network, ``mean((phi(x) - phi(target))^2)``.

    ``x``, ``target`` : any shape that ``features`` takes; ``features`` is any function in NumPy notation whose result
    is one array: a trained network with its weights filled in; smooth where the network is; never negative.

    >>> float(perceptual(np.array([1.0, 3.0]), np.array([1.0, 1.0]), features=np.tanh).round(4))
    0.0273
    """
    return reduced((features(x) - features(target)) ** 2, reduction)


def edges(x: Array) -> Array:
    """A small feature network: the saturated differences of neighbouring pixels."""
    return np.tanh(x[..., 1:] - x[..., :-1])


IMAGES = {"x": "b w", "target": "b w"}
PERCEPTUAL = Entry(
    perceptual,
    "loss",
    tuple(
        Case(IMAGES, {"features": features, "reduction": reduction})
        for features, reduction in ((edges, "mean"), (edges, "sum"), (np.tanh, "mean"))
    ),
    source="Johnson, Alahi and Fei-Fei (2016), Perceptual losses for real-time style transfer, equation 2",
    notes="1.2",
    names=Names(
        differs="torch, optax and keras have no name for it: it is their mse_loss of two networks' outputs."
    ),
)


@PERCEPTUAL.derivative
def perceptual_gradient(
    x: Array, target: Array, *, features: Callable[[Array], Array], reduction: str = "mean"
) -> Array:
    """J' 2 (phi(x) - phi(target)) / N: the residual pulled back through the network."""
    value, pullback = vjp(features, x)
    return pullback(shared(2 * (value - features(target)), value, reduction))[0]


@PERCEPTUAL.derivative(cases=(Case(IMAGES, {"features": edges, "reduction": "mean"}),))
def perceptual_gradient_of_edges(
    x: Array, target: Array, *, features: Callable[[Array], Array], reduction: str = "mean"
) -> Array:
    """The same by hand for the network of edges: 1 - tanh^2, for the right pixel and against the left one."""
    value = features(x)
    slope = shared(2 * (value - features(target)) * (1 - value**2), value, reduction)
    edge = np.zeros_like(x[..., :1])
    return np.concatenate([edge, slope], axis=-1) - np.concatenate([slope, edge], axis=-1)


@PERCEPTUAL.fact("symmetric: the two images may be exchanged")
def perceptual_is_symmetric() -> Verdict:
    """The value with exchanged arguments, in the features of the edges."""
    return check(
        lambda x, target: perceptual(x, target, features=edges),
        lambda x, target: perceptual(target, x, features=edges),
        IMAGES,
        of="value",
    )


@PERCEPTUAL.mistake("chain")
def perceptual_without_the_activation(
    x: Array, target: Array, *, features: Callable[[Array], Array], reduction: str = "mean"
) -> Array:
    """The residual brought back to the pixels without the slope 1 - tanh^2."""
    value = features(x)
    slope = shared(2 * (value - features(target)), value, reduction)
    edge = np.zeros_like(x[..., :1])
    return np.concatenate([edge, slope], axis=-1) - np.concatenate([slope, edge], axis=-1)


@PERCEPTUAL.mistake("missing_path")
def perceptual_without_a_neighbour(
    x: Array, target: Array, *, features: Callable[[Array], Array], reduction: str = "mean"
) -> Array:
    """Each edge counted for its right pixel only."""
    value = features(x)
    slope = shared(2 * (value - features(target)) * (1 - value**2), value, reduction)
    return np.concatenate([np.zeros_like(x[..., :1]), slope], axis=-1)
