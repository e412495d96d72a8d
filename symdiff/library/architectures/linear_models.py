"""Models that are linear in their weights: logistic, multiclass and multi-label regression; sparse features."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.library import Array, Entry, Names


def logistic_regression(w: Array, b: Array, X: Array, y: Array) -> Array:
    """Mean binary cross-entropy of ``z = X w + b``: ``mean(log(1 + exp(z)) - y z)``.

    ``w`` : d, ``b`` : a number, ``X`` : n d, ``y`` : n, labels or probabilities; smooth, convex in (w, b).

    >>> logistic_regression(np.zeros(2), 0.0, np.ones((3, 2)), np.array([0.0, 1.0, 1.0])).round(4)
    np.float64(0.6931)
    """
    z = X @ w + b
    return np.mean(np.logaddexp(0, z) - y * z)


LOGISTIC = Entry(
    logistic_regression,
    "architecture",
    {"w": "d", "b": "", "X": "n d", "y": "n"},
    of="gradient",
    wrt=("w", "b"),
    source="Cox (1958)",
    notes="1.2",
    names=Names(differs="scikit-learn's LogisticRegression adds a penalty and sums over the samples."),
)


@LOGISTIC.derivative
def logistic_regression_gradient(w: Array, b: Array, X: Array, y: Array) -> Array:
    """X' (p - y) / n."""
    error = (special.expit(X @ w + b) - y) / X.shape[0]
    return X.T @ error, error.sum()


@LOGISTIC.second
def logistic_regression_curvature(w: Array, b: Array, X: Array, y: Array, direction: Array) -> Array:
    """X' diag(p (1 - p)) X / n: iteratively reweighted least squares."""
    v, c = direction
    p = special.expit(X @ w + b)
    moved = p * (1 - p) * (X @ v + c) / X.shape[0]
    return X.T @ moved, moved.sum()


@LOGISTIC.mistake("factor")
def logistic_gradient_of_the_sum(w: Array, b: Array, X: Array, y: Array) -> Array:
    """The batch factor 1/n is left out."""
    error = special.expit(X @ w + b) - y
    return X.T @ error, error.sum()


@LOGISTIC.mistake("sign")
def logistic_gradient_of_the_likelihood(w: Array, b: Array, X: Array, y: Array) -> Array:
    """y - p: the gradient of the log-likelihood, which is maximised."""
    error = (y - special.expit(X @ w + b)) / X.shape[0]
    return X.T @ error, error.sum()


@LOGISTIC.mistake("chain", order=2)
def logistic_curvature_of_least_squares(w: Array, b: Array, X: Array, y: Array, direction: Array) -> Array:
    """X' X / n: the weights p (1 - p) are left out."""
    v, c = direction
    moved = (X @ v + c) / X.shape[0]
    return X.T @ moved, moved.sum()


def multiclass_regression(W: Array, b: Array, X: Array, Y: Array) -> Array:
    """Mean cross-entropy of the softmax of ``Z = X W + b``: ``-sum(Y log softmax(Z)) / n``.

    ``W`` : d k, ``b`` : k, ``X`` : n d, ``Y`` : n k, rows that sum to one or any weights; convex in (W, b).

    >>> multiclass_regression(np.zeros((2, 4)), np.zeros(4), np.ones((3, 2)), np.eye(4)[:3]).round(4)
    np.float64(1.3863)
    """
    Z = X @ W + b
    return -np.sum(Y * special.log_softmax(Z, axis=-1)) / X.shape[0]


MULTICLASS = Entry(
    multiclass_regression,
    "architecture",
    {"W": "d k", "b": "k", "X": "n d", "Y": "n k"},
    of="gradient",
    wrt=("W", "b"),
    source="Bridle (1990)",
    notes="1.2.4",
)


@MULTICLASS.derivative
def multiclass_regression_gradient(W: Array, b: Array, X: Array, Y: Array) -> Array:
    """X' (P sum(Y) - Y) / n, which is X' (P - Y) / n where each row of Y sums to one."""
    P = special.softmax(X @ W + b, axis=-1)
    error = (P * Y.sum(-1, keepdims=True) - Y) / X.shape[0]
    return X.T @ error, error.sum(0)


