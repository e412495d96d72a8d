"""Gradient and Hessian-vector product of a linear network with three layers: lecture notes, section 2.11.2.

The notes write out the gradient and the scalar s = gradient . u, and leave H u, the gradient of s, to the
reader. By hand: y_hat is a polynomial with gradient v, the gradient of the loss is (y_hat - y) v, hence
H u = (v . u) v + (y_hat - y) v_dot, where a dot is the derivative along u. The notes give no numbers; here
they are those of section 2.8.
"""

from functools import partial

import numpy as np

import symdiff as sd

INPUTS = {"theta": np.array([1.5, -1.0, 0.5, 0.1, 2.0, -0.3]), "x": 2.0, "y": 1.0}
U = np.array([1.0, -1.0, 2.0, 0.5, -0.5, 1.0])
claim = partial(sd.derivative_of, wrt="theta", source="section 2.11.2")


def loss(theta, x, y):
    w1, b1, w2, b2, w3, b3 = theta
    y_hat = w3 * (w2 * (w1 * x + b1) + b2) + b3
    return (y_hat - y) ** 2 / 2


def backward(theta, x, y):
    """The residual y_hat - y, and v, the derivative of y_hat by theta."""
    w1, b1, w2, b2, w3, b3 = theta
    a1 = w1 * x + b1
    a2 = w2 * a1 + b2
    residual = w3 * a2 + b3 - y
    return residual, np.array([w3 * w2 * x, w3 * w2, w3 * a1, w3, a2, 1.0])


def slope(theta, x, y, u):
    """s(theta), the gradient of the loss times u, as the notes multiply it out."""
    w1, b1, w2, b2, w3, b3 = theta
    u_w1, u_b1, u_w2, u_b2, u_w3, u_b3 = u
    a1 = w1 * x + b1
    a2 = w2 * a1 + b2
    y_hat = w3 * a2 + b3
    return (y_hat - y) * (u_w1 * w3 * w2 * x + u_b1 * w3 * w2 + u_w2 * w3 * a1 + u_b2 * w3 + u_w3 * a2 + u_b3)


@claim(loss, inputs=INPUTS)
def gradient(theta, x, y):
    residual, v = backward(theta, x, y)
    return residual * v


@claim(loss, of="jvp", inputs=INPUTS)
def gradient_times_u(theta, x, y, u):
    return slope(theta, x, y, u)


@claim(loss, of="hvp", inputs=INPUTS)
def hessian_times_u(theta, x, y, u):
    w1, b1, w2, _, w3, _ = theta
    u_w1, u_b1, u_w2, u_b2, u_w3, _ = u
    residual, v = backward(theta, x, y)
    a1 = w1 * x + b1
    a1_dot = u_w1 * x + u_b1
    a2_dot = u_w2 * a1 + w2 * a1_dot + u_b2
    product_dot = u_w3 * w2 + w3 * u_w2
    v_dot = np.array([product_dot * x, product_dot, u_w3 * a1 + w3 * a1_dot, u_w3, a2_dot, 0.0])
    return (v @ u) * v + residual * v_dot


@claim(slope, inputs={**INPUTS, "u": U})
def gradient_of_slope(theta, x, y, u):
    """The identity of section 2.11: the gradient of s is H u."""
    return hessian_times_u(theta, x, y, u)
