"""`python -m tests.mutating --sample 60`: small changes of the core, and whether a test minds.

Each mutant is one change of one operator or constant in a copy of the package. It is killed when
the tests that need no server fail; one that lives is printed, for a person to look at.
"""

import argparse
import ast
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random

ROOT = pathlib.Path(__file__).parents[1]
CORE = ROOT / "gitops_canary" / "core"
TESTS = ("tests/stories", "tests/rules", "tests/sim/test_found.py")
FLIPS: Sequence[tuple[type, type]] = (
    (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.In, ast.NotIn),
    (ast.Is, ast.IsNot), (ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.FloorDiv),
)  # fmt: skip
OTHER = {one: two for pair in FLIPS for one, two in (pair, pair[::-1])}
LIMIT_S = 240


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the module's new text, and where it differs."""

    file: pathlib.Path
    line: int
    what: str
    text: str


def mutants(file: pathlib.Path) -> Iterator[Mutant]:
    """Make every mutant of a module."""
    tree = ast.parse(file.read_text())
    for index, node in enumerate(ast.walk(tree)):
        for what in changes(node):
            copy = deepcopy(tree)
            target = list(ast.walk(copy))[index]
            change(target, what)
            line = getattr(node, "lineno", 0)
            yield Mutant(
                file, line, f"{ast.unparse(node)} -> {ast.unparse(target)}", unparsed(copy)
            )


def changes(node: ast.AST) -> Iterator[int]:
    """Number the changes that can be made to one node."""
    if isinstance(node, ast.Compare):
        yield from (n for n, op in enumerate(node.ops) if type(op) in OTHER)
    elif isinstance(node, ast.BoolOp | ast.BinOp):
        yield from range(type(node.op) in OTHER)
    elif isinstance(node, ast.UnaryOp):
        yield from range(isinstance(node.op, ast.Not))
    elif isinstance(node, ast.IfExp) or (
        isinstance(node, ast.Constant) and isinstance(node.value, int)
    ):
        yield 0


def change(node: ast.AST, which: int) -> None:
    """Make a change in place."""
    match node:
        case ast.Compare():
            node.ops[which] = OTHER[type(node.ops[which])]()
        case ast.BoolOp() | ast.BinOp():
            node.op = OTHER[type(node.op)]()
        case ast.UnaryOp():
            # Two negations are none.
            node.operand = ast.UnaryOp(op=ast.Not(), operand=node.operand)
        case ast.IfExp():
            node.body, node.orelse = node.orelse, node.body
        case ast.Constant():
            flag = isinstance(node.value, bool)
            node.value = not node.value if flag else int(str(node.value)) + 1
        case _:
            raise TypeError(type(node))


def unparsed(tree: ast.AST) -> str:
    """Write a module down again."""
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def killed(mutant: Mutant, place: pathlib.Path) -> bool:
    """Run the tests on a copy with the mutant, the module's own tests first."""
    file = place / mutant.file.relative_to(ROOT)
    before = file.read_text()
    file.write_text(mutant.text)
    command = [sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider", *tests(file.stem)]
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        file.write_text(before)
    return done.returncode == 1


def tests(module: str) -> list[str]:
    """List the tests to run: those named after the module first, then all that use the core."""
    unit = sorted((ROOT / "tests" / "unit").glob("test_*.py"))
    users = [path for path in unit if "gitops_canary.core" in path.read_text()]
    users.sort(key=lambda path: module not in path.name)
    return [*(str(path.relative_to(ROOT)) for path in users), *TESTS]


def copied(place: pathlib.Path) -> None:
    """Copy what the tests need."""
    for name in ("gitops_canary", "tests", "docs", "manifests", "scripts", ".github"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, place)


def main() -> int:
    """Print those that live, and the share that does not."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutating", description=__doc__)
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    parser.add_argument("--only", default="*", help="modules of the core, e.g. `decide`")
    options = parser.parse_args()
    every = [m for file in sorted(CORE.rglob(f"{options.only}.py")) for m in mutants(file)]
    rng = Random(options.seed)  # noqa: S311 - for a sample, not for secrets
    drawn = rng.sample(every, min(options.sample, len(every)))
    end_s, dead, tried = time.monotonic() + options.minutes * 60, 0, 0
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory) / "copy"
        copied(place)
        for mutant in drawn:
            if time.monotonic() > end_s:
                break
            tried += 1
            if killed(mutant, place):
                dead += 1
            else:
                where = mutant.file.relative_to(ROOT)
                print(f"{tried}: {where}:{mutant.line} lives: {mutant.what[:120]}", flush=True)
    print(f"{dead} of {tried} killed, {dead / max(tried, 1):.0%}; {len(every)} there are")
    return 0


if __name__ == "__main__":
    sys.exit(main())
