"""The three-layer network in matrix form: lecture notes, section 2.9, equations 2.1 to 2.3, the deltas and
the outer products. The notes give no numbers; here d0, d1, d2, d3 = 3, 4, 2, 5.
"""

from functools import partial
from types import SimpleNamespace

import numpy as np

import symdiff as sd

INPUTS = {
    "x": np.array([1.0, -2.0, 0.5]),
    "W1": np.array([[0.5, 1.0, -1.0], [1.0, 0.5, 2.0], [-1.0, 0.0, 1.5], [2.0, 1.0, 0.5]]),
    "b1": np.array([0.5, -0.5, 1.0, 0.0]),
    "W2": np.array([[1.0, -0.5, 2.0, 0.5], [0.5, 1.0, -1.0, 1.5]]),
    "b2": np.array([0.25, -0.25]),
    "W3": np.array([[1.0, 0.5], [-0.5, 2.0], [1.5, -1.0], [0.0, 1.0], [2.0, 0.5]]),
    "b3": np.array([0.0, 0.5, -0.5, 1.0, -1.0]),
    "y": np.array([1.0, 0.0, 0.5, 1.0, 0.0]),
}
claim = partial(sd.derivative_of, inputs=INPUTS)


def forward(x, W1, b1, W2, b2, W3, b3):
    z1 = sd.name(W1 @ x + b1, "z1")
    a1 = sd.name(np.maximum(z1, 0), "a1")
    z2 = sd.name(W2 @ a1 + b2, "z2")
    a2 = sd.name(np.tanh(z2), "a2")
    z3 = sd.name(W3 @ a2 + b3, "z3")
    y_hat = sd.name(1 / (1 + np.exp(-z3)), "y_hat")
    return SimpleNamespace(z1=z1, a1=a1, a2=a2, y_hat=y_hat)


def loss(x, W1, b1, W2, b2, W3, b3, y):
    y_hat = forward(x, W1, b1, W2, b2, W3, b3).y_hat
    return np.sum((y_hat - y) ** 2) / 2


@claim(loss, wrt="z3", source="section 2.9, layer 3")
def delta3(x, W1, b1, W2, b2, W3, b3, y):
    y_hat = forward(x, W1, b1, W2, b2, W3, b3).y_hat
    return (y_hat - y) * (y_hat * (1 - y_hat))


@claim(loss, wrt="z2", source="section 2.9, layer 2")
def delta2(x, W1, b1, W2, b2, W3, b3, y):
    a2 = forward(x, W1, b1, W2, b2, W3, b3).a2
    return (W3.T @ delta3(x, W1, b1, W2, b2, W3, b3, y)) * (1 - a2**2)


@claim(loss, wrt="z1", source="section 2.9, layer 1")
def delta1(x, W1, b1, W2, b2, W3, b3, y):
    z1 = forward(x, W1, b1, W2, b2, W3, b3).z1
    return (W2.T @ delta2(x, W1, b1, W2, b2, W3, b3, y)) * (z1 > 0)


@claim(loss, wrt="W3", source="section 2.9, parameter gradients")
def dL_dW3(x, W1, b1, W2, b2, W3, b3, y):
    a2 = forward(x, W1, b1, W2, b2, W3, b3).a2
    return np.outer(delta3(x, W1, b1, W2, b2, W3, b3, y), a2)


@claim(loss, wrt="b3", source="section 2.9, parameter gradients")
def dL_db3(x, W1, b1, W2, b2, W3, b3, y):
    return delta3(x, W1, b1, W2, b2, W3, b3, y)


@claim(loss, wrt="W2", source="section 2.9, parameter gradients")
def dL_dW2(x, W1, b1, W2, b2, W3, b3, y):
    a1 = forward(x, W1, b1, W2, b2, W3, b3).a1
    return np.outer(delta2(x, W1, b1, W2, b2, W3, b3, y), a1)


@claim(loss, wrt="b2", source="section 2.9, parameter gradients")
def dL_db2(x, W1, b1, W2, b2, W3, b3, y):
    return delta2(x, W1, b1, W2, b2, W3, b3, y)


@claim(loss, wrt="W1", source="section 2.9, parameter gradients")
def dL_dW1(x, W1, b1, W2, b2, W3, b3, y):
    return np.outer(delta1(x, W1, b1, W2, b2, W3, b3, y), x)


@claim(loss, wrt="b1", source="section 2.9, parameter gradients")
def dL_db1(x, W1, b1, W2, b2, W3, b3, y):
    return delta1(x, W1, b1, W2, b2, W3, b3, y)
