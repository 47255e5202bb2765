"""A restart begins at the checkpoint beside its clone, and decides the same without it."""

import json
from pathlib import Path

import pytest
from console import run
from test_rewritten import moved  # noqa: F401 - a fixture
from test_steering import clone, settings  # noqa: F401 - fixtures

from gitops_canary.lab.origin import Origin


def kept(config: Path) -> Path:
    (file,) = (config.parent / "cache").glob("*.moves")
    return file


def test_a_checkpoint_saves_the_walk_and_changes_no_decision(
    origin: Origin,
    settings: Path,  # noqa: F811
    moved: str,  # noqa: F811
) -> None:
    first = run("once", "--config", settings)
    file = kept(settings)
    known = json.loads(file.read_bytes())
    assert (known["tip"], known["moves"], known["dropped"]) == (moved, [moved], [])
    assert {"checkout", "checkout-primary", "checkout-canary"} <= set(known["words"])
    origin.commit({"README": b"Hello\n"}, "A person's\n")
    with_it = run("once", "--config", settings)
    assert json.loads(file.read_bytes())["tip"] == origin.tip()
    assert "checkpoint" not in with_it.err
    file.unlink()
    without = run("once", "--config", settings)
    assert first.code == with_it.code == without.code == 3
    assert with_it.out == without.out
    assert json.loads(file.read_bytes())["moves"] == [moved]


@pytest.mark.parametrize("text", ["", "[" * 10_000, '{"moves": []}'])
def test_a_damaged_checkpoint_is_told_and_replaced(
    settings: Path,  # noqa: F811
    moved: str,  # noqa: F811
    text: str,
) -> None:
    before = run("once", "--config", settings)
    file = kept(settings)
    whole = file.read_bytes()
    assert json.loads(whole)["moves"] == [moved]
    file.write_text(text)
    again = run("once", "--config", settings)
    assert "the checkpoint is damaged: the whole history is passed over once" in again.err
    assert (again.code, again.out) == (before.code, before.out)
    assert file.read_bytes() == whole
