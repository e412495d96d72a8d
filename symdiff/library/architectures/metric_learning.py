"""Networks that learn distances, or learn from another network: Siamese pairs, triplets, distillation."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.library import Array, Entry


def siamese_network(W: Array, X1: Array, X2: Array, same: Array, *, margin: float = 1.0) -> Array:
    """Contrastive loss of pairs under one embedding ``tanh(X W)``, on squared distances d.

    ``mean(same d + (1 - same) max(0, margin - d)) / 2``, with W : d k, X1, X2 : n d, same : n of 0 and 1. The squared
    distance keeps the loss smooth where the two embeddings are equal.

    >>> float(siamese_network(np.eye(2), np.ones((1, 2)), np.ones((1, 2)), np.zeros(1)))
    0.5
    """
    d = np.sum((np.tanh(X1 @ W) - np.tanh(X2 @ W)) ** 2, axis=-1)
    return np.mean(same * d + (1 - same) * np.maximum(0, margin - d)) / 2


SIAMESE = Entry(
    siamese_network,
    "architecture",
    {"W": "d k", "X1": "n d", "X2": "n d", "same": "n"},
    of="gradient",
    source="Bromley et al. (1993); Hadsell, Chopra and LeCun (2006), equation 4, on squared distances",
    notes="1.2",
    kinks="d = margin for a pair that differs",
)


@SIAMESE.derivative
def siamese_gradient(W: Array, X1: Array, X2: Array, same: Array, *, margin: float = 1.0) -> Array:
    """Both branches share W: their gradients are added."""
    E1, E2 = np.tanh(X1 @ W), np.tanh(X2 @ W)
    gap = E1 - E2
    active = np.sum(gap**2, axis=-1) < margin
    pull = (same - (1 - same) * active) / X1.shape[0]
    delta = pull[:, None] * gap
    return X1.T @ (delta * (1 - E1**2)) - X2.T @ (delta * (1 - E2**2))


@SIAMESE.mistake("missing_path")
def siamese_gradient_of_one_branch(
    W: Array, X1: Array, X2: Array, same: Array, *, margin: float = 1.0
) -> Array:
    """The second branch is held fixed."""
    E1, E2 = np.tanh(X1 @ W), np.tanh(X2 @ W)
    gap = E1 - E2
    active = np.sum(gap**2, axis=-1) < margin
    pull = (same - (1 - same) * active) / X1.shape[0]
    return X1.T @ (pull[:, None] * gap * (1 - E1**2))


@SIAMESE.mistake("threshold")
def siamese_gradient_without_the_margin(
    W: Array, X1: Array, X2: Array, same: Array, *, margin: float = 1.0
) -> Array:
    """Pairs beyond the margin are still pushed apart."""
    E1, E2 = np.tanh(X1 @ W), np.tanh(X2 @ W)
    delta = ((2 * same - 1) / X1.shape[0])[:, None] * (E1 - E2)
    return X1.T @ (delta * (1 - E1**2)) - X2.T @ (delta * (1 - E2**2))


def metric_learning(W: Array, A: Array, P: Array, N: Array, *, margin: float = 0.2) -> Array:
    """Triplet loss of a linear embedding: ``sum(max(0, |W a - W p|^2 - |W a - W n|^2 + margin))``.

    ``W`` : k d, ``A``, ``P``, ``N`` : n d, anchors, positives and negatives.

    >>> float(metric_learning(np.eye(2), np.zeros((1, 2)), np.zeros((1, 2)), np.zeros((1, 2))))
    0.2
    """
    near = np.sum(((A - P) @ W.T) ** 2, axis=-1)
    far = np.sum(((A - N) @ W.T) ** 2, axis=-1)
    return np.sum(np.maximum(0, near - far + margin))


METRIC = Entry(
    metric_learning,
    "architecture",
    {"W": "k d", "A": "n d", "P": "n d", "N": "n d"},
    of="gradient",
    source="Schroff, Kalenichenko and Philbin (2015), equation 2; Weinberger and Saul (2009)",
    notes="1.2",
    kinks="triplets exactly on the margin",
)


@METRIC.derivative
def metric_learning_gradient(W: Array, A: Array, P: Array, N: Array, *, margin: float = 0.2) -> Array:
    """2 W (sum of active (a - p)(a - p)' - (a - n)(a - n)')."""
    U, V = A - P, A - N
    near, far = np.sum((U @ W.T) ** 2, axis=-1), np.sum((V @ W.T) ** 2, axis=-1)
    active = (near - far + margin > 0)[:, None]
    return 2 * W @ ((active * U).T @ U - (active * V).T @ V)


@METRIC.mistake("factor")
def metric_learning_gradient_of_half(W: Array, A: Array, P: Array, N: Array, *, margin: float = 0.2) -> Array:
    """The 2 of the square is left out."""
    U, V = A - P, A - N
    near, far = np.sum((U @ W.T) ** 2, axis=-1), np.sum((V @ W.T) ** 2, axis=-1)
    active = (near - far + margin > 0)[:, None]
    return W @ ((active * U).T @ U - (active * V).T @ V)


def distillation(
    W: Array, X: Array, Y: Array, teacher: Array, *, temperature: float = 2.0, weight: float = 0.5
) -> Array:
    """A student ``Z = X W`` learns labels and the softened output of a teacher.

    ``(1 - weight) CE(Y, softmax(Z)) + weight T^2 KL(softmax(teacher / T) || softmax(Z / T))``, means over samples.
    The factor T^2 keeps the size of the soft gradient. W : d k, X : n d, Y : n k that sum to one, teacher : n k.

    >>> distillation(np.zeros((2, 2)), np.ones((1, 2)), np.eye(2)[:1], np.zeros((1, 2))).round(4)
    np.float64(0.3466)
    """
    Z = X @ W
    hard = -np.sum(Y * special.log_softmax(Z, axis=-1))
    q = special.softmax(teacher / temperature, axis=-1)
    log_q = special.log_softmax(teacher / temperature, axis=-1)
    soft = np.sum(q * (log_q - special.log_softmax(Z / temperature, axis=-1)))
    return ((1 - weight) * hard + weight * temperature**2 * soft) / X.shape[0]


DISTILLATION = Entry(
    distillation,
    "architecture",
    {"W": "d k", "X": "n d", "Y": "n k", "teacher": "n k"},
    of="gradient",
    domain={"Y": "simplex"},
    source="Hinton, Vinyals and Dean (2015), section 2",
    notes="1.2.7",
)


@DISTILLATION.derivative
def distillation_gradient(
    W: Array, X: Array, Y: Array, teacher: Array, *, temperature: float = 2.0, weight: float = 0.5
) -> Array:
    """X' ((1 - weight)(P - Y) + weight T (softmax(Z / T) - softmax(teacher / T))) / n."""
    Z = X @ W
    hard = special.softmax(Z, axis=-1) - Y
    soft = special.softmax(Z / temperature, axis=-1) - special.softmax(teacher / temperature, axis=-1)
    return X.T @ ((1 - weight) * hard + weight * temperature * soft) / X.shape[0]


@DISTILLATION.mistake("factor")
def distillation_gradient_with_t_squared(
    W: Array, X: Array, Y: Array, teacher: Array, *, temperature: float = 2.0, weight: float = 0.5
) -> Array:
    """T^2 for T: the inner derivative 1 / T is forgotten."""
    Z = X @ W
    hard = special.softmax(Z, axis=-1) - Y
    soft = special.softmax(Z / temperature, axis=-1) - special.softmax(teacher / temperature, axis=-1)
    return X.T @ ((1 - weight) * hard + weight * temperature**2 * soft) / X.shape[0]
