"""Mutants: a module of the core with one operator or constant changed."""

import ast
import inspect
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import zip_longest
from types import CodeType

ROOT = pathlib.Path(__file__).parents[2]
CORE = ROOT / "gitops_canary" / "core"
FLIPS: Sequence[tuple[type, type]] = (
    (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.In, ast.NotIn),
    (ast.Is, ast.IsNot), (ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.FloorDiv),
)  # fmt: skip
OTHER = {one: two for pair in FLIPS for one, two in (pair, pair[::-1])}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where it is, what it is, and the node and operator by number."""

    file: pathlib.Path
    line: int
    what: str
    node: int
    which: int

    def tree(self) -> ast.Module:
        """Make the change."""
        tree = ast.parse(self.file.read_text())
        change(list(ast.walk(tree))[self.node], self.which)
        return ast.fix_missing_locations(tree)

    def text(self) -> str:
        """Write the changed module down."""
        return ast.unparse(self.tree()) + "\n"

    def code(self) -> CodeType:
        """Compile the changed module; lines stay where they were."""
        return compile(self.tree(), str(self.file), "exec")


def mutants(file: pathlib.Path) -> Iterator[Mutant]:
    """List every mutant of a module."""
    tree = ast.parse(file.read_text())
    skipped = set(_undecided(tree))
    for number, node in enumerate(ast.walk(tree)):
        for which in () if node in skipped else changes(node):
            after = deepcopy(node)
            change(after, which)
            what = f"{ast.unparse(node)} -> {ast.unparse(after)}"
            yield Mutant(file, getattr(node, "lineno", 0), what, number, which)


def _undecided(tree: ast.Module) -> Iterator[ast.AST]:
    """List what decides nothing: arguments of decorators, such as `frozen`, and annotations.

    `strict` of a zip only asserts that both are of one length.
    """
    for node in ast.walk(tree):
        parts: list[ast.AST] = list(getattr(node, "decorator_list", ()))
        parts += [node.value] if isinstance(node, ast.keyword) and node.arg == "strict" else []
        parts += [part for name in ("annotation", "returns") if (part := getattr(node, name, None))]
        for part in parts:
            yield from ast.walk(part)


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


def swaps(before: CodeType, after: CodeType) -> Mapping[CodeType, CodeType] | None:
    """Pair the functions' code that differs; None where the change is outside every function."""
    found: dict[CodeType, CodeType] = {}
    for one, other, inside in _pairs(before, after, inside=False):
        if one == other:
            continue
        if inside:
            found[one] = other
        elif _own(one) != _own(other):
            return None
    return found


def _pairs(
    one: CodeType, other: CodeType, *, inside: bool
) -> Iterator[tuple[CodeType, CodeType, bool]]:
    """Pair code, and say whether a function holds it; what a module comprehends runs only once."""
    optimized = bool(one.co_flags & inspect.CO_OPTIMIZED)
    inside = inside or (optimized and not one.co_name.endswith(("comp>", "genexpr>")))
    yield one, other, inside
    for below in zip_longest(_below(one), _below(other)):
        yield from _pairs(*below, inside=inside)


def _below(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]


def _own(code: CodeType) -> tuple[object, ...]:
    """Give what is a code object's own, without the functions inside."""
    consts = [repr(const) for const in code.co_consts if not isinstance(const, CodeType)]
    return code.co_code, consts, code.co_names
