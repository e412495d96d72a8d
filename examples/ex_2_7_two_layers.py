"""Two sigmoid neurons in a row: lecture notes, section 2.7, tables 2.2 and 2.3, one claim for each step.

The notes do not print b2. Step 7 gives y_hat = 1 - 0.119587, step 10 gives a1 and step 14 gives w2 = 4;
logit(y_hat) - w2 a1 is -2.00001, so b2 = -2.
"""

from functools import partial
from types import SimpleNamespace

import numpy as np

import symdiff as sd

INPUTS = {"x": 2.0, "w1": 3.0, "b1": 1.0, "w2": 4.0, "b2": -2.0, "y": 1.0}
claim = partial(sd.derivative_of, inputs=INPUTS)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(x, w1, b1, w2, b2, y):
    z1 = sd.name(w1 * x + b1, "z1")
    a1 = sd.name(sigmoid(z1), "a1")
    z2 = sd.name(w2 * a1 + b2, "z2")
    y_hat = sd.name(sigmoid(z2), "y_hat")
    return SimpleNamespace(z1=z1, a1=a1, z2=z2, y_hat=y_hat, loss=(y - y_hat) ** 2 / 2)


def loss(x, w1, b1, w2, b2, y):
    return forward(x, w1, b1, w2, b2, y).loss


def prediction(x, w1, b1, w2, b2, y):
    return forward(x, w1, b1, w2, b2, y).y_hat


def pre_activation_2(x, w1, b1, w2, b2, y):
    return forward(x, w1, b1, w2, b2, y).z2


def activation_1(x, w1, b1, w2, b2, y):
    return forward(x, w1, b1, w2, b2, y).a1


def pre_activation_1(x, w1, b1, w2, b2, y):
    return forward(x, w1, b1, w2, b2, y).z1


# Table 2.2: the output layer. A step that multiplies two steps calls their claims.


@claim(loss, wrt="y_hat", printed="-0.119587", source="table 2.2, step 7")
def dL_dyhat(x, w1, b1, w2, b2, y):
    return prediction(x, w1, b1, w2, b2, y) - y


@claim(prediction, wrt="z2", printed="0.105233", source="table 2.2, step 8")
def dyhat_dz2(*inputs):
    y_hat = prediction(*inputs)
    return y_hat * (1 - y_hat)


@claim(loss, wrt="z2", printed="-0.012580", source="table 2.2, step 9")
def dL_dz2(*inputs):
    return dL_dyhat(*inputs) * dyhat_dz2(*inputs)


@claim(pre_activation_2, wrt="w2", printed="0.999088", source="table 2.2, step 10")
def dz2_dw2(*inputs):
    return activation_1(*inputs)


@claim(loss, wrt="w2", printed="-0.012569", source="table 2.2, step 11")
def dL_dw2(*inputs):
    return dL_dz2(*inputs) * dz2_dw2(*inputs)


@claim(pre_activation_2, wrt="b2", printed="1", source="table 2.2, step 12")
def dz2_db2(*inputs):
    return 1.0


@claim(loss, wrt="b2", printed="-0.012580", source="table 2.2, step 13")
def dL_db2(*inputs):
    return dL_dz2(*inputs) * dz2_db2(*inputs)


# Table 2.3: the hidden layer.


@claim(pre_activation_2, wrt="a1", printed="4", source="table 2.3, step 14")
def dz2_da1(x, w1, b1, w2, b2, y):
    return w2


@claim(loss, wrt="a1", printed="-0.050319", source="table 2.3, step 15")
def dL_da1(*inputs):
    return dL_dz2(*inputs) * dz2_da1(*inputs)


@claim(activation_1, wrt="z1", printed="0.000911", source="table 2.3, step 16")
def da1_dz1(*inputs):
    a1 = activation_1(*inputs)
    return a1 * (1 - a1)


@claim(loss, wrt="z1", printed="-4.584e-5", source="table 2.3, step 17")
def dL_dz1(*inputs):
    return dL_da1(*inputs) * da1_dz1(*inputs)


@claim(pre_activation_1, wrt="w1", printed="2", source="table 2.3, step 18")
def dz1_dw1(x, w1, b1, w2, b2, y):
    return x


@claim(loss, wrt="w1", printed="-9.168e-5", source="table 2.3, step 19")
def dL_dw1(*inputs):
    return dL_dz1(*inputs) * dz1_dw1(*inputs)


@claim(pre_activation_1, wrt="b1", printed="1", source="table 2.3, step 20")
def dz1_db1(*inputs):
    return 1.0


@claim(loss, wrt="b1", printed="-4.584e-5", source="table 2.3, step 21")
def dL_db1(*inputs):
    return dL_dz1(*inputs) * dz1_db1(*inputs)
