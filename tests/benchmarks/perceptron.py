"""Matrices: MLP 784-256-256-10, softmax cross-entropy, batch 128; gradient and Hessian-vector product."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from scipy.special import log_softmax

import symdiff as sd
from symdiff import calculus

from .tasks import Call, Candidate, Task

SIZES, BATCH = (784, 256, 256, 10), 128
PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")

Order = Literal["gradient", "HVP"]


@dataclass(frozen=True)
class Setting:
    """Images, one-hot labels, parameters and a direction."""

    X: np.ndarray
    Y: np.ndarray
    parameters: tuple[np.ndarray, ...]
    direction: tuple[np.ndarray, ...]


def setting(dtype: str) -> Setting:
    """Normal images and weights; biases zero."""
    generator = np.random.default_rng(0)
    X = generator.standard_normal((BATCH, SIZES[0])).astype(dtype)
    Y = np.eye(SIZES[-1], dtype=dtype)[generator.integers(0, SIZES[-1], BATCH)]
    parameters: list[np.ndarray] = []
    for rows, columns in pairwise(SIZES):
        parameters.append((generator.standard_normal((rows, columns)) / np.sqrt(rows)).astype(dtype))
        parameters.append(np.zeros(columns, dtype))
    direction = tuple(generator.standard_normal(p.shape).astype(dtype) for p in parameters)
    return Setting(X, Y, tuple(parameters), direction)


def loss(W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, X: Any, Y: Any) -> Any:
    """The mean cross-entropy, in NumPy."""
    logits = np.tanh(np.tanh(X @ W1 + b1) @ W2 + b2) @ W3 + b3
    return -np.mean(np.sum(Y * log_softmax(logits, axis=1), axis=1))


# By hand --------------------------------------------------------------------------------------------------


def _forward(s: Setting) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    W1, b1, W2, b2, W3, b3 = s.parameters
    a = s.X @ W1
    a += b1
    np.tanh(a, out=a)
    c = a @ W2
    c += b2
    np.tanh(c, out=c)
    p = c @ W3
    p += b3
    p -= p.max(axis=1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=1, keepdims=True)
    return a, c, p


def _one_minus_square(a: np.ndarray) -> np.ndarray:
    slope = a * a
    np.subtract(1, slope, out=slope)
    return slope


def gradient_by_hand(s: Setting) -> tuple[np.ndarray, ...]:
    """The backward pass, in place where that is possible."""
    _, _, W2, _, W3, _ = s.parameters
    a, c, p = _forward(s)
    z3_bar = (p - s.Y) / BATCH
    z2_bar = z3_bar @ W3.T
    z2_bar *= _one_minus_square(c)
    z1_bar = z2_bar @ W2.T
    z1_bar *= _one_minus_square(a)
    return s.X.T @ z1_bar, z1_bar.sum(0), a.T @ z2_bar, z2_bar.sum(0), c.T @ z3_bar, z3_bar.sum(0)


def hvp_by_hand(s: Setting) -> tuple[np.ndarray, ...]:
    """Pearlmutter's R-operator: the tangent of every line of the backward pass."""
    _, _, W2, _, W3, _ = s.parameters
    V1, v1, V2, v2, V3, v3 = s.direction
    a, c, p = _forward(s)
    a_slope, c_slope = _one_minus_square(a), _one_minus_square(c)
    a_dot = (s.X @ V1 + v1) * a_slope
    c_dot = (a_dot @ W2 + a @ V2 + v2) * c_slope
    z3_dot = c_dot @ W3 + c @ V3 + v3
    z3_bar = (p - s.Y) / BATCH
    z3_bar_dot = p * (z3_dot - (p * z3_dot).sum(1, keepdims=True)) / BATCH
    c_bar = z3_bar @ W3.T
    z2_bar = c_bar * c_slope
    z2_bar_dot = (z3_bar_dot @ W3.T + z3_bar @ V3.T) * c_slope - 2 * c_bar * c * c_dot
    a_bar = z2_bar @ W2.T
    z1_bar_dot = (z2_bar_dot @ W2.T + z2_bar @ V2.T) * a_slope - 2 * a_bar * a * a_dot
    return (
        s.X.T @ z1_bar_dot,
        z1_bar_dot.sum(0),
        a.T @ z2_bar_dot + a_dot.T @ z2_bar,
        z2_bar_dot.sum(0),
        c.T @ z3_bar_dot + c_dot.T @ z3_bar,
        z3_bar_dot.sum(0),
    )


# symdiff and peers ----------------------------------------------------------------------------------------


def _symdiff(order: Order) -> Any:
    def prepare(s: Setting) -> Call:
        graph = sd.trace(loss, *s.parameters, s.X, s.Y)
        if order == "gradient":
            kernel = calculus.gradient(graph, PARAMETERS).compile("numpy")
            return lambda: kernel(*s.parameters, s.X, s.Y)
        kernel = calculus.hvp(graph, PARAMETERS).compile("numpy")
        return lambda: kernel(*s.parameters, s.X, s.Y, *s.direction)

    return prepare


def _jax(order: Order) -> Any:
    def prepare(s: Setting, jax: Any) -> Call:
        jnp = jax.numpy
        X, Y = jnp.asarray(s.X), jnp.asarray(s.Y)
        parameters, direction = (tuple(map(jnp.asarray, v)) for v in (s.parameters, s.direction))

        def function(p: Any) -> Any:
            logits = jnp.tanh(jnp.tanh(X @ p[0] + p[1]) @ p[2] + p[3]) @ p[4] + p[5]
            return -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(logits, axis=1), axis=1))

        gradient = jax.grad(function)
        if order == "gradient":
            compiled = jax.jit(gradient)
            return lambda: jax.block_until_ready(compiled(parameters))
        compiled = jax.jit(lambda p, v: jax.jvp(gradient, (p,), (v,))[1])
        return lambda: jax.block_until_ready(compiled(parameters, direction))

    return prepare


def _torch(order: Order) -> Any:
    def prepare(s: Setting, torch: Any) -> Call:
        X, classes = torch.from_numpy(s.X), torch.from_numpy(s.Y.argmax(axis=1))
        p = [torch.from_numpy(v).clone().requires_grad_() for v in s.parameters]
        direction = [torch.from_numpy(v) for v in s.direction]

        def function() -> Any:
            logits = torch.tanh(torch.tanh(X @ p[0] + p[1]) @ p[2] + p[3]) @ p[4] + p[5]
            return torch.nn.functional.cross_entropy(logits, classes)

        def product() -> Any:
            first = torch.autograd.grad(function(), p, create_graph=True)
            return torch.autograd.grad(first, p, grad_outputs=direction)

        return product if order == "HVP" else lambda: torch.autograd.grad(function(), p)

    return prepare


def task(order: Order, dtype: str) -> Task:
    """Gradient or Hessian-vector product, float32 or float64."""
    by_hand = gradient_by_hand if order == "gradient" else hvp_by_hand
    return Task(
        f"mlp-{order}-{dtype}",
        f"MLP 784-256-256-10, batch {BATCH}, {order}, {dtype}",
        lambda: setting(dtype),
        (
            Candidate("NumPy by hand", lambda s: lambda: by_hand(s)),
            Candidate('symdiff, compile("numpy")', _symdiff(order)),
            Candidate("JAX jit", _jax(order), ("jax",)),
            Candidate("PyTorch eager", _torch(order), ("torch",)),
        ),
        dtype,
    )
