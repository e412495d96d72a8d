"""Are claims about positions of symbolic number proved, and their wrong twins refuted? Embeddings, integer labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

import symdiff as sd
from symdiff.verdicts import Verdict


def embedding(E: Any, i: Any) -> Any:
    return E[i]


def scatter(E: Any, i: Any, g: Any) -> Any:
    out = np.zeros_like(E)
    np.add.at(out, i, g)
    return out


def one_hot_product(E: Any, i: Any, g: Any) -> Any:
    return (i[:, None] == np.arange(E.shape[0])).T.astype(float) @ g


def identity_rows(E: Any, i: Any, g: Any) -> Any:
    return np.eye(E.shape[0])[i].T @ g


def overwritten(E: Any, i: Any, g: Any) -> Any:
    out = np.zeros_like(E)
    out[i] = g
    return out


def counted_once(E: Any, i: Any, g: Any) -> Any:
    out = np.zeros_like(E)
    out[i] += g
    return out


def taken_away(E: Any, i: Any, g: Any) -> Any:
    out = np.zeros_like(E)
    np.subtract.at(out, i, g)
    return out


def averaged(E: Any, i: Any, g: Any) -> Any:
    return scatter(E, i, g) / len(i)


def of_embedding(claim: Any, i: Any = "n") -> Verdict:
    domain = {"i": "integer"} if isinstance(i, str) else {}
    return sd.check(embedding, claim, {"E": "v d", "i": i}, of="vjp", domain=domain)


@pytest.mark.parametrize("claim", [scatter, one_hot_product, identity_rows])
def test_the_gradient_of_an_embedding_is_a_sum_at_its_rows(claim: Any) -> None:
    verdict = of_embedding(claim)
    assert (verdict.status, verdict.scope) == ("proved", "every shape")
    assert "0 <= i < v" in verdict.evidence.assumptions


@pytest.mark.parametrize("claim", [overwritten, counted_once, taken_away, averaged])
def test_wrong_gradients_of_an_embedding_are_refuted(claim: Any) -> None:
    assert of_embedding(claim).status == "refuted"
    assert of_embedding(claim, np.array([0, 2, 2])).status == "refuted"


@pytest.mark.parametrize("shape", ["", "b t", "1 t"])
def test_positions_of_any_shape(shape: str) -> None:
    assert of_embedding(scatter, shape).status == "proved"


def test_given_positions_ask_for_an_axis_that_has_them() -> None:
    verdict = of_embedding(scatter, np.array([0, 2, 2]))
    assert (verdict.status, verdict.scope) == ("proved", "every shape")


def cross_entropy(z: Any, lab: Any) -> Any:
    return -special.log_softmax(z, axis=-1)[np.arange(z.shape[0]), lab].mean()


def less_one(z: Any, lab: Any) -> Any:
    p = special.softmax(z, axis=-1)
    p[np.arange(z.shape[0]), lab] -= 1
    return p / z.shape[0]


def replaced(z: Any, lab: Any) -> Any:
    rows, p = np.arange(len(lab)), special.softmax(z, axis=-1)
    p[rows, lab] = p[rows, lab] * 2 - 1 - p[rows, lab]
    return p / len(lab)


def put(z: Any, lab: Any) -> Any:
    p = special.softmax(z, axis=-1)
    hot = np.zeros_like(p)
    np.put_along_axis(hot, lab[:, None], 1, axis=1)
    return (p - hot) / z.shape[0]


def compared(z: Any, lab: Any) -> Any:
    return (special.softmax(z, axis=-1) - (lab[:, None] == np.arange(z.shape[1]))) / z.shape[0]


def not_averaged(z: Any, lab: Any) -> Any:
    return less_one(z, lab) * z.shape[0]


def every_row(z: Any, lab: Any) -> Any:
    p = special.softmax(z, axis=-1)
    np.subtract.at(p, (slice(None), lab), 1)
    return p / z.shape[0]


def put_minus_one(z: Any, lab: Any) -> Any:
    p = special.softmax(z, axis=-1)
    p[np.arange(z.shape[0]), lab] = -1
    return p / z.shape[0]


def of_cross_entropy(claim: Any) -> Verdict:
    return sd.check(cross_entropy, claim, {"z": "n k", "lab": "n"}, domain={"lab": "integer"})


@pytest.mark.parametrize("claim", [less_one, replaced, put, compared])
def test_the_gradient_of_cross_entropy_by_labels(claim: Any) -> None:
    verdict = of_cross_entropy(claim)
    assert (verdict.status, verdict.scope) == ("proved", "every shape")
    assert "0 <= lab < k" in verdict.evidence.assumptions


@pytest.mark.parametrize("claim", [not_averaged, every_row, put_minus_one])
def test_wrong_gradients_of_cross_entropy_are_refuted(claim: Any) -> None:
    assert of_cross_entropy(claim).status == "refuted"


def test_whole_numbers_that_index_nothing_stay_numbers() -> None:
    def poisson(rate: Any, y: Any) -> Any:
        return (rate - y * np.log(rate)).sum()

    domain = {"rate": (0, None), "y": "integer"}
    shapes = {"rate": "n", "y": "n"}
    assert sd.check(poisson, lambda rate, y: 1 - y / rate, shapes, domain=domain).status == "proved"
    assert sd.check(poisson, lambda rate, y: 1 - 1 / rate, shapes, domain=domain).status == "refuted"


def test_two_counts_are_one_position_only_where_they_agree() -> None:
    """``i = j`` for positions of two arrays is no selection of either."""

    def both(E: Any, i: Any, j: Any) -> Any:
        return E[i] * E[j]

    def right(E: Any, i: Any, j: Any, g: Any) -> Any:
        out = np.zeros_like(E)
        np.add.at(out, i, g * E[j])
        np.add.at(out, j, g * E[i])
        return out

    def wrong(E: Any, i: Any, j: Any, g: Any) -> Any:
        return np.where((i == j)[:, None], 0, 1).sum() * right(E, i, j, g)

    shapes = {"E": "v d", "i": "n", "j": "n"}
    domain = {"i": "integer", "j": "integer"}
    assert sd.check(both, right, shapes, of="vjp", domain=domain).status == "proved"
    assert sd.check(both, wrong, shapes, of="vjp", domain=domain).status == "refuted"


# What is made of them ---------------------------------------------------------------------------------------


def focal(z: Any, lab: Any) -> Any:
    p = special.softmax(z, axis=-1)[np.arange(len(lab)), lab]
    return -((1 - p) ** 2 * np.log(p)).sum()


def focal_back(z: Any, lab: Any) -> Any:
    rows, s = np.arange(len(lab)), special.softmax(z, axis=-1)
    p = s[rows, lab]
    d = 2 * (1 - p) * np.log(p) * p - (1 - p) ** 2
    out = -s * d[:, None]
    out[rows, lab] += d
    return out


def focal_without_log(z: Any, lab: Any) -> Any:
    rows, s = np.arange(len(lab)), special.softmax(z, axis=-1)
    d = -((1 - s[rows, lab]) ** 2)
    out = -s * d[:, None]
    out[rows, lab] += d
    return out


def test_a_loss_of_the_chosen_probability() -> None:
    shapes, domain = {"z": "n k", "lab": "n"}, {"lab": "integer"}
    assert sd.check(focal, focal_back, shapes, domain=domain).scope == "every shape"
    assert sd.check(focal, focal_without_log, shapes, domain=domain).status == "refuted"


def of_tokens(z: Any, lab: Any) -> Any:
    return -np.take_along_axis(special.log_softmax(z, axis=-1), lab[..., None], axis=-1).mean()


def of_tokens_back(z: Any, lab: Any) -> Any:
    p = special.softmax(z, axis=-1)
    own = np.take_along_axis(p, lab[..., None], axis=-1)
    np.put_along_axis(p, lab[..., None], own - 1, axis=-1)
    return p / lab.size


def of_tokens_by_sequence(z: Any, lab: Any) -> Any:
    return of_tokens_back(z, lab) * lab.shape[1]


def test_labels_of_sequences() -> None:
    shapes, domain = {"z": "b t k", "lab": "b t"}, {"lab": "integer"}
    assert sd.check(of_tokens, of_tokens_back, shapes, domain=domain).scope == "every shape"
    assert sd.check(of_tokens, of_tokens_by_sequence, shapes, domain=domain).status == "refuted"


def messages(x: Any, W: Any, source: Any, target: Any) -> Any:
    out = np.zeros_like(x @ W)
    np.add.at(out, target, (x @ W)[source])
    return np.tanh(out)


def messages_back(x: Any, W: Any, source: Any, target: Any, g: Any) -> Any:
    d = g * (1 - messages(x, W, source, target) ** 2)
    back = np.zeros_like(d)
    np.add.at(back, source, d[target])
    return back @ W.T, x.T @ back


def messages_the_same_way(x: Any, W: Any, source: Any, target: Any, g: Any) -> Any:
    return messages_back(x, W, target, source, g)


def test_sums_over_the_edges_of_a_graph() -> None:
    shapes = {"x": "n d", "W": "d m", "source": "e", "target": "e"}
    options: dict[str, Any] = {"of": "vjp", "wrt": ("x", "W")}
    options["domain"] = {"source": "integer", "target": "integer"}
    assert sd.check(messages, messages_back, shapes, **options).scope == "every shape"
    assert sd.check(messages, messages_the_same_way, shapes, **options).status == "refuted"


def test_values_of_functions_of_positions() -> None:
    shapes, domain = {"i": "n", "E": "v d"}, {"i": "integer"}
    rows = sd.check(lambda i, E: E[i], lambda i, E: np.take(E, i, axis=0), shapes, of="value", domain=domain)
    assert rows.scope == "every shape"
    wrong = sd.check(lambda i, E: E[i], lambda i, E: E[i[::-1]], shapes, of="value", domain=domain)
    assert wrong.status == "refuted"
