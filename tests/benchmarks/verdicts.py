"""Verdicts: is a backward pass by hand right? Proved by symdiff, compared in numbers by everybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import check_grad

import symdiff as sd
from symdiff.checking.arguments import parameters
from symdiff.checking.questions import ask
from symdiff.proof.at_shape.zero_test import equal_at_shape
from symdiff.proof.every_shape.proving import prove

from .tasks import Call, Candidate, Task

SHAPES = ((10, 8), (8,), (8, 4), (4,))
BATCHES = (1, 16)
NAMES = ("W1", "b1", "W2", "b2")
_ERROR = 1e-5  # of SciPy's forward differences

Arrays = tuple[Any, ...]
Answer = Callable[[], float]  # 1 for right


# All 25 entries of 2-3-3-1 ----------------------------------------------------------------------------------


def small_loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    """Three tanh layers."""
    return np.sum(np.tanh(W3 @ np.tanh(W2 @ np.tanh(W1 @ x + b1) + b2) + b3))


def small_backward(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Arrays:
    """Its backward pass by hand."""
    a = np.tanh(W1 @ x + b1)
    c = np.tanh(W2 @ a + b2)
    d3 = 1 - np.tanh(W3 @ c + b3) ** 2
    d2 = (W3.T @ d3) * (1 - c**2)
    d1 = (W2.T @ d2) * (1 - a**2)
    return np.outer(d1, x), d1, np.outer(d2, a), d2, np.outer(d3, c), d3


def small_setting() -> Any:
    """The question after tracing: two graphs in one store."""
    shapes = ((2,), (3, 2), (3,), (3, 3), (3,), (1, 3), (1,))
    arguments = parameters(small_loss, tuple(np.ones(shape) for shape in shapes))
    return ask(small_loss, small_backward, arguments, tuple(arguments)[1:], "gradient")


def _by_zero_test(question: Any) -> Call:
    truth = question.truth
    return lambda: float(equal_at_shape(truth.store, truth.outputs, question.claimed).equal is True)


def _by_normal_form(question: Any) -> Call:
    truth = question.truth
    return lambda: float(all(proof.proved for proof in prove(truth.store, truth.outputs, question.claimed)))


ENTRIES = Task(
    "verdict-25-entries",
    "Proof of all 25 gradient entries of an MLP 2-3-3-1, traced before",
    small_setting,
    (
        Candidate("symdiff, exact zero test at this shape", _by_zero_test),
        Candidate("symdiff, normal form in index notation", _by_normal_form),
    ),
)


# Full verdicts on 10-8-4 ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """Inputs, one-hot labels and 124 parameters."""

    X: np.ndarray
    Y: np.ndarray
    parameters: tuple[np.ndarray, ...]


def setting(batch: int) -> Setting:
    """Normal inputs and weights."""
    generator = np.random.default_rng(0)
    Y = np.eye(4)[generator.integers(0, 4, batch)]
    parameters = tuple(generator.standard_normal(shape) / 2 for shape in SHAPES)
    return Setting(generator.standard_normal((batch, 10)), Y, parameters)


def loss(W1: Any, b1: Any, W2: Any, b2: Any, X: Any, Y: Any) -> Any:
    """The mean cross-entropy after a tanh layer."""
    z = np.tanh(X @ W1 + b1) @ W2 + b2
    z = z - np.max(z, axis=1, keepdims=True)
    return -np.sum(Y * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True)))) / X.shape[0]


def backward(W1: Any, b1: Any, W2: Any, b2: Any, X: Any, Y: Any) -> Arrays:
    """Its backward pass by hand."""
    a = np.tanh(X @ W1 + b1)
    z = a @ W2 + b2
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    z_bar = (e / np.sum(e, axis=1, keepdims=True) - Y) / X.shape[0]
    a_bar = (z_bar @ W2.T) * (1 - a**2)
    return X.T @ a_bar, a_bar.sum(0), a.T @ z_bar, z_bar.sum(0)


class Called:
    """The same backward pass as something that can only be called."""

    def __call__(self, *arguments: Any) -> Arrays:
        return backward(*(np.array(a.tolist()) for a in arguments))


def _checked(claim: Any, status: str) -> Callable[[Setting], Answer]:
    def prepare(s: Setting) -> Answer:
        arguments, domain = (*s.parameters, s.X, s.Y), {"Y": "one_hot"}
        return lambda: float(sd.check(loss, claim, arguments, wrt=NAMES, domain=domain).status == status)

    return prepare


def _scipy(s: Setting) -> Answer:
    ends = np.cumsum([p.size for p in s.parameters])[:-1]
    start = np.concatenate([p.ravel() for p in s.parameters])

    def split(v: Any) -> Arrays:
        return tuple(part.reshape(shape) for part, shape in zip(np.split(v, ends), SHAPES, strict=True))

    def value(v: Any) -> Any:
        return loss(*split(v), s.X, s.Y)

    def gradient(v: Any) -> Any:
        return np.concatenate([np.ravel(g) for g in backward(*split(v), s.X, s.Y)])

    return lambda: float(check_grad(value, gradient, start) < _ERROR)


def _torch(s: Setting, torch: Any) -> Answer:
    class ByHand(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, *parameters: Any) -> Any:
            ctx.save_for_backward(*parameters)
            return torch.tensor(loss(*(p.detach().numpy() for p in parameters), s.X, s.Y))

        @staticmethod
        def backward(ctx: Any, upstream: Any) -> Any:
            found = backward(*(p.detach().numpy() for p in ctx.saved_tensors), s.X, s.Y)
            return tuple(torch.from_numpy(np.ascontiguousarray(g)) * upstream for g in found)

    parameters = [torch.from_numpy(p).clone().requires_grad_() for p in s.parameters]
    return lambda: float(torch.autograd.gradcheck(ByHand.apply, parameters))


def _jax(s: Setting, jax: Any) -> Answer:
    from jax.test_util import check_grads

    jnp = jax.numpy
    X, Y, parameters = jnp.asarray(s.X), jnp.asarray(s.Y), tuple(map(jnp.asarray, s.parameters))

    def forward(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        return -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(jnp.tanh(X @ W1 + b1) @ W2 + b2), axis=1))

    def pulled(saved: Any, upstream: Any) -> Any:
        W1, b1, W2, b2 = saved
        a = jnp.tanh(X @ W1 + b1)
        z_bar = (jax.nn.softmax(a @ W2 + b2) - Y) / len(X)
        a_bar = (z_bar @ W2.T) * (1 - a**2)
        found = (X.T @ a_bar, a_bar.sum(0), a.T @ z_bar, z_bar.sum(0))
        return tuple(upstream * g for g in found)

    by_hand = jax.custom_vjp(forward)
    by_hand.defvjp(lambda *p: (forward(*p), p), pulled)

    def answer() -> float:
        check_grads(by_hand, parameters, order=1, modes=["rev"])
        return 1.0

    return answer


def task(batch: int) -> Task:
    """The verdict on the whole backward pass at one batch size."""
    return Task(
        f"verdict-batch-{batch}",
        f"Verdict on a backward pass by hand: MLP 10-8-4, softmax cross-entropy, 124 parameters, batch {batch}",
        lambda: setting(batch),
        (
            Candidate("SciPy check_grad", _scipy),
            Candidate("symdiff check, proved", _checked(backward, "proved")),
            Candidate("symdiff check, as a black box", _checked(Called(), "agrees")),
            Candidate("PyTorch gradcheck", _torch, ("torch",)),
            Candidate("JAX check_grads, one direction", _jax, ("jax",)),
        ),
    )
