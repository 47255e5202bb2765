"""Forges: one file each, one line here."""

from collections.abc import Callable, Mapping
from pathlib import Path

from gitops_canary.forge.github import GitHub
from gitops_canary.ports import Forge

Factory = Callable[[str, str, Path], Forge]
"""Takes the API's base URL, `owner/name` and the token's file."""

FORGES: Mapping[str, Factory] = {
    "github": lambda url, repository, token_file: GitHub(
        url=url, repository=repository, token_file=token_file
    )
}
"""`type` of a forge in controller.yaml to what makes it."""
