"""What a revision of a local repository holds."""

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

_TIMEOUT_S = 60.0


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Build the environment of a git process: nobody's settings, no prompt."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        **(extra or {}),
    }


def git(repository: Path, *argv: str, extra: Mapping[str, str] | None = None) -> bytes:
    """Run git in a bare repository; what it prints.

    Raises:
        OSError: it failed, or took too long.
    """
    try:
        done = subprocess.run(
            ["git", f"--git-dir={repository}", *argv],
            env=environment(extra),
            capture_output=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"git {argv[0]} took longer than {_TIMEOUT_S:g} s") from error
    if done.returncode:
        raise OSError(f"git {argv[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def files(repository: Path, revision: str) -> dict[str, str]:
    """Read every file of a revision as text, by path."""
    packed = git(repository, "archive", "--format=tar", revision)
    texts: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                texts[member.name] = content.read().decode(errors="replace")
    return texts


def manifests(texts: Mapping[str, str]) -> dict[str, str]:
    """Keep what a sync engine applies."""
    return {
        path: text
        for path, text in texts.items()
        if path.startswith("apps/") and path.endswith((".yaml", ".yml"))
    }
