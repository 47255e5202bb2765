"""The command line in this process, over a real Git server and a real Prometheus."""

import contextlib
import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_canary.cli import application
from gitops_canary.lab.origin import Origin

EXAMPLE = Path(__file__).resolve().parents[2] / "manifests" / "example"
CANARY = "apps/checkout/canary.yaml"
CANDIDATE = "apps/checkout/deployment.yaml"
PRIMARY = "apps/checkout/deployment-primary.yaml"
ROUTE = "apps/checkout/virtualservice.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def rows(self) -> list[dict[str, Any]]:
        """Read its data as JSON."""
        found = json.loads(self.out)
        assert isinstance(found, list)
        return found


def run(*argv: str | Path) -> Ended:
    """Run one command as the program does."""
    out, err = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(err)
    log = logging.getLogger("gitops_canary")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            application()([*map(str, argv)], prog_name="gitops-canary")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        log.removeHandler(handler)
    return Ended(code=code, out=out.getvalue(), err=err.getvalue())


def watched(wanted: str, *argv: str | Path) -> tuple[int, list[str]]:
    """Run a command in a process of its own until it tells what is wanted, then ask it to end.

    Its exit code, and what it told up to there. A command that never does is ended by the test's
    own timeout.
    """
    program = [sys.executable, "-m", "gitops_canary", *map(str, argv)]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told: list[str] = []
        try:
            for line in process.stderr:
                told.append(line)
                if wanted in line:
                    break
        finally:
            process.terminate()
            process.communicate()
    return process.returncode, told


def example() -> dict[str, bytes | None]:
    """Copy the example config repository."""
    found: dict[str, bytes | None] = {}
    for path in sorted(EXAMPLE.rglob("*.yaml")):
        found[path.relative_to(EXAMPLE).as_posix()] = path.read_bytes()
    return found


def another(name: str) -> dict[str, bytes | None]:
    """Copy the example under another application's name."""
    return {
        path.replace("checkout", name): content and content.replace(b"checkout", name.encode())
        for path, content in example().items()
    }


def edited(origin: Origin, path: str, old: str, new: str) -> dict[str, bytes | None]:
    """Change one text of a file as the server has it."""
    before = origin.show(path).decode()
    assert re.search(old, before), f"{old} is not in {path}"
    return {path: re.sub(old, new, before).encode()}


def config(
    directory: Path, url: str, prometheus: str, *, password: Path, more: Mapping[str, Any] = {}
) -> Path:
    """Write a controller.yaml that fits."""
    settings = {
        "repositories": [
            {
                "name": "config",
                "url": url,
                "branch": "main",
                "paths": ["apps/"],
                "credentials": {"username": "bot", "passwordFile": str(password)},
            }
        ],
        "metrics": {"sources": {"default": {"type": "prometheus", "url": prometheus}}},
        "sync": {"type": "none", "delay": "1s"},
        **more,
    }
    file = directory / "controller.yaml"
    file.write_text(json.dumps(settings))
    return file
