"""Where does each box of a graph stand? In layers, each after what it needs, with few crossings and straight lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
from scipy.optimize import isotonic_regression

_SWEEPS = 12
_BETWEEN = 12.0  # boxes of one layer
_SMALL = 60.0  # finds room in a full layer
_THREAD = 6.0  # the width of a line that passes a layer

Edge = tuple[str, str]


@dataclass(frozen=True)
class Layout:
    """The layer of each key and its place across it; the keys on the way of each edge, ends included."""

    layers: tuple[tuple[str, ...], ...]
    across: Mapping[str, float]
    routes: Mapping[Edge, tuple[str, ...]]


def arranged(sizes: Mapping[str, float], edges: Mapping[Edge, float], most: float) -> Layout:
    """A layout of boxes of these widths across, in layers that are at most so wide where they can be.

    An edge that passes a layer takes as much room there as is given for it.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(sizes)
    graph.add_edges_from(edges)
    rank = ranks(graph, sizes, most)
    routes, proper, widths = _threaded(graph, rank, sizes, edges)
    layers = _ordered(proper, dict(proper.nodes(data="rank")))
    return Layout(tuple(map(tuple, layers)), _placed(layers, proper, widths), routes)


def ranks(graph: nx.DiGraph, sizes: Mapping[str, float], most: float) -> dict[str, int]:
    """Layers as late as possible: an input stands just before its first use; a full layer takes no more."""
    found: dict[str, int] = {}
    filled: dict[int, float] = {}
    order = [key for layer in nx.topological_generations(graph.reverse(copy=False)) for key in layer]
    inner = [key for key in order if graph.in_degree(key)]
    for key in (*inner, *(key for key in order if not graph.in_degree(key))):
        rank = max((found[child] + 1 for child in graph.successors(key)), default=0)
        while sizes[key] > _SMALL and filled.get(rank, 0.0) and filled[rank] + _BETWEEN + sizes[key] > most:
            rank += 1
        found[key] = rank
        filled[rank] = filled.get(rank, -_BETWEEN) + _BETWEEN + sizes[key]
    last = max(found.values(), default=0)
    return {key: last - found[key] if graph.degree(key) else 0 for key in graph}


def _threaded(
    graph: nx.DiGraph, rank: Mapping[str, int], sizes: Mapping[str, float], rooms: Mapping[Edge, float]
) -> tuple[dict[Edge, tuple[str, ...]], nx.DiGraph, dict[str, float]]:
    """Long edges pass each layer between by a key of their own."""
    routes: dict[Edge, tuple[str, ...]] = {}
    proper, widths = nx.DiGraph(), dict(sizes)
    for key in graph:
        proper.add_node(key, rank=rank[key])
    for k, (source, target) in enumerate(graph.edges):
        between = [f"\x00{k}.{place}" for place in range(rank[source] + 1, rank[target])]
        for place, thread in enumerate(between, rank[source] + 1):
            proper.add_node(thread, rank=place)
            widths[thread] = _THREAD if place > rank[source] + 1 else max(_THREAD, rooms[source, target])
        routes[source, target] = (source, *between, target)
        nx.add_path(proper, routes[source, target])
    return routes, proper, widths


# Order within the layers ------------------------------------------------------------------------------------


def _ordered(graph: nx.DiGraph, rank: Mapping[str, int]) -> list[list[str]]:
    """Sweeps down and up, each layer sorted by the mean place of its neighbours; the best order seen is kept."""
    layers: list[list[str]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for key in graph:
        layers[rank[key]].append(key)
    layers = [_centred(layer, graph) for layer in layers]
    best, fewest = [list(layer) for layer in layers], crossings(layers, graph)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        near: Callable[[str], list[str]] = (
            (lambda key: list(graph.predecessors(key))) if down else (lambda key: list(graph.successors(key)))
        )
        steps = list(pairwise(range(len(layers)) if down else range(len(layers) - 1, -1, -1)))
        for before, now in steps:
            place = {key: k for k, key in enumerate(layers[before])}
            layers[now] = _sorted(layers[now], place, near)
        count = crossings(layers, graph)
        if count < fewest:
            best, fewest = [list(layer) for layer in layers], count
    return best


def _centred(layer: list[str], graph: nx.DiGraph) -> list[str]:
    """What is computed stands between the inputs."""
    inputs = [key for key in layer if not graph.in_degree(key)]
    half = (len(inputs) + 1) // 2 if len(inputs) < len(layer) else 0
    return [*inputs[:half], *(key for key in layer if graph.in_degree(key)), *inputs[half:]]


def _sorted(layer: list[str], place: Mapping[str, int], near: Callable[[str], list[str]]) -> list[str]:
    def centre(item: tuple[int, str]) -> tuple[float, int]:
        found = [place[other] for other in near(item[1]) if other in place]
        return (sum(found) / len(found) if found else item[0], item[0])

    return [key for _, key in sorted(enumerate(layer), key=centre)]


def crossings(layers: Sequence[Sequence[str]], graph: nx.DiGraph) -> int:
    """How often edges between neighbouring layers cross."""
    count = 0
    for upper, lower in pairwise(layers):
        below = {key: k for k, key in enumerate(lower)}
        ends = [(k, below[child]) for k, key in enumerate(upper) for child in graph.successors(key)]
        count += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(ends, 2))
    return count


# Places across ----------------------------------------------------------------------------------------------


def _placed(
    layers: Sequence[Sequence[str]], graph: nx.DiGraph, widths: Mapping[str, float]
) -> dict[str, float]:
    """Each key as near to its neighbours as the order and the widths of its layer allow, by least squares."""
    across: dict[str, float] = {}
    for layer in layers:
        across.update(zip(layer, _spaced(layer, widths, [0.0] * len(layer), [1.0] * len(layer)), strict=True))
    for sweep in range(2 * _SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted, weights = [], []
            for key in layer:
                near = {k: _pull(graph, k) for k in (*graph.predecessors(key), *graph.successors(key))}
                total = sum(near.values())
                wanted.append(
                    sum(pull * across[k] for k, pull in near.items()) / total if near else across[key]
                )
                weights.append(_pull(graph, key))
            across.update(zip(layer, _spaced(layer, widths, wanted, weights), strict=True))
    left = min((across[key] - widths[key] / 2 for key in across), default=0.0)
    return {key: place - left for key, place in across.items()}


def _pull(graph: nx.DiGraph, key: str) -> float:
    """Lines go straight through what is computed; inputs stand beside them."""
    return 1.0 if graph.in_degree(key) else 0.03


def _spaced(
    layer: Sequence[str], widths: Mapping[str, float], wanted: Sequence[float], weights: Sequence[float]
) -> list[float]:
    apart = [0.0, *((widths[a] + widths[b]) / 2 + _BETWEEN for a, b in pairwise(layer))]
    offsets = np.cumsum(apart)
    if not layer:
        return []
    fitted = isotonic_regression(np.asarray(wanted) - offsets, weights=np.asarray(weights)).x
    return [round(float(place), 3) for place in fitted + offsets]
