"""Does the house stand? Imports point down one order, no user text is evaluated, no file is long."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

import symdiff

HOME = Path(symdiff.__file__).parent
MOST_LINES = 320

# From the ground up; groups on one floor, separated by ``|`` in architecture.md, never import each other.
FLOORS: list[list[set[str]]] = [
    [{"errors", "verdicts"}],
    [{"ir"}],
    [{"doors"}],
    [{"calculus"}, {"evaluation"}, {"costs"}],
    [{"proof"}],
    [{"checking"}],
    [{"pages", "derivations", "exercises", "pictures"}, {"functions", "on_graphs"}],
    [{"library"}, {"curvature"}],
    [
        {
            "chapters",
            "documents",
            "",
            "facade",
            "collecting",
            "cli",
            "__main__",
            "pytest_plugin",
            "testing",
        }
    ],
]
PLACE = {
    name: (floor, side)
    for floor, sides in enumerate(FLOORS)
    for side, names in enumerate(sides)
    for name in names
}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name, parsed."""
    found = {}
    for path in sorted(HOME.rglob("*.py")):
        parts = path.relative_to(HOME.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return found


def imports(name: str, tree: ast.AST) -> Iterator[str]:
    """The modules of ours that a piece of code imports."""
    known = modules()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "symdiff")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            if node.module and node.module.split(".")[0] == "symdiff":
                whole = [f"{node.module}.{alias.name}" for alias in node.names]
                yield from (part if part in known else node.module for part in whole)


@cache
def wiring() -> nx.DiGraph:
    """Who imports whom."""
    graph = nx.DiGraph()
    for name, tree in modules().items():
        graph.add_node(name)
        graph.add_edges_from((name, other) for other in imports(name, tree) if other != name)
    return graph


def top(name: str) -> str:
    """The part of the house that a module belongs to."""
    return name.split(".")[1] if "." in name else ""


def test_every_module_has_a_floor() -> None:
    assert {top(name) for name in modules()} <= set(PLACE)


def test_imports_point_down() -> None:
    wrong = []
    for one, other in wiring().edges:
        (floor, side), (below, other_side) = PLACE[top(one)], PLACE[top(other)]
        if below > floor or (below == floor and side != other_side):
            wrong.append(f"{one} imports {other}")
    assert wrong == []


def test_no_cycles() -> None:
    cycles = [sorted(group) for group in nx.strongly_connected_components(wiring()) if len(group) > 1]
    assert cycles == []


def test_no_import_inside_a_function() -> None:
    wrong = []
    for name, tree in modules().items():
        for function in (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))):
            wrong += [f"{name} imports {other} inside a function" for other in imports(name, function)]
    assert wrong == []


@pytest.mark.parametrize("road", ["symdiff.evaluation.entries", "symdiff.evaluation.exact"])
def test_the_second_road_does_not_know_the_first(road: str) -> None:
    assert "symdiff.calculus" not in nx.descendants(wiring(), road)


def test_hypothesis_is_imported_by_testing_only() -> None:
    for name, tree in modules().items():
        allowed = top(name) in ("testing", "pytest_plugin")
        found = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        found |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
        assert allowed or not any(other.split(".")[0] == "hypothesis" for other in found), name
    assert "symdiff.testing" not in nx.descendants(wiring(), "symdiff")


# No user text is evaluated ----------------------------------------------------------------------------------

GENERATED = "symdiff.evaluation"  # the only place where a program that symdiff wrote itself is run


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The names of all functions that are called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, (ast.Name, ast.Attribute)):
                yield function.id if isinstance(function, ast.Name) else function.attr, node


def is_builtin(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name)


def test_no_text_is_evaluated() -> None:
    wrong = []
    for name, tree in modules().items():
        for function, call in calls(tree):
            where = f"{name}:{call.lineno} {function}"
            if function in ("eval", "parse_expr", "literal_eval", "parse_latex") and not (
                function == "eval" and not is_builtin(call)
            ):
                wrong.append(where)
            if function == "exec" and is_builtin(call) and not name.startswith(GENERATED):
                wrong.append(where)
            if function == "compile" and is_builtin(call) and not _compiles_no_user_text(name, tree):
                wrong.append(where)
            if function in ("sympify", "S") and not _is_strict(call):
                wrong.append(f"{where} without strict=True, which would evaluate text")
    assert wrong == []


def _is_strict(call: ast.Call) -> bool:
    return any(
        k.arg == "strict" and isinstance(k.value, ast.Constant) and k.value.value is True
        for k in call.keywords
    )


def _compiles_no_user_text(name: str, tree: ast.AST) -> bool:
    """Programs are compiled where they are generated; elsewhere ``compile`` is a function of ours."""
    imported = {
        a.asname or a.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for a in node.names
    }
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return name.startswith(GENERATED) or "compile" in imported | defined


def test_strict_sympify_refuses_text() -> None:
    import sympy as sp

    with pytest.raises(sp.SympifyError):
        sp.sympify("1 + 1", strict=True)


# Shape of the files -----------------------------------------------------------------------------------------


def test_no_file_is_long() -> None:
    lengths = {
        path.relative_to(HOME): path.read_text(encoding="utf-8").count("\n") for path in HOME.rglob("*.py")
    }
    assert {str(path): lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_function_is_long() -> None:
    wrong = {}
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and not _is_a_table(node):
                body = _without_docstring(node)
                length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                if length > 40:
                    wrong[f"{name}.{node.name}"] = length
    assert wrong == {}


def _is_a_table(function: ast.FunctionDef) -> bool:
    """One ``match`` over the closed union of operations, a line or few for each."""
    return any(isinstance(node, ast.Match) for node in function.body)


def _without_docstring(function: ast.FunctionDef) -> list[ast.stmt]:
    first = function.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1:] if is_text else function.body


def test_public_objects_have_docstrings() -> None:
    wrong = []
    for name, tree in modules().items():
        assert ast.get_docstring(tree) or not tree.body, f"{name} does not say which question it answers"
        for node in tree.body:
            if (
                isinstance(node, (ast.FunctionDef, ast.ClassDef))
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                wrong.append(f"{name}.{node.name}")
    assert wrong == []


@pytest.mark.parametrize("word", ["utils", "helpers", "misc", "base"])
def test_modules_are_nouns_of_the_field(word: str) -> None:
    assert [name for name in modules() if name.split(".")[-1] == word] == []
