"""Depth: a(k+1) = tanh(w(k) a(k) + b(k)), n layers of Python floats, the gradient by all 2n parameters."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

import symdiff as sd
from symdiff import calculus

from .series import clock
from .tasks import Call, Candidate, Task

LENGTHS = (100, 300, 1000, 2000, 10_000)
START = 0.3

Setting = tuple[list[float], list[float], float]


def setting(n: int) -> Setting:
    """Weights and biases with ``d a(k+1) / d a(k) = 1 or -1``, so that no entry of the gradient vanishes."""
    dice = random.Random(0)
    w, b, a = [], [], START
    for _ in range(n):
        target = dice.uniform(-0.5, 0.5)
        w.append(dice.choice((-1.0, 1.0)) / (1 - target**2))
        b.append(math.atanh(target) - w[-1] * a)
        a = target
    return w, b, START


def chain(w: Any, b: Any, x: Any) -> Any:
    """The function, in NumPy."""
    a = x
    for w_k, b_k in zip(w, b, strict=True):
        a = np.tanh(w_k * a + b_k)
    return a


def by_hand(w: list[float], b: list[float], x: float) -> tuple[list[float], list[float]]:
    """Forward and reverse loop over lists of floats."""
    tanh = math.tanh
    a = [x]
    for w_k, b_k in zip(w, b, strict=True):
        x = tanh(w_k * x + b_k)
        a.append(x)
    n, bar = len(w), 1.0
    w_bar, b_bar = [0.0] * n, [0.0] * n
    for k in range(n - 1, -1, -1):
        y = a[k + 1]
        z_bar = bar * (1 - y * y)
        b_bar[k] = z_bar
        w_bar[k] = z_bar * a[k]
        bar = z_bar * w[k]
    return w_bar, b_bar


# symdiff --------------------------------------------------------------------------------------------------


def gradient_kernel(point: Setting) -> tuple[Any, list[float]]:
    """The compiled gradient, and the seconds of trace, derive and compile."""
    times = [clock()]
    graph = sd.trace(chain, *point)
    times.append(clock())
    derived = calculus.gradient(graph, [*graph.leaf_names("w"), *graph.leaf_names("b")])
    times.append(clock())
    kernel = derived.compile("math")
    times.append(clock())
    return kernel, [b - a for a, b in pairwise(times)]


def _symdiff(point: Setting) -> Call:
    kernel, _ = gradient_kernel(point)
    return lambda: kernel(*point)


def _symdiff_flat(point: Setting) -> Call:
    kernel, _ = gradient_kernel(point)
    values = [*point[0], *point[1], point[2]]
    return lambda: kernel.flat(values)


# Peers ----------------------------------------------------------------------------------------------------


def _casadi(point: Setting, casadi: Any) -> Call:
    w, b, x = point
    n = len(w)
    p, start = casadi.SX.sym("p", 2 * n), casadi.SX.sym("x")
    a = start
    for k in range(n):
        a = casadi.tanh(p[k] * a + p[n + k])
    function = casadi.Function("gradient", [p, start], [casadi.gradient(a, p)])
    buffer, run = function.buffer()
    held = (function, buffer, np.array(w + b), np.array([x]), np.zeros(2 * n))
    buffer.set_arg(0, memoryview(held[2]))
    buffer.set_arg(1, memoryview(held[3]))
    buffer.set_res(0, memoryview(held[4]))

    def call(held: Any = held) -> Any:  # the buffer keeps no reference to its arrays
        run()
        return held[4]

    return call


def _jax_scan(point: Setting, jax: Any) -> Call:
    w, b, x = (jax.numpy.asarray(v) for v in point)

    def scanned(parameters: Any) -> Any:
        return jax.lax.scan(lambda a, layer: (jax.numpy.tanh(layer[0] * a + layer[1]), None), x, parameters)[
            0
        ]

    gradient = jax.jit(jax.grad(scanned))
    return lambda: jax.block_until_ready(gradient((w, b)))


def _torch(point: Setting, torch: Any) -> Call:
    w, b = (
        [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values] for values in point[:2]
    )
    x = torch.tensor(point[2], dtype=torch.float64)

    def call() -> Any:
        a = x
        for w_k, b_k in zip(w, b, strict=True):
            a = torch.tanh(w_k * a + b_k)
        return torch.autograd.grad(a, w + b)

    return call


def _autograd(point: Setting, autograd: Any) -> Call:
    w, b, x = point

    def looped(parameters: Any) -> Any:
        a = x
        for w_k, b_k in zip(*parameters, strict=True):
            a = autograd.numpy.tanh(w_k * a + b_k)
        return a

    gradient = autograd.grad(looped)
    return lambda: gradient((w, b))


def _lambdify(point: Setting) -> Call:
    """SymPy for the rule of one layer, the chain by hand, one lambdify of the straight-line program."""
    w, b, x = point
    n = len(w)
    ws, bs, start, z = sp.symbols(f"w:{n}"), sp.symbols(f"b:{n}"), sp.Symbol("x"), sp.Symbol("z")
    slope = sp.tanh(z).diff(z)
    a, statements = [start], []
    for k in range(n):
        a.append(sp.Symbol(f"a{k + 1}"))
        statements.append((a[-1], sp.tanh(ws[k] * a[k] + bs[k])))
    w_bar, b_bar, bar = [sp.S.Zero] * n, [sp.S.Zero] * n, sp.S.One
    for k in range(n - 1, -1, -1):
        b_bar[k] = sp.Symbol(f"d{k}")
        statements.append((b_bar[k], bar * slope.xreplace({sp.tanh(z): a[k + 1]})))
        w_bar[k], bar = b_bar[k] * a[k], b_bar[k] * ws[k]
    program = sp.lambdify(
        [*ws, *bs, start], w_bar + b_bar, "math", cse=lambda found: (statements, list(found))
    )
    values = [*w, *b, x]
    return lambda: program(*values)


def task(n: int) -> Task:
    """The task with n layers; peers whose time grows out of hand stop early."""
    split = [
        ("symdiff, kernel(w, b, x)", _symdiff, ()),
        ("symdiff, kernel.flat(values)", _symdiff_flat, ()),
        ("CasADi SX, buffers", _casadi, ("casadi",)),
        ("JAX jit, lax.scan", _jax_scan, ("jax",)),
        ("PyTorch eager", _torch, ("torch",)),
    ]
    if n <= 300:
        split.append(("autograd", _autograd, ("autograd",)))
    if n <= 1000:
        split.append(("one lambdify of the program", _lambdify, ()))
    hand = Candidate("reverse loop by hand", lambda point: lambda: by_hand(*point))
    return Task(
        f"chain-{n}",
        f"Chain of {n} tanh layers, gradient by {2 * n} Python floats",
        lambda: setting(n),
        (hand, *(Candidate(name, prepare, needs) for name, prepare, needs in split)),
    )
