"""Does README say what the program does? Its code runs, and what it shows is what comes out."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import tracing_table

README = Path(__file__).parent.parent / "README.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?<=<!-- tracing table -->\n\n).*(?=\n<!-- end of tracing table -->)", re.DOTALL)


class Block(NamedTuple):
    language: str
    text: str
    line: int


def blocks(text):
    return [Block(m[1], m[2], text.count("\n", 0, m.start()) + 2) for m in FENCE.finditer(text)]


def file_name(block):
    """A Python block whose first line is `# name.py` is a file."""
    match = re.match(r"# (\w+\.py)\n", block.text)
    return match[1] if match and block.language == "python" else None


TEXT = README.read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)
FILES = {file_name(block): block.text for block in BLOCKS if file_name(block)}
CONSOLE = [block for block in BLOCKS if block.language == "console"]
CODE = [block for block in BLOCKS if block.language == "python" and not file_name(block)]


def shown_after(block):
    """The text block that directly follows, which is what the code prints."""
    following = BLOCKS[BLOCKS.index(block) + 1 :]
    return following[0].text if following and following[0].language == "text" else ""


def without_times(text):
    """Seconds differ from run to run, and with them the width of their column."""
    return re.sub(r" *\b\d+\.\d+ s$", "", text, flags=re.MULTILINE)


def compare(shown, found, place, update):
    if update and shown != found:
        text = README.read_text(encoding="utf-8")
        assert text.count(shown) == 1, f"{place}: {shown!r} stands more than once"
        README.write_text(text.replace(shown, found), encoding="utf-8")
    else:
        assert shown == found, place


def test_the_code_prints_what_is_shown(update):
    namespace = {}
    for block in CODE:
        printed = io.StringIO()
        source = "\n" * (block.line - 1) + block.text  # tracebacks name the line of README
        with contextlib.redirect_stdout(printed):
            exec(compile(source, str(README), "exec"), namespace)
        code = f"{block.text}```\n\n```text\n"
        compare(code + shown_after(block), code + printed.getvalue(), f"README.md:{block.line}", update)


@pytest.mark.parametrize("block", CONSOLE, ids=lambda block: block.text.split("\n")[0][2:])
def test_the_command_prints_what_is_shown(block, tmp_path, update):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = block.text.split("\n", 1)[0]
    program, *arguments = command.removeprefix("$ ").split()
    assert program == "symdiff"
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(README.parent)}
    run = subprocess.run(
        [sys.executable, "-m", "symdiff.cli", *arguments],
        cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    found = re.sub(r" +$", "", without_times(run.stdout), flags=re.MULTILINE)
    compare(block.text, f"{command}\n{found}", run.stderr, update)


def test_the_tracing_table_is_the_tested_one(update):
    compare(TABLE.search(TEXT)[0], tracing_table.markdown(), "tracing table", update)


def test_the_set_up_is_two_commands():
    commands = [line for block in BLOCKS if block.language == "sh" for line in block.text.splitlines()]
    assert len(commands) == 2
    assert "symdiff check examples" in commands[0]
    assert "pytest" in commands[1]


def test_every_block_is_checked():
    assert {block.language for block in BLOCKS} == {"python", "console", "sh", "text"}
    texts = [index for index, block in enumerate(BLOCKS) if block.language == "text"]
    assert all(BLOCKS[index - 1] in CODE for index in texts)
