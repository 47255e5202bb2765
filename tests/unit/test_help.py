"""The help of every verb ends with a command that its own options take."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from gitops_canary.cli import application
from gitops_canary.cli.examples import EXAMPLES


def verbs() -> Iterator[tuple[str, Any]]:
    group: Any = typer.main.get_command(application())
    for name, command in group.commands.items():
        below = getattr(command, "commands", None)
        yield from (
            {f"{name} {k}": c for k, c in below.items()}.items() if below else [(name, command)]
        )


VERBS = dict(verbs())


def test_every_verb_has_one() -> None:
    assert set(EXAMPLES) == set(VERBS)


@pytest.mark.parametrize("words", EXAMPLES)
def test_an_example_is_taken(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    program, *typed = shlex.split(EXAMPLES[words].partition(" > ")[0].replace("\\\n", ""))
    assert [program, *typed[: len(words.split())]] == ["gitops-canary", *words.split()]
    context = VERBS[words].make_context(words, typed[len(words.split()) :])
    told = context.get_help()
    assert told.rstrip().endswith(EXAMPLES[words].splitlines()[-1].strip()), told
    assert capsys.readouterr() == ("", "")
