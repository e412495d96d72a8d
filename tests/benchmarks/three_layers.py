"""Width one: three scalar layers (ReLU, tanh, sigmoid, squared error), the gradient by 6 Python floats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

import symdiff as sd
from symdiff import calculus

from .tasks import Call, Candidate, Task

PARAMETERS = ("w1", "b1", "w2", "b2", "w3", "b3")
POINT = (0.7, 0.2, -1.1, 0.3, 0.9, -0.4, 0.8, 1.0)


def loss(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, y: Any) -> Any:
    """The network of worked example 2.8, in NumPy."""
    a1 = np.maximum(w1 * x + b1, 0)
    a2 = np.tanh(w2 * a1 + b2)
    y_hat = 1 / (1 + np.exp(-(w3 * a2 + b3)))
    return (y_hat - y) ** 2 / 2


def by_hand(
    w1: float, b1: float, w2: float, b2: float, w3: float, b3: float, x: float, y: float
) -> tuple[float, ...]:
    """The backward pass on Python floats."""
    z1 = w1 * x + b1
    a1 = z1 if z1 > 0 else 0.0
    a2 = math.tanh(w2 * a1 + b2)
    y_hat = 1 / (1 + math.exp(-(w3 * a2 + b3)))
    z3_bar = (y_hat - y) * y_hat * (1 - y_hat)
    z2_bar = z3_bar * w3 * (1 - a2 * a2)
    z1_bar = z2_bar * w2 if z1 > 0 else 0.0
    return z1_bar * x, z1_bar, z2_bar * a1, z2_bar, z3_bar * a2, z3_bar


def symbolic_gradient() -> tuple[list[sp.Symbol], list[sp.Expr]]:
    """The arguments and the 6 derivatives in SymPy."""
    arguments = sp.symbols("w1 b1 w2 b2 w3 b3 x y")
    w1, b1, w2, b2, w3, b3, x, y = arguments
    z1 = w1 * x + b1
    a1 = sp.Piecewise((z1, z1 > 0), (0, True))
    y_hat = 1 / (1 + sp.exp(-(w3 * sp.tanh(w2 * a1 + b2) + b3)))
    error = (y_hat - y) ** 2 / 2
    return list(arguments), [error.diff(p) for p in arguments[:6]]


def torch_loss(torch: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, y: Any) -> Any:
    """The loss in PyTorch."""
    a2 = torch.tanh(w2 * torch.relu(w1 * x + b1) + b2)
    return (torch.sigmoid(w3 * a2 + b3) - y) ** 2 / 2


def jax_loss(jax: Any) -> Any:
    """The loss in JAX."""

    def function(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, y: Any) -> Any:
        a2 = jax.numpy.tanh(w2 * jax.nn.relu(w1 * x + b1) + b2)
        return (jax.nn.sigmoid(w3 * a2 + b3) - y) ** 2 / 2

    return function


def autograd_loss(anp: Any, p: Any, x: Any, y: Any) -> Any:
    """The sum of the losses in autograd's NumPy."""
    a2 = anp.tanh(p[2] * anp.maximum(p[0] * x + p[1], 0.0) + p[3])
    return anp.sum((1 / (1 + anp.exp(-(p[4] * a2 + p[5]))) - y) ** 2 / 2)


# One point ------------------------------------------------------------------------------------------------

Point = tuple[float, ...]


def _symdiff(point: Point) -> Call:
    kernel = calculus.gradient(sd.trace(loss, *point), PARAMETERS).compile("math")
    return lambda: kernel(*point)


def _lambdify(point: Point) -> Call:
    program = sp.lambdify(*symbolic_gradient(), "math", cse=True)
    return lambda: program(*point)


def _casadi_function(casadi: Any) -> Any:
    p, x, y = casadi.SX.sym("p", 6), casadi.SX.sym("x"), casadi.SX.sym("y")
    a2 = casadi.tanh(p[2] * casadi.fmax(p[0] * x + p[1], 0) + p[3])
    error = (1 / (1 + casadi.exp(-(p[4] * a2 + p[5]))) - y) ** 2 / 2
    return casadi.Function("gradient", [p, x, y], [casadi.gradient(error, p)])


def _casadi_buffers(point: Point, casadi: Any) -> Call:
    function = _casadi_function(casadi)
    buffer, run = function.buffer()
    given = [np.array(point[:6]), np.array(point[6:7]), np.array(point[7:])]
    found = np.zeros(6)
    for k, array in enumerate(given):
        buffer.set_arg(k, memoryview(array))
    buffer.set_res(0, memoryview(found))

    def call(held: Any = (function, buffer, given)) -> Any:  # the buffer keeps no reference to its arrays
        run()
        return found

    return call


def _casadi_call(point: Point, casadi: Any) -> Call:
    function = _casadi_function(casadi)
    parameters, x, y = casadi.DM(point[:6]), point[6], point[7]
    return lambda: function(parameters, x, y)


def _jax(point: Point, jax: Any) -> Call:
    gradient = jax.jit(jax.grad(jax_loss(jax), argnums=range(6)))
    values = [jax.numpy.asarray(v) for v in point]
    return lambda: jax.block_until_ready(gradient(*values))


def _torch(point: Point, torch: Any) -> Call:
    parameters = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in point[:6]]
    x, y = (torch.tensor(v, dtype=torch.float64) for v in point[6:])
    return lambda: torch.autograd.grad(torch_loss(torch, *parameters, x, y), parameters)


def _autograd(point: Point, autograd: Any) -> Call:
    *parameters, x, y = point
    gradient = autograd.grad(lambda p: autograd_loss(autograd.numpy, p, x, y))
    return lambda: gradient(tuple(parameters))


ONE_POINT = Task(
    "one-point",
    "Three scalar layers, gradient by 6 Python floats, one point",
    lambda: POINT,
    (
        Candidate("math code by hand", lambda point: lambda: by_hand(*point)),
        Candidate('symdiff, compile("math")', _symdiff),
        Candidate("SymPy lambdify, math, cse", _lambdify),
        Candidate("CasADi SX, buffers", _casadi_buffers, ("casadi",)),
        Candidate("CasADi SX, ordinary call", _casadi_call, ("casadi",)),
        Candidate("JAX jit, arrays on the device", _jax, ("jax",)),
        Candidate("PyTorch eager", _torch, ("torch",)),
        Candidate("autograd", _autograd, ("autograd",)),
    ),
)
