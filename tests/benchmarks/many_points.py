"""Many points: the gradient of the three scalar layers at 10^6 points in one call, 6 arrays of 10^6 out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

import symdiff as sd
from symdiff import calculus

from .tasks import Call, Candidate, Task
from .three_layers import PARAMETERS, POINT, autograd_loss, jax_loss, loss, symbolic_gradient, torch_loss

POINTS = 10**6
CHUNK = 32_768

Setting = tuple[Any, ...]


def setting() -> Setting:
    """The parameters as Python floats, then the points and their targets."""
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal(POINTS), (generator.random(POINTS) > 0.5).astype(float)
    return (*POINT[:6], x, y)


def by_hand(
    w1: float, b1: float, w2: float, b2: float, w3: float, b3: float, x: Any, y: Any
) -> tuple[Any, ...]:
    """The backward pass in NumPy, a fresh array for every intermediate."""
    z1 = w1 * x + b1
    a1 = np.maximum(z1, 0)
    a2 = np.tanh(w2 * a1 + b2)
    y_hat = 1 / (1 + np.exp(-(w3 * a2 + b3)))
    z3_bar = (y_hat - y) * y_hat * (1 - y_hat)
    z2_bar = z3_bar * w3 * (1 - a2 * a2)
    z1_bar = z2_bar * w2 * (z1 > 0)
    return z1_bar * x, z1_bar, z2_bar * a1, z2_bar, z3_bar * a2, z3_bar


def _in_chunks(point: Setting) -> Call:
    """The same by hand, chunk by chunk into arrays that are kept: what fresh arrays cost."""
    parameters, x, y = point[:6], point[6], point[7]
    kept = np.empty((6, POINTS))

    def call() -> Any:
        for start in range(0, POINTS, CHUNK):
            part = slice(start, start + CHUNK)
            for row, found in zip(kept, by_hand(*parameters, x[part], y[part]), strict=True):
                row[part] = found
        return list(kept)

    return call


# symdiff --------------------------------------------------------------------------------------------------


def _spread_losses(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, y: Any) -> Any:
    """The sum of the losses, with each parameter named where it has become one value for each point."""
    given = zip(PARAMETERS, (w1, b1, w2, b2, w3, b3), strict=True)
    return np.sum(loss(*(sd.name(np.broadcast_to(v, x.shape), f"{k} of each") for k, v in given), x, y))


def _total_loss(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, y: Any) -> Any:
    return np.sum(loss(w1, b1, w2, b2, w3, b3, x, y))


def _symdiff(point: Setting) -> Call:
    """The graph of one point, entry by entry."""
    kernel = calculus.gradient(sd.trace(loss, *POINT), PARAMETERS).compile("numpy")
    return lambda: kernel(*point)


def _symdiff_named(point: Setting) -> Call:
    kernel = calculus.gradient(
        sd.trace(_spread_losses, *point), [f"{k} of each" for k in PARAMETERS]
    ).compile("numpy")
    return lambda: kernel(*point)


def _symdiff_expanded(point: Setting) -> Call:
    expanded = (*(np.full(POINTS, v) for v in point[:6]), *point[6:])
    kernel = calculus.gradient(sd.trace(_total_loss, *expanded), PARAMETERS).compile("numpy")
    return lambda: kernel(*expanded)


def _symdiff_jacobian(point: Setting) -> Call:
    kernel = calculus.jacobian(sd.trace(loss, *point), PARAMETERS).compile("numpy")
    return lambda: kernel(*point)


# Peers ----------------------------------------------------------------------------------------------------


def _lambdify(point: Setting) -> Call:
    program = sp.lambdify(*symbolic_gradient(), "numpy", cse=True)
    return lambda: program(*point)


def _jax(point: Setting, jax: Any) -> Call:
    gradient = jax.grad(jax_loss(jax), argnums=range(6))
    per_point = jax.jit(jax.vmap(gradient, in_axes=(None,) * 6 + (0, 0)))
    values = [jax.numpy.asarray(v) for v in point]
    return lambda: jax.block_until_ready(per_point(*values))


def _torch(point: Setting, torch: Any) -> Call:
    expanded = [torch.full((POINTS,), v, dtype=torch.float64, requires_grad=True) for v in point[:6]]
    x, y = (torch.from_numpy(v) for v in point[6:])
    return lambda: torch.autograd.grad(torch_loss(torch, *expanded, x, y).sum(), expanded)


def _autograd(point: Setting, autograd: Any) -> Call:
    expanded, (x, y) = tuple(np.full(POINTS, v) for v in point[:6]), point[6:]
    gradient = autograd.grad(lambda p: autograd_loss(autograd.numpy, p, x, y))
    return lambda: gradient(expanded)


def _numba(point: Setting, numba: Any) -> Call:
    @numba.njit  # type: ignore[untyped-decorator]
    def loop(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, y: Any, out: Any) -> Any:
        for k in range(len(x)):
            z1 = w1 * x[k] + b1
            a1 = z1 if z1 > 0 else 0.0
            a2 = math.tanh(w2 * a1 + b2)
            y_hat = 1 / (1 + math.exp(-(w3 * a2 + b3)))
            z3_bar = (y_hat - y[k]) * y_hat * (1 - y_hat)
            z2_bar = z3_bar * w3 * (1 - a2 * a2)
            z1_bar = z2_bar * w2 if z1 > 0 else 0.0
            out[0, k], out[1, k], out[2, k] = z1_bar * x[k], z1_bar, z2_bar * a1
            out[3, k], out[4, k], out[5, k] = z2_bar, z3_bar * a2, z3_bar
        return out

    kept = np.empty((6, POINTS))
    return lambda: loop(*point, kept)


MANY_POINTS = Task(
    "many-points",
    "Three scalar layers, gradient by 6 parameters at 10^6 points in one call",
    setting,
    (
        Candidate("NumPy by hand, fresh arrays", lambda point: lambda: by_hand(*point)),
        Candidate("NumPy by hand, chunks into kept arrays", _in_chunks),
        Candidate('symdiff, compile("numpy"), graph of one point', _symdiff),
        Candidate("symdiff, wrt the named spread parameters", _symdiff_named),
        Candidate("symdiff, parameters as full arrays", _symdiff_expanded),
        Candidate("symdiff, jacobian of the vector of losses", _symdiff_jacobian),
        Candidate("SymPy lambdify, numpy, cse", _lambdify),
        Candidate("JAX jit(vmap(grad))", _jax, ("jax",)),
        Candidate("PyTorch eager, parameters as full arrays", _torch, ("torch",)),
        Candidate("numba, fused loop by hand", _numba, ("numba",)),
        Candidate("autograd, parameters as full arrays", _autograd, ("autograd",)),
    ),
)
