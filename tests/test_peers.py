"""Derivatives by torch and JAX as black boxes: right ones agree, wrong ones are refuted."""

import numpy as np
import pytest

import symdiff as sd

pytestmark = pytest.mark.peer


def softplus_sum(x, w):
    return np.sum(np.logaddexp(0, w @ x))


def cross_entropy(z, y):
    m = np.max(z, axis=-1, keepdims=True)
    return -np.sum(y * (z - m - np.log(np.sum(np.exp(z - m), axis=-1, keepdims=True))))


X, W = np.array([0.5, -1.0, 2.0]), np.array([[1.0, 0.5, -0.5], [0.25, -1.0, 1.5]])
Z, Y = np.array([[0.5, -1.0, 2.0], [1.0, 0.0, 0.25]]), np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


def torch_gradient(function, *arguments, by=0):
    import torch

    leaves = [torch.tensor(np.asarray(a), requires_grad=k == by) for k, a in enumerate(arguments)]
    return torch.autograd.grad(function(*leaves), leaves[by])[0]


def torch_softplus(x, w):
    import torch

    zero = torch.zeros((), dtype=torch.float64)
    return torch_gradient(lambda x, w: torch.logaddexp(w @ x, zero).sum(), x, w)


def torch_thresholded_softplus(x, w):
    import torch

    return torch_gradient(lambda x, w: torch.nn.functional.softplus(w @ x).sum(), x, w)


def torch_cross_entropy(z, y):
    import torch

    return torch_gradient(lambda z, y: -(y * torch.log_softmax(z, -1)).sum(), z, y)


def jax_softplus(x, w):
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax.grad(lambda x: jax.nn.softplus(w @ x).sum())(np.asarray(x))


def jax_cross_entropy(z, y):
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax.grad(lambda z: -(y * jax.nn.log_softmax(z)).sum())(np.asarray(z))


@pytest.mark.parametrize(
    ("fn", "claim", "inputs"),
    [
        (softplus_sum, torch_softplus, (X, W)),
        (softplus_sum, jax_softplus, (X, W)),
        (cross_entropy, torch_cross_entropy, (Z, Y)),
        (cross_entropy, jax_cross_entropy, (Z, Y)),
    ],
)
def test_gradients_of_peers_agree(fn, claim, inputs):
    verdict = sd.check(fn, claim, inputs, examples=20)
    assert verdict.status == "agrees", str(verdict)
    assert verdict.evidence.points >= 15


@pytest.mark.parametrize("claim", [torch_softplus, jax_softplus])
def test_a_gradient_that_is_off_by_a_millionth_is_refuted(claim):
    verdict = sd.check(softplus_sum, lambda x, w: np.asarray(claim(x, w)) * (1 + 1e-6), (X, W), examples=20)
    assert verdict.status == "refuted"
    assert verdict.witness is not None


def test_a_threshold_inside_somebody_elses_function_is_seen():
    """Above 20 torch takes softplus for the identity: its derivative is off by 2e-9 there."""
    verdict = sd.check(softplus_sum, torch_thresholded_softplus, (X, W), examples=100)
    assert verdict.status == "refuted", str(verdict)


def test_a_custom_backward_without_its_transpose_is_refuted_and_shown():
    import torch

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, w):
            ctx.save_for_backward(a, w)
            return a @ w

        @staticmethod
        def backward(ctx, g):
            a, w = ctx.saved_tensors
            return g @ w, a.T @ g  # w.T is right

    def backward(a, w, g):
        left = torch.tensor(np.asarray(a), requires_grad=True)
        return torch.autograd.grad(
            Product.apply(left, torch.tensor(np.asarray(w))), left, torch.tensor(np.asarray(g))
        )[0]

    verdict = sd.check(
        lambda a, w: a @ w, backward, (np.ones((2, 3)), np.ones((3, 3))), of="vjp", examples=20
    )
    assert verdict.status == "refuted", str(verdict)
    assert verdict.witness is not None
