"""Functions for exercise sheets: three neurons in a row, a sum over two paths, two layers in matrix form."""

import numpy as np

import symdiff as sd

NEURONS = {"x": 2.0, "w1": 1.5, "b1": -1.0, "w2": 0.5, "b2": 0.1, "w3": 2.0, "b3": -0.3, "y": 1.0}
WEIGHTS = ("w3", "b3", "w2", "b2", "w1", "b1")
MATRICES = {
    "x": np.array([1.0, -2.0, 0.5]),
    "W1": np.array([[0.5, 1.0, -1.0], [1.0, 0.5, 2.0]]),
    "b": np.array([0.5, -0.5]),
    "W2": np.array([[1.0, -0.5], [0.5, 1.0], [1.5, -1.0]]),
    "y": np.array([1.0, 0.0, 0.5]),
}


def neurons(x, w1, b1, w2, b2, w3, b3, y):
    z1 = w1 * x + b1
    a1 = np.maximum(z1, 0)
    z2 = w2 * a1 + b2
    a2 = np.tanh(z2)
    z3 = w3 * a2 + b3
    y_hat = 1 / (1 + np.exp(-z3))
    return (y_hat - y) ** 2 / 2


def paths(x):
    u = x**2
    v = 2 * u
    w = u + 1
    return sd.name(v * w, "f")


def layers(x, W1, b, W2, y):
    z = W1 @ x + b
    a = np.tanh(z)
    y_hat = W2 @ a
    return np.sum((y_hat - y) ** 2) / 2


@sd.derivative_of(neurons, wrt=WEIGHTS, inputs=NEURONS)
def neurons_gradient(x, w1, b1, w2, b2, w3, b3, y):
    return sd.grad(neurons, wrt=WEIGHTS)(x, w1, b1, w2, b2, w3, b3, y)


@sd.derivative_of(paths, wrt="x", inputs={"x": 3.0})
def paths_gradient(x):
    return 8 * x**3 + 4 * x


@sd.derivative_of(layers, wrt=("W1", "b", "W2"), inputs=MATRICES)
def layers_gradient(x, W1, b, W2, y):
    return sd.grad(layers, wrt=("W1", "b", "W2"))(x, W1, b, W2, y)
