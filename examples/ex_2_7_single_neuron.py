"""One sigmoid neuron under the half squared error: lecture notes, section 2.7, table 2.1.

The notes print the forward pass; the three derivatives follow from the same steps as in table 2.2.
"""

from functools import partial

import numpy as np

import symdiff as sd

INPUTS = {"x": 2.0, "w": 3.0, "b": 1.0, "y": 1.0}
claim = partial(sd.derivative_of, inputs=INPUTS)


def forward(x, w, b):
    z = sd.name(w * x + b, "z")
    y_hat = sd.name(1 / (1 + np.exp(-z)), "y_hat")
    return z, y_hat


def loss(x, w, b, y):
    _, y_hat = forward(x, w, b)
    return sd.name((y - y_hat) ** 2 / 2, "L")


TABLE_2_1 = sd.printed(loss, INPUTS, {"z": "7", "y_hat": "0.999088", "L": "4.16e-7"}, source="table 2.1")


@claim(loss, wrt="z")
def dL_dz(x, w, b, y):
    _, y_hat = forward(x, w, b)
    return (y_hat - y) * y_hat * (1 - y_hat)


@claim(loss, wrt="w")
def dL_dw(x, w, b, y):
    return dL_dz(x, w, b, y) * x


@claim(loss, wrt="b")
def dL_db(x, w, b, y):
    return dL_dz(x, w, b, y)
