"""Images as variables: style transfer by Gram matrices, denoising with total variation, regression of boxes."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names


def style_transfer(F: Array, content: Array, style: Array, *, weight: float = 0.25) -> Array:
    """Content and style loss of features ``F``: ``|F - content|^2 / 2 + weight |F F' - style|^2 / 4``.

    ``F``, ``content`` : c n, channels by positions; ``style`` : c c, the symmetric Gram matrix of the style.

    >>> float(style_transfer(np.ones((1, 2)), np.zeros((1, 2)), np.zeros((1, 1))))
    1.25
    """
    gram = F @ F.T
    return np.sum((F - content) ** 2) / 2 + weight * np.sum((gram - style) ** 2) / 4


STYLE = Entry(
    style_transfer,
    "architecture",
    {"F": "c n", "content": "c n", "style": "c c"},
    of="gradient",
    domain={"style": "symmetric"},
    source="Gatys, Ecker and Bethge (2016), equations 1 to 6",
    notes="1.2",
    names=Names(differs="Gatys et al. divide the style term by (c n)^2."),
)


@STYLE.derivative
def style_transfer_gradient(F: Array, content: Array, style: Array, *, weight: float = 0.25) -> Array:
    """F - content + weight (F F' - style) F; the Gram matrix is symmetric."""
    return F - content + weight * (F @ F.T - style) @ F


@STYLE.second
def style_transfer_curvature(
    F: Array, content: Array, style: Array, V: Array, *, weight: float = 0.25
) -> Array:
    """V + weight ((V F' + F V') F + (F F' - style) V)."""
    return V + weight * ((V @ F.T + F @ V.T) @ F + (F @ F.T - style) @ V)


@STYLE.mistake("factor")
def style_transfer_gradient_with_one_factor(
    F: Array, content: Array, style: Array, *, weight: float = 0.25
) -> Array:
    """F stands twice in F F': the style term is half of what it should be."""
    return F - content + weight / 2 * (F @ F.T - style) @ F


@STYLE.mistake("second_order", order=2)
def style_transfer_curvature_of_the_left_factor(
    F: Array, content: Array, style: Array, V: Array, *, weight: float = 0.25
) -> Array:
    """Of F F' only the first factor is moved."""
    return V + weight * (V @ F.T @ F + (F @ F.T - style) @ V)


def denoising(u: Array, f: Array, *, strength: float = 0.5, smoothing: float = 0.01) -> Array:
    """``|u - f|^2 / 2 + strength sum sqrt((u_(i+1) - u_i)^2 + smoothing)``: a noisy signal f is smoothed to u.

    ``u``, ``f`` : 6, or any fixed length; ``smoothing`` keeps the total variation differentiable.

    >>> float(denoising(np.zeros(3), np.zeros(3), smoothing=1.0))
    1.0
    """
    jumps = u[..., 1:] - u[..., :-1]
    return np.sum((u - f) ** 2) / 2 + strength * np.sum(np.sqrt(jumps**2 + smoothing))


DENOISING = Entry(
    denoising,
    "architecture",
    {"u": "b 6", "f": "b 6"},
    of="gradient",
    source="Rudin, Osher and Fatemi (1992); smoothed as in Vogel and Oman (1996)",
    notes="1.2",
)


@DENOISING.derivative
def denoising_gradient(u: Array, f: Array, *, strength: float = 0.5, smoothing: float = 0.01) -> Array:
    """u - f minus the divergence of the unit jumps: each jump pulls on both its ends."""
    jumps = u[..., 1:] - u[..., :-1]
    pull = strength * jumps / np.sqrt(jumps**2 + smoothing)
    gradient = u - f
    gradient[..., 1:] += pull
    gradient[..., :-1] -= pull
    return gradient


@DENOISING.mistake("missing_path")
def denoising_gradient_of_one_end(
    u: Array, f: Array, *, strength: float = 0.5, smoothing: float = 0.01
) -> Array:
    """Each jump pulls on its right end only."""
    jumps = u[..., 1:] - u[..., :-1]
    gradient = u - f
    gradient[..., 1:] += strength * jumps / np.sqrt(jumps**2 + smoothing)
    return gradient


def box_regression(W: Array, X: Array, target: Array, *, beta: float = 1.0) -> Array:
    """Smooth L1 of the four offsets ``X W`` that turn proposals into boxes, summed over boxes and offsets.

    ``W`` : d 4, ``X`` : n d, pooled features, ``target`` : n 4, the offsets (tx, ty, tw, th).

    >>> float(box_regression(np.zeros((2, 4)), np.ones((1, 2)), np.array([[2.0, 0.5, 0.0, 0.0]])))
    1.625
    """
    e = X @ W - target
    return np.sum(np.where(np.abs(e) < beta, e**2 / (2 * beta), np.abs(e) - beta / 2))


BOXES = Entry(
    box_regression,
    "architecture",
    {"W": "d 4", "X": "n d", "target": "n 4"},
    of="gradient",
    source="Girshick (2015), equations 2 and 3; offsets of Girshick et al. (2014), appendix C",
    notes="1.2",
    kinks="none: the two branches meet with one slope at |e| = beta; the second derivative jumps there",
)


@BOXES.derivative
def box_regression_gradient(W: Array, X: Array, target: Array, *, beta: float = 1.0) -> Array:
    """X' (e / beta, cut off at -1 and 1)."""
    e = X @ W - target
    return X.T @ np.clip(e / beta, -1, 1)


@BOXES.mistake("threshold")
def box_regression_gradient_of_squares(W: Array, X: Array, target: Array, *, beta: float = 1.0) -> Array:
    """The errors are not cut off."""
    return X.T @ ((X @ W - target) / beta)


def encode_boxes(boxes: Array, anchors: Array) -> Array:
    """The offsets ``((x - xa) / wa, (y - ya) / ha, log(w / wa), log(h / ha))`` of boxes from anchors.

    ``boxes``, ``anchors`` : n 4, centres and sizes; sizes above 0.

    >>> encode_boxes(np.array([[1.0, 1.0, 2.0, 2.0]]), np.array([[0.0, 0.0, 2.0, 2.0]]))
    array([[0.5, 0.5, 0. , 0. ]])
    """
    centres = (boxes[:, :2] - anchors[:, :2]) / anchors[:, 2:]
    return np.concatenate([centres, np.log(boxes[:, 2:] / anchors[:, 2:])], axis=1)


ENCODING = Entry(
    encode_boxes,
    "architecture",
    {"boxes": "n 4", "anchors": "n 4"},
    wrt=("boxes", "anchors"),
    domain={"boxes": (0, None), "anchors": (0, None)},
    source="Girshick et al. (2014), appendix C, equations 6 to 9",
    notes="1.2",
)


@ENCODING.derivative
def encode_boxes_backward(boxes: Array, anchors: Array, y_bar: Array) -> Array:
    """Centres through 1 / wa, sizes through 1 / w; an anchor's size is in both."""
    size, anchor_size = boxes[:, 2:], anchors[:, 2:]
    offset, stretch = y_bar[:, :2], y_bar[:, 2:]
    scaled = offset / anchor_size
    by_size = -scaled * (boxes[:, :2] - anchors[:, :2]) / anchor_size - stretch / anchor_size
    return np.concatenate([scaled, stretch / size], axis=1), np.concatenate([-scaled, by_size], axis=1)


@ENCODING.mistake("chain", wrt="boxes")
def encode_boxes_backward_in_pixels(boxes: Array, anchors: Array, y_bar: Array) -> Array:
    """The centres are not divided by the size of the anchor."""
    return np.concatenate([y_bar[:, :2], y_bar[:, 2:] / boxes[:, 2:]], axis=1)
