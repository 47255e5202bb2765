"""What somebody meets who has no Canary yet, or a repository on this machine."""

from pathlib import Path

import pytest

from gitops_canary.cli.lint import lint
from gitops_canary.errors import ConfigError
from gitops_canary.git.address import parse_url
from gitops_canary.manifest.problems import nearest_canary


def test_without_a_canary_the_remedy_is_to_begin() -> None:
    assert "gitops-canary init" in nearest_canary("prod/shop", [])
    assert nearest_canary("prod/shpo", ["prod/shop"]) == "did you mean prod/shop?"


def test_explaining_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(tmp_path, explain=True) == 0
    assert "no Canary in" in capsys.readouterr().out


@pytest.mark.parametrize("url", ["/srv/config.git", "file:///srv/config.git"])
def test_a_path_is_told_how_it_may_be_named(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_url(url)
    assert "file:///path" in refused.value.remedy
    assert "allowFile: true" in refused.value.remedy
