"""Pages lead where they say, tell what the program tells, and type what it understands."""

import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from gitops_canary.app.config import load
from gitops_canary.app.config_models import Document
from gitops_canary.cli import application
from gitops_canary.errors import CanaryError
from gitops_canary.git.signing import generate_key

ROOT = Path(__file__).resolve().parents[2]
FIELDS = [one.alias or name for name, one in Document.model_fields.items()]
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


REST = """\
repositories: [{name: config, url: "https://git.example/acme/config.git"}]
metrics: {sources: {default: {type: prometheus, url: "http://prometheus:9090"}}}
sync: {type: traffic}
"""


def test_every_settings_file_on_the_pages_is_accepted(tmp_path: Path) -> None:
    generate_key(tmp_path / "sign")
    (tmp_path / "keys").write_text(f"gitops-canary {(tmp_path / 'sign.pub').read_text()}")
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text("x")
    refused, count = [], 0
    for page in PAGES:
        for block in re.findall(
            r"^ *```yaml\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL
        ):
            text = textwrap.dedent(block)
            keys = re.findall(r"^(\w+):", text, re.MULTILINE)
            if not keys or not {*keys} <= {*FIELDS}:
                continue
            for name, file in (("keyFile", "sign"), (r"(?!keyFile)\w+File", "secret")):
                text = re.sub(rf"\b({name}): [^\s,}}]+", rf"\1: {tmp_path / file}", text)
            text = re.sub(r"/run/secrets/[^\s,}]+", str(tmp_path / "secret"), text)
            text = re.sub(r"trustedKeys: \[[^]]*\]", f"trustedKeys: [{tmp_path / 'keys'}]", text)
            rest = [one for one in REST.splitlines() if one.partition(":")[0] not in keys]
            made = tmp_path / "controller.yaml"
            made.write_text("\n".join([text, *rest]))
            count += 1
            try:
                load(made)
            except CanaryError as error:
                refused.append((page.name, str(error)))
    assert refused == []
    assert count > 5
