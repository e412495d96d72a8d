"""What does the author's own source say? The expression that a claim returns, and the line at a place.

Sources are read as syntax and never run; what is not plain (two returns, a name set twice) is not quoted.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from symdiff.checking.questions import Question

_LONGEST = 160
_Function: TypeAlias = ast.FunctionDef | ast.Lambda


@dataclass(frozen=True)
class Returned:
    """What a claim returns for one target, as written, and where."""

    text: str
    place: str


def returned(question: Question, target: int) -> Returned | None:
    """The expression that the claim returns for a target; None where its source does not show it plainly."""
    code = _code(question.claim)
    found = _parsed(question.claim) if code is not None else None
    if found is None:
        return None
    source, first, tree = found
    expression = _result(tree)
    chosen = None if expression is None else _part(expression, question, target)
    if chosen is None:
        return None
    chosen, name = _definition(tree, chosen)
    text = " ".join((ast.get_source_segment(source, chosen) or "").split())
    if not text or len(text) > _LONGEST:
        return None
    place = f"{_short(code.co_filename)}:{first + chosen.lineno - 1}"
    return Returned(f"{name} = {text}" if name else text, place)


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


def _code(function: Callable[..., Any]) -> Any:
    return getattr(inspect.unwrap(function), "__code__", None)


def _short(filename: str) -> str:
    """As places in graphs are written: from the working folder, or the bare name."""
    here = os.getcwd() + os.sep
    return filename[len(here) :] if filename.startswith(here) else os.path.basename(filename)


def _parsed(function: Callable[..., Any]) -> tuple[str, int, _Function] | None:
    """The source of a function, the number of its first line, and its syntax."""
    try:
        lines, first = inspect.getsourcelines(inspect.unwrap(function))
        source = textwrap.dedent("".join(lines))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    kind = ast.Lambda if getattr(function, "__name__", "") == "<lambda>" else ast.FunctionDef
    found = [node for node in ast.walk(tree) if isinstance(node, kind)]
    if not found or (kind is ast.Lambda and len(found) > 1) or not _is_of(found[0], _code(function)):
        return None
    return source, max(first, 1), found[0]


def _is_of(tree: _Function, code: Any) -> bool:
    """Whether syntax and code have the same name and parameters: a file may have changed since it was run."""
    args = tree.args
    named = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    name = tree.name if isinstance(tree, ast.FunctionDef) else "<lambda>"
    count = code.co_argcount + code.co_kwonlyargcount
    return name == code.co_name and named == list(code.co_varnames[:count])


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
