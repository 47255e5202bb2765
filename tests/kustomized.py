"""What kubectl's kustomize makes of a repository."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path as LocalPath
from typing import Any

import pytest

from gitops_canary.manifest.document import data, parse

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is missing")
Built = dict[tuple[str, str], Any]


def built(texts: Mapping[str, str], folder: LocalPath, what: str) -> Built:
    """Build an overlay with kubectl: what the sync engine would apply, by kind and name."""
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    done = subprocess.run(
        ["kubectl", "kustomize", str(folder / what)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: Built = {}
    for root in parse(done.stdout.decode(), file=what):
        value: Any = data(root, file=what) if root else None
        if value:
            found[value["kind"], value["metadata"]["name"]] = value
    return found
