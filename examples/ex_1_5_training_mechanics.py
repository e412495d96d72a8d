"""Training mechanics: lecture notes, sections 1.5 to 1.7, tables 1.1 to 1.3, and the convention of each row.

The notes write W X with columns in table 1.1 and err W^T, X^T err with rows in tables 1.2 and 1.3. `LAYOUTS` has the
shapes of both conventions; `python examples/ex_1_5_training_mechanics.py` prints which row fits which.
"""

import numpy as np

import symdiff as sd

# n samples as the rows of X; for one sample n is 1.
ROWS = {
    "W1": "d0 d1", "B1": "d1", "W2": "d1 d2", "B2": "d2", "W3": "d2 d3", "B3": "d3", "X": "n d0", "Y": "n d3",
    "HI_1": "n d1", "HO_1": "n d1", "HI_2": "n d2", "HO_2": "n d2", "HO_final": "n d3", "Y_hat": "n d3",
    "E": "n d3", "err_HO_final": "n d3", "err_HO_2": "n d2", "err_HO_1": "n d1", "lr": "",
}  # fmt: skip
# One sample as a column.
COLUMNS = {
    "W1": "d1 d0", "B1": "d1 1", "W2": "d2 d1", "B2": "d2 1", "W3": "d3 d2", "B3": "d3 1", "X": "d0 1", "Y": "d3 1",
    "HI_1": "d1 1", "HO_1": "d1 1", "HI_2": "d2 1", "HO_2": "d2 1", "HO_final": "d3 1", "Y_hat": "d3 1",
    "E": "d3 1", "err_HO_final": "d3 1", "err_HO_2": "d2 1", "err_HO_1": "d1 1", "lr": "",
}  # fmt: skip
LAYOUTS = {"columns": COLUMNS, "rows": ROWS}
PARAMETERS = ("W1", "B1", "W2", "B2", "W3", "B3")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


# The rows as the notes print them, each in terms of the quantities before it.
PRINTED = {
    "HI_1": lambda W1, X, B1: W1 @ X + B1,
    "HO_1": lambda HI_1: sigmoid(HI_1),
    "HI_2": lambda W2, HO_1, B2: W2 @ HO_1 + B2,
    "HO_2": lambda HI_2: sigmoid(HI_2),
    "HO_final": lambda W3, HO_2, B3: W3 @ HO_2 + B3,
    "E": lambda Y, Y_hat: Y - Y_hat,
    "err_HO_final": lambda E, HO_final: E * slope(HO_final),
    "err_HO_2": lambda err_HO_final, W3, HI_2: err_HO_final @ W3.T * slope(HI_2),
    "err_HO_1": lambda err_HO_2, W2, HI_1: err_HO_2 @ W2.T * slope(HI_1),
    "W1": lambda W1, lr, X, err_HO_1: W1 + lr * X.T @ err_HO_1,
    "W2": lambda W2, lr, HO_1, err_HO_2: W2 + lr * HO_1.T @ err_HO_2,
    "W3": lambda W3, lr, HO_2, err_HO_final: W3 + lr * HO_2.T @ err_HO_final,
}
SECTION_1_7 = {"W1": lambda W1, lr, err_HO_1, X: W1 + lr * err_HO_1 @ X.T}


def loss(W1, B1, W2, B2, W3, B3, X, Y):
    """Half the squared error; the rows of X are samples."""
    HI_1 = sd.name(X @ W1 + B1, "HI_1")
    HO_1 = sigmoid(HI_1)
    HI_2 = sd.name(HO_1 @ W2 + B2, "HI_2")
    HO_2 = sigmoid(HI_2)
    HO_final = sd.name(HO_2 @ W3 + B3, "HO_final")
    Y_hat = sigmoid(HO_final)
    E = Y - Y_hat
    return 0.5 * (E**2).sum()


def one_sample(W1, B1, W2, B2, W3, B3, X, Y):
    """The same for one sample as a vector, in the order of table 1.1."""
    HI_1 = W1 @ X + B1
    HO_1 = sigmoid(HI_1)
    HI_2 = W2 @ HO_1 + B2
    HO_2 = sigmoid(HI_2)
    HO_final = W3 @ HO_2 + B3
    Y_hat = sigmoid(HO_final)
    E = Y - Y_hat
    return 0.5 * E @ E


VECTORS = {k: v.removesuffix(" 1") for k, v in COLUMNS.items() if k in (*PARAMETERS, "X", "Y")}
INPUTS = {name: ROWS[name] for name in (*PARAMETERS, "X", "Y")}


def errors(W1, B1, W2, B2, W3, B3, X, Y):
    """Table 1.2, with rows."""
    HI_1 = X @ W1 + B1
    HO_1 = sigmoid(HI_1)
    HI_2 = HO_1 @ W2 + B2
    HO_2 = sigmoid(HI_2)
    HO_final = HO_2 @ W3 + B3
    err_HO_final = (Y - sigmoid(HO_final)) * slope(HO_final)
    err_HO_2 = err_HO_final @ W3.T * slope(HI_2)
    err_HO_1 = err_HO_2 @ W2.T * slope(HI_1)
    return err_HO_1, err_HO_2, err_HO_final, HO_1, HO_2


@sd.derivative_of(loss, wrt=("HI_1", "HI_2", "HO_final"), inputs=INPUTS, source="table 1.2")
def layer_errors(W1, B1, W2, B2, W3, B3, X, Y):
    """The errors of the layers are minus the derivatives of the loss."""
    err_HO_1, err_HO_2, err_HO_final, _, _ = errors(W1, B1, W2, B2, W3, B3, X, Y)
    return -err_HO_1, -err_HO_2, -err_HO_final


def descent(W1, B1, W2, B2, W3, B3, X, Y, lr):
    """One step of gradient descent for each parameter."""
    parameters = (W1, B1, W2, B2, W3, B3)
    gradients = sd.grad(loss, wrt=PARAMETERS)(*parameters, X, Y)
    return tuple(p - lr * g for p, g in zip(parameters, gradients, strict=True))


@sd.derivative_of(descent, of="value", inputs={**INPUTS, "lr": ""}, source="table 1.3")
def updates(W1, B1, W2, B2, W3, B3, X, Y, lr):
    """The plus sign is right, because the error is target minus output; a bias adds the errors of all samples."""
    e1, e2, e3, HO_1, HO_2 = errors(W1, B1, W2, B2, W3, B3, X, Y)
    return (
        W1 + lr * X.T @ e1, B1 + lr * e1.sum(0), W2 + lr * HO_1.T @ e2, B2 + lr * e2.sum(0),
        W3 + lr * HO_2.T @ e3, B3 + lr * e3.sum(0),
    )  # fmt: skip


if __name__ == "__main__":
    for fit in (*sd.fits(PRINTED, LAYOUTS), *sd.fits(SECTION_1_7, LAYOUTS)):
        print(fit)
    print(sd.explain(one_sample, VECTORS, wrt=PARAMETERS, update="lr"))
