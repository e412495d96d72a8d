"""Explicit Jacobians with all their numbers: lecture notes, section 3.5.

The notes do not print phi, psi and y; their numbers give phi = ReLU, psi = tanh and y = 1.
"""

from functools import partial
from types import SimpleNamespace

import numpy as np

import symdiff as sd

INPUTS = {
    "x": np.array([2.0, 1.0]),
    "W1": np.array([[1.0, 2.0], [-0.5, 1.5]]),
    "b1": np.array([0.1, -0.2]),
    "W2": np.array([[0.7, -1.2], [1.1, 0.3]]),
    "b2": np.array([0.05, -0.1]),
    "W3": np.array([1.4, -0.8]),
    "b3": 0.2,
    "y": 1.0,
}
claim = partial(sd.derivative_of, inputs=INPUTS)


def forward(x, W1, b1, W2, b2, W3, b3, y):
    z1 = sd.name(W1 @ x + b1, "z1")
    a1 = sd.name(np.maximum(z1, 0), "a1")
    z2 = sd.name(W2 @ a1 + b2, "z2")
    a2 = sd.name(np.tanh(z2), "a2")
    z3 = sd.name(W3 @ a2 + b3, "z3")
    y_hat = sd.name(1 / (1 + np.exp(-z3)), "y_hat")
    return SimpleNamespace(z1=z1, a1=a1, a2=a2, y_hat=y_hat, loss=(y_hat - y) ** 2 / 2)


def loss(x, W1, b1, W2, b2, W3, b3, y):
    return forward(x, W1, b1, W2, b2, W3, b3, y).loss


def prediction(x, W1, b1, W2, b2, W3, b3, y):
    return forward(x, W1, b1, W2, b2, W3, b3, y).y_hat


def activation_2(x, W1, b1, W2, b2, W3, b3, y):
    return forward(x, W1, b1, W2, b2, W3, b3, y).a2


def activation_1(x, W1, b1, W2, b2, W3, b3, y):
    return forward(x, W1, b1, W2, b2, W3, b3, y).a1


FORWARD = sd.printed(
    loss,
    INPUTS,
    {
        "z1": ["4.1", "0.3"],
        "a1": ["4.1", "0.3"],
        "z2": ["2.56", "4.50"],
        "a2": ["0.988119", "0.999753"],
        "z3": "0.783564",
        "y_hat": "0.686448",
    },
    source="section 3.5, forward",
)


@claim(activation_1, wrt="x", of="jacobian", printed=[["1", "2"], ["-0.5", "1.5"]], source="section 3.5, J1")
def J1(x, W1, b1, W2, b2, W3, b3, y):
    z1 = forward(x, W1, b1, W2, b2, W3, b3, y).z1
    slope = sd.name(np.where(z1 > 0, 1.0, 0.0), "phi'(z1)")
    return np.diag(slope) @ W1


@claim(
    activation_2,
    wrt="a1",
    of="jacobian",
    printed=[["0.016535", "-0.028345"], ["0.000543", "0.000148"]],
    source="section 3.5, J2",
)
def J2(x, W1, b1, W2, b2, W3, b3, y):
    a2 = activation_2(x, W1, b1, W2, b2, W3, b3, y)
    slope = sd.name(1 - a2**2, "psi'(z2)")
    return np.diag(slope) @ W2


SLOPE_1 = sd.printed(J1, INPUTS, {"phi'(z1)": ["1", "1"]}, source="section 3.5, layer 1")
SLOPE_2 = sd.printed(J2, INPUTS, {"psi'(z2)": ["0.023620", "0.000494"]}, source="section 3.5, layer 2")


@claim(loss, wrt="y_hat", printed="-0.313552", source="section 3.5, dL/dy_hat")
def dL_dyhat(x, W1, b1, W2, b2, W3, b3, y):
    return prediction(x, W1, b1, W2, b2, W3, b3, y) - y


@claim(prediction, wrt="z3", printed="0.215271", source="section 3.5, sigma'(z3)")
def dyhat_dz3(*inputs):
    y_hat = prediction(*inputs)
    return y_hat * (1 - y_hat)


@claim(prediction, wrt="a2", of="jacobian", printed=["0.301332", "-0.172190"], source="section 3.5, J3")
def J3(x, W1, b1, W2, b2, W3, b3, y):
    return dyhat_dz3(x, W1, b1, W2, b2, W3, b3, y) * W3


@claim(loss, wrt="a2", printed=["-0.094506", "0.053988"], source="section 3.5, dL/da2")
def dL_da2(*inputs):
    return dL_dyhat(*inputs) * J3(*inputs)


@claim(loss, wrt="a1", printed=["-0.001435", "0.002267"], source="section 3.5, dL/da1")
def dL_da1(*inputs):
    return dL_da2(*inputs) @ J2(*inputs)


@claim(loss, wrt="x", printed=["-0.002876", "0.000963"], source="section 3.5, the gradient by x")
def dL_dx(*inputs):
    return dL_da1(*inputs) @ J1(*inputs)
