"""Layer Jacobians and their products: lecture notes, sections 3.2 to 3.4, with phi = ReLU and psi = tanh.

The notes give no numbers here (section 3.5 does); d0, d1, d2 = 3, 4, 2, and W3 is a row, so z3 is a scalar.
"""

from functools import partial
from types import SimpleNamespace

import numpy as np

import symdiff as sd

INPUTS = {
    "x": np.array([1.0, -0.5, 2.0]),
    "W1": np.array([[0.5, 1.0, -1.0], [1.0, 0.5, 2.0], [-1.0, 0.0, 1.5], [2.0, 1.0, 0.5]]),
    "b1": np.array([0.5, -0.5, 1.0, 0.0]),
    "W2": np.array([[1.0, -0.5, 0.5, 0.5], [0.5, 1.0, -1.0, -0.5]]),
    "b2": np.array([0.25, -0.25]),
    "W3": np.array([1.5, -0.5]),
    "b3": 0.5,
    "y": 1.0,
}
claim = partial(sd.derivative_of, inputs=INPUTS)


def forward(x, W1, b1, W2, b2, W3, b3, y):
    z1 = W1 @ x + b1
    a1 = sd.name(np.maximum(z1, 0), "a1")
    a2 = sd.name(np.tanh(W2 @ a1 + b2), "a2")
    y_hat = 1 / (1 + np.exp(-(W3 @ a2 + b3)))
    return SimpleNamespace(z1=z1, a1=a1, a2=a2, y_hat=y_hat)


def loss(x, W1, b1, W2, b2, W3, b3, y):
    return (forward(x, W1, b1, W2, b2, W3, b3, y).y_hat - y) ** 2 / 2


def prediction(x, W1, b1, W2, b2, W3, b3, y):
    return forward(x, W1, b1, W2, b2, W3, b3, y).y_hat


def activation_2(x, W1, b1, W2, b2, W3, b3, y):
    return forward(x, W1, b1, W2, b2, W3, b3, y).a2


def activation_1(x, W1, b1, W2, b2, W3, b3, y):
    return forward(x, W1, b1, W2, b2, W3, b3, y).a1


@claim(activation_1, wrt="x", of="jacobian", source="section 3.4, J1")
def J1(x, W1, b1, W2, b2, W3, b3, y):
    z1 = forward(x, W1, b1, W2, b2, W3, b3, y).z1
    return np.diag(np.where(z1 > 0, 1.0, 0.0)) @ W1


@claim(activation_2, wrt="a1", of="jacobian", source="section 3.4, J2")
def J2(x, W1, b1, W2, b2, W3, b3, y):
    a2 = activation_2(x, W1, b1, W2, b2, W3, b3, y)
    return np.diag(1 - a2**2) @ W2


@claim(prediction, wrt="a2", of="jacobian", source="section 3.4, J3")
def J3(x, W1, b1, W2, b2, W3, b3, y):
    y_hat = prediction(x, W1, b1, W2, b2, W3, b3, y)
    return y_hat * (1 - y_hat) * W3


@claim(prediction, wrt="x", of="jacobian", source="section 3.2, the product of the Jacobians")
def J(*inputs):
    return J3(*inputs) @ J2(*inputs) @ J1(*inputs)


@claim(loss, wrt="a2", source="section 3.4, dL/da2")
def dL_da2(x, W1, b1, W2, b2, W3, b3, y):
    inputs = x, W1, b1, W2, b2, W3, b3, y
    return (prediction(*inputs) - y) * J3(*inputs)


@claim(loss, wrt="a1", source="section 3.4, dL/da1")
def dL_da1(*inputs):
    return dL_da2(*inputs) @ J2(*inputs)


@claim(loss, wrt="x", source="section 3.4, dL/da0")
def dL_dx(*inputs):
    return dL_da1(*inputs) @ J1(*inputs)


@claim(loss, wrt="x", source="section 3.2, the chain of transposes")
def dL_dx_by_transposes(x, W1, b1, W2, b2, W3, b3, y):
    inputs = x, W1, b1, W2, b2, W3, b3, y
    return J1(*inputs).T @ (J2(*inputs).T @ (J3(*inputs) * (prediction(*inputs) - y)))


@claim(activation_1, wrt="x", of="vjp", source="section 3.3, without forming J1")
def J1_transposed_times(x, W1, b1, W2, b2, W3, b3, y, v):
    z1 = forward(x, W1, b1, W2, b2, W3, b3, y).z1
    return W1.T @ (v * (z1 > 0))
