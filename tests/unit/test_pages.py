"""Pages lead where they say, and tell what the program tells."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
