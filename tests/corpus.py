"""Real files from outside the repository, for tests that read them in place."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def manifests(kind: str) -> Iterator[tuple[str, str]]:
    """Give name and text of every file of one kind; skips where the corpus is absent."""
    folder = CORPUS / "manifests" / kind
    if not folder.is_dir():
        pytest.skip("the corpus of real manifests is not beside this repository")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield path.name, path.read_bytes().decode()


def everything() -> Iterator[tuple[str, str]]:
    """Give name and text of every file of every kind."""
    folder = CORPUS / "manifests"
    if not folder.is_dir():
        pytest.skip("the corpus of real manifests is not beside this repository")
    for kind in sorted(folder.iterdir()):
        yield from manifests(kind.name)


def bumps() -> Iterator[tuple[str, str, str, list[tuple[str, str, str]]]]:
    """Give id, text before and after, and (pointer, old, new) parts, of every real image bump."""
    index = CORPUS / "bumps" / "index.jsonl"
    if not index.is_file():
        pytest.skip("the corpus of real image bumps is not beside this repository")
    for line in index.read_text().splitlines():
        row = json.loads(line)
        before, after = (
            (CORPUS / "bumps" / f"{row['id']}.{side}.yaml").read_bytes().decode()
            for side in ("before", "after")
        )
        yield row["id"], before, after, [(c["pointer"], c["old"], c["new"]) for c in row["changes"]]
