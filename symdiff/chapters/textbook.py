"""How do the notes write their activations and losses? As small functions of one sample, in their own symbols."""

# ruff: noqa: RET504  (what is returned has the name of its variable)

from __future__ import annotations

import numpy as np
from scipy.special import erf

from symdiff.library import Array

# Activations: section 1.1 ----------------------------------------------------------------------------------


def sigmoid(x: Array) -> Array:
    """Section 1.1.1."""
    y = 1 / (1 + np.exp(-x))
    return y


def tanh(x: Array) -> Array:
    """Section 1.1.2."""
    y = np.tanh(x)
    return y


def relu(x: Array) -> Array:
    """Section 1.1.3."""
    y = np.maximum(x, 0)
    return y


def leaky_relu(x: Array, alpha: Array) -> Array:
    """Section 1.1.4."""
    y = np.where(x > 0, x, alpha * x)
    return y


def softmax(x: Array) -> Array:
    """Section 1.1.5."""
    e = np.exp(x)
    s = np.sum(e)
    y = e / s
    return y


def gelu(x: Array) -> Array:
    """Section 1.1.6, with the distribution function written out."""
    Phi = (1 + erf(x / np.sqrt(2))) / 2
    y = x * Phi
    return y


def gelu_tanh(x: Array) -> Array:
    """The approximation that frameworks offer beside it."""
    u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    y = x * (1 + np.tanh(u)) / 2
    return y


# Losses of one sample: sections 1.2 and 1.4 ----------------------------------------------------------------


def mse(y_hat: Array, y: Array) -> Array:
    """Section 1.2.1."""
    L = np.mean((y_hat - y) ** 2)
    return L


def mae(y_hat: Array, y: Array) -> Array:
    """Section 1.2.2."""
    L = np.mean(np.abs(y_hat - y))
    return L


def huber(y_hat: Array, y: Array, delta: Array) -> Array:
    """Section 1.2.3, for one error."""
    e = y_hat - y
    L = np.where(np.abs(e) <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2))
    return L


def smooth_l1(y_hat: Array, y: Array, beta: Array) -> Array:
    """Huber's loss divided by its bound, for one error."""
    e = y_hat - y
    L = np.where(np.abs(e) < beta, e**2 / (2 * beta), np.abs(e) - beta / 2)
    return L


def binary_cross_entropy(p: Array, y: Array) -> Array:
    """Section 1.2.4 with two classes, for one sample."""
    L = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    return L


def cross_entropy(p: Array, y: Array) -> Array:
    """Section 1.2.4, for one sample."""
    L = -np.sum(y * np.log(p))
    return L


def bce_with_logits(z: Array, y: Array) -> Array:
    """Sigmoid and binary cross-entropy in one, for one sample."""
    L = np.log(1 + np.exp(z)) - y * z
    return L


def focal(p_t: Array, alpha: Array, gamma: Array) -> Array:
    """Section 1.2.5, for one sample."""
    L = -alpha * (1 - p_t) ** gamma * np.log(p_t)
    return L


def dice(p: Array, y: Array) -> Array:
    """Section 1.2.6, with probabilities in place of the set."""
    overlap = np.sum(p * y)
    L = 1 - 2 * overlap / (np.sum(p) + np.sum(y))
    return L


def iou(p: Array, y: Array) -> Array:
    """Section 1.2.6, overlap over union."""
    overlap = np.sum(p * y)
    union = np.sum(p) + np.sum(y) - overlap
    L = 1 - overlap / union
    return L


def kl_divergence(p: Array, q: Array) -> Array:
    """Section 1.2.7, for one pair of distributions."""
    L = np.sum(p * np.log(p / q))
    return L


def triplet(anchor: Array, positive: Array, negative: Array, margin: Array) -> Array:
    """A hinge on the difference of two distances."""
    a, p, n = anchor, positive, negative
    near = np.sqrt(np.sum((a - p) ** 2))
    far = np.sqrt(np.sum((a - n) ** 2))
    L = np.maximum(near - far + margin, 0)
    return L


def contrastive(x1: Array, x2: Array, y: Array, margin: Array) -> Array:
    """Pairs with y = 1 are drawn together, others pushed apart up to a margin."""
    d = np.sqrt(np.sum((x1 - x2) ** 2))
    L = y * d**2 / 2 + (1 - y) * np.maximum(margin - d, 0) ** 2 / 2
    return L


def cosine_embedding(x1: Array, x2: Array) -> Array:
    """For a pair that belongs together: one less the cosine of the angle."""
    c = x1 @ x2 / np.sqrt((x1 @ x1) * (x2 @ x2))
    L = 1 - c
    return L


def perceptual(x: Array, target: Array, W: Array) -> Array:
    """Squared distance of features, here of a linear network W."""
    e = W @ x - W @ target
    L = np.mean(e**2)
    return L


def total_variation(x: Array) -> Array:
    """Sum of the jumps between neighbours, here along a line."""
    d = x[1:] - x[:-1]
    L = np.sum(np.abs(d))
    return L
