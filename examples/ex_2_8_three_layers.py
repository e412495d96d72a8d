"""Three neurons in a row, ReLU, tanh and sigmoid: lecture notes, section 2.8, tables 2.4 to 2.7.

Every step of the backward tables is a claim of its own; a step that multiplies two steps calls their claims.
"""

from functools import partial
from types import SimpleNamespace

import numpy as np

import symdiff as sd

INPUTS = {"x": 2.0, "w1": 1.5, "b1": -1.0, "w2": 0.5, "b2": 0.1, "w3": 2.0, "b3": -0.3, "y": 1.0}
claim = partial(sd.derivative_of, inputs=INPUTS)


def forward(x, w1, b1, w2, b2, w3, b3, y):
    z1 = sd.name(w1 * x + b1, "z1")
    a1 = sd.name(np.maximum(z1, 0), "a1")
    z2 = sd.name(w2 * a1 + b2, "z2")
    a2 = sd.name(np.tanh(z2), "a2")
    z3 = sd.name(w3 * a2 + b3, "z3")
    y_hat = sd.name(1 / (1 + np.exp(-z3)), "y_hat")
    loss = sd.name((y - y_hat) ** 2 / 2, "L")
    return SimpleNamespace(z1=z1, a1=a1, z2=z2, a2=a2, z3=z3, y_hat=y_hat, loss=loss)


def loss(x, w1, b1, w2, b2, w3, b3, y):
    return forward(x, w1, b1, w2, b2, w3, b3, y).loss


def prediction(x, w1, b1, w2, b2, w3, b3, y):
    return forward(x, w1, b1, w2, b2, w3, b3, y).y_hat


def pre_activation_3(x, w1, b1, w2, b2, w3, b3, y):
    return forward(x, w1, b1, w2, b2, w3, b3, y).z3


def activation_2(x, w1, b1, w2, b2, w3, b3, y):
    return forward(x, w1, b1, w2, b2, w3, b3, y).a2


def pre_activation_2(x, w1, b1, w2, b2, w3, b3, y):
    return forward(x, w1, b1, w2, b2, w3, b3, y).z2


def activation_1(x, w1, b1, w2, b2, w3, b3, y):
    return forward(x, w1, b1, w2, b2, w3, b3, y).a1


def pre_activation_1(x, w1, b1, w2, b2, w3, b3, y):
    return forward(x, w1, b1, w2, b2, w3, b3, y).z1


TABLE_2_4 = sd.printed(
    loss,
    INPUTS,
    {
        "z1": "2.0",
        "a1": "2.0",
        "z2": "1.1",
        "a2": "0.800499",
        "z3": "1.300998",
        "y_hat": "0.786003",
        "L": "0.022897",
    },
    source="table 2.4",
)


# Table 2.5: the output layer.


@claim(loss, wrt="y_hat", printed="-0.213997", source="table 2.5, step 16")
def dL_dyhat(x, w1, b1, w2, b2, w3, b3, y):
    return prediction(x, w1, b1, w2, b2, w3, b3, y) - y


@claim(prediction, wrt="z3", printed="0.168202", source="table 2.5, step 17")
def dyhat_dz3(*inputs):
    y_hat = prediction(*inputs)
    return y_hat * (1 - y_hat)


@claim(loss, wrt="z3", printed="-0.035995", source="table 2.5, step 18")
def dL_dz3(*inputs):
    return dL_dyhat(*inputs) * dyhat_dz3(*inputs)


@claim(pre_activation_3, wrt="w3", printed="0.800499", source="table 2.5, step 19")
def dz3_dw3(*inputs):
    return activation_2(*inputs)


@claim(loss, wrt="w3", printed="-0.028814", source="table 2.5, step 20")
def dL_dw3(*inputs):
    return dL_dz3(*inputs) * dz3_dw3(*inputs)


@claim(pre_activation_3, wrt="b3", printed="1", source="table 2.5, step 21")
def dz3_db3(*inputs):
    return 1.0


@claim(loss, wrt="b3", printed="-0.035995", source="table 2.5, step 22")
def dL_db3(*inputs):
    return dL_dz3(*inputs) * dz3_db3(*inputs)


@claim(pre_activation_3, wrt="a2", printed="2", source="table 2.5, step 23")
def dz3_da2(x, w1, b1, w2, b2, w3, b3, y):
    return w3


@claim(loss, wrt="a2", printed="-0.071990", source="table 2.5, step 24")
def dL_da2(*inputs):
    return dL_dz3(*inputs) * dz3_da2(*inputs)


# Table 2.6: the second hidden layer.


@claim(activation_2, wrt="z2", printed="0.359201", source="table 2.6, step 25")
def da2_dz2(*inputs):
    return 1 - activation_2(*inputs) ** 2


@claim(loss, wrt="z2", printed="-0.025859", source="table 2.6, step 26")
def dL_dz2(*inputs):
    return dL_da2(*inputs) * da2_dz2(*inputs)


@claim(pre_activation_2, wrt="w2", printed="2.0", source="table 2.6, step 27")
def dz2_dw2(*inputs):
    return activation_1(*inputs)


@claim(loss, wrt="w2", printed="-0.051718", source="table 2.6, step 28")
def dL_dw2(*inputs):
    return dL_dz2(*inputs) * dz2_dw2(*inputs)


@claim(pre_activation_2, wrt="b2", printed="1", source="table 2.6, step 29")
def dz2_db2(*inputs):
    return 1.0


@claim(loss, wrt="b2", printed="-0.025859", source="table 2.6, step 30")
def dL_db2(*inputs):
    return dL_dz2(*inputs) * dz2_db2(*inputs)


@claim(pre_activation_2, wrt="a1", printed="0.5", source="table 2.6, step 31")
def dz2_da1(x, w1, b1, w2, b2, w3, b3, y):
    return w2


@claim(loss, wrt="a1", printed="-0.012929", source="table 2.6, step 32")
def dL_da1(*inputs):
    return dL_dz2(*inputs) * dz2_da1(*inputs)


# Table 2.7: the first hidden layer.


@claim(activation_1, wrt="z1", printed="1", source="table 2.7, step 33")
def da1_dz1(*inputs):
    return np.where(pre_activation_1(*inputs) > 0, 1.0, 0.0)


@claim(loss, wrt="z1", printed="-0.012929", source="table 2.7, step 34")
def dL_dz1(*inputs):
    return dL_da1(*inputs) * da1_dz1(*inputs)


@claim(pre_activation_1, wrt="w1", printed="2", source="table 2.7, step 35")
def dz1_dw1(x, w1, b1, w2, b2, w3, b3, y):
    return x


@claim(loss, wrt="w1", printed="-0.025859", source="table 2.7, step 36")
def dL_dw1(*inputs):
    return dL_dz1(*inputs) * dz1_dw1(*inputs)


@claim(pre_activation_1, wrt="b1", printed="1", source="table 2.7, step 37")
def dz1_db1(*inputs):
    return 1.0


@claim(loss, wrt="b1", printed="-0.012929", source="table 2.7, step 38")
def dL_db1(*inputs):
    return dL_dz1(*inputs) * dz1_db1(*inputs)
