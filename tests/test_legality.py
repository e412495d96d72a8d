"""Shapes and edges are re-derived after every transformation: derived graphs pass, corrupted ones do not."""

from __future__ import annotations

import numpy as np
import pytest
from cases import CASES, Case, contracted, graph_of
from hypothesis import given

from symdiff import calculus
from symdiff.errors import LegalityError
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import SQUARE
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Map, Signature, table
from symdiff.testing import graphs


def names_of(graph: Graph) -> list[str]:
    return [name for name in graph.input_names if graph.store.kind(graph.node(name)) == "real"]


def all_derivatives(graph: Graph) -> list[Graph]:
    """Every transformation of calculus, first and second order."""
    wrt, store = names_of(graph), graph.store
    (y,) = graph.outputs
    scalar = graph.with_outputs([alg.reduce_sum(store, y, range(len(store.shape(y))))])
    firsts = [calculus.jacobian(graph, wrt), calculus.vjp(graph, wrt), calculus.jvp(graph, wrt)]
    return [*firsts, calculus.gradient(scalar, wrt), calculus.hessian(scalar, wrt), calculus.hvp(scalar, wrt)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_derivatives_are_legal(case: Case) -> None:
    for derived in all_derivatives(case.graph()):
        derived.check_legality()


@given(graphs(family="kinked"))
def test_derivatives_of_random_graphs_are_legal(graph: Graph) -> None:
    for derived in all_derivatives(graph):
        derived.check_legality()


# Corruptions ------------------------------------------------------------------------------------------------


def small() -> Graph:
    def build(store: Store, x: Node, y: Node) -> Node:
        return store.add(Map(SQUARE), (contracted("ij", "jk", to="ik")(store, x, y),))

    graph = graph_of(build, (2, 3), (3, 2))
    graph.check_legality()
    return graph


@pytest.mark.parametrize("place", [0, 2, 3])
def test_a_wrong_shape_is_seen(place: int) -> None:
    graph = small()
    node = graph.nodes[place]
    graph.store.dag.nodes[node]["signature"] = Signature((5, 5))
    with pytest.raises(LegalityError, match=rf"(?s)node {node}: .*stored=.*derived="):
        graph.check_legality()


def test_a_wrong_kind_is_seen() -> None:
    graph = small()
    (y,) = graph.outputs
    graph.store.dag.nodes[y]["signature"] = Signature((2, 2), "integer")
    with pytest.raises(LegalityError):
        graph.check_legality()


def test_a_dropped_edge_is_seen() -> None:
    graph = small()
    product = graph.nodes[2]
    graph.store.dag.remove_edge(graph.inputs[0], product, key=0)
    with pytest.raises(LegalityError, match="edges="):
        graph.check_legality()


def test_swapped_slots_are_seen() -> None:
    graph = graph_of(lambda s, x, y: alg.subtract(s, x, y), (2,), (2,))
    (node,), (x, y) = graph.outputs, graph.inputs
    dag = graph.store.dag
    dag.remove_edge(x, node, key=0)
    dag.remove_edge(y, node, key=1)
    dag.add_edge(x, node, key=1)
    dag.add_edge(y, node, key=0)
    with pytest.raises(LegalityError):
        graph.check_legality()


def test_an_extra_edge_is_seen() -> None:
    graph = small()
    graph.store.dag.add_edge(graph.inputs[0], graph.outputs[0], key=1)
    with pytest.raises(LegalityError):
        graph.check_legality()


def test_the_second_edge_of_a_square_is_kept() -> None:
    graph = graph_of(lambda s, x: alg.multiply(s, x, x), (2,))
    assert graph.networkx().number_of_edges() == 2
    graph.store.dag.remove_edge(graph.inputs[0], graph.outputs[0], key=1)
    with pytest.raises(LegalityError):
        graph.check_legality()


# The store --------------------------------------------------------------------------------------------------


def test_equal_nodes_are_one_node() -> None:
    store = Store()
    first = store.add(table(np.array([1.5, 2.0])))
    assert store.add(table(np.array([1.5, 2.0]))) == first
    assert store.add(table(np.array([1.5, 2.0], dtype=np.float32))) != first
    assert store.add(table(np.array([[1.5, 2.0]]))) != first
    assert store.shape(store.add(table(np.array(1.5)))) == ()
    strided = np.arange(6.0).reshape(2, 3).T
    node = store.op(store.add(table(strided)))
    assert (node.array == strided).all()


@given(graphs(family="rational"))
def test_fingerprints_tell_functions_apart(graph: Graph) -> None:
    (y,) = graph.outputs
    doubled = graph.with_outputs([alg.scale(graph.store, y, 7)])
    assert graph.fingerprint() == graph.fingerprint()
    zero = alg.is_zero(graph.store, y)
    assert zero or doubled.fingerprint() != graph.fingerprint()
