"""Gradient, Hessian and Hessian-vector product of a quadratic: lecture notes, section 2.11.1.

The notes choose the direction u = (1, -1) and no point w, since the second derivative does not depend on w.
"""

from functools import partial

import numpy as np

import symdiff as sd

INPUTS = {"w": np.array([1.0, 2.0])}
U = np.array([1.0, -1.0])
claim = partial(sd.derivative_of, wrt="w", inputs=INPUTS)


def f(w):
    return w[0] ** 2 + 3 * w[0] * w[1] + 2 * w[1] ** 2


def slope(w):
    """The derivative of f along u = (1, -1)."""
    return gradient(w) @ U


@claim(f, source="section 2.11.1, the gradient")
def gradient(w):
    return np.array([2 * w[0] + 3 * w[1], 3 * w[0] + 4 * w[1]])


@claim(f, of="hessian", printed=[["2", "3"], ["3", "4"]], source="section 2.11.1, the Hessian")
def hessian(w):
    return np.array([[2.0, 3.0], [3.0, 4.0]])


@claim(f, of="hvp", source="section 2.11.1, the Hessian times a direction")
def hessian_times(w, u):
    return sd.name(hessian(w) @ u, "Hu")


@claim(slope, of="value", source="section 2.11.1, the gradient along u")
def slope_in_closed_form(w):
    return -(w[0] + w[1])


@claim(slope, printed=["-1", "-1"], source="section 2.11.1, the gradient of the slope")
def gradient_of_slope(w):
    return np.array([-1.0, -1.0])


PRODUCT = sd.printed(hessian_times, {**INPUTS, "u": U}, {"Hu": ["-1", "-1"]}, source="section 2.11.1, H u")
