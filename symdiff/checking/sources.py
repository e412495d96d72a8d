"""What does the author's own source say? The expression that a claim returns, and the line at a place.

Sources are read as syntax and never run; what is not plain (two returns, a name set twice) is not quoted.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from symdiff.checking.questions import Question

_LONGEST, _LONGEST_SOURCE = 160, 400  # characters
_Function: TypeAlias = ast.FunctionDef | ast.Lambda


@dataclass(frozen=True)
class Returned:
    """What a claim returns for one target, as written, and where."""

    text: str
    place: str


@dataclass(frozen=True)
class Definition:
    """The source of a function, and the names of its module that it needs."""

    text: str
    needs: tuple[str, ...]


def returned(question: Question, target: int) -> Returned | None:
    """The expression that the claim returns for a target; None where its source does not show it plainly."""
    code = _code(question.claim)
    source = _source(code)
    tree = _syntax(source, code)
    expression = None if tree is None else _result(tree)
    chosen = None if expression is None else _part(expression, question, target)
    if tree is None or chosen is None:
        return None
    chosen, name = _definition(tree, chosen)
    text = " ".join((ast.get_source_segment(source, chosen) or "").split())
    if not text or len(text) > _LONGEST:
        return None
    return Returned(f"{name} = {text}" if name else text, f"{_short(code.co_filename)}:{chosen.lineno}")


def quoted(question: Question, where: str | None) -> str | None:
    """The source line at ``file:line``, if it is in the file of the claim or of the function."""
    file, _, line = (where or "").rpartition(":")
    if not file or not line.isdigit():
        return None
    for function in (question.claim, question.fn):
        code = _code(function)
        if code is not None and _short(code.co_filename) == file:
            return linecache.getline(code.co_filename, int(line)).rstrip() or None
    return None


def definition(function: Callable[..., Any], name: str) -> Definition | None:
    """A function's own source, under a name, if it is short and closes over nothing; otherwise None."""
    code = _code(function)
    source = _source(code)
    tree = _syntax(source, code)
    text = (ast.get_source_segment(source, tree) or "") if tree is not None else ""
    if tree is None or code.co_freevars or not 0 < len(text) <= _LONGEST_SOURCE:
        return None
    needs = _needs(inspect.unwrap(function), tree)
    if isinstance(tree, ast.Lambda):
        return Definition(f"{name} = {' '.join(text.split())}", needs)
    return Definition(textwrap.dedent(" " * tree.col_offset + text), needs) if name == tree.name else None


def _needs(function: Any, tree: _Function) -> tuple[str, ...]:
    """The names of its module that a function uses, beside those of NumPy and symdiff."""
    known = getattr(function, "__globals__", {})
    given = {"np": np, "sd": sys.modules.get("symdiff")}
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return tuple(sorted(n for n in used if n in known and known[n] is not given.get(n)))


def _code(function: Callable[..., Any]) -> Any:
    return getattr(inspect.unwrap(function), "__code__", None)


def _short(filename: str) -> str:
    """As places in graphs are written: from the working folder, or the bare name."""
    here = os.getcwd() + os.sep
    return filename[len(here) :] if filename.startswith(here) else os.path.basename(filename)


def _source(code: Any) -> str:
    return "".join(linecache.getlines(code.co_filename)) if code is not None else ""


@lru_cache(maxsize=16)
def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _syntax(source: str, code: Any) -> _Function | None:
    """The syntax of a function: the one of its name and parameters at its line."""
    tree = _parsed(source) if source else None
    if tree is None:
        return None
    found = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.Lambda)) and _is_of(n, code)]
    return found[0] if len(found) == 1 else None


def _is_of(tree: _Function, code: Any) -> bool:
    args = tree.args
    named = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    count = code.co_argcount + code.co_kwonlyargcount
    if named != list(code.co_varnames[:count]):
        return False
    if isinstance(tree, ast.FunctionDef):
        first = min([tree.lineno, *(decorator.lineno for decorator in tree.decorator_list)])
        return bool(tree.name == code.co_name and first == code.co_firstlineno)
    body, end = tree.body, (tree.body.end_lineno or 0, tree.body.end_col_offset or 0)
    places = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
    within = all((body.lineno, body.col_offset) <= place < end for place in places)
    return bool(code.co_name == "<lambda>" and places and within)


def _own(function: _Function) -> list[ast.AST]:
    """The syntax of a function without that of the functions inside it."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(function.body) if isinstance(function, ast.FunctionDef) else [function.body]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _result(function: _Function) -> ast.expr | None:
    if isinstance(function, ast.Lambda):
        return function.body
    returns = [node for node in _own(function) if isinstance(node, ast.Return)]
    return returns[0].value if len(returns) == 1 else None


def _part(expression: ast.expr, question: Question, target: int) -> ast.expr | None:
    """The part of a returned tuple or dict that belongs to a target."""
    targets = question.targets
    if isinstance(expression, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in expression.keys]
        return expression.values[keys.index(targets[target])] if targets[target] in keys else None
    if len(targets) == 1:
        return expression
    if isinstance(expression, (ast.Tuple, ast.List)) and len(expression.elts) == len(targets):
        chosen = expression.elts[target]
        return None if any(isinstance(part, ast.Starred) for part in expression.elts) else chosen
    return None


def _definition(function: _Function, expression: ast.expr) -> tuple[ast.expr, str]:
    """What a returned name stands for, if it is set exactly once, as ``name = ...``."""
    if not isinstance(expression, ast.Name):
        return expression, ""
    name, own = expression.id, _own(function)
    stores = [n for n in own if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)]
    changed = any(
        isinstance(n, (ast.Subscript, ast.Attribute))
        and isinstance(n.ctx, ast.Store)
        and isinstance(n.value, ast.Name)
        and n.value.id == name
        for n in own
    )
    plain = [
        n.value
        for n in (function.body if isinstance(function, ast.FunctionDef) else [])
        if isinstance(n, ast.Assign)
        and len(n.targets) == 1
        and isinstance(n.targets[0], ast.Name)
        and n.targets[0].id == name
    ]
    return (plain[0], name) if len(stores) == len(plain) == 1 and not changed else (expression, "")
