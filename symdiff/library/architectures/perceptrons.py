"""Networks of dense layers: the multilayer perceptron of the notes, an autoencoder, a variational autoencoder."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry


def relu(z: Array) -> Array:
    """max(0, z)."""
    return np.maximum(z, 0)


def mlp(W1: Array, b1: Array, W2: Array, b2: Array, W3: Array, b3: Array, x: Array, y: Array) -> Array:
    """Three layers, ReLU, tanh and sigmoid, and half the squared error of one sample.

    ``Wk`` : dk d(k-1), ``bk`` : dk, ``x`` : d0, ``y`` : d3.

    >>> float(mlp(*[np.zeros(s) for s in ((4, 2), 4, (3, 4), 3, (1, 3), 1, 2)], np.ones(1)))
    0.125
    """
    a1 = relu(W1 @ x + b1)
    a2 = np.tanh(W2 @ a1 + b2)
    y_hat = 1 / (1 + np.exp(-(W3 @ a2 + b3)))
    return 0.5 * np.sum((y_hat - y) ** 2)


MLP = Entry(
    mlp,
    "architecture",
    {"W1": "d1 d0", "b1": "d1", "W2": "d2 d1", "b2": "d2", "W3": "d3 d2", "b3": "d3", "x": "d0", "y": "d3"},
    of="gradient",
    wrt=("W1", "b1", "W2", "b2", "W3", "b3"),
    source="Rumelhart, Hinton and Williams (1986)",
    notes="2.9",
    kinks="pre-activations of the first layer that are 0",
)


@MLP.derivative
def mlp_gradient(
    W1: Array, b1: Array, W2: Array, b2: Array, W3: Array, b3: Array, x: Array, y: Array
) -> Array:
    """delta_k = (W_(k+1)' delta_(k+1)) * f_k'(z_k); dW_k = delta_k a_(k-1)'."""
    z1 = W1 @ x + b1
    a1 = relu(z1)
    a2 = np.tanh(W2 @ a1 + b2)
    y_hat = 1 / (1 + np.exp(-(W3 @ a2 + b3)))
    delta3 = (y_hat - y) * y_hat * (1 - y_hat)
    delta2 = (W3.T @ delta3) * (1 - a2**2)
    delta1 = (W2.T @ delta2) * (z1 > 0)
    return np.outer(delta1, x), delta1, np.outer(delta2, a1), delta2, np.outer(delta3, a2), delta3


@MLP.mistake("stale")
def mlp_gradient_of_the_preactivation(
    W1: Array, b1: Array, W2: Array, b2: Array, W3: Array, b3: Array, x: Array, y: Array
) -> Array:
    """The outer product of the last layer takes z2 for a2."""
    z1 = W1 @ x + b1
    a1 = relu(z1)
    z2 = W2 @ a1 + b2
    y_hat = 1 / (1 + np.exp(-(W3 @ np.tanh(z2) + b3)))
    delta3 = (y_hat - y) * y_hat * (1 - y_hat)
    delta2 = (W3.T @ delta3) * (1 - np.tanh(z2) ** 2)
    delta1 = (W2.T @ delta2) * (z1 > 0)
    return np.outer(delta1, x), delta1, np.outer(delta2, a1), delta2, np.outer(delta3, z2), delta3


def autoencoder(W: Array, b: Array, V: Array, c: Array, X: Array) -> Array:
    """Mean squared reconstruction error of ``X_hat = tanh(X W + b) V + c``.

    ``W`` : d h, ``b`` : h, ``V`` : h d, ``c`` : d, ``X`` : n d; the mean is over all entries.

    >>> float(autoencoder(np.zeros((2, 1)), np.zeros(1), np.zeros((1, 2)), np.ones(2), np.ones((3, 2))))
    0.0
    """
    H = np.tanh(X @ W + b)
    return np.mean((H @ V + c - X) ** 2)


AUTOENCODER = Entry(
    autoencoder,
    "architecture",
    {"W": "d h", "b": "h", "V": "h d", "c": "d", "X": "n d"},
    of="gradient",
    wrt=("W", "b", "V", "c", "X"),
    source="Hinton and Salakhutdinov (2006)",
    notes="1.2.1",
)


@AUTOENCODER.derivative
def autoencoder_gradient(W: Array, b: Array, V: Array, c: Array, X: Array) -> Array:
    """The data are input and target: their gradient has two paths."""
    H = np.tanh(X @ W + b)
    error = 2 * (H @ V + c - X) / X.size
    delta = (error @ V.T) * (1 - H**2)
    return X.T @ delta, delta.sum(0), H.T @ error, error.sum(0), delta @ W.T - error


@AUTOENCODER.mistake("missing_path", wrt="X")
def autoencoder_gradient_of_the_input_only(W: Array, b: Array, V: Array, c: Array, X: Array) -> Array:
    """The data are taken for the input only, not for the target."""
    H = np.tanh(X @ W + b)
    error = 2 * (H @ V + c - X) / X.size
    return (error @ V.T * (1 - H**2)) @ W.T


def tied_autoencoder(W: Array, b: Array, c: Array, X: Array) -> Array:
    """An autoencoder whose decoder is the transposed encoder: ``X_hat = tanh(X W + b) W' + c``.

    ``W`` : d h, ``b`` : h, ``c`` : d, ``X`` : n d.

    >>> float(tied_autoencoder(np.zeros((2, 1)), np.zeros(1), np.ones(2), np.ones((3, 2))))
    0.0
    """
    H = np.tanh(X @ W + b)
    return np.mean((H @ W.T + c - X) ** 2)


TIED = Entry(
    tied_autoencoder,
    "architecture",
    {"W": "d h", "b": "h", "c": "d", "X": "n d"},
    of="gradient",
    wrt=("W", "b", "c"),
    source="Vincent et al. (2010), section 2.3",
    notes="2.10",
)


@TIED.derivative
def tied_autoencoder_gradient(W: Array, b: Array, c: Array, X: Array) -> Array:
    """The shared weights have a path through the encoder and one through the decoder."""
    H = np.tanh(X @ W + b)
    error = 2 * (H @ W.T + c - X) / X.size
    delta = (error @ W) * (1 - H**2)
    return X.T @ delta + error.T @ H, delta.sum(0), error.sum(0)


@TIED.mistake("missing_path")
def tied_autoencoder_gradient_of_the_encoder(W: Array, b: Array, c: Array, X: Array) -> Array:
    """The decoder's use of the weights is forgotten."""
    H = np.tanh(X @ W + b)
    error = 2 * (H @ W.T + c - X) / X.size
    delta = (error @ W) * (1 - H**2)
    return X.T @ delta, delta.sum(0), error.sum(0)


def vae(W: Array, M: Array, S: Array, V: Array, X: Array, noise: Array) -> Array:
    """Negative evidence bound of a Gaussian variational autoencoder, reparametrised, with its closed-form divergence.

    ``H = tanh(X W)``, ``mu = H M``, ``s = H S`` (log of the variance), ``Z = mu + exp(s / 2) noise``,
    ``sum (Z V - X)^2 / 2 - sum (1 + s - mu^2 - exp(s)) / 2``, divided by the number of samples.

    ``W`` : d h, ``M``, ``S`` : h k, ``V`` : k d, ``X`` : n d, ``noise`` : n k.

    >>> float(vae(*[np.zeros(s) for s in ((2, 3), (3, 1), (3, 1), (1, 2), (4, 2), (4, 1))]))
    0.0
    """
    H = np.tanh(X @ W)
    mu, s = H @ M, H @ S
    Z = mu + np.exp(s / 2) * noise
    reconstruction = np.sum((Z @ V - X) ** 2) / 2
    divergence = -np.sum(1 + s - mu**2 - np.exp(s)) / 2
    return (reconstruction + divergence) / X.shape[0]


VAE = Entry(
    vae,
    "architecture",
    {"W": "d h", "M": "h k", "S": "h k", "V": "k d", "X": "n d", "noise": "n k"},
    of="gradient",
    wrt=("W", "M", "S", "V"),
    source="Kingma and Welling (2014), equation 10 and appendix B",
    notes="1.2.7",
)


@VAE.derivative
def vae_gradient(W: Array, M: Array, S: Array, V: Array, X: Array, noise: Array) -> Array:
    """mu and s each have a path through the sample Z and one through the divergence."""
    H = np.tanh(X @ W)
    mu, s = H @ M, H @ S
    deviation = np.exp(s / 2)
    Z = mu + deviation * noise
    error = (Z @ V - X) / X.shape[0]
    dZ = error @ V.T
    dmu = dZ + mu / X.shape[0]
    ds = dZ * noise * deviation / 2 + (np.exp(s) - 1) / (2 * X.shape[0])
    dH = dmu @ M.T + ds @ S.T
    return X.T @ (dH * (1 - H**2)), H.T @ dmu, H.T @ ds, Z.T @ error


@VAE.mistake("missing_path", wrt="S")
def vae_gradient_without_the_sample(W: Array, M: Array, S: Array, V: Array, X: Array, noise: Array) -> Array:
    """The sample Z is held fixed: the reparametrisation is not differentiated."""
    H = np.tanh(X @ W)
    return H.T @ (np.exp(H @ S) - 1) / (2 * X.shape[0])