@MULTICLASS.derivative(domain={"Y": "simplex"})
def multiclass_regression_gradient_for_probabilities(W: Array, b: Array, X: Array, Y: Array) -> Array:
    """X' (P - Y) / n."""
    error = (special.softmax(X @ W + b, axis=-1) - Y) / X.shape[0]
    return X.T @ error, error.sum(0)


@MULTICLASS.mistake("assumption")
def multiclass_gradient_for_any_weights(W: Array, b: Array, X: Array, Y: Array) -> Array:
    """P - Y holds only where each row of Y sums to one."""
    error = (special.softmax(X @ W + b, axis=-1) - Y) / X.shape[0]
    return X.T @ error, error.sum(0)


def multilabel_regression(W: Array, b: Array, X: Array, Y: Array) -> Array:
    """Mean binary cross-entropy of every label of ``Z = X W + b``.

    ``W`` : d k, ``b`` : k, ``X`` : n d, ``Y`` : n k of zeros and ones; the mean is over samples and labels.

    >>> multilabel_regression(np.zeros((2, 4)), np.zeros(4), np.ones((3, 2)), np.eye(4)[:3]).round(4)
    np.float64(0.6931)
    """
    Z = X @ W + b
    return np.mean(np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-np.abs(Z))))


MULTILABEL = Entry(
    multilabel_regression,
    "architecture",
    {"W": "d k", "b": "k", "X": "n d", "Y": "n k"},
    of="gradient",
    wrt=("W", "b"),
    source="Bishop (2006), section 4.3",
    notes="1.2",
)


@MULTILABEL.derivative
def multilabel_regression_gradient(W: Array, b: Array, X: Array, Y: Array) -> Array:
    """X' (P - Y) / (n k)."""
    error = (special.expit(X @ W + b) - Y) / Y.size
    return X.T @ error, error.sum(0)


@MULTILABEL.mistake("factor")
def multilabel_gradient_of_the_mean_over_samples(W: Array, b: Array, X: Array, Y: Array) -> Array:
    """Divided by n, not by n k."""
    error = (special.expit(X @ W + b) - Y) / Y.shape[0]
    return X.T @ error, error.sum(0)


def factorisation_of_features(W: Array, V: Array, x: Array, y: Array) -> Array:
    """Half the squared error of a factorisation machine: ``W x + (|V x|^2 - sum (V^2) x^2) / 2``.

    ``W`` : d, ``V`` : k d, ``x`` : d, sparse features, ``y`` : a number; the pairs i < j have weight <V_i, V_j>.

    >>> float(factorisation_of_features(np.array([1.0, 0.0]), np.eye(2), np.array([2.0, 3.0]), 2.0))
    0.0
    """
    s = V @ x
    pairs = (s @ s - np.sum(V**2 * x**2)) / 2
    return (W @ x + pairs - y) ** 2 / 2


FACTORISATION = Entry(
    factorisation_of_features,
    "architecture",
    {"W": "d", "V": "k d", "x": "d", "y": ""},
    of="gradient",
    wrt=("W", "V"),
    source="Rendle (2010), equation 1",
    notes="1.3.3",
)


@FACTORISATION.derivative
def factorisation_gradient(W: Array, V: Array, x: Array, y: Array) -> Array:
    """Rendle (2010), equation 4: x_i sum_j V_j x_j - V_i x_i^2; features that are 0 get no gradient."""
    s = V @ x
    error = W @ x + (s @ s - np.sum(V**2 * x**2)) / 2 - y
    return error * x, error * (np.outer(s, x) - V * x**2)


@FACTORISATION.mistake("missing_path")
def factorisation_gradient_with_squares(W: Array, V: Array, x: Array, y: Array) -> Array:
    """The pairs i = j are not taken out."""
    s = V @ x
    error = W @ x + (s @ s - np.sum(V**2 * x**2)) / 2 - y
    return error * x, error * np.outer(s, x)
