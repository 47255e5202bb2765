from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gitops_canary.errors import UsageError
from gitops_canary.lab.demo import demo


@pytest.mark.parametrize(
    "argv", [["--stories", "A,X"], ["--stories", ""], ["--stories", "A,A"], ["--fault", "luck"]]
)
def test_an_unknown_word_is_a_usage_error_before_anything_starts(argv: list[str]) -> None:
    app = typer.Typer()
    app.command()(demo)

    assert CliRunner().invoke(app, argv).exit_code == 2


def test_a_directory_that_is_there_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        demo(keep=tmp_path)

    assert list(tmp_path.iterdir()) == []
