"""A folder inside a checkout is told with the checkout that is meant."""

from pathlib import Path

import pytest
from first_canary import PLAIN
from typer.testing import CliRunner

from gitops_canary.cli import application


@pytest.mark.parametrize("verb", [["lint"], ["doctor", "--repo"], ["init", "-C"]])
def test_a_folder_inside_a_checkout_is_told(verb: list[str], tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for file, text in PLAIN.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    hints = []
    for folder in (tmp_path / "apps", tmp_path):
        told = CliRunner().invoke(application(), [*verb, str(folder)]).stderr
        hints.append(f"is a folder inside the checkout {tmp_path}" in told)

    assert hints == [True, False]
