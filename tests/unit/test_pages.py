"""Pages lead where they say, tell what the program tells, and type what it understands."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from gitops_canary.cli import application

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_page_is_listed() -> None:
    listed = (ROOT / "docs/README.md").read_text()
    for page in PAGES[1:]:
        name = page.relative_to(ROOT / "docs").as_posix()
        assert name.startswith("decisions/") or name == "README.md" or f"({name})" in listed


def test_what_the_program_can_tell_itself_is_told_right(tmp_path: Path) -> None:
    script = (ROOT / "scripts/reference.py").read_text()
    copy = tmp_path / "scripts" / "reference.py"
    copy.parent.mkdir()
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    copy.write_text(script)
    subprocess.run([sys.executable, str(copy)], check=True, cwd=ROOT)

    for page in ("commands.md", "settings.md"):
        told = (ROOT / "docs/reference" / page).read_text()
        now = (tmp_path / "docs/reference" / page).read_text()
        assert told == now, "run .venv/bin/python scripts/reference.py"


def typed(text: str) -> Iterator[list[str]]:
    """Give the words of every command of ours, in blocks and sentences, up to the shell's own."""
    text = text.replace("\\\n", " ")
    lines = re.findall(r"^ *(?:\$ |run: )?gitops-canary ([^\n`]*)$", text, re.MULTILINE)
    for line in [*lines, *re.findall(r"`gitops-canary ([^`]+)`", text)]:
        words = shlex.split(re.sub(r"<[^>]*>", "WORD", line.replace("\n", " ")), comments=True)
        ends = [words.index(one) for one in (">", "<", "|", "&&") if one in words]
        yield words[: min(ends, default=None)]


def test_every_command_is_one_that_the_program_understands() -> None:
    known = typer.main.get_command(application())
    refused = []
    for page in PAGES:
        for words in typed(page.read_text()):
            if words[0] == "ssh-ed25519":
                continue  # a line of allowed_signers
            verb, rest = known, words
            while isinstance(verb, TyperGroup) and rest and rest[0] in verb.commands:
                verb, rest = verb.commands[rest[0]], rest[1:]
            assert not isinstance(verb, TyperGroup), (page.name, words)
            try:
                verb.make_context("gitops-canary", [*rest])
            except Exception as error:  # noqa: BLE001 - typer's errors have no public class above them
                if type(error).__name__ != "MissingParameter":  # a verb that is only named
                    refused.append((page.name, words, str(error)))
    assert refused == []
